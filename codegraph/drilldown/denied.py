"""What a note says is not there: "no fracture", "denies fever", "MI ruled out".

A denied condition is no reason to start there. What is left of the text is what is searched for;
"no …" stays, as "without …", among the words that answer questions (loss of consciousness).

  wrist pain, no fracture   searched: wrist pain   answers from: wrist pain, without fracture
  knee pain, denies fever   searched: knee pain    answers from: knee pain
  no fracture               searched: as it stands, with an issue
"""

from __future__ import annotations

import re
import unicodedata

from msgspec import Struct

from codegraph.model import Issue

_CLAUSE = re.compile(r"[,;]|[.](?=\s|$)|\b(?:but|however)\b", re.IGNORECASE)
_NEVER = re.compile(
    r"\s*(?:(?:pt|patient|he|she)\s+)?(?:denies|denied|denying|negative for|neg for|"
    r"no (?:evidence|signs?|history) of|ruled out)\b|.*\b(?:was |were |is )?ruled out\s*$",
    re.IGNORECASE | re.DOTALL,
)
_NO = re.compile(r"\s*(?:no|not|without)\b(?!\W+(?:otherwise|elsewhere)\b)", re.IGNORECASE)
_BARE_NO = re.compile(r"\s*no\b", re.IGNORECASE)


class Heard(Struct, frozen=True):
    """A text divided: what to search for, what may answer questions, and what to tell."""

    sought: str
    answering: str
    issues: list[Issue]


def heard(text: str) -> Heard:
    """Divide a text into what it states and what it denies.

    >>> heard("right wrist pain, no fracture").sought
    'right wrist pain'
    >>> heard("migraine with aura, not intractable").sought
    'migraine with aura, not intractable'
    """
    text = "".join(" " if c == "\0" else c for c in text if unicodedata.category(c) != "Cf")
    clauses = [c for c in _CLAUSE.split(text) if c.strip()]
    never = [c for c in clauses if _NEVER.match(c)]
    # "not intractable" and "without status" in the middle belong to titles; "no …" never does.
    no = [
        c
        for i, c in enumerate(clauses)
        if c not in never and (_NO if i == 0 else _BARE_NO).match(c)
    ]
    if not never and not no:
        return Heard(text, text, [])
    named = " and ".join(f"“{c.strip()}”" for c in (*no, *never))
    stated = [c for c in clauses if c not in never and c not in no]
    if not stated:
        return Heard(
            text,
            text,
            [
                Issue(
                    "only_denied",
                    "warning",
                    f"{named} says what is not there; a denied condition is not coded. Name what "
                    "the patient has.",
                )
            ],
        )
    return Heard(
        ", ".join(c.strip() for c in stated),
        ", ".join(_BARE_NO.sub("without", c).strip() for c in clauses if c not in never),
        [Issue("denied_left_out", "info", f"{named}: denied, so no code was looked for there.")],
    )
