"""The hematologic table (docs/policies/inotuzumab/hematologic.md, steps 1 to 8) read a second time."""

import random
from collections import Counter
from datetime import date, timedelta
from functools import cache

import pytest

from tests.policy.chart_notes import administration, determine, finding_kinds, observation, order, procedure
from tests.policy.second_reading.charts import (
    BASE,
    DOSE_HOUR,
    TODAY,
    days_before,
    newest,
    written,
)

SEEDS = range(160)
LIMITS = {"751-8": 1.0, "777-3": 50}  # ANC and platelets, 10*9/L
VALUES = {"751-8": [0.2, 0.9, 0.99, 1.0, 1.2, 4.0], "777-3": [12, 30, 42, 49.9, 50, 60, 120]}
DAY_ONES = {2: [date(2026, 3, 18)], 3: [date(2026, 2, 18), date(2026, 3, 18)]}


class Chart:
    """Counts around the first dose, around day 1 of the last cycle and before the planned day, and transfusions."""

    def __init__(self, seed):
        some = random.Random(seed)
        self.cycle = some.choice([2, 3])
        self.planned = TODAY + timedelta(days=some.choice([0, 0, 1, 1, 2, 5, 7, 8]))
        self.day_ones = DAY_ONES[self.cycle]
        self.counts = {code: list(self._counts(some, code)) for code in LIMITS}
        self.transfusions = []
        if some.random() < 0.3:
            last = some.choice([self.planned, self.day_ones[0]])
            self.transfusions.append(days_before(last, some.choice([0, 1, 3, 8, 9, 15])))

    def _counts(self, some, code):
        around = [
            (self.day_ones[0], some.choice([1, 1, 2]), [0, 0, 1, 3, 14, 27, 28, 29]),
            (self.day_ones[-1], some.choice([0, 1]), [-3, 0, 0, 1, 2, 10]),
            (self.planned, some.choice([1, 1, 2]), [0, 1, 2, 6, 7, 8]),
        ]
        for day, times, before in around:
            for _ in range(times):
                yield (
                    days_before(day, some.choice(before)),
                    some.choice([None, 7, 18]),
                    some.choice(VALUES[code]),
                )

    def determined(self):
        doses = [d + timedelta(days=n) for d in self.day_ones for n in (0, 7, 14)]
        given = [administration(written(d, DOSE_HOUR), None) for d in doses]
        counts = [
            observation(code, written(day, hour), value, "10*9/L", id=f"{code}-{n}")
            for code, held in self.counts.items()
            for n, (day, hour, value) in enumerate(held)
        ]
        transfused = [procedure("180208003", written(day)) for day in self.transfusions]
        draft = order(written(self.planned), f"Cycle {self.cycle} Day 1", 0.88)
        return determine([*BASE, *given, *counts, *transfused], draft)

    def known(self, code, first, last, before_hour=None):
        """The newest counts, each with whether it is an upper bound."""
        return [
            (value, code == "777-3" and any(0 <= (day - t).days <= 7 for t in self.transfusions))
            for day, _, value in newest(self.counts[code], first, last, before_hour)
        ]


def agreed(answers):
    """What all say; None where they differ or there are none."""
    found = set(answers)
    return found.pop() if len(found) == 1 else None


def either(answers):
    known = list(answers)
    return True if True in known else None if None in known else False


def both(answers):
    return negated(either(negated(a) for a in answers))


def negated(answer):
    return None if answer is None else not answer


def is_low(counts, limit):
    """Below the limit; an upper bound at or above it tells nothing."""
    return agreed(True if value < limit else None if bound else False for value, bound in counts)


def has_fallen(now, before):
    """Below the earlier count; a bound says only that the patient's own is no higher."""
    answers = []
    for value, bound in now:
        for earlier, earlier_bound in before:
            if value < earlier:
                answers.append(None if earlier_bound else True)
            else:
                answers.append(None if bound else False)
    return agreed(answers)


def read(chart):
    """Hold, unknown or neither."""
    if (chart.planned - TODAY).days > 7:
        return "not yet due"
    first, last = chart.day_ones[0], chart.day_ones[-1]
    now = {code: chart.known(code, days_before(chart.planned, 7), chart.planned) for code in LIMITS}
    baseline = {code: chart.known(code, days_before(first, 28), first, DOSE_HOUR) for code in LIMITS}
    prior = {code: chart.known(code, date.min, last) for code in LIMITS}
    low_now = [is_low(now[code], limit) for code, limit in LIMITS.items()]
    row_one_or_two = either(low_now)
    row_three = both([either(has_fallen(now[code], prior[code]) for code in LIMITS), either(low_now)])
    low_before = either(is_low(baseline[code], limit) for code, limit in LIMITS.items())
    if low_before is not None:
        hold = row_three if low_before else row_one_or_two
    elif row_one_or_two is False:
        hold = False
    else:
        hold = True if row_one_or_two and row_three else None
    return {True: "hold", False: "no hold", None: "unknown"}[hold]


@cache
def readings():
    return {seed: read(Chart(seed)) for seed in SEEDS}


def test_the_charts_reach_every_answer():
    assert min(Counter(readings().values())[a] for a in ("hold", "no hold", "unknown", "not yet due")) >= 5


@pytest.mark.parametrize("seed", SEEDS)
def test_the_next_cycle_is_held_as_the_table_says(seed):
    kinds = finding_kinds(Chart(seed).determined()) & {"hem-hold", "hem-unknown"}
    expected = {"hold": {"hem-hold"}, "unknown": {"hem-unknown"}}
    assert kinds == expected.get(readings()[seed], set())
