"""Order-sign calls as an EHR would send them, and what is asked of every refusal."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cds_service.evaluation.saved_request import prefetch_of
from cds_service.sandbox.fixtures import FOLDER

CLOCK = "2026-04-15T09:00:00-04:00"
HOOK = "/cds-services/inotuzumab-order-sign"
PATIENT = "relapsed-single-agent"
ABSENT = object()


def order_sign(patient: str = PATIENT) -> dict[str, Any]:
    """A bundled patient's call with every advertised template answered."""
    folder = FOLDER / patient
    whole = prefetch_of((folder / "request.json").read_bytes(), (folder / "resources.json").read_bytes())
    answered: dict[str, Any] = json.loads(whole)
    return answered


def changed(body: Mapping[str, Any], path: str, value: object) -> dict[str, Any]:
    """A copy with one member replaced, or left out when ``value`` is ABSENT."""
    copied: dict[str, Any] = copy.deepcopy(dict(body))
    *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    holder: Any = copied
    for step in way:
        holder = holder[step]
    if value is ABSENT:
        del holder[last]
    else:
        holder[last] = value
    return copied


def sign(client: FlaskClient, body: object, **options: Any) -> TestResponse:
    """Send a call; bytes are sent as they are."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"} | options.pop("headers", {})
    return client.post(HOOK, data=raw, headers=headers, **options)


def order(**members: Any) -> dict[str, Any]:
    """A draft order of the bundled patient."""
    usual = {
        "resourceType": "MedicationRequest",
        "id": "draft-1",
        "status": "draft",
        "intent": "order",
        "subject": {"reference": f"Patient/{PATIENT}"},
    }
    return usual | members


def with_orders(*orders: Mapping[str, Any]) -> dict[str, Any]:
    """The bundled call with other draft orders."""
    return changed(order_sign(), "context.draftOrders.entry", [{"resource": o} for o in orders])


def without_links(response: TestResponse) -> list[dict[str, Any]]:
    """The cards but for the way to the detail view, which needs an EHR that is named."""
    return [{k: v for k, v in card.items() if k != "links"} for card in response.get_json()["cards"]]


def refused(response: TestResponse, status: int, member: str | None = None) -> str:
    """Check that this is a refusal with one error in an OperationOutcome; its text."""
    assert response.status_code == status
    outcome = response.get_json()
    assert outcome["resourceType"] == "OperationOutcome"
    (issue,) = outcome["issue"]
    assert issue["severity"] == "error"
    assert issue.get("expression") == ([member] if member else None)
    text: str = issue["details"]["text"]
    return text
