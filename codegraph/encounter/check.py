"""EncounterChecker: facts and codes in, claim lines and findings out.

  resolve the request → add the lines that the facts call for → run every rule of the payer that is
  in force on the date → sort the findings → put the claim together from the lines and their edits

Pure but for reading its files: the same encounter, rules and editions give the same report.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from msgspec import UNSET

from codegraph.concepts import Concepts
from codegraph.encounter.claim import claim_lines
from codegraph.encounter.facts import Case, resolve
from codegraph.encounter.kinds import KINDS
from codegraph.encounter.kinds.base import BoundRule, Draft, Edit
from codegraph.encounter.model import (
    Encounter,
    Finding,
    NameView,
    PayerView,
    Report,
    RuleView,
    SourceView,
    Verdict,
    Verdicts,
)
from codegraph.encounter.reference import Reference, read_reference
from codegraph.encounter.rulefiles import Rulebook, in_force, read_rulebook
from codegraph.errors import DataError, InvalidInputError
from codegraph.model import Issue
from codegraph.rulebook import FindingKind

DEFAULT_PAYER = "generic"
_KIND_ORDER = {"coding": 0, "coverage": 1, "documentation": 2}
_VERDICT_ORDER = {"fail": 0, "no_data": 1, "warn": 2, "pass": 3, "not_applicable": 4}
Signature = tuple[tuple[str, int, int], ...]


class EncounterChecker:
    """Checks encounters against the rules and payers. Make it with `EncounterChecker.open()`.

    A site's payer folders may change while it runs: `reload()` reads them again and swaps the
    rulebook whole, or keeps the last good one and tells what is wrong.
    """

    def __init__(
        self,
        concepts: Concepts,
        data: Path,
        reference: Reference,
        rulebook: Rulebook,
        payer_dirs: Sequence[Path],
    ) -> None:
        self.concepts = concepts
        self._data = data
        self._reference = reference
        self._rulebook = rulebook
        self._payer_dirs = tuple(payer_dirs)
        self._signature = _signature(self._payer_dirs)
        self.payer_errors: tuple[DataError, ...] = ()

    @classmethod
    def open(
        cls, concepts: Concepts, data_dir: Path, payer_dirs: Sequence[Path] = ()
    ) -> EncounterChecker:
        """Read rules, payers, muscles, drugs, pairs and limits.

        Raises
        ------
        DataError
            With file, line, field and fix, at the first thing that is wrong.
        """
        rulebook = read_rulebook(data_dir, payer_dirs)
        return cls(concepts, data_dir, read_reference(data_dir), rulebook, payer_dirs)

    # ── what there is ────────────────────────────────────────────────────────────────────────

    @property
    def rules(self) -> tuple[RuleView, ...]:
        """Every rule, with its sources."""
        return self._rulebook.rule_views()

    @property
    def payers(self) -> tuple[PayerView, ...]:
        """Every payer, with its parameters."""
        return self._rulebook.payer_views()

    def muscles(self) -> list[NameView]:
        """Return every muscle under all its names."""
        return [
            NameView(m.id, m.name, m.aliases, m.region) for m in self._reference.muscles.values()
        ]

    def drugs(self) -> list[NameView]:
        """Return every drug under all its names."""
        return [
            NameView(d.id, d.name, [*d.brands, *d.other_names], d.drug_class)
            for d in self._reference.drugs.values()
        ]

    # ── a site's payers ──────────────────────────────────────────────────────────────────────

    def reload(self) -> list[DataError]:
        """Read rules and payers again; where a file is bad, keep the last good set.

        Returns
        -------
        What is wrong, with file, line and fix; empty where the new set is in use.
        """
        self._signature = _signature(self._payer_dirs)
        try:
            self._rulebook = read_rulebook(self._data, self._payer_dirs)
        except DataError as error:
            self.payer_errors = (error,)
        else:
            self.payer_errors = ()
        return list(self.payer_errors)

    def reload_if_changed(self) -> list[DataError]:
        """Reload where a file of a site's payer folder has changed; return what is wrong."""
        if _signature(self._payer_dirs) != self._signature:
            self.reload()
        return list(self.payer_errors)

    # ── the check ────────────────────────────────────────────────────────────────────────────

    def check(self, encounter: Encounter) -> Report:
        """Return the claim lines and findings of an encounter.

        Raises
        ------
        InvalidInputError
            If there is no such payer.
        """
        book = self._rulebook
        payer = (encounter.payer or DEFAULT_PAYER).strip().lower()
        if payer not in book.payers:
            raise InvalidInputError(
                f"payer: there is no such payer. Known: {', '.join(sorted(book.payers))}.",
                suggestions=tuple(sorted(book.payers)),
            )
        plan = [r for r in book.plan(payer) if in_force(r, encounter.date_of_service)]
        parameters = book.payers[payer].parameters
        case = resolve(encounter, payer, parameters, self.concepts, self._reference)
        _propose(case, plan)
        bound = [(r, d) for r in plan for d in KINDS[r.rule.kind].check(case, r)]
        findings, edits = _findings(bound)
        return Report(
            date_of_service=case.on,
            payer=payer,
            claim_lines=claim_lines(case, plan, edits, findings),
            findings=findings,
            verdict=Verdicts(*(_verdict(findings, kind) for kind in _KINDS_OF_FINDING)),
            edition=self._edition(case),
            issues=self._issues(case),
        )

    def _edition(self, case: Case) -> dict[str, str]:
        named = self._reference.edition_name(case.on)
        newest = self.concepts.edition.name
        limits = {limit.edition for limit, _ in self._reference.limits.values()}
        return {
            "icd10cm": f"ICD-10-CM {named}" if named else newest,
            "cpt": "code numbers under codegraph's own labels",
            "hcpcs": "CMS HCPCS Level II, July 2024 and October 2025 (drug codes)",
            "ncci": self._reference.pairs.edition,
            "mue": max(limits, default="none"),
        }

    def _issues(self, case: Case) -> list[Issue]:
        issues = list(self.concepts.date_issues(case.on))
        edition = self.concepts.edition
        if len(case.diagnoses) > 1 and case.on < edition.valid_from and not issues:
            issues.append(
                Issue("notes_of_later_edition", "info",
                      f"Excludes and other notes are those of {edition.name}.")
            )  # fmt: skip
        pairs = self._reference.pairs.edition
        if len(case.items) > 1 and pairs != quarter(case.on):
            issues.append(
                Issue("pairs_of_other_quarter", "info",
                      f"NCCI pairs are those of {pairs}; {case.on} lies in {quarter(case.on)}.")
            )  # fmt: skip
        if any(d >= case.on for d in case.history.sessions or ()):
            issues.append(
                Issue("session_not_earlier", "warning",
                      f"A session of the history is not before {case.on}; it was left out.")
            )  # fmt: skip
        contractors = [c for c in case.parameters.contractors if c.note]
        if contractors and case.injects_trigger_points:
            names = ", ".join(f"{c.name} ({', '.join(c.documents)}): {c.note}" for c in contractors)
            issues.append(
                Issue("contractors_differ", "info", f"Not of the policies read: {names}.")
            )
        return issues


