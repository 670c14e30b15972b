"""The request (what happened in the room, which codes) and the report (lines, findings, verdict).

Field names are a contract with other programs (design.md). Every part of a request but the date of
service may be missing; None always means that the record is silent, never that a thing was not so.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from codegraph.model import Issue, Source, Trace
from codegraph.rulebook import FindingKind

Side = Literal["left", "right", "midline", "unspecified"]
Technique = Literal["injection", "dry_needling"]
Guidance = Literal["none", "ultrasound", "fluoroscopy", "mri"]
DoseUnit = Literal["mg", "ml", "units"]
Container = Literal["single_dose", "multi_dose"]
Verdict = Literal["pass", "fail", "warn", "no_data", "not_applicable"]

# Longest of what a request may hold; beyond them it is refused, so that one request stays cheap.
Text = Annotated[str, Meta(max_length=500)]
ShortText = Annotated[str, Meta(max_length=120)]
Code = Annotated[str, Meta(max_length=24)] | Annotated[int, Meta(ge=0, le=99999)]
Amount = Annotated[float, Meta(ge=0, le=1_000_000)]
Few = Meta(max_length=50)


class Procedure(Struct, frozen=True, forbid_unknown_fields=True):
    """A line as submitted: a CPT or HCPCS code, its units (1 if not given) and modifiers."""

    code: Code
    units: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    modifiers: Annotated[list[Code], Meta(max_length=8)] | None = None


class InjectedMuscle(Struct, frozen=True, forbid_unknown_fields=True):
    """A muscle that was needled, by the name that the note uses."""

    name: ShortText
    side: Side | None = None


class Injections(Struct, frozen=True, forbid_unknown_fields=True):
    """How the trigger points were treated; `count` is the number of needle insertions."""

    technique: Technique | None = None
    count: Annotated[int, Meta(ge=0, le=1000)] | None = None
    muscles: Annotated[list[InjectedMuscle], Few] | None = None


class GivenDrug(Struct, frozen=True, forbid_unknown_fields=True):
    """A drug by name or code; `dose` was given, `discarded` thrown away, both in `unit`."""

    name: ShortText | None = None
    code: Code | None = None
    dose: Amount | None = None
    unit: DoseUnit | None = None
    container: Container | None = None
    discarded: Amount | None = None


class History(Struct, frozen=True, forbid_unknown_fields=True):
    """Earlier sessions, and what the last of them brought."""

    sessions: Annotated[list[date], Meta(max_length=500)] | None = None
    relief_percent: Annotated[float, Meta(ge=0, le=100)] | None = None
    relief_weeks: Annotated[float, Meta(ge=0, le=1000)] | None = None


class Documentation(Struct, frozen=True, forbid_unknown_fields=True):
    """What the note says. None: it is silent; False or an empty list: it says no.

    `palpated_trigger_points`  found by palpation (yes or no, how many, or where)
    `failed_therapies`         what was tried before without lasting relief
    `separate_site`            the other procedure of the day was at another site
    `separate_em_work`         the visit had work beyond deciding on the injection
    `unrelated_conditions`     what an Excludes1 note keeps apart is unrelated here
    """

    site: Text | Annotated[list[Text], Few] | None = None
    palpated_trigger_points: (
        bool | Annotated[int, Meta(ge=0, le=1000)] | Text | Annotated[list[Text], Few] | None
    ) = None
    symptom_duration_days: Annotated[float, Meta(ge=0, le=40_000)] | None = None
    failed_therapies: bool | Annotated[list[Text], Few] | None = None
    failed_therapy_weeks: Annotated[float, Meta(ge=0, le=5000)] | None = None
    taut_band: bool | None = None
    referred_pain: bool | None = None
    palpable_nodule: bool | None = None
    movement_blocked: bool | None = None
    diagnostic_purpose: bool | None = None
    pre_score: float | Text | None = None
    post_score: float | Text | None = None
    function_improved: bool | None = None
    ongoing_program: bool | None = None
    muscles_named: bool | None = None
    dose_documented: bool | None = None
    waste_documented: bool | None = None
    ndc: bool | Text | None = None
    drug_named_on_claim: bool | None = None
    guidance_documented: bool | None = None
    separate_site: bool | None = None
    separate_em_work: bool | None = None
    unrelated_conditions: bool | None = None


class Encounter(Struct, frozen=True, forbid_unknown_fields=True):
    """One encounter, as much of it as is known."""

    date_of_service: date
    payer: ShortText | None = None
    diagnoses: Annotated[list[Code], Few] | None = None
    procedures: Annotated[list[Procedure], Few] | None = None
    injections: Injections | None = None
    guidance: Guidance | None = None
    drugs: Annotated[list[GivenDrug], Few] | None = None
    history: History | None = None
    documentation: Documentation | None = None


# ── the report ───────────────────────────────────────────────────────────────────────────────


class SourceView(Struct, frozen=True):
    """Where a finding comes from and how far that was traced."""

    title: str
    section: str | None
    date: str | None
    trace: Trace

    @classmethod
    def of(cls, source: Source) -> SourceView:
        """Return the view of a curated source."""
        return cls(source.title, source.section, source.date, source.trace)


class Step(Struct, frozen=True, rename={"from_": "from"}):
    """One edge of a path in the graph, between two CURIEs."""

    from_: str
    type: str
    to: str


class Finding(Struct, frozen=True):
    """What one rule found. `fix` is the smallest change that would clear it."""

    id: str
    rule: str
    kind: FindingKind
    verdict: Verdict
    message: str
    codes: list[str]
    fix: str | None
    source: SourceView
    advice: bool = False
    path: list[Step] | UnsetType = UNSET


class ClaimLine(Struct, frozen=True):
    """A line that can be sent; `why` names the findings that it rests on."""

    code: str
    units: int
    modifiers: list[str]
    diagnoses: list[str]
    why: list[str]
    system: str
    display: str


class Verdicts(Struct, frozen=True):
    """One word per kind of finding; pass only where nothing is unknown."""

    coding: Verdict
    coverage: Verdict
    documentation: Verdict


class Report(Struct, frozen=True):
    """The answer to an encounter."""

    date_of_service: date
    payer: str
    claim_lines: list[ClaimLine]
    findings: list[Finding]
    verdict: Verdicts
    edition: dict[str, str]
    issues: list[Issue]


class RuleView(Struct, frozen=True, rename={"from_": "from"}):
    """A rule with its sources resolved, as the rules page shows it."""

    id: str
    title: str
    kind: str
    statement: str
    finding_kind: FindingKind
    governs: list[str]
    params: dict[str, Any]
    payer: str | None
    from_: date | None
    to: date | None
    fix: str | None
    advice: bool
    note: str | None
    sources: list[SourceView]


class PayerView(Struct, frozen=True):
    """A payer with its parameters, its own rules and its sources."""

    id: str
    name: str
    about: str
    parameters: dict[str, Any]
    rules: list[str]
    sources: list[SourceView]


class NameView(Struct, frozen=True):
    """A muscle or drug under all its names, for typeahead."""

    id: str
    name: str
    aliases: list[str]
    kind: str
