"""Dates as notes write them ("4/10", "1/2026", "January", "Apr 10, 2026"), as seen from the day of the note.

A date without a year is the last such day up to the note. US order: month before day. A heading or what is set apart in
front may give the day of what stands under or behind it.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import takewhile

from cds_service.clinical.reading.tokens import Shape, Token
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


# A day beside these began what goes on: "B-ALL dx 1/2024: relapsed".
_SINCE = frozenset(
    {
        "dx",
        "diagnosed",
        "diagnosis",
        "since",
        "until",
        "dob",
        "born",
        "age",
        "started",
        "start",
        "begun",
        "onset",
        "c1d1",
        "s/p",
    }
)


_SET_APART = frozenset({"-", "*", "\u2022", "(", "[", ")", "]", "--", "|"})
_FRONT = 8  # words


def only_day(words: Sequence[Token], colon: int) -> str:
    """The day that a heading gives ("Note from 6/12/2024:"), or that stands in front; empty where none does, or several.

    ``colon``: where that of the heading stands, or 0.
    """
    if not colon:
        return _day_in_front(words)
    heading = words[:colon]
    days = [t.text for t in heading if t.shape is Shape.DATE]
    return days[0] if len(days) == 1 and _SINCE.isdisjoint(t.word for t in heading) else ""


def _day_in_front(words: Sequence[Token]) -> str:
    """The day, or the last of a span, that is set apart in front ("3/1/2024 - CR", "[3/1/2024] CR"); else empty."""
    if words[0].shape is not Shape.DATE and words[0].text not in _SET_APART:
        return ""
    front = list(takewhile(lambda t: t.shape is Shape.DATE or t.text in _SET_APART, words[:_FRONT]))
    days = [t.text for t in front if t.shape is Shape.DATE]
    if len(front) == len(words):
        return days[0] if len(words) == 1 and days else ""  # a line of its own
    return days[-1] if days and front[-1].shape is not Shape.DATE else ""
