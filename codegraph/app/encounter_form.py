"""The encounter form: what a browser sends → an encounter as the contract writes it, and back.

Rows are parallel repeated fields (`muscle`, `side`); a row whose first field is empty is none. What
cannot be read as a number stays text, so that the encounter's decoder refuses it by field name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from msgspec import Struct
from werkzeug.datastructures import MultiDict

_TRUTHS = {"yes": True, "no": False}
_SEVERAL = re.compile(r"\s*[;\n]\s*")
_NONE = ("no", "none")
_DATES = re.compile(r"[\s,;]+")
_HCPCS = re.compile(r"[A-Va-v][0-9]{4}")

# Fields of the note that are told as yes or no; silence is a third answer.
YES_NO = (
    "palpated_trigger_points", "taut_band", "referred_pain", "palpable_nodule", "movement_blocked",
    "diagnostic_purpose", "function_improved", "ongoing_program", "muscles_named",
    "dose_documented", "waste_documented", "ndc", "drug_named_on_claim", "guidance_documented",
    "separate_site", "separate_em_work", "unrelated_conditions",
)  # fmt: skip
_NOTE_NUMBERS = ("symptom_duration_days", "failed_therapy_weeks")
_NOTE_TEXTS = ("site", "pre_score", "post_score")
_PLAIN = (
    "date_of_service", "payer", "technique", "count", "guidance", "sessions", "relief_percent",
    "relief_weeks", "failed_therapies", *_NOTE_NUMBERS, *_NOTE_TEXTS, *YES_NO,
)  # fmt: skip
_ROWS: dict[str, tuple[str, ...]] = {
    "muscles": ("muscle", "side"),
    "drugs": ("drug", "dose", "unit", "container", "discarded"),
    "procedures": ("code", "units", "modifiers"),
}
_LEAST_ROWS = {"diagnoses": 2, "muscles": 3, "drugs": 1, "procedures": 1}


class Form(Struct, frozen=True):
    """What the form shows: texts as typed; every list of rows ends with an empty one."""

    plain: dict[str, str]
    diagnoses: list[str]
    muscles: list[dict[str, str]]
    drugs: list[dict[str, str]]
    procedures: list[dict[str, str]]

    @property
    def empty(self) -> bool:
        """Whether nothing but date and payer is filled in."""
        filled = {name for name, text in self.plain.items() if text}
        rows = (*self.muscles, *self.drugs, *self.procedures)
        return (
            filled <= {"date_of_service", "payer", "technique", "guidance"}
            and not any(self.diagnoses)
            and not any(any(row.values()) for row in rows)
        )


def from_request(given: MultiDict[str, str]) -> Form:
    """Return what a browser sent."""
    rows = {}
    for kind, names in _ROWS.items():
        columns = [given.getlist(name) for name in names]
        count = len(columns[0])
        padded = [column + [""] * (count - len(column)) for column in columns]
        rows[kind] = [
            dict(zip(names, (text.strip() for text in row), strict=True))
            for row in list(zip(*padded, strict=False))[:count]
        ]
    return _form(
        {name: given.get(name, "").strip() for name in _PLAIN},
        [text.strip() for text in given.getlist("dx")],
        rows,
    )


def blank(on: date, payer: str, diagnoses: Sequence[str] = ()) -> Form:
    """Return an empty form for a date."""
    plain = dict.fromkeys(_PLAIN, "")
    plain |= {"date_of_service": on.isoformat(), "payer": payer}
    return _form(plain, list(diagnoses), {kind: [] for kind in _ROWS})


def from_encounter(encounter: Mapping[str, Any]) -> Form:
    """Return the form that shows an encounter written in the contract's names."""
    plain = dict.fromkeys(_PLAIN, "")
    injections = encounter.get("injections") or {}
    history = encounter.get("history") or {}
    note = encounter.get("documentation") or {}
    for source in (encounter, injections, history, note):
        plain |= {name: _text(source[name]) for name in _PLAIN if source.get(name) is not None}
    muscles = [
        {"muscle": _text(m["name"]), "side": _text(m.get("side"))}
        for m in injections.get("muscles") or []
    ]
    drugs = [
        {
            "drug": _text(d.get("name") or d.get("code")),
            **{name: _text(d.get(name)) for name in ("dose", "unit", "container", "discarded")},
        }
        for d in encounter.get("drugs") or []
    ]
    procedures = [
        {
            "code": _text(p["code"]),
            "units": _text(p.get("units")),
            "modifiers": " ".join(str(m) for m in p.get("modifiers") or []),
        }
        for p in encounter.get("procedures") or []
    ]
    return _form(
        plain,
        [_text(code) for code in encounter.get("diagnoses") or []],
        {"muscles": muscles, "drugs": drugs, "procedures": procedures},
    )


