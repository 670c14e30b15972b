"""The figures of docs/drilldown.md: `python -m benchmarks.drilldown`.

Walks every category of the newest edition to its end, gives 2,000 codes' own titles as free text,
and times steps in process. Exits 1 where a target is missed.
"""

from __future__ import annotations

import random
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date

from benchmarks.measure import percentile
from codegraph.concepts import Concepts
from codegraph.drilldown import Drilldown, Reached, Walk
from codegraph.drilldown.arrange import FEW
from codegraph.drilldown.plan import Branch
from codegraph.drilldown.titles import LATERALITY, norm
from codegraph.service import CodeGraph

SEED = 7
TITLES = 2000
STEPS = 4000
_SIDE = re.compile(r"\b(right|left|bilateral|unspecified)\b", re.IGNORECASE)
_DROPPED = {"right", "left", "bilateral", "unspecified", "of", "the", "side"}


def categories(concepts: Concepts, on: date) -> list[int]:
    """Return the rows of all three-character categories with billable codes."""
    kinds = concepts.tables.kinds
    return [
        row
        for row in range(len(concepts))
        if kinds[row] == "category" and concepts.billable_below(row, on)
    ]


def depths(branch: Branch | None, asked: int = 0) -> Iterator[int]:
    """Yield the number of questions on the way to each code."""
    if branch is None:
        yield asked
        return
    for option in branch.options:
        yield from depths(option.branch, asked + 1)


def families(concepts: Concepts, header: int, on: date) -> Iterator[dict[str, list[int]]]:
    """Yield the rows below a header whose titles differ only by side, by that side."""
    found: dict[tuple[str, ...], dict[str, list[int]]] = {}
    for row in concepts.children(header, on):
        title = concepts.tables.displays[row]
        sides = {s.lower() for s in _SIDE.findall(title)}
        if concepts.tables.kinds[row] == "code" or not sides or {"right", "left"} <= sides:
            continue
        side = next(s for s in ("right", "left", "bilateral", "unspecified") if s in sides)
        rest = tuple(n for w in title.split() if (n := norm(w)) not in _DROPPED)
        found.setdefault(rest, {}).setdefault(side, []).append(row)
    for family in found.values():
        if {"right", "left"} <= set(family):
            yield family


def is_one_question(drilldown: Drilldown, family: dict[str, list[int]], on: date) -> bool:
    """Whether each member of a family lies under its side, as an answer to one axis."""
    concepts = drilldown.concepts
    for side, rows in family.items():
        for row in rows:
            plan, mask = drilldown.plan(row, on)
            values = plan.masks.get(LATERALITY, {})
            under = 0
            for value, codes in values.items():
                if value.split("-")[0] == side:
                    under |= codes
            if not concepts.billable_below(row, on) or mask & ~under:
                return False
    return True


def inverse(
    drilldown: Drilldown, codes: list[int], find: Callable[[int], int], on: date, text: str
) -> tuple[float, float]:
    """Return the shares of codes whose own title, put into a text, ends at the code or at another.

    The rest asks on.
    """
    concepts = drilldown.concepts
    right = wrong = 0
    for row in codes:
        found = [concepts.curie(find(row))]

        def search(_: str, found: list[str] = found) -> list[str]:
            return found

        title = concepts.tables.displays[row]
        ends = drilldown.from_text(text.format(title), search, on).code
        if ends is not None:
            hit = isinstance(ends, Reached) and ends.code == concepts.tables.codes[row]
            right, wrong = right + hit, wrong + (not hit)
    return right / len(codes), wrong / len(codes)


