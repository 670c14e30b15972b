"""Names as notes write them → one muscle, one drug and its strength. Unknown stays unknown.

    "Left upper trap."            → upper-trapezius, side left
    "kenalog-40"                  → triamcinolone-acetonide, 40 mg/mL
    "1% lidocaine without epi"    → lidocaine, 10 mg/mL
    "trapezus"                    → nothing, nearest: trapezius

A near miss is never taken: it is offered, and the coder decides.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Generic, TypeVar

from codegraph.model import Concentration, Drug, Muscle

T = TypeVar("T")
NEAREST = 3  # names offered for an unknown one

_SIDES = {
    "left": ("left",),
    "lt": ("left",),
    "l": ("left",),
    "right": ("right",),
    "rt": ("right",),
    "r": ("right",),
    "bilateral": ("left", "right"),
    "bilat": ("left", "right"),
    "bil": ("left", "right"),
    "both": ("left", "right"),
}
_GROUP_SUFFIX = re.compile(r"\s*\(muscle not stated\)$", re.IGNORECASE)
_PERCENT = re.compile(r"(?<![\d.])(\d{0,3}(?:\.\d{1,4})?)\s*%")
_PER_ML = re.compile(
    r"(\d{1,5}(?:\.\d{1,4})?)\s*mg\s*(?:/|per)\s*(\d{0,3}(?:\.\d{1,3})?)\s*(?:ml|cc)\b"
)
_MG = re.compile(r"(?<![\d.])(\d{1,5}(?:\.\d{1,4})?)\s*mg\b")
_TRAILING = re.compile(r"^(.*\D)[\s-]*?(\d{1,3}(?:\.\d{1,3})?)$")
_EXTRA_WORDS = re.compile(
    r"\b(injection|injectable|inj|suspension|solution|hcl|hydrochloride|plain|vial|usp"
    r"|w/?o epi(?:nephrine)?|without epi(?:nephrine)?|preservative[- ]free|mpf)\b"
)


def fold(name: str) -> str:
    """Return a name as names are compared: lower case, single blanks, no marks at its ends."""
    text = name.casefold().replace("’", "'").replace("_", " ")
    return re.sub(r"\s+", " ", text).strip(" .,;:")


class NameIndex(Generic[T]):
    """Names and aliases of things, each leading to one thing."""

    def __init__(self, names: Iterable[tuple[str, T]]) -> None:
        self._by_name: dict[str, T] = {}
        self._shown: dict[str, str] = {}
        for name, thing in names:
            key = self._key(name)
            self._by_name.setdefault(key, thing)
            self._shown.setdefault(key, name)

    def get(self, name: str) -> T | None:
        """Return the thing of that name, or None."""
        return self._by_name.get(self._key(name))

    def nearest(self, name: str) -> tuple[str, ...]:
        """Return the known names that look most like it, most alike first."""
        close = difflib.get_close_matches(self._key(name), self._by_name, n=NEAREST, cutoff=0.6)
        return tuple(dict.fromkeys(self._shown[key] for key in close))

    @staticmethod
    def _key(name: str) -> str:
        return re.sub(r"[\s\-]+", " ", fold(name)).strip()


# ── muscles ──────────────────────────────────────────────────────────────────────────────────


def muscle_index(muscles: Iterable[Muscle]) -> NameIndex[Muscle]:
    """Return the index of every name and alias of the muscles."""
    return NameIndex(
        (name, m)
        for m in muscles
        for name in (_GROUP_SUFFIX.sub("", m.name), m.name, m.id, *m.aliases)
    )


def split_side(name: str) -> tuple[str, tuple[str, ...]]:
    """Split a side off a muscle's name: "left trap" → ("trap", ("left",)); none: ()."""
    words = re.sub(r"[().,]", " ", fold(name)).split()
    if len(words) > 1 and (sides := _SIDES.get(words[0])):
        return " ".join(words[1:]), sides
    if len(words) > 1 and (sides := _SIDES.get(words[-1])):
        return " ".join(words[:-1]), sides
    return name, ()


def find_muscle(index: NameIndex[Muscle], name: str) -> tuple[Muscle | None, tuple[str, ...]]:
    """Return the muscle that a name means and the sides that the name states."""
    if found := index.get(name):
        return found, ()
    bare, sides = split_side(name)
    candidates = [bare, re.sub(r"\s+(muscles?|m|mm|group)$", "", fold(bare))]
    candidates += [c[:-1] for c in candidates if c.endswith("s")]
    for candidate in candidates:
        if found := index.get(candidate):
            return found, sides
    return None, sides


# ── drugs ────────────────────────────────────────────────────────────────────────────────────


def drug_index(drugs: Iterable[Drug]) -> NameIndex[Drug]:
    """Return the index of every generic, brand and other name of the drugs."""
    return NameIndex((n, d) for d in drugs for n in (d.name, d.id, *d.brands, *d.other_names))


def find_drug(index: NameIndex[Drug], name: str) -> tuple[Drug | None, float | None]:
    """Return the drug that a name means, and the strength in mg/mL if the name tells it."""
    text = fold(name)
    stated = _stated_strength(text)
    bare = fold(_MG.sub(" ", _PER_ML.sub(" ", _PERCENT.sub(" ", text))))
    for candidate in (text, bare, fold(_EXTRA_WORDS.sub(" ", bare).replace("()", ""))):
        if candidate and (drug := index.get(candidate)):
            return drug, stated or _strength_in_name(drug, text)
    if (trailing := _TRAILING.match(bare)) and (drug := index.get(trailing[1])):
        return drug, stated or _known_strength(drug, float(trailing[2]))
    return None, stated


def _stated_strength(text: str) -> float | None:
    if per_ml := _PER_ML.search(text):
        volume = float(per_ml[2]) if per_ml[2] not in ("", ".") else 1.0
        return float(per_ml[1]) / volume if volume else None
    if (percent := _PERCENT.search(text)) and percent[1] not in ("", "."):
        return float(percent[1]) * 10
    return None


def _strength_in_name(drug: Drug, text: str) -> float | None:
    """Return the strength that a brand (Kenalog-40) or a number behind the name (depo 80) tells."""
    key = re.sub(r"[\s\-]+", " ", text)
    branded = [
        c for c in drug.concentrations if c.brand and key == re.sub(r"[\s\-]+", " ", fold(c.brand))
    ]
    if len({c.mg_per_ml for c in branded}) == 1:
        return branded[0].mg_per_ml
    if trailing := _TRAILING.match(_MG.sub(r"\1", text)):
        return _known_strength(drug, float(trailing[2]))
    return None


def _known_strength(drug: Drug, number: float) -> float | None:
    return next((c.mg_per_ml for c in drug.concentrations if c.mg_per_ml == number), None)


def only_strength(concentrations: Iterable[Concentration]) -> float | None:
    """Return the strength that a drug is sold in, if it is one only."""
    strengths = {c.mg_per_ml for c in concentrations}
    return strengths.pop() if len(strengths) == 1 else None


def root_of(muscle: Muscle, by_id: Mapping[str, Muscle]) -> Muscle:
    """Return the muscle that a named part counts with."""
    while muscle.part_of and muscle.part_of in by_id:
        muscle = by_id[muscle.part_of]
    return muscle
