"""Read the committed history table: which code was billable when, where that is not the default.

    code,from,to,status,title,replaced_by,source
    M79.1,,2018-09-30,billable,,M79.10;M79.11;M79.12;M79.18,CT2019
    M79.1,2018-10-01,,header,,,

A code without a row has been what it is now for as long as we know. How the table is made:
data/icd10cm/README.md.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from codegraph.errors import DataError

COLUMNS = ["code", "from", "to", "status", "title", "replaced_by", "source"]


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One interval of one code. `replaced_by` takes effect the day after `to`."""

    code: str
    from_: date | None
    to: date | None
    billable: bool
    title: str
    replaced_by: list[str]
    source: str


def read_history(path: Path) -> Iterator[HistoryRow]:
    """Yield the rows of the table.

    Raises
    ------
    DataError
        With the line, if a column, a date or a status is not as it must be.
    """
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if reader.fieldnames != COLUMNS:
            raise DataError(path, "has other columns", line=1, fix=f"use {','.join(COLUMNS)}")
        for line, row in enumerate(reader, start=2):
            try:
                begin = date.fromisoformat(row["from"]) if row["from"] else None
                end = date.fromisoformat(row["to"]) if row["to"] else None
            except ValueError as error:
                raise DataError(path, str(error), line=line, fix="write YYYY-MM-DD") from None
            if row["status"] not in ("billable", "header"):
                raise DataError(
                    path, f"status {row['status']!r}", line=line, fix="use billable or header"
                )
            yield HistoryRow(
                row["code"],
                begin,
                end,
                row["status"] == "billable",
                row["title"],
                [c for c in row["replaced_by"].split(";") if c],
                row["source"],
            )
