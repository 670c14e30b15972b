"""By which readings of a query its best entry was found: what to tell the one who typed it."""

from __future__ import annotations

from codegraph.search.index import SearchIndex
from codegraph.search.params import Params
from codegraph.search.query import Query, Reading, Slot

_LOOKED_AT = 8  # words that one word may stand for, the likeliest first


class Explainer:
    """Explains results over one index."""

    def __init__(self, index: SearchIndex, params: Params) -> None:
        self._index = index
        self._params = params

    def changes(
        self, query: Query, entry: int
    ) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """Return the corrections and expansions by which the best entry was found."""
        corrections = list(query.corrections)
        expansions: list[tuple[str, str]] = []
        several = [s for s in query.slots if len(s.readings) > 1 or _is_open(s)]
        own = set(self._index.words_of(entry)) if several else set()
        for slot in several:
            first = slot.readings[0]
            if first.worth == 1.0 and all(unit[0][0] in own for unit in first.units):
                continue  # found as it stands
            used = first
            if len(slot.readings) > 1:
                worth = [self._share(r, entry, own) for r in slot.readings]
                if max(worth) <= 0.0:
                    continue
                used = slot.readings[worth.index(max(worth))]
            if not used.literal:
                change = (slot.text, used.text)
                (corrections if slot.variant else expansions).append(change)
                continue
            for unit, word in zip(used.units, used.text.split(), strict=False):
                slips = [w for w, likely in unit if likely == self._params.slip]
                if slips and unit[0][0] not in own:
                    corrections += [(word, self._index.vocabulary[w]) for w in slips if w in own]
        return list(dict(corrections).items()), list(dict.fromkeys(expansions))

    def _share(self, reading: Reading, entry: int, own: set[int]) -> float:
        """Return how much of a reading an entry has, by worth and rarity."""
        idf = self._index.idf
        whole = found = 0.0
        for unit in reading.units:
            rarity = float(idf[unit[0][0]])
            whole += rarity
            found += rarity * max(
                likely * self._has(entry, word, own) for word, likely in unit[:_LOOKED_AT]
            )
        return reading.worth * found / (whole or 1.0)

    def _has(self, entry: int, word: int, own: set[int]) -> float:
        """Return 1 where an entry has a word, less where only a title above it has."""
        if word in own:
            return 1.0
        entries = self._index.context(word)
        at = int(entries.searchsorted(entry))
        return self._params.ancestor if at < len(entries) and entries[at] == entry else 0.0


def _is_open(slot: Slot) -> bool:
    """Whether a slot's only reading has words that may be others."""
    return bool(slot.readings) and any(len(unit) > 1 for unit in slot.readings[0].units)
