"""Small helpers shared by the benchmarks."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which `share` (0 to 1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, math.ceil(share * len(ordered)) - 1))]


def timed(function: Callable[[T], object], inputs: Iterable[T]) -> list[float]:
    """Return how long each call took, in milliseconds."""
    took = []
    for given in inputs:
        started = time.perf_counter_ns()
        function(given)
        took.append((time.perf_counter_ns() - started) / 1e6)
    return took


def table(rows: Sequence[Sequence[object]]) -> str:
    """Return rows, the first being the heading, as a Markdown table."""
    head, *body = [[str(cell) for cell in row] for row in rows]
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def save(text: str, path: Path) -> None:
    """Put a text into a file, whole or not at all."""
    scratch = path.with_suffix(".part")
    scratch.write_text(text, "utf-8")
    scratch.replace(path)
