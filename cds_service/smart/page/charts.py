"""Small charts as geometry: where each point, limit and label of an SVG stands. A template draws them.

A chart never shows more than its table does: both are made from the same series.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from cds_service.clinical.series import Series
from cds_service.fhir.dates import parse_when
from cds_service.fhir.quantities import plain

WIDTH, HEIGHT = 340, 150
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 14, 24


@dataclass(frozen=True, slots=True)
class Point:
    """One value: where it stands, and what it is."""

    x: float
    y: float
    value: str
    when: str
    reference: str


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of the policy as a line across the chart."""

    y: float
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A series drawn. ``summary`` says in words what the drawing shows."""

    id: str
    name: str
    unit: str
    points: tuple[Point, ...]
    limits: tuple[Limit, ...]
    line: str
    top: str
    bottom: str
    first: str
    last: str
    summary: str


def drawn(series: Sequence[Series]) -> tuple[Chart, ...]:
    """A chart for each series that has at least one dated value."""
    charts = (_chart(f"chart-{place}", one) for place, one in enumerate(series, start=1))
    return tuple(chart for chart in charts if chart is not None)


def _chart(chart_id: str, series: Series) -> Chart | None:
    dated = [(day, point) for point in series.points if (day := _instant(point.when)) is not None]
    if not dated:
        return None
    dated.sort(key=lambda item: item[0])
    values = [float(point.value) for _, point in dated]
    low, high = _range([*values, *(float(value) for _, value in series.limits)])
    across = _scale(dated[0][0], dated[-1][0], LEFT, WIDTH - RIGHT)
    up = _scale(low, high, HEIGHT - BOTTOM, TOP)
    points = tuple(
        Point(
            across(at),
            up(float(p.value)),
            f"{plain(p.value)} {series.unit}".strip(),
            day_of(p.when),
            p.reference,
        )
        for at, p in dated
    )
    limits = tuple(
        Limit(up(float(value)), label, f"{plain(value)} {series.unit}".strip())
        for label, value in series.limits
    )
    return Chart(
        id=chart_id,
        name=series.name,
        unit=series.unit,
        points=points,
        limits=limits,
        line=" ".join(f"{p.x:.1f},{p.y:.1f}" for p in points),
        top=_number(high),
        bottom=_number(low),
        first=points[0].when,
        last=points[-1].when,
        summary=_summary(series, points),
    )


def _summary(series: Series, points: tuple[Point, ...]) -> str:
    newest = points[-1]
    count = "1 value" if len(points) == 1 else f"{len(points)} values from {points[0].when} to {newest.when}"
    limits = "".join(f"; {label} {plain(value)}" for label, value in series.limits)
    return f"{count}, the newest {newest.value} on {newest.when}{limits}."


def _range(values: Sequence[float]) -> tuple[float, float]:
    """From zero (or the least value, when all lie far above it) to a little over the greatest."""
    low, high = min(values), max(values)
    floor = low - (high - low) * 0.15 if low > 0.6 * high else min(0.0, low)
    return floor, high + (high - floor) * 0.08 or 1.0


def _scale(start: float, end: float, first: float, last: float) -> Callable[[float], float]:
    middle = (first + last) / 2
    return lambda at: middle if end == start else first + (at - start) / (end - start) * (last - first)


def _instant(when: object) -> float | None:
    if isinstance(when, datetime):
        return when.timestamp()
    if isinstance(when, date):
        return datetime(when.year, when.month, when.day).timestamp()
    read = parse_when(str(when))
    if read is None:
        return None
    return read.instant.timestamp() if read.instant else _instant(read.first)


def day_of(when: object) -> str:
    """The calendar day as written."""
    return str(when)[:10]


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 10 else f"{value:.2g}"
