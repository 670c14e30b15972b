"""Body maps: a figure whose regions are answers of a walk.

data/bodymaps/figures/ holds the drawings, data/bodymaps/ one file per walk that says which region
stands for which answers. Another category is another file.

  M79.6.yaml   forearm → site:forearm       × right, left (the axis that `sides` names)
  front.yaml   forearm → path, drawn once for the patient's right and mirrored
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec
from msgspec import Struct

from codegraph.concepts import Concepts
from codegraph.drilldown.plan import Plan
from codegraph.drilldown.state import advance
from codegraph.errors import DataError, WalkError
from codegraph.model import Curated
from codegraph.sources.curated import read_curated

Answers = list[tuple[str, str]]
T = TypeVar("T")


class Shape(Curated, frozen=True, kw_only=True):
    """A part of a figure."""

    id: str
    label: str
    path: str
    paired: bool = True
    region: bool = True


class FigureSize(Curated, frozen=True, kw_only=True):
    """A figure and the extent of its drawing."""

    id: str
    width: int
    height: int


class MapHead(Curated, frozen=True, kw_only=True):
    """Which walk a map belongs to and which figure it uses; `sides` is the axis of the sides."""

    root: str
    figure: str
    title: str
    sides: str


class MapRegion(Curated, frozen=True, kw_only=True):
    """A region of the figure and the answers it stands for."""

    region: str
    answers: list[str]


class BodyMap(Struct, frozen=True):
    """A map: the walk it belongs to and its drawing."""

    root: str
    title: str
    figure: str
    width: int
    height: int


class Region(Struct, frozen=True):
    """A part of the drawing as it stands in a walk.

    `code` and `answers` are what a click settles; without a code the part is only drawn. `mirrored`
    parts are to be flipped about the middle. `lit`: the answers so far lie here.
    """

    id: str
    side: str | None
    label: str
    path: str
    mirrored: bool
    code: str | None
    display: str | None
    answers: Answers
    lit: bool


class Walks(Protocol):
    """What a body map needs of the walk."""

    concepts: Concepts

    def plan(self, row: int, on: date) -> tuple[Plan, int]:
        """Return the plan that a row belongs to, and its codes."""
        ...


class BodyMaps:
    """The maps that are drawn, by the concept whose walk they belong to."""

    def __init__(
        self,
        figures: dict[str, tuple[FigureSize, list[Shape]]],
        maps: list[tuple[MapHead, list[MapRegion]]],
    ) -> None:
        self.figures = figures
        self.maps = {head.root: (head, regions) for head, regions in maps}

    @classmethod
    def read(cls, folder: Path) -> BodyMaps:
        """Read the figures and maps of a folder.

        Raises
        ------
        DataError
            With file, line, field and fix, at the first record that is not as it must be.
        """
        figures = {}
        for path in sorted((folder / "figures").glob("*.yaml")):
            drawn = read_curated(
                path, Shape, key=lambda shape: shape.id, extra={"figure": FigureSize}
            )
            size: FigureSize = _one(path, "figure", drawn.extra["figure"])
            figures[size.id] = (size, drawn.records)
        maps = []
        for path in sorted(folder.glob("*.yaml")):
            file = read_curated(path, MapRegion, key=lambda r: r.region, extra={"map": MapHead})
            head: MapHead = _one(path, "map", file.extra["map"])
            _check(path, head, file.records, figures)
            maps.append((head, file.records))
        return cls(figures, maps)

    def regions(
        self, walks: Walks, code: str, answers: Sequence[tuple[str, str]], on: date
    ) -> tuple[BodyMap, list[Region]] | None:
        """Return the map for where a walk stands, and every part of its drawing.

        None where the codes that remain do not all lie under the root of one map, or none of its
        regions leads to a code on the date.
        """
        remaining = _remaining(walks, code, answers, on)
        found = remaining and self._map_of(walks.concepts, remaining)
        if not found:
            return None
        head, named = found
        size, shapes = self.figures[head.figure]
        by_id = {region.region: region for region in named}
        regions = []
        sites: set[str] = set()
        for shape in shapes:
            for side in ("right", "left") if shape.paired else (None,):
                region = _region(walks, head, shape, side, by_id.get(shape.id), on)
                if region.code is not None and _row(walks.concepts, region.code) in remaining:
                    sites.add(" ".join(by_id[shape.id].answers))
                regions.append(region)
        if not any(region.code for region in regions):
            return None
        settled = len(sites) == 1 and len(remaining) < len(named)
        lit = [
            msgspec.structs.replace(
                r,
                lit=settled and r.code is not None and _row(walks.concepts, r.code) in remaining,
            )
            for r in regions
        ]
        return BodyMap(head.root, head.title, size.id, size.width, size.height), lit

    def _map_of(
        self, concepts: Concepts, remaining: set[int]
    ) -> tuple[MapHead, list[MapRegion]] | None:
        for root, found in self.maps.items():
            curie = f"icd10cm:{root}"
            if curie in concepts:
                row = concepts.index(curie)
                end = concepts.tables.ends[row]
                if all(row <= r < end for r in remaining):
                    return found
        return None


def _remaining(walks: Walks, code: str, answers: Sequence[tuple[str, str]], on: date) -> set[int]:
    concepts = walks.concepts
    curie = f"icd10cm:{code}"
    if curie not in concepts:
        return set()
    row = concepts.index(curie)
    if concepts.tables.kinds[row] in ("chapter", "section") or not concepts.billable_below(row, on):
        return set()
    plan, mask = walks.plan(row, on)
    try:
        state = advance(plan, mask, dict(answers), code, code)
    except WalkError:
        return set()
    return set(state.codes(plan))


def _region(
    walks: Walks, head: MapHead, shape: Shape, side: str | None, named: MapRegion | None, on: date
) -> Region:
    """Return a part of the drawing with the code that its answers lead to, if they do."""
    label = f"{side} {shape.label}" if side else shape.label
    label = label[:1].upper() + label[1:]
    answers: Answers = []
    code: str | None = None
    display: str | None = None
    if named is not None and shape.region:
        answers = [split_answer(a) for a in named.answers]
        if side:
            answers.append((head.sides, side))
        row = _row(walks.concepts, head.root)
        if walks.concepts.billable_below(row, on):
            plan, mask = walks.plan(row, on)
            try:
                rows = advance(plan, mask, dict(answers), head.root, head.root).codes(plan)
            except WalkError:
                rows = []
            if len(rows) == 1:
                tables = walks.concepts.tables
                code, display = tables.codes[rows[0]], tables.displays[rows[0]]
    return Region(
        shape.id,
        side,
        label,
        shape.path,
        side == "left",
        code,
        display,
        answers if code else [],
        lit=False,
    )


def split_answer(text: str) -> tuple[str, str]:
    """Return axis and value of `axis:value`."""
    axis, _, value = text.partition(":")
    return axis, value


def _row(concepts: Concepts, code: str) -> int:
    return concepts.index(f"icd10cm:{code}")


def _one(path: Path, name: str, records: list[T]) -> T:
    if len(records) != 1:
        raise DataError(
            path, f"has {len(records)} records", field=name, fix="give exactly one record there"
        )
    return records[0]


def _check(
    path: Path,
    head: MapHead,
    regions: list[MapRegion],
    figures: dict[str, tuple[FigureSize, list[Shape]]],
) -> None:
    """Refuse a map of a figure or a region that is not drawn."""
    if head.figure not in figures:
        raise DataError(
            path,
            f"there is no figure {head.figure!r}",
            field="map.0.figure",
            fix=f"use one of {', '.join(sorted(figures))}",
        )
    drawn = {shape.id for shape in figures[head.figure][1] if shape.region}
    for i, region in enumerate(regions):
        if region.region not in drawn:
            raise DataError(
                path,
                f"{region.region!r} is not a region of the figure",
                field=f"records.{i}.region",
                fix=f"use one of {', '.join(sorted(drawn))}",
            )
        for answer in region.answers:
            if ":" not in answer:
                raise DataError(
                    path,
                    f"{answer!r} is not of the form axis:value",
                    field=f"records.{i}.answers",
                    fix="write it as in site:forearm",
                )
