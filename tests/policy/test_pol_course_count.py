"""POL-COURSE-COUNT: cycle and day, from the doses given and the order's label."""

import pytest

from cds_service.fhir.record import DataKind, Gap
from tests.policy.chart_notes import (
    administration,
    determine,
    determine_all,
    drug_order,
    held,
    needed,
    order,
    place,
    verdict,
)
from tests.policy.cycles import DIAGNOSIS

UNKNOWN_PLACE = ("continuation", None, None)


def dose(day, text=None):
    return administration(day, 0.88, text)


def placed(events, draft, **how):
    return place(determine([*DIAGNOSIS, *events], draft, **how))


C1D1, C1D8, C1D15 = dose("2026-03-19", "C1D1"), dose("2026-03-26", "C1D8"), dose("2026-04-02", "C1D15")
CYCLE_1 = [C1D1, C1D8, C1D15]
UNLABELLED = [dose("2026-03-19"), dose("2026-03-26"), dose("2026-04-02")]


@pytest.mark.parametrize(
    ("events", "planned", "expected"),
    [
        ([], "2026-04-16", ("initial", 1, 1)),
        ([dose("2026-04-09")], "2026-04-16", ("initial", 1, 8)),
        ([dose("2026-04-06")], "2026-04-16", ("initial", 1, 8)),  # day 1 + 10 days: still day 8
        ([dose("2026-04-05")], "2026-04-16", ("initial", 1, 15)),  # day 1 + 11 days
        ([dose("2026-03-27")], "2026-04-16", ("initial", 1, 15)),  # day 1 + 20 days
        ([dose("2026-03-26")], "2026-04-16", ("continuation", 2, 1)),  # day 1 + 21 days
        (
            [dose("2026-04-05"), dose("2026-04-10")],
            "2026-04-15",
            ("initial", 1, 15),
        ),  # a second one for day 8
        (UNLABELLED, "2026-04-16", ("continuation", 2, 1)),
        (UNLABELLED, "2026-04-15", ("continuation", 2, 1)),  # three slots filled
        ([*UNLABELLED, dose("2026-04-09")], "2026-04-16", ("continuation", 2, 8)),
    ],
)
def test_an_order_without_a_label_is_counted(events, planned, expected):
    assert placed(events, order(planned)) == expected


@pytest.mark.parametrize(
    ("events", "draft", "expected"),
    [
        (CYCLE_1, order(text="Cycle 2 Day 1"), ("continuation", 2, 1)),
        ([C1D1, C1D8], order("2026-04-16", "C2D1"), ("continuation", 2, 1)),  # day 15 left out
        ([C1D1], order("2026-04-08", "Cycle 2 Day 1"), ("continuation", 2, 1)),  # an early next cycle
        ([dose("2026-04-09", "C1D1")], order(text="Cycle 1 Day 15"), ("initial", 1, 15)),
    ],
)
def test_a_label_that_contradicts_nothing_is_used(events, draft, expected):
    assert placed(events, draft) == expected


@pytest.mark.parametrize(
    ("events", "draft", "expected"),
    [
        (CYCLE_1, order(text="Cycle 1 Day 1"), ("continuation", None, 1)),  # a slot given; counted 2/1
        (CYCLE_1, order(text="Cycle 1 Day 8"), UNKNOWN_PLACE),  # an earlier one
        (CYCLE_1, order(text="Cycle 2 Day 8"), ("continuation", 2, None)),  # skips day 1
        (CYCLE_1, order(text="Cycle 3 Day 1"), ("continuation", None, 1)),  # skips a cycle
        ([], order(text="Cycle 2 Day 1"), ("continuation", None, 1)),  # no dose at all
        ([C1D1], order("2026-04-09", "Cycle 1 Day 8"), UNKNOWN_PLACE),  # 21 days after day 1, no delay
    ],
)  # fmt: skip
def test_a_label_that_contradicts_the_doses_leaves_only_what_both_share(events, draft, expected):
    determination = determine([*DIAGNOSIS, *events], draft)
    assert place(determination) == expected
    assert "cycle-number" in needed(determination)


