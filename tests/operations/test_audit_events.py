"""Audit events: valid FHIR R4, in IHE's patterns, one for each deed, and an answer for none without."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from fhir.resources.R4B.auditevent import AuditEvent
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from cds_service.operations.audit_events import Deed, audit_event
from cds_service.store import audit_trail
from tests.operations.conftest import PUBLIC_URL, bearer

HOOK = "/cds-services/inotuzumab-order-sign"
BODY = {"context": {"patientId": "pat-1"}, "cards": [{"uuid": "c1", "kind": "dose"}]}
FULL = Deed(
    what="hook",
    service="inotuzumab-order-sign",
    tenant="hospital-a",
    status=200,
    request_id="0b0d8e0c-3a58-4c3f-8f6e-1f2f3f4f5f6f",
    caller="https://ehr.example.org",
    user="Practitioner/1",
    patients=("Patient/pat-1",),
    orders=("MedicationRequest/draft-1", "urn:uuid:0b0d8e0c", "draftOrders.entry[0]"),
    policies=(("MP-RX-FP-12-23", "2026-03-24"),),
    cards=("c1", "c2"),
    facts=(("unseen", "observations"), ("ms", "41.5")),
    outcome_text="",
)


def _bare(what: str, status: int) -> Deed:
    return Deed(what, "", "dev", status, "0b0d8e0c-3a58-4c3f-8f6e-1f2f3f4f5f6f")


@pytest.mark.parametrize(
    "deed", [FULL, _bare("hook", 400), _bare("feedback", 200), _bare("view", 503)], ids=lambda d: d.what
)
def test_events_are_valid_by_the_models_of_fhir_resources(deed: Deed) -> None:
    line = audit_event(deed, 1_776_254_400.5, PUBLIC_URL)

    assert "\n" not in line
    assert AuditEvent.model_validate_json(line).recorded.isoformat() == "2026-04-15T12:00:00.500000+00:00"


def test_an_event_says_who_did_what_about_whom() -> None:
    event = json.loads(audit_event(FULL, 1_776_254_400, PUBLIC_URL))

    assert [agent["who"] for agent in event["agent"]] == [
        {"identifier": {"value": "https://ehr.example.org"}},
        {"identifier": {"value": PUBLIC_URL}},
        {"reference": "Practitioner/1"},
    ]
    assert [agent["requestor"] for agent in event["agent"]] == [False, False, True]
    assert [entity["what"] for entity in event["entity"]] == [
        {"reference": "Patient/pat-1"},
        {"reference": "MedicationRequest/draft-1"},
        {"identifier": {"value": "urn:uuid:0b0d8e0c"}},
        {"identifier": {"value": "draftOrders.entry[0]"}},
        {"identifier": {"value": "MP-RX-FP-12-23"}},
        {"identifier": {"value": FULL.request_id}},
    ]


@pytest.mark.parametrize(("status", "outcome"), [(200, "0"), (303, "0"), (400, "4"), (412, "4"), (503, "8")])
def test_the_outcome_tells_whose_failure_it_was(status: int, outcome: str) -> None:
    assert json.loads(audit_event(_bare("hook", status), 1.0, PUBLIC_URL))["outcome"] == outcome


def _events(client: FlaskClient) -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for line in audit_trail.exported(client.application.extensions["payer-policy-cds-trust"].database)
    ]


def test_each_authenticated_call_leaves_one_event_with_its_outcome(client: FlaskClient) -> None:
    client.post(HOOK, json=BODY, headers=bearer())
    client.post(HOOK, data=b"{", headers=bearer())
    client.post(f"{HOOK}/feedback", json={"feedback": [1]}, headers=bearer(f"{HOOK}/feedback"))

    assert [(event["action"], event["outcome"]) for event in _events(client)] == [
        ("E", "0"),
        ("E", "4"),
        ("C", "4"),
    ]


def test_a_refused_caller_discovery_and_health_leave_none(client: FlaskClient) -> None:
    client.post(HOOK, json=BODY)
    client.get("/cds-services")
    client.get("/healthz")

    assert _events(client) == []


def test_an_answer_that_cannot_be_accounted_for_is_not_given(service: Callable[..., Flask]) -> None:
    app = service()
    with app.extensions["payer-policy-cds-trust"].database.write() as db:
        db.execute(text("DROP TABLE audit"))

    answer = app.test_client().post(HOOK, json=BODY, headers=bearer())

    assert answer.status_code == 503
    assert b"dose" not in answer.data
