"""Fit the ranking weights to sets of queries with their right codes.

    python -m benchmarks.tune [--eval DIR] [--write]

Uses the open half of benchmarks/queries and, where given, a folder of further sets; prints what
each set gains and the weights; --write puts them into codegraph/search/params.py. What the weights
are fitted to is no measure of them: judge by the other half of benchmarks/queries.

Each query's candidates are compared as a softmax over their scores; the loss is how little of it
falls on the right ones. Sets count by importance, not by their number of rows.
"""

from __future__ import annotations

import argparse
import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import structs

from benchmarks.measure import save
from benchmarks.search import ON, halved, hit, sets_of
from codegraph.search import params
from codegraph.search.engine import SearchEngine
from codegraph.search.params import DEFAULT, TYPING, WHOLE, Weights
from codegraph.search.rank import Ranker
from codegraph.service import CodeGraph

PARAMS = Path(params.__file__)
NAMES = Weights.__struct_fields__
MOST = 120  # candidates of a query
SHARPNESS = 12.0  # of the softmax
TOWARDS = 1e-3  # how strongly weights are held at where they were
STEPS = 220
# How much a set counts; what is not named counts 1. The words of the note come first.
IMPORTANCE = {"shorthand_a": 2.5, "shorthand_b": 2.5, "notes": 2.5, "typing": 2.0, "title": 0.5}


@dataclass
class Seen:
    """The candidates of one query: features by candidate, and which of them are right."""

    set: str
    features: np.ndarray
    right: np.ndarray
    leads: list[tuple[str, ...]]
    row: dict[str, Any]


def rankers(engine: SearchEngine) -> list[Ranker]:
    """Return a ranker for each feature, in their order."""
    return [Ranker(engine.index, DEFAULT, one, one) for one in map(Weights.only, NAMES)]


def look(
    engine: SearchEngine,
    features_of: list[Ranker],
    name: str,
    row: dict[str, Any],
    codes: list[str],
) -> tuple[bool, Seen | None]:
    """Return whether the query is unfinished, and its candidates."""
    query = engine.reader.read(row["query"])
    found = engine.candidates(query, "icd10cm") if query.slots else None
    if found is None:
        return query.unfinished, None
    near = found.entries
    features = np.stack([ranker.score(query, found) for ranker in features_of], axis=1)
    leads = []
    for entry in near.tolist():
        shown = engine.chooser.stands_for(engine.index.rows[entry], query, ON, None)
        leads.append(tuple(codes[r] for r, _ in shown))
    right = [bool(c) and hit(c[0], row["codes"], row.get("match", "exact")) for c in leads]
    return query.unfinished, Seen(name, features, np.array(right, np.float32), leads, row)


def fit(seen: list[Seen], start: np.ndarray, *, balanced: bool) -> np.ndarray:
    """Return the weights that put the right candidates first.

    `balanced`: sets count by their importance; otherwise every query counts the same.
    """
    use = [s for s in seen if s.right.any() and not s.right.all()]
    rows = Counter(s.set for s in seen)
    importance = np.ones(len(use))
    if balanced:
        importance = np.array([(IMPORTANCE.get(s.set, 1.0) / rows[s.set]) ** 0.75 for s in use])
    lengths = [len(s.right) for s in use]
    offsets = np.cumsum([0, *lengths[:-1]])
    of = np.repeat(np.arange(len(use)), lengths)
    features = np.concatenate([s.features for s in use]).astype(np.float32)
    right = np.concatenate([s.right for s in use])
    counts = (importance / importance.mean())[of].astype(np.float32)
    weights, mean, square = start.copy(), np.zeros_like(start), np.zeros_like(start)
    for step in range(1, STEPS + 1):
        scores = SHARPNESS * (features @ weights)
        scores = np.exp(scores - np.maximum.reduceat(scores, offsets)[of])
        share = scores / np.add.reduceat(scores, offsets)[of]
        good = scores * right
        wanted = good / np.maximum(np.add.reduceat(good, offsets)[of], 1e-12)
        slope = SHARPNESS * (features.T @ ((share - wanted) * counts)) / len(use)
        slope += TOWARDS * SHARPNESS * (weights - start)
        mean, square = 0.9 * mean + 0.1 * slope, 0.999 * square + 0.001 * slope**2
        pace = 0.02 if step < 0.6 * STEPS else 0.006
        weights -= pace * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
    return weights


def measured(seen: list[Seen | None], names: list[str], weights: np.ndarray) -> dict[str, str]:
    """Return hit@1 by set, before the choice among equals."""
    good, rows = Counter[str](), Counter(names)
    for name, one in zip(names, seen, strict=True):
        if one is not None:
            good[name] += bool(one.right[int(np.argmax(one.features @ weights))])
    return {name: f"{good[name] / n:.3f}" for name, n in sorted(rows.items())}


def main(show: Callable[[str], None] = print) -> None:
    """Fit and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--eval", type=Path)
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--write", action="store_true", help="put the weights into params.py")
    given = parser.parse_args()
    service = CodeGraph.open()
    codes = service.concepts.tables.codes
    base = service.engine
    engine = SearchEngine(
        service.concepts, base.index, structs.replace(DEFAULT, most=MOST, most_begun=MOST)
    )
    sets = {n: r for n, r in sets_of(given.eval, half="open").items() if "prefix" not in n}
    rng = random.Random(5)
    rows = [(name, row) for name, rows in sets.items() for row in rows]
    cut = [("typing", halved(r)) for n, r in rows if len(r["query"]) > 8 and n != "own queries"]
    rows += cut
    looked: dict[bool, list[tuple[str, Seen | None]]] = {False: [], True: []}
    features_of = rankers(engine)
    for name, row in rows:
        unfinished, seen = look(engine, features_of, name, row, codes)
        looked[unfinished].append((name, seen))
    for unfinished, label, before in ((False, "WHOLE", WHOLE), (True, "TYPING", TYPING)):
        start = np.array([structs.asdict(before)[n] for n in NAMES])
        names = [name for name, _ in looked[unfinished]]
        all_ = [seen for _, seen in looked[unfinished]]
        order = list(range(len(all_)))
        rng.shuffle(order)
        # Each fold is judged by weights that never saw it.
        good: dict[str, list[float]] = {}
        for k in range(given.folds):
            seen_ = [s for i in order[k :: given.folds] if (s := all_[i]) is not None]
            apart = {id(s) for s in seen_}
            others = [s for s in all_ if s is not None and id(s) not in apart]
            fitted = fit(others, start, balanced=not unfinished)
            for s in seen_:
                hit_ = bool(s.right[int(np.argmax(s.features @ fitted))])
                good.setdefault(s.set, []).append(hit_)
        count = Counter(names)
        show(f"\n{label}: hit@1 as it is, and cross-validated when fitted")
        for name, now in measured(all_, names, start).items():
            show(f"  {name:22} {count[name]:5} {now}  {sum(good.get(name, [])) / count[name]:.3f}")
        weights = fit([s for s in all_ if s is not None], start, balanced=not unfinished)
        values = [f"    {n}={w:.3f},\n" for n, w in zip(NAMES, weights, strict=True)]
        text = f"{label} = Weights(\n{''.join(values)})\n"
        show(text)
        if given.write:
            source, block = PARAMS.read_text("utf-8"), rf"(?ms)^{label} = Weights\(.*?\)\n"
            save(re.sub(block, text, source), PARAMS)


if __name__ == "__main__":
    main()
