"""The request resolved: which codes exist on the date, which muscles and drugs the names mean.

Nothing is judged here. Everything is put into an order of its own, so that the order in which a
request lists diagnoses, procedures, muscles or drugs cannot change the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Literal

from codegraph import codes
from codegraph.concepts import Concepts
from codegraph.encounter.model import Documentation, Encounter, GivenDrug, History, Technique
from codegraph.encounter.names import find_drug, find_muscle, root_of
from codegraph.encounter.reference import Reference
from codegraph.errors import CodegraphError
from codegraph.model import Drug, DrugCode, Muscle, Relationship
from codegraph.rulebook import PayerParameters

if TYPE_CHECKING:
    from codegraph.encounter.units import DrugBill

DiagnosisStatus = Literal["billable", "header", "ended", "future", "unknown", "malformed"]
TRIGGER_POINT, DRY_NEEDLING = "trigger_point", "dry_needling"
NEEDLING = frozenset({TRIGGER_POINT, DRY_NEEDLING})


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A diagnosis code on the date; `row` None where no edition has it."""

    code: str
    status: DiagnosisStatus
    row: int | None = None
    display: str = ""

    @property
    def curie(self) -> str:
        """Its key in the graph."""
        return f"icd10cm:{self.code}"


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the claim, submitted or proposed from the facts.

    `number` tells equal lines apart. `code` is empty where the text has no form of a code.
    """

    number: int
    code: str
    units: int
    modifiers: tuple[str, ...]
    category: str
    submitted: bool

    @property
    def system(self) -> str:
        """The code system of the code."""
        return "hcpcs" if self.code[:1].isalpha() else "cpt"

    @property
    def curie(self) -> str:
        """The code's key in the graph."""
        return f"{self.system}:{self.code}"


@dataclass(frozen=True, slots=True)
class MuscleUse:
    """A muscle that was needled, and the sides of it (none: not stated)."""

    muscle: Muscle
    root: Muscle
    sides: frozenset[str]


@dataclass(frozen=True, slots=True)
class UnknownName:
    """A name that leads nowhere, and the known ones nearest to it."""

    nearest: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DrugUse:
    """A drug that was given. `code` is the code the request names, in official form."""

    given: GivenDrug
    drug: Drug | None
    code: str | None
    strength: float | None
    unknown: UnknownName | None = None


@dataclass(frozen=True, slots=True)
class MuscleCount:
    """How many muscles, with sides counted and without, and what makes the number uncertain.

    `groups` are group words (rhomboids) whose muscle the note does not state; `absorbed` those of
    them that may mean a muscle already named.
    """

    by_side: int
    by_name: int
    names: tuple[str, ...]
    groups: tuple[str, ...]
    absorbed: tuple[str, ...]
    sides_open: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DayOfDrug:
    """All entries of one drug on the day, the codes that describe it then, and the bill."""

    uses: tuple[DrugUse, ...]
    choice: tuple[DrugCode, ...]
    bill: DrugBill

    @property
    def name(self) -> str:
        """The drug's name, or the code the request gave."""
        drug = self.uses[0].drug
        return drug.name if drug else self.uses[0].code or "a drug"


