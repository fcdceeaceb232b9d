"""Observations as results: what can be used, what cannot and why, signs, times and components."""

from datetime import UTC
from decimal import Decimal

import pytest

from cds_service.clinical.observations.ranges_by_person import Person
from cds_service.clinical.observations.results import observed_in, parts_of, read_part
from cds_service.fhir.record import Resource

LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"


def observation(code, **members):
    coding = {"system": LOINC, "code": code}
    return {"resourceType": "Observation", "id": "o", "status": "final", "code": {"coding": [coding]},
            "effectiveDateTime": "2026-04-14", "subject": {"reference": "Patient/p"}} | members  # fmt: skip


def read(body):
    return [read_part(part, UTC) for part in parts_of(*observed_in([Resource(body)]))]


def only(body):
    (result,) = read(body)
    return result


def measured(value, unit="10*9/L", **more):
    return {"value": value, "unit": unit, "code": unit, "system": UCUM} | more


def test_a_measured_count_is_read_in_its_canonical_unit():
    assert only(observation("777-3", valueQuantity=measured(48000, "/uL"))).shown == "48 x10*9/L (2026-04-14)"


UNUSABLE = {
    "no unit": (observation("777-3", valueQuantity={"value": 48}), "unit missing or not accepted: '48 (no unit)'"),
    "a unit of another kind": (observation("777-3", valueQuantity=measured(48, "mg/dL")), "unit missing or not accepted: '48 mg/dL'"),
    "implausible platelets": (observation("777-3", valueQuantity=measured(3001)), "implausible value: 3001 10*9/L"),
    "implausible ANC": (observation("751-8", valueQuantity=measured(201)), "implausible value: 201 10*9/L"),
    "implausible weight": (observation("29463-7", valueQuantity=measured(351, "kg")), "implausible value: 351 kg"),
    "implausible height": (observation("8302-2", valueQuantity=measured(251, "cm")), "implausible value: 251 cm"),
    "implausible BSA": (observation("8277-6", valueQuantity=measured(Decimal("3.6"), "m2")), "implausible value: 3.6 m2"),
    "implausible bilirubin": (observation("1975-2", valueQuantity=measured(61, "mg/dL")), "implausible value: 61 mg/dL"),
    "implausible QTc": (observation("76634-5", valueQuantity=measured(801, "ms")), "implausible value: 801 ms"),
    "QTc in seconds taken for ms": (observation("76634-5", valueQuantity=measured(Decimal("0.44"), "ms")), "implausible value: 0.44 ms"),
    "a negative count": (observation("777-3", valueQuantity=measured(-1)), "implausible value: -1 10*9/L"),
    "more than all cells": (observation("11150-0", valueQuantity=measured(101, "%")), "implausible value: 101 %"),
    "a comment": (observation("777-3", valueString="see comment"), "not a number: 'see comment'"),
    "a figure in words without a unit": (observation("777-3", valueString="1,200"), "unit missing or not accepted: '1,200'"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "problem"), UNUSABLE.values(), ids=UNUSABLE)
def test_a_value_that_cannot_be_used_is_named_and_quoted(body, problem):
    result = only(body)
    assert result.value is None
    assert result.problem == problem


PLAUSIBLE = [("777-3", 3000, "10*9/L"), ("751-8", 200, "10*9/L"), ("29463-7", 350, "kg"), ("8302-2", 250, "cm"),
             ("8277-6", Decimal("0.2"), "m2"), ("8277-6", Decimal("3.5"), "m2"), ("1975-2", 60, "mg/dL"),
             ("76634-5", 200, "ms"), ("76634-5", 800, "ms"), ("777-3", 0, "10*9/L")]  # fmt: skip


@pytest.mark.parametrize(("code", "value", "unit"), PLAUSIBLE)
def test_the_bounds_of_plausibility_are_themselves_plausible(code, value, unit):
    assert only(observation(code, valueQuantity=measured(value, unit))).value is not None


