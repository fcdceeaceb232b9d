"""Cycle and day in the text of an order or administration."""

import pytest

from cds_service.clinical.therapy.labels import NO_CYCLE, Label, PlannedDays, label_of, labels_in

DAYS = PlannedDays((1, 8, 15), 2)


@pytest.mark.parametrize(
    ("text", "cycle", "day"),
    [
        ("Cycle 2 Day 8", 2, 8),
        ("C2D8", 2, 8),
        ("C2 D8", 2, 8),
        ("c2d8", 2, 8),
        ("Cycle 2, day 8.", 2, 8),
        ("Cycle 2 (Day 8)", 2, 8),
        ("Cycle: 2, Day: 8", 2, 8),
        ("Cycle 2 of 6, Day 8", 2, 8),
        ("Cycle 2 - Day 8", 2, 8),
        ("Day 8 of Cycle 2", 2, 8),
        ("Besponsa C1D15: 0.88 mg over 1 hour", 1, 15),
        ("Cycle 1 Day 9", 1, 8),  # given within two days of the plan
        ("Cycle 12 Day 1", 12, 1),
        ("Cycle two day eight", 2, 8),
        ("day eight of cycle two", 2, 8),
        ("2nd cycle, day 8", 2, 8),
        ("Day 8 of the second cycle", 2, 8),
        ("Cycle 2, 8th day", 2, 8),
        ("First day of cycle 2", 2, 1),
        ("Cycle II, Day 8", 2, 8),
        ("Ciclo 2 Día 8", 2, 8),
        ("CICLO 2 DIA 8", 2, 8),
        ("Día 8 del ciclo 2", 2, 8),
        ("Segundo ciclo, día ocho", 2, 8),
        ("Cycle 2 (of 6) Day 8", 2, 8),
        ("Cycle No. 2 | Day 8", 2, 8),
        ("Cycle 2 \u2014 Day 8", 2, 8),
        ("Cycle 2, on day 8", 2, 8),
        ("Day 8 - Cycle 2", 2, 8),
        ("C2_D8", 2, 8),
        ("inotuzumab C2D8 dose", 2, 8),
    ],
)
def test_a_label_is_read_in_its_usual_spellings(text, cycle, day):
    assert label_of([text], DAYS) == Label(cycle, day)


@pytest.mark.parametrize(
    "text",
    ["", "Cycle 2", "Day 8", "Cycle 2 Day 28", "Cycle 2 Day 4", "Cycle 0 Day 1", "Cycle 2 Days 1, 8, 15", "C1D1, then C1D8", "each cycle IV day 8",
     "every second cycle day 1", "Repeat each cycle, on the first day of admission", "C2 D 3 doses"],
)  # fmt: skip
def test_a_text_without_one_place_in_the_schedule_has_no_label(text):
    assert label_of([text], DAYS) is None


def test_texts_that_differ_have_no_label_and_equal_ones_have_it():
    assert label_of(["C1D1", "C1D8"], DAYS) is None
    assert label_of(["C1D8", "Cycle 1 Day 8"], DAYS) == Label(1, 8)


def test_days_listed_in_spanish_are_all_read():
    assert labels_in("Ciclo 1: días 1, 8 y 15", DAYS) == {Label(1, 1), Label(1, 8), Label(1, 15)}
    assert labels_in("Ciclo 1, días 1 y 8", DAYS) == {Label(1, 1), Label(1, 8)}


def test_which_days_a_cycle_has_is_not_for_the_text_to_say():
    every_third = PlannedDays((1, 4, 7), 0)
    assert label_of(["C2D4"], every_third) == Label(2, 4)
    assert label_of(["C2D5"], every_third) is None
    assert label_of(["C2D8"], NO_CYCLE) is None
    assert label_of(["C2D1"], NO_CYCLE) == Label(2, 1)
