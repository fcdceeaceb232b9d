"""Cycle and day labels in the text of an order or administration, such as ``Cycle 2 Day 8`` or ``C2D8``.

Which days a cycle has is the policy's to say: a label of another day is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
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
_NUMBER = r" ?[#:]? ?\d{1,2}"
_CYCLE = rf"(?:cycle|cyc|c){_NUMBER}"
_BETWEEN = r"(?: of \d{1,2})? ?[,;:/(\-\u2013]? ?"
_DAY = rf"(?:days?|d){_NUMBER}"
# What follows a day's number is neither more digits nor a unit or month that makes it an amount or a date.
_ENDS = (
    r"(?!\d|\.\d|W\b| ?(?:mg|mcg|[µμ]g|ug|g|m?l|vials?|units?|min|mins|minutes?|h|hrs?|hours?|doses?|bags?|%|times|weeks?|wks?|"
    r"months?|syringes?|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*)\b)"
)
_FURTHER = rf"(?:{_CYCLE}{_BETWEEN}{_DAY}|{_DAY}|\d{{1,2}}){_ENDS}"
_MENTION = re.compile(
    rf"\b(?P<days>(?:{_CYCLE}{_BETWEEN})?{_DAY}{_ENDS}"
    rf"(?:(?:(?: ?(?:[,&+] ?(?:and |& )?|and ){_FURTHER}(?!/\d)|,? (?:{_CYCLE}{_BETWEEN})?{_DAY}{_ENDS})+)"
    rf"|(?: ?/ ?{_FURTHER})+|(?: ?[-\u2013] ?{_FURTHER})+|(?: (?:to|through|thru|or) {_FURTHER})+)?)"
    rf"(?P<after> ?(?:of|,|/|\()? ?{_CYCLE}(?!\d|\.\d))?",
    re.IGNORECASE,
)
_ONE = re.compile(
    rf"(?:(?:cycle|cyc|c) ?[#:]? ?(?P<cycle>\d{{1,2}}){_BETWEEN}(?=d))?(?:(?:days?|d) ?[#:]? ?)?(?P<day>\d{{1,2}})",
    re.IGNORECASE,
)


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


def labels_in(text: str, planned: PlannedDays) -> set[Label]:
    """All labels a text carries, each with the planned day that it means."""
    named = {one for mention in mentions_in(" ".join(text.split())) for one in mention.days}
    return {
        Label(cycle, slot)
        for cycle, day in named
        if cycle is not None and cycle >= 1 and (slot := planned.slot(day)) is not None
    }


def label_of(texts: Iterable[str], planned: PlannedDays) -> Label | None:
    """The one label that the texts carry; None when there is none, or several that differ."""
    found: set[Label] = set()
    for text in texts:
        found |= labels_in(text, planned)
    return found.pop() if len(found) == 1 else None
