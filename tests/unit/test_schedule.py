"""A FHIR Timing as planned days: how often, from when, until when."""

from datetime import UTC, date
from decimal import Decimal

import pytest

from cds_service.clinical.therapy.frequency import length_in_days, rate_of
from cds_service.clinical.therapy.schedule import schedule_of, stated_times
from cds_service.fhir.dates import whole_day

START = whole_day(date(2026, 4, 16))  # a Thursday


def planned(timing, supply=None):
    return schedule_of(timing, START, UTC, supply)


def days(timing, supply=None):
    return [w.first.day if w.first.month == 4 else w.first.isoformat() for w in planned(timing, supply).times]


def repeat(**members):
    return {"repeat": members}


def weekly(**bounds):
    return repeat(frequency=1, period=1, periodUnit="wk", **bounds)


DURATION_15 = {"value": 15, "unit": "d", "system": "http://unitsofmeasure.org", "code": "d"}
UNTIL = [
    ("count", weekly(count=2), None, [16, 23]),
    ("the largest count", weekly(count=2, countMax=3), None, [16, 23, 30]),
    ("the last day of a period is included", weekly(boundsPeriod={"start": "2026-04-16", "end": "2026-04-30"}), None, [16, 23, 30]),
    ("the end of a duration is not", weekly(boundsDuration={"value": 14, "unit": "d"}), None, [16, 23]),
    ("a duration of 15 days", weekly(boundsDuration=DURATION_15), None, [16, 23, 30]),
    ("the longest of a range", weekly(boundsRange={"low": {"value": 1, "unit": "wk"}, "high": {"value": 2, "unit": "wk"}}), None, [16, 23]),
    ("the supply", weekly(), Decimal(14), [16, 23]),
    ("the first of several", weekly(count=3, boundsDuration={"value": 10, "unit": "d"}), Decimal(21), [16, 23]),
    ("28 days without an end", weekly(), None, [16, 23, 30, "2026-05-07"]),
]  # fmt: skip


@pytest.mark.parametrize(("timing", "supply", "expected"), [u[1:] for u in UNTIL], ids=[u[0] for u in UNTIL])
def test_a_repeat_goes_on_until(timing, supply, expected):
    assert days(timing, supply) == expected


def test_only_a_repeat_without_any_end_is_endless():
    assert planned(weekly()).endless
    assert not any(planned(t).endless for t in (weekly(count=3), weekly(boundsDuration=DURATION_15), {}))
    assert not planned(weekly(), Decimal(30)).endless


TWO_DAYS = {"boundsDuration": {"value": 2, "unit": "d"}}
TWO_WEEKS = {"boundsDuration": {"value": 14, "unit": "d"}}
OFTEN = [
    ("four times a day", repeat(frequency=4, period=1, periodUnit="d", **TWO_DAYS), [16] * 4 + [17] * 4),
    ("the densest frequency", repeat(frequency=1, frequencyMax=2, period=1, periodUnit="d", **TWO_DAYS), [16, 16, 17, 17]),
    ("the densest period", repeat(period=3, periodMax=7, periodUnit="d", boundsDuration={"value": 7, "unit": "d"}), [16, 19, 22]),
    ("no frequency: once", repeat(period=1, periodUnit="wk", **TWO_WEEKS), [16, 23]),
    ("no period beside a unit: one", repeat(frequency=1, periodUnit="wk", **TWO_WEEKS), [16, 23]),
    ("hours", repeat(period=12, periodUnit="h", **TWO_DAYS), [16, 16, 17, 17]),
    ("a day in minutes", repeat(period=1440, periodUnit="min", **TWO_DAYS), [16, 17]),
    ("a unit in words", repeat(period=1, periodUnit="week", **TWO_WEEKS), [16, 23]),
    ("a day of the week", repeat(period=1, periodUnit="wk", dayOfWeek=["thu"], **TWO_WEEKS), [16, 23]),
    ("days of the week", repeat(dayOfWeek=["thu", "mon"], **TWO_WEEKS), [16, 20, 23, 27]),
    ("a day of every other week", repeat(period=2, periodUnit="wk", dayOfWeek=["thu"], boundsDuration={"value": 4, "unit": "wk"}), [16, 30]),
    ("as often a week as days are named", repeat(frequency=2, period=1, periodUnit="wk", dayOfWeek=["thu", "mon"], **TWO_WEEKS), [16, 20, 23, 27]),
    ("times of day", repeat(timeOfDay=["08:00:00", "20:00:00"], **TWO_DAYS), [16, 16, 17, 17]),
    ("times of day that say the frequency again", repeat(frequency=2, period=1, periodUnit="d", timeOfDay=["08:00:00", "20:00:00"], **TWO_DAYS), [16, 16, 17, 17]),
    ("a time of a weekly day", repeat(period=1, periodUnit="wk", timeOfDay=["08:00:00"], **TWO_WEEKS), [16, 23]),
    ("events of the day", repeat(when=["MORN", "EVE"], **TWO_DAYS), [16, 16, 17, 17]),
    ("the length of an infusion is no bound", repeat(period=1, periodUnit="wk", duration=1, durationUnit="h", count=2), [16, 23]),
    ("bounds alone: one dose", repeat(**TWO_WEEKS), [16]),
    ("a daily repeat with bounds of a day: one dose", repeat(period=1, periodUnit="d", boundsPeriod={"start": "2026-04-16", "end": "2026-04-16"}), [16]),
    ("a count of one: one dose", repeat(frequency=4, period=1, periodUnit="d", count=1), [16]),
]  # fmt: skip


