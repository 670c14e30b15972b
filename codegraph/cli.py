"""The command line: arguments in, text out. Every command takes --json.

Exit status: 0 done, 1 the answer is a problem (unknown code, findings), 2 unusable input.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from datetime import date
from functools import wraps
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, ParamSpec

import click
import msgspec

from codegraph import __version__, report
from codegraph.errors import CodegraphError, DataError, InvalidInputError, RequestError
from codegraph.service import CodeGraph

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

P = ParamSpec("P")


class DateOfService(click.ParamType[date]):
    """YYYY-MM-DD."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Return the date, or fail with what is wrong with it."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a date: write YYYY-MM-DD.", param, ctx)


def _on(command: Callable[P, None]) -> Callable[P, None]:
    return click.option(
        "--on",
        type=DateOfService(),
        default=lambda: date.today(),
        metavar="DATE",
        help="Date of service, YYYY-MM-DD. Default: today.",
    )(command)


def _json(command: Callable[P, None]) -> Callable[P, None]:
    return click.option("--json", "as_json", is_flag=True, help="Print the API's JSON.")(command)


def _answers(command: Callable[P, None]) -> Callable[P, None]:
    """Turn errors raised on purpose into a message and an exit status."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except InvalidInputError as error:
            _fail(error.detail, 2)
        except RequestError as error:
            hint = f"\nDid you mean: {', '.join(error.suggestions)}?" if error.suggestions else ""
            _fail(error.detail + hint, 1)
        except DataError as error:
            _fail(str(error), 2)
        except CodegraphError as error:
            _fail(str(error), 1)

    return run


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="codegraph")
def main() -> None:
    """From the words of a note to the right code, and from codes to a defensible claim."""


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64))
@click.option(
    "--payers",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder of your own payer files (or set CODEGRAPH_PAYERS).",
)
@_answers
def serve(host: str, port: int, workers: int, payers: Path | None) -> None:
    """Serve the pages and the API."""
    from codegraph.serve import serve as run

    if payers is not None:
        os.environ["CODEGRAPH_PAYERS"] = str(payers.resolve())
    _ensure_compiled()
    run(host, port, workers, lambda text: click.echo(text))


@main.command()
@click.argument("text", nargs=-1, required=True)
@click.option("--system", help="Only this code system: icd10cm, cpt or hcpcs.")
@click.option("--billable", is_flag=True, help="Only codes that can be billed on the date.")
@click.option("--limit", default=10, show_default=True, type=int)
@click.option("--literal", is_flag=True, help="No correction and no expansion.")
@_on
@_json
@_answers
def search(
    text: Sequence[str],
    system: str | None,
    billable: bool,
    limit: int,
    literal: bool,
    on: date,
    as_json: bool,
) -> None:
    """Find codes by the words of a note."""
    answer = _open().search(
        " ".join(text),
        on,
        system=system,
        billable=True if billable else None,
        limit=limit,
        literal=literal,
    )
    _show(answer, as_json, report.search)
    if not answer.results:
        sys.exit(1)


@main.command()
@click.argument("code")
@_on
@_json
@_answers
def show(code: str, on: date, as_json: bool) -> None:
    """Show everything known about a code."""
    graph = _open()
    system, _, rest = graph.resolve(code).partition(":")
    _show(graph.lookup(system, rest, on), as_json, report.code)


@main.command()
@click.argument("start", metavar="CODE|TEXT", nargs=-1, required=True)
@click.option("-a", "--answer", "given", multiple=True, metavar="AXIS:VALUE")
@_on
@_json
@_answers
def drill(start: Sequence[str], given: Sequence[str], on: date, as_json: bool) -> None:
    """Ask the next question on the way to one billable code."""
    graph, text = _open(), " ".join(start)
    answers = []
    for item in given:
        axis, colon, value = item.partition(":")
        if not colon:
            raise InvalidInputError(f"--answer {item!r}: write axis:value, e.g. laterality:right.")
        answers.append((axis, value))
    try:
        system, _, code = graph.resolve(text).partition(":")
    except RequestError:
        if answers:
            raise
        walk = graph.drill_text(text, on)
    else:
        walk = graph.drill(system, code, answers, on)
    _show(walk, as_json, report.walk)


@main.command()
@click.argument("codes", nargs=-1, required=True)
@_on
@_json
@_answers
def validate(codes: Sequence[str], on: date, as_json: bool) -> None:
    """Judge codes for a date of service; exit status 1 unless all are billable."""
    from codegraph.answers import CodeToValidate

    asked = [
        CodeToValidate(code=c.split(":", 1)[1], system=c.split(":", 1)[0])
        if ":" in c
        else CodeToValidate(code=c)
        for c in codes
    ]
    answer = _open().validate(asked, on)
    _show(answer, as_json, report.validations)
    if any(r.verdict != "billable" for r in answer.results):
        sys.exit(1)


@main.command()
@click.argument("file", metavar="FILE", type=click.File("rb"))
@click.option("--payers", type=click.Path(exists=True, file_okay=False, path_type=Path))
@_json
@_answers
def check(file: IO[bytes], payers: Path | None, as_json: bool) -> None:
    """Check an encounter (YAML or JSON, - for standard input).

    Exit status 0: nothing to mend or to find out; 1: findings; 2: unusable input.
    """
    from codegraph.encounter import decode_encounter

    encounter = decode_encounter(_yaml_or_json(file.read()))
    given = None if payers is None else [payers]
    answer = CodeGraph.open(payer_dirs=given, progress=_Bar(), report=_warn).check(encounter)
    _show(answer, as_json, report.encounter)
    verdicts = (answer.verdict.coding, answer.verdict.coverage, answer.verdict.documentation)
    if any(v not in ("pass", "not_applicable") for v in verdicts):
        sys.exit(1)


def _yaml_or_json(raw: bytes) -> object:
    """Return what a file holds; never repeats it in a message."""
    import yaml

    try:
        return yaml.load(raw, yaml.CSafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        raise InvalidInputError(f"The file is neither YAML nor JSON{where}.") from None


@main.command()
@click.argument("start", metavar="FROM")
@click.argument("end", metavar="TO")
@_on
@_json
@_answers
def path(start: str, end: str, on: date, as_json: bool) -> None:
    """Connect two concepts by the most telling path, a sentence per step."""
    _show(_open().path(start, end, on), as_json, report.path)


@main.command()
@click.option("--format", "form", type=click.Choice(["graphml", "json"]), required=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True)
@_answers
def export(form: str, output: Path) -> None:
    """Write the whole graph as GraphML or networkx node-link JSON."""
    graph = _open().graph
    graph.write(output, form)
    click.echo(f"{output}: {len(graph.networkx)} nodes, {graph.networkx.size()} edges")


@main.command()
@_answers
def build() -> None:
    """Compile the graph now, where a source file has changed."""
    _ensure_compiled()
    click.echo("The compiled graph is up to date.")


@main.group()
def data() -> None:
    """What the graph is made of."""


@data.command("list")
@_json
@_answers
def list_data(as_json: bool) -> None:
    """List the loaded editions and the sources."""
    _show(_open().about(), as_json, report.about)


@data.command("verify")
@_json
@_answers
def verify_data(as_json: bool) -> None:
    """Check every data file, and list each reference in a note that leads nowhere."""
    from codegraph.build import verify

    answer = verify()
    _show(answer, as_json, report.verification)
    if answer.problems:
        sys.exit(1)


def _open() -> CodeGraph:
    return CodeGraph.open(progress=_Bar(), report=_warn)


def _ensure_compiled() -> None:
    from codegraph.build import ensure_snapshot
    from codegraph.paths import cache_dir, data_dir

    ensure_snapshot(data_dir(), cache_dir(), _Bar(), _warn)


def _show(answer: Any, as_json: bool, view: Callable[[Any], None]) -> None:
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(answer), indent=2))
    else:
        view(answer)


def _warn(text: str) -> None:
    click.echo(text, err=True)


def _fail(text: str, status: int) -> None:
    click.echo(click.style("error: ", fg="red", bold=True) + text, err=True)
    sys.exit(status)


class _Bar:
    """A progress bar that appears when something is being compiled, and only then."""

    def __init__(self) -> None:
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def __call__(self, what: str, share: float) -> None:
        if self._progress is None or self._task is None:
            from rich.console import Console
            from rich.progress import Progress

            self._progress = Progress(console=Console(stderr=True), transient=True)
            self._progress.start()
            self._task = self._progress.add_task(what, total=1.0)
        self._progress.update(self._task, description=what, completed=share)
        if share >= 1.0:
            self._progress.stop()
            self._progress = None
