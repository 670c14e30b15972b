"""Dose → billing units, by the descriptor of the code that is valid on the date.

    80 mg methylprednisolone acetate, 2024-03-15   J1040 × 1   (80 mg a unit)
    the same, 2024-05-01                           J1010 × 80  (1 mg a unit)
    1 mL Celestone Soluspan (3 mg + 3 mg)          J0702 × 1
    20 mg triamcinolone of a 40 mg single-dose vial, rest discarded
                                                   J3301 × 2 and J3301-JW × 2
    15 mg of a 20 mg vial, 5 mg discarded          J3301-JZ × 2 (rounding up used the vial)

The day's dose of one drug is summed before it is rounded up (fact sheet F21, F22).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from codegraph.encounter.facts import DrugUse, covers
from codegraph.encounter.names import only_strength
from codegraph.encounter.reference import Reference
from codegraph.model import Drug, DrugCode

Gap = Literal[
    "no_dose", "no_unit", "no_strength", "wrong_unit", "container", "nothing_given", "no_code"
]
JW, JZ = "JW", "JZ"


@dataclass(frozen=True, slots=True)
class BilledLine:
    """A drug line: code, units and its waste modifier."""

    code: str
    units: int
    modifiers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DrugBill:
    """The lines of one drug on one day, the arithmetic in words, and what is missing.

    `amount` is the sum given, in `unit`; `used_up` is True where rounding up left nothing for JW.
    """

    lines: tuple[BilledLine, ...]
    amount: float | None
    discarded: float
    unit: str
    gaps: frozenset[Gap]
    words: str = ""
    used_up: bool = False
    wasted_from_multi_dose: bool = False


def codes_for(drug: Drug, reference: Reference, on: date) -> list[DrugCode]:
    """Return the codes that describe a drug on a date without a further condition.

    Largest unit first; several only where the descriptors differ by the dose they hold.
    """
    found = []
    for choice in drug.codes:
        code = reference.hcpcs.get(choice.code)
        unconditional = choice.when is None or choice.when.startswith("date of service")
        if code and unconditional and covers(code.from_, code.to, on):
            found.append(code)
    if len({c.unit.of for c in found if c.unit}) > 1:
        found = found[:1]
    return sorted(found, key=lambda c: -(c.unit.amount if c.unit else 0))


def to_units(amount: float, per_unit: float) -> int:
    """Return an amount in billing units, rounded up; a hair of floating point is not a unit."""
    return max(0, math.ceil(amount / per_unit - 1e-9))


def split(amount: float, choice: Sequence[DrugCode]) -> list[tuple[str, int]]:
    """Return the codes and units that cover an amount with the least excess, then fewest units.

    `choice` has the largest descriptor first, each a multiple of the smallest.
    """
    sizes = [(c.code, c.unit.amount) for c in choice if c.unit]
    if not sizes:
        return []
    smallest = sizes[-1][1]
    left = to_units(amount, smallest)
    found = []
    for code, size in sizes:
        each = max(1, round(size / smallest))
        if units := left // each:
            found.append((code, units))
            left -= units * each
    return found


def amount_in(use: DrugUse, value: float, code: DrugCode) -> float | Gap:
    """Return a dose in what the code's descriptor counts (mg, mL or units), or why it cannot be."""
    assert code.unit is not None
    of, unit = code.unit.of, use.given.unit
    if unit is None:
        return "no_unit"
    if unit == "units":
        if of == "units":
            return value
        return value * code.unit.amount if use.code and not use.given.name else "wrong_unit"
    if of == "units":
        return "wrong_unit"
    if (unit == "ml") == (of == "ml"):
        return value
    strength = use.strength or (use.drug and only_strength(use.drug.concentrations))
    if not strength:
        return "no_strength"
    return value * strength if unit == "ml" else value / strength


def bill(
    uses: Sequence[DrugUse], choice: Sequence[DrugCode], *, jz_required: bool, modifiers: bool
) -> DrugBill:
    """Return the lines of one drug's entries of the day.

    Parameters
    ----------
    choice
        The codes that describe the drug on the date, as `codes_for` gives them.
    jz_required
        Whether the date asks for JZ on single-dose containers without waste.
    modifiers
        Whether the payer asks for JW and JZ at all.
    """
    gaps: set[Gap] = set()
    if not choice or choice[0].unit is None:
        return DrugBill((), None, 0, "", frozenset({"no_code"}))
    given = {"single_dose": 0.0, "": 0.0, "multi_dose": 0.0}
    wasted = dict(given)
    for use in uses:
        kind = use.given.container or ""
        for value, sums in ((use.given.dose, given), (use.given.discarded or 0.0, wasted)):
            if value is None:
                gaps.add("no_dose")
                continue
            amount = amount_in(use, value, choice[0]) if value else 0.0
            if isinstance(amount, str):
                gaps.add(amount)
            else:
                sums[kind] += amount
    total, discarded = sum(given.values()), sum(wasted.values())
    of = {"mg_combination": "mg"}.get(choice[0].unit.of, choice[0].unit.of)
    if not gaps and total == 0:
        gaps.add("nothing_given")
    if gaps:
        return DrugBill((), None, discarded, of, frozenset(gaps))
    lines, done, used_up = [], 0.0, False
    for kind in ("single_dose", "", "multi_dose"):
        if not given[kind]:
            continue
        here = _difference(split(done + given[kind], choice), split(done, choice), choice)
        done += given[kind]
        waste: list[tuple[str, int]] = []
        if kind == "single_dose" and modifiers and wasted[kind]:
            whole = split(done + wasted[kind], choice)
            waste = _difference(whole, split(done, choice), choice)
            used_up = not waste
        mark = (JZ,) if kind == "single_dose" and modifiers and jz_required and not waste else ()
        lines += [BilledLine(code, units, mark) for code, units in here]
        lines += [BilledLine(code, units, (JW,)) for code, units in waste]
        if kind == "" and modifiers and (jz_required or wasted[kind]):
            gaps.add("container")
    return DrugBill(
        tuple(lines),
        total,
        discarded,
        of,
        frozenset(gaps),
        _words(total, of, choice, split(total, choice)),
        used_up,
        bool(wasted["multi_dose"]),
    )


def _difference(
    more: list[tuple[str, int]], less: list[tuple[str, int]], choice: Sequence[DrugCode]
) -> list[tuple[str, int]]:
    """Return the codes and units by which one amount exceeds another."""
    size = {c.code: c.unit.amount for c in choice if c.unit}
    excess = sum(size[c] * n for c, n in more) - sum(size[c] * n for c, n in less)
    return split(excess, choice) if excess > 0 else []


def _words(total: float, of: str, choice: Sequence[DrugCode], lines: list[tuple[str, int]]) -> str:
    per = {c.code: c.per or "" for c in choice}
    unit = {"ml": "mL"}.get(of, of)
    billed = " + ".join(f"{code} × {units} ({per[code]} a unit)" for code, units in lines)
    return f"{plain(total)} {unit} = {billed}"


def plain(number: float) -> str:
    """Return a number without a needless fraction: 40.0 → 40."""
    return f"{number:.4f}".rstrip("0").rstrip(".")
