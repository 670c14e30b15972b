"""The curated tables that encounters are checked against: codes, drugs, muscles, pairs, limits.

Read once, looked up by code or name. `PairTable` is the seam for NCCI: the checker asks it for two
codes on a date and is told the indicator, the edition and the source, whatever table answers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal, Protocol

import msgspec
import yaml

from codegraph.encounter.names import NameIndex, drug_index, muscle_index
from codegraph.errors import DataError
from codegraph.model import (
    CodePair,
    CptCode,
    Drug,
    DrugCode,
    Modifier,
    Muscle,
    NoEdit,
    Source,
    UnitLimit,
)
from codegraph.sources.curated import CuratedFile, read_curated


@dataclass(frozen=True, slots=True)
class PairHit:
    """What an edit table says of two codes; indicator 9 or None: they are not bundled."""

    column1: str
    column2: str
    indicator: Literal[0, 1, 9] | None
    edition: str
    source: Source
    rationale: str | None = None


class PairTable(Protocol):
    """A procedure-to-procedure edit table."""

    edition: str

    def lookup(self, a: str, b: str, on: date) -> PairHit | None:
        """Return what the table says of two codes on a date; None: it does not know the pair."""


class CuratedPairs:
    """The pairs of data/ncci/pairs.yaml, one edition for every date.

    Where no row stands, a pair counts as free of edits only if one of its codes is among those of
    which the extract holds every row (`complete_for`).
    """

    def __init__(self, file: CuratedFile[CodePair], complete_for: Iterable[str]) -> None:
        self._hits: dict[frozenset[str], PairHit] = {}
        for p in file.records:
            hit = PairHit(
                p.column1, p.column2, p.indicator, p.edition, file.sources_of(p)[0], p.rationale
            )
            self._hits[frozenset((p.column1, p.column2))] = hit
        for none in file.extra.get("no_edit", []):
            a, b = none.codes
            hit = PairHit(a, b, None, none.edition, file.sources_of(none)[0])
            self._hits[frozenset((a, b))] = hit
        self._complete = frozenset(complete_for)
        self._default = next(iter(file.sources_of(file.records[-1])), None)
        self.edition = max(p.edition for p in file.records)

    def lookup(self, a: str, b: str, on: date) -> PairHit | None:  # noqa: ARG002
        """Return what the extract says of two codes; one quarter answers for every date."""
        hit = self._hits.get(frozenset((a, b)))
        if hit is None and self._default is not None and (self._complete & {a, b}):
            return PairHit(a, b, None, self.edition, self._default)
        return hit


class EditionRow(msgspec.Struct, frozen=True):
    """A row of data/icd10cm/editions.yaml, as far as it is needed here."""

    name: str
    from_: date = msgspec.field(name="from")
    to: date | None = None


@dataclass(frozen=True)
class Reference:
    """Every curated table, by code or name."""

    cpt: dict[str, CptCode]
    hcpcs: dict[str, DrugCode]
    drugs: dict[str, Drug]
    drugs_of_code: dict[str, list[Drug]]
    drug_names: NameIndex[Drug]
    muscles: dict[str, Muscle]
    muscle_names: NameIndex[Muscle]
    modifiers: dict[str, Modifier]
    limits: dict[str, tuple[UnitLimit, Source]]
    pairs: PairTable
    editions: list[EditionRow]
    sources: dict[str, Source] = field(default_factory=dict)

    def category(self, code: str) -> str:
        """Return what kind of line a code makes: a CPT category, `drug`, or `unknown`."""
        if found := self.cpt.get(code):
            return found.category
        return "drug" if code in self.hcpcs else "unknown"

    def edition_name(self, on: date) -> str | None:
        """Return the name of the ICD-10-CM edition that serves a date of service."""
        return next(
            (e.name for e in self.editions if e.from_ <= on and (e.to is None or on <= e.to)), None
        )


# Codes of which the extract behind data/ncci/pairs.yaml holds every row (see its header).
_EXTRACT_OF = ("20552", "20553", "20560", "20561")


def read_reference(data: Path) -> Reference:
    """Read the curated tables.

    Raises
    ------
    DataError
        With file, line, field and fix.
    """
    cpt = read_curated(data / "cpt" / "codes.yaml", CptCode, key=lambda r: r.code)
    hcpcs = read_curated(data / "hcpcs" / "drugs.yaml", DrugCode, key=lambda r: r.code)
    drugs = read_curated(data / "drugs" / "drugs.yaml", Drug, key=lambda r: r.id)
    muscles = read_curated(data / "encounter" / "muscles.yaml", Muscle, key=lambda r: r.id)
    modifiers = read_curated(data / "modifiers" / "modifiers.yaml", Modifier, key=lambda r: r.code)
    pairs = read_curated(data / "ncci" / "pairs.yaml", CodePair, extra={"no_edit": NoEdit})
    limits = read_curated(data / "ncci" / "mue.yaml", UnitLimit, key=lambda r: r.code)
    drugs_of_code: dict[str, list[Drug]] = {}
    for drug in drugs.records:
        for choice in drug.codes:
            drugs_of_code.setdefault(choice.code, []).append(drug)
    return Reference(
        cpt={r.code: r for r in cpt.records},
        hcpcs={r.code: r for r in hcpcs.records},
        drugs={r.id: r for r in drugs.records},
        drugs_of_code=drugs_of_code,
        drug_names=drug_index(drugs.records),
        muscles={r.id: r for r in muscles.records},
        muscle_names=muscle_index(muscles.records),
        modifiers={r.code: r for r in modifiers.records},
        limits={r.code: (r, limits.sources_of(r)[0]) for r in limits.records},
        pairs=CuratedPairs(pairs, _EXTRACT_OF),
        editions=_read_editions(data / "icd10cm" / "editions.yaml"),
        sources={
            **{f"cpt:{r.code}": cpt.sources_of(r)[0] for r in cpt.records},
            **{f"hcpcs:{r.code}": hcpcs.sources_of(r)[0] for r in hcpcs.records},
        },
    )


def _read_editions(path: Path) -> list[EditionRow]:
    try:
        raw = yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)
        return msgspec.convert(raw["records"], list[EditionRow])
    except (OSError, KeyError, TypeError, yaml.YAMLError, msgspec.ValidationError) as error:
        raise DataError(path, f"not readable: {error}", fix="restore the file") from error
