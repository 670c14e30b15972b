"""The graph around a concept as a drawing made on the server: positions only, no markup.

Wide: what points here and what it points to stand left and right of the concept, its parent above,
its children below. Narrow, for a phone: one column along a spine.

    ┌in──┐      ┌parent┐      ┌out─┐          ┌concept──┐
    │    ├──┐   └──┬───┘   ┌──┤    │          ├ is part of
    └────┘  └─┌concept┐────┘  └────┘          │  ┌parent┐
              └──┬────┘                       ├ excludes
               children                       │  ┌other─┐

The template _picture.html draws it and says in words what each kind of edge means.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from codegraph.answers import CodeAnswer, CodeRef
from codegraph.app.codeview import added_title

WIDE, NARROW = 1080, 360
_CHIP, _GAP, _LABEL, _BETWEEN = 26, 5, 20, 16
_SIDE, _CENTRE = 325, 300  # widths of the wide drawing's columns
_CENTRE_HEIGHT = 62
_MOST = 6  # chips of one group
_LETTER = 6.2  # widest usual mean width of a letter at the chip's size

_CHILDREN, _PARENT = ("is_a", "in"), ("is_a", "out")
# Near the top: what a coder asks first. Anything else follows in the order of its name.
_ORDER = (
    "governs", "covered_by", "replaced_by", "mutually_exclusive", "guidance_for", "drug_for",
    "contains", "excludes1", "code_first", "use_additional_code", "code_also", "bundled_into",
    "alternative_to", "excludes2", "includes",
)  # fmt: skip


class Group(Struct, frozen=True):
    """Concepts joined to the centre by edges of one type and direction.

    `via`: per concept, the ancestor that states the edge, None where the centre does.
    """

    type: str
    direction: str
    refs: list[CodeRef]
    via: list[str | None]


class Chip(Struct, frozen=True):
    """A concept in the drawing; a link."""

    ref: CodeRef
    via: str | None
    x: float
    y: float
    width: float
    height: float
    title: str


class Label(Struct, frozen=True):
    """What a group's edges are; `more` concepts are not drawn."""

    type: str
    direction: str
    x: float
    y: float
    more: int
    more_y: float


class Edge(Struct, frozen=True):
    """A line as an SVG path, with the triangle of its arrow. `inherited` ones are dashed."""

    path: str
    arrow: str
    inherited: bool


class Picture(Struct, frozen=True):
    """Everything to be drawn."""

    width: int
    height: int
    centre: Chip
    chips: list[Chip]
    labels: list[Label]
    edges: list[Edge]
    narrow: bool


def shows_code(ref: CodeRef) -> bool:
    """Whether a concept goes by its code: chapters, drugs and rules go by their names."""
    return ref.system in ("icd10cm", "cpt", "hcpcs", "modifier") and not ref.code.startswith(
        "chapter-"
    )


def groups_of(answer: CodeAnswer) -> list[Group]:
    """Return the groups around a concept. What chapters and sections state is left out."""
    if not answer.ancestors and not answer.children and not answer.relationships:
        return []
    far = {
        f"{ref.system}:{ref.code}"
        for ref in answer.ancestors
        if "-" in ref.code  # chapter-13, M70-M79
    }
    found: dict[tuple[str, str], dict[str, tuple[CodeRef, str | None]]] = {}

    def add(key: tuple[str, str], ref: CodeRef, via: str | None) -> None:
        found.setdefault(key, {}).setdefault(f"{ref.system}:{ref.code}", (ref, via))

    for parent in answer.parents:
        add(_PARENT, parent, None)
    for child in answer.children:
        add(_CHILDREN, child, None)
    for r in answer.relationships:
        if r.inherited_from not in far:
            via = r.inherited_from.split(":", 1)[1] if r.inherited_from else None
            add((r.type, r.direction), r.target, via)
    place = {name: number for number, name in enumerate(_ORDER)}
    keys = sorted(found, key=lambda key: (place.get(key[0], len(place)), key))
    return [
        Group(
            type_,
            direction,
            [ref for ref, _ in found[type_, direction].values()],
            [via for _, via in found[type_, direction].values()],
        )
        for type_, direction in keys
    ]


