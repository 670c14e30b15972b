"""What an option says: of its title, only that in which it differs from parent and siblings.

parent    Fracture of radial styloid process       Migraine
siblings  Displaced fracture of radial …           Migraine with aura
          Nondisplaced fracture of radial …        Migraine, unspecified
labels    Displaced / Nondisplaced                 With aura / Unspecified
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from codegraph.drilldown.titles import CONNECTORS, Word, Words, join

# Words that carry the difference even where most siblings share them.
_TELLING = frozenset(
    {"other", "unspecified", "specified", "with", "without", "not", "no", "non", "due", "and", "or"}
)
_SEGMENT_STARTS = frozenset(
    {"due", "with", "without", "in", "of", "affecting", "involving", "following", "during", "for"}
)
_MAY_NOT_LEAD = frozenset({"of", "the", "a", "an", "in", "to", "and", "as"})
_OPENING = _TELLING | {"on", "at", "by", "from", "during", "following"}
_NEEDS_MORE = frozenset({"with", "without", "not", "no", "due", "to", "and", "or", "for"})
_BARE = frozenset(
    {"upper", "lower", "superior", "inferior", "proximal", "distal", "middle", "medial", "lateral",
     "anterior", "posterior", "first", "second", "third", "fourth", "fifth"}
)  # fmt: skip
_VAGUE = _TELLING | {"site", "part", "cause", "type", "organism", "nos", "form", "degree", "stage"}
_SIDE_NOUNS = frozenset({"eye", "ear", "side"})
LONGEST_SLUG = 60  # characters; cut between words
_NEC = re.compile(
    r",? (?:not elsewhere classified|not classified elsewhere|so stated)\b|"
    r",? as defined in USA$",
    re.IGNORECASE,
)


def is_unspecified(title: Words) -> bool:
    """Whether a title says that something is not known."""
    return any(w.norm in ("unspecified", "nos") for w in title)


def is_other(title: Words) -> bool:
    """Whether a title is what is left when all else is named."""
    return any(w.norm == "other" for w in title[:2]) or any(
        w.norm == "other" and i > 0 and title[i - 1].text.endswith(",") for i, w in enumerate(title)
    )


def labels(parents: Sequence[Words], siblings: Sequence[Words]) -> list[str]:
    """Return a label for each sibling, all different.

    Parameters
    ----------
    parents
        The titles above, nearest first; what they say, a label need not repeat.
    """
    if intents := _intents(siblings):
        return intents
    above = {w.norm for title in parents for w in title}
    fronts = _without_fronts(siblings, parents, above)
    cuts = _without_ends(fronts, above)
    if any(_dangles(part) for part in cuts):
        cuts = fronts
    short = []
    for part in cuts:
        if (is_unspecified(part) or is_other(part)) and part[0].norm not in ("with", "without"):
            part = _trimmed(part, (above - _TELLING) | _SIDE_NOUNS)
        short.append(_finish(_without_run(part, parents)))
    _fill_empty(short, siblings)
    return _distinct(short, siblings)


def _intents(siblings: Sequence[Words]) -> list[str] | None:
    """Label the codes below a drug: poisoning by intent, adverse effect, underdosing."""
    first = {s[0].norm for s in siblings if s}
    if not {"poisoning", "underdosing"} <= first:
        return None
    found = []
    for title in siblings:
        segments = join(title).split(", ")
        if title[0].norm == "poisoning" and len(segments) > 1:
            found.append(f"Poisoning, {segments[-1]}")
        else:
            found.append(
                {"adverse": "Adverse effect", "underdosing": "Underdosing"}.get(
                    title[0].norm, join(title)
                )
            )
    return found if len(set(found)) == len(found) else None


def _without_fronts(
    siblings: Sequence[Words], parents: Sequence[Words], known: set[str]
) -> list[Words]:
    """Leave out the beginning that most siblings share, where the titles above say it too."""
    norms = [_norms(s) for s in siblings]
    whole = _norms(parents[0]) if parents else []
    cut = []
    for title, mine in zip(siblings, norms, strict=True):
        n = _front(mine, norms, known, most_empty=1)
        if whole and len(mine) > len(whole) and mine[: len(whole)] == whole:
            after = mine[len(whole)]
            if title[len(whole) - 1].text.endswith(",") or after in _SEGMENT_STARTS:
                n = max(n, len(whole))
        if n and not all(other[:n] == mine[:n] for other in norms):
            while 0 < n < len(mine) and mine[n - 1] in _OPENING:
                n -= 1
        if 0 < n < len(mine) and (len(mine[n]) == 1 or mine[n].isdigit()):
            n -= 1
        cut.append(title[n:])
    return cut


def _without_ends(titles: list[Words], known: set[str]) -> list[Words]:
    """Leave out the end that most siblings share, where the titles above say it too."""
    backs = [list(reversed(_norms(t))) for t in titles]
    known = known | _shared_tail(titles)
    cut = []
    for title, back in zip(titles, backs, strict=True):
        n = _front(back, backs, known, most_empty=0)
        cut.append(title[: _with_noun(title, len(title) - n)] if n > 1 else title)
    return cut


def _with_noun(title: Words, end: int) -> int:
    """Keep the noun that a lone adjective needs: "Deltoid ligament", not "Deltoid"."""
    kept = [w for w in title[:end] if w.norm not in CONNECTORS]
    if len(kept) == 1 and kept[0].norm not in _TELLING and not kept[0].text.endswith(","):
        after = [w.norm for w in title[end : end + 2]]
        alone = len(after) == 1 or after[1] in CONNECTORS or after[1] in _SEGMENT_STARTS
        if after[0].endswith(("ed", "ing")):
            return end
        if after[0] not in CONNECTORS and after[0] not in _SEGMENT_STARTS and alone:
            return end + 1
    return end


def _shared_tail(titles: Sequence[Words]) -> set[str]:
    """Return the part (", eye") that every title keeps after its side was taken out."""
    tails = set()
    for title in titles:
        if len(title) < 2 or not title[-2].text.endswith(","):
            return set()
        tails.add(title[-1].norm)
    return tails if len(tails) == 1 else set()


def _front(mine: list[str], all_: list[list[str]], known: set[str], most_empty: int) -> int:
    """Return how many words in front are known from above and shared by most siblings."""
    need = max(2, -(-len(all_) * 6 // 10)) if len(all_) > 2 else len(all_)
    alive = all_
    for length in range(1, len(mine) + 1):
        word = mine[length - 1]
        if word and word not in known and word not in CONNECTORS:
            return length - 1
        alive = [t for t in alive if len(t) >= length and t[length - 1] == word]
        if len(alive) < need or sum(len(t) == length for t in alive) > most_empty:
            return length - 1
    return len(mine)


def _norms(title: Words) -> list[str]:
    return [w.norm for w in title]


def _dangles(part: Words) -> bool:
    """Whether a label would end in a word that needs another, or be one that means little alone."""
    if not part:
        return False
    last = part[-1].norm
    return last in _NEEDS_MORE or last in _BARE or (last == "other" and len(part) > 1)


def _without_run(part: Words, parents: Sequence[Words]) -> Words:
    """Leave out a long run that the title above has word for word, in the middle or at the end."""
    if not parents or len(part) < 6:
        return part
    above, mine = _norms(parents[0]), _norms(part)
    best = (0, 0)
    for i in range(1, len(mine)):
        for j in range(len(above)):
            n = 0
            while i + n < len(mine) and j + n < len(above) and mine[i + n] == above[j + n]:
                n += 1
            if n > best[1]:
                best = (i, n)
    at, n = best
    if n < 4 or _dangles(part[:at]):
        return part
    while at > 1 and mine[at - 1] in CONNECTORS:
        at, n = at - 1, n + 1
    rest = _lstrip(part[at + n :])
    before = part[at - 1]
    joint = Word(before.text.rstrip(",") + ("," if rest else ""), before.norm)
    return (*part[: at - 1], joint, *rest)


def _lstrip(part: Words) -> Words:
    start = 0
    while start < len(part) and part[start].norm in CONNECTORS:
        start += 1
    return part[start:]


def _trimmed(part: Words, known: set[str]) -> Words:
    """Leave out at both ends what the titles above say already."""
    start, end = 0, len(part)
    while start < end and (part[start].norm in known or part[start].norm in CONNECTORS):
        start += 1
    while end > start and (part[end - 1].norm in known or part[end - 1].norm in CONNECTORS):
        end -= 1
    while (
        end - start > 1
        and part[start].norm in _NEEDS_MORE
        and (part[start + 1].norm in ("other", "unspecified"))
    ):
        start += 1
    rest = part[start:end]
    if _dangles(rest) or any(w.norm not in _VAGUE and w.norm not in CONNECTORS for w in rest):
        return part
    return rest


def _finish(part: Sequence[Word]) -> str:
    start, end = 0, len(part)
    while start < end and (not part[start].norm or part[start].norm in _MAY_NOT_LEAD):
        start += 1
    while end > start and (not part[end - 1].norm or part[end - 1].norm in CONNECTORS):
        end -= 1
    text = _NEC.sub("", join(part[start:end])).strip(" ,;")
    return text[:1].upper() + text[1:]


def _fill_empty(short: list[str], siblings: Sequence[Words]) -> None:
    """Name the sibling whose whole title the others share."""
    for i, text in enumerate(short):
        if text:
            continue
        others = [s for j, s in enumerate(short) if j != i and s]
        first = others[0] if len(others) == 1 else ""
        lower = first[:1].lower() + first[1:]
        if lower.startswith("with "):
            short[i] = "Without " + lower[5:]
        elif first and len(first.split()) == 1:
            short[i] = f"Not {lower}"
        elif others and all(s.lower().startswith("with") for s in others):
            short[i] = "Without these"
        else:
            short[i] = _finish(siblings[i])


def _distinct(short: list[str], siblings: Sequence[Words]) -> list[str]:
    counts = Counter(s.lower() for s in short)
    result = [
        s if counts[s.lower()] == 1 else _finish(w) for s, w in zip(short, siblings, strict=True)
    ]
    seen: Counter[str] = Counter()
    for i, s in enumerate(result):
        seen[s.lower()] += 1
        if seen[s.lower()] > 1:
            result[i] = f"{s} ({seen[s.lower()]})"
    return result


def slug(label: str) -> str:
    """Return a label as a value fit for an address.

    >>> slug("Auxiliary muscles, head and neck")
    'auxiliary-muscles-head-and-neck'
    """
    label = label.lower().replace("(s)", "s")
    plain = re.sub(r"[^a-z0-9]+", "-", label.replace("'", "").replace("’", ""))
    plain = plain.strip("-")
    if len(plain) > LONGEST_SLUG:
        plain = plain[: LONGEST_SLUG + 1].rpartition("-")[0]
    return plain or "other"
