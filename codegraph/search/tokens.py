"""The words of a query → tokens: each with the words of the vocabulary that it may stand for.

forarm  → forearm (a slip)        neurop, shldr → neuropathy, shoulder (clipped)
nonunion ← non union (joined)     fibromyalgiapain → fibromyalgia, pain (split)
"""

from __future__ import annotations

from msgspec import Struct

from codegraph.search.correct import Corrector
from codegraph.search.index import SearchIndex, Unit
from codegraph.search.params import Params
from codegraph.search.text import SHORTEST_STEM, STOP, skeleton, stem

_MOST_COMPLETIONS = 40
_MOST_CLIPPED = 12  # words that a word clipped in the middle of a query may be
_RARE = 40  # words in more entries need no relatives


class Token(Struct):
    """A word as given and as corrected, and the words it may stand for.

    `parts`: the units of a word that is two words written as one; `single`: the corrected word in
    its singular; `small`: whether it is a small word, that says nothing alone; `denied`: whether
    the query says that it is not there; `guess`: whether it stands for words that are not as it is
    written; `hint`: whether it says something only if it is the beginning of a longer word.
    """

    given: str
    text: str
    unit: Unit
    parts: list[Unit] = []
    single: str = ""
    final: bool = False
    small: bool = False
    denied: bool = False
    guess: bool = False
    hint: bool = False


class TokenReader:
    """Reads words against one index."""

    def __init__(self, index: SearchIndex, params: Params) -> None:
        self._index = index
        self._corrector = Corrector(index)
        self._params = params
        # Of rare words, all of the same root.
        self._relatives = {
            word: words
            for words in index.stems.values()
            if len(words) > 1
            for word in words
            if index.df(word) <= _RARE
        }

    def nearest(self, word: str) -> str | None:
        """Return the nearest real word, to offer where nothing matched."""
        return self._corrector.nearest(word)

    def tokens(
        self, given: list[str], absent: list[bool], *, begun: bool, literal: bool
    ) -> list[Token]:
        """Return the words with what each may stand for; joins and splits where that helps.

        `absent`: whether the query denies a word; `begun`: whether the last word may be the
        beginning of one; `literal`: take the words as they stand.
        """
        found: list[Token] = []
        ids = self._index.ids
        for i, word in enumerate(given):
            final = begun and i == len(given) - 1
            joined = found[-1].text + word if found and word not in ids else ""
            if joined in ids and not literal:
                found.pop()  # "non union" → nonunion
                word = joined
            if final and found and word in STOP and not literal:
                token = Token(word, word, self._completions(word, None))  # "pain in" the index …
            else:
                token = self._token(word, final, literal)
            token.denied = absent[i]
            token.single = self._index.singular(token.text)
            found.append(token)
        found[-1].final = begun
        return found

    def _token(self, word: str, final: bool, literal: bool) -> Token:
        if word == "no" and not literal:
            return Token(word, word, self._unit("without", False, True))
        if word in STOP:
            return Token(word, word, [], small=True)
        unit = self._unit(word, final, literal)
        if unit or literal:
            return Token(word, word, unit)
        if self._index.has_phrase(word) or word in self._index.seventh:
            return Token(word, word, unit)
        if final and self._index.completions(word):
            return Token(word, word, [])  # the beginning of a word that only the lexicon has
        if split := self._split(word):
            return Token(word, word, [], split)
        clipped = self._clipped(word)
        found = self._corrector.corrections(word)
        if not found:
            related = self._index.stems.get(stem(word), ()) if len(word) > SHORTEST_STEM else ()
            unit = clipped or [(w, self._params.relative) for w in related]
            return Token(word, word, unit, guess=True)
        worth = self._params.corrected
        likely: dict[int, float] = {}  # a plural is its singular
        for text, distance in found:
            likely.setdefault(self._index.ids[text], worth**distance)
        unit = [(w, worth) for w, worth in likely.items() if self._index.df(w)]
        if clipped:
            known = {w for w, _ in unit}
            unit += [c for c in clipped if c[0] not in known]
            return Token(word, word, unit, guess=True)
        return Token(word, found[0][0], unit, guess=True)

    def _clipped(self, word: str) -> Unit:
        """Return the words that a word in the middle of a query may be short for."""
        index = self._index
        if len(word) < 3 or not word.isalpha():
            return []
        worth = self._params.clipped
        if found := self._completions(word, None):
            return [(w, worth) for w, _ in found[:_MOST_CLIPPED]]
        if len(word) > 3 and skeleton(word) == word:
            return [(w, worth) for w in index.skeletons.get(word, ())]
        return []

    def _unit(self, token: str, final: bool, literal: bool) -> Unit:
        """Return the words of the vocabulary that a word as it stands may mean."""
        index, params = self._index, self._params
        word = index.ids.get(token)
        known = word is not None and index.df(word) > 0
        unit: Unit = [(word, 1.0)] if word is not None and known else []
        if final and not token.isdigit():
            unit += self._completions(token, word if known else None)
        if unit and known and not literal:
            if word in index.slips:
                unit += [(w, params.slip) for w in index.slips[word]]
            if word in self._relatives:
                unit += [(w, params.relative) for w in self._relatives[word] if w != word]
        return unit

    def _completions(self, beginning: str, word: int | None) -> Unit:
        """Return the words that an unfinished word may become, the commonest of them first."""
        params = self._params
        worth = params.prefix
        if word is not None:
            worth *= params.prefix_of_word
        return [
            (w, worth) for w in self._index.commonest(beginning, _MOST_COMPLETIONS) if w != word
        ]

    def _split(self, token: str) -> list[Unit]:
        """Return the two words of the code set that were written as one, if there are such."""
        index = self._index
        if len(token) < 7:
            return []
        best: tuple[float, list[Unit]] = (0.0, [])
        for i in range(3, len(token) - 2):
            a, b = index.ids.get(token[:i]), index.ids.get(token[i:])
            if a is None or b is None or not index.df(a) or not index.df(b):
                continue
            common = min(index.df(a), index.df(b))
            if common > best[0]:
                worth = self._params.split
                best = (common, [[(a, worth)], [(b, worth)]])
        return best[1]
