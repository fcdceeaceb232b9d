"""The days of one order: repeats against the minimum interval, each day's row, one cycle for each authorization.

2.0 m2: cycle 1 is 1.6 mg on day 1, 1.0 mg on days 8 and 15. Day 1 is 2026-04-16.
"""

from decimal import Decimal

import pytest

import cards
from tests.policy.chart_notes import (
    SNOMED,
    administration,
    body_size,
    condition,
    determine,
    finding_kinds,
    findings,
    instructed,
    order,
    patient,
    place,
    repeating,
    service_request,
    stated,
)

RECORD = [patient(), condition("277572006", system=SNOMED), *body_size(cm=180, kg=80)]
START = {"boundsPeriod": {"start": "2026-04-16"}}
DAYS_30 = {"boundsDuration": {"value": 30, "unit": "d", "code": "d"}}


def judged(draft, *more):
    return determine([*RECORD, *more], draft)


def daily(frequency=1, **more):
    return {"repeat": {"frequency": frequency, "period": 1, "periodUnit": "d"} | more}


def weekly(**more):
    return {"repeat": {"frequency": 1, "period": 1, "periodUnit": "wk"} | START | more}


# ---- POL-INT-LT7: two doses of one order less than 6 days apart ----

TOO_CLOSE = {
    "daily, 30 days' bounds": daily(**START, **DAYS_30),
    "four times a day": daily(4, **DAYS_30),
    "daily, three times": daily(count=3),
    "daily from a day on, without an end": daily(**START),
    "a code that says daily": {"code": {"coding": [{"code": "QD"}]}},
    "a code that says every 72 hours": {"code": {"text": "every 72 hours"}},
    "two days of the week": weekly(dayOfWeek=["thu", "mon"], count=4),
    "twice on one day": {"event": ["2026-04-16T08:00:00-04:00", "2026-04-16T20:00:00-04:00"]},
    "every 5 days": {"repeat": {"period": 5, "periodUnit": "d", "count": 2} | START},
}
FAR_ENOUGH = {
    "weekly, three times": weekly(count=3),
    "every 6 days": {"repeat": {"period": 6, "periodUnit": "d", "count": 2} | START},
    "once": {"code": {"text": "once"}},
    "daily, with a count of one": daily(count=1),
    "daily, for one day": daily(boundsPeriod={"start": "2026-04-16", "end": "2026-04-16"}),
    "an infusion of one hour": {"repeat": {"duration": 1, "durationUnit": "h"} | START},
    "weekly by code": {"code": {"text": "Q1W x 3"}},
}


@pytest.mark.parametrize("timing", TOO_CLOSE.values(), ids=TOO_CLOSE)
def test_a_repeat_too_close_is_an_interval_warning_and_only_the_first_dose_judged(timing):
    d = judged(repeating(timing, mg=1.6))
    (found,) = findings(d, "interval")
    assert (found.rules, found.indicator.value) == (("POL-INT-LT7",), "warning")
    assert (d.dose.verdict, "dose" in finding_kinds(d)) == ("ok", False)


@pytest.mark.parametrize("timing", FAR_ENOUGH.values(), ids=FAR_ENOUGH)
def test_doses_far_enough_apart_or_one_dose_only(timing):
    assert findings(judged(repeating(timing, mg=1.6)), "interval") == []


def test_the_interval_warning_says_how_many_doses_are_planned():
    texts = [
        findings(judged(repeating(timing, mg=1.6)), "interval")[0].text
        for timing in (daily(4, **DAYS_30), daily(**START))
    ]
    assert texts == [
        "The order plans 4 doses on 2026-04-15, 120 doses in all",
        "The order plans doses on 2026-04-16 and 2026-04-17, 1 day apart, without an end",
    ]


def test_a_supply_bounds_a_repeat():
    draft = repeating(weekly(), mg=1.6) | {
        "dispenseRequest": {"expectedSupplyDuration": {"value": 14, "unit": "d", "code": "d"}}
    }
    assert findings(judged(draft), "authorization-duration") == []


def test_doses_whose_days_cannot_be_told_leave_the_dose_unchecked():
    d = judged(repeating({"repeat": {"frequency": 4} | START}, mg=1.6))
    assert "4 doses without saying how far apart" in findings(d, "dose-unchecked")[0].text
    assert findings(d, "interval") == []
    assert "dose-unchecked" in finding_kinds(judged(repeating({"repeat": {"period": 7} | START}, mg=1.6)))


def test_a_service_request_repeats_by_its_occurrence_timing():
    draft = service_request(
        "J9229", system="http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", status="draft", id="s1",
        occurrenceTiming=daily(count=5), quantityQuantity={"value": 1.6, "unit": "mg"},
    )  # fmt: skip
    assert findings(judged(draft), "interval")[0].rules == ("POL-INT-LT7",)


