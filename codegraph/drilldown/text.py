"""Free text → where a walk starts, and which of its questions the text has answered.

The search says which concept the text is about; the walk's own options say how far the text goes:
an answer counts only where the words for it stand in the text.

  right forearm pain   search: M79.63-   root M79.6  site: forearm  laterality: right  → M79.631
  forearm pain         search: M79.63-   root M79.6  site: forearm                     → the side?
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from msgspec import Struct

from codegraph.concepts import Concepts
from codegraph.drilldown.answers import Understood
from codegraph.drilldown.arrange import SHARED_AXES
from codegraph.drilldown.denied import heard
from codegraph.drilldown.labels import is_unspecified
from codegraph.drilldown.plan import Branch, Option, Plan
from codegraph.drilldown.said import Said
from codegraph.drilldown.state import both_of, question_at
from codegraph.drilldown.titles import LATERALITY, words
from codegraph.drilldown.wording import BOTH
from codegraph.errors import WalkError
from codegraph.model import Issue

_HITS = 8  # of the search that are looked at


class Walks(Protocol):
    """What reading a text needs of the walk."""

    concepts: Concepts

    def plan(self, row: int, on: date) -> tuple[Plan, int]:
        """Return the plan that a row belongs to, and its codes."""
        ...


class Reading(Struct, frozen=True):
    """What a text was understood as."""

    root: int
    answers: list[tuple[str, str]]
    understood: list[Understood]
    issues: list[Issue] = []


@dataclass(slots=True)
class _Step:
    """A question on the way down and the option taken; `words` are those that state it."""

    branch: Branch
    option: Option | None
    value: str
    label: str
    words: str


def read_text(walks: Walks, text: str, find: Callable[[str], Sequence[str]], on: date) -> Reading:
    """Return the root and the answers that a text stands for.

    Raises
    ------
    WalkError
        If the search finds no concept that leads to a billable code on the date.
    """
    concepts = walks.concepts
    told = heard(text)
    rows = list(_found(concepts, find(told.sought), on))
    if not rows:
        raise WalkError(
            f"No code was found for {text[:80]!r}. Name the condition and the part of the body, or "
            "start from a code."
        )
    hit = rows[0]
    if concepts.tables.systems[hit] != "icd10cm" or concepts.tables.kinds[hit] in (
        "chapter",
        "section",
    ):
        understood = [Understood(text, concepts.tables.displays[hit])]
        return Reading(hit, [], understood, told.issues)
    exact = _exact(walks, Said(text).raw, rows, on)
    if exact is not None:
        return _Reader(concepts, walks.plan(exact, on)[0], Said(text)).path_of(exact)
    said = Said(told.answering)
    concept = _meant(concepts, rows, said if told.sought == told.answering else Said(told.sought))
    plan, mask = walks.plan(concept, on)
    reading = _Reader(concepts, plan, said).read(concept, mask)
    issues = [*told.issues, *_two_sides(said, plan)]
    return Reading(reading.root, reading.answers, reading.understood, issues)


def _two_sides(said: Said, plan: Plan) -> list[Issue]:
    """Say that a text names right and left for two things, of which a walk codes one."""
    if not said.divided or LATERALITY not in plan.masks:
        return []
    taken = (
        "choose one" if said.side is None else f"only “{said.sides[0][0].strip(',;.')}” was read"
    )
    return [
        Issue(
            "two_sides_named",
            "warning",
            f"The text names right and left: {taken}. Walk another problem by itself.",
        )
    ]


def _meant(concepts: Concepts, rows: Sequence[int], said: Said) -> int:
    """Return the concept a text is about, as far as the text itself says so.

    That is the narrowest concept above the best hit whose title the text says whole; a hit further
    down wins where its concept is all that the text speaks of. A hit found by other words
    altogether (heart attack) is believed; one that the text says in part is taken a level up.
    """
    tables = concepts.tables
    best: int | None = None
    for n, row in enumerate(rows[:_HITS]):
        if tables.systems[row] != "icd10cm" or tables.kinds[row] in ("chapter", "section"):
            continue
        share = _share(concepts, row, said)
        stated = next((r for r in _chain(concepts, row) if _share(concepts, r, said) == 1), None)
        if stated is None:
            if n == 0 and share >= 0.5 and _is_header(concepts, row):
                best = row
            continue
        if n == 0:
            best = row if _is_header(concepts, row) and share >= 0.5 else stated
        if said.content <= {w.norm for w in words(tables.displays[stated])}:
            return stated
    if best is not None:
        return best
    chain = list(_chain(concepts, rows[0]))
    if _share(concepts, chain[0], said) == 0:
        return chain[0]
    return next(
        (
            r
            for r in chain[1:]
            if _share(concepts, r, said) >= 0.5 and not is_unspecified(words(tables.displays[r]))
        ),
        chain[-1],
    )


def _share(concepts: Concepts, row: int, said: Said) -> float:
    """Return how much of a concept's title, or of one of its inclusion terms, a text says."""
    terms = concepts.notes(row).get("inclusion_terms", ())
    return max(said.share(text) for text in (concepts.tables.displays[row], *terms))


