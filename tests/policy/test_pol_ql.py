"""Intervals: POL-QL-I and POL-QL-II (the next cycle), POL-INT-LT7 (minimum interval)."""

import pytest

from cds_service.fhir.record import DataKind, Gap
from tests.policy.chart_notes import (
    SNOMED,
    administration,
    body_size,
    condition,
    determine,
    determine_all,
    finding_kinds,
    findings,
    held,
    order,
    patient,
    place,
    quantity,
)

BASE = [patient(), condition("277572006", system=SNOMED), *body_size()]
CYCLE_1 = [
    administration("2026-03-26", 1.41, "C1D1"),
    administration("2026-04-02", 0.88, "C1D8"),
    administration("2026-04-09", 0.88, "C1D15"),
]
CYCLE_2 = [
    administration("2026-02-19", 1.41, "C1D1"),
    administration("2026-02-26", 0.88, "C1D8"),
    administration("2026-03-05", 0.88, "C1D15"),
    administration("2026-03-19", 0.88, "C2D1"),
    administration("2026-03-26", 0.88, "C2D8"),
    administration("2026-04-02", 0.88, "C2D15"),
]


def rules(determination, kind="interval"):
    return [f.rules for f in findings(determination, kind)]


EARLY = [
    (CYCLE_1, "2026-04-15", "C2D1", ["POL-QL-I"]),  # 20 days after day 1 of cycle 1
    (CYCLE_1, "2026-04-16", "C2D1", []),  # 21
    (CYCLE_1, "2026-04-23", "C2D1", []),  # 28
    (CYCLE_2, "2026-04-14", "C3D1", ["POL-QL-II"]),  # 26 days after day 1 of cycle 2
    (CYCLE_2, "2026-04-15", "C3D1", []),  # 27, the literal reading of the free interval
    (CYCLE_2, "2026-04-16", "C3D1", []),  # 28
]


@pytest.mark.parametrize(("given", "day", "label", "expected"), EARLY)
def test_the_next_cycle_may_start_after_21_days_of_cycle_1_and_27_later(given, day, label, expected):
    d = determine([*BASE, *given], order(day, label, 0.88))
    assert [rule for (rule,) in rules(d)] == expected


def test_an_early_cycle_names_both_days():
    (found,) = findings(determine([*BASE, *CYCLE_1], order("2026-04-15", "C2D1", 0.88)), "interval")
    assert found.indicator.value == "warning"
    assert "planned for 2026-04-15, 20 days after day 1 of cycle 1 (2026-03-26)" in found.text


def test_an_order_whose_cycle_is_unknown_is_not_called_early():
    d = determine([*BASE, *CYCLE_1], order("2026-04-15", "C1D1", 0.88))
    assert (place(d)[1], rules(d)) == (None, [])


INTERVALS = [("2026-04-14", ["POL-INT-LT7"]), ("2026-04-15", []), ("2026-04-16", [])]  # 5, 6, 7 days


@pytest.mark.parametrize(("day", "expected"), INTERVALS)
def test_pol_int_lt7_at_least_six_days_between_doses(day, expected):
    given = [administration("2026-04-09", 1.41, "C1D1")]
    assert [rule for (rule,) in rules(determine([*BASE, *given], order(day, "C1D8", 0.88)))] == expected


def test_one_day_is_said_in_the_singular():
    given = [administration("2026-04-15", 1.41, "C1D1")]
    (found,) = findings(determine([*BASE, *given], order("2026-04-16", None, 0.88)), "interval")
    assert "given on 2026-04-15, 1 day before the planned 2026-04-16" in found.text


def test_a_dose_on_the_day_of_one_given_is_too_early():
    given = [administration("2026-04-15T07:00:00-04:00", 1.41, "C1D1")]
    (found,) = findings(determine([*BASE, *given], order("2026-04-15", None, 0.88)), "interval")
    assert "given on 2026-04-15, the planned day itself" in found.text


def test_other_orders_planned_before_count_for_the_interval():
    orders = [order("2026-04-16", "C1D1", 1.41, id="a"), order("2026-04-20", "C1D8", 0.88, id="b")]
    first, second = determine_all(BASE, orders)
    assert (rules(first), rules(second)) == ([], [("POL-INT-LT7",)])
    assert "ordered for 2026-04-16" in findings(second, "interval")[0].text


def test_a_dose_that_was_not_given_sets_no_interval():
    given = [administration("2026-04-02", 1.41, "C1D1"), held("2026-04-13", "nausea", "C1D8")]
    assert rules(determine([*BASE, *given], order("2026-04-16", "C1D15", 0.88))) == []


def test_the_days_of_one_order_are_held_to_the_interval_as_well():
    draft = order(text="C1D1")
    draft["dosageInstruction"][0]["timing"]["event"] = ["2026-04-16", "2026-04-21", "2026-04-30"]
    (found,) = findings(determine(BASE, draft), "interval")
    assert "2026-04-16 and 2026-04-21, 5 days apart" in found.text


THREE = ("2026-04-16", "2026-04-23", "2026-04-30")


def test_days_1_8_and_15_signed_together_are_one_cycle():
    labels = zip(THREE, ("C1D1", "C1D8", "C1D15"), (1.41, 0.88, 0.88), strict=True)
    orders = [order(day, label, mg, id=label) for day, label, mg in labels]
    for d in determine_all(BASE, orders):
        assert {"authorization-duration", "interval"}.isdisjoint(finding_kinds(d))


def test_unseen_doses_leave_the_interval_to_what_was_seen():
    gaps = [Gap(DataKind.MEDICATION_ADMINISTRATIONS, "the server answered 503")]
    assert rules(determine(BASE, order(text="C1D8", dose=quantity(0.88, "mg")), gaps=gaps)) == []


@pytest.mark.parametrize(
    ("planned", "doubted"),
    [("2026-03-20", True), ("2026-03-24", False)],
    ids=["three days after day 1", "a week after"],
)
def test_an_order_whose_timing_raised_a_warning_is_not_offered_as_it_stands(planned, doubted):
    d = determine([*BASE, administration("2026-03-17", 1.41, "C1D1")], order(planned, "Cycle 1 Day 8", 5))
    assert d.timing_in_doubt is doubted
