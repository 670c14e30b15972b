"""Kinds for drugs that make no ordinary line: included, unclassified, or another service."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from codegraph.encounter.facts import Case, DayOfDrug
from codegraph.encounter.kinds.base import BoundRule, Draft, Edit, Kind, distinct, listed
from codegraph.encounter.kinds.drugs import UnitParams, codes_of
from codegraph.encounter.model import Step
from codegraph.encounter.reference import PairHit
from codegraph.model import Drug


class IncludedParams(Struct, frozen=True, forbid_unknown_fields=True):
    """Drugs of `classes` are part of the procedure; other rules speak of `elsewhere` codes."""

    classes: list[str]
    elsewhere: list[str] = []


def _included(case: Case, rule: BoundRule) -> Iterator[Draft]:
    p: IncludedParams = rule.params
    procedures = distinct(i.code for i in case.items if i.system == "cpt" and i.category not in
                          ("office_visit", "guidance", "unknown"))  # fmt: skip
    for key, day in sorted(case.bills.items()):
        drug = day.uses[0].drug
        if drug is None or drug.drug_class not in p.classes:
            continue
        mine = [i for i in case.submitted if i.code in codes_of(day)]
        if not mine:
            beside = f" of {listed(procedures)}" if procedures else ""
            yield Draft(
                "pass",
                f"{day.name}: part of the procedure{beside}, no line of its own."
                f"{_if_listed(case, drug, day)}",
                [*procedures, *(c.code for c in day.choice if day.bill.lines)],
                key=key,
                path=tuple(
                    Step(f"drug:{drug.id}", "bundled_into", f"cpt:{c}") for c in procedures[:1]
                ),
            )
    for item in case.of("drug"):
        drugs = case.reference.drugs_of_code.get(item.code, [])
        if item.code in p.elsewhere or not item.submitted or not drugs:
            continue
        if not all(d.drug_class in p.classes for d in drugs):
            continue
        hit = next((h for c in procedures if (h := _bundled(case, c, item.code))), None)
        if hit:
            yield Draft(
                "fail",
                f"NCCI {hit.edition}: {item.code} is bundled into {hit.column1}, indicator "
                f"{hit.indicator}; numbing the site is part of the procedure, which no modifier "
                "changes.",
                [item.code, hit.column1],
                fix=f"Remove {item.code}.",
                key=item.code,
                source=hit.source,
                path=(Step(item.curie, "bundled_into", f"cpt:{hit.column1}"),),
                edits=(Edit(item, drop=True),),
            )
        else:
            yield Draft(
                "warn",
                f"{item.code}: local anaesthetic by the clinician who does the procedure is part "
                "of it. A payer may want it listed; expect $0 for the line.",
                distinct([item.code, *procedures]),
                fix=f"Remove {item.code}, unless the payer wants the injectate listed.",
                key=item.code,
            )


def _bundled(case: Case, procedure: str, drug: str) -> PairHit | None:
    hit = case.reference.pairs.lookup(procedure, drug, case.on)
    return hit if hit and hit.indicator in (0, 1) and hit.column2 == drug else None


def _if_listed(case: Case, drug: Drug, day: DayOfDrug) -> str:
    lines = day.bill.lines
    if lines:
        shown = listed(f"{x.code} × {x.units}" for x in lines)
        return f" If the payer wants the injectate listed: {shown}, expect $0."
    if not day.choice and drug.codes:
        return f" No code describes it on {case.on}."
    return ""


def _unclassified(case: Case, rule: BoundRule) -> Iterator[Draft]:
    codes: list[str] = rule.params.unclassified
    given = {u.code: u for u in case.drugs if u.code in codes}
    for code in distinct([*given, *(i.code for i in case.items if i.code in codes)]):
        use = given.get(code)
        named = use is not None and bool(use.given.name) and use.given.dose is not None
        if named or case.documentation.drug_named_on_claim:
            yield Draft(
                "pass",
                f"{code} has no unit of its own: name and dose go into item 19 of the claim.",
                [code],
                key=code,
            )
        else:
            yield Draft(
                "no_data",
                f"{code} has no unit of its own: the claim must name the drug and its dose (item "
                "19), and they are not given.",
                [code],
                fix="Give the name and the dose.",
                key=code,
            )


def _propose_unclassified(case: Case, rule: BoundRule) -> None:
    codes: list[str] = rule.params.unclassified
    billed = {i.code for i in case.submitted}
    for code in distinct(u.code or "" for u in case.drugs if u.code in codes):
        if code not in billed and case.valid_on_date(code):
            case.propose(code, 1)


class DrugClassParams(Struct, frozen=True, forbid_unknown_fields=True):
    """Drugs of `classes` do not make a trigger point injection; `instead` says what they make."""

    classes: list[str]
    instead: str


def _other_service(case: Case, rule: BoundRule) -> Iterator[Draft]:
    p: DrugClassParams = rule.params
    if not case.injects_trigger_points:
        return
    given = {u.drug.name: u.drug for u in case.drugs if u.drug and u.drug.drug_class in p.classes}
    for item in case.of("drug"):
        for drug in case.reference.drugs_of_code.get(item.code, []):
            if drug.drug_class in p.classes:
                given[drug.name] = drug
    for name, drug in sorted(given.items()):
        yield Draft(
            "fail",
            f"{name}: {p.instead}",
            distinct([*(c.code for c in drug.codes), *(i.code for i in case.needling)]),
            fix="Report the service that the indication fits, or get the payer's agreement first.",
            key=drug.id,
            edits=tuple(
                Edit(i, drop=True) for i in case.submitted if i.category == "trigger_point"
            ),
        )


KINDS = (
    Kind("unclassified_drug", UnitParams, _unclassified, propose=_propose_unclassified),
    Kind("included_drug", IncludedParams, _included),
    Kind("other_service", DrugClassParams, _other_service),
)
