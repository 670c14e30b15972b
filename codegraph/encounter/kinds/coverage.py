"""Kinds for when a payer pays an injection: diagnoses, how often, relief from the one before.

Each kind reads its numbers from the rule or, where the rule has none, from the payer's parameters.
What coding allows and what a payer covers are always two findings.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from msgspec import Struct

from codegraph.encounter.facts import TRIGGER_POINT, Case
from codegraph.encounter.kinds.base import BoundRule, Draft, Kind, distinct, listed
from codegraph.encounter.model import Step
from codegraph.encounter.units import plain

# ── diagnoses ────────────────────────────────────────────────────────────────────────────────


class CoveredParams(Struct, frozen=True, forbid_unknown_fields=True):
    """Only `diagnoses` support `procedures`."""

    diagnoses: list[str] = []
    procedures: list[str] = []


def _covered(case: Case, rule: BoundRule) -> Iterator[Draft]:
    p: CoveredParams = rule.params
    covered = p.diagnoses or case.parameters.covered_diagnoses or []
    procedures = p.procedures or ["20552", "20553"]
    lines = [i for i in case.items if i.code in procedures]
    about = distinct(i.code for i in lines) or procedures
    if not lines and (case.items or case.technique == "dry_needling"):
        return
    if not lines and case.technique is None and not case.diagnoses:
        return
    if not case.diagnoses:
        yield Draft(
            "no_data",
            f"No diagnosis was given: whether {listed(about, 'or')} is covered cannot be told.",
            about,
            fix="Add the documented diagnosis.",
        )
        return
    good = [d for d in case.billable_diagnoses() if d.code in covered]
    if good:
        first = good[0]
        rest = [d.code for d in case.diagnoses if d not in good]
        other = f" {listed(rest)} does not, and is not pointed to." if rest else ""
        yield Draft(
            "pass",
            f"{listed(d.code for d in good)} supports {listed(about, 'or')}.{other}",
            [*(d.code for d in good), *about],
            path=(
                Step(first.curie, "covered_by", f"rule:{rule.rule.id}"),
                Step(f"rule:{rule.rule.id}", "covers", f"cpt:{about[0]}"),
            ),
        )
        return
    there = [d.code for d in case.diagnoses if d.code]
    near = distinct(c for d in there for c in covered if c.startswith(d) and c != d)
    hint = f" Below {listed(there)}: {listed(near, 'or')}." if near else ""
    yield Draft(
        "fail",
        f"None of the diagnoses ({listed(there) or 'none valid'}) is among the {len(covered)} that "
        f"support {listed(about, 'or')}.{hint}",
        [*there, *about],
        fix="If the record supports one of them, report it: " + listed(covered, "or") + ".",
    )


# ── frequency and relief ─────────────────────────────────────────────────────────────────────


class SessionParams(Struct, frozen=True, forbid_unknown_fields=True):
    """At most `sessions` in a rolling `months`, this one included; at least `weeks_between`."""

    sessions: int | None = None
    months: int = 12
    weeks_between: float | None = None


def _months_before(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


def _earlier(case: Case) -> list[date]:
    """Return the days of earlier sessions, oldest first."""
    return sorted({d for d in case.history.sessions or () if d < case.on})


def _sessions(case: Case, rule: BoundRule) -> Iterator[Draft]:
    p: SessionParams = rule.params
    most = p.sessions or case.parameters.sessions_per_12_months
    if most is None or not case.injects_trigger_points:
        return
    codes = distinct(i.code for i in case.of(TRIGGER_POINT))
    if case.history.sessions is None:
        yield Draft(
            "no_data",
            f"Earlier sessions are not given: at most {most} in {p.months} months are paid.",
            codes,
            fix="Give the dates of earlier sessions, or an empty list if there were none.",
        )
        return
    begin = _months_before(case.on, p.months)
    inside = [d for d in _earlier(case) if d > begin]
    later = sorted({d for d in case.history.sessions if d > case.on})
    told = (
        f"Session {len(inside) + 1} of {most} in the {p.months} months up to {case.on}"
        f"{': before it ' + listed(map(str, inside)) if inside else ''}."
    )
    if later:
        told += f" {listed(map(str, later))} lies after the date of service and is not counted."
    if len(inside) + 1 > most:
        free = inside[len(inside) - most]
        yield Draft(
            "fail",
            told,
            codes,
            fix=f"Not before {_months_before(free, -p.months)}; or a signed notice (ABN) and its "
            "modifier.",
        )
    else:
        yield Draft("pass", told, codes)


def _interval(case: Case, rule: BoundRule) -> Iterator[Draft]:
    least = rule.params.weeks_between or case.parameters.weeks_between_sessions
    if least is None or not case.injects_trigger_points:
        return
    codes = distinct(i.code for i in case.of(TRIGGER_POINT))
    if case.history.sessions is None:
        yield Draft(
            "no_data",
            f"Earlier sessions are not given: {plain(least)} weeks must lie between two.",
            codes,
            fix="Give the dates of earlier sessions, or an empty list if there were none.",
        )
    elif earlier := _earlier(case):
        weeks = (case.on - earlier[-1]).days / 7
        yield Draft(
            "pass" if weeks >= least else "fail",
            f"{plain(round(weeks, 1))} weeks since {earlier[-1]}; at least {plain(least)} are "
            "asked for.",
            codes,
            fix=None if weeks >= least else "Wait, or ask the payer for an exception.",
        )
    else:
        yield Draft("pass", "No earlier session.", codes)


class ReliefParams(Struct, frozen=True, forbid_unknown_fields=True):
    """A repeat needs `percent` relief for `weeks` from the session before."""

    percent: float | None = None
    weeks: float | None = None


def _relief(case: Case, rule: BoundRule) -> Iterator[Draft]:
    p: ReliefParams = rule.params
    percent = p.percent or case.parameters.relief_percent
    weeks = p.weeks or case.parameters.relief_weeks
    if not case.injects_trigger_points or (percent is None and weeks is None):
        return
    codes = distinct(i.code for i in case.of(TRIGGER_POINT))
    history = case.history
    had = (history.relief_percent, history.relief_weeks)
    needs = listed(
        [f"{plain(percent or 0)} % relief"] * (percent is not None)
        + [f"{plain(weeks or 0)} weeks of it"] * (weeks is not None)
    )
    if not _earlier(case) and had == (None, None):
        if history.sessions is not None:
            yield Draft("not_applicable", "No earlier session: this is not a repeat.", codes)
        else:
            yield Draft(
                "no_data",
                f"Whether this is a repeat is not given; a repeat needs at least {needs}.",
                codes,
                fix="Give the dates of earlier sessions and the relief that the last one brought.",
            )
        return
    short = []
    if percent is not None and had[0] is not None and had[0] < percent:
        short.append(f"{plain(had[0])} % relief")
    if weeks is not None and had[1] is not None and had[1] < weeks:
        short.append(f"relief for {plain(had[1])} weeks")
    silent = ["how much"] * (percent is not None and had[0] is None)
    silent += ["for how long"] * (weeks is not None and had[1] is None)
    if short:
        yield Draft(
            "fail",
            f"The session before brought {listed(short)}; a repeat needs at least {needs}.",
            codes,
            fix="Do not repeat on this record; if the note has other figures, correct them.",
        )
    elif silent:
        yield Draft(
            "no_data",
            f"A repeat needs at least {needs}; the record does not say {listed(silent)}.",
            codes,
            fix="Add relief_percent and relief_weeks from the note.",
        )
    else:
        yield Draft("pass", f"The session before brought at least {needs}.", codes)


KINDS = (
    Kind("covered_diagnoses", CoveredParams, _covered, parameter="covered_diagnoses"),
    Kind("session_limit", SessionParams, _sessions, parameter="sessions_per_12_months"),
    Kind("session_interval", SessionParams, _interval, parameter="weeks_between_sessions"),
    Kind("repeat_relief", ReliefParams, _relief, parameter="relief_percent"),
)
