"""Slots → ranked concepts.

Two stages. Retrieval adds up, over all entries at once, what the words of the query are worth;
ranking looks closely at the entries near the best: how much of the query they have, how much of
them the query has, how alike the texts are, and whether they speak of what was not asked.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from datetime import date

import numpy as np
from msgspec import Struct
from rapidfuzz import fuzz, process

from codegraph.codes import squeeze
from codegraph.concepts import Concepts
from codegraph.model import CODE_SYSTEMS
from codegraph.search.choose import Chooser
from codegraph.search.correct import Corrector
from codegraph.search.explain import Explainer
from codegraph.search.index import KIND_NAMES, KINDS, SearchIndex
from codegraph.search.params import DEFAULT, Params
from codegraph.search.query import Query, QueryReader, Slot, Unit
from codegraph.search.text import STOP


class Hit(Struct, frozen=True):
    """One concept found: its row, score 0-100, the wording that matched and its kind."""

    row: int
    score: float
    text: str
    kind: str


class Found(Struct, frozen=True):
    """What a query found and how it was read. `nearest`: real words, where nothing matched."""

    hits: list[Hit]
    total: int
    corrections: list[tuple[str, str]]
    expansions: list[tuple[str, str]]
    nearest: list[str]


_DIGIT = re.compile(r"\d")
_LONGEST_CODE = 16  # characters of a query that may be a code, blanks included
# Words that make a case a special one: when the note means it, it says so.
_SPECIAL = frozenset(
    "stress pathological neoplastic congenital newborn neonatal birth postprocedural periprosthetic"
    " obstetric puerperal puerperium postpartum pregnancy childbirth complicating secondary"
    " suspected adverse poisoning underdosing maternal fetal screening family personal history"
    " military war donor juvenile infantile".split()
)


class SearchEngine:
    """Search over one index. Holds no state between queries."""

    def __init__(self, concepts: Concepts, index: SearchIndex, params: Params = DEFAULT) -> None:
        self._concepts = concepts
        self.index = index
        self._params = params
        self._corrector = Corrector(index)
        self._reader = QueryReader(index, self._corrector, params)
        self._chooser = Chooser(concepts, index, params)
        self._explainer = Explainer(index, params)
        self._prior = _priors(concepts, index, params)
        self._systems = _systems(concepts, index)
        self._total_idf = _entry_weight(index)
        self._brevity = (1.0 - 0.002 * self._total_idf).astype(np.float32)
        self._scale = 100.0 / sum(
            (params.query_cover, params.entry_cover, params.likeness, params.same_words)
        )
        self._rows = index.rows.tolist()
        codes = concepts.tables.codes
        self._depth = np.array([len(codes[row]) - 3 for row in self._rows], np.float32)
        self._kind_of = [KIND_NAMES[KINDS[k]] for k in index.kinds.tolist()]
        self._worded = np.diff(index.word_offsets) > 0
        self._special = np.zeros(len(index.idf), bool)
        self._special[[index.ids[w] for w in _SPECIAL if w in index.ids]] = True

    @classmethod
    def open(cls, concepts: Concepts, blob: bytes) -> SearchEngine:
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
        read = self._reader.read(query, literal=literal)
        near = self._rank(read, system) if read.slots else []
        named = {h.row for h in hits}
        ranked = self._hits(near, read, on, billable, limit + len(named))
        total = len({self._rows[entry] for entry, _ in near} | named)
        hits = (hits + [h for h in ranked if h.row not in named])[:limit]
        nearest = []
        if not hits:
            nearest = [
                n
                for w in read.words
                if len(w) > 2 and w not in STOP and (n := self._corrector.nearest(w)) is not None
            ]
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
        best: dict[int, Hit] = {}
        sure = 0  # hits that no later entry can come before
        for entry, score in ranked:
            if sure >= enough:
                break
            row, kind = self._rows[entry], self._kind_of[entry]
            for found, less in self._chooser.stands_for(row, query, on, billable):
                before = best.get(found)
                if before is None or before.score < score - less:
                    text = self.index.texts[entry] or self._concepts.tables.displays[row]
                    best[found] = Hit(found, max(0.1, score - less), text, kind)
                    sure += before is None and less == 0.0
        return sorted(best.values(), key=lambda h: -h.score)[:enough]

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
            listed, rows = self._concepts.sorted_codes[name]
            at = bisect_left(listed, plain)
            while at < len(listed) and listed[at].startswith(plain) and len(hits) < limit:
                code, row = listed[at], rows[at]
                at += 1
                status = self._concepts.status(row, on)
                exact = code == plain
                if status in ("ended", "future") and not exact:
                    continue
                if billable is not None and (status == "billable") != billable:
                    continue
                text = self._concepts.tables.codes[row]
                hits.append(Hit(row, 100.0 if exact else 95.0, text, "code"))
        return sorted(hits, key=lambda h: -h.score)[:limit]

    # ── retrieval ────────────────────────────────────────────────────────────────────────────

    def _rank(self, query: Query, system: str | None) -> list[tuple[int, float]]:
        """Return (entry, score 0-100) of the best entries, best first."""
        params = self._params
        total = sum(slot.weight for slot in query.slots)
        scores = np.zeros(self.index.count, np.float32)
        scratch = np.empty_like(scores)
        for slot in query.slots:
            if slot.readings:
                self._add(scores, slot, scratch)
        if system is not None:
            scores *= self._systems.get(system, 0.0)
        best = float(scores.max())
        if best <= 0.0 or best < params.nonsense * total:
            return []
        near = np.flatnonzero(scores >= params.keep * best)
        near = near[self._worded[near]]
        if len(near) > params.most:
            adjusted = scores[near] * self._brevity[near] + self._prior[near]
            near = near[np.argpartition(adjusted, -params.most)[-params.most :]]
        if not len(near):
            return []
        final = self._closely(query, near, scores[near] / total)
        order = np.lexsort((near, -final))
        shown = np.clip(final[order] * self._scale, 0.0, 99.9)
        return list(zip(near[order].tolist(), shown.tolist(), strict=True))

    def _add(self, scores: np.ndarray, slot: Slot, scratch: np.ndarray) -> None:
        """Add to every entry what it has of a slot: the best of the slot's readings.

        Readings of one word are one unit of alternatives; only readings of several words need an
        array of their own to add up in.
        """
        single: dict[int, float] = {}
        several = []
        for reading in slot.readings:
            if len(reading.units) == 1:
                for word, likely in reading.units[0]:
                    single[word] = max(single.get(word, 0.0), likely * reading.worth)
            else:
                several.append(reading)
        if not several:
            self._add_unit(scores, list(single.items()), slot.weight, scratch)
            return
        best = np.zeros_like(scores)
        if single:
            self._set_unit(best, list(single.items()), slot.weight)
        mine = np.empty_like(scores)
        for n, reading in enumerate(several):
            target = best if n == 0 and not single else mine
            target.fill(0.0)
            shares = [max(float(self.index.idf[w]) for w, _ in u[:4]) for u in reading.units]
            whole = slot.weight * reading.worth / (sum(shares) or 1.0)
            for unit, share in zip(reading.units, shares, strict=True):
                self._add_unit(target, unit, whole * share, scratch)
            if target is mine:
                np.maximum(best, mine, out=best)
        scores += best

    def _add_unit(self, scores: np.ndarray, unit: Unit, worth: float, scratch: np.ndarray) -> None:
        """Add what a unit is worth to the entries that have one of its words."""
        index = self.index
        if len(unit) == 1:
            word, likely = unit[0]
            scores[index.own(word)] += worth * likely
            scores[index.context(word)] += worth * likely * self._params.ancestor
            return
        scratch.fill(0.0)
        self._set_unit(scratch, unit, worth)
        scores += scratch

    def _set_unit(self, scores: np.ndarray, unit: Unit, worth: float) -> None:
        """Set, in an array of zeros, what each entry has of a unit: its best word counts."""
        index = self.index
        groups = by_worth(unit)
        for words_of, factor in ((index.context, self._params.ancestor), (index.own, 1.0)):
            for likely, alike in groups:
                entries = [words_of(word) for word in alike]
                where = entries[0] if len(entries) == 1 else np.concatenate(entries)
                scores[where] = worth * likely * factor

    # ── ranking ──────────────────────────────────────────────────────────────────────────────

    def _closely(self, query: Query, near: np.ndarray, covered: np.ndarray) -> np.ndarray:
        params, index = self._params, self.index
        wanted: dict[int, float] = {}
        for slot in query.slots:
            for reading in slot.readings:
                for unit in reading.units:
                    for word, likely in unit:
                        wanted[word] = max(wanted.get(word, 0.0), likely * reading.worth)
        asked = np.zeros(len(index.idf), np.float32)
        asked[list(wanted)] = list(wanted.values())
        starts, ends = index.word_offsets[near], index.word_offsets[near + 1]
        lengths = ends - starts
        offsets = np.zeros(len(near), np.int64)
        np.cumsum(lengths[:-1], out=offsets[1:])
        flat = np.arange(int(lengths.sum())) + np.repeat(starts - offsets, lengths)
        entry_words = index.entry_words[flat]
        worth = asked[entry_words]
        has = np.add.reduceat(index.idf[entry_words] * worth, offsets)
        entry_cover = has / self._total_idf[near]
        unasked = self._special[entry_words] & (worth == 0)
        special = np.add.reduceat(unasked, offsets) > 0
        texts = [index.plain[i] for i in near]
        ways = list(dict.fromkeys(_texts(query)))
        likeness = process.cdist(ways, texts, scorer=fuzz.ratio).max(axis=0) / 100.0
        final = (
            params.query_cover * covered
            + params.entry_cover * entry_cover
            + params.likeness * likeness
            + params.same_words * (entry_cover > 0.97) * (covered > 0.97)
            + params.special * special
            + self._prior[near]
        )
        if query.unfinished:
            final += params.wider * self._depth[near]
        return np.asarray(final, np.float64)


def by_worth(unit: Sequence[tuple[int, float]]) -> list[tuple[float, list[int]]]:
    """Return the words of a unit grouped by worth, least first: what is written last counts."""
    groups: dict[float, list[int]] = {}
    for word, likely in unit:
        groups.setdefault(likely, []).append(word)
    return sorted(groups.items())


def _texts(query: Query) -> tuple[str, str]:
    """Return the query as it stands (slips corrected) and as it is read, for comparison."""
    literal, read = [], []
    for slot in query.slots:
        first = slot.readings[0].text if slot.readings else slot.text
        literal.append(first)
        other = next((r.text for r in slot.readings if not r.literal and not r.broader), first)
        read.append(other)

    def clean(parts: list[str]) -> str:
        return " ".join(sorted(w for part in parts for w in part.split() if w not in STOP))

    return clean(literal), clean(read)


def _priors(concepts: Concepts, index: SearchIndex, params: Params) -> np.ndarray:
    """Return what speaks for or against each entry before any query is known."""
    tables = concepts.tables
    prior = np.zeros(index.count, np.float32)
    for entry, row in enumerate(index.rows.tolist()):
        code = tables.codes[row]
        worth = params.title if index.kinds[entry] == 0 else params.inclusion
        if tables.systems[row] == "icd10cm":
            worth += params.depth * (len(code) - 3)
            if code[0] in "VWXY":
                worth += params.external
            elif code[0] in "OP":
                worth += params.obstetric
            elif code[0] == "T" and "36" <= code[1:3] <= "65":
                worth += params.poisoning
            if "other " in (index.texts[entry] or tables.displays[row]).lower():
                worth += params.residual
        prior[entry] = worth
    return prior


def _systems(concepts: Concepts, index: SearchIndex) -> dict[str, np.ndarray]:
    of = np.array([concepts.tables.systems[r] for r in index.rows.tolist()])
    return {name: (of == name).astype(np.float32) for name in set(of.tolist())}


def _entry_weight(index: SearchIndex) -> np.ndarray:
    """Return the summed rarity of each entry's own words."""
    sums = np.zeros(index.count, np.float32)
    has = np.diff(index.word_offsets) > 0
    starts = index.word_offsets[:-1][has]
    sums[has] = np.add.reduceat(index.idf[index.entry_words], starts)
    return np.maximum(sums, 0.1)
