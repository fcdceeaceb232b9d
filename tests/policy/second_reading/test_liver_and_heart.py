"""Liver tests (label.md), QTc and electrolytes (recommended.md) before a dose of a later cycle, read a second time."""

import random
from collections import Counter
from datetime import date, timedelta
from functools import cache
from itertools import product

import pytest

from tests.policy.chart_notes import (
    administration,
    condition,
    determine,
    findings,
    observation,
    order,
    quantity,
)
from tests.policy.second_reading.charts import BASE, DOSE_HOUR, TODAY, days_before, newest, written

SEEDS = range(200)
FIRST_DOSE = date(2026, 3, 18)
DOSES = [FIRST_DOSE + timedelta(days=n) for n in (0, 7, 14)]
BILIRUBIN, ALT, AST, QTCF, POTASSIUM, MAGNESIUM = "1975-2", "1742-6", "1920-8", "76634-5", "2823-3", "19123-9"
UNITS = {BILIRUBIN: "mg/dL", ALT: "U/L", AST: "U/L", QTCF: "ms", POTASSIUM: "mmol/L", MAGNESIUM: "mg/dL"}
VALUES = {
    BILIRUBIN: [0.4, 1.8, 1.81, 1.9, 2.0, 2.4, 3.6, 3.7], ALT: [20, 100, 101, 140, 200, 201], AST: [20, 100, 101, 201],
    QTCF: [400, 420, 461, 481, 500, 501], POTASSIUM: [3.2, 3.5, 4.1], MAGNESIUM: [1.4, 1.7, 2.0],
}  # fmt: skip
HIGH, LOW = {BILIRUBIN: 1.2, ALT: 40, AST: 40}, {POTASSIUM: 3.5, MAGNESIUM: 1.7}
AGES = {BILIRUBIN: 7, ALT: 7, AST: 7, QTCF: 30, POTASSIUM: 14, MAGNESIUM: 14}
STATED_HIGH = {BILIRUBIN: [None, None, 1.0], ALT: [None, None, 56], AST: [None, None, 30]}


class Chart:
    """Results around their oldest day that counts and before the first dose, some with a limit; Gilbert or nilotinib."""

    def __init__(self, seed):
        some = random.Random(seed)
        self.planned = TODAY + timedelta(days=some.choice([0, 1, 3, 6]))
        self.has_gilbert, self.takes_nilotinib = some.random() < 0.15, some.random() < 0.2
        self.results = {code: list(self._results(some, code)) for code in UNITS}

    def _results(self, some, code):
        """Day, hour, value and stated upper limit."""
        days = [
            days_before(TODAY, some.choice([0, 1, AGES[code], AGES[code] + 1]))
            for _ in range(some.choice([0, 1, 1, 2]))
        ]
        if some.random() < 0.6:
            days.append(days_before(FIRST_DOSE, some.choice([0, 1, 60])))
        for day in days:
            yield (
                day,
                some.choice([None, 7, 18]),
                some.choice(VALUES[code]),
                some.choice(STATED_HIGH.get(code, [None])),
            )

    def determined(self):
        record = [*BASE, *(administration(written(d, DOSE_HOUR), None) for d in DOSES)]
        for code, held in self.results.items():
            for n, (day, hour, value, high) in enumerate(held):
                limit = {"referenceRange": [{"high": quantity(high, UNITS[code])}]} if high else {}
                record.append(
                    observation(code, written(day, hour), value, UNITS[code], id=f"{code}-{n}", **limit)
                )
        if self.has_gilbert:
            record.append(condition("27503000", system="http://snomed.info/sct", recorded="2010-01-10"))
        if self.takes_nilotinib:
            record.append(_NILOTINIB)
        return determine(record, order(written(self.planned), "Cycle 2 Day 1", 0.88))

    def now(self, code):
        """The newest results that are new enough; one that is absent is None."""
        return newest(self.results[code], days_before(TODAY, AGES[code]), TODAY) or [None]

    def before(self, code):
        """The last results before the first dose, of any age."""
        return newest(self.results[code], date.min, FIRST_DOSE, DOSE_HOUR) or [None]


