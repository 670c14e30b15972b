"""Kinds that look at diagnoses together: Excludes notes, and which code comes first.

Excludes notes come from the graph: inherited, and from both ends (Official Guidelines I.A.12).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from codegraph.encounter.facts import Case, Diagnosis
from codegraph.encounter.kinds.base import BoundRule, Draft, Kind, NoParams, listed
from codegraph.encounter.kinds.notes import note_applies
from codegraph.encounter.model import Step
from codegraph.model import Relationship, Source

_NOTES = ("excludes1", "excludes2", "code_first")

# ── Excludes notes ───────────────────────────────────────────────────────────────────────────


def _edges(
    case: Case, a: Diagnosis, b: Diagnosis, type: str
) -> list[tuple[Relationship, bool | None]]:
    """Return the notes of a type that speak of two diagnoses, and whether their condition holds."""
    assert a.row is not None
    assert b.row is not None
    concepts = case.concepts
    pair = (a.row, b.row)
    if pair not in case.notes_between:
        case.notes_between[pair] = concepts.between(*pair, _NOTES, case.on)
    edges = [e for e in case.notes_between[pair] if e.type == type]
    if not edges:
        return []
    above_a = {concepts.curie(r) for r in (a.row, *concepts.ancestors(a.row))}
    above_b = {concepts.curie(r) for r in (b.row, *concepts.ancestors(b.row))}
    shared = above_a & above_b
    found: list[tuple[Relationship, bool | None]] = []
    for e in edges:
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


def _excludes1(case: Case, _rule: BoundRule) -> Iterator[Draft]:
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


def _excludes2(case: Case, _rule: BoundRule) -> Iterator[Draft]:
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

_OPEN = ("if applicable", "if known", "any ", "if present", "when applicable")


def _order(case: Case, _rule: BoundRule) -> Iterator[Draft]:
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


KINDS = (
    Kind("excludes1", NoParams, _excludes1),
    Kind("excludes2", NoParams, _excludes2),
    Kind("diagnosis_order", NoParams, _order),
)
