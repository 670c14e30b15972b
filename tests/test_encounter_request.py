"""The request: what is taken, what is refused, and that nothing that was sent comes back."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import msgspec
import pytest
import yaml

from codegraph.concepts import Concepts
from codegraph.encounter import EncounterChecker, decode_encounter
from codegraph.errors import InvalidInputError
from codegraph.paths import data_dir

SECRET = "Jane Q Public 00412"
ONE_SIDE = {"name": "x", "side": SECRET}


@pytest.fixture(scope="module")
def checker(concepts: Concepts) -> EncounterChecker:
    return EncounterChecker.open(concepts, data_dir())


@pytest.mark.parametrize(
    ("encounter", "named"),
    [
        ({"date_of_service": "2026-01-01", "patient_name": SECRET}, "patient_name"),
        ({"date_of_service": "2026-01-01", SECRET: 1}, "no field name"),
        ({"date_of_service": "2026-01-01", "drugs": [{"mrn": SECRET}]}, "drugs[0].mrn"),
        ({"date_of_service": "2026-01-01", "documentation": {SECRET: 1}}, "documentation"),
        ({"date_of_service": SECRET}, "date_of_service"),
        ({"diagnoses": ["M79.18"]}, "date_of_service: is missing"),
        ({"date_of_service": "2026-01-01", "diagnoses": SECRET}, "diagnoses"),
        ({"date_of_service": "2026-01-01", "guidance": SECRET}, "guidance"),
        (
            {"date_of_service": "2026-01-01", "injections": {"muscles": [ONE_SIDE]}},
            "injections.muscles[0].side: is none of left, right",
        ),
        ({"date_of_service": "2026-01-01", "drugs": [{"dose": SECRET}]}, "drugs[0].dose"),
        ({"date_of_service": "2026-01-01", "drugs": [{"dose": -1}]}, "drugs[0].dose"),
        ({"date_of_service": "2026-01-01", "procedures": [{"units": 0, "code": "20552"}]}, "units"),
        ({"date_of_service": "2026-01-01", "history": {"relief_percent": 101}}, "relief_percent"),
        ({"date_of_service": "1926-01-01"}, "date_of_service"),
        ({"date_of_service": "2026-01-01", "payer": "x" * 500}, "payer"),
    ],
)  # fmt: skip
def test_a_bad_field_is_named_and_its_content_is_not(encounter: Any, named: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        decode_encounter(encounter)
    assert named in refused.value.detail
    for word in SECRET.split():
        assert word not in refused.value.detail.split()
    assert SECRET not in str(refused.value.suggestions)


@pytest.mark.parametrize("raw", [b"{", b"[]", b'"x"', b"\xff\xfe", b"null", b"1" * 300_000])
def test_what_is_no_object_is_refused(raw: bytes) -> None:
    with pytest.raises(InvalidInputError):
        decode_encounter(raw)


def test_deeply_nested_json_is_refused() -> None:
    with pytest.raises(InvalidInputError):
        decode_encounter(b'{"date_of_service":' + b"[" * 100_000)


def test_a_number_that_is_none_is_refused() -> None:
    loaded = yaml.safe_load("{date_of_service: 2026-01-01, drugs: [{name: x, dose: .nan}]}")
    with pytest.raises(InvalidInputError, match="dose"):
        decode_encounter(loaded)


def test_free_text_does_not_come_back(checker: EncounterChecker) -> None:
    report = checker.check(
        decode_encounter(
            {
                "date_of_service": "2026-01-01",
                "diagnoses": [f"{SECRET} diagnosis"],
                "procedures": [{"code": SECRET[:24], "modifiers": [SECRET[:24]]}],
                "injections": {"technique": "injection", "muscles": [{"name": SECRET}]},
                "drugs": [{"name": SECRET, "dose": 1, "unit": "mg"}],
                "documentation": {"site": SECRET, "failed_therapies": [SECRET], "ndc": SECRET},
            }
            | {"diagnoses": [SECRET[:24]]}
        )
    )
    told = msgspec.json.encode(report).decode()
    assert "Jane" not in told
    assert "00412" not in told


def test_an_unknown_payer_is_refused_and_not_repeated(checker: EncounterChecker) -> None:
    with pytest.raises(InvalidInputError) as refused:
        checker.check(decode_encounter({"date_of_service": "2026-01-01", "payer": SECRET}))
    assert "Jane" not in refused.value.detail
    assert "medicare" in refused.value.suggestions


def test_json_and_yaml_say_the_same() -> None:
    text = """
    date_of_service: 2026-02-03
    diagnoses: [M79.18]
    procedures: [{code: 20552, modifiers: [59]}]
    history: {sessions: [2026-01-01]}
    """
    loaded = yaml.safe_load(text)
    sent = json.dumps(loaded, default=date.isoformat).encode()
    assert decode_encounter(sent) == decode_encounter(loaded)


@pytest.mark.parametrize("code", ["M79.18", "m79.18", "M7918", " m7918 "])
def test_codes_are_taken_in_any_spelling(checker: EncounterChecker, code: str) -> None:
    report = checker.check(decode_encounter({"date_of_service": "2026-02-03", "diagnoses": [code]}))
    assert report.verdict.coding == "pass"
    assert report.findings[0].codes == ["M79.18"]


def test_the_report_has_the_names_of_the_contract(checker: EncounterChecker) -> None:
    encounter = decode_encounter(
        {
            "date_of_service": "2026-02-03",
            "payer": "medicare",
            "diagnoses": ["M79.12"],
            "injections": {"muscles": [{"name": "splenius capitis", "side": "left"}], "count": 1},
        }
    )
    report = msgspec.to_builtins(checker.check(encounter))
    assert {"claim_lines", "findings", "verdict", "edition", "issues"} <= set(report)
    line = report["claim_lines"][0]
    assert {"code", "units", "modifiers", "diagnoses", "why"} <= set(line)
    finding = next(f for f in report["findings"] if f["rule"] == "medicare-tpi-covered-diagnoses")
    names = {"id", "rule", "kind", "verdict", "message", "codes", "fix", "source"}
    assert names <= set(finding)
    assert set(finding["source"]) == {"title", "section", "date", "trace"}
    assert finding["path"][0] == {
        "from": "icd10cm:M79.12", "type": "covered_by", "to": "rule:medicare-tpi-covered-diagnoses",
    }  # fmt: skip
    assert set(report["verdict"]) == {"coding", "coverage", "documentation"}
    assert report["edition"]["ncci"] == "2024Q3"


def test_names_are_offered_for_typing_ahead(checker: EncounterChecker) -> None:
    assert any("SCM" in m.aliases for m in checker.muscles())
    assert any("Kenalog-40" in d.aliases for d in checker.drugs())
