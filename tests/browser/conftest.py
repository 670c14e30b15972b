"""Headless Chromium before a server of its own.

Debian's Chromium is driven by Playwright for Python. Where it is missing the tests are skipped;
with CI set they fail, so that nobody believes they ran.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import date

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import make_server

from codegraph.app import create_app
from codegraph.service import CodeGraph

_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-prefers-reduced-motion",
]
TODAY = date(2026, 5, 1)


@pytest.fixture(scope="session")
def site(service: CodeGraph) -> Iterator[str]:
    """The address of a running server."""
    server = make_server("127.0.0.1", 0, create_app(service, today=lambda: TODAY), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = shutil.which("chromium")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("chromium is missing: apt-get install chromium")
        pytest.skip("chromium is missing")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=_FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def open_context(browser: Browser, site: str) -> Iterator[Callable[..., BrowserContext]]:
    """Make contexts that fail the test on console errors and on requests to another host."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def make(**options: object) -> BrowserContext:
        defaults: dict[str, object] = {
            "base_url": site,
            "permissions": ["clipboard-read", "clipboard-write"],
        }
        context = browser.new_context(**{**defaults, **options})  # type: ignore[arg-type]
        context.set_default_timeout(5000)
        context.on(
            "console",
            lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None,
        )
        context.on("weberror", lambda e: complaints.append(str(e.error)))
        context.on(
            "request",
            lambda r: (
                None if r.url.startswith((site, "data:", "blob:")) else complaints.append(r.url)
            ),
        )
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def page(open_context: Callable[..., BrowserContext]) -> Page:
    return open_context(viewport={"width": 1280, "height": 900}).new_page()
