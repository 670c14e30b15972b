"""Every number that search depends on, with what it is for.

`Weights` are fitted by `python -m benchmarks.tune`; the rest was chosen by measuring.
"""

from __future__ import annotations

from msgspec import Struct

MOST_RESULTS = 100  # of one search: what can be shown, and what is counted


class Params(Struct, frozen=True):
    """How a query is read and which entries are looked at. Shares run from 0 to 1."""

    # Retrieval: which entries are looked at closely.
    ancestor: float = 0.6  # a word that stands only in a title above the entry
    keep: float = 0.38  # share of the best retrieval score an entry must reach
    most: int = 32  # entries looked at closely
    most_begun: int = 40  # the same where siblings are gathered, so that enough is left of them
    fullness: float = 0.3  # which ones: how much of an entry the query has counts so much
    unasked: float = 0.5  # and what its words weigh by what they speak of, as if not asked for
    nonsense: float = 0.22  # share of the query's weight that the best entry must match

    # What a word of the query is worth by how it got into the query.
    prefix: float = 0.8  # the last word, unfinished, completed to this one
    prefix_of_word: float = 0.75  # the same where the word is whole already, in shares of `prefix`
    clipped: float = 0.8  # a word in the middle, clipped: "neurop", "shldr"
    abbreviation_as_word: float = 0.6  # an abbreviation taken for the beginning of a word
    corrected: float = 1.0  # a slip, one edit away; each further edit costs as much again
    slip: float = 0.62  # a rare word that may be a slip of a common one
    relative: float = 0.55  # another word of the same root
    split: float = 1.0  # two words written as one
    word_form: float = 0.88  # a lexicon reading of a word that the code set has too
    reading: float = 0.75  # a lexicon reading of a wording; each further reading costs more
    broader: float = 0.6  # what a wording is filed under
    well_known: int = 200  # entries that have a word, from which on it has one synonym
    further_reading: float = 0.07
    unknown: float = 0.45  # weight of a word that nothing explains, in shares of a rare word
    encounter: float = 0.28  # weight of words that speak of the encounter, not of the condition
    hint: float = 0.4  # weight of "in" or "he" at the end, which may be the beginning of a word
    denied: float = 0.3  # weight of what the query says is not there

    # Choosing what to show.
    behind_default: float = 5.0  # points by which a header stands behind its default code
    alike: float = 4.0  # points within which siblings are shown as what is above them
    likelier: float = 1.5  # times as much must speak for a category to come before the best hit


class Weights(Struct, frozen=True):
    """What each feature of an entry, beside a query, adds to its score.

    The first group is known of an entry before any query (`standing.STANDING`), the second when
    they meet (`rank.Ranker.score`), the third counts the entry's words that the query did not
    say, by what they speak of (`rank.GROUPS`).
    """

    title: float  # an official title
    inclusion: float  # an inclusion term
    shorter: float  # a wording without what stands in parentheses
    depth: float  # per character of the code: the general before the particular
    header: float  # cannot be billed
    header_alone: float  # cannot be billed, and has no default code
    sided: float  # its codes differ by side alone
    external: float  # external causes (V to Y)
    obstetric: float  # pregnancy and newborn chapters
    effects: float  # T codes: poisoning, complications
    encounters: float  # Z codes
    infections: float
    congenital: float

    cover: float  # how much of the query the entry has
    cover_squared: float
    entry_cover: float  # how much of the entry the query has, by rarity
    entry_cover_squared: float
    both: float  # cover times entry_cover
    weakest: float  # the part of the query that it has least of
    likeness: float  # rapidfuzz ratio of the texts
    likeness_as_given: float  # the same, to the query as it stands
    whole: float  # nothing unasked: what is lacking is only in the query
    contrary: float  # says what the query denies, or denies what it says
    unmatched_unspecified: float  # "unspecified" while part of the query is not matched
    unmatched_other: float  # "other specified" likewise

    unspecified: float
    other: float
    side: float
    external_cause: float
    family_history: float
    diabetes: float
    infectious: float
    newborn: float
    pregnancy: float
    substance: float
    injury: float
    tumor: float
    special: float
    negation: float

    @classmethod
    def only(cls, name: str) -> Weights:
        """Return weights that are all nothing but one, which is 1."""
        return cls(**{n: float(n == name) for n in cls.__struct_fields__})


DEFAULT = Params()

# Whose words are whole.
WHOLE = Weights(
    title=0.139,
    inclusion=0.086,
    shorter=0.049,
    depth=-0.054,
    header=-0.177,
    header_alone=0.084,
    sided=-0.090,
    external=-0.113,
    obstetric=-0.063,
    effects=-0.030,
    encounters=-0.136,
    infections=0.008,
    congenital=0.020,
    cover=1.455,
    cover_squared=-0.798,
    entry_cover=0.284,
    entry_cover_squared=-0.103,
    both=0.518,
    weakest=0.260,
    likeness=0.189,
    likeness_as_given=0.149,
    whole=0.197,
    contrary=-0.015,
    unmatched_unspecified=-0.274,
    unmatched_other=0.130,
    unspecified=0.059,
    other=-0.084,
    side=-0.103,
    external_cause=-0.096,
    family_history=-0.064,
    diabetes=-0.175,
    infectious=-0.100,
    newborn=-0.064,
    pregnancy=-0.048,
    substance=-0.058,
    injury=-0.050,
    tumor=-0.002,
    special=-0.134,
    negation=0.089,
)

# Whose last word is still being typed.
TYPING = Weights(
    title=0.176,
    inclusion=0.120,
    shorter=0.096,
    depth=-0.083,
    header=0.044,
    header_alone=0.017,
    sided=-0.125,
    external=-0.484,
    obstetric=-0.129,
    effects=-0.097,
    encounters=-0.009,
    infections=-0.007,
    congenital=-0.023,
    cover=1.477,
    cover_squared=-0.675,
    entry_cover=0.211,
    entry_cover_squared=-0.189,
    both=0.297,
    weakest=0.202,
    likeness=0.089,
    likeness_as_given=0.184,
    whole=0.201,
    contrary=-0.116,
    unmatched_unspecified=0.098,
    unmatched_other=0.020,
    unspecified=-0.072,
    other=-0.041,
    side=-0.207,
    external_cause=-0.039,
    family_history=-0.046,
    diabetes=-0.027,
    infectious=-0.021,
    newborn=0.056,
    pregnancy=-0.003,
    substance=-0.184,
    injury=-0.055,
    tumor=0.023,
    special=-0.003,
    negation=0.060,
)
