"""The JSON API: /api/v1."""

from __future__ import annotations

from flask import Blueprint, Response, request

from codegraph.answers import ValidateRequest
from codegraph.app.requests import (
    as_json,
    body,
    date_of_service,
    payer_problems,
    service,
    walk_answers,
    whole_number,
    yes_or_no,
)
from codegraph.encounter import decode_encounter
from codegraph.errors import InvalidInputError, NotFoundError

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")


@blueprint.get("/search")
def search() -> Response:
    """Search: words of a note → ranked concepts."""
    return as_json(
        service().search(
            request.args.get("q", ""),
            date_of_service(),
            system=request.args.get("system") or None,
            billable=yes_or_no("billable"),
            limit=whole_number("limit", 10),
            literal=bool(yes_or_no("literal")),
        )
    )


@blueprint.get("/codes/<system>/<path:code>")
def code(system: str, code: str) -> Response:
    """Look up one concept on a date."""
    return as_json(service().lookup(system, code, date_of_service()))


@blueprint.post("/validate")
def validate() -> Response:
    """Judge codes for a date of service."""
    asked = body(ValidateRequest)
    return as_json(service().validate(asked.codes, asked.on or date_of_service()))


@blueprint.get("/drilldown/<system>/<path:code>")
def drilldown(system: str, code: str) -> Response:
    """Ask the next question of the guided walk."""
    return as_json(service().drill(system, code, walk_answers(), date_of_service()))


@blueprint.get("/drilldown")
def drilldown_text() -> Response:
    """Start a guided walk from free text."""
    text = request.args.get("text", "")
    if not text.strip():
        raise InvalidInputError(
            "Give text=, or a code in the path: /api/v1/drilldown/icd10cm/M79.6."
        )
    return as_json(service().drill_text(text, date_of_service()))


@blueprint.post("/encounters/check")
def check() -> Response:
    """Check an encounter: claim lines and findings."""
    service().checker.reload_if_changed()
    return as_json(service().check(decode_encounter(request.get_data())))


@blueprint.get("/rules")
def rules() -> Response:
    """List the rules."""
    date_of_service()
    return as_json({"rules": service().rules()})


@blueprint.get("/rules/<id>")
def rule(id: str) -> Response:
    """Show one rule."""
    date_of_service()
    return as_json(service().rule(id))


@blueprint.get("/payers")
def payers() -> Response:
    """List the payers."""
    date_of_service()
    service().checker.reload_if_changed()
    return as_json({"payers": service().payers(), "problems": payer_problems()})


@blueprint.get("/names/<kind>")
def names(kind: str) -> Response:
    """List muscles or drugs under all their names, for typeahead."""
    checker = service().checker
    known = {"muscles": checker.muscles, "drugs": checker.drugs}
    if kind not in known:
        raise NotFoundError(f"There are no {kind[:40]!r} here.", suggestions=tuple(known))
    return as_json({"names": known[kind]()})


@blueprint.get("/graph/path")
def path() -> Response:
    """Connect two concepts by the most telling path."""
    start, end = request.args.get("from", ""), request.args.get("to", "")
    if not start or not end:
        raise InvalidInputError("Give from= and to=, e.g. from=icd10cm:M79.18&to=cpt:20553.")
    return as_json(service().path(start, end, date_of_service()))


@blueprint.get("/graph/<system>/<path:code>")
def graph(system: str, code: str) -> Response:
    """Show the nodes and edges around a concept, networkx node-link form."""
    return as_json(service().neighbours(system, code, whole_number("depth", 1), date_of_service()))