@pytest.mark.parametrize(
    ("members", "sign"),
    [
        ({"valueCodeableConcept": {"coding": [{"system": "http://snomed.info/sct", "code": "10828004"}]}}, True),
        ({"valueCodeableConcept": {"coding": [{"system": "http://snomed.info/sct", "code": "260385009"}]}}, False),
        ({"valueCodeableConcept": {"coding": [{"system": LOINC, "code": "LA11883-8"}]}}, False),
        ({"valueCodeableConcept": {"text": "Not detected"}}, False),
        ({"valueCodeableConcept": {"text": "Positive (qualifier value)"}}, True),
        ({"valueCodeableConcept": {"coding": [{"system": "urn:local", "code": "n", "display": "Not detected (qualifier value)"}]}}, False),
        ({"valueString": "BCR::ABL1 detected"}, True),
        ({"valueString": "equivocal"}, None),
        ({"valueBoolean": False}, False),
        ({"interpretation": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", "code": "POS"}]}]}, True),
        ({"interpretation": [{"coding": [{"code": "POS"}]}]}, True),
        ({"interpretation": [{"coding": [{"code": "NEG"}]}]}, False),
        ({"interpretation": [{"coding": [{"code": "IND"}]}], "valueString": "positive"}, None),
        ({"interpretation": [{"coding": [{"system": "urn:local", "code": "NEG"}]}]}, None),
        ({"interpretation": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", "code": "IND"}]}], "valueString": "positive"}, None),
        ({"interpretation": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", "code": "NEG"}]}], "valueBoolean": True}, None),
    ],
)  # fmt: skip
def test_the_sign_is_read_from_codes_interpretation_or_words(members, sign):
    assert only(observation("51867-0", **members)).sign is sign


def test_a_component_is_a_result_of_its_own_at_the_time_of_the_whole():
    body = observation("34534-8", component=[
        {"code": {"coding": [{"system": LOINC, "code": "76634-5"}]}, "valueQuantity": measured(430, "ms")},
        {"code": {"coding": [{"system": LOINC, "code": "8867-4"}]}, "valueQuantity": measured(72, "/min")},
    ])  # fmt: skip
    assert {(r.concept, str(r.value), str(r.when)) for r in read(body)} == {
        ("qtc_fridericia", "430", "2026-04-14"), ("heart_rate", "72", "2026-04-14"),
    }  # fmt: skip


def test_a_proprietary_coding_first_hides_nothing():
    body = observation("777-3", valueQuantity=measured(48))
    body["code"]["coding"].insert(0, {"system": "https://fhir.cerner.com/x/codeSet/72", "code": "123"})
    assert only(body).concept == "platelets"


@pytest.mark.parametrize("uri", ["urn:oid:2.16.840.1.113883.6.1", "https://loinc.org", "http://loinc.org/"])
def test_loinc_is_known_by_its_other_spellings(uri):
    body = observation("777-3", valueQuantity=measured(48))
    body["code"]["coding"][0]["system"] = uri
    assert only(body).concept == "platelets"


@pytest.mark.parametrize(
    "coding", [{"code": "777-3"}, {"system": "http://example.org", "code": "777-3"}, {"system": LOINC}]
)
def test_a_code_without_a_known_system_is_no_match(coding):
    assert read(observation("x") | {"code": {"coding": [coding]}, "valueQuantity": measured(48)}) == []


@pytest.mark.parametrize("code", ["13056-7", "26746-8", "44974-4", "1968-7"])
def test_known_traps_are_not_read_as_what_they_resemble(code):
    wanted = {"platelets", "magnesium", "qtc_unspecified", "bilirubin_total"}
    assert not wanted & {r.concept for r in read(observation(code, valueQuantity=measured(48)))}


def test_without_an_effective_time_the_issue_dates_the_result_and_it_says_so():
    body = observation("777-3", valueQuantity=measured(48), issued="2026-04-13T10:00:00Z")
    del body["effectiveDateTime"]
    result = only(body)
    assert (str(result.when), result.dated_by_issue) == ("2026-04-13", True)
    assert "issued 2026-04-13" in result.shown


def test_a_time_that_cannot_be_read_takes_the_value_with_it_and_is_named():
    result = only(observation("777-3", valueQuantity=measured(48), effectiveDateTime="2026-13-45"))
    assert result.value is None
    assert "effectiveDateTime" in result.problem


def test_a_value_that_is_no_fhir_is_named():
    result = only(observation("777-3", valueQuantity={"value": "many", "code": "10*9/L", "system": UCUM}))
    assert result.value is None
    assert "valueQuantity" in result.problem


def test_a_preliminary_result_is_used_and_says_so():
    result = only(observation("777-3", valueQuantity=measured(48), status="preliminary"))
    assert result.value is not None
    assert "preliminary" in result.shown


def test_an_absent_value_is_no_result_with_a_problem():
    body = observation("777-3", dataAbsentReason={"coding": [{"code": "not-performed"}]})
    result = only(body)
    assert (result.value, result.sign, result.problem) == (None, None, None)


RANGE_TYPES = "http://terminology.hl7.org/CodeSystem/referencerange-meaning"
CRITICAL = {"high": measured(15, "mg/dL"), "type": {"coding": [{"system": RANGE_TYPES, "code": "critical"}]}}
RANGES = [
    ([CRITICAL, {"high": measured(1.2, "mg/dL")}], Decimal("1.2")),
    ([CRITICAL, {"high": measured(1.1, "mg/dL"), "type": {"coding": [{"system": RANGE_TYPES, "code": "normal"}]}}], Decimal("1.1")),
    ([{"high": measured(12, "mg/dL"), "type": {"text": "Therapeutic range"}}], None),
    ([CRITICAL], None),
    ([{"high": measured(-1, "mg/dL")}], None),
    ([{"high": measured(0, "mg/dL")}], None),
]  # fmt: skip


RANGES_IN_WORDS = [
    ("0.2-1.1", Decimal("1.1")),
    ("0.2 - 1.1 mg/dL", Decimal("1.1")),
    ("<=1.1", Decimal("1.1")),
    ("up to 1.1 mg/dL", Decimal("1.1")),
    ("<18.8 umol/L", Decimal("1.0992")),
    ("1.1", None),
    ("0.2-1.1 g/L", None),
    ("M: 0.2-1.1, F: 0.1-1.0", None),
    ("See note", None),
]


@pytest.mark.parametrize(("text", "limit"), RANGES_IN_WORDS)
def test_a_range_in_words_counts_where_it_is_wholly_one_range(text, limit):
    body = observation("1975-2", valueQuantity=measured(3.7, "mg/dL"), referenceRange=[{"text": text}])
    assert only(body).upper_limit == (limit and pytest.approx(limit, abs=Decimal("0.001")))


def test_a_range_in_words_adds_nothing_to_limits_that_are_stated():
    body = observation(
        "1975-2",
        valueQuantity=measured(3.7, "mg/dL"),
        referenceRange=[{"high": measured(1.2, "mg/dL"), "text": "0.2-9"}],
    )
    assert only(body).upper_limit == Decimal("1.2")


@pytest.mark.parametrize(("ranges", "limit"), RANGES)
def test_the_upper_limit_is_that_of_a_normal_range(ranges, limit):
    body = observation("1975-2", valueQuantity=measured(3.7, "mg/dL"), referenceRange=ranges)
    assert only(body).upper_limit == limit


def _range(high, **of):
    return {"high": measured(high, "U/L")} | of


MALE, FEMALE = {"coding": [{"code": "248153007"}]}, {"text": "Female"}
BY_SEX = [_range(60, appliesTo=[MALE]), _range(50, appliesTo=[FEMALE])]
BY_AGE = [_range(80, age={"high": measured(17, "a")}), _range(50, age={"low": measured(18, "a")})]
BY_MONTHS = [_range(90, age={"high": measured(6, "mo")}), _range(50)]


@pytest.mark.parametrize(
    ("ranges", "person", "limit"),
    [
        (BY_SEX, Person("male", 40), 60), (BY_SEX, Person("female", 40), 50), (BY_SEX, Person(None, 40), 60), (BY_SEX, Person("other", 40), 60),
        (BY_AGE, Person(None, 12), 80), (BY_AGE, Person(None, 40), 50), (BY_AGE, Person(None, None), 80), (BY_MONTHS, Person(None, 3), 50),
        ([_range(50, appliesTo=[{"text": "Adult men and women"}])], Person("female", 40), 50),
    ],
)  # fmt: skip
def test_of_several_ranges_that_of_the_patients_sex_and_age_counts(ranges, person, limit):
    body = observation("1742-6", valueQuantity=measured(260, "U/L"), referenceRange=ranges)
    (part,) = parts_of(*observed_in([Resource(body)]))
    assert read_part(part, UTC, person).upper_limit == limit


@pytest.mark.parametrize(
    ("text", "of_men", "of_women"),
    [
        ("M 10-40 / F 7-35", 40, 35), ("M: 10-40; F: 7-35", 40, 35), ("Female: 7-35\nMale: 10-40 U/L", 40, 35),
        ("10-40 (M), 7-35 (F)", 40, 35), ("Men <=40 | Women <=35", 40, 35), ("Adult Males 10-40, Adult Females 7-35", 40, 35),
        ("F 7-35", None, 35), ("10-40 (male)", 40, None), ("Adults: 10-40 U/L", 40, 40), ("7 - 38 U/L", 38, 38),
        ("Male 10-40", 40, None), ("M 10-40 F 7-35 M 5-20", None, None), ("M/F", None, None), ("see M, 10-40", None, None),
        ("Infants 10-80", None, None), ("M up to 40 / F 7-35", 40, 35), ("M see note / F 7-35", None, 35),
    ],
)  # fmt: skip
def test_of_a_text_with_a_range_for_each_sex_that_of_the_patient_counts(text, of_men, of_women):
    body = observation("1742-6", valueQuantity=measured(260, "U/L"), referenceRange=[{"text": text}])
    (part,) = parts_of(*observed_in([Resource(body)]))
    limits = [read_part(part, UTC, Person(sex, 40)).upper_limit for sex in ("male", "female")]
    assert limits == [of_men, of_women]
    of_anyone = limits[0] if limits[0] == limits[1] and "dult" not in text else None
    assert read_part(part, UTC, Person(None, None)).upper_limit == of_anyone


def test_ranges_that_name_a_sex_in_words_beside_their_limits_are_of_that_sex():
    ranges = [_range(40, text="Male: 10-40"), _range(35, text="Female: 7-35")]
    body = observation("1742-6", valueQuantity=measured(260, "U/L"), referenceRange=ranges)
    (part,) = parts_of(*observed_in([Resource(body)]))
    assert read_part(part, UTC, Person("female", 40)).upper_limit == 35


def test_the_reference_range_is_read_in_the_canonical_unit():
    body = observation(
        "1975-2", valueQuantity=measured(34, "umol/L"), referenceRange=[{"high": measured(21, "umol/L")}]
    )
    assert only(body).upper_limit == pytest.approx(Decimal("1.2278"), abs=Decimal("0.001"))


@pytest.mark.parametrize(
    "member", [{"effectiveDateTime": None}, {"effectiveDateTime": None, "effectivePeriod": {}}]
)
def test_a_time_member_that_holds_nothing_leaves_the_day_of_issue(member):
    issued = {"issued": "2026-04-14T10:00:00Z"}
    result = only(observation("777-3", valueQuantity=measured(48), **issued) | member)
    assert result.problem is None
    assert result.day_text == "issued 2026-04-14"


def test_a_result_of_several_times_is_of_the_last():
    timing = {"effectiveDateTime": None, "effectiveTiming": {"event": ["2026-04-12", "2026-04-14"]}}
    result = only(observation("777-3", valueQuantity=measured(48)) | timing)
    assert result.shown == "48 x10*9/L (2026-04-14)"


@pytest.mark.parametrize(
    ("name", "unit", "concept"),
    [
        ("Plaquetas", "K/uL", "platelets"), ("Neutrophils Absolute, Auto", "K/uL", "anc"), ("T.Bili", "mg/dL", "bilirubin_total"),
        ("AST(SGOT)", "U/L", "ast"), ("QTC Calculation (Bezet)", "ms", "qtc_bazett"), ("BSA (Calculated - sq m)", "m2", "bsa"),
        ("Plaquetas", "mg/dL", None), ("Segs Absolute", "K/uL", "anc_segmented"), ("Bands Absolute", "K/uL", None),
    ],
)  # fmt: skip
def test_a_result_without_a_public_code_is_known_by_its_whole_name_and_unit(name, unit, concept):
    found = {
        r.concept
        for r in read(observation("x", valueQuantity={"value": 2, "unit": unit}) | {"code": {"text": name}})
    }
    assert found == ({concept} if concept else set())


def test_a_sign_beside_the_reason_for_an_absent_value_is_a_result():
    absent = {"dataAbsentReason": {"coding": [{"code": "as-text"}]}}
    flagged = only(observation("51124-6", interpretation=[{"coding": [{"code": "POS"}]}], **absent))
    assert (flagged.awaited, flagged.sign) == ("", True)
    assert (
        only(observation("777-3", interpretation=[{"coding": [{"code": "L"}]}], **absent)).awaited
        == "as-text"
    )
