"""Courses of treatment: what ends one (POL-COURSE).

A transplant, another systemic line or a late relapse ends a course when it lies between one dose
and the next, or after the last. A gap alone never does.
Procedure: docs/policies/inotuzumab/case.md#course-of-treatment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from cds_service.clinical.chart import Chart
from cds_service.clinical.leukemia.cell_therapy import cell_therapies
from cds_service.clinical.leukemia.transplants.recorded import told_transplants, transplants
from cds_service.clinical.therapy.drugs import shown
from cds_service.fhir.dates import When
from cds_service.oncology.doses import Dose
from cds_service.policies.inotuzumab.case.lines import ends_course, stated_new_line
from cds_service.policies.inotuzumab.case.response_evidence import Item
from cds_service.policies.inotuzumab.numbers import days
from cds_service.values import dataclass


@dataclass(frozen=True, slots=True)
class End:
    """What ended a course, and the day (None: it has no usable date and ends nothing)."""

    day: date | None
    text: str
    reference: str


def ends_of_courses(chart: Chart, given: Sequence[Dose], items: Sequence[Item]) -> tuple[End, ...]:
    """Everything that ended a course, and what may have but has no usable date."""
    if not given:
        return ()
    return (
        *_by_transplant(chart, given),
        *_by_drugs(chart, given),
        *_by_cell_therapy(chart, given),
        *_by_stated_line(chart, given),
        *_by_late_relapse(given, items),
    )


def present_course(events: Sequence[Dose], ends: Sequence[End]) -> tuple[Dose, ...]:
    """Step 2: what came after the last end."""
    last = max([e.day for e in ends if e.day is not None], default=None)
    return tuple([d for d in events if last is None or d.day > last])


def _ended(when: When | None, given: Sequence[Dose], what: str, reference: str) -> Iterator[End]:
    """The end, if its whole period lies between one dose and the next (or after the last).

    Undated, or with a dose within its period: it ends nothing and is asked for.
    """
    if when is None or any(when.first <= d.day <= when.last for d in given if when.day is None):
        yield End(None, f"{what} without a usable date", reference)
    elif when.last > given[0].day and all(d.day != when.day for d in given):
        yield End(when.first, f"{what} {when}", reference)


def _by_transplant(chart: Chart, given: Sequence[Dose]) -> Iterator[End]:
    """Step 1 a. A transplant known only by its status is the dated one, where there is one."""
    found = (*transplants(chart), *told_transplants(chart))
    dated = any(t.when is not None for t in found)
    for t in found:
        surely_before = t.known_by is not None and t.known_by.last < given[0].day
        if t.when is not None or not (dated or surely_before):
            yield from _ended(t.when, given, "stem cell transplant", t.reference)


def _by_drugs(chart: Chart, given: Sequence[Dose]) -> Iterator[End]:
    """Step 1 b: a systemic antineoplastic that is no partner, no maintenance and not left out."""
    for use in chart.uses:
        if drugs := ends_course(use, chart):
            names = ", ".join(sorted(shown(d) for d in drugs))
            yield from _ended(use.first_known, given, f"{names} given", use.reference)


def _by_cell_therapy(chart: Chart, given: Sequence[Dose]) -> Iterator[End]:
    """Step 1 b: CAR-T cells as a procedure."""
    for act in cell_therapies(chart):
        yield from _ended(act.when, given, "CAR-T cells given", act.reference)


def _by_stated_line(chart: Chart, given: Sequence[Dose]) -> Iterator[End]:
    """Step 1 b: a new line that a plan states."""
    for when, reference in stated_new_line(chart):
        if when is None or when.has_happened(chart.clock):
            yield from _ended(when, given, "new line of therapy stated", reference)


def _by_late_relapse(given: Sequence[Dose], items: Sequence[Item]) -> Iterator[End]:
    """Step 1 c: relapse evidence after a CR or CRi of a course, long after the dose before it."""
    achieved = [i for i in items if i.achieved and i.is_since(given[0].day)]
    for item in items:
        if not item.relapse or not any(i.day < item.first for i in achieved):
            continue
        before = [d.day for d in given if d.day < item.first]
        if before and (item.first - before[-1]).days > days("course.gap"):
            yield End(item.first, f"relapse after response: {item.text}", item.reference)
