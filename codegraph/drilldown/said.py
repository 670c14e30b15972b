"""A text as it is compared with titles: its words without sides, and the sides."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence

from codegraph.drilldown.titles import CONNECTORS, FILLERS, key, words

_SIDES = {
    "right": "right", "rt": "right", "r": "right", "right-sided": "right",
    "left": "left", "lt": "left", "l": "left", "left-sided": "left",
    "bilateral": "bilateral", "bilat": "bilateral", "both": "bilateral", "b/l": "bilateral",
    "bilaterally": "bilateral",
}  # fmt: skip
_RIGHT_AND_LEFT = re.compile(
    r"\b(?:right|rt)\W+(?:and|&|\+)\W+(?:left|lt)\b|\b(?:left|lt)\W+(?:and|&|\+)\W+(?:right|rt)\b",
    re.IGNORECASE,
)
_STOPS = re.compile(r"[.;:!?](?=\s|$)")
_ASIDE = re.compile(r"\([^)]{2,}\)|\[[^]]*\]")  # "(nonthermal)", but not the "(s)" of a plural
_ORDINALS = {"1st": "first", "2nd": "second", "3rd": "third"}
_POLAR = frozenset({"with", "without", "not", "no"})
_WEAK = frozenset(
    {"other", "unspecified", "specified", "with", "without", "not", "no", "site", "region", "part",
     "classified", "elsewhere", "nos"}
)  # fmt: skip
_ENCOUNTER = frozenset({"initial", "subsequent", "encounter", "sequela"})
_LISTED = frozenset({"and", "or", "and/or"})


class Said:
    """A text as it is compared: words without sides, and the sides."""

    def __init__(self, text: str) -> None:
        self.raw = " ".join(text.split()).rstrip(" .;,")
        plain = re.sub(
            r"[/](?!l\b)", " ", _ASIDE.sub(" ", _STOPS.sub(" ", self.raw)), flags=re.IGNORECASE
        )
        self.words = [(w.text, _ORDINALS.get(w.norm, w.norm)) for w in words(plain) if w.norm]
        self.sides = [
            (t, _SIDES[n]) for t, n in self.words if n in _SIDES and (len(n) > 1 or t.islower())
        ]
        self.both = bool(_RIGHT_AND_LEFT.search(plain))
        self.sequence = key(
            w for w in words(plain) if w.norm not in _SIDES and w.norm != "unilateral"
        )
        self.sequence = tuple(_ORDINALS.get(n, n) for n in self.sequence)
        self.counts = Counter(self.sequence)
        certain = (n for n in self.sequence if n != "unspecified")
        self.line = f" {' '.join(self.sequence)} | {' '.join(certain)} "

    @property
    def divided(self) -> bool:
        """Whether right and left are named, and not as "right and left"."""
        return {"right", "left"} <= {side for _, side in self.sides} and not self.both

    @property
    def side(self) -> str | None:
        """The side named first; None where the next word names the other ("right left")."""
        named = [(i, _SIDES[n]) for i, (_, n) in enumerate(self.words) if n in _SIDES]
        beside = any(j == i + 1 and a != b for (i, a), (j, b) in itertools.pairwise(named))
        return None if beside or not self.sides else self.sides[0][1]

    def rank(self, phrases: Sequence[str]) -> tuple[int, int]:
        """Return how well the text states a phrase: words in a row, and words anywhere.

        (0, 0) where words are missing; "with" and "not" count only with what they stand before.
        """
        best = (0, 0)
        for phrase in phrases:
            wanted = key(words(_ASIDE.sub(" ", phrase)))
            if not wanted or Counter(wanted) - self.counts:
                continue
            row = f" {' '.join(wanted)} " in self.line
            if not row and _POLAR & set(wanted):
                continue
            if set(wanted) <= _WEAK:
                continue
            best = max(best, (len(wanted) if row else 0, len(wanted)))
        return best

    @property
    def content(self) -> frozenset[str]:
        """The words that name a condition or a site."""
        return frozenset(self.sequence) - _WEAK - _ENCOUNTER - CONNECTORS

    def share(self, title: str) -> float:
        """Return the share of a title's content that the text says; members of a list are one."""
        content = self.content
        told = [w for w in words(_ASIDE.sub(" ", title)) if w.norm]
        found: list[bool] = []
        for i, w in enumerate(told):
            if w.norm in _WEAK | _ENCOUNTER | FILLERS | CONNECTORS | _LISTED or w.norm in _SIDES:
                continue
            listed = (i > 1 and told[i - 1].norm in _LISTED) or (
                i > 0 and told[i - 1].text.endswith(",") and "and" in title
            )
            if listed and found:
                found[-1] = found[-1] or w.norm in content
            else:
                found.append(w.norm in content)
        return sum(found) / len(found) if found else 0.0

    def quote(self, phrases: Sequence[str]) -> str:
        """Return the words of the text that occur in phrases, as typed."""
        wanted = {w.norm for phrase in phrases for w in words(phrase)}
        return " ".join(t.strip(",;.") for t, n in self.words if n in wanted)
