"""The shape of a walk's answer, as the contract fixes it. Complete when returned."""

from __future__ import annotations

from msgspec import Struct

from codegraph.model import Issue


class Root(Struct, frozen=True):
    """The concept a walk starts from."""

    system: str
    code: str
    display: str


class Given(Struct, frozen=True):
    """An answer that holds: the question's axis, the value, and both in words."""

    axis: str
    value: str
    label: str
    question: str


class Offered(Struct, frozen=True):
    """An option of the question.

    `codes` counts the billable codes that remain under it, `code` is the only one where one does.
    `guidance` says when the option may be used, `group` the heading it stands under.
    """

    value: str
    label: str
    codes: int
    unspecified: bool
    code: str | None = None
    guidance: str | None = None
    group: str | None = None


class Question(Struct, frozen=True):
    """What to ask next. Options come in the order in which to offer them."""

    axis: str
    text: str
    help: str | None
    options: list[Offered]


class Reached(Struct, frozen=True):
    """A billable code that a walk ends in."""

    system: str
    code: str
    display: str
    billable: bool


class Understood(Struct, frozen=True):
    """Words of a free text and the answer they were taken for.

    Without axis and value, the words led to the root.
    """

    text: str
    meaning: str
    axis: str | None = None
    value: str | None = None


class Walk(Struct, frozen=True):
    """One step of a guided walk: the next question, or the code it ended in.

    `code` is a list of two where both sides are reported; `why` then says so. `support` lists what
    the note must say for the code. `understood` is filled where the walk began with free text.
    """

    root: Root
    answers: list[Given]
    question: Question | None
    remaining: int
    code: Reached | list[Reached] | None = None
    why: str | None = None
    support: list[str] = []
    understood: list[Understood] = []
    issues: list[Issue] = []
