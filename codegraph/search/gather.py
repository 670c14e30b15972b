"""What to show to someone who is still typing: kinds of a thing, not ten of one kind."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from codegraph.concepts import Concepts
from codegraph.search.params import Params

_MANY = 3  # hits of one category that are shown as it, behind the first


class Hit(Struct, frozen=True):
    """One concept found: its row, score 0-100, the wording that matched and its kind."""

    row: int
    score: float
    text: str
    kind: str


class Gatherer:
    """Shows hits that match alike as what is above them."""

    def __init__(self, concepts: Concepts, params: Params) -> None:
        self._concepts = concepts
        self._params = params
        self._category = concepts.categories

    def gathered(self, hits: Sequence[Hit], on: date, *, unfinished: bool) -> list[Hit]:
        """Return hits, best first, with those that match alike under one header.

        `unfinished`: the last word is; otherwise the first hit stays what it is, and only what
        comes behind it is gathered.
        """
        if unfinished and hits:
            hits = self._likeliest_first(hits, on)
            hits = self._first_as_category(self._by_family(hits, on), on)
        return self._by_category(hits, on)

    def _likeliest_first(self, hits: Sequence[Hit], on: date) -> list[Hit]:
        """Put the category first that most speaks for, if that is not the one of the best hit."""
        best = hits[0].score
        likely: dict[int, float] = {}
        for hit in hits:
            category = self._category[hit.row]
            share = math.exp((hit.score - best) / self._params.alike)
            likely[category] = likely.get(category, 0.0) + share
        category = max(likely, key=lambda c: likely[c])
        much = likely[category]
        lead = likely[self._category[hits[0].row]]
        if much <= self._params.likelier * lead or not self._is_header(category, on):
            return list(hits)
        return [self._as(category, hits[0]), *(hit for hit in hits if hit.row != category)]

    def _by_family(self, hits: Sequence[Hit], on: date) -> list[Hit]:
        """Return hits with siblings that match alike shown as the header above them.

        Who is still typing "dislocatio" is served by several kinds of it, not by ten joints of
        one. The first of its family stays itself where it is clearly the best of it.
        """
        parents = self._concepts.tables.parents
        families: dict[int, list[Hit]] = {}
        for hit in hits:
            families.setdefault(parents[hit.row], []).append(hit)
        shown: dict[int, Hit] = {}
        for hit in hits:
            above = parents[hit.row]
            best, *others = families[above]
            clear = not others or best.score - others[0].score > self._params.alike
            if not (hit is best and clear) and self._is_header(above, on):
                hit = self._as(above, hit)
            shown.setdefault(hit.row, hit)
        return list(shown.values())

    def _first_as_category(self, hits: Sequence[Hit], on: date) -> list[Hit]:
        """Return hits with the first as its category, where another of it matches alike."""
        first, *rest = hits
        category = self._category[first.row]
        enough = first.score - self._params.alike
        above = {first.row, *self._concepts.ancestors(first.row)}
        alike = (h for h in rest if h.score >= enough and h.row not in above)
        if (
            first.row == category
            or not any(self._category[h.row] == category for h in alike)
            or not self._is_header(category, on)
        ):
            return list(hits)
        return [self._as(category, first), *(hit for hit in rest if hit.row != category)]

    def _by_category(self, hits: Sequence[Hit], on: date) -> list[Hit]:
        """Return hits with many of one category, behind the first hit, shown as that category."""
        counts = Counter(self._category[hit.row] for hit in hits[1:])
        shown = {hit.row: hit for hit in hits[:1]}
        for hit in hits[1:]:
            category = self._category[hit.row]
            if counts[category] >= _MANY and self._is_header(category, on):
                hit = self._as(category, hit)
            shown.setdefault(hit.row, hit)
        return list(shown.values())

    def _as(self, row: int, hit: Hit) -> Hit:
        return Hit(row, hit.score, self._concepts.tables.displays[row], "title")

    def _is_header(self, row: int, on: date) -> bool:
        """Whether a row is a header on a date that codes stand below, no chapter or section."""
        return (
            row >= 0
            and self._concepts.tables.kinds[row] not in ("chapter", "section")
            and self._concepts.status(row, on) == "header"
        )
