"""Concepts and lexicon → the search index as bytes.

Each official wording (title, inclusion term, "includes" note) is an entry of its own; the words of
the titles above it come along at a lower weight. Seventh characters are no entries: they are chosen
when a base code has been found (engine.py), which halves the index.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import numpy as np
from msgspec import structs
from rapidfuzz.distance import OSA

from codegraph.concepts import Concepts
from codegraph.search.index import KINDS, IndexData
from codegraph.search.lexicon import Phrase, read_lexicon
from codegraph.search.standing import Entry, standing
from codegraph.search.text import (
    SHORTEST_STEM,
    STOP,
    bag,
    denied,
    plain,
    singulars,
    skeleton,
    sound,
    stem,
    words,
)

_LOWER = re.compile(r"\b[a-z]+\b")
_NOT_ESSENTIAL = re.compile(r"\s\([^()]*\)|^\([^()]*\)\s")
# Words by which titles are told apart, but which no note uses.
_LIGHT = ("unspecified", "other", "specified", "elsewhere", "classified")
# "Pneumonia, unspecified organism": that the organism is not known says nothing of organisms.
_UNKNOWN_PART = re.compile(r", unspecified (?!site|side|joint|limb|eye|ear)[^,]*")
_RARE = 6  # a word in fewer entries may be a slip of a commoner one
_COMMON = 5  # times as common must that one be


def build_index(concepts: Concepts, data: Path) -> bytes:
    """Return the index of all concepts and the lexicon, as a part of the snapshot."""
    phrases = read_lexicon(data / "lexicon")
    entries = list(_entries(concepts))
    own_words = [words(text) for _, _, text in entries]
    meanings = {text for means in concepts.tables.seventh.values() for text in means.values()}
    seventh = sorted({w for text in meanings for w in words(text) if w not in STOP})
    plain_words = {w for _, _, text in entries for w in _LOWER.findall(text)} | STOP
    vocabulary = sorted(
        {w for ws in own_words for w in ws if w not in STOP}
        | {w for p in phrases for w in p.term.split() if w not in STOP}
        | set(seventh)
        | {
            w
            for p in phrases
            for r in (*p.readings, *p.broader, *p.loud)
            for w in r.split()
            if w not in STOP
        }
    )
    abbreviations = {p.term for p in phrases if p.loud and not p.readings}
    fold = _folding(vocabulary, abbreviations)
    ids = {w: i for i, w in enumerate(vocabulary)}
    folded = {w: ids[fold.get(w, w)] for w in vocabulary}

    title_words: dict[int, set[int]] = {}
    own: list[list[int]] = []
    absent: list[bool] = []
    for (row, kind, text), ws in zip(entries, own_words, strict=True):
        if kind == "title" and ", unspecified " in text:
            title_words.setdefault(row, set()).update(folded[w] for w in ws if w not in STOP)
            text = _UNKNOWN_PART.sub(", unspecified", text)
            ws = words(text)
        said: dict[int, bool] = {}  # whether a word is only said not to be there
        for w, is_denied in zip(ws, denied(text), strict=True):
            if w not in STOP:
                said[folded[w]] = said.get(folded[w], True) and is_denied
        found = list(said)
        own.append(found)
        absent += said.values()
        if kind == "title":
            title_words.setdefault(row, set()).update(found)
    context: list[list[int]] = []
    for (row, _kind, _), mine in zip(entries, own, strict=True):
        above: set[int] = set(title_words.get(row, ()))
        for r in concepts.ancestors(row):
            if concepts.tables.kinds[r] not in ("chapter", "section"):
                above |= title_words.get(r) or _title_ids(concepts, r, folded, title_words)
        context.append(sorted(above.difference(mine)))

    own_offsets, own_entries = _postings(own, len(vocabulary))
    context_offsets, context_entries = _postings(context, len(vocabulary))
    df = np.diff(own_offsets)
    posting_offsets = own_offsets + context_offsets
    postings = np.empty(len(own_entries) + len(context_entries), np.int32)
    postings[np.arange(len(own_entries)) + np.repeat(context_offsets[:-1], df)] = own_entries
    below = np.diff(context_offsets)
    postings[np.arange(len(context_entries)) + np.repeat(own_offsets[1:], below)] = context_entries
    count = len(entries)
    idf = np.log1p((count - df + 0.5) / (df + 0.5)).astype(np.float32)
    idf[[ids[w] for w in _LIGHT if w in ids]] *= 0.35
    word_offsets = np.zeros(count + 1, np.int32)
    np.cumsum([len(ws) for ws in own], out=word_offsets[1:])
    wordings = _wordings_of(phrases, fold, plain_words)
    terms = sorted(
        (" ".join(given), bag(given))
        for p in phrases
        if (given := [fold.get(w, w) for w in p.term.split()])
    )
    places = {wording: n for n, wording in enumerate(wordings)}
    readings = [phrase.packed() for phrase in wordings.values()]
    defaults, sides = _defaults(concepts), _sides(concepts)
    index = IndexData(
        vocabulary=vocabulary,
        folded=np.array([folded[w] for w in vocabulary], np.int32).tobytes(),
        idf=idf.tobytes(),
        df=df.astype(np.int32).tobytes(),
        posting_offsets=posting_offsets.astype(np.int32).tobytes(),
        postings=postings.tobytes(),
        word_offsets=word_offsets.tobytes(),
        entry_words=(np.array([w for ws in own for w in ws]) + np.array(absent) * len(vocabulary))
        .astype(np.int32)
        .tobytes(),
        rows=np.array([row for row, _, _ in entries], np.int32).tobytes(),
        kinds=np.array([KINDS.index(kind) for _, kind, _ in entries], np.uint8).tobytes(),
        standing=np.array(standing(concepts, entries, defaults, sides), np.uint8).tobytes(),
        systems=_systems(concepts, entries),
        texts={n: text for n, (_, kind, text) in enumerate(entries) if kind != "title"},
        plain=[" ".join(sorted(w for w in ws if w not in STOP)) for ws in own_words],
        slips=_slips(vocabulary, df, fold),
        sounds=_sounds(vocabulary),
        stems=_stems(vocabulary, df),
        skeletons=_skeletons(vocabulary, df, fold),
        defaults=defaults,
        sides=sides,
        seventh=seventh,
        meanings=sorted({" ".join(words(text)) for text in meanings}),
        wordings=list(wordings),
        readings="".join(readings),
        reading_offsets=_offsets(readings),
        terms="".join(term for term, _ in terms),
        term_offsets=_offsets([term for term, _ in terms]),
        term_of=np.array([places[wording] for _, wording in terms], np.int32).tobytes(),
        begin=_begin([term for term, _ in terms]),
        after=_after([term for term, _ in terms], ids),
        longest=_longest(wordings),
    )
    return msgspec.msgpack.encode(index)


def _entries(concepts: Concepts) -> Iterator[Entry]:
    """Yield (row, kind, wording) of everything that can be searched for.

    What stands in parentheses need not be said ("hypertension (arterial) (benign)"): a wording
    that has such words is an entry with them and one without.
    """
    for row, kind, text in _wordings(concepts):
        yield row, kind, text
        shorter = " ".join(_NOT_ESSENTIAL.sub(" ", text).replace(" ,", ",").split())
        if shorter != text and words(shorter):
            yield row, "shorter", shorter


def _wordings(concepts: Concepts) -> Iterator[Entry]:
    tables = concepts.tables
    for row, (system, kind) in enumerate(zip(tables.systems, tables.kinds, strict=True)):
        if kind in ("chapter", "section", "rule", "payer", "modifier"):
            continue
        if kind == "code" and _is_expansion(concepts, row):
            continue
        yield row, "title", tables.displays[row]
        if system != "icd10cm":
            for text in tables.designations.get(row, ()):
                yield row, "synonym", text
        for text in concepts.notes(row).get("inclusion_terms", ()):
            yield row, "inclusion", text
        for text in concepts.notes(row).get("includes", ()):
            yield row, "includes", text


def _is_expansion(concepts: Concepts, row: int) -> bool:
    """Whether a code is its parent with a seventh character."""
    parent = concepts.parent(row)
    return parent is not None and bool(concepts.seventh_characters(parent))


def _title_ids(
    concepts: Concepts, row: int, folded: dict[str, int], known: dict[int, set[int]]
) -> set[int]:
    found = {folded[w] for w in words(concepts.tables.displays[row]) if w in folded}
    known[row] = found
    return found


def _folding(vocabulary: list[str], abbreviations: set[str]) -> dict[str, str]:
    """Return plural → singular for the words that have both; CRPS is no plural of CRP."""
    have = set(vocabulary)
    return {
        w: single
        for w in vocabulary
        if w not in abbreviations and (single := next((s for s in singulars(w) if s in have), ""))
    }


def _postings(lists: list[list[int]], size: int) -> tuple[np.ndarray, np.ndarray]:
    """Turn entry → words into word → entries: offsets per word, entries in ascending order."""
    lengths = [len(ws) for ws in lists]
    flat = np.fromiter((w for ws in lists for w in ws), np.int32, sum(lengths))
    entry = np.repeat(np.arange(len(lists), dtype=np.int32), lengths)
    order = np.argsort(flat, kind="stable")
    offsets = np.zeros(size + 1, np.int32)
    np.cumsum(np.bincount(flat, minlength=size), out=offsets[1:])
    return offsets, entry[order]


def _slips(vocabulary: list[str], df: np.ndarray, fold: dict[str, str]) -> dict[int, list[int]]:
    """Return, for each rare word, the common words that are one slip away."""
    common = [
        i
        for i, w in enumerate(vocabulary)
        if df[i] >= _RARE * _COMMON and len(w) >= 4 and w not in fold
    ]
    by_length: dict[int, list[int]] = {}
    for i in common:
        by_length.setdefault(len(vocabulary[i]), []).append(i)
    found: dict[int, list[int]] = {}
    for i, word in enumerate(vocabulary):
        if df[i] >= _RARE or len(word) < 4 or word.isdigit() or word in fold:
            continue
        near = [
            j
            for length in range(len(word) - 1, len(word) + 2)
            for j in by_length.get(length, ())
            if OSA.distance(word, vocabulary[j], score_cutoff=1) == 1
            and not _is_inflection(word, vocabulary[j])
        ]
        if near:
            found[i] = sorted(near, key=lambda j: -df[j])[:3]
    return found


def _is_inflection(a: str, b: str) -> bool:
    """Whether two words differ at their end only, as forms of one word do (colitis is no slip)."""
    shorter, longer = sorted((a, b), key=len)
    return longer.startswith(shorter) or (len(a) == len(b) and a[:-1] == b[:-1])


def _sounds(vocabulary: list[str]) -> dict[str, list[int]]:
    """Return sound key → words, for words of five letters or more."""
    found: dict[str, list[int]] = {}
    for i, word in enumerate(vocabulary):
        if len(word) >= 5 and word.isalpha():
            found.setdefault(sound(word), []).append(i)
    return {key: ids for key, ids in found.items() if len(key) >= 3 and len(ids) <= 12}


def _stems(vocabulary: list[str], df: np.ndarray) -> dict[str, list[int]]:
    """Return stem → words of entries, commonest first, for stems that several words share."""
    found: dict[str, list[int]] = {}
    for i, word in enumerate(vocabulary):
        if len(word) > SHORTEST_STEM and word.isalpha() and df[i]:
            found.setdefault(stem(word), []).append(i)
    return {key: sorted(ids, key=lambda i: -df[i])[:6] for key, ids in found.items()}


def _offsets(texts: list[str]) -> bytes:
    """Return where each of the texts begins in all of them joined, and where the last ends."""
    return np.cumsum([0, *map(len, texts)]).astype(np.int32).tobytes()


def _systems(concepts: Concepts, entries: list[Entry]) -> dict[str, tuple[int, int]]:
    """Return where the entries of each code system stand; they stand together."""
    found: dict[str, tuple[int, int]] = {}
    for n, (row, _, _) in enumerate(entries):
        name = concepts.tables.systems[row]
        found[name] = (found[name][0] if name in found else n, n + 1)
    return found


def _skeletons(vocabulary: list[str], df: np.ndarray, fold: dict[str, str]) -> dict[str, list[int]]:
    """Return consonants → common words, commonest first."""
    found: dict[str, list[int]] = {}
    for i, word in enumerate(vocabulary):
        if len(word) > SHORTEST_STEM and df[i] >= _RARE and word.isalpha() and word not in fold:
            found.setdefault(skeleton(word), []).append(i)
    return {
        key: sorted(ids, key=lambda i: -df[i])[:3] for key, ids in found.items() if len(key) >= 4
    }


def _wordings_of(
    phrases: list[Phrase], fold: dict[str, str], plain_words: set[str]
) -> dict[str, Phrase]:
    """Return the lexicon by bag of words; readings of the same bag are joined."""
    found: dict[str, Phrase] = {}
    for p in phrases:
        wording = bag([fold.get(w, w) for w in p.term.split()])
        p = structs.replace(p, plain=p.term in plain_words)
        found[wording] = found[wording].joined(p) if wording in found else p
    return found


def _begin(terms: list[str]) -> dict[str, tuple[int, int]]:
    """Return where, among the sorted terms, those of the same two first letters stand."""
    found: dict[str, tuple[int, int]] = {}
    for n, term in enumerate(terms):
        first, _ = found.get(term[:2], (n, n))
        found[term[:2]] = first, n + 1
    return found


def _after(terms: list[str], ids: dict[str, int]) -> bytes:
    """Return, for each word, where among the sorted terms those of it and more words stand."""
    found = np.zeros((len(ids), 2), np.int32)
    for n, term in enumerate(terms):
        first, _, more = term.partition(" ")
        if more and (word := ids.get(first)) is not None:
            found[word] = found[word, 0] if found[word, 1] else n, n + 1
    return found.tobytes()


def _longest(wordings: Iterable[str]) -> dict[str, int]:
    """Return word → how many words the longest wording of several words has that it is part of."""
    found: dict[str, int] = {}
    for wording in wordings:
        given = wording.split()
        if len(given) > 1:
            for word in given:
                found[word] = max(found.get(word, 0), len(given))
    return found


def _defaults(concepts: Concepts) -> dict[int, int]:
    """Return header → the code below it that says no more than the header does.

    That is where the Alphabetic Index leads by default: "unspecified", or without each thing that
    could be added. None where the side or the seventh character is still to be asked, for these
    the record must say.
    """
    tables = concepts.tables
    found: dict[int, int] = {}
    for row in range(len(concepts) - 1, -1, -1):
        if tables.systems[row] != "icd10cm" or tables.kinds[row] in ("chapter", "section"):
            continue
        children = [r for r in concepts.children(row) if tables.kinds[r] != "code"]
        titles = [plain(tables.displays[r]) for r in children]
        if not children or any(_SIDE.search(t) for t in titles):
            continue
        says = _roots(tables.displays[row]) | STOP
        for adds_nothing in (_UNSPECIFIED, _NEGATED):
            plainest = next(
                (
                    r
                    for r, t in zip(children, titles, strict=True)
                    if adds_nothing.search(t) and _roots(adds_nothing.sub(" ", t)) <= says
                ),
                None,
            )
            if plainest is not None:
                end = found.get(plainest, plainest)
                if tables.billable[end]:
                    found[row] = end
                break
    return found


def _roots(title: str) -> set[str]:
    return {w.removesuffix("s") for w in words(title)}


def _sides(concepts: Concepts) -> dict[int, dict[str, int]]:
    """Return header → side → the child that is the header on that side."""
    tables = concepts.tables
    found: dict[int, dict[str, int]] = {}
    for row, (system, billable) in enumerate(zip(tables.systems, tables.billable, strict=True)):
        if system != "icd10cm" or billable or tables.kinds[row] in ("chapter", "section"):
            continue
        sides: dict[str, int] = {}
        for child in concepts.children(row):
            named = set(_SIDE.findall(plain(tables.displays[child])))
            if len(named) == 1 and tables.kinds[child] != "code":
                sides.setdefault(named.pop(), child)
        several = [c for c in concepts.children(row) if tables.kinds[c] != "code"]
        if {"right", "left"} <= set(sides) and len(several) <= 4:
            found[row] = sides
    return found


_SIDE = re.compile(r"\b(?:right|left|bilateral)\b")
# Not "unspecified site" or "unspecified joint": the site is to be asked.
_UNSPECIFIED = re.compile(r"\bunspecified\b(?! \w)|^unspecified\b")
_NEGATED = re.compile(r"\b(?:without|not)\b(?!.*\bwith\b).*$")
