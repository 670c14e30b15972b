"""Kinds that limit a line: one of a set a day, units at most, modifiers that do not belong."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from codegraph.encounter.facts import NEEDLING, Case, Item, covers
from codegraph.encounter.kinds.base import (
    BoundRule,
    Draft,
    Edit,
    Kind,
    NoParams,
    distinct,
    listed,
    number_of,
)
from codegraph.encounter.model import Step
from codegraph.model import Source

# ── units, sets, modifiers ───────────────────────────────────────────────────────────────────


class OneOfSet(Struct, frozen=True, forbid_unknown_fields=True):
    """`set`: codes of which one day has at most one."""

    set: list[str]


def _one_per_day(case: Case, rule: BoundRule) -> Iterator[Draft]:
    codes: list[str] = rule.params.set
    there = [i for i in case.items if i.code in codes]
    found = distinct(i.code for i in there)
    if len(found) == 1:
        yield Draft("pass", f"Of {listed(codes)} the claim has one, {found[0]}.", found)
    elif len(found) > 1:
        # Whoever submits both says "one or two" and "three or more": together three or more.
        keep = next((c for c in found if c in case.called_for), found[-1])
        known = keep in case.called_for
        counted = "the muscles named call for it" if known else (
            f"if three muscles or more are documented in all; {found[0]} if one or two"
        )  # fmt: skip
        hit = case.reference.pairs.lookup(found[0], found[-1], case.on)
        table = f" (NCCI {hit.edition}, indicator {hit.indicator})" if hit else ""
        kept = next(i for i in there if i.code == keep)
        yield Draft(
            "fail",
            f"{listed(found)} stand on one claim. One day has one of them: all muscles are counted "
            f"together, and no modifier, 59 included, separates the two{table}.",
            found,
            fix=f"Keep {keep} × 1 and remove {listed(c for c in found if c != keep)}: {counted}.",
            source=hit.source if hit else None,
            path=_exclusive(hit.column1, hit.column2) if hit and hit.indicator == 0 else (),
            edits=(
                Edit(kept, units=1),
                *(Edit(i, drop=True) for i in there if i is not kept and i.submitted),
            ),
        )


def _exclusive(one: str, two: str) -> tuple[Step, ...]:
    return (Step(f"cpt:{one}", "mutually_exclusive", f"cpt:{two}"),)


def _unit_limits(case: Case, _rule: BoundRule) -> Iterator[Draft]:
    totals: dict[str, int] = {}
    for item in case.items:
        totals[item.code] = totals.get(item.code, 0) + item.units
    within: list[str] = []
    table: Source | None = None
    for code, units in sorted(totals.items()):
        if code not in case.reference.limits:
            continue
        limit, source = case.reference.limits[code]
        table = source
        if units <= limit.units:
            within.append(code)
            continue
        yield _over_limit(case, code, units, limit.units, limit.indicator, limit.edition, source)
    if within:
        yield Draft(
            "pass",
            f"{listed(within)}: not above the unit limit of the edition at hand.",
            within,
            source=table,
        )


def _over_limit(
    case: Case, code: str, units: int, most: int, indicator: int, edition: str, source: Source
) -> Draft:
    start = f"{code}: {number_of(units, 'unit')} on one day, the limit (MUE of {edition}) is {most}"
    items = [i for i in case.items if i.code == code]
    if most == 0:
        return Draft(
            "fail",
            f"{start}: CMS lists the drug as discontinued.",
            [code],
            fix="Check the vial's NDC: another product with another code may have been given.",
            key=code,
            source=source,
            edits=tuple(Edit(i, drop=True) for i in items if i.submitted),
        )
    if indicator == 2:
        first, rest = items[0], items[1:]
        return Draft(
            "fail",
            f"{start}, absolute (indicator 2): the line is denied whatever the record says.",
            [code],
            fix=f"Report {number_of(most, 'unit')} of {code}.",
            key=code,
            source=source,
            edits=(Edit(first, units=most), *(Edit(i, drop=True) for i in rest)),
        )
    how = "by claim line (indicator 1)" if indicator == 1 else "by day (indicator 3)"
    shows = "the dose" if case.reference.category(code) == "drug" else "what was done"
    return Draft(
        "warn",
        f"{start}, {how}: expect a denial at first; a record that shows {shows} can carry "
        "an appeal.",
        [code],
        fix=f"Check {shows} and the units; keep the record of it at hand.",
        key=code,
        source=source,
    )


class ModifierParams(Struct, frozen=True, forbid_unknown_fields=True):
    """`modifiers` do not belong on lines of `categories`, for the reason `why`.

    `quiet`: nothing is said where there is none.
    """

    modifiers: list[str]
    categories: list[str]
    why: str
    quiet: bool = False


def _modifier_not_allowed(case: Case, rule: BoundRule) -> Iterator[Draft]:
    p: ModifierParams = rule.params
    clean = []
    for item in case.of(*p.categories):
        wrong = [m for m in item.modifiers if m in p.modifiers]
        if not wrong:
            clean.append(item.code)
            continue
        yield Draft(
            "fail",
            f"{item.code} carries {listed(wrong)}: {p.why}",
            [item.code],
            fix=f"Remove {listed(wrong)} from {item.code}.",
            key=f"{item.code}-{'-'.join(wrong)}",
            edits=(Edit(item, without=frozenset(wrong)),) if item.submitted else (),
        )
    if clean and not p.quiet:
        yield Draft("pass", f"{listed(distinct(clean))}: no such modifier.", distinct(clean))


def _modifier_valid(case: Case, _rule: BoundRule) -> Iterator[Draft]:
    for item in case.submitted:
        for name in item.modifiers:
            known = case.reference.modifiers.get(name)
            if len(name) != 2 or not name.isalnum():
                yield Draft(
                    "fail",
                    f"A modifier of {item.code or 'a line'} does not have two characters.",
                    [item.code],
                    fix="Correct the modifier.",
                    key=f"{item.code}-form",
                    edits=(Edit(item, without=frozenset({name})),),
                )
            elif known is None:
                yield Draft(
                    "no_data",
                    f"{item.code}-{name}: this modifier is not among those that codegraph carries.",
                    [item.code],
                    fix="Check that the modifier exists and fits the code.",
                    key=f"{item.code}-{name}",
                )
            elif not covers(known.from_, None, case.on):
                yield Draft(
                    "fail",
                    f"{item.code}-{name}: the modifier begins on {known.from_}, after {case.on}.",
                    [item.code],
                    fix=f"Remove {name}.",
                    key=f"{item.code}-{name}",
                    edits=(Edit(item, without=frozenset({name})),),
                )


class CategoryParams(Struct, frozen=True, forbid_unknown_fields=True):
    """Lines of `categories` beside `beside`; `ranges` of codes count with the categories."""

    codes: list[str] = []
    ranges: list[list[str]] = []
    why: str = ""


def _never_beside(case: Case, rule: BoundRule) -> Iterator[Draft]:
    p: CategoryParams = rule.params
    if not case.treats_trigger_points:
        return
    wrong = [
        i
        for i in case.items
        if i.code in p.codes or any(low <= i.code <= high for low, high in p.ranges)
    ]
    beside = distinct(i.code for i in case.items if i.category in NEEDLING)
    for item in wrong:
        yield Draft(
            "fail",
            f"{item.code}: {p.why}",
            distinct([item.code, *beside]),
            fix=f"Remove {item.code}.",
            key=f"{item.code}-{item.number}" if _twice(wrong, item) else item.code,
            edits=(Edit(item, drop=True),),
        )


def _twice(items: list[Item], item: Item) -> bool:
    return sum(i.code == item.code for i in items) > 1


KINDS = (
    Kind("one_per_day", OneOfSet, _one_per_day),
    Kind("unit_limit", NoParams, _unit_limits),
    Kind("modifier_not_allowed", ModifierParams, _modifier_not_allowed),
    Kind("modifier_valid", NoParams, _modifier_valid),
    Kind("never_beside", CategoryParams, _never_beside),
)
