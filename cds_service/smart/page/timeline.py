"""The doses of a course on a line of time, as geometry. A template draws it, with a table of the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cds_service.clinical.series import DoseMark

WIDTH, HEIGHT, EDGE, LINE_Y = 700, 46, 10, 16


@dataclass(frozen=True, slots=True)
class Mark:
    """One dose and where it stands."""

    x: float
    dose: DoseMark

    @property
    def word(self) -> str:
        return "given" if self.dose.given else "not given"


@dataclass(frozen=True, slots=True)
class Timeline:
    """All doses; there is at least one."""

    marks: tuple[Mark, ...]
    summary: str
    width: int = WIDTH
    height: int = HEIGHT
    line_y: int = LINE_Y


def timeline(doses: Sequence[DoseMark]) -> Timeline | None:
    """The doses in order of time; None when there are none."""
    if not doses:
        return None
    ordered = sorted(doses, key=lambda dose: dose.day)
    first, span = ordered[0].day, max((ordered[-1].day - ordered[0].day).days, 1)
    room = WIDTH - 2 * EDGE
    marks = tuple(Mark(EDGE + (dose.day - first).days / span * room, dose) for dose in ordered)
    given = sum(dose.given for dose in ordered)
    return Timeline(
        marks, f"{given} given, {len(ordered) - given} not given, from {first} to {ordered[-1].day}."
    )