def random_steps(drilldown: Drilldown, roots: list[int], on: date) -> list[float]:
    """Return the milliseconds of steps of random walks, sorted."""
    concepts = drilldown.concepts
    rng = random.Random(SEED)
    times: list[float] = []
    while len(times) < STEPS:
        code = concepts.tables.codes[rng.choice(roots)]
        answers: list[tuple[str, str]] = []
        walk: Walk | None = None
        while walk is None or walk.question is not None:
            started = time.perf_counter()
            walk = drilldown.walk("icd10cm", code, answers, on)
            times.append((time.perf_counter() - started) * 1000)
            if walk.question:
                answers.append((walk.question.axis, rng.choice(walk.question.options).value))
    return sorted(times)


def main() -> int:
    """Print the figures; return 1 where a target is missed."""
    graph = CodeGraph.open()
    concepts, drilldown = graph.concepts, graph.drilldown
    on = concepts.edition.valid_from
    roots = categories(concepts, on)
    started = time.process_time()
    plans = [drilldown.plan(row, on)[0] for row in roots]
    built = time.process_time() - started
    asked = [n for plan in plans for n in depths(plan.top)]
    branches = [branch for plan in plans for branch in plan.questions()]
    sizes = [len(b.options) for b in branches]
    long = [b for b in branches if len(b.options) > FEW]
    bare = [b for b in long if any(o.value.group is None for o in b.options)]
    lengths = [len(o.value.label.split()) for b in branches for o in b.options]
    sided = [
        f
        for row in roots
        for h in range(row, concepts.tables.ends[row])
        for f in families(concepts, h, on)
    ]
    one = sum(is_one_question(drilldown, family, on) for family in sided)
    codes = [
        row
        for row in range(len(concepts))
        if concepts.tables.systems[row] == "icd10cm" and concepts.status(row, on) == "billable"
    ]
    sample = random.Random(SEED).sample(codes, TITLES)

    def category(row: int) -> int:
        above = (row, *concepts.ancestors(row))
        return next(r for r in above if concepts.tables.kinds[r] == "category")

    def parent(row: int) -> int:
        return row if concepts.tables.kinds[row] == "category" else concepts.tables.parents[row]

    steps = random_steps(drilldown, roots, on)
    rows: list[tuple[str, str, bool | None]] = [
        ("categories", f"{len(roots):,}", None),
        ("codes reached", f"{len(asked):,} of {len(codes):,}", len(asked) == len(codes)),
        ("questions", f"{len(branches):,}", None),
        (
            "questions to a code, mean / largest",
            f"{statistics.mean(asked):.2f} / {max(asked)}",
            None,
        ),
        ("options, mean / largest", f"{statistics.mean(sizes):.2f} / {max(sizes)}", None),
        ("questions with more than 12 options", f"{len(long) / len(branches):.2%}", None),
        (
            "… without headings (aim under 2 %)",
            f"{len(bare) / len(branches):.2%}",
            len(bare) < 0.02 * len(branches),
        ),
        (
            "words per label, median / mean (aim 3)",
            f"{statistics.median(lengths):g} / {statistics.mean(lengths):.2f}",
            statistics.median(lengths) <= 3,
        ),
        ("families of sides", f"{len(sided):,}", None),
        ("… asked as one question (aim 98 %)", f"{one / len(sided):.2%}", one >= 0.98 * len(sided)),
    ]
    for name, find in (("category", category), ("parent", parent)):
        for text, words in (("{}", "title"), ("Patient seen for {}.", "title in a sentence")):
            share, wrong = inverse(drilldown, sample, find, on, text)
            rows.append((f"{words} → code, search finds its {name}", f"{share:.2%}", share >= 0.97))
            rows.append(("… → another code", f"{wrong:.2%}", None))
    rows += [
        ("building all plans, CPU s", f"{built:.1f}", None),
        (
            "step in process, ms p50 / p99 / max",
            f"{percentile(steps, 0.5):.3f} / {percentile(steps, 0.99):.3f} / {steps[-1]:.3f}",
            percentile(steps, 0.99) < 5,
        ),
    ]
    for name, value, good in rows:
        print(f"{name:56} {value:>22}{'' if good is None else '  ok' if good else '  MISSED'}")
    return 0 if all(good is not False for _, _, good in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