@pytest.mark.parametrize(("timing", "expected"), [o[1:] for o in OFTEN], ids=[o[0] for o in OFTEN])
def test_how_often(timing, expected):
    assert days(timing) == expected


CODES = [
    ("QD", 1, 1), ("BID", 2, 1), ("TID", 3, 1), ("QID", 4, 1), ("QOD", 1, 2), ("AM", 1, 1), ("Q4H", 1, None), ("Q1W", 1, 7),
    ("QW", 1, 7), ("WK", 1, 7), ("MO", 1, 30), ("every 8 hours", 1, None), ("every other day", 1, 2), ("every 3 weeks", 1, 21),
    ("Every 28 days", 1, 28), ("twice daily", 2, 1), ("three times a week", 3, 7), ("once a week", 1, 7), ("Daily", 1, 1), ("weekly", 1, 7),
    ("q21d", 1, 21),
]  # fmt: skip


@pytest.mark.parametrize(("text", "doses", "period"), CODES)
def test_a_timing_code_as_a_rate(text, doses, period):
    rate = rate_of({"code": {"text": text}})
    assert rate == rate_of({"code": {"coding": [{"code": text}]}})
    assert rate.doses == doses
    assert period is None or rate.period == period


@pytest.mark.parametrize("text", ["once", "x1", "STAT", "INFUSE", "C1D1", "days 1, 8 and 15", ""])
def test_a_timing_code_that_states_no_repeat(text):
    assert rate_of({"code": {"text": text}}) is None
    assert days({"code": {"text": text}}) == [16]


def test_a_code_is_read_with_the_bounds_beside_it_and_after_a_repeat():
    code = {"coding": [{"code": "QD"}]}
    assert days({"code": code} | repeat(**TWO_DAYS)) == [16, 17]
    assert days({"code": code} | weekly(count=2)) == [16, 23]
    assert days({"code": {"text": "weekly x 3"}}) == [16, 23, 30]


COUNTED_IN_WORDS = {
    "every 7 days for 3 doses": [16, 23, 30], "weekly for 2 weeks": [16, 23], "once weekly, two doses": [16, 23], "q7d x 3 weeks": [16, 23, 30],
    "daily for 5 days": [16, 17, 18, 19, 20], "every 2 weeks for one dose": [16],
}  # fmt: skip


@pytest.mark.parametrize("text", COUNTED_IN_WORDS)
def test_a_rhythm_in_words_ends_with_the_doses_or_the_time_that_they_name(text):
    assert days({"code": {"text": text}}) == COUNTED_IN_WORDS[text]


@pytest.mark.parametrize("text", ["weekly, infuse over 1 hour", "weekly for 1 hour", "weekly"])
def test_the_length_of_an_infusion_ends_no_rhythm(text):
    assert len(days({"code": {"text": text}})) == 4


def test_events_decide_before_any_repeat():
    timing = {"event": ["2026-04-23", "2026-04-16T10:00:00Z", "2026-04-16"]} | weekly(count=9)
    assert days(timing) == [16, 23]
    assert days({"event": ["2026-04-16T08:00:00Z", "2026-04-16T20:00:00Z"]}) == [16, 16]


def test_doses_whose_days_cannot_be_told_are_said():
    assert planned(repeat(frequency=4)).problem == "4 doses without saying how far apart"
    assert planned(repeat(count=3)).problem == "3 doses without saying how far apart"
    assert planned(repeat(frequency=1, period=7)).problem == "a repeat without a unit of time"
    told = (repeat(count=1), repeat(frequency=1), weekly(count=3), {}, {"event": ["2026-04-16"]})
    assert {planned(timing).problem for timing in told} == {""}


def test_stated_times_assume_no_end():
    start = {"boundsPeriod": {"start": "2026-04-16"}}
    assert [w.first.day for w in stated_times(weekly(**start), UTC)] == [16]
    assert [w.first.day for w in stated_times(weekly(**start, count=2), UTC)] == [16, 23]
    assert stated_times(weekly(count=2), UTC) == ()


@pytest.mark.parametrize(
    ("duration", "length"),
    [
        ({"value": 4, "unit": "wk", "system": "http://unitsofmeasure.org", "code": "wk"}, 28),
        ({"value": 30, "unit": "days"}, 30),
        ({"value": 48, "unit": "hours"}, 2),
        ({"value": 30}, None),
        ({"value": 0, "unit": "d"}, None),
        ({"value": 3, "unit": "mg"}, None),
        (None, None),
    ],
)
def test_the_length_of_a_duration(duration, length):
    assert length_in_days(duration) == length


HUGE = 10**30
ODD = [
    repeat(period=HUGE, periodUnit="wk", count=3),
    repeat(frequency=HUGE, period=1, periodUnit="d", boundsDuration={"value": HUGE, "unit": "d"}),
    repeat(period=Decimal("1e-30"), periodUnit="d", count=HUGE),
    repeat(boundsDuration={"value": HUGE, "unit": "a"}),
    repeat(period=Decimal("1e-300"), periodUnit="s", dayOfWeek=["mon", "thu"], count=HUGE),
    repeat(period={}, periodUnit=[], dayOfWeek=[{}, "thu"], timeOfDay=7, when={}),
    {"event": [None, 7, {}], "repeat": [], "code": "QD"},
]


@pytest.mark.parametrize("timing", ODD)
def test_odd_timings_are_read_within_bounds(timing):
    found = planned(timing, Decimal(HUGE))
    assert 1 <= len(found.times) <= 400
    assert found.last_day is None or found.last_day.year < 2037
