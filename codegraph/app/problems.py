"""Errors as RFC 9457 problem+json for programs, as a page for people.

Nothing of a request is logged: an unexpected error is logged by its type and place alone.
"""

from __future__ import annotations

import logging
import traceback
from typing import Any

import msgspec
from flask import Flask, Response, render_template, request
from werkzeug.exceptions import HTTPException

from codegraph.errors import RequestError

_log = logging.getLogger("codegraph")
_API = ("/api/", "/openapi.json", "/healthz", "/readyz", "/metrics")


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    suggestions: list[str] = []


def register(app: Flask) -> None:
    """Answer every error of the application."""

    @app.errorhandler(RequestError)
    def expected(error: RequestError) -> Response:
        return _answer(
            Problem(
                f"/problems/{error.type}",
                error.title,
                error.status,
                error.detail,
                list(error.suggestions),
            )
        )

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        status = error.code or 500
        detail = error.description or error.name
        if status == 405 and error.get_response().headers.get("Allow"):
            detail = f"Use {error.get_response().headers['Allow']} here."
        response = _answer(Problem("about:blank", error.name, status, detail))
        allow = error.get_response().headers.get("Allow")
        if allow:
            response.headers["Allow"] = allow
        return response

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        places = [
            f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)
        ]
        _log.error("unexpected %s at %s", type(error).__name__, " < ".join(places[::-1]))
        return _answer(
            Problem(
                "about:blank",
                "Internal error",
                500,
                "The server made a mistake. Its log has the place; nothing of the request is kept.",
            )
        )


def _answer(problem: Problem) -> Response:
    if request.path.startswith(_API) or _prefers_json():
        return Response(
            msgspec.json.encode(problem), problem.status, mimetype="application/problem+json"
        )
    page: Any = render_template("problem.html", problem=problem)
    return Response(page, problem.status)


def _prefers_json() -> bool:
    accept = request.accept_mimetypes
    return accept.best_match(["text/html", "application/json"]) == "application/json"
