"""The encounters to start from: data/examples/encounters, one YAML file each.

The first line is a comment that says in a few words what the example shows.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct

from codegraph.paths import data_dir


class Example(Struct, frozen=True):
    """An example: the file's name, what it shows, the encounter in the contract's names."""

    name: str
    title: str
    encounter: dict[str, Any]


def read_examples(folder: Path | None = None) -> list[Example]:
    """Return the examples in the order of their names; none where the folder is missing."""
    found = []
    for path in sorted((folder or data_dir() / "examples" / "encounters").glob("*.yaml")):
        text = path.read_text("utf-8")
        document = yaml.safe_load(text)
        first = text.split("\n", 1)[0]
        title = first.removeprefix("#").strip(" .") if first.startswith("#") else path.stem
        found.append(Example(path.stem, title, document))
    return found