_NILOTINIB = {
    "resourceType": "MedicationRequest", "id": "nilotinib", "status": "active", "intent": "order",
    "subject": {"reference": "Patient/p1"}, "authoredOn": "2026-03-01", "medicationCodeableConcept": {"text": "nilotinib"},
}  # fmt: skip


def limits(result, code, times):
    """Whether a result lies above so many times its upper limit."""
    return result is not None and result[2] > times * (result[3] or HIGH[code]) + 1e-9


def liver(chart):
    """How loud the liver tests are, whichever of several results of one time is right."""
    found = set()
    for bilirubin, alt, ast, before in product(
        chart.now(BILIRUBIN), chart.now(ALT), chart.now(AST), chart.before(BILIRUBIN)
    ):
        explained = chart.has_gilbert
        bilirubin_limb = limits(bilirubin, BILIRUBIN, 1.5) and not explained
        enzyme_limb = limits(alt, ALT, 2.5) or limits(ast, AST, 2.5)
        severe = limits(bilirubin, BILIRUBIN, 3) or limits(alt, ALT, 5) or limits(ast, AST, 5)
        is_new = before is None or (bilirubin is not None and bilirubin[2] > before[2])
        risen = bilirubin is not None and bilirubin[2] >= 2 and is_new and not explained
        if (bilirubin_limb and enzyme_limb) or severe or risen:
            found.add("warning")
        else:
            found.add("info" if bilirubin_limb or enzyme_limb else "none")
    return found


def heart(chart):
    """How loud the QTc is."""
    found = set()
    for ecg, before in product(chart.now(QTCF), chart.before(QTCF)):
        if ecg is not None and ecg[2] > 500:
            found.add("critical")
        elif (ecg is not None and before is not None and ecg[2] - before[2] > 60) or (
            ecg is not None and ecg[2] > 480 and chart.takes_nilotinib
        ):
            found.add("warning")
        else:
            found.add("none")
    return found


def electrolytes(chart):
    """Whether potassium or magnesium is low."""
    return {
        any(result is not None and result[2] < LOW[code] for code, result in zip(LOW, both, strict=True))
        for both in product(*(chart.now(code) for code in LOW))
    }


@cache
def charts():
    return {seed: Chart(seed) for seed in SEEDS}


def settled(reading):
    """The charts of which a reading says one thing, with what it says."""
    found = {seed: reading(chart) for seed, chart in charts().items()}
    return [(seed, *answers) for seed, answers in found.items() if len(answers) == 1]


def loudest(found, kind, wanted):
    """The loudest finding of a kind that is wanted; info does not count as loud where ``none`` may be meant."""
    loud = {f.indicator.value for f in findings(found, kind) if wanted(f)}
    return next((level for level in ("critical", "warning", "info") if level in loud), "none")


def test_the_charts_reach_every_answer():
    for reading in (liver, heart, electrolytes):
        assert min(Counter(answer for _, answer in settled(reading)).values()) >= 5


@pytest.mark.parametrize(("seed", "level"), settled(liver))
def test_liver_tests_are_as_loud_as_the_label_makes_them(seed, level):
    found = charts()[seed].determined()
    assert loudest(found, "safety-hepatic", lambda f: "POL-TOX-HEP" in f.rules) == level


@pytest.mark.parametrize(("seed", "level"), settled(heart))
def test_a_qtc_is_as_loud_as_recommended(seed, level):
    found = loudest(charts()[seed].determined(), "safety-qt", lambda f: "QTc" in f.text)
    assert (found if found != "info" else "none") == level


@pytest.mark.parametrize(("seed", "is_low"), settled(electrolytes))
def test_a_low_electrolyte_is_warned_of(seed, is_low):
    assert bool(findings(charts()[seed].determined(), "electrolyte")) is is_low
