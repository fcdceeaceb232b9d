"""Cases 22 to 30: values as EHRs send them, read off a real socket."""

import pytest

from cds_service.clinical.chart import read_chart
from tests.ehr.hooking import sign, verdicts
from tests.ehr.hostile import running
from tests.ehr.looking import look, only
from tests.policy.chart_notes import CLOCK, LOINC, PATIENT, UCUM, coded, condition, observation, patient

DAY = "2026-04-01"


def read(concept, *observations):
    """The results of one concept, as ``value or problem``, each with its day."""
    with running(observations) as ehr:
        seen = look(ehr, only("otherObservations"))
    results = read_chart(seen.record, CLOCK).results_for(concept)
    return [(str(r.value) if r.value is not None else r.problem, str(r.when)) for r in results]


def value_of(concept, *observations):
    ((value, _),) = read(concept, *observations)
    return value


def alt(text):
    return observation("1742-6", DAY, text=text)


def platelets(day=DAY, **more):
    return observation("777-3", day, **({"valueQuantity": {"value": 90, "unit": "K/uL"}} | more))


TEXTS = {
    "<10 U/L": "< 10",
    ">150 U/L": "> 150",
    "GT 45 U/L": "> 45",
    "LT 45 U/L": "< 45",
    "1,200 U/L": "1200",
    "<0.2": "unit missing or not accepted: '<0.2'",
    "GT 45": "unit missing or not accepted: 'GT 45'",
    "1,200": "unit missing or not accepted: '1,200'",
    "1.2 H": "unit missing or not accepted: '1.2 H'",
    "<10 IU/mL": "unit missing or not accepted: '<10 IU/mL'",
    "see comment": "not a number: 'see comment'",
}


@pytest.mark.parametrize("text", TEXTS)
def test_case_22_a_value_in_words_is_a_bound_a_number_or_quoted(text):
    assert value_of("alt", alt(text)) == TEXTS[text]


@pytest.mark.parametrize("comparator", ["<", ">", "<=", ">="])
def test_case_23_a_comparator_makes_an_interval(comparator):
    quantity = {"value": 30, "unit": "U/L", "comparator": comparator}
    assert value_of("alt", observation("1742-6", DAY, valueQuantity=quantity)) == f"{comparator} 30"


@pytest.mark.parametrize(("share", "verdict"), [(">", "met"), ("<", "unknown")])
def test_case_23_a_bound_decides_only_what_holds_for_all_its_values(share, verdict):
    cd22 = observation("51124-6", DAY, valueQuantity={"value": 60, "unit": "%", "comparator": share})
    with running([patient(), condition("C91.02"), cd22]) as ehr:
        assert verdicts(sign(server=ehr.base))["POL-A-I-CD22"] == verdict


UNITS = [
    ("777-3", "platelets", {"value": 90, "unit": "K/uL"}, "90"),
    ("777-3", "platelets", {"value": 90, "unit": "x10E3/uL"}, "90"),
    ("777-3", "platelets", {"value": 90, "system": UCUM, "code": "10*9/L"}, "90"),
    ("777-3", "platelets", {"value": 90000, "unit": "/uL"}, "90"),
    ("777-3", "platelets", {"value": 90, "system": "(HL7_V2)", "code": "10*3/uL"}, "90"),
    ("777-3", "platelets", {"value": 90}, "unit missing or not accepted: '90 (no unit)'"),
    ("777-3", "platelets", {"value": 90, "unit": "furlong"}, "unit missing or not accepted: '90 furlong'"),
    ("1742-6", "alt", {"value": 40, "unit": "IU/L"}, "40"),
    ("1742-6", "alt", {"value": 40, "unit": "U/L"}, "40"),
    ("1975-2", "bilirubin_total", {"value": 1.2, "unit": "mg/dL"}, "1.2"),
]


@pytest.mark.parametrize(("code", "concept", "quantity", "expected"), UNITS)
def test_case_24_a_unit_counts_wherever_it_stands_and_none_is_guessed(code, concept, quantity, expected):
    assert value_of(concept, observation(code, DAY, valueQuantity=quantity)) == expected


