"""The dose against the table and the days between doses (dose.md, interruptions.md) read a second time."""

import random
from collections import Counter
from datetime import date, timedelta
from functools import cache
from math import sqrt

import pytest

from tests.policy.chart_notes import (
    administration,
    body_size,
    condition,
    determine,
    findings,
    order,
    patient,
    quantity,
    stated,
)
from tests.policy.second_reading.charts import DOSE_HOUR, written

SEEDS = range(200)
PLANNED = date(2026, 4, 16)
PLACES = [(1, 1), (1, 8), (2, 1), (2, 1), (3, 1), (3, 8)]
FACTORS = [0.5, 0.74, 0.89, 0.91, 1, 1, 1.05, 1.09, 1.11, 1.2, 1.24, 1.26, 1.6, 2, 10]
WORDS = {"achieved": "Complete remission (CR)", "not achieved": "Stable disease"}


class Chart:
    """A body size, doses up to a place of the course, a response, and an order in mg or mg/m2."""

    def __init__(self, seed):
        some = random.Random(seed)
        self.cm, self.kg = some.choice([(80, 11), (110, 20), (150, 48), (165, 68), (182.5, 90.5), (200, 140)])
        self.bsa = sqrt(self.cm * self.kg / 3600)
        self.cycle, self.day = some.choice(PLACES)
        self.since_day_one = some.choice([19, 20, 21, 26, 27, 28])
        self.since_dose = some.choice([5, 6, 7, 8])
        self.response = some.choice(["achieved", "not achieved", "unknown"])
        self.per_m2 = some.choice([0.5, 0.8]) * some.choice(FACTORS)
        self.unit = some.choice(["mg", "mg", "mg/m2"])
        self.given = self._doses()

    def _doses(self):
        if self.day == 8:
            day_ones = [PLANNED - timedelta(days=self.since_dose)]
        else:
            day_ones = [PLANNED - timedelta(days=self.since_day_one)] if self.cycle > 1 else []
        for cycle in range(self.cycle - (1 if self.day == 8 else 2), 0, -1):
            day_ones.insert(0, day_ones[0] - timedelta(days=21 if cycle == 1 else 28))
        whole = day_ones[:-1] if self.day == 8 else day_ones
        days = [d + timedelta(days=n) for d in whole for n in (0, 7, 13)]
        return days + (day_ones[-1:] if self.day == 8 else [])

    def determined(self):
        given = [administration(written(day, DOSE_HOUR), None) for day in self.given]
        said = [stated("Response", WORDS[self.response], "2026-04-14")] if self.response in WORDS else []
        amount = round(self.per_m2 if self.unit == "mg/m2" else self.per_m2 * self.bsa, 3)
        draft = order(
            written(PLANNED), f"Cycle {self.cycle} Day {self.day}", dose=quantity(amount, self.unit)
        )
        size = body_size(cm=self.cm, kg=self.kg)
        return determine([patient(), condition("C91.02", recorded="2025-09-20"), *size, *given, *said], draft)


def rows(chart):
    """The levels of the table that may be due, in mg/m2."""
    if chart.day == 8:
        return [0.5]
    if chart.cycle == 1:
        return [0.8]
    return {"achieved": [0.5], "not achieved": [0.8], "unknown": [0.5, 0.8]}[chart.response]


def level(chart):
    """How loud the dose is: within 10 % of a row not at all, above the highest by more than 25 % critical."""
    due = rows(chart)
    if any(0.9 * row <= chart.per_m2 <= 1.1 * row for row in due):
        return "none"
    return "critical" if chart.per_m2 > 1.25 * max(due) else "warning"


def is_early(chart):
    """Less than 6 days after a dose, or a day 1 before its time."""
    if chart.given and (PLANNED - chart.given[-1]).days < 6:
        return True
    shortest = {2: 21, 3: 27}.get(chart.cycle, 0)
    return chart.day == 1 and chart.cycle > 1 and chart.since_day_one < shortest


@cache
def charts():
    return {seed: Chart(seed) for seed in SEEDS}


def test_the_charts_reach_every_answer():
    assert min(Counter(map(level, charts().values())).values()) >= 10
    assert min(Counter(map(is_early, charts().values())).values()) >= 10


@pytest.mark.parametrize("seed", SEEDS)
def test_a_dose_is_as_loud_as_the_table_makes_it(seed):
    chart = charts()[seed]
    found = chart.determined()
    loud = [f.indicator.value for f in findings(found, "dose")] or ["none"]
    assert (loud, bool(findings(found, "interval"))) == ([level(chart)], is_early(chart))
