"""Kinds for what was injected: units by dose, waste, what is included, what has no code."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

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
from codegraph.encounter.model import Step
from codegraph.encounter.units import (
    JW,
    JZ,
    DrugBill,
    Gap,
    bill,
    codes_for,
    plain,
)
from codegraph.model import Drug, DrugCode

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


class IncludedParams(Struct, frozen=True, forbid_unknown_fields=True):
    """Drugs of `classes` are part of the procedure."""

    classes: list[str]


class UnitParams(Struct, frozen=True, forbid_unknown_fields=True):
    """`included_classes`: drugs that make no line of their own. `unclassified`: codes without unit."""

    included_classes: list[str]
    excluded_classes: list[str] = []
    unclassified: list[str] = []


def _key(use: DrugUse) -> str:
    return use.drug.id if use.drug else use.code or ""


def _choice(case: Case, use: DrugUse) -> list[DrugCode]:
    """Return the codes for a drug on the date; a valid code that the request names is kept."""
    reference = case.reference
    named = reference.hcpcs.get(use.code or "")
    if named and named.unit and covers(named.from_, named.to, case.on):
        if use.drug is None or named.code in {c.code for c in use.drug.codes}:
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
        if _stays_off(case, day, p) or billed & _codes_of(case, day):
            continue
        for line in day.bill.lines:
            case.propose(line.code, line.units, line.modifiers)


def _stays_off(case: Case, day: DayOfDrug, p: UnitParams) -> bool:
    drug = day.uses[0].drug
    if drug and drug.drug_class in (*p.included_classes, *p.excluded_classes):
        return True
    if case.technique == "dry_needling":
        return True
    limits = [case.reference.limits[c.code][0].units for c in day.choice
              if c.code in case.reference.limits]  # fmt: skip
    return bool(limits) and max(limits) == 0


def _codes_of(case: Case, day: DayOfDrug) -> set[str]:
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
        mine = [i for i in case.submitted if i.code in _codes_of(case, day)]
        matched |= set(mine)
        if drug and drug.drug_class in p.included_classes:
            continue
        if drug and drug.drug_class in p.excluded_classes and not mine:
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
            fix="Correct the name, or look the code up by the NDC.",
            key=f"drug-{number}",
        )


def _judge(case: Case, key: str, day: DayOfDrug, mine: list[Item]) -> Iterator[Draft]:
    if wrong := [u.code for u in day.uses if u.code and _mismatch(case, u)]:
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
        words = f"{day.name}: {day.bill.words}, valid on {case.on}."
        yield Draft("pass", words, codes, key=key, source=source)
        return
    yield _compare(case, key, day, mine)


def _mismatch(case: Case, use: DrugUse) -> bool:
    return bool(use.drug and use.code not in {c.code for c in use.drug.codes})


def _compare(case: Case, key: str, day: DayOfDrug, mine: list[Item]) -> Draft:
    """Compare the lines submitted with those that the dose calls for.

    Where the container is not stated, JZ and JW cannot be told, and the units alone are compared.
    """
    open_ = "container" in day.bill.gaps
    marks = frozenset() if open_ else WASTE

    def of(code: str, units: int, modifiers: tuple[str, ...]) -> tuple[str, int, frozenset[str]]:
        return code, units, marks & frozenset(modifiers)

    there = sorted(of(i.code, i.units, i.modifiers) for i in mine)
    wanted = sorted(of(x.code, x.units, x.modifiers) for x in day.bill.lines)
    codes = distinct([*(i.code for i in mine), *(x.code for x in day.bill.lines)])
    if [(*t[:2], sorted(t[2])) for t in there] == [(*w[:2], sorted(w[2])) for w in wanted]:
        return Draft("pass", f"{day.name}: {day.bill.words}, as on the claim.", codes, key=key)
    shown = listed(_line(i.code, i.units, i.modifiers) for i in mine)
    right = listed(_line(x.code, x.units, x.modifiers) for x in day.bill.lines)
    edits = [Edit(mine[0], lines=day.bill.lines, sure=True)]
    edits += [Edit(i, drop=True) for i in mine[1:]]
    return Draft(
        "fail",
        f"{day.name}: {day.bill.words} on {case.on}; the claim has {shown}.",
        codes,
        fix=f"Report {right}.",
        key=key,
        edits=tuple(edits),
    )


def _line(code: str, units: int, modifiers: tuple[str, ...]) -> str:
    return "-".join([code, *modifiers]) + f" × {units}"


# ── waste ────────────────────────────────────────────────────────────────────────────────────


class WasteParams(Struct, frozen=True, forbid_unknown_fields=True):
    """`jz_required_from`: first date of service on which JZ must be there where nothing was wasted.

    `not_for`: codes and drug classes that are not separately payable.
    """

    jz_required_from: date
    not_for: list[str] = []


def _propose_waste(case: Case, rule: BoundRule) -> None:
    case.jz_required = case.on >= rule.params.jz_required_from


def _check_waste(case: Case, rule: BoundRule) -> Iterator[Draft]:
    if not case.parameters.waste_modifiers:
        return
    p: WasteParams = rule.params
    told: set[str] = set()
    for key, day in sorted(case.bills.items()):
        drug = day.uses[0].drug
        if (drug and drug.drug_class in p.not_for) or not day.bill.lines:
            continue
        told |= _codes_of(case, day)
        yield _waste_of(case, key, day.bill, day.name)
    for code in distinct(i.code for i in case.of("drug") if i.submitted):
        classes = {d.drug_class for d in case.reference.drugs_of_code.get(code, [])}
        if code in p.not_for or classes & set(p.not_for):
            continue
        yield from _marks(case, code, known=code in told)


def _waste_of(case: Case, key: str, bill: DrugBill, name: str) -> Draft:
    codes = distinct(x.code for x in bill.lines)
    unit = {"ml": "mL"}.get(bill.unit, bill.unit)
    if "container" in bill.gaps:
        return Draft(
            "no_data",
            f"{name}: the container is not stated. A single-dose container needs JZ or JW"
            f"{'' if case.jz_required else ' where some was discarded'}, a multi-dose one "
            "neither.",
            codes,
            fix="Say whether the vial was single_dose or multi_dose (the NDC tells).",
            key=key,
        )
    if bill.wasted_from_multi_dose:
        return Draft(
            "warn",
            f"{name}: what is left of a multi-dose container is not billed, neither JW nor JZ.",
            codes,
            fix="Leave the discarded amount off the claim.",
            key=key,
        )
    wasted = [x for x in bill.lines if JW in x.modifiers]
    if wasted:
        return Draft(
            "pass",
            f"{name}: {plain(bill.discarded)} {unit} discarded from a single-dose container → "
            f"{listed(_line(x.code, x.units, x.modifiers) for x in wasted)} on a line of its own.",
            codes,
            key=key,
        )
    if any(JZ in x.modifiers for x in bill.lines):
        why = (
            f"rounding up has used the {plain(bill.discarded)} {unit} discarded, so no JW; JZ"
            if bill.used_up
            else "a single-dose container and nothing discarded: JZ"
        )
        return Draft("pass", f"{name}: {why}.", codes, key=key)
    reason = (
        "a multi-dose container: neither JW nor JZ"
        if case.jz_required
        else f"JZ is not required on {case.on}"
    )
    return Draft("pass", f"{name}: {reason}.", codes, key=key)


def _marks(case: Case, code: str, *, known: bool) -> Iterator[Draft]:
    """Look at JW and JZ on the submitted lines of one code."""
    lines = [i for i in case.submitted if i.code == code]
    used = {m for i in lines for m in i.modifiers} & WASTE
    if used == WASTE:
        yield Draft(
            "fail",
            f"{code} carries both JW and JZ: either something was discarded or nothing.",
            [code],
            fix="Keep JW for the discarded units if the record shows waste, else JZ.",
            key=f"{code}-both",
        )
    elif JW in used and all(JW in i.modifiers for i in lines):
        yield Draft(
            "fail",
            f"{code}-JW stands alone: it is a second line, beside the units that were given.",
            [code],
            fix=f"Add the line of the units given, without JW, before {code}-JW.",
            key=f"{code}-alone",
        )
    elif not known and not used and case.jz_required:
        yield Draft(
            "no_data",
            f"{code}: neither JW nor JZ, and the container is not stated. From a single-dose "
            "container one of them is required, from a multi-dose one neither.",
            [code],
            fix="Give the drug, its container and what was discarded.",
            key=code,
        )
    elif not known and used:
        yield Draft(
            "pass", f"{code}: {listed(sorted(used))} is there as the rule asks.", [code], key=code
        )


# ── included, unclassified, elsewhere ────────────────────────────────────────────────────────


def _included(case: Case, rule: BoundRule) -> Iterator[Draft]:
    p: IncludedParams = rule.params
    procedures = distinct(i.code for i in case.items if i.system == "cpt" and i.category not in
                          ("office_visit", "guidance", "unknown"))  # fmt: skip
    for key, day in sorted(case.bills.items()):
        drug = day.uses[0].drug
        if drug is None or drug.drug_class not in p.classes:
            continue
        mine = [i for i in case.submitted if i.code in _codes_of(case, day)]
        if not mine:
            beside = f" of {listed(procedures)}" if procedures else ""
            yield Draft(
                "pass",
                f"{day.name}: part of the procedure{beside}, no line of its own."
                f"{_if_listed(case, drug, day)}",
                [*procedures, *(c.code for c in day.choice if day.bill.lines)],
                key=key,
                path=tuple(
                    Step(f"drug:{drug.id}", "bundled_into", f"cpt:{c}") for c in procedures[:1]
                ),
            )
    for item in case.of("drug"):
        drugs = case.reference.drugs_of_code.get(item.code, [])
        if item.submitted and drugs and all(d.drug_class in p.classes for d in drugs):
            yield Draft(
                "warn",
                f"{item.code}: local anaesthetic by the clinician who does the procedure is part "
                "of it. A payer may want it listed; expect $0 for the line.",
                distinct([item.code, *procedures]),
                fix=f"Remove {item.code}, unless the payer wants the injectate listed.",
                key=item.code,
            )


def _if_listed(case: Case, drug: Drug, day: DayOfDrug) -> str:
    lines = day.bill.lines
    if lines:
        shown = listed(f"{x.code} × {x.units}" for x in lines)
        return f" If the payer wants the injectate listed: {shown}, expect $0."
    if not day.choice and drug.codes:
        return f" No code describes it on {case.on}."
    return ""


def _unclassified(case: Case, rule: BoundRule) -> Iterator[Draft]:
    codes: list[str] = rule.params.unclassified
    given = {u.code: u for u in case.drugs if u.code in codes}
    for code in distinct([*given, *(i.code for i in case.items if i.code in codes)]):
        use = given.get(code)
        named = use is not None and bool(use.given.name) and use.given.dose is not None
        if named or case.documentation.drug_named_on_claim:
            yield Draft(
                "pass",
                f"{code} has no unit of its own: name and dose go into item 19 of the claim.",
                [code],
                key=code,
            )
        else:
            yield Draft(
                "no_data",
                f"{code} has no unit of its own: the claim must name the drug and its dose (item "
                "19), and they are not given.",
                [code],
                fix="Give the name and the dose.",
                key=code,
            )


def _propose_unclassified(case: Case, rule: BoundRule) -> None:
    codes: list[str] = rule.params.unclassified
    billed = {i.code for i in case.submitted}
    for code in distinct(u.code or "" for u in case.drugs if u.code in codes):
        if code not in billed and case.valid_on_date(code):
            case.propose(code, 1)


class DrugClassParams(Struct, frozen=True, forbid_unknown_fields=True):
    """Drugs of `classes` do not make a trigger point injection; `instead` says what they make."""

    classes: list[str]
    instead: str


def _other_service(case: Case, rule: BoundRule) -> Iterator[Draft]:
    p: DrugClassParams = rule.params
    if not case.injects_trigger_points:
        return
    given = {u.drug.name: u.drug for u in case.drugs if u.drug and u.drug.drug_class in p.classes}
    for item in case.of("drug"):
        for drug in case.reference.drugs_of_code.get(item.code, []):
            if drug.drug_class in p.classes:
                given[drug.name] = drug
    for name, drug in sorted(given.items()):
        yield Draft(
            "fail",
            f"{name}: {p.instead}",
            distinct([*(c.code for c in drug.codes), *(i.code for i in case.needling)]),
            fix="Report the service that the indication fits, or get the payer's agreement first.",
            key=drug.id,
            edits=tuple(
                Edit(i, drop=True) for i in case.submitted if i.category == "trigger_point"
            ),
        )


KINDS = (
    Kind("drug_waste", WasteParams, _check_waste, propose=_propose_waste),
    Kind("drug_units", UnitParams, _check_units, propose=_propose_units),
    Kind("unclassified_drug", UnitParams, _unclassified, propose=_propose_unclassified),
    Kind("included_drug", IncludedParams, _included),
    Kind("other_service", DrugClassParams, _other_service),
)
