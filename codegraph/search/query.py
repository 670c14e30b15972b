"""A query → slots: stretches of words, each with the readings that could be meant.

    "rt forarm pain"
      slot 1  rt      → right
      slot 2  forarm  → forearm (corrected)
      slot 3  pain    → pain, or words that begin so, or a lexicon reading

A reading is a list of units that should all be there; a unit is a list of words of which one
should be there, each with its worth.
"""

from __future__ import annotations

from msgspec import Struct

from codegraph.search.index import SearchIndex, Unit
from codegraph.search.lexicon import Phrase
from codegraph.search.params import Params
from codegraph.search.text import NEGATIONS, STOP, denied, is_article, words
from codegraph.search.tokens import Token, TokenReader

LONGEST = 24  # words of a query that are looked at
_FEW = 3  # words after which a blank says that more are to come
_SHORT = 4  # letters of a word that may be an abbreviation
_MOST_READINGS = 4  # of a wording
_MOST_BESIDE = 2  # of one that the code set has words for as it stands
_MOST_BROADER = 2
# Words that speak of the encounter: the seventh character, which no entry holds.
_ENCOUNTER = frozenset(
    "initial subsequent sequela encounter visit healing nonunion malunion delayed routine fetus"
    " follow up f u fu followup late effect aftercare open closed".split()
)
# Of these, what chooses none by itself: every list has them, or none is told by them.
_CHOOSES_NONE = frozenset("encounter fracture other without not".split())
_DIGITS = "0123456789"
_SIDES = ("right", "left", "bilateral")
_SIDE_WORDS = frozenset("right left bilateral rt lt r l bil bilat".split())
_FOLLOW_UP = frozenset({"fu", "followup", "follow"})
# Words of talk that no code is chosen by.
_FILLER = frozenset(
    "i im ive me my mine myself you your he his him she her hers we our they them am are were do"
    " does did done doing don t s got get gets getting has having had really very bit lot some just"
    " so too still again since while when if then there here which who pt patient states reports"
    " complains seen today yesterday keeps keep kept feel feels feeling felt".split()
)
# What says hardly anything where it is the last word: a small word, or the beginning of one, or,
# at a lower weight, the beginning of any other ("in" of infarction).
_HINTS = STOP | _FILLER | frozenset("w wi wit o du".split())


class Reading(Struct):
    """One way to read a slot. `worth`: how likely, 1 the most. `text`: in words.

    For each unit: `rarities`, and in `denied` whether the reading says that it is not there, where
    it denies anything.
    """

    units: list[Unit]
    rarities: list[float]
    worth: float
    text: str
    literal: bool = False
    broader: bool = False
    denied: list[bool] = []


class Slot(Struct):
    """A stretch of the query.

    `weight`: what it is worth to match it; `variant`: its readings are mere spellings of it;
    `denied`: the query says that this is not there; `guess`: none of its words is as written.
    """

    text: str
    readings: list[Reading]
    weight: float = 0.0
    variant: bool = False
    denied: bool = False
    guess: bool = False


class Query(Struct):
    """A query as understood.

    `read`: its words, slips corrected; `sides`: the sides it names, each with the words that must
    be there too where only a less likely reading names it (AD: right ear); `encounter`: its words
    that may speak of the seventh character, a follow-up among them as the subsequent encounter it
    is; `unfinished`: whether its last word is only the beginning of one, or a blank says that
    another is to come; `bare`: whether it is but one word, of the code set and no short one.
    """

    words: list[str]
    read: list[str] = []
    slots: list[Slot] = []
    corrections: list[tuple[str, str]] = []
    sides: dict[str, frozenset[str]] = {}
    encounter: set[str] = set()
    unfinished: bool = False
    bare: bool = False

    def is_begun(self) -> bool:
        """Whether more is to be expected: it is unfinished, or but one word of the code set."""
        return self.unfinished or self.bare

    def is_guesswork(self) -> bool:
        """Whether some words mean nothing, and none of the others is as it is written."""
        return not all(s.readings for s in self.slots) and all(
            s.guess for s in self.slots if s.readings
        )


