"""Cycle and day of an order (case.md, "Cycle and day") read a second time. No delay is recorded."""

import random
from collections import Counter
from datetime import timedelta
from functools import cache

import pytest

from tests.policy.chart_notes import administration, determine, order
from tests.policy.second_reading.charts import BASE, DOSE_HOUR, TODAY, written

SEEDS = range(240)
SLOTS = [(cycle, day) for cycle in (1, 2, 3, 4) for day in (1, 8, 15)]


class Chart:
    """Doses at some distances, with or without labels that rise, and the order, with or without one."""

    def __init__(self, seed):
        some = random.Random(seed)
        self.planned = TODAY + timedelta(days=some.choice([1, 3]))
        self.given = []
        day = self.planned
        for _ in range(some.choice([0, 1, 2, 3, 3, 4, 5, 6, 6])):
            day -= timedelta(days=some.choice([5, 6, 7, 7, 7, 8, 10, 11, 14, 20, 21, 22, 28]))
            self.given.insert(0, day)
        self.counted = counted(self.given)
        self.labels = None
        if self.given and some.random() < 0.5:
            self.labels = some.choice([self.counted, sorted(some.sample(SLOTS, len(self.given)))])
        self.label = some.choice([None, (some.choice([1, 2, 2, 3]), some.choice([1, 8, 15]))])

    def determined(self):
        labels = self.labels or [None] * len(self.given)
        given = [
            administration(written(day, DOSE_HOUR), None, _said(slot))
            for day, slot in zip(self.given, labels, strict=True)
        ]
        return determine([*BASE, *given], order(written(self.planned), _said(self.label)))


def _said(slot):
    return None if slot is None else f"Cycle {slot[0]} Day {slot[1]}"


def next_slot(slots, days, day):
    """The slot of a dose on a day after others; None where the procedure leaves it open."""
    if not slots:
        return 1, 1
    cycle = slots[-1][0]
    filled = {d for c, d in slots if c == cycle}
    if 1 not in filled:
        return None
    since = (day - days[slots.index((cycle, 1))]).days
    if since >= 21 or filled == {1, 8, 15}:
        return cycle + 1, 1
    if since <= 10 and 8 not in filled:
        return (cycle, 8) if 15 not in filled else None
    return (cycle, 15) if 15 not in filled else None


def counted(days):
    """The slots of doses by counting; None where it is left open."""
    slots = []
    for day in days:
        slot = next_slot(slots, days, day)
        if slot is None:
            return None
        slots.append(slot)
    return slots


def contradicts(chart, slots):
    """Whether the order's label names a slot given or passed, skips a day 1 or a cycle, or lies too late in its cycle."""
    cycle, day = chart.label
    if not slots:
        return chart.label != (1, 1)
    if chart.label <= slots[-1]:
        return True
    current = slots[-1][0]
    if cycle > current:
        return cycle > current + 1 or day != 1
    if (cycle, 1) not in slots:
        return True
    return (chart.planned - chart.given[slots.index((cycle, 1))]).days >= 21


def read(chart):
    """Cycle and day, each None where it is open."""
    slots = chart.labels or chart.counted
    count = next_slot(slots, chart.given, chart.planned)
    if chart.label is None:
        return count
    if not contradicts(chart, slots):
        return chart.label
    return tuple(a if a == b else None for a, b in zip(count, chart.label, strict=True))


def is_told(chart):
    if chart.counted is None:
        return False
    return next_slot(chart.labels or chart.counted, chart.given, chart.planned) is not None


@cache
def charts():
    return {seed: chart for seed in SEEDS if is_told(chart := Chart(seed))}


def test_the_charts_reach_open_and_settled_places():
    open_parts = Counter((cycle is None, day is None) for cycle, day in map(read, charts().values()))
    assert (
        min(open_parts[parts] for parts in ((False, False), (True, False), (False, True), (True, True))) >= 3
    )


@pytest.mark.parametrize("seed", charts())
def test_cycle_and_day_are_those_of_the_procedure(seed):
    found = charts()[seed].determined()
    assert (found.cycle, found.day) == read(charts()[seed])
