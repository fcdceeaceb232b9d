"""A view of the detail page leaves one audit event that names the clinician and the patient."""

from __future__ import annotations

import json
from contextvars import ContextVar

import pytest
from fhir.resources.R4B.auditevent import AuditEvent
from flask import Flask, Response

from cds_service.operations import logs
from cds_service.operations.ledger import Ledger
from cds_service.smart.login.session import Login
from cds_service.smart.view_account import viewed
from cds_service.store import audit_trail
from cds_service.store.database import Database
from cds_service.web.accounts import settle

LOGIN = Login(
    tenant="hospital-a",
    iss="https://ehr.example.org/fhir",
    patient="pat-1",
    user="https://ehr.example.org/fhir/Practitioner/1",
    access_token="secret-token",
    scope="patient/*.rs",
    expires_at=0,
    view="v",
    app_context="secret-context",
    need_patient_banner=True,
    intent="",
    orders=(),
)


@pytest.mark.parametrize(
    ("what", "order", "result", "status", "expected"),
    [
        ("view", "MedicationRequest/draft-1", "shown", 200, ("R", "0")),
        ("view", "", "patient-refused", 403, ("R", "4")),
        ("packet", "MedicationRequest/draft-1", "given", 200, ("E", "0")),
    ],
)
def test_a_view_is_accounted_for_with_its_outcome(
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
    order: str,
    result: str,
    status: int,
    expected: tuple[str, str],
) -> None:
    app = Flask(__name__)
    monkeypatch.setattr(logs, "request_id", ContextVar("id", default="0b0d8e0c-3a58-4c3f-8f6e-1f2f3f4f5f6f"))
    with app.test_request_context("/view"):
        viewed(LOGIN, order, result, what)
        settle(Ledger(database, "https://cds.example.org"), Response(status=status))

    [line] = audit_trail.exported(database)
    AuditEvent.model_validate_json(line)
    event = json.loads(line)
    assert (event["action"], event["outcome"]) == expected
    assert event["agent"][2]["who"] == {"reference": LOGIN.user}
    assert event["entity"][0]["what"] == {"reference": "Patient/pat-1"}
    assert ("MedicationRequest/draft-1" in line) == bool(order)
    assert "secret" not in line
