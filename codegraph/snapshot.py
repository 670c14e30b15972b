"""The compiled graph on disk: write, verify, open.

A snapshot is a folder in the user's cache, named by a key over every source file and the compiler,
holding one file per part and a manifest with the size and digest of each:

    snapshots/3f2a…/manifest.json  concepts.msgpack  search.bin  …

It is written beside its place and renamed into it, so that a reader never sees half of one, and
two processes that compile at once both end with a whole one. Never pickle: a part is bytes that
its owner decodes with msgspec or numpy.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from codegraph.errors import SnapshotError

MANIFEST = "manifest.json"
FORMAT = 1  # raise when what a part holds changes its meaning
KEPT = 3  # snapshots of other keys that stay in the cache


class PartEntry(msgspec.Struct, frozen=True):
    """Size in bytes and digest of one part."""

    size: int
    blake2b: str


class Manifest(msgspec.Struct, frozen=True):
    """What a snapshot says of itself."""

    format: int
    key: str
    parts: dict[str, PartEntry]


class Snapshot:
    """An opened snapshot. Parts are read and verified one by one, when asked for."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest

    def part(self, name: str) -> memoryview:
        """Return a part's bytes, mapped: a copy of them would leave a hole in the heap.

        Raises
        ------
        SnapshotError
            If it is missing, truncated or altered.
        """
        entry = self.manifest.parts.get(name)
        if entry is None:
            raise SnapshotError(f"{self.folder}: has no part {name}; build the snapshot again")
        try:
            with (self.folder / name).open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                content = memoryview(
                    mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
                )
        except OSError as error:
            raise SnapshotError(f"{self.folder / name}: {error.strerror}") from error
        if len(content) != entry.size:
            raise SnapshotError(
                f"{self.folder / name}: {len(content)} bytes instead of {entry.size} (truncated)"
            )
        if _digest(content) != entry.blake2b:
            raise SnapshotError(f"{self.folder / name}: altered since it was written")
        return content

    def verify(self, *, but: str = "") -> None:
        """Read every part, but one that has been read already.

        Raises
        ------
        SnapshotError
            At the first part that is not as it was written.
        """
        for name in self.manifest.parts:
            if name != but:
                self.part(name)


def key_of(files: Iterable[Path], extra: str = "") -> str:
    """Return the key of a snapshot made of these files (their names and bytes)."""
    digest = hashlib.blake2b(f"{FORMAT}\0{extra}".encode(), digest_size=16)
    for path in sorted(files):
        digest.update(f"\0{path.name}\0".encode())
        digest.update(hashlib.blake2b(path.read_bytes()).digest())
    return digest.hexdigest()


def open_snapshot(cache: Path, key: str) -> Snapshot | None:
    """Return the snapshot of a key, or None where there is none yet.

    Raises
    ------
    SnapshotError
        If there is one that cannot be trusted.
    """
    folder = cache / "snapshots" / key
    try:
        raw = (folder / MANIFEST).read_bytes()
    except FileNotFoundError:
        return None
    try:
        manifest = msgspec.json.decode(raw, type=Manifest)
    except msgspec.DecodeError as error:
        raise SnapshotError(f"{folder / MANIFEST}: not readable ({error})") from error
    if manifest.format != FORMAT or manifest.key != key:
        raise SnapshotError(f"{folder}: of another format or another key")
    return Snapshot(folder, manifest)


def write_snapshot(cache: Path, key: str, parts: Mapping[str, bytes]) -> Snapshot:
    """Write a snapshot whole or not at all, and return it opened.

    Where another process has put the same key there meanwhile, theirs stays if it is whole.
    """
    home = cache / "snapshots"
    home.mkdir(parents=True, exist_ok=True)
    manifest = Manifest(
        FORMAT, key, {name: PartEntry(len(b), _digest(b)) for name, b in parts.items()}
    )
    folder = home / key
    scratch = Path(tempfile.mkdtemp(prefix=f".{key[:8]}-", dir=home))
    try:
        for name, content in parts.items():
            (scratch / name).write_bytes(content)
        (scratch / MANIFEST).write_bytes(msgspec.json.encode(manifest))
        _put(scratch, folder, key, cache)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    _tidy(home, key)
    return Snapshot(folder, manifest)


def discard(cache: Path, key: str) -> None:
    """Remove a snapshot that cannot be trusted."""
    shutil.rmtree(cache / "snapshots" / key, ignore_errors=True)


def _put(scratch: Path, folder: Path, key: str, cache: Path) -> None:
    """Rename `scratch` to `folder`; a whole snapshot already there wins, a broken one goes."""
    for _ in range(10):
        try:
            scratch.rename(folder)
            return
        except OSError:
            try:
                there = open_snapshot(cache, key)
                if there is not None:
                    there.verify()
                    return
            except SnapshotError:
                pass
            discard(cache, key)
    raise SnapshotError(f"{folder}: cannot be replaced; remove it and start again")


def _tidy(home: Path, key: str) -> None:
    """Remove the oldest snapshots of other keys, beyond those kept."""
    others = [f for f in home.iterdir() if f.is_dir() and f.name != key and f.name[0] != "."]

    def age(folder: Path) -> float:
        try:
            return folder.stat().st_mtime
        except OSError:
            return 0.0

    for folder in sorted(others, key=age, reverse=True)[KEPT:]:
        shutil.rmtree(folder, ignore_errors=True)


def _digest(content: bytes | memoryview) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()
