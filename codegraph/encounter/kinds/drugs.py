"""The kind for drug units: dose to units, compared with what was submitted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Literal

from msgspec import Struct

from codegraph.encounter.facts import Case, DayOfDrug, DrugUse, Item, covers
from codegraph.encounter.kinds.base import (
    BoundRule,
    Draft,
    Edit,
    Kind,
    distinct,
    listed,
)
from codegraph.encounter.kinds.codes import converted
from codegraph.encounter.units import (
    JW,
    JZ,
    BilledLine,
    Gap,
    bill,
    codes_for,
)
from codegraph.model import DrugCode

WASTE = frozenset({JW, JZ})
_GAPS: dict[Gap, tuple[str, str]] = {
    "no_dose": ("the dose is not given", "Give the dose."),
    "no_unit": ("the unit of the dose is not given", "Say whether the dose is mg, ml or units."),
    "no_strength": (
        "a volume was given and the strength is not known",
        "Give the dose in mg, or the strength with the name (for example 40 mg/mL).",
    ),
    "wrong_unit": (
        "the dose is in a unit that the code does not count in",
        "Give the dose in the unit of the code's descriptor.",
    ),
    "nothing_given": ("a dose of zero was given", "Correct the dose, or take the drug out."),
    "no_code": ("no code for it is known here", "Look the code up by the NDC."),
    "container": ("", ""),
}


class UnitParams(Struct, frozen=True, forbid_unknown_fields=True):
    """`included_classes`: drugs without a line of their own. `unclassified`: codes without unit."""

    included_classes: list[str]
    excluded_classes: list[str] = []
    unclassified: list[str] = []


def _key(use: DrugUse) -> str:
    return use.drug.id if use.drug else use.code or ""


def _choice(case: Case, use: DrugUse) -> list[DrugCode]:
    """Return the codes for a drug on the date; a valid code that the request names is kept."""
    reference = case.reference
    named = reference.hcpcs.get(use.code or "")
    fits = use.drug is None or use.code in {c.code for c in use.drug.codes}
    if named and named.unit and fits and covers(named.from_, named.to, case.on):
        return [named]
    return codes_for(use.drug, reference, case.on) if use.drug else []


def _propose_units(case: Case, rule: BoundRule) -> None:
    p: UnitParams = rule.params
    groups: dict[str, list[DrugUse]] = {}
    for use in case.drugs:
        if use.unknown is None and use.code not in p.unclassified:
            groups.setdefault(_key(use), []).append(use)
    billed = {i.code for i in case.submitted if i.category == "drug"}
    for key, uses in groups.items():
        named = [u for u in uses if u.code and _choice(case, u)]
        choice = _choice(case, (named or uses)[0])
        day = DayOfDrug(
            tuple(uses),
            tuple(choice),
            bill(
                uses,
                choice,
                jz_required=case.jz_required,
                modifiers=case.parameters.waste_modifiers,
            ),
        )
        case.bills[key] = day
        if _stays_off(case, day, p) or billed & codes_of(day):
            continue
        for line in day.bill.lines:
            case.propose(line.code, line.units, line.modifiers)


def _stays_off(case: Case, day: DayOfDrug, p: UnitParams) -> bool:
    drug = day.uses[0].drug
    if drug and drug.drug_class in (*p.included_classes, *_excluded(case, p)):
        return True
    if case.technique == "dry_needling":
        return True
    limits = [case.reference.limits[c.code][0].units for c in day.choice
              if c.code in case.reference.limits]  # fmt: skip
    return bool(limits) and max(limits) == 0


def _excluded(case: Case, p: UnitParams) -> list[str]:
    """Return the drug classes that make another service beside trigger point injection."""
    return p.excluded_classes if case.injects_trigger_points else []


def codes_of(day: DayOfDrug) -> set[str]:
    """Return every code that ever described the drug."""
    drug = day.uses[0].drug
    codes = {c.code for c in drug.codes} if drug else set()
    return codes | {u.code for u in day.uses if u.code}


def _check_units(case: Case, rule: BoundRule) -> Iterator[Draft]:
    p: UnitParams = rule.params
    yield from _unknown_drugs(case)
    matched: set[Item] = set()
    for key, day in sorted(case.bills.items()):
        drug = day.uses[0].drug
        mine = [i for i in case.submitted if i.code in codes_of(day)]
        matched |= set(mine)
        if drug and drug.drug_class in p.included_classes:
            continue
        if drug and drug.drug_class in _excluded(case, p) and not mine:
            continue
        yield from _judge(case, key, day, mine)
    foreign = [
        i for i in case.of("drug")
        if i.submitted and i not in matched and i.code not in p.unclassified
    ]  # fmt: skip
    if case.drugs and foreign and not any(u.unknown for u in case.drugs):
        codes = distinct(i.code for i in foreign)
        yield Draft(
            "fail",
            f"{listed(codes)} is on the claim, and no such drug is recorded as given.",
            codes,
            fix=f"Remove {listed(codes)}, or record the drug.",
            key="not-recorded",
            edits=tuple(Edit(i, drop=True) for i in foreign),
        )


def _unknown_drugs(case: Case) -> Iterator[Draft]:
    unknown = [u for u in case.drugs if u.unknown is not None]
    for number, use in enumerate(sorted(unknown, key=lambda u: u.unknown.nearest), 1):  # type: ignore[union-attr]
        assert use.unknown is not None
        near = use.unknown.nearest
        told = f" The nearest known: {listed(near, 'or')}." if near else ""
        what = f"{use.code} is" if use.code else "The name of a drug is"
        yield Draft(
            "no_data",
            f"{what} not known here, so no units can be worked out.{told}",
            distinct([use.code or ""]),
            fix="Correct the name, or look the code up by the NDC; a drug without a code of its "
            "own goes as J3490 with name and dose.",
            key=f"drug-{number}",
        )


def _judge(case: Case, key: str, day: DayOfDrug, mine: list[Item]) -> Iterator[Draft]:
    if wrong := [u.code for u in day.uses if u.code and _mismatch(u)]:
        yield Draft(
            "fail",
            f"{listed(distinct(wrong))} does not describe {day.name}.",
            distinct([*wrong, *(c.code for c in day.choice)]),
            fix=f"Report {listed(distinct(c.code for c in day.choice), 'or') or 'the drug given'}.",
            key=f"{key}-code",
        )
    gaps = day.bill.gaps - {"container"}
    if gaps:
        told = listed(_GAPS[g][0] for g in sorted(gaps))
        drug = day.uses[0].drug
        note = f" {drug.note}" if drug and "no_code" in gaps and drug.note else ""
        yield Draft(
            "no_data",
            f"{day.name}: {told}, so no units can be worked out.{note}",
            [c.code for c in day.choice],
            fix=_GAPS[sorted(gaps)[0]][1],
            key=key,
        )
        return
    codes = distinct(c.code for c in day.choice)
    source = case.reference.sources.get(f"hcpcs:{codes[0]}") if not mine else None
    limits = [case.reference.limits[c][0] for c in codes if c in case.reference.limits]
    if limits and max(m.units for m in limits) == 0 and not mine:
        yield Draft(
            "no_data",
            f"{day.name}: CMS lists it as discontinued (unit limit 0), so no line is proposed.",
            codes,
            fix="Check the vial's NDC: another product with another code may have been given.",
            key=key,
        )
        return
    if not mine:
        words = f"{day.name}: {day.bill.words}, valid on {case.on}"
        if case.submitted and case.technique != "dry_needling":
            right = listed(line_words(x.code, x.units, x.modifiers) for x in day.bill.lines)
            yield Draft(
                "warn", f"{words}; it is not on the claim.", codes, fix=f"Add {right}.", key=key
            )
        else:
            draft = Draft("pass", f"{words}.", codes, key=key, source=source)
            yield _noted(case, day, draft)
        return
    yield _noted(case, day, _compare(case, key, day, mine))


def _noted(case: Case, day: DayOfDrug, draft: Draft) -> Draft:
    """Add what is to be known of the code's unit, and its source, where there is such a note."""
    code = day.choice[0]
    if not code.unit or not code.unit.note:
        return draft
    source = case.reference.sources.get(f"hcpcs:{code.code}")
    return replace(draft, message=f"{draft.message} {code.unit.note}", source=source)


