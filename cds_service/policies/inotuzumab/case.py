"""One order in its place: the courses of treatment, the present course, cycle and day (POL-COURSE).

A :class:`Case` is what every criterion and rule looks at: the chart at an instant, the order, and
the frame (courses, position) that does not change when the chart is read as of day 1 of the cycle.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import cached_property

from cds_service.clinical.chart import Chart, read_chart
from cds_service.clinical.diagnosis import Diagnosis, diagnosis
from cds_service.clinical.drugs import INOTUZUMAB
from cds_service.clinical.exposure import DrugUse
from cds_service.clinical.labels import label_of
from cds_service.clinical.orders import Order, order_texts, planned_days
from cds_service.clinical.transplant import Transplant, transplants
from cds_service.fhir.dates import whole_day
from cds_service.fhir.record import Need, Record
from cds_service.policies.inotuzumab.course import Position, Reading, placings, position
from cds_service.policies.inotuzumab.doses import Dose, DoseHistory, dose_history
from cds_service.policies.inotuzumab.lines import ends_course, history_unseen, stated_new_line
from cds_service.policies.inotuzumab.numbers import days
from cds_service.policies.inotuzumab.response import CourseResponse, Item, course_response, evidence_items


@dataclass(frozen=True, slots=True)
class End:
    """What ended a course, and the day (None: it has no usable date and ends nothing)."""

    day: date | None
    text: str
    reference: str


@dataclass(frozen=True, slots=True)
class Frame:
    """The courses and the order's place in the present one."""

    history: DoseHistory
    ends: tuple[End, ...]
    undated_ends: tuple[End, ...]
    events: tuple[Dose, ...]
    planned_before: tuple[Dose, ...]
    readings: tuple[Reading, ...]
    position: Position

    @property
    def given(self) -> tuple[Dose, ...]:
        """The doses given in the present course, in order of time."""
        return tuple(d for d in self.events if d.given)

    @property
    def start(self) -> date | None:
        """The day of the first dose of the present course."""
        return self.given[0].day if self.given else None

    @property
    def earlier(self) -> tuple[Dose, ...]:
        """The doses of earlier courses."""
        return tuple(d for d in self.history.given if d not in self.events)

    def day_one_of(self, cycle: int | None) -> date | None:
        """The day of day 1 of a cycle, where all readings agree."""
        found = {r.day_one(cycle) for r in self.readings} if cycle else set()
        return found.pop() if len(found) == 1 else None


@dataclass(frozen=True)
class Case:
    """An order, the chart at an instant with its evidence of response, and the frame."""

    chart: Chart
    items: tuple[Item, ...]
    order: Order
    siblings: tuple[Order, ...]
    drafts: tuple[DrugUse, ...]
    frame: Frame

    @property
    def record(self) -> Record:
        return self.chart.record

    @property
    def clock(self) -> datetime:
        return self.chart.clock

    @cached_property
    def diagnosis(self) -> Diagnosis:
        return diagnosis(self.chart)

    @property
    def cycle(self) -> int | None:
        return self.frame.position.cycle

    @property
    def day(self) -> int | None:
        return self.frame.position.day

    @property
    def highest_cycle(self) -> int | None:
        """The cycle, or the highest that is possible; None when nothing is known of it."""
        return self.frame.position.highest_cycle

    @property
    def request(self) -> str:
        """``initial`` for cycle 1 of a course, else ``continuation``; unknown: that of the higher possible cycle."""
        return "initial" if self.highest_cycle == 1 else "continuation"

    @property
    def planned(self) -> date:
        return self.order.planned

    @property
    def horizon(self) -> date:
        """min(today, planned date): windows end with that day, included."""
        return min(self.chart.today, self.planned)

    @cached_property
    def day_one(self) -> date:
        """Day 1 of the order's cycle: the planned date of a day-1 order, else the dose that was day 1."""
        if self.day == 1 or self.highest_cycle is None:
            return self.planned
        return self.frame.day_one_of(self.highest_cycle) or self.planned

    @cached_property
    def last_cycle_day_one(self) -> date | None:
        """Day 1 of the last completed cycle, the one before the order's; None for cycle 1."""
        cycle = self.highest_cycle
        if cycle is None:
            return (
                self.frame.readings[0].day_one(self.frame.readings[0].cycle) if self.frame.readings else None
            )
        found = {r.day_one(min(cycle - 1, r.cycle)) for r in self.frame.readings} if cycle > 1 else set()
        return found.pop() if len(found) == 1 else None

    @cached_property
    def response(self) -> CourseResponse:
        return course_response(self.items, self.chart, self.frame.start, self.last_cycle_day_one)

    @cached_property
    def as_of_day_one(self) -> Case | None:
        """The case with only the facts up to day 1 of the cycle, for a day 8 or 15 order; else None."""
        if self.day == 1 or self.day_one >= self.chart.today:
            return None
        end = datetime.combine(self.day_one, time(23, 59, 59), tzinfo=self.clock.tzinfo)
        if end >= self.clock:
            return None
        then = read_chart(self.record, end)
        return replace(self, chart=then, items=evidence_items(then))


