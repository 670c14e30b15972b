"""The kinds of rules: each a parameter type and a function from a case to findings.

A rule in data/rules names one of these. `propose` functions run first and add the lines that the
facts call for; `check` functions then look at the whole claim, submitted lines and added ones.
"""

from codegraph.encounter.kinds import coding, coverage, diagnoses, documentation, drugs, needling
from codegraph.encounter.kinds import pairs as pairs
from codegraph.encounter.kinds.base import Kind

KINDS: dict[str, Kind] = {
    kind.name: kind
    for module in (coding, diagnoses, needling, pairs, drugs, coverage, documentation)
    for kind in module.KINDS
}
