"""What is known of an entry before any query: the features that standing weights are for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from codegraph.concepts import Concepts

Entry = tuple[int, str, str]  # row, kind of wording, wording

_KINDS = ("title", "inclusion", "shorter")
_CHAPTERS = {  # by the first letter of the code
    "external": "VWXY",
    "obstetric": "OP",
    "effects": "T",
    "encounters": "Z",
    "infections": "AB",
    "congenital": "Q",
}
STANDING = (*_KINDS, "depth", "header", "header_alone", "sided", *_CHAPTERS)


def standing(
    concepts: Concepts,
    entries: Sequence[Entry],
    defaults: Collection[int],
    sides: Collection[int],
) -> list[list[int]]:
    """Return the features of each entry, small whole numbers, in the order of STANDING.

    `defaults`, `sides`: the headers that have a default code, or differ by side below.
    """
    known: dict[int, list[int]] = {}
    found = []
    for row, kind, _ in entries:
        if row not in known:
            known[row] = list(_of_row(concepts, row, defaults, sides))
        found.append([*(kind == k for k in _KINDS), *known[row]])
    return found


def _of_row(
    concepts: Concepts, row: int, defaults: Collection[int], sides: Collection[int]
) -> Iterator[int]:
    tables = concepts.tables
    code, icd = tables.codes[row], tables.systems[row] == "icd10cm"
    first = code[0] if icd else ""
    header = icd and not tables.billable[row]
    yield len(code) - 3 if icd else 0
    yield header
    yield header and row not in defaults
    yield row in sides
    for letters in _CHAPTERS.values():
        yield icd and first in letters
