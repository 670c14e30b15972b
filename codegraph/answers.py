"""The shapes of the service's answers, as the contract fixes them.

Complete when returned: nothing downstream adds to them. Dates are ISO, scores 0 to 100 (higher is
better), validity inclusive with null for "not known to begin or end".
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from msgspec import Struct, field

from codegraph.concepts import InheritedNote
from codegraph.model import Edition, Issue, NoteKind, SeventhCharacter, Source


class CodeRef(Struct, frozen=True):
    """A concept named in an answer."""

    system: str
    code: str
    display: str
    billable: bool = False


class Validity(Struct, frozen=True):
    """The span in which a code has the status it has on the date asked for."""

    from_: date | None = field(name="from")
    to: date | None
    known_from: date | None = None


class LifeSpan(Struct, frozen=True):
    """One span of a code's life."""

    from_: date | None = field(name="from")
    to: date | None
    billable: bool


class Matched(Struct, frozen=True):
    """The wording that matched, and what kind of wording it is."""

    text: str
    kind: str


class SearchResult(Struct, frozen=True):
    """One concept found."""

    system: str
    code: str
    display: str
    billable: bool
    score: float
    matched: Matched
    needs: list[str]


class Change(Struct, frozen=True):
    """A word of the query that was read as something else."""

    from_: str = field(name="from")
    to: str


class Interpreted(Struct, frozen=True):
    """What the search made of the query."""

    corrections: list[Change]
    expansions: list[Change]


class SearchAnswer(Struct, frozen=True):
    """Ranked concepts for a query. `total`: how many match, counted to a hundred."""

    query: str
    on: date
    total: int
    took_ms: float
    results: list[SearchResult]
    interpreted: Interpreted
    issues: list[Issue]


class RelationshipView(Struct, frozen=True):
    """A relationship as seen from the concept asked for."""

    type: str
    direction: Literal["out", "in"]
    target: CodeRef
    inherited_from: str | None
    text: str
    source: Source | None


class RuleRef(Struct, frozen=True):
    """A rule that governs a concept."""

    id: str
    title: str


class CodeAnswer(Struct, frozen=True):
    """Everything known about one concept on a date."""

    system: str
    code: str
    display: str
    kind: str
    billable: bool
    status: Literal["billable", "header", "ended", "future"]
    valid: Validity
    life: list[LifeSpan]
    edition: str
    parents: list[CodeRef]
    children: list[CodeRef]
    ancestors: list[CodeRef]
    notes: dict[NoteKind, list[str]]
    inherited_notes: list[InheritedNote]
    seventh_characters: list[SeventhCharacter]
    relationships: list[RelationshipView]
    rules: list[RuleRef]
    needs: list[str]
    replaced_by: list[CodeRef]
    source: Source | None
    issues: list[Issue]


class CodeToValidate(Struct, frozen=True, forbid_unknown_fields=True):
    """A code to judge; without a system the code's form decides."""

    code: str
    system: str | None = None


class ValidateRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Codes to judge for a date of service."""

    codes: list[CodeToValidate]
    on: date | None = None


class Validation(Struct, frozen=True):
    """The verdict on one code, and what to do."""

    system: str | None
    code: str
    verdict: Literal["billable", "not_billable", "not_valid_on_date", "unknown"]
    message: str
    suggestions: list[str]


class ValidateAnswer(Struct, frozen=True):
    """Verdicts in the order of the request."""

    on: date
    results: list[Validation]
    issues: list[Issue]


class PathStep(Struct, frozen=True):
    """One step of a path through the graph."""

    origin: CodeRef
    type: str
    target: CodeRef
    direction: Literal["out", "in"]
    sentence: str
    text: str
    source: Source | None


class PathAnswer(Struct, frozen=True):
    """A path between two concepts, a sentence per step."""

    from_: CodeRef = field(name="from")
    to: CodeRef
    on: date
    steps: list[PathStep]
    issues: list[Issue]


class Count(Struct, frozen=True):
    """Concepts of a system, and how many of them can be billed in the newest edition."""

    concepts: int
    billable: int


class About(Struct, frozen=True):
    """What the graph is made of."""

    editions: list[Edition]
    known_from: date
    counts: dict[str, Count]
    sources: list[Source]
