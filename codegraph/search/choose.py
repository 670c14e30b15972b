"""From a found row to what is shown for it: the side, the seventh character, the default."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from codegraph.concepts import Concepts
from codegraph.search.index import SearchIndex
from codegraph.search.params import Params
from codegraph.search.query import Query
from codegraph.search.text import STOP, words


class Chooser:
    """Chooses the concepts that a found row stands for, given what the query says."""

    def __init__(self, concepts: Concepts, index: SearchIndex, params: Params) -> None:
        self._concepts = concepts
        self._index = index
        self._params = params
        self._meanings = {
            row: [(c, frozenset(words(text)) - STOP) for c, text in meanings.items()]
            for row, meanings in concepts.tables.seventh.items()
        }
        # Rows that stand for themselves: codes whatever the query says, headers if it settles
        # neither a side nor an encounter.
        codes = np.array(concepts.tables.billable)
        plain = ~np.isin(np.array(concepts.tables.parents), list(index.sides))
        plain[[row for sides in index.sides.values() for row in sides.values()]] = True
        plain[[*concepts.tables.lives, *index.defaults]] = False
        self._plain, self._plain_codes = plain.tobytes(), (plain & codes).tobytes()
        self._none_plain = bytes(len(plain))

    def plain(self, query: Query, billable: bool | None) -> bytes:
        """Return, by row, whether `stands_for` a row would be just the row itself."""
        if billable is not None:
            return self._none_plain
        return self._plain_codes if query.sides or query.encounter else self._plain

    def stands_for(
        self, row: int, query: Query, on: date, billable: bool | None
    ) -> Sequence[tuple[int, float]]:
        """Return what to show for a found row, with what each scores less than the row itself.

        Itself; before it the code that it leads to, where the query settles the seventh character
        or the list has a default; where only billable codes are wanted, its first codes.
        """
        concepts, params = self._concepts, self._params
        status = concepts.status(row, on)
        if status in ("ended", "future"):
            return ()
        found: list[tuple[int, float]] = [(row, 0.0)]
        asks_side = None if query.sides else self._unspecified_side_of(row, query, on)
        if asks_side is not None:
            # "Unspecified" is for the record that knows no more: first the side is to be asked.
            found = [(asks_side, 0.0), (row, params.behind_default)]
        elif status == "header":
            code = self._by_side(row, query, on) if query.sides else None
            if code is None and query.encounter:
                code = self._by_seventh(row, query, on)
            default = self._index.defaults.get(row)
            if code is not None:
                found = [(code, 0.0), (row, params.behind_default)]
            elif default is not None and concepts.status(default, on) == "billable":
                # Who is still typing is shown the wider concept first.
                found = (
                    [(row, 0.0), (default, 0.5)]
                    if query.unfinished and not billable
                    else [(default, 0.0), (row, params.behind_default)]
                )
            elif billable:
                codes = [
                    r for r in concepts.children(row, on) if concepts.tables.kinds[r] == "code"
                ]
                found = [(r, 0.1 * n) for n, r in enumerate(codes[:3])]
        if billable is None:
            return found
        return [f for f in found if (concepts.status(f[0], on) == "billable") == billable]

    def _unspecified_side_of(self, row: int, query: Query, on: date) -> int | None:
        """Return the header that a code is the unspecified side of, unless it is asked for."""
        tables = self._concepts.tables
        header = tables.parents[row]
        sides = self._index.sides.get(header)
        if sides is None or "unspecified" in query.read or row in sides.values():
            return None
        says = "unspecified" in tables.displays[row], "unspecified" in tables.displays[header]
        return (
            header
            if says == (True, False) and self._concepts.status(header, on) == "header"
            else None
        )

    def _by_side(self, row: int, query: Query, on: date) -> int | None:
        """Return the child of a found header on the side that the query names."""
        sides = self._index.sides.get(row)
        if not sides or len(query.sides) != 1:
            return None
        [(side, others)] = query.sides.items()
        if others and others.isdisjoint(self._said(row)):
            return None
        child = sides.get(side)
        if child is None or self._concepts.status(child, on) in ("ended", "future"):
            return None
        return self._by_seventh(child, query, on) or child

    def _said(self, row: int) -> set[str]:
        """Return the words of a concept's title and of the titles above it."""
        displays = self._concepts.tables.displays
        return {w for r in (row, *self._concepts.ancestors(row)) for w in words(displays[r])}

    def _by_seventh(self, row: int, query: Query, on: date) -> int | None:
        """Return the code below a base code whose seventh character the query names."""
        if not query.encounter or (meanings := self._meanings_of(row)) is None:
            return None
        title = self._concepts.tables.displays[row].lower()
        if all(word in title for word in query.encounter):
            return None  # the title says it: "fracture" asks for none of its seventh characters
        base = set(words(title)) | STOP
        asked = query.encounter - base
        if not asked:
            return None
        best, fit = "", 0.0
        for character, meaning in meanings:
            mine = len(asked & meaning) - 0.3 * len(meaning - base - asked)
            if mine > fit:
                best, fit = character, mine
        if not best:
            return None
        tables = self._concepts.tables
        for code in self._concepts.children(row, on):
            if tables.kinds[code] == "code" and tables.codes[code][-1] == best:
                return code
        return None

    def _meanings_of(self, row: int) -> list[tuple[str, frozenset[str]]] | None:
        """Return the seventh characters below a row, each with the words of its meaning."""
        parents, above = self._concepts.tables.parents, row
        while above >= 0:
            if above in self._meanings:
                return self._meanings[above]
            above = parents[above]
        return None
