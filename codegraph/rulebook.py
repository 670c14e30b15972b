"""Rules and payers as a coder can read and correct them: the types of data/rules and data/payers."""

from __future__ import annotations

from datetime import date
from typing import Literal

from msgspec import field

from codegraph.model import Curated


class Rule(Curated, frozen=True, kw_only=True):
    """One rule.

    `kind` names the piece of code under encounter/ that applies it, `params` what that piece needs.
    `governs` lists the CURIEs that the rule speaks of. `payer` None: a coding rule for everyone.
    `advice`: guidance that never fails a claim.
    """

    id: str
    title: str
    kind: str
    statement: str
    finding_kind: Literal["coding", "coverage", "documentation"]
    governs: list[str]
    params: dict[str, object] = {}
    payer: str | None = None
    from_: date | None = field(name="from", default=None)
    to: date | None = None
    fix: str | None = None
    advice: bool = False


class Payer(Curated, frozen=True, kw_only=True):
    """One payer and the parameters by which rules differ between payers."""

    id: str
    name: str
    about: str
    parameters: dict[str, object] = {}
