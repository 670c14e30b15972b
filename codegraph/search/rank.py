"""Looks closely at the entries that retrieval found: features of each, weighted and added up."""

from __future__ import annotations

import numpy as np
from msgspec import structs
from rapidfuzz import fuzz, process

from codegraph.search.index import SearchIndex
from codegraph.search.params import Weights
from codegraph.search.query import Query
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
_ALL_OF_IT = 0.97  # share from which on nothing is lacking
_HAS_IT = 0.3  # share of a part of the query from which on an entry counts as having it


class Ranker:
    """Scores entries of one index. Holds no state between queries."""

    def __init__(self, index: SearchIndex, whole: Weights, typing: Weights) -> None:
        self._index = index
        columns = index.standing.astype(np.float32)
        self._prior = [columns @ _vector(w, STANDING) for w in (whole, typing)]
        self._weights = [_vector(w, (*MEETING, *GROUPS)) for w in (whole, typing)]
        group = np.zeros(len(index.idf), np.uint8)  # word → its group, 0 for none
        for n, text in enumerate(GROUPS.values(), 1):
            group[[index.ids[w] for w in text.split() if w in index.ids]] = n
        self._group = group[index.entry_words]
        self._lengths = np.diff(index.word_offsets)
        # What is denied is hardly ever asked for: that it is not asked for says little.
        rarity = index.idf[index.entry_words] * np.where(index.entry_denied, _DENIED, 1.0)
        entire = np.maximum(index.per_entry(rarity), 0.1).repeat(self._lengths)
        self._part = (rarity / entire).astype(np.float32)  # of its entry, by rarity

    def prior(self, unfinished: bool) -> np.ndarray:
        """Return what speaks for or against each entry before it is compared with a query."""
        return np.asarray(self._prior[unfinished])

    def score(self, query: Query, near: np.ndarray, shares: np.ndarray) -> np.ndarray:
        """Return a score, about 0 to 2, for each of the entries `near`.

        `shares`: of each slot with readings, what each of these entries has.
        """
        features = self.meeting(query, near, shares)
        found = self._weights[query.unfinished] @ features + self._prior[query.unfinished][near]
        return np.asarray(found)

    def meeting(self, query: Query, near: np.ndarray, shares: np.ndarray) -> np.ndarray:
        """Return the features (rows: MEETING, then GROUPS) of the entries `near` (columns)."""
        index, count = self._index, len(near)
        lengths = self._lengths[near]
        ends = lengths.cumsum()
        of = np.arange(count).repeat(lengths)
        flat = np.arange(int(ends[-1])) + (index.word_offsets[near] + lengths - ends).repeat(
            lengths
        )
        worth, contrary = self._worth(query, flat)
        entry_cover = np.bincount(of, self._part[flat] * worth, count)
        groups = len(GROUPS) + 1
        unasked = (of * groups + self._group[flat])[worth == 0.0]
        counts = np.bincount(unasked, minlength=count * groups).reshape(count, groups)

        slots = [slot for slot in query.slots if slot.readings]
        total = sum(slot.weight for slot in query.slots) or 1.0
        cover = np.array([slot.weight / total for slot in slots], np.float32) @ shares
        lacking = 1.0 - cover
        if any(slot.denied for slot in slots) and not all(slot.denied for slot in slots):
            shares = shares[[n for n, slot in enumerate(slots) if not slot.denied]]
        likeness, as_given = self._likeness(query, near)
        found = np.empty((len(MEETING) + len(GROUPS), count), np.float32)
        found[0] = cover
        found[1] = cover * cover
        found[2] = entry_cover
        found[3] = entry_cover * entry_cover
        found[4] = cover * entry_cover
        found[5] = shares.min(axis=0)
        found[6] = np.add.reduce(shares > _HAS_IT, axis=0)
        found[6] /= len(query.slots)
        found[7] = likeness
        found[8] = as_given
        found[9] = np.minimum(entry_cover, cover) > _ALL_OF_IT
        found[10] = lacking * (counts.sum(axis=1) == 0)
        found[11] = 0.0 if contrary is None else np.bincount(of[contrary], minlength=count)
        found[12:14] = lacking * counts.T[1:3]
        found[14:] = np.minimum(counts.T[1:], 2)
        return found

    def _worth(self, query: Query, flat: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Return what the query wants each word at `flat` for, and which say the contrary of it.

        An entry says the contrary where it denies what the query says, or says what it denies.
        """
        wanted: dict[int, float] = {}
        absent: set[int] = set()
        for slot in query.slots:
            for reading in slot.readings:
                for n, unit in enumerate(reading.units):
                    denies = slot.denied or (bool(reading.denied) and reading.denied[n])
                    for word, likely in unit:
                        worth = likely * reading.worth
                        if worth > wanted.get(word, 0.0):
                            wanted[word] = worth
                            (absent.add if denies else absent.discard)(word)
        words = self._index.entry_words[flat]
        worths = np.zeros(len(self._index.idf), np.float32)
        worths[list(wanted)] = list(wanted.values())
        found = worths[words]
        denied = self._index.entry_denied[flat]
        if absent:
            denied = denied != np.isin(words, list(absent))
        contrary = denied & (found > 0.0)
        if not contrary.any():
            return found, None
        found[contrary] = 0.0
        return found, contrary

    def _likeness(self, query: Query, near: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return how alike the texts are (0 to 1): in the best way to read the query, as given."""
        texts = self._index.plain_texts(near)
        literal, read = _texts(query)
        ways = [literal] if literal == read else [literal, read]
        ratios = process.cdist(ways, texts, scorer=fuzz.ratio) / 100.0
        return ratios.max(axis=0), ratios[0]


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
