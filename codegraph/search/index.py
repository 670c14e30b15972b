"""The opened search index: vocabulary, postings and entries as arrays over the snapshot's bytes."""

from __future__ import annotations

from bisect import bisect_left

import msgspec
import numpy as np
from msgspec import Struct

from codegraph.errors import SnapshotError
from codegraph.search.lexicon import Phrase, unpacked

_LOOKED_AT = 40  # wordings that begin alike

# Kinds of wording in the index, and what an answer calls each.
KIND_NAMES = {
    "title": "title",
    "inclusion": "inclusion_term",
    "includes": "includes",
    "synonym": "synonym",
    "shorter": "wording",
}
KINDS = tuple(KIND_NAMES)


class IndexData(Struct):
    """The index as the snapshot holds it: arrays as bytes in the machine's order.

    `folded[w]`: the word whose postings stand for word w (plural → singular).
    `own_*`: word → entries that have it; `context_*`: word → entries below a title that has it.
    `entry_words`: entry → its own words, by `word_offsets`. `texts`: wordings, empty where it is
    the concept's title. `plain`: each entry's words in alphabetical order, since the order of words
    in a query means nothing. `defaults`: header → the code that says no more than it; `sides`:
    header → side → the child that is it on that side; `seventh`: words of what seventh characters
    mean, `meanings`: whole. `terms`, `readings`: the lexicon, sorted.
    """

    vocabulary: list[str]
    folded: bytes
    idf: bytes
    own_offsets: bytes
    own_entries: bytes
    context_offsets: bytes
    context_entries: bytes
    word_offsets: bytes
    entry_words: bytes
    rows: bytes
    kinds: bytes
    texts: list[str]
    plain: list[str]
    slips: dict[int, list[int]]
    sounds: dict[str, list[int]]
    stems: dict[str, list[int]]
    defaults: dict[int, int]
    sides: dict[int, dict[str, int]]
    seventh: list[str]
    meanings: list[str]
    terms: list[str]
    readings: list[str]


class SearchIndex:
    """Arrays and dictionaries ready for queries."""

    def __init__(self, blob: bytes) -> None:
        try:
            data = msgspec.msgpack.decode(blob, type=IndexData)
        except msgspec.DecodeError as error:
            raise SnapshotError(f"the search index is not readable: {error}") from error
        self.vocabulary = data.vocabulary
        self.folded = np.frombuffer(data.folded, np.int32).tolist()
        self.ids = dict(zip(data.vocabulary, self.folded, strict=True))
        self.idf = np.frombuffer(data.idf, np.float32)
        self.own_offsets = np.frombuffer(data.own_offsets, np.int32).tolist()
        self.own_entries = np.frombuffer(data.own_entries, np.int32)
        self.context_offsets = np.frombuffer(data.context_offsets, np.int32).tolist()
        self.context_entries = np.frombuffer(data.context_entries, np.int32)
        self.word_offsets = np.frombuffer(data.word_offsets, np.int32)
        self.entry_words = np.frombuffer(data.entry_words, np.int32)
        self.rows = np.frombuffer(data.rows, np.int32)
        self.kinds = np.frombuffer(data.kinds, np.uint8)
        self.texts = data.texts
        self.plain = data.plain
        self.slips = data.slips
        self.sounds = data.sounds
        self.stems = data.stems
        self.defaults = data.defaults
        self.sides = data.sides
        self.seventh = set(data.seventh)
        self.meanings: dict[str, list[list[str]]] = {}  # by first word, the longest first
        for text in sorted(data.meanings, key=len, reverse=True):
            given = text.split()
            if {"encounter", "sequela"} & set(given):  # "right eye" is one too, but not only
                self.meanings.setdefault(given[0], []).append(given)
        self._terms = data.terms
        self._readings = dict(zip(data.terms, data.readings, strict=True))
        self.longest_term = max((t.count(" ") + 1 for t in data.terms), default=1)
        self.count = len(self.texts)

    def df(self, word: int) -> int:
        """Return in how many entries a word stands."""
        return int(self.own_offsets[word + 1] - self.own_offsets[word])

    def own(self, word: int) -> np.ndarray:
        """Return the entries that have a word."""
        return self.own_entries[self.own_offsets[word] : self.own_offsets[word + 1]]

    def context(self, word: int) -> np.ndarray:
        """Return the entries below a title that has a word."""
        return self.context_entries[self.context_offsets[word] : self.context_offsets[word + 1]]

    def phrase(self, term: str) -> Phrase | None:
        """Return the lexicon's wording of these words (each in its singular), if it has it."""
        packed = self._readings.get(term)
        return None if packed is None else unpacked(term, packed)

    def begun(self, beginning: str) -> Phrase | None:
        """Return the shortest wording of the lexicon, as many words long, that begins so."""
        start = bisect_left(self._terms, beginning)
        spaces = beginning.count(" ")
        found = [
            term
            for term in self._terms[start : start + _LOOKED_AT]
            if term.startswith(beginning) and term.count(" ") == spaces
        ]
        return self.phrase(min(found, key=len)) if found else None

    def completions(self, beginning: str) -> range:
        """Return the vocabulary positions of the words that begin so."""
        start = bisect_left(self.vocabulary, beginning)
        end = bisect_left(self.vocabulary, beginning + "\x7f", start)
        return range(start, end)
