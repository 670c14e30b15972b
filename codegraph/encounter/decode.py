"""JSON or YAML → Encounter, refusing by field name and never repeating what a field holds.

An encounter may carry what must not come back or reach a log: a name in the wrong place, a record
number under an unknown key. So a problem is told by path and expectation only.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import date
from typing import get_args

import msgspec

from codegraph.encounter import model
from codegraph.encounter.model import Encounter
from codegraph.errors import InvalidInputError

LARGEST_INPUT = 256 * 1024  # bytes; the largest sensible encounter has a few kilobytes

_PLAIN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
_CHOICES = {
    "side": model.Side,
    "technique": model.Technique,
    "guidance": model.Guidance,
    "unit": model.DoseUnit,
    "container": model.Container,
}
_STRUCTS: dict[str, type[msgspec.Struct]] = {
    "": Encounter,
    "procedures": model.Procedure,
    "injections": model.Injections,
    "injections.muscles": model.InjectedMuscle,
    "drugs": model.GivenDrug,
    "history": model.History,
    "documentation": model.Documentation,
}


def decode_encounter(raw: bytes | str | object) -> Encounter:
    """Return the encounter that JSON text, or an object read from YAML or JSON, describes.

    Raises
    ------
    InvalidInputError
        Naming the field that is unknown, missing or ill-typed; its content is not repeated.
    """
    if isinstance(raw, bytes | bytearray | str):
        if len(raw) > LARGEST_INPUT:
            raise InvalidInputError(f"An encounter has at most {LARGEST_INPUT // 1024} kB.")
        try:
            raw = msgspec.json.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise InvalidInputError("The encounter is not readable as JSON.") from None
    if not isinstance(raw, dict):
        raise InvalidInputError(
            "An encounter is an object with date_of_service and whatever else is known."
        )
    try:
        encounter = msgspec.convert(raw, Encounter)
    except msgspec.ValidationError as error:
        raise _refusal(str(error)) from None
    except (TypeError, ValueError, RecursionError):
        raise InvalidInputError(
            "The encounter holds a value of a kind that JSON has not."
        ) from None
    for path, value in _numbers(raw, ""):
        if not math.isfinite(value):
            raise InvalidInputError(f"{path}: is not a finite number.")
    if not date(1990, 1, 1) <= encounter.date_of_service <= date(2100, 12, 31):
        raise InvalidInputError("date_of_service: lies outside 1990 to 2100.")
    return encounter


def _refusal(error: str) -> InvalidInputError:
    """Turn msgspec's message, which may quote a value, into one that cannot."""
    problem, _, where = error.rpartition(" - at `") if " - at `" in error else (error, "", "")
    path = _path(where)
    parent = re.sub(r"\[\d*\]", "", path)
    if unknown := re.match(r"Object contains unknown field `(.*)`", problem, re.DOTALL):
        shown = unknown[1] if _PLAIN_NAME.fullmatch(unknown[1]) else None
        name = f"{path}.{shown}" if path and shown else shown or path or "encounter"
        what = "is not a field of an encounter" if shown else "holds a key that is no field name"
        known = _STRUCTS.get(parent)
        names = ", ".join(f.encode_name for f in msgspec.structs.fields(known)) if known else ""
        return InvalidInputError(f"{name}: {what}." + (f" Known here: {names}." if names else ""))
    if missing := re.match(r"Object missing required field `(\w+)`", problem):
        name = f"{path}.{missing[1]}" if path else missing[1]
        return InvalidInputError(f"{name}: is missing.")
    last = parent.rpartition(".")[2]
    if problem.startswith("Invalid enum value") and last in _CHOICES:
        choices = ", ".join(get_args(_CHOICES[last]))
        return InvalidInputError(f"{path}: is none of {choices}.", suggestions=())
    if expected := re.match(r"Expected [^'\"]*?(?=, got|$)", problem):
        text = expected[0].replace("`", "").replace("Expected ", "must be ")
        return InvalidInputError(f"{path or 'encounter'}: {text.replace(' | null', '')}.")
    return InvalidInputError(f"{path or 'encounter'}: does not have the form expected there.")


def _path(where: str) -> str:
    """Return msgspec's `$.drugs[0].dose` as `drugs[0].dose`, without keys that were sent."""
    steps = re.sub(r"^\$\.?", "", where.rstrip("`"))
    return steps if re.fullmatch(r"[a-z_0-9.\[\]]*", steps) else ""


def _numbers(value: object, path: str) -> Iterator[tuple[str, float]]:
    if isinstance(value, float):
        yield path, value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _numbers(part, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for part in value:
            yield from _numbers(part, f"{path}[]")
