"""Conditions inside notes of the tabular list.

"drug-induced … (T36-T50 with fifth or sixth character 5)"   only T codes with a 5 there
"… (E08, E09, E11, E13 with final characters .00 or .01)"    only codes that end so
"""

from __future__ import annotations

import re
from functools import lru_cache

from codegraph.sources.icd10cm_notes import references

_CONDITION = re.compile(
    r"with\s+((?:(?:the\s+)?(?:fourth|fifth|sixth?|seventh|final|[4-7]th)(?:\s*(?:or|to|and|,)\s*)?)+)"
    r"[\s-]*characters?\s*([^,;()]*)",
    re.IGNORECASE,
)
_PLACES = {"fourth": 4, "fifth": 5, "sixth": 6, "six": 6, "seventh": 7}


@lru_cache(maxsize=4096)
def note_applies(text: str, target: str, code: str) -> bool | None:
    """Return whether a note that names `target` holds for `code`, which lies in it.

    None where the note has a condition that cannot be read.
    """
    match = _CONDITION.search(text)
    if match is None:
        return None if re.search(r"with [^,;()]*\bcharacter", text) else True
    before = references(text[: match.start()])
    if before and not _within(target, before[-1].first, before[-1].last) and len(before) > 1:
        return True  # the condition belongs to another reference of the note
    values = _values(match[2])
    if not values:
        return None
    plain = code.replace(".", "")
    words = match[1].lower()
    if "final" in words:
        return any(plain.endswith(v) for v in values)
    places = [n for word, n in _PLACES.items() if re.search(rf"\b{word}\b", words)]
    places += [int(n) for n in re.findall(r"\b([4-7])th", words)]
    if " to " in words:  # fifth to sixth characters 51
        return any(plain[min(places) - 1 : max(places)] == v for v in values)
    return any(plain[n - 1 : n] == v for n in places for v in values)


def _within(target: str, first: str, last: str | None) -> bool:
    """Whether a target lies in a reference, as far as their beginnings tell."""
    start, end = first.rstrip("-."), (last or first).rstrip("-.")
    low, _, high = target.partition("-")
    return start <= (high or low)[: len(start)] and low[: len(end)] <= end


def _values(text: str) -> list[str]:
    """Return the characters a condition names: "1-4 or 6" → 1 2 3 4 6; "-23" → 23."""
    found: list[str] = []
    for part in re.split(r"\s+or\s+|\s+and\s+|/", text.strip()):
        piece = part.strip(" .-").upper()
        if span := re.fullmatch(r"([0-9])-([0-9])", piece):
            found += [str(n) for n in range(int(span[1]), int(span[2]) + 1)]
        elif re.fullmatch(r"[0-9A-Z]{1,2}", piece):
            found.append(piece)
        else:
            return []
    return found
