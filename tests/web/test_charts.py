"""A chart shows every dated value of its series where it belongs, and says in words what it shows."""

from __future__ import annotations

from decimal import Decimal

from cds_service.clinical.series import Point, Series
from cds_service.smart.page.charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, drawn


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
    assert (point.value, point.when) == ("48 10*9/L", "2026-04-14")


def test_values_stand_in_order_of_time_across_offsets() -> None:
    late, early = ("2026-04-14T09:00:00-04:00", "2"), ("2026-04-14T12:30:00Z", "1")
    (chart,) = drawn([series(late, early)])
    assert [p.value for p in chart.points] == ["1 10*9/L", "2 10*9/L"]
    assert [p.x for p in chart.points] == [LEFT, WIDTH - RIGHT]


def test_higher_values_stand_higher_and_all_stand_inside() -> None:
    (chart,) = drawn([series(("2026-01-01", "10"), ("2026-01-02", "200"), limits=(("hold", Decimal(50)),))])
    low, high = chart.points
    assert high.y < chart.limits[0].y < low.y
    assert all(TOP <= y <= HEIGHT - BOTTOM for y in (low.y, high.y, chart.limits[0].y))


def test_a_limit_beyond_all_values_is_still_drawn_inside() -> None:
    (chart,) = drawn([series(("2026-01-01", "10"), limits=(("hold", Decimal(500)),))])
    assert TOP <= chart.limits[0].y <= HEIGHT - BOTTOM
    assert chart.limits[0].value == "500 10*9/L"


def test_equal_values_and_a_zero_do_not_break_the_scale() -> None:
    for value in ("0", "7"):
        (chart,) = drawn([series(("2026-01-01", value), ("2026-01-02", value))])
        assert {p.value for p in chart.points} == {f"{value} 10*9/L"}


def test_the_summary_names_count_span_newest_value_and_limits() -> None:
    (chart,) = drawn(
        [series(("2026-01-01", "10.50"), ("2026-01-08", "1E+2"), limits=(("hold below", Decimal(50)),))]
    )
    assert chart.summary == (
        "2 values from 2026-01-01 to 2026-01-08, the newest 100 10*9/L on 2026-01-08; hold below 50."
    )
