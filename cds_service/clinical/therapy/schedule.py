"""When the doses of an order are planned: events, or a start that repeats.

A repeat is expanded to its count, the end of its bounds or of its supply; without any of these to
28 days, and it is said to have no end. ``repeat.duration`` is the length of an infusion, no bound.
Source: docs/record-reading.md#timing-of-an-order, step 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta, tzinfo
from decimal import Decimal
from itertools import islice
from typing import Any

from cds_service.clinical.therapy.frequency import LONGEST, Rate, length_in_days, most, rate_of, unplaced
from cds_service.clinical.therapy.worded_days import WordedDays
from cds_service.fhir.dates import When, end_of, read_when, start_of, whole_day
from cds_service.fhir.decimals import remainder
from cds_service.fhir.json_types import as_dict, as_dicts, as_list
from cds_service.values import dataclass

_WITHOUT_END = 28  # days, one cycle
_ROUNDING = Decimal("1e-9")  # days; hours and minutes are no exact decimals of a day
_MOST = 400  # planned doses read of one order: a year of daily ones


@dataclass(frozen=True, slots=True)
class Schedule:
    """The planned doses of one dosage instruction.

    ``times`` are in order; a day stands twice when two doses are planned for it. ``last_day`` is
    the last day that the instruction covers. ``endless``: it repeats and nothing says until when.
    ``problem``: what it says of doses whose days cannot be determined.
    """

    times: tuple[When, ...]
    last_day: date | None = None
    repeats: bool = False
    endless: bool = False
    problem: str = ""


def schedule_of(
    timing: Mapping[str, Any], start: When | None, zone: tzinfo, supply: Decimal | None = None
) -> Schedule:
    """The doses that a Timing plans. ``start`` is when it begins if it names no start itself.

    ``supply`` is the number of days that the order's supply is for.
    """
    if events := _events(timing, zone):
        return Schedule(events, events[-1].last)
    repeat = as_dict(timing.get("repeat"))
    first = start_of(repeat.get("boundsPeriod"), zone) or start
    if first is None:
        return Schedule(())
    end = end_of(repeat.get("boundsPeriod"), zone)
    rate, problem = rate_of(timing), unplaced(timing)
    if rate is None or first.day is None:
        return Schedule((first,), _last_covered(repeat, first, end), problem=problem)
    length = _length(repeat, first, end, supply)
    count = most(repeat, "count") or rate.count
    limit = min(count, _MOST) if count is not None else _MOST
    within = length if length is not None else Decimal(_WITHOUT_END) if count is None else None
    days = islice(_days(rate, first.first), limit)
    times = tuple(
        first if day == first.day else whole_day(day)
        for day, offset in days
        if within is None or offset < within
    )
    times = times or (first,)
    return Schedule(times, times[-1].last, len(times) > 1, endless=length is None and count is None)


def _events(timing: Mapping[str, Any], zone: tzinfo) -> tuple[When, ...]:
    """The events in order; one without a time is that of its day which has one."""
    if "event" not in timing:
        return ()
    found = dict.fromkeys([w for value in as_list(timing.get("event")) if (w := read_when(value, zone))])
    if len(found) < 2:
        return tuple(found)
    timed = {w.first for w in found if w.instant is not None}
    kept = (w for w in found if w.instant is not None or w.first not in timed)
    return tuple(sorted(kept, key=lambda w: (w.first, w.instant.timestamp() if w.instant else 0)))


def _length(
    repeat: Mapping[str, Any], first: When, end: When | None, supply: Decimal | None
) -> Decimal | None:
    """The days from the start in which doses fall: of the bounds and the supply the shorter."""
    limits = [supply] if supply is not None else []
    if end is not None:
        limits.append(Decimal((end.last - first.first).days + 1))
    if (stated := _bounded(repeat)) is not None:
        limits.append(stated)
    return min(limits, default=None)


def _bounded(repeat: Mapping[str, Any]) -> Decimal | None:
    """``boundsDuration``, or the longest of ``boundsRange``."""
    longest = as_dict(repeat.get("boundsRange")).get("high")
    return length_in_days(repeat.get("boundsDuration")) or length_in_days(longest)


def _last_covered(repeat: Mapping[str, Any], first: When, end: When | None) -> date:
    """The last day of the bounds of an instruction that does not repeat."""
    if end is not None:
        return max(end.last, first.last)
    length = _bounded(repeat)
    return first.last + timedelta(days=max(int(length) - 1, 0)) if length is not None else first.last


def _days(rate: Rate, first: date) -> Iterator[tuple[date, Decimal]]:
    """The days of a repeat with their distance from the start."""
    occasion = 0
    while occasion < _MOST:
        offset = Decimal(occasion) if rate.weekdays else rate.period / rate.doses * occasion
        if offset > LONGEST:
            return
        day = first + timedelta(days=int(offset + _ROUNDING))
        occasion += 1
        if not rate.weekdays:
            yield from ((day, offset) for _ in range(rate.each))
        elif day.weekday() in rate.weekdays and remainder(offset, rate.period) < 7:
            yield from ((day, offset) for _ in range(rate.on_a_weekday))


@dataclass(frozen=True, slots=True)
class InWords:
    """The schedule of an instruction beside its words: ``used`` when it is theirs, ``problem`` what is not sure of them."""

    schedule: Schedule
    used: bool = False
    problem: str = ""


def beside_words(
    schedule: Schedule, timing: Mapping[str, Any], words: WordedDays, zone: tzinfo, supply: Decimal | None
) -> InWords:
    """A timing of one day goes on as the words say; one of several days stands, and words for more are named."""
    timed = len({w.first for w in schedule.times})
    if words.problem:
        quoted = f"several days are named in words that are not surely understood ({words.problem!r})"
        return InWords(schedule, problem="" if timed > 1 else quoted)
    if words.repeat:
        worded = _repeated(schedule, timing, words.repeat, zone, supply)
    elif len(words.days) > 1:
        worded = _on_days(schedule, words.days)
    else:
        return InWords(schedule)
    if timed == 1:
        return InWords(worded, used=True)
    number = len(words.days) if len(words.days) > 1 else 0 if worded.endless else len(worded.times)
    more = f"the text names {number} doses, the timing {timed}" if number > timed else ""
    return InWords(schedule, problem=more)


def _on_days(schedule: Schedule, days: Sequence[int]) -> Schedule:
    """A schedule of one day on several days of a cycle; its own day is the first of them."""
    offsets = [timedelta(days=day - days[0]) for day in days]
    times = [whole_day(w.first + by) if by else w for by in offsets for w in schedule.times]
    last = max(times[-1].last, schedule.last_day or times[-1].last)
    return replace(schedule, times=tuple(times), last_day=last, problem="")


def _repeated(
    schedule: Schedule, timing: Mapping[str, Any], often: str, zone: tzinfo, supply: Decimal | None
) -> Schedule:
    """A schedule that goes on as words say ("weekly x 3"); bounds and supply end it where they give no number."""
    rate = {"text": often}
    counted = rate_of({"code": rate})
    if counted is not None and counted.count is not None:
        return schedule_of({"code": rate}, schedule.times[0], zone)
    bounds = {k: v for k, v in as_dict(timing.get("repeat")).items() if k.startswith("bounds")}
    return schedule_of({"repeat": bounds, "code": rate}, schedule.times[0], zone, supply)


def stated_times(timing: Mapping[str, Any], zone: tzinfo) -> tuple[When, ...]:
    """The times that a Timing states: events, else a start with its repeats where it says until when."""
    found = schedule_of(timing, None, zone)
    return found.times[:1] if found.endless else found.times


def planned_times(dosages: Iterable[Mapping[str, Any]], zone: tzinfo) -> tuple[When, ...]:
    """The stated times of all dosage instructions in order of time, each day once."""
    found: dict[date, When] = {}
    for dosage in dosages:
        for when in stated_times(as_dict(dosage.get("timing")), zone):
            found.setdefault(when.first, when)
    return tuple(sorted(found.values(), key=lambda w: w.first))


def dosage_parts(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The dosage instructions of an order."""
    return as_dicts(body.get("dosageInstruction"))
