"""Drugs that a care plan schedules: its activities, with their own times and states, and its title in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import tzinfo
from typing import Any

from cds_service.clinical.therapy.drugs import drugs_in_text, ingredients
from cds_service.fhir.codings import words_in
from cds_service.fhir.dates import When, end_of, read_when, start_of
from cds_service.fhir.json_types import as_dict, as_dicts, as_list, as_prose, as_text
from cds_service.fhir.record import Record, Resource
from cds_service.fhir.requests import stands
from cds_service.values import dataclass

_CURRENT = frozenset({"active", "draft", "on-hold"})
_OVER = frozenset({"completed", "stopped"})


@dataclass(frozen=True, slots=True)
class PlannedDrug:
    """One activity of a current care plan that gives drugs; ``start`` and ``end`` as far as they are stated."""

    drugs: frozenset[str]
    text: str
    start: When | None
    end: When | None
    reference: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A current care plan: its period, its activities that give drugs, and its title and description."""

    reference: str
    start: When | None
    end: When | None
    texts: tuple[str, ...]
    activities: tuple[PlannedDrug, ...]


def current_plans(record: Record, zone: tzinfo) -> Iterator[Plan]:
    """The care plans that are neither over nor revoked."""
    for resource in record.of_type("CarePlan"):
        if as_text(resource.body.get("status")) in _CURRENT:
            yield _plan(resource, record, zone)


def _plan(resource: Resource, record: Record, zone: tzinfo) -> Plan:
    body = resource.body
    start, end = start_of(body.get("period"), zone), end_of(body.get("period"), zone)
    texts = [as_prose(body.get(m)) for m in ("title", "description")]
    texts += [as_prose(n.get("text")) for n in as_dicts(body.get("note"))]
    found = []
    for activity in as_dicts(body.get("activity")):
        detail = as_dict(activity.get("detail"))
        if stands(detail) and as_text(detail.get("status")) not in _OVER:
            found.append(_activity(detail, resource, record, (start, end), zone))
    return Plan(
        resource.reference, start, end, tuple(t for t in texts if t), tuple(a for a in found if a.drugs)
    )


def _activity(
    detail: Mapping[str, Any],
    plan: Resource,
    record: Record,
    period: tuple[When | None, When | None],
    zone: tzinfo,
) -> PlannedDrug:
    product = as_dict(detail.get("productCodeableConcept"))
    pointer = as_text(as_dict(detail.get("productReference")).get("reference")) or ""
    if not product and (medication := record.resolve(pointer, plan)) is not None:
        product = as_dict(medication.body.get("code"))
    texts = (words_in(detail.get("code")), words_in(product), as_prose(detail.get("description")) or "")
    text = " ; ".join(t for t in texts if t)
    own = detail.get("scheduledPeriod")
    events = [
        w for e in as_list(as_dict(detail.get("scheduledTiming")).get("event")) if (w := read_when(e, zone))
    ]
    return PlannedDrug(
        drugs=ingredients(detail.get("code")) | ingredients(product) | drugs_in_text(text),
        text=text,
        start=start_of(own, zone) or (events[0] if events else period[0]),
        end=end_of(own, zone) or (events[-1] if events else period[1]),
        reference=plan.reference,
    )
