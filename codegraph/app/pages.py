"""The pages a coder keeps open: search, code, path between two codes.

The other pages are nested blueprints: walk_pages, encounter_pages, reference_pages. Every handler
parses, calls the service and renders.
"""

from __future__ import annotations

from typing import cast

from flask import (
    Blueprint,
    Response,
    current_app,
    redirect,
    render_template,
    request,
    send_from_directory,
)
from werkzeug.wrappers import Response as AnyResponse

from codegraph import codes
from codegraph.answers import SearchAnswer
from codegraph.app import (
    codeview,
    encounter_pages,
    picture,
    reference_pages,
    rendering,
    timeline,
    walk_pages,
)
from codegraph.app.rendering import address, code_address
from codegraph.app.requests import date_of_service, service, whole_number, yes_or_no
from codegraph.errors import RequestError

blueprint = Blueprint("pages", __name__)
blueprint.record(rendering.register)
blueprint.app_context_processor(rendering.page_context)
blueprint.register_blueprint(reference_pages.blueprint)
blueprint.register_blueprint(walk_pages.blueprint)
blueprint.register_blueprint(encounter_pages.blueprint)

_FIRST_RESULTS = 20
_A_YEAR = 31_536_000  # seconds


@blueprint.get("/assets/<version>/<path:name>")
def assets(version: str, name: str) -> Response:
    """Serve a static file under an address that changes with it, so that it may be kept."""
    current = rendering.asset("").split("/")[2]
    return send_from_directory(
        cast(str, current_app.static_folder),
        name,
        max_age=_A_YEAR if version == current else 0,
    )


@blueprint.get("/")
def search() -> AnyResponse | str:
    """Show the results for the words typed, or the first page."""
    query = request.args.get("q", "").strip()
    on = date_of_service()
    if not query:
        return render_template("home.html")
    literal = bool(yes_or_no("literal"))
    if not literal and (curie := _exact(query)):
        return redirect(code_address(*curie.split(":", 1)), 302)
    answer = service().search(
        query,
        on,
        billable=yes_or_no("billable") or None,
        limit=whole_number("limit", _FIRST_RESULTS),
        literal=literal,
    )
    return render_template(
        "search.html",
        answer=answer,
        literal=literal,
        billable_only=bool(yes_or_no("billable")),
        wordings=_wordings(answer),
    )


@blueprint.get("/code/<system>/<path:code>")
def code(system: str, code: str) -> AnyResponse | str:
    """Show everything about one concept."""
    if system == "rule":
        return redirect(address(f"/rules/{code}"), 302)
    on = date_of_service()
    answer = service().lookup(system, code, on)
    concepts = service().concepts
    return render_template(
        "code.html",
        c=answer,
        tree=codeview.tree(concepts, answer, on),
        own_notes=codeview.own_notes(answer),
        inherited=codeview.inherited_notes(concepts, answer, on),
        related=codeview.related(answer),
        mentions=codeview.mentions(answer),
        timeline=timeline.draw(answer.life, answer.valid.known_from, on, concepts.edition),
        pictures=picture.draw_both(answer),
    )


@blueprint.get("/path")
def path() -> str | tuple[str, int]:
    """Connect two concepts: the form, and a sentence per step."""
    start, end = (request.args.get(name, "").strip() for name in ("from", "to"))
    on = date_of_service()
    answer, problem = None, None
    if start and end:
        try:
            answer = service().path(start, end, on)
        except RequestError as error:
            problem = error
    page = render_template("path.html", start=start, end=end, answer=answer, problem=problem)
    return page if problem is None else (page, problem.status)


def _exact(query: str) -> str | None:
    """Return the CURIE where the whole query is one existing code in any spelling."""
    if len(query) > codes.LONGEST_INPUT or not any(c.isdigit() for c in query):
        return None
    try:
        return service().resolve(query)
    except RequestError:
        return None


def _wordings(answer: SearchAnswer) -> list[str]:
    """Return the query and what it was read as: the words to mark in titles."""
    read = (*answer.interpreted.corrections, *answer.interpreted.expansions)
    return [answer.query, *(change.to for change in read)]
