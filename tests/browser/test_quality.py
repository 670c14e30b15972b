"""axe on every page in light and dark, no layout shift, little weight."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, expect

pytestmark = pytest.mark.browser

Contexts = Callable[..., BrowserContext]

PAGES = [
    "/",
    "/?q=frcture+of+radius",
    "/code/icd10cm/M79.631",
    "/code/icd10cm/M79.1?on=2018-09-15",
    "/code/icd10cm/S52.501",
    "/code/cpt/20553",
    "/code/hcpcs/J1030",
    "/walk/icd10cm/M79.6",
    "/walk/icd10cm/M25.5",
    "/walk/icd10cm/M79.63?a=laterality:both",
    "/path?from=icd10cm:M79.18&to=cpt:20553",
    "/encounter",
    "/encounter?example=4-claim-with-errors",
    "/rules",
    "/rules/tpi-one-code-per-day",
    "/about",
    "/api",
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("address", PAGES)
def test_axe_finds_nothing(open_context: Contexts, address: str, scheme: str) -> None:
    page = open_context(color_scheme=scheme, viewport={"width": 1280, "height": 900}).new_page()
    page.goto(address)
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_open_suggestions_and_a_phone(
    open_context: Contexts, scheme: str
) -> None:
    page = open_context(color_scheme=scheme, viewport={"width": 390, "height": 844}).new_page()
    page.goto("/")
    page.get_by_role("combobox").first.type("forarm pain")
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("address", PAGES)
def test_nothing_jumps_while_loading(open_context: Contexts, address: str) -> None:
    page = open_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(address)
    page.wait_for_timeout(150)
    shift = page.evaluate(
        """() => new Promise((done) => {
            let sum = 0;
            new PerformanceObserver((list) => {
                for (const entry of list.getEntries()) sum += entry.value;
            }).observe({type: 'layout-shift', buffered: true});
            setTimeout(() => done(sum), 50);
        })"""
    )
    assert shift < 0.01


def test_the_first_page_weighs_less_than_100_kb_in_all(open_context: Contexts) -> None:
    page = open_context().new_page()
    sizes: list[int] = []
    page.on("response", lambda r: sizes.append(len(r.body())))
    page.goto("/", wait_until="networkidle")
    assert len(sizes) > 4
    assert sum(sizes) < 100_000
