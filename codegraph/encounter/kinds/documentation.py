"""Kinds for what the record must say: silent is `no_data`, never `pass`; a stated no fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

from msgspec import Struct

from codegraph.encounter.facts import Case, DrugUse, count_muscles, is_group_word
from codegraph.encounter.kinds.base import BoundRule, Draft, Kind, distinct, listed, number_of
from codegraph.encounter.model import Verdict
from codegraph.encounter.units import plain

State = tuple[bool | None, str]  # what the record says (None: nothing), and in which words


# ── items ────────────────────────────────────────────────────────────────────────────────────


def _flag(name: str, words: str) -> Callable[[Case], State]:
    def read(case: Case) -> State:
        value = getattr(case.documentation, name)
        if value is None:
            return None, words
        return bool(value), words

    return read


def _text(name: str, words: str) -> Callable[[Case], State]:
    """An item that is said by any content, a number 0 included; an empty text says nothing."""

    def read(case: Case) -> State:
        value = getattr(case.documentation, name)
        if isinstance(value, str):
            value = value.strip() or None
        elif isinstance(value, list):
            value = [v for v in value if v.strip()] or None
        return (None if value is None else value is not False), words

    return read


def _count(case: Case) -> State:
    injections = case.request.injections
    if injections is None or injections.count is None:
        return None, "the number of injections"
    return injections.count > 0, f"the number of injections ({injections.count})"


def _muscles(case: Case) -> State:
    if case.documentation.muscles_named and not case.muscles and not case.unknown_muscles:
        return True, "the muscles"
    if not case.muscles and not case.unknown_muscles:
        return None, "the muscles"
    groups = distinct(u.muscle.name for u in case.muscles if is_group_word(u.muscle))
    if groups:
        plural = listed(g.partition(" (")[0].lower() for g in groups)
        return None, f"which muscle was meant by {plural}"
    if case.unknown_muscles:
        return None, f"{number_of(len(case.unknown_muscles), 'muscle')} by a name known here"
    return True, f"the muscles ({listed(distinct(u.muscle.name for u in case.muscles))})"


def _sides(case: Case) -> State:
    if not case.muscles:
        return None, "the side of each muscle"
    if case.disagreeing_sides:
        return False, "one side for each muscle (a name and its side disagree)"
    open_ = count_muscles(case.muscles, {}).sides_open
    if open_:
        return None, f"the side of {listed(open_)}"
    return True, "the side of each muscle"


def _enough_insertions(case: Case) -> State:
    injections = case.request.injections
    muscles = len({u.root.id for u in case.muscles})
    if injections is None or injections.count is None or not muscles:
        return None, ""
    words = f"{number_of(injections.count, 'injection')} for {number_of(muscles, 'muscle')}"
    return injections.count >= muscles, words


def _palpation(case: Case) -> State:
    value = case.documentation.palpated_trigger_points
    words = "trigger points found by palpation"
    if value is None or value == "" or value == []:
        return None, words
    return bool(value), words


def _therapies(case: Case) -> State:
    value = case.documentation.failed_therapies
    words = "conservative care that was tried and failed"
    if value is None:
        return None, words
    if isinstance(value, list):
        value = [v for v in value if v.strip()]
        return bool(value), words
    return value, words


def _duration(case: Case) -> State:
    days = case.documentation.symptom_duration_days
    words = "how long the symptoms have lasted"
    return (None, words) if days is None else (True, f"{words} ({plain(days)} days)")


def _drug(case: Case) -> State:
    words = "what was injected"
    return (True, words) if case.drugs or case.of("drug") else (None, words)


def _dose(case: Case) -> State:
    words = "name and dose of each drug"
    if case.documentation.dose_documented is not None:
        return case.documentation.dose_documented, words
    if not case.drugs:
        return None, words
    known = all(u.given.dose is not None and u.given.unit is not None for u in case.drugs)
    return (True if known else None), words


def _waste(case: Case) -> State:
    words = "what was discarded, or that nothing was"
    if case.documentation.waste_documented is not None:
        return case.documentation.waste_documented, words
    single = [u for u in case.drugs if _billed_single_dose(u)]
    return (True if all(u.given.discarded is not None for u in single) else None), words


def _billed_single_dose(use: DrugUse) -> bool:
    """Whether a drug from a single-dose container makes a line of its own."""
    included = use.drug is not None and use.drug.drug_class in ("local_anesthetic", "diluent")
    return use.given.container == "single_dose" and not included


def _scores(case: Case) -> State:
    doc = case.documentation
    words = "pain scores before and after, on the same scale"
    there = [s is not None and s != "" for s in (doc.pre_score, doc.post_score)]
    return (True if all(there) else None), words


def _prior(case: Case) -> State:
    words = "the dates of earlier sessions, or that there were none"
    return (None if case.history.sessions is None else True), words


_ITEMS: dict[str, Callable[[Case], State]] = {
    "site": _text("site", "the site of the injection"),
    "injection_count": _count,
    "muscles": _muscles,
    "sides": _sides,
    "enough_insertions": _enough_insertions,
    "palpation": _palpation,
    "failed_therapies": _therapies,
    "duration": _duration,
    "drug": _drug,
    "dose": _dose,
    "waste": _waste,
    "ndc": _text("ndc", "the NDC of each drug billed"),
    "scores": _scores,
    "prior_sessions": _prior,
    "function_improved": _flag("function_improved", "better function after the session before"),
    "ongoing_program": _flag("ongoing_program", "an ongoing conservative programme"),
    "guidance": _flag("guidance_documented", "the image guidance, with a kept image"),
}

Applies = Literal["needling", "injection", "drugs", "single_dose", "repeat", "guidance", "billed"]


def _applies(case: Case, when: Applies) -> bool:
    if when == "drugs":
        return bool(case.drugs)
    if when == "billed":
        return bool(case.of("drug"))
    if when == "single_dose":
        marked = any({"JW", "JZ"} & set(i.modifiers) for i in case.of("drug"))
        single = any(_billed_single_dose(u) for u in case.drugs)
        return single and (marked or case.jz_required)
    if when == "repeat":
        earlier = any(d < case.on for d in case.history.sessions or ())
        return case.injects_trigger_points and earlier
    if when == "guidance":
        return bool(case.of("guidance"))
    return case.injects_trigger_points if when == "injection" else case.treats_trigger_points


# ── kinds ────────────────────────────────────────────────────────────────────────────────────


class ItemParams(Struct, frozen=True, forbid_unknown_fields=True):
    """The record must say `item` where `applies`; a stated no has the verdict `denied`."""

    item: str
    applies: Applies = "needling"
    denied: Literal["fail", "warn"] = "fail"
    silent: Literal["no_data", "not_applicable"] = "no_data"


def _documented(case: Case, rule: BoundRule) -> Iterator[Draft]:
    p: ItemParams = rule.params
    if not _applies(case, p.applies):
        return
    state, words = _ITEMS[p.item](case)
    codes = distinct(i.code for i in case.needling)
    if state:
        yield Draft("pass", f"In the record: {words}.", codes)
    elif state is None:
        if p.silent == "no_data":
            yield Draft("no_data", f"Not in the record: {words}.", codes, fix=f"Add {words}.")
    else:
        yield Draft(
            p.denied, f"The record says no: {words}.", codes, fix=rule.rule.fix or f"Check {words}."
        )


class DurationParams(Struct, frozen=True, forbid_unknown_fields=True):
    """Symptoms of at least `days`; without it, the payer's parameter."""

    days: int | None = None
    verdict: Verdict = "fail"


