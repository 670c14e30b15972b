"""Code syntax: what people type, what is official, what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegraph import codes
from codegraph.errors import InvalidInputError, UnknownSystemError


@pytest.mark.parametrize(
    ("system", "text", "official"),
    [
        ("icd10cm", "M79631", "M79.631"),
        ("icd10cm", "m79.631", "M79.631"),
        ("icd10cm", " m79 631 ", "M79.631"),
        ("icd10cm", "M79.6-", "M79.6"),
        ("icd10cm", "m79", "M79"),
        ("icd10cm", "qa00101", "QA0.0101"),  # the second character may be a letter
        ("icd10cm", "c4a.9", "C4A.9"),
        ("icd10cm", "s52501a", "S52.501A"),
        ("icd10cm", "t07.xxxa", "T07.XXXA"),
        ("icd10cm", "m70-m79", "M70-M79"),
        ("icd10cm", "13", "chapter-13"),
        ("icd10cm", "Ｍ79.631", "M79.631"),  # full-width letter, as pasted from some charts
        ("cpt", " 20552", "20552"),
        ("hcpcs", "j3301", "J3301"),
        ("modifier", "xs", "XS"),
        ("rule", "TPI-One-Code-Per-Day", "tpi-one-code-per-day"),
    ],
)
def test_codes_are_accepted_with_or_without_dot_and_in_any_case(
    system: str, text: str, official: str
) -> None:
    assert codes.normalise(system, text) == official


@pytest.mark.parametrize(
    ("system", "text"),
    [
        ("icd10cm", "M7"),  # too short
        ("icd10cm", "M79.63112"),  # over seven characters, dot aside
        ("icd10cm", "79.6"),  # begins with a digit
        ("icd10cm", "M79.6'; --"),
        ("icd10cm", "../etc/passwd"),
        ("icd10cm", "\0"),
        ("icd10cm", ""),
        ("cpt", "2055"),
        ("hcpcs", "W3301"),  # beyond V
        ("icd10cm", "A" * 10_000),
    ],
)
def test_malformed_codes_are_refused_with_what_is_expected(system: str, text: str) -> None:
    with pytest.raises(InvalidInputError):
        codes.normalise(system, text)


def test_an_unknown_system_is_named_with_the_known_ones() -> None:
    with pytest.raises(UnknownSystemError) as caught:
        codes.normalise("snomed", "73211009")
    assert "icd10cm" in caught.value.suggestions


def test_a_bare_code_is_tried_against_each_system_it_could_be_of() -> None:
    assert ("cpt", "20552") in codes.guess_systems("20552")
    assert [s for s, _ in codes.guess_systems("J3301")] == ["icd10cm", "hcpcs"]


def test_a_curie_needs_its_colon() -> None:
    assert codes.parse_curie("ICD10CM:m79631") == ("icd10cm", "M79.631")
    with pytest.raises(InvalidInputError):
        codes.parse_curie("M79.631")


@given(st.text(max_size=40))
def test_a_code_once_official_stays_as_it_is(text: str) -> None:
    for system, code in codes.guess_systems(text):
        assert codes.normalise(system, code) == code
