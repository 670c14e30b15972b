"""What the parts of search promise one another."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from rapidfuzz.distance import OSA

from codegraph.search.correct import _bits
from codegraph.search.engine import SearchEngine
from codegraph.search.params import DEFAULT, TYPING, WHOLE, Weights
from codegraph.search.rank import Ranker
from codegraph.service import CodeGraph

NOTES = [
    "pain in right forearm",
    "closed fracture of shaft of left femur",
    "type 2 diabetes without complications",
    "pneumonia, no sepsis",
    "other and unspecified dislocation of hip",
    "trigger fing",
    "fracture radius unspecif",
]
words = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=14)


@pytest.fixture(scope="module")
def engine(service: CodeGraph) -> SearchEngine:
    return service.engine


@pytest.mark.parametrize("note", NOTES)
def test_a_score_is_its_features_by_their_weights(engine: SearchEngine, note: str) -> None:
    query = engine.reader.read(note)
    near = engine.candidates(query, "icd10cm")
    assert near is not None
    weights = structs.asdict(TYPING if query.unfinished else WHOLE)
    added = np.zeros(len(near.entries))
    for name, weight in weights.items():
        alone = Weights.only(name)
        added += weight * Ranker(engine.index, DEFAULT, alone, alone).score(query, near)
    assert np.allclose(added, engine.ranker.score(query, near), atol=1e-4)


@given(a=words, b=words)
def test_words_so_many_edits_apart_differ_in_twice_as_many_letters_at_most(a: str, b: str) -> None:
    differ = int(np.bitwise_count(_bits(a) ^ _bits(b)))
    assert differ <= 2 * OSA.distance(a, b)


@settings(deadline=None)
@given(beginning=st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=3))
def test_the_commonest_words_that_begin_so_come_first(engine: SearchEngine, beginning: str) -> None:
    index = engine.index
    begin_so = {index.ids[word] for word in index.vocabulary if word.startswith(beginning)}
    commonness = sorted((index.df(word) for word in begin_so if index.df(word)), reverse=True)
    found = index.commonest(beginning, 40)
    assert [index.df(word) for word in found] == commonness[:40]
    assert len(set(found)) == len(found)


def test_threads_do_not_disturb_one_another(engine: SearchEngine, on: date) -> None:
    alone = [engine.search(note, on) for note in NOTES]
    with ThreadPoolExecutor(4) as threads:
        together = [*threads.map(lambda note: engine.search(note, on), NOTES * 20)]
    assert together == alone * 20


def test_a_higher_limit_shows_more_and_the_same_first(engine: SearchEngine, on: date) -> None:
    few = [hit.row for hit in engine.search("fracture of femur", on).hits]
    many = [hit.row for hit in engine.search("fracture of femur", on, limit=80).hits]
    assert len(few) == 10
    assert len(many) == 80
    assert many[:3] == few[:3]


@pytest.mark.parametrize("note", NOTES)
def test_how_many_match_does_not_depend_on_how_many_are_shown(
    engine: SearchEngine, on: date, note: str
) -> None:
    found = [engine.search(note, on, limit=limit) for limit in (1, 10, 100)]
    assert len({f.total for f in found}) == 1
    assert all(len(f.hits) <= f.total for f in found)
