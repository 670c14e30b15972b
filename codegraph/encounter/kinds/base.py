"""What every kind of rule has in common: the bound rule, the draft of a finding, edits of lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import Struct

from codegraph.encounter.facts import Case, Item
from codegraph.encounter.model import Step, Verdict
from codegraph.encounter.units import BilledLine
from codegraph.model import Source
from codegraph.rulebook import FindingKind, Rule


class NoParams(Struct, frozen=True, forbid_unknown_fields=True):
    """A kind that needs no parameters."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of a submitted line that clears a finding.

    `drop` removes the line, `lines` puts others in its place, else modifiers and units change.
    Of several edits of one line dropping wins over replacing, unless the record is `sure` of the
    lines.
    """

    item: Item
    drop: bool = False
    sure: bool = False
    lines: tuple[BilledLine, ...] = ()
    without: frozenset[str] = frozenset()
    adding: tuple[str, ...] = ()
    units: int | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A finding before it is bound to its rule.

    `key` tells several findings of one rule apart and makes the id stable. `source` replaces the
    rule's first source where a table or an edition answered.
    """

    verdict: Verdict
    message: str
    codes: Sequence[str] = ()
    fix: str | None = None
    key: str = ""
    kind: FindingKind | None = None
    source: Source | None = None
    path: tuple[Step, ...] = ()
    edits: tuple[Edit, ...] = ()


@dataclass(frozen=True, slots=True)
class BoundRule:
    """A rule with its parameters in the type of its kind and its sources resolved."""

    rule: Rule
    params: Any
    sources: tuple[Source, ...]


Check = Callable[[Case, BoundRule], Iterable[Draft]]
Propose = Callable[[Case, BoundRule], None]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of rule.

    `parameter` names the payer's parameter without which the kind has nothing to say; a rule of no
    payer then speaks for every payer that has set it.
    """

    name: str
    params: type[Struct]
    check: Check
    propose: Propose | None = None
    parameter: str | None = None


def listed(words: Iterable[str], last: str = "and") -> str:
    """Return words as a list in a sentence: a, b and c."""
    parts = list(words)
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def number_of(count: int, one: str, many: str | None = None) -> str:
    """Return "1 muscle", "3 muscles"."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def distinct(codes: Iterable[str]) -> list[str]:
    """Return the codes once each, in order."""
    return sorted({c for c in codes if c})
