"""Cycle and day labels in the text of an order or administration, such as ``Cycle 2 Day 8`` or ``C2D8``.

Which days a cycle has is the policy's to say: a label of another day is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

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
_NUMBER = r" ?[#:]? ?(\d{1,2})"
_BETWEEN = r"(?: of \d{1,2})? ?[,;/(\-\u2013]? ?"
_CYCLE_DAY = re.compile(rf"\b(?:cycle|cyc|c){_NUMBER}{_BETWEEN}(?:day|d){_NUMBER}(?!\d|\.\d)", re.IGNORECASE)
_DAY_OF_CYCLE = re.compile(
    rf"\b(?:day|d){_NUMBER} ?(?:of|,|/|\()? ?(?:cycle|cyc|c){_NUMBER}(?!\d|\.\d)", re.IGNORECASE
)


def labels_in(text: str, planned: PlannedDays) -> set[Label]:
    """All labels a text carries, each with the planned day that it means."""
    text = " ".join(text.split())
    found = set()
    for cycle, day in (*_CYCLE_DAY.findall(text), *((c, d) for d, c in _DAY_OF_CYCLE.findall(text))):
        if int(cycle) >= 1 and (slot := planned.slot(int(day))) is not None:
            found.add(Label(int(cycle), slot))
    return found


def label_of(texts: Iterable[str], planned: PlannedDays) -> Label | None:
    """The one label that the texts carry; None when there is none, or several that differ."""
    found: set[Label] = set()
    for text in texts:
        found |= labels_in(text, planned)
    return found.pop() if len(found) == 1 else None