def _long_enough(case: Case, rule: BoundRule) -> Iterator[Draft]:
    p: DurationParams = rule.params
    least = p.days or case.parameters.min_symptom_days
    days = case.documentation.symptom_duration_days
    if least is None or not case.injects_trigger_points:
        return
    codes = distinct(i.code for i in case.needling)
    if days is None:
        if not rule.rule.advice:
            yield Draft(
                "no_data",
                f"The record does not say how long the symptoms have lasted; {least} days are "
                "asked for.",
                codes,
                fix="Document since when the symptoms have lasted.",
            )
    elif days < least:
        yield Draft(
            p.verdict,
            f"The symptoms have lasted {plain(days)} days; {least} days are asked for"
            f"{' by some payers' if rule.rule.advice else ''}.",
            codes,
            fix="Check what the payer asks for."
            if rule.rule.advice
            else "Wait, or document why not.",
        )
    elif not rule.rule.advice:
        yield Draft("pass", f"The symptoms have lasted {plain(days)} days.", codes)


class CareParams(Struct, frozen=True, forbid_unknown_fields=True):
    """Conservative care of at least `weeks`; without it, the payer's parameter."""

    weeks: int | None = None


def _care_long_enough(case: Case, rule: BoundRule) -> Iterator[Draft]:
    least = rule.params.weeks or case.parameters.failed_care_weeks
    if least is None or not case.injects_trigger_points:
        return
    weeks = case.documentation.failed_therapy_weeks
    codes = distinct(i.code for i in case.needling)
    if weeks is None:
        yield Draft(
            "no_data",
            f"The record does not say for how long conservative care was tried; {least} weeks are "
            "asked for.",
            codes,
            fix="Document how long it was tried.",
        )
    else:
        yield Draft(
            "pass" if weeks >= least else "fail",
            f"Conservative care was tried for {plain(weeks)} weeks; {least} are asked for.",
            codes,
            fix=None if weeks >= least else "Try it for longer, or ask for an exception.",
        )