def _is_header(concepts: Concepts, row: int) -> bool:
    return concepts.tables.ends[row] > row + 1


def _chain(concepts: Concepts, row: int) -> Iterator[int]:
    """Yield a concept and those above it, up to its category."""
    for r in (row, *concepts.ancestors(row)):
        if concepts.tables.kinds[r] in ("chapter", "section"):
            return
        yield r


def _found(concepts: Concepts, curies: Sequence[str], on: date) -> Iterator[int]:
    for curie in curies:
        if curie not in concepts:
            continue
        row = concepts.index(curie)
        ends = concepts.tables.ends
        if any(concepts.status(r, on) == "billable" for r in range(row, ends[row])):
            yield row


def _exact(walks: Walks, text: str, rows: Sequence[int], on: date) -> int | None:
    """Return the code whose whole title the text is, if it stands near what was found."""
    displays = walks.concepts.tables.displays
    wanted = text.casefold()
    tried: set[int] = set()
    for row in rows[:4]:
        if walks.concepts.tables.kinds[row] in ("chapter", "section"):
            continue
        if walks.concepts.tables.systems[row] != "icd10cm":
            continue
        plan, _ = walks.plan(row, on)
        if id(plan) in tried:
            continue
        tried.add(id(plan))
        for code in plan.rows:
            if displays[code].casefold() == wanted:
                return code
    return None


