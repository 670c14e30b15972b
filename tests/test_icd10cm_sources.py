"""The official files: every code, its notes, its seventh characters, its place."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from codegraph.concepts import Concepts
from codegraph.errors import DataError
from codegraph.sources import icd10cm_tabular as tabular
from codegraph.sources.icd10cm_notes import references

FRAGMENT = """\
<?xml version="1.0" encoding="utf-8"?>
<ICD10CM.tabular><version>2031</version>
<chapter><name>19</name><desc>Injuries (S00-T88)</desc>
 <section id="T07"><desc>Injuries involving multiple regions (T07)</desc>
  <diag><name>T07</name><desc>Unspecified multiple injuries</desc>
   <sevenChrNote><note>7th character to be added</note></sevenChrNote>
   <sevenChrDef><extension char="A">initial encounter</extension><note>for emergency</note>
     <extension char="D">subsequent encounter</extension></sevenChrDef>
   <excludes1><note>injury NOS (T14.90)</note></excludes1>
  </diag>
 </section>
</chapter></ICD10CM.tabular>
"""


def release(tmp_path: Path, name: str = "icd10cm-tabular-April-2031.xml") -> tabular.Release:
    xml, listed = tmp_path / name, tmp_path / "code-list.txt"
    xml.write_text(FRAGMENT, "utf-8")
    listed.write_text("19\nT07\nT07\nT07XXXA\n", "utf-8")
    return tabular.Release(xml, listed)


def test_a_section_and_its_only_category_may_share_a_name(tmp_path: Path) -> None:
    found = {c.code: c for c in tabular.read_tabular(release(tmp_path))}
    assert found["T07-T07"].kind == "section"
    assert found["T07"].kind == "category"
    assert found["T07"].parent == "T07-T07"


def test_a_short_code_is_padded_and_only_listed_codes_are_made(tmp_path: Path) -> None:
    found = {c.code: c for c in tabular.read_tabular(release(tmp_path))}
    assert found["T07.XXXA"].billable
    assert found["T07.XXXA"].title == (
        "Unspecified multiple injuries, initial encounter; for emergency"
    )
    assert "T07.XXXD" not in found, "defined by the XML, but not in the official list"
    assert not found["T07"].billable


@pytest.mark.parametrize(
    ("name", "begins", "called"),
    [
        ("icd10cm-tabular-April-2031.xml", date(2031, 4, 1), "FY2031, April 2031 update"),
        ("icd10cm_tabular_2031.xml", date(2030, 10, 1), "FY2031"),
    ],
)
def test_the_edition_is_read_from_the_file_and_its_name(
    tmp_path: Path, name: str, begins: date, called: str
) -> None:
    edition = tabular.read_edition(release(tmp_path, name))
    assert edition.valid_from == begins
    assert edition.valid_to == date(2031, 9, 30)
    assert edition.name.endswith(called)


def test_a_listed_code_that_the_tabular_lacks_is_an_error(tmp_path: Path) -> None:
    files = release(tmp_path)
    files.code_list.write_text("T07\nT07XXXA\nT08\n", "utf-8")
    with pytest.raises(DataError, match="T08"):
        list(tabular.read_tabular(files))


def test_broken_xml_is_told_by_file(tmp_path: Path) -> None:
    files = release(tmp_path)
    files.tabular.write_text(FRAGMENT[:400], "utf-8")
    with pytest.raises(DataError, match="not well-formed"):
        list(tabular.read_tabular(files))


def test_the_graph_holds_just_the_billable_codes_of_the_official_list(concepts: Concepts) -> None:
    files = tabular.installed_release()
    listed = {
        line.strip().replace(".", "")
        for line in files.code_list.read_text("utf-8").splitlines()
        if re.fullmatch(r"[A-Z][0-9A-Z.]{2,7}", line.strip())
    }
    ordered = sorted(listed)
    leaves = {
        code
        for i, code in enumerate(ordered)
        if i + 1 == len(ordered) or not ordered[i + 1].startswith(code)
    }
    on = concepts.edition.valid_from
    tables = concepts.tables
    billable = {
        tables.codes[row].replace(".", "")
        for row in range(len(concepts))
        if tables.systems[row] == "icd10cm" and concepts.status(row, on) == "billable"
    }
    assert billable == leaves


def test_m79_has_its_52_billable_codes(concepts: Concepts, on: date) -> None:
    assert len(concepts.billable_below(concepts.index("icd10cm:M79"), on)) == 52


@pytest.mark.parametrize("code", ["T07.XXXA", "W21.89XA", "S52.501A", "QA0.0101", "M1A.0110"])
def test_hard_codes_are_there_and_billable(concepts: Concepts, on: date, code: str) -> None:
    assert concepts.concept(f"icd10cm:{code}", on).billable


def test_a_seventh_character_that_only_the_xml_suggests_is_no_code(concepts: Concepts) -> None:
    assert "icd10cm:S06.1X7A" in concepts
    assert "icd10cm:S06.1X7D" not in concepts


@pytest.mark.parametrize(
    ("note", "found"),
    [
        ("myositis (M60.-)", ["M60"]),
        ("radiculitis NOS (M54.1-)", ["M54.1"]),
        ("lumbago (M54.3-M54.4)", ["M54.3-M54.4"]),
        ("mononeuropathies (G56-G58)", ["G56-G58"]),
        ("dementia with anxiety (F02.84, F02.A4)", ["F02.84", "F02.A4"]),
        ("drug (T36-T50 with fifth or sixth character 5)", ["T36-T50"]),
        ("conditions classified to A74.-", ["A74"]),
        ("code from category O08 to identify it", ["O08"]),
        ("genetic susceptibility (Z15.-), QA0.0101", ["Z15", "QA0.0101"]),
        ("anemia unresponsive to vitamin B12 therapy", []),
        ("unclassified", []),
    ],
)
def test_references_in_notes_are_read_as_written(note: str, found: list[str]) -> None:
    assert [str(r) for r in references(note)] == found


def test_every_reference_that_names_an_existing_code_resolves(concepts: Concepts) -> None:
    for _, reference, _ in concepts.tables.unresolved:
        assert f"icd10cm:{reference}" not in concepts
    assert concepts.tables.resolved_references > 11_000
