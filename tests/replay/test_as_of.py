"""As of the order: what is dated later is not seen, and the order itself and later ones are no doses given."""

from __future__ import annotations

import copy
from datetime import datetime

import pytest

from cds_service.fhir.record import Resource
from cds_service.replay.deciding.as_of import clock_of, signed_together
from tests.replay.populations import decisions_of, exported, one, rejected, replay

PATIENT = "second-cycle-after-cr"
SUBJECT = {"reference": f"Patient/{PATIENT}"}
DAY = "2026-04-16"


def order(**members):
    return Resource({"resourceType": "MedicationRequest", "id": "o", "status": "draft", **members})


@pytest.mark.parametrize(
    ("members", "clock"),
    [
        ({"authoredOn": "2026-04-15T09:30:00-04:00"}, "2026-04-15T09:30:00-04:00"),
        ({"authoredOn": "2026-04-15"}, "2026-04-15T23:59:59+00:00"),
        ({"authoredOn": "9999-12-31", "dosageInstruction": [{"timing": {"event": [DAY]}}]}, f"{DAY}T23:59:59+00:00"),
        ({"dosageInstruction": [{"timing": {"event": [DAY]}}]}, f"{DAY}T23:59:59+00:00"),
        ({"resourceType": "ServiceRequest", "occurrenceDateTime": DAY}, f"{DAY}T23:59:59+00:00"),
        ({}, None),
    ],
)  # fmt: skip
def test_the_clock_is_the_day_of_writing_else_the_planned_day(members, clock):
    assert clock_of(order(**members)) == (None if clock is None else datetime.fromisoformat(clock))


@pytest.mark.parametrize(
    ("mine", "other", "together"),
    [
        ({"authoredOn": "2026-04-15"}, {"authoredOn": "2026-04-15"}, True),
        ({"authoredOn": "2026-04-15"}, {"authoredOn": "2026-04-15", "status": "active"}, True),
        ({"authoredOn": "2026-04-15"}, {"authoredOn": "2026-04-14"}, True),  # drafts: neither is signed yet
        ({"authoredOn": "2026-04-15"}, {"authoredOn": "2026-04-14", "status": "active"}, False),
        ({"authoredOn": "2026-04-15"}, {"authoredOn": "2026-04-16"}, False),
        ({"authoredOn": "2026-04-15"}, {}, True),
        ({}, {}, True),
        ({"status": "active"}, {"status": "active"}, False),
        (
            {"authoredOn": "2026-04-15T09:00:00Z", "status": "active"},
            {"authoredOn": "2026-04-15T10:00:00Z", "status": "active"},
            False,
        ),
    ],
)
def test_which_orders_are_signed_together(mine, other, together):
    a, b = order(**mine), order(**{"id": "p", **other})
    assert (b in signed_together(a, [a, b])) is together


def later_events():
    """What came after the order: its own dose, the next order with its dose, a stop, a count, a plan."""
    next_order = copy.deepcopy(one()[-1]) | {"id": "next", "status": "completed", "authoredOn": "2026-04-22"}
    next_order["dosageInstruction"][0]["timing"]["event"] = ["2026-04-23"]
    next_order["dosageInstruction"][0]["text"] = "Cycle 2 Day 8"
    given = next(b for b in one() if b["resourceType"] == "MedicationAdministration")
    return [
        next_order,
        given | {"id": "own", "effectiveDateTime": f"{DAY}T10:00:00-04:00"},
        given | {"id": "after", "effectiveDateTime": "2026-04-23T10:00:00-04:00"},
        {
            "resourceType": "Condition", "id": "vod", "subject": SUBJECT, "recordedDate": "2026-05-01",
            "onsetDateTime": "2026-04-29", "code": {"text": "Hepatic veno-occlusive disease, grade 3"},
        },
        {
            "resourceType": "DocumentReference", "id": "late", "status": "current", "subject": SUBJECT,
            "date": "2026-05-02T10:00:00Z", "description": "Disease progression after cycle 2",
        },
        {
            "resourceType": "CarePlan", "id": "plan", "status": "active", "intent": "plan", "subject": SUBJECT,
            "created": "2026-05-03", "description": "Proceed to HSCT",
        },
    ]  # fmt: skip


def test_what_is_dated_after_the_order_changes_nothing(tmp_path):
    (alone,) = decisions_of(tmp_path / "a", one())
    first, second = decisions_of(tmp_path / "b", [*one(), *later_events()])
    assert second["order"] == f"MedicationRequest/{PATIENT}-draft-1"
    assert second == alone
    assert first["order"] == "MedicationRequest/next"
    assert (first["cycle"], first["day"]) == (2, 8)


