"""A yes, a no or a number is the same answer in every form in which a form or a converter sends it."""

import pytest

from cds_service.clinical.observations.answers import yes_or_no
from tests.policy.chart_notes import (
    LOINC,
    SNOMED,
    care_plan,
    coded,
    condition,
    determine,
    patient,
    stated,
    verdict,
)
from tests.policy.shapes import changed, decided
from tests.policy.treated import C1D1, C2D1, TREATED

V2 = "http://terminology.hl7.org/CodeSystem/v2-0136"
YES = {
    "boolean": {"valueBoolean": True},
    "LOINC": {"valueCodeableConcept": coded(LOINC, "LA33-6")},
    "SNOMED CT": {"valueCodeableConcept": coded(SNOMED, "373066001")},
    "table 0136": {"valueCodeableConcept": coded(V2, "Y")},
    "table 0136 of STU3": {"valueCodeableConcept": coded("http://hl7.org/fhir/v2/0136", "Y")},
    "table 0532": {"valueCodeableConcept": coded("http://terminology.hl7.org/CodeSystem/v2-0532", "Y")},
    "a code without a system": {"valueCodeableConcept": {"coding": [{"code": "Y"}]}},
    "a display": {"valueCodeableConcept": {"coding": [{"display": "Yes (qualifier value)"}]}},
    "a letter": {"valueString": "Y"},
    "a word of programs": {"valueString": "TRUE"},
    "one": {"valueInteger": 1},
    "one in words": {"valueString": "1"},
}  # fmt: skip
NO = {
    "boolean": {"valueBoolean": False},
    "LOINC": {"valueCodeableConcept": coded(LOINC, "LA32-8")},
    "SNOMED CT": {"valueCodeableConcept": coded(SNOMED, "373067005")},
    "table 0136": {"valueCodeableConcept": coded(V2, "N")},
    "a code without a system": {"valueCodeableConcept": {"coding": [{"code": "N"}]}},
    "a letter": {"valueString": "N"},
    "a word of programs": {"valueString": "false"},
}
ASKED = ["Relapse", "VOD", "Pregnant", "Disease progression", "Extramedullary disease", "HSCT planned"]


def answer(question, value):
    return changed(stated(question, "", "2026-04-14", id="answer"), valueString=None) | value


@pytest.mark.parametrize("question", ASKED)
def test_a_yes_is_a_yes_in_every_form(question):
    said = decided([*TREATED, stated(question, "yes", "2026-04-14", id="answer")], C2D1)
    assert said != decided(TREATED, C2D1)
    for form, value in YES.items():
        assert decided([*TREATED, answer(question, value)], C2D1) == said, form


@pytest.mark.parametrize("form", NO)
def test_a_no_is_a_no_in_every_form(form):
    said = decided([*TREATED, stated("CR", "no", "2026-04-14", id="answer")], C2D1)
    assert decided([*TREATED, answer("CR", NO[form])], C2D1) == said != decided(TREATED, C2D1)


def test_nought_is_a_no_under_a_question_for_yes_or_no():
    assert yes_or_no(answer("CR achieved", {"valueInteger": 0})) is False
    assert yes_or_no(answer("CR", {"valueInteger": 0})) is None


NEITHER = {
    "both": {"valueCodeableConcept": {"coding": [{"system": LOINC, "code": "LA33-6"}], "text": "No"}},
    "more than a yes": {"valueString": "yes, since March"},
    "a number": {"valueInteger": 2},
    "a code of another system": {"valueCodeableConcept": coded("urn:oid:1.2.3", "Y")},
    "nothing": {},
}


@pytest.mark.parametrize("form", NEITHER)
def test_what_is_neither_answers_neither(form):
    assert yes_or_no(answer("Relapse", NEITHER[form])) is None


@pytest.mark.parametrize(
    "question", ["Number of relapses", "VOD grade", "CNS disease", "Line of therapy", "CR", "CNS disease?"]
)
def test_one_is_a_number_or_a_stage_where_it_may_be(question):
    found = yes_or_no(answer(question, {"valueInteger": 1}))
    assert found is (True if question == "CNS disease?" else None)


