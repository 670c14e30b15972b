"""Read a request's parameters, and write an answer as JSON."""

from __future__ import annotations

from datetime import date
from typing import Any, TypeVar, cast

import msgspec
from flask import Response, current_app, request

from codegraph.errors import InvalidInputError
from codegraph.service import CodeGraph

T = TypeVar("T")
_ENCODER = msgspec.json.Encoder()
_EARLIEST, _LATEST = date(1990, 1, 1), date(2100, 1, 1)


def service() -> CodeGraph:
    """Return the service that the application was made with."""
    return cast(CodeGraph, current_app.extensions["codegraph"])


def payer_problems() -> list[str]:
    """Return what is wrong with a site's payer files; the last good set is then in use."""
    return [str(error) for error in service().checker.payer_errors]


def today() -> date:
    """Return the current day by the application's clock."""
    return cast(date, current_app.extensions["today"]())


def date_of_service(text: str | None = None) -> date:
    """Return `on` of the request, or today.

    Raises
    ------
    InvalidInputError
        If it is no date of the form YYYY-MM-DD.
    """
    given = request.args.get("on", "") if text is None else text
    if not given.strip():
        return today()
    try:
        if len(given) != 10:
            raise ValueError
        on = date.fromisoformat(given)
        if not _EARLIEST <= on <= _LATEST:
            raise ValueError
    except ValueError:
        raise InvalidInputError(
            f"on={given[:20]!r} is not a date of service: write YYYY-MM-DD, e.g. 2026-05-01."
        ) from None
    return on


def whole_number(name: str, default: int) -> int:
    """Return a parameter as a whole number.

    Raises
    ------
    InvalidInputError
        If it is none.
    """
    given = request.args.get(name)
    if given is None or given == "":
        return default
    if not given.isascii() or not given.isdigit() or len(given) > 9:
        raise InvalidInputError(f"{name}={given[:20]!r}: give a whole number.")
    return int(given)


def yes_or_no(name: str) -> bool | None:
    """Return a parameter as a truth value, None where it is not given.

    Raises
    ------
    InvalidInputError
        If it is neither true nor false.
    """
    given = request.args.get(name)
    if given is None or given == "":
        return None
    values = {"true": True, "1": True, "false": False, "0": False}
    if given.lower() not in values:
        raise InvalidInputError(f"{name}={given[:20]!r}: give true or false.")
    return values[given.lower()]


def walk_answers() -> list[tuple[str, str]]:
    """Return the answers `a=axis:value` in the order of the address.

    Raises
    ------
    InvalidInputError
        If one has not that form.
    """
    answers = []
    for given in request.args.getlist("a"):
        axis, colon, value = given.partition(":")
        if not colon or not axis or not value:
            raise InvalidInputError(
                f"a={given[:60]!r}: write a=axis:value, e.g. a=laterality:right."
            )
        answers.append((axis, value))
    return answers


def body(kind: type[T]) -> T:
    """Return the request's JSON body as a type.

    The message of an error names the field, never its content: a body may hold what must not
    come back.

    Raises
    ------
    InvalidInputError
        If it is not JSON or not of that form.
    """
    try:
        return msgspec.json.decode(request.get_data(), type=kind)
    except msgspec.ValidationError as error:
        raise InvalidInputError(f"The body is not as expected: {error}") from None
    except msgspec.DecodeError:
        raise InvalidInputError("The body is not valid JSON.") from None


def as_json(answer: Any, status: int = 200) -> Response:
    """Return an answer as a JSON response."""
    return Response(_ENCODER.encode(answer), status, mimetype="application/json")
