"""Arrange units for asking: what comes first, which parts move up, what a value leaves."""

from __future__ import annotations

from codegraph.drilldown.labels import is_other, is_unspecified
from codegraph.drilldown.titles import ALTERNATION_AXES, LATERALITY, key
from codegraph.drilldown.units import Unit

SHARED_AXES = (*ALTERNATION_AXES, LATERALITY)
FEW = 12  # options that a list may have without headings


def asked_first(unit: Unit) -> str | None:
    """Return a shared axis that settles which units remain: then it has to be asked first."""
    for axis in SHARED_AXES:
        found: set[str | None] = set()
        several = 0
        for child in unit.children:
            values = {m.values.get(axis) for m in child.codes()}
            found |= values
            several += len(values) > 1
        if None not in found and len(found) > 1 and several * 4 <= len(unit.children):
            return axis
    return None


def flattened(unit: Unit, wanted: set[int]) -> list[Unit]:
    """Return the units to ask for: a vague one among them gives way to its own, if few."""
    children = list(unit.children)
    for child in unit.children:
        total = len(children) + len(child.children) - 1
        vague = _is_vague(child) and total <= FEW
        if child.children and (vague or any(m.row in wanted for m in child.members)):
            at = children.index(child)
            children[at : at + 1] = child.children
    return children


def _is_vague(child: Unit) -> bool:
    """Whether a unit's parts say more than it does: "hand and fingers", "limb, unspecified"."""
    if not 2 <= len(child.children) <= 4 or asked_first(child):
        return False
    whole = key(child.title)
    parts = [key(c.title) for c in child.children]
    joined = len(parts) <= 3 and any(w.norm == "and" for w in child.title)
    vague = is_unspecified(child.title) or is_other(child.title)
    telling = any(not is_unspecified(c.title) for c in child.children)
    return (joined or vague) and telling and not any(p[: len(whole)] == whole for p in parts)


def restricted(unit: Unit, axis: str, value: str) -> Unit:
    """Return a tree of units with only the codes that have a value, single children passed."""
    if not unit.children:
        return Unit(unit.title, [m for m in unit.members if m.values.get(axis) == value])
    children = [restricted(c, axis, value) for c in unit.children]
    children = [c for c in children if c.children or c.members]
    if len(children) == 1:
        return children[0]
    members = [m for m in unit.members if m.values.get(axis) in (None, value)]
    return Unit(unit.title, members if children else [], children)
