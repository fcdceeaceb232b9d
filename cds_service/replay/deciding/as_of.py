"""The clock of an order of the past, and what of today's record was there to be seen at that time.

The order, those signed with it and those written later are no doses given: neither they nor what was
given on them. What a record of today cannot tell of an earlier day stands in :data:`LIMITS`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, tzinfo

from cds_service.clinical.statements import when_stated
from cds_service.clinical.therapy.exposure import MEDICATION_TYPES, use_of
from cds_service.clinical.therapy.orders import Order, read_order, zone_of
from cds_service.clinical.therapy.services import service_use
from cds_service.fhir.dates import When, effective, read_when, start_of
from cds_service.fhir.json_types import as_dict, as_dicts, as_text
from cds_service.fhir.record import Record, Resource, record_from
from cds_service.fhir.references import local_reference
from cds_service.replay.reading.lines import ORDER_TYPES

LIMITS = (
    "Corrections: a result or note that was corrected later is seen as it was corrected, also at earlier orders.",
    "Status at that time: an order, condition or plan has the status of the day of the export; whether it was "
    "active, on hold or resolved on the day of the order is known only where dates tell it.",
    "Entries written late: what was entered after the order is not seen, also where it tells of an earlier day; "
    "where a system stamped old entries with the day on which they were moved, they are not seen at earlier orders.",
    "Entries without a date are seen at every order.",
    "An order whose date has no time of day is answered with all that is dated up to the end of that day, except "
    "what was given on the order itself.",
    "Types of resources that the export does not hold are read as known to be empty: whether they were left out of "
    "the export, or nothing of them was recorded, cannot be told.",
    "Whose plan paid is not looked at, and no EHR was asked anything.",
)
# Where a resource says when it was written down, not what day it tells of.
_WRITTEN = ("authoredOn", "recordedDate", "issued", "dateAsserted", "created")
_DAY_ENDS = time(23, 59, 59)


def written(resource: Resource) -> When | None:
    """When a resource was written down, as far as it says so."""
    members = (*_WRITTEN, "date") if resource.type == "DocumentReference" else _WRITTEN
    return next((w for m in members if (w := read_when(resource.body.get(m))) is not None), None)


def clock_of(order: Resource) -> datetime | None:
    """``authoredOn``, else the planned day; a day is meant to its end, in UTC. None when neither is stated."""
    when = read_when(order.body.get("authoredOn"))
    if when is None:
        read = read_order(order, datetime(2000, 1, 1, tzinfo=UTC))
        return _end_of(read.planned) if read.planned_is_stated else None
    return when.instant or _end_of(when.last)


def _end_of(day: date) -> datetime:
    return datetime.combine(day, _DAY_ENDS, tzinfo=UTC)


def signed_together(order: Resource, others: Iterable[Resource]) -> tuple[Resource, ...]:
    """The order with those of the same signing: written at the same time, or drafts as this one is and not later."""
    mine = read_when(order.body.get("authoredOn"))
    both = [order]
    for other in others:
        if other.reference == order.reference:
            continue
        when = read_when(other.body.get("authoredOn"))
        same = when is not None and when == mine
        undated = when is None or mine is None
        unsigned = _status(order) == _status(other) == "draft"
        if same or (unsigned and (undated or not _is_later(when, mine))):
            both.append(other)
    return tuple(sorted(both, key=lambda r: r.reference))


def _is_later(when: When | None, than: When | None) -> bool:
    return when is not None and than is not None and when.first > than.last


def _status(resource: Resource) -> str | None:
    return as_text(resource.body.get("status"))


def seen_at(
    clock: datetime, order: Order, together: Sequence[Resource], resources: Sequence[Resource]
) -> list[Resource]:
    """What of a patient's resources was there at the clock of an order; those signed with it are not among them."""
    signed = {r.reference for r in together}
    undated = _results_of_later_reports(clock, resources)
    there = [r for r in resources if r.reference not in signed | undated and _was_there(r, clock)]
    later = {r.reference for r in resources if r.type in ORDER_TYPES} - {r.reference for r in there}
    own = _own_doses(clock, order, there)
    return [r for r in there if later.isdisjoint(_orders_behind(r)) and r.reference not in own]


def _was_there(resource: Resource, clock: datetime) -> bool:
    when = written(resource)
    if when is None and resource.type in ("MedicationRequest", "ServiceRequest", "CarePlan", "Appointment"):
        when = _planned(resource)
    return when is None or when.has_happened(clock)


def _results_of_later_reports(clock: datetime, resources: Sequence[Resource]) -> frozenset[str]:
    """The results that have no time of their own, and get that of a report which was not there yet."""
    later = [r for r in resources if r.type == "DiagnosticReport" and not _was_there(r, clock)]
    named = {
        local_reference(as_text(pointer.get("reference")) or "")
        for report in later
        for pointer in as_dicts(report.body.get("result"))
    }
    return frozenset(
        r.reference
        for r in resources
        if r.reference in named and written(r) is None and effective(r.body) is None
    )


def _planned(resource: Resource) -> When | None:
    """The day that a plan is for, where it does not say when it was made."""
    body = resource.body
    if resource.type == "CarePlan":
        return start_of(body.get("period"))
    if resource.type == "Appointment":
        return read_when(body.get("start"))
    clock = clock_of(resource)
    return When(clock.date(), clock.date()) if clock is not None else None


def _orders_behind(resource: Resource) -> list[str]:
    """The orders that something was given or handed out on."""
    if resource.type not in MEDICATION_TYPES or resource.type == "MedicationRequest":
        return []
    pointers = [as_dict(resource.body.get("request"))]
    pointers += [p for m in ("authorizingPrescription", "basedOn") for p in as_dicts(resource.body.get(m))]
    found = (local_reference(as_text(pointer.get("reference")) or "") for pointer in pointers)
    return [name for name in found if name is not None]


def _own_doses(clock: datetime, order: Order, there: Sequence[Resource]) -> frozenset[str]:
    """What was given of the order's drug on the clock's day, if the order is planned for it and no time tells otherwise."""
    zone = zone_of(clock)
    if clock.date() not in order.days:
        return frozenset()
    written_at = read_when(order.resource.body.get("authoredOn"), zone)
    exact = written_at is not None and written_at.instant is not None
    known = record_from("", [r for r in there if r.type in ("Medication", "Substance")])
    drugs = use_of(order.resource, known, zone).drugs
    return frozenset(
        resource.reference
        for resource in there
        if (when := _given(resource)) is not None
        and when.day == clock.date()
        and not (exact and when.instant is not None)
        and not _orders_behind(resource)
        and drugs & _drugs_of(resource, known, zone)
    )


def _drugs_of(resource: Resource, known: Record, zone: tzinfo) -> frozenset[str]:
    if resource.type in MEDICATION_TYPES:
        return use_of(resource, known, zone).drugs
    use = service_use(resource, known, zone)
    return use.drugs if use is not None else frozenset()


def _given(resource: Resource) -> When | None:
    """When something was given, taken, handed out or carried out."""
    if resource.type == "Procedure":
        return when_stated(resource, UTC)
    if resource.type not in MEDICATION_TYPES:
        return None
    return effective(resource.body) or read_when(resource.body.get("whenHandedOver"))
