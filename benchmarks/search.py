"""Search quality and speed beside SQLite FTS5 and tantivy, on one corpus, in one run.

    python -m benchmarks.search [--eval DIR] [--write]

Quality needs a folder of evaluation sets (JSONL rows with query, codes, match; see docs/search.md);
without one, only the project's own queries and the speed are measured. `--write` puts the tables
into docs/search.md. Every query is asked once: no engine profits from having seen it before.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import random
import re
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from benchmarks.measure import percentile, save, table, timed
from benchmarks.peers import Search, fts5, tantivy_bm25, wordings
from codegraph.build import SEARCH_PART
from codegraph.concepts import Concepts, Tables
from codegraph.paths import data_dir
from codegraph.search.compile import build_index
from codegraph.search.engine import SearchEngine
from codegraph.service import CodeGraph

ON = date(2026, 5, 1)
ROOT = Path(__file__).resolve().parent.parent
MARK = "<!-- measured: {} -->"


def ours(concepts: Concepts, engine: SearchEngine) -> Search:
    """Return our search in the form of the peers'."""
    codes = concepts.tables.codes

    def search(query: str) -> list[str]:
        return [codes[h.row] for h in engine.search(query, ON, system="icd10cm").hits]

    return search


def hit(found: str, wanted: list[str], match: str) -> bool:
    """Whether a result counts: one of the codes, or, for `subtree`, one above or below it."""
    code = found.replace(".", "")
    for target in (w.replace(".", "") for w in wanted):
        if code == target:
            return True
        if match == "subtree" and (code.startswith(target) or target.startswith(code)):
            return True
    return False


def quality(search: Search, rows: list[dict[str, Any]]) -> tuple[float, float]:
    """Return hit@1 and hit@10 over the rows of a set."""
    first = ten = 0
    for row in rows:
        found = search(row["query"])[:10]
        hits = [hit(c, row["codes"], row.get("match", "exact")) for c in found]
        first += bool(hits and hits[0])
        ten += any(hits)
    return first / len(rows), ten / len(rows)


def sets_of(folder: Path | None, half: str | None = None) -> dict[str, list[dict[str, Any]]]:
    """Return the evaluation sets by name: the project's own, and those of the folder.

    `half`: only the "open" or the "held" half of benchmarks/queries. Weights are fitted to the open
    half, and misses of it are read; the other half is only ever counted.
    """
    own = yaml.safe_load((ROOT / "tests" / "search_queries.yaml").read_text("utf-8"))
    found = {
        "own queries": [
            {"query": r["q"], "codes": r["first"], "match": "subtree"}
            for r in own
            if r["first"][0] not in ("20553", "J3301", "J1010")
        ]
    }
    for path in sorted((ROOT / "benchmarks" / "queries").glob("*.jsonl")):
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]
        found[path.stem] = [r for r in rows if half is None or half_of(r["query"]) == half]
    if folder is None:
        return found
    for path in sorted(folder.glob("*.jsonl")):
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]
        if path.stem == "prefix":
            found["prefix, half length, row's own match"] = [
                {**halved(r), "match": r["match"]} for r in rows
            ]
            found["prefix, half length, code above or below"] = [halved(r) for r in rows]
        else:
            found[path.stem] = rows
    return found


