"""The guided walk: a concept and some answers → the next question, or the code it ends in.

The state of a walk is its root and its answers, so that an address holds all of it. A step replays
the answers over the category's plan (plan.py), which is built when first needed and kept for as
long as it is in use.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from threading import Lock

import msgspec

from codegraph import codes
from codegraph.concepts import Concepts
from codegraph.drilldown.answers import (
    Given,
    Offered,
    Question,
    Reached,
    Root,
    Understood,
    Walk,
)
from codegraph.drilldown.arrange import FEW
from codegraph.drilldown.bodymap import BodyMap, BodyMaps, Region
from codegraph.drilldown.hints import Hints
from codegraph.drilldown.labels import labels
from codegraph.drilldown.plan import Branch, Plan, PlanBuilder
from codegraph.drilldown.state import State, advance, support
from codegraph.drilldown.text import Reading, read_text
from codegraph.drilldown.titles import words
from codegraph.drilldown.units import UnitBuilder
from codegraph.drilldown.wording import BOTH, BOTH_SIDES
from codegraph.errors import SnapshotError, WalkError

CACHED_CODES = 80_000  # of the plans that are kept, together: one edition, about 40 MB
_NEEDS_KEPT = 120_000
_SHORTEST_CODE = 3  # characters
_SHOWN = 100  # characters of an axis or a value that are read: more than any has


class Drilldown:
    """Guided walks over one set of concepts."""

    def __init__(self, concepts: Concepts, hints: Hints, bodymaps: BodyMaps) -> None:
        self.concepts = concepts
        self.hints = hints
        self.bodymaps = bodymaps
        self._plans: OrderedDict[tuple[int, int], Plan] = OrderedDict()
        self._cached = 0
        self._needs: dict[tuple[int, int], tuple[str, ...]] = {}
        self._compiled: tuple[int, list[tuple[str, ...]], list[int]] = (-1, [], [])
        self._contents: dict[tuple[int, int], tuple[Question, dict[str, int], int]] = {}
        self._lock = Lock()
        self._turns = sorted(
            {
                day.toordinal() + after
                for life in concepts.tables.lives.values()
                for i in life
                for day, after in ((i.from_, 0), (i.to, 1))
                if day is not None
            }
        )

    @classmethod
    def open(cls, concepts: Concepts, data_dir: Path) -> Drilldown:
        """Open the walk with the hints and body maps of a data folder.

        Raises
        ------
        DataError
            If one of these files is not as it must be.
        """
        return cls(
            concepts,
            Hints.read(data_dir / "drilldown"),
            BodyMaps.read(data_dir / "bodymaps"),
        )

    # ── the walk ─────────────────────────────────────────────────────────────────────────────

    def walk(self, system: str, code: str, answers: Sequence[tuple[str, str]], on: date) -> Walk:
        """Return the next question after some answers, or the code that they lead to.

        Raises
        ------
        UnknownCodeError
            If no edition has the root.
        WalkError
            If the root is not valid on the date, or an answer was not asked for, is not offered,
            contradicts another, or follows a code that is already complete.
        """
        row = self.concepts.index(f"{system}:{code}")
        return self._walk(row, answers, on, [])

    def from_text(self, text: str, find: Callable[[str], Sequence[str]], on: date) -> Walk:
        """Start a walk from the words of a note, with the answers that the words give.

        Parameters
        ----------
        find
            The search: text → CURIEs of concepts, best first.

        Raises
        ------
        WalkError
            If the search finds nothing for the text.
        """
        row = self._named(text)
        if row is not None:
            named = [Understood(text.strip(), self.concepts.tables.displays[row])]
            return self._walk(row, [], on, named)
        reading = self.read(text, find, on)
        walk = self._walk(reading.root, reading.answers, on, reading.understood)
        return msgspec.structs.replace(walk, issues=[*walk.issues, *reading.issues])

    def read(self, text: str, find: Callable[[str], Sequence[str]], on: date) -> Reading:
        """Return the root and the answers that a text stands for."""
        return read_text(self, text, find, on)

    def needs(self, curie: str, on: date) -> tuple[str, ...]:
        """Return the axes still to be asked below a concept, in the order of asking.

        Empty for a billable code, and for a concept without billable codes below it.
        """
        row = self.concepts.index(curie)
        edition, names, rows = self._compiled
        key = (row, self._edition(on))
        if key[1] == edition:
            return names[rows[row]]
        found = self._needs.get(key)
        if found is None:
            found = self._needed(row, on)
            if len(self._needs) >= _NEEDS_KEPT:
                self._needs.clear()
            self._needs[key] = found
        return found

    def compiled_needs(self, on: date) -> bytes:
        """Return what every concept needs on a date, for `load_needs` in another process.

        Takes some seconds: every category's plan is built once.
        """
        concepts = self.concepts
        names: dict[tuple[str, ...], int] = {}
        rows = [names.setdefault(self._needed(row, on), len(names)) for row in range(len(concepts))]
        return msgspec.msgpack.encode((self._edition(on), list(names), rows))

    def load_needs(self, compiled: bytes | memoryview) -> None:
        """Take over what `compiled_needs` returned, so that `needs` builds no plan."""
        edition, names, rows = msgspec.msgpack.decode(
            compiled, type=tuple[int, list[tuple[str, ...]], list[int]]
        )
        if len(rows) != len(self.concepts):
            raise SnapshotError("what concepts need was compiled from another graph")
        self._compiled = (edition, names, rows)

    def map_of(
        self, code: str, answers: Sequence[tuple[str, str]], on: date
    ) -> tuple[BodyMap, list[Region]] | None:
        """Return the body map for a walk from an ICD-10-CM concept, None where none is drawn."""
        return self.bodymaps.regions(self, code, answers, on)

    def _named(self, text: str) -> int | None:
        """Return the concept whose code the whole text is, in any spelling."""
        if not any(c.isdigit() for c in text) or len(text.strip()) < _SHORTEST_CODE:
            return None
        for system, code in codes.guess_systems(text):
            if system != "modifier" and f"{system}:{code}" in self.concepts:
                return self.concepts.index(f"{system}:{code}")
        return None

    # ── plans ────────────────────────────────────────────────────────────────────────────────

    def plan(self, row: int, on: date) -> tuple[Plan, int]:
        """Return the plan that a row of a category or below belongs to, and the row's codes."""
        concepts = self.concepts
        category = concepts.categories[row]
        key = (category, self._edition(on))
        with self._lock:
            plan = self._plans.get(key)
            if plan is None:
                unit = UnitBuilder(concepts, on).build(category)
                plan = PlanBuilder(concepts, self.hints).build(unit)
                self._plans[key] = plan
                self._cached += len(plan.rows)
                while self._cached > CACHED_CODES and len(self._plans) > 1:
                    _, old = self._plans.popitem(last=False)
                    self._cached -= len(old.rows)
            else:
                self._plans.move_to_end(key)
        if row == category:
            return plan, plan.everything
        end = concepts.tables.ends[row]
        return plan, plan.mask_of([r for r in range(row, end) if r in plan.position])

    def warm(self, on: date, codes: int = 100) -> None:
        """Build the plans of the categories with at least so many codes, which take longest."""
        tables = self.concepts.tables
        for row, kind in enumerate(tables.kinds):
            if kind == "category" and tables.ends[row] - row > codes and self._alive(row, on):
                self.plan(row, on)

    def _edition(self, on: date) -> int:
        return bisect_right(self._turns, on.toordinal())

    def _needed(self, row: int, on: date) -> tuple[str, ...]:
        concepts = self.concepts
        kind = concepts.tables.kinds[row]
        if kind in ("chapter", "section"):
            return ("category",) if kind == "section" else ("section", "category")
        if concepts.tables.systems[row] != "icd10cm" or not self._alive(row, on):
            return ()
        plan, mask = self.plan(row, on)
        depth: dict[str, int] = {}
        stack: list[tuple[Branch | None, int]] = [(plan.top, 0)]
        while stack:
            branch, asked = stack.pop()
            if branch is None or not branch.mask & mask:
                continue
            live = [o for o in branch.options if o.mask & mask]
            if len(live) > 1:
                axis = branch.asked.axis
                depth[axis] = max(depth.get(axis, 0), asked)
                asked += 1
            stack += [(o.branch, asked) for o in live]
        return tuple(sorted(depth, key=lambda a: depth[a]))

    def _alive(self, row: int, on: date) -> bool:
        concepts = self.concepts
        return any(
            concepts.status(r, on) == "billable" for r in range(row, concepts.tables.ends[row])
        )

    # ── steps ────────────────────────────────────────────────────────────────────────────────

    def _walk(
        self,
        root: int,
        answers: Sequence[tuple[str, str]],
        on: date,
        understood: list[Understood],
    ) -> Walk:
        concepts = self.concepts
        tables = concepts.tables
        issues = concepts.date_issues(on)
        start = Root(tables.systems[root], tables.codes[root], tables.displays[root])
        self._must_be_alive(root, on)
        pending = _without_repeats([(axis[:_SHOWN], value[:_SHOWN]) for axis, value in answers])
        given: list[Given] = []
        row = root
        while tables.kinds[row] in ("chapter", "section"):
            question, below, codes = self._parts(row, on)
            if question.axis not in pending:
                if pending:
                    raise _not_asked(next(iter(pending)), [question.axis])
                return Walk(start, given, question, codes, understood=understood, issues=issues)
            value = pending.pop(question.axis)
            option = next((o for o in question.options if o.value == value), None)
            if option is None:
                raise _not_offered(question.axis, value, [o.value for o in question.options])
            given.append(Given(question.axis, value, option.label, question.text))
            row = below[value]
        if tables.systems[row] != "icd10cm":
            if pending:
                raise _already_final(tables.codes[row])
            return Walk(
                start, given, None, 1, self._reached(row, on), understood=understood, issues=issues
            )
        plan, mask = self.plan(row, on)
        state = advance(plan, mask, pending, tables.codes[row], start.code)
        given += state.given
        if state.branch is not None:
            return Walk(
                start,
                given,
                self._question(plan, state),
                state.remaining,
                understood=understood,
                issues=issues,
            )
        reached = [self._reached(r, on) for r in state.codes(plan)]
        return Walk(
            start,
            given,
            None,
            len(reached),
            reached if state.both else reached[0],
            why=BOTH_SIDES if state.both else None,
            support=support(plan, state),
            understood=understood,
            issues=issues,
        )

    def _question(self, plan: Plan, state: State) -> Question:
        branch = state.branch
        assert branch is not None
        offered = []
        factor = 2 if state.both else 1
        for option in branch.options:
            mask = option.mask & state.mask
            if not mask:
                continue
            v = option.value
            n = mask.bit_count() * factor
            code = self.concepts.tables.codes[plan.codes(mask)[0]] if n == 1 else None
            offered.append(Offered(v.value, v.label, n, v.unspecified, code, v.guidance, v.group))
        if both := state.pairs(plan):
            at = next((i for i, o in enumerate(offered) if o.unspecified), len(offered))
            offered.insert(
                at,
                Offered(BOTH, "Both sides", 2 * both.bit_count(), False, None, BOTH_SIDES, None),
            )
        asked = branch.asked
        return Question(asked.axis, asked.text, asked.help, offered)

    def _parts(self, row: int, on: date) -> tuple[Question, dict[str, int], int]:
        """Ask for a section of a chapter, or a category of a section.

        Returns the question, the rows that its values stand for, and the number of codes.
        """
        key = (row, self._edition(on))
        if key in self._contents:
            return self._contents[key]
        concepts, tables = self.concepts, self.concepts.tables
        rows = [r for r in concepts.children(row, on) if self._alive(r, on)]
        names = labels((words(tables.displays[row]),), [words(tables.displays[r]) for r in rows])
        kind = tables.kinds[rows[0]]
        options = [
            Offered(
                tables.codes[r].lower(),
                name,
                len(concepts.billable_below(r, on)),
                False,
                tables.codes[r] if concepts.status(r, on) == "billable" else None,
                group=_block(tables.codes[r]) if len(rows) > FEW else None,
            )
            for r, name in zip(rows, names, strict=True)
        ]
        text = "Which section?" if kind == "section" else "Which category?"
        found = (
            Question(kind, text, None, options),
            {tables.codes[r].lower(): r for r in rows},
            sum(o.codes for o in options),
        )
        self._contents[key] = found
        return found

    def _reached(self, row: int, on: date) -> Reached:
        c = self.concepts.at(row, on)
        return Reached(c.system, c.code, c.display, c.billable)

    def _must_be_alive(self, row: int, on: date) -> None:
        """Refuse a root that leads nowhere on the date, and name what replaced it."""
        concepts, tables = self.concepts, self.concepts.tables
        if self._alive(row, on):
            return
        code = tables.codes[row]
        status = concepts.status(row, on)
        if status == "header":
            raise WalkError(f"{code} has no billable code at or below it on {on}.")
        successors = [c.partition(":")[2] for c in concepts.successors(row)]
        if status == "future":
            begins = concepts.life(row)[0].from_
            before = [
                tables.codes[concepts.index(e.origin)]
                for e in concepts.edges_to(concepts.curie(row))
                if e.type == "replaced_by" and self._alive(concepts.index(e.origin), on)
            ]
            use = f" For that date use {', '.join(before)}." if before else ""
            raise WalkError(
                f"{code} is not valid yet on {on}: it begins on {begins}.{use}",
                suggestions=tuple(before),
            )
        follow = f" It was replaced by {', '.join(successors)}." if successors else ""
        raise WalkError(
            f"{code} is no longer valid on {on}.{follow}", suggestions=tuple(successors)
        )


def _without_repeats(answers: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return the answers by axis; the same answer twice counts once."""
    found: dict[str, str] = {}
    for axis, value in answers:
        if found.setdefault(axis, value) != value:
            raise WalkError(
                f"Two answers were given for {axis}: {found[axis]} and {value}. Give one.",
                suggestions=(f"{axis}:{found[axis]}", f"{axis}:{value}"),
            )
    return found


def _not_asked(axis: str, asked: Sequence[str]) -> WalkError:
    return WalkError(
        f"{axis} is not asked here; the question is {asked[0]}.", suggestions=tuple(asked)
    )


def _not_offered(axis: str, value: str, offered: Sequence[str]) -> WalkError:
    return WalkError(
        f"{value} is not an answer to {axis}. It is one of {', '.join(offered[:12])}.",
        suggestions=tuple(f"{axis}:{v}" for v in offered[:12]),
    )


def _already_final(code: str) -> WalkError:
    return WalkError(f"{code} is already a complete code: nothing more is asked.")


def _block(code: str) -> str:
    """Return the heading of a section or category in a long list: where its code begins."""
    return code[0] if "-" in code else f"{code[:2]}0 to {code[:2]}9"
