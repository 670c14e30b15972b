"""Text → ranked concepts: read the query, retrieve, rank, choose what to show.

Two stages. Retrieval adds up, over all entries at once, what the words of the query are worth;
ranking looks closely at the entries near the best.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

import numpy as np
from msgspec import Struct

from codegraph.codes import squeeze
from codegraph.concepts import Concepts
from codegraph.model import CODE_SYSTEMS
from codegraph.search.choose import Chooser
from codegraph.search.explain import Explainer
from codegraph.search.gather import Gatherer, Hit
from codegraph.search.index import KIND_NAMES, KINDS, SearchIndex
from codegraph.search.params import DEFAULT, MOST_RESULTS, TYPING, WHOLE, Params, Weights
from codegraph.search.query import Query, QueryReader
from codegraph.search.rank import Ranker
from codegraph.search.retrieve import Near, Retriever
from codegraph.search.text import STOP


class Found(Struct, frozen=True):
    """What a query found and how it was read. `nearest`: real words, where nothing matched."""

    hits: list[Hit]
    total: int
    corrections: list[tuple[str, str]]
    expansions: list[tuple[str, str]]
    nearest: list[str]


_DIGIT = re.compile(r"\d")
_LONGEST_CODE = 16  # characters of a query that may be a code, blanks included
_USUAL = 10  # hits shown; for more, more entries are looked at
_SPARE = 3  # hits for each one shown, while siblings may still be gathered
_HIGHEST = 1.9  # score of an entry that is the query, word for word
_LEAST, _MOST = 0.1, 99.9  # score of a hit by words; 100 is the code itself


class SearchEngine:
    """Search over one index. Holds no state between queries."""

    def __init__(
        self,
        concepts: Concepts,
        index: SearchIndex,
        params: Params = DEFAULT,
        whole: Weights = WHOLE,
        typing: Weights = TYPING,
    ) -> None:
        self._concepts = concepts
        self.index = index
        self._params = params
        self._rows = np.frombuffer(index.rows, np.int32)
        self.reader = QueryReader(index, params)
        self._retriever = Retriever(index, params)
        self.ranker = Ranker(index, params, whole, typing)
        self.chooser = Chooser(concepts, index, params)
        self._gatherer = Gatherer(concepts, params)
        self._explainer = Explainer(index, params)

    @classmethod
    def open(cls, concepts: Concepts, blob: bytes | memoryview) -> SearchEngine:
        """Return the engine over an index as `build_index` made it.

        Raises
        ------
        SnapshotError
            If the bytes are not an index.
        """
        return cls(concepts, SearchIndex(blob))

    def search(
        self,
        query: str,
        on: date,
        system: str | None = None,
        billable: bool | None = None,
        limit: int = 10,
        literal: bool = False,
    ) -> Found:
        """Return the concepts that the query means on a date, best first.

        Codes that are not valid on the date are left out. `limit`: concepts, not wordings.
        """
        hits = self._by_code(query, on, system, billable, limit)
        read = self.reader.read(query, literal=literal)
        near, total = self._rank(read, system, limit)
        named = {h.row for h in hits}
        ranked = self._hits(near, read, on, billable, limit + len(named))
        hits = (hits + [h for h in ranked if h.row not in named])[:limit] if hits else ranked
        nearest = []
        if not hits:
            nearest = [
                n
                for w in read.words
                if len(w) > 2 and w not in STOP and (n := self.reader.tokens.nearest(w)) is not None
            ]
        total = max(min(total, MOST_RESULTS), len(hits))  # an entry may lead to two concepts
        changes = self._explainer.changes(read, near[0][0]) if near else ([], [])
        return Found(hits, total, *changes, nearest)

    def _hits(
        self,
        ranked: Sequence[tuple[int, float]],
        query: Query,
        on: date,
        billable: bool | None,
        enough: int,
    ) -> list[Hit]:
        """Return the concepts that ranked entries stand for, each under its best wording."""
        gathers = query.is_begun() and billable is None
        wanted = enough * _SPARE if gathers else enough
        best: dict[int, tuple[float, int]] = {}  # row shown → its best score, and by which entry
        sure = 0  # hits that no later entry can come before
        rows, plain = self.index.rows, self.chooser.plain(query, billable)
        for entry, score in ranked:
            if sure >= wanted:
                break
            row = rows[entry]
            if plain[row]:  # as `stands_for` would have it, without the call
                if row not in best:
                    sure += 1
                elif best[row][0] >= score:
                    continue
                best[row] = score, entry
                continue
            for found, less in self.chooser.stands_for(row, query, on, billable):
                before = best.get(found)
                if before is None or before[0] < score - less:
                    best[found] = score - less, entry
                    sure += before is None and less == 0.0
        order = sorted(best, key=lambda row: -best[row][0])
        hits = [self._hit(row, *best[row]) for row in order[:wanted]]
        if gathers:
            hits = self._gatherer.gathered(hits, on, unfinished=query.unfinished)
        return hits[:enough]

    def _hit(self, row: int, score: float, entry: int) -> Hit:
        index = self.index
        text = index.texts.get(entry) or self._concepts.tables.displays[index.rows[entry]]
        kind = KIND_NAMES[KINDS[index.kinds[entry]]]
        return Hit(row, max(_LEAST, score), text, kind)

    # ── codes ────────────────────────────────────────────────────────────────────────────────

    def _by_code(
        self, query: str, on: date, system: str | None, billable: bool | None, limit: int
    ) -> list[Hit]:
        """Return the codes that the query is, or is the beginning of."""
        if len(query) > _LONGEST_CODE or not _DIGIT.search(query):
            return []
        plain = squeeze(query)
        if not 2 <= len(plain) <= 7 or not plain.isalnum():
            return []
        hits: list[Hit] = []
        for name in CODE_SYSTEMS:
            if system is not None and system != name:
                continue
            for row in self._concepts.beginning_with(name, plain):
                if len(hits) >= limit:
                    break
                status = self._concepts.status(row, on)
                code = self._concepts.tables.codes[row]
                exact = code.replace(".", "") == plain
                if status in ("ended", "future") and not exact:
                    continue
                if billable is not None and (status == "billable") != billable:
                    continue
                hits.append(Hit(row, 100.0 if exact else 95.0, code, "code"))
        return sorted(hits, key=lambda h: -h.score)[:limit]

    # ── words ────────────────────────────────────────────────────────────────────────────────

    def candidates(self, query: Query, system: str | None, limit: int = _USUAL) -> Near | None:
        """Return the entries to look at closely, so that `limit` can be shown; None for none."""
        params = self._params
        within = slice(0, self.index.count) if system is None else self.index.systems.get(system)
        if within is None or not query.slots or query.is_guesswork():
            return None
        near = self._retriever.near(query, within)
        if near is None:
            return None
        best = float(np.maximum.reduce(near.covers))
        if best < params.nonsense:
            return None
        at = (near.covers >= params.keep * best).nonzero()[0]
        rows = self._rows[near.entries[at]]  # ascending: wordings of a concept stand together
        total = 1 + int(np.count_nonzero(rows[1:] != rows[:-1]))
        most = params.most_begun if query.unfinished else params.most
        most = most * max(limit, _USUAL) // _USUAL
        if len(at) > most:
            promise = self.ranker.promise(query, near.entries[at], near.covers[at])
            at = at[promise.argpartition(-most)[-most:]]
        return Near(near.entries[at], near.shares.take(at, axis=1), near.covers[at], total)

    def _rank(
        self, query: Query, system: str | None, limit: int
    ) -> tuple[list[tuple[int, float]], int]:
        """Return (entry, score 0-100) of the best entries, best first, and how many concepts match.

        All that have enough of the query count, whether they were looked at closely or not.
        """
        found = self.candidates(query, system, limit)
        if found is None:
            return [], 0
        near, scores = found.entries, self.ranker.score(query, found)
        order = np.lexsort((near, -scores))
        scores = np.minimum(scores[order] * (100.0 / _HIGHEST), _MOST)
        return list(zip(near[order].tolist(), scores.tolist(), strict=True)), found.total
