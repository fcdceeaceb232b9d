"""Which order the page is about, and what the reader should know of that choice.

First the draft behind the card, then an order that the launch names, then the next order of
the chart, and with none of these the policy's drug as if it were ordered today.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cds_service.fhir.json_types import as_text
from cds_service.fhir.record import Record, Resource
from cds_service.policies import DrugPolicy
from cds_service.smart.handoff import Drafts
from cds_service.values import dataclass

_ASSUMED = "assumed"
_OPEN = {"draft", "active", "on-hold"}
_FROM_CARD = "This page is about the order you are signing."
_CARD_LOST = (
    "The order behind the card could not be used: it is older than fifteen minutes, or of another patient, "
    "user or EHR. This page is from the chart alone."
)
_NO_CARD = "Opened without an order on a card: this page is from the chart alone."
_AS_IF = "The chart holds no such order; the criteria are shown as if it were ordered today, without a dose."


@dataclass(frozen=True, slots=True)
class Subject:
    """The orders to be evaluated together, the one that the page shows, and what the reader should know."""

    policy: DrugPolicy
    orders: tuple[Resource, ...]
    shown: str
    notices: tuple[str, ...]

    @property
    def is_ordered(self) -> bool:
        """Whether there is an order; else the drug is looked at as if it were ordered today."""
        return all(order.origin != _ASSUMED for order in self.orders)


def choose(
    policies: Sequence[DrugPolicy],
    record: Record,
    drafts: Drafts | None,
    *,
    named: Sequence[str],
    came_from_card: bool,
    clock: datetime,
) -> Subject:
    """Pick the order. There is at least one policy."""
    if drafts is not None:
        orders = drafts.resources
        for policy in policies:
            if any(o.reference == drafts.order and policy.in_scope(o, record.resolve) for o in orders):
                return Subject(policy, orders, drafts.order, (_FROM_CARD,))
    notice = _CARD_LOST if came_from_card else _NO_CARD
    for policy in policies:
        if (order := _of_chart(policy, record, named, clock)) is not None:
            about = f"It is about {order.reference} ({as_text(order.body.get('status'))})."
            return Subject(policy, (order,), order.reference, (f"{notice} {about}",))
    as_if = _as_if_ordered(policies[0], record.patient_id, clock)
    return Subject(policies[0], (as_if,), as_if.reference, (notice, _AS_IF))


def _of_chart(policy: DrugPolicy, record: Record, named: Sequence[str], clock: datetime) -> Resource | None:
    """The order that the launch named, else the next one planned, else the last one planned."""
    orders = [
        resource
        for kind in ("MedicationRequest", "ServiceRequest")
        for resource in record.of_type(kind)
        if as_text(resource.body.get("status")) in _OPEN and policy.in_scope(resource, record.resolve)
    ]
    by_name = [order for order in orders if order.reference in named]
    planned = {order.reference: policy.order_of(order, clock).planned for order in orders}
    today = clock.date()
    coming = sorted(orders, key=lambda o: (planned[o.reference] < today, abs(planned[o.reference] - today)))
    return next(iter((*by_name, *coming)), None)


def _as_if_ordered(policy: DrugPolicy, patient_id: str, clock: datetime) -> Resource:
    body = {
        "resourceType": "MedicationRequest",
        "id": "as-if-ordered-today",
        "status": "draft",
        "intent": "proposal",
        "subject": {"reference": f"Patient/{patient_id}"},
        "medicationCodeableConcept": {"text": policy.reference.drug.name},
        "authoredOn": clock.isoformat(),
        "occurrenceDateTime": clock.date().isoformat(),
    }
    return Resource(body, _ASSUMED)
