"""Every number that ranking depends on, with what it is for. Tuned by benchmarks/tune.py."""

from __future__ import annotations

from msgspec import Struct


class Params(Struct, frozen=True):
    """Ranking parameters. Weights are relative; shares run from 0 to 1."""

    # Retrieval: which entries are looked at closely.
    ancestor: float = 0.5  # a word that stands only in a title above the entry
    keep: float = 0.38  # share of the best retrieval score an entry must reach
    most: int = 80  # entries looked at closely
    nonsense: float = 0.34  # share of the query's weight that the best entry must match

    # What a word of the query is worth by how it got into the query.
    prefix: float = 0.8  # the last word, unfinished, completed to this one
    prefix_of_word: float = 0.75  # the same where the word is whole already, in shares of `prefix`
    abbreviation_as_word: float = 0.6  # an abbreviation taken for the beginning of a word
    corrected: float = 1.0  # a slip, one edit away; each further edit costs as much again
    slip: float = 0.62  # a rare word that may be a slip of a common one
    relative: float = 0.55  # another word of the same root
    split: float = 1.0  # two words written as one
    word_form: float = 0.88  # a lexicon reading of a word that the code set has too
    reading: float = 0.75  # a lexicon reading of a wording; each further reading costs more
    broader: float = 0.6  # what a wording is filed under
    further_reading: float = 0.07
    unknown: float = 0.45  # weight of a word that nothing explains, in shares of a rare word

    # Ranking of what was retrieved.
    query_cover: float = 1.0  # how much of the query the entry has
    entry_cover: float = 0.55  # how much of the entry the query has
    likeness: float = 0.29  # rapidfuzz ratio of the two texts
    same_words: float = 0.12  # exactly the same words
    title: float = 0.02  # an official title rather than another wording
    inclusion: float = 0.03
    residual: float = -0.04  # "other …" that the query did not ask for
    special: float = -0.16  # a special case ("pathological", "newborn") that was not asked for
    encounter: float = 0.28  # weight of words that speak of the encounter, not of the condition
    external: float = -0.08  # external causes (V to Y) that the query did not ask for
    obstetric: float = -0.115  # pregnancy and newborn chapters, likewise
    poisoning: float = -0.05  # poisoning, adverse effect, underdosing
    wider: float = -0.02  # per character of the code, while the last word is being typed
    behind_default: float = 5.0  # points by which a header stands behind its default code
    depth: float = -0.007  # per character of the code: the general before the particular


DEFAULT = Params()
