"""Pages to look things up in: about the data, the rules, the API."""

from __future__ import annotations

from typing import Any, cast

from flask import Blueprint, current_app, render_template

from codegraph.answers import About
from codegraph.app import openapi
from codegraph.app.requests import date_of_service, service
from codegraph.model import CODE_SYSTEMS, NODE_SYSTEMS

blueprint = Blueprint("reference", __name__)


@blueprint.get("/about")
def about() -> str:
    """Show what is loaded, for which dates, from which sources, and what is not."""
    date_of_service()
    tables = service().concepts.tables
    return render_template(
        "about.html",
        about=_about(),
        systems={**CODE_SYSTEMS, **NODE_SYSTEMS},
        edges=len(tables.edges),
        resolved=tables.resolved_references,
        unresolved=tables.unresolved,
    )


@blueprint.get("/api")
def api() -> str:
    """Show the OpenAPI document as a page."""
    document = openapi.document()
    operations = [
        (method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    return render_template(
        "api.html",
        document=document,
        operations=operations,
        schemas=_schemas(document),
    )


def _about() -> About:
    """Return what the graph is made of. Counting looks at every concept: the result is kept."""
    kept = current_app.extensions.get("codegraph_about")
    if kept is None:
        kept = current_app.extensions["codegraph_about"] = service().about()
    return cast(About, kept)


def _schemas(document: dict[str, Any]) -> dict[str, Any]:
    schemas: dict[str, Any] = document.get("components", {}).get("schemas", {})
    return dict(sorted(schemas.items()))
