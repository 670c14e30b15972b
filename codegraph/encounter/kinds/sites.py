"""Kinds that hold diagnoses against the muscles and the site that the record names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from codegraph.encounter.facts import Case, Diagnosis
from codegraph.encounter.kinds.base import BoundRule, Draft, Kind, NoParams, distinct, listed

MYALGIA = "icd10cm:M79.1"


class SiteParams(Struct, frozen=True, forbid_unknown_fields=True):
    """How muscles and documented sites tell which code is meant.

    `limb_words`   words of code titles for each `limb_pain_site` or region of a muscle
    `site_words`   words of a documented site, for each myalgia code
    """

    limb_words: dict[str, list[str]] = {}
    site_words: dict[str, list[str]] = {}


def _sides(case: Case, d: Diagnosis, p: SiteParams) -> set[str]:
    """Return the sides of the muscles that lie where a diagnosis is."""
    title = d.display.lower()
    found: set[str] = set()
    for use in case.muscles:
        words = p.limb_words.get(use.muscle.limb_pain_site or "", [])
        words = words + p.limb_words.get(use.muscle.region, [])
        if any(w in title for w in words):
            found |= use.sides or {"?"}
    return found


def _side(case: Case, rule: BoundRule) -> Iterator[Draft]:
    for d in case.billable_diagnoses():
        sides = _sides(case, d, rule.params)
        if len(sides) != 1 or "?" in sides:
            continue
        side = next(iter(sides))
        other = "left" if side == "right" else "right"
        title = d.display.lower()
        if f"{other} " in title and (better := _sibling(case, d, title.replace(other, side))):
            yield Draft(
                "fail" if d.code.startswith("M79.6") else "warn",
                f"{d.code} ({d.display}) names the {other} side; the muscles there are on the "
                f"{side}.",
                [d.code, better],
                fix=f"Correct the side: {better}, or query the note.",
                key=d.code,
            )
        elif "unspecified" in title and (
            better := _sibling(case, d, title.replace("unspecified", side))
        ):
            yield Draft(
                "warn",
                f"{d.code} ({d.display}) leaves the side open; the muscles named there are all on "
                f"the {side}.",
                [d.code, better],
                fix=f"Use {better} if the note puts the pain there.",
                key=d.code,
            )
        elif f"{side} " in title:
            yield Draft(
                "pass", f"{d.code}: the side agrees with the muscles.", [d.code], key=d.code
            )


def _sibling(case: Case, d: Diagnosis, title: str) -> str | None:
    """Return the billable code beside a diagnosis that has this title."""
    assert d.row is not None
    concepts = case.concepts
    parent = concepts.parent(d.row)
    if parent is None:
        return None
    # "pain in arm, unspecified" stands beside "pain in right arm"
    plain = {title, title.replace(", left", "").replace(", right", "")}
    for row in concepts.children(parent, case.on):
        if concepts.tables.displays[row].lower() in plain and row != d.row:
            return concepts.tables.codes[row]
    return None


def myalgia_codes(case: Case, p: SiteParams) -> tuple[list[str], bool]:
    """Return the myalgia codes that the muscles call for on the date, and whether that is arguable.

    A documented site decides where the muscle leaves it open.
    """
    told = site_codes(case, p)
    codes, arguable = set(), False
    for use in case.muscles:
        code = use.muscle.myalgia
        if use.muscle.myalgia_note and len(told) == 1:
            code = next(iter(told))
        elif use.muscle.myalgia_note:
            arguable = True
        codes.add(code)
    if not case.muscles:
        codes = told
    return distinct(_on_date(case, c) for c in codes), arguable


def site_codes(case: Case, p: SiteParams) -> set[str]:
    """Return the myalgia codes that the documented site speaks for."""
    site = case.documentation.site
    text = " ".join([site] if isinstance(site, str) else site or []).lower()
    return {
        code
        for code, words in p.site_words.items()
        if any(re.search(rf"\b{re.escape(w)}", text) for w in words)
    }


def _on_date(case: Case, code: str) -> str:
    """Return the code, or what stood in its place on the date (M79.1 before 2018-10-01)."""
    concepts = case.concepts
    row = concepts.index(f"icd10cm:{code}")
    for r in (row, *concepts.ancestors(row)):
        if concepts.status(r, case.on) == "billable":
            return concepts.tables.codes[r]
    return code


def _site(case: Case, rule: BoundRule) -> Iterator[Draft]:
    p: SiteParams = rule.params
    wanted, arguable = myalgia_codes(case, p)
    if not wanted:
        return
    for d in case.diagnoses:
        if d.status not in ("billable", "header") or not _is_myalgia(case, d):
            continue
        if d.status == "header":
            query = ", though another could be meant: the site in the note decides" * arguable
            yield Draft(
                "warn",
                f"In place of {d.code} the muscles or the site named call for "
                f"{listed(wanted, 'or')}, by our reading{query}.",
                [d.code, *wanted],
                fix=f"Use {listed(wanted, 'or')} if the note puts the pain there"
                f"{'; where it does not say, query' if arguable else ''}.",
                key=d.code,
            )
        elif d.code in wanted:
            query = " One of them could also be coded elsewhere: go by the site in the note."
            yield Draft(
                "pass",
                f"{d.code} fits the muscles or the site named.{query if arguable else ''}",
                [d.code],
                key=d.code,
            )
        elif "unspecified" in d.display.lower():
            yield Draft(
                "warn",
                f"{d.code} ({d.display}) is for a record that knows no site; this one names it.",
                [d.code, *wanted],
                fix=f"Use {listed(wanted, 'or')} if the note puts the pain there.",
                key=d.code,
            )
        elif not arguable:
            yield Draft(
                "warn",
                f"{d.code} ({d.display}) does not fit the muscles or the site named, which call "
                f"for {listed(wanted)} by our reading.",
                [d.code, *wanted],
                fix=f"Use {listed(wanted)}, or check the site in the note.",
                key=d.code,
            )


def _is_myalgia(case: Case, d: Diagnosis) -> bool:
    return d.row is not None and any(
        case.concepts.curie(r) == MYALGIA for r in (d.row, *case.concepts.ancestors(d.row))
    )


def _limb_site(case: Case, _rule: BoundRule) -> Iterator[Draft]:
    """Offer the code of the part of a limb where the diagnosis says only arm, leg or limb."""
    sites = {(u.muscle.limb_pain_site, s) for u in case.muscles for s in u.sides}
    if len(sites) != 1 or len({u.muscle.limb_pain_site for u in case.muscles}) != 1:
        return
    site, side = next(iter(sites))
    if not site:
        return
    wanted = f"pain in {side} {site.replace('_', ' ')}"
    concepts = case.concepts
    family = concepts.index("icd10cm:M79.6")
    better = next(
        (r for r in concepts.billable_below(family, case.on)
         if concepts.tables.displays[r].lower() == wanted),
        None,
    )  # fmt: skip
    for d in case.billable_diagnoses():
        if d.code.startswith("M79.60") and better is not None:
            code = concepts.tables.codes[better]
            yield Draft(
                "warn",
                f"{d.code} ({d.display}) says less than the record: the muscles lie in the "
                f"{side} {site.replace('_', ' ')}.",
                [d.code, code],
                fix=f"Use {code} if the note puts the pain there.",
                key=d.code,
            )


def _needed(case: Case, rule: BoundRule) -> Iterator[Draft]:
    if case.diagnoses or not (case.items or case.technique):
        return
    codes, arguable = myalgia_codes(case, rule.params)
    hint = ""
    if codes and case.treats_trigger_points:
        hint = (
            " If the note documents myalgia or myofascial pain of these muscles: "
            f"{listed(codes, 'or')}."
        )
        if arguable:
            codes = distinct([*codes, *(_on_date(case, c) for c in rule.params.site_words)])
            hint += " The site in the note decides; where it does not say, query."
    yield Draft(
        "no_data",
        f"No diagnosis was given, and a claim line needs one.{hint}",
        codes if hint else (),
        fix="Add the documented diagnosis.",
    )


KINDS = (
    Kind("diagnosis_needed", SiteParams, _needed),
    Kind("diagnosis_side", SiteParams, _side),
    Kind("diagnosis_site", SiteParams, _site),
    Kind("diagnosis_limb_site", NoParams, _limb_site),
)
