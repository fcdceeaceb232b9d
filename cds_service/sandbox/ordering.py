"""What an EHR does around an order: asks the service, applies suggestions, reports back.

No Flask and no HTTP; the caller posts. The orders travel with the page, so the sandbox keeps none.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from cards.identity import as_ordered
from cds_service.fhir import quantities
from cds_service.fhir.json_types import as_dict, as_dicts, as_list, as_text
from cds_service.fhir.record import Resource
from cds_service.sandbox.ehr.front_desk import USER
from cds_service.values import dataclass

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


def unstated(orders: Orders) -> list[Mapping[str, Any]]:
    """The orders as they were written: a payer's statement on an earlier form of them says nothing any more."""
    return [as_ordered(order) for order in orders]


def applied(orders: Orders, suggestion: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The orders after the actions of a suggestion or of the service: create adds, update replaces, delete removes."""
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
    """An item of feedback: a suggestion was taken."""
    return _item({"card": card, "outcome": "accepted", "acceptedSuggestions": [{"id": suggestion}]})


def overridden(card: str, reason: Mapping[str, Any], comment: str) -> dict[str, Any]:
    """An item of feedback: the prescriber goes on against the card, and says why where there is more to say."""
    said: dict[str, Any] = {"reason": dict(reason)} if reason else {}
    said |= {"userComment": comment} if comment else {}
    return _item({"card": card, "outcome": "overridden", **({"overrideReason": said} if said else {})})


def _item(said: Mapping[str, Any]) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return {**said, "outcomeTimestamp": now}


@dataclass(frozen=True, slots=True)
class Line:
    """An order in a list of orders. ``state`` is draft, changed, added or signed."""

    drug: str
    dose: str
    instructions: str
    day: str
    state: str


def lines(orders: Orders, before: Orders) -> Iterator[Line]:
    """The orders as lines; ``before`` are the orders as they were first written."""
    first = {Resource(order).reference: order for order in before}
    for order in orders:
        texts = [as_text(d.get("text")) for d in as_dicts(order.get("dosageInstruction"))]
        yield Line(
            _drug(order), _dose(order), ", ".join(t for t in texts if t), _day(order), _state(order, first)
        )


def _state(order: Mapping[str, Any], first: Mapping[str, Any]) -> str:
    if order.get("status") == "active":
        return "signed"
    was = first.get(Resource(order).reference)
    if was is None:
        return "added"
    return "draft" if was == as_ordered(order) else "changed"


def _drug(order: Mapping[str, Any]) -> str:
    concept = as_dict(order.get("medicationCodeableConcept")) or as_dict(order.get("code"))
    names = [
        as_text(concept.get("text")),
        *(as_text(c.get("display")) for c in as_dicts(concept.get("coding"))),
    ]
    codes = [as_text(c.get("code")) for c in as_dicts(concept.get("coding"))]
    reference = as_text(as_dict(order.get("medicationReference")).get("display"))
    return next((n for n in (*names, reference, *codes) if n), "an order")


def _day(order: Mapping[str, Any]) -> str:
    """The planned day, else empty."""
    for dosage in as_dicts(order.get("dosageInstruction")):
        timing = as_dict(dosage.get("timing"))
        bounds = as_dict(as_dict(timing.get("repeat")).get("boundsPeriod"))
        events = [as_text(event) for event in as_list(timing.get("event"))]
        if day := next((d for d in (*events, as_text(bounds.get("start"))) if d), None):
            return day[:10]
    return (as_text(order.get("occurrenceDateTime")) or "")[:10]


def _dose(order: Mapping[str, Any]) -> str:
    for dosage in as_dicts(order.get("dosageInstruction")):
        for rate in (*as_dicts(dosage.get("doseAndRate")), dosage):
            if quantity := as_dict(rate.get("doseQuantity")):
                return quantities.in_words(quantity)
    return ""