def test_case_24_micromoles_are_not_milligrams():
    found = value_of(
        "bilirubin_total", observation("1975-2", DAY, valueQuantity={"value": 20.5, "unit": "umol/L"})
    )
    assert found.startswith("1.19")


def test_case_25_a_value_in_a_component():
    panel = {
        "resourceType": "Observation", "id": "cbc", "status": "final", "subject": PATIENT,
        "code": {"text": "CBC"}, "effectiveDateTime": DAY,
        "component": [{"code": coded(LOINC, "777-3"), "valueQuantity": {"value": 90, "unit": "K/uL"}}],
    }  # fmt: skip
    assert value_of("platelets", panel) == "90"


ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


@pytest.mark.parametrize(
    "nothing",
    [
        observation("777-3", DAY, dataAbsentReason={"coding": [{"code": "unknown"}]}),
        platelets(code={"coding": [{"extension": [{"url": ABSENT, "valueCode": "unknown"}]}]}),
        platelets(code={"coding": [{"extension": [{"url": ABSENT, "valueCode": "unknown"}]}], "text": "Lab"}),
    ],
)
def test_case_26_an_absent_value_or_code_gives_no_number(nothing):
    assert [value for value, _ in read("platelets", nothing) if value is not None] == []


STATUSES = {
    "final": 1, "preliminary": 1, "corrected": 1, "amended": 1,
    "cancelled": 0, "entered-in-error": 0, "registered": 0,
}  # fmt: skip


@pytest.mark.parametrize("status", STATUSES)
def test_case_27_a_withdrawn_result_does_not_count(status):
    assert len(read("platelets", platelets(status=status))) == STATUSES[status]


@pytest.mark.parametrize("newest_first", [True, False])
def test_case_27_a_corrected_result_replaces_an_earlier_one(newest_first):
    wrong = observation("51124-6", DAY, 5, "%", id="a")
    right = observation("51124-6", DAY, 95, "%", id="b", status="corrected")
    chart = [patient(), condition("C91.02"), *([right, wrong] if newest_first else [wrong, right])]
    with running(chart) as ehr:
        assert verdicts(sign(server=ehr.base))["POL-A-I-CD22"] == "met"


@pytest.mark.parametrize("loinc", [LOINC, "urn:oid:2.16.840.1.113883.6.1", "https://loinc.org/"])
def test_case_28_a_proprietary_coding_first_and_other_spellings_of_loinc(loinc):
    own = {"system": "https://fhir.cerner.com/t/codeSet/72", "code": "21"}
    assert (
        value_of("platelets", platelets(code={"coding": [own, {"system": loinc, "code": "777-3"}]})) == "90"
    )


TIMES = [
    ({"effectivePeriod": {"start": "2026-03-01", "end": "2026-03-02"}}, ["2026-03-02"]),
    ({"effectiveInstant": "2026-03-01T10:00:00Z"}, ["2026-03-01"]),
    ({"issued": "2026-03-01T10:00:00Z"}, ["2026-03-01"]),
    ({"effectiveDateTime": "2026-03-01"}, ["2026-03-01"]),
    ({"effectiveDateTime": "2026-03-01T10:00:00"}, ["2026-03-01"]),
    ({"effectiveDateTime": "2025"}, ["2025"]),
    ({"effectiveDateTime": "2027-03-01"}, []),
    ({}, ["None"]),
]


@pytest.mark.parametrize(("time", "days"), TIMES)
def test_case_29_every_form_of_time_is_read_and_the_future_does_not_count(time, days):
    assert [day for _, day in read("platelets", platelets(None, **time))] == days


@pytest.mark.parametrize("swapped", [True, False])
def test_case_30_two_values_of_one_time_that_decide_differently_are_unknown_in_any_order(swapped):
    two = [observation("51124-6", DAY, 5, "%", id="a"), observation("51124-6", DAY, 95, "%", id="b")]
    with running([patient(), condition("C91.02"), *(two[::-1] if swapped else two)]) as ehr:
        assert verdicts(sign(server=ehr.base))["POL-A-I-CD22"] == "unknown"
