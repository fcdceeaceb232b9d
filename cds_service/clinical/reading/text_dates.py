"""Dates as notes write them ("4/10", "1/2026", "January", "Apr 10, 2026"), as seen from the day of the note.

A date without a year is the last such day up to the note. US order: month before day.
"""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta

from cds_service.fhir.dates import When

# A day without a year that lies farther back is one to come; what a plan names with such a day was given before.
HALF_A_YEAR = timedelta(days=183)
_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_name) if name}
_MONTHS |= {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name} | {"sept": 9}
SOON = 21  # days: a cycle is no shorter, so that what a text says without a day is no later change
_DAY = re.compile(r"([a-z]{3,9})\.?\s(\d{1,2})(?:st|nd|rd|th)?")
_NAMED = re.compile(r"(?:(\d{1,2})\s)?([a-z]{3,9})\.?\s(?:(\d{1,2}),?\s|of\s)?(\d{4})")


def read_date(text: str, on: date | None, ahead: int = 0) -> When | None:
    """The day, month or year that a text writes; None when it is none, or lacks a year and ``on`` is not known.

    ``ahead``: in how many days from then on a day without a year may still lie.
    """
    text = text.lower().strip(".")
    try:
        if match := _NAMED.fullmatch(text):
            return _named(match)
        if (match := _DAY.fullmatch(text)) and match[1] in _MONTHS:
            return _numeric(text, [_MONTHS[match[1]], int(match[2])], on, timedelta(days=ahead))
        if text in _MONTHS:
            return _last_month(_MONTHS[text], on)
        numbers = [int(part) for part in re.split("[-/]", text)]
        return _numeric(text, numbers, on, timedelta(days=ahead))
    except ValueError:
        return None


def _named(match: re.Match[str]) -> When | None:
    day, year = match[1] or match[3], int(match[4])
    if match[2] not in _MONTHS:
        return None
    return _whole_day(year, _MONTHS[match[2]], int(day)) if day else _month(year, _MONTHS[match[2]])


def _numeric(text: str, numbers: list[int], on: date | None, ahead: timedelta) -> When | None:
    match numbers:
        case [year]:
            return When(date(year, 1, 1), date(year, 12, 31))
        case [year, month, day] if "-" in text:
            return _whole_day(year, month, day)
        case [month, day, year]:
            return _whole_day(year if year > 99 else 2000 + year, month, day)
        case [month, year] if year > 99:
            return _month(year, month)
        case [month, day] if on is not None:
            years = (on.year + 1, on.year) if ahead and month < on.month else (on.year,)
            coming = (date(year, month, day) for year in years)
            found = next((d for d in coming if d <= on + ahead), date(on.year - 1, month, day))
            return When(found, found)
        case _:
            return None


def _last_month(month: int, on: date | None) -> When | None:
    if on is None:
        return None
    return _month(on.year if month <= on.month else on.year - 1, month)


def _month(year: int, month: int) -> When:
    return When(date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1]))


def _whole_day(year: int, month: int, day: int) -> When:
    found = date(year, month, day)
    return When(found, found)


def is_just_before(when: When, on: date, within: int = SOON) -> bool:
    """Whether a time lies in the days up to that of a text. ``within`` is their number."""
    return on - timedelta(days=within) <= when.first <= on


def is_of_year_before(text: str, on: date | None) -> bool:
    """Whether a date that names its year lies in a year before that of the text."""
    when = read_date(text, None)
    return on is not None and when is not None and when.last.year < on.year
