"""What search promises: the words of the note lead to the code, in the first line."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path

import pytest
import yaml

from codegraph.answers import SearchAnswer
from codegraph.model import LexiconEntry
from codegraph.paths import data_dir
from codegraph.search.text import STOP, sound, stem, words
from codegraph.service import CodeGraph
from codegraph.sources.curated import read_folder

CASES = yaml.safe_load(Path(__file__).with_name("search_queries.yaml").read_text("utf-8"))


@pytest.fixture(scope="session")
def find(service: CodeGraph, on: date):  # type: ignore[no-untyped-def]
    def search(query: str, **more: object) -> SearchAnswer:
        return service.search(query, more.pop("on", on), **more)  # type: ignore[arg-type]

    return search


def codes(answer: SearchAnswer) -> list[str]:
    return [r.code for r in answer.results]


@pytest.mark.parametrize("case", CASES, ids=[c["q"] for c in CASES])
def test_the_first_line_is_the_right_one(find, case) -> None:  # type: ignore[no-untyped-def]
    first = codes(find(case["q"]))[:1]
    assert any(first[0].startswith(code) for code in case["first"]), first


def test_the_order_of_words_does_not_matter(find) -> None:  # type: ignore[no-untyped-def]
    rng = random.Random(7)
    for query in ("pain in right forearm", "closed fracture of shaft of left femur",
                  "type 2 diabetes mellitus with diabetic neuropathy"):  # fmt: skip
        expected = codes(find(query + " "))[:1]
        for _ in range(4):
            shuffled = query.split()
            rng.shuffle(shuffled)
            assert codes(find(" ".join(shuffled) + " "))[:1] == expected


def _slip(word: str, rng: random.Random) -> str:
    """One slip of the keyboard: a letter left out, doubled, swapped or hit beside."""
    at = rng.randrange(1, len(word) - 1)
    kind = rng.randrange(4)
    if kind == 0:
        return word[:at] + word[at + 1 :]
    if kind == 1:
        return word[:at] + word[at] + word[at:]
    if kind == 2:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word[:at] + rng.choice("abcdefghijklmnopqrstuvwxyz") + word[at + 1 :]


def test_a_single_slip_in_a_long_word_of_a_title_still_finds_its_code(  # type: ignore[no-untyped-def]
    service: CodeGraph, find, on: date
) -> None:
    rng = random.Random(11)
    tables = service.concepts.tables
    rows = [
        r
        for r in range(len(service.concepts))
        if tables.systems[r] == "icd10cm" and service.concepts.status(r, on) == "billable"
    ]
    missed = []
    for row in rng.sample(rows, 300):
        title = tables.displays[row]
        long = [w for w in words(title) if len(w) >= 5 and w.isalpha() and w not in STOP]
        if not long:
            continue
        word = rng.choice(long)
        slipped = " ".join(_slip(w, rng) if w == word else w for w in words(title))
        if tables.codes[row] not in codes(find(slipped)):
            missed.append((tables.codes[row], slipped))
    assert not missed


def test_every_title_of_a_sample_finds_its_own_code(  # type: ignore[no-untyped-def]
    service: CodeGraph, find, on: date
) -> None:
    tables = service.concepts.tables
    rows = [r for r in range(len(service.concepts)) if service.concepts.status(r, on) == "billable"]
    missed = []
    for row in random.Random(3).sample(rows, 300):
        if tables.codes[row] not in codes(find(tables.displays[row])):
            missed.append((tables.codes[row], tables.displays[row]))
    assert not missed


def test_the_date_hides_codes_that_were_not_valid(find) -> None:  # type: ignore[no-untyped-def]
    before = codes(find("myalgia other site", on=date(2018, 9, 15), limit=50))
    assert "M79.18" not in before
    assert "M79.1" in before
    assert "M79.18" in codes(find("myalgia other site", on=date(2019, 1, 1)))


def test_billable_only_shows_none_that_cannot_be_billed(find) -> None:  # type: ignore[no-untyped-def]
    for query in ("forearm pain", "fracture of radius", "M79.6", "diabetes", "S52.5"):
        found = find(query, billable=True, limit=30).results
        assert found
        assert all(r.billable for r in found)


def test_a_system_shows_only_its_own(find) -> None:  # type: ignore[no-untyped-def]
    assert {r.system for r in find("injection", system="hcpcs").results} == {"hcpcs"}
    assert {r.system for r in find("pain", system="icd10cm").results} == {"icd10cm"}


@pytest.mark.parametrize("query", ["qzxv blorp", "xxxxxxxx", "zzgh wqkj pltv"])
def test_nonsense_finds_nothing_and_says_so(find, query: str) -> None:  # type: ignore[no-untyped-def]
    answer = find(query)
    assert answer.results == []
    assert [i.code for i in answer.issues] == ["nothing_found"]


def test_what_was_corrected_and_expanded_is_told_and_literal_takes_it_back(find) -> None:  # type: ignore[no-untyped-def]
    answer = find("htn rigth")
    assert [(c.from_, c.to) for c in answer.interpreted.corrections] == [("rigth", "right")]
    assert ("htn", "essential primary hypertension") in [
        (c.from_, c.to) for c in answer.interpreted.expansions
    ]
    plain = find("pian forearm", literal=True)
    assert plain.interpreted.corrections == []
    assert plain.results[0].code.startswith("A66")


def test_a_word_is_never_said_to_be_corrected_to_itself(find) -> None:  # type: ignore[no-untyped-def]
    for query in ("hiatal hernia", "Lou Gehrig's disease", "purpura, Schoenlein-Henoch"):
        assert find(query).interpreted.corrections == []


def test_the_wording_that_matched_is_told(find) -> None:  # type: ignore[no-untyped-def]
    first = find("tennis elbow").results[0]
    assert (first.matched.text, first.matched.kind) == ("Tennis elbow", "inclusion_term")


def test_an_abbreviation_offers_its_several_readings(find) -> None:  # type: ignore[no-untyped-def]
    found = codes(find("MS", limit=30))
    assert found[0].startswith("G35")
    assert any(c.startswith("I05") for c in found), "mitral stenosis"


def test_a_plain_word_is_no_abbreviation_unless_in_capitals(find) -> None:  # type: ignore[no-untyped-def]
    assert not codes(find("pain all over"))[0].startswith("C91"), "ALL is a leukemia"
    assert codes(find("ALL"))[0].startswith("C91.0")


def test_what_is_still_to_be_asked_is_told(find) -> None:  # type: ignore[no-untyped-def]
    by_code = {r.code: r.needs for r in find("forearm pain").results}
    assert by_code["M79.63"] == ["laterality"]
    assert by_code["M79.631"] == []


def test_what_is_still_to_be_asked_is_named_by_kind_and_once(find) -> None:  # type: ignore[no-untyped-def]
    for result in find("mucopolysaccharidosis", limit=30).results:
        assert len(set(result.needs)) == len(result.needs)
        assert not any(axis[-1].isdigit() for axis in result.needs)


def test_a_code_in_any_form_comes_first(find) -> None:  # type: ignore[no-untyped-def]
    for query in ("M79.631", "m79631", " m79.631"):
        assert codes(find(query))[0] == "M79.631"
    assert codes(find("S52.501", limit=20))[0] == "S52.501"
    assert codes(find("M79.63"))[1:4] == ["M79.631", "M79.632", "M79.639"]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("type 1 DKA no coma", "E10.10"),
        ("type 1 DKA with coma", "E10.11"),
        ("b12 def, no anemia", "E53.8"),
    ],
)
def test_what_a_note_denies_is_not_looked_for(find, query: str, first: str) -> None:  # type: ignore[no-untyped-def]
    assert codes(find(query))[0] == first


def test_not_otherwise_specified_asks_for_the_unspecified_code(find) -> None:  # type: ignore[no-untyped-def]
    assert codes(find("gait abn, NOS"))[0] == "R26.9"


def test_an_abbreviation_may_name_a_side_where_it_fits(find) -> None:  # type: ignore[no-untyped-def]
    assert codes(find("Meniere AD"))[0] == "H81.01"


def test_a_word_clipped_in_the_middle_is_completed(find) -> None:  # type: ignore[no-untyped-def]
    assert codes(find("left shldr pain"))[0] == "M25.512"


def test_a_wording_of_the_lexicon_is_known_in_any_order_and_around_a_side(find) -> None:  # type: ignore[no-untyped-def]
    assert codes(find("elbow tennis left "))[0] == "M77.12"
    assert codes(find("frozen left shoulder "))[0] == "M75.02"


def test_what_a_note_says_beside_the_condition_does_not_hide_it(find) -> None:  # type: ignore[no-untyped-def]
    assert codes(find("HTN well controlled, cont lisinopril"))[0] == "I10"


@pytest.mark.parametrize("query", ["contusio", "abrasio", "dislocatio"])
def test_while_a_word_is_being_typed_many_of_a_category_are_shown_as_it(find, query: str) -> None:  # type: ignore[no-untyped-def]
    found = codes(find(query))
    assert len(found) > 5
    behind = [code[:3] for code in found[1:]]
    assert all(behind.count(category) < 3 for category in behind), "ten joints of one kind"


def test_behind_the_first_line_a_plain_word_shows_many_of_a_category_as_it(find) -> None:  # type: ignore[no-untyped-def]
    first, *behind = codes(find("laceration"))
    assert first
    assert all([code[:3] for code in behind].count(code[:3]) < 3 for code in behind)


def test_a_small_word_at_the_end_may_be_the_beginning_of_a_longer_one(find) -> None:  # type: ignore[no-untyped-def]
    assert codes(find("acute he"))[0].startswith(("B15", "B16", "B17", "K72"))  # hepatitis
    assert codes(find("pain in"))[0].startswith(("M79.6", "M25.5", "R52", "G89"))


def test_a_blank_after_a_whole_phrase_changes_nothing(find) -> None:  # type: ignore[no-untyped-def]
    phrase = "type 2 diabetes mellitus with diabetic neuropathy"
    assert codes(find(phrase + " ")) == codes(find(phrase))


def test_what_has_nothing_above_it_stays_itself_while_it_is_typed(find) -> None:  # type: ignore[no-untyped-def]
    for query in ("triamcinolo", "methylpred", "bupivac"):
        found = find(query, system="hcpcs").results
        assert found
        assert {r.system for r in found} == {"hcpcs"}


def test_every_wording_of_the_lexicon_finds_something(find) -> None:  # type: ignore[no-untyped-def]
    terms = [
        entry.term
        for file in read_folder(data_dir() / "lexicon", LexiconEntry)
        for entry in file.records
    ]
    missed = [term for term in random.Random(5).sample(terms, 600) if not find(term + " ").results]
    assert not missed


def test_every_reading_of_the_lexicon_leads_to_words_of_the_code_set(service: CodeGraph) -> None:
    index = service.engine.index
    entries = {w for w, i in index.ids.items() if index.df(i)}
    for meanings in service.concepts.tables.seventh.values():
        entries.update(w for text in meanings.values() for w in words(text))
    wrong = [
        f"{file.path.name}: {entry.term}: {word}"
        for file in read_folder(data_dir() / "lexicon", LexiconEntry)
        for entry in file.records
        for reading in entry.means
        for word in words(reading)
        if word not in STOP and word not in entries
    ]
    assert not wrong


@pytest.mark.parametrize(
    ("a", "b"), [("newmonia", "pneumonia"), ("siatica", "sciatica"), ("fisical", "physical")]
)
def test_words_that_sound_alike_share_a_key(a: str, b: str) -> None:
    assert sound(a) == sound(b)


def test_words_of_one_root_share_a_stem() -> None:
    assert stem("subglottis") == stem("subglottic")
    assert stem("vasospasm") == stem("vasospasmic")
    assert stem("pain") != stem("paint")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Bell's palsy", ["bell", "palsy"]),
        ("finger(s)", ["finger"]),
        ("Sjögren", ["sjogren"]),
        ("w/o aura", ["without", "aura"]),
        ("T.I.A.", ["tia"]),
        ("n/v", ["n", "v"]),
    ],
)
def test_words_are_taken_from_notes_as_from_titles(text: str, found: list[str]) -> None:
    assert words(text) == found
