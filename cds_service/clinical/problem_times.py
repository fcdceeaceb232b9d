"""When a Condition began and ended, in whatever of its shapes FHIR has it: a time, a period, an age, a text.

An age is a stretch of a year or less, counted from the birth date. A text that is not understood leaves open when it
was, up to the day on which it was written down; so does an age of a patient whose birth date is not known.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Any

from cds_service.clinical.reading.text_dates import read_date
from cds_service.fhir.codings import status_codes
from cds_service.fhir.dates import When, end_of, read_when, start_of, written_on
from cds_service.fhir.json_types import as_dict, as_prose
from cds_service.fhir.quantities import as_decimal, unit_names

_EARLIEST = date(1900, 1, 1)
_OLDEST = 130  # years
_OTHER_ONSETS = frozenset({"onsetString", "onsetAge", "onsetRange"})
_OTHER_ENDS = frozenset({"abatementString", "abatementAge", "abatementRange"})
# Words that tell no time: that it is not known, or how it began.
_NOT_SAID = re.compile(
    r"(?:unknown|unk|not known|unspecified|not (?:stated|documented|recorded)|n/?a|none"
    r"|(?:very )?(?:acute|sub-?acute|sudden|abrupt|rapid|gradual|slow|insidious|chronic|new|recent)(?:[- ]onset)?"
    r"|during (?:the |an )?infusion)?\W*",
    re.IGNORECASE,
)
_AROUND = re.compile(
    r"^(?:(?:onset|began|started|ended|resolved|recovered|abated|until|since|in|on|from|around|approximately|approx\.?|about|circa|ca\.?|early|mid|late|~)[\s:-]*)+",
    re.IGNORECASE,
)
_OVER = re.compile(
    r"(?:now |has |fully |completely |it ){0,4}(?:resolved|recovered|abated|ended|healed|cured|gone|over|in remission|yes|true)\W{0,3}",
    re.IGNORECASE,
)
_NUMBERS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_AGO = re.compile(
    rf"(?P<number>\d{{1,3}}|{'|'.join(_NUMBERS)})\s(?P<unit>day|week|month|year)s?\sago", re.IGNORECASE
)
# Days before that of writing, from the earliest to the latest that such words may mean.
_RELATIVE = {
    "today": (0, 0), "this morning": (0, 0), "tonight": (0, 0), "last night": (1, 0), "overnight": (1, 0), "yesterday": (1, 1),
    "this week": (6, 0), "last week": (13, 1), "this past week": (13, 0), "last month": (61, 1), "this month": (30, 0), "this past month": (61, 0),
}  # fmt: skip
_DAYS = {"day": 1, "week": 7, "month": 31, "year": 366}  # at most
_MONTHS_OF = {
    "a": 12,
    "year": 12,
    "years": 12,
    "yr": 12,
    "yrs": 12,
    "y": 12,
    "mo": 1,
    "month": 1,
    "months": 1,
}
_DAYS_OF = {"d": 1, "day": 1, "days": 1, "wk": 7, "week": 7, "weeks": 7}


def onset_of(body: Mapping[str, Any], zone: tzinfo, birth: When | None) -> When | None:
    """When a Condition began; None where it does not say."""
    stated = read_when(body.get("onsetDateTime"), zone) or _within(body.get("onsetPeriod"), birth, zone)
    if stated is not None or _OTHER_ONSETS.isdisjoint(body):
        return stated
    return _told(body, "onset", birth, zone)


def end_of_problem(body: Mapping[str, Any], zone: tzinfo, birth: When | None) -> When | None:
    """When a Condition ended; None where it does not say that it did, nor words that are understood do ("ongoing")."""
    stated = read_when(body.get("abatementDateTime"), zone) or _ended_within(body, birth, zone)
    if stated is not None or _OTHER_ENDS.isdisjoint(body):
        return stated
    told = _time_told(body, "abatement", birth, zone)
    is_over = _OVER.fullmatch((as_prose(body.get("abatementString")) or "").strip()) or (
        status_codes(body.get("clinicalStatus")) & {"resolved", "inactive", "remission"}
    )
    return _told(body, "abatement", birth, zone) if told is not None or is_over else None


def _within(period: object, birth: When | None, zone: tzinfo) -> When | None:
    """A day that FHIR gives as a period because it is not known to the day. A start alone is that day."""
    start, end = start_of(period, zone), end_of(period, zone)
    if end is None or (start is not None and start.last >= end.last):
        return start
    first = start or birth or When(_EARLIEST, _EARLIEST)
    return When(min(first.first, end.first), end.last, start.instant if start is not None else None)


def _ended_within(body: Mapping[str, Any], birth: When | None, zone: tzinfo) -> When | None:
    """As ``_within``; over for certain only when the period is, so its end tells past from future."""
    period = body.get("abatementPeriod")
    found, end = _within(period, birth, zone), end_of(period, zone)
    if found is None or end is None:
        return found
    return replace(found, instant=end.instant or datetime.combine(end.first, time.min, zone))


def _time_told(body: Mapping[str, Any], member: str, birth: When | None, zone: tzinfo) -> When | None:
    """The time that a text or an age tells; None where neither is understood."""
    if (text := as_prose(body.get(f"{member}String")) or "") != "":
        return time_in_words(text, zone, written_on(body, zone))
    low, high = _ages(body, member)
    return _at_age(low or high, high or low, birth)


def _ages(body: Mapping[str, Any], member: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    ages, age = as_dict(body.get(f"{member}Range")), as_dict(body.get(f"{member}Age"))
    return as_dict(ages.get("low")) or age, as_dict(ages.get("high")) or age


def _told(body: Mapping[str, Any], member: str, birth: When | None, zone: tzinfo) -> When | None:
    """The time told, not after it was written; any time up to then where it is not understood."""
    written = written_on(body, zone)
    text = as_prose(body.get(f"{member}String")) or ""
    if not any(_ages(body, member)) and _NOT_SAID.fullmatch(text):
        return None
    found = _time_told(body, member, birth, zone)
    if written is None:
        return found
    if found is None or found.first > written.last:
        return found or When(birth.first if birth else _EARLIEST, written.last)
    return When(found.first, min(found.last, written.last), found.instant)


def time_in_words(text: str, zone: tzinfo, written: When | None = None) -> When | None:
    """The time that a text wholly is ("about March 2019", "2 weeks ago"), as seen from the day of writing."""
    said = _AROUND.sub("", text.strip()).rstrip(".")
    on = written.last if written else None
    if (found := read_when(said, zone) or read_date(said, on)) is not None:
        return found
    if on is not None and (days := _RELATIVE.get(said.lower())) is not None:
        return When(on - timedelta(days[0]), on - timedelta(days[1]))
    if on is None or (match := _AGO.fullmatch(said)) is None:
        return None
    number = _NUMBERS.get(match["number"].lower()) or int(match["number"])
    length = _DAYS[match["unit"].lower()]
    most = min((number + 1) * length, (on - _EARLIEST).days)
    return When(on - timedelta(most), on - timedelta(min((number - 1) * length, most)))


def _at_age(low: Mapping[str, Any], high: Mapping[str, Any], birth: When | None) -> When | None:
    """From the first day of one age to the last day of another."""
    if birth is None:
        return None
    first, last = _reached(birth.first, low, 0), _reached(birth.last, high, 1)
    return When(first, last - timedelta(1)) if first and last and first < last else None


def _reached(born: date, age: Mapping[str, Any], further: int) -> date | None:
    """The day on which an age is reached, or so many of its units after it."""
    value, (code, unit) = as_decimal(age.get("value")), unit_names(age)
    name = (code or unit or "").lower()
    if value is None or not 0 <= value <= _OLDEST * 366:
        return None
    count = value.to_integral_value() + further if value == value.to_integral_value() else value + further
    if name in _DAYS_OF:
        return born + timedelta(int(count * _DAYS_OF[name]))
    if name not in _MONTHS_OF or value * _MONTHS_OF[name] > _OLDEST * 12:
        return None
    return _months_after(born, int(Decimal(count) * _MONTHS_OF[name]))


def _months_after(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
