"""Answers as text for a terminal, with colour where the terminal has it."""

from __future__ import annotations

import click

from codegraph.answers import About, CodeAnswer, PathAnswer, SearchAnswer, ValidateAnswer
from codegraph.build import Verification
from codegraph.drilldown import Walk
from codegraph.encounter import Report
from codegraph.model import Issue

_VERDICT = {
    "billable": "green",
    "not_billable": "yellow",
    "not_valid_on_date": "yellow",
    "unknown": "red",
}


def search(answer: SearchAnswer) -> None:
    """Print ranked concepts."""
    read = answer.interpreted
    for change in read.corrections:
        click.secho(f"read “{change.from_}” as “{change.to}”", dim=True)
    for change in read.expansions:
        click.secho(f"read “{change.from_}” as “{change.to}”", dim=True)
    for r in answer.results:
        mark = click.style("billable", fg="green") if r.billable else ", ".join(r.needs) or "group"
        why = "" if r.matched.text == r.display else click.style(f"  “{r.matched.text}”", dim=True)
        click.echo(f"{_code(r.code)} {r.display}  [{mark}]{why}")
    _issues(answer.issues)


def code(answer: CodeAnswer) -> None:
    """Print one concept."""
    badge = {
        "billable": click.style("billable", fg="green"),
        "header": click.style("not billable", fg="yellow"),
        "ended": click.style(f"ended {answer.valid.to}", fg="red"),
        "future": click.style(f"begins {answer.valid.from_}", fg="red"),
    }[answer.status]
    click.echo(f"{_code(answer.code)} {click.style(answer.display, bold=True)}  [{badge}]")
    begin = answer.valid.from_ or (
        f"{answer.valid.known_from} or before" if answer.valid.known_from else "not known"
    )
    click.echo(f"valid {begin} to {answer.valid.to or 'further notice'} · {answer.edition}")
    if answer.ancestors:
        click.echo("\nwhere it stands")
        for depth, ancestor in enumerate(reversed(answer.ancestors)):
            click.echo(f"{'  ' * (depth + 1)}{ancestor.code} {ancestor.display}")
    if answer.children:
        click.echo("\nbelow it")
        for child in answer.children:
            click.echo(f"  {_code(child.code)} {child.display}")
    for kind, notes in answer.notes.items():
        click.echo(f"\n{kind.replace('_', ' ')}")
        for note in notes:
            click.echo(f"  {note}")
    if answer.inherited_notes:
        click.echo("\ninherited")
        for inherited in answer.inherited_notes:
            what = inherited.kind.replace("_", " ")
            where = inherited.from_.partition(":")[2]
            click.echo(f"  {what} at {where}: {inherited.text}")
    if answer.seventh_characters:
        click.echo("\nseventh character")
        for seventh in answer.seventh_characters:
            click.echo(f"  {seventh.value}  {seventh.meaning}")
    for label, refs in (("replaced by", answer.replaced_by),):
        if refs:
            click.echo(f"\n{label}: {', '.join(r.code for r in refs)}")
    if answer.rules:
        click.echo("\nrules")
        for rule in answer.rules:
            click.echo(f"  {rule.id}: {rule.title}")
    _issues(answer.issues)


def validations(answer: ValidateAnswer) -> None:
    """Print verdicts."""
    for r in answer.results:
        mark = click.style(r.verdict.replace("_", " ").ljust(18), fg=_VERDICT[r.verdict])
        click.echo(f"{mark} {r.message}")
    _issues(answer.issues)


def path(answer: PathAnswer) -> None:
    """Print a path, a sentence per step."""
    for n, step in enumerate(answer.steps, 1):
        click.echo(f"{n}. {step.sentence}")
        if step.source:
            click.secho(f"   {step.source.title} (trace {step.source.trace})", dim=True)
    _issues(answer.issues)


def walk(answer: Walk) -> None:
    """Print the next question, or the code that a walk ends in."""
    for given in answer.answers:
        click.secho(f"{given.axis}: {given.label}", dim=True)
    codes = answer.code if isinstance(answer.code, list) else [answer.code] if answer.code else []
    for found in codes:
        click.echo(f"{_code(found.code)} {click.style(found.display, bold=True)}")
    if answer.question is not None:
        click.secho(answer.question.text, bold=True)
        for option in answer.question.options:
            axis = f"{answer.question.axis}:{option.value}"
            click.echo(f"  {option.label.ljust(40)} -a {axis}")
        click.secho(f"{answer.remaining} codes remain", dim=True)
    for line in answer.support:
        click.echo(f"the note must say: {line}")
    _issues(answer.issues)


_FINDING = {
    "pass": ("✓", "green"),
    "fail": ("✗", "red"),
    "warn": ("!", "yellow"),
    "no_data": ("?", "cyan"),
    "not_applicable": ("·", "white"),
}


def encounter(answer: Report) -> None:
    """Print claim lines, then findings by kind with what would clear them."""
    click.secho(f"{answer.date_of_service} · payer {answer.payer}", bold=True)
    if answer.claim_lines:
        click.echo("\nclaim lines")
    for line in answer.claim_lines:
        modifiers = "".join(f"-{m}" for m in line.modifiers)
        pointers = ", ".join(line.diagnoses) or "no diagnosis"
        click.echo(
            f"  {_code(line.code + modifiers)} × {line.units:<4} {line.display}  ({pointers})"
        )
    for kind in ("coding", "coverage", "documentation"):
        verdict = getattr(answer.verdict, kind)
        mark, colour = _FINDING[verdict]
        click.echo(f"\n{kind}: " + click.style(f"{mark} {verdict.replace('_', ' ')}", fg=colour))
        for found in answer.findings:
            if found.kind != kind or found.verdict == "not_applicable":
                continue
            mark, colour = _FINDING[found.verdict]
            advice = " (advice)" if found.advice else ""
            click.echo(f"  {click.style(mark, fg=colour, bold=True)} {found.message}{advice}")
            if found.fix and found.verdict != "pass":
                click.echo(f"      fix: {found.fix}")
            source = found.source
            click.secho(f"      {found.rule} · {source.title} · trace {source.trace}", dim=True)
    _issues(answer.issues)


def about(answer: About) -> None:
    """Print what is loaded."""
    for edition in answer.editions:
        click.echo(
            f"{edition.name}: dates of service {edition.valid_from} to {edition.valid_to}, "
            f"from {edition.file}"
        )
    click.echo(f"history of codes from {answer.known_from}")
    for system, count in answer.counts.items():
        click.echo(f"{system.ljust(10)} {count.concepts:7} concepts {count.billable:7} billable")
    click.echo("\nsources")
    for source in answer.sources:
        click.echo(
            f"  {source.trace.ljust(4)} {source.title}"
            + (f", {source.section}" if source.section else "")
        )


def verification(answer: Verification) -> None:
    """Print what was checked and what is wrong."""
    click.echo(f"{answer.files} data files read, {answer.concepts} concepts, {answer.edges} edges")
    click.echo(
        f"{answer.resolved} references in notes resolved, {len(answer.unresolved)} lead nowhere"
    )
    for concept, reference, note in answer.unresolved:
        click.echo(f"  {concept}: {reference} in “{note}”")
    for problem in answer.problems:
        click.secho(problem, fg="red")


def _code(code: str) -> str:
    return click.style(code.ljust(9), fg="cyan", bold=True)


def _issues(issues: list[Issue]) -> None:
    for issue in issues:
        click.secho(f"! {issue.message}", fg="yellow", err=True)
