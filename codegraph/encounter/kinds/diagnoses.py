"""Kinds that look at diagnoses together: Excludes notes, order, specificity, what the muscles say.

Excludes notes come from the graph: inherited, and from both ends (Official Guidelines I.A.12).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations

from msgspec import Struct

from codegraph.encounter.facts import Case, Diagnosis
from codegraph.encounter.kinds.base import BoundRule, Draft, Kind, NoParams, distinct, listed
from codegraph.encounter.kinds.notes import note_applies
from codegraph.encounter.model import Step
from codegraph.model import Relationship, Source

MYALGIA = "icd10cm:M79.1"


# ── Excludes notes ───────────────────────────────────────────────────────────────────────────


def _edges(
    case: Case, a: Diagnosis, b: Diagnosis, type: str
) -> list[tuple[Relationship, bool | None]]:
    """Return the notes of a type that speak of two diagnoses, and whether their condition holds."""
    assert a.row is not None
    assert b.row is not None
    concepts = case.concepts
    above_a = {concepts.curie(r) for r in (a.row, *concepts.ancestors(a.row))}
    above_b = {concepts.curie(r) for r in (b.row, *concepts.ancestors(b.row))}
    shared = above_a & above_b
    found = []
    for e in concepts.between(a.row, b.row, (type,), case.on):
        if e.origin in shared or e.target in shared:
            continue
        other = a.code if e.target in above_a else b.code
        applies = note_applies(e.text, e.target.partition(":")[2], other)
        if applies is not False:
            found.append((e, applies))
    return found


def _path(case: Case, a: Diagnosis, b: Diagnosis, edge: Relationship) -> tuple[Step, ...]:
    """Return the way from one diagnosis over the note to the other."""
    first, last = (a, b) if _subsumes(case, edge.origin, a) else (b, a)
    steps = [] if first.curie == edge.origin else [Step(first.curie, "is_a", edge.origin)]
    steps.append(Step(edge.origin, edge.type, edge.target))
    if last.curie != edge.target:
        steps.append(Step(edge.target, "subsumes", last.curie))
    return tuple(steps)


def _subsumes(case: Case, curie: str, d: Diagnosis) -> bool:
    assert d.row is not None
    rows = (d.row, *case.concepts.ancestors(d.row))
    return any(case.concepts.curie(r) == curie for r in rows)


def _known(case: Case) -> list[Diagnosis]:
    return [d for d in case.diagnoses if d.row is not None]


def _said(edge: Relationship) -> str:
    return f'{edge.origin.partition(":")[2]} says "{edge.text}"'


def _tabular(case: Case, edge: Relationship) -> Source | None:
    return case.concepts.tables.sources.get(edge.source)


def _excludes1(case: Case, rule: BoundRule) -> Iterator[Draft]:
    clear = True
    for a, b in combinations(_known(case), 2):
        edges = _edges(case, a, b, "excludes1")
        if not edges:
            continue
        clear = False
        edge, applies = next(((e, s) for e, s in edges if s), edges[0])
        pair = [a.code, b.code]
        told = f"{listed(pair)}: {_said(edge)} under Excludes1"
        key, path = "-".join(pair), _path(case, a, b, edge)
        source = _tabular(case, edge)
        if applies is None:
            yield Draft(
                "no_data",
                f"{told}; whether its condition is met cannot be read from the codes.",
                pair,
                fix="Read the note and decide.",
                key=key,
                path=path,
                source=source,
            )
        elif case.documentation.unrelated_conditions:
            yield Draft(
                "pass",
                f"{told}; the record says that the two conditions are unrelated, for which the "
                "guideline makes an exception (I.A.12).",
                pair,
                key=key,
                path=path,
                source=source,
            )
        else:
            yield Draft(
                "fail",
                f"{told}: not both on one claim.",
                pair,
                fix=f"Keep {a.code} or {b.code}, whichever the record supports. Both may stand "
                "only if the record shows two unrelated conditions; where that is unclear, "
                "query the clinician.",
                key=key,
                path=path,
                source=source,
            )
    if clear and len(_known(case)) > 1:
        yield Draft(
            "pass", "No Excludes1 note keeps these diagnoses apart.", [d.code for d in _known(case)]
        )


def _excludes2(case: Case, rule: BoundRule) -> Iterator[Draft]:
    for a, b in combinations(_known(case), 2):
        edges = [e for e, _ in _edges(case, a, b, "excludes2")]
        near = [e for e in edges if not e.origin.startswith("icd10cm:chapter-")]
        if near:
            yield Draft(
                "pass",
                f"{a.code} and {b.code}: {_said(near[0])} under Excludes2. Both may stand where "
                "both are documented.",
                [a.code, b.code],
                key=f"{a.code}-{b.code}",
                path=_path(case, a, b, near[0]),
                source=_tabular(case, near[0]),
            )


# ── order ────────────────────────────────────────────────────────────────────────────────────

_OPEN = ("if applicable", "if known", "any ", "if present", "such as", "when applicable")


def _order(case: Case, rule: BoundRule) -> Iterator[Draft]:
    for d in _known(case):
        first = list(_notes(case, d, "code_first"))
        if first:
            yield _code_first(case, d, first)
        additional = list(_notes(case, d, "use_additional_code"))
        if additional:
            yield Draft(
                "not_applicable",
                f"{d.code}: the list asks for an additional code where the record has it: "
                f"{_quoted(additional)}.",
                [d.code],
                key=f"{d.code}-additional",
            )


def _notes(case: Case, d: Diagnosis, kind: str) -> Iterator[str]:
    """Yield the notes of a kind at the code or above it, chapters left out."""
    assert d.row is not None
    concepts = case.concepts
    for row in (d.row, *concepts.ancestors(d.row)):
        if concepts.tables.kinds[row] not in ("chapter", "section"):
            for name, texts in concepts.notes(row).items():
                if name == kind:
                    yield from texts


def _quoted(texts: list[str]) -> str:
    shown = [t.strip(" ,") for t in texts[:4]]
    return "; ".join(f'"{t}"' for t in shown) + ("; and more" if len(texts) > 4 else "")


def _code_first(case: Case, d: Diagnosis, texts: list[str]) -> Draft:
    others = [o for o in _known(case) if o is not d]
    there = [o.code for o in others if _edges(case, d, o, "code_first")]
    told = f"{d.code}: the list says to code first {_quoted(texts)}"
    if there:
        return Draft(
            "pass",
            f"{told}. {listed(there)} is on the claim.",
            [d.code, *there],
            fix=f"Put {listed(there)} before {d.code}.",
            key=f"{d.code}-first",
        )
    if any(word in text for text in texts for word in _OPEN):
        return Draft(
            "not_applicable",
            f"{told}. That holds where the record has such a condition.",
            [d.code],
            key=f"{d.code}-first",
        )
    if not others:
        return Draft(
            "fail",
            f"{told}, and no other diagnosis was given.",
            [d.code],
            fix=f"Add the code of the underlying condition before {d.code}.",
            key=f"{d.code}-first",
        )
    return Draft(
        "no_data",
        f"{told}. Whether one of the other diagnoses is that condition cannot be told from the "
        "codes.",
        [d.code],
        fix=f"Put the underlying condition before {d.code}, or add it.",
        key=f"{d.code}-first",
    )


# ── what the muscles say ─────────────────────────────────────────────────────────────────────


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
                "fail",
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
    return {code for code, words in p.site_words.items() if any(w in text for w in words)}


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
    for d in case.billable_diagnoses():
        if not _is_myalgia(case, d) or d.display.lower() == "myalgia":
            continue
        if d.code in wanted:
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


def _limb_site(case: Case, rule: BoundRule) -> Iterator[Draft]:
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


def site_params(rules: Iterable[BoundRule]) -> SiteParams:
    """Return the site words of the rulebook, empty where no rule has them."""
    return next((r.params for r in rules if r.rule.kind == "diagnosis_site"), SiteParams())


KINDS = (
    Kind("diagnosis_needed", SiteParams, _needed),
    Kind("excludes1", NoParams, _excludes1),
    Kind("excludes2", NoParams, _excludes2),
    Kind("diagnosis_order", NoParams, _order),
    Kind("diagnosis_side", SiteParams, _side),
    Kind("diagnosis_site", SiteParams, _site),
    Kind("diagnosis_limb_site", NoParams, _limb_site),
)