def _mismatch(use: DrugUse) -> bool:
    return bool(use.drug and use.code not in {c.code for c in use.drug.codes})


Agreement = Literal["agree", "open", "waste", "units"]


def agreement(case: Case, day: DayOfDrug, mine: list[Item]) -> Agreement:
    """Compare the lines submitted with those that the dose calls for.

    `waste`: the units given agree and JW or JZ do not. `open`: the claim bills waste of which the
    record says nothing. JZ counts only where it is required. Where the container is not stated, or
    the payer asks for neither modifier, the units alone are compared.
    """
    now = _in_force(case, day, mine)
    marks = WASTE if case.jz_required else frozenset({JW})
    if "container" in day.bill.gaps or not case.parameters.waste_modifiers:
        marks = frozenset()
    if _summed(now, marks) == _summed(day.bill.lines, marks):
        return "agree"
    if _given(now) != _given(day.bill.lines):
        return "units"
    return "open" if _waste_is_open(day) and any(JW in i.modifiers for i in mine) else "waste"


def _in_force(case: Case, day: DayOfDrug, mine: list[Item]) -> list[Item | BilledLine]:
    """Return the lines with ended codes in the units of those that took their place.

    That a code has ended is another rule's finding: here only the dose is judged.
    """
    found: list[Item | BilledLine] = []
    for item in mine:
        valid = case.valid_on_date(item.code)
        others = () if valid else converted(case, item, [c.code for c in day.choice])
        found += others or (item,)
    return found


