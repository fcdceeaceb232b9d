"""When a Condition began and ended, by each shape that FHIR has for it."""

from datetime import UTC, date, datetime

import pytest

from cds_service.clinical.problem_times import end_of_problem, onset_of
from cds_service.fhir.dates import read_when

BORN = read_when("1980-02-03")
WRITTEN = {"recordedDate": "2026-04-10"}


def age(value, unit="a"):
    return {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}


def began(member, value, born=BORN, **more):
    when = onset_of({f"onset{member}": value} | WRITTEN | more, UTC, born)
    return (str(when.first), str(when.last)) if when else None


@pytest.mark.parametrize(
    ("value", "first", "last"),
    [
        (age(30), "2010-02-03", "2011-02-02"), (age(0), "1980-02-03", "1981-02-02"), (age(18, "mo"), "1981-08-03", "1981-09-02"),
        ({"value": "x"}, "1980-02-03", "2026-04-10"), (age(3, "wk"), "1980-02-24", "1980-03-01"), (age(10, "d"), "1980-02-13", "1980-02-13"), ({"value": 46, "unit": "years"}, "2026-02-03", "2026-04-10"),
    ],
)  # fmt: skip
def test_an_age_is_the_time_from_one_birthday_to_the_next(value, first, last):
    assert began("Age", value) == (first, last)


def test_a_birth_date_of_a_month_widens_the_age():
    assert began("Age", age(30), read_when("1980-04")) == ("2010-04-01", "2011-04-29")


def test_a_range_of_ages_is_from_the_first_to_the_end_of_the_last():
    assert began("Range", {"low": age(20), "high": age(24)}) == ("2000-02-03", "2005-02-02")
    assert began("Range", {"low": age(20)}) == ("2000-02-03", "2001-02-02")


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-04-02", "2026-04-02", "2026-04-02"), ("2019", "2019-01-01", "2019-12-31"), ("March 2019", "2019-03-01", "2019-03-31"),
        ("3/2019", "2019-03-01", "2019-03-31"), ("Since 4/2/2026", "2026-04-02", "2026-04-02"), ("approx. 2019", "2019-01-01", "2019-12-31"),
        ("around Apr 2, 2026.", "2026-04-02", "2026-04-02"), ("2 weeks ago", "2026-03-20", "2026-04-03"), ("a year ago", "2024-04-08", "2026-04-10"),
        ("yesterday", "2026-04-09", "2026-04-09"), ("Since last week", "2026-03-28", "2026-04-09"), ("this morning", "2026-04-10", "2026-04-10"),
        ("3 days ago", "2026-04-06", "2026-04-08"), ("began in 2019", "2019-01-01", "2019-12-31"),
    ],
)  # fmt: skip
def test_a_text_that_is_a_time_is_that_time(text, first, last):
    assert began("String", text) == (first, last)


@pytest.mark.parametrize(
    "text", ["childhood", "after cycle 1", "in her thirties", "999 years ago?", "see note", "the week before"]
)
def test_a_text_that_is_not_understood_leaves_it_open_up_to_the_day_of_writing(text):
    assert began("String", text) == ("1980-02-03", "2026-04-10")
    assert onset_of({"onsetString": text}, UTC, BORN) is None


@pytest.mark.parametrize(
    "text",
    ["unknown", "Unk.", "N/A", "", "not documented", "Acute onset", "insidious", "sudden", "during infusion"],
)
def test_a_text_that_says_nothing_says_nothing(text):
    assert began("String", text) is None


def test_an_age_without_a_birth_date_or_a_known_unit_leaves_it_open():
    assert began("Age", age(30), None) == ("1900-01-01", "2026-04-10")
    for value in (age(30, "kg"), age(-1), age(10**9), {}, {"value": "x"}):
        assert began("Age", value) in (("1980-02-03", "2026-04-10"), None), value


def test_a_stated_time_goes_before_all_else():
    assert began("DateTime", "2026-04-01", onsetString="childhood") == ("2026-04-01", "2026-04-01")
    assert began("Period", {"start": "2026-04-01"}) == ("2026-04-01", "2026-04-01")


def test_an_end_is_read_as_an_onset_is():
    ended = end_of_problem({"abatementAge": age(31)} | WRITTEN, UTC, BORN)
    assert (str(ended.first), str(ended)) == ("2011-02-03", "2011 to 2012")
    assert end_of_problem(WRITTEN, UTC, BORN) is None
    assert str(end_of_problem({"abatementString": "March 2026"} | WRITTEN, UTC, BORN)) == "2026-03"


@pytest.mark.parametrize(
    "text", ["ongoing", "Still present", "expected June", "not resolved", "see note", "until taper", "n/a"]
)
def test_words_that_do_not_say_that_it_ended_are_no_end(text):
    assert end_of_problem({"abatementString": text} | WRITTEN, UTC, BORN) is None
    assert end_of_problem({"abatementAge": {"value": "x"}} | WRITTEN, UTC, BORN) is None


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("resolved", "1980-02-03", "2026-04-10"), ("Fully recovered.", "1980-02-03", "2026-04-10"),
        ("resolved 4/2/2026", "2026-04-02", "2026-04-02"), ("last week", "2026-03-28", "2026-04-09"),
    ],
)  # fmt: skip
def test_words_that_say_that_it_ended_are_its_end(text, first, last):
    ended = end_of_problem({"abatementString": text} | WRITTEN, UTC, BORN)
    assert (str(ended.first), str(ended.last)) == (first, last)


def test_what_is_over_by_its_status_ended_before_it_was_written():
    over = {"clinicalStatus": {"coding": [{"code": "resolved"}]}, "abatementString": "after the taper"}
    assert str(end_of_problem(over | WRITTEN, UTC, BORN).last) == "2026-04-10"


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ({"start": "2026-03-01"}, "2026-03-01", "2026-03-01"),
        ({"start": "2026-03-01", "end": "2026-04-01"}, "2026-03-01", "2026-04-01"),
        ({"start": "2026-03-01T08:00:00Z", "end": "2026-03-01T09:00:00Z"}, "2026-03-01", "2026-03-01"),
        ({"end": "2026-04-01"}, "1980-02-03", "2026-04-01"),
        ({"start": "2026-04-02", "end": "2026-04-01"}, "2026-04-02", "2026-04-02"),
    ],
)
def test_a_period_is_some_day_in_it(period, first, last):
    assert began("Period", period) == (first, last)


def test_what_ended_within_a_period_is_over_when_the_period_is():
    clock = datetime(2026, 4, 10, 12, tzinfo=UTC)
    for end, is_over in (("2026-04-10", True), ("2026-04-11", False), ("2026-04-10T13:00:00Z", False)):
        ended = end_of_problem({"abatementPeriod": {"start": "2026-04-01", "end": end}}, UTC, BORN)
        assert (str(ended.first), str(ended.last), ended.has_happened(clock)) == (
            "2026-04-01", end[:10], is_over,
        )  # fmt: skip
    assert end_of_problem({"abatementPeriod": {"start": "2026-04-01"}}, UTC, BORN).day == date(2026, 4, 1)
