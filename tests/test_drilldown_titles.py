"""Titles read into sides and conditions, and labels cut to what differs. Titles only: no graph."""

from __future__ import annotations

import pytest

from codegraph.drilldown.labels import labels, slug
from codegraph.drilldown.questions import unit_axis
from codegraph.drilldown.titles import Item, join, norm, read_siblings, words
from codegraph.drilldown.wording import seventh_axis


def read(*titles: str) -> list[tuple[dict[str, str], str]]:
    return [
        (r.values, join(r.title)) for r in read_siblings([Item(words(t), None) for t in titles])
    ]


def side(*titles: str) -> list[str | None]:
    return [values.get("laterality") for values, _ in read(*titles)]


@pytest.mark.parametrize(
    ("titles", "sides"),
    [
        (
            ["Pain in right forearm", "Pain in left forearm", "Pain in unspecified forearm"],
            ["right", "left", "unspecified"],
        ),
        (
            ["Pain in right arm", "Pain in left arm", "Pain in arm, unspecified"],
            ["right", "left", "unspecified"],
        ),
        # the unspecified limb belongs to no family
        (
            ["Pain in right arm", "Pain in left arm", "Pain in unspecified limb"],
            ["right", "left", None],
        ),
        # both words of a pair
        (
            [
                "Pain in right ankle and joints of right foot",
                "Pain in left ankle and joints of left foot",
                "Pain in unspecified ankle and joints of unspecified foot",
            ],
            ["right", "left", "unspecified"],
        ),
        # "unspecified" stands twice, and once it is the fracture
        (
            [
                "Unspecified fracture of the lower end of right radius",
                "Unspecified fracture of the lower end of left radius",
                "Unspecified fracture of the lower end of unspecified radius",
            ],
            ["right", "left", "unspecified"],
        ),
        # bilateral without the noun, and in the plural
        (
            ["Diplacusis, right ear", "Diplacusis, left ear", "Diplacusis, bilateral"],
            ["right", "left", "bilateral"],
        ),
        (
            ["Lesion, right leg", "Lesion, left leg", "Lesion, bilateral legs"],
            ["right", "left", "bilateral"],
        ),
        # an organ named twice
        (
            [
                "Abscess of right external ear",
                "Abscess of left external ear",
                "Abscess of external ear, unspecified ear",
            ],
            ["right", "left", "unspecified"],
        ),
        # the other eye is mirrored
        (
            [
                "Visual loss, right eye, normal vision left eye",
                "Visual loss, left eye, normal vision right eye",
            ],
            ["right", "left"],
        ),
        (
            ["Hemiplegia affecting right dominant side", "Hemiplegia affecting left dominant side"],
            ["right-dominant", "left-dominant"],
        ),
        (
            ["Cleft lip, bilateral", "Cleft lip, median", "Cleft lip, unilateral"],
            ["bilateral", "median", "unilateral"],
        ),
        # no sides at all
        (
            ["Left ventricular failure", "Heart failure, unspecified", "Other heart failure"],
            [None, None, None],
        ),
        (
            [
                "Homonymous bilateral field defects, right side",
                "Homonymous bilateral field defects, left side",
                "Homonymous bilateral field defects, unspecified side",
            ],
            ["right", "left", "unspecified"],
        ),
        (
            [
                "Lesion of median nerve, right upper limb",
                "Lesion of median nerve, left upper limb",
                "Lesion of median nerve, bilateral upper limbs",
            ],
            ["right", "left", "bilateral"],
        ),
    ],
)
def test_side_words_count_only_among_siblings(titles: list[str], sides: list[str | None]) -> None:
    assert side(*titles) == sides


def test_a_family_is_left_with_one_title() -> None:
    found = read("Pain in right forearm", "Pain in left forearm", "Pain in unspecified forearm")
    assert {title for _, title in found} == {"Pain in forearm"}


def test_displacement_and_trimester_are_taken_out_like_sides() -> None:
    found = read(
        "Displaced fracture of lesser tuberosity of right humerus",
        "Nondisplaced fracture of lesser tuberosity of right humerus",
        "Displaced fracture of lesser tuberosity of left humerus",
        "Nondisplaced fracture of lesser tuberosity of left humerus",
    )
    assert [v["displacement"] for v, _ in found] == ["displaced", "nondisplaced"] * 2
    assert {title for _, title in found} == {"fracture of lesser tuberosity of humerus"}
    found = read("Anemia, first trimester", "Anemia, second trimester")
    assert [v["trimester"] for v, _ in found] == ["first", "second"]


