"""Everything codegraph raises on purpose.

CodegraphError
├── DataError             a curated or official file is not as it must be (file, line, field, fix)
├── SnapshotError         the compiled graph on disk is truncated, altered or of another version
└── RequestError          the caller's input cannot be answered; has title, detail, suggestions
    ├── InvalidInputError        a value is malformed (400)
    ├── UnknownSystemError       no such code system (404)
    ├── UnknownCodeError         the system is known, the code is not (404)
    ├── WalkError                an answer that the guided walk did not offer (409)
    └── NotFoundError            no such rule, path, page (404)

An HTTP status stands beside each request error so that one handler can turn any of them into
problem+json; nothing else here knows of HTTP.
"""

from __future__ import annotations

from pathlib import Path


class CodegraphError(Exception):
    """Base of all errors raised on purpose."""


class DataError(CodegraphError):
    """A data file cannot be used.

    The message reads `file:line: field: what is wrong - how to fix it`.
    """

    def __init__(
        self,
        file: Path | str,
        problem: str,
        *,
        line: int | None = None,
        field: str | None = None,
        fix: str | None = None,
    ) -> None:
        self.file = str(file)
        self.line = line
        self.field = field
        self.problem = problem
        self.fix = fix
        where = f"{self.file}:{line}" if line is not None else self.file
        what = f"{field}: {problem}" if field else problem
        super().__init__(f"{where}: {what}" + (f" - {fix}" if fix else ""))


class SnapshotError(CodegraphError):
    """The compiled graph cannot be trusted and has to be built again."""


class RequestError(CodegraphError):
    """The caller asked for something that cannot be answered."""

    status = 400
    type = "request"
    title = "The request cannot be answered"

    def __init__(self, detail: str, *, suggestions: tuple[str, ...] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.suggestions = suggestions


class InvalidInputError(RequestError):
    """A value has the wrong form."""

    type = "invalid-input"
    title = "A value is malformed"


class UnknownSystemError(RequestError):
    """No such code system."""

    status = 404
    type = "unknown-system"
    title = "Unknown code system"


class UnknownCodeError(RequestError):
    """The code system is known; the code is in none of its editions."""

    status = 404
    type = "unknown-code"
    title = "Unknown code"


class WalkError(RequestError):
    """An answer to the guided walk that it did not ask for or does not offer."""

    status = 409
    type = "walk"
    title = "This answer does not fit the walk"


class NotFoundError(RequestError):
    """A thing other than a code that does not exist: a rule, a path, a page."""

    status = 404
    type = "not-found"
    title = "Not found"