def draw_both(answer: CodeAnswer) -> list[Picture]:
    """Return the drawing for wide screens and paper, and the one for a phone; none if alone."""
    groups = groups_of(answer)
    if not groups:
        return []
    ref = CodeRef(answer.system, answer.code, answer.display, answer.billable)
    return [draw_wide(ref, groups), draw_narrow(ref, groups)]


def draw_wide(centre: CodeRef, groups: Sequence[Group]) -> Picture:
    """Return the drawing with the concept in the middle."""
    middle = [g for g in groups if g.type == "is_a"]
    above = [g for g in middle if g.direction == "out"]
    below = [g for g in middle if g.direction == "in"]
    left, right = _balance([g for g in groups if g.type != "is_a"])
    over, under = _column_height(above), _column_height(below)
    beside = max(_column_height(left), _column_height(right)) / 2
    middle_y = max(beside, over + _BETWEEN + _CENTRE_HEIGHT / 2) + 8
    height = middle_y + max(beside, under + _BETWEEN + _CENTRE_HEIGHT / 2) + 8
    x = (WIDE - _CENTRE) / 2
    card = Chip(centre, None, x, middle_y - _CENTRE_HEIGHT / 2, _CENTRE, _CENTRE_HEIGHT, "")
    card = _titled(card, 2)
    chips: list[Chip] = []
    labels: list[Label] = []
    edges: list[Edge] = []

    def column(groups: Sequence[Group], x: float, width: float, y: float, side: str) -> None:
        for group in groups:
            drawn, label, y = _stack(group, centre, x, width, y)
            chips.extend(drawn)
            labels.append(label)
            for number, chip in enumerate(drawn):
                if side in ("left", "right") or number == (len(drawn) - 1 if side == "up" else 0):
                    edges.append(_wide_edge(card, chip, group.direction, side))

    column(left, 0, _SIDE, middle_y - _column_height(left) / 2, "left")
    column(right, WIDE - _SIDE, _SIDE, middle_y - _column_height(right) / 2, "right")
    column(above, x, _CENTRE, card.y - _BETWEEN - over, "up")
    column(below, x, _CENTRE, card.y + _CENTRE_HEIGHT + _BETWEEN, "down")
    return Picture(WIDE, round(height), card, chips, labels, edges, False)


def draw_narrow(centre: CodeRef, groups: Sequence[Group]) -> Picture:
    """Return the drawing in one column along a spine."""
    spine, inset = 10.0, 34.0
    card = _titled(Chip(centre, None, 0, 1, NARROW, _CENTRE_HEIGHT, ""), 2)
    chips: list[Chip] = []
    labels: list[Label] = []
    edges: list[Edge] = []
    y: float = card.height + _BETWEEN
    last = y
    place = {_PARENT: 0, _CHILDREN: 1}
    upward_first = sorted(groups, key=lambda g: place.get((g.type, g.direction), 2))
    for group in upward_first:
        drawn, label, y = _stack(group, centre, inset, NARROW - inset, y)
        chips += drawn
        labels.append(label)
        for chip in drawn:
            last = chip.y + chip.height / 2
            outward = group.direction == "out"
            tip = inset if outward else spine + 1
            edges.append(
                Edge(
                    f"M{spine} {last}H{inset}",
                    _arrow(tip, last, 1 if outward else -1, 0),
                    chip.via is not None,
                )
            )
    edges.insert(0, Edge(f"M{spine} {card.height}V{last}", "", False))
    return Picture(NARROW, round(y), card, chips, labels, edges, True)


