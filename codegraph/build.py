"""From the files on disk to an opened snapshot: compile when a source file has changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from codegraph.compiler import build_tables, read_curated_data
from codegraph.concepts import Concepts, Tables
from codegraph.drilldown import Drilldown
from codegraph.encounter import EncounterChecker
from codegraph.errors import DataError, SnapshotError
from codegraph.paths import data_dir
from codegraph.snapshot import Snapshot, discard, key_of, open_snapshot, write_snapshot
from codegraph.sources.icd10cm_tabular import installed_release

CONCEPTS_PART = "concepts.msgpack"
SEARCH_PART = "search.bin"
NEEDS_PART = "needs.msgpack"  # what is still to be asked below each concept

Progress = Callable[[str, float], None]  # what is being done, share done from 0 to 1
Tell = Callable[[str], None]

_PACKAGE = Path(__file__).resolve().parent
# The code that decides what a snapshot holds.
_COMPILER = (
    "build.py", "codes.py", "compiler.py", "concepts.py", "model.py", "rulebook.py",
    "drilldown/*.py", "sources/*.py",
    "search/compile.py", "search/index.py", "search/lexicon.py", "search/text.py",
)  # fmt: skip


def curated_files(data: Path) -> list[Path]:
    """Return every file that people curate, and the tables made for them."""
    return [p for p in data.rglob("*") if p.suffix in (".yaml", ".csv")]


def source_files(data: Path) -> list[Path]:
    """Return every file that the compiled graph depends on, the compiler's own code included."""
    release = installed_release()
    code = [p for pattern in _COMPILER for p in _PACKAGE.glob(pattern)]
    return [release.tabular, release.code_list, *curated_files(data), *code]


def ensure_snapshot(
    data: Path, cache: Path, progress: Progress | None = None, report: Tell | None = None
) -> Snapshot:
    """Return the snapshot for the files as they are, compiling it where there is none.

    Parameters
    ----------
    report
        Is told when a snapshot on disk cannot be trusted and is built again.

    Raises
    ------
    DataError
        If a source file is not as it must be.
    """
    key = key_of(source_files(data))
    try:
        snapshot = open_snapshot(cache, key)
        if snapshot is not None:
            return snapshot
    except SnapshotError as error:
        if report:
            report(f"{error}: building it again")
        discard(cache, key)
    return rebuild(data, cache, key, progress)


def rebuild(data: Path, cache: Path, key: str, progress: Progress | None = None) -> Snapshot:
    """Compile the sources and write the snapshot."""
    from codegraph.search.compile import build_index  # numpy: only where it is needed

    tell = progress or (lambda _what, _share: None)
    tell("reading curated data", 0.0)
    curated = read_curated_data(data)
    tell("reading the ICD-10-CM tabular list", 0.1)
    tables = build_tables(installed_release(), data, curated)
    tell("indexing for search", 0.5)
    parts = {CONCEPTS_PART: msgspec.msgpack.encode(tables)}
    concepts = Concepts(tables)
    parts[SEARCH_PART] = build_index(concepts, data)
    tell("planning the guided walk", 0.75)
    walks = Drilldown.open(concepts, data)
    parts[NEEDS_PART] = walks.compiled_needs(concepts.edition.valid_from)
    tell("writing the snapshot", 0.97)
    snapshot = write_snapshot(cache, key, parts)
    tell("ready", 1.0)
    return snapshot


class Verification(msgspec.Struct, frozen=True):
    """What a check of all data found. `unresolved`: (concept, reference, note)."""

    files: int
    concepts: int
    edges: int
    resolved: int
    unresolved: list[tuple[str, str, str]]
    problems: list[str]


def verify(data: Path | None = None) -> Verification:
    """Compile everything afresh in memory and say what was found; writes nothing."""
    from codegraph.search.compile import build_index

    data = data or data_dir()
    files = curated_files(data)
    try:
        tables = build_tables(installed_release(), data, read_curated_data(data))
        concepts = Concepts(tables)
        build_index(concepts, data)
        Drilldown.open(concepts, data)  # hints and body maps
        EncounterChecker.open(concepts, data)  # muscles, limits, rules bound to their kinds
    except DataError as error:
        return Verification(len(files), 0, 0, 0, [], [str(error)])
    return Verification(
        files=len(files),
        concepts=len(tables.codes),
        edges=len(tables.edges),
        resolved=tables.resolved_references,
        unresolved=tables.unresolved,
        problems=[],
    )


def open_concepts(snapshot: Snapshot) -> Concepts:
    """Return the concepts of a snapshot.

    Raises
    ------
    SnapshotError
        If the part is missing, truncated or altered.
    """
    raw = snapshot.part(CONCEPTS_PART)
    try:
        return Concepts(msgspec.msgpack.decode(raw, type=Tables))
    except msgspec.DecodeError as error:
        raise SnapshotError(f"{snapshot.folder / CONCEPTS_PART}: {error}") from error
