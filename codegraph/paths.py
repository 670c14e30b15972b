"""Where the program's own files lie: inside the wheel, or beside the package in a checkout."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from codegraph.errors import CodegraphError

_PACKAGE = Path(__file__).resolve().parent


def _shipped(name: str) -> Path:
    for folder in (_PACKAGE / f"_{name}", _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise CodegraphError(f"codegraph's {name}/ folder is missing: install the package again.")


def data_dir() -> Path:
    """Return the folder of curated data."""
    return _shipped("data")


def web_dir() -> Path:
    """Return the folder of templates and static files."""
    return _shipped("web")


def cache_dir() -> Path:
    """Return the folder of compiled snapshots: the user's cache, or CODEGRAPH_CACHE."""
    given = os.environ.get("CODEGRAPH_CACHE")
    return Path(given) if given else Path(platformdirs.user_cache_dir("codegraph"))


def payers_of_site() -> list[Path]:
    """Return the folders of a site's own payers that CODEGRAPH_PAYERS names."""
    given = os.environ.get("CODEGRAPH_PAYERS", "")
    return [Path(folder) for folder in given.split(os.pathsep) if folder]
