"""The knowledge graph as a networkx MultiDiGraph: neighbourhoods, paths, exports.

Nodes are CURIEs with `system`, `code`, `display`, `kind`; an edge's key is its type, and it carries
`text`, `source`, `from`, `to`. Only this module imports networkx, and only when it is asked
something: a lookup needs no graph library.
"""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from codegraph.concepts import Concepts
from codegraph.errors import InvalidInputError, NotFoundError
from codegraph.model import Relationship

if TYPE_CHECKING:
    import networkx as nx

DEEPEST = 4  # edges from the centre of a neighbourhood
MOST_NODES = 400  # of a neighbourhood

# What one step of a path costs: what a coder would call a reason is near, what merely shares
# a chapter is far. Chapters and sections are no reason at all.
_COST = {
    "covered_by": 1.0, "covers": 1.0, "governs": 1.2, "has_rule": 1.5, "contains": 1.0,
    "drug_for": 1.0, "guidance_for": 1.0, "replaced_by": 1.6, "is_a": 1.1,
    "mutually_exclusive": 1.5, "bundled_into": 1.5, "alternative_to": 1.5, "code_first": 2.0,
    "use_additional_code": 2.0, "code_also": 2.0, "excludes1": 2.5, "excludes2": 3.0,
    "includes": 2.0,
}  # fmt: skip
_COST_THROUGH_GROUP = 4.0  # a step to or from a chapter or section

_SENTENCES = {
    "is_a": "{a} is a kind of {b}.",
    "covered_by": "{a} is among the diagnoses that the rule “{b}” names as covered.",
    "covers": "The rule “{a}” applies to {b}.",
    "governs": "The rule “{a}” speaks of {b}.",
    "has_rule": "{a} applies the rule “{b}”.",
    "contains": "{a} is the code for {b}.",
    "drug_for": "{a} is reported beside {b} when that drug is injected.",
    "guidance_for": "{a} is image guidance that may accompany {b}.",
    "replaced_by": "{a} was replaced by {b}.",
    "mutually_exclusive": "{a} and {b} are never reported together on one day.",
    "bundled_into": "{a} is bundled into {b}.",
    "alternative_to": "{a} is an alternative to {b}.",
    "excludes1": "{a} excludes {b}: not both, unless clearly unrelated.",
    "excludes2": "{a} does not include {b}: both may be reported.",
    "code_first": "Under {a}, {b} is coded first.",
    "use_additional_code": "Under {a}, {b} is coded in addition.",
    "code_also": "Under {a}, {b} is coded also.",
    "includes": "{a} includes {b}.",
}


class Step(Struct, frozen=True):
    """One step of a path. `direction` is in where the edge points against the walk."""

    origin: str
    type: str
    target: str
    direction: str
    sentence: str
    text: str
    source: str


