"""Kinds for two procedures on one day: NCCI pairs, and the office visit beside a procedure.

Indicator 0: never together. 1: an appropriate modifier may separate the two if the record has the
reason. 9 or no row: not bundled, which is not the same as paid.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import combinations

from msgspec import Struct, structs

from codegraph.encounter.facts import NEEDLING, Case, Item
from codegraph.encounter.kinds.base import BoundRule, Draft, Edit, Kind, distinct, listed
from codegraph.encounter.model import Step
from codegraph.encounter.reference import PairHit


class PairParams(Struct, frozen=True, forbid_unknown_fields=True):
    """Which pairs a rule speaks of, and how it tells them.

    `categories`: only pairs with one of them in column 1 or 2; empty: all but `except_categories`,
    `except_classes` of drugs, and pairs within one of `except_sets`, of which other rules speak.
    `modifiers` separate, the first is the one offered. `why`, `fix`: words of this rule.
    """

    categories: list[str] = []
    except_categories: list[str] = []
    except_classes: list[str] = []
    except_sets: list[list[str]] = []
    modifiers: tuple[str, ...] = ("59", "XE", "XP", "XS", "XU")
    why: str = ""
    fix: str = ""


def _hits(case: Case, p: PairParams) -> Iterator[tuple[Item, Item, PairHit]]:
    """Yield each two lines that a table bundles, column 1 first."""
    for a, b in combinations(case.items, 2):
        if not a.code or not b.code or a.code == b.code:
            continue
        kinds = {a.category, b.category}
        if p.categories and not kinds & set(p.categories):
            continue
        if not p.categories and kinds & set(p.except_categories):
            continue
        if any(a.code in s and b.code in s for s in p.except_sets):
            continue
        if p.except_classes and any(_of_classes(case, i, p.except_classes) for i in (a, b)):
            continue
        hit = case.reference.pairs.lookup(a.code, b.code, case.on)
        if hit is not None and hit.indicator in (0, 1):
            yield (a, b, hit) if a.code == hit.column1 else (b, a, hit)


def _of_classes(case: Case, item: Item, classes: list[str]) -> bool:
    drugs = case.reference.drugs_of_code.get(item.code, []) if item.category == "drug" else []
    return bool(drugs) and all(d.drug_class in classes for d in drugs)


def _pairs(case: Case, rule: BoundRule) -> Iterator[Draft]:
    p: PairParams = rule.params
    seen = set()
    for one, two, hit in _hits(case, p):
        if (one.code, two.code) in seen:
            continue
        seen.add((one.code, two.code))
        yield from _judge(case, p, one, two, hit)
    if not p.categories:
        yield from _not_bundled(case, seen)


def _judge(case: Case, p: PairParams, one: Item, two: Item, hit: PairHit) -> Iterator[Draft]:
    codes = [one.code, two.code]
    key = f"{one.code}-{two.code}"
    table = f"NCCI {hit.edition}: {two.code} is bundled into {one.code}, indicator {hit.indicator}"
    if p.why:
        table += f"; {p.why}"
    type = "mutually_exclusive" if hit.indicator == 0 else "bundled_into"
    ends = (one, two) if hit.indicator == 0 else (two, one)
    path = (Step(ends[0].curie, type, ends[1].curie),)
    used = [m for m in p.modifiers if m in (*one.modifiers, *two.modifiers)]
    if hit.indicator == 0:
        rescue = f" {listed(used)} cannot separate them." if used else ""
        yield Draft(
            "fail",
            f"{table}: never together.{rescue}",
            codes,
            fix=f"Keep one of {one.code} and {two.code}.",
            key=key,
            source=hit.source,
            path=path,
            edits=(Edit(two, drop=True),),
        )
        return
    separate = case.documentation.separate_site
    offered = p.modifiers[0]
    if used and separate is False:
        yield Draft(
            "fail",
            f"{table}. {listed(used)} says that the two are separate; the record says not.",
            codes,
            fix=f"Remove {two.code}.",
            key=key,
            source=hit.source,
            path=path,
            edits=(Edit(two, drop=True),),
        )
    elif used:
        yield Draft(
            "pass",
            f"{table}. {listed(used)} separates the two.",
            codes,
            key=key,
            source=hit.source,
            path=path,
        )
        if separate is None:
            yield Draft(
                "no_data",
                f"{listed(used)} on {one.code} and {two.code} needs its reason in the record: "
                "another site or structure. The record is silent.",
                codes,
                kind="documentation",
                fix="Document the separate site, or remove the modifier and the bundled code.",
                key=f"{key}-reason",
                source=hit.source,
            )
    elif separate and not (one.submitted and two.submitted):
        target = two if not two.submitted else one
        yield Draft(
            "pass",
            f"{table}. The record has a separate site: {offered} on {target.code}.",
            codes,
            key=key,
            source=hit.source,
            path=path,
            edits=(Edit(target, adding=(offered,)),),
        )
    elif not two.submitted:
        known = separate is False
        told = "has no separate site" if known else "does not say whether the sites were separate"
        yield Draft(
            "pass" if known else "no_data",
            f"{table}. The record {told}: {two.code} has no line of its own.",
            codes,
            fix=None
            if known
            else f"If the record shows a separate site, report {two.code}-{offered}.",
            key=key,
            source=hit.source,
            path=path,
            edits=(Edit(two, drop=True),),
        )
    else:
        edit = Edit(two, adding=(offered,)) if separate else Edit(two, drop=True)
        yield Draft(
            "fail",
            f"{table}, and no modifier separates the two.",
            codes,
            fix=p.fix.format(one=one.code, two=two.code)
            or f"Remove {two.code}; or, if the record shows a separate site, report "
            f"{two.code}-{offered} (or {listed(p.modifiers[1:], 'or')}).",
            key=key,
            source=hit.source,
            path=path,
            edits=(edit,),
        )


def _not_bundled(case: Case, bundled: set[tuple[str, str]]) -> Iterator[Draft]:
    """Tell what the table says of the remaining pairs of procedures: free of edits, or unknown."""
    free, unknown = [], []
    hits: list[PairHit] = []
    lines = {i.code: i for i in case.items if i.code}
    for a, b in combinations(sorted(lines), 2):
        if (a, b) in bundled or (b, a) in bundled:
            continue
        categories = {lines[a].category, lines[b].category}
        if "office_visit" in categories or "unknown" in categories:
            continue
        hit = case.reference.pairs.lookup(a, b, case.on)
        if hit is None and "drug" not in categories:
            unknown.append((a, b))
        elif hit is not None and hit.indicator in (None, 9) and categories & NEEDLING:
            free += [a, b]
            hits.append(hit)
    if hits and not bundled and not unknown:
        yield Draft(
            "pass",
            f"NCCI {hits[0].edition}: no edit bundles {listed(distinct(free))} with one another. "
            "Not bundled is not the same as paid.",
            distinct(free),
            source=hits[0].source,
        )
    for a, b in unknown:
        yield Draft(
            "no_data",
            f"Whether an NCCI edit bundles {a} and {b} is not known: the pairs at hand are those "
            f"of trigger point injection and dry needling ({case.reference.pairs.edition}).",
            [a, b],
            fix="Look the pair up in the NCCI table of the quarter.",
            key=f"{a}-{b}",
        )


def _needless(case: Case, rule: BoundRule) -> Iterator[Draft]:
    """Separating modifiers on a needling line that nothing on the claim calls for."""
    p: PairParams = rule.params
    everything = structs.replace(p, categories=[])
    called_for = {i for one, two, h in _hits(case, everything) if h.indicator == 1
                  for i in (one, two)}  # fmt: skip
    for item in case.of(*p.categories):
        used = [m for m in p.modifiers if m in item.modifiers]
        if not used:
            continue
        if item in called_for:
            yield Draft(
                "pass",
                f"{item.code}-{listed(used)}: the claim has a pair that it may separate.",
                [item.code],
                key=item.code,
            )
        elif any(i.category == "unknown" for i in case.items):
            yield Draft(
                "no_data",
                f"{item.code}-{listed(used)}: whether a pair calls for it cannot be told, a code "
                "of the claim is not known here.",
                [item.code],
                key=item.code,
            )
        else:
            yield Draft(
                "fail",
                f"{item.code} carries {listed(used)}, and nothing on the claim may be separated by "
                "it: it does not multiply the service and does not lift indicator 0.",
                [item.code],
                fix=f"Remove {listed(used)} from {item.code}.",
                key=item.code,
                edits=(Edit(item, without=frozenset(used)),),
            )


# ── the office visit ─────────────────────────────────────────────────────────────────────────


class VisitParams(Struct, frozen=True, forbid_unknown_fields=True):
    """Visits of `categories` beside procedures of `beside` need `modifier`."""

    categories: list[str]
    beside: list[str]
    modifier: str


def _visit(case: Case, rule: BoundRule) -> Iterator[Draft]:
    p: VisitParams = rule.params
    procedures = distinct(i.code for i in case.of(*p.beside))
    if not procedures:
        return
    work = case.documentation.separate_em_work
    for item in case.of(*p.categories):
        codes = [item.code, *procedures]
        edition = _edition(case, item.code, procedures, case.on)
        told = f"{item.code} beside {listed(procedures)}{edition}"
        if work is False:
            yield Draft(
                "fail",
                f"{told}: the record has no work beyond deciding on the procedure, which is part "
                "of it. That the patient is new changes nothing.",
                codes,
                fix=f"Remove {item.code}.",
                key=item.code,
                edits=(Edit(item, drop=True),),
            )
        elif p.modifier not in item.modifiers:
            edit = Edit(item, adding=(p.modifier,)) if work else Edit(item, drop=True)
            yield Draft(
                "fail",
                f"{told} has no modifier {p.modifier}: the visit is part of the procedure.",
                codes,
                fix=f"Report {item.code}-{p.modifier} if the record shows separate, significant "
                f"work; else remove {item.code}.",
                key=item.code,
                edits=(edit,),
            )
        else:
            yield Draft("pass", f"{told} carries {p.modifier}.", codes, key=item.code)
            if work is None:
                yield Draft(
                    "no_data",
                    f"{item.code}-{p.modifier} needs separate, significant work in the record; the "
                    "record is silent. A new patient alone is not enough.",
                    [item.code],
                    kind="documentation",
                    fix="Document the separate work, or remove the visit.",
                    key=f"{item.code}-work",
                )


def _edition(case: Case, visit: str, procedures: list[str], on: date) -> str:
    for code in procedures:
        hit = case.reference.pairs.lookup(visit, code, on)
        if hit is not None and hit.indicator in (0, 1):
            return f" (NCCI {hit.edition}, indicator {hit.indicator})"
    return ""


KINDS = (
    Kind("code_pairs", PairParams, _pairs),
    Kind("needless_separation", PairParams, _needless),
    Kind("office_visit", VisitParams, _visit),
)
