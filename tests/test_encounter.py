"""The worked encounters: every file under tests/encounters, each with the fact it rests on."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from codegraph.concepts import Concepts
from codegraph.encounter import EncounterChecker, decode_encounter
from codegraph.encounter.model import ClaimLine, Finding, Report
from codegraph.paths import data_dir

FOLDER = Path(__file__).parent / "encounters"


@pytest.fixture(scope="module")
def checker(concepts: Concepts) -> EncounterChecker:
    return EncounterChecker.open(concepts, data_dir())


def _worked() -> list[Any]:
    found = []
    for path in sorted(FOLDER.glob("*.yaml")):
        for entry in yaml.safe_load(path.read_text("utf-8"))["encounters"]:
            found.append(pytest.param(entry, id=f"{path.stem}-{entry['id']}"))
    return found


WORKED = _worked()


def _line(line: ClaimLine) -> str:
    code = "-".join([line.code, *line.modifiers])
    return " ".join([f"{code} x {line.units}", *line.diagnoses])


def _found(report: Report, wanted: dict[str, Any]) -> list[Finding]:
    return [
        f
        for f in report.findings
        if f.rule == wanted["rule"]
        and f.verdict == wanted["verdict"]
        and set(wanted.get("codes", [])) <= set(f.codes)
        and wanted.get("says", "") in f.message
        and wanted.get("fix", "") in (f.fix or "")
        and wanted.get("trace", f.source.trace) == f.source.trace
        and (not wanted.get("path") or f.path)
    ]


@pytest.mark.parametrize("worked", WORKED)
def test_a_worked_encounter_comes_out_as_its_facts_say(
    worked: dict[str, Any], checker: EncounterChecker
) -> None:
    assert re.search(r"F\d+|section \d", worked["fact"]), "every encounter names its fact"
    report = checker.check(decode_encounter(worked["encounter"]))
    expect = worked["expect"]
    told = "\n".join(f"{f.verdict} {f.id}: {f.message}" for f in report.findings)
    if "lines" in expect:
        assert sorted(map(_line, report.claim_lines)) == sorted(expect["lines"]), told
    for kind, verdict in expect.get("verdict", {}).items():
        assert getattr(report.verdict, kind) == verdict, f"{kind}\n{told}"
    for wanted in expect.get("findings", []):
        assert _found(report, wanted), f"{wanted}\n{told}"
    for rule in expect.get("absent", []):
        assert rule not in {f.rule for f in report.findings}, told
    for code in expect.get("issues", []):
        assert code in {i.code for i in report.issues}


def test_there_are_enough_worked_encounters() -> None:
    own = [p for p in WORKED if not str(p.id).startswith("worked-")]
    assert len(own) >= 40
    assert len({p.id for p in WORKED}) == len(WORKED)


def test_every_line_names_findings_that_exist(checker: EncounterChecker) -> None:
    for param in WORKED:
        report = checker.check(decode_encounter(param.values[0]["encounter"]))
        ids = {f.id for f in report.findings}
        assert len(ids) == len(report.findings), param.id
        for line in report.claim_lines:
            assert line.why, f"{param.id}: {line.code} rests on nothing"
            assert set(line.why) <= ids


def test_every_rule_is_fired_and_left_alone_by_an_encounter(checker: EncounterChecker) -> None:
    """A rule that no worked encounter exercises, or that all do, is listed here."""
    shipped = {r.id for r in checker.rules if r.id not in TEMPLATES}
    fired: dict[str, int] = dict.fromkeys(shipped, 0)
    for param in WORKED:
        report = checker.check(decode_encounter(param.values[0]["encounter"]))
        for rule in {f.rule for f in report.findings}:
            fired[rule] += 1
    assert [r for r, n in fired.items() if n == 0] == []
    assert [r for r, n in fired.items() if n == len(WORKED)] == []


# Rules of data/rules/coverage.yaml speak for payers that set parameters: test_encounter_payers.py.
TEMPLATES = {
    r["id"]
    for r in yaml.safe_load(
        (Path(__file__).parents[1] / "data" / "rules" / "coverage.yaml").read_text("utf-8")
    )["records"]
    if r["id"] != "no-policy"
}


def test_the_examples_can_be_checked(checker: EncounterChecker) -> None:
    paths = sorted((data_dir() / "examples" / "encounters").glob("*.yaml"))
    assert 4 <= len(paths) <= 6
    for path in paths:
        report = checker.check(decode_encounter(yaml.safe_load(path.read_text("utf-8"))))
        assert report.claim_lines, path.name