_KINDS_OF_FINDING: tuple[FindingKind, ...] = ("coding", "coverage", "documentation")


def quarter(on: date) -> str:
    """Return the quarter of a date as NCCI names it: 2024Q3."""
    return f"{on.year}Q{(on.month + 2) // 3}"


def _propose(case: Case, plan: Iterable[BoundRule]) -> None:
    """Run the propose functions, in the order of the kinds: drugs know then whether JZ is asked."""
    by_kind: dict[str, list[BoundRule]] = {}
    for rule in plan:
        by_kind.setdefault(rule.rule.kind, []).append(rule)
    for kind in _PROPOSING:
        for rule in by_kind.get(kind.name, ()):
            assert kind.propose is not None
            kind.propose(case, rule)


_PROPOSING = [k for k in KINDS.values() if k.propose is not None]


def _findings(bound: list[tuple[BoundRule, Draft]]) -> tuple[list[Finding], list[Edit]]:
    found: list[Finding] = []
    edits: list[Edit] = []
    ids: dict[str, int] = {}
    for rule, draft in bound:
        id = f"{rule.rule.id}.{draft.key}" if draft.key else rule.rule.id
        ids[id] = ids.get(id, 0) + 1
        verdict: Verdict = draft.verdict
        if rule.rule.advice and verdict == "fail":
            verdict = "warn"
        found.append(
            Finding(
                id=id if ids[id] == 1 else f"{id}.{ids[id]}",
                rule=rule.rule.id,
                kind=draft.kind or rule.rule.finding_kind,
                verdict=verdict,
                message=draft.message,
                codes=list(dict.fromkeys(c for c in draft.codes if c)),
                fix=draft.fix,
                source=SourceView.of(draft.source or rule.sources[0]),
                advice=rule.rule.advice,
                path=list(draft.path) if draft.path else UNSET,
            )
        )
        edits += draft.edits
    found.sort(key=lambda f: (_KIND_ORDER[f.kind], _VERDICT_ORDER[f.verdict], f.id))
    return found, edits


def _verdict(findings: Iterable[Finding], kind: FindingKind) -> Verdict:
    """Fail before unknown before warning: pass only where nothing is unknown."""
    there = {f.verdict for f in findings if f.kind == kind}
    order: tuple[Verdict, ...] = ("fail", "no_data", "warn", "pass")
    return next((v for v in order if v in there), "not_applicable")


def _signature(folders: Iterable[Path]) -> Signature:
    """Return names, times and sizes of the files of some folders."""
    found = []
    for folder in folders:
        for path in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]):
            try:
                stat = path.stat()
            except OSError:
                continue
            found.append((str(path), stat.st_mtime_ns, stat.st_size))
    return tuple(found)
