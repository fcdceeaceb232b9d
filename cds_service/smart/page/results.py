"""The newest results as a table: measure, value before and now, the limit, and on which side of it now stands.

Draws nothing and judges by the limits alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from cds_service.clinical.observations.series import Series
from cds_service.fhir.quantities import plain
from cds_service.smart.page.charts import day_of, in_order
from cds_service.smart.page.limits import Bound, bounds
from cds_service.smart.page.wording import units
from cds_service.values import dataclass


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One measure. ``tone`` is met, unknown when a limit is crossed, not-met for the gravest, or empty."""

    name: str
    unit: str
    before: str
    before_day: str
    now: str
    day: str
    limit: str
    state: str
    tone: str


def results(series: Sequence[Series]) -> tuple[ResultRow, ...]:
    """A row for each series that has a dated value, in the series' order."""
    return tuple(row for one in series if (row := _row(one)) is not None)


def _row(series: Series) -> ResultRow | None:
    ordered = [point for _, point in in_order(series)]
    if not ordered:
        return None
    now, before = ordered[-1], ordered[-2] if len(ordered) > 1 else None
    limits = bounds(series)
    state, tone = _state(limits, now.value)
    return ResultRow(
        name=series.name,
        unit=units(series.unit),
        before=plain(before.value) if before else "",
        before_day=day_of(before.when) if before else "",
        now=plain(now.value),
        day=day_of(now.when),
        limit="; ".join(bound.shown for bound in limits),
        state=state,
        tone=tone,
    )


def _state(limits: Sequence[Bound], value: Decimal) -> tuple[str, str]:
    if not limits:
        return "no limit", ""
    crossed = [bound for bound in limits if bound.crossed(value)]
    if limits[0].is_goal:
        return ("reached", "met") if crossed else ("not reached", "unknown")
    if not crossed:
        return "within", "met"
    grave = len(limits) > 1 and crossed[-1] is limits[-1]
    return ("below" if crossed[-1].is_lower else "above"), "not-met" if grave else "unknown"
