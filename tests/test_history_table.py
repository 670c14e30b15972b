"""The committed history of ICD-10-CM: data/icd10cm/history.csv and editions.yaml.

Needs only those two files and the code list and XML of the newest edition, found in the installed
distribution of simple-icd-10-cm without importing it. To repair a failure, rebuild the table with
the command in data/icd10cm/README.md; never edit history.csv by hand.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from datetime import date, timedelta
from functools import cache
from importlib.metadata import files
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

DATA = Path(__file__).resolve().parent.parent / "data" / "icd10cm"


class Row(NamedTuple):
    code: str
    start: str
    end: str
    status: str
    title: str
    replaced_by: str
    source: str


class Newest(NamedTuple):
    billable: frozenset[str]
    headers: frozenset[str]


@cache
def table() -> tuple[Row, ...]:
    with (DATA / "history.csv").open(encoding="utf-8", newline="") as stream:
        lines = csv.reader(stream)
        assert next(lines) == ["code", "from", "to", "status", "title", "replaced_by", "source"]
        return tuple(Row(*line) for line in lines)


@cache
def editions() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DATA / "editions.yaml").read_text(encoding="utf-8"))
    return loaded


def packaged(ending: str) -> str:
    shipped = files("simple-icd-10-cm") or []
    found = [f for f in shipped if f.parent.name == "data" and f.name.endswith(ending)]
    assert len(found) == 1, f"simple-icd-10-cm: one file {ending} expected, found {found}"
    return Path(str(found[0].locate())).read_text(encoding="utf-8")


@cache
def newest() -> Newest:
    """Codes of the newest edition: a listed code that begins no other listed code is billable."""
    listed = {line for line in packaged(".txt").split() if re.fullmatch("[A-Z][0-9A-Z]{2,6}", line)}
    headers = {code[:n] for code in listed for n in range(3, len(code)) if code[:n] in listed}

    def dotted(codes: set[str]) -> frozenset[str]:
        return frozenset(c if len(c) == 3 else f"{c[:3]}.{c[3:]}" for c in codes)

    return Newest(dotted(listed - headers), dotted(headers))


@cache
def by_code() -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in table():
        found[row.code].append(row)
    return found


def billable_on(day: str) -> set[str]:
    """Newest edition and table, as the README says they are to be read."""
    return {code for code in newest().billable if code not in by_code()} | {
        row.code
        for row in table()
        if row.status == "billable" and row.start <= day and (not row.end or day <= row.end)
    }


def intervals(code: str) -> list[tuple[str, str, str]]:
    return [(row.start, row.end, row.status) for row in by_code()[code]]


# ------------------------------------------------------------------------------ the format


def test_rows_are_sorted_by_code_then_start_and_none_repeats() -> None:
    keys = [(row.code, row.start) for row in table()]
    assert keys == sorted(set(keys))


def test_codes_are_in_official_dotted_form() -> None:
    form = re.compile(r"[A-Z][0-9A-Z]{2}(\.[0-9A-Z]{1,4})?")
    assert [row.code for row in table() if not form.fullmatch(row.code)] == []


def test_dates_are_iso_days_on_which_an_edition_began_or_ended() -> None:
    starts = {record["from"] for record in editions()["records"]}
    eves = {(date.fromisoformat(s) - timedelta(days=1)).isoformat() for s in starts}
    assert [row for row in table() if row.start and row.start not in starts] == []
    assert [row for row in table() if row.end and row.end not in eves] == []


def test_every_row_says_something_the_default_does_not() -> None:
    assert [row for row in table() if not row.start and not row.end] == []


def test_status_is_billable_or_header() -> None:
    assert {row.status for row in table()} == {"billable", "header"}


def test_every_source_is_explained_in_editions_yaml() -> None:
    assert {row.source for row in table()} <= editions()["sources"].keys()


def test_intervals_of_a_code_do_not_overlap() -> None:
    overlapping = [
        (earlier, later)
        for rows in by_code().values()
        for earlier, later in pairwise(rows)
        if not earlier.end or earlier.end >= later.start
    ]
    assert overlapping == []


# ---------------------------------------------------------------- table and newest edition


def test_a_code_open_at_the_end_has_its_status_in_the_newest_edition() -> None:
    wrong = [
        row
        for row in table()
        if not row.end
        and row.code not in (newest().billable if row.status == "billable" else newest().headers)
    ]
    assert wrong == []


def test_a_code_which_ended_for_good_is_not_in_the_newest_edition() -> None:
    ended = {code for code, rows in by_code().items() if rows[-1].end}
    assert ended & (newest().billable | newest().headers) == set()


def test_a_code_which_is_gone_has_a_title_in_every_interval() -> None:
    known = newest().billable | newest().headers
    assert [row for row in table() if row.code not in known and not row.title] == []


def test_a_title_is_given_only_for_an_interval_that_ended() -> None:
    assert [row for row in table() if row.title and not row.end] == []


def test_replacements_are_billable_the_day_after_the_code_ended() -> None:
    wrong = []
    for row in table():
        if row.replaced_by:
            after = (date.fromisoformat(row.end) + timedelta(days=1)).isoformat()
            heirs = row.replaced_by.split(";")
            assert heirs == sorted(set(heirs)), row
            wrong += [
                (row.code, heir)
                for heir in heirs
                if (after, "billable") not in {(r.start, r.status) for r in by_code()[heir]}
            ]
    assert wrong == []


def test_a_billable_code_which_became_a_header_is_replaced_by_all_its_children_of_that_day() -> (
    None
):
    for rows in by_code().values():
        for earlier, later in pairwise(rows):
            if (earlier.status, later.status) == ("billable", "header"):
                children = {
                    row.code
                    for row in table()
                    if row.start == later.start
                    and row.status == "billable"
                    and row.code.startswith(earlier.code)
                }
                assert children, earlier
                assert children <= set(earlier.replaced_by.split(";")), earlier


def test_every_code_without_replacement_is_known_to_have_none() -> None:
    """Q51.20 was dropped on 2020-10-01 and the conversion table names no successor."""
    bare = {r.code for r in table() if r.end and r.status == "billable" and not r.replaced_by}
    assert bare == {"Q51.20"}


def test_only_one_date_is_undecided() -> None:
    """H54.512 became a header in FY2024: no input says whether in October or in April."""
    assert [row.code for row in table() if row.source == "edition-date"] == ["H54.512"]


# ------------------------------------------------------------------------------ known cases


def test_myalgia_was_split_on_the_first_day_of_fy2019() -> None:
    assert intervals("M79.1") == [("", "2018-09-30", "billable"), ("2018-10-01", "", "header")]
    assert by_code()["M79.1"][0].replaced_by == "M79.10;M79.11;M79.12;M79.18"
    for code in ("M79.10", "M79.11", "M79.12", "M79.18"):
        assert intervals(code) == [("2018-10-01", "", "billable")]


def test_low_back_pain_was_split_on_the_first_day_of_fy2022() -> None:
    assert intervals("M54.5") == [("", "2021-09-30", "billable"), ("2021-10-01", "", "header")]
    assert by_code()["M54.5"][0].replaced_by == "M54.50;M54.51;M54.59"
    assert "M54.5" in billable_on("2021-09-30")
    assert "M54.5" not in billable_on("2021-10-01")


@pytest.mark.parametrize(
    ("code", "first_day"),
    [
        ("U07.1", "2020-04-01"),  # COVID-19
        ("J12.82", "2021-01-01"),  # pneumonia due to COVID-19
        ("Z28.310", "2022-04-01"),  # unvaccinated for COVID-19
        ("Y07.050", "2023-04-01"),  # non-binary partner, perpetrator
        ("C50.A0", "2025-10-01"),  # inflammatory carcinoma of breast
    ],
)
def test_codes_added_between_editions_read_carry_their_own_date(code: str, first_day: str) -> None:
    assert intervals(code) == [(first_day, "", "billable")]


def test_a_header_can_become_billable() -> None:
    assert intervals("H81.4") == [("", "2019-09-30", "header"), ("2019-10-01", "", "billable")]


def test_a_code_which_never_changed_has_no_row() -> None:
    for code in ("E11.65", "I10", "M79.631", "M79", "A00"):
        assert code not in by_code()


# --------------------------------------------------------------------------------- counts


@pytest.mark.parametrize(
    ("day", "count"),
    [
        ("2018-10-01", 71_932),  # FY2019
        ("2019-10-01", 72_184),  # FY2020
        ("2020-10-01", 72_616),  # FY2021, October: no file of it was read
        ("2022-04-01", 72_750),  # FY2022, April
        ("2023-10-01", 74_044),  # FY2024
        ("2024-10-01", 74_260),  # FY2025
        ("2026-04-01", 74_719),  # FY2026, April
    ],
)
def test_the_published_number_of_billable_codes_comes_out(day: str, count: int) -> None:
    assert len(billable_on(day)) == count


def test_every_edition_has_as_many_billable_codes_as_it_says() -> None:
    for record in editions()["records"]:
        for day in (record["from"], record["to"]):
            assert len(billable_on(day)) == record["billable_count"], record["id"]


@pytest.mark.parametrize(
    ("day", "new", "deleted"),
    [
        ("2018-10-01", 279, 51),  # AHIMA, "FY 2019 ICD-10-CM Updates"
        ("2019-10-01", 273, 21),  # trade press quoting AHIMA
        ("2021-10-01", 159, 32),  # not traced
        ("2022-10-01", 1176, 287),  # trade press
        ("2023-04-01", 42, 7),  # trade press
        ("2023-10-01", 395, 25),  # trade press
        ("2024-10-01", 252, 36),  # not traced
        ("2025-10-01", 487, 28),  # icd10cm_order_addenda_2026.txt
    ],
)
def test_as_many_codes_came_and_went_as_were_announced(day: str, new: int, deleted: int) -> None:
    before = billable_on((date.fromisoformat(day) - timedelta(days=1)).isoformat())
    after = billable_on(day)
    assert (len(after - before), len(before - after)) == (new, deleted)


# ------------------------------------------------------------------------------- editions


def test_editions_follow_one_another_without_gap_or_overlap() -> None:
    for earlier, later in pairwise(editions()["records"]):
        gap = date.fromisoformat(later["from"]) - date.fromisoformat(earlier["to"])
        assert gap == timedelta(days=1), later["id"]


def test_editions_have_exactly_the_documented_keys_and_a_known_source() -> None:
    keys = {"id", "name", "from", "to", "billable_count", "basis", "source", "trace"}
    for record in editions()["records"]:
        assert record.keys() == keys, record
        assert record["id"] == record["from"][:7]
        assert record["source"] in editions()["sources"], record
        assert record["trace"] in {"P", "S", "U"}, record


def test_the_newest_edition_is_the_packaged_one() -> None:
    last = editions()["records"][-1]
    assert len(newest().billable) == last["billable_count"]
    assert f"<version>{date.fromisoformat(last['to']).year}</version>" in packaged(".xml")[:500]
