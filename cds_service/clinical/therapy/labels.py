"""Cycle and day labels in the text of an order or administration, such as ``Cycle 2 Day 8`` or ``C2D8``.

Which days a cycle has is the policy's to say: a label of another day is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from itertools import pairwise
from typing import NamedTuple

from cds_service.remembering import remembered
from cds_service.values import dataclass


class Label(NamedTuple):
    """A place in the schedule: the cycle from 1, and the planned day of it, from 1."""

    cycle: int
    day: int

    def __str__(self) -> str:
        return f"cycle {self.cycle} day {self.day}"


@dataclass(frozen=True, slots=True)
class PlannedDays:
    """The days of a cycle on which a drug is planned, from day 1, such as 1, 8 and 15.

    A dose of a later day may be given ``within`` so many days of it, and is labelled so.
    """

    days: tuple[int, ...]
    within: int

    def slot(self, day: int) -> int | None:
        """The planned day that a stated day is meant to be; None for a day without a dose."""
        if day == self.days[0]:
            return day
        return next((d for d in self.days[1:] if abs(day - d) <= self.within), None)

    @property
    def apart(self) -> timedelta:
        """How far the first two planned days lie apart; nothing where there is one only."""
        return timedelta(days=self.days[1] - self.days[0] if len(self.days) > 1 else 0)


NO_CYCLE = PlannedDays((1,), 0)  # of a drug that is not given in cycles

# Of a folded text: one blank at most.
_NUMBER = r" ?(?:[#:=]|no\.|number)? ?\d{1,2}"
_CYCLE = rf"(?:cycle|cyc|c){_NUMBER}"
_BETWEEN = r"(?: \(?of \d{1,2}\)?)? ?[,;:/(\[|_\-\u2013\u2014]{0,2} ?(?:on )?"
_DAY = rf"(?:days?|d){_NUMBER}"
# What follows a day's number is neither more digits nor a unit or month that makes it an amount or a date.
_ENDS = (
    r"(?!\d|\.\d|W\b| ?(?:mg|mcg|[µμ]g|ug|g|m?l|vials?|units?|min|mins|minutes?|h|hrs?|hours?|doses|bags?|%|times|weeks?|wks?|"
    r"months?|syringes?|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*)\b)"
)
_FURTHER = rf"(?:{_CYCLE}{_BETWEEN}{_DAY}|{_DAY}|\d{{1,2}}){_ENDS}"
_MENTION = re.compile(
    rf"\b(?P<days>(?:{_CYCLE}{_BETWEEN})?{_DAY}{_ENDS}"
    rf"(?:(?:(?: ?(?:[,&+] ?(?:and |& )?|and ){_FURTHER}(?!/\d)|,? (?:{_CYCLE}{_BETWEEN})?{_DAY}{_ENDS})+)"
    rf"|(?: ?/ ?{_FURTHER})+|(?: ?[-\u2013] ?{_FURTHER})+|(?: (?:to|through|thru|or) {_FURTHER})+)?)"
    rf"(?P<after> ?(?:of|,|/|\(|-|\u2013|\u2014)? ?{_CYCLE}(?!\d|\.\d))?",
    re.IGNORECASE,
)
_ONE = re.compile(
    rf"(?:(?:cycle|cyc|c) ?(?:[#:=]|no\.|number)? ?(?P<cycle>\d{{1,2}}){_BETWEEN}(?=d))?(?:(?:days?|d) ?(?:[#:=]|no\.|number)? ?)?(?P<day>\d{{1,2}})",
    re.IGNORECASE,
)

# How cycles and days are also written: in Spanish, with ordinals, with numbers in words or Roman figures.
_NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "fifteen": 15,
    "uno": 1, "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6, "ocho": 8, "quince": 15,
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "eighth": 8, "fifteenth": 15,
    "primer": 1, "segundo": 2, "tercer": 3, "cuarto": 4, "quinto": 5, "sexto": 6,
    "i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6,
}  # fmt: skip
_WORD = (
    r"(one|two|three|four|five|six|seven|eight|nine|ten|fifteen|uno|dos|tres|cuatro|cinco|seis|ocho|quince)\b"
)
_ORDINAL = (
    r"(\d{1,2}(?=st|nd|rd|th|er|do|ro|to|º)|first|second|third|fourth|fifth|sixth|eighth|fifteenth|"
    r"primer|segundo|tercer|cuarto|quinto|sexto)(?:st|nd|rd|th|er|do|ro|to|º)?"
)
_SPELLED = re.compile(
    r"\bciclo\b|\bd[ií]as? |\w(?:st|nd|rd|th|er|do|ro|to|º) (?:cycle|day)|\b(?:cycle|day) (?:[IV]+\b|[a-z])",
    re.IGNORECASE,
)
_SPANISH = (
    (re.compile(r"\bdel? ciclo\b", re.I), "of cycle"),
    (re.compile(r"\bciclo\b", re.I), "cycle"),
    (re.compile(r"\bd[ií]a(?=s?\b)", re.I), "day"),
    (re.compile(r"(?<=\d) y (?=\d)", re.I), " and "),
    (re.compile(r"(?<=\d) al? (?=\d)", re.I), " to "),
)
_SPELLINGS = tuple(
    (re.compile(pattern, re.IGNORECASE), unit)
    for pattern, unit in (
        (rf"(?<!every )(?<!each )\b(?:(?:the|this|her|his|their|el|su) )?{_ORDINAL} cycle\b", "cycle"),
        (rf"\bcycle {_WORD}", "cycle"),
        (r"(?<!every )(?<!each )(?<!per )\bcycle (I{1,3}|IV|VI?)(?=[ ,;:/(-]{1,3}d)", "cycle"),
        (rf"\bday {_WORD}", "day"),
        (rf"(?<=cycle \d),? (?:on )?(?:the )?{_ORDINAL} day\b", " day"),
        (rf"\b(?:the )?{_ORDINAL} day(?=,? (?:of|in) (?:the )?cycle \d)", "day"),
    )
)  # fmt: skip


def in_figures(folded: str) -> str:
    """A text, with its blanks folded, in which cycles and days stand in English and in figures ("2nd cycle, day eight")."""
    if _SPELLED.search(folded) is None:
        return folded
    for pattern, unit in _SPANISH:
        folded = pattern.sub(unit, folded)
    for pattern, unit in _SPELLINGS:
        folded = pattern.sub(partial(_figure, unit), folded)
    return folded


def _figure(unit: str, match: re.Match[str]) -> str:
    return f"{unit} {_NUMBERS.get(match[1].lower(), match[1])}"


@dataclass(frozen=True, slots=True)
class Mention:
    """The days of a cycle that a text names at one place, as they are written; the cycle is None where it is not named.

    ``is_list``: each day by itself; else they are the ends of a range, or a choice.
    """

    start: int
    end: int
    days: tuple[tuple[int | None, int], ...]
    is_list: bool
    is_plural: bool

    @property
    def is_one(self) -> bool:
        return len(set(self.days)) == 1


@remembered(200_000)
def mentions_in(folded: str) -> tuple[Mention, ...]:
    """Where a text, with its blanks folded, names days of a cycle."""
    return tuple(_mention(match) for match in _MENTION.finditer(folded))


def _mention(match: re.Match[str]) -> Mention:
    body, cycle = match["days"], None
    if match["after"]:
        cycle = int(re.findall(r"\d+", match["after"])[-1])
    found: list[tuple[int | None, int]] = []
    for one in _ONE.finditer(body):
        cycle = int(one["cycle"]) if one["cycle"] else cycle
        found.append((cycle, int(one["day"])))
    return Mention(match.start(), match.end(), tuple(found), not _is_range(body), "days" in body.lower())


def _is_range(body: str) -> bool:
    """Whether the days are the ends of a range, or a choice: "1 to 15", "1-15", "8 or 15"."""
    ones = list(_ONE.finditer(body))
    between = [body[a.end() : b.start()].lower().strip() for a, b in pairwise(ones)]
    return between in (["-"], ["\u2013"]) or not {"to", "through", "thru", "or"}.isdisjoint(between)


@remembered(200_000)
def labels_in(text: str, planned: PlannedDays) -> frozenset[Label]:
    """All labels a text carries, each with the planned day that it means."""
    named = {one for mention in mentions_in(in_figures(" ".join(text.split()))) for one in mention.days}
    return frozenset(
        Label(cycle, slot)
        for cycle, day in named
        if cycle is not None and cycle >= 1 and (slot := planned.slot(day)) is not None
    )


def label_of(texts: Iterable[str], planned: PlannedDays) -> Label | None:
    """The one label that the texts carry; None when there is none, or several that differ."""
    found: set[Label] = set()
    for text in texts:
        found |= labels_in(text, planned)
    return found.pop() if len(found) == 1 else None
