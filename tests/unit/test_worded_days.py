"""The days and the rhythm that a dosage text states in words."""

import pytest

from cds_service.clinical.therapy.labels import PlannedDays
from cds_service.clinical.therapy.worded_days import WordedDays, days_in_text

DAYS = PlannedDays((1, 8, 15), 2)


def read(text):
    return days_in_text(text, DAYS)


SEVERAL = {
    "Cycle 1, Days 1, 8, 15": (1, (1, 8, 15)),
    "Cycle 1 Day 1, 8, 15": (1, (1, 8, 15)),
    "Cycle 1 Day 1, Day 8 and Day 15": (1, (1, 8, 15)),
    "C1D1, C1D8, C1D15": (1, (1, 8, 15)),
    "C1 D1 D8 D15": (1, (1, 8, 15)),
    "C1D1,8,15": (1, (1, 8, 15)),
    "C1 D1/8/15": (1, (1, 8, 15)),
    "C1D1-8-15": (1, (1, 8, 15)),
    "Cycle 1 Days 8 and 15": (1, (8, 15)),
    "Cycle 1 Days 8 & 15: 0.88 mg IV": (1, (8, 15)),
    "1.41 mg IV on days 1, 8 and 15 of cycle 1": (1, (1, 8, 15)),
    "1.41 mg IV on days 1, 8, and 15 (cycle 2)": (2, (1, 8, 15)),
    "0.8 mg/m2 IV on days 1, 8 and 15 every 21 days": (None, (1, 8, 15)),
    "Days 1, 8, 15 of a 21-day cycle: 0.8 mg/m2 IV": (None, (1, 8, 15)),
    "Infuse 1.41 mg weekly on days 1, 8 and 15": (None, (1, 8, 15)),
    "1.41 mg on days 1, 8 and 15, dexamethasone 20 mg on days 1-4": (None, (1, 8, 15)),
    "1.41 mg IV on day 1, repeat on days 8 and 15": (None, (1, 8, 15)),
    "C1D1: 1.41 mg IV; C1D8: 1.41 mg IV": (1, (1, 8)),
    "1.41 mg IV on days 1, 3 and 5 of cycle 1": (1, (1, 3, 5)),
    "Day 1 (04/16) and Day 8 (04/23): 1.41 mg": (None, (1, 8)),
}


@pytest.mark.parametrize(("text", "expected"), SEVERAL.items(), ids=SEVERAL)
def test_several_days_are_read(text, expected):
    assert read(text) == WordedDays(*expected)


ONE = {
    "Cycle 1 Day 1": (1, 1),
    "Cycle 1 Day 8 of days 1, 8, 15": (1, 8),
    "Day 8 of days 1, 8, 15": (None, 8),
    "Cycle 1 Day 1 of a 21-day cycle": (1, 1),
    "C1D1, part of the days 1/8/15 regimen": (1, 1),
    "C1D8 (regimen: days 1, 8, 15 every 21 days)": (1, 8),
    "Cycle 1 Day 1, 1.41 mg IV every 21 days": (1, 1),
    "Cycle 1 Day 1. Next doses on days 8 and 15.": (1, 1),
    "C2D8 (after C2D1)": (2, 8),
    "C2D8; C2D1 was given on 2026-04-16": (2, 8),
    "Cycle 1 Day 1, 2 vials": (1, 1),
    "Cycle 1 Day 1, 15 mL over 60 min": (1, 1),
    "Cycle 1 Day 1, 15 Apr 2026": (1, 1),
    "Cycle 1 Day 1, 4/16/2026": (1, 1),
    "Cycle 1 Day 1, 2026-04-16": (1, 1),
    "C1D1, check CBC weekly": (1, 1),
    "C1D1. Premedicate with dexamethasone 20 mg daily for 3 days": (1, 1),
    "C1D1 1.41 mg IV once": (1, 1),
    "C1D1 1.41 mg IV daily x 1": (1, 1),
    "C1D1; do not give on days 8 and 15": (1, 1),
}


