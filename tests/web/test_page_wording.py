"""Units, names and the payer's form on the page: printed as a clinician writes them, and never inferred."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cards.text import kinds_in_words
from cds_service.fhir.record import Record, Resource, record_from
from cds_service.smart.page.form_fields import ABSENT, form_fields, name_of
from cds_service.smart.page.sources import sources_of
from cds_service.smart.page.wording import first_sentence, units
from tests.web import examples

TIMES = "\N{MULTIPLICATION SIGN}"
PATIENT = {"reference": "Patient/p1"}


@pytest.mark.parametrize(
    ("sent", "printed"),
    [
        ("10*9/L", f"{TIMES}10⁹/L"),
        ("2.6 x10*9/L", f"2.6 {TIMES}10⁹/L"),
        ("2.6x10*9/L", f"2.6 {TIMES}10⁹/L"),
        ("48 10*12/L", f"48 {TIMES}10¹²/L"),
        ("0.8 mg/m2 x 1.77 m2", f"0.8 mg/m² {TIMES} 1.77 m²"),
        ("1.5 x usual upper limit", f"1.5 {TIMES} usual upper limit"),
        ("+/-10 %", "±10 %"),
        ("factor x and 10*9", "factor x and 10*9"),
        (f"2.6 {TIMES}10⁹/L", f"2.6 {TIMES}10⁹/L"),
    ],
)
def test_units_are_printed(sent: str, printed: str) -> None:
    assert units(sent) == printed


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("QTcF 510 ms: above 500 ms. The limit is a recommendation", "QTcF 510 ms: above 500 ms"),
        ("Ordered 0.88 mg; table 0.66 mg. BSA 1.77", "Ordered 0.88 mg; table 0.66 mg"),
        ("Outside 10 %. Held since", "Outside 10 %"),
        ("One sentence.", "One sentence"),
        ("", ""),
    ],
)
def test_the_first_sentence_ends_at_no_decimal_point(text: str, first: str) -> None:
    assert first_sentence(text) == first


def shown(body: dict[str, Any]) -> tuple[str, str]:
    whole = {"id": "x", "subject": PATIENT, **body}
    (source,) = sources_of((f"{body['resourceType']}/x",), examples.record(whole))
    return source.what, source.value


def coded(system: str, code: str, display: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code, "display": display}]}


def test_what_the_policy_knows_has_a_short_name() -> None:
    code = coded("http://loinc.org", "777-3", "Platelets [#/volume] in Blood by Automated count")
    assert shown({"resourceType": "Observation", "status": "final", "code": code}) == ("Platelets", "")


def test_a_document_is_named_by_its_title_else_by_its_kind_and_a_normal_state_is_not_said() -> None:
    kind = coded("http://loinc.org", "11506-3", "Provider-unspecified Progress note")
    note = {"resourceType": "DocumentReference", "status": "current", "type": kind}
    titled = {"content": [{"attachment": {"title": "Oncology visit"}}]}
    assert shown(note) == ("Progress note", "")
    assert shown({**note, "description": "Clinic letter"}) == ("Clinic letter", "")
    assert shown({**note, **titled, "description": "x"}) == ("Oncology visit", "")
    assert shown({**note, "description": "No infection. " * 9}) == ("Progress note", "")
    held = {"resourceType": "MedicationAdministration", "status": "not-done"}
    assert shown({**held, "medicationCodeableConcept": {"text": "Besponsa"}}) == ("Besponsa", "not-done")


def test_a_value_is_shown_without_the_class_of_its_concept() -> None:
    value = coded("http://snomed.info/sct", "260385009", "Negative (qualifier value)")
    body = {"resourceType": "Observation", "status": "final", "code": {"text": "BCR::ABL1"}}
    assert shown({**body, "valueCodeableConcept": value}) == ("BCR::ABL1", "Negative")


def fields(*bodies: dict[str, Any]) -> dict[str, str]:
    held = [Resource(body, "fetched") for body in (examples.PATIENT, *bodies)]
    record: Record = record_from("p1", held)
    return {f.label: f.value for f in form_fields(examples.UNKNOWN, record, examples.CLOCK)}


ORDER: dict[str, Any] = {
    "resourceType": "MedicationRequest",
    "id": "draft-1",
    "status": "draft",
    "intent": "order",
    "subject": PATIENT,
    "requester": {"reference": "#doctor"},
    "contained": [
        {
            "resourceType": "Practitioner",
            "id": "doctor",
            "name": [{"given": ["Gregory"], "family": "Example"}],
            "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": "1234567893"}],
        }
    ],
    "reasonCode": [coded("http://hl7.org/fhir/sid/icd-10-cm", "C91.02", "ALL, in relapse")],
}
COVERAGE: dict[str, Any] = {
    "resourceType": "Coverage",
    "id": "c1",
    "status": "active",
    "beneficiary": PATIENT,
    "subscriberId": "M-77",
    "payor": [{"display": "MMM"}],
}


def test_the_form_shows_what_the_record_states() -> None:
    assert fields(ORDER, COVERAGE) == {
        "Member id": "M-77",
        "Plan": "MMM",
        "Prescriber": "Gregory Example",
        "NPI": "1234567893",
        "ICD-10": "C91.02 ALL, in relapse",
        "Date of service": "2026-04-15",
        "Units for the table's dose": "15 of J9229",
    }


def test_the_form_reads_a_draft_order_that_the_chart_does_not_hold() -> None:
    draft = Resource({**ORDER, "id": "draft-9"}, "draft order")
    said = form_fields(examples.UNKNOWN, examples.CHART, examples.CLOCK, draft)
    assert {f.label: f.value for f in said}["Prescriber"] == "Gregory Example"


@pytest.mark.parametrize(
    ("requester", "named"),
    [
        ({"reference": "Practitioner/1", "display": "Dr. Example"}, "Dr. Example (Practitioner/1)"),
        ({"reference": "Practitioner/2", "display": "Dr. Example"}, "Practitioner/1"),
        ({"reference": "Practitioner/1"}, "Practitioner/1"),
        ({}, "Practitioner/1"),
    ],
)
def test_who_opened_the_page_is_named_where_the_order_names_them(
    requester: dict[str, str], named: str
) -> None:
    order = Resource({**ORDER, "requester": requester}, "draft order")
    assert name_of("Practitioner/1", order) == named
    assert name_of("Practitioner/1", None) == "Practitioner/1"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("otherObservations", "other observations"),
        ("coverage", "coverage"),
        ("medicationRequests", "medication requests"),
    ],
)
def test_a_kind_of_data_in_words(kind: str, words: str) -> None:
    assert kinds_in_words(kind) == words


def test_the_form_says_what_is_not_in_the_record() -> None:
    bare = fields()
    assert {label for label, value in bare.items() if value == ABSENT} == {
        "Member id", "Plan", "Prescriber", "NPI", "ICD-10",
    }  # fmt: skip
    without = replace(examples.UNKNOWN, planned="", dose=None)
    assert {f.value for f in form_fields(without, examples.CHART, examples.CLOCK)} == {ABSENT}


def test_a_cancelled_coverage_is_nobodys_plan_and_a_member_number_counts() -> None:
    assert fields({**COVERAGE, "status": "cancelled"})["Member id"] == ABSENT
    member = {"type": {"coding": [{"code": "MB"}]}, "value": "MB-9"}
    numbered = {key: value for key, value in COVERAGE.items() if key != "subscriberId"}
    assert fields({**numbered, "identifier": [{"value": "other"}, member]})["Member id"] == "MB-9"


def test_the_diagnosis_on_record_stands_where_the_order_gives_no_reason() -> None:
    code = coded("http://hl7.org/fhir/sid/icd-10-cm", "C91.00", "ALL not having achieved remission")
    condition = {"resourceType": "Condition", "id": "dx", "subject": PATIENT, "code": code}
    order = {key: value for key, value in ORDER.items() if key != "reasonCode"}
    assert fields(order, condition)["ICD-10"] == "C91.00 ALL not having achieved remission"


@pytest.mark.parametrize("odd", [7, "x", ["x"], {"reference": 7}, [{"coding": 3}]])
def test_odd_shapes_leave_the_form_without_that_field(odd: object) -> None:
    broken = {**ORDER, "requester": odd, "reasonCode": odd, "reasonReference": odd}
    shapes = {**COVERAGE, "subscriberId": odd, "identifier": odd, "payor": odd, "class": odd}
    found = fields(broken, shapes)
    assert (found["NPI"], found["ICD-10"]) == (ABSENT, ABSENT)
