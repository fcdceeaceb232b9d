"""When the doses of an order are planned: events, or a start that repeats.

A repeat is expanded only as far as its own count or end says; nothing is assumed beyond it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta, tzinfo
from decimal import Decimal
from typing import Any

from cds_service.fhir.dates import When, end_of, read_when, start_of, whole_day
from cds_service.fhir.json_types import as_dict, as_dicts, as_list, as_text
from cds_service.fhir.quantities import as_decimal

_DAYS_IN = {"d": Decimal(1), "wk": Decimal(7), "h": Decimal(1) / 24, "mo": Decimal(30)}
_LONGEST = Decimal(3650)  # days from the first dose; what repeats later is no course of treatment
_MOST = 60  # planned doses read of one order; no schedule of this drug comes near


def planned_times(dosages: Iterable[Mapping[str, Any]], zone: tzinfo) -> tuple[When, ...]:
    """The planned times of all dosage instructions in order of time, each day once."""
    found: dict[object, When] = {}
    for dosage in dosages:
        for when in times_of(as_dict(dosage.get("timing")), zone):
            found.setdefault(when.first, when)
    return tuple(sorted(found.values(), key=lambda w: w.first))


def times_of(timing: Mapping[str, Any], zone: tzinfo) -> tuple[When, ...]:
    """``timing.event``, else the start of ``boundsPeriod`` and its repeats."""
    events = [w for value in as_list(timing.get("event")) if (w := read_when(value, zone))]
    if events:
        return tuple(events)
    repeat = as_dict(timing.get("repeat"))
    bounds = repeat.get("boundsPeriod")
    start = start_of(bounds, zone)
    if start is None:
        return ()
    return (start, *_repeats(start, end_of(bounds, zone), repeat))


def _repeats(start: When, end: When | None, repeat: Mapping[str, Any]) -> Iterator[When]:
    period = as_decimal(repeat.get("period"))
    unit = _DAYS_IN.get(as_text(repeat.get("periodUnit")) or "")
    frequency = as_decimal(repeat.get("frequency")) or Decimal(1)
    if start.day is None or period is None or unit is None or period <= 0 or frequency <= 0:
        return
    count = as_decimal(repeat.get("count"))
    if end is None and count is None:
        return
    step = max(period * unit / frequency, Decimal(1))
    limit = min(int(count) if count is not None else _MOST, _MOST)
    for n in range(1, limit):
        if step * n > _LONGEST:
            return
        day = start.day + timedelta(days=int(step * n))
        if end is not None and day > end.last:
            return
        yield whole_day(day)


def dosage_parts(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The dosage instructions of an order."""
    return as_dicts(body.get("dosageInstruction"))
