"""Lay out what is known about a concept for its page: tree, notes, relationships.

▾ chapter-13                    ancestors stand open, what stands beside them is folded
  ▾ M70-M79
    ▾ M79
      ▾ M79.6
          M79.60
        ▸ M79.63   ← here       siblings and children are all shown
"""

from __future__ import annotations

from datetime import date
from itertools import groupby

from msgspec import Struct

from codegraph.answers import CodeAnswer, CodeRef, RelationshipView
from codegraph.concepts import Concepts
from codegraph.model import NOTE_KINDS, NoteKind, Source

# The types whose outgoing edges are read from notes, which the page shows with links anyway.
NOTE_TYPES = frozenset(
    {"excludes1", "excludes2", "code_first", "use_additional_code", "code_also", "includes"}
)
_ORDER = (
    "governs", "covered_by", "covers", "mutually_exclusive", "guidance_for", "drug_for", "contains",
    "bundled_into", "alternative_to", "replaced_by",
)  # fmt: skip
_OPEN_NOTES = 14  # an inherited group with more than this is folded


class Branch(Struct, frozen=True):
    """One line of the tree.

    `beside` are its siblings, folded; `below` its open children. `title` is what the display adds
    to the title above.
    """

    ref: CodeRef
    title: str
    here: bool
    below: list[Branch]
    beside: list[Branch]


class NoteGroup(Struct, frozen=True):
    """Notes of one kind."""

    kind: NoteKind
    texts: list[str]


class InheritedGroup(Struct, frozen=True):
    """The notes that one ancestor states."""

    ref: CodeRef
    notes: list[NoteGroup]
    count: int
    open: bool


class RelationGroup(Struct, frozen=True):
    """Relationships of one type and direction; text and source where all share them."""

    type: str
    direction: str
    items: list[RelationshipView]
    text: str
    sources: list[Source]


def tree(concepts: Concepts, answer: CodeAnswer, on: date) -> Branch | None:
    """Return the hierarchy from the chapter down, open at the concept; None where there is none."""
    if not answer.ancestors and not answer.children:
        return None

    def leaf(row: int, above: str, here: bool = False) -> Branch:
        ref = _ref(concepts, row, on)
        return Branch(ref, added_title(ref.display, above), here, [], [])

    row = concepts.index(f"{answer.system}:{answer.code}")
    parent = concepts.parent(row)
    above = concepts.tables.displays[parent] if parent is not None else ""
    children = [leaf(child, answer.display) for child in concepts.children(row, on)]
    own = leaf(row, above, True)
    own = Branch(own.ref, own.title, True, children, [])
    if parent is None:
        return own
    siblings = [leaf(r, above) if r != row else own for r in concepts.children(parent, on)]
    if own not in siblings:  # it is not valid on the date; the tree still opens where it stood
        siblings.insert(0, own)
    level, at = siblings, parent
    while True:
        over = concepts.parent(at)
        title_over = concepts.tables.displays[over] if over is not None else ""
        ref = _ref(concepts, at, on)
        beside = (
            [leaf(r, title_over) for r in concepts.children(over, on) if r != at]
            if over is not None
            else []
        )
        branch = Branch(ref, added_title(ref.display, title_over), False, level, beside)
        if over is None:
            return branch
        level, at = [branch], over


def own_notes(answer: CodeAnswer) -> list[NoteGroup]:
    """Return the notes that stand at the concept itself, in the order of the tabular list."""
    return [NoteGroup(kind, answer.notes[kind]) for kind in NOTE_KINDS if answer.notes.get(kind)]


def inherited_notes(concepts: Concepts, answer: CodeAnswer, on: date) -> list[InheritedGroup]:
    """Return the notes that hold from above, grouped by who states them, nearest first."""
    groups = []
    for curie, notes in groupby(answer.inherited_notes, key=lambda note: note.from_):
        stated = list(notes)
        row = concepts.index(curie)
        by_kind = [
            NoteGroup(kind, [n.text for n in stated if n.kind == kind])
            for kind in NOTE_KINDS
            if any(n.kind == kind for n in stated)
        ]
        near = concepts.tables.kinds[row] not in ("chapter", "section")
        groups.append(
            InheritedGroup(
                _ref(concepts, row, on), by_kind, len(stated), near and len(stated) <= _OPEN_NOTES
            )
        )
    return groups


def related(answer: CodeAnswer) -> list[RelationGroup]:
    """Return the relationships that no note of the page states already, by type and direction."""
    kept = [r for r in answer.relationships if r.type not in NOTE_TYPES]
    return _groups([r for r in kept if r.type != "replaced_by" or r.direction == "in"])


def mentions(answer: CodeAnswer) -> list[RelationGroup]:
    """Return where the notes of other concepts name this one or what is above it."""
    return _groups(
        [r for r in answer.relationships if r.type in NOTE_TYPES and r.direction == "in"]
    )


def _groups(views: list[RelationshipView]) -> list[RelationGroup]:
    known = {name: place for place, name in enumerate(_ORDER)}

    def key(view: RelationshipView) -> tuple[int, str, str]:
        return known.get(view.type, len(known)), view.type, view.direction

    groups = []
    for (_, kind, direction), members in groupby(sorted(views, key=key), key=key):
        nearest: dict[tuple[str, str], RelationshipView] = {}
        for member in members:
            nearest.setdefault((member.target.system, member.target.code), member)
        items = list(nearest.values())
        texts = {item.text for item in items}
        sources = list(dict.fromkeys(item.source for item in items if item.source))
        groups.append(
            RelationGroup(kind, direction, items, texts.pop() if len(texts) == 1 else "", sources)
        )
    return groups


def _ref(concepts: Concepts, row: int, on: date) -> CodeRef:
    concept = concepts.at(row, on)
    return CodeRef(concept.system, concept.code, concept.display, concept.billable)


def added_title(title: str, above: str) -> str:
    """Return what a title adds to the one above it: "… initial encounter", or all of it."""
    if len(above) > 12 and title.startswith(above) and len(title) > len(above):
        return "… " + title[len(above) :].lstrip(" ,;")
    return title