class KnowledgeGraph:
    """Questions about the neighbourhood of concepts and the paths between them."""

    def __init__(self, concepts: Concepts) -> None:
        self._concepts = concepts
        self._growing = threading.Lock()

    @cached_property
    def networkx(self) -> nx.MultiDiGraph[str]:
        """The whole graph, made on first use."""
        import networkx as nx

        tables = self._concepts.tables
        graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        curies = [f"{s}:{c}" for s, c in zip(tables.systems, tables.codes, strict=True)]
        graph.add_nodes_from(
            (curie, {"system": s, "code": c, "display": d, "kind": k})
            for curie, s, c, d, k in zip(
                curies, tables.systems, tables.codes, tables.displays, tables.kinds, strict=True
            )
        )
        for row, parent in enumerate(tables.parents):
            if parent >= 0:
                graph.add_edge(curies[row], curies[parent], "is_a")
        for e in tables.edges:
            graph.add_edge(e.origin, e.target, e.type, **_attributes(e))
        return graph

    def neighbourhood(self, curie: str, depth: int, on: date) -> nx.MultiDiGraph[str]:
        """Return the graph around a concept.

        Parameters
        ----------
        depth
            Edges from the centre, 1 to 4. At most 400 nodes, the nearest first; the graph's
            `truncated` tells whether there are more.

        Raises
        ------
        UnknownCodeError, InvalidInputError
            If the concept is unknown or the depth out of range.
        """
        import networkx as nx

        if not 1 <= depth <= DEEPEST:
            raise InvalidInputError(f"depth={depth}: give 1 to {DEEPEST}.")
        graph: nx.MultiDiGraph[str] = nx.MultiDiGraph(center=curie, depth=depth, truncated=False)
        self._add_node(graph, curie, 0, on)
        frontier = [curie]
        for distance in range(1, depth + 1):
            beyond = []
            for here in frontier:
                for edge in self._incident(here, on):
                    other = edge.target if edge.origin == here else edge.origin
                    if other not in graph:
                        if len(graph) >= MOST_NODES:
                            graph.graph["truncated"] = True
                            continue
                        self._add_node(graph, other, distance, on)
                        beyond.append(other)
                    graph.add_edge(
                        edge.origin, edge.target, edge.type, type=edge.type, **_attributes(edge)
                    )
            frontier = beyond
        return graph

    def node_link(self, curie: str, depth: int, on: date) -> dict[str, Any]:
        """Return `neighbourhood` in networkx node-link form, as JSON carries it."""
        import networkx as nx

        document: dict[str, Any] = nx.node_link_data(
            self.neighbourhood(curie, depth, on), edges="edges"
        )
        return document

    def path(self, start: str, end: str, on: date) -> list[Step]:
        """Return the most telling path between two concepts, a sentence per step.

        Raises
        ------
        UnknownCodeError
            If one of the two is unknown.
        NotFoundError
            If nothing in the graph connects them on that date.
        """
        import networkx as nx

        for curie in (start, end):
            self._concepts.index(curie)
            self._grow(curie)

        def cost(_a: str, _b: str, parallel: Mapping[str, dict[str, Any]]) -> float | None:
            costs = [data["cost"] for data in parallel.values() if data["edge"].holds(on)]
            return min(costs) if costs else None

        try:
            _, nodes = nx.bidirectional_dijkstra(self._reasons, start, end, weight=cost)
        except nx.NetworkXNoPath:
            raise NotFoundError(
                f"Nothing in the graph connects {start} with {end} on {on}."
            ) from None
        return [self._step(a, b, on) for a, b in itertools.pairwise(nodes)]

    def write(self, path: Path, form: str) -> None:
        """Write the whole graph as `graphml` or node-link `json`, whole or not at all."""
        import networkx as nx

        scratch = path.with_name(f".{path.name}.part")
        try:
            if form == "graphml":
                nx.write_graphml(self.networkx, scratch)
            elif form == "json":
                document = nx.node_link_data(self.networkx, edges="edges")
                scratch.write_text(json.dumps(document), "utf-8")
            else:
                raise InvalidInputError(f"format {form!r}: use graphml or json.")
            scratch.replace(path)
        finally:
            scratch.unlink(missing_ok=True)

    def _incident(self, curie: str, on: date) -> Iterator[Relationship]:
        """Yield the edges at a node, the hierarchy's included."""
        concepts = self._concepts
        row = concepts.index(curie)
        parent = concepts.parent(row)
        if parent is not None:
            yield Relationship(curie, "is_a", concepts.curie(parent))
        for child in concepts.children(row, on):
            yield Relationship(concepts.curie(child), "is_a", curie)
        for edge in (*concepts.edges_from(curie), *concepts.edges_to(curie)):
            if edge.holds(on):
                yield edge

    @cached_property
    def _reasons(self) -> nx.MultiGraph[str]:
        """What a path can run through: concepts with typed edges, and what is above these.

        Undirected, since a reason reads both ways. Concepts that have only a parent are left out
        until a path begins or ends at them.
        """
        import networkx as nx

        graph: nx.MultiGraph[str] = nx.MultiGraph()
        for edge in self._concepts.tables.edges:
            graph.add_edge(
                edge.origin,
                edge.target,
                f"{edge.origin} {edge.type}",
                edge=edge,
                cost=self._cost(edge),
            )
        for curie in list(graph):
            self._add_above(graph, curie)
        return graph

    def _grow(self, curie: str) -> None:
        """Add a concept and what is above it to the graph of reasons."""
        with self._growing:
            if curie not in self._reasons:
                self._add_above(self._reasons, curie)

    def _add_above(self, graph: nx.MultiGraph[str], curie: str) -> None:
        concepts = self._concepts
        graph.add_node(curie)
        for row in concepts.ancestors(concepts.index(curie)):
            above = concepts.curie(row)
            edge = Relationship(curie, "is_a", above)
            graph.add_edge(curie, above, "is_a", edge=edge, cost=self._cost(edge))
            curie = above

    def _cost(self, edge: Relationship) -> float:
        for end in (edge.origin, edge.target):
            row = self._concepts.index(end)
            if self._concepts.tables.kinds[row] in ("chapter", "section"):
                return _COST_THROUGH_GROUP
        return _COST.get(edge.type, 2.0)

    def _step(self, a: str, b: str, on: date) -> Step:
        parallel = self._reasons[a][b].values()
        data = min((d for d in parallel if d["edge"].holds(on)), key=lambda d: d["cost"])
        edge: Relationship = data["edge"]
        direction = "out" if edge.origin == a else "in"
        sentence = self._sentence(edge, on)
        return Step(a, edge.type, b, direction, sentence, edge.text, edge.source)

    def _add_node(self, graph: nx.MultiDiGraph[str], curie: str, distance: int, on: date) -> None:
        concept = self._concepts.concept(curie, on)
        graph.add_node(
            curie,
            system=concept.system,
            code=concept.code,
            display=concept.display,
            kind=concept.kind,
            billable=concept.billable,
            distance=distance,
        )

    def _sentence(self, edge: Relationship, on: date) -> str:
        sentence = _SENTENCES.get(edge.type, "{a} – " + edge.type + " – {b}.")
        return sentence.format(a=self._named(edge.origin, on), b=self._named(edge.target, on))

    def _named(self, curie: str, on: date) -> str:
        concept = self._concepts.concept(curie, on)
        if concept.system in ("icd10cm", "cpt", "hcpcs"):
            return f"{concept.code} {concept.display}"
        return concept.display


def _attributes(edge: Relationship) -> dict[str, str]:
    """Return an edge's attributes as strings, leaving out what is empty (GraphML has no null)."""
    found = {
        "text": edge.text,
        "source_id": edge.source,
        "from": edge.from_.isoformat() if edge.from_ else "",
        "to": edge.to.isoformat() if edge.to else "",
    }
    return {name: value for name, value in found.items() if value}
