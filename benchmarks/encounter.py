"""How long one check takes in process: `python benchmarks/encounter.py`.

Checks a full encounter (four diagnoses, four lines, two drugs, history, documentation) and the
examples of data/examples/encounters, each many times, and prints milliseconds at p50, p95 and p99.
Exits 1 where p50 of the full encounter is above the budget.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import yaml

from codegraph.encounter import EncounterChecker, decode_encounter
from codegraph.paths import data_dir
from codegraph.service import CodeGraph

BUDGET_MS = 2.0
ROUNDS = 2000
FULL: dict[str, Any] = {
    "date_of_service": "2026-05-04",
    "payer": "medicare",
    "diagnoses": ["M79.18", "M54.2", "G89.29", "M62.830"],
    "procedures": [
        {"code": "99213", "modifiers": ["25"]},
        {"code": "20610"},
        {"code": "20553"},
        {"code": "J3301", "units": 4},
    ],
    "injections": {
        "technique": "injection",
        "count": 5,
        "muscles": [
            {"name": "trapezius", "side": "left"},
            {"name": "trapezius", "side": "right"},
            {"name": "levator scapulae", "side": "left"},
        ],
    },
    "guidance": "ultrasound",
    "drugs": [
        {"name": "kenalog-40", "dose": 1, "unit": "ml", "container": "single_dose", "discarded": 0},
        {"name": "lidocaine 1%", "dose": 5, "unit": "ml"},
    ],
    "history": {"sessions": ["2026-01-01"], "relief_percent": 60, "relief_weeks": 8},
    "documentation": {"site": "neck", "palpated_trigger_points": True},
}


def measure(checker: EncounterChecker, raw: object, rounds: int = ROUNDS) -> list[float]:
    """Return the milliseconds of each decode and check, sorted."""
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        checker.check(decode_encounter(raw))
        found.append((time.perf_counter() - start) * 1000)
    return sorted(found)


def main() -> int:
    """Measure and print."""
    checker = EncounterChecker.open(CodeGraph.open().concepts, data_dir())
    measure(checker, FULL, 50)
    cases: dict[str, object] = {"full": FULL}
    for path in sorted((data_dir() / "examples" / "encounters").glob("*.yaml")):
        cases[path.stem] = yaml.safe_load(path.read_text("utf-8"))
    slow = False
    for name, raw in cases.items():
        times = measure(checker, raw)
        p50, p95, p99 = (times[int(len(times) * q)] for q in (0.5, 0.95, 0.99))
        print(f"{name:24} p50 {p50:.2f} ms  p95 {p95:.2f} ms  p99 {p99:.2f} ms")
        slow = slow or (name == "full" and p50 > BUDGET_MS)
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