def test_at_one_instant_all_is_seen(tmp_path):
    found = decisions_of(tmp_path, [*one(), *later_events()], "--as-of", "2026-06-01T00:00:00Z")
    assert {line["as_of"] for line in found} == {"2026-06-01T00:00:00+00:00"}
    assert all("permanent-discontinuation" in {f["kind"] for f in line["findings"]} for line in found)


def test_an_order_that_was_given_is_no_dose_before_itself(tmp_path):
    """Completed, and planned for the day on which it was written; what was given on it carries no time, or names it."""
    *rest, draft = one()
    own = copy.deepcopy(draft) | {"status": "completed", "authoredOn": DAY}
    given = next(b for b in rest if b["resourceType"] == "MedicationAdministration")
    (alone,) = decisions_of(tmp_path / "a", [*rest, own])
    same_day = given | {"id": "own", "effectiveDateTime": DAY}
    dated = given | {"id": "own", "effectiveDateTime": f"{DAY}T08:00:00Z"}
    named = dated | {
        "effectiveDateTime": "2026-04-15T10:00:00Z",
        "request": {"reference": f"MedicationRequest/{own['id']}"},
    }
    billed = {
        "resourceType": "Procedure", "id": "billed", "status": "completed", "subject": given["subject"],
        "code": given["medicationCodeableConcept"], "performedDateTime": DAY,
    }  # fmt: skip
    for place, dose in enumerate((same_day, dated, named, billed)):
        (line,) = decisions_of(tmp_path / f"b{place}", [*rest, own, dose])
        assert line == alone
    assert (alone["cycle"], alone["day"]) == (2, 1)


def test_a_dose_given_before_the_time_of_the_order_counts(tmp_path):
    """An order written at a time of day, and a dose given earlier on that day: two doses, or a contradiction, but seen."""
    *rest, draft = one()
    own = copy.deepcopy(draft) | {"authoredOn": f"{DAY}T12:00:00Z"}
    given = next(b for b in rest if b["resourceType"] == "MedicationAdministration")
    (alone,) = decisions_of(tmp_path / "a", [*rest, own])
    (line,) = decisions_of(
        tmp_path / "b", [*rest, own, given | {"id": "own", "effectiveDateTime": f"{DAY}T08:00:00Z"}]
    )
    assert line != alone


def test_a_result_written_after_the_order_is_not_seen_whatever_day_it_tells_of(tmp_path):
    late = {
        "resourceType": "Observation", "id": "late", "status": "final", "subject": SUBJECT,
        "effectiveDateTime": "2026-04-15T08:00:00Z", "issued": "2026-04-20T08:00:00Z",
        "code": {"coding": [{"system": "http://loinc.org", "code": "777-3"}]},
        "valueQuantity": {"value": 3, "unit": "10*3/uL", "system": "http://unitsofmeasure.org", "code": "10*3/uL"},
    }  # fmt: skip
    (alone,) = decisions_of(tmp_path / "a", one())
    (line,) = decisions_of(tmp_path / "b", [*one(), late])
    assert line == alone
    (then,) = decisions_of(tmp_path / "c", [*one(), late | {"issued": "2026-04-15T09:00:00Z"}])
    assert then != alone


def test_an_order_without_any_date_is_rejected_and_says_what_to_do(tmp_path):
    *rest, draft = one()
    del draft["authoredOn"], draft["dosageInstruction"][0]["timing"]
    folder = exported(tmp_path / "in", [*rest, draft])
    assert replay(folder, out=tmp_path / "out").exit_code == 1
    (found,) = rejected(tmp_path / "out")
    assert found["file"] == "MedicationRequest.ndjson"
    assert "--as-of" in found["reason"]
    more = ("--workers", "1", "--as-of", "2026-04-15T09:00:00-04:00")
    assert replay(folder, out=tmp_path / "at", more=more).exit_code == 0


def test_a_result_without_a_time_is_as_late_as_its_report(tmp_path):
    result = {
        "resourceType": "Observation", "id": "late", "status": "final", "subject": SUBJECT,
        "code": {"coding": [{"system": "http://loinc.org", "code": "777-3"}]},
        "valueQuantity": {"value": 3, "unit": "10*3/uL", "system": "http://unitsofmeasure.org", "code": "10*3/uL"},
    }  # fmt: skip
    report = {
        "resourceType": "DiagnosticReport", "id": "r", "status": "final", "subject": SUBJECT, "code": {"text": "CBC"},
        "effectiveDateTime": "2026-04-15T08:00:00Z", "issued": "2026-04-20T08:00:00Z",
        "result": [{"reference": "Observation/late"}],
    }  # fmt: skip
    (alone,) = decisions_of(tmp_path / "a", one())
    (line,) = decisions_of(tmp_path / "b", [*one(), result, report])
    assert line == alone
    (then,) = decisions_of(tmp_path / "c", [*one(), result, report | {"issued": "2026-04-15T09:00:00Z"}])
    assert then != alone
