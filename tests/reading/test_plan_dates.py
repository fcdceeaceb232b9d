"""A day without a year in a plan is the coming one; in what was, it is the last."""

from datetime import date

import pytest

from cds_service.clinical.reading.reader import read
from cds_service.clinical.reading.text_dates import read_date
from cds_service.policies.inotuzumab.case.regimens import planned_beside

NOTED = date(2026, 4, 10)


@pytest.mark.parametrize(
    "text",
    [
        "Plan: InO with mini-HCVD starting 4/16",
        "Start mini hyper CVD/InO 4/16",
        "InO + mini-HCVD with or without blinatumomab",
    ],
)
def test_a_regimen_that_starts_in_days_is_the_plan(text):
    assert planned_beside(text, NOTED) == {"mini-hyper-cvd"}


@pytest.mark.parametrize(
    "text", ["InO + mini-HCVD 8/1", "s/p InO + mini-HCVD 4/16", "InO with or without mini-HCVD"]
)
def test_one_of_last_year_or_one_left_open_is_none(text):
    assert not planned_beside(text, NOTED)


@pytest.mark.parametrize(
    ("text", "on", "ahead", "day"),
    [
        ("4/16", date(2026, 4, 10), 60, date(2026, 4, 16)),
        ("4/16", date(2026, 4, 10), 0, date(2025, 4, 16)),
        ("8/1", date(2026, 4, 10), 60, date(2025, 8, 1)),
        ("1/5", date(2026, 12, 20), 60, date(2027, 1, 5)),
        ("1/5", date(2026, 12, 20), 0, date(2026, 1, 5)),
        ("3/1", date(2026, 12, 20), 60, date(2026, 3, 1)),
    ],
)
def test_the_day_that_is_meant(text, on, ahead, day):
    when = read_date(text, on, ahead)
    assert when is not None
    assert when.first == when.last == day


def test_therapy_given_keeps_the_last_such_day():
    (said,) = read("s/p hyper-CVAD 5/1", "therapy", NOTED).assertions
    assert said.when is not None
    assert said.when.first == date(2025, 5, 1)
