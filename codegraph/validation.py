"""The verdict on a code for a date: four different answers, each saying what to do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from codegraph import codes
from codegraph.answers import Validation
from codegraph.concepts import Concepts
from codegraph.errors import RequestError, UnknownCodeError
from codegraph.model import CODE_SYSTEMS

MOST_SUGGESTIONS = 12


def resolve(concepts: Concepts, system: str | None, text: str) -> str:
    """Return the CURIE that a code is meant as; without a system its form and existence decide.

    Raises
    ------
    UnknownSystemError, InvalidInputError, UnknownCodeError
        If there is no such system, the form is wrong, or no edition has the code.
    """
    if system is not None:
        curie = f"{system}:{codes.normalise(system, text)}"
        concepts.index(curie)
        return curie
    if ":" in text:
        system, code = codes.parse_curie(text)
        return resolve(concepts, system, code)
    guesses = codes.guess_systems(text)
    for guessed, code in guesses:
        if f"{guessed}:{code}" in concepts:
            return f"{guessed}:{code}"
    if guesses:
        concepts.index(":".join(guesses[0]))  # raises, with the nearest existing code
    raise UnknownCodeError(
        f"{text[: codes.LONGEST_INPUT]!r} does not have the form of a code of "
        f"{', '.join(CODE_SYSTEMS.values())}."
    )


def validate(concepts: Concepts, system: str | None, text: str, on: date) -> Validation:
    """Return the verdict on one code. Never raises: an unknown code is a verdict."""
    try:
        curie = resolve(concepts, system, text)
    except RequestError as error:
        return Validation(
            system, text[: codes.LONGEST_INPUT], "unknown", error.detail, list(error.suggestions)
        )
    row = concepts.index(curie)
    system, code = curie.split(":", 1)
    status = concepts.status(row, on)
    if status == "billable":
        display = concepts.at(row, on).display
        return Validation(system, code, "billable", f"{code} is billable on {on}: {display}.", [])
    if status == "header":
        message, suggestions = explain_header(concepts, row, on)
        return Validation(system, code, "not_billable", message, suggestions)
    message, suggestions = explain_invalid(concepts, row, on)
    return Validation(system, code, "not_valid_on_date", message, suggestions)


def explain_header(concepts: Concepts, row: int, on: date) -> tuple[str, list[str]]:
    """Say why a header cannot be billed and which codes can."""
    tables = concepts.tables
    code = tables.codes[row]
    if tables.systems[row] != "icd10cm":
        return f"{code} is not a code that can be billed.", []
    below = [tables.codes[r] for r in concepts.billable_below(row, on)]
    shown = below[:MOST_SUGGESTIONS]
    before = [i for i in concepts.life(row) if i.billable and i.to is not None and i.to < on]
    if before and before[-1].to is not None:
        stopped = date.fromordinal(before[-1].to.toordinal() + 1)
        return f"{code} stopped being billable on {stopped}: use {_or(shown)}.", shown
    if tables.kinds[row] in ("chapter", "section"):
        return f"{code} is a group of the list: choose one of its {len(below)} codes.", shown
    seventh = concepts.seventh_characters(row)
    if seventh and all(tables.kinds[r] == "code" for r in concepts.children(row, on)):
        return (
            f"{code} needs a seventh character: use {_or(shown)}.",
            shown,
        )
    if len(below) <= MOST_SUGGESTIONS:
        return f"{code} needs more characters: use {_or(shown)}.", shown
    return (
        f"{code} needs more characters: {len(below)} codes below it can be billed, "
        f"{shown[0]} to {below[-1]}.",
        shown,
    )


def explain_invalid(concepts: Concepts, row: int, on: date) -> tuple[str, list[str]]:
    """Say why a code is not valid on a date and which one is."""
    code = concepts.tables.codes[row]
    life = concepts.life(row)
    first, last = life[0].from_, life[-1].to
    if first is not None and on < first:
        curie = concepts.curie(row)
        before = [
            concepts.tables.codes[concepts.index(e.origin)]
            for e in concepts.edges_to(curie)
            if e.type == "replaced_by"
            and concepts.status(concepts.index(e.origin), on) == "billable"
        ]
        use = f": for that date use {_or(before)}" if before else ""
        return f"{code} begins on {first}{use}.", before
    after = [c.split(":", 1)[1] for c in concepts.successors(row)]
    ended = f"{code} ended on {last}" if last else f"{code} is not valid on {on}"
    return (f"{ended}: use {_or(after)}." if after else f"{ended}.", after)


def _or(names: Sequence[str]) -> str:
    if len(names) <= 1:
        return "".join(names) or "a current code"
    return f"{', '.join(names[:-1])} or {names[-1]}"
