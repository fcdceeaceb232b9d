"""Cycle and day of a dose.

A cycle has a slot for each planned day. Doses are placed into slots by their labels where these
rise strictly with date, otherwise by counting. Where two readings are possible, both are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import pairwise

from cds_service.clinical.therapy.labels import Label, PlannedDays
from cds_service.oncology.doses import Dose
from cds_service.values import dataclass

_MOST_READINGS = 8  # each delayed cycle doubles them; more than three such cycles is no course


@dataclass(frozen=True, slots=True)
class Schedule:
    """The planned days of a cycle, and how late a dose may be.

    ``until`` says for each day but the first and the last up to how many days after day 1 a dose still
    counts as it. From ``new_after`` days on a dose opens the next cycle.
    """

    planned: PlannedDays
    until: tuple[int, ...]
    new_after: int

    @property
    def days(self) -> tuple[int, ...]:
        """The planned days themselves."""
        return self.planned.days


@dataclass(frozen=True, slots=True)
class Reading:
    """One possible placing of the doses: each with its slot, in order of time."""

    placed: tuple[tuple[Dose, Label], ...] = ()

    @property
    def cycle(self) -> int:
        return self.placed[-1][1].cycle if self.placed else 0

    def filled(self, cycle: int) -> dict[int, bool]:
        """The filled slots of a cycle: day to whether the dose was given (False: not done)."""
        return {label.day: dose.given for dose, label in self.placed if label.cycle == cycle}

    def day_one(self, cycle: int) -> date | None:
        """The calendar day of day 1 of a cycle: as given, else as held, else counted back from its first dose."""
        of_cycle = [(dose, label) for dose, label in self.placed if label.cycle == cycle]
        firsts = [dose for dose, label in of_cycle if label.day == 1]
        if firsts:
            given = [dose.day for dose in firsts if dose.given]
            return given[0] if given else firsts[-1].day
        if not of_cycle:
            return None
        dose, label = of_cycle[0]
        return dose.day - timedelta(days=label.day - 1)

    def with_dose(self, dose: Dose, label: Label) -> Reading:
        return Reading((*self.placed, (dose, label)))

    def has_delay(self, cycle: int) -> bool:
        """Whether a delay is recorded in a cycle: a dose stated as not given."""
        return any(not given for given in self.filled(cycle).values())


def place(reading: Reading, day: date, schedule: Schedule, *, delayed: Iterable[int] = ()) -> list[Label]:
    """The slots that the next dose, on this day, can be by counting."""
    cycle = reading.cycle
    day_one = reading.day_one(cycle) if cycle else None
    if day_one is None:
        return [Label(1, 1)]
    opens, filled = Label(cycle + 1, 1), reading.filled(cycle)
    if filled == {1: False}:
        return [Label(cycle, 1)]  # a cycle starts with a dose: a held day 1 is still to come
    if len(filled) == len(schedule.days):
        return [opens]
    within = _slot_within(schedule, filled, (day - day_one).days)
    if within is None:
        return [opens]
    if (day - day_one).days < schedule.new_after:
        return [Label(cycle, within)]
    return [opens, Label(cycle, within)] if reading.has_delay(cycle) or cycle in delayed else [opens]


def _slot_within(schedule: Schedule, filled: dict[int, bool], elapsed: int) -> int | None:
    """The slot of the current cycle for a dose so many days after day 1; a filled one gives the next."""
    wanted = slot_after(schedule, elapsed)
    later = [d for d in schedule.days[1:] if d >= wanted and d not in filled]
    return later[0] if later else None


def slot_after(schedule: Schedule, elapsed: int) -> int:
    """The day of a cycle, after the first, that a dose so many days after day 1 is."""
    in_time = (day for day, until in zip(schedule.days[1:], schedule.until, strict=False) if elapsed <= until)
    return next(in_time, schedule.days[-1])


def placings(doses: Sequence[Dose], schedule: Schedule, delayed: Iterable[int] = ()) -> list[Reading]:
    """The possible readings of the doses given and held."""
    labelled = [(d, d.label) for d in doses if d.label is not None]
    if labelled and _rises(labelled):
        readings = [r for r in _placed(doses, schedule, delayed, use_labels=True) if _rises(r.placed)]
        if readings:
            return readings
    return _placed(doses, schedule, delayed, use_labels=False)


def _placed(
    doses: Sequence[Dose], schedule: Schedule, delayed: Iterable[int], *, use_labels: bool
) -> list[Reading]:
    readings = [Reading()]
    for dose in doses:
        if use_labels and dose.label is not None:
            readings = [r.with_dose(dose, dose.label) for r in readings]
        else:
            readings = [
                r.with_dose(dose, slot)
                for r in readings
                for slot in place(r, dose.day, schedule, delayed=delayed)
            ]
        if readings[1:]:
            readings = list(dict.fromkeys(readings))[:_MOST_READINGS]
    return readings


def _rises(placed: Sequence[tuple[Dose, Label]]) -> bool:
    """Whether labels rise strictly with date; a held slot may come again."""
    return all(a < b or (a == b and not dose.given) for (dose, a), (_, b) in pairwise(placed))


def contradicts(
    label: Label,
    reading: Reading,
    day: date,
    schedule: Schedule,
    *,
    delayed: Iterable[int] = (),
    complete: bool = True,
) -> str | None:
    """Why an order's label contradicts the doses; None when it contradicts nothing.

    Where the history is not ``complete``, a dose that is missing from it contradicts nothing.
    """
    current = reading.cycle
    filled = reading.filled(label.cycle)
    if label.cycle > current or not current:
        return _skips(label, current) if complete else None
    if label.cycle == current and filled.get(label.day) is False:
        return None
    if label.cycle < current or label.day in filled or any(d > label.day for d in filled):
        return f"{label} is already past: {_past(reading)}"
    day_one = reading.day_one(label.cycle)
    if day_one is None or (day - day_one).days < schedule.new_after:
        return None
    if not complete or reading.has_delay(label.cycle) or label.cycle in delayed:
        return None
    return (
        f"{label} would be {(day - day_one).days} days after its day 1 ({day_one}), and no delay is recorded"
    )


def _skips(label: Label, current: int) -> str | None:
    if label.day != 1:
        return f"day 1 of cycle {label.cycle} is not recorded as given"
    if label.cycle == current + 1:
        return None
    return (
        f"the last dose recorded is of cycle {current}"
        if current
        else "no dose of this course is recorded before it"
    )


def _past(reading: Reading) -> str:
    given = [(dose, label) for dose, label in reading.placed if dose.given]
    if not given:
        return "no dose is recorded as given"
    dose, label = given[-1]
    ordered = sum(d.planned for d, _ in given)
    count = len(given) - ordered
    recorded = (
        f"{count} dose{'' if count == 1 else 's'} recorded{f' and {ordered} ordered' if ordered else ''}"
    )
    return f"{recorded}, the last {label} on {dose.day}"


@dataclass(frozen=True, slots=True)
class Position:
    """Where an order stands. ``candidates`` are the possible slots; what all share is known.

    ``readings`` are the placings of the doses that remain possible beside the order's label.
    """

    candidates: tuple[Label, ...]
    readings: tuple[Reading, ...]
    why_unknown: str = ""
    label_unchecked: bool = False

    @property
    def cycle(self) -> int | None:
        cycles = {c.cycle for c in self.candidates}
        return cycles.pop() if len(cycles) == 1 else None

    @property
    def day(self) -> int | None:
        found = {c.day for c in self.candidates}
        return found.pop() if len(found) == 1 else None

    @property
    def highest_cycle(self) -> int | None:
        return max((c.cycle for c in self.candidates), default=None)


def position(
    doses: Sequence[Dose],
    label: Label | None,
    day: date,
    schedule: Schedule,
    *,
    unseen: str | None,
    uncounted: bool,
    delayed: Iterable[int] = (),
) -> Position:
    """Where an order planned on ``day`` with this label stands.

    ``unseen`` says why the doses given could not be seen; ``uncounted`` that there was use in this
    course without single dates.
    """
    readings = tuple(placings(doses, schedule, delayed))
    if unseen is not None or uncounted:
        why = f"the doses given could not be seen ({unseen})" if unseen else _UNCOUNTED
        if label is None or (uncounted and label == Label(1, 1)):
            told = "the order names no cycle and day" if label is None else f"the order says {label}"
            return Position((), readings, f"{why}, and {told}")
        if open_ := tuple(
            r for r in readings if contradicts(label, r, day, schedule, complete=False) is None
        ):
            return Position((label,), open_, label_unchecked=True)
    counted = tuple(
        dict.fromkeys(slot for r in readings for slot in place(r, day, schedule, delayed=delayed))
    )
    if label is None:
        either = " or ".join(str(slot) for slot in counted)
        why = "" if len(counted) == 1 else f"the doses given allow {either}, and the order names none"
        return Position(counted, readings, why)
    reasons = [contradicts(label, r, day, schedule, delayed=delayed) for r in readings]
    if agreeing := tuple(r for r, reason in zip(readings, reasons, strict=True) if reason is None):
        return Position((label,), agreeing)
    candidates = tuple(sorted({label, *counted}))
    return Position(candidates, readings, f"the order says {label}, but {reasons[0]}")


_UNCOUNTED = "the record shows use over a period without the single doses"
