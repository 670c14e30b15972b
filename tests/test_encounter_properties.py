"""What must hold for every encounter, on encounters made at random from names that notes use."""

from __future__ import annotations

import copy
from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codegraph.concepts import Concepts
from codegraph.encounter import EncounterChecker, Report, decode_encounter
from codegraph.paths import data_dir

MUSCLES = [
    "trapezius", "upper trapezius", "levator scapulae", "splenius capitis", "rhomboids",
    "rhomboid major", "infraspinatus", "piriformis", "gluteus medius", "quadratus lumborum",
    "masseter", "brachioradialis", "lumbar paraspinals", "no such muscle",
]  # fmt: skip
DRUGS = [
    "triamcinolone acetonide", "kenalog-40", "depo-medrol 80", "celestone", "dexamethasone",
    "toradol", "lidocaine 1%", "bupivacaine 0.25%", "normal saline", "solu-medrol", "no such drug",
]  # fmt: skip
DIAGNOSES = [
    "M79.12", "M79.18", "M79.10", "M79.1", "M79.7", "M62.830", "M54.2", "M54.50", "M79.631",
    "M79.639", "M25.521", "G89.29", "G44.209", "R52", "M79.A11", "Q99.99",
]  # fmt: skip
PROCEDURES = ["20552", "20553", "20560", "20610", "76942", "96372", "99213", "J3301", "64450"]
DAYS = st.dates(date(2018, 1, 1), date(2027, 3, 1)).map(date.isoformat)

muscles = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from(MUSCLES)},
        optional={"side": st.sampled_from(["left", "right", "midline", "unspecified"])},
    ),
    max_size=6,
)
drugs = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from(DRUGS)},
        optional={
            "dose": st.integers(1, 240) | st.floats(0.5, 100),
            "unit": st.sampled_from(["mg", "ml"]),
            "container": st.sampled_from(["single_dose", "multi_dose"]),
            "discarded": st.integers(0, 80),
        },
    ),
    max_size=3,
)
documentation = st.fixed_dictionaries(
    {},
    optional={
        "site": st.sampled_from(["left neck", "low back", "jaw"]),
        "palpated_trigger_points": st.booleans(),
        "symptom_duration_days": st.integers(0, 400),
        "failed_therapies": st.sampled_from([[], ["physical therapy"]]),
        "taut_band": st.booleans(),
        "referred_pain": st.booleans(),
        "palpable_nodule": st.booleans(),
        "pre_score": st.integers(0, 10),
        "post_score": st.integers(0, 10),
        "separate_site": st.booleans(),
        "separate_em_work": st.booleans(),
        "unrelated_conditions": st.booleans(),
        "guidance_documented": st.booleans(),
        "ndc": st.booleans(),
        "movement_blocked": st.booleans(),
        "function_improved": st.booleans(),
        "ongoing_program": st.booleans(),
    },
)
procedures = st.lists(
    st.fixed_dictionaries(
        {"code": st.sampled_from(PROCEDURES)},
        optional={
            "units": st.integers(1, 5),
            "modifiers": st.lists(st.sampled_from(["50", "59", "25", "JZ", "RT"]), max_size=2),
        },
    ),
    max_size=4,
)
facts = st.fixed_dictionaries(
    {"date_of_service": DAYS},
    optional={
        "payer": st.sampled_from(["generic", "medicare"]),
        "diagnoses": st.lists(st.sampled_from(DIAGNOSES), max_size=4),
        "injections": st.fixed_dictionaries(
            {"technique": st.sampled_from(["injection", "dry_needling"]), "muscles": muscles},
            optional={"count": st.integers(1, 12)},
        ),
        "guidance": st.sampled_from(["none", "ultrasound", "fluoroscopy", "mri"]),
        "drugs": drugs,
        "history": st.fixed_dictionaries(
            {},
            optional={
                "sessions": st.lists(DAYS, max_size=5),
                "relief_percent": st.integers(0, 100),
                "relief_weeks": st.integers(0, 20),
            },
        ),
        "documentation": documentation,
    },
)
everything = st.builds(
    lambda f, p: f | ({"procedures": p} if p else {}), facts, st.none() | procedures
)

many = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def checker(concepts: Concepts) -> EncounterChecker:
    return EncounterChecker.open(concepts, data_dir())


def _report(checker: EncounterChecker, encounter: dict[str, Any]) -> Report:
    return checker.check(decode_encounter(encounter))


