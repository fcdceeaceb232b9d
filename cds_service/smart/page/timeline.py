"""The doses of a course as one band for each cycle, with events and the planned order, as geometry and as a table.

Within a band all stands by its days since the cycle's first dose. Decides nothing: a dose whose place
the policy does not tell stands in the band of the dose before it, named by its date.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date

from cds_service.clinical.observations.series import DoseMark, EventMark
from cds_service.fhir.codings import words_in
from cds_service.fhir.json_types import as_dicts
from cds_service.fhir.record import Record
from cds_service.values import dataclass

WIDTH, LEFT, RIGHT = 250, 12, 34
BAND, LABEL = 44, 15
_PLACE = re.compile(r"cycle (\d+) day (\d+)")
_SHORTEST = 21


@dataclass(frozen=True, slots=True)
class Mark:
    """One dose or the planned order: ``kind`` is given, held or planned; ``reason`` why it was held."""

    x: float
    kind: str
    label: str
    dose: DoseMark
    reason: str = ""

    @property
    def word(self) -> str:
        return {"given": "given", "held": "not given", "planned": "planned"}[self.kind]


@dataclass(frozen=True, slots=True)
class EventPoint:
    """An event in its band; one after the band's last day stands at the band's end."""

    x: float
    event: EventMark


@dataclass(frozen=True, slots=True)
class Band:
    """A cycle: its name (empty where it cannot be determined), the top of its band, its marks and events in order of time."""

    name: str
    y: int
    marks: tuple[Mark, ...]
    events: tuple[EventPoint, ...] = ()

    @property
    def starts(self) -> date:
        return self.marks[0].dose.day


@dataclass(frozen=True, slots=True)
class Timeline:
    """All doses; there is at least one."""

    bands: tuple[Band, ...]
    summary: str
    width: int = WIDTH
    band: int = BAND
    label: int = LABEL

    @property
    def height(self) -> int:
        return BAND * len(self.bands)

    @property
    def marks(self) -> tuple[Mark, ...]:
        return tuple(mark for band in self.bands for mark in band.marks)

    @property
    def counted(self) -> str:
        """``3 doses given``"""
        given = sum(mark.kind == "given" for mark in self.marks)
        return f"{given} {'dose' if given == 1 else 'doses'} given"

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of marks that occur, for the legend."""
        there = {mark.kind for mark in self.marks} | {"event" for band in self.bands if band.events}
        return tuple(kind for kind in ("given", "held", "planned", "event") if kind in there)


def timeline(
    doses: Sequence[DoseMark],
    *,
    planned: DoseMark | None = None,
    reason: Callable[[str], str] = lambda _: "",
    events: Sequence[EventMark] = (),
) -> Timeline | None:
    """The doses in order of time; None when there are none. ``reason`` gives by reference why one was held."""
    if not doses:
        return None
    cycles = _in_cycles(sorted([*doses, *((planned,) if planned else ())], key=lambda dose: dose.day))
    longest = max(_SHORTEST, *((cycle[-1].day - cycle[0].day).days for _, cycle in cycles))
    starts = [cycle[0].day for _, cycle in cycles]
    bands = []
    for place, (name, cycle) in enumerate(cycles):
        marks = (_mark(dose, cycle[0].day, longest, dose is planned, reason) for dose in cycle)
        until = starts[place + 1] if place + 1 < len(starts) else date.max
        own = (event for event in events if cycle[0].day <= event.day < until)
        points = (EventPoint(_event_x(event, cycle[0].day, longest), event) for event in own)
        bands.append(Band(name, place * BAND, tuple(marks), tuple(points)))
    return Timeline(tuple(bands), _summary(doses, planned, events))


def _in_cycles(doses: Sequence[DoseMark]) -> list[tuple[str, list[DoseMark]]]:
    """The doses by cycle; a new one begins where another cycle, or the same one anew, is named."""
    cycles: list[tuple[str, list[DoseMark]]] = []
    last = ("", 0)
    for dose in doses:
        found = _PLACE.fullmatch(dose.place)
        here = (found[1], int(found[2])) if found else last
        if not cycles or here[0] != last[0] or here[1] < last[1]:
            cycles.append((f"C{here[0]}" if here[0] else "", []))
        cycles[-1][1].append(dose)
        last = here
    return cycles


def _mark(dose: DoseMark, start: date, longest: int, is_planned: bool, reason: Callable[[str], str]) -> Mark:
    x = _across((dose.day - start).days, longest)
    found = _PLACE.fullmatch(dose.place)
    label = f"D{found[2]}" if found else dose.day.isoformat()[5:]
    kind = "planned" if is_planned else "given" if dose.given else "held"
    return Mark(x, kind, label, dose, reason(dose.reference) if kind == "held" else "")


def _across(days: int, longest: int) -> float:
    return LEFT + days / longest * (WIDTH - LEFT - RIGHT)


def _event_x(event: EventMark, start: date, longest: int) -> float:
    return min(_across((event.day - start).days, longest), WIDTH - LEFT / 2)


def _summary(doses: Sequence[DoseMark], planned: DoseMark | None, events: Sequence[EventMark]) -> str:
    days = sorted(dose.day for dose in doses)
    given = sum(dose.given for dose in doses)
    ahead = f"; the order is planned for {planned.day}" if planned else ""
    since = "".join(f"; {event.words} on {event.day}" for event in events)
    return f"{given} given, {len(doses) - given} not given, from {days[0]} to {days[-1]}{since}{ahead}."


def order_mark(order: str, planned: str, cycle: int | None, day: int | None, amount: str) -> DoseMark | None:
    """The planned order as a mark; None when its day is not known. ``planned`` is an ISO date, or words where none was read."""
    try:
        on = date.fromisoformat(planned[:10])
    except ValueError:
        return None
    place = f"cycle {cycle} day {day}" if cycle is not None and day is not None else ""
    return DoseMark(on, False, place, amount, order)


def reason_held(record: Record, reference: str) -> str:
    """Why a dose was not given, as its resource states; empty where it does not."""
    held = record.resolve(reference)
    stated = as_dicts(held.body.get("statusReason")) if held is not None else []
    return "; ".join(words.split(" | ")[0] for concept in stated if (words := words_in(concept)))