@pytest.mark.parametrize(
    ("parent", "titles", "expected"),
    [
        (
            "Migraine",
            ["Migraine with aura", "Migraine without aura", "Migraine, unspecified"],
            ["With aura", "Without aura", "Unspecified"],
        ),
        (
            "Sprain of ankle",
            [
                "Sprain of deltoid ligament of ankle",
                "Sprain of tibiofibular ligament of ankle",
                "Sprain of other ligament of ankle",
            ],
            ["Deltoid ligament", "Tibiofibular ligament", "Other ligament"],
        ),
        (
            "Poisoning by, adverse effect of and underdosing of penicillins",
            [
                "Poisoning by penicillins, assault",
                "Adverse effect of penicillins",
                "Underdosing of penicillins",
            ],
            ["Poisoning, assault", "Adverse effect", "Underdosing"],
        ),
        (
            "Ulcer of esophagus",
            ["Ulcer of esophagus without bleeding", "Ulcer of esophagus with bleeding"],
            ["Without bleeding", "With bleeding"],
        ),
        (
            "Acute serous otitis media",
            ["Acute serous otitis media", "Acute serous otitis media, recurrent"],
            ["Not recurrent", "Recurrent"],
        ),
        # what the titles above do not say is not cut, though most siblings share it
        (
            "Myelodysplastic syndromes",
            [
                "Refractory anemia with ring sideroblasts",
                "Refractory anemia with excess of blasts",
                "Myelodysplastic syndrome, unspecified",
            ],
            [
                "Refractory anemia with ring sideroblasts",
                "Refractory anemia with excess of blasts",
                "Unspecified",
            ],
        ),
    ],
)
def test_labels_say_only_what_differs(parent: str, titles: list[str], expected: list[str]) -> None:
    assert labels((words(parent),), [words(t) for t in titles]) == expected


def test_labels_are_all_different() -> None:
    found = labels((words("Disorder"),), [words("Disorder of knee"), words("Disorder, knee")])
    assert len(set(found)) == 2


@pytest.mark.parametrize(
    ("parent", "offered", "axis", "text"),
    [
        ("Migraine", ["With aura", "Without aura"], "with", "With or without aura?"),
        ("Open wound of finger", ["Index finger", "Ring finger"], "site", "Which finger?"),
        ("Pain in limb", ["Forearm", "Thigh"], "site", "Which part of the limb?"),
        ("Asthma", ["Mild", "Severe"], "severity", "How severe?"),
        ("Sprain of ankle", ["Deltoid ligament", "Other"], "site", "Which ligament?"),
        ("Migraine", ["Hemiplegic migraine", "Other"], "kind", "Which kind of migraine?"),
    ],
)
def test_questions_are_read_off_their_options(
    parent: str, offered: list[str], axis: str, text: str
) -> None:
    asked = unit_axis(words(parent), offered)
    assert (asked.axis, asked.text) == (axis, text)


def test_seventh_characters_of_fractures_are_named_in_short() -> None:
    asked, values = seventh_axis(
        {
            "A": "initial encounter for closed fracture",
            "B": "initial encounter for open fracture type I or II; initial encounter for open "
            "fracture NOS",
            "F": "subsequent encounter for open fracture type IIIA, IIIB, or IIIC with routine "
            "healing",
            "K": "subsequent encounter for closed fracture with nonunion",
            "S": "sequela",
        }
    )
    assert asked.axis == "encounter"
    assert [(v.value, v.label) for v in values.values()] == [
        ("initial-closed-fracture", "Initial, closed fracture"),
        ("initial-open-type-i-or-ii", "Initial, open type I or II"),
        (
            "subsequent-open-type-iiia-iiib-or-iiic-routine-healing",
            "Subsequent, open type IIIA, IIIB or IIIC, routine healing",
        ),
        ("subsequent-closed-nonunion", "Subsequent, closed, nonunion"),
        ("sequela", "Sequela"),
    ]


def test_words_are_compared_without_number_case_and_punctuation() -> None:
    assert [norm(w) for w in ("Finger(s),", "ovaries", "non-dominant", "process", "Toes")] == [
        "finger",
        "ovary",
        "nondominant",
        "process",
        "toe",
    ]


def test_values_fit_an_address_and_end_with_a_word() -> None:
    assert slug("Finger(s)") == "fingers"
    assert slug("Colles' fracture") == "colles-fracture"
    long = slug("Subsequent encounter for open fracture type I or II with delayed healing, again")
    assert len(long) <= 60
    assert long.endswith("with")
