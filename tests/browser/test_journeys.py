"""What a coder does all day, in a browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

pytestmark = pytest.mark.browser

Contexts = Callable[..., BrowserContext]


def copied(page: Page) -> str:
    return str(page.evaluate("navigator.clipboard.readText()"))


# ── search, walk, code ───────────────────────────────────────────────────────────────────────


def test_from_words_through_the_walk_to_a_copied_code_by_keyboard_alone(page: Page) -> None:
    page.goto("/about")
    page.keyboard.press("/")
    page.keyboard.type("forearm pain")
    first = page.get_by_role("option").first
    expect(first).to_contain_text("M79.63")
    expect(first).to_contain_text("ask: side")
    page.keyboard.press("ArrowDown")
    expect(first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    page.wait_for_url("**/walk/icd10cm/M79.63")
    expect(page.get_by_role("heading", level=1)).to_have_text("Which side?")
    page.keyboard.press("1")
    page.wait_for_url("**laterality:right**")
    expect(page.locator(".result")).to_contain_text("M79.631")
    page.keyboard.press("c")
    expect(page.get_by_role("status")).to_have_text("Copied: M79.631")
    assert copied(page) == "M79.631"
    page.keyboard.press("t")
    expect(page.get_by_role("status")).to_have_text("Copied: M79.631 Pain in right forearm")
    page.keyboard.press("u")
    page.wait_for_url(re.compile(r"/walk/icd10cm/M79\.63$"))


def test_enter_and_a_number_open_a_result(page: Page) -> None:
    page.goto("/")
    page.keyboard.type("right forearm pain")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?q=right+forearm+pain")
    page.locator("body").press("1")
    page.wait_for_url("**/code/icd10cm/M79.631")
    expect(page.locator(".badge.big")).to_have_text("Billable")


def test_a_wrong_spelling_finds_the_right_code(page: Page) -> None:
    page.goto("/")
    page.keyboard.type("forarm pain")
    expect(page.locator(".reading")).to_contain_text("forearm")
    expect(page.get_by_role("option").first).to_contain_text("M79.63")
    literal = page.get_by_role("option", name="Search exactly as typed")
    literal.click()
    page.wait_for_url("**literal=true**")


def test_escape_closes_the_suggestions_and_then_empties_the_field(page: Page) -> None:
    page.goto("/")
    field = page.get_by_role("combobox").first
    field.type("myalgia")
    expect(page.get_by_role("listbox")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(field).to_have_value("myalgia")
    page.keyboard.press("Escape")
    expect(field).to_have_value("")


def test_at_most_one_request_is_in_the_air_and_stale_answers_are_dropped(page: Page) -> None:
    page.add_init_script(
        """
        window.air = {now: 0, most: 0, asked: 0};
        const ask = window.fetch;
        window.fetch = (...given) => {
            air.most = Math.max(air.most, ++air.now);
            air.asked += 1;
            const late = new Promise((done) => setTimeout(done, 150));
            return Promise.race([
                Promise.all([ask(...given), late]).then(([answer]) => answer),
                new Promise((_, stop) => given[1].signal.addEventListener("abort",
                    () => stop(new DOMException("stopped", "AbortError")))),
            ]).finally(() => { air.now -= 1; });
        };
        """
    )
    page.goto("/")
    page.get_by_role("combobox").first.press_sequentially("pain in left knee", delay=120)
    expect(page.get_by_role("option").first).to_contain_text("left knee")
    air = page.evaluate("window.air")
    assert air["asked"] > 1
    assert air["most"] == 1


def test_suggestions_stand_within_50_ms_of_the_answer(page: Page) -> None:
    page.goto("/")
    page.evaluate(
        """() => {
            const list = document.querySelector('[role=listbox]');
            window.shownAt = new Promise((done) =>
                new MutationObserver(() => done(performance.now()))
                    .observe(list, {childList: true}));
        }"""
    )
    page.keyboard.type("myalgia")
    expect(page.get_by_role("option").first).to_be_visible()
    shown = page.evaluate("window.shownAt")
    answered = page.evaluate(
        "performance.getEntriesByType('resource').filter(e => e.name.includes('/search')).at(-1)"
        ".responseEnd"
    )
    assert shown - answered < 50


def test_what_matched_is_said_where_it_is_not_plain(page: Page) -> None:
    page.goto("/")
    page.keyboard.type("kenalog")
    expect(page.get_by_role("option").filter(has_text="triamcinolone").first).to_be_visible()


# ── date of service, back and forward, tabs ──────────────────────────────────────────────────


def test_the_date_of_service_changes_what_m79_1_is_and_is_kept(page: Page) -> None:
    page.goto("/code/icd10cm/M79.1")
    expect(page.locator(".badge.big")).to_have_text("Needs more characters")
    page.get_by_label("Date of service", exact=True).fill("2018-09-15")
    page.get_by_role("button", name="Set").click()
    expect(page.locator(".badge.big")).to_have_text("Billable")
    expect(page.get_by_text("Answers are for 2018-09-15, not today.")).to_be_visible()
    page.get_by_role("link", name="M79.7", exact=True).first.click()
    page.wait_for_url("**/code/icd10cm/M79.7?on=2018-09-15")
    page.keyboard.press("/")
    page.keyboard.type("M79.18")
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**on=2018-09-15")
    page.get_by_role("link", name="Back to today").click()
    expect(page.get_by_text("not today")).to_have_count(0)


def test_back_and_forward_go_through_a_walk(page: Page) -> None:
    page.goto("/walk/icd10cm/M79.6")
    page.locator(".options").get_by_role("link", name="Forearm").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Which side?")
    page.get_by_role("link", name="Left M79.632").click()
    expect(page.locator(".result")).to_contain_text("M79.632")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Which side?")
    page.go_back()
    expect(page.locator(".trail li")).to_have_count(1)
    page.go_forward()
    page.go_forward()
    expect(page.locator(".result")).to_contain_text("M79.632")
    page.get_by_role("link", name=re.compile("^Take back Forearm")).click()
    expect(page.locator(".trail li")).to_have_count(1)


def test_the_body_map_settles_the_code_by_keyboard(page: Page) -> None:
    page.goto("/walk/icd10cm/M79.6")
    region = page.get_by_role("link", name="Right forearm: M79.631, Pain in right forearm")
    region.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".result")).to_contain_text("M79.631")
    expect(region).to_have_attribute("aria-current", "true")


def test_two_tabs_keep_dates_apart_and_share_favourites(open_context: Contexts) -> None:
    context = open_context()
    one, two = context.new_page(), context.new_page()
    one.goto("/code/icd10cm/M79.1?on=2018-09-15")
    two.goto("/code/icd10cm/M79.1")
    expect(one.locator(".badge.big")).to_have_text("Billable")
    expect(two.locator(".badge.big")).to_have_text("Needs more characters")
    one.get_by_role("button", name="Favourite").click()
    expect(two.get_by_role("button", name="Favourite")).to_have_attribute("aria-pressed", "true")
    two.goto("/")
    favourites = two.locator('[data-list="favourites"]')
    expect(favourites.get_by_role("link")).to_contain_text("M79.1")
    expect(two.locator('[data-list="recent"]').get_by_role("link")).to_have_count(1)
    two.get_by_role("button", name="Clear both lists").click()
    expect(favourites.get_by_role("link")).to_have_count(0)
    one.reload()
    expect(one.get_by_role("button", name="Favourite")).to_have_attribute("aria-pressed", "false")


# ── encounter ────────────────────────────────────────────────────────────────────────────────


def test_an_encounter_is_checked_as_it_is_filled_in_by_keyboard(page: Page) -> None:
    page.goto("/encounter")
    page.get_by_label("Payer").select_option("medicare")
    page.get_by_label("Diagnosis code").first.fill("M79.18")
    page.keyboard.press("Tab")  # what is suggested for the code would lie over the muscle
    muscle = page.get_by_label("Muscle", exact=True)
    muscle.nth(0).click()
    page.keyboard.type("trap")
    expect(page.get_by_role("option", name=re.compile("^Trapezius")).first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(muscle.nth(0)).to_have_value("Trapezius")
    page.keyboard.press("Tab")
    page.keyboard.type("left")
    expect(page.locator(".lines")).to_contain_text("20552")
    for number, name in ((1, "Levator scapulae"), (2, "Splenius capitis")):
        muscle.nth(number).fill(name)
        page.get_by_label("Side").nth(number).select_option("left")
    expect(page.locator(".lines")).to_contain_text("20553")
    expect(muscle).to_have_count(4)  # a row was added without a reload
    page.get_by_label("Drug, by brand or generic name").first.click()
    page.keyboard.type("kenal")
    expect(page.locator(".suggestions:visible [role=option]").first).to_contain_text(
        "triamcinolone"
    )
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_label("Dose given").first.fill("40")
    expect(page.locator(".lines")).to_contain_text("J3301")
    page.get_by_role("button", name="Copy all lines").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert "20553 × 1  M79.18" in copied(page)
    assert page.url.endswith("/encounter")


def test_an_example_changed_changes_the_findings(page: Page) -> None:
    page.goto("/encounter")
    page.locator(".empty .starts a").first.click()
    page.wait_for_url("**example=**")
    before = page.locator(".report").inner_text()
    page.get_by_label("Muscle", exact=True).last.fill("gluteus medius")
    page.get_by_label("Side").last.select_option("right")
    expect(page.locator("#outcome")).not_to_have_attribute("aria-busy", "true")
    page.wait_for_function(
        "(was) => document.querySelector('.report').innerText !== was", arg=before
    )


def test_a_finding_opens_to_its_source_and_stays_open(page: Page) -> None:
    page.goto("/encounter")
    page.get_by_label("Payer").select_option("medicare")
    page.get_by_label("Diagnosis code").first.fill("M79.18")
    page.get_by_label("Muscle", exact=True).first.fill("trapezius")
    page.keyboard.press("Escape")
    finding = page.locator("#documentation details.finding").first
    finding.locator("summary").click()
    expect(finding.get_by_text("Source", exact=True)).to_be_visible()
    page.get_by_label("Injections").fill("3")
    page.wait_for_timeout(500)
    expect(page.locator("#documentation details.finding[open]").first).to_be_visible()


def test_the_date_of_an_encounter_goes_into_the_links(page: Page) -> None:
    page.goto("/encounter")
    page.get_by_label("Date of service", exact=True).fill("2024-03-15")
    expect(page.locator("[data-shown-date]")).to_have_text("2024-03-15")
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Rules").click()
    page.wait_for_url("**/rules?on=2024-03-15")


# ── phone, no JavaScript, path ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/?q=frcture+of+radius",
        "/code/icd10cm/S52.501",
        "/code/cpt/20553",
        "/walk/icd10cm/M79.6",
        "/path?from=icd10cm:M79.18&to=cpt:20553",
        "/encounter",
        "/rules",
        "/about",
        "/api",
    ],
)
def test_nothing_is_wider_than_a_phone(open_context: Contexts, address: str) -> None:
    page = open_context(viewport={"width": 390, "height": 844}, is_mobile=True).new_page()
    page.goto(address)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_walk_on_a_phone_by_touch(open_context: Contexts) -> None:
    context = open_context(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    page = context.new_page()
    page.goto("/")
    page.get_by_role("combobox").first.type("forearm pain")
    page.get_by_role("option").first.tap()
    option = page.get_by_role("link", name="Right M79.631")
    box = option.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    option.tap()
    page.get_by_role("button", name="Copy code", exact=True).tap()
    assert copied(page) == "M79.631"


def test_everything_works_without_javascript(open_context: Contexts) -> None:
    page = open_context(java_script_enabled=False).new_page()
    page.goto("/")
    page.get_by_label("Search by words").fill("forearm pain")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="M79.63 Pain in forearm").click()
    page.get_by_role("link", name="Right M79.631").click()
    page.get_by_role("link", name=re.compile("^Check an encounter")).click()
    expect(page.get_by_label("Diagnosis code").first).to_have_value("M79.631")
    page.get_by_label("Muscle", exact=True).first.fill("trapezius")
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.locator(".lines")).to_contain_text("20552")
    page.goto("/code/icd10cm/M79.1")
    page.get_by_label("Date of service").fill("2018-09-15")
    page.get_by_role("button", name="Set").click()
    expect(page.locator(".badge.big")).to_have_text("Billable")
    expect(page.locator(".js-only").first).to_be_hidden()


def test_two_codes_are_connected_from_a_code_page(page: Page) -> None:
    page.goto("/code/icd10cm/M79.18")
    page.get_by_label("M79.18 and", exact=True).fill("20553")
    page.get_by_label("M79.18 and", exact=True).press("Enter")
    page.wait_for_url("**/path?**")
    expect(page.locator(".sentence").first).to_contain_text("M79.18")


def test_pasted_markup_shows_as_text(page: Page) -> None:
    page.goto("/")
    text = '<img src=x onerror="document.title=1">'
    page.get_by_role("combobox").first.fill(text)
    page.wait_for_timeout(400)
    page.keyboard.press("Enter")
    expect(page.locator("h1 q")).to_contain_text(text)
    assert page.title() != "1"
