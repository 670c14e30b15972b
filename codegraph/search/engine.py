"""placeholder"""
from __future__ import annotations
import re
from datetime import date
from msgspec import Struct
from codegraph.concepts import Concepts

class Hit(Struct, frozen=True):
    """One concept found: its row, score 0-100, and the wording that matched."""
    row: int
    score: float
    text: str
    kind: str

class Found(Struct, frozen=True):
    """What a query found and how it was read."""
    hits: list[Hit]
    total: int
    corrections: list[tuple[str, str]]
    expansions: list[tuple[str, str]]
    nearest: list[str]

class SearchEngine:
    def __init__(self, concepts: Concepts) -> None:
        self.c = concepts
        t = concepts.tables
        self.words = [" " + re.sub(r"[^a-z0-9]+", " ", d.lower()) for d in t.displays]
    @classmethod
    def open(cls, concepts: Concepts, blob: bytes) -> "SearchEngine":
        return cls(concepts)
    def search(self, query: str, on: date, system: str | None = None, billable: bool | None = None, limit: int = 10, literal: bool = False) -> Found:
        q = [" " + w for w in re.findall("[a-z0-9]+", query.lower())]
        rows = []
        if q:
            for i, w in enumerate(self.words):
                if all(x in w for x in q) and (system is None or self.c.tables.systems[i] == system):
                    rows.append(i)
        hits = [Hit(r, 100 - len(self.words[r]) / 10, self.c.tables.displays[r], "title") for r in rows if self.c.tables.kinds[r] not in ("chapter","section")]
        hits.sort(key=lambda h: -h.score)
        return Found(hits[:limit], len(hits), [], [], [])
