"""Read the ICD-10-CM tabular list (XML) and the code list published beside it.

Yields concepts in file order; builds no graph, fetches nothing. Source: CDC/NCHS tabular XML, a US
Government work, as carried by the PyPI distribution simple-icd-10-cm. The distribution is located
by its metadata and never imported: its import parses everything.

  <chapter><name>13</name><desc>…</desc>
    <section id="M70-M79"><desc>…</desc>
      <diag><name>M79</name><desc>…</desc>
        <excludes1><note>…</note></excludes1>
        <sevenChrDef><extension char="A">initial encounter</extension>…</sevenChrDef>
        <diag placeholder="true">…            ← X holds the place of a character

Quirks of the real files:
- a section and its only category share a name (T07): sections are keyed T07-T07;
- a seventh-character definition is inherited by the codes below it, but not every combination
  exists (S06.1X7 takes no D): the code list decides;
- a <note> after an <extension> gives the same character a second wording.
"""

from __future__ import annotations

import calendar
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from importlib import metadata
from pathlib import Path

from codegraph.codes import dotted
from codegraph.errors import DataError
from codegraph.model import Edition, NoteKind

DISTRIBUTION = "simple-icd-10-cm"

_NOTE_TAGS: dict[str, NoteKind] = {
    "includes": "includes",
    "inclusionTerm": "inclusion_terms",
    "excludes1": "excludes1",
    "excludes2": "excludes2",
    "codeFirst": "code_first",
    "useAdditionalCode": "use_additional_code",
    "codeAlso": "code_also",
    "notes": "notes",
    "sevenChrNote": "notes",
}
_MONTHS = {name.lower(): i for i, name in enumerate(calendar.month_name) if name}


@dataclass(frozen=True, slots=True)
class TabularConcept:
    """One concept of the tabular list, expansions by seventh character included.

    `seventh` is what this level defines: character → meaning.
    """

    code: str
    kind: str
    title: str
    parent: str | None
    billable: bool
    notes: dict[NoteKind, list[str]] = field(default_factory=dict)
    seventh: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Release:
    """The two files of one edition."""

    tabular: Path
    code_list: Path


