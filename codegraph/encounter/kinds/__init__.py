"""The kinds of rules: each a parameter type and a function from a case to findings.

A rule in data/rules names one of these. `propose` functions run first and add the lines that the
facts call for; `check` functions then look at the whole claim, submitted lines and added ones.
Order counts for proposals only: waste before units (is JZ asked for?), needling before guidance.
"""

from codegraph.encounter.kinds import (
    codes,
    coverage,
    diagnoses,
    documentation,
    drugs,
    injectates,
    limits,
    needling,
    pairs,
    policies,
    sites,
    waste,
)
from codegraph.encounter.kinds.base import Kind

KINDS: dict[str, Kind] = {
    kind.name: kind
    for module in (codes, diagnoses, sites, needling, limits, pairs, waste, drugs, injectates,
                   coverage, policies, documentation)
    for kind in module.KINDS
}  # fmt: skip
