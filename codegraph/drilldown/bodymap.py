"""Body maps (placeholder until the figure stands)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any


class BodyMap: ...


class Region: ...


class BodyMaps:
    @classmethod
    def read(cls, folder: Path) -> BodyMaps:
        return cls()

    def regions(
        self, drilldown: Any, code: str, answers: Sequence[tuple[str, str]], on: date
    ) -> tuple[BodyMap, list[Region]] | None:
        return None
