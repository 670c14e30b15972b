"""The encounter's form and result, and the rules it is checked against."""

from __future__ import annotations

from datetime import date
from typing import Any, cast

from flask import Blueprint, current_app, g, render_template, request
from msgspec import Struct

from codegraph.answers import CodeRef
from codegraph.app.encounter_form import Form, blank, from_encounter, from_request, to_encounter
from codegraph.app.examples import Example, read_examples
from codegraph.app.requests import date_of_service, service
from codegraph.encounter import Report, decode_encounter
from codegraph.encounter.model import NameView
from codegraph.errors import InvalidInputError, NotFoundError, RequestError

blueprint = Blueprint("encounter", __name__)

_MOST_GOVERNED = 60  # concepts that a rule's page lists


class Name(Struct, frozen=True):
    """A name to choose from, with what else it is known as."""

    name: str
    words: str


@blueprint.get("/encounter")
def form() -> str:
    """Show the form: empty, with the diagnoses of `dx`, or filled from an example."""
    on = date_of_service()
    chosen = request.args.get("example", "")
    if not chosen:
        codes = [code for code in request.args.getlist("dx") if len(code) <= 24][:12]
        return _page(blank(on, "generic", codes))
    example = next((e for e in _examples() if e.name == chosen), None)
    if example is None:
        raise NotFoundError("There is no such example.")
    document = dict(example.encounter)
    if request.args.get("on"):
        document["date_of_service"] = on.isoformat()
    return _page(from_encounter(document), chosen)


@blueprint.post("/encounter")
def check() -> str:
    """Check what the form says; `fragment` asks for the result alone."""
    filled = from_request(request.form)
    if not request.form.get("fragment"):
        return _page(filled)
    outcome = _outcome(filled)
    return render_template("_report.html", form=filled, examples=_examples(), **outcome)


@blueprint.get("/rules")
def rules() -> str:
    """Show every rule and every payer."""
    date_of_service()
    return render_template(
        "rules.html", rules=service().rules(), payers=service().payers(), shown=_shown
    )


@blueprint.get("/rules/<rule>")
def rule(rule: str) -> str:
    """Show one rule: what it says, of what, on which source."""
    on = date_of_service()
    found = service().rule(rule)
    concepts = service().concepts
    governs = []
    for curie in found.governs[:_MOST_GOVERNED]:
        if curie in concepts:
            c = concepts.concept(curie, on)
            governs.append(CodeRef(c.system, c.code, c.display, c.billable))
    return render_template("rule.html", rule=found, governs=governs, shown=_shown)


def _page(filled: Form, chosen: str = "") -> str:
    outcome = _outcome(filled)
    plain = filled.plain
    if outcome["report"] is not None:
        g.shown_date = outcome["report"].date_of_service
    return render_template(
        "encounter.html",
        form=filled,
        chosen=chosen,
        examples=_examples(),
        payers=[(p.id, p.name) for p in service().payers()],
        muscle_names=_names("muscles", service().checker.muscles()),
        drug_names=_names("drugs", service().checker.drugs()),
        opened={
            "note": any(plain[n] for n in ("site", "failed_therapies", "taut_band", "pre_score"))
            or plain["palpated_trigger_points"] != "",
            "history": bool(plain["sessions"] or plain["relief_percent"]),
        },
        **outcome,
    )


def _outcome(filled: Form) -> dict[str, Any]:
    """Return the report, or the problem that keeps one from being made."""
    report: Report | None = None
    problem: RequestError | None = None
    if not filled.empty:
        try:
            report = service().check(decode_encounter(to_encounter(filled)))
        except InvalidInputError as error:
            problem = error
    return {"report": report, "problem": problem}


def _examples() -> list[Example]:
    """Return the examples, read once."""
    kept = current_app.extensions.get("codegraph_examples")
    if kept is None:
        kept = current_app.extensions["codegraph_examples"] = read_examples()
    return cast(list[Example], kept)


def _names(kind: str, views: list[NameView]) -> list[Name]:
    """Return names for typeahead; they do not change while the server runs."""
    kept: dict[str, list[Name]] = current_app.extensions.setdefault("codegraph_names", {})
    if kind not in kept:
        kept[kind] = sorted(
            (Name(v.name, ", ".join([v.kind.replace("_", " "), *v.aliases])) for v in views),
            key=lambda name: name.name.casefold(),
        )
    return kept[kind]


def _shown(value: Any) -> str:
    """Return a parameter of a rule in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return "; ".join(f"{name}: {_shown(part)}" for name, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_shown(part) for part in value)
    if isinstance(value, date):
        return value.isoformat()
    return "not stated" if value is None else str(value)