@dataclass
class Case:
    """Everything the rules look at.

    `called_for`: the codes that the muscles named call for, whether or not they were submitted.
    `notes_between`: the notes that speak of two diagnoses, looked up once for all kinds.
    """

    on: date
    payer: str
    parameters: PayerParameters
    concepts: Concepts
    reference: Reference
    request: Encounter
    diagnoses: list[Diagnosis]
    submitted: list[Item]
    muscles: list[MuscleUse]
    unknown_muscles: list[UnknownName]
    disagreeing_sides: int
    drugs: list[DrugUse]
    proposed: list[Item] = field(default_factory=list)
    called_for: set[str] = field(default_factory=set)
    notes_between: dict[tuple[int, int], list[Relationship]] = field(default_factory=dict)
    jz_required: bool = False
    bills: dict[str, DayOfDrug] = field(default_factory=dict)

    @property
    def documentation(self) -> Documentation:
        """What the note says; all silent where nothing was given."""
        return self.request.documentation or _SILENT

    @property
    def history(self) -> History:
        """Earlier sessions; silent where nothing was given."""
        return self.request.history or _NO_HISTORY

    @property
    def technique(self) -> Technique | None:
        """How trigger points were treated; an injection where the request does not say."""
        injections = self.request.injections
        return None if injections is None else injections.technique or "injection"

    @property
    def items(self) -> list[Item]:
        """The whole claim: what was submitted and what the facts add."""
        return [*self.submitted, *self.proposed]

    def of(self, *categories: str) -> list[Item]:
        """Return the lines of some categories."""
        return [i for i in self.items if i.category in categories]

    @property
    def needling(self) -> list[Item]:
        """The trigger point and dry needling lines."""
        return [i for i in self.items if i.category in NEEDLING]

    @property
    def treats_trigger_points(self) -> bool:
        """Whether the facts or the codes speak of trigger point injection or dry needling."""
        return self.technique is not None or bool(self.needling)

    @property
    def injects_trigger_points(self) -> bool:
        """Whether the facts or the codes speak of trigger point injection."""
        return self.technique == "injection" or bool(self.of(TRIGGER_POINT))

    def billable_diagnoses(self) -> list[Diagnosis]:
        """Return the diagnoses that may stand on a line."""
        return [d for d in self.diagnoses if d.status == "billable"]

    def propose(self, code: str, units: int, modifiers: Iterable[str] = ()) -> Item:
        """Add a line that the facts call for and that was not submitted."""
        item = self.item(code, units, modifiers, submitted=False)
        self.proposed.append(item)
        return item

    def item(self, code: str, units: int, modifiers: Iterable[str], *, submitted: bool) -> Item:
        """Return a line with a number of its own."""
        number = len(self.submitted) + len(self.proposed)
        category = self.reference.category(code)
        return Item(number, code, units, tuple(sorted(modifiers)), category, submitted)

    def valid_on_date(self, code: str) -> bool:
        """Whether a CPT or HCPCS code of ours may be reported on the date."""
        known = self.reference.cpt.get(code) or self.reference.hcpcs.get(code)
        return known is not None and covers(known.from_, known.to, self.on)


_SILENT = Documentation()
_NO_HISTORY = History()


def covers(begin: date | None, end: date | None, on: date) -> bool:
    """Whether a span holds on a day; None: open."""
    return (begin is None or begin <= on) and (end is None or on <= end)


def resolve(
    request: Encounter,
    payer: str,
    parameters: PayerParameters,
    concepts: Concepts,
    reference: Reference,
) -> Case:
    """Return the request with every code, muscle and drug resolved."""
    muscles, unknown, disagreeing = _muscles(request, reference)
    case = Case(
        on=request.date_of_service,
        payer=payer,
        parameters=parameters,
        concepts=concepts,
        reference=reference,
        request=request,
        diagnoses=_diagnoses(request, concepts),
        submitted=[],
        muscles=muscles,
        unknown_muscles=unknown,
        disagreeing_sides=disagreeing,
        drugs=_drugs(request, reference),
    )
    lines = sorted(
        (
            procedure_code(str(p.code)),
            tuple(sorted({codes.squeeze(str(m)) for m in p.modifiers or () if m != ""})),
            p.units or 1,
        )
        for p in request.procedures or ()
    )
    for code, modifiers, units in lines:
        case.submitted.append(case.item(code, units, modifiers, submitted=True))
    return case


def procedure_code(text: str) -> str:
    """Return a CPT or HCPCS code in official form, empty where it has the form of neither."""
    for system in ("cpt", "hcpcs"):
        try:
            return codes.normalise(system, text.zfill(5) if text.isdigit() else text)
        except CodegraphError:
            continue
    return ""


def _diagnoses(request: Encounter, concepts: Concepts) -> list[Diagnosis]:
    found: dict[str, Diagnosis] = {}
    for given in request.diagnoses or ():
        try:
            code = codes.normalise("icd10cm", str(given))
        except CodegraphError:
            code = ""
        if not code or code.startswith("chapter-") or "-" in code:
            found[""] = Diagnosis("", "malformed")
        elif f"icd10cm:{code}" not in concepts:
            found[code] = Diagnosis(code, "unknown")
        else:
            row = concepts.index(f"icd10cm:{code}")
            status = concepts.status(row, request.date_of_service)
            found[code] = Diagnosis(code, status, row, concepts.tables.displays[row])
    return [found[code] for code in sorted(found)]


