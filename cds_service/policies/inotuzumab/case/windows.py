"""Times that several rules share: before the first dose of the course, and since the last completed cycle.

"After day 1" is on a later calendar day than that dose.
Procedure: docs/policies/inotuzumab/case.md#windows.
"""

from __future__ import annotations

from cds_service.fhir.dates import When
from cds_service.policies.inotuzumab.case.case import Case


def before_first_dose(case: Case, when: When | None) -> bool:
    """Surely before the first dose of the course; on its day if timed before it, or if either is untimed.

    Before a course has begun: up to min(today, planned date).
    """
    if when is None:
        return False
    start, may_begin = case.frame.start, case.frame.may_begin
    if may_begin is not None and (start is None or may_begin < start) and when.last >= may_begin:
        return False
    if start is None:
        return when.last <= case.horizon
    dose = case.frame.given[0].when.instant
    if when.day == start:
        return when.instant is None or dose is None or when.instant < dose
    return when.is_before(start) is True


def since_last_cycle(case: Case, when: When | None) -> bool:
    """Surely after day 1 of the last completed cycle; False when that day is not known."""
    day_one = case.last_cycle_day_one
    return when is not None and day_one is not None and when.is_after(day_one) is True
