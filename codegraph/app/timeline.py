"""A code's life as a small drawing: positions in per cent, so that its text keeps its size.

2019    2020    2021
███████████│░░░░░░░░▸
           ended    open end
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from msgspec import Struct

from codegraph.answers import LifeSpan
from codegraph.model import Edition

_MOST_TICKS = 9


class Span(Struct, frozen=True):
    """One stretch of the bar. `from_`, `to` None: it goes on beyond the drawing."""

    x: float
    width: float
    billable: bool
    from_: date | None
    to: date | None


class Tick(Struct, frozen=True):
    """A year's first day."""

    x: float
    year: int


class Timeline(Struct, frozen=True):
    """The drawing: spans, years, and the date of service."""

    spans: list[Span]
    ticks: list[Tick]
    on: float


def draw(life: Sequence[LifeSpan], known_from: date | None, on: date, edition: Edition) -> Timeline:
    """Return the drawing of a life from the first day that matters to the end of the edition."""
    starts = [span.from_ for span in life if span.from_]
    begin = known_from or min([*starts, date(on.year - 5, 1, 1)])
    begin = min(begin, on - timedelta(days=90))
    last = edition.valid_to or on
    end = max([last, on, *(s.to for s in life if s.to)]) + timedelta(days=90)
    days = (end - begin).days

    def place(day: date) -> float:
        return round(100 * min(max((day - begin).days, 0), days) / days, 2)

    spans = []
    for span in life:
        left = place(span.from_) if span.from_ else 0.0
        right = place(span.to + timedelta(days=1)) if span.to else 100.0
        spans.append(Span(left, round(right - left, 2), span.billable, span.from_, span.to))
    years = range(begin.year + 1, end.year + 1)
    step = -(-len(years) // _MOST_TICKS) or 1
    ticks = [Tick(place(date(year, 1, 1)), year) for year in years[::step]]
    return Timeline(spans, [tick for tick in ticks if 4 < tick.x < 94], place(on))
