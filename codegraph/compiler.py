"""Turn official files and curated YAML into the tables of the graph.

Pure: files in, tables out; where they are kept is snapshot.py's. Every reference in a note becomes
an edge or stands in `unresolved`; nothing is dropped silently.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import TypeVar

from codegraph.concepts import Tables
from codegraph.errors import DataError
from codegraph.model import (
    CodePair,
    CptCode,
    Curated,
    CuratedEdge,
    Drug,
    DrugCode,
    Edition,
    Interval,
    Modifier,
    NoEdit,
    NoteKind,
    Relationship,
    Source,
)
from codegraph.rulebook import Payer, Rule
from codegraph.sources.curated import CuratedFile, read_curated, read_folder, source_names
from codegraph.sources.icd10cm_history import HistoryRow, read_history
from codegraph.sources.icd10cm_notes import Reference, references
from codegraph.sources.icd10cm_tabular import Release, TabularConcept, read_edition, read_tabular

# Edges are made of these notes; inclusion terms and general notes name codes only in passing.
_EDGE_NOTES: tuple[NoteKind, ...] = (
    "includes",
    "excludes1",
    "excludes2",
    "code_first",
    "use_additional_code",
    "code_also",
)
C = TypeVar("C", bound=Curated)
TABULAR_SOURCE = "icd10cm-tabular"


@dataclass(slots=True)
class _Node:
    system: str
    code: str
    display: str
    kind: str
    billable: bool
    parent: str | None = None
    notes: dict[NoteKind, list[str]] = field(default_factory=dict)
    seventh: dict[str, str] = field(default_factory=dict)
    life: list[Interval] = field(default_factory=list)
    source: str = ""
    designations: list[str] = field(default_factory=list)


@dataclass
class CuratedData:
    """Every curated file that makes nodes and edges, read and checked."""

    cpt: CuratedFile[CptCode]
    drug_codes: CuratedFile[DrugCode]
    drugs: CuratedFile[Drug]
    modifiers: CuratedFile[Modifier]
    pairs: CuratedFile[CodePair]
    edges: list[CuratedFile[CuratedEdge]]
    rules: list[CuratedFile[Rule]]
    payers: list[CuratedFile[Payer]]


def read_curated_data(data: Path) -> CuratedData:
    """Read every curated file that makes nodes and edges.

    Raises
    ------
    DataError
        With file, line, field and fix.
    """
    return CuratedData(
        cpt=read_curated(data / "cpt" / "codes.yaml", CptCode, key=lambda r: r.code),
        drug_codes=read_curated(data / "hcpcs" / "drugs.yaml", DrugCode, key=lambda r: r.code),
        drugs=read_curated(data / "drugs" / "drugs.yaml", Drug, key=lambda r: r.id),
        modifiers=read_curated(
            data / "modifiers" / "modifiers.yaml", Modifier, key=lambda r: r.code
        ),
        pairs=read_curated(data / "ncci" / "pairs.yaml", CodePair, extra={"no_edit": NoEdit}),
        edges=read_folder(data / "relationships", CuratedEdge),
        rules=read_folder(data / "rules", Rule, key=lambda r: r.id),
        payers=read_folder(data / "payers", Payer, key=lambda r: r.id),
    )


def build_tables(release: Release, data: Path, curated: CuratedData) -> Tables:
    """Return the tables of the whole graph.

    Raises
    ------
    DataError
        If a file is not as it must be, or an edge names a concept that does not exist.
    """
    builder = _Builder()
    edition = read_edition(release)
    builder.sources[TABULAR_SOURCE] = Source(
        title=f"{edition.name}, tabular list", trace="P", section=edition.file,
        date=edition.valid_from.isoformat(), url="https://www.cdc.gov/nchs/icd/icd-10-cm/",
    )  # fmt: skip
    builder.add_icd10cm(read_tabular(release))
    history = data / "icd10cm" / "history.csv"
    known_from = builder.add_history(history, read_history(history))
    builder.add_curated(curated, data)
    return builder.tables([edition], known_from)


class _Builder:
    def __init__(self) -> None:
        self.nodes: dict[str, _Node] = {}
        self.children: dict[str | None, list[str]] = {}
        self.edges: list[Relationship] = []
        self.sources: dict[str, Source] = {}
        self.order: dict[str, tuple[int, int]] = {}  # curie → (row, end), once laid out
        self.rows: list[str] = []
        self.folder = Path()

    def add(self, node: _Node) -> str:
        curie = f"{node.system}:{node.code}"
        self.nodes[curie] = node
        parent = f"{node.system}:{node.parent}" if node.parent else None
        self.children.setdefault(parent, []).append(curie)
        return curie

    def add_icd10cm(self, concepts: Iterable[TabularConcept]) -> None:
        for c in concepts:
            self.add(
                _Node("icd10cm", c.code, c.title, c.kind, c.billable, c.parent, c.notes, c.seventh)
            )

    # ── history ──────────────────────────────────────────────────────────────────────────────

    def add_history(self, path: Path, rows: Iterable[HistoryRow]) -> date:
        """Lay the history over the nodes; return the day from which it is known."""
        lives: dict[str, list[HistoryRow]] = {}
        for row in rows:
            lives.setdefault(row.code, []).append(row)
        self.sources["icd10cm-history"] = Source(
            title="ICD-10-CM editions FY2019 to now, compared",
            trace="P",
            section="data/icd10cm/history.csv",
        )
        for code, life in sorted(lives.items()):
            curie = f"icd10cm:{code}"
            if curie not in self.nodes:
                self._add_retired(path, code, life)
            self.nodes[curie].life = [Interval(r.from_, r.to, r.billable) for r in life]
        for code, life in lives.items():
            for row in life:
                for new in row.replaced_by:
                    begin = None if row.to is None else _day_after(row.to)
                    self.edge(
                        f"icd10cm:{code}", "replaced_by", f"icd10cm:{new}",
                        source="icd10cm-history", from_=begin,
                    )  # fmt: skip
        return KNOWN_FROM

    def _add_retired(self, path: Path, code: str, life: list[HistoryRow]) -> None:
        """Put a code of an earlier edition below the longest beginning that exists."""
        title = next((r.title for r in reversed(life) if r.title), "")
        if not title:
            raise DataError(path, f"{code} has ended and has no title", fix="give its last title")
        plain = code.replace(".", "")
        parent = None
        for length in range(len(plain) - 1, 2, -1):
            shorter = plain[:3] + ("." + plain[3:length] if length > 3 else "")
            if f"icd10cm:{shorter}" in self.nodes:
                parent = shorter
                break
        if parent is None:
            parent = self._section_of(plain[:3])
        kind = "category" if len(plain) == 3 else "subcategory" if len(plain) < 7 else "code"
        self.add(_Node("icd10cm", code, title, kind, life[-1].billable, parent))

    def _section_of(self, category: str) -> str | None:
        return next(
            (
                n.code
                for n in self.nodes.values()
                if n.kind == "section" and n.code[:3] <= category <= n.code[4:]
            ),
            None,
        )

    # ── curated records ──────────────────────────────────────────────────────────────────────

    def add_curated(self, data: CuratedData, folder: Path) -> None:
        self.folder = folder
        for c in data.cpt.records:
            node = _Node("cpt", c.code, c.label, "procedure", True, life=_life(c.from_, c.to))
            curie = self.add_record(data.cpt, c, node)
            for new in c.replaced_by or []:
                self.edge(curie, "replaced_by", f"cpt:{new}", source=node.source)
        for d in data.drug_codes.records:
            node = _Node("hcpcs", d.code, d.label, "drug_code", True, life=_life(d.from_, d.to))
            curie = self.add_record(data.drug_codes, d, node)
            begin = None if d.to is None else _day_after(d.to)
            for new in d.successors:
                self.edge(curie, "replaced_by", f"hcpcs:{new}", source=node.source, from_=begin)
        for drug in data.drugs.records:
            node = _Node("drug", drug.id, drug.name, "drug", False)
            node.designations = [*drug.brands, *drug.other_names]
            curie = self.add_record(data.drugs, drug, node)
            for choice in drug.codes:
                code = f"hcpcs:{choice.code}"
                self.edge(code, "contains", curie, choice.when or "", node.source)
            if drug.codes:  # a brand leads to the code that describes the drug by default
                default = self.nodes[f"hcpcs:{drug.codes[0].code}"]
                default.designations += [drug.name, *drug.brands, *drug.other_names]
        for m in data.modifiers.records:
            node = _Node(
                "modifier",
                m.code,
                m.label,
                "modifier",
                False,
                life=_life(m.from_, None, billable=False),
            )
            self.add_record(data.modifiers, m, node)
        for payers in data.payers:
            for p in payers.records:
                self.add_record(payers, p, _Node("payer", p.id, p.name, "payer", False))
        for rules in data.rules:
            for rule in rules.records:
                self._add_rule(rules, rule)
        for edges in data.edges:
            for e in edges.records:
                source = self._source(edges, e)
                for origin in e.origins:
                    for target in e.targets:
                        self.edge(origin, e.type, target, e.text, source, e.from_, e.to)
        for pair in data.pairs.records:
            self._add_pair(data.pairs, pair)

    def add_record(self, file: CuratedFile[C], record: C, node: _Node) -> str:
        """Add the node of a curated record, with its source."""
        node.source = self._source(file, record)
        return self.add(node)

    def _add_rule(self, file: CuratedFile[Rule], rule: Rule) -> None:
        life = _life(rule.from_, rule.to, billable=False)
        node = _Node("rule", rule.id, rule.title, "rule", False, life=life)
        curie = self.add_record(file, rule, node)
        for target in rule.governs:
            self.edge(curie, "governs", target, source=node.source)
        if rule.payer:
            self.edge(f"payer:{rule.payer}", "has_rule", curie, source=node.source)
        if rule.kind == "covered_diagnoses":
            for code in _strings(rule, "diagnoses"):
                self.edge(f"icd10cm:{code}", "covered_by", curie, source=node.source)
            for code in _strings(rule, "procedures"):
                self.edge(curie, "covers", f"cpt:{code}", source=node.source)

    def _add_pair(self, file: CuratedFile[CodePair], pair: CodePair) -> None:
        one, two = (_procedure(c) for c in (pair.column1, pair.column2))
        source = self._source(file, pair)
        if pair.indicator == 0:
            self.edge(one, "mutually_exclusive", two, "never together on one day", source)
        elif pair.indicator == 1:
            text = "an edit bundles it; an appropriate modifier may separate the two"
            self.edge(two, "bundled_into", one, text, source)

    def _source(self, file: CuratedFile[C], record: C) -> str:
        """Return the key under which the record's (first) source is kept in the tables."""
        name = source_names(record)[0]
        key = f"{file.path.relative_to(self.folder).as_posix()}#{name}"
        self.sources[key] = file.sources[name]
        return key

    def edge(
        self,
        origin: str,
        type: str,
        target: str,
        text: str = "",
        source: str = "",
        from_: date | None = None,
        to: date | None = None,
    ) -> None:
        """Add an edge; both ends are checked when the tables are made."""
        self.edges.append(Relationship(origin, type, target, text, source, from_, to))

    # ── laying out ───────────────────────────────────────────────────────────────────────────

    def tables(self, editions: list[Edition], known_from: date) -> Tables:
        self._lay_out()
        for e in self.edges:
            for end in (e.origin, e.target):
                if end not in self.nodes:
                    raise DataError(
                        e.source or "curated data",
                        f"the edge {e.origin} -{e.type}-> {e.target} names {end}, which is unknown",
                        fix="correct the code or add its record",
                    )
        resolved, unresolved = self._resolve_notes()
        nodes = [self.nodes[c] for c in self.rows]
        return Tables(
            editions=editions,
            sources=self.sources,
            systems=[n.system for n in nodes],
            codes=[n.code for n in nodes],
            displays=[n.display for n in nodes],
            kinds=[n.kind for n in nodes],
            billable=[n.billable for n in nodes],
            parents=[self.order[f"{n.system}:{n.parent}"][0] if n.parent else -1 for n in nodes],
            ends=[self.order[c][1] for c in self.rows],
            lives={i: n.life for i, n in enumerate(nodes) if n.life},
            notes={i: n.notes for i, n in enumerate(nodes) if n.notes},
            seventh={i: n.seventh for i, n in enumerate(nodes) if n.seventh},
            edges=sorted(self.edges, key=lambda e: (e.origin, e.type, e.target)),
            known_from=known_from,
            designations={i: n.designations for i, n in enumerate(nodes) if n.designations},
            origins={i: n.source for i, n in enumerate(nodes) if n.source},
            unresolved=unresolved,
            resolved_references=resolved,
        )

    def _lay_out(self) -> None:
        """Number the nodes in pre-order; retired codes fall into their alphabetical place."""

        def visit(curie: str) -> None:
            row = len(self.rows)
            self.rows.append(curie)
            children = self.children.get(curie, [])
            if any(self.nodes[c].life for c in children):
                children = sorted(children, key=lambda c: self.nodes[c].code)
            for child in children:
                visit(child)
            self.order[curie] = (row, len(self.rows))

        for root in self.children[None]:
            visit(root)

    def _resolve_notes(self) -> tuple[int, list[tuple[str, str, str]]]:
        resolved, unresolved = 0, []
        for curie in self.rows:
            node = self.nodes[curie]
            for kind in _EDGE_NOTES:
                for text in node.notes.get(kind, ()):
                    for reference in references(text):
                        targets = self._resolve(reference)
                        if not targets:
                            unresolved.append((curie, str(reference), text))
                            continue
                        resolved += 1
                        for target in targets:
                            if target != curie:
                                self.edge(curie, kind, target, text, TABULAR_SOURCE)
        return resolved, unresolved

    def _resolve(self, reference: Reference) -> list[str]:
        first = f"icd10cm:{reference.first}"
        if reference.last is None:
            return [first] if first in self.nodes else []
        section = f"icd10cm:{reference.first}-{reference.last}"
        if section in self.nodes:
            return [section]
        return self._cover(reference.first, reference.last)

    def _cover(self, first: str, last: str) -> list[str]:
        """Return the fewest concepts that together are all codes from `first` to `last`."""
        found: list[str] = []

        def within(code: str) -> bool:
            return first <= code and code[: len(last)] <= last

        def visit(curie: str) -> None:
            node = self.nodes[curie]
            if node.kind in ("chapter", "section"):
                below = self.children.get(curie, [])
                mine: list[str] = []
                found_before = len(found)
                for child in below:
                    visit(child)
                mine = found[found_before:]
                if mine and len(mine) == len(below) and set(mine) == set(below):
                    del found[found_before:]
                    found.append(curie)
            elif within(node.code):
                found.append(curie)
            elif node.code == first[: len(node.code)] or node.code == last[: len(node.code)]:
                for child in self.children.get(curie, []):
                    visit(child)

        for root in self.children[None]:
            if root.startswith("icd10cm:"):
                visit(root)
        return found


# The first edition of which the whole list is known (FY2019).
KNOWN_FROM = date(2018, 10, 1)


def _day_after(day: date) -> date:
    return day + timedelta(days=1)


def _life(begin: date | None, end: date | None, *, billable: bool = True) -> list[Interval]:
    return [Interval(begin, end, billable)] if begin or end else []


def _procedure(code: str) -> str:
    return f"{'hcpcs' if code[0].isalpha() else 'cpt'}:{code}"


def _strings(rule: Rule, name: str) -> list[str]:
    value = rule.params.get(name, [])
    return [str(v) for v in value] if isinstance(value, list) else []
