"""What happened in the room → claim lines and findings.

model.py       the request and the report
decode.py      JSON or YAML → request, without repeating what was sent
reference.py   curated codes, drugs, muscles, pairs and unit limits, looked up
rulefiles.py   data/rules and data/payers, each rule bound to its kind
facts.py       the request resolved against codes, muscles and drugs
units.py       dose → billing units, JW and JZ
propose.py     facts → claim lines
kinds/         the small set of rule kinds, each a function from facts to findings
check.py       EncounterChecker: all of it, in order
"""

from codegraph.encounter.check import EncounterChecker
from codegraph.encounter.decode import decode_encounter
from codegraph.encounter.model import Encounter, Report

__all__ = ["Encounter", "EncounterChecker", "Report", "decode_encounter"]
