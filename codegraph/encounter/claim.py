"""Put the claim together: lines with their edits, the diagnoses they point to, and why.

A line stays out where a finding says that it cannot stand and nothing else can take its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from codegraph.encounter.facts import Case, Item
from codegraph.encounter.kinds.base import BoundRule, Edit
from codegraph.encounter.kinds.coverage import CoveredParams
from codegraph.encounter.model import ClaimLine, Finding
from codegraph.encounter.units import BilledLine

MOST_POINTERS = 4  # diagnoses that a claim line can point to
_ORDER = {
    "office_visit": 0,
    "trigger_point": 2,
    "dry_needling": 2,
    "guidance": 3,
    "unknown": 4,
    "drug": 5,
}


def claim_lines(
    case: Case, plan: Sequence[BoundRule], edits: Iterable[Edit], findings: Sequence[Finding]
) -> list[ClaimLine]:
    """Return the lines that can be sent, procedures before drugs."""
    by_item: dict[Item, list[Edit]] = {}
    for edit in edits:
        by_item.setdefault(edit.item, []).append(edit)
    lines = [line for item in case.items for line in _edited(item, by_item.get(item, []))]
    pointers = _Pointers(case, plan)
    found = []
    for line in sorted(lines, key=lambda x: (_rank(case, x.code), x.code, _waste(x), x.modifiers)):
        known = case.reference.cpt.get(line.code) or case.reference.hcpcs.get(line.code)
        found.append(
            ClaimLine(
                code=line.code,
                units=line.units,
                modifiers=list(line.modifiers),
                diagnoses=pointers.of(case.reference.category(line.code)),
                why=[f.id for f in findings if line.code in f.codes],
                system="hcpcs" if line.code[:1].isalpha() else "cpt",
                display=known.label if known else "",
            )
        )
    return found


def _rank(case: Case, code: str) -> int:
    return _ORDER.get(case.reference.category(code), 1)


def _waste(line: BilledLine) -> bool:
    return "JW" in line.modifiers


def _edited(item: Item, edits: list[Edit]) -> list[BilledLine]:
    if not item.code:
        return []
    sure = [e for e in edits if e.sure and e.lines]
    if not sure and any(e.drop for e in edits):
        return []
    placed = sure or [e for e in edits if e.lines]
    lines = placed[0].lines if placed else (BilledLine(item.code, item.units, item.modifiers),)
    without = frozenset[str]().union(*(e.without for e in edits))
    adding = {m for e in edits for m in e.adding}
    units = [e.units for e in edits if e.units is not None]
    return [
        BilledLine(
            line.code,
            min([line.units, *units]),
            tuple(sorted((set(line.modifiers) - without) | adding)),
        )
        for line in lines
    ]


class _Pointers:
    """Which diagnoses a line points to.

    The payer's covered ones on trigger point lines where there are any; beside a joint injection
    the joint's diagnoses go to that; else every diagnosis that may stand. Drugs and guidance follow
    their procedure.
    """

    def __init__(self, case: Case, plan: Sequence[BoundRule]) -> None:
        self._all = [d.code for d in case.billable_diagnoses()]
        covered = set(case.parameters.covered_diagnoses or ())
        for bound in plan:
            if isinstance(bound.params, CoveredParams):
                covered |= set(bound.params.diagnoses)
        self._covered = [d for d in self._all if d in covered]
        self._joint = [d for d in self._all if d.startswith(("M25.5", "M0", "M1", "M75", "M70"))]
        self._beside_joint = bool(case.of("joint_injection"))
        self._only_joints = bool(case.of("joint_injection")) and not case.treats_trigger_points

    def of(self, category: str) -> list[str]:
        """Return the diagnoses for a line of a category."""
        if category == "joint_injection" or self._only_joints:
            chosen = self._joint or self._all
        elif category in ("trigger_point", "guidance", "drug"):
            others = [d for d in self._all if d not in self._joint] if self._beside_joint else []
            chosen = self._covered or others or self._all
        else:
            chosen = self._all
        return chosen[:MOST_POINTERS]