@pytest.mark.parametrize(
    "value", [{"valueInteger": 7}, {"valueCodeableConcept": coded("urn:oid:1.2.3", "Y")}]
)
@pytest.mark.parametrize("question", ["Relapse", "CR", "Remission status"])
def test_an_answer_on_the_state_that_is_not_read_leaves_an_older_one_open(question, value):
    d = determine([*TREATED, answer(question, value)], C2D1)
    assert (verdict(d, "POL-B-I-B"), verdict(d, "POL-B-I-PROG")) == ("unknown", "unknown")


UNTREATED = [
    patient(),
    condition("277572006", system=SNOMED, recorded="2026-03-20"),
    care_plan("mini-hyper-CVD with inotuzumab, induction", created="2026-04-10"),
]
LINES = {
    "an integer": lambda n: {"valueInteger": n},
    "a quantity of ones": lambda n: {"valueQuantity": {"value": n, "unit": "1"}},
    "a quantity of counts": lambda n: {"valueQuantity": {"value": n, "code": "{count}", "system": "http://unitsofmeasure.org"}},
    "a bare quantity": lambda n: {"valueQuantity": {"value": n}},
    "a text": lambda n: {"valueString": str(n)},
    "a component": lambda n: {"component": [{"code": {"text": "Prior lines of therapy"}, "valueInteger": n}]},
    "a component's quantity": lambda n: {
        "component": [{"code": {"text": "Prior lines of therapy"}, "valueQuantity": {"value": n}}]
    },
}  # fmt: skip


@pytest.mark.parametrize(("number", "frontline"), [(2, "unknown"), (0, "met")])
@pytest.mark.parametrize("form", LINES)
def test_a_number_of_prior_lines_counts_in_every_form(form, number, frontline):
    told = answer("Number of prior lines of therapy", LINES[form](number))
    assert verdict(determine([*UNTREATED, told], C1D1), "POL-A-IV-FL") == frontline


ICDO3 = "http://terminology.hl7.org/CodeSystem/icd-o-3"
MDR = "http://terminology.hl7.org/CodeSystem/mdr"


@pytest.mark.parametrize(
    ("morphology", "diagnosis", "ph_negative"),
    [("9812/3", "met", "not-met"), ("9815/3", "met", "unknown"), ("9819/3", "met", "unknown"), ("9835/3", "unknown", "unknown")],
)  # fmt: skip
def test_morphologies_of_b_all_with_named_genetics_are_b_all(morphology, diagnosis, ph_negative):
    d = determine([patient(), condition(morphology, system=ICDO3, recorded="2026-03-01")], C1D1)
    assert (verdict(d, "POL-A-I-DX"), verdict(d, "POL-A-IV-PH")) == (diagnosis, ph_negative)


@pytest.mark.parametrize("system", [MDR, "https://www.meddra.org", "urn:oid:2.16.840.1.113883.6.163"])
def test_a_reaction_by_its_code_in_meddra_is_one(system):
    event = {
        "resourceType": "AdverseEvent", "id": "irr", "actuality": "actual", "subject": {"reference": "Patient/p1"},
        "event": coded(system, "10051792"), "date": "2026-04-01", "severity": {"text": "severe"},
    }  # fmt: skip
    worded = event | {"event": {"text": "Infusion related reaction"}}
    assert decided([*TREATED, event], C2D1) == decided([*TREATED, worded], C2D1) != decided(TREATED, C2D1)


@pytest.mark.parametrize(
    ("code", "warns"),
    [
        (coded(LOINC, "LA15173-0"), True),
        (coded(LOINC, "LA26683-5"), False),
        (coded(SNOMED, "77386006"), True),
    ],
)
def test_the_status_of_pregnancy_counts_by_its_code_alone(code, warns):
    status = changed(answer("", {"valueCodeableConcept": code}), code=coded(LOINC, "82810-3"))
    found = decided([*TREATED, status], C2D1)["findings"]
    assert (("embryo-fetal", "warning") in found) is warns
