"""FHIR dates: calendar days, partial dates, past and future (POL-REC-TIME)."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from cds_service.fhir.dates import effective, parse_when, read_when, unusable_times

EAST = timezone(timedelta(hours=10))
NEW_YORK = timezone(timedelta(hours=-4))
CLOCK = datetime(2026, 4, 15, 9, 0, tzinfo=NEW_YORK)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026", date(2026, 1, 1), date(2026, 12, 31)),
        ("2026-02", date(2026, 2, 1), date(2026, 2, 28)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2026-04-15", date(2026, 4, 15), date(2026, 4, 15)),
        ("2026-04-15T23:30:00-04:00", date(2026, 4, 15), date(2026, 4, 15)),
        ("2026-04-15T23:30:00Z", date(2026, 4, 15), date(2026, 4, 15)),
        ("2026-04-15T10:00:60.5Z", date(2026, 4, 15), date(2026, 4, 15)),
    ],
)
def test_a_value_covers_the_days_it_is_written_with(text, first, last):
    when = parse_when(text)
    assert (when.first, when.last) == (first, last)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "15.04.2026",
        "2026-13-01",
        "2026-02-30",
        "2026-4-1",
        "yesterday",
        "2026-04-15T25:00:00Z",
        "202604",
        "20261301",
        "20260415 at noon",
        "202604152561",
    ],
)
def test_what_is_no_fhir_date_is_not_read(text):
    assert parse_when(text) is None


@pytest.mark.parametrize("value", [None, 2026, [], {}, True])
def test_a_value_of_another_type_is_not_read(value):
    assert read_when(value) is None


@pytest.mark.parametrize(
    "text",
    [
        "2026-04-15T13:00:00+0000",
        "2026-04-15T13:00:00+00",
        "2026-04-15 13:00:00Z",
        "2026-04-15T09:00-04:00",
        "2026-04-15 09:00",
        "2026-04-15T09:00:00-0400",
        "2026-04-15T13:00:00z",
        "2026-04-15T13:00:00.000+0000",
    ],
)
def test_times_that_are_nearly_fhir_are_read(text):
    assert parse_when(text, NEW_YORK).instant == CLOCK


def test_a_time_without_an_offset_is_taken_in_the_clocks_zone():
    assert parse_when("2026-04-15T09:00:00", NEW_YORK).instant == CLOCK


@pytest.mark.parametrize(
    ("text", "happened"),
    [
        ("2026-04-15", True),
        ("2026-04-16", False),
        ("2026-04", True),
        ("2026-05", False),
        ("2026", True),
        ("2027", False),
        ("2026-04-15T08:59:59-04:00", True),
        ("2026-04-15T09:00:00-04:00", True),
        ("2026-04-15T09:00:01-04:00", False),
        ("2026-04-15T23:00:00+10:00", True),
    ],
)
def test_an_event_has_happened_when_it_is_not_after_the_clock(text, happened):
    assert parse_when(text).has_happened(CLOCK) is happened


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("2026-04-14", True, False),
        ("2026-04-15", False, False),
        ("2026-04-16", False, True),
        ("2026-04", None, None),
        ("2026-03", True, False),
        ("2026-05", False, True),
        ("2026", None, None),
    ],
)
def test_a_partial_date_decides_only_where_every_day_of_it_agrees(text, before, after):
    day = date(2026, 4, 15)
    assert parse_when(text).is_before(day) is before
    assert parse_when(text).is_after(day) is after


def test_within_is_open_where_the_period_straddles():
    april = date(2026, 4, 1), date(2026, 4, 30)
    assert parse_when("2026-04").is_within(*april) is True
    assert parse_when("2026-05-01").is_within(*april) is False
    assert parse_when("2026").is_within(*april) is None


def test_the_time_of_a_result_is_its_date_else_the_end_of_its_period():
    period = {"start": "2026-04-01", "end": "2026-04-03"}
    assert str(effective({"effectiveDateTime": "2026-04-02", "effectivePeriod": period})) == "2026-04-02"
    assert str(effective({"effectivePeriod": period})) == "2026-04-03"
    assert str(effective({"effectivePeriod": {"start": "2026-04-01"}})) == "2026-04-01"
    assert str(effective({"effectiveTiming": {"event": ["2026-04-02", "2026-04-03"]}})) == "2026-04-03"
    assert effective({"effectiveTiming": {"code": {"text": "weekly"}}}) is None
    assert effective({}) is None


def test_a_date_is_shown_with_the_precision_it_has():
    assert [str(parse_when(t)) for t in ("2026", "2026-04", "2026-04-15", "2026-04-15T10:00:00Z")] == [
        "2026", "2026-04", "2026-04-15", "2026-04-15",
    ]  # fmt: skip


def test_instants_of_different_offsets_are_the_same_moment():
    assert parse_when("2026-04-15T23:00:00+10:00").instant == datetime(2026, 4, 15, 13, tzinfo=UTC)
    assert parse_when("2026-04-15T23:00:00+10:00").day == datetime(2026, 4, 15, tzinfo=EAST).date()


@pytest.mark.parametrize(
    "text",
    ["0001-01-01", "0001-01-01T00:00:00Z", "1899-12-31", "2101", "9999-12", "9999-12-31T23:59:59.999Z"],
)
def test_a_year_of_no_patients_record_is_no_time(text):
    assert parse_when(text) is None


@pytest.mark.parametrize("text", ["1900-01-01", "2100-12-31", "1900", "2100-12"])
def test_the_first_and_the_last_year_are_times(text):
    assert parse_when(text) is not None


def test_unusable_times_are_quoted_wherever_they_stand():
    body = {
        "occurrenceDateTime": "2026-04-15",
        "dosageInstruction": [{"timing": {"event": ["9999-12-31", "2026-04-15", "soon" * 20, 5]}}],
        "note": [{"start": {"start": "0001-01-01"}}],
    }
    members = frozenset({"occurrenceDateTime", "event", "start"})
    assert unusable_times(body, members) == ("9999-12-31", ("soon" * 20)[:40], "0001-01-01")


@pytest.mark.parametrize("body", [{}, [], None, "2026", {"event": None}, {"event": {"event": 3}}])
def test_where_no_time_is_written_none_is_quoted(body):
    assert unusable_times(body, frozenset({"event"})) == ()
