"""The opened search index: vocabulary, postings and entries as arrays over the snapshot's bytes."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Sequence

import msgspec
import numpy as np
from msgspec import Struct

from codegraph.errors import SnapshotError
from codegraph.search.lexicon import Phrase, unpacked

Unit = list[tuple[int, float]]  # words of which one should be there, each with its worth

_LIKELIEST = 4  # words of a unit that say how rare it is
_BEGUN = 3  # of them are read
_LISTED = 60  # words that begin alike which are sorted one by one
_FORMS = 3  # of a word in the vocabulary, at most
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

    Words: `folded[w]` is the word whose postings stand for word w (plural → singular); `slips`,
    `sounds`, `stems`, `skeletons` (common words by their consonants) lead to words that are alike.
    `postings`: word → entries that have it, `df` of them, then entries below a title that has it.

    Entries: their own words by `word_offsets` in `entry_words`; a word of which the entry says that
    it is not there ("without coma") is that word plus the size of the vocabulary. `texts`: wordings
    that are not the concept's title. `plain`: each entry's words in alphabetical order, since the
    order of words in a query means nothing. `standing`: features known before any query;
    `systems`: where the entries of each code system stand.

    Headers: `defaults` → the code that says no more than it; `sides` → side → the child that is it
    on that side. Seventh characters: `seventh` has the words of what they mean, `meanings` whole.

    The lexicon: `wordings`, each as a bag of words; `readings`: what each is read as; `terms`: each
    as it is written, sorted, `term_of` its place among the wordings, `begin` where those of the
    same two first letters stand; `longest`: word → words of the longest wording that has it.
    """

    vocabulary: list[str]
    folded: bytes
    idf: bytes
    df: bytes
    posting_offsets: bytes
    postings: bytes
    word_offsets: bytes
    entry_words: bytes
    rows: bytes
    kinds: bytes
    standing: bytes
    systems: dict[str, tuple[int, int]]
    texts: dict[int, str]
    plain: list[str]
    slips: dict[int, list[int]]
    sounds: dict[str, list[int]]
    stems: dict[str, list[int]]
    skeletons: dict[str, list[int]]
    defaults: dict[int, int]
    sides: dict[int, dict[str, int]]
    seventh: list[str]
    meanings: list[str]
    wordings: list[str]
    readings: str
    reading_offsets: bytes
    terms: str
    term_offsets: bytes
    term_of: bytes
    begin: dict[str, tuple[int, int]]
    after: bytes
    longest: dict[str, int]


