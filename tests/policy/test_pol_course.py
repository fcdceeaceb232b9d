"""POL-COURSE: what ends a course, and what kind of request an order is."""

import pytest

from tests.policy.chart_notes import (
    SNOMED,
    administration,
    care_plan,
    condition,
    determine,
    document,
    drug_order,
    held,
    needed,
    observation,
    order,
    patient,
    place,
    procedure,
    stated,
    verdict,
)
from tests.policy.cycles import DIAGNOSIS

FIRST_COURSE = [
    administration("2025-10-01", 1.41, "Cycle 1 Day 1"),
    administration("2025-10-08", 0.88, "Cycle 1 Day 8"),
    administration("2025-10-15", 0.88, "Cycle 1 Day 15"),
]
SAME_COURSE, NEW_COURSE = ("continuation", 2, 1), ("initial", 1, 1)


def between(*events, draft=None):
    return determine([*DIAGNOSIS, *FIRST_COURSE, *events], draft or order("2026-04-16"))


def given(drug, day, **more):
    return administration(day, None, drug={"text": drug}, id=f"{drug}-{day}"[:40].replace(" ", "-"), **more)


ALLO = procedure("425843001", "2025-12-10")


@pytest.mark.parametrize(
    "event",
    [
        ALLO,
        procedure("425843001", "2025-12"),  # the whole month lies after the last dose
        procedure("425843001", performedString="December 2025"),
        given("blinatumomab", "2025-12-01"),
        given("doxorubicin", "2025-12-01"),
        given("asciminib", "2025-12-01"),
        procedure(None, "2025-12-01", text="CAR-T cell infusion"),
        care_plan("Third-line therapy: FLAG-IDA", start="2025-12-01"),
        given("mercaptopurine", "2025-12-01", note=[{"text": "No maintenance"}]),
    ],
    ids=["transplant", "transplant-in-a-month", "transplant-by-a-text", "blinatumomab", "anthracycline", "unlisted-tki", "CAR-T", "stated-line", "no-maintenance"],
)  # fmt: skip
def test_what_ends_a_course(event):
    determination = between(event)
    assert place(determination) == NEW_COURSE
    assert any("does not state whether earlier cycles count toward six" in n for n in determination.notes)


@pytest.mark.parametrize(
    "event",
    [
        procedure("425843001", "2024-12-10"),  # before the first dose
        procedure("425843001", performedString="about 2024"),
        procedure("425843001", "2025-12-10", status="not-done"),
        given("imatinib", "2025-12-01"),
        given("doxorubicin", "2025-12-01", reasonCode=[{"text": "Breast cancer"}]),
        given("cyclophosphamide", "2025-12-01"),
        given("dexamethasone", "2025-12-01"),
        given("hydroxyurea", "2025-12-01"),
        given("mercaptopurine", "2025-12-01", note=[{"text": "POMP maintenance"}]),
        given("methotrexate", "2025-12-01", dosage={"text": "12 mg intrathecal"}),
        drug_order("blinatumomab", status="active", authored="2025-12-01"),
        given("rituximab", "2025-10-08"),  # on the day of a dose: beside it, not between
        care_plan("Third-line therapy: inotuzumab", start="2025-12-01"),
        care_plan("If relapse, third-line therapy", start="2025-12-01"),
        care_plan("No second-line therapy needed", start="2025-12-01"),
        given("mercaptopurine", "2025-12-01", dosage={"text": "50 mg/m2 daily, maintenance"}),
        stated("Response", "stable disease", "2025-12-01"),
    ],
)
def test_what_ends_none(event):
    assert place(between(event)) == SAME_COURSE


def test_a_gap_alone_ends_no_course_and_is_asked_for():
    determination = between()
    assert place(determination) == SAME_COURSE
    assert "interruption-reason" in needed(determination)
    assert verdict(determination, "POL-B-I-TOX") == "met"


def test_blinatumomab_after_mini_hyper_cvd_is_a_partner():
    partners = [
        given(d, "2025-10-20") for d in ("cyclophosphamide", "dexamethasone", "vincristine", "methotrexate", "cytarabine")
    ]  # fmt: skip
    assert place(between(*partners, given("blinatumomab", "2025-12-01"))) == SAME_COURSE


@pytest.mark.parametrize(
    "event",
    [procedure("425843001"), procedure("425843001", "2025"), given("blinatumomab", "2025-10")],
    ids=["undated", "a-year-with-doses-in-it", "a-month-with-doses-in-it"],
)
def test_an_end_without_a_usable_date_ends_nothing_and_is_asked_for(event):
    body = {k: v for k, v in event.items() if v is not None}
    determination = between(body)
    assert place(determination) == SAME_COURSE
    assert "therapy-history" in needed(determination)


def test_a_transplant_status_beside_the_dated_transplant_is_the_same_one():
    status = condition("Z94.84", recorded="2026-01-10")
    determination = determine(
        [*DIAGNOSIS, procedure("425843001", "2024-06-01"), status, *FIRST_COURSE], order()
    )
    assert place(determination) == SAME_COURSE
    assert "therapy-history" not in needed(determination)


