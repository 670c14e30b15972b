"""Our own wordings: phrases of notes and the words of the code set that they stand for."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from codegraph.model import LexiconEntry
from codegraph.search.text import words
from codegraph.sources.curated import read_folder

# Files whose single words are mere variants of a word: no meaning is added by reading them so.
_VARIANTS = frozenset({"spelling.yaml", "misspellings.yaml"})


class Phrase(Struct, frozen=True, array_like=True):
    """One wording as words, and its readings as words, likeliest first.

    `capitals`: the wording is an abbreviation, written in capitals in its file. `variant`: a mere
    spelling, to be reported as a correction rather than an expansion.
    """

    term: list[str]
    readings: list[list[str]]
    capitals: bool
    variant: bool


def read_lexicon(folder: Path) -> list[Phrase]:
    """Return the wordings of every file; where two files have one term, readings are joined.

    Raises
    ------
    DataError
        With file, line, field and fix.
    """
    merged: dict[tuple[str, ...], Phrase] = {}
    for file in read_folder(folder, LexiconEntry, key=lambda e: e.term.lower()):
        for entry in file.records:
            term = words(entry.term)
            readings = [r for text in entry.means if (r := words(text)) and r != term]
            if not term or not readings:
                continue
            key = tuple(term)
            before = merged.get(key)
            if before is not None:
                readings = before.readings + [r for r in readings if r not in before.readings]
            capitals = entry.term.isupper() or bool(before and before.capitals)
            variant = file.path.name in _VARIANTS and (before is None or before.variant)
            merged[key] = Phrase(term, readings[:6], capitals, variant)
    return list(merged.values())
