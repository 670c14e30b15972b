"""Kinds that look at single codes: valid, known, units, modifiers, one of a set."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from codegraph.concepts import Concepts
from codegraph.encounter.facts import NEEDLING, Case, Diagnosis, Item, covers
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
from codegraph.encounter.units import BilledLine, split
from codegraph.model import Source

MOST_OFFERED = 12  # codes offered below a header; more are not read


# ── diagnoses ────────────────────────────────────────────────────────────────────────────────


def _diagnosis_valid(case: Case, rule: BoundRule) -> Iterator[Draft]:
    good = [d.code for d in case.diagnoses if d.status == "billable"]
    if good:
        stand = "is" if len(good) == 1 else "are"
        yield Draft("pass", f"{listed(good)} {stand} valid and billable on {case.on}.", good)
    for d in case.diagnoses:
        if d.status != "billable":
            yield _bad_diagnosis(case, d)


def _bad_diagnosis(case: Case, d: Diagnosis) -> Draft:
    if d.status == "malformed":
        return Draft(
            "fail",
            "A diagnosis does not have the form of an ICD-10-CM code.",
            fix="Write the code as in M79.18.",
            key="form",
        )
    if d.row is None:
        near = _beginning(case.concepts, d.code)
        return Draft(
            "fail",
            f"{d.code} is not a code of ICD-10-CM."
            + (f" The nearest that exists is {near}." if near else ""),
            distinct([d.code, near]),
            fix=f"Correct the code; begin at {near}." if near else "Correct the code.",
            key=d.code,
        )
    offered = offers(case, d)
    shown = listed(offered[:MOST_OFFERED], "or") + (
        f" (and {len(offered) - MOST_OFFERED} more)" if len(offered) > MOST_OFFERED else ""
    )
    codes = [d.code, *offered[:MOST_OFFERED]]
    if d.status == "header":
        unspecified = [c for c in offered if _unspecified(case.concepts, c)]
        caution = (
            f" Do not default to {unspecified[0]}." if len(offered) > 1 and unspecified else ""
        )
        return Draft(
            "fail",
            f"{d.code} ({d.display}) is a header and not billable on {case.on}: it needs more "
            f"characters. Billable below it: {shown or 'nothing on that date'}.",
            codes,
            fix=f"Choose by what the note says: {shown}.{caution}" if shown else None,
            key=d.code,
        )
    when = "had ended before" if d.status == "ended" else "does not begin until after"
    return Draft(
        "fail",
        f"{d.code} ({d.display}) {when} {case.on}." + (f" Its place: {shown}." if shown else ""),
        codes,
        fix=f"Use {shown}." if shown else "Use the code that was valid on the date of service.",
        key=d.code,
    )


def offers(case: Case, d: Diagnosis) -> list[str]:
    """Return the billable codes that stand in the place of a diagnosis on the date."""
    concepts = case.concepts
    if d.row is None:
        return []
    if d.status == "header":
        return [concepts.tables.codes[r] for r in concepts.billable_below(d.row, case.on)]
    found = []
    for curie in concepts.successors(d.row):
        row = concepts.index(curie)
        found += [concepts.tables.codes[r] for r in concepts.billable_below(row, case.on)]
    if not found:
        for row in concepts.ancestors(d.row):
            if concepts.status(row, case.on) == "billable":
                return [concepts.tables.codes[row]]
    return found


def _unspecified(concepts: Concepts, code: str) -> bool:
    row = concepts.index(f"icd10cm:{code}")
    return "unspecified" in concepts.tables.displays[row].lower()


def _beginning(concepts: Concepts, code: str) -> str:
    """Return the longest beginning of a code that exists."""
    plain = code.replace(".", "")
    for length in range(len(plain) - 1, 2, -1):
        shorter = plain[:3] + ("." + plain[3:length] if length > 3 else "")
        if f"icd10cm:{shorter}" in concepts:
            return shorter
    return ""


# ── procedures and drug codes ────────────────────────────────────────────────────────────────


def _procedure_valid(case: Case, rule: BoundRule) -> Iterator[Draft]:
    good = []
    for item in _once(case.items):
        if not item.code:
            yield Draft(
                "fail",
                "A procedure does not have the form of a CPT or HCPCS Level II code.",
                fix="Write the code as in 20552 or J3301.",
                key="form",
                edits=_drops(case, ""),
            )
        elif item.category == "unknown":
            yield Draft(
                "no_data",
                f"{item.code} is not among the codes that codegraph carries: whether it is valid "
                f"on {case.on}, and what may stand beside it, is not known here.",
                [item.code],
                fix="Check it against the code set of the date of service.",
                key=item.code,
            )
        elif item.system == "cpt":
            if case.valid_on_date(item.code):
                good.append(item.code)
            else:
                yield _cpt_not_valid(case, item)
    if good:
        yield Draft(
            "pass",
            f"{listed(good)}: within the dates known for {'it' if len(good) == 1 else 'them'} "
            f"on {case.on}.",
            good,
        )


def _cpt_not_valid(case: Case, item: Item) -> Draft:
    known = case.reference.cpt[item.code]
    begins = known.from_ is not None and case.on < known.from_
    when = f"begins on {known.from_}" if begins else f"ended on {known.to}"
    instead = listed(known.replaced_by, "or")
    fix = f"Use {instead}." if instead and not begins else f"Remove {item.code}."
    return Draft(
        "fail",
        f"{item.code} {when}: not valid on {case.on}.",
        distinct([item.code, *known.replaced_by]),
        fix=fix,
        key=item.code,
        source=case.reference.sources.get(item.curie),
        edits=_drops(case, item.code),
    )


def _drug_code_valid(case: Case, rule: BoundRule) -> Iterator[Draft]:
    named = {u.code for u in case.drugs if u.code in case.reference.hcpcs}
    good = []
    for code in sorted({i.code for i in case.of("drug")} | {c for c in named if c}):
        if case.valid_on_date(code):
            good.append(code)
            continue
        known = case.reference.hcpcs[code]
        ended = known.to is not None and case.on > known.to
        others = known.successors if ended else known.predecessors
        inferred = " (the day is inferred)" if ended and known.to_inferred else ""
        when = f"ended on {known.to}{inferred}" if ended else f"begins on {known.from_}"
        others = [c for c in others if case.valid_on_date(c)]
        edits, offered = [], []
        for item in case.of("drug"):
            if item.code == code:
                lines = _converted(case, item, others)
                edits.append(Edit(item, drop=not lines, lines=lines))
                offered += [f"{x.code} × {x.units}" for x in lines]
        offer = listed(offered or others, "or")
        yield Draft(
            "fail",
            f"{code} {when}: not valid on {case.on}."
            + (f" In its place: {offer}." if offer else ""),
            [code, *others],
            fix=f"Report {offer} instead of {code}." if offer else f"Remove {code}.",
            key=code,
            source=case.reference.sources.get(f"hcpcs:{code}"),
            edits=tuple(edits),
        )
    if good:
        yield Draft("pass", f"{listed(good)}: valid on {case.on}.", good)


def _converted(case: Case, item: Item, others: list[str]) -> tuple[BilledLine, ...]:
    """Return a drug line in the units of the codes that took its place; () where it cannot be."""
    old = case.reference.hcpcs[item.code]
    new = [case.reference.hcpcs[c] for c in others]
    if old.unit is None or not new or any(c.unit is None for c in new):
        return ()
    if {c.unit.of for c in new if c.unit} != {old.unit.of} or old.substance != new[0].substance:
        return ()
    new.sort(key=lambda c: -(c.unit.amount if c.unit else 0))
    lines = split(item.units * old.unit.amount, new)
    return tuple(BilledLine(code, units, item.modifiers) for code, units in lines)


def _once(items: list[Item]) -> list[Item]:
    return list({i.code: i for i in items}.values())


def _drops(case: Case, code: str) -> tuple[Edit, ...]:
    return tuple(Edit(i, drop=True) for i in case.submitted if i.code == code)


# ── complete ─────────────────────────────────────────────────────────────────────────────────


def _complete(case: Case, rule: BoundRule) -> Iterator[Draft]:
    if not case.diagnoses and (case.items or case.technique):
        return  # the kind diagnosis_needed speaks, it knows the muscles
    if not case.diagnoses and not case.items and not case.drugs:
        yield Draft(
            "no_data",
            "Neither a code nor a fact was given: there is nothing to check.",
            fix="Give diagnoses, procedures or what was done.",
        )
    elif case.diagnoses and case.items:
        yield Draft("pass", "There is a diagnosis and a line that it can support.")


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
        yield Draft(
            "fail",
            f"{listed(found)} stand on one claim. One day has one of them: all muscles are counted "
            "together, and no modifier separates the two.",
            found,
            fix=f"Keep one of {listed(found, 'or')}: {found[0]} for one or two muscles, "
            f"{found[-1]} for three or more.",
            edits=tuple(Edit(i, drop=True) for i in there if i.submitted),
        )


def _unit_limits(case: Case, rule: BoundRule) -> Iterator[Draft]:
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
    return Draft(
        "warn",
        f"{start}, {how}: expect a denial at first; a record that shows the dose can carry "
        "an appeal.",
        [code],
        fix="Check the dose and the units; keep the record of the dose at hand.",
        key=code,
        source=source,
    )


class ModifierParams(Struct, frozen=True, forbid_unknown_fields=True):
    """`modifiers` do not belong on lines of `categories`; `instead` says what to do."""

    modifiers: list[str]
    categories: list[str]
    why: str


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
    if clean:
        yield Draft("pass", f"{listed(distinct(clean))}: no such modifier.", distinct(clean))


def _modifier_valid(case: Case, rule: BoundRule) -> Iterator[Draft]:
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
    Kind("diagnosis_valid", NoParams, _diagnosis_valid),
    Kind("procedure_valid", NoParams, _procedure_valid),
    Kind("drug_code_valid", NoParams, _drug_code_valid),
    Kind("complete", NoParams, _complete),
    Kind("one_per_day", OneOfSet, _one_per_day),
    Kind("unit_limit", NoParams, _unit_limits),
    Kind("modifier_not_allowed", ModifierParams, _modifier_not_allowed),
    Kind("modifier_valid", NoParams, _modifier_valid),
    Kind("never_beside", CategoryParams, _never_beside),
)
