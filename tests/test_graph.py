"""Neighbourhoods, paths and exports."""

from __future__ import annotations

import itertools
import json
from datetime import date
from pathlib import Path
from typing import Any

import networkx as nx
import pytest

from codegraph.errors import InvalidInputError, NotFoundError, UnknownCodeError
from codegraph.service import CodeGraph


def test_a_covered_diagnosis_leads_to_the_procedure_through_the_rule(
    service: CodeGraph, on: date
) -> None:
    steps = service.path("icd10cm:M79.18", "cpt:20553", on).steps
    assert [(s.type, s.target.system) for s in steps] == [("covered_by", "rule"), ("covers", "cpt")]
    assert all(s.sentence.endswith(".") for s in steps)
    assert all(s.source is not None and s.source.title for s in steps)


def test_a_path_reads_the_same_nodes_in_both_directions(service: CodeGraph, on: date) -> None:
    there = service.path("icd10cm:M79.18", "icd10cm:M62.830", on).steps
    back = service.path("icd10cm:M62.830", "icd10cm:M79.18", on).steps
    assert [s.origin.code for s in there] == [s.target.code for s in reversed(back)]


def test_a_path_uses_only_edges_that_hold_on_the_date(service: CodeGraph) -> None:
    after = service.path("hcpcs:J1030", "hcpcs:J1010", date(2024, 4, 1)).steps
    assert [s.type for s in after] == ["replaced_by"]
    before = service.path("hcpcs:J1030", "hcpcs:J1010", date(2024, 3, 1)).steps
    assert "replaced_by" not in [s.type for s in before]


def test_an_unknown_end_of_a_path_is_told(service: CodeGraph, on: date) -> None:
    with pytest.raises(UnknownCodeError):
        service.path("icd10cm:M79.18", "cpt:99999", on)
    with pytest.raises(InvalidInputError):
        service.path("icd10cm:!!", "cpt:20552", on)


def test_what_nothing_connects_is_said(service: CodeGraph, on: date) -> None:
    with pytest.raises(NotFoundError):
        service.path("icd10cm:M79.18", "modifier:GZ", on)


@pytest.mark.parametrize("depth", [1, 2])
def test_a_neighbourhood_is_read_back_by_networkx(service: CodeGraph, on: date, depth: int) -> None:
    document = json.loads(json.dumps(service.neighbours("icd10cm", "M79.1", depth, on)))
    graph = nx.node_link_graph(document, edges="edges")
    assert graph.is_multigraph()
    assert graph.has_edge("icd10cm:M79.18", "icd10cm:M79.1", key="is_a")
    assert graph.has_edge("icd10cm:M79.1", "icd10cm:M79.7", key="excludes1")
    assert max(d for _, d in graph.nodes(data="distance")) == depth


def test_a_neighbourhood_leaves_out_what_is_not_valid_on_the_date(service: CodeGraph) -> None:
    document = service.neighbours("icd10cm", "M79.1", 1, date(2018, 9, 15))
    assert "icd10cm:M79.18" not in {n["id"] for n in document["nodes"]}


def test_a_depth_out_of_range_is_refused(service: CodeGraph, on: date) -> None:
    with pytest.raises(InvalidInputError):
        service.neighbours("icd10cm", "M79.1", 9, on)


@pytest.mark.parametrize("form", ["graphml", "json"])
def test_an_export_is_read_back_whole(service: CodeGraph, tmp_path: Path, form: str) -> None:
    path = tmp_path / f"graph.{form}"
    service.graph.write(path, form)
    if form == "graphml":
        back = nx.read_graphml(path)
    else:
        back = nx.node_link_graph(json.loads(path.read_text("utf-8")), edges="edges")
    whole = service.graph.networkx
    assert (len(back), back.size()) == (len(whole), whole.size())
    assert back.nodes["icd10cm:M79.631"]["display"] == "Pain in right forearm"
    assert list(tmp_path.iterdir()) == [path], "no half-written file stays"


def test_an_unknown_export_format_leaves_nothing_behind(service: CodeGraph, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError):
        service.graph.write(tmp_path / "graph.xyz", "xyz")
    assert list(tmp_path.iterdir()) == []


def test_a_long_path_is_no_dearer_than_the_cheapest(service: CodeGraph, on: date) -> None:
    graph = service.graph
    steps = graph.path("icd10cm:Z99.0", "cpt:99213", on)
    reasons = graph._reasons

    def cost(_a: str, _b: str, parallel: Any) -> float | None:
        return min((d["cost"] for d in parallel.values() if d["edge"].holds(on)), default=None)

    way = ["icd10cm:Z99.0", *(step.target for step in steps)]
    cheapest = nx.dijkstra_path_length(reasons, way[0], way[-1], weight=cost)
    paid = sum(cost(a, b, reasons[a][b]) or 0.0 for a, b in itertools.pairwise(way))
    assert paid == pytest.approx(cheapest)
