"""Read an official title into words, and take out of sibling titles what only names a side.

Works on titles alone: it knows no codes and no tree. Siblings are read together, because only
their neighbours tell what a word does in them:

  Pain in right forearm         right        Pain in forearm
  Pain in left forearm          left         Pain in forearm
  Pain in unspecified forearm   unspecified  Pain in forearm      ← a side: the key has sides
  Pain in unspecified limb      -            Pain in unspecified limb

Side words count only where a sibling differs by nothing else, so that "left ventricular failure",
"homonymous bilateral field defects, right side" and "left in body" keep theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

# Words that titles of one family put in or leave out at will.
FILLERS = frozenset({"of", "the", "a", "an", "in", "side"})
# Words that may not stand at either end of a label.
CONNECTORS = frozenset({"of", "the", "a", "an", "in", "on", "at", "to", "and", "by", "from", "as"})
_SEGMENT_ENDS = frozenset({"of", "in", "at", "with", "without", "and", "by", "due", "to", "for"})
_LATERAL = {
    "bilateral": "bilateral",
    "both": "bilateral",
    "unilateral": "unilateral",
    "median": "median",
    "midline": "median",
}
_ALTERNATIONS: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "displacement": (("displaced", ("displaced",)), ("nondisplaced", ("nondisplaced",))),
    "intractable": (("no", ("not", "intractable")), ("yes", ("intractable",))),
    "status": (
        ("with", ("with", "status", "migrainosus")),
        ("without", ("without", "status", "migrainosus")),
        ("with", ("with", "status", "epilepticus")),
        ("without", ("without", "status", "epilepticus")),
    ),
    "trimester": (
        ("first", ("first", "trimester")),
        ("second", ("second", "trimester")),
        ("third", ("third", "trimester")),
        ("unspecified", ("unspecified", "trimester")),
    ),
}
_DECIDED = frozenset({"right", "left", "right-dominant"})
LATERALITY = "laterality"
ALTERNATION_AXES = tuple(_ALTERNATIONS)

# Titles are made of some ten thousand words over and over: each is read, and held, once.
_read: dict[str, Word] = {}
_MOST_READ = 100_000


class Word(NamedTuple):
    """A word as printed, punctuation included, and the form in which words are compared."""

    text: str
    norm: str


Words = tuple[Word, ...]
Key = tuple[str, ...]


def norm(text: str) -> str:
    """Return a word without case, punctuation, hyphen and plural.

    >>> norm("Finger(s),"), norm("ovaries"), norm("non-dominant"), norm("process")
    ('finger', 'ovary', 'nondominant', 'process')
    """
    return _word(text).norm


def words(title: str) -> Words:
    """Split a title into its words."""
    return tuple([_word(text) for text in title.split()])


def _word(text: str) -> Word:
    found = _read.get(text)
    if found is None:
        found = Word(text, _norm(text))
        if len(_read) < _MOST_READ:
            _read[text] = found
    return found


def _norm(text: str) -> str:
    found = text.lower().strip(",;:()[]\"'").removesuffix("(s").replace("’", "'")
    found = re.sub(r"^non-", "non", found).strip("(s)") if found == "(s)" else found
    found = re.sub(r"^non-", "non", found)
    if len(found) > 4 and found.endswith("ies"):
        return found[:-3] + "y"
    if len(found) > 3 and found.endswith("s") and found[-2] not in "sui":
        return found[:-1]
    return found


def key(title: Iterable[Word]) -> Key:
    """Return what titles are compared by: their words without fillers and punctuation."""
    return tuple([n for _, n in title if n and n not in FILLERS])


def join(title: Sequence[Word]) -> str:
    """Print words as a title again; punctuation left at the ends by what was taken out goes."""
    text = " ".join(w.text for w in title)
    text = re.sub(r"\s+([,;])", r"\1", text)
    return re.sub(r"([,;])(?:\s*[,;])+", r"\1", text).strip(" ,;")


class Item(NamedTuple):
    """A sibling to be read: its title, and the side that its parent or itself is known to have."""

    title: Words
    side: str | None
    settled: bool = False  # the title is already without its side


class Read(NamedTuple):
    """A sibling as read: what was taken out, and the title without it.

    `shorter` also leaves out the part that stood with the side behind a comma (", right arm").
    """

    values: dict[str, str]
    title: Words
    key: Key
    shorter: Words


def read_siblings(items: Sequence[Item]) -> list[Read]:
    """Take sides, and the other alternations that recur within families, out of sibling titles."""
    fresh = any(not item.settled for item in items)
    found = _sides(items) if fresh else [(item.side, item.title) for item in items]
    reads = []
    settled: dict[int, Key] = {}  # many seventh characters share one title
    for item, (side, title) in zip(items, found, strict=True):
        if item.settled:
            mine = settled.get(id(title))
            if mine is None:
                mine = settled[id(title)] = key(title)
            reads.append(Read({LATERALITY: side} if side else {}, title, mine, title))
            continue
        shorter = _without_segment(item.title, title) if side else title
        reads.append(Read({LATERALITY: side} if side else {}, title, key(title), shorter))
    present = {w.norm for item in items if not item.settled for w in item.title}
    for axis, values in _ALTERNATIONS.items():
        if any(phrase[0] in present and phrase[-1] in present for _, phrase in values):
            reads = _alternation(axis, reads)
    return reads


# ── sides ────────────────────────────────────────────────────────────────────────────────────


def _sides(items: Sequence[Item]) -> list[tuple[str | None, Words]]:
    result: list[tuple[str | None, Words]] = [(None, item.title) for item in items]
    explicit: dict[int, tuple[str, Words]] = {}
    families: dict[Key, set[str]] = {}
    short: dict[Key, set[Key]] = {}  # a key without what follows the side → the keys it stands for
    settled: list[int] = []
    for i, item in enumerate(items):
        if item.settled:
            result[i] = (item.side, item.title)
            if item.side:
                families.setdefault(key(item.title), set()).add(item.side)
                settled.append(i)
            continue
        stripped = _without_side(item.title)
        if stripped is None:
            continue
        side, rest, shorter = stripped
        explicit[i] = (side, rest)
        families.setdefault(key(rest), set()).add(side)
        short.setdefault(key(shorter), set()).add(key(rest))
    pending = [i for i, item in enumerate(items) if i not in explicit and not item.settled]
    lateral = {i: found for i in pending if (found := _without_lateral(items[i].title))}
    for side, rest in lateral.values():
        # On their own these make no family; together they do (bilateral beside unilateral).
        families.setdefault(key(rest), set()).add(side)
    for i in pending:
        if i in lateral:
            side, rest = lateral[i]
            if len(families[key(rest)]) > 1:
                result[i] = (side, rest)
            elif len(main := short.get(key(rest), set())) == 1:
                family = next(iter(main))
                families[family].add(side)
                result[i] = (side, _title_of(family, explicit, rest))
        if result[i][0] is None:
            result[i] = _unspecified(items[i].title, families, short, explicit)
            if result[i][0]:
                families[key(result[i][1])].add("unspecified")
    for i in settled:
        family = key(items[i].title)
        if family not in short and len(families[family]) == 1:
            continue
        if len(main := short.get(family, set())) == 1 and family not in main:
            result[i] = (items[i].side, _title_of(next(iter(main)), explicit, items[i].title))
    for i, (side, rest) in explicit.items():
        parent = items[i].side
        if len(families[key(rest)]) > 1 or side == parent:
            result[i] = (side, rest)
    return result


def _without_side(title: Words) -> tuple[str, Words, Words] | None:
    """Return the side a title names, the title without it, and without the part it names too."""
    places = [i for i, w in enumerate(title) if w.norm in ("right", "left")]
    if not places:
        return None
    first = title[places[0]].norm
    side, drop = first, set(places)
    after = title[places[0] + 1].norm if places[0] + 1 < len(title) else ""
    if after in ("dominant", "nondominant"):
        side = f"{first}-{after}"
        drop.add(places[0] + 1)
    drop |= {i for i, w in enumerate(title) if w.norm == "unilateral"}
    rest = []
    for i, w in enumerate(title):
        if i in drop:
            if i in places and w.norm != first:
                rest.append(Word("other", "other"))
            elif w.text.endswith(",") and rest:
                rest.append(Word(",", ""))
        else:
            rest.append(w)
    end = places[0]
    while end < len(title) and not title[end].text.endswith(","):
        end += 1
        if end < len(title) and title[end].norm in _SEGMENT_ENDS:
            break
    else:
        end += 1
    shorter = tuple(w for w in (*title[: places[0]], *title[end:]) if w.norm != "unilateral")
    return side, tuple(rest), shorter


def _without_segment(title: Words, rest: Words) -> Words:
    """Return a title without the whole of ", right arm"; else `rest`."""
    places = [i for i, w in enumerate(title) if w.norm in ("right", "left")]
    if len(places) != 1 or not places[0] or not title[places[0] - 1].text.endswith(","):
        return rest
    stripped = _without_side(title)
    return stripped[2] if stripped and len(stripped[2]) > 1 else rest


def _without_lateral(title: Words) -> tuple[str, Words] | None:
    """Return bilateral, unilateral or median and the title without that word."""
    if any(w.norm == "unspecified" for w in title) and not any(
        w.norm in ("bilateral", "both", "median", "midline") for w in title
    ):
        return None
    for i, w in enumerate(title):
        last = i == len(title) - 1 or w.text.endswith(",")
        if w.norm in _LATERAL and (last or w.norm not in ("median", "midline")):
            return _LATERAL[w.norm], _drop(title, (i,))
    return None


def _unspecified(
    title: Words,
    families: dict[Key, set[str]],
    short: dict[Key, set[Key]],
    explicit: dict[int, tuple[str, Words]],
) -> tuple[str | None, Words]:
    """Read "unspecified" as a side where the rest of the title is that of a family with sides."""
    places = [i for i, w in enumerate(title) if w.norm == "unspecified"]
    if not places:
        return None, title
    lone = tuple(i for i, w in enumerate(title) if w.norm == "unilateral")
    variants = [_drop(title, (p, *lone)) for p in reversed(places)]
    if len(places) > 1:
        variants.append(_drop(title, (*places, *lone)))
    named = [w.norm for w in title]
    for p in places:  # "of external ear, unspecified ear" beside "of right external ear"
        if p + 1 < len(title) and named[p + 1] in named[:p]:
            variants.append(_drop(title, (p, p + 1, *lone)))
    for rest in variants:
        family = families.get(key(rest), set())
        if family & _DECIDED or family >= {"bilateral", "unilateral"}:
            return "unspecified", rest
    for rest in variants:
        if len(main := short.get(key(rest), set())) == 1:
            return "unspecified", _title_of(next(iter(main)), explicit, rest)
    return None, title


def _title_of(family: Key, explicit: dict[int, tuple[str, Words]], otherwise: Words) -> Words:
    return next((rest for _, rest in explicit.values() if key(rest) == family), otherwise)


def _drop(title: Words, places: tuple[int, ...]) -> Words:
    kept = []
    for i, w in enumerate(title):
        if i not in places:
            kept.append(w)
        elif w.text.endswith(",") and kept:
            kept.append(Word(",", ""))
    return tuple(kept)


# ── other alternations ───────────────────────────────────────────────────────────────────────


def _alternation(axis: str, reads: list[Read]) -> list[Read]:
    """Take one alternation out where a sibling differs by nothing else (and by its side)."""
    found: dict[int, tuple[str, Read]] = {}
    families: dict[Key, set[str]] = {}
    for i, read in enumerate(reads):
        for value, phrase in _ALTERNATIONS[axis]:
            rest = _without_phrase(read.title, phrase)
            if rest is not None:
                shorter = _without_phrase(read.shorter, phrase) or rest
                values = {**read.values, axis: value}
                found[i] = (value, Read(values, rest, key(rest), shorter))
                families.setdefault(key(rest), set()).add(value)
                break
    result = list(reads)
    for i, (_, read) in found.items():
        if len(families[read.key]) > 1:
            result[i] = read
    return result


def _without_phrase(title: Words, phrase: tuple[str, ...]) -> Words | None:
    norms = [w.norm for w in title]
    if phrase[0] not in norms:
        return None
    n = len(phrase)
    for i in range(norms.index(phrase[0]), len(norms) - n + 1):
        if tuple(norms[i : i + n]) == phrase:
            return _drop(title, tuple(range(i, i + n)))
    return None
