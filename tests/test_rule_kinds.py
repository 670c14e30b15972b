"""Each kind of rule by itself: its parameters, one encounter, the verdicts that it finds."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest

from codegraph.concepts import Concepts
from codegraph.encounter import decode_encounter
from codegraph.encounter.facts import Case, resolve
from codegraph.encounter.kinds import KINDS
from codegraph.encounter.kinds.base import BoundRule, Draft
from codegraph.encounter.kinds.notes import note_applies
from codegraph.encounter.names import find_drug, find_muscle
from codegraph.encounter.reference import Reference, read_reference
from codegraph.encounter.units import bill, codes_for
from codegraph.model import Source
from codegraph.paths import data_dir
from codegraph.rulebook import PayerParameters, Rule

ON = "2026-02-03"
SOURCE = Source(title="a test", trace="U")


@pytest.fixture(scope="module")
def reference() -> Reference:
    return read_reference(data_dir())


def _muscles(*names: str, **more: Any) -> dict[str, Any]:
    muscles = [{"name": n, "side": "left"} for n in names]
    return {"injections": {"technique": "injection", "muscles": muscles} | more}


def _procedures(*codes: str) -> dict[str, Any]:
    """Lines as CODE[-MODIFIER…][x UNITS]."""
    lines = []
    for text in codes:
        line, _, units = text.partition("x")
        code, *modifiers = line.split("-")
        lines.append({"code": code, "modifiers": modifiers, "units": int(units or 1)})
    return {"procedures": lines}


def _drug(name: str, dose: float, unit: str = "mg", **more: Any) -> dict[str, Any]:
    return {"drugs": [{"name": name, "dose": dose, "unit": unit} | more]}


COUNT = {"technique": "injection", "category": "trigger_point", "few": "20552", "many": "20553",
         "threshold": 3}  # fmt: skip
GUIDE = {"codes": {"ultrasound": "76942"}, "primaries": ["trigger_point"],
         "sourced_for": ["trigger_point"], "included": {"76942": ["20611"]}}  # fmt: skip
SITES = {"site_words": {"M79.12": ["neck"], "M79.18": ["back"]}}
UNITS = {"included_classes": ["local_anesthetic"], "unclassified": ["J3490"]}
WASTE = {"jz_required_from": "2023-07-01"}
NO_LOCAL = {"classes": ["local_anesthetic"]}
M = "M79.18"
DX = {"diagnoses": [M]}
REGIONS = {"regions": {"trunk": ["neck", "upper_back"]}}
REPEAT = {"sessions": ["2026-01-01"]}
ITEM = {"item": "site"}

# kind, parameters of the rule, encounter, parameters of the payer, verdicts found
CASES: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any], list[str]]] = [
    ("diagnosis_valid", {}, DX, {}, ["pass"]),
    ("diagnosis_valid", {}, {"diagnoses": ["M79.1", M]}, {}, ["pass", "fail"]),
    ("diagnosis_valid", {}, {}, {}, []),
    ("procedure_valid", {}, _procedures("20552"), {}, ["pass"]),
    ("procedure_valid", {}, _procedures("97140"), {}, ["no_data"]),
    ("procedure_valid", {}, _procedures("99201"), {}, ["fail"]),
    ("drug_code_valid", {}, _procedures("J1030"), {}, ["fail"]),
    ("drug_code_valid", {}, _procedures("J1010x40"), {}, ["pass"]),
    ("complete", {}, {}, {}, ["no_data"]),
    ("complete", {}, DX | _procedures("20552"), {}, ["pass"]),
    ("diagnosis_needed", SITES, _procedures("20552"), {}, ["no_data"]),
    ("diagnosis_needed", SITES, DX | _procedures("20552"), {}, []),
    ("excludes1", {}, {"diagnoses": [M, "M79.7"]}, {}, ["fail"]),
    ("excludes1", {}, {"diagnoses": [M, "I10"]}, {}, ["pass"]),
    ("excludes2", {}, {"diagnoses": ["M79.631", "M25.521"]}, {}, ["pass"]),
    ("excludes2", {}, {"diagnoses": [M, "I10"]}, {}, []),
    ("diagnosis_order", {}, {"diagnoses": ["G99.8"]}, {}, ["fail"]),
    ("diagnosis_order", {}, {"diagnoses": ["G99.8", "E85.4"]}, {}, ["pass"]),
    ("diagnosis_order", {}, {"diagnoses": ["G99.8", "I10"]}, {}, ["no_data"]),
    ("diagnosis_order", {}, DX, {}, []),
    ("diagnosis_side", {"limb_words": {"forearm": ["forearm"]}},
     {"diagnoses": ["M79.639"]} | _muscles("brachioradialis"), {}, ["warn"]),
    ("diagnosis_side", {"limb_words": {"forearm": ["forearm"]}},
     {"diagnoses": ["M79.631"]} | _muscles("brachioradialis"), {}, ["fail"]),
    ("diagnosis_side", {"limb_words": {"forearm": ["forearm"]}},
     {"diagnoses": ["M79.632"]} | _muscles("brachioradialis"), {}, ["pass"]),
    ("diagnosis_side", {}, {"diagnoses": ["M79.639"]} | _muscles("brachioradialis"), {}, []),
    ("diagnosis_site", SITES, {"diagnoses": ["M79.10"]} | _muscles("piriformis"), {}, ["warn"]),
    ("diagnosis_site", SITES, DX | _muscles("piriformis"), {}, ["pass"]),
    ("diagnosis_site", SITES, {"diagnoses": ["M54.2"]} | _muscles("piriformis"), {}, []),
    ("diagnosis_limb_site", {}, {"diagnoses": ["M79.602"]} | _muscles("brachioradialis"), {},
     ["warn"]),
    ("diagnosis_limb_site", {}, {"diagnoses": ["M79.632"]} | _muscles("brachioradialis"), {}, []),
    ("muscle_count", COUNT, _muscles("piriformis"), {}, ["pass"]),
    ("muscle_count", COUNT, _muscles("piriformis") | _procedures("20553"), {}, ["fail"]),
    ("muscle_count", COUNT, _muscles(), {}, ["no_data"]),
    ("muscle_count", COUNT, _muscles("zzz"), {}, ["no_data", "pass"]),
    ("muscle_count", COUNT, _procedures("20553"), {}, []),
    ("nothing_injected", {"instead": ["20552"]}, _muscles("piriformis"), {}, []),
    ("nothing_injected", {"instead": ["20552"]}, _muscles("piriformis", technique="dry_needling")
     | _drug("lidocaine", 1), {}, ["fail"]),
    ("guidance", GUIDE, _muscles("piriformis") | {"guidance": "ultrasound"}, {}, ["no_data"]),
    ("guidance", GUIDE, _procedures("20552") | {"guidance": "ultrasound"}, {}, ["pass"]),
    ("guidance", GUIDE, _procedures("20552", "76942") | {"guidance": "none"}, {}, ["fail"]),
    ("guidance", GUIDE, _procedures("20552"), {}, []),
    ("guidance_primary", GUIDE, _procedures("76942"), {}, ["fail"]),
    ("guidance_primary", GUIDE, _procedures("76942", "20611"), {}, ["fail"]),
    ("guidance_primary", GUIDE, _procedures("76942", "20552"), {}, ["pass"]),
    ("guidance_once", {}, _procedures("76942x2"), {}, ["fail"]),
    ("guidance_once", {}, _procedures("76942"), {}, ["pass"]),
    ("guidance_once", {}, _procedures("20552"), {}, []),
    ("one_per_day", {"set": ["20552", "20553"]}, _procedures("20552", "20553"), {}, ["fail"]),
    ("one_per_day", {"set": ["20552", "20553"]}, _procedures("20552"), {}, ["pass"]),
    ("one_per_day", {"set": ["20552", "20553"]}, _procedures("20610"), {}, []),
    ("unit_limit", {}, _procedures("20552x2"), {}, ["fail"]),
    ("unit_limit", {}, _procedures("J3301x17"), {}, ["warn"]),
    ("unit_limit", {}, _procedures("J3302"), {}, ["fail"]),
    ("unit_limit", {}, _procedures("J3301x16"), {}, ["pass"]),
    ("unit_limit", {}, _procedures("J0665x40"), {}, []),
    ("modifier_not_allowed", {"modifiers": ["50"], "categories": ["trigger_point"], "why": "x"},
     _procedures("20552-50"), {}, ["fail"]),
    ("modifier_not_allowed", {"modifiers": ["50"], "categories": ["trigger_point"], "why": "x"},
     _procedures("20610-50"), {}, []),
    ("modifier_valid", {}, _procedures("J3301-JZ"), {}, []),
    ("modifier_valid", {}, _procedures("20552-Q9"), {}, ["no_data"]),
    ("modifier_valid", {}, _procedures("20552-595"), {}, ["fail"]),
    ("never_beside", {"codes": ["J2001"], "why": "x"}, _procedures("20552", "J2001"), {}, ["fail"]),
    ("never_beside", {"ranges": [["00100", "01999"]], "why": "x"}, _procedures("20552", "01992"),
     {}, ["fail"]),
    ("never_beside", {"codes": ["J2001"], "why": "x"}, _procedures("J2001"), {}, []),
    ("code_pairs", {}, _procedures("20553", "20552-59"), {}, ["fail"]),
    ("code_pairs", {}, _procedures("20610", "20552"), {}, ["fail"]),
    ("code_pairs", {}, _procedures("20610", "20552-59"), {}, ["pass", "no_data"]),
    ("code_pairs", {}, _procedures("20552", "76942"), {}, ["pass"]),
    ("code_pairs", {}, _procedures("20610", "20600"), {}, ["no_data"]),
    ("code_pairs", {"categories": ["nerve_block"]}, _procedures("20610", "20552"), {}, []),
    ("needless_separation", {"categories": ["trigger_point"]}, _procedures("20552-59"), {},
     ["fail"]),
    ("needless_separation", {"categories": ["trigger_point"]}, _procedures("20552-59", "20610"),
     {}, ["pass"]),
    ("needless_separation", {"categories": ["trigger_point"]}, _procedures("20552"), {}, []),
    ("office_visit", {"categories": ["office_visit"], "beside": ["trigger_point"],
                      "modifier": "25"}, _procedures("99213", "20552"), {}, ["fail"]),
    ("office_visit", {"categories": ["office_visit"], "beside": ["trigger_point"],
                      "modifier": "25"}, _procedures("99213-25", "20552"), {}, ["pass", "no_data"]),
    ("office_visit", {"categories": ["office_visit"], "beside": ["trigger_point"],
                      "modifier": "25"}, _procedures("99213"), {}, []),
    ("drug_units", UNITS, _drug("kenalog", 40), {}, ["pass"]),
    ("drug_units", UNITS, _drug("kenalog", 40) | _procedures("J3301x5"), {}, ["fail"]),
    ("drug_units", UNITS, _drug("kenalog", 1, "ml"), {}, ["no_data"]),
    ("drug_units", UNITS, _drug("lidocaine", 40), {}, []),
    ("drug_waste", WASTE, _procedures("J3301-JZ", "J3301-JW"), {}, ["fail"]),
    ("drug_waste", WASTE, _procedures("J3301"), {}, ["no_data"]),
    ("drug_waste", WASTE, _procedures("J3301"), {"waste_modifiers": False}, []),
    ("unclassified_drug", UNITS, _procedures("J3490"), {}, ["no_data"]),
    ("unclassified_drug", UNITS, _procedures("J3490") | {
        "documentation": {"drug_named_on_claim": True}}, {}, ["pass"]),
    ("included_drug", NO_LOCAL, _procedures("20552", "J2003"), {}, ["warn"]),
    ("included_drug", NO_LOCAL, _procedures("20552", "J3301"), {}, []),
    ("other_service", {"classes": ["botulinum_toxin"], "instead": "x"},
     _procedures("20552", "J0585"), {}, ["fail"]),
    ("other_service", {"classes": ["botulinum_toxin"], "instead": "x"}, _procedures("J0585"), {},
     []),
    ("covered_diagnoses", {"diagnoses": [M]}, DX | _procedures("20552"), {}, ["pass"]),
    ("covered_diagnoses", {"diagnoses": ["M79.12"]}, DX | _procedures("20552"), {}, ["fail"]),
    ("covered_diagnoses", {}, DX | _procedures("20552"), {"covered_diagnoses": [M]}, ["pass"]),
    ("covered_diagnoses", {"diagnoses": [M]}, _procedures("20552"), {}, ["no_data"]),
    ("covered_diagnoses", {"diagnoses": [M]}, DX | _procedures("20610"), {}, []),
    ("session_limit", {"sessions": 1}, _procedures("20552") | {"history": REPEAT}, {}, ["fail"]),
    ("session_limit", {}, _procedures("20552") | {"history": REPEAT},
     {"sessions_per_12_months": 2}, ["pass"]),
    ("session_limit", {"sessions": 1}, _procedures("20552"), {}, ["no_data"]),
    ("session_limit", {"sessions": 1}, _procedures("20560"), {}, []),
    ("session_interval", {"weeks_between": 8}, _procedures("20552") | {"history": REPEAT}, {},
     ["fail"]),
    ("session_interval", {"weeks_between": 4}, _procedures("20552") | {"history": REPEAT}, {},
     ["pass"]),
    ("repeat_relief", {"percent": 50, "weeks": 6}, _procedures("20552")
     | {"history": REPEAT | {"relief_percent": 50, "relief_weeks": 6}}, {}, ["pass"]),
    ("repeat_relief", {"percent": 50, "weeks": 6}, _procedures("20552")
     | {"history": REPEAT | {"relief_percent": 49.5, "relief_weeks": 6}}, {}, ["fail"]),
    ("repeat_relief", {"percent": 50, "weeks": 6}, _procedures("20552")
     | {"history": {"sessions": []}}, {}, ["not_applicable"]),
    ("guidance_paid", {}, _procedures("20552", "76942"), {"guidance_covered": False}, ["fail"]),
    ("guidance_paid", {}, _procedures("20552", "76942"), {"guidance_covered": True}, ["pass"]),
    ("guidance_paid", {}, _procedures("20610", "76942"), {"guidance_covered": False}, []),
    ("one_region", REGIONS, _muscles("splenius capitis"), {"one_region_per_session": True},
     ["pass"]),
    ("one_region", REGIONS, _muscles("splenius capitis", "trapezius"),
     {"one_region_per_session": True}, ["warn"]),
    ("one_region", REGIONS, _muscles("splenius capitis", "piriformis"),
     {"one_region_per_session": True}, ["fail"]),
    ("one_region", REGIONS, _muscles("splenius capitis", "piriformis"), {}, []),
    ("other_blocks", {}, _procedures("20552", "64450"), {"other_blocks_same_day": False}, ["fail"]),
    ("other_blocks", {}, _procedures("20552", "64450"), {"other_blocks_same_day": True}, []),
    ("biologics_paid", {"classes": ["biologic"]}, _muscles("piriformis") | _drug("PRP", 3, "ml"),
     {"biologics_covered": False}, ["fail"]),
    ("biologics_paid", {"classes": ["biologic"]}, _muscles("piriformis"),
     {"biologics_covered": False}, []),
    ("anaesthetic_paid", NO_LOCAL, _procedures("J2003"), {"local_anaesthetic_paid": False},
     ["fail"]),
    ("anaesthetic_paid", NO_LOCAL, _procedures("J2003"), {}, []),
    ("dry_needling_policy", {}, _procedures("20560"), {"dry_needling": "covered"}, ["pass"]),
    ("dry_needling_policy", {}, _procedures("20560"), {"dry_needling": "not_covered"}, ["fail"]),
    ("dry_needling_policy", {}, _procedures("20552"), {"dry_needling": "not_covered"}, []),
    ("policy_period", {"first": "2026-03-01"}, _procedures("20552"), {}, ["no_data"]),
    ("policy_period", {"first": "2026-02-01"}, _procedures("20552"), {}, []),
    ("no_policy", {}, {}, {}, ["not_applicable"]),
    ("documented", ITEM, _procedures("20552"), {}, ["no_data"]),
    ("documented", ITEM, _procedures("20552") | {"documentation": {"site": "neck"}}, {}, ["pass"]),
    ("documented", ITEM, _procedures("20552") | {"documentation": {"site": " "}}, {}, ["no_data"]),
    ("documented", {"item": "palpation"}, _procedures("20552")
     | {"documentation": {"palpated_trigger_points": 0}}, {}, ["fail"]),
    ("documented", ITEM, _procedures("20610"), {}, []),
    ("symptom_duration", {"days": 90}, _procedures("20552")
     | {"documentation": {"symptom_duration_days": 89}}, {}, ["fail"]),
    ("symptom_duration", {}, _procedures("20552"), {}, []),
    ("care_duration", {"weeks": 6}, _procedures("20552"), {}, ["no_data"]),
    ("care_duration", {}, _procedures("20552"), {}, []),
    ("initial_criteria", {}, _procedures("20552"), {}, ["no_data"] * 3),
    ("initial_criteria", {}, _procedures("20552") | {"documentation": {
        "palpated_trigger_points": True, "referred_pain": True, "palpable_nodule": False,
        "movement_blocked": True}}, {}, ["pass", "fail", "pass"]),
    ("advice", {"measure": "muscles", "more_than": 1}, _muscles("piriformis", "gluteus medius"),
     {}, ["not_applicable"]),
    ("advice", {"measure": "muscles", "more_than": 2}, _muscles("piriformis"), {}, []),
]  # fmt: skip


def _case(
    encounter: dict[str, Any], payer: dict[str, Any], concepts: Concepts, reference: Reference
) -> Case:
    request = decode_encounter({"date_of_service": ON} | encounter)
    parameters = msgspec.convert(payer, PayerParameters)
    return resolve(request, "test", parameters, concepts, reference)


def _found(kind: str, params: dict[str, Any], case: Case) -> list[Draft]:
    rule = Rule(
        id="test", title="A test", kind=kind, statement="A test.", finding_kind="coding",
        governs=[], source="test",
    )  # fmt: skip
    bound = BoundRule(rule, msgspec.convert(params, KINDS[kind].params), (SOURCE,))
    propose = KINDS[kind].propose
    if propose is not None:
        propose(case, bound)
    return list(KINDS[kind].check(case, bound))


@pytest.mark.parametrize(
    ("kind", "params", "encounter", "payer", "verdicts"),
    CASES,
    ids=[f"{c[0]}-{'-'.join(c[4]) or 'silent'}" for c in CASES],
)
def test_a_kind_by_itself(
    kind: str,
    params: dict[str, Any],
    encounter: dict[str, Any],
    payer: dict[str, Any],
    verdicts: list[str],
    concepts: Concepts,
    reference: Reference,
) -> None:
    found = _found(kind, params, _case(encounter, payer, concepts, reference))
    assert sorted(d.verdict for d in found) == sorted(verdicts), [d.message for d in found]


def test_every_kind_is_tested_by_itself() -> None:
    assert set(KINDS) - {c[0] for c in CASES} == set()


# ── the parts below the kinds ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "muscle", "sides"),
    [
        ("Trapezius", "trapezius", ()),
        ("L upper trap.", "upper-trapezius", ("left",)),
        ("rt. levator scapulae", "levator-scapulae", ("right",)),
        ("bilateral QL", "quadratus-lumborum", ("left", "right")),
        ("levator scapulae (left)", "levator-scapulae", ("left",)),
        ("rhomboids", "rhomboid", ()),
        ("gluteus medius muscle", "gluteus-medius", ()),
        ("trapezus", None, ()),  # a near miss is not taken
        ("", None, ()),
    ],
)
def test_muscles_are_found_under_the_names_of_notes(
    reference: Reference, name: str, muscle: str | None, sides: tuple[str, ...]
) -> None:
    found, told = find_muscle(reference.muscle_names, name)
    assert (found.id if found else None) == muscle
    assert told == sides


@pytest.mark.parametrize(
    ("name", "drug", "strength"),
    [
        ("Kenalog-40", "triamcinolone-acetonide", 40),
        ("kenalog 10", "triamcinolone-acetonide", 10),
        ("Kenalog", "triamcinolone-acetonide", None),
        ("triamcinolone acetonide 40 mg/mL", "triamcinolone-acetonide", 40),
        ("triamcinolone 40mg/ml", "triamcinolone-acetonide", 40),
        ("depo-medrol 80 mg/ml", "methylprednisolone-acetate", 80),
        ("Depo-Medrol 40", "methylprednisolone-acetate", 40),
        ("1% lidocaine", "lidocaine", 10),
        ("lidocaine 1% without epinephrine", "lidocaine", 10),
        ("lidocaine 2% plain", "lidocaine", 20),
        ("Lidocaine HCl 1%", "lidocaine", 10),
        ("lidocaine 1% with epi", "lidocaine-with-epinephrine", 10),
        ("bupivacaine 0.25%", "bupivacaine", 2.5),
        ("0.5% Marcaine", "bupivacaine", 5),
        ("ropivacaine 0.2%", "ropivacaine", 2),
        ("dexamethasone 4 mg/ml", "dexamethasone-sodium-phosphate", 4),
        ("Toradol 30 mg/mL", "ketorolac-tromethamine", 30),
        ("normal saline", "sodium-chloride", None),
        ("triamcinalone", None, None),  # a near miss is not taken
    ],
)
def test_drugs_are_found_under_the_names_of_notes(
    reference: Reference, name: str, drug: str | None, strength: float | None
) -> None:
    found, told = find_drug(reference.drug_names, name)
    assert (found.id if found else None) == drug
    assert told == strength


@pytest.mark.parametrize(
    ("text", "target", "code", "applies"),
    [
        ("myalgia (M79.1-)", "M79.1", "M79.18", True),
        ("drug (T36-T50 with fifth or sixth character 5)", "T36-T50", "T38.0X5A", True),
        ("drug (T36-T50 with fifth or sixth character 5)", "T36-T50", "T38.0X1A", False),
        ("poisoning (T36-T50 with fifth or sixth character 1-4)", "T36-T50", "T38.0X2A", True),
        ("x (E08, E09, E11, E13 with final characters .00 or .01)", "E13", "E13.00", True),
        ("x (E08, E09, E11, E13 with final characters .00 or .01)", "E13", "E13.10", False),
        ("x (S72.0- with open fracture 7th character)", "S72.0", "S72.001B", None),
    ],
)
def test_conditions_in_notes_are_read(
    text: str, target: str, code: str, applies: bool | None
) -> None:
    assert note_applies(text, target, code) is applies


@pytest.mark.parametrize(
    ("dose", "day", "lines"),
    [
        (20, "2024-03-31", [("J1020", 1)]),
        (40, "2024-03-31", [("J1030", 1)]),
        (60, "2024-03-31", [("J1030", 1), ("J1020", 1)]),
        (80, "2024-03-31", [("J1040", 1)]),
        (160, "2024-03-31", [("J1040", 2)]),
        (80, "2024-04-01", [("J1010", 80)]),
        (0.1 + 0.2, "2024-04-01", [("J1010", 1)]),
    ],
)
def test_the_code_of_the_date_gives_the_units(
    reference: Reference,
    concepts: Concepts,
    dose: float,
    day: str,
    lines: list[tuple[str, int]],
) -> None:
    encounter = _drug("methylprednisolone acetate", dose, container="multi_dose")
    case = _case(encounter | {"date_of_service": day}, {}, concepts, reference)
    uses = case.drugs
    assert uses[0].drug is not None
    choice = codes_for(uses[0].drug, reference, date.fromisoformat(day))
    made = bill(uses, choice, jz_required=True, modifiers=True)
    assert sorted((x.code, x.units) for x in made.lines) == sorted(lines)
