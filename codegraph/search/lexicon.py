"""Our own wordings: phrases of notes and the words of the code set that they stand for."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct, structs

from codegraph.model import LexiconEntry
from codegraph.search.text import words
from codegraph.sources.curated import read_folder

# Files whose single words are mere variants of a word: no meaning is added by reading them so.
_VARIANTS = frozenset({"spelling.yaml", "misspellings.yaml"})
# Files that lead to what a wording is filed under, where it has no wording of its own.
_BROADER = frozenset({"sites.yaml", "broader.yaml"})
_MOST = 8  # readings of one wording


class Phrase(Struct, frozen=True):
    """One wording as words, and its readings as words, likeliest first.

    `broader`: readings that name what the wording is filed under. `capitals`: the wording is an
    abbreviation, written in capitals in its file; in the index only where it is a plain word too
    (ALL, HIT), so that nothing but capitals mean it. `variant`: a mere spelling, to be reported as
    a correction rather than an expansion.
    """

    term: list[str]
    readings: list[list[str]]
    broader: list[list[str]]
    capitals: bool
    variant: bool

    def packed(self) -> str:
        """Return all but the term as one string: thousands of small lists are slow to load."""
        flags = "c" * self.capitals + "v" * self.variant
        parts = ["|".join(" ".join(r) for r in rs) for rs in (self.readings, self.broader)]
        return "\t".join([flags, *parts])


def unpacked(term: str, packed: str) -> Phrase:
    """Return the phrase that `Phrase.packed` made."""
    flags, *parts = packed.split("\t")
    readings, broader = ([r.split() for r in part.split("|") if r] for part in parts)
    return Phrase(term.split(), readings, broader, "c" in flags, "v" in flags)


def read_lexicon(folder: Path) -> list[Phrase]:
    """Return the wordings of every file; where two files have one term, readings are joined.

    Raises
    ------
    DataError
        With file, line, field and fix.
    """
    merged: dict[tuple[str, ...], Phrase] = {}
    for file in read_folder(folder, LexiconEntry, key=lambda e: e.term.lower()):
        name = file.path.name
        for entry in file.records:
            term = words(entry.term)
            given = [r for text in entry.means if (r := words(text)) and r != term]
            if not term or not given:
                continue
            before = merged.get(tuple(term), Phrase(term, [], [], False, True))
            readings, broader = before.readings, before.broader
            if name in _BROADER:
                broader = _joined(broader, [r for r in given if r not in readings])
            else:
                readings = _joined(readings, given)
            merged[tuple(term)] = Phrase(
                term,
                readings,
                broader,
                before.capitals or entry.term.isupper(),
                before.variant and name in _VARIANTS,
            )
    return [_chained(phrase, merged) for phrase in merged.values()]


def _chained(phrase: Phrase, known: dict[tuple[str, ...], Phrase]) -> Phrase:
    """Add what the readings themselves are read as: LBP → low back pain → lumbago."""
    further = [
        reading
        for middle in phrase.readings[:2]
        if (next_ := known.get(tuple(middle))) is not None
        for reading in next_.readings[:2]
        if reading != phrase.term
    ]
    if not further:
        return phrase
    return structs.replace(phrase, readings=_joined(phrase.readings, further))


def _joined(a: list[list[str]], b: list[list[str]]) -> list[list[str]]:
    return [*a, *(r for r in b if r not in a)][:_MOST]
