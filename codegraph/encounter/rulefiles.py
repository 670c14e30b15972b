"""Read data/rules and data/payers, and a site's own payers, and bind each rule to its kind.

A site's folder holds one file per payer: the payer under `records`, rules of its own under `rules`.

    sources:
      policy: {title: "…", date: "2026-01-01", trace: P}
    records:
      - id: acme
        name: Acme Health
        about: "…"
        parameters: {sessions_per_12_months: 4}
        source: policy
    rules: []
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import msgspec

from codegraph.encounter.facts import covers
from codegraph.encounter.kinds import KINDS
from codegraph.encounter.kinds.base import BoundRule
from codegraph.encounter.kinds.documentation import ITEMS, ItemParams
from codegraph.encounter.model import PayerView, RuleView, SourceView
from codegraph.errors import DataError
from codegraph.model import Source
from codegraph.rulebook import Payer, PayerParameters, Rule
from codegraph.sources.curated import CuratedFile, read_curated, read_folder

_ID = re.compile(r"[a-z0-9][a-z0-9-]*")


@dataclass(frozen=True, slots=True)
class BoundPayer:
    """A payer with its parameters in their type and its sources resolved."""

    payer: Payer
    parameters: PayerParameters
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class Rulebook:
    """Every rule in the order of the files, and every payer."""

    rules: tuple[BoundRule, ...]
    payers: Mapping[str, BoundPayer]
    _plans: dict[str, tuple[BoundRule, ...]] = field(default_factory=dict)

    def plan(self, payer: str) -> tuple[BoundRule, ...]:
        """Return the rules that a payer's encounters are checked against, whatever the date.

        A rule of no payer whose kind needs a parameter speaks where the payer has set it and has no
        rule of that kind of its own; its source is then the payer's.
        """
        if payer not in self._plans:
            self._plans[payer] = tuple(self._planned(self.payers[payer]))
        return self._plans[payer]

    def _planned(self, payer: BoundPayer) -> Iterable[BoundRule]:
        own = {r.rule.kind for r in self.rules if r.rule.payer == payer.payer.id}
        for bound in self.rules:
            kind = KINDS[bound.rule.kind]
            if bound.rule.payer not in (None, payer.payer.id):
                continue
            if bound.rule.payer or bound.rule.advice or kind.parameter is None:
                yield bound
            elif (
                bound.rule.kind not in own
                and getattr(payer.parameters, str(kind.parameter)) is not None
            ):
                yield BoundRule(bound.rule, bound.params, payer.sources)

    def rule_views(self) -> tuple[RuleView, ...]:
        """Return every rule as the rules page shows it."""
        return tuple(
            RuleView(
                **{
                    f: getattr(b.rule, f)
                    for f in ("id", "title", "kind", "statement", "finding_kind", "governs",
                              "params", "payer", "from_", "to", "fix", "advice", "note")
                },
                sources=[SourceView.of(s) for s in b.sources],
            )
            for b in self.rules
        )  # fmt: skip

    def payer_views(self) -> tuple[PayerView, ...]:
        """Return every payer with what it sets and the rules of its own."""
        return tuple(
            PayerView(
                id=p.payer.id,
                name=p.payer.name,
                about=p.payer.about,
                parameters=msgspec.to_builtins(p.parameters)
                | {"sides_count_as_two_muscles": p.parameters.sides_count_as_two_muscles,
                   "waste_modifiers": p.parameters.waste_modifiers},
                rules=[r.rule.id for r in self.rules if r.rule.payer == p.payer.id],
                sources=[SourceView.of(s) for s in p.sources],
            )
            for p in self.payers.values()
        )  # fmt: skip


def in_force(bound: BoundRule, on: date) -> bool:
    """Whether a rule holds on a date."""
    return covers(bound.rule.from_, bound.rule.to, on)


def read_rulebook(data: Path, payer_dirs: Sequence[Path] = ()) -> Rulebook:
    """Read the shipped rules and payers and those of a site, whose payers win.

    Raises
    ------
    DataError
        With file, line, field and fix, at the first thing that is wrong.
    """
    rules: dict[str, BoundRule] = {}
    payers: dict[str, BoundPayer] = {}
    places: dict[str, Path] = {}
    for file in read_folder(data / "rules", Rule, key=lambda r: r.id):
        for rule in file.records:
            _add(rules, places, file, rule)
    for folder in (data / "payers", *payer_dirs):
        if not folder.is_dir():
            raise DataError(folder, "is not a folder", fix="give the folder of the payer files")
        own = folder != data / "payers"
        for path in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]):
            payer_file = _read_payers(path)
            for payer in payer_file.records:
                payers[payer.id] = _bind_payer(payer_file, payer)
            for rule in payer_file.extra.get("rules", []):
                _add(rules, places, payer_file, rule, site=own)
    for bound in rules.values():
        if bound.rule.payer and bound.rule.payer not in payers:
            raise DataError(
                places[bound.rule.id],
                f"the payer {bound.rule.payer!r} does not exist",
                line=_line(places[bound.rule.id], bound.rule.id),
                field=f"{bound.rule.id}.payer",
                fix=f"use one of {', '.join(sorted(payers))}, or add the payer",
            )
    return Rulebook(tuple(rules.values()), payers)


def _read_payers(path: Path) -> CuratedFile[Payer]:
    try:
        return read_curated(path, Payer, key=lambda p: p.id, extra={"rules": Rule})
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(path, f"cannot be read: {error}", fix="save it as UTF-8 text") from error


def _add(
    rules: dict[str, BoundRule],
    places: dict[str, Path],
    file: CuratedFile[Rule] | CuratedFile[Payer],
    rule: Rule,
    *,
    site: bool = False,
) -> None:
    if rule.id in rules and not (site and rules[rule.id].rule.payer == rule.payer):
        raise DataError(
            file.path,
            f"the rule {rule.id!r} stands in {places[rule.id].name} already",
            line=_line(file.path, rule.id),
            field=rule.id,
            fix="give it another id",
        )
    rules[rule.id] = BoundRule(rule, _params(file.path, rule), tuple(file.sources_of(rule)))
    places[rule.id] = file.path


def _params(path: Path, rule: Rule) -> object:
    line = _line(path, rule.id)
    if not _ID.fullmatch(rule.id):
        raise DataError(path, "is not a short name", line=line, field=f"{rule.id}.id",
                        fix="use small letters, digits and hyphens")  # fmt: skip
    kind = KINDS.get(rule.kind)
    if kind is None:
        raise DataError(path, f"there is no kind {rule.kind!r}", line=line, field=f"{rule.id}.kind",
                        fix=f"use one of {', '.join(sorted(KINDS))}")  # fmt: skip
    try:
        params = msgspec.convert(rule.params, kind.params)
    except msgspec.ValidationError as error:
        raise DataError(path, str(error), line=line, field=f"{rule.id}.params",
                        fix=f"give what the kind {rule.kind} needs") from error  # fmt: skip
    if isinstance(params, ItemParams) and params.item not in ITEMS:
        raise DataError(path, f"there is no item {params.item!r}", line=line,
                        field=f"{rule.id}.params.item",
                        fix=f"use one of {', '.join(sorted(ITEMS))}")  # fmt: skip
    return params


def _bind_payer(file: CuratedFile[Payer], payer: Payer) -> BoundPayer:
    line = _line(file.path, payer.id)
    if not _ID.fullmatch(payer.id):
        raise DataError(file.path, "is not a short name", line=line, field=f"{payer.id}.id",
                        fix="use small letters, digits and hyphens")  # fmt: skip
    try:
        parameters = msgspec.convert(payer.parameters, PayerParameters)
    except msgspec.ValidationError as error:
        problem, _, where = str(error).partition(" - at `$")
        name = where.strip(".`") or (re.findall(r"`(\w+)`", problem) or [""])[0]
        raise DataError(
            file.path,
            problem[0].lower() + problem[1:],
            line=_line(file.path, name.partition("[")[0], after=line) or line,
            field=f"{payer.id}.parameters{'.' if name else ''}{name}",
            fix="see PayerParameters in codegraph/rulebook.py for the names and what they hold",
        ) from error
    return BoundPayer(payer, parameters, tuple(file.sources_of(payer)))


def _line(path: Path, word: str, after: int | None = None) -> int | None:
    """Return the first line on which a word stands as a key or value, 1-based."""
    pattern = re.compile(rf"(?<![\w-]){re.escape(word)}(?![\w-])")
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError:
        return None
    start = (after or 1) - 1
    return next(
        (i + 1 for i, text in enumerate(lines) if i >= start and pattern.search(text)), None
    )
