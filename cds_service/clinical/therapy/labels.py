"""Cycle and day labels in the text of an order or administration, such as ``Cycle 2 Day 8`` or ``C2D8``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple


class Label(NamedTuple):
    """A place in the schedule: the cycle from 1, and the planned day of it (1, 8 or 15)."""

    cycle: int
    day: int

    def __str__(self) -> str:
        return f"cycle {self.cycle} day {self.day}"


DAYS = (1, 8, 15)
_WINDOW = 2  # days 8 and 15 are given within two days of the plan (label)

# Of a folded text: one blank at most.
_NUMBER = r" ?[#:]? ?(\d{1,2})"
_BETWEEN = r"(?: of \d{1,2})? ?[,;/(\-\u2013]? ?"
_CYCLE_DAY = re.compile(rf"\b(?:cycle|cyc|c){_NUMBER}{_BETWEEN}(?:day|d){_NUMBER}(?!\d|\.\d)", re.IGNORECASE)
_DAY_OF_CYCLE = re.compile(
    rf"\b(?:day|d){_NUMBER} ?(?:of|,|/|\()? ?(?:cycle|cyc|c){_NUMBER}(?!\d|\.\d)", re.IGNORECASE
)


def _slot(day: int) -> int | None:
    if day == 1:
        return 1
    return next((d for d in DAYS[1:] if abs(day - d) <= _WINDOW), None)


def labels_in(text: str) -> set[Label]:
    """All labels a text carries."""
    text = " ".join(text.split())
    pairs = [(int(c), int(d)) for c, d in _CYCLE_DAY.findall(text)]
    pairs += [(int(c), int(d)) for d, c in _DAY_OF_CYCLE.findall(text)]
    return {Label(cycle, slot) for cycle, day in pairs if cycle >= 1 and (slot := _slot(day)) is not None}


def label_of(texts: Iterable[str]) -> Label | None:
    """The one label that the texts carry; None when there is none, or several that differ."""
    found: set[Label] = set()
    for text in texts:
        found |= labels_in(text)
    return found.pop() if len(found) == 1 else None
