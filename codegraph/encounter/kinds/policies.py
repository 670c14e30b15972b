"""Kinds for what a payer pays beside the injection: guidance, region, blocks, dry needling."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from msgspec import Struct

from codegraph.encounter.facts import DRY_NEEDLING, TRIGGER_POINT, Case
from codegraph.encounter.kinds.base import BoundRule, Draft, Kind, NoParams, distinct, listed
from codegraph.encounter.units import plain

# ── what is beside the injection ─────────────────────────────────────────────────────────────


def _guidance_paid(case: Case, _rule: BoundRule) -> Iterator[Draft]:
    if case.parameters.guidance_covered is None or not case.of(TRIGGER_POINT):
        return
    codes = distinct(i.code for i in case.of("guidance"))
    if codes and not case.parameters.guidance_covered:
        yield Draft(
            "fail",
            f"{listed(codes)}: image guidance beside a trigger point injection is not covered, "
            "though coding allows it.",
            codes,
            fix=f"Leave {listed(codes)} off, or report it with a signed notice (ABN) and GA.",
        )
    elif codes:
        yield Draft("pass", f"{listed(codes)}: image guidance is covered.", codes)


class RegionParams(Struct, frozen=True, forbid_unknown_fields=True):
    """`regions`: parts of the body, each with the regions of muscles that lie in it.

    `spans`: muscles that reach through several regions; the others lie in their own.
    """

    regions: dict[str, list[str]]
    spans: dict[str, list[str]] = {}


_REGION_WORDS = {"hip_buttock": "hip and buttock", "head_face": "head and face"}


def _one_region(case: Case, rule: BoundRule) -> Iterator[Draft]:
    if not case.parameters.one_region_per_session or not case.injects_trigger_points:
        return
    p: RegionParams = rule.params
    reach = {
        u.muscle.id: p.spans.get(u.muscle.id) or p.spans.get(u.root.id) or [u.muscle.region]
        for u in case.muscles
    }
    common = set.intersection(*map(set, reach.values())) if reach else set()
    regions = distinct(u.muscle.region for u in case.muscles)
    codes = distinct(i.code for i in case.of(TRIGGER_POINT))
    shown = listed(_REGION_WORDS.get(r, r.replace("_", " ")) for r in regions)
    if not regions or case.unknown_muscles:
        yield Draft(
            "no_data",
            "Not all muscles are known: whether they lie in one region cannot be told.",
            codes,
            fix="Name each muscle.",
        )
    elif len({u.root.id for u in case.muscles}) == 1:
        yield Draft("pass", f"One muscle, one region: {shown}.", codes)
    elif common:
        one = distinct(common & set(regions) or common)[0]
        where = _REGION_WORDS.get(one, one.replace("_", " "))
        yield Draft("pass", f"All muscles lie in, or reach into, one region: {where}.", codes)
    elif any(all(set(r) & set(part) for r in reach.values()) for part in p.regions.values()):
        yield Draft(
            "warn",
            f"The muscles lie in neighbouring regions ({shown}); where the policy draws the line "
            "is not known.",
            codes,
            fix="Let the note name the one region that was treated.",
        )
    else:
        yield Draft(
            "fail",
            f"The muscles lie in more than one region: {shown}. One region is covered a session.",
            codes,
            fix="Treat one region a session.",
        )


def _other_blocks(case: Case, _rule: BoundRule) -> Iterator[Draft]:
    if case.parameters.other_blocks_same_day is not False or not case.of(TRIGGER_POINT):
        return
    codes = distinct(i.code for i in case.of("nerve_block"))
    if codes:
        yield Draft(
            "fail",
            f"{listed(codes)}: another block in the session of a trigger point injection is not "
            "covered.",
            codes,
            fix=f"Remove {listed(codes)}, or do it on another day.",
        )


class ClassParams(Struct, frozen=True, forbid_unknown_fields=True):
    """Drug classes that are not paid."""

    classes: list[str]


def _given_classes(case: Case, classes: list[str], *, lines_only: bool) -> list[str]:
    found = []
    for item in case.of("drug"):
        drugs = case.reference.drugs_of_code.get(item.code, [])
        if drugs and all(d.drug_class in classes for d in drugs):
            found.append(item.code)
    if not lines_only:
        found += [u.drug.name for u in case.drugs if u.drug and u.drug.drug_class in classes]
    return distinct(found)


def _biologics(case: Case, rule: BoundRule) -> Iterator[Draft]:
    if case.parameters.biologics_covered is not False or not case.injects_trigger_points:
        return
    given = _given_classes(case, rule.params.classes, lines_only=False)
    if given:
        yield Draft(
            "fail",
            f"{listed(given)}: biologics injected into trigger points are not covered.",
            [g for g in given if g[:1].isupper() and g[1:].isdigit()],
            fix="Do not bill the session to this payer without a signed notice (ABN).",
        )


def _anaesthetic_paid(case: Case, rule: BoundRule) -> Iterator[Draft]:
    if case.parameters.local_anaesthetic_paid is not False:
        return
    codes = _given_classes(case, rule.params.classes, lines_only=True)
    if codes:
        yield Draft(
            "fail",
            f"{listed(codes)}: local anaesthetic is not paid separately.",
            codes,
            fix=f"Remove {listed(codes)}, or list it and expect $0.",
        )


# ── dry needling ─────────────────────────────────────────────────────────────────────────────


class DryNeedlingParams(Struct, frozen=True, forbid_unknown_fields=True):
    """Covered from `since`, for `diagnoses` (families) that have lasted `days`."""

    since: date | None = None
    diagnoses: list[str] = []
    days: int = 84


def _dry_needling(case: Case, rule: BoundRule) -> Iterator[Draft]:
    p: DryNeedlingParams = rule.params
    policy = case.parameters.dry_needling
    lines = case.of(DRY_NEEDLING)
    if policy is None or (case.technique != "dry_needling" and not lines):
        return
    codes = distinct(i.code for i in lines) or ["20560", "20561"]
    if policy == "covered":
        yield Draft("pass", f"{listed(codes, 'or')}: dry needling is covered.", codes)
        return
    if policy == "not_covered" or (p.since and case.on < p.since):
        when = f" before {p.since}" if policy != "not_covered" else ""
        yield Draft(
            "fail",
            f"{listed(codes, 'or')}: dry needling is not covered{when}.",
            codes,
            fix="Tell the patient beforehand, with a signed notice.",
        )
        return
    good = [
        d.code
        for d in case.billable_diagnoses()
        if any(d.code == f or d.code.startswith(f) for f in p.diagnoses)
    ]
    days = case.documentation.symptom_duration_days
    if not case.diagnoses:
        yield Draft(
            "no_data",
            "Dry needling is covered for chronic low back pain only; no diagnosis was given.",
            codes,
            fix="Add the documented diagnosis.",
        )
    elif not good:
        yield Draft(
            "fail",
            "Dry needling is covered for chronic low back pain only, and no diagnosis says that.",
            [*codes, *(d.code for d in case.diagnoses if d.code)],
            fix=f"Report {listed(p.diagnoses, 'or')} (the billable code below it) if documented.",
        )
    elif days is None:
        yield Draft(
            "no_data",
            f"{listed(good)}: the pain must have lasted {p.days // 7} weeks; the record does not "
            "say.",
            [*codes, *good],
            fix="Document since when the pain has lasted.",
        )
    elif days < p.days:
        yield Draft(
            "fail",
            f"{listed(good)}: the pain has lasted {plain(days)} days; {p.days} ({p.days // 7} "
            "weeks) are needed.",
            [*codes, *good],
            fix="Not covered before the pain is chronic.",
        )
    else:
        yield Draft(
            "pass",
            f"{listed(good)} for {plain(days)} days: chronic low back pain.",
            [*codes, *good],
        )


# ── where there is no policy ─────────────────────────────────────────────────────────────────


class PeriodParams(Struct, frozen=True, forbid_unknown_fields=True):
    """First date of service of the policies that were read."""

    first: date


def _period(case: Case, rule: BoundRule) -> Iterator[Draft]:
    if case.on < rule.params.first and case.injects_trigger_points:
        yield Draft(
            "no_data",
            f"The policies at hand begin on {rule.params.first}; those of {case.on} were not read.",
            distinct(i.code for i in case.of(TRIGGER_POINT)),
            fix="Look the policy of that date up with the contractor.",
        )


def _no_policy(_case: Case, _rule: BoundRule) -> Iterator[Draft]:
    yield Draft("not_applicable", "No payer policy was asked for: coding rules only.")


KINDS = (
    Kind("guidance_paid", NoParams, _guidance_paid, parameter="guidance_covered"),
    Kind("one_region", RegionParams, _one_region, parameter="one_region_per_session"),
    Kind("other_blocks", NoParams, _other_blocks, parameter="other_blocks_same_day"),
    Kind("biologics_paid", ClassParams, _biologics, parameter="biologics_covered"),
    Kind("anaesthetic_paid", ClassParams, _anaesthetic_paid, parameter="local_anaesthetic_paid"),
    Kind("dry_needling_policy", DryNeedlingParams, _dry_needling, parameter="dry_needling"),
    Kind("policy_period", PeriodParams, _period),
    Kind("no_policy", NoParams, _no_policy),
)
