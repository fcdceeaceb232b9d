"""Cycle and day: POL-COURSE-COUNT (policy analysis 1.7).

A cycle has three slots: days 1, 8 and 15. Doses are placed into slots by their labels where these
rise strictly with date, otherwise by counting. Where two readings are possible, both are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from cds_service.clinical.labels import DAYS, Label
from cds_service.policies.inotuzumab.doses import Dose
from cds_service.policies.inotuzumab.numbers import days


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
        """The calendar day of day 1 of a cycle (else of its first dose counted back to it)."""
        of_cycle = [(dose, label) for dose, label in self.placed if label.cycle == cycle]
        for dose, label in of_cycle:
            if label.day == 1:
                return dose.day
        return of_cycle[0][0].day if of_cycle else None

    def with_dose(self, dose: Dose, label: Label) -> Reading:
        return Reading((*self.placed, (dose, label)))

    def has_delay(self, cycle: int) -> bool:
        """Whether a delay is recorded in a cycle: a dose stated as not given."""
        return any(not given for given in self.filled(cycle).values())


def place(reading: Reading, day: date, *, delayed: Iterable[int] = ()) -> list[Label]:
    """The slots that the next dose, on this day, can be by counting (steps 1 and 2)."""
    cycle = reading.cycle
    day_one = reading.day_one(cycle) if cycle else None
    if day_one is None:
        return [Label(1, 1)]
    opens, filled = Label(cycle + 1, 1), reading.filled(cycle)
    if len(filled) == len(DAYS):
        return [opens]
    within = _slot_within(filled, (day - day_one).days)
    if (day - day_one).days >= days("cycle.new_after"):
        if within is not None and (reading.has_delay(cycle) or cycle in delayed):
            return [opens, Label(cycle, within)]
        return [opens]
    return [Label(cycle, within)] if within is not None else [opens]


def _slot_within(filled: dict[int, bool], elapsed: int) -> int | None:
    """The slot of the current cycle: day 8 up to day 1 + 10 days, then day 15; a filled one gives the next."""
    wanted = 8 if elapsed <= days("cycle.day8_until") else 15
    later = [d for d in DAYS[1:] if d >= wanted and d not in filled]
    return later[0] if later else None


def placings(doses: Sequence[Dose], delayed: Iterable[int] = ()) -> list[Reading]:
    """The possible readings of the doses given and held (steps 1 and 2)."""
    labels = [d.label for d in doses if d.label is not None]
    use_labels = all(a < b for a, b in zip(labels, labels[1:], strict=False))
    if use_labels and labels and len(labels) < len(doses):
        readings = _placed(doses, delayed, use_labels=True)
        if any(_rises(r) for r in readings):
            return [r for r in readings if _rises(r)]
        use_labels = False
    return _placed(doses, delayed, use_labels=use_labels)


def _placed(doses: Sequence[Dose], delayed: Iterable[int], *, use_labels: bool) -> list[Reading]:
    readings = [Reading()]
    for dose in doses:
        if use_labels and dose.label is not None:
            readings = [r.with_dose(dose, dose.label) for r in readings]
        else:
            readings = [
                r.with_dose(dose, slot) for r in readings for slot in place(r, dose.day, delayed=delayed)
            ]
        readings = list(dict.fromkeys(readings))[:8]
    return readings


def _rises(reading: Reading) -> bool:
    labels = [label for _, label in reading.placed]
    return all(a < b for a, b in zip(labels, labels[1:], strict=False))


def contradicts(
    label: Label, reading: Reading, day: date, *, delayed: Iterable[int] = (), complete: bool = True
) -> str | None:
    """Why an order's label contradicts the doses (step 4); None when it contradicts nothing.

    Where the history is not ``complete``, a dose that is missing from it contradicts nothing.
    """
    current = reading.cycle
    filled = reading.filled(label.cycle)
    if label.cycle > current or not current:
        return _skips(label, current) if complete else None
    if filled.get(label.day) is False:
        return None
    if label.cycle < current or label.day in filled or any(d > label.day for d in filled):
        return f"{label} is already past: {_past(reading)}"
    day_one = reading.day_one(label.cycle)
    if day_one is None or (day - day_one).days < days("cycle.new_after"):
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
        f"the last dose recorded is of cycle {current}" if current else "no earlier dose is recorded as given"
    )


def _past(reading: Reading) -> str:
    given = [(dose, label) for dose, label in reading.placed if dose.given]
    if not given:
        return "no dose is recorded as given"
    dose, label = given[-1]
    count = len(given)
    return f"{count} dose{'s' if count > 1 else ''} recorded, the last {label} on {dose.day}"


@dataclass(frozen=True, slots=True)
class Position:
    """Where an order stands. ``candidates`` are the possible slots; what all share is known."""

    candidates: tuple[Label, ...]
    label: Label | None
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
    *,
    unseen: str | None,
    exposure_without_days: bool,
    delayed: Iterable[int] = (),
) -> Position:
    """Where an order planned on ``day`` with this label stands (steps 3 to 5)."""
    readings = placings(doses, delayed)
    if unseen is not None and (label is None or _open(label, readings, day)):
        if label is not None:
            return Position((label,), label, label_unchecked=True)
        return Position(
            (), None, f"the doses given could not be seen ({unseen}) and the order names no cycle and day"
        )
    if exposure_without_days:
        return _uncountable(readings, label)
    counted = tuple(dict.fromkeys(slot for r in readings for slot in place(r, day, delayed=delayed)))
    if label is None:
        why = (
            "" if len(counted) == 1 else f"the doses given allow {_either(counted)}, and the order names none"
        )
        return Position(counted, None, why)
    reasons = [contradicts(label, r, day, delayed=delayed) for r in readings]
    if None in reasons:
        return Position((label,), label)
    return Position(tuple(sorted({label, *counted})), label, f"the order says {label}, but {reasons[0]}")


def _open(label: Label, readings: list[Reading], day: date) -> bool:
    """Whether what was seen of the doses leaves the label possible."""
    return any(contradicts(label, r, day, complete=False) is None for r in readings)


def _uncountable(readings: list[Reading], label: Label | None) -> Position:
    why = "the record shows use over a period without the single doses"
    if label is None or label == Label(1, 1):
        return Position((), label, why)
    return Position((label,), label, label_unchecked=True) if readings else Position((), label, why)


def _either(slots: Iterable[Label]) -> str:
    return " or ".join(str(s) for s in slots)