def _plain(report: Report) -> Any:
    return msgspec.to_builtins(report)


@many
@given(encounter=everything, random=st.randoms(use_true_random=False))
def test_the_order_of_a_request_does_not_matter(
    checker: EncounterChecker, encounter: dict[str, Any], random: Any
) -> None:
    shuffled = copy.deepcopy(encounter)
    for part in ("diagnoses", "procedures", "drugs"):
        if part in shuffled:
            random.shuffle(shuffled[part])
    if "injections" in shuffled:
        random.shuffle(shuffled["injections"]["muscles"])
    if "sessions" in shuffled.get("history", {}):
        random.shuffle(shuffled["history"]["sessions"])
    assert _plain(_report(checker, shuffled)) == _plain(_report(checker, encounter))


@many
@given(encounter=everything, said=documentation)
def test_a_documented_fact_never_makes_documentation_unknown(
    checker: EncounterChecker, encounter: dict[str, Any], said: dict[str, Any]
) -> None:
    before = _report(checker, encounter)
    more = copy.deepcopy(encounter)
    more["documentation"] = said | more.get("documentation", {})
    after = _report(checker, more)
    was = {f.id: f.verdict for f in before.findings if f.kind == "documentation"}
    for finding in after.findings:
        if was.get(finding.id) == "pass":
            assert finding.verdict != "no_data", finding
    if before.verdict.documentation == "pass":
        assert after.verdict.documentation != "no_data"


@many
@given(
    name=st.sampled_from(DRUGS),
    day=DAYS,
    doses=st.tuples(st.floats(0.5, 400), st.floats(0.5, 400)),
    container=st.sampled_from(["single_dose", "multi_dose", None]),
)
def test_what_is_billed_never_falls_as_the_dose_rises(
    checker: EncounterChecker,
    name: str,
    day: str,
    doses: tuple[float, float],
    container: str | None,
) -> None:
    """Units of one code; where three codes share a drug (to March 2024), milligrams billed."""

    def billed(dose: float) -> float:
        drug = {"name": name, "dose": dose, "unit": "mg", "container": container}
        report = _report(checker, {"date_of_service": day, "drugs": [drug]})
        size = {"J1020": 20, "J1030": 40, "J1040": 80}
        return sum(x.units * size.get(x.code, 1) for x in report.claim_lines)

    low, high = sorted(doses)
    assert billed(low) <= billed(high)


@many
@given(encounter=facts)
def test_proposed_lines_fed_back_have_no_coding_failure(
    checker: EncounterChecker, encounter: dict[str, Any]
) -> None:
    first = _report(checker, encounter)
    lines = [
        {"code": x.code, "units": x.units, "modifiers": list(x.modifiers)}
        for x in first.claim_lines
    ]
    again = _report(checker, encounter | {"procedures": lines})
    own = {f.id for f in first.findings if f.verdict == "fail"}
    new = [f for f in again.findings if f.kind == "coding" and f.verdict == "fail"]
    assert [f for f in new if f.id not in own] == []
    assert [(x.code, x.units, x.modifiers) for x in again.claim_lines] == [
        (x.code, x.units, x.modifiers) for x in first.claim_lines
    ]


@many
@given(encounter=facts, other=DAYS)
def test_another_date_uses_the_codes_of_that_date(
    checker: EncounterChecker, encounter: dict[str, Any], other: str
) -> None:
    report = _report(checker, encounter | {"date_of_service": other})
    on = date.fromisoformat(other)
    for line in report.claim_lines:
        row = checker.concepts.index(f"{line.system}:{line.code}")
        assert checker.concepts.status(row, on) == "billable"
        for code in line.diagnoses:
            row = checker.concepts.index(f"icd10cm:{code}")
            assert checker.concepts.status(row, on) == "billable"
        if "JZ" in line.modifiers:
            assert on >= date(2023, 7, 1)


@many
@given(encounter=everything)
def test_pass_means_that_nothing_is_unknown(
    checker: EncounterChecker, encounter: dict[str, Any]
) -> None:
    report = _report(checker, encounter)
    for kind in ("coding", "coverage", "documentation"):
        verdicts = {f.verdict for f in report.findings if f.kind == kind}
        if getattr(report.verdict, kind) == "pass":
            assert not verdicts & {"fail", "no_data", "warn"}
    for finding in report.findings:
        assert finding.source.title
        if finding.verdict == "fail":
            assert finding.fix
        if finding.advice:
            assert finding.verdict != "fail"
