"""The newest results of one concept, read no further back than they can count.

Most rules ask for the newest value alone, and of a long course most values are never read. Which of
several results counts is left to :mod:`cds_service.clinical.evidence`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from cds_service.clinical.chart import Chart
from cds_service.clinical.evidence import newest
from cds_service.clinical.observations.results import Part, Result, read_part, time_of
from cds_service.fhir.dates import When
from cds_service.remembering import once

Chosen = Callable[[When | None], bool | None]
_FEW = 4  # values that are read sooner than put in order
_ELSEWHERE = timedelta(days=2)  # so many days may lie between the calendar days of one instant in two places


def newest_usable(chart: Chart, name: str, chosen: Chosen | None = None) -> tuple[Result, ...]:
    """Of the results whose number can be used, at the times surely ``chosen``, the one or the tied ones that count."""
    return newest([r for r in back_to_usable(chart, name, chosen) if r.value is not None])


def back_to_usable(chart: Chart, name: str, chosen: Chosen | None = None) -> Sequence[Result]:
    """The results up to the clock, at the times surely ``chosen``, back to the newest one whose number can be used.

    Those that may be as late as that one are among them, and those without a date.
    """
    if name not in chart.parts:
        return ()
    if not chart.parts[name][_FEW:]:
        every = chart.results_of(name)
        return every if chosen is None else [r for r in every if chosen(r.when)]
    found: list[Result] = []
    enough: date | None = None
    for when, part in _newest_first(chart, name):
        if when is not None and enough is not None and when.last < enough:
            break
        if chosen is None or chosen(when):
            result = read_part(part, chart.zone, chart.person)
            found.append(result)
            if enough is None and result.value is not None and when is not None:
                enough = when.first - _ELSEWHERE
    return found


def surely_on(first: date, last: date) -> Chosen:
    """Times that lie surely on a day from ``first`` to ``last``, both included."""
    return lambda when: when is not None and when.is_within(first, last)


_Dated = tuple[When | None, Part]


def _newest_first(chart: Chart, name: str) -> list[_Dated]:
    """Where the values up to the clock stand, those without a date first."""
    known = _orders(chart)
    if name not in known:
        dated = [(time_of(part.resource, chart.zone), part) for part in chart.parts[name]]
        past = [(when, part) for when, part in dated if when is None or when.has_happened(chart.clock)]
        known[name] = sorted(past, key=_last_day, reverse=True)
    return known[name]


@once
def _orders(_chart: Chart) -> dict[str, list[_Dated]]:
    return {}


def _last_day(dated: _Dated) -> date:
    when = dated[0]
    return date.max if when is None else when.last
