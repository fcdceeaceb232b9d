"""A chart shows every dated value of its series where it belongs, and says in words what it shows."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from cds_service.clinical.observations.series import DoseMark, EventMark, Point, Series
from cds_service.smart.page.charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, drawn
from cds_service.smart.page.results import results
from cds_service.smart.page.timeline import order_mark, timeline

PER_LITER = "\N{MULTIPLICATION SIGN}10⁹/L"


def series(*points: tuple[str, str], limits: tuple[tuple[str, Decimal], ...] = ()) -> Series:
    made = tuple(Point(when, Decimal(value), f"Observation/{n}") for n, (when, value) in enumerate(points))
    return Series("Platelets", "10*9/L", made, limits)


def test_a_series_without_values_has_no_chart() -> None:
    assert drawn([series()]) == ()
    assert drawn([series(("not a date", "5"))]) == ()


def test_one_value_stands_in_the_middle() -> None:
    (chart,) = drawn([series(("2026-04-14", "48"))])
    (point,) = chart.points
    assert point.x == (LEFT + WIDTH - RIGHT) / 2
    assert TOP <= point.y <= HEIGHT - BOTTOM
    assert (point.value, point.when) == (f"48 {PER_LITER}", "2026-04-14")


def test_values_stand_in_order_of_time_across_offsets() -> None:
    late, early = ("2026-04-14T09:00:00-04:00", "2"), ("2026-04-14T12:30:00Z", "1")
    (chart,) = drawn([series(late, early)])
    assert [p.value for p in chart.points] == [f"1 {PER_LITER}", f"2 {PER_LITER}"]
    assert [p.x for p in chart.points] == [LEFT, WIDTH - RIGHT]


def test_higher_values_stand_higher_and_all_stand_inside() -> None:
    (chart,) = drawn([series(("2026-01-01", "10"), ("2026-01-02", "200"), limits=(("hold", Decimal(50)),))])
    low, high = chart.points
    assert high.y < chart.limits[0].y < low.y
    assert all(TOP <= y <= HEIGHT - BOTTOM for y in (low.y, high.y, chart.limits[0].y))


def test_a_limit_beyond_all_values_is_still_drawn_inside() -> None:
    (chart,) = drawn([series(("2026-01-01", "10"), limits=(("hold", Decimal(500)),))])
    assert TOP <= chart.limits[0].y <= HEIGHT - BOTTOM
    assert chart.limits[0].value == f"500 {PER_LITER}"


def test_equal_values_and_a_zero_do_not_break_the_scale() -> None:
    for value in ("0", "7"):
        (chart,) = drawn([series(("2026-01-01", value), ("2026-01-02", value))])
        assert {p.value for p in chart.points} == {f"{value} {PER_LITER}"}


def test_the_summary_names_count_span_newest_value_and_limits() -> None:
    (chart,) = drawn(
        [series(("2026-01-01", "10.50"), ("2026-01-08", "1E+2"), limits=(("hold below", Decimal(50)),))]
    )
    assert chart.summary == (
        f"2 values from 2026-01-01 to 2026-01-08, the newest 100 {PER_LITER} on 2026-01-08; hold below 50."
    )


@pytest.mark.parametrize(
    ("values", "limit", "ticks"),
    [
        (("120", "140"), "50", ["0", "50", "100", "150"]),
        (("412", "410"), "500", ["400", "425", "450", "475", "500", "525"]),
        (("0.6", "0.6"), "1.8", ["0", "0.5", "1", "1.5", "2"]),
        (("7", "7"), "7", ["6", "8"]),
    ],
)
def test_ticks_are_round_and_span_values_and_limits(
    values: tuple[str, str], limit: str, ticks: list[str]
) -> None:
    days = ("2026-01-01", "2026-01-02")
    (chart,) = drawn([series(*zip(days, values, strict=True), limits=(("check above", Decimal(limit)),))])
    assert [tick.label for tick in chart.ticks] == ticks
    assert chart.ticks[0].y == HEIGHT - BOTTOM > chart.ticks[-1].y == TOP


def test_the_region_beyond_a_limit_lies_on_its_side_and_points_in_it_are_marked() -> None:
    values = (("2026-01-01", "40"), ("2026-01-02", "60"))
    for label, beyond in (("policy: hold below", [True, False]), ("label: check above", [False, True])):
        (chart,) = drawn([series(*values, limits=((label, Decimal(50)),))])
        (limit,) = chart.limits
        assert [p.beyond for p in chart.points] == beyond
        assert [limit.top <= p.y <= limit.top + limit.height for p in chart.points] == beyond


def test_a_goal_that_is_reached_is_no_trouble() -> None:
    (chart,) = drawn([series(("2026-01-01", "2"), limits=(("policy: CR below", Decimal(5)),))])
    assert not chart.points[0].beyond


@pytest.mark.parametrize(
    ("value", "limits", "state"),
    [
        ("60", [("policy: hold below", 50)], ("within", "met")),
        ("50", [("policy: hold below", 50)], ("within", "met")),
        ("49", [("policy: hold below", 50)], ("below", "unknown")),
        ("2", [("policy: CR below", 5)], ("reached", "met")),
        ("5", [("policy: CR below", 5)], ("not reached", "unknown")),
        ("490", [("x: check above", 480), ("x: danger above", 500)], ("above", "unknown")),
        ("510", [("x: check above", 480), ("x: danger above", 500)], ("above", "not-met")),
        ("3", [("label: 1.5 x usual upper limit", 2)], ("above", "unknown")),
        ("3", [], ("no limit", "")),
    ],
)
def test_the_state_of_a_result_is_its_side_of_the_limits(
    value: str, limits: list[tuple[str, int]], state: tuple[str, str]
) -> None:
    bounds = tuple((label, Decimal(limit)) for label, limit in limits)
    (row,) = results([series(("2026-01-01", value), limits=bounds)])
    assert (row.state, row.tone) == state
    assert (row.before, row.now, row.day) == ("", value, "2026-01-01")


def test_a_series_without_dated_values_has_no_row() -> None:
    assert results([series(), series(("not a date", "5"))]) == ()


def dose(day: str, place: str, given: bool = True) -> DoseMark:
    return DoseMark(
        date.fromisoformat(day), given, place, "1 mg" if given else "", f"MedicationAdministration/{day}"
    )


COURSE = (
    dose("2026-03-04", "cycle 1 day 15", given=False),
    dose("2026-02-18", "cycle 1 day 1"),
    dose("2026-02-25", "cycle 1 day 8"),
)
ORDER = order_mark("MedicationRequest/1", "2026-04-16", 2, 1, "0.88 mg")


def test_each_cycle_is_a_band_with_days_and_the_order_stands_in_its_own() -> None:
    drawn_course = timeline(COURSE, planned=ORDER, reason=lambda reference: f"because of {reference[-2:]}")
    assert drawn_course is not None
    assert [band.name for band in drawn_course.bands] == ["C1", "C2"]
    one, two = drawn_course.bands
    assert [(m.label, m.kind, m.reason) for m in one.marks] == [
        ("D1", "given", ""),
        ("D8", "given", ""),
        ("D15", "held", "because of 04"),
    ]
    assert [(m.label, m.kind) for m in two.marks] == [("D1", "planned")]
    assert one.marks[0].x == two.marks[0].x < one.marks[1].x < one.marks[2].x
    assert drawn_course.kinds == ("given", "held", "planned")
    assert drawn_course.counted == "2 doses given"
    assert drawn_course.summary.endswith("the order is planned for 2026-04-16.")


def test_events_stand_in_the_cycle_in_which_they_began() -> None:
    began = [("2026-02-26", "Mucositis"), ("2026-04-10", "VOD"), ("2026-04-20", "Fever")]
    events = [EventMark(date.fromisoformat(day), words, f"AdverseEvent/{words}") for day, words in began]
    with_events = timeline(COURSE, planned=ORDER, events=events)
    assert with_events is not None
    one, two = with_events.bands
    assert [point.event.words for point in one.events] == ["Mucositis", "VOD"]
    assert [point.event.words for point in two.events] == ["Fever"]
    assert one.marks[1].x < one.events[0].x < one.marks[2].x < one.events[1].x < with_events.width
    assert with_events.kinds == ("given", "held", "planned", "event")
    assert "VOD on 2026-04-10" in with_events.summary


def test_a_second_course_and_a_dose_of_unknown_place_are_told_apart() -> None:
    again = timeline([*COURSE, dose("2026-08-01", "cycle 1 day 1"), dose("2026-08-09", "")])
    assert again is not None
    assert [(band.name, [m.label for m in band.marks]) for band in again.bands] == [
        ("C1", ["D1", "D8", "D15"]),
        ("C1", ["D1", "08-09"]),
    ]
    lone = timeline([dose("2026-08-09", "")])
    assert lone is not None
    assert [(band.name, [m.label for m in band.marks]) for band in lone.bands] == [("", ["08-09"])]


def test_without_doses_there_is_no_timeline_and_without_a_day_no_planned_mark() -> None:
    assert timeline([], planned=ORDER) is None
    assert order_mark("MedicationRequest/1", "", 2, 1, "") is None
    assert order_mark("MedicationRequest/1", "for a day that was not read", 2, 1, "") is None


def test_an_order_of_the_past_stands_in_its_place_and_nothing_outside_the_bands() -> None:
    past = timeline(COURSE, planned=order_mark("MedicationRequest/1", "2026-02-20", None, None, ""))
    assert past is not None
    (band,) = past.bands
    assert [m.label for m in band.marks] == ["D1", "02-20", "D8", "D15"]
    assert all(0 < m.x < past.width for m in past.marks)