def _balance(groups: Sequence[Group]) -> tuple[list[Group], list[Group]]:
    """Split groups into two columns of like height: incoming rather left, outgoing rather right."""
    left: list[Group] = []
    right: list[Group] = []
    for group in groups:
        lead = _column_height(left) - _column_height(right)
        rather_left = group.direction == "in"
        if abs(lead) > _column_height([group]) / 2:
            rather_left = lead < 0
        (left if rather_left else right).append(group)
    return left, right


def _shown(group: Group) -> int:
    """Return how many chips a group gets: one more than the limit is drawn rather than counted."""
    return len(group.refs) if len(group.refs) <= _MOST + 1 else _MOST


def _column_height(groups: Sequence[Group]) -> float:
    total = sum(
        _LABEL + _shown(g) * (_CHIP + _GAP) + (_LABEL if _shown(g) < len(g.refs) else 0) + _BETWEEN
        for g in groups
    )
    return max(total - _BETWEEN, 0)


def _stack(
    group: Group, centre: CodeRef, x: float, width: float, y: float
) -> tuple[list[Chip], Label, float]:
    """Return a group's chips below each other, its label, and where the next group begins."""
    top = y
    y += _LABEL
    chips = []
    count = _shown(group)
    above = centre.display if (group.type, group.direction) == _CHILDREN else ""
    for ref, via in list(zip(group.refs, group.via, strict=True))[:count]:
        chips.append(_titled(Chip(ref, via, x, y, width, _CHIP, ""), 1, above))
        y += _CHIP + _GAP
    more = len(group.refs) - count
    label = Label(group.type, group.direction, x, top + 13, more, y + 12)
    return chips, label, y + (_LABEL if more else 0) + _BETWEEN


def _titled(chip: Chip, lines: int, above: str = "") -> Chip:
    """Return the chip with its title cut to what fits beside (or below) its code."""
    coded = lines == 1 and shows_code(chip.ref)
    beside = 8.0 * len(chip.ref.code) + 8 if coded else 0.0
    via = 6.0 * len(f" via {chip.via}") if chip.via else 0.0
    room = int((chip.width - 20 - beside - via) / _LETTER)
    title = added_title(chip.ref.display, above)
    if len(title) > room:
        title = title[: max(room - 1, 3)].rstrip(" ,;") + "…"
    return Chip(chip.ref, chip.via, chip.x, chip.y, chip.width, chip.height, title)


def _wide_edge(card: Chip, chip: Chip, direction: str, side: str) -> Edge:
    """Return the curve between the card and a chip, its arrow where the edge points."""
    outward = direction == "out"
    if side in ("up", "down"):
        x = card.x + card.width / 2
        start = card.y if side == "up" else card.y + card.height
        # The label stands between card and children: the line runs beside it.
        if side == "down":
            x = card.x + card.width - 24
        end = chip.y + chip.height if side == "up" else chip.y
        tip, way = (end, 1 if end > start else -1) if outward else (start, 1 if start > end else -1)
        return Edge(f"M{x} {start}V{end}", _arrow(x, tip, 0, way), chip.via is not None)
    near = card.x if side == "left" else card.x + card.width
    far = chip.x + chip.width if side == "left" else chip.x
    y, other = card.y + card.height / 2, chip.y + chip.height / 2
    half = (near + far) / 2
    tip_x, tip_y = (far, other) if outward else (near, y)
    toward = (1 if side == "right" else -1) * (1 if outward else -1)
    return Edge(
        f"M{near} {y}C{half} {y} {half} {other} {far} {other}",
        _arrow(tip_x, tip_y, toward, 0),
        chip.via is not None,
    )


def _arrow(x: float, y: float, dx: int, dy: int) -> str:
    """Return a triangle whose tip is at (x, y) and which points in direction (dx, dy)."""
    length, half = 7, 3.5
    bx, by = x - dx * length, y - dy * length
    return f"M{x} {y}L{bx - dy * half} {by - dx * half}L{bx + dy * half} {by + dx * half}Z"
