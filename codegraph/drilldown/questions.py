"""The question whose options are parts of one condition: its axis and the sentence that asks it.

Read off the labels: with or without, how severe, which finger, which part of the leg; else which
kind. Shared axes (side, encounter) have their questions in wording.py.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from codegraph.drilldown.titles import CONNECTORS, Words, norm
from codegraph.drilldown.vocabulary import (
    AREAS,
    BODY,
    COURSE,
    FINGERS,
    KIND_NOUNS,
    NOUNS,
    PARTS,
    POSITION,
    SEVERITY,
    SITE_NOUNS,
)
from codegraph.drilldown.wording import Asked

VAGUE = "Which of these is it?"
_OTHER = frozenset({"other", "other specified", "other type"})
_SHORT = 6  # words of a label that a question repeats
_CAUSE = re.compile(r"(?:due to|caused by|secondary to|associated with|from)\b")
_PERSON = re.compile(
    r"(?:\w+[- ])?(?:driver|passenger|occupant|pedestrian|rider|official|bystander|suspect|"
    r"personnel|civilian|person)\b"
)
_ASIDE = re.compile(r"\([^)]*\)|\[[^]]*\]|,.*")
_QUALIFIER = re.compile(r"\b(?:of|with|without|except|and|or|in|at|on|to|not)\b|/")


def unit_axis(title: Words, labels: Sequence[str]) -> Asked:
    """Return the question whose options are the units below one with this title."""
    heads = [[norm(w) for w in label.split()] for label in labels]
    plain = [h for h in heads if h and h[0] not in ("other", "unspecified")] or heads
    n = len(plain)

    def share(words: frozenset[str] | dict[str, int]) -> float:
        return sum(any(w in words for w in h) for h in plain) / n

    lower = [label.lower() for label in labels]
    if any(x.startswith("underdosing") for x in lower):
        return Asked("intent", "Poisoning, adverse effect or underdosing?")
    if any(x.startswith("intentional self-harm") for x in lower):
        return Asked("intent", "How did it happen?")
    if sum("traffic" in x for x in lower) >= 2:
        return Asked("traffic", "In traffic or not?")
    if len(labels) == 2 and lower[0] in (f"not {lower[1]}",):
        return Asked("kind", f"{labels[1]} or not?")
    if len(labels) == 2 and lower[1] == f"not {lower[0]}":
        return Asked("kind", f"{labels[0]} or not?")
    if all(x.startswith(("with ", "without ")) for x in lower):
        return _with(lower)
    if share(SEVERITY) > 0.5:
        return Asked("severity", "How severe?")
    if sum(bool(re.search(r"\bstage\b", x)) for x in lower) / len(lower) > 0.5:
        return Asked("stage", "Which stage?")
    if share(COURSE) > 0.5 and max(map(len, plain)) <= 4:
        return Asked("course", "Acute, chronic or another course?" if n > 2 else _or(labels))
    if share(FINGERS) > 0.5 and any(w.norm in ("finger", "hand") for w in title):
        return Asked("site", "Which finger?")
    tails = Counter(h[-1] for h in plain if not any(w in CONNECTORS for w in h[:-1]))
    noun, count = tails.most_common(1)[0] if tails else ("", 0)
    if noun in NOUNS and count / n > 0.5:
        axis = "site" if noun in BODY or noun in SITE_NOUNS else noun
        return Asked(axis, f"Which {noun}?")
    if sum(_is_site(h) for h in plain) / n > 0.5:
        return Asked("site", _where(title))
    return Asked("kind", _sentence(title, labels))


def _sentence(title: Words, labels: Sequence[str]) -> str:
    """Return the question for labels of no common form; the axis stays "kind" whatever it says."""
    lower = [label.lower() for label in labels]
    plain = [x for x in lower if not x.startswith(("other", "unspecified"))]

    def most(pattern: re.Pattern[str]) -> bool:
        return len(plain) > 1 and sum(bool(pattern.match(x)) for x in plain) / len(plain) > 0.5

    if most(_CAUSE):
        return "What is the cause?"
    if most(_PERSON):
        return "Who was hurt?"
    if len(plain) > 1 and sum(_heads_a_site(x) for x in plain) / len(plain) > 0.6:
        where = _where(title)
        return "Which part?" if where == "Which part of the body?" else where
    text = _which(title)
    if text != VAGUE or len(labels) != 2:
        return text
    short = [label.strip(" ,;") for label in labels if len(label.split()) <= _SHORT]
    if len(plain) == len(short) == 2:
        later = short[1] if short[1][1:2].isupper() else short[1][:1].lower() + short[1][1:]
        return f"{short[0]} or {later}?"
    if len(plain) == 1 and len(short) == 2 and any(x in _OTHER for x in lower):
        return f"{next(x for x in short if x.lower() == plain[0])}, or another?"
    return text


def _heads_a_site(label: str) -> bool:
    """Whether the first noun of a label is a part of the body: single finger except thumb."""
    head = _QUALIFIER.split(_ASIDE.sub(" ", label))[0].split()
    last = norm(head[-1]) if head else ""
    return last in BODY or last in SITE_NOUNS or last in PARTS


def _is_site(label: list[str]) -> bool:
    """Whether a label names a part of the body and little else."""
    content = [w for w in label if w and w not in CONNECTORS]
    sites = sum(w in BODY or w in POSITION or w in SITE_NOUNS or w in PARTS for w in content)
    return bool(content) and sites / len(content) > 0.5


def _with(lower: list[str]) -> Asked:
    if len(lower) == 2:
        rest = {x.partition(" ")[2] for x in lower}
        if len(rest) == 1:
            return Asked("with", f"With or without {rest.pop()}?")
    return Asked("with", "With or without what?")


def _or(labels: Sequence[str]) -> str:
    first, second = labels[0], labels[1]
    if len(labels) == 2 and "unspecified" in f"{first} {second}".lower():
        return "Which course is documented?"
    return f"{first} or {second[:1].lower()}{second[1:]}?" if len(labels) == 2 else "Which course?"


def _where(title: Words) -> str:
    areas = [AREAS[w.norm] for w in title if w.norm in AREAS]
    if len(set(areas)) == 1:
        return f"Which part of the {areas[0]}?"
    if areas and areas[0] == "limb":
        return "Which part of the limb?"
    if any(w.norm == "joint" for w in title):
        return "Which joint?"
    return "Which part of the body?" if not areas else "Which part?"


def _which(title: Words) -> str:
    words = [w for w in title if w.norm]
    vague = any(w.norm in ("other", "unspecified") for w in words)
    if words and len(words) <= 4 and not vague:
        text = " ".join(w.text for w in words).strip(" ,;")
        if not any(c.isupper() for c in text[1:]):
            text = text[:1].lower() + text[1:]
        return f"Which kind of {text}?"
    nouns = [KIND_NOUNS[w.norm] for w in words if w.norm in KIND_NOUNS]
    joined = len(nouns) > 1 and any(w.norm in ("and", "or") for w in words)
    noun = nouns[0] if nouns and not joined else None
    return f"Which kind of {noun}?" if noun else VAGUE


def body_rank(label: str) -> int | None:
    """Return how far down the body a label's site lies, None where it names none."""
    found = [BODY[w] for w in map(norm, label.split()) if w in BODY]
    return found[0] if found else None