def suggestions(draft):
    d = judged(draft)
    made = cards.render(
        [d], tenant="t", patient_id="p1", orders={d.order: draft}, public_url="http://127.0.0.1:8080"
    )
    return [
        s
        for c in made
        for s in c.get("suggestions", ())
        if c["extension"]["payer-policy-cds"]["kind"] == "dose"
    ]


def test_no_suggestion_keeps_a_timing_that_raised_a_warning():
    assert len(suggestions(order(text="C1D1", mg=16))) == 1
    assert suggestions(repeating(daily(count=3), mg=16)) == []


# ---- Each day by the row of its own slot ----


def test_each_day_is_judged_by_its_own_row_and_the_worst_gives_the_level():
    d = judged(repeating(weekly(count=3), mg=1.6))
    (found,) = findings(d, "dose")
    assert found.indicator.value == "critical"  # 1.6 mg where day 8 and day 15 are 1.0 mg
    assert "for 2026-04-23 and 2026-04-30" in found.text
    assert (d.dose.verdict, float(d.dose.expected_mg)) == ("over", 1.0)


def test_many_wrong_days_are_counted():
    (found,) = findings(judged(repeating(weekly(count=12), mg=5.0)), "dose")[1:2]
    assert "Ordered 5 mg for 2026-04-23, 2026-04-30 and" in found.text


def test_a_weekly_repeat_after_cr_has_one_dose_for_every_day():
    given = [administration(day, 1.0, text) for day, text in (("2026-03-19", "C1D1"), ("2026-03-26", "C1D8"), ("2026-04-02", "C1D15"))]  # fmt: skip
    d = judged(
        repeating(weekly(count=3), "Cycle 2 Day 1", 1.0), *given, stated("Response", "CR", "2026-04-10")
    )
    assert (place(d), d.dose.verdict, "dose" in finding_kinds(d)) == (("continuation", 2, 1), "ok", False)


def test_a_fourth_week_is_day_1_of_the_next_cycle():
    d = judged(repeating(weekly(count=4), mg=1.0))
    assert [f.text.split(";")[0] for f in findings(d, "dose")] == ["Ordered 1 mg"]  # only day 1 is too low


def test_the_later_days_of_an_order_whose_place_is_unknown_are_held_against_both_rows():
    late = {"event": ["2026-04-16", "2026-04-23"]}
    d = judged(repeating(late, "Cycle 1 Day 1", 3.0), administration("2026-03-19", 1.6, "C1D1"))
    assert (d.cycle, findings(d, "dose")[0].indicator.value) == (None, "critical")


# ---- POL-C-I: what exceeds one cycle ----


def supplied(draft, **dispense):
    return draft | {"dispenseRequest": dispense}


def duration(days):
    return {"value": days, "unit": "d", "system": "http://unitsofmeasure.org", "code": "d"}


ONE_DAY, THREE_DAYS = order(text="C1D1", mg=1.6), repeating(weekly(count=3))
COVERED = {
    "one dose": (ONE_DAY, False),
    "three weekly doses": (THREE_DAYS, False),
    "four weekly doses": (repeating(weekly(count=4)), True),
    "one dose and two repeats of its supply": (supplied(ONE_DAY, numberOfRepeatsAllowed=2), False),
    "one dose and three repeats of its supply": (supplied(ONE_DAY, numberOfRepeatsAllowed=3), True),
    "three doses and one repeat of their supply": (supplied(THREE_DAYS, numberOfRepeatsAllowed=1), True),
    "weekly without an end": (repeating(weekly()), True),
    "every 4 weeks without an end": (repeating({"code": {"text": "every 4 weeks"}}), True),
    "two doses 29 days apart": (repeating({"event": ["2026-04-16", "2026-05-15"]}), True),
    "two doses 28 days apart": (repeating({"event": ["2026-04-16", "2026-05-14"]}), False),
    "a supply of 30 days beside one dose": (supplied(ONE_DAY, expectedSupplyDuration=duration(30)), False),
    "a supply of 30 days beside a repeat": (supplied(THREE_DAYS, expectedSupplyDuration=duration(30)), True),
    "a supply of 30 days beside single days": (supplied(repeating({"event": ["2026-04-16", "2026-04-23"]}), expectedSupplyDuration=duration(30)), False),
    "a supply of 28 days beside a repeat": (supplied(THREE_DAYS, expectedSupplyDuration=duration(28)), False),
    "a supply of 30 days with a repeat allowed": (supplied(ONE_DAY, expectedSupplyDuration=duration(30), numberOfRepeatsAllowed=1), True),
    "valid for a year": (supplied(ONE_DAY, validityPeriod={"start": "2026-04-15", "end": "2027-04-15"}), False),
}  # fmt: skip


