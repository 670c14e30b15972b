"""From units to questions: every path through the answers, compiled for one category.

A plan is a decision tree whose leaves are the billable codes, in the order of the tree:

  site? ─ forearm ─ side? ─ right        M79.631   0
        │                 ├ left         M79.632   1
        │                 └ unspecified  M79.639   2
        └ hand ─ …

A question is only built where at least two codes differ, and each code lies under exactly one
option of each question on its way; so every code is reached, nothing else is, and no question has
a single answer. Sets of codes are bits of an integer, so that answers given in any order, or for a
narrower root, are intersections.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from codegraph.concepts import Concepts
from codegraph.drilldown.arrange import SHARED_AXES, asked_first, flattened, restricted
from codegraph.drilldown.hints import Hint, Hints
from codegraph.drilldown.labels import is_other, is_unspecified, labels, slug
from codegraph.drilldown.questions import body_rank, unit_axis
from codegraph.drilldown.titles import LATERALITY, Words, words
from codegraph.drilldown.units import SEVENTH, Member, Unit
from codegraph.drilldown.wording import (
    OTHER,
    UNSPECIFIED,
    Asked,
    Value,
    seventh_axis,
    shared_axis,
    shared_value,
)

Path = tuple[tuple[str, str], ...]  # axis and value of each answer on the way


@dataclass(slots=True)
class Option:
    """An answer to a question; `start` to `end` are the codes below it, `title` what it is of."""

    value: Value
    title: Words
    rows: tuple[int, ...] = ()
    branch: Branch | None = None
    start: int = 0
    end: int = 0

    @property
    def mask(self) -> int:
        """The mask of the codes below."""
        return _between(self.start, self.end)


@dataclass(slots=True)
class Branch:
    """A question: the options divide the codes of `mask` among them, in their order."""

    asked: Asked
    options: list[Option]
    title: Words

    @property
    def mask(self) -> int:
        """The mask of the codes below."""
        return _between(self.options[0].start, self.options[-1].end)

    def option(self, value: str) -> Option | None:
        """Return the option that stands for a value, None where it is not offered."""
        return next((o for o in self.options if o.value.value == value), None)


@dataclass(slots=True)
class Plan:
    """All questions of one category on one date."""

    rows: list[int]
    top: Branch | None
    masks: dict[str, dict[str, int]]  # axis → value → codes
    partner: dict[int, int]  # right code → left code, where only the side differs
    position: dict[int, int]

    @property
    def everything(self) -> int:
        """The mask of all codes."""
        return (1 << len(self.rows)) - 1

    def mask_of(self, rows: Sequence[int]) -> int:
        """Return the mask of some codes."""
        mask = 0
        for row in rows:
            mask |= 1 << self.position[row]
        return mask

    def codes(self, mask: int) -> list[int]:
        """Return the rows of a mask."""
        found = []
        while mask:
            low = mask & -mask
            found.append(self.rows[low.bit_length() - 1])
            mask ^= low
        return found

    def paired(self, mask: int) -> int:
        """Return the right-sided codes of a mask whose left-sided partner is in it too."""
        found = 0
        for right, left in self.partner.items():
            if mask >> right & 1 and mask >> left & 1:
                found |= 1 << right
        return found

    def questions(self) -> Iterator[Branch]:
        """Yield every question of the plan."""
        stack = [self.top] if self.top else []
        while stack:
            branch = stack.pop()
            yield branch
            stack += [o.branch for o in branch.options if o.branch]


def _between(start: int, end: int) -> int:
    return (1 << end) - (1 << start)


Grow = Callable[[Path], Branch | None]


class PlanBuilder:
    """Builds the plan of one tree of units."""

    def __init__(self, concepts: Concepts, hints: Hints) -> None:
        self._concepts = concepts
        self._hints = hints
        self._rows: list[int] = []
        self._values: list[dict[str, str]] = []
        self._masks: dict[str, dict[str, int]] = {}
        self._sevenths: dict[tuple[tuple[str, str], ...], tuple[Asked, dict[str, Value]]] = {}

    def build(self, unit: Unit) -> Plan:
        """Return the plan for a tree of units."""
        top = self._unit(unit, (), ())
        pairs = {}
        place = {}
        for i, path in enumerate(self._values):
            place[tuple(sorted(path.items()))] = i
        for i, path in enumerate(self._values):
            if path.get(LATERALITY) == "right":
                other = tuple(sorted({**path, LATERALITY: "left"}.items()))
                if other in place:
                    pairs[i] = place[other]
        return Plan(
            self._rows, top, self._masks, pairs, {row: i for i, row in enumerate(self._rows)}
        )

    # ── questions ────────────────────────────────────────────────────────────────────────────

    def _unit(self, unit: Unit, parents: tuple[Words, ...], path: Path) -> Branch | None:
        """Ask for the unit among those below, or, in a leaf, for what its members differ in."""
        if not unit.children:
            return self._members(unit.title, unit.members, path)
        first = asked_first(unit)
        if first:
            return self._side_first(first, unit, parents, path)
        hint = self._hint(unit, None)
        children = flattened(unit, self._wanted(hint))
        above = (unit.title, *parents)
        names = labels(above, [c.title for c in children])
        asked = _hinted(unit_axis(unit.title, names), hint)
        options = _options(children, names, hint)
        return self._branch(
            asked,
            unit.title,
            path,
            [(option, partial(self._unit, child, above)) for option, child in options],
        )

    def _side_first(
        self,
        axis: str,
        unit: Unit,
        parents: tuple[Words, ...],
        path: Path,
    ) -> Branch | None:
        """Ask for a shared value before the units, where these follow from it."""
        values = _distinct(m.values[axis] for m in unit.codes())
        hint = self._hint(unit, axis)
        asked = _hinted(shared_axis(axis, unit.title, values), hint)
        options = [
            Option(_reworded(shared_value(axis, v), hint), unit.title)
            for v in sorted(values, key=lambda v: shared_value(axis, v).rank)
        ]
        parts = [restricted(unit, axis, o.value.value) for o in options]
        return self._branch(
            asked,
            unit.title,
            path,
            [
                (o, partial(self._unit, part, parents))
                for o, part in zip(options, parts, strict=True)
            ],
        )

    def _members(self, title: Words, members: Sequence[Member], path: Path) -> Branch | None:
        """Ask for the shared values that members of one unit differ in, the seventh last."""
        if len(members) == 1:
            self._leaf(members[0].row, path)
            return None
        for axis in (*SHARED_AXES, SEVENTH):
            values = [m.values.get(axis) for m in members]
            if None in values or len(set(values)) < 2:
                continue
            if axis == SEVENTH:
                asked, offered = self._seventh(members)
            else:
                found = _distinct(v for v in values if v)
                asked = shared_axis(axis, title, found)
                offered = {v: shared_value(axis, v) for v in found}
            hint = self._hints.find(
                (self._concepts.tables.codes[r] for r in self._above(members)), asked.axis
            )
            asked = _hinted(asked, hint)
            wanted = set(values)
            ordered = sorted((c for c in offered if c in wanted), key=lambda c: offered[c].rank)
            return self._branch(
                asked,
                title,
                path,
                [
                    (
                        Option(_reworded(offered[c], hint), title),
                        partial(self._members, title, [m for m in members if m.values[axis] == c]),
                    )
                    for c in ordered
                ],
            )
        return self._by_title(title, members, path)

    def _by_title(self, title: Words, members: Sequence[Member], path: Path) -> Branch | None:
        """Ask by whole titles: what remains where nothing tells codes apart in another way."""
        displays = self._concepts.tables.displays
        titles = [words(displays[m.row]) for m in members]
        names = labels((title,), titles)
        values = _slugs(names)
        options = [
            Option(Value(v, name), t, (m.row,))
            for v, name, t, m in zip(values, names, titles, members, strict=True)
        ]
        return self._branch(
            unit_axis(title, names),
            title,
            path,
            [
                (o, partial(self._members, title, [m]))
                for o, m in zip(options, members, strict=True)
            ],
        )

    def _branch(
        self, asked: Asked, title: Words, path: Path, options: Sequence[tuple[Option, Grow]]
    ) -> Branch:
        """Return a question; each option comes with what builds the questions after it."""
        taken = {axis for axis, _ in path}
        axis, n = asked.axis, 1
        while axis in taken:
            n += 1
            axis = f"{asked.axis}-{n}"
        branch = Branch(asked._replace(axis=axis), [], title)
        for option, grow in options:
            option.start = len(self._rows)
            option.branch = grow((*path, (axis, option.value.value)))
            option.end = len(self._rows)
            by_value = self._masks.setdefault(axis, {})
            name = option.value.value
            by_value[name] = by_value.get(name, 0) | option.mask
            branch.options.append(option)
        return branch

    def _leaf(self, row: int, path: Path) -> None:
        self._rows.append(row)
        self._values.append(dict(path))

    # ── parts ────────────────────────────────────────────────────────────────────────────────

    def _seventh(self, members: Sequence[Member]) -> tuple[Asked, dict[str, Value]]:
        """Return the question for the seventh character, the same object for the same meanings."""
        concepts = self._concepts
        meanings: dict[str, str] = {}
        for member in members:
            character = member.values[SEVENTH]
            if character in meanings:
                continue
            parent = concepts.parent(member.row)
            for s in concepts.seventh_characters(parent) if parent is not None else ():
                meanings.setdefault(s.value, s.meaning)
            meanings.setdefault(character, concepts.tables.displays[member.row])
        key_ = tuple(meanings.items())
        if key_ not in self._sevenths:
            self._sevenths[key_] = seventh_axis(meanings)
        return self._sevenths[key_]

    def _above(self, members: Sequence[Member]) -> Iterator[int]:
        row: int | None = members[0].row
        while row is not None:
            yield row
            row = self._concepts.parent(row)

    def _hint(self, unit: Unit, asks: str | None) -> Hint | None:
        codes = [self._concepts.tables.codes[m.row] for m in unit.members]
        return self._hints.find(codes, asks)

    def _wanted(self, hint: Hint | None) -> set[int]:
        codes = hint.flatten if hint else []
        return {
            self._concepts.index(f"icd10cm:{c}") for c in codes if f"icd10cm:{c}" in self._concepts
        }


def _options(
    children: Sequence[Unit], names: Sequence[str], hint: Hint | None
) -> list[tuple[Option, Unit]]:
    """Return the options for units, in the order in which they are offered.

    That of the hint, where it names them; else that of the body where all are sites, else that of
    the list; "other" and "unspecified" last.
    """
    found = []
    for child, name, value in zip(children, names, _slugs(names), strict=True):
        title = child.title
        unspecified = is_unspecified(title) and _says(name, "unspecified", "nos")
        other = name.lower().startswith("other") or (is_other(title) and _says(name, "other"))
        guidance = UNSPECIFIED if unspecified else OTHER if other else None
        rank = 2 if unspecified else 1 if other else 0
        rows = tuple(m.row for m in child.members)
        offered = Value(value, name, unspecified, guidance, rank=rank)
        found.append((Option(_reworded(offered, hint), title, rows), child))
    sites = [
        body_rank(name) if o.value.rank == 0 else None
        for (o, _), name in zip(found, names, strict=True)
    ]
    regular = [s for (o, _), s in zip(found, sites, strict=True) if o.value.rank == 0]
    down = len(regular) > 2 and None not in regular and len(set(regular)) == len(regular)
    order = {value: i for i, value in enumerate(hint.order if hint else ())}
    headings = {name: i for i, name in enumerate(hint.groups if hint else ())}

    def place(i: int) -> tuple[int, bool, int, int]:
        value = found[i][0].value
        heading = headings.get(value.group or "", len(headings))
        named = order.get(value.value)
        if named is not None:
            return heading, False, 0, named
        site = sites[i]
        return heading, True, value.rank, site if down and site is not None else i

    return [found[i] for i in sorted(range(len(found)), key=place)]


def _hinted(asked: Asked, hint: Hint | None) -> Asked:
    if hint is None:
        return asked
    return Asked(hint.axis or asked.axis, hint.question or asked.text, hint.help or asked.help)


def _reworded(value: Value, hint: Hint | None) -> Value:
    if hint is None:
        return value
    group = next((g for g, names in hint.groups.items() if value.value in names), value.group)
    return value._replace(label=hint.labels.get(value.value, value.label), group=group)


def _slugs(names: Sequence[str]) -> list[str]:
    found: list[str] = []
    for name in names:
        value, n = slug(name), 1
        while value in found:
            n += 1
            value = f"{slug(name)}-{n}"
        found.append(value)
    return found


def _distinct(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _says(label: str, *words: str) -> bool:
    return any(w in words for w in label.lower().replace(",", " ").split())