# ── muscles ──────────────────────────────────────────────────────────────────────────────────


def _muscles(
    request: Encounter, reference: Reference
) -> tuple[list[MuscleUse], list[UnknownName], int]:
    known: dict[tuple[str, frozenset[str]], MuscleUse] = {}
    unknown: list[UnknownName] = []
    disagreeing = 0
    given = (request.injections.muscles if request.injections else None) or []
    for entry in given:
        muscle, named_sides = find_muscle(reference.muscle_names, entry.name)
        if muscle is None:
            unknown.append(UnknownName(reference.muscle_names.nearest(entry.name)))
            continue
        stated = {entry.side} if entry.side in ("left", "right") else set()
        if stated and named_sides and not stated & set(named_sides):
            disagreeing += 1
        sides = frozenset(stated or named_sides)
        root = root_of(muscle, reference.muscles)
        known[muscle.id, sides] = MuscleUse(muscle, root, sides)
    unknown.sort(key=lambda u: u.nearest)
    ordered = sorted(known.values(), key=lambda m: (m.muscle.id, sorted(m.sides)))
    return ordered, unknown, disagreeing


def is_group_word(muscle: Muscle) -> bool:
    """Whether the name is a group word such as rhomboids, which leaves the muscle open."""
    return muscle.name.endswith("(muscle not stated)")


def count_muscles(uses: Iterable[MuscleUse], members: Mapping[str, list[str]]) -> MuscleCount:
    """Count the muscles that were needled, each once however often it is named.

    Parameters
    ----------
    members
        Group words and the muscles that they may mean: a group word beside one of its muscles does
        not count again.
    """
    uses = list(uses)
    roots: dict[str, Muscle] = {u.root.id: u.root for u in uses}
    named = {u.muscle.id for u in uses} | set(roots)
    absorbed = [g for g in roots if named & (set(members.get(g, ())) - {g})]
    counted = [r for r in roots if r not in absorbed]
    by_side, sides_open = 0, []
    for root in counted:
        sides = frozenset[str]().union(*(u.sides for u in uses if u.root.id == root))
        by_side += len(sides) if sides and roots[root].paired else 1
        if not sides and roots[root].paired:
            sides_open.append(roots[root].name)
    groups = [m.name for m in {u.muscle.id: u.muscle for u in uses}.values() if is_group_word(m)]
    return MuscleCount(
        by_side=by_side,
        by_name=len(counted),
        names=tuple(sorted(roots[r].name for r in counted)),
        groups=tuple(sorted(groups)),
        absorbed=tuple(sorted(roots[r].name for r in absorbed)),
        sides_open=tuple(sorted(sides_open)),
    )


# ── drugs ────────────────────────────────────────────────────────────────────────────────────


def _drugs(request: Encounter, reference: Reference) -> list[DrugUse]:
    found = [_drug(given, reference) for given in request.drugs or ()]
    return sorted(
        found,
        key=lambda d: (
            d.drug.id if d.drug else "",
            d.code or "",
            d.given.container or "",
            d.given.unit or "",
            d.given.dose or 0,
            d.given.discarded or 0,
            d.given.name or "",
        ),
    )


def _drug(given: GivenDrug, reference: Reference) -> DrugUse:
    code = procedure_code(str(given.code)) if given.code is not None else None
    drug, strength = None, None
    if given.name and given.name.strip():
        drug, strength = find_drug(reference.drug_names, given.name)
        if drug is None and (as_code := procedure_code(given.name)) in reference.hcpcs:
            code = code or as_code
    if drug is None and code:
        drug = next(iter(reference.drugs_of_code.get(code, [])), None)
    unknown = None
    if drug is None and code not in reference.hcpcs:
        unknown = UnknownName(reference.drug_names.nearest(given.name or ""))
    return DrugUse(given, drug, code, strength, unknown)
