"""A query → slots: stretches of words, each with the readings that could be meant.

    "rt forarm pain"
      slot 1  rt      → right
      slot 2  forarm  → forearm (corrected)
      slot 3  pain    → pain, or words that begin so, or a lexicon reading

A reading is a list of units that should all be there; a unit is a list of words of which one
should be there, each with its worth.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from codegraph.search.correct import Corrector
from codegraph.search.index import SearchIndex
from codegraph.search.lexicon import Phrase
from codegraph.search.params import Params
from codegraph.search.text import STOP, words

LONGEST = 24  # words of a query that are looked at
_MOST_COMPLETIONS = 40
_MOST_READINGS = 5

Unit = list[tuple[int, float]]


@dataclass(slots=True)
class Reading:
    """One way to read a slot. `worth`: how likely, 1 the most. `text`: in words."""

    units: list[Unit]
    worth: float
    text: str
    literal: bool = False


@dataclass(slots=True)
class Slot:
    """A stretch of the query. `weight`: what it is worth to match it."""

    text: str
    readings: list[Reading]
    weight: float = 0.0


@dataclass(slots=True)
class Query:
    """A query as understood."""

    words: list[str]
    slots: list[Slot] = field(default_factory=list)
    corrections: list[tuple[str, str]] = field(default_factory=list)
    phrases: dict[str, Phrase] = field(default_factory=dict)


class QueryReader:
    """Reads queries against one index."""

    def __init__(self, index: SearchIndex, corrector: Corrector, params: Params) -> None:
        self._index = index
        self._corrector = corrector
        self._params = params
        self._unknown = float(index.idf.max())

    def read(self, text: str, *, literal: bool = False) -> Query:
        """Return the query as understood; `literal` takes the words as they stand."""
        tokens = words(text)[:LONGEST]
        query = Query(tokens)
        if not tokens:
            return query
        unfinished = not text[-1].isspace()
        shouted = text.isupper()
        given = set() if shouted else {w for w in text.replace("/", " ").split() if w.isupper()}
        capitals = {w for g in given for w in words(g)}
        lone = len(tokens) == 1
        at = 0
        while at < len(tokens):
            phrase = None if literal else self._phrase(tokens, at, capitals, lone)
            length = len(phrase.term) if phrase else 1
            last = unfinished and at + length == len(tokens)
            slot = self._slot(tokens[at : at + length], phrase, last, literal, query)
            if slot is not None:
                query.slots.append(slot)
            at += length
        return query

    # ── phrases ──────────────────────────────────────────────────────────────────────────────

    def _phrase(
        self, tokens: list[str], at: int, capitals: set[str], lone: bool
    ) -> Phrase | None:
        """Return the longest lexicon wording that begins at a word of the query."""
        for first in self._spellings(tokens[at]):
            for phrase in self._index.phrases.get(first, ()):
                n = len(phrase.term)
                if n == 1:
                    if self._is_ordinary(phrase) and not lone and tokens[at] not in capitals:
                        continue
                    return phrase
                if at + n <= len(tokens) and all(
                    t == p or p in self._spellings(t)
                    for t, p in zip(tokens[at : at + n], phrase.term, strict=True)
                ):
                    return phrase
        return None

    def _spellings(self, token: str) -> tuple[str, ...]:
        """Return a word and the singular it stands for."""
        word = self._index.ids.get(token)
        if word is None:
            return (token,)
        single = self._index.vocabulary[word]
        return (token,) if single == token else (token, single)

    def _is_ordinary(self, phrase: Phrase) -> bool:
        """Whether an abbreviation is also a plain word, so that only capitals mean it."""
        if not phrase.capitals:
            return False
        term = phrase.term[0]
        word = self._index.ids.get(term)
        return term in STOP or (word is not None and self._index.df(word) > 0)

    # ── slots ────────────────────────────────────────────────────────────────────────────────

    def _slot(
        self, tokens: list[str], phrase: Phrase | None, last: bool, literal: bool, query: Query
    ) -> Slot | None:
        text = " ".join(tokens)
        units, literal_text, known = [], [], True
        for i, token in enumerate(tokens):
            if token in STOP and not (last and i == len(tokens) - 1 and len(query.words) == 1):
                continue
            final = last and i == len(tokens) - 1
            unit = self._unit(token, final, literal, phrase is not None, query)
            known = known and bool(unit)
            if unit:
                units.append(unit)
                literal_text.append(self._index.vocabulary[unit[0][0]])
        readings = []
        if units and known:
            readings.append(Reading(units, 1.0, " ".join(literal_text), literal=True))
        if phrase is not None:
            readings += self._readings(phrase, known and bool(units))
            query.phrases[text] = phrase
        if not readings:
            if all(t in STOP for t in tokens):
                return None
            return Slot(text, [], self._unknown * self._params.unknown)
        slot = Slot(text, readings)
        slot.weight = max(self._weight(r) for r in readings)
        return slot

    def _readings(self, phrase: Phrase, has_literal: bool) -> list[Reading]:
        params, index = self._params, self._index
        top = params.word_form if has_literal and len(phrase.term) == 1 else params.reading
        found = []
        for n, reading in enumerate(phrase.readings[:_MOST_READINGS]):
            units: list[Unit] = [[(index.ids[w], 1.0)] for w in reading if w not in STOP]
            if units:
                worth = top - n * params.further_reading
                found.append(Reading(units, worth, " ".join(reading)))
        return found

    def _weight(self, reading: Reading) -> float:
        idf = self._index.idf
        return float(sum(max(idf[w] for w, _ in unit[:4]) for unit in reading.units))

    def _unit(
        self, token: str, final: bool, literal: bool, in_phrase: bool, query: Query
    ) -> Unit:
        """Return the words of the vocabulary that a word of the query may stand for."""
        index, params = self._index, self._params
        word = index.ids.get(token)
        unit: Unit = []
        if word is not None and index.df(word) > 0:
            unit.append((word, 1.0))
        if final and len(token) >= 2:
            unit += self._completions(token, word)
        if unit:
            if not literal:
                unit += [
                    (w, params.slip) for w in index.slips.get(word if word is not None else -1, ())
                ]
            return unit
        if literal or in_phrase:
            return []
        joined = self._split(token)
        if joined:
            return joined
        for text, distance in self._corrector.corrections(token):
            unit.append((index.ids[text], params.corrected**distance))
        if unit:
            query.corrections.append((token, index.vocabulary[unit[0][0]]))
        return unit

    def _completions(self, beginning: str, word: int | None) -> Unit:
        index, found = self._index, {}
        for position in index.completions(beginning):
            w = index.folded[position]
            if w != word and index.df(w):
                found[w] = index.df(w)
        best = sorted(found, key=lambda w: -found[w])[:_MOST_COMPLETIONS]
        worth = self._params.prefix
        if word is not None and index.df(word) > 0:
            worth *= 0.6  # a whole word already: that it is unfinished is less likely
        return [(w, worth) for w in best]

    def _split(self, token: str) -> Unit:
        return []