@pytest.mark.parametrize(("draft", "exceeds"), COVERED.values(), ids=COVERED)
def test_pol_c_i_what_an_order_covers(draft, exceeds):
    found = findings(judged(draft), "authorization-duration")
    assert [f.rules for f in found] == ([("POL-C-I",)] if exceeds else [])


# ---- Split doses ----

ON_DAY_1 = {"timing": {"event": ["2026-04-16"]}}
ON_DAY_8 = {"timing": {"event": ["2026-04-23"]}}
SPLIT = {
    "two parts of one day": ([ON_DAY_1 | {"mg": 0.9}, ON_DAY_1 | {"mg": 0.7}], "1.6", "ok"),
    "two parts without any day": ([{"mg": 0.9}, {"mg": 0.7}], "1.6", "ok"),
    "parts of one sequence": ([{"mg": 0.9, "sequence": 1}, {"mg": 0.7, "sequence": 1}], "1.6", "ok"),
    "a rate beside a dose": ([{"mg": 1.6}, {"doseAndRate": [{"rateQuantity": {"value": 50, "unit": "mL/h"}}]}], "1.6", "ok"),
    "a diluent beside a dose": ([{"mg": 1.6}, {"text": "in 0.9 % sodium chloride", "doseAndRate": [{"doseQuantity": {"value": 50, "unit": "mL"}}]}], "1.6", "ok"),
    "advice beside a dose": ([{"mg": 1.6}, {"text": "Premedicate with dexamethasone 20 mg", "sequence": 2}], "1.6", "ok"),
    "words that repeat the dose": ([{"mg": 1.6}, {"text": "Total dose 1.6 mg over 1 hour"}], "1.6", "ok"),
    "twice the dose": ([{"mg": 1.6}, {"mg": 1.6}], "3.2", "over"),
    "half the dose": ([{"mg": 0.4}, {"mg": 0.4}], "0.8", "under"),
    "own days": ([ON_DAY_1 | {"mg": 1.6}, ON_DAY_8 | {"mg": 1.0}], "1.6", "ok"),
    "own days by label": ([{"mg": 1.6, "text": "C1D1"}, {"mg": 1.0, "text": "C1D8"}, {"mg": 1.0, "text": "C1D15"}], "1.6", "ok"),
    "own days by label, each given once": ([{"mg": 1.6, "text": "C1D1", "timing": {"code": {"text": "once"}}}, {"mg": 1.0, "text": "C1D8", "timing": {"code": {"text": "once"}}}], "1.6", "ok"),
    "own days by sequence": ([{"mg": 1.6, "sequence": 1}, {"mg": 1.0, "sequence": 2}], "1.6", "ok"),
    "own days, the second at the first one's dose": ([{"mg": 1.6, "sequence": 1}, {"mg": 1.6, "sequence": 2}], "1.6", "over"),
}  # fmt: skip


@pytest.mark.parametrize(("instructions", "mg", "verdict"), SPLIT.values(), ids=SPLIT)
def test_the_instructions_of_one_day_are_one_dose(instructions, mg, verdict):
    d = judged(instructed(*instructions))
    assert (d.dose.ordered_mg, d.dose.verdict) == (Decimal(mg), verdict)
    assert "dose-unchecked" not in finding_kinds(d)


def test_a_part_that_cannot_be_read_leaves_the_dose_unchecked():
    unread = {"doseAndRate": [{"doseQuantity": {"value": 2, "unit": "syringes"}}]}
    d = judged(instructed({"mg": 0.9}, unread))
    assert (d.dose.ordered_mg, d.dose.verdict) == (None, "unknown")
    assert "2 syringes" in findings(d, "dose-unchecked")[0].text


def test_a_later_day_that_cannot_be_read_is_named():
    unread = ON_DAY_8 | {"doseAndRate": [{"doseQuantity": {"value": 2, "unit": "syringes"}}]}
    d = judged(instructed(ON_DAY_1 | {"mg": 1.6}, unread))
    assert "planned for 2026-04-23 cannot be checked" in findings(d, "dose-unchecked")[0].text


# ---- A month or a year is no planned day ----


@pytest.mark.parametrize("written", ["2026-04", "2026"])
@pytest.mark.parametrize("kind", ["event", "start"])
def test_a_partial_planned_date_is_named_and_read_as_today(written, kind):
    timing = {"event": [written]} if kind == "event" else {"repeat": {"boundsPeriod": {"start": written}}}
    d = judged(repeating(timing, mg=1.6))
    assert (d.planned, written in findings(d, "unreadable-data")[0].text) == ("2026-04-15", True)
    assert not finding_kinds(d) & {"interval", "authorization-duration"}
