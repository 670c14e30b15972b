"""Pages to look things up in: about the data."""

from __future__ import annotations

from datetime import date
from typing import cast

from flask import Blueprint, current_app, render_template

from codegraph.app.requests import date_of_service, service
from codegraph.concepts import Concepts
from codegraph.model import CODE_SYSTEMS, NODE_SYSTEMS

blueprint = Blueprint("reference", __name__)


@blueprint.get("/about")
def about() -> str:
    """Show what is loaded, for which dates, from which sources, and what is not."""
    on = date_of_service()
    concepts = service().concepts
    tables = concepts.tables
    return render_template(
        "about.html",
        editions=tables.editions,
        known_from=tables.known_from,
        counts=_counts(concepts, on),
        systems={**CODE_SYSTEMS, **NODE_SYSTEMS},
        edges=len(tables.edges),
        resolved=tables.resolved_references,
        unresolved=tables.unresolved,
        sources=sorted(set(tables.sources.values()), key=lambda s: (s.title, s.section or "")),
    )


def _counts(concepts: Concepts, on: date) -> list[tuple[str, int, int | None]]:
    """Return per system the concepts and, of a code system, those billable on the date.

    Counting looks at every concept; the last date's result is kept.
    """
    kept = current_app.extensions.get("codegraph_counts")
    if kept is not None and kept[0] == on:
        return cast(list[tuple[str, int, int | None]], kept[1])
    total: dict[str, int] = {}
    billable: dict[str, int] = {}
    for row, system in enumerate(concepts.tables.systems):
        total[system] = total.get(system, 0) + 1
        if system in CODE_SYSTEMS and concepts.status(row, on) == "billable":
            billable[system] = billable.get(system, 0) + 1
    order = [*CODE_SYSTEMS, *NODE_SYSTEMS]
    counts = [
        (system, total[system], billable.get(system, 0) if system in CODE_SYSTEMS else None)
        for system in order
        if system in total
    ]
    current_app.extensions["codegraph_counts"] = (on, counts)
    return counts
