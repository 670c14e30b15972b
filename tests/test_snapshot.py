"""The compiled graph on disk: whole or rebuilt, never half believed."""

from __future__ import annotations

import multiprocessing
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codegraph import build, snapshot
from codegraph.errors import DataError, SnapshotError
from codegraph.paths import data_dir
from codegraph.service import CodeGraph

KEY = "k" * 32


def made(cache: Path) -> snapshot.Snapshot:
    return snapshot.write_snapshot(cache, KEY, {"a.bin": b"alpha" * 100, "b.bin": b"beta"})


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    made(tmp_path)
    opened = snapshot.open_snapshot(tmp_path, KEY)
    assert opened is not None
    opened.verify()
    assert opened.part("b.bin") == b"beta"


def test_where_there_is_none_there_is_none(tmp_path: Path) -> None:
    assert snapshot.open_snapshot(tmp_path, KEY) is None


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(at=st.integers(0, 499), mask=st.integers(1, 255), cut=st.integers(1, 500))
def test_any_altered_byte_and_any_truncation_is_detected(
    tmp_path: Path, at: int, mask: int, cut: int
) -> None:
    folder = made(tmp_path).folder
    whole = (folder / "a.bin").read_bytes()
    altered = bytearray(whole)
    altered[at] ^= mask
    for content in (bytes(altered), whole[:-cut]):
        (folder / "a.bin").write_bytes(content)
        opened = snapshot.open_snapshot(tmp_path, KEY)
        assert opened is not None
        with pytest.raises(SnapshotError):
            opened.part("a.bin")
    (folder / "a.bin").write_bytes(whole)


@pytest.mark.parametrize("content", [b"", b"{", b"{}", b'{"format":0,"key":"x","parts":{}}'])
def test_a_manifest_that_cannot_be_trusted_is_an_error(tmp_path: Path, content: bytes) -> None:
    (made(tmp_path).folder / snapshot.MANIFEST).write_bytes(content)
    with pytest.raises(SnapshotError):
        snapshot.open_snapshot(tmp_path, KEY)


def test_a_broken_snapshot_is_replaced_by_a_whole_one(tmp_path: Path) -> None:
    (made(tmp_path).folder / "a.bin").unlink()
    made(tmp_path).verify()


def test_nothing_half_written_stays(tmp_path: Path) -> None:
    made(tmp_path)
    assert [f.name for f in (tmp_path / "snapshots").iterdir()] == [KEY]


def test_a_damaged_graph_is_reported_and_built_again(
    cache: Path, service: CodeGraph, tmp_path: Path
) -> None:
    mine = tmp_path / "cache"
    shutil.copytree(cache, mine)
    for part in mine.rglob(build.CONCEPTS_PART):
        part.write_bytes(part.read_bytes()[:-1])
    told: list[str] = []
    again = CodeGraph.open(cache=mine, report=told.append)
    assert len(again.concepts) == len(service.concepts)
    assert any("truncated" in t for t in told)


def _compile(cache: Path) -> None:
    CodeGraph.open(cache=cache)


def test_two_processes_that_compile_at_once_both_end_right(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=_compile, args=(tmp_path,)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(120)
    assert [p.exitcode for p in both] == [0, 0]
    assert len(list((tmp_path / "snapshots").iterdir())) == 1


def test_an_edited_file_means_another_snapshot_and_a_wrong_one_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(data_dir(), data)
    before = snapshot.key_of(build.source_files(data))
    labels = data / "cpt" / "codes.yaml"
    labels.write_text(labels.read_text("utf-8") + "# a remark\n", "utf-8")
    assert snapshot.key_of(build.source_files(data)) != before
    labels.write_text(labels.read_text("utf-8") + "colour: red\n", "utf-8")
    with pytest.raises(DataError, match=r"codes.yaml:\d+: colour"):
        build.ensure_snapshot(data, tmp_path / "cache")
    assert not (tmp_path / "cache").exists() or not list((tmp_path / "cache").rglob("*.msgpack"))


def test_verify_reads_what_only_the_encounter_check_uses_too(tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(data_dir(), data)
    muscles = data / "encounter" / "muscles.yaml"
    muscles.write_text(muscles.read_text("utf-8") + "colour: red\n", "utf-8")
    (problem,) = build.verify(data).problems
    assert "muscles.yaml" in problem
    assert "colour" in problem
