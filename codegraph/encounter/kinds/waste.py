"""The kind for JW and JZ: what was left of a single-dose container."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from msgspec import Struct

from codegraph.encounter.facts import Case, DayOfDrug, Item
from codegraph.encounter.kinds.base import BoundRule, Draft, Edit, Kind, distinct, listed
from codegraph.encounter.kinds.drugs import WASTE, agreement, codes_of, corrected, line_words
from codegraph.encounter.units import JW, JZ, DrugBill, plain


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
        told |= codes_of(day)
        mine = [i for i in case.submitted if i.code in codes_of(day)]
        if mine and agreement(case, day, mine) == "waste":
            yield _differs(case, key, day, mine)
        else:
            yield _waste_of(case, key, day.bill, day.name)
    for code in distinct(i.code for i in case.of("drug") if i.submitted):
        classes = {d.drug_class for d in case.reference.drugs_of_code.get(code, [])}
        if code in p.not_for or classes & set(p.not_for):
            continue
        yield from _marks(case, code, known=code in told)


def _differs(case: Case, key: str, day: DayOfDrug, mine: list[Item]) -> Draft:
    """Return the finding for lines whose units are right and whose JW or JZ is not."""
    shown = listed(line_words(i.code, i.units, i.modifiers) for i in mine)
    right, edits = corrected(day, mine)
    return Draft(
        "fail",
        f"{_waste_of(case, key, day.bill, day.name).message} The claim has {shown}.",
        distinct([*(i.code for i in mine), *(x.code for x in day.bill.lines)]),
        fix=f"Report {right}.",
        key=key,
        edits=edits,
    )


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
        lines = listed(line_words(x.code, x.units, x.modifiers) for x in wasted)
        return Draft(
            "pass",
            f"{name}: {plain(bill.discarded)} {unit} discarded from a single-dose container → "
            f"{lines} on a line of its own.",
            codes,
            key=key,
        )
    if any(JZ in x.modifiers for x in bill.lines):
        why = (
            f"rounding up has used the {plain(bill.discarded)} {unit} discarded, so no JW; JZ"
            if bill.used_up
            else "a single-dose container and no waste recorded: JZ attests that there was none"
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
            edits=tuple(Edit(i, without=WASTE) for i in lines),
        )
    elif JW in used and all(JW in i.modifiers for i in _of_same_drug(case, code)):
        yield Draft(
            "fail",
            f"{code}-JW stands alone: it is a second line, beside the units that were given.",
            [code],
            fix=f"Add the line of the units given, without JW, before {code}-JW.",
            key=f"{code}-alone",
            edits=tuple(Edit(i, drop=True) for i in lines),
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


def _of_same_drug(case: Case, code: str) -> list[Item]:
    """Return the submitted lines of the drug that a code describes, under any of its codes."""
    codes = {code}
    for drug in case.reference.drugs_of_code.get(code, []):
        codes |= {c.code for c in drug.codes}
    return [i for i in case.submitted if i.code in codes]


KINDS = (Kind("drug_waste", WasteParams, _check_waste, propose=_propose_waste),)
