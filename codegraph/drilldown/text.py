"""Free text (placeholder)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from msgspec import Struct

from codegraph.drilldown.answers import Understood
from codegraph.errors import WalkError


class Reading(Struct, frozen=True):
    root: int
    answers: list[tuple[str, str]]
    understood: list[Understood]


def read_text(drilldown: Any, text: str, find: Callable[[str], Sequence[str]], on: date) -> Reading:
    found = find(text)
    if not found:
        raise WalkError("Nothing found.")
    return Reading(drilldown.concepts.index(found[0]), [], [])
