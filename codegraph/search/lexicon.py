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
    """One wording and its readings, likeliest first; each as its words with blanks between.

    `broader`: readings that name what the wording is filed under. `loud`: readings of the same
    letters as an abbreviation in capitals (SAD, HIT). `plain`: the code set has the wording as a
    plain word. `variant`: a mere spelling, to be reported as a correction, not as an expansion.
    """

    term: str
    readings: list[str]
    broader: list[str] = []
    loud: list[str] = []
    plain: bool = False
    variant: bool = False

    def joined(self, other: Phrase) -> Phrase:
        """Return this wording with the readings of another that has the same words."""
        readings = _joined(self.readings, other.readings)
        return Phrase(
            self.term,
            readings,
            _joined(self.broader, [r for r in other.broader if r not in readings]),
            _joined(self.loud, other.loud),
            self.plain or other.plain,
            self.variant and other.variant,
        )

    def heard(self, loud: bool) -> Phrase | None:
        """Return the wording as it is meant when written in capitals or alone, or else small.

        Small letters that are a plain word of the code set mean no abbreviation.
        """
        if not self.loud:
            return self
        if loud:
            return structs.replace(self, readings=_joined(self.loud, self.readings))
        if self.plain:
            return self if self.readings or self.broader else None
        return structs.replace(self, readings=_joined(self.readings, self.loud))

    def packed(self) -> str:
        """Return all but the term as one string: thousands of small lists are slow to load."""
        flags = "p" * self.plain + "v" * self.variant
        groups = (self.readings, self.broader, self.loud)
        return "\t".join([flags, *("|".join(rs) for rs in groups)]).rstrip("\t")


def unpacked(term: str, packed: str) -> Phrase:
    """Return the phrase that `Phrase.packed` made."""
    flags, *parts = packed.split("\t")
    groups = [part.split("|") if part else [] for part in (*parts, "", "", "")]
    readings, broader, loud = groups[:3]
    return Phrase(term, readings, broader, loud, "p" in flags, "v" in flags)


def read_lexicon(folder: Path) -> list[Phrase]:
    """Return the wordings of every file; where two files have one term, readings are joined.

    Raises
    ------
    DataError
        With file, line, field and fix.
    """
    merged: dict[str, Phrase] = {}
    for file in read_folder(folder, LexiconEntry, key=lambda e: e.term.lower()):
        name = file.path.name
        for entry in file.records:
            term = " ".join(words(entry.term))
            given = [r for text in entry.means if (r := " ".join(words(text))) and r != term]
            if not term or not given:
                continue
            kind = (
                "broader"
                if name in _BROADER
                else "loud"
                if " " not in term and _is_loud(entry.term)
                else "readings"
            )
            phrase = structs.replace(
                Phrase(term, [], variant=name in _VARIANTS), **{kind: given[:_MOST]}
            )
            before = merged.get(term)
            merged[term] = phrase if before is None else before.joined(phrase)
    return [_chained(phrase, merged) for phrase in merged.values()]


def _is_loud(term: str) -> bool:
    """Whether a wording is written with two capitals or more, as abbreviations are."""
    return sum(map(str.isupper, term)) > 1


def _chained(phrase: Phrase, known: dict[str, Phrase]) -> Phrase:
    """Add what the readings themselves are read as: LBP → low back pain → lumbago."""

    def further(readings: list[str]) -> list[str]:
        return _joined(
            readings,
            [
                reading
                for middle in readings[:2]
                if (next_ := known.get(middle)) is not None
                for reading in next_.readings[:2]
                if reading != phrase.term
            ],
        )

    return structs.replace(phrase, readings=further(phrase.readings), loud=further(phrase.loud))


def _joined(a: list[str], b: list[str]) -> list[str]:
    return [*a, *(r for r in b if r not in a)][:_MOST]
