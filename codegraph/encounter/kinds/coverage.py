"""Kinds for what a payer pays: diagnoses, frequency, relief, guidance, region, dry needling.

Each kind reads its numbers from the rule or, where the rule has none, from the payer's parameters.
What coding allows and what a payer covers are always two findings.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from msgspec import Struct

from codegraph.encounter.facts import DRY_NEEDLING, TRIGGER_POINT, Case
from codegraph.encounter.kinds.base import BoundRule, Draft, Kind, NoParams, distinct, listed
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
            f"{plain(round(weeks, 1))} weeks since {earlier[-1]}; at least {plain(least)} are asked "
            "for.",
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
        [f"{plain(percent)} % relief"] * (percent is not None)
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


# ── what is beside the injection ─────────────────────────────────────────────────────────────


def _guidance_paid(case: Case, rule: BoundRule) -> Iterator[Draft]:
    if case.parameters.guidance_covered is None or not case.of(TRIGGER_POINT):
        return
    codes = distinct(i.code for i in case.of("guidance"))
    if codes and not case.parameters.guidance_covered:
        yield Draft(
            "fail",
            f"{listed(codes)}: image guidance beside a trigger point injection is not covered, "
            "though coding allows it.",
            codes,
            fix=f"Leave {listed(codes)} off, or report it with a signed notice (ABN) and GA.",
        )
    elif codes:
        yield Draft("pass", f"{listed(codes)}: image guidance is covered.", codes)


class RegionParams(Struct, frozen=True, forbid_unknown_fields=True):
    """`regions`: parts of the body, each with the regions of muscles that lie in it."""

    regions: dict[str, list[str]]


def _one_region(case: Case, rule: BoundRule) -> Iterator[Draft]:
    if not case.parameters.one_region_per_session or not case.injects_trigger_points:
        return
    p: RegionParams = rule.params
    regions = distinct(u.muscle.region for u in case.muscles)
    codes = distinct(i.code for i in case.of(TRIGGER_POINT))
    shown = listed(r.replace("_", " ") for r in regions)
    if not regions or case.unknown_muscles:
        yield Draft(
            "no_data",
            "Not all muscles are known: whether they lie in one region cannot be told.",
            codes,
            fix="Name each muscle.",
        )
    elif len(regions) == 1:
        yield Draft("pass", f"All muscles lie in one region: {shown}.", codes)
    elif any(set(regions) <= set(members) for members in p.regions.values()):
        yield Draft(
            "warn",
            f"The muscles lie in neighbouring regions ({shown}); where the policy draws the line "
            "is not known.",
            codes,
            fix="Let the note name the one region that was treated.",
        )
    else:
        yield Draft(
            "fail",
            f"The muscles lie in more than one region: {shown}. One region is covered a session.",
            codes,
            fix="Treat one region a session.",
        )


def _other_blocks(case: Case, rule: BoundRule) -> Iterator[Draft]:
    if case.parameters.other_blocks_same_day is not False or not case.of(TRIGGER_POINT):
        return
    codes = distinct(i.code for i in case.of("nerve_block"))
    if codes:
        yield Draft(
            "fail",
            f"{listed(codes)}: another block in the session of a trigger point injection is not "
            "covered.",
            codes,
            fix=f"Remove {listed(codes)}, or do it on another day.",
        )


class ClassParams(Struct, frozen=True, forbid_unknown_fields=True):
    """Drug classes that are not paid."""

    classes: list[str]


def _given_classes(case: Case, classes: list[str], *, lines_only: bool) -> list[str]:
    found = []
    for item in case.of("drug"):
        drugs = case.reference.drugs_of_code.get(item.code, [])
        if drugs and all(d.drug_class in classes for d in drugs):
            found.append(item.code)
    if not lines_only:
        found += [u.drug.name for u in case.drugs if u.drug and u.drug.drug_class in classes]
    return distinct(found)


def _biologics(case: Case, rule: BoundRule) -> Iterator[Draft]:
    if case.parameters.biologics_covered is not False or not case.injects_trigger_points:
        return
    given = _given_classes(case, rule.params.classes, lines_only=False)
    if given:
        yield Draft(
            "fail",
            f"{listed(given)}: biologics injected into trigger points are not covered.",
            [g for g in given if g[:1].isupper() and g[1:].isdigit()],
            fix="Do not bill the session to this payer without a signed notice (ABN).",
        )


def _anaesthetic_paid(case: Case, rule: BoundRule) -> Iterator[Draft]:
    if case.parameters.local_anaesthetic_paid is not False:
        return
    codes = _given_classes(case, rule.params.classes, lines_only=True)
    if codes:
        yield Draft(
            "fail",
            f"{listed(codes)}: local anaesthetic is not paid separately.",
            codes,
            fix=f"Remove {listed(codes)}, or list it and expect $0.",
        )


# ── dry needling ─────────────────────────────────────────────────────────────────────────────


class DryNeedlingParams(Struct, frozen=True, forbid_unknown_fields=True):
    """Covered from `since`, for `diagnoses` (families) that have lasted `days`."""

    since: date | None = None
    diagnoses: list[str] = []
    days: int = 84


def _dry_needling(case: Case, rule: BoundRule) -> Iterator[Draft]:
    p: DryNeedlingParams = rule.params
    policy = case.parameters.dry_needling
    lines = case.of(DRY_NEEDLING)
    if policy is None or (case.technique != "dry_needling" and not lines):
        return
    codes = distinct(i.code for i in lines) or ["20560", "20561"]
    if policy == "covered":
        yield Draft("pass", f"{listed(codes, 'or')}: dry needling is covered.", codes)
        return
    if policy == "not_covered" or (p.since and case.on < p.since):
        when = f" before {p.since}" if policy != "not_covered" else ""
        yield Draft(
            "fail",
            f"{listed(codes, 'or')}: dry needling is not covered{when}.",
            codes,
            fix="Tell the patient beforehand, with a signed notice.",
        )
        return
    good = [
        d.code
        for d in case.billable_diagnoses()
        if any(d.code == f or d.code.startswith(f) for f in p.diagnoses)
    ]
    days = case.documentation.symptom_duration_days
    if not case.diagnoses:
        yield Draft(
            "no_data",
            "Dry needling is covered for chronic low back pain only; no diagnosis was given.",
            codes,
            fix="Add the documented diagnosis.",
        )
    elif not good:
        yield Draft(
            "fail",
            "Dry needling is covered for chronic low back pain only, and no diagnosis says that.",
            [*codes, *(d.code for d in case.diagnoses if d.code)],
            fix=f"Report {listed(p.diagnoses, 'or')} (the billable code below it) if documented.",
        )
    elif days is None:
        yield Draft(
            "no_data",
            f"{listed(good)}: the pain must have lasted {p.days // 7} weeks; the record does not "
            "say.",
            [*codes, *good],
            fix="Document since when the pain has lasted.",
        )
    elif days < p.days:
        yield Draft(
            "fail",
            f"{listed(good)}: the pain has lasted {plain(days)} days; {p.days} ({p.days // 7} "
            "weeks) are needed.",
            [*codes, *good],
            fix="Not covered before the pain is chronic.",
        )
    else:
        yield Draft(
            "pass",
            f"{listed(good)} for {plain(days)} days: chronic low back pain.",
            [*codes, *good],
        )


# ── where there is no policy ─────────────────────────────────────────────────────────────────


class PeriodParams(Struct, frozen=True, forbid_unknown_fields=True):
    """First date of service of the policies that were read."""

    first: date


def _period(case: Case, rule: BoundRule) -> Iterator[Draft]:
    if case.on < rule.params.first and case.injects_trigger_points:
        yield Draft(
            "no_data",
            f"The policies at hand begin on {rule.params.first}; those of {case.on} were not read.",
            distinct(i.code for i in case.of(TRIGGER_POINT)),
            fix="Look the policy of that date up with the contractor.",
        )


def _no_policy(case: Case, rule: BoundRule) -> Iterator[Draft]:
    yield Draft("not_applicable", "No payer policy was asked for: coding rules only.")


KINDS = (
    Kind("covered_diagnoses", CoveredParams, _covered, parameter="covered_diagnoses"),
    Kind("session_limit", SessionParams, _sessions, parameter="sessions_per_12_months"),
    Kind("session_interval", SessionParams, _interval, parameter="weeks_between_sessions"),
    Kind("repeat_relief", ReliefParams, _relief, parameter="relief_percent"),
    Kind("guidance_paid", NoParams, _guidance_paid, parameter="guidance_covered"),
    Kind("one_region", RegionParams, _one_region, parameter="one_region_per_session"),
    Kind("other_blocks", NoParams, _other_blocks, parameter="other_blocks_same_day"),
    Kind("biologics_paid", ClassParams, _biologics, parameter="biologics_covered"),
    Kind("anaesthetic_paid", ClassParams, _anaesthetic_paid, parameter="local_anaesthetic_paid"),
    Kind("dry_needling_policy", DryNeedlingParams, _dry_needling, parameter="dry_needling"),
    Kind("policy_period", PeriodParams, _period),
    Kind("no_policy", NoParams, _no_policy),
)
