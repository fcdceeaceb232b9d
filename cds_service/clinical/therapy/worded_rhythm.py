"""How often, and how many times, in a prescriber's words: "weekly x 3", "daily for 5 days", "three doses", "Mon, Wed and Fri".

What is to be done so often is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal

from cds_service.clinical.therapy.frequency import rate_of
from cds_service.values import dataclass

_NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "ten": 10}
_NUMBER = rf"\d{{1,3}}(?![\d.])|{'|'.join(_NUMBERS)}"
_UNIT = r"hours?|hrs?|h|days?|d|weeks?|wks?|w|months?|mo"
_SHORT = {
    "qd": "every day", "qday": "every day", "qam": "every day", "qpm": "every day", "qhs": "every day", "bid": "twice a day",
    "tid": "3 times a day", "qid": "4 times a day", "qod": "every other day", "qw": "every week", "qwk": "every week",
    "qweek": "every week", "tiw": "3 times a week", "fortnightly": "every 2 weeks", "biweekly": "", "biw": "twice a week",
}  # fmt: skip
_OFTEN = re.compile(
    rf"(?:\b(?P<before>{_NUMBER}) )?\b(?:(?P<plain>"
    rf"(?:q ?|every |each )(?:(?:\d{{1,3}}|other|one|two|three|four|six)[ -]?)?(?:{_UNIT})\b(?! ?\d)"
    r"|(?:(?:once|twice|(?:\d{1,2}|two|three|four|six) times) (?:a |per |each |every )?)(?:day|daily|week|weekly|month)\b"
    rf"|(?:daily|weekly|monthly)\b)|(?P<short>{'|'.join(_SHORT)})\b)",
    re.IGNORECASE,
)
_HOW_MANY = re.compile(
    rf"^[ ,(]*(?:(?:x|\u00d7|for) ?(?:up to )?(?:a total of )?(?P<n>{_NUMBER})|(?P<m>{_NUMBER}) (?=doses|times))"
    rf"[ -]?(?P<unit>doses?|infusions?|times|{_UNIT})?\b",
    re.IGNORECASE,
)
_DAY_NAME = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?s?"
_DATE = r"(?:\d{4}-\d\d-\d\d|\d{1,2}/\d{1,2}(?:/\d{2,4})?)"
_AND = r" ?(?:[,/&+] ?(?:and )?|and |to |through |- ?)"
_SEVERAL = re.compile(
    rf"\b(?:(?:x|\u00d7) ?(?P<x>{_NUMBER})\b(?! ?(?:mg|mcg|m2|m²|m\^2|sq|vials?|units?|bags?|ml|BSA|h|hours?|min\w*|cycles?)\b)(?! ?%)"
    rf"|(?P<doses>{_NUMBER}) (?:\w+ )?(?:doses|infusions|days in a row|consecutive days)\b"
    rf"|(?:for|over|on) (?P<days>{_NUMBER}) (?:\w+ )?(?:days|weeks)\b"
    rf"|weeks? \d{{1,2}}{_AND}(?:weeks? )?\d|cycles? \d{{1,2}} ?(?:,|and|&|-|to|through) ?(?:cycles? )?\d{{1,2}}\b(?!,? ?(?:days?|d) ?\d)"
    rf"|cycles \d{{1,2}}{_AND}\d|every {_DAY_NAME}\b|{_DAY_NAME}{_AND}{_DAY_NAME}\b|{_DATE}{_AND}{_DATE}(?!\d))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Words at one place of a text that name more than one time.

    ``phrase`` is what they mean, as the text of a timing code; empty where the days do not follow from
    them. ``period`` is how many days lie between two times, ``count`` how many times there are, where said.
    """

    start: int
    end: int
    phrase: str = ""
    period: Decimal | None = None
    count: int | None = None


def rhythms_in(folded: str) -> Iterator[Rhythm]:
    """Where a text, with its blanks folded, says how often or how many times; what is once is none."""
    ends = 0
    for match in _OFTEN.finditer(folded):
        found = _often(match, folded)
        ends = found.end
        if found.count != 1:
            yield found
    if ends:
        return
    for match in _SEVERAL.finditer(folded):
        number = next((n for n in (match["x"], match["doses"], match["days"]) if n), None)
        if number is None or _value(number) > 1:
            yield Rhythm(match.start(), match.end())


def _often(match: re.Match[str], text: str) -> Rhythm:
    phrase = (match["plain"] or _SHORT[match["short"].lower()]).lower()
    rate = rate_of({"code": {"text": phrase}}) if phrase else None
    many = _HOW_MANY.match(text[match.end() :])
    end = match.end() + (many.end() if many else 0)
    if rate is None:
        return Rhythm(match.start(), end)
    apart = rate.period / rate.doses
    count = None
    if many is not None:
        count = _number_of_times(_value(many["n"] or many["m"]), many["unit"] or "", apart)
    elif match["before"]:
        count = _value(match["before"])
    return Rhythm(match.start(), end, f"{phrase} x {count}" if count else phrase, apart, count)


def _number_of_times(number: int, unit: str, apart: Decimal) -> int:
    """A number of doses, or the doses that fall in a stretch of time."""
    length = rate_of({"code": {"text": f"every {unit}"}}) if unit else None
    if length is None:
        return number
    return max(int((number * length.period / apart).to_integral_value(ROUND_CEILING)), 1)


def _value(word: str) -> int:
    return int(word) if word.isdigit() else _NUMBERS[word.lower()]
