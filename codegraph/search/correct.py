"""A word that is not in the vocabulary → the words of it that may be meant."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from codegraph.search.index import SearchIndex
from codegraph.search.text import sound

_LEXICON_ONLY = 0.4  # edits that a word counts more which only the lexicon has
_ROOM = 256  # for a letter or a length beside a letter
_FIVE_BITS = np.uint32(31)
_MOST = 4  # corrections offered for one word


class Corrector:
    """Nearest words by edits (neighbour swaps count as one) and by sound."""

    def __init__(self, index: SearchIndex) -> None:
        self._index = index
        known = [w for w in index.vocabulary if _is_known(w)]
        letters = np.frombuffer("".join(known).encode("ascii"), np.uint8).astype(np.uint32)
        lengths = np.array([*map(len, known)])
        starts = np.cumsum(lengths) - lengths
        first, second, third = (letters[starts + n] for n in range(3))
        # Nearly every slip keeps the first letter; for one that does not, the next two help.
        self._by_length = _Pool(known, first * _ROOM + lengths)
        self._by_next_two = _Pool(known, second * _ROOM + third)
        bits = np.bitwise_or.reduceat(np.uint32(1) << (letters & _FIVE_BITS), starts)
        self._bits = bits[self._by_length.order]

    def corrections(self, word: str) -> list[tuple[str, int]]:
        """Return likely words with their distance in edits, best first; none for short words."""
        most = _most_edits(word)
        if most == 0:
            return []
        found = self._near(word, 1, self._same_start(word, 1))
        if found:
            return self._best(word, found)  # one slip is likelier than two
        found = self._near(word, most, self._same_start(word, most)) if most > 1 else []
        found = _merge(found, self._near(word, min(most, 2), self._other_start(word)))
        if len(word) >= 5 and all(distance > 1 for _, distance in found):
            found = _merge(found, self._alike(word, most + 2))
        return self._best(word, found)

    def nearest(self, word: str) -> str | None:
        """Return the nearest real word within half its letters, to offer where nothing matched."""
        most = max(2, len(word) // 2)
        pool = self._same_start(word, most) + self._other_start(word)
        scored = process.extractOne(word, pool, scorer=OSA.distance, score_cutoff=most)
        return scored[0] if scored else None

    def _near(self, word: str, most: int, pool: Sequence[str]) -> list[tuple[str, int]]:
        hits = process.extract(word, pool, scorer=OSA.distance, score_cutoff=most, limit=8)
        return [(text, int(distance)) for text, distance, _ in hits]

    def _same_start(self, word: str, most: int) -> list[str]:
        """Return words of the same first letter and about the same length and letters."""
        low, high = max(3, len(word) - most), min(len(word) + most, _ROOM - 1)
        near = self._by_length.between(_key(word[0]) + low, _key(word[0]) + high)
        # An edit changes two letters at most: one goes, one comes.
        differ = np.bitwise_count(self._bits[near] ^ _bits(word))
        words, start = self._by_length.words, near.start
        return [words[start + at] for at in (differ <= 2 * most).nonzero()[0].tolist()]

    def _other_start(self, word: str) -> list[str]:
        """Return words whose first letter was hit wrongly, left out, doubled or swapped."""
        return [
            *self._by_next_two.of(_key(word[1:3])),
            *self._by_next_two.of(_key(word[:2])),
            *self._beginning(word[1:3]),
            *self._beginning(word[1::-1]),
        ]

    def _beginning(self, two: str) -> list[str]:
        span = self._index.completions(two)
        return [w for w in self._index.vocabulary[span.start : span.stop] if _is_known(w)]

    def _alike(self, word: str, most: int) -> list[tuple[str, int]]:
        vocabulary = self._index.vocabulary
        found = []
        for i in self._index.sounds.get(sound(word), ()):
            distance = OSA.distance(word, vocabulary[i], score_cutoff=most)
            if distance <= most:
                found.append((vocabulary[i], max(1, distance - 1)))
        return found

    def _best(self, word: str, found: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
        """Order by edits, then the same first letter, the same sound, and how common a word is."""
        if len(found) < 2:
            return list(found)
        index = self._index
        alike = index.sounds.get(sound(word), ())
        ranked = []
        for text, distance in found:
            id = index.ids[text]
            common = 1.0 if text in index.seventh else min(index.df(id), 400) / 400
            bonus = 0.3 * (text[0] == word[0]) + 0.35 * (id in alike) + 0.3 * common
            rare = 0.0 if common else _LEXICON_ONLY
            ranked.append((distance - bonus + rare, text, distance))
        ranked.sort()
        enough = ranked[0][0] + 1.0
        return [(text, distance) for worth, text, distance in ranked if worth <= enough][:_MOST]


class _Pool:
    """Words in the order of a number that each has, and otherwise as they came."""

    def __init__(self, words: Sequence[str], numbers: np.ndarray) -> None:
        self.order = np.argsort(numbers, kind="stable")
        self.words = [words[n] for n in self.order.tolist()]
        self._numbers = array("i", numbers[self.order].astype(np.int32).tobytes())

    def between(self, low: int, high: int) -> slice:
        """Return where the words stand whose number is from `low` to `high`."""
        return slice(bisect_left(self._numbers, low), bisect_right(self._numbers, high))

    def of(self, number: int) -> list[str]:
        """Return the words of a number."""
        return self.words[self.between(number, number)]


def _is_known(word: str) -> bool:
    """Whether a word may be what another was meant to be."""
    return len(word) >= 3 and not word.isdigit()


def _key(letters: str) -> int:
    """Return the number of one letter, with room for another number, or of two letters."""
    first, *second = letters.encode("ascii", "replace")
    return first * _ROOM + sum(second)


def _bits(word: str) -> np.uint32:
    """Return the letters that a word has, as bits; digits share theirs with letters."""
    found = 0
    for letter in word:
        found |= 1 << (ord(letter) & int(_FIVE_BITS))
    return np.uint32(found)


def _most_edits(word: str) -> int:
    if word.isdigit() or len(word) < 4:
        return 0
    if len(word) <= 6:
        return 1
    return 2 if len(word) <= 8 else 3


def _merge(a: list[tuple[str, int]], b: list[tuple[str, int]]) -> list[tuple[str, int]]:
    best: dict[str, int] = {}
    for text, distance in (*a, *b):
        best[text] = min(distance, best.get(text, distance))
    return list(best.items())