class QueryReader:
    """Reads queries against one index."""

    def __init__(self, index: SearchIndex, params: Params) -> None:
        self._index = index
        self._params = params
        self.tokens = TokenReader(index, params)
        self._unknown = float(index.idf.max())

    def read(self, text: str, *, literal: bool = False) -> Query:
        """Return the query as understood; `literal` takes the words as they stand."""
        given = words(text)
        absent = denied(text) if not NEGATIONS.isdisjoint(given) else [False] * len(given)
        kept = list(range(len(given)))
        if "a" in given:
            kept = [i for i in kept if not is_article(given, i)]
        del kept[LONGEST:]
        begun = not text[-1:].isspace()  # the last word may be the beginning of one
        last = len(given) - 1 if begun else -1
        if len(kept) > 1:
            kept = [i for i in kept if given[i] not in _FILLER or i == last] or kept
        query = Query([given[i] for i in kept])
        if not kept:
            return query
        tokens = self.tokens.tokens(
            query.words, [absent[i] for i in kept], begun=begun, literal=literal
        )
        end = tokens[-1]
        end.hint = begun and len(tokens) > 1 and end.given in _HINTS
        query.read = [t.text for t in tokens]
        query.corrections = [(t.given, t.text) for t in tokens if t.given != t.text]
        query.encounter = self._index.seventh.intersection(query.read)
        if query.encounter <= _CHOOSES_NONE:
            query.encounter = set()
        if ("f" in given and "u" in given) or not _FOLLOW_UP.isdisjoint(given):
            query.encounter |= {"subsequent"}
        known = self._index.is_entry_word(end.single) or self._index.has_phrase(end.single)
        said = len([t for t in tokens if not t.small])
        query.unfinished = (end.hint or not known) if begun else said <= _FEW
        query.bare = (
            len(tokens) == 1 and len(end.given) > _SHORT and self._index.is_entry_word(end.text)
        )
        capitals = set() if text.islower() else _capitals(text)
        meanings = self._index.meanings
        sided = not _SIDE_WORDS.isdisjoint(query.read)
        at = 0
        taken: set[int] = set()
        while at < len(tokens):
            if at in taken:
                at += 1
                continue
            if query.read[at] in meanings and (spoken := self._meaning(query.read, at)):
                at += spoken  # the seventh character is chosen apart from the words
                continue
            found = None if literal else self._phrase(tokens, at, taken, capitals, sided)
            phrase, places = found or (None, [at])
            taken.update(places)
            part = [tokens[i] for i in places]
            slot = self._slot(query, part, phrase, literal, several=len(tokens) > len(part))
            if slot is not None:
                query.slots.append(slot)
        self._weigh(query)
        return query

    def _weigh(self, query: Query) -> None:
        """Find the sides that are named, and lower what speaks of no condition that is there."""
        params = self._params
        for slot in query.slots:
            for n, reading in enumerate(slot.readings):
                for side in _SIDES:
                    if side in reading.text and side in (given := reading.text.split()):
                        others = frozenset(given) - {side} if n > 1 else frozenset()
                        query.sides.setdefault(side, others)
        if len(query.slots) == 1:
            return
        for slot in query.slots:
            if slot.denied or slot.text in NEGATIONS:
                slot.weight *= params.denied
            elif all(
                w in _ENCOUNTER or (w in self._index.seventh and not self._index.is_entry_word(w))
                for w in slot.text.split()
            ):
                slot.weight *= params.encounter

    def _meaning(self, read: list[str], at: int) -> int:
        """Return how many words from here on are what a seventh character means; 0 for none."""
        for meaning in self._index.meanings[read[at]]:
            if read[at : at + len(meaning)] == meaning and len(meaning) < len(read):
                return len(meaning)
        return 0

    # ── phrases ──────────────────────────────────────────────────────────────────────────────

    def _phrase(
        self, tokens: list[Token], at: int, taken: set[int], capitals: set[str], sided: bool
    ) -> tuple[Phrase, list[int]] | None:
        """Return the longest lexicon wording that a word is part of, and the places of its words.

        The words stand together, in any order; small words and sides may stand between. The last
        word may be unfinished: "heart att" is on its way to be a heart attack.
        """
        index, token, end = self._index, tokens[at], tokens[-1]
        if token.small and len(tokens) > 1:
            return None
        first = token.single
        longest = index.longest.get(first, 1)
        if longest > 1:
            places = [i for i in range(at, len(tokens)) if i not in taken and not tokens[i].small]
            ways = [places]
            if sided:
                ways.append([i for i in places if i == at or tokens[i].text not in _SIDE_WORDS])
            for way in ways:
                singles = [tokens[i].single for i in way[:longest]]
                for n in range(len(singles), 1, -1):
                    if (phrase := index.phrase(" ".join(sorted(singles[:n])))) is not None:
                        return phrase, way[:n]
            is_open = end.final and not end.hint and end is not token and len(end.given) > 1
            if is_open and index.goes_on(first):
                before = [t.single for t in tokens[at:-1]]
                phrase = index.begun(" ".join([*before, end.given]), index.ids[first])
                if phrase is not None:
                    return phrase, list(range(at, len(tokens)))
        phrase = None if token.hint else index.phrase(first)
        if phrase is not None:
            phrase = phrase.heard(len(tokens) == 1 or token.given in capitals)
            return None if phrase is None else (phrase, [at])
        if (base := first.rstrip(_DIGITS)) != first and len(base) > 1:  # SPG23 is one of SPG
            phrase = index.phrase(base)
            phrase = phrase.heard(True) if phrase is not None and phrase.loud else None
        elif token.final and not token.unit and len(token.given) > 2:
            phrase = index.begun(token.given)
        return None if phrase is None else (phrase, [at])

    # ── slots ────────────────────────────────────────────────────────────────────────────────

    def _slot(
        self,
        query: Query,
        tokens: list[Token],
        phrase: Phrase | None,
        literal: bool,
        *,
        several: bool,
    ) -> Slot | None:
        text = " ".join([t.given for t in tokens])
        said = [t for t in tokens if not t.small]
        units: list[Unit] = []
        known = bool(said)
        for t in said:
            known = known and bool(t.unit or t.parts)
            units += [t.unit] if t.unit else t.parts
        readings: list[Reading] = []
        as_it_stands = False
        if known:
            as_it_stands = phrase is None or any(self._index.is_entry_word(t.text) for t in said)
            worth = 1.0 if as_it_stands else self._params.abbreviation_as_word
            as_given = " ".join([t.text for t in tokens])
            readings.append(
                Reading(units, self._index.rarities_of(units), worth, as_given, literal=True)
            )
        if phrase is not None and not literal:
            readings += self._readings(query, phrase, as_it_stands)
        if not readings:
            if not said:
                return None
            return Slot(text, [], self._unknown * self._params.unknown)
        if as_it_stands or (known and several and len(tokens) == 1 and tokens[0].final):
            weight = sum(readings[0].rarities)  # as it stands, whatever it may stand for
        else:
            weight = max([sum(r.rarities) for r in readings])
        if tokens[0].hint:
            weight *= self._params.hint
        return Slot(
            text,
            readings,
            weight,
            variant=phrase is not None and phrase.variant,
            denied=all(t.denied for t in said) and bool(said),
            guess=all(t.guess for t in said),
        )

    def _readings(self, query: Query, phrase: Phrase, as_it_stands: bool) -> list[Reading]:
        params = self._params
        top = params.word_form if as_it_stands and " " not in phrase.term else params.reading
        most, most_broader = _MOST_READINGS, _MOST_BROADER
        if as_it_stands:
            known = self._index.entries_with(phrase.term) >= params.well_known
            most = 1 if known and not query.unfinished else _MOST_BESIDE
            most_broader -= 1
        found = []
        for texts, worth, broader in (
            (phrase.readings[:most], top, False),
            (phrase.broader[:most_broader], params.broader, True),
        ):
            for text in texts:
                if worth > 0 and (reading := self._reading(text, worth, broader)) is not None:
                    found.append(reading)
                worth -= params.further_reading
        return found

    def _reading(self, text: str, worth: float, broader: bool) -> Reading | None:
        ids = self._index.ids
        given = text.split()
        kept = [n for n, w in enumerate(given) if w not in STOP]
        if not kept:
            return None
        units: list[Unit] = [[(ids[given[n]], 1.0)] for n in kept]
        denies = []
        if not NEGATIONS.isdisjoint(given):
            absent = denied(text)
            denies = [absent[n] for n in kept]
        return Reading(
            units, self._index.rarities_of(units), worth, text, broader=broader, denied=denies
        )


def _capitals(text: str) -> set[str]:
    """Return the words written in capitals, where not everything is."""
    if text.isupper():
        return set()
    return {w for part in text.replace("/", " ").split() if part.isupper() for w in words(part)}
