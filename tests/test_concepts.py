"""Hierarchy, validity on a date, notes and relationships."""

from __future__ import annotations

from datetime import date

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codegraph.concepts import Concepts
from codegraph.errors import UnknownCodeError
from codegraph.service import CodeGraph


def codes(concepts: Concepts, rows: list[int] | range) -> list[str]:
    return [concepts.tables.codes[r] for r in rows]


def test_ancestors_come_nearest_first(concepts: Concepts) -> None:
    row = concepts.index("icd10cm:M79.631")
    assert codes(concepts, concepts.ancestors(row)) == [
        "M79.63", "M79.6", "M79", "M70-M79", "chapter-13",
    ]  # fmt: skip


def test_hierarchy_agrees_with_the_networkx_graph(service: CodeGraph, concepts: Concepts) -> None:
    graph = service.graph.networkx
    tree = nx.DiGraph((a, b) for a, b, kind in graph.edges(keys=True) if kind == "is_a")
    for code in ("M79.6", "S52.5", "T07", "F02", "M79.631", "chapter-22"):
        curie = f"icd10cm:{code}"
        row = concepts.index(curie)
        assert {concepts.curie(r) for r in concepts.ancestors(row)} == nx.descendants(tree, curie)
        assert {concepts.curie(r) for r in concepts.descendants(row)} == nx.ancestors(tree, curie)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_ancestor_and_descendant_are_two_sides_of_one_thing(
    concepts: Concepts, data: st.DataObject
) -> None:
    row = data.draw(st.integers(0, len(concepts) - 1))
    for above in concepts.ancestors(row):
        assert row in concepts.descendants(above)
    parent = concepts.parent(row)
    if parent is not None:
        assert row in concepts.children(parent)
        assert concepts.common_ancestor(row, parent) == parent


def test_the_nearest_common_ancestor_subsumes_both(concepts: Concepts) -> None:
    a, b = concepts.index("icd10cm:M79.631"), concepts.index("icd10cm:M79.662")
    assert concepts.common_ancestor(a, b) == concepts.index("icd10cm:M79.6")
    assert concepts.common_ancestor(a, concepts.index("cpt:20552")) is None


@pytest.mark.parametrize(
    ("code", "on", "status"),
    [
        ("icd10cm:M79.1", "2018-09-15", "billable"),
        ("icd10cm:M79.1", "2018-10-01", "header"),
        ("icd10cm:M79.18", "2018-09-30", "future"),
        ("icd10cm:M79.18", "2018-10-01", "billable"),
        ("icd10cm:M54.5", "2021-09-30", "billable"),
        ("icd10cm:M54.5", "2021-10-01", "header"),
        ("icd10cm:M54.50", "2021-09-30", "future"),
        ("hcpcs:J1030", "2024-03-31", "billable"),
        ("hcpcs:J1030", "2024-04-01", "ended"),
        ("hcpcs:J1010", "2024-04-01", "billable"),
        ("cpt:20560", "2019-12-31", "future"),
    ],
)
def test_a_code_is_what_it_was_on_the_date(
    concepts: Concepts, code: str, on: str, status: str
) -> None:
    assert concepts.status(concepts.index(code), date.fromisoformat(on)) == status


def test_an_ended_code_keeps_its_title_and_its_place(concepts: Concepts) -> None:
    newest = concepts.edition.valid_from
    ended = [
        row
        for row in concepts.tables.lives
        if concepts.tables.systems[row] == "icd10cm" and concepts.status(row, newest) == "ended"
    ]
    assert len(ended) > 100
    for row in ended:
        assert concepts.tables.displays[row]
        assert concepts.parent(row) is not None


def test_outside_of_what_is_loaded_an_issue_says_so(concepts: Concepts) -> None:
    assert concepts.date_issues(date(2026, 5, 1)) == []
    assert concepts.date_issues(date(2027, 1, 1))[0].code == "no_edition_for_date"
    assert concepts.date_issues(date(2016, 1, 1))[0].code == "before_known_history"


def test_excludes_notes_are_inherited_and_found_from_both_ends(
    concepts: Concepts, on: date
) -> None:
    spasm, myalgia = concepts.index("icd10cm:M62.830"), concepts.index("icd10cm:M79.18")
    one = concepts.between(spasm, myalgia, ("excludes1",), on)
    other = concepts.between(myalgia, spasm, ("excludes1",), on)
    assert {(e.origin, e.target) for e in one} == {("icd10cm:M62", "icd10cm:M79.1")}
    assert {(e.origin, e.target) for e in one} == {(e.origin, e.target) for e in other}


def test_limb_pain_and_joint_pain_may_both_stand(concepts: Concepts, on: date) -> None:
    limb, joint = concepts.index("icd10cm:M79.631"), concepts.index("icd10cm:M25.521")
    assert not concepts.between(limb, joint, ("excludes1",), on)
    assert concepts.between(limb, joint, ("excludes2",), on)


def test_a_range_in_a_note_reaches_every_concept_of_it(concepts: Concepts) -> None:
    targets = {e.target for e in concepts.edges_from("icd10cm:T07-T07") if e.type == "excludes1"}
    burns = {"icd10cm:T20-T25", "icd10cm:T26-T28", "icd10cm:T30-T32"}  # noted as T20-T32
    assert burns | {"icd10cm:T33-T34", "icd10cm:T63.4", "icd10cm:L55"} <= targets


def test_seventh_characters_are_inherited_until_they_are_given(concepts: Concepts) -> None:
    found = concepts.seventh_characters(concepts.index("icd10cm:S52.501"))
    assert [s.value for s in found][:3] == ["A", "B", "C"]
    assert concepts.seventh_characters(concepts.index("icd10cm:S52.501A")) == []
    assert concepts.seventh_characters(concepts.index("icd10cm:M79.631")) == []


def test_an_unknown_code_is_told_with_the_nearest_that_exists(concepts: Concepts) -> None:
    with pytest.raises(UnknownCodeError) as caught:
        concepts.index("icd10cm:M79.699")
    assert caught.value.suggestions == ("M79.6",)
