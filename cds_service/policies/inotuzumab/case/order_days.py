"""The days of one order: which cycle and day each planned dose is, and whether two lie too close.

Procedure: docs/policies/inotuzumab/case.md#days-of-one-order.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from cds_service.clinical.therapy.labels import Label
from cds_service.clinical.therapy.orders import Order
from cds_service.clinical.therapy.planned_doses import PlannedDose
from cds_service.fhir.dates import read_when, whole_day
from cds_service.fhir.references import local_reference
from cds_service.oncology.cycle_count import Reading, contradicts, place
from cds_service.oncology.doses import Dose
from cds_service.policies.inotuzumab.case.case import Case
from cds_service.policies.inotuzumab.case.other_orders import active_orders
from cds_service.policies.inotuzumab.case.schedule import schedule
from cds_service.policies.inotuzumab.numbers import days, span


def too_close(order: Order) -> tuple[date, date] | None:
    """Two doses of one order less than 6 days apart, the closest ones; None when there are none."""
    closest = order.closest
    if closest is None or (closest[1] - closest[0]).days >= days("dose.min_interval"):
        return None
    return closest


def undated_orders_of_the_same_dose(case: Case) -> tuple[Order, ...]:
    """Active orders of the record without a day that may be for this dose: of its slot, or written since the last dose.

    Not one that an order replaces or that a dose was given from, and none that is older than an order without an end
    still counts.
    """
    label = case.order.label or (Label(case.cycle, case.day) if case.cycle and case.day else None)
    last = max((d.day for d in case.frame.given), default=None)
    used = {local_reference(use.linked) for use in case.chart.uses if use.linked}
    found = []
    for other in active_orders(case.chart, case.order, dated=False):
        written = read_when(other.resource.body.get("authoredOn"), case.chart.zone)
        recent = written is not None and written.last >= case.planned - span("partner.stale_order")
        for_it = other.label == label if other.label else last is None or (written and written.first > last)
        if recent and for_it and not case.order.takes_over(other) and other.reference not in used:
            found.append(other)
    return tuple(found)


def days_problem(case: Case) -> str:
    """Why it is not sure which days an order's words plan: as read, or as the doses given do not bear them out."""
    day = case.order.first_day_in_words
    if day is None or day in {c.day for c in case.frame.position.candidates}:
        return case.order.days_problem
    counted = " or ".join(str(c) for c in case.frame.position.candidates) or "no day"
    return f"the order begins with day {day} and names no cycle, the doses given lead to {counted}"


def later_places(case: Case) -> Iterator[tuple[PlannedDose, tuple[Label, ...]]]:
    """The planned doses after the first, each with its possible places; none where nothing shows them."""
    readings = [
        Reading().with_dose(_dose(case.order.doses[0], case), candidate)
        for candidate in case.frame.position.candidates
    ]
    borne_out = case.order.days_problem == days_problem(case)
    for planned in case.order.doses[1:]:
        if not borne_out:
            yield planned, ()
            continue
        if not readings:
            yield planned, (planned.label,) if planned.label is not None else ()
            continue
        found = [(reading, slot) for reading in readings for slot in _places(planned, reading)]
        readings = [reading.with_dose(_dose(planned, case), slot) for reading, slot in found]
        yield planned, tuple(sorted({slot for _, slot in found}))


def _places(planned: PlannedDose, reading: Reading) -> set[Label]:
    """By its label; by counting without one; both where the label contradicts the doses before it."""
    counted = set(place(reading, planned.day, schedule()))
    if planned.label is None:
        return counted
    agrees = contradicts(planned.label, reading, planned.day, schedule()) is None
    return {planned.label} if agrees else {planned.label, *counted}


def _dose(planned: PlannedDose, case: Case) -> Dose:
    return Dose(planned.day, whole_day(planned.day), planned.label, case.order.reference, 0, planned=True)
