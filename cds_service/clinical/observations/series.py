"""Results over time, for charts: one series for each kind of result that a reader wants to see moving.

Knows which concepts belong to one series and their units; limits are a policy's and are added there.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from cds_service.clinical.chart import Chart
from cds_service.clinical.observations.counts import anc
from cds_service.clinical.observations.heart import ecgs
from cds_service.clinical.observations.measurements import MEASUREMENTS
from cds_service.clinical.observations.results import Result
from cds_service.clinical.observations.units import CANONICAL, for_a_reader
from cds_service.fhir.record import Record
from cds_service.values import dataclass


class Point(NamedTuple):
    """One value on its day (ISO date or date-time as text), and the resource that holds it."""

    when: str
    value: Decimal
    reference: str


@dataclass(frozen=True, slots=True)
class Series:
    """The values of one kind of result in one unit, oldest first. ``limits`` are (label, value) pairs."""

    name: str
    unit: str
    points: tuple[Point, ...]
    limits: tuple[tuple[str, Decimal], ...] = ()
    concept: str = ""


class DoseMark(NamedTuple):
    """A dose on its day: given or not, its place in the schedule and its amount in words, its source."""

    day: date
    given: bool
    place: str
    amount: str
    reference: str


class EventMark(NamedTuple):
    """Something that happened during treatment: its day, its name as recorded, its source."""

    day: date
    words: str
    reference: str


@dataclass(frozen=True, slots=True)
class Picture:
    """What can be drawn of a course: results with a policy's limits, doses and events in order of time."""

    series: tuple[Series, ...] = ()
    doses: tuple[DoseMark, ...] = ()
    events: tuple[EventMark, ...] = ()


_SHOWN = {
    "platelets": "Platelets",
    "anc": "Neutrophils (ANC)",
    "marrow_blasts_pct": "Marrow blasts",
    "bilirubin_total": "Bilirubin",
    "alt": "ALT",
}


def series(record: Record, clock: datetime) -> tuple[Series, ...]:
    """All series of a record up to the clock, empty ones included."""
    chart = Chart(record, clock)
    found = []
    for concept, name in _SHOWN.items():
        results = anc(chart) if concept == "anc" else chart.usable(concept)
        found.append(Series(name, CANONICAL[MEASUREMENTS[concept].kind], _points(results), concept=concept))
    qtc = (
        Point(str(ecg.when), for_a_reader(ecg.qtc.exact), ecg.reference)
        for ecg in ecgs(chart)
        if ecg.when is not None and ecg.qtc is not None and ecg.qtc.exact is not None
    )
    return (*found, Series("QTc", "ms", tuple(sorted(qtc)), concept="qtc"))


def _points(results: Iterable[Result]) -> tuple[Point, ...]:
    """The results with one exact value on a day. A bound such as ``< 10`` has no place on a line."""
    points = {
        Point(
            r.when.instant.isoformat() if r.when.instant else str(r.when),
            for_a_reader(r.value.exact),
            r.reference,
        )
        for r in results
        if r.when is not None and r.when.day is not None and r.value is not None and r.value.exact is not None
    }
    return tuple(sorted(points))
