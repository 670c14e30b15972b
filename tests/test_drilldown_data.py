"""What people curate for the walk: hints name what exists, maps lead where they should."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from flask import Flask, render_template

from codegraph.drilldown import Drilldown
from codegraph.drilldown.bodymap import BodyMaps
from codegraph.drilldown.hints import Hint, Hints
from codegraph.drilldown.plan import Branch
from codegraph.errors import DataError
from codegraph.paths import data_dir


@pytest.fixture(scope="module")
def drilldown(service) -> Drilldown:
    return service.drilldown


def hints() -> list[Hint]:
    return list(Hints.read(data_dir() / "drilldown"))


def asked(drilldown: Drilldown, hint: Hint, on: date) -> Branch:
    """The question that a hint speaks of."""
    concepts = drilldown.concepts
    row = concepts.index(f"icd10cm:{hint.code}")
    plan, mask = drilldown.plan(row, on)
    fits = [
        b
        for b in plan.questions()
        if b.mask & mask
        and (hint.question is None or b.asked.text == hint.question)
        and (hint.asks is None or b.asked.axis == hint.asks)
    ]
    assert fits, f"{hint.code}: no question reads {hint.question!r}"
    return max(fits, key=lambda b: (b.mask & mask).bit_count())


@pytest.mark.parametrize("hint", hints(), ids=lambda h: f"{h.code} {h.asks or ''}".strip())
def test_a_hint_names_a_question_and_values_that_exist(
    drilldown: Drilldown, on: date, hint: Hint
) -> None:
    branch = asked(drilldown, hint, on)
    offered = {o.value.value for o in branch.options}
    grouped = [v for values in hint.groups.values() for v in values]
    named = {*hint.order, *hint.labels, *grouped}
    assert named <= offered, f"{hint.code}: {sorted(named - offered)} are not offered"
    if hint.groups:
        assert set(grouped) == offered, f"{hint.code}: {offered - set(grouped)} have no heading"
        assert len(grouped) == len(set(grouped))
    for code in hint.flatten:
        assert f"icd10cm:{code}" in drilldown.concepts


def test_hints_change_no_code_that_can_be_reached(drilldown: Drilldown, on: date) -> None:
    bare = Drilldown(drilldown.concepts, Hints(), BodyMaps({}, []))
    for code in {hint.code[:3] for hint in hints()}:
        row = drilldown.concepts.index(f"icd10cm:{code}")
        assert sorted(bare.plan(row, on)[0].rows) == sorted(drilldown.plan(row, on)[0].rows)


def test_groups_stand_together(drilldown: Drilldown, on: date) -> None:
    for hint in hints():
        groups = [o.value.group for o in asked(drilldown, hint, on).options]
        runs = [g for i, g in enumerate(groups) if i == 0 or groups[i - 1] != g]
        assert len(runs) == len(set(runs)), hint.code


MAPS = {
    "M79.6": {
        "upper-arm": ("M79.621", "M79.622"),
        "forearm": ("M79.631", "M79.632"),
        "hand": ("M79.641", "M79.642"),
        "fingers": ("M79.644", "M79.645"),
        "thigh": ("M79.651", "M79.652"),
        "lower-leg": ("M79.661", "M79.662"),
        "foot": ("M79.671", "M79.672"),
        "toes": ("M79.674", "M79.675"),
    },
    "M25.5": {
        "shoulder": ("M25.511", "M25.512"),
        "elbow": ("M25.521", "M25.522"),
        "wrist": ("M25.531", "M25.532"),
        "hand": ("M25.541", "M25.542"),
        "fingers": ("M25.541", "M25.542"),
        "hip": ("M25.551", "M25.552"),
        "knee": ("M25.561", "M25.562"),
        "ankle": ("M25.571", "M25.572"),
        "foot": ("M25.571", "M25.572"),
        "toes": ("M25.571", "M25.572"),
    },
}


@pytest.mark.parametrize("root", MAPS)
def test_each_region_leads_to_its_code(drilldown: Drilldown, on: date, root: str) -> None:
    drawn = drilldown.map_of(root, [], on)
    assert drawn is not None
    found = {(r.id, r.side): r for r in drawn[1] if r.code}
    wanted = {
        (region, side): code
        for region, codes in MAPS[root].items()
        for side, code in zip(("right", "left"), codes, strict=True)
    }
    assert {k: r.code for k, r in found.items()} == wanted
    for region in found.values():
        walk = drilldown.walk("icd10cm", root, region.answers, on)
        assert walk.code is not None
        assert walk.code.code == region.code
        assert region.label.startswith(region.side.capitalize())


@pytest.mark.parametrize(
    ("answers", "lit"),
    [
        ([], set()),
        ([("site", "forearm")], {"Right forearm", "Left forearm"}),
        ([("site", "forearm"), ("laterality", "left")], {"Left forearm"}),
        ([("site", "forearm"), ("laterality", "both")], {"Right forearm", "Left forearm"}),
        ([("laterality", "right")], set()),
    ],
)
def test_the_answered_region_is_lit(
    drilldown: Drilldown, on: date, answers: list[tuple[str, str]], lit: set[str]
) -> None:
    _, regions = drilldown.map_of("M79.6", answers, on)
    assert {r.label for r in regions if r.lit} == lit


def test_a_walk_elsewhere_has_no_map(drilldown: Drilldown, on: date) -> None:
    assert drilldown.map_of("G43", [], on) is None
    assert drilldown.map_of("M79", [], on) is None
    kind = ("kind", "pain-in-limb-hand-foot-fingers-and-toes")
    assert drilldown.map_of("M79", [kind], on) is not None


def test_the_drawing_is_links_with_names_and_no_styles(
    app: Flask, drilldown: Drilldown, on: date
) -> None:
    bodymap, regions = drilldown.map_of("M79.6", [("site", "hand")], on)
    with app.test_request_context("/"):
        html = render_template("_bodymap.html", bodymap=bodymap, regions=regions)
    assert html.count("<a ") == 16
    assert html.count("is-lit") == html.count('aria-current="true"') == 2
    assert 'aria-label="Right forearm: M79.631, Pain in right forearm"' in html
    assert "a=site:forearm" in html
    assert "style=" not in html


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("  - {region: nose, answers: ['site:hand'], source: own}", "'nose' is not a region"),
        ("  - {region: hand, answers: ['hand'], source: own}", "not of the form axis:value"),
        ("  - {region: hand, answer: ['site:hand'], source: own}", "unknown field"),
        ("  - {region: hand, answers: ['site:hand']}", "source"),
    ],
)
def test_a_map_that_cannot_be_right_is_refused(tmp_path: Path, text: str, says: str) -> None:
    figures = tmp_path / "figures"
    figures.mkdir()
    (figures / "front.yaml").write_bytes(
        (data_dir() / "bodymaps" / "figures" / "front.yaml").read_bytes()
    )
    (tmp_path / "map.yaml").write_text(
        "sources:\n  own: {title: Own, trace: U}\n"
        "map:\n  - {root: M79.6, figure: front, title: T, sides: laterality, source: own}\n"
        f"records:\n{text}\n"
    )
    with pytest.raises(DataError, match=says):
        BodyMaps.read(tmp_path)
