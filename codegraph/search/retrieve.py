"""Which entries have enough of a query to be looked at, and how much of each part they have.

The work goes with the postings of the query's words, not with the number of entries: what could
reach the keeping share is collected from the query's leading parts; the other parts are then asked
for these entries alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from msgspec import Struct

from codegraph.search.index import SearchIndex, Unit
from codegraph.search.params import Params
from codegraph.search.query import Query, Slot
from codegraph.search.sheet import Sheet

T = TypeVar("T")
_COMMON = 2000  # entries at or below a word from which on they are kept as one sheet
_WHOLE = 255  # what a word of an entry's own is worth on a sheet


class Near(Struct):
    """Entries, and what each has: of each slot that has readings, and of all by their weights.

    Shapes: entries; slots by entries, 0 to 1; entries, 0 to 1. `total`: concepts that have enough.
    """

    entries: np.ndarray
    shares: np.ndarray
    covers: np.ndarray
    total: int = 0


class Retriever:
    """Looks words up in the postings. Holds no state between queries but a sheet per thread."""

    def __init__(self, index: SearchIndex, params: Params) -> None:
        self._index = index
        self._params = params
        # What each place of the postings is worth, as the sheets hold it.
        self._worths = np.where(index.are_own(), _WHOLE, round(params.ancestor * _WHOLE)).astype(
            np.uint8
        )
        self._sheet = Sheet(index.count, np.uint8)
        self._common = {word: self._entire(word) for word in index.words_above(_COMMON)}

    def _entire(self, word: int) -> np.ndarray:
        sheet = np.zeros(self._index.count, np.uint8)
        posting = self._index.posting(word)
        sheet[self._index.at(posting)] = self._worths[posting]
        return sheet

    def near(self, query: Query, within: slice) -> Near | None:
        """Return the entries that have enough of a query, None where none has.

        The best reading of a slot counts. `within`: only these entries.
        """
        slots = [slot for slot in query.slots if slot.readings]
        entries = self._entries(slots, within)
        if not len(entries):
            return None
        units, parts, ends = _parts(slots)
        has = np.empty((len(units), len(entries)), np.uint8)
        for row, unit in zip(has, units, strict=True):
            self._look_up(unit, entries, row)
        shares = np.array(parts, np.float32) @ has.astype(np.float32)
        if len(ends) < len(parts):
            shares = _best(shares, ends)
        total = sum([slot.weight for slot in query.slots])
        weights = np.array([slot.weight / total for slot in slots], np.float32)
        return Near(entries, shares, weights @ shares)

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
                words.update([word for unit in units for word, _ in unit])
        found = _union([self._index.own(word) for word in words])
        if len(found) and found[0] >= within.start and found[-1] < within.stop:
            return found
        return found[slice(*found.searchsorted((within.start, within.stop)))]

    def _look_up(self, unit: Unit, entries: np.ndarray, row: np.ndarray) -> None:
        """Write into a row what each of the entries has of a unit: its best word counts."""
        index, sheet = self._index, self._sheet.zeros
        word, likely = unit[0]
        if len(unit) == 1 and likely == 1.0:
            common = self._common.get(word)
            if common is not None:
                common.take(entries, out=row, mode="clip")
                return
            posting = index.posting(word)
            written: list[tuple[int | np.ndarray, np.ndarray]]
            written = [(self._worths[posting], index.at(posting))]
        else:
            written = self._by_worth(unit)
        for worth, where in written:
            sheet[where] = worth
        sheet.take(entries, out=row, mode="clip")
        for _, where in written:
            sheet[where] = 0

    def _by_worth(self, unit: Unit) -> list[tuple[int | np.ndarray, np.ndarray]]:
        """Return the entries of several words by what these are worth, the least first."""
        index, ancestor = self._index, self._params.ancestor
        groups: dict[int, list[np.ndarray]] = {}
        for word, likely in unit:
            groups.setdefault(round(_WHOLE * likely * ancestor), []).append(index.context(word))
            groups.setdefault(round(_WHOLE * likely), []).append(index.own(word))
        return [(worth, np.concatenate(groups[worth])) for worth in sorted(groups)]


def _union(postings: Sequence[np.ndarray]) -> np.ndarray:
    """Return the entries of any of the postings, ascending."""
    if len(postings) == 1:
        return postings[0]
    found = np.concatenate(postings)
    found.sort(kind="stable")  # which finds that they are sorted already, and merges
    first = np.empty(len(found), np.bool_)
    first[:1] = True
    np.not_equal(found[1:], found[:-1], out=first[1:])
    return found[first]


def _parts(slots: Sequence[Slot]) -> tuple[list[Unit], list[list[float]], list[int]]:
    """Return the units of all readings; what each is worth to each reading; where slots end.

    A word that several readings have is one unit.
    """
    units: list[Unit] = []
    places: dict[int, int] = {}  # of the units that are one word as it is
    parts: list[list[float]] = []
    ends = []
    for slot in slots:
        for reading in slot.readings:
            worth = reading.worth / (_WHOLE * (sum(reading.rarities) or 1.0))
            part = [0.0] * len(units)
            for unit, rarity in zip(reading.units, reading.rarities, strict=True):
                word, likely = unit[0]
                place = len(units)
                if len(unit) == 1 and likely == 1.0:
                    place = places.setdefault(word, place)
                if place == len(units):
                    units.append(unit)
                    part.append(0.0)
                part[place] += worth * rarity
            parts.append(part)
        ends.append(len(parts))
    count = len(units)
    return units, [part + [0.0] * (count - len(part)) for part in parts], ends


def _best(shares: np.ndarray, ends: Sequence[int]) -> np.ndarray:
    """Return the best of the rows up to each end."""
    starts = [0, *ends[:-1]]
    for start, end in zip(starts, ends, strict=True):
        for row in range(start + 1, end):
            np.maximum(shares[start], shares[row], out=shares[start])
    return shares[starts]


def _leading(weighed: list[tuple[float, T]], keep: float) -> list[T]:
    """Return the heaviest, until what is left weighs less than the keeping share of all."""
    left = sum([weight for weight, _ in weighed])
    enough = keep * left
    found = []
    for weight, item in sorted(weighed, key=lambda w: -w[0]):
        found.append(item)
        left -= weight
        if left < enough:
            break
    return found
