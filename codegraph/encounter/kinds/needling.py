"""Kinds for the needling itself: the code by count of muscles, and image guidance beside it."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from codegraph.encounter.facts import NEEDLING, Case, Item, MuscleCount, count_muscles
from codegraph.encounter.kinds.base import (
    BoundRule,
    Draft,
    Edit,
    Kind,
    distinct,
    listed,
    number_of,
)
from codegraph.encounter.model import Technique
from codegraph.encounter.units import BilledLine

# ── the code by count of muscles ─────────────────────────────────────────────────────────────


class CountParams(Struct, frozen=True, forbid_unknown_fields=True):
    """`few` up to and without `threshold` muscles, `many` from there on.

    `groups`: group words and the muscles that they may mean.
    """

    technique: Technique
    category: str
    few: str
    many: str
    threshold: int
    groups: dict[str, list[str]] = {}
    excluded_classes: list[str] = []


def _counted(case: Case, p: CountParams) -> MuscleCount:
    return count_muscles(case.muscles, p.groups)


def _number(case: Case, count: MuscleCount) -> int:
    return count.by_side if case.parameters.sides_count_as_two_muscles else count.by_name


def _code(p: CountParams, number: int) -> str:
    return p.many if number >= p.threshold else p.few


def _decided(case: Case, p: CountParams) -> str | None:
    """Return the code that the facts call for, None where they leave it open."""
    injections = case.request.injections
    if case.technique != p.technique or injections is None or injections.count == 0:
        return None
    if case.technique == "dry_needling" and case.drugs:
        return None
    if _only_excluded_drugs(case, p):
        return None
    number = _number(case, _counted(case, p))
    unknown = len(case.unknown_muscles)
    if number + unknown == 0:
        return None
    low, high = _code(p, max(1, number)), _code(p, number + unknown)
    return low if low == high and case.valid_on_date(low) else None


def _only_excluded_drugs(case: Case, p: CountParams) -> bool:
    classes = {u.drug.drug_class for u in case.drugs if u.drug}
    counted = classes - {"local_anesthetic", "diluent"}
    return bool(counted) and counted <= set(p.excluded_classes)


def _propose_needling(case: Case, rule: BoundRule) -> None:
    code = _decided(case, rule.params)
    if code:
        case.called_for.add(code)
    if code and not any(i.category in NEEDLING for i in case.submitted):
        case.propose(code, 1)


def _check_count(case: Case, rule: BoundRule) -> Iterator[Draft]:
    p: CountParams = rule.params
    if case.technique != p.technique:
        return
    yield from _unknown_muscles(case)
    injections = case.request.injections
    both = [p.few, p.many]
    if injections is not None and injections.count == 0:
        yield Draft(
            "fail" if any(i.category in NEEDLING for i in case.submitted) else "no_data",
            "The record counts no injection: there is nothing that these codes could report.",
            both,
            fix="Correct the count, or leave the procedure off the claim.",
            key="none",
            edits=tuple(Edit(i, drop=True) for i in case.submitted if i.category in NEEDLING),
        )
        return
    if not case.muscles and not case.unknown_muscles:
        yield Draft(
            "no_data",
            f"No muscle is named. {p.few} or {p.many} is chosen by the number of muscles; the "
            "number of injections does not tell it.",
            both,
            fix="Name each muscle and its side.",
            key="muscles",
        )
        return
    code = _decided(case, p)
    if code is None and not (case.technique == "dry_needling" and case.drugs):
        yield from _undecided(case, p)
        return
    if code is not None:
        yield _decision(case, p, code)
        yield from _sides_matter(case, p)


def _unknown_muscles(case: Case) -> Iterator[Draft]:
    for number, unknown in enumerate(case.unknown_muscles, 1):
        near = f" The nearest known: {listed(unknown.nearest, 'or')}." if unknown.nearest else ""
        yield Draft(
            "no_data",
            f"The name of a muscle is not known here, and a guess is not taken.{near}",
            fix="Correct the name, or choose the muscle from the list.",
            key=f"muscle-{number}",
        )


def _undecided(case: Case, p: CountParams) -> Iterator[Draft]:
    count = _counted(case, p)
    number = _number(case, count)
    if _only_excluded_drugs(case, p):
        return
    for code in (_code(p, number),):
        if case.valid_on_date(code):
            continue
        yield Draft(
            "no_data",
            f"{number_of(number, 'muscle')}: {code} is the code by count, but it is not valid on "
            f"{case.on}, and no other code for it is known here.",
            [code],
            fix="Ask the payer which code it took on that date (an unlisted procedure, perhaps).",
            key="date",
        )
        return
    total = number + len(case.unknown_muscles)
    yield Draft(
        "no_data",
        f"{number_of(number, 'muscle')} known and {number_of(len(case.unknown_muscles), 'name')} "
        f"unknown: {p.few} or, if all {total} differ, {p.many}.",
        [p.few, p.many],
        fix="Correct the unknown names.",
        key="open",
    )


def _decision(case: Case, p: CountParams, code: str) -> Draft:
    count = _counted(case, p)
    number = _number(case, count)
    injections = case.request.injections
    insertions = injections.count if injections else None
    unknown = len(case.unknown_muscles)
    told = f"{number_of(number, 'muscle')} ({listed(count.names)})" if number else "One muscle"
    if unknown:
        told += f" and {number_of(unknown, 'unknown name')}, which cannot change the code,"
    many = f" The {insertions} injections do not count." if insertions and insertions > 1 else ""
    if count.absorbed:
        many += f" {listed(count.absorbed)} may mean a muscle already named and is not counted."
    submitted = [i for i in case.submitted if i.category in NEEDLING]
    same = [i for i in submitted if i.category == p.category]
    right = len(same) == 1 and same[0].code == code and len(submitted) == len(same)
    mixed = len(submitted) > len(same) and [i.code for i in same] == [code]
    if not submitted or right or mixed:
        units = 1 if not same else same[0].units
        if case.submitted and not submitted:
            return Draft(
                "warn",
                f"{told} → {code}, one unit, which is not on the claim.{many}",
                [code],
                fix=f"Add {code} × 1.",
            )
        if units == 1:
            return Draft("pass", f"{told} → {code}, one unit.{many}", [code])
    billed = [f"{i.code}{f' × {i.units}' if i.units > 1 else ''}" for i in (same or submitted)]
    wrong = same or submitted
    kept = frozenset(("59", "XE", "XP", "XS", "XU"))
    modifiers = tuple(m for m in wrong[0].modifiers if m in kept and len(wrong) == 1)
    edits = [Edit(wrong[0], lines=(BilledLine(code, 1, modifiers),), sure=True)]
    edits += [Edit(i, drop=True) for i in wrong[1:]]
    return Draft(
        "fail",
        f"{told} → {code}, one unit; the claim has {listed(billed)}.{many}",
        distinct([code, *(i.code for i in wrong)]),
        fix=f"Report {code} × 1 instead.",
        edits=tuple(edits),
    )


def _sides_matter(case: Case, p: CountParams) -> Iterator[Draft]:
    count = _counted(case, p)
    unknown = len(case.unknown_muscles)
    counted, other = _code(p, count.by_side + unknown), _code(p, count.by_name + unknown)
    if counted == other:
        return
    sides = case.parameters.sides_count_as_two_muscles
    yield Draft(
        "warn",
        f"Left and right counted as two: {number_of(count.by_side, 'muscle')} → {counted}; counted "
        f"by name: {count.by_name} → {other}. No ruling was found; the payer's parameter "
        f"sides_count_as_two_muscles is {'true' if sides else 'false'}, hence "
        f"{counted if sides else other}.",
        [p.few, p.many],
        fix="Ask the payer how it counts, and set the parameter.",
        key="sides",
    )


class ContradictionParams(Struct, frozen=True, forbid_unknown_fields=True):
    """`instead`: the codes for injecting."""

    instead: list[str]


def _nothing_injected(case: Case, rule: BoundRule) -> Iterator[Draft]:
    if case.technique == "dry_needling":
        if case.drugs:
            yield Draft(
                "fail",
                "The technique is dry needling, in which nothing is injected, and a drug is "
                "recorded as given.",
                ["20560", "20561", *rule.params.instead],
                fix="If the drug went into the muscles, the technique is injection "
                f"({listed(rule.params.instead, 'or')}); if not, take the drug out.",
                edits=tuple(Edit(i, drop=True) for i in case.submitted if i.category in NEEDLING),
            )
        else:
            yield Draft("pass", "Dry needling, and no drug is recorded as given.")
        wrong = [i for i in case.submitted if i.code in rule.params.instead]
        if wrong and not case.drugs:
            yield Draft(
                "fail",
                f"{listed(distinct(i.code for i in wrong))} reports an injection; the record has "
                "dry needling.",
                distinct(i.code for i in wrong),
                fix="Report dry needling, or correct the technique.",
                key="technique",
                edits=tuple(Edit(i, drop=True) for i in wrong),
            )


# ── image guidance ───────────────────────────────────────────────────────────────────────────


class GuidanceParams(Struct, frozen=True, forbid_unknown_fields=True):
    """`codes` by kind of guidance; `primaries`: categories it may stand beside.

    `sourced_for`: the categories for which a source says so. `included`: guidance codes and the
    procedures that contain them already.
    """

    codes: dict[str, str] = {}
    primaries: list[str] = []
    sourced_for: list[str] = []
    included: dict[str, list[str]] = {}


def _primaries(case: Case, p: GuidanceParams, guidance: str) -> list[Item]:
    inside = p.included.get(guidance, [])
    return [i for i in case.of(*p.primaries) if i.code not in inside]


def _propose_guidance(case: Case, rule: BoundRule) -> None:
    p: GuidanceParams = rule.params
    code = p.codes.get(case.request.guidance or "")
    chosen = any(i.category in (*p.primaries, "guidance") for i in case.submitted)
    if code and case.valid_on_date(code) and not chosen and _primaries(case, p, code):
        case.propose(code, 1)


def _check_guidance(case: Case, rule: BoundRule) -> Iterator[Draft]:
    p: GuidanceParams = rule.params
    used = case.request.guidance
    code = p.codes.get(used or "")
    submitted = [i for i in case.submitted if i.category == "guidance"]
    if code and not submitted:
        primaries = distinct(i.code for i in _primaries(case, p, code))
        if not primaries:
            yield Draft(
                "no_data",
                f"{str(used).capitalize()} guidance was used, but no procedure is known that "
                f"{code} could stand beside.",
                [code],
                fix="Name the muscles, or give the procedure.",
            )
        else:
            sourced = any(i.category in p.sourced_for for i in _primaries(case, p, code))
            told = (
                "may be reported in addition" if sourced
                else "is not bundled by an edit; no source was found that allows it expressly"
            )  # fmt: skip
            yield Draft(
                "pass" if sourced else "warn",
                f"{code} beside {listed(primaries)} {told}. Whether the payer pays for it is a "
                "separate finding.",
                [code, *primaries],
            )
    for item in submitted:
        if used is None:
            yield Draft(
                "no_data",
                f"{item.code} is on the claim; the record does not say whether an image guided the "
                "needle.",
                [item.code],
                kind="documentation",
                fix="Document the guidance and keep the image, or remove the code.",
                key=item.code,
            )
        elif item.code == code:
            yield Draft("pass", f"{item.code} agrees with the record.", [item.code], key=item.code)
        else:
            others = [i for i in submitted if i.code == code or i.number < item.number]
            there = not code or bool(others) or not _primaries(case, p, code)
            right = "remove it" if there else f"report {code} instead"
            lines = () if there or code is None else (BilledLine(code, 1),)
            yield Draft(
                "fail",
                f"{item.code} is on the claim; the record says: guidance {used}.",
                distinct([item.code, code or ""]),
                fix=f"{right.capitalize()}.",
                key=item.code,
                edits=(Edit(item, drop=there, lines=lines, sure=not there),),
            )


def _guidance_needs_primary(case: Case, rule: BoundRule) -> Iterator[Draft]:
    p: GuidanceParams = rule.params
    for item in case.of("guidance"):
        beside = _primaries(case, p, item.code)
        inside = [i for i in case.items if i.code in p.included.get(item.code, [])]
        if beside:
            codes = distinct([item.code, *(i.code for i in beside)])
            yield Draft("pass", f"{item.code} has a primary procedure.", codes, key=item.code)
        elif inside:
            yield Draft(
                "fail",
                f"{inside[0].code} contains the guidance already: {item.code} is not reported "
                "beside it.",
                [item.code, inside[0].code],
                fix=f"Remove {item.code}.",
                key=item.code,
                edits=(Edit(item, drop=True),),
            )
        else:
            unknown = any(i.category == "unknown" for i in case.items)
            yield Draft(
                "no_data" if unknown else "fail",
                f"{item.code} stands without a procedure that it could guide.",
                [item.code],
                fix="Add the procedure that was guided, or remove the guidance.",
                key=item.code,
                edits=() if unknown else (Edit(item, drop=True),),
            )


def _guidance_once(case: Case, rule: BoundRule) -> Iterator[Draft]:
    p: GuidanceParams = rule.params
    lines = case.of("guidance")
    units = sum(i.units for i in lines)
    codes = distinct(i.code for i in lines)
    if units == 1:
        yield Draft("pass", f"One guidance code, one unit: {codes[0]}.", codes)
    elif units > 1:
        used = p.codes.get(case.request.guidance or "", codes[0] if len(codes) == 1 else "")
        kept = next((i for i in lines if i.code == used), None)
        edits = [Edit(kept, units=1)] if kept else []
        edits += [Edit(i, drop=True) for i in lines if i is not kept and i.submitted]
        hit = case.reference.pairs.lookup(codes[0], codes[-1], case.on) if codes[1:] else None
        table = f" NCCI {hit.edition} bundles them, indicator {hit.indicator}." if hit else ""
        yield Draft(
            "fail",
            f"{number_of(units, 'unit')} of guidance ({listed(codes)}) on one encounter: one unit "
            f"of one kind is reported, however many muscles were guided.{table}",
            codes,
            fix=f"Keep {kept.code if kept else 'the guidance that was used'} × 1.",
            edits=tuple(edits),
        )


KINDS = (
    Kind("muscle_count", CountParams, _check_count, propose=_propose_needling),
    Kind("nothing_injected", ContradictionParams, _nothing_injected),
    Kind("guidance", GuidanceParams, _check_guidance, propose=_propose_guidance),
    Kind("guidance_primary", GuidanceParams, _guidance_needs_primary),
    Kind("guidance_once", GuidanceParams, _guidance_once),
)
