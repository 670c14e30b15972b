"""The graph, opened once for all tests from a cache of its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from codegraph.app import create_app
from codegraph.concepts import Concepts
from codegraph.service import CodeGraph

# A day that the loaded edition covers.
ON = date(2026, 5, 1)


@pytest.fixture(scope="session")
def on() -> date:
    return ON


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A cache folder shared by the test processes of one run."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if worker_id != "master" else base) / "codegraph-cache"


@pytest.fixture(scope="session")
def service(cache: Path) -> CodeGraph:
    return CodeGraph.open(cache=cache)  # two processes that compile at once both end right


@pytest.fixture(scope="session")
def concepts(service: CodeGraph) -> Concepts:
    return service.concepts


@pytest.fixture(scope="session")
def app(service: CodeGraph) -> Flask:
    application = create_app(service, today=lambda: ON)
    application.testing = False  # errors are answered as they are in use
    return application


@pytest.fixture
def client(app: Flask) -> Iterator[FlaskClient]:
    with app.test_client() as made:
        yield made
