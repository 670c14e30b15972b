"""Words of a text as they are indexed and compared."""

from __future__ import annotations

import re
import unicodedata

# Words that carry no meaning of their own in titles or queries.
STOP = frozenset(
    "an and as at by for from in into is it its of on or that the their this to was were with"
    " due be been has have her his".split()
)

_POSSESSIVE = re.compile(r"['’`]s\b")
_OPTIONAL_PLURAL = re.compile(r"\((?:e?s|e|ies)\)")
_DOTTED_LETTERS = re.compile(r"\b(?:[a-z]\.){2,}")
_WITHOUT = re.compile(r"\bw/o\b")
_WITH = re.compile(r"\bw/")
_WORD = re.compile(r"[a-z0-9]+")


def plain(text: str) -> str:
    """Return lower-case text without accents, possessives, optional plurals and dots of U.S.A."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text)
        text = "".join(c for c in text if not unicodedata.combining(c))
    text = text.lower()
    if "w/" in text:
        text = _WITHOUT.sub(" without ", text)
        text = _WITH.sub(" with ", text)
    if "'" in text or "’" in text or "`" in text:
        text = _POSSESSIVE.sub("", text).replace("'", "").replace("’", "")
    if "(" in text:
        text = _OPTIONAL_PLURAL.sub("", text)
    if "." in text:
        text = _DOTTED_LETTERS.sub(lambda m: m[0].replace(".", ""), text)
    return text


def words(text: str) -> list[str]:
    """Return the words of a text in order: letters and digits only."""
    found = _WORD.findall(plain(text))
    if "nos" in found or "nec" in found:
        return [_LABELS.get(w, w) for w in found]
    return found


# "Not otherwise specified" and "not elsewhere classified" are what titles call otherwise.
_LABELS = {"nos": "unspecified", "nec": "specified"}


def bag(given: list[str]) -> str:
    """Return the words of a wording in alphabetical order, without the small ones."""
    return " ".join(sorted([w for w in given if w not in STOP] or given))


NEGATIONS = frozenset({"no", "not", "without"})
# What ends a denial besides punctuation: "without coma with ketoacidosis".
_DENIAL_ENDS = frozenset("with but on due after from , ; ( ) [ ]".split())
_NO_DENIAL = frozenset({"elsewhere", "otherwise"})  # "not elsewhere classified"
_DENIED_AT_MOST = 5  # words
_PIECE = re.compile(r"[a-z0-9]+|[,;()\[\]]")


def denied(text: str) -> list[bool]:
    """Return, for each of a text's `words`, whether the text says that it is not there.

    >>> denied("without coma, obese")
    [False, True, False]
    """
    found = []
    left, before = 0, ""
    for piece in _PIECE.findall(plain(text)):
        if piece in NEGATIONS:
            left = 0 if before == "or" else _DENIED_AT_MOST  # "with or without"
        elif piece in _DENIAL_ENDS or (before in NEGATIONS and piece in _NO_DENIAL):
            left = 0
        if piece.isalnum():
            inside = left > 0 and piece not in NEGATIONS
            found.append(inside)
            left -= inside and piece not in STOP
        before = piece
    return found


def is_article(given: list[str], at: int) -> bool:
    """Whether a query's word is "a" as an article, and not a kind of hepatitis."""
    return given[at] == "a" and len(given) > 1 and (at == 0 or given[at - 1] in STOP)


_INNER_VOWEL = re.compile(r"(?<!^)[aeiouy]")


def skeleton(word: str) -> str:
    """Return a word without its inner vowels, as notes shorten it: shldr, lmbr."""
    return _INNER_VOWEL.sub("", word)


def singulars(word: str) -> list[str]:
    """Return what the singular of a word could be, likeliest first."""
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return []
    found = []
    if word.endswith("ies"):
        found.append(word[:-3] + "y")
    if word.endswith(("sses", "xes", "ches", "shes", "zes")):
        found.append(word[:-2])
    if word.endswith(("oses", "ases", "eses")):
        found.append(word[:-2] + "is")
    found.append(word[:-1])
    return found


# Letters → how they sound: at the beginning of a word; anywhere; before e, i or y.
_AT_FIRST = {"kn": "n", "gn": "n", "pn": "n", "ps": "s", "wr": "r", "eu": "u"}
_ANYWHERE = {
    "rrh": "r", "rh": "r", "ph": "f", "ght": "t", "ae": "e", "oe": "e", "sch": "sk",
    "ch": "k", "sh": "x", "tio": "x", "sio": "x", "cio": "x", "cia": "x", "tia": "x",
    "ck": "k", "dg": "j", "x": "ks", "q": "k", "c": "k", "z": "s", "w": "", "h": "",
}  # fmt: skip
_SOFT = {"sc": "s", "c": "s", "g": "j"}
_LETTERS = re.compile(
    rf"^(?:{'|'.join(_AT_FIRST)})|(?!cia|cio)({'|'.join(_SOFT)})(?=[eiy]|[ao]e)"
    rf"|{'|'.join(_ANYWHERE)}"
)
_NOT_FIRST_VOWEL = re.compile(r"(?<!^)[aeiouy]+")
_DOUBLED = re.compile(r"(.)\1+")


def sound(word: str) -> str:
    """Return a key that words of like sound share: newmonia and pneumonia are both n-m-n."""
    word = _LETTERS.sub(_sound_of, word)
    word = _NOT_FIRST_VOWEL.sub("", _DOUBLED.sub(r"\1", word))
    word = _DOUBLED.sub(r"\1", word)
    return "a" + word[1:] if word[:1] in tuple("aeiouy") else word


def _sound_of(letters: re.Match[str]) -> str:
    if letters[1]:
        return _SOFT[letters[1]]
    return _ANYWHERE.get(letters[0]) or _AT_FIRST.get(letters[0], "")


_ENDING = re.compile(
    r"(?:ically|ations?|ational|ication|ition|ional|iosis|ical|ial|eal|inal|onal|itis|osis|asis|oses"
    r"|atic|etic|otic|itic|ary|ory|ant|ent|ence|ance|ency|ancy|ous|ose|oid|iac|ive|ism|ist|ity|ion"
    r"|ium|ing|ed|er|or|es|al|ar|ic|ia|is|us|um|ae|ly|a|e|y|s|o)$"
)
SHORTEST_STEM = 5


def stem(word: str) -> str:
    """Return what words of one root share: vasospasm and vasospastic, subglottis and subglottic.

    Too coarse to index by; good for offering relatives of a rare word at a lower worth.
    """
    for _ in range(2):
        shorter = _ENDING.sub("", word)
        if len(shorter) < SHORTEST_STEM or shorter == word:
            break
        word = shorter
    return word[:-1] if len(word) > SHORTEST_STEM and word[-1] in "st" else word
