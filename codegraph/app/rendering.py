"""What every page shares: addresses that keep the date of service, notes with links, marked words.

Registered on the pages' blueprint, so that each template finds these helpers under fixed names.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote, urlencode

from flask import current_app, g, request
from flask.sansio.blueprints import BlueprintSetupState
from markupsafe import Markup, escape

from codegraph.app.requests import date_of_service, service, today
from codegraph.codes import LONGEST_INPUT
from codegraph.errors import InvalidInputError
from codegraph.sources.icd10cm_notes import references

_WORD = re.compile(r"[^\W_]+")
_SHORTEST_MARK = 2  # letters; one letter would mark half the title
_UNMARKED = frozenset(
    ("of", "in", "the", "and", "or", "with", "without", "to", "on", "at", "by", "for", "due")
)


def shown_date() -> date:
    """Return the date of service that the page shows: today's where the one given is no date."""
    if "shown_date" not in g:
        try:
            g.shown_date = date_of_service()
        except InvalidInputError:
            g.shown_date = today()
    return cast(date, g.shown_date)


def address(path: str, **parameters: Any) -> str:
    """Return a page's address with its parameters and, unless it is today's, the date of service.

    Parameters whose value is None or empty are left out; a list stands for a repeated parameter.
    """
    given = {name.rstrip("_"): value for name, value in parameters.items() if value}
    if "on" not in given and shown_date() != today():
        given["on"] = shown_date().isoformat()
    query = urlencode(given, doseq=True, safe=":,")
    return f"{path}?{query}" if query else path


def code_address(system: str, code: str) -> str:
    """Return the address of a concept's page; rules have pages of their own."""
    if "address_end" not in g:
        g.address_end = address("")
    folder = "/rules" if system == "rule" else f"/code/{quote(system, safe='')}"
    return f"{folder}/{quote(code, safe='')}{g.address_end}"


def walk_address(system: str, code: str, answers: Iterable[tuple[str, str]] = ()) -> str:
    """Return the address of a guided walk after some answers."""
    path = f"/walk/{quote(system, safe='')}/{quote(code, safe='')}"
    return address(path, a=[f"{axis}:{value}" for axis, value in answers])


def linked(text: str) -> Markup:
    """Return a note with every code that exists as a link, everything else as text."""
    text = text.lstrip(" ,;")  # some notes of the list begin in the middle of a sentence
    concepts = service().concepts
    parts: list[Markup] = []
    done = 0

    def link(code: str) -> None:
        nonlocal done
        start = text.find(code, done)
        if start < 0 or f"icd10cm:{code}" not in concepts:
            return
        parts.append(escape(text[done:start]))
        parts.append(
            Markup('<a class="code" href="{}">{}</a>').format(code_address("icd10cm", code), code)
        )
        done = start + len(code)

    for reference in references(text):
        section = f"{reference.first}-{reference.last}"
        if reference.last and f"icd10cm:{section}" in concepts:
            link(section)
        else:
            link(reference.first)
            if reference.last:
                link(reference.last)
    parts.append(escape(text[done:]))
    return Markup("").join(parts)


def marked(text: str, *wordings: str) -> Markup:
    """Return `text` with the beginnings of words that stand in the wordings marked."""
    words = {
        word
        for wording in wordings
        for word in _WORD.findall(wording.casefold())
        if len(word) >= _SHORTEST_MARK and word not in _UNMARKED
    }
    if not words:
        return escape(text)
    longest_first = sorted(words, key=lambda word: (-len(word), word))
    pattern = re.compile(rf"(?<![^\W_])(?:{'|'.join(longest_first)})", re.IGNORECASE)
    parts: list[Markup] = []
    done = 0
    for match in pattern.finditer(text):
        parts.append(escape(text[done : match.start()]))
        parts.append(Markup("<mark>{}</mark>").format(match[0]))
        done = match.end()
    parts.append(escape(text[done:]))
    return Markup("").join(parts)


def asset(name: str) -> str:
    """Return the address of a static file; it changes whenever any of them does."""
    version = current_app.extensions.get("codegraph_assets")
    if version is None:
        version = asset_version(Path(cast(str, current_app.static_folder)))
        current_app.extensions["codegraph_assets"] = version
    return f"/assets/{version}/{name}"


def asset_version(folder: Path) -> str:
    """Return a short hash over the static files."""
    digest = hashlib.blake2b(digest_size=5)
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def kept_parameters() -> list[tuple[str, str]]:
    """Return what the date form must carry along: every parameter but the date itself."""
    if request.method != "GET":
        return []
    return [
        (name, value)
        for name, values in request.args.lists()
        for value in values
        if name != "on" and len(value) <= 8 * LONGEST_INPUT
    ]


def register(state: BlueprintSetupState) -> None:
    """Give every template, macros included, the helpers under fixed names."""
    state.app.jinja_env.globals.update(
        to=address,
        code_url=code_address,
        walk_url=walk_address,
        asset=asset,
        linked=linked,
        marked=marked,
        kept=kept_parameters,
    )


def page_context() -> dict[str, Any]:
    """Return what every page shows of the request: the date of service and what it means."""
    on = shown_date()
    return {
        "on": on,
        "today": today(),
        "is_today": on == today(),
        "date_issues": service().concepts.date_issues(on),
        "edition": service().concepts.edition,
    }
