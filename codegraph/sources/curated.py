"""Read our own YAML files: records with a source each, checked against a type, errors with a line.

  sources:
    KZA: {title: …, date: "2020-02-06", trace: S}
  records:
    - {code: "20552", label: …, source: KZA}

Unknown keys, duplicate keys, missing sources and values of a wrong type are refused with
`file:line: field: problem - fix`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec
import yaml

from codegraph.errors import DataError
from codegraph.model import Curated, Source

T = TypeVar("T", bound=Curated)


@dataclass(frozen=True, slots=True)
class CuratedFile(Generic[T]):
    """The records of one file and the sources they name; `extra` holds further lists."""

    path: Path
    records: list[T]
    sources: dict[str, Source]
    extra: dict[str, list[Any]] = field(default_factory=dict)

    def sources_of(self, record: Curated) -> list[Source]:
        """Return the sources that a record of this file names."""
        return [self.sources[name] for name in source_names(record)]


def source_names(record: Curated) -> list[str]:
    """Return the ids of the record's sources."""
    return [record.source] if isinstance(record.source, str) else list(record.source)


def read_curated(
    path: Path,
    record_type: type[T],
    *,
    key: Callable[[T], str] | None = None,
    extra: dict[str, type[Curated]] | None = None,
) -> CuratedFile[T]:
    """Read one curated file.

    Parameters
    ----------
    key
        What must be unique within the file; None where nothing must.
    extra
        Further top-level lists and the type of their records.

    Raises
    ------
    DataError
        With file, line, field and fix, at the first thing that is wrong.
    """
    text = path.read_text("utf-8")
    raw = _parse(path, text)
    lists: dict[str, type[Curated]] = {"records": record_type, **(extra or {})}
    allowed = {"sources", *lists}
    if not isinstance(raw, dict):
        raise DataError(
            path, "is not a mapping", line=1, fix="start with `sources:` and `records:`"
        )
    for name in raw:
        if name not in allowed:
            raise DataError(
                path,
                "unknown key",
                line=_line(text, (name,)),
                field=str(name),
                fix=f"use one of {', '.join(sorted(allowed))}",
            )
    named = _convert(path, text, raw.get("sources") or {}, dict[str, Any], ("sources",))
    sources = {
        name: _convert(path, text, source, Source, ("sources", name))
        for name, source in named.items()
    }
    parts = {
        name: _convert(path, text, raw.get(name) or [], list[kind], (name,))  # type: ignore[valid-type]
        for name, kind in lists.items()
    }
    for name, records in parts.items():
        _check_sources(path, text, name, records, sources)
    if key:
        _check_unique(path, text, parts["records"], key)
    return CuratedFile(path, parts.pop("records"), sources, parts)


def read_folder(
    folder: Path, record_type: type[T], *, key: Callable[[T], str] | None = None
) -> list[CuratedFile[T]]:
    """Read every YAML file of a folder, in the order of their names."""
    return [read_curated(path, record_type, key=key) for path in sorted(folder.glob("*.yaml"))]


class _Loader(yaml.CSafeLoader):
    """A loader that refuses a key given twice (plain YAML silently takes the last)."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    loader.flatten_mapping(node)
    found: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in found:
            raise yaml.constructor.ConstructorError(
                None, None, f"key {key!r} stands twice", key_node.start_mark
            )
        found[key] = loader.construct_object(value_node, deep=True)
    return found


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def _parse(path: Path, text: str) -> Any:
    try:
        return yaml.load(text, _Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise DataError(
            path,
            f"not readable as YAML: {error.problem}",
            line=mark.line + 1 if mark else None,
            fix="check quotes, brackets and indentation there",
        ) from error


def _convert(path: Path, text: str, raw: Any, kind: Any, base: tuple[str | int, ...]) -> Any:
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        message, _, where = str(error).partition(" - at `")
        steps = base + tuple(
            int(i) if i else name
            for name, i in re.findall(r"\.([A-Za-z_]\w*)|\[(\d+)\]", where.rstrip("`"))
        )
        unknown = re.search(r"unknown field `(\w+)`", message)
        fix = "remove it or correct its name" if unknown else "see data/README.md for the form"
        if unknown:
            steps = (*steps, unknown[1])
        raise DataError(
            path,
            message[0].lower() + message[1:],
            line=_line(text, steps),
            field=".".join(map(str, steps)),
            fix=fix,
        ) from error


def _check_sources(
    path: Path, text: str, name: str, records: Sequence[Curated], sources: dict[str, Source]
) -> None:
    for i, record in enumerate(records):
        for source in source_names(record):
            if source not in sources:
                raise DataError(
                    path,
                    f"{source!r} is not among the file's sources",
                    line=_line(text, (name, i, "source")),
                    field=f"{name}.{i}.source",
                    fix="add it under `sources:` with title and trace",
                )


def _check_unique(path: Path, text: str, records: Sequence[T], key: Callable[[T], str]) -> None:
    seen: set[str] = set()
    for i, record in enumerate(records):
        value = key(record)
        if value in seen:
            raise DataError(
                path,
                f"{value!r} stands twice",
                line=_line(text, ("records", i)),
                field=f"records.{i}",
                fix="join the two records",
            )
        seen.add(value)


def _line(text: str, steps: tuple[str | int, ...]) -> int | None:
    """Return the 1-based line of the node that `steps` lead to, as far as they lead."""
    node = yaml.compose(text, yaml.CSafeLoader)
    if node is None:
        return None
    line = node.start_mark.line
    for step in steps:
        if isinstance(node, yaml.MappingNode):
            pair = next(((k, v) for k, v in node.value if k.value == str(step)), None)
            if pair is None:
                break
            line, node = pair[0].start_mark.line, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step]
            line = node.start_mark.line
        else:
            break
    return line + 1
