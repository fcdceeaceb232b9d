"""The shapes in which a value comes, as intervals in canonical units; names in the place of codes; no result (yet)."""

from datetime import UTC

import pytest

from cds_service.clinical.observations.measurements import is_no_result
from cds_service.clinical.observations.results import observed_in, parts_of, read_part
from cds_service.fhir.record import Resource
from tests.policy.chart_notes import LOINC, coded, quantity


def result_of(code, **members):
    body = {"resourceType": "Observation", "id": "o", "status": "final", "effectiveDateTime": "2026-04-14"}
    concept = coded(LOINC, code) if isinstance(code, str) else code
    (part,) = parts_of(*observed_in([Resource(body | {"code": concept} | members)]))
    return read_part(part, UTC)


def value_range(low, high, unit):
    return {"low": quantity(low, unit), "high": quantity(high, unit)}


PLATELETS, BLASTS, ANC = "777-3", "11150-0", "751-8"
COUNT_RANGE = [{"low": quantity(150, "10*9/L"), "high": quantity(400, "10*9/L")}]
READ = {
    "a range": (BLASTS, {"valueRange": value_range(60, 70, "%")}, "60 to 70 %"),
    "a range with one unit": (BLASTS, {"valueRange": {"low": {"value": 60}, "high": quantity(70, "%")}}, "60 to 70 %"),
    "an open range": (BLASTS, {"valueRange": {"high": quantity(5, "%")}}, "<= 5 %"),
    "an integer per cent": (BLASTS, {"valueInteger": 65}, "65 %"),
    "a text in the unit of its normal range in words": (PLATELETS, {"valueString": "48", "referenceRange": [{"text": "150-450 x10E3/uL"}]}, "48 x10*9/L"),
    "an integer in the unit of its normal range": (PLATELETS, {"valueInteger": 48, "referenceRange": COUNT_RANGE}, "48 x10*9/L"),
    "a ratio of cells": (BLASTS, {"valueRatio": {"numerator": {"value": 65}, "denominator": {"value": 100}}}, "65 %"),
    "a ratio with cells named": (BLASTS, {"valueRatio": {"numerator": {"value": 130, "unit": "blasts"}, "denominator": {"value": 200, "unit": "cells"}}}, "65 %"),
    "a ratio of units": (PLATELETS, {"valueRatio": {"numerator": {"value": 48000}, "denominator": {"value": 1, "unit": "uL"}}}, "48 x10*9/L"),
    "a text range": (BLASTS, {"valueString": "60-70 %"}, "60 to 70 %"),
    "a bare text range": (BLASTS, {"valueString": "3-5"}, "3 to 5 %"),
    "a bare bound": (BLASTS, {"valueString": "<1"}, "< 1 %"),
    "about": (BLASTS, {"valueString": "approx. 60"}, "48 to 72 %"),
    "a percentage of what it can only be of": (BLASTS, {"valueString": "60-70% blasts"}, "60 to 70 %"),
    "about so many of the cells": (BLASTS, {"valueString": "approx. 60 % of nucleated cells."}, "48 to 72 %"),
    "none": (BLASTS, {"valueString": "None seen"}, "0 %"),
    "no blasts": (BLASTS, {"valueCodeableConcept": {"text": "No blasts identified."}}, "0 %"),
    "a flagged figure": (PLATELETS, {"valueString": "48 K/uL (L)"}, "48 x10*9/L"),
    "a count in text": (PLATELETS, {"valueString": "48 x10(3)/uL"}, "48 x10*9/L"),
}  # fmt: skip


@pytest.mark.parametrize(("code", "members", "shown"), READ.values(), ids=READ)
def test_every_shape_of_a_number_is_read(code, members, shown):
    assert result_of(code, **members).shown == f"{shown} (2026-04-14)"


