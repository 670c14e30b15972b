"""Merge the codes below a category into units: what a title says once its side is taken out.

A unit is one condition; the codes that state it for each side, each trimester or each encounter
are its members. Units form a tree like the code tree, but narrower and without sides:

  M79.6  Pain in limb                         codes M79.601 … M79.676
  ├ Pain in forearm    {right: M79.631, left: M79.632, unspecified: M79.639}
  ├ Pain in hand       {right: M79.641, …}    ← M79.64 held two units, hand and finger
  └ Pain in finger(s)  {right: M79.644, …}

Headers merge as well: I70.23 (right leg with ulceration) and I70.24 (left leg) are one unit, and
the ulcer sites below them are asked once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from codegraph.concepts import Concepts
from codegraph.drilldown.titles import (
    LATERALITY,
    Item,
    Key,
    Words,
    key,
    read_siblings,
    words,
)

SEVENTH = "seventh"
_ORGANS = frozenset({"eye", "ear", "side"})


@dataclass(slots=True)
class Member:
    """One concept of a unit and what was taken out of the titles on the way to it."""

    row: int
    values: dict[str, str]


@dataclass(slots=True)
class Unit:
    """One condition. A leaf's members are billable codes that differ in their values only."""

    title: Words
    members: list[Member]
    children: list[Unit] = field(default_factory=list)

    def codes(self) -> Iterator[Member]:
        """Yield the billable codes of the unit."""
        if not self.children:
            yield from self.members
        for child in self.children:
            yield from child.codes()


class UnitBuilder:
    """Builds the units of one root on one date."""

    def __init__(self, concepts: Concepts, on: date) -> None:
        self._concepts = concepts
        self._on = on
        self._titles: dict[int, Words] = {}
        self._sevenths: dict[int, dict[str, str | None]] = {}

    def build(self, row: int) -> Unit:
        """Return the tree of units below a concept that has billable codes at or below it."""
        return self._grown(Unit(self.title(row), [Member(row, {})]))

    def title(self, row: int) -> Words:
        """Return the words of a concept's own title."""
        found = self._titles.get(row)
        if found is None:
            found = self._titles[row] = words(self._concepts.tables.displays[row])
        return found

    def _grown(self, unit: Unit) -> Unit:
        """Return the unit with its children, passing through levels that only add values."""
        while True:
            groups, final = self._groups(unit)
            if len(groups) == 1:
                groups[0].title = unit.title
                unit = groups[0]
                if final[0]:
                    return unit
                continue
            unit.children = [
                group if done else self._grown(group)
                for group, done in zip(groups, final, strict=True)
            ]
            return unit

    def _groups(self, unit: Unit) -> tuple[list[Unit], list[bool]]:
        """Return the next level: units in the order of the list, and whether each is a leaf."""
        items: list[Item] = []
        members: list[Member] = []
        for member in unit.members:
            self._collect(unit, member, items, members)
        reads = read_siblings(items)
        groups: dict[tuple[Key, bool], Unit] = {}
        shorter: dict[tuple[Key, bool], Words] = {}
        lone: list[tuple[Unit, Member]] = []  # of those known to be one-sided
        sided = {read.key for read in reads if LATERALITY in read.values}
        for member, read, item in zip(members, reads, items, strict=True):
            values = {**member.values, **read.values}
            lost = read.key in sided and LATERALITY not in values and not item.settled
            group = groups.setdefault((read.key, lost), Unit(read.title, []))
            group.members.append(Member(member.row, values))
            if values.get(LATERALITY) in ("right", "left") and not item.settled:
                group.title = read.title
                shorter[read.key, lost] = read.shorter
            if member.values.get(LATERALITY) == "unilateral" and read.values:
                lone.append((group, group.members[-1]))
        for group, last in lone:
            if any(m is not last and m.values == last.values for m in group.members):
                last.values[LATERALITY] = "unilateral"
        self._shorten(groups, shorter, key(unit.title))
        final = [all(self._is_final(m.row) for m in group.members) for group in groups.values()]
        return list(groups.values()), final

    @staticmethod
    def _shorten(
        groups: dict[tuple[Key, bool], Unit], shorter: dict[tuple[Key, bool], Words], above: Key
    ) -> None:
        """Take the part named with the side out of titles, where they stay distinct without it."""
        short = {name: shorter.get(name, group.title) for name, group in groups.items()}
        keys = {key(title) for title in short.values()}
        if len(keys) < len(groups):
            return
        dropped = {w for name, g in groups.items() for w in {*key(g.title)} - {*key(short[name])}}
        if dropped <= _ORGANS or not any(set(k) <= set(above) for k in keys):
            for name, group in groups.items():
                group.title = short[name]

    def _collect(
        self, unit: Unit, member: Member, items: list[Item], members: list[Member]
    ) -> None:
        """Add what stands below a member, or the member itself where nothing does."""
        concepts, tables = self._concepts, self._concepts.tables
        side = member.values.get(LATERALITY)
        children = self._children(member.row)
        if concepts.status(member.row, self._on) == "billable":
            items.append(Item(unit.title, side, settled=True))
            members.append(member)
        for child in children:
            if tables.kinds[child] == "code":
                values = {**member.values, **self._seventh(member.row, tables.codes[child][-1])}
                items.append(Item(unit.title, side, settled=True))
                members.append(Member(child, values))
            elif concepts.status(child, self._on) == "billable" or self._children(child):
                items.append(Item(self.title(child), side))
                members.append(Member(child, dict(member.values)))

    def _seventh(self, row: int, character: str) -> dict[str, str]:
        """Return what a seventh character states; some are sides."""
        if row not in self._sevenths:
            self._sevenths[row] = {
                s.value: side_of(s.meaning) for s in self._concepts.seventh_characters(row)
            }
        side = self._sevenths[row].get(character)
        return {LATERALITY: side} if side else {SEVENTH: character}

    def _is_final(self, row: int) -> bool:
        return not self._concepts.children(row, self._on)

    def _children(self, row: int) -> list[int]:
        """Return the children; one that has a single child itself says nothing of its own."""
        concepts, kinds = self._concepts, self._concepts.tables.kinds
        found = concepts.children(row, self._on)
        while len(found) == 1 and kinds[found[0]] != "code":
            below = concepts.children(found[0], self._on)
            if not below or concepts.status(found[0], self._on) == "billable":
                break
            found = below
        return [self._through(child) for child in found]

    def _through(self, row: int) -> int:
        """Return the only code below a header that has no more than one, else the header."""
        concepts, kinds = self._concepts, self._concepts.tables.kinds
        end = row
        while below := concepts.children(end, self._on):
            if len(below) != 1 or kinds[below[0]] == "code":
                return row
            end = below[0]
        return end


def side_of(meaning: str) -> str | None:
    """Return the side that a seventh character's meaning names, if it names one.

    >>> side_of("right eye"), side_of("bilateral"), side_of("unspecified eye"), side_of("fetus 1")
    ('right', 'bilateral', 'unspecified', None)
    """
    first, _, rest = meaning.partition(" ")
    if first in ("right", "left", "bilateral") or (first == "unspecified" and rest in _ORGANS):
        return first
    return None