def installed_release() -> Release:
    """Return the release inside the installed simple-icd-10-cm distribution.

    Raises
    ------
    DataError
        If the distribution is missing or holds no tabular XML and code list.
    """
    try:
        files = metadata.files(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        raise DataError(
            DISTRIBUTION, "is not installed", fix=f"pip install {DISTRIBUTION}"
        ) from None
    tabular = [f for f in files if f.suffix == ".xml" and "tabular" in f.name]
    listed = [
        f for f in files if f.suffix == ".txt" and re.match(r"code-list|icd10cm-order", f.name)
    ]
    if len(tabular) != 1 or len(listed) != 1:
        raise DataError(
            DISTRIBUTION,
            f"holds {len(tabular)} tabular XML files and {len(listed)} code lists, not one each",
            fix="install a release that pyproject.toml allows",
        )
    return Release(Path(str(tabular[0].locate())), Path(str(listed[0].locate())))


def read_edition(release: Release) -> Edition:
    """Return the edition that the files say they are.

    The fiscal year stands in the XML; a month in the file's name marks a mid-year release, which
    serves from the first of that month. Both end with the fiscal year on 30 September.
    """
    head = release.tabular.read_bytes()[:4096].decode("utf-8", "replace")
    version = re.search(r"<version>\s*(\d{4})", head)
    if not version:
        raise DataError(release.tabular, "has no <version>", fix="take the file as published")
    year = int(version[1])
    begin = date(year - 1, 10, 1)
    name = f"ICD-10-CM FY{year}"
    month = re.search(r"(?i)(" + "|".join(_MONTHS) + r")\b", release.tabular.stem.replace("-", " "))
    if month and (number := _MONTHS[month[1].lower()]) != 10:
        begin = date(year if number < 10 else year - 1, number, 1)
        name += f", {month[1].capitalize()} {begin.year} update"
    return Edition(
        system="icd10cm",
        id=f"{year}-{begin.month:02}",
        name=name,
        valid_from=begin,
        valid_to=date(year, 9, 30),
        file=release.tabular.name,
    )


def read_tabular(release: Release) -> Iterator[TabularConcept]:
    """Yield every concept of the edition in file order, parents before children.

    Raises
    ------
    DataError
        If the XML cannot be parsed or lists a code that the two files do not agree upon.
    """
    listed = _read_code_list(release.code_list)
    try:
        root = ET.parse(release.tabular).getroot()
    except ET.ParseError as error:
        raise DataError(
            release.tabular, f"is not well-formed XML ({error})", fix="take the file as published"
        ) from error
    seen: set[str] = set()
    for chapter in root.iter("chapter"):
        number = f"chapter-{_text(chapter, 'name')}"
        yield TabularConcept(
            number, "chapter", _bare_title(_text(chapter, "desc")), None, False, _notes(chapter)
        )
        for section in chapter.iter("section"):
            name = section.get("id", "")
            code = name if "-" in name else f"{name}-{name}"
            title = _bare_title(_text(section, "desc"))
            diags = section.findall("diag")
            if not diags:  # the list names a few sections that hold no category
                continue
            yield TabularConcept(code, "section", title, number, False, _notes(section))
            for diag in diags:
                for concept in _read_diag(diag, code, "category", {}, listed):
                    seen.add(concept.code.replace(".", ""))
                    yield concept
    missing = sorted(listed - seen)
    if missing:
        raise DataError(
            release.code_list,
            f"{len(missing)} listed codes are not in the tabular list, first {missing[0]}",
            fix="take both files from the same release",
        )


def _read_diag(
    diag: ET.Element, parent: str, kind: str, seventh: dict[str, str], listed: set[str]
) -> Iterator[TabularConcept]:
    plain = _text(diag, "name").replace(".", "")
    code, title = dotted(plain), _text(diag, "desc")
    own = _seventh(diag)
    seventh = own or seventh
    children = diag.findall("diag")
    expanded = []
    if not children and len(plain) < 7:
        expanded = [
            (full, meaning)
            for char, meaning in seventh.items()
            if (full := plain.ljust(6, "X") + char) in listed
        ]
    billable = not children and not expanded and plain in listed
    yield TabularConcept(code, kind, title, parent, billable, _notes(diag), own)
    for child in children:
        yield from _read_diag(child, code, "subcategory", seventh, listed)
    for full, meaning in expanded:
        yield TabularConcept(dotted(full), "code", f"{title}, {meaning}", code, True)


def _read_code_list(path: Path) -> set[str]:
    """Return the listed codes without dots, leaving out chapters and sections.

    Reads a plain list (one code a line) and the CMS order file (number, code, flag, titles).
    """
    codes = set()
    for line in path.read_text("utf-8").splitlines():
        fields = line.split(maxsplit=2)
        if not fields:
            continue
        code = fields[1] if len(fields) > 2 else fields[0]
        if len(code) > 2 and "-" not in code:
            codes.add(code.replace(".", ""))
    return codes


def _seventh(diag: ET.Element) -> dict[str, str]:
    found: dict[str, str] = {}
    last = ""
    for child in diag.iterfind("sevenChrDef/*"):
        text = _squash(child.text)
        if child.tag == "extension":
            last = child.get("char", "")
            found[last] = text
        elif last and text:
            found[last] += f"; {text}"
    return found


def _notes(element: ET.Element) -> dict[NoteKind, list[str]]:
    found: dict[NoteKind, list[str]] = {}
    for child in element:
        kind = _NOTE_TAGS.get(child.tag)
        if kind:
            texts = [text for note in child if (text := _squash(note.text))]
            found.setdefault(kind, []).extend(texts)
    return found


def _text(element: ET.Element, tag: str) -> str:
    return _squash(element.findtext(tag))


def _squash(text: str | None) -> str:
    return " ".join((text or "").split())


def _bare_title(title: str) -> str:
    """Drop the code range that chapter and section titles repeat: 'X (M70-M79)' → 'X'."""
    return re.sub(r"\s*\([A-Z][0-9A-Z]{2}(?:-[A-Z][0-9A-Z]{2})?\)$", "", title)
