"""Find the codes that ICD-10-CM notes speak of.

    "myositis (M60.-)"                           → M60
    "burns and corrosions (T20-T32)"             → T20 to T32
    "dementia with anxiety (F02.84, F02.A4)"     → F02.84, F02.A4
    "drug (T36-T50 with fifth or sixth character 5)" → T36 to T50, with the words kept on the edge

Finds references as written; whether they exist is for the compiler to say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_CODE = r"[A-Z][0-9][0-9A-Z](?:\.[0-9A-Z]{1,4})?"
_CODE_LETTER = r"Q[A-Z][0-9](?:\.[0-9A-Z]{1,4})?"  # QA0.0101: the second character a letter
_ONE = rf"(?:{_CODE}|{_CODE_LETTER})"
_REFERENCE = re.compile(
    rf"(?<![0-9A-Za-z.\-])({_ONE})(?:\.?-(?={_ONE})({_ONE}))?(?:\.?-)?(?![0-9A-Za-z])"
)
_NOT_A_CODE = re.compile(r"(?i)vitamin $")


@dataclass(frozen=True, slots=True)
class Reference:
    """A code, or the first and the last of a range, as a note names it."""

    first: str
    last: str | None

    def __str__(self) -> str:
        return f"{self.first}-{self.last}" if self.last else self.first


def references(note: str) -> list[Reference]:
    """Return the references of a note in the order in which they stand ("vitamin B12" is none)."""
    return [
        Reference(match[1], match[2])
        for match in _REFERENCE.finditer(note)
        if not _NOT_A_CODE.search(note, 0, match.start())
    ]
