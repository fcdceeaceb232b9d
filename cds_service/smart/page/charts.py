"""Small charts as geometry: where each point, limit, tick and label of an SVG stands. A template draws them.

A chart never shows more than its table does: both are made from the same series. The drawing is as
wide as the narrowest screen, so that its text keeps its size there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from math import ceil, floor, log10

from cds_service.clinical.observations.series import Point as Value
from cds_service.clinical.observations.series import Series
from cds_service.fhir.dates import parse_when
from cds_service.fhir.quantities import plain
from cds_service.smart.page.limits import Bound, bounds
from cds_service.smart.page.wording import units
from cds_service.values import dataclass

WIDTH, HEIGHT = 250, 160
LEFT, RIGHT, TOP, BOTTOM = 36, 12, 20, 24
FEW = 3


@dataclass(frozen=True, slots=True)
class Point:
    """One value: where it stands, what it is, and whether it is beyond a limit."""

    x: float
    y: float
    value: str
    when: str
    reference: str
    beyond: bool = False


@dataclass(frozen=True, slots=True)
class Tick:
    """A round value of the axis."""

    y: float
    label: str


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit, and the region beyond it from ``top`` for ``height``; ``words`` stand on it at ``text_y``."""

    y: float
    label: str
    value: str
    top: float
    height: float
    text_y: float
    words: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A series drawn. ``summary`` says in words what the drawing shows."""

    id: str
    name: str
    unit: str
    points: tuple[Point, ...]
    limits: tuple[Limit, ...]
    ticks: tuple[Tick, ...]
    line: str
    newest: str
    first: str
    last: str
    summary: str

    @property
    def has_course(self) -> bool:
        """Whether there are enough values to show a course."""
        return len(self.points) >= FEW


def drawn(series: Sequence[Series]) -> tuple[Chart, ...]:
    """A chart for each series that has at least one dated value."""
    charts = (_chart(f"chart-{place}", one) for place, one in enumerate(series, start=1))
    return tuple(chart for chart in charts if chart is not None)


def _chart(chart_id: str, series: Series) -> Chart | None:
    dated = in_order(series)
    if not dated:
        return None
    limits = bounds(series)
    values = [*(float(point.value) for _, point in dated), *(float(bound.value) for bound in limits)]
    steps = _round_ticks(values, room_above=[float(bound.value) for bound in limits if not bound.is_lower])
    up = _scale(steps[0], steps[-1], HEIGHT - BOTTOM, TOP)
    points = _points(series, dated, limits, up)
    return Chart(
        id=chart_id,
        name=series.name,
        unit=units(series.unit),
        points=points,
        limits=tuple(_limit(bound, units(series.unit), up) for bound in limits),
        ticks=tuple(Tick(up(step), f"{step:g}") for step in steps),
        line=" ".join(f"{p.x:.1f},{p.y:.1f}" for p in points),
        newest=plain(dated[-1][1].value),
        first=points[0].when,
        last=points[-1].when,
        summary=_summary(points, limits),
    )


def in_order(series: Series) -> list[tuple[float, Value]]:
    """The dated values of a series with their instants, oldest first."""
    dated = [(at, point) for point in series.points if (at := _instant(point.when)) is not None]
    return sorted(dated, key=lambda item: item[0])


def _points(
    series: Series,
    dated: Sequence[tuple[float, Value]],
    limits: Sequence[Bound],
    up: Callable[[float], float],
) -> tuple[Point, ...]:
    across = _scale(dated[0][0], dated[-1][0], LEFT, WIDTH - RIGHT)
    return tuple(
        Point(
            across(at),
            up(float(p.value)),
            f"{plain(p.value)} {units(series.unit)}".strip(),
            day_of(p.when),
            p.reference,
            any(bound.crossed(p.value) for bound in limits if not bound.is_goal),
        )
        for at, p in dated
    )


def _limit(bound: Bound, unit: str, up: Callable[[float], float]) -> Limit:
    y = up(float(bound.value))
    top, height = (y, HEIGHT - BOTTOM - y) if bound.is_lower else (TOP, y - TOP)
    return Limit(
        y,
        units(bound.label),
        f"{plain(bound.value)} {unit}".strip(),
        top,
        height,
        _text_y(bound, y),
        bound.shown,
    )


def _text_y(bound: Bound, y: float) -> float:
    """Inside the region beyond the limit where that leaves room, else on its other side."""
    below, above = y + 12, y - 4
    if bound.is_lower:
        return below if below < HEIGHT - BOTTOM - 2 else above
    return above if above - 10 > TOP else below


def _summary(points: tuple[Point, ...], limits: Sequence[Bound]) -> str:
    newest = points[-1]
    count = "1 value" if len(points) == 1 else f"{len(points)} values from {points[0].when} to {newest.when}"
    lines = "".join(f"; {units(bound.label)} {plain(bound.value)}" for bound in limits)
    return f"{count}, the newest {newest.value} on {newest.when}{lines}."


def _round_ticks(values: Sequence[float], *, room_above: Sequence[float] = ()) -> list[float]:
    """Two to six round values that span the given ones, from zero unless all lie far above it.

    Above each value of ``room_above`` there is room, so that the region beyond it is seen.
    """
    low, high = min(values), max(values)
    if low <= 0.6 * high:
        low = min(0.0, low)
    span = high - low or abs(high) or 1.0
    size: float = 10 ** floor(log10(span))
    step = next(size * times for times in (0.25, 0.5, 1, 2, 2.5, 5, 10) if span / (size * times) <= 4)
    first, last = floor(low / step), ceil(high / step)
    if last == first or step * last in room_above:
        last += 1
    return [round(step * n, 10) for n in range(first, last + 1)]


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