def test_day_8_twenty_days_after_day_1_contradicts_nothing():
    assert placed([dose("2026-03-27", "C1D1")], order("2026-04-16", "Cycle 1 Day 8")) == ("initial", 1, 8)


def test_a_late_day_15_after_a_recorded_delay_is_that_cycles():
    events = [C1D1, held("2026-03-26", "infection", "C1D8")]
    assert placed(events, order("2026-04-16", "Cycle 1 Day 15")) == ("initial", 1, 15)


def test_a_held_slot_may_be_named():
    events = [dose("2026-04-02", "C1D1"), held("2026-04-09", "infection", "C1D8")]
    assert placed(events, order("2026-04-16", "Cycle 1 Day 8")) == ("initial", 1, 8)


def test_a_held_slot_of_a_past_cycle_may_not_be_named():
    events = [C1D1, held("2026-03-26", "infection", "C1D8"), dose("2026-04-09", "C2D1")]
    assert placed(events, order("2026-04-16", "Cycle 1 Day 8")) == ("continuation", None, 8)


def test_three_slots_filled_by_doses_and_holds_open_a_new_cycle():
    events = [dose("2026-03-27"), held("2026-04-03", "infection"), dose("2026-04-10")]
    assert placed(events, order("2026-04-16")) == ("continuation", 2, 1)


def test_without_a_label_a_delay_leaves_two_readings():
    events = [dose("2026-03-19"), held("2026-03-26", "infection")]
    determination = determine([*DIAGNOSIS, *events], order("2026-04-16"))
    assert place(determination) == UNKNOWN_PLACE
    assert "cycle-number" in needed(determination)
    assert {o.when for o in determination.dose.options} >= {"cycle-1-day-15"}


def test_an_order_on_hold_is_a_recorded_delay():
    hold = drug_order("inotuzumab ozogamicin", status="on-hold", authored="2026-03-26")
    assert placed([dose("2026-03-19"), hold], order("2026-04-16")) == UNKNOWN_PLACE


def test_a_held_day_1_is_still_to_come():
    events = [*UNLABELLED, held("2026-04-09", "platelets 30")]
    assert placed(events, order("2026-04-16")) == ("continuation", 2, 1)


def test_labels_that_do_not_rise_are_counted_instead():
    events = [dose("2026-03-19", "C1D1"), dose("2026-03-26", "C1D1"), dose("2026-04-02", "C1D1")]
    assert placed(events, order(text="Cycle 2 Day 1")) == ("continuation", 2, 1)


def test_labels_tell_the_cycle_where_the_record_begins_late():
    events = [dose("2026-03-19", "C3D1"), dose("2026-03-26", "C3D8"), dose("2026-04-02", "C3D15")]
    assert placed(events, order(text="Cycle 4 Day 1")) == ("continuation", 4, 1)


def test_day_8_of_a_cycle_whose_day_1_is_not_on_record_is_counted_from_its_planned_day_1():
    events = [dose("2026-03-26", "C1D8")]
    assert placed(events, order("2026-04-08")) == ("initial", 1, 15)


def test_a_dose_given_for_a_held_slot_keeps_its_label():
    events = [dose("2026-03-27", "C1D1"), held("2026-04-03", "infection", "C1D8"), dose("2026-04-09", "C1D8")]
    assert placed(events, order("2026-04-16", "Cycle 1 Day 15")) == ("initial", 1, 15)


def test_orders_signed_together_count_as_given_in_their_turn():
    drafts = [
        order("2026-04-16", "Cycle 1 Day 1", id="d1"),
        order("2026-04-23", None, 0.88, id="d8"),
        order("2026-04-30", "Cycle 1 Day 15", 0.88, id="d15"),
    ]
    found = determine_all(DIAGNOSIS, drafts)
    assert [place(d) for d in found] == [("initial", 1, 1), ("initial", 1, 8), ("initial", 1, 15)]


def test_an_active_order_from_today_on_counts_as_given():
    active = order("2026-04-15", "Cycle 1 Day 1", id="earlier") | {"status": "active"}
    assert placed([active], order("2026-04-22")) == ("initial", 1, 8)


def test_an_active_order_that_was_given_counts_once():
    active = order("2026-04-15", "Cycle 1 Day 1", id="earlier") | {"status": "active"}
    assert placed([active, dose("2026-04-14", "C1D1")], order("2026-04-22")) == ("initial", 1, 8)


