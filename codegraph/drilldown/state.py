"""Replay answers over a plan: what remains, what to ask next, what the note must say in the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from codegraph.drilldown.answers import Given
from codegraph.drilldown.plan import Branch, Option, Plan
from codegraph.drilldown.titles import LATERALITY, join
from codegraph.drilldown.wording import BOTH
from codegraph.errors import WalkError


@dataclass(slots=True)
class State:
    """Where a walk stands: the codes that remain, and the question that divides them.

    With `both`, the mask holds the right-sided codes alone; each stands for its left partner too.
    """

    mask: int
    both: bool
    branch: Branch | None
    given: list[Given]

    @property
    def remaining(self) -> int:
        """The number of codes that remain."""
        return self.mask.bit_count() * (2 if self.both else 1)

    def codes(self, plan: Plan) -> list[int]:
        """Return the rows of the codes that remain, right before left."""
        rows = plan.codes(self.mask)
        if not self.both:
            return rows
        lefts = [plan.rows[plan.partner[plan.position[r]]] for r in rows]
        return [row for pair in zip(rows, lefts, strict=True) for row in pair]

    def pairs(self, plan: Plan) -> int:
        """Return the right-sided codes for which the question may be answered with "both"."""
        branch = self.branch
        if branch is None or branch.asked.axis != LATERALITY or self.both:
            return 0
        return both_of(plan, branch, self.mask)


def both_of(plan: Plan, branch: Branch, mask: int) -> int:
    """Return the right-sided codes that pair with a left one, if no bilateral code exists."""
    live = {o.value.value for o in branch.options if o.mask & mask}
    if not {"right", "left"} <= live <= {"right", "left", "unspecified", "unilateral"}:
        return 0
    return plan.paired(mask & branch.mask)


def question_at(plan: Plan, mask: int) -> Branch | None:
    """Return the first question that divides some codes, None where one code remains."""
    branch = plan.top
    while branch is not None:
        live = [o for o in branch.options if o.mask & mask]
        if len(live) > 1:
            return branch
        branch = live[0].branch
    return None


def advance(plan: Plan, start: int, answers: Mapping[str, str], below: str, root: str) -> State:
    """Return the state after some answers, which may come in any order that fits.

    Raises
    ------
    WalkError
        If an answer was not asked for, is not offered, or contradicts another; or if the codes
        were down to one before any answer.
    """
    pending = dict(answers)
    mask, both = start, False
    given: dict[str, Given] = {}
    if pending and start.bit_count() == 1:
        raise WalkError(f"{below} is already a complete code: nothing more is asked.")
    while True:
        branch = question_at(plan, mask)
        if branch is not None and branch.asked.axis in pending:
            axis = branch.asked.axis
            value = pending.pop(axis)
            if axis == LATERALITY and value == BOTH and (right := both_of(plan, branch, mask)):
                mask, both = right, True
                given[axis] = Given(axis, value, "Both sides", branch.asked.text)
                continue
            option = branch.option(value)
            if option is None or not option.mask & mask:
                raise _not_offered(branch, value, mask, plan, both)
            mask &= option.mask
            given[axis] = Given(axis, value, option.value.label, branch.asked.text)
            continue
        if not pending:
            break
        axis, value = next(iter(pending.items()))
        del pending[axis]
        mask, both, answer = _out_of_order(plan, start, mask, both, axis, value, root)
        given[axis] = answer
    ordered = [given[axis] for axis in answers if axis in given]
    return State(mask, both, question_at(plan, mask), ordered)


def _out_of_order(
    plan: Plan, start: int, mask: int, both: bool, axis: str, value: str, root: str
) -> tuple[int, bool, Given]:
    """Apply an answer to a question that comes later, or that other answers have settled."""
    by_value = {v: m for v, m in plan.masks.get(axis, {}).items() if m & start}
    if not by_value or any(m & start == start for m in by_value.values()):
        asked = question_at(plan, mask)
        suggestions = (asked.asked.axis,) if asked else ()
        raise WalkError(
            f"The walk from {root} does not ask for {axis}."
            + (f" It asks for {suggestions[0]}." if suggestions else ""),
            suggestions=suggestions,
        )
    if axis == LATERALITY and value == BOTH:
        right = plan.paired(mask & ~by_value.get("bilateral", 0))
        if right:
            return right, True, Given(axis, value, "Both sides", "Which side?")
    found = by_value.get(value, 0)
    if not found:
        offered = list(by_value)[:12]
        if axis == LATERALITY and not both and plan.paired(mask & ~by_value.get("bilateral", 0)):
            offered.append(BOTH)
        raise WalkError(
            f"{value} is not an answer to {axis}. It is one of {', '.join(offered)}.",
            suggestions=tuple(f"{axis}:{v}" for v in offered),
        )
    if not found & mask:
        left = [v for v, m in by_value.items() if m & mask]
        raise WalkError(
            f"{axis}:{value} does not go with the other answers."
            + (f" With them it can be {', '.join(left[:12])}." if left else ""),
            suggestions=tuple(f"{axis}:{v}" for v in left[:12]),
        )
    option, branch = _any_option(plan, axis, value, found & mask)
    return found & mask, both, Given(axis, value, option.value.label, branch.asked.text)


def _any_option(plan: Plan, axis: str, value: str, mask: int) -> tuple[Option, Branch]:
    """Return the option that stands for an answer, at the first question that offers it."""
    for branch in plan.questions():
        if branch.asked.axis == axis and (o := branch.option(value)) and o.mask & mask:
            return o, branch
    raise AssertionError(f"no question offers {axis}:{value}")


def _not_offered(branch: Branch, value: str, mask: int, plan: Plan, both: bool) -> WalkError:
    axis = branch.asked.axis
    offered = [o.value.value for o in branch.options if o.mask & mask]
    if axis == LATERALITY and not both and both_of(plan, branch, mask):
        offered.append(BOTH)
    return WalkError(
        f"{value} is not an answer to {axis}. It is one of {', '.join(offered[:12])}.",
        suggestions=tuple(f"{axis}:{v}" for v in offered[:12]),
    )


# ── what the note must say ───────────────────────────────────────────────────────────────────

_ENCOUNTERS = {
    "initial": "That the condition is under active treatment (initial encounter).",
    "subsequent": "That active treatment is over and this is routine care while it heals "
    "(subsequent encounter).",
    "sequela": "The later condition, and that this injury caused it (sequela).",
}


def support(plan: Plan, state: State) -> list[str]:
    """Return what a note must say to support the code that a walk has ended in."""
    condition = ""
    details = []
    branch = plan.top
    while branch is not None:
        option = next(o for o in branch.options if o.mask & state.mask)
        axis, value = branch.asked.axis.rstrip("-0123456789"), option.value
        if axis == LATERALITY:
            details.append(_side(value.value, state.both, value.label))
        elif axis == "encounter":
            first = value.value.split("-")[0]
            details.append(_ENCOUNTERS[first])
            if value.value not in _ENCOUNTERS:
                details.append(f"The state of the fracture: {value.label.partition(', ')[2]}.")
        elif option.title is branch.title:
            details.append(_detail(axis, value.label, value.unspecified))
        else:
            condition = join(option.title)
        if not condition:
            condition = join(option.title)
        branch = option.branch
    if condition:
        condition = condition[:1].upper() + condition[1:]
        return [f"The condition: {condition}.", *details]
    return details


def _side(value: str, both: bool, label: str) -> str:
    if both or value == "bilateral":
        return "That both sides are affected."
    if value == "unspecified":
        return "Nothing about the side; where the record names it, go back and choose it."
    return f"The side: {label[:1].lower()}{label[1:]}."


def _detail(axis: str, label: str, unspecified: bool) -> str:
    if unspecified:
        return f"Nothing more about the {axis}; where the record does, go back and choose it."
    return f"{axis.replace('-', ' ').capitalize()}: {label[:1].lower()}{label[1:]}."
