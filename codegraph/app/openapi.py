"""The OpenAPI document of the JSON API, made from the types that the answers are made of."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
from flask import Blueprint, Response

from codegraph import __version__
from codegraph.answers import (
    CodeAnswer,
    PathAnswer,
    SearchAnswer,
    ValidateAnswer,
    ValidateRequest,
)
from codegraph.app.problems import Problem
from codegraph.app.requests import as_json
from codegraph.drilldown import Walk
from codegraph.encounter import Encounter, Report
from codegraph.encounter.model import RuleView

blueprint = Blueprint("openapi", __name__)

Json = dict[str, Any]

_ON = {
    "name": "on",
    "in": "query",
    "description": "Date of service, YYYY-MM-DD. Default: today.",
    "schema": {"type": "string", "format": "date"},
}
_SYSTEM = {
    "name": "system",
    "in": "path",
    "required": True,
    "description": "icd10cm, cpt, hcpcs, drug, modifier, rule or payer.",
    "schema": {"type": "string"},
    "example": "icd10cm",
}
_CODE = {
    "name": "code",
    "in": "path",
    "required": True,
    "description": "With or without dot, in any case.",
    "schema": {"type": "string"},
    "example": "M79.631",
}


def _query(
    name: str, description: str, kind: str = "string", *, required: bool = False, **more: Any
) -> Json:
    return {
        "name": name,
        "in": "query",
        "required": required,
        "description": description,
        "schema": {"type": kind, **more},
    }


# path → method → (summary, parameters, request type, answer type, problems)
_OPERATIONS: dict[str, dict[str, tuple[str, list[Json], Any, Any, tuple[int, ...]]]] = {
    "/api/v1/search": {
        "get": (
            "Find concepts by the words of a note",
            [
                _query("q", "Words, an abbreviation, a code or the beginning of one."),
                _query("system", "Only this code system."),
                _query("billable", "true: only codes that can be billed.", "boolean"),
                _query("limit", "Concepts.", "integer", minimum=1, maximum=100, default=10),
                _query("literal", "true: no correction and no expansion.", "boolean"),
                _ON,
            ],
            None,
            SearchAnswer,
            (400, 404),
        )
    },
    "/api/v1/codes/{system}/{code}": {
        "get": (
            "Everything known about one concept",
            [_SYSTEM, _CODE, _ON],
            None,
            CodeAnswer,
            (400, 404),
        )
    },
    "/api/v1/validate": {
        "post": ("A verdict on each code", [_ON], ValidateRequest, ValidateAnswer, (400, 413))
    },
    "/api/v1/drilldown/{system}/{code}": {
        "get": (
            "The next question of the guided walk, or the code it ends in",
            [
                _SYSTEM,
                {**_CODE, "example": "M79.6"},
                {
                    "name": "a",
                    "in": "query",
                    "description": "An answer, axis:value; repeat for several.",
                    "schema": {"type": "array", "items": {"type": "string"}},
                    "style": "form",
                    "explode": True,
                },
                _ON,
            ],
            None,
            Walk,
            (400, 404, 409),
        )
    },
    "/api/v1/drilldown": {
        "get": (
            "Start a guided walk from free text",
            [_query("text", "Words of the note.", required=True), _ON],
            None,
            Walk,
            (400, 404),
        )
    },
    "/api/v1/graph/{system}/{code}": {
        "get": (
            "Nodes and edges around a concept, networkx node-link form",
            [
                _SYSTEM,
                _CODE,
                _query("depth", "Edges from the centre.", "integer", minimum=1, maximum=4),
                _ON,
            ],
            None,
            dict,
            (400, 404),
        )
    },
    "/api/v1/graph/path": {
        "get": (
            "The most telling path between two concepts, a sentence per step",
            [
                _query("from", "CURIE, e.g. icd10cm:M79.18.", required=True),
                _query("to", "CURIE, e.g. cpt:20553.", required=True),
                _ON,
            ],
            None,
            PathAnswer,
            (400, 404),
        )
    },
    "/api/v1/encounters/check": {
        "post": ("Claim lines and findings for an encounter", [], Encounter, Report, (400, 413))
    },
    "/api/v1/rules": {"get": ("Every rule, with its sources", [], None, dict, ())},
    "/api/v1/rules/{id}": {
        "get": (
            "One rule",
            [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            None,
            RuleView,
            (404,),
        )
    },
    "/api/v1/payers": {"get": ("Every payer, with its parameters", [], None, dict, ())},
    "/api/v1/names/{kind}": {
        "get": (
            "Muscles or drugs under all their names",
            [
                {
                    "name": "kind",
                    "in": "path",
                    "required": True,
                    "schema": {"type": "string", "enum": ["muscles", "drugs"]},
                }
            ],
            None,
            dict,
            (404,),
        )
    },
    "/healthz": {"get": ("Does the process answer", [], None, dict, ())},
    "/readyz": {"get": ("Is the graph loaded, and which edition", [], None, dict, ())},
}


@cache
def document() -> Json:
    """Return the OpenAPI 3.1 document."""
    types: set[type] = {Problem}
    for methods in _OPERATIONS.values():
        for _, _, asked, answer, _ in methods.values():
            types |= {t for t in (asked, answer) if isinstance(t, type) and t is not dict}
    ordered = sorted(types, key=lambda t: t.__name__)
    schemas, components = msgspec.json.schema_components(
        ordered, ref_template="#/components/schemas/{name}"
    )
    refs = dict(zip(ordered, schemas, strict=True))
    paths: Json = {}
    for path, methods in _OPERATIONS.items():
        paths[path] = {
            method: _operation(path, method, *described, refs)
            for method, described in methods.items()
        }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "codegraph",
            "version": __version__,
            "description": "From the words of a note to the right code, and from codes to a claim "
            "that can be defended. Errors are RFC 9457 problem+json. Nothing of a request is kept.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": paths,
        "components": {"schemas": components},
    }


def _operation(
    path: str,
    method: str,
    summary: str,
    parameters: list[Json],
    asked: Any,
    answer: Any,
    problems: tuple[int, ...],
    refs: dict[Any, Json],
) -> Json:
    schema = refs.get(answer, {"type": "object"})
    responses: Json = {
        "200": {"description": summary, "content": {"application/json": {"schema": schema}}}
    }
    for status in problems:
        responses[str(status)] = {
            "description": _PROBLEMS[status],
            "content": {"application/problem+json": {"schema": refs[Problem]}},
        }
    words = "".join(c if c.isalnum() else " " for c in path.removeprefix("/api/v1")).split()
    found: Json = {
        "operationId": "_".join([method, *words]),
        "summary": summary,
        "parameters": parameters,
        "responses": responses,
    }
    if asked is not None:
        found["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": refs[asked]}},
        }
    return found


_PROBLEMS = {
    400: "A value is malformed; the detail names it.",
    404: "Unknown system or code, or nothing found; suggestions where there are any.",
    409: "An answer that the walk did not ask for.",
    413: "The body is too large.",
}


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """Show the OpenAPI document."""
    return as_json(document())
