"""What a coder would say: names and questions of axes, names of values, when a value may be used.

Guidelines are cited by section from the ICD-10-CM Official Guidelines for Coding and Reporting
FY 2026 (CDC/CMS); the sentences are ours.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from codegraph.drilldown.labels import slug
from codegraph.drilldown.titles import LATERALITY, Words

BOTH = "both"


class Value(NamedTuple):
    """How one value of an axis is offered."""

    value: str
    label: str
    unspecified: bool = False
    guidance: str | None = None
    group: str | None = None
    rank: int = 0
    said: str | None = None  # the words of official titles, where the label has others


class Asked(NamedTuple):
    """An axis and the question that asks for it."""

    axis: str
    text: str
    help: str | None = None


# ── guidance ─────────────────────────────────────────────────────────────────────────────────

UNSPECIFIED_SIDE = (
    "Rarely right: only where the record does not name the side and nobody can be asked. Notes of "
    "other clinicians may supply the side (Guidelines I.B.13)."
)
UNSPECIFIED = (
    "Only where the record holds no more detail; code to the highest detail it has "
    "(Guidelines I.B.2, I.B.18)."
)
OTHER = "The record names it, and no code of its own exists (Guidelines I.A.9.a)."
BOTH_SIDES = (
    "There is no bilateral code: where both sides are affected, the code of each side is reported "
    "(Guidelines I.B.13)."
)
_INITIAL = (
    "While the condition is under active treatment, also by another provider (Guidelines I.C.19.a)."
)
_SUBSEQUENT = (
    "After active treatment, during routine care while it heals or recovers (Guidelines I.C.19.a)."
)
_SEQUELA = (
    "For a later condition that the injury left behind, such as a scar: report that condition "
    "first, then this code (Guidelines I.C.19.a)."
)

# ── values of the axes that titles share ─────────────────────────────────────────────────────

_SIDES = {
    "right": Value("right", "Right", rank=0),
    "left": Value("left", "Left", rank=1),
    "right-dominant": Value("right-dominant", "Right, dominant side", rank=0),
    "right-nondominant": Value("right-nondominant", "Right, nondominant side", rank=1),
    "left-dominant": Value("left-dominant", "Left, dominant side", rank=2),
    "left-nondominant": Value("left-nondominant", "Left, nondominant side", rank=3),
    "bilateral": Value("bilateral", "Both sides", rank=5),
    "median": Value("median", "Median", rank=6),
    "unilateral": Value("unilateral", "One side", rank=7),
    "unspecified": Value(
        "unspecified", "Unspecified", unspecified=True, guidance=UNSPECIFIED_SIDE, rank=9
    ),
}
_VALUES: dict[str, dict[str, Value]] = {
    LATERALITY: _SIDES,
    "displacement": {
        "displaced": Value(
            "displaced",
            "Displaced",
            guidance="Also where the record does not say whether it is displaced "
            "(Guidelines I.C.19.c).",
            rank=0,
        ),
        "nondisplaced": Value("nondisplaced", "Nondisplaced", rank=1),
    },
    "intractable": {
        "no": Value("no", "Not intractable", rank=0),
        "yes": Value("yes", "Intractable", rank=1),
    },
    "status": {
        "with": Value("with", "With status", rank=0),
        "without": Value("without", "Without status", rank=1),
    },
    "trimester": {
        "first": Value("first", "First trimester", rank=0),
        "second": Value("second", "Second trimester", rank=1),
        "third": Value("third", "Third trimester", rank=2),
        "unspecified": Value(
            "unspecified",
            "Unspecified",
            unspecified=True,
            guidance="Rarely right: only where the record gives no basis for the trimester and "
            "nobody can be asked (Guidelines I.C.15.a.5).",
            rank=9,
            said="unspecified trimester",
        ),
    },
}
_ASKED: dict[str, Asked] = {
    LATERALITY: Asked(LATERALITY, "Which side?"),
    "displacement": Asked("displacement", "Displaced or nondisplaced?"),
    "intractable": Asked(
        "intractable",
        "Intractable or not?",
        "Pharmacoresistant, treatment resistant, refractory and poorly controlled count as "
        "intractable.",
    ),
    "status": Asked("status", "With or without status?"),
    "trimester": Asked(
        "trimester",
        "Which trimester?",
        "First: less than 14 weeks 0 days. Second: 14 weeks 0 days to less than 28 weeks 0 days. "
        "Third: from 28 weeks 0 days. Counted from the first day of the last menstrual period.",
    ),
}


def shared_axis(axis: str, title: Words, values: Sequence[str]) -> Asked:
    """Return the question for an axis that was taken out of titles."""
    asked = _ASKED[axis]
    if axis == LATERALITY:
        if not {"right", "left"} & {v.partition("-")[0] for v in values}:
            return Asked(axis, "One side or both?")
        if any("dominant" in v for v in values):
            return Asked(
                axis,
                "Which side, and is it the dominant one?",
                "Where the record does not say: right counts as dominant, left as nondominant, "
                "and either as dominant in ambidextrous patients (Guidelines I.C.6.a).",
            )
        organ = next((w.norm for w in reversed(title) if w.norm in _PAIRED), None)
        return Asked(axis, f"Which {organ}?") if organ else asked
    if axis == "status":
        kind = "epilepticus" if any(w.norm in _SEIZURE for w in title) else "migrainosus"
        return Asked(axis, f"With or without status {kind}?")
    return asked


def shared_value(axis: str, value: str) -> Value:
    """Return how a value of such an axis is offered."""
    return _VALUES[axis][value]


_PAIRED = frozenset({"eye", "ear", "eyelid", "breast", "kidney", "ovary", "testis", "lung"})
_SEIZURE = frozenset({"epilepsy", "seizure", "epileptic", "lennox-gastaut", "dravet"})

# ── seventh characters ───────────────────────────────────────────────────────────────────────

_OPEN = re.compile(r"open fracture type (.+?)(?: with|;|$)")
_HEALING = re.compile(r"with (.+)$")
_ENCOUNTER_HELP = (
    "Initial: active treatment, whoever gives it. Subsequent: routine care while healing. "
    "Sequela: a late effect. It is not about the first visit (Guidelines I.C.19.a)."
)


def seventh_axis(meanings: dict[str, str]) -> tuple[Asked, dict[str, Value]]:
    """Return the question for a set of seventh characters, and how each is offered."""
    if "A" in meanings and "S" in meanings:
        asked = Asked("encounter", "Initial, subsequent or sequela?", _ENCOUNTER_HELP)
        return asked, {c: _encounter(c, m, i) for i, (c, m) in enumerate(meanings.items())}
    texts = " ".join(meanings.values())
    if "fetus" in texts:
        asked = Asked(
            "fetus",
            "Which fetus is affected?",
            "0 for a single pregnancy, or where it is not known which fetus is affected "
            "(Guidelines I.C.15.a.6).",
        )
    elif "stage" in texts:
        asked = Asked("stage", "Which stage?")
    elif "tophus" in texts:
        asked = Asked("tophus", "With or without tophus?")
    elif "hospital" in texts:
        asked = Asked("time", "When was it measured?")
    else:
        asked = Asked("detail", "Which detail is documented?")
    return asked, {c: _plain(m, i) for i, (c, m) in enumerate(meanings.items())}


def _encounter(character: str, meaning: str, rank: int) -> Value:
    first = meaning.split(";")[0].strip()
    guidance, group = _SEQUELA, "Sequela"
    label = "Sequela"
    if first.startswith("initial"):
        guidance, group, label = _INITIAL, "Initial encounter", "Initial encounter"
    elif first.startswith("subsequent"):
        guidance, group, label = _SUBSEQUENT, "Subsequent encounter", "Subsequent encounter"
    if "closed fracture" in first or "open fracture" in first or "with" in first:
        parts = [group.split()[0]]
        if found := _OPEN.search(first):
            parts.append(f"open type {found[1].replace(', or ', ' or ')}")
        elif "open fracture" in first:
            parts.append("open fracture")
        elif "closed fracture" in first:
            parts.append("closed" if "with" in first else "closed fracture")
        if found := _HEALING.search(first):
            parts.append(found[1])
        label = ", ".join(parts)
        if character == "A":
            guidance += " Also where open or closed is not stated (Guidelines I.C.19.c)."
        if "nonunion" in first or "malunion" in first:
            guidance = (
                "For care of the fracture that healed badly, after active treatment "
                "(Guidelines I.C.19.c)."
            )
    value = group.split()[0].lower() if label in (group, "Sequela") else slug(label)
    if character in ("B", "C") and label.endswith("I or II"):
        guidance += " Type I or II also where the type of the open fracture is not stated."
    return Value(value, label, guidance=guidance, group=group, rank=rank, said=first)


def _plain(meaning: str, rank: int) -> Value:
    first = meaning.split(";")[0].strip()
    unspecified = "unspecified" in first
    label = first[:1].upper() + first[1:]
    guidance = UNSPECIFIED if unspecified else None
    if "not applicable" in first:
        label, unspecified, guidance = "Not applicable or unspecified", False, None
        return Value("not-applicable", label, guidance=guidance, rank=rank)
    return Value(slug(label), label, unspecified, guidance, rank=99 if unspecified else rank)
