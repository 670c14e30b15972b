"""CodeGraph: the few functions that every door calls.

Open once, pass it on, ask it. A door (page, API, command line) parses what it is given, calls one
of these and shows the answer; a thing that only one door can do is in the wrong place.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codegraph.answers import (
    About,
    Change,
    CodeAnswer,
    CodeRef,
    CodeToValidate,
    Count,
    Interpreted,
    LifeSpan,
    Matched,
    PathAnswer,
    PathStep,
    RelationshipView,
    RuleRef,
    SearchAnswer,
    SearchResult,
    ValidateAnswer,
    Validity,
)
from codegraph.build import (
    CONCEPTS_PART,
    NEEDS_PART,
    SEARCH_PART,
    Progress,
    Tell,
    ensure_snapshot,
    open_concepts,
    rebuild,
)
from codegraph.concepts import Concepts
from codegraph.drilldown import Drilldown, Walk
from codegraph.encounter import Encounter, EncounterChecker, Report
from codegraph.encounter.model import PayerView, RuleView
from codegraph.errors import (
    InvalidInputError,
    NotFoundError,
    SnapshotError,
    UnknownSystemError,
)
from codegraph.graph import KnowledgeGraph
from codegraph.model import CODE_SYSTEMS, NODE_SYSTEMS, Issue, Source
from codegraph.paths import cache_dir, data_dir, payers_of_site
from codegraph.search.params import MOST_RESULTS
from codegraph.snapshot import Snapshot
from codegraph.validation import explain_invalid, resolve, validate

if TYPE_CHECKING:
    from codegraph.search.engine import SearchEngine

LONGEST_QUERY = 500  # characters; the longest official title has 324
MOST_CODES = 1000  # of one validate request


class CodeGraph:
    """The service. Make it with `CodeGraph.open()`."""

    def __init__(
        self,
        concepts: Concepts,
        snapshot: Snapshot,
        data: Path,
        payer_dirs: Sequence[Path] = (),
    ) -> None:
        self.concepts = concepts
        self.graph = KnowledgeGraph(concepts)
        self.snapshot = snapshot
        self._data = data
        self._payer_dirs = tuple(payer_dirs)

    # Opened on first use: showing one code needs neither search, walk nor rules.

    @cached_property
    def engine(self) -> SearchEngine:
        """The search over this graph."""
        from codegraph.search.engine import SearchEngine  # numpy: only where it is needed

        return SearchEngine.open(self.concepts, self.snapshot.part(SEARCH_PART))

    @cached_property
    def drilldown(self) -> Drilldown:
        """The guided walk over this graph."""
        drilldown = Drilldown.open(self.concepts, self._data)
        drilldown.load_needs(self.snapshot.part(NEEDS_PART))
        return drilldown

    @cached_property
    def checker(self) -> EncounterChecker:
        """The encounter check with the shipped rules and payers, and a site's own."""
        return EncounterChecker.open(self.concepts, self._data, self._payer_dirs)

    def warm_up(self) -> None:
        """Open everything now, so that no first question waits.

        Raises
        ------
        DataError
            If a rule, a payer, a hint or a body map is not as it must be.
        """
        _ = self.engine, self.drilldown, self.checker
        self.concepts.warm_up()

    @classmethod
    def open(
        cls,
        data: Path | None = None,
        cache: Path | None = None,
        payer_dirs: Sequence[Path] | None = None,
        progress: Progress | None = None,
        report: Tell | None = None,
    ) -> CodeGraph:
        """Open the compiled graph, compiling it first where a source file has changed.

        Parameters
        ----------
        data, cache
            Other folders than the shipped data and the user's cache.
        payer_dirs
            Folders of a site's own payers; CODEGRAPH_PAYERS where not given.
        progress, report
            Told how far a compilation is, and when a snapshot had to be discarded.

        Raises
        ------
        DataError
            If a data file is not as it must be: file, line, field and fix.
        """
        data, cache = data or data_dir(), cache or cache_dir()
        payers = payers_of_site() if payer_dirs is None else payer_dirs
        snapshot = ensure_snapshot(data, cache, progress, report)
        try:
            concepts = open_concepts(snapshot)
            snapshot.verify(but=CONCEPTS_PART)
            return cls(concepts, snapshot, data, payers)
        except SnapshotError as error:
            if report:
                report(f"{error}: building it again")
            snapshot = rebuild(data, cache, snapshot.manifest.key, progress)
            return cls(open_concepts(snapshot), snapshot, data, payers)

    # ── search ───────────────────────────────────────────────────────────────────────────────

    def search(
        self,
        query: str,
        on: date,
        *,
        system: str | None = None,
        billable: bool | None = None,
        limit: int = 10,
        literal: bool = False,
    ) -> SearchAnswer:
        """Return the concepts that the words of a note mean, best first.

        Parameters
        ----------
        query
            Words, an abbreviation, a code or the beginning of one; at most 500 characters.
        system
            Only this code system.
        billable
            True: only codes that can be billed on the date.
        limit
            Concepts, 1 to 100.
        literal
            Take the words as they stand: no correction, no expansion.

        Raises
        ------
        InvalidInputError, UnknownSystemError
            If a parameter is out of range or there is no such system.
        """
        if len(query) > LONGEST_QUERY:
            raise InvalidInputError(
                f"The query has {len(query)} characters; give at most {LONGEST_QUERY}."
            )
        if not 1 <= limit <= MOST_RESULTS:
            raise InvalidInputError(f"limit={limit}: give 1 to {MOST_RESULTS}.")
        if system is not None and system not in CODE_SYSTEMS and system not in NODE_SYSTEMS:
            raise UnknownSystemError(
                f"There is no code system {system[:64]!r}.", suggestions=tuple(CODE_SYSTEMS)
            )
        started = time.perf_counter()
        found = self.engine.search(
            query, on, system=system, billable=billable, limit=limit, literal=literal
        )
        results = []
        for hit in found.hits:
            concept = self.concepts.at(hit.row, on)
            needs = () if concept.billable else self._needs(hit.row, on)
            results.append(
                SearchResult(
                    system=concept.system,
                    code=concept.code,
                    display=concept.display,
                    billable=concept.billable,
                    score=round(hit.score, 1),
                    matched=Matched(hit.text, hit.kind),
                    needs=list(needs),
                )
            )
        issues = self.concepts.date_issues(on)
        if not results and query.strip():
            near = (
                f" The nearest known words are: {', '.join(found.nearest)}."
                if found.nearest
                else ""
            )
            issues.append(Issue("nothing_found", "info", f"Nothing matches these words.{near}"))
        return SearchAnswer(
            query=query,
            on=on,
            total=found.total,
            took_ms=round((time.perf_counter() - started) * 1000, 3),
            results=results,
            interpreted=Interpreted(
                [Change(a, b) for a, b in found.corrections],
                [Change(a, b) for a, b in found.expansions],
            ),
            issues=issues,
        )

    def _needs(self, row: int, on: date) -> Sequence[str]:
        if self.concepts.tables.systems[row] != "icd10cm":
            return ()
        axes = self.drilldown.needs(self.concepts.curie(row), on)
        # Which of several questions of a kind it is, matters to the walk alone.
        return list(dict.fromkeys(axis.rstrip("0123456789").rstrip("-") for axis in axes))

    # ── codes ────────────────────────────────────────────────────────────────────────────────

    def resolve(self, text: str, system: str | None = None) -> str:
        """Return the CURIE that a code is meant as; see `validation.resolve`."""
        return resolve(self.concepts, system, text)

    def lookup(self, system: str, code: str, on: date) -> CodeAnswer:
        """Return everything known about a concept on a date.

        Raises
        ------
        UnknownSystemError, InvalidInputError, UnknownCodeError
            If there is no such system, the form is wrong, or no edition has the code.
        """
        concepts = self.concepts
        row = concepts.index(resolve(concepts, system, code))
        concept = concepts.at(row, on)
        status = concepts.status(row, on)
        span = concepts.validity(row, on) or concepts.life(row)[-1]
        issues = concepts.date_issues(on)
        if status in ("ended", "future"):
            message, _ = explain_invalid(concepts, row, on)
            issues.append(Issue("not_valid_on_date", "warning", message))
        ancestors = [self._ref(r, on) for r in concepts.ancestors(row)]
        relationships = self._relationships(row, on)
        return CodeAnswer(
            system=concept.system,
            code=concept.code,
            display=concept.display,
            kind=concept.kind,
            billable=concept.billable,
            status=status,
            valid=Validity(
                span.from_,
                span.to,
                concepts.tables.known_from if concept.system == "icd10cm" else None,
            ),
            life=[LifeSpan(i.from_, i.to, i.billable) for i in concepts.life(row)],
            edition=concepts.edition.name if concept.system == "icd10cm" else "curated",
            parents=ancestors[:1],
            children=[self._ref(r, on) for r in concepts.children(row, on)],
            ancestors=ancestors,
            notes=dict(concepts.notes(row)),
            inherited_notes=list(concepts.inherited_notes(row)),
            seventh_characters=concepts.seventh_characters(row),
            relationships=relationships,
            rules=[
                RuleRef(r.target.code, r.target.display)
                for r in relationships
                if r.target.system == "rule"
            ],
            needs=list(() if concept.billable else self._needs(row, on)),
            replaced_by=[self._curie_ref(c, on) for c in concepts.successors(row)],
            source=self._source_of(row),
            issues=issues,
        )

    def validate(self, codes: Sequence[CodeToValidate], on: date) -> ValidateAnswer:
        """Return a verdict on each code, in the order given: unknown codes are a verdict too.

        Raises
        ------
        InvalidInputError
            If more than 1,000 codes are given.
        """
        if len(codes) > MOST_CODES:
            raise InvalidInputError(f"{len(codes)} codes: give at most {MOST_CODES} at once.")
        return ValidateAnswer(
            on=on,
            results=[validate(self.concepts, c.system, c.code, on) for c in codes],
            issues=self.concepts.date_issues(on),
        )

    # ── graph ────────────────────────────────────────────────────────────────────────────────

    def neighbours(self, system: str, code: str, depth: int, on: date) -> dict[str, Any]:
        """Return the graph around a concept in networkx node-link form."""
        return self.graph.node_link(resolve(self.concepts, system, code), depth, on)

    def path(self, start: str, end: str, on: date) -> PathAnswer:
        """Return the most telling path between two concepts (CURIEs), a sentence per step.

        Raises
        ------
        InvalidInputError, UnknownSystemError, UnknownCodeError, NotFoundError
            If one of the two is malformed or unknown, or nothing connects them.
        """
        start, end = (resolve(self.concepts, None, c) for c in (start, end))
        steps = self.graph.path(start, end, on)
        return PathAnswer(
            from_=self._curie_ref(start, on),
            to=self._curie_ref(end, on),
            on=on,
            steps=[
                PathStep(
                    self._curie_ref(s.origin, on),
                    s.type,
                    self._curie_ref(s.target, on),
                    "out" if s.direction == "out" else "in",
                    s.sentence,
                    s.text,
                    self.concepts.tables.sources.get(s.source),
                )
                for s in steps
            ],
            issues=self.concepts.date_issues(on),
        )

    # ── walk ─────────────────────────────────────────────────────────────────────────────────

    def drill(self, system: str, code: str, answers: Sequence[tuple[str, str]], on: date) -> Walk:
        """Return the next question of the guided walk below a concept, or the code it ends in."""
        curie = resolve(self.concepts, system, code)
        return self.drilldown.walk(system, curie.split(":", 1)[1], answers, on)

    def drill_text(self, text: str, on: date) -> Walk:
        """Start a walk from the words of a note."""
        if len(text) > LONGEST_QUERY:
            raise InvalidInputError(
                f"The text has {len(text)} characters; give at most {LONGEST_QUERY}."
            )

        def find(query: str) -> list[str]:
            found = self.engine.search(query, on, system="icd10cm", limit=10)
            return [self.concepts.curie(h.row) for h in found.hits]

        return self.drilldown.from_text(text, find, on)

    # ── encounter ────────────────────────────────────────────────────────────────────────────

    def check(self, encounter: Encounter) -> Report:
        """Return claim lines and findings for what happened in the room.

        Raises
        ------
        InvalidInputError
            If there is no such payer.
        """
        return self.checker.check(encounter)

    def rules(self) -> tuple[RuleView, ...]:
        """Return every rule, with its sources."""
        return self.checker.rules

    def rule(self, id: str) -> RuleView:
        """Return one rule.

        Raises
        ------
        NotFoundError
            If there is none of that id; suggests those that are near.
        """
        known = {rule.id: rule for rule in self.rules()}
        if id not in known:
            near = get_close_matches(id[:100], known, n=3)
            raise NotFoundError(f"There is no rule {id[:100]!r}.", suggestions=tuple(near))
        return known[id]

    def payers(self) -> tuple[PayerView, ...]:
        """Return every payer, with the parameters by which rules differ."""
        return self.checker.payers

    # ── what is loaded ───────────────────────────────────────────────────────────────────────

    def about(self) -> About:
        """Return what the graph is made of: editions, counts, sources."""
        tables = self.concepts.tables
        current = self.concepts.edition.valid_from
        counts: dict[str, list[int]] = {}
        for row, system in enumerate(tables.systems):
            status = self.concepts.status(row, current)
            count = counts.setdefault(system, [0, 0])
            count[0] += status in ("billable", "header")
            count[1] += status == "billable"
        return About(
            editions=tables.editions,
            known_from=tables.known_from,
            counts={name: Count(*pair) for name, pair in counts.items()},
            sources=sorted(set(tables.sources.values()), key=lambda s: (s.title, s.section or "")),
        )

    # ── parts of answers ─────────────────────────────────────────────────────────────────────

    def _ref(self, row: int, on: date) -> CodeRef:
        tables = self.concepts.tables
        billable = self.concepts.status(row, on) == "billable"
        return CodeRef(tables.systems[row], tables.codes[row], tables.displays[row], billable)

    def _curie_ref(self, curie: str, on: date) -> CodeRef:
        return self._ref(self.concepts.index(curie), on)

    def _relationships(self, row: int, on: date) -> list[RelationshipView]:
        sources = self.concepts.tables.sources
        return [
            RelationshipView(
                r.type,
                r.direction,
                self._curie_ref(r.target, on),
                r.inherited_from,
                r.text,
                sources.get(r.source),
            )
            for r in self.concepts.relationships(row, on)
        ]

    def _source_of(self, row: int) -> Source | None:
        tables = self.concepts.tables
        if tables.systems[row] == "icd10cm":
            return tables.sources.get("icd10cm-tabular")
        return tables.sources.get(tables.origins.get(row, ""))
