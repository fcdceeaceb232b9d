"""Days in words: an order that names several days is judged day by day, as one with its days in a timing.

2.0 m2: cycle 1 is 1.6 mg on day 1, 1.0 mg on days 8 and 15. The first day is 2026-04-16.
"""

from decimal import Decimal

import pytest

from tests.policy.chart_notes import (
    administration,
    finding_kinds,
    findings,
    instructed,
    needed,
    order,
    service_request,
)
from tests.policy.test_pol_order_days import judged

GIVEN = [administration("2026-04-09", 1.6, "C1D1")]


def worded(text, mg=None, **more):
    """An order whose days are in its text only; without ``mg`` its dose is in the text as well."""
    return instructed({"text": text} | ({"mg": mg} if mg else {}), **more)


SEVERAL = {
    "a list beside a structured dose and day": order(text="Cycle 1, Days 1, 8, 15", mg=1.6),
    "a list after the dose": worded("1.6 mg IV on days 1, 8 and 15 of cycle 1"),
    "a list without a cycle, by body surface": worded("0.8 mg/m2 IV on days 1, 8 and 15 every 21 days"),
    "a rhythm": worded("1.6 mg IV weekly x 3"),
    "a rhythm beside a label": worded("Cycle 1 Day 1: weekly x 3", 1.6),
    "labels one by one": worded("C1D1, C1D8, C1D15", 1.6),
    "in the patient's instruction": instructed({"mg": 1.6, "patientInstruction": "Given on days 1, 8 and 15"}),
    "in a note": worded("IV over 1 hour", 1.6, note=[{"text": "Days 1, 8 and 15 of cycle 1"}]),
    "of a service": service_request(
        "J9229", system="http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", status="draft", id="s1",
        quantityQuantity={"value": 1.6, "unit": "mg"}, note=[{"text": "days 1, 8 and 15"}],
    ),
}  # fmt: skip


@pytest.mark.parametrize("draft", SEVERAL.values(), ids=SEVERAL)
def test_each_day_in_words_is_judged_by_its_own_row(draft):
    d = judged(draft)
    (found,) = findings(d, "dose")
    assert (d.dose.verdict, found.indicator.value) == ("over", "critical")
    assert "1.6" in found.text
    assert " and 2026-0" in found.text  # days 8 and 15
    assert "dose-unchecked" not in finding_kinds(d)


def test_days_8_and_15_in_words_at_their_own_dose_are_in_order():
    for text in ("Cycle 1 Days 8 and 15", "Days 8 and 15"):
        d = judged(order(text=text, mg=1.0), *GIVEN)
        assert (d.cycle, d.day, d.dose.verdict) == (1, 8, "ok")
        assert not finding_kinds(d) & {"dose", "dose-unchecked", "interval"}


def test_instructions_for_day_1_and_for_days_8_and_15_are_three_doses():
    for one, others in (("C1D1", "Cycle 1 Days 8 and 15"), ("Day 1", "Days 8 and 15")):
        d = judged(instructed({"text": one, "mg": 1.6}, {"text": others, "mg": 1.0}))
        assert (d.dose.ordered_mg, d.dose.verdict) == (Decimal("1.6"), "ok")
        assert not finding_kinds(d) & {"dose", "dose-unchecked", "interval"}


def test_a_label_of_several_days_contradicts_as_one_of_a_single_day_does():
    d = judged(order(text="Cycle 1 Days 8 and 15", mg=1.0))
    assert (d.day, "cycle-number" in needed(d)) == (None, True)
    assert findings(d, "dose") == []


def test_days_without_a_cycle_that_the_doses_given_do_not_bear_out_leave_the_dose_unchecked():
    d = judged(order(text="Days 8 and 15", mg=1.0))
    assert (d.dose.verdict, findings(d, "dose")) == ("unknown", [])
    assert "day 8" in findings(d, "dose-unchecked")[0].text


@pytest.mark.parametrize("text", ["1.6 mg IV on days 1, 3 and 5 of cycle 1", "1.6 mg IV daily for 5 days"])
def test_days_in_words_too_close_are_an_interval_warning(text):
    d = judged(worded(text))
    assert findings(d, "interval")[0].rules == ("POL-INT-LT7",)
    assert findings(d, "dose") == []


@pytest.mark.parametrize(
    "text", ["Cycle 1 Days 1-15", "Cycle 1 Day 1, three doses", "C1D1 weekly", "zzz days 1, 8, 15"]
)
def test_words_for_several_days_that_are_not_sure_leave_the_dose_unchecked(text):
    d = judged(order(text=text, mg=1.6))
    assert (d.dose.verdict, findings(d, "dose")) == ("unknown", [])
    (found,) = findings(d, "dose-unchecked")
    assert text in found.text


def test_a_dose_far_outside_every_row_is_said_whatever_its_days():
    d = judged(order(text="Cycle 1 Days 1-15", mg=16))
    assert (d.dose.verdict, findings(d, "dose")[0].indicator.value) == ("over", "critical")
    assert "dose-unchecked" in finding_kinds(d)


def test_words_for_more_days_than_the_timing_plans_leave_the_dose_unchecked():
    draft = order(text="Cycle 1 Days 1, 8 and 15", mg=1.0)
    draft["dosageInstruction"][0]["timing"] = {"event": ["2026-04-16", "2026-04-23"]}
    d = judged(draft)
    assert d.dose.verdict != "ok"
    assert "dose-unchecked" in finding_kinds(d)


@pytest.mark.parametrize(
    "text",
    ["Cycle 1 Day 1 of a 21-day cycle", "C1D1, part of the days 1/8/15 regimen", "Day 1 of days 1, 8, 15", "Cycle 1 Day 1 every 21 days"],
)  # fmt: skip
def test_a_sentence_that_only_gives_the_regimen_plans_no_further_dose(text):
    d = judged(order(text=text, mg=1.6))
    assert (d.dose.verdict, d.dose.ordered_mg) == ("ok", Decimal("1.6"))
    assert not finding_kinds(d) & {"dose", "dose-unchecked", "interval", "authorization-duration"}


def test_the_days_of_a_timing_and_the_same_days_in_words_are_one_plan():
    draft = order(text="Days 1, 8 and 15 of cycle 1", mg=1.6)
    draft["dosageInstruction"][0]["timing"] = {"event": ["2026-04-16", "2026-04-23", "2026-04-30"]}
    assert (judged(draft).dose.verdict, finding_kinds(judged(draft)) & {"dose-unchecked"}) == ("over", set())
