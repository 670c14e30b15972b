"""Rules and payers as files: the shipped ones, a site's own, and files with an error."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from codegraph.concepts import Concepts
from codegraph.encounter import EncounterChecker, Report, decode_encounter
from codegraph.encounter.rulefiles import read_rulebook
from codegraph.errors import DataError, InvalidInputError
from codegraph.model import TRACE_MEANING
from codegraph.paths import data_dir

ACME = """\
sources:
  policy: {title: "Acme policy 12", date: "2026-01-01", trace: P}
records:
  - id: acme
    name: "Acme Health"
    about: "A test"
    parameters:
      sides_count_as_two_muscles: false
      sessions_per_12_months: 2
    source: policy
"""
BASE: dict[str, Any] = {
    "date_of_service": "2026-05-12",
    "payer": "acme",
    "diagnoses": ["M79.18"],
    "injections": {
        "technique": "injection",
        "count": 4,
        "muscles": [
            {"name": "piriformis", "side": "left"},
            {"name": "piriformis", "side": "right"},
            {"name": "gluteus medius", "side": "left"},
        ],
    },
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "payers"
    made.mkdir()
    (made / "acme.yaml").write_text(ACME, "utf-8")
    return made


def _check(checker: EncounterChecker, **changes: Any) -> Report:
    return checker.check(decode_encounter(BASE | changes))


def _of(report: Report, rule: str) -> list[tuple[str, str]]:
    return [(f.verdict, f.source.title) for f in report.findings if f.rule == rule]


def test_a_sites_payer_is_checked_by_its_parameters(concepts: Concepts, folder: Path) -> None:
    checker = EncounterChecker.open(concepts, data_dir(), [folder])
    report = _check(checker, history={"sessions": ["2026-01-01", "2026-03-01"]})
    assert [x.code for x in report.claim_lines] == ["20552"]
    assert ("warn", "AAPC pages on trigger point injections (anaesthetic, sides, group words)") in [
        (f.verdict, f.source.title) for f in report.findings if f.id == "tpi-muscle-count.sides"
    ] or report.verdict.coding == "warn"
    assert _of(report, "payer-session-limit") == [("fail", "Acme policy 12")]
    assert _of(report, "payer-guidance") == []
    assert "acme" in {p.id for p in checker.payers}


EXAMPLE_CASES: list[tuple[str, str, dict[str, Any]]] = [
    ("payer-covered-diagnoses", "pass", {}),
    ("payer-covered-diagnoses", "fail", {"diagnoses": ["M54.50"]}),
    ("payer-session-limit", "no_data", {}),
    ("payer-session-limit", "pass", {"history": {"sessions": []}}),
    ("payer-session-interval", "fail", {"history": {"sessions": ["2026-04-20"]}}),
    ("payer-session-interval", "pass", {"history": {"sessions": ["2026-03-01"]}}),
    ("payer-session-interval", "no_data", {}),
    ("payer-repeat-relief", "fail", {"history": {"relief_percent": 10}}),
    ("payer-guidance", "fail", {"guidance": "ultrasound"}),
    ("payer-other-blocks", "fail", {"procedures": [{"code": "20552"}, {"code": "64450"}]}),
    ("payer-biologics", "fail", {"drugs": [{"name": "PRP", "dose": 2, "unit": "ml"}]}),
    ("payer-local-anaesthetic", "fail", {"procedures": [{"code": "J2003", "units": 50}]}),
    ("payer-dry-needling", "fail", {"injections": {"technique": "dry_needling"}}),
    ("payer-symptom-duration", "fail", {"documentation": {"symptom_duration_days": 30}}),
    ("payer-symptom-duration", "pass", {"documentation": {"symptom_duration_days": 100}}),
    ("payer-symptom-duration", "no_data", {}),
    ("payer-care-duration", "fail", {"documentation": {"failed_therapy_weeks": 2}}),
    ("payer-care-duration", "pass", {"documentation": {"failed_therapy_weeks": 8}}),
]


@pytest.mark.parametrize(("rule", "verdict", "changes"), EXAMPLE_CASES)
def test_the_commented_example_works_once_copied(
    concepts: Concepts, tmp_path: Path, rule: str, verdict: str, changes: dict[str, Any]
) -> None:
    example = data_dir() / "payers" / "example-commercial.yaml.example"
    shutil.copy(example, tmp_path / "example-commercial.yaml")
    checker = EncounterChecker.open(concepts, data_dir(), [tmp_path])
    report = _check(checker, payer="example-commercial", **changes)
    assert verdict in [v for v, _ in _of(report, rule)]


def test_one_region_is_the_payers_parameter(concepts: Concepts, folder: Path) -> None:
    text = ACME.replace("sessions_per_12_months: 2", "one_region_per_session: true")
    (folder / "acme.yaml").write_text(text, "utf-8")
    checker = EncounterChecker.open(concepts, data_dir(), [folder])
    assert [v for v, _ in _of(_check(checker), "payer-one-region")] == ["pass"]


def test_the_example_is_not_loaded(concepts: Concepts) -> None:
    checker = EncounterChecker.open(concepts, data_dir())
    assert {p.id for p in checker.payers} == {"generic", "medicare"}
    with pytest.raises(InvalidInputError):
        _check(checker, payer="example-commercial")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("sessions_per_12_months: 2", "sessions_per_year: 2"), "sessions_per_year"),
        (("sessions_per_12_months: 2", "sessions_per_12_months: two"), "sessions_per_12_months"),
        (("trace: P", "trace: Q"), "trace"),
        (("source: policy", "source: nothing"), "nothing"),
        (("  - id: acme", "  - id: Acme Health"), "short name"),
        (('about: "A test"', 'about: "A test'), "YAML"),
        (("records:", "recods:"), "recods"),
    ],
)
def test_a_bad_payer_file_is_refused_with_its_line(
    concepts: Concepts, folder: Path, change: tuple[str, str], problem: str
) -> None:
    (folder / "acme.yaml").write_text(ACME.replace(*change), "utf-8")
    with pytest.raises(DataError) as refused:
        EncounterChecker.open(concepts, data_dir(), [folder])
    assert re.search(r"acme\.yaml:\d+: ", str(refused.value))
    assert problem in str(refused.value)
    assert refused.value.fix


RULE = """
rules:
  - id: acme-rule
    title: "A rule"
    kind: documented
    statement: "Something."
    finding_kind: documentation
    governs: ["cpt:20552"]
    params: {item: site}
    payer: acme
    source: policy
