"""Looks closely at the entries that retrieval found: features of each, weighted and added up."""

from __future__ import annotations

import numpy as np
from msgspec import structs
from rapidfuzz import fuzz, process

from codegraph.search.index import SearchIndex
from codegraph.search.params import Params, Weights
from codegraph.search.query import Query
from codegraph.search.sheet import Sheet
from codegraph.search.standing import STANDING
from codegraph.search.text import STOP

# Words by which an entry speaks of something that a note would have said, by feature.
GROUPS: dict[str, str] = {
    "unspecified": "unspecified",
    "other": "other specified",
    "side": "right left bilateral",
    "external_cause": "accident collision transport occupant pedestrian exposure contact military"
    " terrorism war assault",
    "family_history": "family personal history screening encounter status donor acquired aftercare",
    "diabetes": "diabetes diabetic",
    "infectious": "tuberculosis tuberculous syphilis syphilitic gonococcal herpes herpesviral"
    " leprosy viral bacterial fungal mycotic parasitic zoster candidal lyme meningococcal"
    " chlamydial diphtheritic typhoid mumps measles rubella salmonella",
    "newborn": "congenital malformation newborn neonatal neonate fetus fetal perinatal birth",
    "pregnancy": "pregnancy childbirth puerperium puerperal obstetric maternal labor delivery"
    " postpartum abortion trimester complicating",
    "substance": "alcohol opioid cocaine cannabis sedative hallucinogen inhalant nicotine"
    " psychoactive stimulant poisoning adverse underdosing toxic drug induced",
    "injury": "injury fracture laceration contusion sprain strain dislocation subluxation burn"
    " corrosion amputation crushing puncture bite abrasion blister foreign wound traumatic rupture"
    " avulsion frostbite insect superficial",
    "tumor": "neoplasm malignant benign carcinoma leukemia lymphoma sarcoma melanoma situ",
    "special": "old stress pathological neoplastic postprocedural periprosthetic secondary"
    " suspected juvenile infantile",
    "negation": "without not",
}
# What is told of an entry and a query when they meet: in the order in which `meeting` fills it.
MEETING = tuple(n for n in Weights.__struct_fields__ if n not in STANDING and n not in GROUPS)
_DENIED = 0.35  # what a denied word of an entry weighs
_ENOUGH = 2.0  # words of a group that count


