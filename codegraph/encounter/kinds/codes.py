"""Kinds that look at single codes: a diagnosis, procedure or drug code valid on the date."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from codegraph.concepts import Concepts
from codegraph.encounter.facts import Case, Diagnosis, Item
from codegraph.encounter.kinds.base import (
    BoundRule,
    Draft,
    Edit,
    Kind,
    NoParams,
    distinct,
    listed,
)
from codegraph.encounter.units import BilledLine, split

MOST_OFFERED = 12  # codes offered below a header; more are not read


# ── diagnoses ────────────────────────────────────────────────────────────────────────────────


def _diagnosis_valid(case: Case, _rule: BoundRule) -> Iterator[Draft]:
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


def _procedure_valid(case: Case, _rule: BoundRule) -> Iterator[Draft]:
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


class DrugCodeParams(Struct, frozen=True, forbid_unknown_fields=True):
    """`not_offered`: codes that are never offered in place of one that is not valid."""

    not_offered: list[str] = []


def _drug_code_valid(case: Case, rule: BoundRule) -> Iterator[Draft]:
    p: DrugCodeParams = rule.params
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
        others = [c for c in others if case.valid_on_date(c) and c not in p.not_offered]
        edits, offered = [], []
        for item in case.of("drug"):
            if item.code == code:
                lines = converted(case, item, others)
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


def converted(case: Case, item: Item, others: list[str]) -> tuple[BilledLine, ...]:
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


def _complete(case: Case, _rule: BoundRule) -> Iterator[Draft]:
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


KINDS = (
    Kind("diagnosis_valid", NoParams, _diagnosis_valid),
    Kind("procedure_valid", NoParams, _procedure_valid),
    Kind("drug_code_valid", DrugCodeParams, _drug_code_valid),
    Kind("complete", NoParams, _complete),
)
