"""The schedule of the drug, from the policy's numbers: what the count of cycles and the history of doses need.

Procedure: docs/policies/inotuzumab/case.md#cycle-and-day.
"""

from __future__ import annotations

from cds_service.clinical.chart import Chart
from cds_service.clinical.therapy.drugs import INOTUZUMAB
from cds_service.clinical.therapy.labels import DAYS
from cds_service.oncology.cycle_count import Schedule
from cds_service.oncology.doses import DoseHistory, dose_history
from cds_service.policies.inotuzumab.numbers import days, span
from cds_service.remembering import once


def schedule() -> Schedule:
    """Days 1, 8 and 15, and how late each may be (POL-COURSE-COUNT)."""
    return Schedule(DAYS, (days("cycle.day8_until"),), days("cycle.new_after"))


@once
def doses_of(chart: Chart) -> DoseHistory:
    """The doses of inotuzumab up to the chart's clock (POL-COURSE-DOSE)."""
    return dose_history(chart, INOTUZUMAB, span("course.same_dose"))