def test_a_transplant_status_known_before_the_first_dose_ends_nothing():
    determination = between(condition("Z94.84", recorded="2025-01-10"))
    assert place(determination) == SAME_COURSE
    assert "therapy-history" not in needed(determination)


@pytest.mark.parametrize(
    ("told", "expected", "asks"),
    [
        ("s/p alloSCT 2025-12-20.", NEW_COURSE, False),
        ("s/p alloSCT 2024-12-20.", SAME_COURSE, False),
        ("s/p alloSCT, relapsed 2026-01.", SAME_COURSE, True),
        ("AlloSCT planned for 2026-05.", SAME_COURSE, False),
    ],
    ids=["between", "before", "undated", "planned"],
)
def test_a_transplant_that_only_a_note_tells_of_ends_a_course_by_the_date_it_gives(told, expected, asks):
    determination = between(document("2026-03-01", told))
    assert place(determination) == expected
    assert ("therapy-history" in needed(determination)) is asks


RELAPSE = observation("11150-0", "2026-02-01", 40, "%")  # 109 days after the last dose
IN_CR = stated("Response", "CR", "2025-10-29")


def test_late_relapse_after_a_response_ends_the_course():
    assert place(between(IN_CR, RELAPSE)) == NEW_COURSE


@pytest.mark.parametrize(
    ("day", "expected"), [("2026-01-13", SAME_COURSE), ("2026-01-14", NEW_COURSE)], ids=["90-days", "91-days"]
)
def test_a_relapse_is_late_more_than_90_days_after_the_dose_before_it(day, expected):
    assert place(between(IN_CR, observation("11150-0", day, 40, "%"))) == expected


def test_disease_that_never_responded_does_not_end_a_course():
    earlier = stated("Response", "CR", "2025-01-10")  # a remission before inotuzumab
    assert place(between(RELAPSE)) == SAME_COURSE
    assert place(between(earlier, RELAPSE)) == SAME_COURSE


def test_the_present_course_is_counted_from_its_own_doses():
    again = [administration("2026-04-09", 1.41, "Cycle 1 Day 1")]
    assert place(between(ALLO, *again, draft=order("2026-04-16", "Cycle 1 Day 8"))) == ("initial", 1, 8)


@pytest.mark.parametrize(
    ("days", "draft", "request_kind"),
    [
        ([], order("2026-04-16"), "initial"),
        (["2026-04-09"], order("2026-04-16"), "initial"),
        (["2026-04-01", "2026-04-08"], order("2026-04-16"), "initial"),
        (["2026-03-19", "2026-03-26", "2026-04-02"], order("2026-04-16"), "continuation"),
    ],
    ids=["C1D1", "C1D8", "C1D15", "C2D1"],
)
def test_cycle_1_is_initial_and_later_ones_are_continuations(days, draft, request_kind):
    assert determine([*DIAGNOSIS, *(administration(d) for d in days)], draft).request == request_kind


def test_cd22_needs_a_sample_after_the_earlier_course():
    before = observation("51124-6", "2025-09-20", 90, "%", id="old")
    after = observation("51124-6", "2026-03-01", 90, "%", id="new")
    assert verdict(between(ALLO, before), "POL-A-I-CD22") == "unknown"
    assert verdict(between(ALLO, after), "POL-A-I-CD22") == "met"


def test_stop_rules_look_at_every_course():
    vod = condition("K76.5", onset="2025-11-01")
    determination = between(ALLO, vod)
    assert place(determination) == NEW_COURSE
    assert "permanent-discontinuation" in {f.kind for f in determination.findings}


# --- Days 8 and 15 belong to the authorization of their cycle: judged as of day 1, and today. ---

B_ALL = [patient(), condition("277572006", system=SNOMED, recorded="2024-01-10")]
DAY_1 = administration("2026-04-01", 1.41, "Cycle 1 Day 1")


def day_8(*facts):
    return determine([*B_ALL, DAY_1, *facts], order("2026-04-16", "Cycle 1 Day 8", 0.88))


def cd22(day, value):
    return observation("51124-6", day, value, "%", id=f"cd22-{day}")


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        ([cd22("2026-03-20", 85)], "met"),
        ([cd22("2026-03-20", 85), cd22("2026-04-10", 1)], "met"),  # as of day 1
        ([cd22("2026-03-20", 1), cd22("2026-04-10", 1)], "not-met"),  # both ways
        ([cd22("2026-03-20", 10), cd22("2026-04-10", 1)], "unknown"),
        ([cd22("2026-03-20", 1), cd22("2026-04-10", 10)], "unknown"),
    ],
)
def test_day_8_is_met_if_met_on_day_1_or_today_and_not_met_only_both_ways(samples, expected):
    assert verdict(day_8(*samples), "POL-A-I-CD22") == expected


def test_partner_drugs_of_a_day_8_order_are_judged_by_today():
    partner = drug_order("rituximab", authored="2026-04-10", day="2026-04-17")
    assert verdict(day_8(partner), "POL-A-II-B-1") == "not-met"


def test_a_held_dose_is_no_dose_of_the_course():
    events = [held("2026-04-09", "fever"), document("2026-04-10", "held for fever")]
    assert place(determine([*DIAGNOSIS, *events], order("2026-04-16"))) == ("initial", 1, 1)
