"""Bars as geometry: where each part, label and tick of an SVG stands. A template draws them.

A plot never shows more than the table beside it: both are made from the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cds_service.values import dataclass

WIDTH = 720
_LABELS, _NUMBERS = 240, 60  # room at the left and at the right
_BAR, _GAP = 16, 8
_COLUMNS_HEIGHT, _TOP, _BOTTOM, _LEFT = 200, 12, 34, 44
_WIDEST_COLUMN = 48


@dataclass(frozen=True, slots=True)
class Part:
    """A rectangle: what it stands for (``tone``), its count, and where it is."""

    tone: str
    label: str
    count: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Label:
    """A word at a place."""

    text: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Plot:
    """A drawing: its size, parts and labels. ``summary`` says in words what it shows."""

    id: str
    title: str
    summary: str
    height: float
    parts: tuple[Part, ...]
    labels: tuple[Label, ...]
    numbers: tuple[Label, ...]
    ticks: tuple[Label, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A name and its counts by tone."""

    name: str
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def rows_of(found: Sequence[Mapping[str, Any]], label: str, tones: Sequence[str]) -> list[Row]:
    """Rows of a summary as rows of a plot."""
    return [Row(str(one[label]), {tone: int(one[tone]) for tone in tones}) for one in found]


def bars(plot_id: str, title: str, rows: Sequence[Row]) -> Plot:
    """A bar for each row, its parts side by side, all to one scale."""
    most = max((row.total for row in rows), default=0) or 1
    scale = (WIDTH - _LABELS - _NUMBERS) / most
    parts, labels, numbers = [], [], []
    for place, row in enumerate(rows):
        y, x = place * (_BAR + _GAP) + _GAP / 2, float(_LABELS)
        for tone, count in row.counts.items():
            if count:
                parts.append(Part(tone, row.name, count, x, y, count * scale, _BAR))
                x += count * scale
        labels.append(Label(row.name, _LABELS - 8, y + 12))
        numbers.append(Label(f"{row.total:,}", x + 6, y + 12))
    height = len(rows) * (_BAR + _GAP)
    return Plot(plot_id, title, _said(rows), height, tuple(parts), tuple(labels), tuple(numbers))


def columns(plot_id: str, title: str, rows: Sequence[Row]) -> Plot:
    """A column for each row, its parts on top of each other, with an axis."""
    most = max((row.total for row in rows), default=0) or 1
    floor = _COLUMNS_HEIGHT - _BOTTOM
    scale = (floor - _TOP) / most
    step = (WIDTH - _LEFT) / max(len(rows), 1)
    wide = min(step * 0.7, _WIDEST_COLUMN)
    every = -(-len(rows) // 12)  # at most a dozen labels, so that they do not touch
    parts, labels = [], []
    for place, row in enumerate(rows):
        middle, y = _LEFT + (place + 0.5) * step, float(floor)
        for tone, count in row.counts.items():
            if count:
                y -= count * scale
                parts.append(Part(tone, row.name, count, middle - wide / 2, y, wide, count * scale))
        if place % every == 0:
            labels.append(Label(row.name, middle, floor + 18))
    ticks = tuple(
        Label(f"{value:,}", _LEFT - 6, floor - value * scale) for value in sorted({0, most // 2, most})
    )
    return Plot(plot_id, title, _said(rows), _COLUMNS_HEIGHT, tuple(parts), tuple(labels), (), ticks)


def _said(rows: Sequence[Row]) -> str:
    if not rows:
        return "Nothing to show."
    largest = max(rows, key=lambda row: row.total)
    count = "1 row" if len(rows) == 1 else f"{len(rows)} rows from {rows[0].name} to {rows[-1].name}"
    return f"{count}, the largest {largest.name} with {largest.total:,} orders."
