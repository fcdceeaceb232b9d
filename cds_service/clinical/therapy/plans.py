"""Drugs that a care plan schedules: its activities, with their own times and states, and its title in words.

An activity that stands in the plan itself is read like an order. One that is a resource of the record is none
of its own here: that resource says it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import tzinfo
from typing import Any

from cds_service.clinical.therapy.exposure import ONLY_PROPOSED, DrugUse, use_of
from cds_service.clinical.therapy.services import draft_use, drugs_ordered
from cds_service.fhir.codings import words_in
from cds_service.fhir.dates import When, end_of, start_of
from cds_service.fhir.json_types import as_dict, as_dicts, as_prose, as_text
from cds_service.fhir.other_versions import in_r4
from cds_service.fhir.record import Record, Resource
from cds_service.fhir.references import contained_id
from cds_service.fhir.requests import stands
from cds_service.values import dataclass

_CURRENT = frozenset({"active", "draft", "on-hold"})
_OVER = frozenset({"completed", "stopped"})
_REASONS = ("reasonCode", "reasonReference")
# What an order calls the product, and an activity.
_PRODUCT = {"medicationCodeableConcept": "productCodeableConcept", "medicationReference": "productReference"}


@dataclass(frozen=True, slots=True)
class Plan:
    """A current care plan: its period, its activities as orders, also without a known drug, and its title and description."""

    reference: str
    on_hold: bool
    start: When | None
    end: When | None
    texts: tuple[str, ...]
    activities: tuple[DrugUse, ...]


def current_plans(record: Record, zone: tzinfo) -> Iterator[Plan]:
    """The care plans that are neither over nor revoked."""
    for resource in record.of_type("CarePlan"):
        if as_text(resource.body.get("status")) in _CURRENT:
            yield _plan(resource, record, zone)


def _plan(resource: Resource, record: Record, zone: tzinfo) -> Plan:
    body = resource.body
    texts = [as_prose(body.get(m)) for m in ("title", "description")]
    texts += [as_prose(n.get("text")) for n in as_dicts(body.get("note"))]
    on_hold = body.get("status") == "on-hold"
    found = [
        replace(use, reference=resource.reference, status="on-hold" if on_hold else use.status)
        for activity in as_dicts(body.get("activity"))
        for use in _activity(activity, resource, record, zone)
    ]
    return Plan(
        resource.reference, on_hold, start_of(body.get("period"), zone), end_of(body.get("period"), zone),
        tuple(t for t in texts if t), tuple(found),
    )  # fmt: skip


def _activity(activity: Mapping[str, Any], plan: Resource, record: Record, zone: tzinfo) -> Iterator[DrugUse]:
    """The drugs that one activity schedules, those in doubt apart."""
    if "reference" in activity:
        yield from _referred(as_dict(activity["reference"]), plan, record, zone)
        return
    detail = in_r4(as_dict(activity.get("detail")))
    if not stands(detail) or as_text(detail.get("status")) in _OVER:
        return
    use = _as_order(detail, plan, record, zone)
    named = drugs_ordered({"code": detail.get("code")})
    told = [named, drugs_ordered({"code": {"text": _description(detail)}})]
    sure = use.drugs.union(*(drugs for drugs, is_sure in told if is_sure))
    yield replace(use, drugs=sure)
    if doubtful := frozenset[str]().union(*(drugs for drugs, _ in told)) - sure:
        yield replace(use, drugs=doubtful, in_doubt=True)


def _as_order(detail: Mapping[str, Any], plan: Resource, record: Record, zone: tzinfo) -> DrugUse:
    """An activity as the order for its product that it stands for; a reason that it does not state is the plan's."""
    own = {member: detail[member] for member in _REASONS if member in detail}
    texts = (words_in(detail.get("code")), _description(detail), as_prose(detail.get("scheduledString")))
    body = {
        "resourceType": "MedicationRequest",
        "status": "on-hold" if detail.get("status") == "on-hold" else "active",
        "intent": "plan",
        "contained": plan.body.get("contained"),
        "dosageInstruction": [
            {"timing": detail.get("scheduledTiming"), "text": " ; ".join(t for t in texts if t)}
        ],
    }
    for ours, theirs in _PRODUCT.items():
        if theirs in detail:
            body[ours] = detail[theirs]
    use = use_of(Resource(body | (own or {"addresses": plan.body.get("addresses")})), record, zone)
    period = detail.get("scheduledPeriod")
    return replace(use, start=start_of(period, zone) or use.start, end=end_of(period, zone) or use.end)


def _description(detail: Mapping[str, Any]) -> str:
    return as_prose(detail.get("description")) or ""


def _referred(pointer: Mapping[str, Any], plan: Resource, record: Record, zone: tzinfo) -> Iterator[DrugUse]:
    """The order that a plan contains; one that could not be read, by the name that the plan gives it."""
    reference = as_text(pointer.get("reference")) or ""
    order = record.resolve(reference, plan)
    if order is None:
        drugs, _ = drugs_ordered({"code": {"text": as_prose(pointer.get("display"))}})
        yield replace(_as_order({}, plan, record, zone), drugs=drugs, in_doubt=True)
    elif contained_id(reference) is not None and stands(order.body):
        use = draft_use(order, record, zone)
        if use is not None and use.status not in _OVER and use.intent not in ONLY_PROPOSED:
            yield use
