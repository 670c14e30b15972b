"""The OpenAPI document."""

from flask import Blueprint

blueprint = Blueprint("openapi", __name__)