class SearchIndex:
    """Arrays and dictionaries ready for queries."""

    def __init__(self, blob: bytes | memoryview) -> None:
        try:
            data = msgspec.msgpack.decode(blob, type=IndexData)
        except msgspec.DecodeError as error:
            raise SnapshotError(f"the search index is not readable: {error}") from error
        self.vocabulary = data.vocabulary
        self.folded = _numbers(data.folded)
        self._folded = np.frombuffer(data.folded, np.int32)
        self.ids = dict(zip(data.vocabulary, self.folded, strict=True))
        self.idf = np.frombuffer(data.idf, np.float32)
        self._rarity = array("f", data.idf)
        self._df = _numbers(data.df)
        rareness = 0xFFFF - np.frombuffer(data.df, np.int32).clip(max=0xFFFF)
        self._rareness = rareness.astype(np.uint16)
        self._offsets = _numbers(data.posting_offsets)
        # numpy scatters by its own index type twice as fast as by any other.
        self._postings = np.frombuffer(data.postings, np.int32).astype(np.intp)
        self.word_offsets = np.frombuffer(data.word_offsets, np.int32).astype(np.intp)
        self._lengths = np.diff(self.word_offsets)
        self.entry_words = np.frombuffer(data.entry_words, np.int32)
        self.rows = _numbers(data.rows)
        self.kinds = data.kinds
        self.count = len(self.rows)
        self.standing = np.frombuffer(data.standing, np.uint8).reshape(self.count, -1)
        self.systems = {name: slice(*ends) for name, ends in data.systems.items()}
        self.texts = data.texts
        self._plain = data.plain
        self.slips = data.slips
        self.sounds = data.sounds
        self.stems = data.stems
        self.skeletons = data.skeletons
        self.defaults = data.defaults
        self.sides = data.sides
        self.seventh = set(data.seventh)
        self.meanings: dict[str, list[list[str]]] = {}  # by first word, the longest first
        for text in sorted(data.meanings, key=len, reverse=True):
            given = text.split()
            if {"encounter", "sequela"} & set(given):  # "right eye" is one too, but not only
                self.meanings.setdefault(given[0], []).append(given)
        self._wordings = data.wordings
        self._places = {wording: place for place, wording in enumerate(data.wordings)}
        self._readings = data.readings
        self._reading_offsets = _numbers(data.reading_offsets)
        self._terms = data.terms
        self._term_offsets = _numbers(data.term_offsets)
        self._term_of = _numbers(data.term_of)
        self._begin = data.begin
        self._after = _numbers(data.after)
        self.longest = data.longest

    def df(self, word: int) -> int:
        """Return in how many entries a word stands."""
        return self._df[word]

    def entries_with(self, text: str) -> int:
        """Return in how many entries a word stands; 0 for what is no word of the vocabulary."""
        word = self.ids.get(text)
        return 0 if word is None else self._df[word]

    def is_entry_word(self, text: str) -> bool:
        """Whether an entry has a word; the others only the lexicon or a seventh character has."""
        return self.entries_with(text) > 0

    def singular(self, text: str) -> str:
        """Return a word in its singular where the code set has one."""
        word = self.ids.get(text)
        return text if word is None else self.vocabulary[word]

    def rarities_of(self, units: Sequence[Unit]) -> list[float]:
        """Return of each unit how rare the rarest of its likeliest words is."""
        rarity = self._rarity
        return [
            rarity[unit[0][0]]
            if len(unit) == 1
            else max([rarity[word] for word, _ in unit[:_LIKELIEST]])
            for unit in units
        ]

    def posting(self, word: int) -> slice:
        """Return where the entries of a word stand: its own, then those below a title with it."""
        return slice(self._offsets[word], self._offsets[word + 1])

    def at(self, where: slice) -> np.ndarray:
        """Return the entries that stand there."""
        return self._postings[where]

    def own(self, word: int) -> np.ndarray:
        """Return the entries that have a word."""
        start = self._offsets[word]
        return self._postings[start : start + self._df[word]]

    def context(self, word: int) -> np.ndarray:
        """Return the entries below a title that has a word."""
        start, end = self._offsets[word : word + 2]
        return self._postings[start + self._df[word] : end]

    def are_own(self) -> np.ndarray:
        """Return for each place of the postings whether it is of the entry's own wording."""
        offsets, df = np.array(self._offsets), np.array(self._df)
        places = np.arange(len(self._postings)) - np.repeat(offsets[:-1], np.diff(offsets))
        return np.asarray(places < np.repeat(df, np.diff(offsets)))

    def words_above(self, number: int) -> list[int]:
        """Return the words that more entries than that have, themselves or above them."""
        return (np.diff(self._offsets) > number).nonzero()[0].tolist()

    def plain_texts(self, entries: np.ndarray) -> list[str]:
        """Return the words of entries in alphabetical order, as one text each."""
        plain = self._plain
        return [plain[entry] for entry in entries.tolist()]

    def words_in(self, entries: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the words of some entries one after the other; where each begins; how many."""
        begins, lengths = self.word_offsets[entries], self._lengths[entries]
        ends = lengths.cumsum()
        starts = ends - lengths
        places = (begins - starts).repeat(lengths)
        places += np.arange(len(places))
        return self.entry_words[places], starts, lengths

    def per_entry(self, values: np.ndarray) -> np.ndarray:
        """Return the sum, for each entry, of what its words are worth."""
        of = np.repeat(np.arange(self.count), np.diff(self.word_offsets))
        return np.bincount(of, values, self.count)

    def words_of(self, entry: int) -> list[int]:
        """Return the words of an entry's own wording, those that it denies too."""
        start, end = self.word_offsets[entry : entry + 2].tolist()
        return (self.entry_words[start:end] % len(self.idf)).tolist()  # type: ignore[no-any-return]

    def has_phrase(self, wording: str) -> bool:
        """Whether the lexicon has a wording of this bag of words."""
        return wording in self._places

    def phrase(self, wording: str) -> Phrase | None:
        """Return the lexicon's wording of a bag of words (each in its singular), if it has it."""
        place = self._places.get(wording)
        return None if place is None else self._phrase_at(place)

    def _phrase_at(self, place: int) -> Phrase:
        start, end = self._reading_offsets[place : place + 2]
        return unpacked(self._wordings[place], self._readings[start:end])

    def _term(self, number: int) -> str:
        start, end = self._term_offsets[number : number + 2]
        return self._terms[start:end]

    def goes_on(self, word: str) -> bool:
        """Whether a wording of the lexicon begins with a word and goes on."""
        place = 2 * self.ids[word]
        return self._after[place] < self._after[place + 1]

    def begun(self, beginning: str, first: int | None = None) -> Phrase | None:
        """Return what a wording of the lexicon that begins so is read as, the shortest first.

        `first`: the first word, where a whole one is given.
        """
        if first is None:
            start, end = self._begin.get(beginning[:2], (0, 0))
        else:
            start, end = self._after[2 * first : 2 * first + 2]
        if start == end:
            return None
        start = bisect_left(range(len(self._term_of)), beginning, start, end, key=self._term)
        found = []
        for number in range(start, min(start + _LOOKED_AT, end)):
            term = self._term(number)
            if not term.startswith(beginning):
                break
            found.append((term.count(" "), len(term), number))
        phrase: Phrase | None = None
        for _, _, number in sorted(found)[:_BEGUN]:
            other = self._phrase_at(self._term_of[number]).heard(True)
            if other is not None:
                phrase = other if phrase is None else phrase.joined(other)
        return phrase

    def completions(self, beginning: str) -> range:
        """Return the vocabulary positions of the words that begin so."""
        start = bisect_left(self.vocabulary, beginning)
        end = bisect_left(self.vocabulary, beginning + "\x7f", start)
        return range(start, end)

    def commonest(self, beginning: str, most: int) -> list[int]:
        """Return the words of entries that begin so, the commonest first."""
        span = self.completions(beginning)
        if len(span) <= _LISTED:
            words = dict.fromkeys(self.folded[span.start : span.stop])
            ranked = sorted([(-self._df[w], n, w) for n, w in enumerate(words)])
        else:
            found = self._folded[span.start : span.stop]
            # Sorted by digits: sixteen bits of them.
            order = np.argsort(self._rareness[found], kind="stable")[: _FORMS * most]
            ranked = [(-self._df[w], 0, w) for w in dict.fromkeys(found[order].tolist())]
        return [word for commonness, _, word in ranked if commonness][:most]


def _numbers(packed: bytes) -> array[int]:
    """Return numbers to be looked up one at a time: four bytes each, not an object each."""
    return array("i", packed)