def build_case(chart: Chart, order: Order, siblings: Sequence[Order], drafts: Sequence[DrugUse]) -> Case:
    """Put an order in its place. ``siblings`` are the other inotuzumab orders of the bundle."""
    history = dose_history(chart)
    items = evidence_items(chart)
    ends = list(_ends(chart, history, items, order.planned))
    dated = tuple(e for e in ends if e.day is not None)
    events = _present(history, dated)
    planned = tuple(_planned_before(chart, order, siblings, events))
    counted = tuple(sorted((*events, *planned), key=lambda d: d.day))
    undated = bool(history.undated) and not dated
    place = position(
        counted, order.label, order.planned, unseen=doses_unseen(chart, history), exposure_without_days=undated,
        delayed=_delayed_cycles(chart, counted),
    )  # fmt: skip
    readings = tuple(placings(counted, _delayed_cycles(chart, counted)))
    frame = Frame(history, dated, tuple(e for e in ends if e.day is None), events, planned, readings, place)
    return Case(chart, items, order, tuple(siblings), tuple(drafts), frame)


def doses_unseen(chart: Chart, history: DoseHistory) -> str | None:
    """Why the doses given could not be seen: administrations always matter, the rest when there are none."""
    if reason := chart.unseen(Need.MEDICATION_ADMINISTRATIONS):
        return reason
    return None if history.given else history_unseen(chart)


def _delayed_cycles(chart: Chart, doses: Sequence[Dose]) -> tuple[int, ...]:
    """The cycles of a single reading in which an order of the drug is recorded as on hold."""
    holds = [u for u in chart.uses if u.status == "on-hold" and INOTUZUMAB in u.drugs]
    if not holds:
        return ()
    return tuple(dict.fromkeys(r.cycle for r in placings(doses)))


def _present(history: DoseHistory, ends: Sequence[End]) -> tuple[Dose, ...]:
    last = max((e.day for e in ends if e.day is not None), default=None)
    return tuple(d for d in history.doses if last is None or d.day > last)


def _ends(chart: Chart, history: DoseHistory, items: Sequence[Item], planned: date) -> Iterator[End]:
    """What ended a course (POL-COURSE 1): each lies between one dose and the next, or the last and now."""
    given = history.given
    if not given:
        return
    first = given[0].day
    for t in transplants(chart):
        yield from _if_after(first, t, planned)
    for use in chart.uses:
        drugs = ends_course(use, chart)
        when = use.first_known
        if not drugs:
            continue
        if when is None or when.day is None:
            yield End(None, f"{', '.join(sorted(drugs))} without a usable date", use.reference)
        elif when.day > first:
            yield End(when.day, f"{', '.join(sorted(drugs))} given {when.day}", use.reference)
    for when, reference in stated_new_line(chart):
        if when is not None and when.day is not None and first < when.day <= chart.today:
            yield End(when.day, f"new line of therapy stated {when.day}", reference)
    yield from _late_relapses(given, items)


def _if_after(first: date, t: Transplant, planned: date) -> Iterator[End]:
    if t.when is None or t.when.day is None:
        yield End(None, "stem cell transplant without a usable date", t.reference)
    elif first < t.when.day <= planned:
        yield End(t.when.day, f"stem cell transplant {t.when.day}", t.reference)


def _late_relapses(given: Sequence[Dose], items: Sequence[Item]) -> Iterator[End]:
    """Relapse evidence after a CR or CRi, more than 90 days after the dose before it."""
    for item in items:
        if not item.relapse or not any(i.achieved and i.day < item.day for i in items):
            continue
        before = [d for d in given if d.day < item.day]
        if before and (item.day - before[-1].day).days > days("course.gap"):
            yield End(item.day, f"relapse after response: {item.text}", item.reference)


def _planned_before(
    chart: Chart, order: Order, siblings: Sequence[Order], events: Sequence[Dose]
) -> Iterator[Dose]:
    """Other inotuzumab orders, not yet given, with a day from today on and before the planned date."""
    taken = {d.day for d in events}
    found: dict[date, Dose] = {}
    for sibling in siblings:
        for day in sibling.days:
            label = sibling.label if day == sibling.planned else None
            found.setdefault(day, Dose(day, whole_day(day), label, sibling.reference, 0, planned=True))
    for resource in chart.record.of_type("MedicationRequest"):
        if resource.body.get("status") != "active" or resource.reference == order.reference:
            continue
        if not any(u.reference == resource.reference and INOTUZUMAB in u.drugs for u in chart.uses):
            continue
        label = label_of(order_texts(resource.body))
        for when in planned_days(resource.body, chart.clock):
            if when.day is not None:
                found.setdefault(when.day, Dose(when.day, when, label, resource.reference, 0, planned=True))
    for day in sorted(found):
        if chart.today <= day < order.planned and day not in taken:
            yield found[day]
