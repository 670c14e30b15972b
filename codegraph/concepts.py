"""Every concept in flat columns: hierarchy, validity on a date, notes and relationships.

Concepts stand in pre-order, so that a concept's descendants are the slice behind it; a lookup
costs a microsecond and opening costs little. Paths and exports are graph.py's, which turns
the same columns into a networkx graph.

    0 chapter-13           end 4
    1 └ M70-M79            end 4
    2   └ M79              end 4
    3     └ M79.1          end 4        ← [i+1, end) are the descendants of i
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import date
from functools import cached_property
from typing import Literal

from msgspec import Struct

from codegraph import codes
from codegraph.errors import UnknownCodeError
from codegraph.model import (
    CODE_SYSTEMS,
    Concept,
    Edition,
    Interval,
    Issue,
    NoteKind,
    Relationship,
    SeventhCharacter,
    Source,
)

# Relationships that hold for every concept below the one that states them.
INHERITED = frozenset(
    {"excludes1", "excludes2", "code_first", "use_additional_code", "code_also", "includes",
     "covered_by", "governs"}
)  # fmt: skip

Status = Literal["billable", "header", "ended", "future"]


class Tables(Struct):
    """The compiled columns, as a snapshot holds them.

    `systems`, `codes`, `displays`, `kinds`, `billable`, `parents` (-1: none) and `ends` have one
    entry per concept. `lives` has the intervals of those concepts whose life is not "as it is now,
    for as long as we know". `edges` are sorted by origin.
    """

    editions: list[Edition]
    sources: dict[str, Source]
    systems: list[str]
    codes: list[str]
    displays: list[str]
    kinds: list[str]
    billable: list[bool]
    parents: Sequence[int]
    ends: Sequence[int]
    lives: dict[int, list[Interval]]
    notes: dict[int, dict[NoteKind, list[str]]]
    seventh: dict[int, dict[str, str]]
    edges: list[Relationship]
    known_from: date
    designations: dict[int, list[str]]  # further names of curated concepts (brands …)
    origins: dict[int, str]  # row of a curated concept → key of its source
    unresolved: list[tuple[str, str, str]]  # (concept, reference, note) that led nowhere
    resolved_references: int


class RelatedConcept(Struct, frozen=True):
    """A relationship as seen from one concept.

    `direction` is out where this concept (or `inherited_from`, an ancestor) states it, in where the
    other one does.
    """

    type: str
    direction: Literal["out", "in"]
    target: str
    inherited_from: str | None
    text: str
    source: str


class InheritedNote(Struct, frozen=True):
    """A note that an ancestor states and that holds here too."""

    from_: str
    kind: NoteKind
    text: str


class Concepts:
    """Lookup over the compiled tables. Keys are CURIEs such as `icd10cm:M79.631`."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        # One string per name and four bytes per row, whatever the decoder made of them.
        once = {name: name for name in (*set(tables.systems), *set(tables.kinds))}
        tables.systems = [once[name] for name in tables.systems]
        tables.kinds = [once[name] for name in tables.kinds]
        tables.parents = array("i", tables.parents)
        tables.ends = array("i", tables.ends)
        self._rows: dict[str, dict[str, int]] = {system: {} for system in set(tables.systems)}
        for row, (system, code) in enumerate(zip(tables.systems, tables.codes, strict=True)):
            self._rows[system][code] = row

    def __len__(self) -> int:
        return len(self.tables.codes)

    def __contains__(self, curie: object) -> bool:
        system, _, code = str(curie).partition(":")
        return code in self._rows.get(system, {})

    def index(self, curie: str) -> int:
        """Return the row of a concept.

        Raises
        ------
        UnknownCodeError
            If no edition has it; suggests the nearest existing ones.
        """
        system, _, code = curie.partition(":")
        try:
            return self._rows[system][code]
        except KeyError:
            near = self._nearest(system, code)
            hint = f" The nearest that exists is {near[0]}." if near else ""
            raise UnknownCodeError(
                f"{code} is not a code of {CODE_SYSTEMS.get(system, system)}.{hint}",
                suggestions=near,
            ) from None

    def curie(self, row: int) -> str:
        """Return the CURIE of a row."""
        return f"{self.tables.systems[row]}:{self.tables.codes[row]}"

    def concept(self, curie: str, on: date) -> Concept:
        """Return a concept as it stands on a date.

        Raises
        ------
        UnknownCodeError
            If no edition has it.
        """
        return self.at(self.index(curie), on)

    def at(self, row: int, on: date) -> Concept:
        """Return the concept of a row as it stands on a date."""
        tables = self.tables
        return Concept(
            system=tables.systems[row],
            code=tables.codes[row],
            display=tables.displays[row],
            kind=tables.kinds[row],
            billable=self.status(row, on) == "billable",
        )

    # ── validity ─────────────────────────────────────────────────────────────────────────────

    def status(self, row: int, on: date) -> Status:
        """Return what a concept is on a date."""
        life = self.tables.lives.get(row)
        if life is None:
            return "billable" if self.tables.billable[row] else "header"
        for interval in life:
            if interval.covers(on):
                return "billable" if interval.billable else "header"
        first = life[0]
        return "future" if first.from_ is not None and on < first.from_ else "ended"

    def life(self, row: int) -> list[Interval]:
        """Return the concept's intervals, oldest first."""
        return self.tables.lives.get(row) or [Interval(None, None, self.tables.billable[row])]

    def validity(self, row: int, on: date) -> Interval | None:
        """Return the interval that covers the date; None where the concept is not valid then."""
        return next((i for i in self.life(row) if i.covers(on)), None)

    @cached_property
    def edition(self) -> Edition:
        """The newest loaded ICD-10-CM edition."""
        return max(
            (e for e in self.tables.editions if e.system == "icd10cm"), key=lambda e: e.valid_from
        )

    def date_issues(self, on: date) -> list[Issue]:
        """Return what the reader must know about how well a date is covered."""
        newest, known = self.edition, self.tables.known_from
        if newest.valid_to is not None and on > newest.valid_to:
            return [
                Issue(
                    "no_edition_for_date",
                    "warning",
                    f"No loaded edition covers {on}: answered from {newest.name}, which serves "
                    f"dates of service to {newest.valid_to}.",
                )
            ]
        if on < known:
            return [
                Issue(
                    "before_known_history",
                    "warning",
                    f"The history of codes is known from {known}: for {on} the answer is taken "
                    "from that day, where nothing older is recorded.",
                )
            ]
        return []

    # ── hierarchy ────────────────────────────────────────────────────────────────────────────

    def parent(self, row: int) -> int | None:
        """Return the row of the parent, None for a root."""
        parent = self.tables.parents[row]
        return None if parent < 0 else parent

    def ancestors(self, row: int) -> list[int]:
        """Return the rows of all ancestors, nearest first."""
        found = []
        parents = self.tables.parents
        while (row := parents[row]) >= 0:
            found.append(row)
        return found

    def children(self, row: int, on: date | None = None) -> list[int]:
        """Return the rows of the children in the order of the list; `on` leaves out the invalid."""
        ends = self.tables.ends
        found, child = [], row + 1
        while child < ends[row]:
            if on is None or self.status(child, on) in ("billable", "header"):
                found.append(child)
            child = ends[child]
        return found

    def descendants(self, row: int) -> range:
        """Return the rows of all descendants in the order of the list."""
        return range(row + 1, self.tables.ends[row])

    def billable_below(self, row: int, on: date) -> list[int]:
        """Return the rows of the billable codes at or below a row on a date."""
        return [r for r in range(row, self.tables.ends[row]) if self.status(r, on) == "billable"]

    def common_ancestor(self, a: int, b: int) -> int | None:
        """Return the nearest row that subsumes both, or None; a row subsumes itself."""
        above_a = {a, *self.ancestors(a)}
        return next((r for r in (b, *self.ancestors(b)) if r in above_a), None)

    def seventh_characters(self, row: int) -> list[SeventhCharacter]:
        """Return the seventh characters that complete codes at or below a row.

        The nearest definition counts. Empty for a code that already has its seventh character.
        """
        if self.tables.kinds[row] == "code":
            return []
        for r in (row, *self.ancestors(row)):
            if defined := self.tables.seventh.get(r):
                return [SeventhCharacter(value, text) for value, text in defined.items()]
        return []

    # ── notes and relationships ──────────────────────────────────────────────────────────────

    def notes(self, row: int) -> dict[NoteKind, list[str]]:
        """Return the notes that stand at the concept itself."""
        return self.tables.notes.get(row, {})

    def inherited_notes(self, row: int) -> Iterator[InheritedNote]:
        """Yield the notes of the ancestors that hold here too, nearest first."""
        for r in self.ancestors(row):
            for kind, texts in self.notes(r).items():
                if kind not in ("inclusion_terms", "includes"):
                    for text in texts:
                        yield InheritedNote(self.curie(r), kind, text)

    @cached_property
    def _by_end(self) -> tuple[dict[str, list[Relationship]], dict[str, list[Relationship]]]:
        out: dict[str, list[Relationship]] = {}
        into: dict[str, list[Relationship]] = {}
        for edge in self.tables.edges:
            out.setdefault(edge.origin, []).append(edge)
            into.setdefault(edge.target, []).append(edge)
        return out, into

    def relationships(self, row: int, on: date | None = None) -> list[RelatedConcept]:
        """Return a concept's relationships, its ancestors' inherited ones included.

        Own ones first, then from the nearest ancestor upwards; is_a is left to the hierarchy.
        """
        out, into = self._by_end
        found = []
        for r in (row, *self.ancestors(row)):
            curie = self.curie(r)
            above = None if r == row else curie
            for direction, edges in (("out", out.get(curie, ())), ("in", into.get(curie, ()))):
                for e in edges:
                    if (above and e.type not in INHERITED) or not (on is None or e.holds(on)):
                        continue
                    other = e.target if direction == "out" else e.origin
                    found.append(
                        RelatedConcept(
                            e.type,
                            "out" if direction == "out" else "in",
                            other,
                            above,
                            e.text,
                            e.source,
                        )
                    )
        return found

    def between(self, a: int, b: int, types: Sequence[str], on: date) -> list[Relationship]:
        """Return the edges of some types from `a` or above to `b` or above, and back.

        This is how Excludes notes are to be tested: inherited, and from both ends.
        """
        out, _ = self._by_end
        chain_a = [self.curie(r) for r in (a, *self.ancestors(a))]
        chain_b = [self.curie(r) for r in (b, *self.ancestors(b))]
        found = []
        for here, there in ((chain_a, set(chain_b)), (chain_b, set(chain_a))):
            for origin in here:
                found += [
                    e
                    for e in out.get(origin, ())
                    if e.type in types and e.target in there and e.holds(on)
                ]
        return found

    def edges_from(self, curie: str) -> list[Relationship]:
        """Return the edges that a concept itself states."""
        return self._by_end[0].get(curie, [])

    def edges_to(self, curie: str) -> list[Relationship]:
        """Return the edges that others state towards a concept."""
        return self._by_end[1].get(curie, [])

    def successors(self, row: int) -> list[str]:
        """Return the CURIEs of what replaced a concept, as far as known."""
        return [e.target for e in self.edges_from(self.curie(row)) if e.type == "replaced_by"]

    @cached_property
    def categories(self) -> array[int]:
        """The three-character category of each row, or -1 where none is at or above it."""
        found = array("i", [-1]) * len(self)
        for row, kind in enumerate(self.tables.kinds):
            if kind == "category":
                end = self.tables.ends[row]
                found[row:end] = array("i", [row]) * (end - row)
        return found

    # ── code beginnings ──────────────────────────────────────────────────────────────────────

    @cached_property
    def _in_code_order(self) -> dict[str, array[int]]:
        """Per code system, the rows of its codes in the order of their codes."""
        tables = self.tables
        found: dict[str, array[int]] = {system: array("i") for system in CODE_SYSTEMS}
        for row, (system, kind) in enumerate(zip(tables.systems, tables.kinds, strict=True)):
            if system in found and kind not in ("chapter", "section"):
                found[system].append(row)
        return {
            system: array("i", sorted(rows, key=self._dotless)) for system, rows in found.items()
        }

    def _dotless(self, row: int) -> str:
        return self.tables.codes[row].replace(".", "")

    def beginning_with(self, system: str, beginning: str) -> Iterator[int]:
        """Yield the rows of a system's codes that begin so, without dots, in their order."""
        rows = self._in_code_order[system]
        for at in range(bisect_left(rows, beginning, key=self._dotless), len(rows)):
            if not self._dotless(rows[at]).startswith(beginning):
                return
            yield rows[at]

    def warm_up(self) -> None:
        """Prepare what is otherwise prepared when first asked for."""
        _ = self._in_code_order

    def _nearest(self, system: str, code: str) -> tuple[str, ...]:
        """Return an existing code's official form: the longest beginning that exists."""
        plain = codes.squeeze(code)
        for length in range(len(plain) - 1, 2, -1):
            shorter = codes.dotted(plain[:length]) if system == "icd10cm" else plain[:length]
            if shorter in self._rows.get(system, {}):
                return (shorter,)
        return ()