class Ranker:
    """Scores entries of one index. Holds no state between queries but a sheet per thread."""

    def __init__(self, index: SearchIndex, params: Params, whole: Weights, typing: Weights) -> None:
        self._index = index
        columns = index.standing.astype(np.float32)
        self._prior = [columns @ _vector(w, STANDING) for w in (whole, typing)]
        self._weights = [_vector(w, (*MEETING, *GROUPS)) for w in (whole, typing)]
        self._group = {
            index.ids[w]: n
            for n, text in enumerate(GROUPS.values())
            for w in text.split()
            if w in index.ids
        }
        self._counts = self._by_group()
        # What is denied is hardly ever asked for: that it is not asked for says little.
        self._rarity = np.concatenate([index.idf, index.idf * np.float32(_DENIED)])
        rarities = index.per_entry(self._rarity[index.entry_words])
        self._entire = np.maximum(rarities, 0.1).astype(np.float32)
        self._sheet = Sheet(len(self._rarity), np.float32)
        counts = np.minimum(self._counts, _ENOUGH).astype(np.float32)
        self._before = [
            prior + params.unasked * (counts @ weights[len(MEETING) :])
            for prior, weights in zip(self._prior, self._weights, strict=True)
        ]
        self._fullness = (params.fullness / self._entire).astype(np.float32)

    def _by_group(self) -> np.ndarray:
        """Return how many words of each group each entry has."""
        index, groups = self._index, len(GROUPS)
        group = np.full(2 * len(index.idf), groups)
        for word, n in self._group.items():
            group[[word, word + len(index.idf)]] = n
        of = np.repeat(np.arange(index.count), np.diff(index.word_offsets))
        counts = np.bincount(of * (groups + 1) + group[index.entry_words])
        counts.resize((index.count, groups + 1))
        return counts[:, :-1].astype(np.uint8)

    def promise(self, query: Query, entries: np.ndarray, covers: np.ndarray) -> np.ndarray:
        """Return a rough score of entries: what is cheap to know of very many.

        `covers`: how much of the query each has.
        """
        total = sum([slot.weight for slot in query.slots])
        found = self._fullness[entries]
        found *= total
        found += 1.0
        found *= covers
        found += self._before[query.unfinished][entries]
        return np.asarray(found)

    def score(self, query: Query, near: np.ndarray, shares: np.ndarray) -> np.ndarray:
        """Return a score, about 0 to 2, for each of the entries `near`.

        `shares`: of each slot with readings, what each of these entries has.
        """
        features = self.meeting(query, near, shares)
        found = self._weights[query.unfinished] @ features + self._prior[query.unfinished][near]
        return np.asarray(found)

    def meeting(self, query: Query, near: np.ndarray, shares: np.ndarray) -> np.ndarray:
        """Return the features (rows: MEETING, then GROUPS) of the entries `near` (columns)."""
        found = np.empty((len(MEETING) + len(GROUPS), len(near)), np.float32)
        slots = [slot for slot in query.slots if slot.readings]
        total = sum([slot.weight for slot in query.slots]) or 1.0
        cover = np.array([slot.weight / total for slot in slots], np.float32) @ shares
        lacking = 1.0 - cover
        entry_cover, unasked, counts, contrary = self._asked(query, near)
        present = [n for n, slot in enumerate(slots) if not slot.denied]
        if 0 < len(present) < len(slots):
            shares = shares[present]
        found[0] = cover
        np.multiply(cover, cover, out=found[1])
        found[2] = entry_cover
        np.multiply(entry_cover, entry_cover, out=found[3])
        np.multiply(cover, entry_cover, out=found[4])
        np.minimum.reduce(shares, axis=0, out=found[5])
        found[6], found[7] = self._likeness(query, near)
        np.multiply(lacking, unasked == 0, out=found[8])
        found[9] = contrary
        np.multiply(lacking, counts[:2], out=found[10:12])
        np.minimum(counts, _ENOUGH, out=found[12:])
        return found

    def _asked(
        self, query: Query, near: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | float]:
        """Return what the query asks for of the words of each of the entries.

        The share of them by rarity, how many it does not ask for, how many of these in each group,
        and how many say the contrary: deny what the query says, or say what it denies.
        """
        index = self._index
        wanted, absent = _wanted(query)
        size = len(index.idf)
        sheet = self._sheet.zeros
        said = [w + size if w in absent else w for w in wanted]
        sheet[said] = list(wanted.values())
        contraries = [w if w in absent else w + size for w in wanted]
        sheet[contraries] = -1.0
        words, starts, lengths = index.words_in(near)
        worth = sheet.take(words)
        sheet[said] = sheet[contraries] = 0.0

        contrary: np.ndarray | float = 0.0
        if worth.min() < 0.0:
            contrary = np.add.reduceat((worth < 0.0).astype(np.float32), starts)
            np.maximum(worth, 0.0, out=worth)
        sums = np.empty((2, len(words)), np.float32)
        np.multiply(self._rarity.take(words), worth, out=sums[0])
        np.greater(worth, 0.0, out=sums[1])
        sums = np.add.reduceat(sums, starts, axis=1)
        counts = self._counts[near].T.astype(np.float32)
        for word in said:
            group = self._group.get(word if word < size else word - size)
            if group is not None:
                counts[group] -= np.logical_or.reduceat(words == word, starts)
        return sums[0] / self._entire[near], lengths - sums[1], counts, contrary

    def _likeness(self, query: Query, near: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return how alike the texts are (0 to 1): in the best way to read the query, as given."""
        texts = self._index.plain_texts(near)
        literal, read = _texts(query)
        ways = [literal] if literal == read else [literal, read]
        ratios = process.cdist(ways, texts, scorer=fuzz.ratio)
        ratios *= np.float32(0.01)
        return ratios.max(axis=0) if len(ways) > 1 else ratios[0], ratios[0]


def _wanted(query: Query) -> tuple[dict[int, float], set[int]]:
    """Return the words that a query wants, each with its worth, and which of them it denies."""
    wanted: dict[int, float] = {}
    absent: set[int] = set()
    for slot in query.slots:
        for reading in slot.readings:
            denied = [True] * len(reading.units) if slot.denied else reading.denied
            for n, unit in enumerate(reading.units):
                for word, likely in unit:
                    worth = likely * reading.worth
                    if worth > wanted.get(word, 0.0):
                        wanted[word] = worth
                        if denied and denied[n]:
                            absent.add(word)
                        elif absent:
                            absent.discard(word)
    return wanted, absent


def _vector(weights: Weights, names: tuple[str, ...]) -> np.ndarray:
    given = structs.asdict(weights)
    return np.array([given[name] for name in names], np.float32)


def _texts(query: Query) -> tuple[str, str]:
    """Return the query as it stands (slips corrected) and as it is read, for comparison."""
    literal, read = [], []
    for slot in query.slots:
        first = slot.readings[0].text if slot.readings else slot.text
        literal.append(first)
        other = next((r.text for r in slot.readings if not r.literal and not r.broader), first)
        read.append(other)
    return _sorted_words(literal), _sorted_words(read)


def _sorted_words(parts: list[str]) -> str:
    return " ".join(sorted(w for part in parts for w in part.split() if w not in STOP))
