"""The guided walk: a question at a time, all of its state in the address."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from flask import Blueprint, redirect, render_template, request
from msgspec import Struct
from werkzeug.wrappers import Response as AnyResponse

from codegraph.answers import CodeAnswer
from codegraph.app import codeview
from codegraph.app.codeview import InheritedGroup, NoteGroup
from codegraph.app.rendering import address
from codegraph.app.requests import date_of_service, service, walk_answers
from codegraph.drilldown import Offered, Reached, Walk

blueprint = Blueprint("walk", __name__)

# The key of each option in turn; c, t, u and w have other work on these pages.
_KEYS = "1234567890abdefghijklmnopqrsvxyz"


class OptionGroup(Struct, frozen=True):
    """Options under a common heading, each with its key on the page; beyond the last key none."""

    name: str | None
    options: list[tuple[str, Offered]]


class Ending(Struct, frozen=True):
    """A code that a walk ended in, with the notes that a coder must heed before using it."""

    concept: CodeAnswer
    notes: list[NoteGroup]
    inherited: list[InheritedGroup]


@blueprint.get("/walk")
def from_text() -> AnyResponse | str:
    """Start a walk from the words of a note."""
    text = request.args.get("text", "").strip()
    if not text:
        return redirect(address("/"), 302)
    return _page(service().drill_text(text, date_of_service()), text)


@blueprint.get("/walk/<system>/<path:code>")
def walk(system: str, code: str) -> str:
    """Ask the next question below a concept, or show the code that the answers end in."""
    text = request.args.get("text", "").strip()
    return _page(service().drill(system, code, walk_answers(), date_of_service()), text)


def _page(walk: Walk, text: str) -> str:
    """Render a walk.

    Every link from it starts at the walk's root with the answers so far, those that the text gave
    included: the text itself is carried along only to be shown.
    """
    on = date_of_service()
    answers = [(answer.axis, answer.value) for answer in walk.answers]
    ends = [walk.code] if isinstance(walk.code, Reached) else walk.code or []
    drawn = service().drilldown.map_of(walk.root.code, answers, on)
    endings = []
    for code in ends:
        concept = service().lookup(code.system, code.code, on)
        endings.append(
            Ending(
                concept,
                codeview.own_notes(concept),
                codeview.inherited_notes(service().concepts, concept, on),
            )
        )
    return render_template(
        "walk.html",
        walk=walk,
        text=text,
        given=[f"{axis}:{value}" for axis, value in answers],
        groups=_groups(walk.question.options) if walk.question else [],
        endings=endings,
        codes=[code.code for code in ends],
        bodymap=drawn[0] if drawn else None,
        regions=drawn[1] if drawn else [],
    )


def _groups(options: Sequence[Offered]) -> list[OptionGroup]:
    """Return the options by group in their order, keys running through all groups."""
    keyed = [(_KEYS[n : n + 1], option) for n, option in enumerate(options)]
    return [
        OptionGroup(name, list(members))
        for name, members in groupby(keyed, key=lambda pair: pair[1].group)
    ]