def _given(lines: Iterable[Item | BilledLine]) -> dict[tuple[str, frozenset[str]], int]:
    return _summed([x for x in lines if JW not in x.modifiers], frozenset())


def corrected(day: DayOfDrug, mine: list[Item]) -> tuple[str, tuple[Edit, ...]]:
    """Return the right lines in words, and the edits that put them in place of those submitted."""
    right = listed(line_words(x.code, x.units, x.modifiers) for x in day.bill.lines)
    edits = [Edit(mine[0], lines=day.bill.lines, sure=True)]
    return right, (*edits, *(Edit(i, drop=True) for i in mine[1:]))


def _compare(case: Case, key: str, day: DayOfDrug, mine: list[Item]) -> Draft:
    codes = distinct([*(i.code for i in mine), *(x.code for x in day.bill.lines)])
    words = f"{day.name}: {day.bill.words}"
    found = agreement(case, day, mine)
    if found in ("agree", "waste"):
        ended = distinct(i.code for i in mine if not case.valid_on_date(i.code))
        told = f"what {listed(ended)} comes to" if ended else "as on the claim"
        return Draft("pass", f"{words}, {told}.", codes, key=key)
    if found == "open":
        return Draft(
            "no_data",
            f"{words}, as on the claim. The claim bills waste beside it (JW); the record does not "
            "say how much was discarded.",
            codes,
            fix="Give what was discarded.",
            key=key,
        )
    shown = listed(line_words(i.code, i.units, i.modifiers) for i in mine)
    right, edits = corrected(day, mine)
    return Draft(
        "fail",
        f"{words} on {case.on}; the claim has {shown}.",
        codes,
        fix=f"Report {right}.",
        key=key,
        edits=edits,
    )


def _summed(
    lines: Iterable[Item | BilledLine], marks: frozenset[str]
) -> dict[tuple[str, frozenset[str]], int]:
    """Return the units of each code and waste modifier."""
    found: dict[tuple[str, frozenset[str]], int] = {}
    for line in lines:
        key = line.code, marks & frozenset(line.modifiers)
        found[key] = found.get(key, 0) + line.units
    return found


def _waste_is_open(day: DayOfDrug) -> bool:
    return any(u.given.container == "single_dose" and u.given.discarded is None for u in day.uses)


def line_words(code: str, units: int, modifiers: tuple[str, ...]) -> str:
    """Return a line as it is told: J3301-JZ × 4."""
    return "-".join([code, *modifiers]) + f" × {units}"


KINDS = (Kind("drug_units", UnitParams, _check_units, propose=_propose_units),)
