"""FHIR dates and date-times of any precision (POL-REC-TIME).

A calendar day is the one written in the value's own offset. A date without a time is the
whole day, a partial date the whole month or year: questions about it answer True, False or,
where the answer depends on the day within that period, None.

Only the years 1900 to 2100 are times: systems write 0001-01-01 and 9999-12-31 for "no date".
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any

from cds_service.fhir.json_types import as_dict, as_dicts, as_list, as_text
from cds_service.values import dataclass

_FORM = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?\s?([Zz]|[+-]\d\d(?::?\d\d)?)?)?)?)?"
)

_FIGURES = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T?(\d\d)(\d\d)(?:(\d\d)(?:\.\d{1,6})?)?([+-]\d{4}|Z)?)?")
_FIRST_YEAR, _LAST_YEAR = 1900, 2100
_QUOTED = 40  # characters of an unusable time
_LONGEST = 64  # characters of a time


@dataclass(frozen=True, slots=True)
class When:
    """A point or period of time: its first and last calendar day and, when exact, its instant."""

    first: date
    last: date
    instant: datetime | None = None

    @property
    def day(self) -> date | None:
        """The calendar day; None for a partial date."""
        return self.first if self.first == self.last else None

    def __str__(self) -> str:
        if self.first == self.last:
            return self.first.isoformat()
        if self.first.year != self.last.year:
            return f"{self.first.year} to {self.last.year}"
        return self.first.isoformat()[:7] if self.first.month == self.last.month else str(self.first.year)

    def is_before(self, day: date) -> bool | None:
        """Whether it lies on an earlier calendar day."""
        return True if self.last < day else False if self.first >= day else None

    def is_after(self, day: date) -> bool | None:
        """Whether it lies on a later calendar day."""
        return True if self.first > day else False if self.last <= day else None

    def is_within(self, first: date, last: date) -> bool | None:
        """Whether it lies on one of the days from ``first`` to ``last``, both included."""
        if self.first >= first and self.last <= last:
            return True
        return False if self.last < first or self.first > last else None

    def has_happened(self, clock: datetime) -> bool:
        """Whether it is not after the clock. A date of today without a time has happened."""
        if self.instant is not None:
            return self.instant <= clock
        return self.first <= clock.date()


def whole_day(day: date) -> When:
    return When(day, day)


def completed_years(since: date, day: date) -> int:
    """The whole years from one day to another; a birthday counts from its own day on."""
    return day.year - since.year - ((day.month, day.day) < (since.month, since.day))


def instant(text: str) -> datetime:
    """A clock to evaluate at, as an operator gives it. Raises ValueError, which says what it must be."""
    try:
        clock = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text} is not an ISO instant") from None
    if clock.tzinfo is None:
        raise ValueError("it needs an offset, such as 2026-04-15T09:00:00-04:00")
    if not _FIRST_YEAR < clock.year < _LAST_YEAR:  # so that spans of months before and after it are times too
        raise ValueError(f"{text} is no time of a patient's record")
    return clock


def parse_when(text: str, zone: tzinfo = UTC) -> When | None:
    """Read a FHIR date, dateTime or instant; None when it is none, or no year of a patient's record.

    Met though not valid FHIR, and read: a time without an offset (taken in ``zone``, the clock's) or
    without seconds, a blank for the T, an offset written ``+0000`` or ``+00``, and a day with or without
    its time in figures alone, as HL7 v2 and C-CDA have it (``202604051430-0400``).
    """
    return None if text[_LONGEST:] else _parsed(text, zone)


@lru_cache(maxsize=8192)
def _parsed(text: str, zone: tzinfo) -> When | None:
    written = text.strip()
    if (figures := _FIGURES.fullmatch(written)) is not None:
        year, month, day, hour, minute, second, offset = figures.groups()
        clock = f"T{hour}:{minute}:{second or '00'}{offset or ''}" if hour else ""
        written = f"{year}-{month}-{day}{clock}"
    match = _FORM.fullmatch(written)
    if match is None or not _FIRST_YEAR <= int(match[1]) <= _LAST_YEAR:
        return None
    year, month, day, hour, minute, second, offset = match.groups()
    try:
        if month is None:
            return When(date(int(year), 1, 1), date(int(year), 12, 31))
        if day is None:
            end = calendar.monthrange(int(year), int(month))[1]
            return When(date(int(year), int(month), 1), date(int(year), int(month), end))
        on = date(int(year), int(month), int(day))
        if hour is None:
            return When(on, on)
        seconds = min(int(second or 0), 59)  # a leap second, :60, is legal in FHIR
        at = datetime(on.year, on.month, on.day, int(hour), int(minute), seconds)
        return When(on, on, at.replace(tzinfo=_zone(offset, zone)))
    except ValueError:
        return None


def _zone(offset: str | None, default: tzinfo) -> tzinfo:
    if offset is None:
        return default
    if offset in ("Z", "z"):
        return UTC
    minutes = int(offset[1:3]) * 60 + int(offset[-2:] if len(offset) > 3 else 0)
    return timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))


def read_when(value: object, zone: tzinfo = UTC) -> When | None:
    """The time in a JSON value that should be a FHIR date or dateTime."""
    if type(value) is not str:
        return None
    return _parsed(value, zone) if not value[_LONGEST:] else parse_when(value.strip(), zone)


def start_of(period: object, zone: tzinfo = UTC) -> When | None:
    """``Period.start``."""
    return read_when(period.get("start"), zone) if type(period) is dict else None


def end_of(period: object, zone: tzinfo = UTC) -> When | None:
    """``Period.end``."""
    return read_when(period.get("end"), zone) if type(period) is dict else None


def unusable_times(value: object, members: frozenset[str], *, to_the_day: bool = False) -> tuple[str, ...]:
    """What these members hold, at any depth of a resource, that is no time that can be used; quoted.

    ``to_the_day``: a month or a year cannot be used either.
    """
    found: dict[str, None] = {}
    inside = [value]
    for each in inside:  # which grows as it is gone through
        if type(each) is dict:
            for name, inner in each.items():
                if name in members:
                    texts = [t for v in (as_list(inner) or [inner]) if (t := as_text(v))]
                    found |= dict.fromkeys(t[:_QUOTED] for t in texts if not _is_usable(t, to_the_day))
                if type(inner) is dict or type(inner) is list:
                    inside.append(inner)
        elif type(each) is list:
            inside += each
    return tuple(found)


def _is_usable(text: str, to_the_day: bool) -> bool:
    when = parse_when(text)
    return when is not None and (when.day is not None or not to_the_day)


def effective(body: Mapping[str, Any], zone: tzinfo = UTC) -> When | None:
    """``effectiveDateTime`` or ``effectiveInstant``, else the end of ``effectivePeriod``, else the last of ``effectiveTiming``."""
    single = read_when(body.get("effectiveDateTime"), zone) or read_when(body.get("effectiveInstant"), zone)
    if single is None and "effectivePeriod" in body:
        single = end_of(body["effectivePeriod"], zone) or start_of(body["effectivePeriod"], zone)
    if single is None and "effectiveTiming" in body:
        events = [
            when
            for e in as_list(as_dict(body["effectiveTiming"]).get("event"))
            if (when := read_when(e, zone))
        ]
        return max(events, key=lambda when: when.last, default=None)
    return single


_ASSERTED = "http://hl7.org/fhir/StructureDefinition/condition-assertedDate"


def written_on(condition: Mapping[str, Any], zone: tzinfo = UTC) -> When | None:
    """When a Condition was recorded, else asserted: in an extension, or where STU3 and DSTU2 had it."""
    if (recorded := read_when(condition.get("recordedDate"), zone)) is not None:
        return recorded
    for extension in as_dicts(condition.get("extension")):
        if extension.get("url") == _ASSERTED:
            return read_when(extension.get("valueDateTime"), zone)
    return read_when(condition.get("assertedDate"), zone) or read_when(condition.get("dateRecorded"), zone)
