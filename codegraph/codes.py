"""Code syntax, per system: parse what people type, return the official form.

    "m79631", "M79.631", " m79.631 "   → M79.631
    "s52501a"                          → S52.501A
    "icd10cm:M79.631"                  → ("icd10cm", "M79.631")

Syntax only: whether a code exists is the graph's to say. ICD-10-CM: first character a letter, the
second a digit or (since QA0, 2026) a letter, the third either (C4A, Z3A), up to seven characters
with a dot after the third (Official Guidelines I.A.2-5). CPT: five digits, or four and a letter.
HCPCS Level II: a letter A to V and four digits.
"""

from __future__ import annotations

import re
import unicodedata

from codegraph.errors import InvalidInputError, UnknownSystemError
from codegraph.model import CODE_SYSTEMS, NODE_SYSTEMS

LONGEST_INPUT = 64  # characters; no code, range or slug comes near it

_ICD = re.compile(r"[A-Z](?:[0-9][0-9A-Z]|[A-Z][0-9])[0-9A-Z]{0,4}")
_ICD_SECTION = re.compile(r"([A-Z][0-9A-Z]{2})-([A-Z][0-9A-Z]{2})")
_ICD_CHAPTER = re.compile(r"(?:CHAPTER[- ]?)?([0-9]{1,2})")
_CPT = re.compile(r"[0-9]{4}[0-9A-Z]")
_HCPCS = re.compile(r"[A-V][0-9]{4}")
_MODIFIER = re.compile(r"[0-9A-Z]{2}")
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]*")


def squeeze(text: str) -> str:
    """Return `text` folded to plain upper case without blanks and dots, as codes are compared."""
    folded = unicodedata.normalize("NFKC", text[:LONGEST_INPUT])
    return re.sub(r"[\s.]+", "", folded).upper().rstrip("-")


def dotted(icd: str) -> str:
    """Return an ICD-10-CM code with its dot: M79631 → M79.631."""
    return f"{icd[:3]}.{icd[3:]}" if len(icd) > 3 else icd


def normalise(system: str, text: str) -> str:
    """Return `text` as a code of `system` in official form.

    Raises
    ------
    UnknownSystemError
        If there is no such system.
    InvalidInputError
        If the text has not the form of a code of that system.
    """
    if len(text) > LONGEST_INPUT:
        raise InvalidInputError(f"A code has at most 7 characters; {len(text)} were given.")
    code = _normalised(system, text)
    if code is None:
        raise InvalidInputError(
            f"{text!r} does not have the form of {_FORM[system]}. Check the code for slips."
        )
    return code


def guess_systems(text: str) -> list[tuple[str, str]]:
    """Return each (code system, official form) that a bare code could be meant as."""
    if len(text) > LONGEST_INPUT:
        return []
    found = []
    for system in CODE_SYSTEMS:
        code = _normalised(system, text)
        if code is not None:
            found.append((system, code))
    return found


def parse_curie(text: str) -> tuple[str, str]:
    """Split `system:code` and return both in official form.

    Raises
    ------
    InvalidInputError, UnknownSystemError
        If there is no colon, or as for `normalise`.
    """
    system, colon, code = text[: 2 * LONGEST_INPUT].partition(":")
    if not colon:
        raise InvalidInputError(
            f"{text[:LONGEST_INPUT]!r} is not of the form system:code, e.g. icd10cm:M79.631."
        )
    system = system.strip().lower()
    return system, normalise(system, code)


_FORM = {
    "icd10cm": "an ICD-10-CM code (like M79.631), section (M70-M79) or chapter (chapter-13)",
    "cpt": "a CPT code (like 20552)",
    "hcpcs": "a HCPCS Level II code (like J3301)",
    "modifier": "a modifier (like 59)",
    "drug": "a drug's short name (like triamcinolone-acetonide)",
    "rule": "a rule's id (like tpi-one-code-per-day)",
    "payer": "a payer's id (like medicare)",
}


def _normalised(system: str, text: str) -> str | None:
    if system not in CODE_SYSTEMS and system not in NODE_SYSTEMS:
        raise UnknownSystemError(
            f"There is no code system {system[:LONGEST_INPUT]!r}.",
            suggestions=(*CODE_SYSTEMS, *NODE_SYSTEMS),
        )
    if system in ("drug", "rule", "payer"):
        slug = text.strip().lower()
        return slug if _SLUG.fullmatch(slug) else None
    code = squeeze(text)
    if system == "icd10cm":
        return _normalised_icd(code)
    pattern = {"cpt": _CPT, "hcpcs": _HCPCS, "modifier": _MODIFIER}[system]
    return code if pattern.fullmatch(code) else None


def _normalised_icd(code: str) -> str | None:
    if _ICD.fullmatch(code):
        return dotted(code)
    if section := _ICD_SECTION.fullmatch(code):
        return f"{section[1]}-{section[2]}"
    if chapter := _ICD_CHAPTER.fullmatch(code):
        return f"chapter-{int(chapter[1])}"
    return None
