"""The schedule of the drug, from the policy's numbers: what the count of cycles and the history of doses need.

Procedure: docs/policies/inotuzumab/case.md#cycle-and-day.
"""

from __future__ import annotations

from datetime import datetime

from cds_service.clinical.chart import Chart
from cds_service.clinical.therapy.drugs import INOTUZUMAB
from cds_service.clinical.therapy.labels import PlannedDays
from cds_service.clinical.therapy.orders import Order, read_order
from cds_service.fhir.record import Resource
from cds_service.oncology.cycle_count import Schedule
from cds_service.oncology.doses import DoseHistory, dose_history
from cds_service.policies.inotuzumab.numbers import PLANNED_DAYS, days, span
from cds_service.remembering import once


def planned_days() -> PlannedDays:
    """The days of the dose table, and how far from its day a later dose may be given (POL-COURSE-COUNT)."""
    return PlannedDays(PLANNED_DAYS, days("cycle.day_window"))


def schedule() -> Schedule:
    """The planned days, and how late each may be (POL-COURSE-COUNT)."""
    return Schedule(planned_days(), (days("cycle.day8_until"),), days("cycle.new_after"))


def order_of(resource: Resource, clock: datetime) -> Order:
    """One order of the drug, its labels understood by the planned days."""
    return read_order(resource, clock, planned_days())


@once
def doses_of(chart: Chart) -> DoseHistory:
    """The doses of inotuzumab up to the chart's clock (POL-COURSE-DOSE)."""
    return dose_history(chart, INOTUZUMAB, span("course.same_dose"), planned_days())
