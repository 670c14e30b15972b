"""The Flask application: parse, call the service, respond; nothing else happens here."""

from codegraph.app.factory import create_app

__all__ = ["create_app"]