def halved(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with its query cut at half its length, as if still being typed.

    A code above or below the right one counts: the words so far cannot say more.
    """
    query = row["query"]
    return {**row, "query": query[: max(3, math.ceil(len(query) / 2))], "match": "subtree"}


def half_of(query: str) -> str:
    """Return the half that a query of benchmarks/queries belongs to."""
    return "held" if hashlib.md5(query.encode(), usedforsecurity=False).digest()[0] & 1 else "open"


def fresh_queries(concepts: Concepts, count: int) -> list[str]:
    """Return queries that nobody asked before: shuffled, shortened, misspelled wordings."""
    rng = random.Random(20261123)
    texts = [text for _, text in wordings(concepts)]
    made = []
    for text in rng.sample(texts, count):
        given = re.findall(r"[A-Za-z0-9]+", text.lower())[: rng.randint(1, 6)]
        rng.shuffle(given)
        if rng.random() < 0.4 and len(given[-1]) > 4:
            at = rng.randrange(1, len(given[-1]) - 1)
            given[-1] = given[-1][:at] + given[-1][at + 1 :]
        made.append(" ".join(given))
    return made


def scaling(service: CodeGraph) -> list[list[object]]:
    """Return entries and time per query at a quarter, a half, one and two times the code set."""
    tables = service.concepts.tables
    queries = fresh_queries(service.concepts, 1500)
    rows: list[list[object]] = [["entries", "p50 ms", "p99 ms", "p50 against full size"]]
    measured: list[tuple[int, float, float]] = []
    for share in (0.25, 0.5, 1.0, 2.0):
        concepts = Concepts(_scaled(tables, share))
        engine = SearchEngine.open(concepts, build_index(concepts, data_dir()))
        timed(lambda q, e=engine: e.search(q, ON), queries[:100])  # type: ignore[misc]
        took = timed(lambda q, e=engine: e.search(q, ON), queries[100:])  # type: ignore[misc]
        measured.append((engine.index.count, percentile(took, 0.5), percentile(took, 0.99)))
    full = measured[2][1]
    rows += [[n, f"{a:.3f}", f"{b:.3f}", f"{a / full:.2f}"] for n, a, b in measured]
    return rows


def _scaled(tables: Tables, share: float) -> Tables:
    """Return tables with a share of the ICD-10-CM rows; above one, every row stands twice."""
    import msgspec

    codes, keep = tables.codes, []
    for row in range(len(codes)):
        if share >= 1 or tables.systems[row] != "icd10cm" or (row * 2654435761 % 997) < share * 997:
            keep.append(row)
    times = 2 if share > 1 else 1
    take = keep * times
    count = len(keep)

    def names(values: list[str]) -> list[str]:
        return [values[r] for r in take]

    suffixed = names(codes)[:count] + [f"{codes[r]}~" for r in keep] * (times - 1)
    return msgspec.structs.replace(
        tables,
        systems=names(tables.systems),
        codes=suffixed,
        displays=names(tables.displays),
        kinds=names(tables.kinds),
        billable=[tables.billable[r] for r in take],
        parents=[-1] * len(take),
        ends=list(range(1, len(take) + 1)),
        lives={},
        notes={
            i: {k: v for k, v in tables.notes[r].items() if k == "inclusion_terms"}
            for i, r in enumerate(take)
            if r in tables.notes
        },
        seventh={},
        edges=[],
        designations={},
        origins={},
    )


def report(folder: Path | None) -> dict[str, str]:
    """Return the tables of docs/search.md by name."""
    service = CodeGraph.open()
    concepts = service.concepts
    started = time.perf_counter()
    engine = SearchEngine.open(concepts, service.snapshot.part(SEARCH_PART))
    load = time.perf_counter() - started
    entries = wordings(concepts)
    engines: dict[str, Search] = {
        "codegraph": ours(concepts, engine),
        "SQLite FTS5": fts5(entries),
        "tantivy BM25": tantivy_bm25(entries, fuzzy=False),
        "tantivy fuzzy": tantivy_bm25(entries, fuzzy=True),
    }
    shown: list[list[object]] = [["set", "n", *engines]]
    for name, rows in sets_of(folder).items():
        cells = [f"{a:.2f} / {b:.2f}" for a, b in (quality(s, rows) for s in engines.values())]
        shown.append([name, len(rows), *cells])
    queries = fresh_queries(concepts, 3000)
    speed: list[list[object]] = [["engine", "p50 ms", "p90 ms", "p99 ms"]]
    for name, search in engines.items():
        timed(search, queries[:200])
        took = timed(search, queries[200:])
        speed.append([name, *(f"{percentile(took, p):.3f}" for p in (0.5, 0.9, 0.99))])
    return {
        "quality": table(shown),
        "speed": table(speed) + f"\n\nIndex load: {load:.3f} s, {engine.index.count} entries.",
        "scaling": table(scaling(service)),
    }


def write(tables: dict[str, str], path: Path) -> None:
    """Put each table between its marks in a document."""
    text = path.read_text("utf-8")
    for name, shown in tables.items():
        begin, end = MARK.format(name), MARK.format(f"end {name}")
        head, _, rest = text.partition(begin)
        tail = rest.partition(end)[2]
        text = f"{head}{begin}\n{shown}\n{end}{tail}"
    save(text, path)


def main(show: Callable[[str], None] = print) -> None:
    """Measure and print; with --write also into docs/search.md."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--eval", type=Path, default=os.environ.get("CODEGRAPH_EVAL"))
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    tables = report(Path(given.eval) if given.eval else None)
    for name, shown in tables.items():
        show(f"\n{name}\n{shown}")
    if given.write:
        write(tables, ROOT / "docs" / "search.md")


if __name__ == "__main__":
    main()