def to_encounter(form: Form) -> dict[str, Any]:
    """Return the encounter that the form describes; whatever is empty is left out."""
    plain = form.plain
    injections = _given(
        technique=plain["technique"],
        count=_number(plain["count"]),
        muscles=[
            _given(name=row["muscle"], side=row["side"]) for row in form.muscles if row["muscle"]
        ],
    )
    if set(injections) == {"technique"}:
        injections = {}  # the form always names one; without anything injected it says nothing
    note: dict[str, Any] = _given(
        **{name: _number(plain[name]) for name in _NOTE_NUMBERS},
        **{name: plain[name] for name in _NOTE_TEXTS},
    )
    note |= {name: _TRUTHS[plain[name]] for name in YES_NO if plain[name] in _TRUTHS}
    if failed := plain["failed_therapies"]:
        note["failed_therapies"] = False if failed.casefold() in _NONE else _split(_SEVERAL, failed)
    history = _given(
        sessions=_split(_DATES, plain["sessions"]),
        relief_percent=_number(plain["relief_percent"]),
        relief_weeks=_number(plain["relief_weeks"]),
    )
    if plain["sessions"].casefold() in _NONE:
        history["sessions"] = []
    return _given(
        date_of_service=plain["date_of_service"],
        payer=plain["payer"],
        diagnoses=[code for code in form.diagnoses if code],
        injections=injections,
        guidance=plain["guidance"],
        drugs=[_drug(row) for row in form.drugs if row["drug"]],
        procedures=[
            _given(
                code=row["code"],
                units=_number(row["units"]),
                modifiers=_split(_DATES, row["modifiers"]),
            )
            for row in form.procedures
            if row["code"]
        ],
        history=history,
        documentation=note,
    )


def _form(
    plain: dict[str, str], diagnoses: list[str], rows: dict[str, list[dict[str, str]]]
) -> Form:
    filled = {kind: [row for row in rows[kind] if any(row.values())] for kind in _ROWS}
    for kind, names in _ROWS.items():
        missing = max(_LEAST_ROWS[kind] - len(filled[kind]), 1)
        filled[kind] += [dict.fromkeys(names, "") for _ in range(missing)]
    codes = [code for code in diagnoses if code]
    codes += [""] * max(_LEAST_ROWS["diagnoses"] - len(codes), 1)
    return Form(plain, codes, filled["muscles"], filled["drugs"], filled["procedures"])


def _drug(row: dict[str, str]) -> dict[str, Any]:
    name = row["drug"]
    return _given(
        **{"code" if _HCPCS.fullmatch(name) else "name": name},
        dose=_number(row["dose"]),
        unit=row["unit"] if row["dose"] or row["discarded"] else "",
        container=row["container"],
        discarded=_number(row["discarded"]),
    )


def _given(**values: Any) -> dict[str, Any]:
    """Return what is not empty; zero and False are not empty."""
    return {name: value for name, value in values.items() if value not in ("", None, [], {})}


def _number(text: str) -> int | float | str:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return text
    return int(number) if number.is_integer() else number


def _split(pattern: re.Pattern[str], text: str) -> list[str]:
    return [part for part in pattern.split(text) if part]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if value is True or value is False:
        return "yes" if value else "no"
    if isinstance(value, list):
        separator = ", " if all(re.fullmatch(r"\d{4}-\d\d-\d\d", str(v)) for v in value) else "; "
        return separator.join(str(v) for v in value) or "none"
    return str(value)
