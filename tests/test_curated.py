"""Curated files: what is wrong is told with file, line, field and fix."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegraph.errors import DataError
from codegraph.model import CptCode, LexiconEntry
from codegraph.sources.curated import read_curated

GOOD = """\
# heading
sources:
  usage: {title: "Usage", trace: U}
records:
  - {term: "tennis elbow", means: ["lateral epicondylitis"], source: usage}
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "file.yaml"
    path.write_text(text, "utf-8")
    return path


def test_a_record_comes_with_its_source(tmp_path: Path) -> None:
    file = read_curated(write(tmp_path, GOOD), LexiconEntry)
    assert file.records[0].means == ["lateral epicondylitis"]
    assert file.sources_of(file.records[0])[0].trace == "U"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (GOOD + "  - {term: x, means: [y], source: usage, colour: red}\n", 6, "colour"),
        (GOOD + "  - {term: x, means: y, source: usage}\n", 6, "means"),
        (GOOD + "  - {term: x, means: [y], source: nowhere}\n", 6, "nowhere"),
        (GOOD + "  - {term: x, means: [y]}\n", 6, "source"),
        (GOOD + "  - {term: x, term: z, means: [y], source: usage}\n", 6, "twice"),
        (GOOD + "  - {term: tennis elbow, means: [y], source: usage}\n", 6, "twice"),
        (GOOD + "colour: red\n", 6, "colour"),
        (GOOD + "  - {term: x\n", 7, "YAML"),
        (GOOD.replace("trace: U", "trace: X"), 3, "trace"),
        ("- just a list\n", 1, "mapping"),
    ],
)
def test_what_is_wrong_is_told_with_file_line_and_fix(
    tmp_path: Path, text: str, line: int, words: str
) -> None:
    with pytest.raises(DataError) as caught:
        read_curated(write(tmp_path, text), LexiconEntry, key=lambda r: r.term)
    message = str(caught.value)
    assert f"file.yaml:{line}:" in message
    assert words in message
    assert " - " in message, "says how to mend it"


def test_a_date_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    text = (
        "sources:\n  a: {title: t, trace: P}\nrecords:\n"
        '  - {code: "20552", label: l, category: c, from: "2026-02-30", source: a}\n'
    )
    with pytest.raises(DataError, match=r"file.yaml:4: .*from"):
        read_curated(write(tmp_path, text), CptCode)