class _Reader:
    """Reads one text against one plan."""

    def __init__(self, concepts: Concepts, plan: Plan, said: Said) -> None:
        self._concepts = concepts
        self._plan = plan
        self._said = said
        self._category = concepts.categories[plan.rows[0]]

    def path_of(self, row: int) -> Reading:
        """Return the answers that lead from the category to one code."""
        bit = 1 << self._plan.position[row]
        steps = []
        branch = self._plan.top
        while branch is not None:
            option = next(o for o in branch.options if o.mask & bit)
            phrases = _phrases(branch, option)
            steps.append(
                _Step(
                    branch,
                    option,
                    option.value.value,
                    option.value.label,
                    self._said.quote(phrases) or option.value.label,
                )
            )
            branch = option.branch
        return self._reading(self._category, steps)

    def read(self, concept: int, wanted: int) -> Reading:
        """Return the root and the answers, from the codes of the concept meant and the words."""
        steps, root, mask = self._down(concept, wanted)
        steps += self._ahead(mask)
        return self._reading(root, steps)

    def _down(self, concept: int, wanted: int) -> tuple[list[_Step], int, int]:
        """Go down as far as the concept meant, or the words, decide."""
        mask, root = self._plan.everything, self._category
        steps: list[_Step] = []
        while (branch := question_at(self._plan, mask)) is not None:
            shared = branch.options[0].title is branch.title
            step = self._answer(branch, mask) if shared else None
            if shared:
                if step is None:
                    break
                steps.append(step)
                mask = self._masked(step, mask)
                continue
            option, stated = self._choose(branch, mask, wanted)
            if (
                option is None
                and mask & ~wanted
                and not any(wanted & ~o.mask == 0 for o in branch.options)
            ):
                steps, root, mask = [], concept, mask & wanted
                continue
            if option is None:
                break
            if stated:
                quote = self._said.quote(_phrases(branch, option))
                steps.append(_Step(branch, option, option.value.value, option.value.label, quote))
            else:
                row = self._row(option)
                steps = steps if row is None else []
                if row is None:
                    steps.append(_Step(branch, option, option.value.value, option.value.label, ""))
                else:
                    root = row
            mask &= option.mask
        return steps, root, mask

    def _choose(self, branch: Branch, mask: int, wanted: int) -> tuple[Option | None, bool]:
        """Return the option that the words state, or that the concept meant lies under."""
        live = [o for o in branch.options if o.mask & mask]
        within = next((o for o in live if wanted & ~o.mask == 0), None)
        ranked = _ranked((self._said.rank(_phrases(branch, o)), o) for o in live)
        best, option = ranked[0]
        clear = best > (0, 0) and (len(ranked) < 2 or ranked[1][0] < best)
        if clear and (within in (None, option) or best[0] > 1):
            deep = () if within is option else _ranked((self._deep(o, mask), o) for o in live)
            if not deep or deep[0][0] <= best or deep[0][1] is option:
                return option, True
        if within is None:
            deep = _ranked((self._deep(o, mask), o) for o in live)
            best, option = deep[0]
            if best > (1, 1) and (len(deep) < 2 or deep[1][0] < best):
                return option, True
            return None, False
        mine = next(rank for rank, o in ranked if o is within)
        if mine > (0, 0) and mine == best:
            return within, True
        vague = within.value.unspecified or within.value.label.lower().startswith("other")
        if vague and _is_last(within):
            return None, False
        return within, False

    def _deep(self, option: Option, mask: int) -> tuple[int, int]:
        """Return how well the text states the title of an option or of anything below it."""
        title = " ".join(w.text for w in option.title)
        best = self._said.rank((title,))
        branch = option.branch
        if branch is None:
            return best
        if branch.options[0].title is branch.title:
            first = branch.options[0].branch
            below = branch.options if first else []
            return max([best, *(self._deep_of(o.branch, mask) for o in below)])
        return max(best, self._deep_of(branch, mask))

    def _deep_of(self, branch: Branch | None, mask: int) -> tuple[int, int]:
        if branch is None:
            return (0, 0)
        if branch.options[0].title is branch.title:
            return max((self._deep_of(o.branch, mask) for o in branch.options), default=(0, 0))
        return max(self._deep(o, mask) for o in branch.options)

    def _answer(self, branch: Branch, mask: int) -> _Step | None:
        """Return what the words say to a question about side, encounter and the like."""
        if branch.asked.axis.startswith(LATERALITY):
            return self._side(branch, mask)
        ranked = sorted(
            (
                (self._said.rank((o.value.said or o.value.label, o.value.label)), i, o)
                for i, o in enumerate(branch.options)
                if o.mask & mask
            ),
            reverse=True,
            key=lambda t: (t[0], -t[1]),
        )
        best, _, option = ranked[0]
        if best == (0, 0) or (len(ranked) > 1 and ranked[1][0] == best):
            return None
        v = option.value
        return _Step(branch, option, v.value, v.label, self._said.quote((v.said or v.label,)))

    def _side(self, branch: Branch, mask: int) -> _Step | None:
        live = {o.value.value: o for o in branch.options if o.mask & mask}
        sides = {side for _, side in self._said.sides}
        if {"right", "left"} <= sides:
            if self._said.both:
                sides = {"bilateral"}
            elif self._said.side is None:
                return None
            else:
                sides = {self._said.side}
        elif len(sides) > 1:
            sides -= {"bilateral"}
        if len(sides) == 1:
            side = sides.pop()
            quote = " ".join(t.strip(",;.") for t, _ in self._said.sides)
            if side == "bilateral" and side not in live and both_of(self._plan, branch, mask):
                return _Step(branch, None, BOTH, "Both sides", quote)
            for word in ("nondominant", "dominant"):
                if self._said.counts[word] and f"{side}-{word}" in live:
                    side = f"{side}-{word}"
                    break
            if side in live:
                return _Step(branch, live[side], side, live[side].value.label, quote)
            return None
        if "unilateral" in live and any(n == "unilateral" for _, n in self._said.words):
            return _Step(
                branch,
                live["unilateral"],
                "unilateral",
                live["unilateral"].value.label,
                "unilateral",
            )
        if "unspecified" in live and self._spare_unspecified(branch):
            return _Step(branch, live["unspecified"], "unspecified", "Unspecified", "unspecified")
        return None

    def _spare_unspecified(self, branch: Branch) -> bool:
        """Whether the text says "unspecified" more often than the condition's title does."""
        own = sum(w.norm == "unspecified" for w in branch.title)
        return self._said.counts["unspecified"] > own

    def _ahead(self, mask: int) -> list[_Step]:
        """Return the answers that words give to questions further on: side, displaced …"""
        steps: list[_Step] = []
        stopped = question_at(self._plan, mask)
        if stopped is None:
            return steps
        seen = {stopped.asked.axis}
        for branch in self._plan.questions():
            axis = branch.asked.axis
            base = axis.rstrip("-0123456789")
            live = branch.mask & mask
            if not live or axis in seen or base not in (*SHARED_AXES, "encounter"):
                continue
            step = self._answer(branch, live)
            if step is not None and step.option is not None:
                if base == "encounter" and self._shuts_out(stopped, axis, step.value, mask):
                    continue
                seen.add(axis)
                after = self._plan.masks[axis].get(step.value, 0) & mask
                if after and after != mask:
                    steps.append(step)
                    mask = after
        return steps

    def _shuts_out(self, stopped: Branch, axis: str, value: str, mask: int) -> bool:
        """Whether an answer ahead would take away an option of the question to be asked first.

        "subsequent, malunion" is the wording of torus fractures; the others say closed or open.
        """
        after = self._plan.masks[axis].get(value, 0) & mask
        return any(o.mask & mask and not o.mask & after for o in stopped.options)

    def _masked(self, step: _Step, mask: int) -> int:
        if step.option is None:
            return self._plan.paired(mask & step.branch.mask)
        return mask & step.option.mask

    def _row(self, option: Option) -> int | None:
        """Return the concept that an option stands for, None where it stands for several."""
        return option.rows[0] if len(option.rows) == 1 else None

    def _reading(self, root: int, steps: Sequence[_Step]) -> Reading:
        end = self._concepts.tables.ends[root]
        below = self._plan.mask_of([r for r in range(root, end) if r in self._plan.position])
        answers = []
        understood = [Understood(self._said.raw, self._concepts.tables.displays[root])]
        for step in steps:
            axis = step.branch.asked.axis
            if step.option is not None:
                asked = self._plan.masks[axis][step.value] & below
                if not asked or asked == below:
                    continue
            answers.append((axis, step.value))
            understood.append(Understood(step.words or step.label, step.label, axis, step.value))
        return Reading(root, answers, understood)


def _is_last(option: Option) -> bool:
    """Whether nothing but sides, encounters and the like is asked after an option."""
    below = option.branch
    return below is None or below.options[0].title is below.title


def _ranked(
    found: Iterable[tuple[tuple[int, int], Option]],
) -> list[tuple[tuple[int, int], Option]]:
    return sorted(found, key=lambda pair: pair[0], reverse=True)


def _phrases(branch: Branch, option: Option) -> tuple[str, ...]:
    """Return the wordings by which a text may state an option."""
    if option.title is branch.title:
        return (option.value.said or option.value.label, option.value.label)
    title = " ".join(w.text for w in option.title)
    return (option.value.label, title)
