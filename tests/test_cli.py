"""The command line: what it prints, what it returns, that every command has help."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from codegraph.cli import main
from codegraph.service import CodeGraph


@pytest.fixture
def run(cache: Path, service: CodeGraph, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a command on the cache that the tests share."""
    monkeypatch.setenv("CODEGRAPH_CACHE", str(cache))

    def invoke(*args: str, given: str | None = None) -> Result:
        return CliRunner().invoke(main, list(args), input=given)

    return invoke


def commands(group: click.Group, before: str = "") -> list[tuple[str, click.Command]]:
    found = []
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found += commands(command, f"{before}{name} ")
        else:
            found.append((before + name, command))
    return found


@pytest.mark.parametrize(("name", "command"), commands(main))
def test_every_command_has_help(name: str, command: click.Command) -> None:
    assert command.help, name


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("show", "M79.18"), "Myalgia, other site"),
        (("show", "m79631"), "M79.63 Pain in forearm"),
        (("show", "J3301"), "triamcinolone"),
        (("search", "pian", "in", "rigth", "forarm"), "M79.631"),
        (("validate", "M79.1", "--on", "2018-09-15"), "is billable on 2018-09-15"),
        (("path", "icd10cm:M79.18", "cpt:20553"), "1. M79.18"),
        (("drill", "M79.63"), "Which side?"),
        (("drill", "M79.63", "-a", "laterality:right"), "M79.631"),
        (("drill", "right forearm pain"), "M79.631"),
        (("data", "list"), "74719 billable"),
        (("build",), "up to date"),
    ],
)
def test_a_command_answers(run: Any, args: tuple[str, ...], words: str) -> None:
    result = run(*args)
    assert result.exit_code == 0, result.output
    assert words in result.output


@pytest.mark.parametrize(
    ("args", "status", "words"),
    [
        (("show", "M99.ZZZ"), 1, "M99"),
        (("show", "hello"), 1, "form"),
        (("validate", "M79.1", "M79.18", "--on", "2023-01-01"), 1, "use M79.10"),
        (("validate", "M79.18", "--on", "2026-02-30"), 2, "YYYY-MM-DD"),
        (("search", "qzxv", "blorp"), 1, "Nothing matches"),
        (("search", "pain", "--limit", "0"), 2, "limit"),
        (("path", "icd10cm:M79.18", "cpt:99999"), 1, "99999"),
        (("drill", "M79.63", "-a", "laterality"), 2, "axis:value"),
        (("drill", "M79.63", "-a", "laterality:up"), 1, "up"),
        (("export", "--format", "xlsx", "-o", "x"), 2, "graphml"),
        (("check", "no-such-file.yaml"), 2, "no-such-file"),
    ],
)
def test_what_cannot_be_answered_has_a_status_and_says_why(
    run: Any, args: tuple[str, ...], status: int, words: str
) -> None:
    result = run(*args)
    assert result.exit_code == status, result.output
    assert words in result.output


@pytest.mark.parametrize(
    "args",
    [
        ("show", "M79.18"), ("search", "forearm pain"), ("validate", "M79.18"),
        ("path", "icd10cm:M79.18", "cpt:20553"), ("drill", "M79.6"), ("data", "list"),
    ],
)  # fmt: skip
def test_json_is_the_apis_json(run: Any, args: tuple[str, ...]) -> None:
    document = json.loads(run(*args, "--on", "2026-05-01", "--json").stdout) if args[0] != "data" \
        else json.loads(run(*args, "--json").stdout)  # fmt: skip
    assert isinstance(document, dict)


ENCOUNTER = """\
date_of_service: 2026-05-01
payer: medicare
diagnoses: [M79.18]
procedures: [{code: "20552"}, {code: "20553"}]
"""


@pytest.mark.parametrize(
    ("text", "status", "words"),
    [
        (ENCOUNTER, 1, "20553"),
        ('{"date_of_service": "2026-05-01", "diagnoses": ["M79.18"]}', 0, "M79.18"),
        ("date_of_service: [", 2, "neither YAML nor JSON"),
        ("date_of_service: 2026-05-01\npatient_name: John Smith\n", 2, "patient_name"),
    ],
)
def test_an_encounter_is_checked_from_yaml_json_or_standard_input(
    run: Any, tmp_path: Path, text: str, status: int, words: str
) -> None:
    path = tmp_path / "encounter.yaml"
    path.write_text(text, "utf-8")
    for result in (run("check", str(path)), run("check", "-", given=text)):
        assert result.exit_code == status, result.output
        assert words in result.output
        assert "John Smith" not in result.output


def test_an_export_says_what_it_wrote(run: Any, tmp_path: Path) -> None:
    result = run("export", "--format", "json", "-o", str(tmp_path / "graph.json"))
    assert result.exit_code == 0
    assert "nodes" in result.output


def test_a_bad_payer_file_is_refused_with_file_line_and_fix(run: Any, tmp_path: Path) -> None:
    (tmp_path / "acme.yaml").write_text("records:\n  - {id: acme, colour: red}\n", "utf-8")
    encounter = tmp_path / "encounter.json"
    encounter.write_text('{"date_of_service": "2026-05-01"}', "utf-8")
    result = run("check", str(encounter), "--payers", str(tmp_path))
    assert result.exit_code == 2
    assert "acme.yaml:2" in result.output
