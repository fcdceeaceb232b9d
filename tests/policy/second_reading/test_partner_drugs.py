"""Partner drugs (initial.md, "Partner drugs") read a second time: orders of any status, with or without a period."""

import random
from collections import Counter
from datetime import date, timedelta
from functools import cache

import pytest

from tests.policy.chart_notes import (
    administration,
    coded,
    determine_all,
    drug_order,
    observation,
    order,
    verdict,
)
from tests.policy.second_reading.charts import BASE, TODAY, written

SEEDS = range(300)
DAY_1 = date(2026, 4, 16)
FIVE = ("cyclophosphamide", "cytarabine", "dexamethasone", "methotrexate", "vincristine")
LISTED = ("dasatinib", "imatinib", "nilotinib")
TKIS = (*LISTED, "asciminib")
TKI_SETS = [(), (), *((tki,) for tki in TKIS)]
OTHERS = [
    (), (), (), ("methotrexate", "cytarabine"), FIVE, FIVE, (*FIVE, "rituximab"), (*FIVE, "doxorubicin"), ("rituximab",),
    ("hydroxyurea",), ("dexamethasone",), ("blinatumomab",), ("doxorubicin",), ("doxorubicin", "cyclophosphamide"),
]  # fmt: skip
CRITERIA = ("POL-A-II-B-1", "POL-A-II-B-2", "POL-A-II-B-3")
STATUSES = ("active", "active", "active", "draft", "on-hold", "stopped")


class Order:
    """An order of a drug: days from day 1 to its begin and its end, and to a dose that was given."""

    def __init__(self, drug, some):
        self.drug, self.status, self.period = (
            drug,
            some.choice(STATUSES),
            some.choice(["none", "open", "closed"]),
        )
        self.begin = some.choice([-366, -365, -61, -60, -20, -1])
        self.end = some.choice([1, 10, 40]) if some.random() < 0.7 or self.status == "draft" else -1
        self.given = some.choice([None, None, -40, -70])

    @property
    def resource(self):
        period = {"start": written(DAY_1 + timedelta(days=self.begin))}
        if self.period == "closed":
            period["end"] = written(DAY_1 + timedelta(days=self.end))
        timing = (
            {}
            if self.period == "none"
            else {"dosageInstruction": [{"timing": {"repeat": {"boundsPeriod": period}}}]}
        )
        return drug_order(
            self.drug, status=self.status, authored=period["start"], id=f"{self.drug}-order", **timing
        )

    def standing(self):
        """How the order stands to the cycle: concurrent, possible or none."""
        if self.status == "stopped":
            return "none"
        if self.period == "closed" and self.end < 0:
            return "possible"  # drafts end later
        if self.status == "on-hold":
            return "possible"
        lasts = 365 if self.drug in TKIS else 60
        if self.period == "closed" or self.status == "draft" or -self.begin <= lasts:
            return "concurrent"
        return (
            "concurrent"
            if self.given is not None and self.begin <= self.given and -self.given <= lasts
            else "possible"
        )


class Chart:
    """Orders beside inotuzumab, all of one regimen alike or each its own, and a test for the Philadelphia chromosome."""

    def __init__(self, seed):
        some = random.Random(seed)
        drugs = (*some.choice(TKI_SETS), *some.choice(OTHERS))
        alike = some.random() < 0.6
        again = some.randint(0, 10**6)
        self.orders = [Order(drug, random.Random(again) if alike else some) for drug in drugs]
        self.fish = some.choice(["positive", "negative", None])

    def determined(self):
        record = list(BASE)
        if self.fish is not None:
            code = {"positive": "10828004", "negative": "260385009"}[self.fish]
            answer = coded("http://snomed.info/sct", code)
            record.append(observation("51867-0", "2025-09-21", valueCodeableConcept=answer))
        for one in self.orders:
            if one.given is not None:
                day = written(DAY_1 + timedelta(days=one.given))
                record.append(administration(day, None, drug={"text": one.drug}, id=f"{one.drug}-given"))
        drafts = [one.resource for one in self.orders if one.status == "draft"]
        record += [one.resource for one in self.orders if one.status != "draft"]
        return determine_all(record, [order(written(DAY_1), "Cycle 1 Day 1"), *drafts])[0]


def read(chart):
    """The verdicts of used alone, with a TKI, and with mini-hyper-CVD."""
    standing = {one.drug: one.standing() for one in chart.orders if not _is_cytoreduction(one)}
    standing = {drug: how for drug, how in standing.items() if how != "none"}
    treats = {drug: how for drug, how in standing.items() if drug != "dexamethasone"}
    return alone(treats), with_tki(treats, chart.fish), with_mini_hyper_cvd(standing)


def _is_cytoreduction(one):
    """Hydroxyurea always; vincristine and steroids that ended before day 1."""
    ended = one.period == "closed" and one.end < 0
    return one.drug == "hydroxyurea" or (ended and one.drug in ("vincristine", "dexamethasone"))


def alone(treats):
    if "concurrent" in treats.values():
        return "not-met"
    return "unknown" if treats else "met"


def with_tki(treats, fish):
    listed = [treats[tki] for tki in LISTED if tki in treats]
    if not listed or fish == "negative":
        return "not-met"
    settled = fish == "positive" and "concurrent" in listed and len(treats) == 1
    return "met" if settled else "unknown"


def with_mini_hyper_cvd(standing):
    now = {drug for drug, how in standing.items() if how == "concurrent"}
    if "doxorubicin" in now and now & (set(FIVE) - {"dexamethasone"}):
        return "not-met"
    if now >= set(FIVE):
        return "unknown" if standing.keys() & {"rituximab", *TKIS} else "met"
    return "unknown" if len(standing.keys() & set(FIVE)) >= 2 else "not-met"


@cache
def charts():
    return {seed: Chart(seed) for seed in SEEDS}


def test_the_charts_reach_every_answer():
    for verdicts in zip(*map(read, charts().values()), strict=True):
        assert min(Counter(verdicts)[v] for v in ("met", "not-met", "unknown")) >= 3


@pytest.mark.parametrize("seed", SEEDS)
def test_what_goes_with_the_cycle_is_judged_as_the_procedure_says(seed):
    found = charts()[seed].determined()
    assert tuple(verdict(found, criterion) for criterion in CRITERIA) == read(charts()[seed])


def test_day_1_is_still_to_come():
    assert TODAY < DAY_1
