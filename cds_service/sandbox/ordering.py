"""What an EHR does around an order: asks the service, applies suggestions, reports back.

No Flask and no HTTP; the caller posts. The orders travel with the page, so the sandbox keeps none.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from cds_service.fhir import quantities
from cds_service.fhir.json_types import as_dict, as_dicts, as_text
from cds_service.fhir.record import Resource

USER = "Practitioner/sandbox-oncologist"
Orders = Sequence[Mapping[str, Any]]


def hook_request(fhir_base: str, patient_id: str, orders: Orders, token: str, scope: str) -> dict[str, Any]:
    """An order-sign request without prefetch: the service reads what it needs."""
    return {
        "hook": "order-sign",
        "hookInstance": str(uuid.uuid4()),
        "fhirServer": fhir_base,
        "fhirAuthorization": {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": scope,
            "subject": "payer-policy-cds",
            "patient": patient_id,
        },
        "context": {
            "userId": USER,
            "patientId": patient_id,
            "draftOrders": {"resourceType": "Bundle", "type": "collection", "entry": _entries(orders)},
        },
    }


def _entries(orders: Orders) -> list[dict[str, Any]]:
    return [{"resource": order} for order in orders]


def applied(orders: Orders, suggestion: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The orders after a suggestion's actions: create adds, update replaces, delete removes."""
    kept = list(orders)
    for action in as_dicts(suggestion.get("actions")):
        resource = as_dict(action.get("resource"))
        reference = Resource(resource).reference
        kind = action.get("type")
        if kind == "create":
            kept.append({**resource, "id": resource.get("id") or f"draft-{uuid.uuid4().hex[:8]}"})
        elif kind == "update":
            kept = [resource if Resource(order).reference == reference else order for order in kept]
        elif kind == "delete":
            gone = {as_text(action.get("resourceId")), reference}
            kept = [order for order in kept if Resource(order).reference not in gone]
    return kept


def accepted(card: str, suggestion: str) -> dict[str, Any]:
    """Feedback: a suggestion was taken."""
    return _feedback({"card": card, "outcome": "accepted", "acceptedSuggestions": [{"id": suggestion}]})


def overridden(card: str, reason: Mapping[str, Any], comment: str) -> dict[str, Any]:
    """Feedback: the prescriber goes on against the card, and says why."""
    said: dict[str, Any] = {"reason": dict(reason)} if reason else {}
    said |= {"userComment": comment} if comment else {}
    return _feedback({"card": card, "outcome": "overridden", **({"overrideReason": said} if said else {})})


def _feedback(item: Mapping[str, Any]) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return {"feedback": [{**item, "outcomeTimestamp": now}]}


def in_words(order: Mapping[str, Any]) -> str:
    """An order as one line."""
    concept = as_dict(order.get("medicationCodeableConcept")) or as_dict(order.get("code"))
    names = [
        as_text(concept.get("text")),
        *(as_text(c.get("display")) for c in as_dicts(concept.get("coding"))),
    ]
    codes = [as_text(c.get("code")) for c in as_dicts(concept.get("coding"))]
    reference = as_text(as_dict(order.get("medicationReference")).get("display"))
    name = next((n for n in (*names, reference, *codes) if n), "an order")
    texts = [as_text(d.get("text")) for d in as_dicts(order.get("dosageInstruction"))]
    return " · ".join(part for part in (name, _dose(order), *texts) if part)


def _dose(order: Mapping[str, Any]) -> str:
    for dosage in as_dicts(order.get("dosageInstruction")):
        for rate in (*as_dicts(dosage.get("doseAndRate")), dosage):
            if quantity := as_dict(rate.get("doseQuantity")):
                return quantities.in_words(quantity)
    return ""