class CriteriaParams(Struct, frozen=True, forbid_unknown_fields=True):
    """At least `least` of the findings; a nodule; and one reason.

    Where palpation found nothing, a band or nodule of which the record is silent was not felt.
    """

    least: int = 2


def _criteria(case: Case, rule: BoundRule) -> Iterator[Draft]:
    if not case.injects_trigger_points:
        return
    p: CriteriaParams = rule.params
    codes = distinct(i.code for i in case.needling)
    doc = case.documentation
    palpated = _palpation(case)[0]
    felt = None if palpated is not False else False  # a band or a nodule is felt, or stated
    findings = {
        "a hyperirritable spot": palpated,
        "a taut band": felt if doc.taut_band is None else doc.taut_band,
        "referred pain": doc.referred_pain,
    }
    yield _at_least(findings, p.least, codes, "findings", "on examination")
    nodule = felt if doc.palpable_nodule is None else doc.palpable_nodule
    yield _at_least({"a palpable nodule": nodule}, 1, codes, "nodule", "")
    reasons = {
        "failed conservative care": _therapies(case)[0],
        "blocked movement": doc.movement_blocked,
        "a diagnostic purpose": doc.diagnostic_purpose,
    }
    yield _at_least(reasons, 1, codes, "reason", "as the reason for the injection")


def _at_least(
    states: dict[str, bool | None],
    least: int,
    codes: list[str],
    key: str,
    what: str,
) -> Draft:
    yes = [name for name, state in states.items() if state]
    open_ = [name for name, state in states.items() if state is None]
    about = f" {what}" if what else ""
    choices = listed(states, "or")
    asked = f"at least {least} of {choices}" if len(states) > least else choices
    if len(yes) >= least:
        return Draft("pass", f"The record has {listed(yes)}{about}.", codes, key=key)
    had = f"the record has {listed(yes)}" if yes else "the record has none of it"
    if len(yes) + len(open_) >= least:
        had = f"the record has {listed(yes)}" if yes else "the record is silent"
        return Draft(
            "no_data",
            f"The policy asks for {asked}{about}; {had}.",
            codes,
            fix=f"Add {listed(open_, 'or')} if the note has it.",
            key=key,
        )
    return Draft(
        "fail",
        f"The policy asks for {asked}{about}; {had}.",
        codes,
        fix="If the note says otherwise, correct the facts; else the policy is not met.",
        key=key,
    )


# ── advice ───────────────────────────────────────────────────────────────────────────────────


class AdviceParams(Struct, frozen=True, forbid_unknown_fields=True):
    """When advice is shown: `more_than` of `measure`, or any of `categories` on the claim."""

    measure: Literal["muscles", "sessions", "none"] = "none"
    more_than: int = 0
    categories: list[str] = []


def _advice(case: Case, rule: BoundRule) -> Iterator[Draft]:
    p: AdviceParams = rule.params
    if not case.injects_trigger_points:
        return
    codes = distinct(i.code for i in case.of(*p.categories)) if p.categories else []
    number = {
        "muscles": len({(u.root.id, s) for u in case.muscles for s in u.sides or {""}}),
        "sessions": len({d for d in case.history.sessions or () if d < case.on}) + 1,
        "none": 0,
    }[p.measure]
    if codes or (p.measure != "none" and number > p.more_than):
        yield Draft("not_applicable", rule.rule.statement, codes, fix=rule.rule.fix)


KINDS = (
    Kind("documented", ItemParams, _documented),
    Kind("symptom_duration", DurationParams, _long_enough, parameter="min_symptom_days"),
    Kind("care_duration", CareParams, _care_long_enough, parameter="failed_care_weeks"),
    Kind("initial_criteria", CriteriaParams, _criteria),
    Kind("advice", AdviceParams, _advice),
)
ITEMS = frozenset(_ITEMS)
