"""Curated hints: better words, order and groups for the questions of some categories.

data/drilldown/*.yaml holds records that name the question by the concept it is asked below. A hint
changes how a question reads, never what can be reached: values that it does not name stay, after
the others.

  - code: M79.6
    question: Which part of the limb hurts?
    order: [arm, upper-arm, …]         values of the options, in this order
    labels: {arm: "Arm, no part named"}
    groups: {Arm: [arm, upper-arm], Leg: [leg, thigh]}
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from codegraph.model import Curated, Source
from codegraph.sources.curated import CuratedFile, read_folder


class Hint(Curated, frozen=True, kw_only=True):
    """How the question below one concept reads.

    `asks` names the axis where more than one question stands at the concept (laterality, encounter
    …); None means the one that splits it into parts. `flatten` asks the parts of these concepts
    along with it.
    """

    code: str
    asks: str | None = None
    axis: str | None = None
    question: str | None = None
    help: str | None = None
    order: list[str] = []
    labels: dict[str, str] = {}
    groups: dict[str, list[str]] = {}
    flatten: list[str] = []


class Hints:
    """All hints, found by concept and axis."""

    def __init__(self, files: Iterable[CuratedFile[Hint]] = ()) -> None:
        self._by_question: dict[tuple[str, str | None], Hint] = {}
        self.sources: dict[str, Source] = {}
        for file in files:
            self.sources.update(file.sources)
            for hint in file.records:
                self._by_question[hint.code, hint.asks] = hint

    @classmethod
    def read(cls, folder: Path) -> Hints:
        """Read the hints of a folder.

        Raises
        ------
        DataError
            With file, line, field and fix, at the first record that is not as it must be.
        """
        return cls(read_folder(folder, Hint, key=lambda h: f"{h.code} {h.asks or ''}"))

    def __iter__(self) -> Iterator[Hint]:
        return iter(self._by_question.values())

    def find(self, codes: Iterable[str], asks: str | None = None) -> Hint | None:
        """Return the hint for the question at one of these concepts."""
        for code in codes:
            if hint := self._by_question.get((code, asks)):
                return hint
        return None