@pytest.mark.parametrize("status", ["draft", "active"])
def test_an_order_of_the_past_is_no_dose(status):
    past = order("2026-03-19", "Cycle 1 Day 1", id="earlier") | {"status": status}
    assert placed([past], order("2026-04-16")) == ("initial", 1, 1)


UNSEEN = [Gap(DataKind.MEDICATION_ADMINISTRATIONS, "the server answered 403")]


def test_without_the_dose_history_the_label_stands_and_the_card_says_so():
    determination = determine(DIAGNOSIS, order(text="Cycle 3 Day 8"), gaps=UNSEEN)
    assert place(determination) == ("continuation", 3, 8)
    assert any("doses given could not all be seen" in note for note in determination.notes)


def test_without_the_dose_history_and_a_label_the_cycle_is_unknown():
    determination = determine(DIAGNOSIS, order(), gaps=UNSEEN)
    assert place(determination) == UNKNOWN_PLACE
    assert "cycle-number" in needed(determination)


def test_what_was_seen_of_the_doses_may_contradict_the_label():
    determination = determine([*DIAGNOSIS, *CYCLE_1], order(text="Cycle 1 Day 8"), gaps=UNSEEN)
    assert place(determination) == UNKNOWN_PLACE


def test_an_unknown_cycle_is_judged_as_the_higher_one():
    seven = [dose(day, f"C{c}D1") for c, day in enumerate(
        ("2025-10-01", "2025-10-29", "2025-11-26", "2025-12-24", "2026-01-21", "2026-02-18"), 1)]  # fmt: skip
    determination = determine([*DIAGNOSIS, *seven], order(text="Cycle 2 Day 1"))
    assert place(determination) == ("continuation", None, 1)
    assert verdict(determination, "POL-B-I-MAX") == "not-met"


# ---- Replaced orders ----

PRIOR = {"priorPrescription": {"reference": "MedicationRequest/old"}}


def old(day, text=None, **more):
    return order(day, text, 0.88, id="old", status="active", **more)


REPLACED = [
    ("the same day", old("2026-04-16"), order("2026-04-16", None, **PRIOR), ("initial", 1, 1)),
    ("5 days before", old("2026-04-16"), order("2026-04-21", None, **PRIOR), ("initial", 1, 1)),
    ("6 days before: the one before in a series", old("2026-04-16"), order("2026-04-22", None, **PRIOR), ("initial", 1, 8)),
    ("a week before, the same slot", old("2026-04-16", "C1D1"), order("2026-04-24", "C1D1", **PRIOR), ("initial", 1, 1)),
    ("a week before, another slot", old("2026-04-16", "C1D1"), order("2026-04-23", "C1D8", **PRIOR), ("initial", 1, 8)),
    ("not named as replaced", old("2026-04-16"), order("2026-04-21", None), ("initial", 1, 8)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "draft", "expected"), [r[1:] for r in REPLACED], ids=[r[0] for r in REPLACED]
)
def test_a_replaced_order_is_no_planned_dose(before, draft, expected):
    assert placed([before], draft) == expected


def test_an_order_that_was_replaced_raises_no_interval_and_is_said_to_be_active():
    replacing = determine([*DIAGNOSIS, old("2026-04-16")], order("2026-04-18", None, **PRIOR))
    beside = determine([*DIAGNOSIS, old("2026-04-16")], order("2026-04-18", None))
    kinds = [{f.kind for f in d.findings} for d in (replacing, beside)]
    assert ["interval" in found for found in kinds] == [False, True]
    said = "The earlier order for 2026-04-16, which this one replaces, is still active."
    assert [said in d.notes for d in (replacing, beside)] == [True, False]


def test_an_order_replaced_by_one_signed_with_it_counts_for_neither():
    drafts = [order("2026-04-17", "C1D1", **PRIOR), order("2026-04-24", "C1D8", 0.88, id="b")]
    first, second = determine_all([*DIAGNOSIS, old("2026-04-16", "C1D1")], drafts)
    assert [place(first), place(second)] == [("initial", 1, 1), ("initial", 1, 8)]
