"""One order in its place: the courses of treatment, the present course, cycle and day (POL-COURSE).

A :class:`Case` is what every criterion and rule looks at: the chart at an instant, the order, and
the frame (courses, position) that does not change when the chart is read as of day 1 of the cycle.
Procedure: docs/policies/inotuzumab/case.md#course-of-treatment. Also: docs/policies/inotuzumab/case.md#cycle-and-day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time

from cds_service.clinical.chart import Chart, read_chart
from cds_service.clinical.leukemia.diagnosis import Diagnosis, diagnosis
from cds_service.clinical.therapy.drugs import INOTUZUMAB
from cds_service.clinical.therapy.exposure import DrugUse
from cds_service.clinical.therapy.orders import Order
from cds_service.fhir.dates import When
from cds_service.fhir.record import Record, Resource
from cds_service.oncology.cycle_count import Position, Reading, placings, position
from cds_service.oncology.doses import (
    Dose,
    DoseHistory,
    is_accounted_for,
)
from cds_service.policies.inotuzumab.case.course_ends import End, ends_of_courses, present_course
from cds_service.policies.inotuzumab.case.other_orders import (
    active_orders,
    days_of,
    planned_before,
    takes_the_place,
)
from cds_service.policies.inotuzumab.case.places import doses_not_offered, may_be_overruled, unseen
from cds_service.policies.inotuzumab.case.response import CourseResponse, course_response
from cds_service.policies.inotuzumab.case.response_evidence import Item, evidence_items, in_time
from cds_service.policies.inotuzumab.case.schedule import doses_of, schedule
from cds_service.policies.inotuzumab.numbers import span
from cds_service.remembering import kept
from cds_service.values import dataclass


@dataclass(frozen=True)
class Frame:
    """The courses and the order's place in the present one.

    ``may_begin`` is the earliest day of a use without single dates that no dose of this course accounts for.
    """

    history: DoseHistory
    ends: tuple[End, ...]
    undated_ends: tuple[End, ...]
    events: tuple[Dose, ...]
    planned_before: tuple[Dose, ...]
    position: Position
    earlier_periods: tuple[Dose, ...] = ()
    may_begin: date | None = None

    @kept
    def readings(self) -> tuple[Reading, ...]:
        """The possible placings of the doses into cycles and days."""
        return self.position.readings

    @kept
    def given(self) -> tuple[Dose, ...]:
        """The doses given in the present course, in order of time."""
        return tuple([d for d in self.events if d.given])

    @kept
    def start(self) -> date | None:
        """The day of the first dose of the present course."""
        return self.given[0].day if self.given else None

    @kept
    def earlier(self) -> tuple[Dose, ...]:
        """The doses of earlier courses, and the last days of uses over a period in them (docs/policies/inotuzumab/case.md#doses-given, step 4)."""
        doses = [d for d in self.history.given if d not in self.events]
        return tuple(sorted((*doses, *self.earlier_periods), key=lambda d: d.day))

    def day_one_of(self, cycle: int | None) -> date | None:
        """The day of day 1 of a cycle, where all readings agree."""
        found = {r.day_one(cycle) for r in self.readings} if cycle else set()
        return found.pop() if len(found) == 1 else None

    def after_cycle(self, cycle: int | None, when: When) -> When:
        """When a state "after cycle n" was, as a text of ``when`` says it: before the next day 1, where there was one by then."""
        following = self.day_one_of(cycle + 1) if cycle else None
        if following is None or following > when.first:
            return when
        last = max((d.day for d in self.given if d.day < following), default=following)
        return When(last, following)


@dataclass(frozen=True)
class Case:
    """An order, the chart at an instant with its evidence of response, and the frame.

    ``drafts`` are the other drugs, ``requests`` the ServiceRequests of the same bundle.
    """

    chart: Chart
    items: tuple[Item, ...]
    order: Order
    siblings: tuple[Order, ...]
    drafts: tuple[DrugUse, ...]
    frame: Frame
    requests: tuple[Resource, ...] = ()

    @kept
    def record(self) -> Record:
        return self.chart.record

    @property
    def clock(self) -> datetime:
        return self.chart.clock

    @kept
    def diagnosis(self) -> Diagnosis:
        return diagnosis(self.chart)

    @kept
    def cycle(self) -> int | None:
        return self.frame.position.cycle

    @kept
    def day(self) -> int | None:
        return self.frame.position.day

    @kept
    def highest_cycle(self) -> int | None:
        """The cycle, or the highest that is possible; None when nothing is known of it."""
        return self.frame.position.highest_cycle

    @kept
    def request(self) -> str:
        """``initial`` for cycle 1 of a course, else ``continuation``; unknown: that of the higher possible cycle."""
        return "initial" if self.highest_cycle == 1 else "continuation"

    @kept
    def planned(self) -> date:
        return self.order.planned

    @kept
    def horizon(self) -> date:
        """min(today, planned date): windows end with that day, included."""
        return min(self.chart.today, self.planned)

    @kept
    def day_one(self) -> date:
        """Day 1 of the order's cycle: the planned date of a day-1 order, else the dose that was day 1."""
        if self.day == 1 or self.highest_cycle is None:
            return self.planned
        return self.frame.day_one_of(self.highest_cycle) or self.planned

    @kept
    def last_cycle_day_one(self) -> date | None:
        """Day 1 of the last completed cycle, the one before the order's; None for cycle 1.

        Where the doses allow two readings, the later one: what is dated after it is so in both.
        """
        cycle = self.highest_cycle
        if cycle is None:
            return (
                self.frame.readings[0].day_one(self.frame.readings[0].cycle) if self.frame.readings else None
            )
        found = [r.day_one(min(cycle - 1, r.cycle)) for r in self.frame.readings] if cycle > 1 else []
        return max((day for day in found if day is not None), default=None)

    @kept
    def response(self) -> CourseResponse:
        return course_response(self.items, self.chart, self.frame.start, self.last_cycle_day_one)

    @kept
    def as_of_day_one(self) -> Case | None:
        """The case with only the facts up to day 1 of the cycle, for a day 8 or 15 order; else None."""
        if self.day == 1 or self.day_one >= self.chart.today:
            return None
        end = datetime.combine(self.day_one, time(23, 59, 59), tzinfo=self.clock.tzinfo)
        if end >= self.clock:
            return None
        then = read_chart(self.record, end)
        return replace(self, chart=then, items=_placed(evidence_items(then), self.frame))


def build_case(
    chart: Chart,
    order: Order,
    siblings: Sequence[Order],
    drafts: Sequence[DrugUse],
    requests: tuple[Resource, ...] = (),
) -> Case:
    """Put an order in its place. ``siblings`` are the other inotuzumab orders of the bundle, the rest as in a case."""
    history, same = doses_of(chart), span("course.same_dose")
    items = evidence_items(chart)
    known = tuple(sorted((*history.given, *history.period_ends), key=lambda d: d.day))
    ends = ends_of_courses(chart, known, items)
    dated = tuple(e for e in ends if e.day is not None)
    last_end = max((e.day for e in dated if e.day is not None), default=None)
    events = present_course(history.doses, dated)
    others = (*siblings, *active_orders(chart, order))
    planned = tuple(planned_before(order, others, chart, events))
    counted = tuple(sorted((*events, *planned), key=lambda d: d.day))
    delayed = _delayed_cycles(chart, counted)
    uncounted = [u for u in history.undated if not is_accounted_for(u, events, last_end, same)]
    place = position(
        counted, order.label, order.planned, schedule(), unseen=doses_unseen(chart, history),
        uncounted=bool(uncounted), delayed=delayed,
    )  # fmt: skip
    undated = tuple(e for e in ends if e.day is None)
    periods = tuple(d for d in history.period_ends if last_end is not None and d.day < last_end)
    begun = min((w.first for u in uncounted if (w := u.first_known) is not None), default=None)
    frame = Frame(history, dated, undated, events, planned, place, periods, begun)
    return Case(chart, _placed(items, frame), order, tuple(siblings), tuple(drafts), frame, requests)


def _placed(items: Sequence[Item], frame: Frame) -> tuple[Item, ...]:
    """The evidence, with what is about an earlier cycle dated to that cycle."""
    return tuple(sorted([i if i.cycle is None else _placed_by_cycle(i, frame) for i in items], key=in_time))


def _placed_by_cycle(item: Item, frame: Frame) -> Item:
    when = frame.after_cycle(item.cycle, When(item.first, item.day))
    return replace(item, first=when.first, day=when.last)


def doses_unseen(chart: Chart, history: DoseHistory) -> str | None:
    """Why the doses given could not be seen: administrations always matter, the rest when there are none."""
    if reason := may_be_overruled(chart, "cycle-number"):
        return reason
    if not history.given and doses_not_offered(chart):
        return "this EHR does not offer MedicationAdministration, and no dose is recorded elsewhere"
    return None if history.given else unseen(chart, "cycle-number")


def _delayed_cycles(chart: Chart, doses: Sequence[Dose]) -> tuple[int, ...]:
    """The cycles that are the present one in some reading, when an order of the drug is recorded as on hold."""
    if not any(u.status == "on-hold" and INOTUZUMAB in u.drugs for u in chart.uses):
        return ()
    return tuple(dict.fromkeys(r.cycle for r in placings(doses, schedule())))


def replaced_and_active(case: Case) -> tuple[Order, ...]:
    """The orders that this one replaces and that are still active in the record."""
    return tuple(
        other
        for other in active_orders(case.chart, case.order)
        if case.order.takes_over(other)
        and any(takes_the_place(case.order, day, label) for day, label in days_of(other))
    )


def orders_of_the_same_day(case: Case) -> tuple[Order, ...]:
    """Other orders for this day, active or signed with this one (then also without a day), none that one replaces."""
    others = {o.reference: o for o in (*active_orders(case.chart, case.order), *case.siblings)}
    named = {name for o in (case.order, *others.values()) for name in o.replaces}
    return tuple(
        o
        for o in others.values()
        if (o.planned_is_stated or (o in case.siblings and len({o.label, case.order.label} - {None}) < 2))
        and case.planned in o.days
        and named.isdisjoint(o.names)
        and not o.takes_over(case.order)
    )
