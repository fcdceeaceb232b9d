"""How often a FHIR Timing repeats: from its ``repeat``, else from its ``code`` (QD, Q1W, "every 3 weeks").

Of ranges the densest reading counts, since a dose too many does more harm than one too few. A
code that is not understood says nothing. When the doses fall is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal
from typing import Any

from cds_service.fhir.json_types import as_dict, as_dicts, as_list, as_prose
from cds_service.fhir.quantities import as_decimal, plain, unit_names
from cds_service.values import dataclass

_DAY = Decimal(1)
_WEEK = Decimal(7)
_DAYS_IN = {
    "s": _DAY / 86400, "min": _DAY / 1440, "h": _DAY / 24, "d": _DAY, "wk": _WEEK, "mo": Decimal(30), "a": Decimal(365),
}  # fmt: skip
LONGEST = Decimal(3650)  # days; what lasts or repeats longer is no course of treatment
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Rate:
    """``doses`` spread over each ``period`` (days), or on certain ``weekdays`` of it (Monday is 0).

    ``each`` is how many doses fall on one occasion; ``count`` the number of all, when it is stated.
    """

    doses: Decimal
    period: Decimal
    weekdays: frozenset[int] = frozenset()
    each: int = 1
    count: int | None = None

    @property
    def on_a_weekday(self) -> int:
        """The doses on one of the weekdays."""
        share = self.doses / len(self.weekdays) if self.period >= _WEEK else self.doses
        return self.each * max(int(share.to_integral_value(ROUND_CEILING)), 1)


def rate_of(timing: Mapping[str, Any]) -> Rate | None:
    """How often a Timing repeats; None when it does not, or does not say how often."""
    return _of_repeat(as_dict(timing.get("repeat"))) or _of_code(as_dict(timing.get("code")))


def unplaced(timing: Mapping[str, Any]) -> str:
    """What a Timing says of a number of doses whose days are not known; empty when all are."""
    repeat = as_dict(timing.get("repeat"))
    frequency, count = _most(repeat, "frequency"), _most(repeat, "count")
    number = max(frequency or _DAY, count or _DAY)
    if as_list(timing.get("event")) or count == 1 or rate_of(timing) is not None:
        return ""
    if number > 1:
        return f"{plain(number)} doses without saying how far apart"
    return "a repeat without a unit of time" if as_decimal(repeat.get("period")) is not None else ""


def length_in_days(duration: object) -> Decimal | None:
    """A FHIR Duration in days, ten years at most; None when it has no usable length."""
    value = as_decimal(as_dict(duration).get("value"))
    if value is None or value <= 0:
        return None
    code, unit = unit_names(duration)
    days = _days_in(code or unit)
    return None if days is None else min(value * days, LONGEST)


def _days_in(unit: object) -> Decimal | None:
    """A unit of time, by FHIR's code or in words, in days."""
    name = (as_prose(unit) or "").lower()
    return _DAYS_IN.get(name) or _UNITS.get(name.rstrip("s"))


def most(repeat: Mapping[str, Any], member: str) -> int | None:
    """A whole number of a repeat, or the upper end of its range."""
    found = _most(repeat, member)
    return None if found is None else int(found)


def _most(repeat: Mapping[str, Any], member: str) -> Decimal | None:
    found = [as_decimal(repeat.get(name)) for name in (member, f"{member}Max")]
    return max((n for n in found if n is not None and n > 0), default=None)


def _of_repeat(repeat: Mapping[str, Any]) -> Rate | None:
    frequency, period = _most(repeat, "frequency"), as_decimal(repeat.get("period"))
    unit = _days_in(repeat.get("periodUnit"))
    named = [str(d).lower()[:3] for d in as_list(repeat.get("dayOfWeek"))]
    weekdays = frozenset(_WEEKDAYS.index(d) for d in named if d in _WEEKDAYS)
    times = max(len(as_list(repeat.get("timeOfDay"))), len(as_list(repeat.get("when"))))
    if unit is not None:
        length = unit * (period if period is not None and period > 0 else _DAY)
    elif weekdays or times:
        length = _WEEK if weekdays and not times else _DAY
    else:
        return None
    doses = frequency or (Decimal(len(weekdays)) if length >= _WEEK and weekdays else _DAY)
    stated_twice = length <= _DAY and doses == times  # twice a day, at 8 and at 20 o'clock
    return Rate(doses, length, weekdays, 1 if stated_twice else max(times, 1))


_NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "six": 6, "other": 2, "once": 1, "twice": 2}
_UNITS = {
    "h": _DAYS_IN["h"], "hr": _DAYS_IN["h"], "hour": _DAYS_IN["h"], "d": _DAY, "day": _DAY, "dai": _DAY,
    "w": _WEEK, "wk": _WEEK, "week": _WEEK, "m": Decimal(30), "mo": Decimal(30), "month": Decimal(30),
    "y": Decimal(365), "year": Decimal(365), "minute": _DAYS_IN["min"], "second": _DAYS_IN["s"],
}  # fmt: skip
_UNIT = r"(?P<unit>hours?|hr|h|days?|d|weeks?|wk|w|months?|mo|m)\b"
_EVERY = re.compile(
    rf"\b(?:q ?|every |each )(?P<number>\d{{1,3}}|other|one|two|three|four|six)? ?-?{_UNIT}",
    re.IGNORECASE,
)
_TIMES = re.compile(
    r"\b(?P<number>once|twice|(?:\d{1,2}|one|two|three|four|six)(?= times))(?: times)?\s+(?:(?:a|per|each|every)\s+)?"
    r"(?P<unit>day|dai(?=ly)|week|month)",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"\b(?P<unit>dai(?=ly)|week(?=ly)|month(?=ly))", re.IGNORECASE)
_COUNT = re.compile(
    r"\bx\s?(?P<count>\d{1,3})\b(?!\s*(?:mg|m2|m²|h|min|days?|weeks?|wks?))"
    r"|\b(?P<doses>\d{1,3}|one|two|three|four|six) (?:doses?|infusions?|administrations?)\b",
    re.IGNORECASE,
)
_FOR = re.compile(
    r"\b(?:for|x) ?(?P<number>\d{1,3}|one|two|three|four|six)[ -](?P<unit>days?|d|weeks?|wks?|w|months?|mo)\b",
    re.IGNORECASE,
)  # hours are the length of an infusion
# The abbreviations of FHIR's own list of timing codes, and those written beside them.
_ABBREVIATED = {
    "bid": (2, _DAY), "tid": (3, _DAY), "qid": (4, _DAY), "qd": (1, _DAY), "qod": (1, Decimal(2)), "am": (1, _DAY),
    "pm": (1, _DAY), "bed": (1, _DAY), "hs": (1, _DAY), "qam": (1, _DAY), "qpm": (1, _DAY), "qhs": (1, _DAY),
    "biw": (2, _WEEK), "tiw": (3, _WEEK), "wk": (1, _WEEK), "mo": (1, Decimal(30)), "fortnightly": (1, Decimal(14)),
}  # fmt: skip


def _of_code(code: Mapping[str, Any]) -> Rate | None:
    texts = [as_prose(code.get("text"))]
    for coding in as_dicts(code.get("coding")):
        texts += [as_prose(coding.get("code")), as_prose(coding.get("display"))]
    return next((rate for text in texts if text and (rate := _in_words(text)) is not None), None)


def _in_words(text: str) -> Rate | None:
    if match := _EVERY.search(text):
        return _counted(_DAY, _number(match["number"]) * _UNITS[_unit(match)], text)
    if match := _TIMES.search(text):
        return _counted(_number(match["number"]), _UNITS[_unit(match)], text)
    if match := _PLAIN.search(text):
        return _counted(_DAY, _UNITS[_unit(match)], text)
    short = _ABBREVIATED.get(re.sub(r"[.\s]", "", text).lower())
    return Rate(Decimal(short[0]), short[1]) if short else None


def _counted(doses: Decimal, period: Decimal, text: str) -> Rate:
    """A rhythm in words with how many doses they say that there are ("x 3", "for 3 doses", "for 3 weeks")."""
    counted, lasting = _COUNT.search(text), _FOR.search(text)
    if counted:
        return Rate(doses, period, count=int(_number(counted["count"] or counted["doses"])))
    if lasting is None:
        return Rate(doses, period)
    fitting = _number(lasting["number"]) * _UNITS[_unit(lasting)] * doses / period
    return Rate(doses, period, count=max(int(fitting.to_integral_value(ROUND_CEILING)), 1))


def _number(word: str | None) -> Decimal:
    if word is None:
        return _DAY
    return Decimal(max(int(word), 1)) if word.isdigit() else Decimal(_NUMBERS[word.lower()])


def _unit(match: re.Match[str]) -> str:
    return match["unit"].lower().rstrip("s")
