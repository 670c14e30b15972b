"""Put the application together around an opened service."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from flask import Flask, Response

from codegraph.app import api, health, openapi, pages, problems
from codegraph.paths import web_dir
from codegraph.service import CodeGraph

LARGEST_BODY = 1_000_000  # bytes

# Everything a page loads is ours and of this host; no inline script or style.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def create_app(service: CodeGraph, today: Callable[[], date] = date.today) -> Flask:
    """Return the application.

    Parameters
    ----------
    service
        What answers. The application keeps no other state.
    today
        The clock: the date of service where a request names none.
    """
    web = web_dir()
    app = Flask(
        "codegraph",
        template_folder=str(web / "templates"),
        static_folder=str(web / "static"),
        static_url_path="/static",
    )
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 3600
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.extensions["codegraph"] = service
    app.extensions["today"] = today
    problems.register(app)
    health.register(app)
    app.register_blueprint(api.blueprint)
    app.register_blueprint(openapi.blueprint)
    app.register_blueprint(pages.blueprint)

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.extend(_HEADERS)
        return response

    return app
