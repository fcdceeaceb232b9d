"""Other orders of inotuzumab: those of the record that are active, and which of their doses count as given before.

Procedure: docs/policies/inotuzumab/case.md#cycle-and-day.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from cds_service.clinical.chart import Chart
from cds_service.clinical.therapy.drugs import INOTUZUMAB
from cds_service.clinical.therapy.labels import Label
from cds_service.clinical.therapy.orders import Order, is_for
from cds_service.fhir.dates import whole_day
from cds_service.oncology.doses import Dose, is_same_dose
from cds_service.policies.inotuzumab.case.schedule import order_of
from cds_service.policies.inotuzumab.numbers import span


def planned_before(
    order: Order, others: Sequence[Order], chart: Chart, events: Sequence[Dose]
) -> Iterator[Dose]:
    """Other inotuzumab orders, not yet given, with a day from today on and before the planned date."""
    found: dict[date, Dose] = {}
    for other in others:
        newer = [o for o in (order, *others) if o.takes_over(other)]
        for day, label in days_of(other):
            if not any(takes_the_place(o, day, label) for o in newer):
                found.setdefault(day, Dose(day, whole_day(day), label, other.reference, 0, planned=True))
    for day in sorted(found):
        if chart.today <= day < order.planned and not any(
            is_same_dose(day, d.day, span("course.same_dose")) for d in events if d.given
        ):
            yield found[day]


def days_of(other: Order) -> Iterator[tuple[date, Label | None]]:
    """The planned days of an order with the label of each: its own, else the first day that of the order."""
    for dose in other.doses:
        yield dose.day, dose.label or (other.label if dose.day == other.planned else None)


def takes_the_place(newer: Order, day: date, label: Label | None) -> bool:
    """Whether an order that names an earlier one replaces this dose of it: its slot, or less than 6 days away.

    FHIR's ``priorPrescription`` names the order before in a series as well; that one still counts.
    """
    same_slot = label is not None and label in (newer.label, *(d.label for d in newer.doses))
    return same_slot or any(abs(day - own) < span("dose.min_interval") for own in newer.days)


def active_orders(chart: Chart, order: Order, *, dated: bool = True) -> Iterator[Order]:
    """The other active inotuzumab orders of the record: those that state their day, or those that do not."""
    for kind in ("MedicationRequest", "ServiceRequest"):
        for resource in chart.record.of_type(kind):
            body = resource.body
            if body.get("status") != "active" or body.get("intent") in ("proposal", "option"):
                continue
            if resource.reference != order.reference and is_for(resource, INOTUZUMAB, chart.record):
                other = order_of(resource, chart.clock)
                if other.planned_is_stated is dated:
                    yield other