"""


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("kind: documented", "kind: documnted"), "no kind"),
        (("{item: site}", "{item: sight}"), "no item"),
        (("{item: site}", "{itm: site}"), "params"),
        (("payer: acme", "payer: acne"), "does not exist"),
        (("id: acme-rule", "id: tpi-muscle-count"), "already"),
        (("source: policy", "source: policy\n    colour: red"), "colour"),
    ],
)
def test_a_bad_rule_is_refused_with_its_line(
    folder: Path, change: tuple[str, str], problem: str
) -> None:
    (folder / "acme.yaml").write_text(ACME + RULE.replace(*change), "utf-8")
    with pytest.raises(DataError) as refused:
        read_rulebook(data_dir(), [folder])
    assert re.search(r"acme\.yaml:\d+: ", str(refused.value))
    assert problem in str(refused.value)


def test_a_changed_folder_is_read_again_and_a_bad_file_keeps_the_last_good_set(
    concepts: Concepts, folder: Path
) -> None:
    checker = EncounterChecker.open(concepts, data_dir(), [folder])
    path = folder / "acme.yaml"
    history = {"sessions": ["2026-01-01", "2026-03-01"]}
    assert checker.reload_if_changed() == []

    path.write_text(ACME.replace("12_months: 2", "12_months: 5"), "utf-8")
    os.utime(path, ns=(1, 1))
    assert checker.reload_if_changed() == []
    assert [v for v, _ in _of(_check(checker, history=history), "payer-session-limit")] == ["pass"]

    path.write_text(ACME.replace("12_months: 2", "12_months: many"), "utf-8")
    errors = checker.reload_if_changed()
    assert len(errors) == 1
    assert "acme.yaml:9:" in str(errors[0])
    assert [v for v, _ in _of(_check(checker, history=history), "payer-session-limit")] == ["pass"]
    assert checker.reload_if_changed() == errors, "told until it is repaired"

    path.write_text(ACME, "utf-8")
    assert checker.reload_if_changed() == []
    assert [v for v, _ in _of(_check(checker, history=history), "payer-session-limit")] == ["fail"]


def test_every_rule_is_readable(concepts: Concepts) -> None:
    checker = EncounterChecker.open(concepts, data_dir())
    for rule in checker.rules:
        assert rule.title
        assert rule.statement.endswith(".")
        assert rule.sources
        assert rule.governs
        assert all(s.trace in TRACE_MEANING for s in rule.sources)
        for curie in rule.governs:
            assert curie in concepts, f"{rule.id} governs {curie}, which does not exist"


def test_rules_of_the_founding_article_are_advice(concepts: Concepts) -> None:
    checker = EncounterChecker.open(concepts, data_dir())
    for rule in checker.rules:
        if rule.sources[0].trace == "seed":
            assert rule.advice, rule.id


def test_no_ama_wording_stands_in_the_rules() -> None:
    """Turns of phrase of CPT descriptors; our own labels avoid them."""
    phrases = ["single or multiple trigger point", "needle placement (e", "supervision and interp",
               "list separately in addition", "arthrocentesis"]  # fmt: skip
    for path in [*data_dir().glob("rules/*.yaml"), *data_dir().glob("payers/*")]:
        text = path.read_text("utf-8").lower()
        for phrase in phrases:
            assert phrase not in text, f"{path.name}: {phrase}"
