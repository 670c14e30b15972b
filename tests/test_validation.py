"""Four different answers, each saying what to do."""

from __future__ import annotations

from datetime import date

import pytest

from codegraph.answers import CodeToValidate, Validation
from codegraph.errors import InvalidInputError
from codegraph.service import CodeGraph


def judged(service: CodeGraph, code: str, on: str, system: str | None = None) -> Validation:
    answer = service.validate([CodeToValidate(code=code, system=system)], date.fromisoformat(on))
    return answer.results[0]


@pytest.mark.parametrize(
    ("code", "on", "verdict", "words"),
    [
        ("M79.18", "2026-05-01", "billable", "Myalgia, other site"),
        ("m7918", "2026-05-01", "billable", "Myalgia, other site"),
        (
            "M79.1",
            "2023-01-01",
            "not_billable",
            "stopped being billable on 2018-10-01: use M79.10, M79.11, M79.12 or M79.18",
        ),
        ("M79.1", "2018-09-15", "billable", "Myalgia"),
        ("M79.18", "2018-09-15", "not_valid_on_date", "begins on 2018-10-01"),
        ("M79.6", "2026-05-01", "not_billable", "needs more characters"),
        ("S52.501", "2026-05-01", "not_billable", "needs a seventh character"),
        ("M70-M79", "2026-05-01", "not_billable", "group of the list"),
        ("J1030", "2024-05-01", "not_valid_on_date", "ended on 2024-03-31: use J1010"),
        ("J1010", "2024-03-01", "not_valid_on_date", "begins on 2024-04-01"),
        ("20552", "2026-05-01", "billable", "20552"),
        ("M99.ZZZ", "2026-05-01", "unknown", "M99"),
        ("hello", "2026-05-01", "unknown", "form"),
    ],
)
def test_a_verdict_says_what_to_do(
    service: CodeGraph, code: str, on: str, verdict: str, words: str
) -> None:
    found = judged(service, code, on)
    assert found.verdict == verdict
    assert words in found.message


def test_codes_come_back_in_official_form_and_order(service: CodeGraph, on: date) -> None:
    asked = [CodeToValidate(code=c) for c in ("m79631", "20552", "j3301")]
    found = service.validate(asked, on).results
    assert [(r.system, r.code) for r in found] == [
        ("icd10cm", "M79.631"), ("cpt", "20552"), ("hcpcs", "J3301"),
    ]  # fmt: skip


def test_an_unknown_system_is_another_answer_than_an_unknown_code(service: CodeGraph) -> None:
    found = judged(service, "M79.18", "2026-05-01", "icd11")
    assert found.verdict == "unknown"
    assert "code system" in found.message


def test_an_ended_code_names_what_replaced_it(service: CodeGraph) -> None:
    assert judged(service, "J1040", "2026-05-01").suggestions == ["J1010"]


def test_too_many_codes_at_once_are_refused(service: CodeGraph, on: date) -> None:
    with pytest.raises(InvalidInputError):
        service.validate([CodeToValidate(code="M79.18")] * 1001, on)
