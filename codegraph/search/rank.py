"""Looks closely at the entries that retrieval found: features of each, weighted and added up."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from rapidfuzz import fuzz, process

from codegraph.search.index import SearchIndex
from codegraph.search.params import Params, Weights
from codegraph.search.query import Query
from codegraph.search.retrieve import Near
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
_DENIED = 0.35  # what a denied word of an entry weighs


class _Tables(Struct):
    """What one set of weights makes of the index before any query.

    `before`: of each entry, what is cheap to know of very many. `entries` (rows): what speaks for
    or against it, its words counted as not asked for; what "unspecified" and "other" among them
    weigh where part of the query is not matched. `words` (rows): rarity; 1; and what the word
    weighs in the two rows of its entry.
    """

    weights: Weights
    before: np.ndarray
    entries: np.ndarray
    words: np.ndarray


class Ranker:
    """Scores entries of one index. Holds no state between queries but a sheet per thread.

    The score is the sum of features by their weights (`params.Weights`), so a ranker with one
    weight of 1 and all others 0 tells that feature (`benchmarks.tune`).
    """

    def __init__(self, index: SearchIndex, params: Params, whole: Weights, typing: Weights) -> None:
        self._index = index
        self._fullness = params.fullness
        self._sheet = Sheet(2 * len(index.idf), np.float32)
        # What is denied is hardly ever asked for: that it is not asked for says little.
        rarity = np.concatenate([index.idf, index.idf * np.float32(_DENIED)])
        entire = np.maximum(index.per_entry(rarity[index.entry_words]), 0.1)
        self._by_rarity = (1.0 / entire).astype(np.float32)
        self._tables = [self._prepared(w, params, rarity) for w in (whole, typing)]

    def _prepared(self, weights: Weights, params: Params, rarity: np.ndarray) -> _Tables:
        index, size = self._index, len(self._index.idf)
        words = np.zeros((4, 2 * size), np.float32)
        words[0], words[1] = rarity, 1.0
        for name, text in GROUPS.items():
            for word in [index.ids[w] for w in text.split() if w in index.ids]:
                unmatched = getattr(weights, f"unmatched_{name}", 0.0)
                words[2:, [word, word + size]] = [[getattr(weights, name)], [unmatched]]
        prior = index.standing @ np.array([getattr(weights, n) for n in STANDING], np.float32)
        unasked = index.per_entry(words[2][index.entry_words])
        unmatched = index.per_entry(words[3][index.entry_words])
        return _Tables(
            weights,
            (prior + params.unasked * unasked).astype(np.float32),
            np.stack([prior + unasked, unmatched]).astype(np.float32),
            words,
        )

    def promise(self, query: Query, entries: np.ndarray, covers: np.ndarray) -> np.ndarray:
        """Return a rough score of entries: what is cheap to know of very many.

        `covers`: how much of the query each has.
        """
        tables = self._tables[query.unfinished]
        total = sum([slot.weight for slot in query.slots])
        found = self._by_rarity[entries]
        found *= total * self._fullness
        found += 1.0
        found *= covers
        found += tables.before[entries]
        return np.asarray(found)

    def score(self, query: Query, near: Near) -> np.ndarray:
        """Return a score, about 0 to 2, for each of some entries."""
        tables = self._tables[query.unfinished]
        weights, entries = tables.weights, tables.entries.take(near.entries, axis=1)
        shares, cover = near.shares, near.covers
        denied = [slot.denied for slot in query.slots if slot.readings]
        if any(denied) and not all(denied):
            shares = shares[~np.array(denied)]
        asked, is_whole, contrary = self._asked(query, near.entries, tables.words)
        full = asked[0] * self._by_rarity[near.entries]
        found = entries[0] - asked[2]
        found += cover * (weights.cover + weights.cover_squared * cover + weights.both * full)
        found += full * (weights.entry_cover + weights.entry_cover_squared * full)
        found += weights.weakest * np.minimum.reduce(shares, axis=0)
        found += (1.0 - cover) * (entries[1] - asked[3] + weights.whole * is_whole)
        if contrary is not None:
            found += weights.contrary * contrary
        ratios = self._likeness(query, near.entries)
        found += (0.01 * weights.likeness_as_given) * ratios[0]
        found += (0.01 * weights.likeness) * (ratios[0] if len(ratios) < 2 else np.maximum(*ratios))
        return np.asarray(found)

    def _asked(
        self, query: Query, near: np.ndarray, of_word: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Return what the words of each entry that the query asks for add up to, by `of_word`.

        The first row by how likely the query means the word. Then whether it asks for all of them;
        and how many say the contrary: deny what the query says, or say what it denies.
        """
        wanted, absent = _wanted(query)
        size = len(self._index.idf)
        said = [w + size if w in absent else w for w in wanted]
        contraries = [w if w in absent else w + size for w in wanted]
        both, sheet = np.array(said + contraries), self._sheet.zeros
        sheet[both] = np.array([*wanted.values(), *([-1.0] * len(wanted))], np.float32)
        words, starts, lengths = self._index.words_in(near)
        worth = sheet.take(words)
        sheet[both] = 0.0

        contrary = None
        if np.minimum.reduce(worth) < 0.0:
            contrary = np.add.reduceat(worth < 0.0, starts, dtype=np.float32)
            np.maximum(worth, 0.0, out=worth)
        sums = of_word.take(words, axis=1)
        sums[0] *= worth
        sums[1:] *= np.sign(worth)
        sums = np.add.reduceat(sums, starts, axis=1)
        return sums, sums[1] == lengths, contrary

    def _likeness(self, query: Query, near: np.ndarray) -> np.ndarray:
        """Return how alike the texts are, 0 to 100: to the query as given, and as it is read."""
        found = process.cdist(_texts(query), self._index.plain_texts(near), scorer=fuzz.ratio)
        return np.asarray(found)


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
                    if word not in wanted or worth > wanted[word]:
                        wanted[word] = worth
                        if denied and denied[n]:
                            absent.add(word)
                        elif absent:
                            absent.discard(word)
    return wanted, absent


def _texts(query: Query) -> list[str]:
    """Return the query as it stands (slips corrected) and, if that differs, as it is read."""
    literal, read = [], []
    for slot in query.slots:
        first = slot.readings[0].text if slot.readings else slot.text
        literal.append(first)
        others = [r.text for r in slot.readings if not (r.literal or r.broader)]
        read.append(others[0] if others else first)
    if literal == read:
        return [_sorted_words(literal)]
    return [_sorted_words(literal), _sorted_words(read)]


def _sorted_words(parts: list[str]) -> str:
    return " ".join(sorted([w for part in parts for w in part.split() if w not in STOP]))