@pytest.mark.parametrize(("text", "expected"), ONE.items(), ids=ONE)
def test_one_stated_day_is_one_whatever_the_regimen(text, expected):
    cycle, day = expected
    assert read(text) == WordedDays(cycle, (day,))


REPEATS = {
    "1.41 mg IV weekly x 3": "weekly x 3",
    "1.41 mg IV once weekly x3": "once weekly x 3",
    "1.41 mg IV weekly for 3 doses": "weekly x 3",
    "1.41 mg IV weekly for 3 weeks": "weekly x 3",
    "1.41 mg IV daily for 5 days": "daily x 5",
    "1.41 mg IV qd x 5 days": "qd x 5",
    "1.41 mg IV QAM for 5 days": "every day x 5",
    "1.41 mg IV q7d x 3 doses": "q7d x 3",
    "1.41 mg IV every other day for three doses": "every other day x 3",
    "1.41 mg IV twice a week": "twice a week",
    "1.41 mg IV weekly": "weekly",
    "3 weekly doses of 1.41 mg": "weekly x 3",
    "1.41 mg IV every 3 weeks": "every 3 weeks",
}


@pytest.mark.parametrize(("text", "repeat"), REPEATS.items(), ids=REPEATS)
def test_a_rhythm_is_read_with_its_number_of_doses(text, repeat):
    assert read(text) == WordedDays(repeat=repeat)


def test_a_rhythm_with_its_number_goes_on_from_the_stated_day():
    assert read("Cycle 1 Day 1: 1.41 mg IV weekly x 3") == WordedDays(1, (1,), "weekly x 3")


NOT_SURE = [
    "Cycle 1 Days 8-15", "1.41 mg IV on days 1 to 5", "Cycle 1 Day 1 or 8", "1.41 mg IV x 3 doses", "1.41 mg IV x 3",
    "1.41 mg IV for 3 days", "1.41 mg IV on 04/16, 04/23 and 04/30", "1.41 mg on 2026-04-16, 2026-04-23",
    "1.41 mg IV weeks 1, 2 and 3", "1.41 mg IV Mon, Wed and Fri", "1.41 mg IV every Thursday",
    "Cycle 1 Day 1. 1.41 mg IV on days 1, 8 and 15", "C1D15, C2D1: 1.41 mg", "C1D1 1.41 mg IV weekly", "C1D1 1.41 mg IV daily",
    "zzz qqq on days 1, 8 and 15", "days 15, 8, 1: 1.41 mg", "1.41 mg on day 1, 0.88 mg on days 8 and 15",
    "1.41 mg IV, days 1/8/15 regimen", "Cycles 1 and 2, day 1: 1.41 mg", "1.41 mg IV on three days", "1.41 mg IV biweekly",
    "1.41 mg IV over 3 days", "Cycle 1 Day 1, 3 and 5",
]  # fmt: skip


@pytest.mark.parametrize("text", NOT_SURE)
def test_words_for_several_days_that_cannot_be_read_surely_are_quoted(text):
    found = read(text)
    assert found.problem
    assert (found.days, found.repeat) == ((), "")


NOTHING = [
    "", "IV over 1 hour", "1.41 mg in 50 mL D5W", "1.41 mg IV over 60 minutes at 50 mL/h", "0.8 mg/m2 x 1.77 m2 = 1.41 mg",
    "2 vials of 0.9 mg", "Acetaminophen 650 mg PO every 6 hours as needed", "Monitor CBC weekly", "Give with dexamethasone 20 mg daily",
    "Blinatumomab on days 1-28", "Stable for 4 days in the refrigerator", "draw up from 2 vials", "Cycle 1", "0.9 mg x 2 vials",
    "Check liver tests weekly for 3 weeks", "Hydroxyurea 500 mg twice daily for 5 days", "1.41 mg IV x 1 dose", "1.41 mg IV once",
]  # fmt: skip


@pytest.mark.parametrize("text", NOTHING)
def test_words_that_name_no_day_of_a_dose(text):
    assert read(text) == WordedDays()