UNREAD = {
    "a range in two units": (BLASTS, {"valueRange": {"low": quantity(1, "%"), "high": quantity(2, "g/L")}}),
    "a range upside down": (BLASTS, {"valueRange": value_range(70, 60, "%")}),
    "an integer count without any unit": (ANC, {"valueInteger": 3000}),
    "a ratio by zero": (BLASTS, {"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 0}}}),
    "a bare share of one, or of a hundred": (BLASTS, {"valueString": "0.65"}),
    "none of another thing": (PLATELETS, {"valueString": "None seen"}),
    "so many cells": (BLASTS, {"valueString": "65 cells"}),
    "a sentence": (BLASTS, {"valueString": "60 then 3"}),
    "a reference": (BLASTS, {"valueString": "see comment"}),
    "implausible": (BLASTS, {"valueInteger": 650}),
}


@pytest.mark.parametrize(("code", "members"), UNREAD.values(), ids=UNREAD)
def test_what_is_no_number_of_its_kind_is_named_as_unreadable(code, members):
    result = result_of(code, **members)
    assert result.is_unreadable
    assert "not readable" in result.shown


AWAITED = {
    "pending": {"valueString": "Pending"},
    "not performed": {"valueCodeableConcept": {"text": "Test not performed"}},
    "pending by code": {
        "valueCodeableConcept": {"coding": [{"system": "urn:lab", "code": "P", "display": "Pending"}]}
    },
    "absent": {"dataAbsentReason": {"coding": [{"code": "not-performed"}]}},
    "absent, with a remark": {
        "dataAbsentReason": {"text": "clotted"},
        "note": [{"text": "Clotted, redraw."}],
    },
}


@pytest.mark.parametrize("members", AWAITED.values(), ids=AWAITED)
def test_words_for_no_result_are_no_result(members):
    result = result_of(PLATELETS, **members)
    assert result.awaited
    assert (result.value, result.problem) == (None, None)


@pytest.mark.parametrize("text", ["see comment", "pending review: 48", "48", "not pending", ""])
def test_other_words_are_no_words_for_no_result(text):
    assert not is_no_result(text)


NAMED = {
    "a local code": (
        {"coding": [{"system": "urn:lab", "code": "1", "display": "PLT"}]},
        "10*3/uL",
        "platelets",
    ),
    "no code": ({"text": "Absolute Neutrophil Count"}, "cells/mcL", "anc"),
    "QTcF": ({"text": "QTcF"}, "ms", "qtc_fridericia"),
    "a reference laboratory's neutrophils": ({"text": "Neutrophils (Absolute)"}, "10*3/uL", "anc"),
    "abbreviated": ({"text": "Neutro Absolute"}, "10*3/uL", "anc"),
    "an ECG cart's QTc": ({"text": "QTC Calculation(Bazett)"}, "ms", "qtc_bazett"),
    "whatever its commas and brackets": ({"text": "Neutro, Abs."}, "10*3/uL", "anc"),
    "neutrophils as a count": ({"text": "Neutrophils"}, "10*3/uL", "anc"),
    "absolute blasts": ({"text": "Blasts, Absolute"}, "10*3/uL", "pb_blasts_abs"),
    "from the bedside": ({"text": "POC Potassium"}, "mmol/L", "potassium"),
    "of whole blood": ({"text": "Potassium, WB"}, "mmol/L", "potassium"),
    "of serum or plasma": ({"text": "Bilirubin Total Ser/Plas"}, "umol/L", "bilirubin_total"),
    "an enzyme by both names": ({"text": "ALT - SGPT"}, "U/L", "alt"),
}


@pytest.mark.parametrize(("code", "unit", "concept"), NAMED.values(), ids=NAMED)
def test_a_reviewed_name_with_a_unit_of_its_concept_stands_for_a_code_and_is_said(code, unit, concept):
    result = result_of(code, valueQuantity={"value": 450, "unit": unit})
    assert result.concept == concept
    assert "known by its name" in result.shown


OTHER_TESTS = {
    "a longer name": ({"text": "Platelet aggregation"}, "10*3/uL", {}),
    "another unit": ({"text": "PLT"}, "mg/dL", {}),
    "no unit": ({"text": "PLT"}, None, {}),
    "a public code of another test": (
        {"text": "PLT", "coding": [{"system": LOINC, "code": "13056-7"}]},
        "10*3/uL",
        {},
    ),
    "urine": ({"text": "Potassium"}, "mmol/L", {"specimen": {"display": "Urine, random"}}),
    "urine in a contained specimen": (
        {"text": "Potassium"},
        "mmol/L",
        {
            "specimen": {"reference": "#s"},
            "contained": [{"resourceType": "Specimen", "id": "s", "type": {"text": "Urine"}}],
        },
    ),
    "neutrophils of marrow": ({"text": "Neutrophils"}, "%", {"specimen": {"display": "Bone marrow"}}),
    "blood's name at a marrow site": ({"text": "WBC"}, "10*3/uL", {"bodySite": {"text": "Bone marrow"}}),
    "direct bilirubin": ({"text": "Bilirubin, Direct"}, "mg/dL", {}),
    "bilirubin, not said which": ({"text": "Bilirubin"}, "mg/dL", {}),
    "an ideal weight": ({"text": "Ideal Body Weight"}, "kg", {}),
    "a weight at birth": ({"text": "Weight", "coding": [{"display": "Birth weight"}]}, "kg", {}),
}


@pytest.mark.parametrize(("code", "unit", "more"), OTHER_TESTS.values(), ids=OTHER_TESTS)
def test_a_name_alone_is_not_enough(code, unit, more):
    body = {"resourceType": "Observation", "code": code, "valueQuantity": {"value": 48, "unit": unit}} | more
    assert list(parts_of(*observed_in([Resource(body)]))) == []


@pytest.mark.parametrize(
    ("name", "value", "unit", "concept"),
    [
        ("Platelets [#/volume] in Blood by Automated count", 48, "10*3/uL", "platelets"),
        ("NEUTROPHILS [#/VOLUME] IN BLOOD", 0.4, "K/uL", "anc"),
        ("Q-T interval corrected based on Fridericia formula", 510, "ms", "qtc_fridericia"),
        ("Potassium [Moles/volume] in Serum or Plasma", 3.2, "mmol/L", "potassium"),
    ],
)
def test_a_result_whose_code_was_lost_is_known_by_the_name_that_loinc_gives_it(name, value, unit, concept):
    assert result_of({"text": name}, valueQuantity={"value": value, "unit": unit}).concept == concept
    other_unit = {"code": {"text": name}, "valueQuantity": {"value": value, "unit": "kg"}}
    assert list(parts_of(*observed_in([Resource({"resourceType": "Observation"} | other_unit)]))) == []


@pytest.mark.parametrize(
    ("sample", "concept"),
    [
        ({"specimen": {"display": "Bone marrow aspirate"}}, "marrow_blasts_pct"),
        ({"bodySite": {"text": "Bone marrow"}}, "marrow_blasts_pct"),
        ({"specimen": {"display": "Blood, Venous"}}, "pb_blasts_pct"),
        ({"method": {"text": "Peripheral smear"}}, "pb_blasts_pct"),
        ({"specimen": {"display": "Bone marrow and peripheral blood"}}, None),
        ({"specimen": {"display": "CSF"}}, None),
        ({}, None),
    ],
)
def test_blasts_of_no_sample_in_their_name_are_of_the_sample_that_is_stated(sample, concept):
    body = {
        "resourceType": "Observation",
        "code": {"text": "Blasts"},
        "valueQuantity": {"value": 8, "unit": "%"},
    } | sample
    found = [read_part(part, UTC).concept for one in observed_in([Resource(body)]) for part in parts_of(one)]
    assert found == ([concept] if concept else [])


def test_ionized_calcium_is_another_test_than_calcium():
    ionized = result_of({"text": "Calcium, Ionized"}, valueQuantity={"value": 1.2, "unit": "mmol/L"})
    assert ionized.concept == "calcium_ionized"


def test_a_name_of_a_count_and_a_share_is_the_one_that_its_unit_says():
    share = result_of({"text": "Neutrophils"}, valueQuantity={"value": 45, "unit": "%"})
    assert (share.concept, str(share.value)) == ("neutrophil_pct", "45")


ANOTHERS = {
    "a donor's blood": {"specimen": {"display": "Donor blood"}},
    "a sample from the donor": {"specimen": {"display": "Blood from donor"}},
    "cord blood": {"specimen": {"display": "Cord blood"}},
    "a product to infuse": {"specimen": {"display": "HPC, apheresis product"}},
    "a related person": {"focus": [{"reference": "RelatedPerson/7"}]},
    "a fetus": {"focus": [{"display": "Fetus"}]},
}


@pytest.mark.parametrize("of", ANOTHERS.values(), ids=ANOTHERS)
def test_a_count_of_another_than_the_patient_is_none(of):
    body = {
        "resourceType": "Observation",
        "code": coded(LOINC, PLATELETS),
        "valueQuantity": quantity(8, "10*9/L"),
    }
    assert observed_in([Resource(body | of)]) == []


@pytest.mark.parametrize(
    "name", ["Blood", "Bone marrow after cord blood transplant", "Marrow, day 30 post donor cells"]
)
def test_a_sample_of_the_patient_stays_one_after_a_transplant(name):
    assert result_of(PLATELETS, valueQuantity={"value": 8, "unit": "K/uL"}, specimen={"display": name}).value


@pytest.mark.parametrize("name", ["Pregnancy Test, Urine", "HCG, Qualitative, Serum", "POC Urine HCG"])
def test_a_pregnancy_test_is_known_by_its_name_where_its_value_is_an_answer(name):
    result = result_of({"text": name}, valueString="Positive")
    assert (result.concept, result.sign) == ("pregnancy_test", True)
    body = {"resourceType": "Observation", "code": {"text": name}, "valueString": "see note"}
    assert list(parts_of(*observed_in([Resource(body)]))) == []
