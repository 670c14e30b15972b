"""Which entries have enough of a query to be looked at, and how much of each part they have.

The work goes with the postings of the query's words, not with the number of entries: what could
reach the keeping share is collected from the query's leading parts; the other parts are then asked
for these entries alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from codegraph.search.index import SearchIndex, Unit
from codegraph.search.params import Params
from codegraph.search.query import Query, Slot
from codegraph.search.sheet import Sheet

T = TypeVar("T")
_MARKED = 600  # postings from which on it is cheaper to mark them than to sort them
_COMMON = 1000  # entries at or below a word from which on they are kept as one sheet


class Retriever:
    """Adds up postings. Holds no state between queries but a sheet of zeros per thread."""

    def __init__(self, index: SearchIndex, params: Params) -> None:
        self._index = index
        self._params = params
        # How an entry has a word: not at all, in a title above it, or itself.
        self._worths = np.array([0.0, params.ancestor, 1.0], np.float32)
        self._ways = index.ways()
        self._common = {word: self._entire(word) for word in index.words_above(_COMMON)}
        self._sheet = Sheet(index.count, np.uint8)

    def _entire(self, word: int) -> np.ndarray:
        sheet = np.zeros(self._index.count, np.uint8)
        posting = self._index.posting(word)
        sheet[self._index.at(posting)] = self._ways[posting]
        return sheet

    def shares(self, query: Query, within: slice) -> tuple[np.ndarray, np.ndarray]:
        """Return entries, ascending, and of each slot that has readings the share they have of it.

        `within`: only these entries. Shapes: entries; slots by entries, 0 to 1.
        """
        slots = [slot for slot in query.slots if slot.readings]
        entries = self._entries(slots, within)
        found = np.zeros((len(slots), len(entries)), np.float32)
        if len(entries):
            known: dict[int, np.ndarray] = {}  # words that several readings have
            for row, slot in zip(found, slots, strict=True):
                self._fill(row, slot, entries, known)
        return entries, found

    def _entries(self, slots: Sequence[Slot], within: slice) -> np.ndarray:
        """Return the entries that have a leading word of a leading slot in their own wording.

        What has none, in the titles above it neither, cannot reach the keeping share of the
        query's weight; what has them only above it stands behind the wordings there.
        """
        keep = self._params.keep
        words: set[int] = set()
        for slot in _leading([(slot.weight, slot) for slot in slots], keep):
            for reading in slot.readings:
                units = reading.units
                if len(units) > 1:
                    units = _leading(list(zip(reading.rarities, units, strict=True)), keep)
                words.update(word for unit in units for word, _ in unit)
        found = self._union([self._index.own(word) for word in words])
        if len(found) and found[0] >= within.start and found[-1] < within.stop:
            return found
        return found[slice(*found.searchsorted((within.start, within.stop)))]

    def _union(self, postings: Sequence[np.ndarray]) -> np.ndarray:
        """Return the entries of any of the postings, ascending."""
        if len(postings) == 1:
            return postings[0]
        found = np.concatenate(postings) if postings else np.zeros(0, np.intp)
        if len(found) > _MARKED:
            marks = self._sheet.zeros.view(np.bool_)
            marks[found] = True
            entries = marks.nonzero()[0]
            marks[entries] = False
            return entries
        found.sort()
        first = np.ones(len(found), bool)
        np.not_equal(found[1:], found[:-1], out=first[1:])
        return found[first]

    def _fill(
        self, row: np.ndarray, slot: Slot, entries: np.ndarray, known: dict[int, np.ndarray]
    ) -> None:
        """Put into a row of zeros what the entries have of a slot: the best reading counts.

        Readings of one word are one unit of alternatives.
        """
        single: dict[int, float] = {}
        for reading in slot.readings:
            if len(reading.units) == 1:
                for word, likely in reading.units[0]:
                    single[word] = max(single.get(word, 0.0), likely * reading.worth)
                continue
            whole = reading.worth / (sum(reading.rarities) or 1.0)
            mine = np.zeros(len(row), np.float32)
            for unit, rarity in zip(reading.units, reading.rarities, strict=True):
                word, likely = unit[0]
                if len(unit) > 1 or likely != 1.0:
                    has = self._has(unit, entries)
                elif (has := known.get(word)) is None:  # type: ignore[assignment]
                    has = known[word] = self._has(unit, entries)
                mine += np.float32(whole * rarity) * has
            np.maximum(row, mine, out=row)
        if single:
            has = self._has(list(single.items()), entries)
            if len(slot.readings) == 1:
                row[:] = has
            else:
                np.maximum(row, has, out=row)

    def _has(self, unit: Unit, entries: np.ndarray) -> np.ndarray:
        """Return what each of the entries has of a unit: its best word counts."""
        index = self._index
        if len(unit) == 1:
            word, likely = unit[0]
            ways = self._common.get(word)
            if ways is not None:
                found = self._worths.take(ways.take(entries))
            else:
                sheet, posting = self._sheet.zeros, index.posting(word)
                where = index.at(posting)
                sheet[where] = self._ways[posting]
                found = self._worths.take(sheet.take(entries))
                sheet[where] = 0
            return found if likely == 1.0 else found * np.float32(likely)
        written = [
            (np.concatenate([of(word) for word in alike]), likely * factor)
            for of, factor in ((index.context, self._params.ancestor), (index.own, 1.0))
            for likely, alike in by_worth(unit)
        ]
        sheet = self._sheet.zeros
        for number, (where, _) in enumerate(written, 1):
            sheet[where] = number
        found = np.array([0.0, *(worth for _, worth in written)], np.float32).take(
            sheet.take(entries)
        )
        for where, _ in written:
            sheet[where] = 0
        return found


def _leading(weighed: list[tuple[float, T]], keep: float) -> list[T]:
    """Return the heaviest, until what is left weighs less than the keeping share of all."""
    left = sum(weight for weight, _ in weighed)
    enough = keep * left
    found = []
    for weight, item in sorted(weighed, key=lambda w: -w[0]):
        found.append(item)
        left -= weight
        if left < enough:
            break
    return found


def by_worth(unit: Sequence[tuple[int, float]]) -> list[tuple[float, list[int]]]:
    """Return the words of a unit grouped by worth, least first: what is written last counts."""
    groups: dict[float, list[int]] = {}
    for word, likely in unit:
        groups.setdefault(likely, []).append(word)
    return sorted(groups.items())
