"""The words of the field as frozen types: what the graph holds and what the service answers.

Plain values without behaviour beyond reading themselves. Everything that a data file or a request
is turned into is declared here or, for encounters, in encounter/model.py. Dates are
`datetime.date`, intervals inclusive on both ends, `None` = open.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from msgspec import Struct, field

# The code systems in the order in which a bare code is tried against them.
CODE_SYSTEMS: dict[str, str] = {
    "icd10cm": "ICD-10-CM diagnoses",
    "cpt": "CPT procedures (numbers with codegraph's own labels)",
    "hcpcs": "HCPCS Level II drugs and supplies",
}
# Other kinds of node, addressed by CURIE like a code but never sent on a claim.
NODE_SYSTEMS: dict[str, str] = {
    "drug": "drug substances",
    "modifier": "claim modifiers",
    "rule": "coding and coverage rules",
    "payer": "payers",
}

Trace = Literal["P", "S", "U", "seed"]
TRACE_MEANING: dict[str, str] = {
    "P": "primary text read",
    "S": "secondary page read",
    "U": "general knowledge, not traced",
    "seed": "the founding article of 2018/2023, kept as advice",
}

NoteKind = Literal[
    "includes",
    "inclusion_terms",
    "excludes1",
    "excludes2",
    "code_first",
    "use_additional_code",
    "code_also",
    "notes",
]
NOTE_KINDS: tuple[NoteKind, ...] = (
    "includes",
    "inclusion_terms",
    "excludes1",
    "excludes2",
    "code_first",
    "use_additional_code",
    "code_also",
    "notes",
)


class Source(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where a fact comes from and how far it was traced."""

    title: str
    trace: Trace
    section: str | None = None
    date: str | None = None
    url: str | None = None


class Edition(Struct, frozen=True, omit_defaults=True):
    """One dated release of a code system.

    `valid_from` and `valid_to` are the dates of service that it serves, inclusive.
    """

    system: str
    id: str
    name: str
    valid_from: date
    valid_to: date | None
    file: str = ""


class Interval(Struct, frozen=True):
    """A span in which a code had one status. `from_`/`to` None: open as far as we know."""

    from_: date | None
    to: date | None
    billable: bool

    def covers(self, on: date) -> bool:
        """Whether the span holds on that day."""
        return (self.from_ is None or self.from_ <= on) and (self.to is None or on <= self.to)


class Issue(Struct, frozen=True):
    """What the reader of an answer must know about it, e.g. that no edition covers the date."""

    code: str
    severity: Literal["info", "warning"]
    message: str


class Concept(Struct, frozen=True):
    """One concept as it stands on a date.

    `billable` is for that date; `kind` is chapter, section, category, subcategory or code for
    ICD-10-CM, else the node's system.
    """

    system: str
    code: str
    display: str
    kind: str
    billable: bool

    @property
    def curie(self) -> str:
        """The concept's key in the graph, e.g. `icd10cm:M79.631`."""
        return f"{self.system}:{self.code}"


class Relationship(Struct, frozen=True, omit_defaults=True):
    """A typed edge between two CURIEs, with the words or the source it rests on."""

    origin: str
    type: str
    target: str
    text: str = ""
    source: str = ""
    from_: date | None = None
    to: date | None = None

    def holds(self, on: date) -> bool:
        """Whether the edge holds on that day."""
        return (self.from_ is None or self.from_ <= on) and (self.to is None or on <= self.to)


class SeventhCharacter(Struct, frozen=True):
    """One value of the seventh character and what it means."""

    value: str
    meaning: str


# ── curated records ──────────────────────────────────────────────────────────────────────────
# One struct per kind of YAML file under data/. `source` names an entry of the file's `sources`.


class Curated(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Base of a curated record: it always names its source."""

    source: str | list[str]


class LexiconEntry(Curated, frozen=True, kw_only=True):
    """A wording of notes and the wordings of the code set it stands for, likeliest first."""

    term: str
    means: list[str]
    note: str | None = None


class CptCode(Curated, frozen=True, kw_only=True):
    """A CPT number under our own label."""

    code: str
    label: str
    category: str
    from_: date | None = field(name="from", default=None)
    to: date | None = None
    add_on: bool = False
    global_days: int | None = None
    note: str | None = None
    replaced_by: list[str] = []


class DrugUnit(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What one billing unit of a drug code holds, e.g. 10 mg."""

    amount: float
    of: Literal["mg", "ml", "units", "mg_combination"]
    note: str | None = None


class DrugCode(Curated, frozen=True, kw_only=True):
    """A HCPCS Level II drug code."""

    code: str
    label: str
    substance: str
    unit: DrugUnit | None = None
    per: str | None = None
    combination: str | None = None
    requires_name_and_dose: bool = False
    from_: date | None = field(name="from", default=None)
    to: date | None = None
    to_inferred: bool = False
    predecessors: list[str] = []
    successors: list[str] = []
    payable_note: str | None = None
    note: str | None = None


class Concentration(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A strength a drug is sold in; `mg_per_ml` turns a volume into a dose."""

    text: str
    mg_per_ml: float | None = None
    brand: str | None = None


class DrugCodeChoice(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A code that describes a drug, and when it is the one to use (None: by default)."""

    code: str
    when: str | None = None


class Drug(Curated, frozen=True, kw_only=True):
    """A substance under its generic and brand names."""

    id: str
    name: str
    drug_class: str = field(name="class")
    brands: list[str] = []
    other_names: list[str] = []
    concentrations: list[Concentration] = []
    codes: list[DrugCodeChoice] = []
    containers: list[str] = []
    note: str | None = None


class Modifier(Curated, frozen=True, kw_only=True):
    """A claim modifier under our own label."""

    code: str
    label: str
    use: str
    kind: str
    from_: date | None = field(name="from", default=None)


class CodePair(Curated, frozen=True, kw_only=True):
    """A procedure-to-procedure edit: column 2 is bundled into column 1.

    `indicator`: 0 never together, 1 an appropriate modifier may separate them, 9 no longer an edit.
    """

    column1: str
    column2: str
    indicator: Literal[0, 1, 9]
    edition: str
    rationale: str | None = None


class NoEdit(Curated, frozen=True, kw_only=True):
    """Two codes of which we know that no edit bundles them."""

    codes: list[str]
    edition: str


class UnitLimit(Curated, frozen=True, kw_only=True):
    """A medically unlikely edit: most units of a code for one patient on one day."""

    code: str
    units: int
    indicator: Literal[1, 2, 3]
    edition: str
    rationale: str | None = None


class Muscle(Curated, frozen=True, kw_only=True):
    """A muscle that may hold a trigger point."""

    id: str
    name: str
    aliases: list[str] = []
    part_of: str | None = None
    region: str
    paired: bool = True
    myalgia: str
    myalgia_note: str | None = None
    limb_pain_site: str | None = None


class CuratedEdge(Curated, frozen=True, kw_only=True):
    """Relationships of one type from every origin to every target (CURIEs)."""

    type: str
    origins: list[str]
    targets: list[str]
    text: str = ""
    from_: date | None = field(name="from", default=None)
    to: date | None = None
