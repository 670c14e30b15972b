"""The guided walk: questions that end in exactly one billable code."""

from codegraph.drilldown.answers import (
    Given,
    Offered,
    Question,
    Reached,
    Root,
    Understood,
    Walk,
)
from codegraph.drilldown.walk import Drilldown

__all__ = [
    "Drilldown",
    "Given",
    "Offered",
    "Question",
    "Reached",
    "Root",
    "Understood",
    "Walk",
]
