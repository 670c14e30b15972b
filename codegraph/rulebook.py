"""Rules and payers as a coder can read and correct them: the types of data/rules and data/payers.

Only types: which piece of code applies a kind of rule, and with which parameters, is declared
in encounter/kinds; a rule whose parameters do not fit its kind is refused when it is read.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from msgspec import Struct, field

from codegraph.model import Curated, Trace

FindingKind = Literal["coding", "coverage", "documentation"]


class Rule(Curated, frozen=True, kw_only=True):
    """One rule.

    `kind` names the piece of code under encounter/ that applies it, `params` what that piece needs.
    `governs` lists the CURIEs that the rule speaks of. `payer` None: a rule for everyone.
    `advice`: guidance that never fails a claim. `note`: ours, what is arguable about it.
    """

    id: str
    title: str
    kind: str
    statement: str
    finding_kind: FindingKind
    governs: list[str]
    params: dict[str, object] = {}
    payer: str | None = None
    from_: date | None = field(name="from", default=None)
    to: date | None = None
    fix: str | None = None
    advice: bool = False
    note: str | None = None


class Payer(Curated, frozen=True, kw_only=True):
    """One payer and the parameters by which rules differ between payers."""

    id: str
    name: str
    about: str
    parameters: dict[str, object] = {}


class Contractor(Struct, frozen=True, forbid_unknown_fields=True):
    """A contractor that publishes a payer's policy, and the documents it publishes."""

    name: str
    documents: list[str]
    trace: Trace
    note: str | None = None


class PayerParameters(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """By what payers differ. None: the payer's policy is silent or was not read.

    `sides_count_as_two_muscles`  left and right of one muscle are two in the count for 20552/20553
    `waste_modifiers`             JW and JZ are asked for
    `sessions_per_12_months`      sessions in a rolling twelve months, this one included
    `weeks_between_sessions`      least time since the session before, in weeks
    `relief_percent`, `relief_weeks`  what the session before must have brought for a repeat
    `guidance_covered`            image guidance beside a trigger point injection is paid
    `one_region_per_session`      all muscles of a session lie in one region of the body
    `other_blocks_same_day`       nerve blocks beside the injection are paid
    `biologics_covered`, `local_anaesthetic_paid`  what is injected is paid
    `dry_needling`                covered, not_covered or chronic_low_back_pain
    `covered_diagnoses`           the only diagnoses that support 20552 and 20553
    `min_symptom_days`            how long the symptoms must have lasted
    `failed_care_weeks`           how long conservative care must have been tried
    """

    sides_count_as_two_muscles: bool = True
    waste_modifiers: bool = True
    sessions_per_12_months: int | None = None
    weeks_between_sessions: float | None = None
    relief_percent: float | None = None
    relief_weeks: float | None = None
    guidance_covered: bool | None = None
    one_region_per_session: bool | None = None
    other_blocks_same_day: bool | None = None
    biologics_covered: bool | None = None
    local_anaesthetic_paid: bool | None = None
    dry_needling: Literal["covered", "not_covered", "chronic_low_back_pain"] | None = None
    covered_diagnoses: list[str] | None = None
    min_symptom_days: int | None = None
    failed_care_weeks: int | None = None
    contractors: list[Contractor] = []
