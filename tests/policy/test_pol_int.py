"""Interruptions for non-hematologic toxicity and their reasons: POL-INT-GE7, POL-INT-GE14, POL-INT-STEP2, POL-INT-STEP3, POL-INT-GT28.

180 cm and 80 kg are 2.0 m2: 1.0 mg at 0.5, 1.6 mg at 0.8 mg/m2; reduced by 25 %: 0.75 and 1.2 mg.
"""

from decimal import Decimal

import pytest

from tests.policy.chart_notes import (
    SNOMED,
    administration,
    adverse_event,
    body_size,
    condition,
    determine,
    determine_all,
    document,
    drug_order,
    finding_kinds,
    findings,
    held,
    needed,
    observation,
    order,
    patient,
    verdict,
)

BASE = [patient(), condition("277572006", system=SNOMED), *body_size(cm=180, kg=80)]
INOTUZUMAB = {"text": "Inotuzumab ozogamicin"}


def given(*doses):
    """Doses as (day, mg, label)."""
    return [administration(day, mg, label) for day, mg, label in doses]


def response(day, marrow=2):
    return [observation("11150-0", day, marrow, "%"), observation("26446-5", day, 0, "%")]


def mucositis(day, resolved=None, id="mucositis"):
    outcome = {"outcome": "resolved", "recorded": resolved} if resolved else {}
    return adverse_event("Mucositis grade 3", day, suspect="Inotuzumab ozogamicin", id=id, **outcome)


# Cycle 1: day 8 of 2026-03-12 not given, for mucositis; day 15 is not given either. Order for cycle 2.
FIRST = given(("2026-03-05", 1.6, "C1D1"))
HELD = held("2026-03-12", "Mucositis grade 3", "C1D8")
C2D1 = order("2026-04-16", "Cycle 2 Day 1", 1.0)


def after(length, *more, draft=C2D1):
    """Cycle 2 after a hold of day 8 whose toxicity recovered ``length`` days after the missed date."""
    recovered = f"2026-03-{12 + length:02}" if length < 20 else f"2026-04-{length - 19:02}"
    resources = [*BASE, *FIRST, HELD, mucositis("2026-03-11", recovered), *response("2026-04-10"), *more]
    return determine(resources, draft)


LENGTHS = [
    (6, "1", None),
    (7, "1", None),
    (13, "1", None),
    (14, "0.75", None),
    (28, "0.75", None),
    (29, "0.75", "consider-permanent-discontinuation"),
]


@pytest.mark.parametrize(("length", "expected", "stop"), LENGTHS)
def test_the_length_decides_reduction_and_the_question_of_stopping(length, expected, stop):
    d = after(length)
    assert d.cycle == 2
    assert d.dose.expected_mg == Decimal(expected)
    assert (
        (stop in finding_kinds(d)) if stop else "consider-permanent-discontinuation" not in finding_kinds(d)
    )
    assert verdict(d, "POL-B-I-TOX") == ("unknown" if stop else "met")


@pytest.mark.parametrize(
    ("resolved", "expected", "asked", "tox"),
    [
        ({"abatementDateTime": "2026-04"}, "0.75", False, "unknown"),
        ({"abatementPeriod": {"start": "2026-03-26", "end": "2026-03-30"}}, "0.75", False, "met"),
        ({"abatementPeriod": {"start": "2026-03-20", "end": "2026-03-26"}}, "1", True, "met"),
        ({"abatementPeriod": {"start": "2026-03-20", "end": "2026-03-25"}}, "1", False, "met"),
        ({"abatementDateTime": "2026-03"}, "1", True, "met"),
    ],
    ids=["20 days or more", "14 to 18 days", "8 to 14 days", "8 to 13 days", "up to 19 days"],
)
def test_a_recovery_that_is_not_known_to_the_day_decides_what_is_the_same_on_all_its_days(
    resolved, expected, asked, tox
):
    event = condition(None, text="Mucositis grade 3", onset="2026-03-11") | resolved
    d = determine([*BASE, *FIRST, HELD, event, *response("2026-04-10")], C2D1)
    assert d.dose.expected_mg == Decimal(expected)
    assert ("interruption-reason" in needed(d)) is asked
    assert verdict(d, "POL-B-I-TOX") == tox


@pytest.mark.parametrize("ids", [("a", "b"), ("b", "a")], ids=["in order", "other way round"])
@pytest.mark.parametrize(
    ("recovered", "expected"),
    [("2026-03-30", "0.75"), (None, "1")],
    ids=["last after 18 days", "last not yet"],
)
def test_a_hold_for_two_toxicities_lasts_until_both_are_over(ids, recovered, expected):
    """Whatever their ids: mucositis is over after 5 days, colitis later or not yet."""
    colitis = mucositis("2026-03-11", recovered, id=ids[1]) | {"event": {"text": "Colitis grade 3"}}
    both = held("2026-03-12", "Mucositis and colitis, grade 3", "C1D8")
    events = [mucositis("2026-03-11", "2026-03-17", id=ids[0]), colitis]
    d = determine([*BASE, *FIRST, both, *events, *response("2026-04-10")], C2D1)
    assert d.dose.expected_mg == Decimal(expected)
    assert ("interruption-reason" in needed(d)) is (recovered is None)


def test_an_interruption_goes_on_while_one_of_its_toxicities_does():
    """Day 8 was missed for mucositis, over after 11 days, day 15 for colitis, which is not."""
    colitis = condition(None, text="Colitis", onset="2026-03-18", id="a")
    missed = held("2026-03-19", "Colitis", "C1D15")
    d = after(11, missed, colitis)
    assert d.dose.expected_mg == Decimal(1)
    assert "interruption-reason" in needed(d)


def test_a_later_entry_of_the_toxicity_speaks_for_the_earlier_one():
    """The entry that nobody closed is the same mucositis as the one that was."""
    earlier = condition(None, text="Mucositis", onset="2026-03-10", id="z")
    d = after(16, earlier)
    assert d.dose.expected_mg == Decimal("0.75")
    anew = condition(None, text="Mucositis", onset="2026-03-12", id="a")
    assert after(16, anew).dose.expected_mg == Decimal(1)


# ---- POL-INT-GE7: the dose to omit ----

OMIT = [
    ("labelled as the held day, 6 days after it", "2026-04-14", "C1D8", False),
    ("labelled as the held day, 7 days after it", "2026-04-15", "C1D8", True),
    ("labelled as the next day", "2026-04-15", "C1D15", False),
    ("no label", "2026-04-15", None, False),
]


@pytest.mark.parametrize(("planned", "label", "omit"), [o[1:] for o in OMIT], ids=[o[0] for o in OMIT])
def test_pol_int_ge7_a_dose_held_for_seven_days_is_omitted(planned, label, omit):
    resources = [*given(("2026-04-01", 1.6, "C1D1")), held("2026-04-08", "Mucositis grade 3", "C1D8")]
    d = determine([*BASE, *resources], order(planned, label, 1.0))
    assert ("POL-INT-GE7" in {r for f in findings(d, "nonhem-hold") for r in f.rules}) is omit


def test_the_dose_to_omit_is_named_with_its_days_and_reason():
    resources = [*given(("2026-04-01", 1.6, "C1D1")), held("2026-04-08", "Mucositis grade 3", "C1D8")]
    (found,) = findings(determine([*BASE, *resources], order("2026-04-15", "C1D8", 1.0)), "nonhem-hold")
    assert found.indicator.value == "warning"
    assert found.action == "Hold: omit the held day 8 dose"
    assert (
        "Day 8 of cycle 1 was planned for 2026-04-08 and held for toxicity (Mucositis grade 3); 7 days later"
        in found.text
    )


@pytest.mark.parametrize("reason", ["Thrombocytopenia", "Patient on vacation, last minute", None])
def test_a_dose_held_for_another_reason_is_not_omitted(reason):
    resources = [*given(("2026-04-01", 1.6, "C1D1")), held("2026-04-08", reason, "C1D8")]
    d = determine([*BASE, *resources], order("2026-04-15", "C1D8", 1.0))
    assert "nonhem-hold" not in finding_kinds(d)


def test_a_day_that_fell_into_a_hold_of_the_order_is_omitted_as_well():
    """No not-done record: the order was put on hold from day 8 on."""
    hold = drug_order(
        INOTUZUMAB, status="on-hold", day="2026-04-07", text="C1D8", statusReason={"text": "Hepatotoxicity"}
    )
    d = determine([*BASE, *given(("2026-03-31", 1.6, "C1D1")), hold], order("2026-04-16", "C1D8", 1.0))
    assert [f.rules for f in findings(d, "nonhem-hold")] == [("POL-INT-GE7",)]


# ---- POL-INT-GE14, step 1 ----


def test_pol_int_ge14_an_unreduced_dose_is_a_warning_and_names_the_interruption():
    d = after(18)
    (found,) = findings(d, "dose-reduction-due")
    assert (found.indicator.value, found.card.value) == ("warning", "safety")
    assert found.rules == ("POL-INT-GE14", "POL-DOSE-CR")
    assert found.action == "Reduce the dose by 25 %"
    assert "1 mg ordered, 0.75 mg due; held since 2026-03-12" in found.text
    assert "held since 2026-03-12 for mucositis grade 3 (recovered 2026-03-30, 18 days)" in found.text
    assert (d.dose.verdict, d.dose.mg_per_m2) == ("over", Decimal("0.375"))
    assert "dose" not in finding_kinds(d)


@pytest.mark.parametrize(
    ("base", "draft", "why"),
    [
        ([r for r in BASE if r["resourceType"] != "Observation"], C2D1, "No height or weight found"),
        (BASE, order("2026-04-16", "Cycle 2 Day 1", dose={}), "The order states no dose"),
    ],
    ids=["no body size", "no dose"],
)
def test_pol_int_ge14_a_reduction_is_named_where_the_dose_is_checked_by_hand(base, draft, why):
    hold = (*FIRST, HELD, mucositis("2026-03-11", "2026-03-30"), *response("2026-04-10"))
    d = determine([*base, *hold], draft)
    (found,) = findings(d, "dose-unchecked")
    reduced = "reduced by 25 %: held since 2026-03-12 for mucositis grade 3 (recovered 2026-03-30, 18 days)"
    assert found.text == f"{why}. The dose is {reduced}"
    assert found.rules[1:] == ("POL-INT-GE14",)
    assert found.evidence == ("MedicationAdministration/adm-2026-03-12-not-done", "AdverseEvent/mucositis")
    unreduced = determine([*base, *FIRST, *response("2026-04-10")], draft)
    assert [f.text for f in findings(unreduced, "dose-unchecked")] == [why]


REDUCED = [
    (0.6, "under", {"dose"}),
    (0.75, "ok", set()),
    (0.825, "ok", set()),  # 10 % over
    (0.95, "over", {"dose-reduction-due"}),
    (1.1, "over", {"dose-reduction-due"}),  # the unreduced dose + 10 %
    (1.2, "over", {"dose-reduction-due", "dose"}),
]


@pytest.mark.parametrize(("mg", "dose_verdict", "kinds"), REDUCED)
def test_up_to_the_unreduced_dose_a_reduction_not_made_is_at_most_a_warning(mg, dose_verdict, kinds):
    d = after(18, draft=order("2026-04-16", "Cycle 2 Day 1", mg))
    assert d.dose.verdict == dose_verdict
    found = [f for f in d.findings if f.kind in ("dose", "dose-reduction-due")]
    assert {f.kind for f in found} == kinds
    critical = {f.kind for f in found if f.indicator.value == "critical"}
    assert critical == ({"dose"} if mg == 1.2 else set())


NO_CR_ROWS = [("Cycle 2 Day 1", "2026-04-16", [], "1.2"), ("Cycle 2 Day 8", "2026-04-16", [("2026-04-09", 1.2, "C2D1")], "0.75")]  # fmt: skip


@pytest.mark.parametrize(("label", "day", "doses", "expected"), NO_CR_ROWS)
def test_without_a_response_the_reduced_row_is_0_6_and_0_375(label, day, doses, expected):
    resources = [
        *FIRST,
        HELD,
        mucositis("2026-03-11", "2026-03-30"),
        *response("2026-04-08", 30),
        *given(*doses),
    ]
    assert determine([*BASE, *resources], order(day, label, 1)).dose.expected_mg == Decimal(expected)


def test_the_cycle_of_the_interruption_itself_is_not_reduced():
    resources = [*given(("2026-03-24", 1.6, "C1D1")), held("2026-03-31", "Mucositis grade 3", "C1D8")]
    d = determine(
        [*BASE, *resources, mucositis("2026-03-30", "2026-04-14")], order("2026-04-16", "C1D15", 1.0)
    )
    assert (d.cycle, d.dose.expected_mg) == (1, 1)


def test_a_cycle_whose_first_dose_was_the_one_held_is_the_next_cycle():
    """Day 1 of cycle 2 held for 18 days: cycle 2, once it begins, is reduced."""
    cycle_1 = given(("2026-03-05", 1.6, "C1D1"), ("2026-03-12", 1.0, "C1D8"), ("2026-03-19", 1.0, "C1D15"))
    resources = [
        *cycle_1,
        held("2026-03-26", "Mucositis grade 3", "C2D1"),
        mucositis("2026-03-25", "2026-04-13"),
    ]
    d = determine([*BASE, *resources, *response("2026-04-10")], order("2026-04-16", "C2D1", 1.0))
    assert (d.cycle, d.dose.expected_mg) == (2, Decimal("0.75"))


def test_a_reduced_dose_is_never_raised_again():
    """Cycle 2 was reduced; cycle 3 stays reduced."""
    cycle_2 = given(("2026-03-19", 0.75, "C2D1"), ("2026-03-26", 0.75, "C2D8"), ("2026-04-02", 0.75, "C2D15"))
    start = given(("2026-02-12", 1.6, "C1D1"))
    resources = [
        *start,
        held("2026-02-19", "Mucositis grade 3", "C1D8"),
        mucositis("2026-02-18", "2026-03-09"),
        *cycle_2,
    ]
    d = determine([*BASE, *resources, *response("2026-04-10")], order("2026-04-16", "C3D1", 1.0))
    assert (d.cycle, d.dose.expected_mg) == (3, Decimal("0.75"))


BETWEEN = [(0.9, {"dose"}), (1.2, set()), (1.5, {"dose-reduction-due"})]


@pytest.mark.parametrize(("mg", "kinds"), BETWEEN)
def test_with_the_response_open_only_a_dose_above_both_reduced_rows_is_a_reduction_not_made(mg, kinds):
    """Rows of 0.75 and 1.2 mg."""
    resources = [*BASE, *FIRST, HELD, mucositis("2026-03-11", "2026-03-30")]
    d = determine(resources, order("2026-04-16", "C2D1", mg))
    assert finding_kinds(d) & {"dose", "dose-reduction-due"} == kinds
    assert {f.action for f in findings(d, "dose")} <= {"Check the dose: it is between the rows of the table"}


# ---- The total of a reduced cycle (1.125 mg/m2 = 2.25 mg; without CR 1.35 mg/m2 = 2.7 mg) ----

ON_DAY_15 = [
    ("two reduced doses given: one more of 0.75", (0.75, 0.75), 1.0, "over"),
    ("less given before", (0.6, 0.6), 1.0, "ok"),
    ("total to the last 0.01 mg", (0.62, 0.62), 1.01, "ok"),
    ("total exceeded by 0.05 mg", (0.65, 0.65), 1.0, "over"),
]


@pytest.mark.parametrize(
    ("before", "mg", "expected"), [c[1:] for c in ON_DAY_15], ids=[c[0] for c in ON_DAY_15]
)
def test_a_single_dose_above_the_reduced_one_may_stay_within_the_total(before, mg, expected):
    cycle_2 = given(("2026-04-02", before[0], "C2D1"), ("2026-04-09", before[1], "C2D8"))
    resources = [
        *given(("2026-02-26", 1.6, "C1D1")),
        held("2026-03-05", "Mucositis grade 3", "C1D8"),
        mucositis("2026-03-04", "2026-03-23"),
    ]
    d = determine([*BASE, *resources, *response("2026-03-28"), *cycle_2], order("2026-04-16", "C2D15", mg))
    assert (d.cycle, d.day, d.dose.verdict) == (2, 15, expected)
    assert (d.dose.low_mg, d.dose.high_mg) == (Decimal("0.675"), Decimal("0.825"))


def test_a_dose_left_out_adds_nothing_to_the_total():
    cycle_2 = [*given(("2026-04-02", 0.75, "C2D1")), held("2026-04-09", "Patient request", "C2D8")]
    resources = [
        *given(("2026-02-26", 1.6, "C1D1")),
        held("2026-03-05", "Mucositis grade 3", "C1D8"),
        mucositis("2026-03-04", "2026-03-23"),
    ]
    d = determine([*BASE, *resources, *response("2026-03-28"), *cycle_2], order("2026-04-16", "C2D15", 1.1))
    assert d.dose.verdict == "ok"


def test_doses_signed_together_share_the_total():
    """1.0 + 0.75 + 0.5 mg are 2.25 mg; 1.0 + 0.75 + 0.75 mg are too much."""
    resources = [*BASE, *FIRST, HELD, mucositis("2026-03-11", "2026-03-30"), *response("2026-04-10")]
    days = (("2026-04-16", "C2D1"), ("2026-04-23", "C2D8"), ("2026-04-30", "C2D15"))

    def verdicts(*mg):
        orders = [order(day, label, x, id=label) for (day, label), x in zip(days, mg, strict=True)]
        return [d.dose.verdict for d in determine_all(resources, orders)]

    assert verdicts(1.0, 0.75, 0.5) == ["ok", "ok", "under"]
    assert verdicts(1.0, 0.75, 0.75) == ["over", "ok", "ok"]


# ---- POL-INT-STEP2 and POL-INT-STEP3 ----

# Cycle 1 held from day 8 (18 days), cycle 2 reduced and held from day 8 (15 days): two doses from cycle 3 on.
STEP_1 = [
    *given(("2025-12-01", 1.6, "C1D1")),
    held("2025-12-08", "Mucositis grade 3", "C1D8"),
    mucositis("2025-12-07", "2025-12-26", id="m1"),
]
REDUCED_2 = given(("2026-01-05", 0.75, "C2D1"))
SECOND = [held("2026-01-12", "Mucositis grade 3", "C2D8"), mucositis("2026-01-11", "2026-01-27", id="m2")]
UNTIL_CYCLE_3 = [*STEP_1, *REDUCED_2, *SECOND]
CR = response("2025-12-29")


def third(*doses, day, label, mg=0.75, before=UNTIL_CYCLE_3):
    return determine([*BASE, *before, *CR, *given(*doses)], order(day, label, mg))


def test_pol_int_step2_two_doses_a_cycle_and_a_third_is_a_warning():
    two = third(("2026-04-02", 0.75, "C3D1"), day="2026-04-16", label="C3D15")
    assert (two.cycle, "dose-reduction-due" in finding_kinds(two)) == (3, False)
    three = third(("2026-04-02", 0.75, "C3D1"), ("2026-04-09", 0.75, "C3D8"), day="2026-04-16", label="C3D15")
    (found,) = findings(three, "dose-reduction-due")
    assert found.rules == ("POL-INT-STEP2",)
    assert "cycle 3 would have 3" in found.text
    assert "held since 2025-12-08" in found.text
    assert "held since 2026-01-12" in found.text


def test_ordered_doses_count_toward_the_two():
    orders = [
        order(day, label, 0.75, id=label)
        for day, label in (("2026-04-16", "C3D1"), ("2026-04-23", "C3D8"), ("2026-04-30", "C3D15"))
    ]
    found = determine_all([*BASE, *UNTIL_CYCLE_3, *CR], orders)
    assert ["dose-reduction-due" in finding_kinds(d) for d in found] == [False, False, True]


def test_the_dose_of_a_two_dose_cycle_stays_at_the_reduced_level():
    d = third(day="2026-04-16", label="C3D1", mg=1.0)
    assert d.dose.expected_mg == Decimal("0.75")
    assert [f.rules[0] for f in findings(d, "dose-reduction-due")] == ["POL-INT-GE14"]


NOT_STEP_2 = [
    ("the second cycle was not reduced", [*STEP_1, *given(("2026-01-05", 1.0, "C2D1")), *SECOND]),
    ("the second interruption lasted 13 days", [*STEP_1, *REDUCED_2, held("2026-01-12", "Mucositis grade 3", "C2D8"), mucositis("2026-01-11", "2026-01-25", id="m2")]),
    ("the second was hematologic", [*STEP_1, *REDUCED_2, held("2026-01-12", "Neutropenia", "C2D8")]),
]  # fmt: skip


@pytest.mark.parametrize("before", [n[1] for n in NOT_STEP_2], ids=[n[0] for n in NOT_STEP_2])
def test_step_2_needs_a_further_interruption_of_14_days_after_a_reduced_cycle(before):
    d = third(
        ("2026-04-02", 0.75, "C3D1"),
        ("2026-04-09", 0.75, "C3D8"),
        day="2026-04-16",
        label="C3D15",
        before=before,
    )
    assert d.cycle == 3
    assert d.dose.expected_mg == Decimal("0.75")
    assert not findings(d, "dose-reduction-due")


# Cycle 3 given as two doses, its day 15 held for 15 days.
THIRD = [held("2026-03-16", "Mucositis grade 3", "C3D15"), mucositis("2026-03-15", "2026-03-31", id="m3")]
TWO_DOSES = given(("2026-03-02", 0.75, "C3D1"), ("2026-03-09", 0.75, "C3D8"))


def test_pol_int_step3_a_further_interruption_after_a_two_dose_cycle_is_a_stop():
    d = third(day="2026-04-16", label="C4D1", before=[*UNTIL_CYCLE_3, *TWO_DOSES, *THIRD])
    (found,) = findings(d, "permanent-discontinuation")
    assert (found.indicator.value, found.rules) == ("critical", ("POL-INT-STEP3",))
    assert verdict(d, "POL-B-I-TOX") == "not-met"


def test_step_3_needs_a_two_dose_cycle():
    """The second and the third interruption of one cycle, or of a cycle given as three doses, do not lead there."""
    three = given(("2026-03-02", 0.75, "C3D1"), ("2026-03-09", 0.75, "C3D8"), ("2026-03-16", 0.75, "C3D15"))
    later = [held("2026-03-30", "Mucositis grade 3", "C4D1"), mucositis("2026-03-29", "2026-04-14", id="m3")]
    d = third(day="2026-04-16", label="C4D1", before=[*UNTIL_CYCLE_3, *three, *later])
    assert "permanent-discontinuation" not in finding_kinds(d)


# ---- Reasons and recovery (length, steps 1 to 3) ----

REASONS = [
    ("Mucositis grade 3", True),
    ("ALT elevated", True),
    ("possible pneumonia", True),
    ("non-hematologic toxicity", True),
    ("Toxicity", True),
    ("neutropenia and sepsis", True),
    ("Grade 4 neutropenia", False),
    ("hematologic toxicity", False),
    ("febrile neutropenia", True),
    ("platelets 20", False),
    ("Patient on vacation, last minute", False),
    ("insurance authorization pending", False),
    ("not for toxicity: patient request", False),
]


@pytest.mark.parametrize(("reason", "counts"), REASONS)
def test_only_a_recorded_non_hematologic_toxicity_reduces(reason, counts):
    recovered = document("2026-04-10", f"{reason}: resolved")
    event = adverse_event(reason, "2026-03-12", outcome="resolved", recorded="2026-03-30")
    resources = [*FIRST, held("2026-03-12", reason, "C1D8"), recovered, event, *response("2026-04-10")]
    d = determine([*BASE, *resources], C2D1)
    assert (d.dose.expected_mg == Decimal("0.75")) is counts


UNDER_WAY = [
    ("mucositis", adverse_event("Mucositis grade 3", "2026-03-11", outcome="resolved", recorded="2026-03-30"), True),
    ("a cytopenia by name", adverse_event("Cytopenia grade 4", "2026-03-11", outcome="resolved", recorded="2026-03-30"), False),
    ("low counts by a code of the set", condition("D64.81", text="Anemia grade 3", onset="2026-03-11", ended="2026-03-30", clinical="resolved"), False),
    ("low counts with an infection", adverse_event("Neutropenic sepsis grade 4", "2026-03-11", outcome="resolved", recorded="2026-03-30"), True),
]  # fmt: skip


@pytest.mark.parametrize(("event", "counts"), [u[1:] for u in UNDER_WAY], ids=[u[0] for u in UNDER_WAY])
def test_a_hold_without_a_reason_is_for_the_one_event_under_way(event, counts):
    resources = [*FIRST, held("2026-03-12", text="C1D8"), event, *response("2026-04-10")]
    d = determine([*BASE, *resources], C2D1)
    assert d.dose.expected_mg == Decimal("0.75" if counts else "1")


PLACES = [
    ("a note", {"note": [{"text": "Held for mucositis grade 3"}]}, True),
    ("a code's display", {"statusReason": [{"coding": [{"system": SNOMED, "code": "95361005", "display": "Mucositis"}]}]}, True),
    ("the indication says nothing of it", {"reasonCode": [{"text": "Acute lymphoblastic leukemia"}]}, False),
]  # fmt: skip


@pytest.mark.parametrize(("more", "counts"), [p[1:] for p in PLACES], ids=[p[0] for p in PLACES])
def test_where_the_reason_of_a_held_dose_stands(more, counts):
    resources = [
        *BASE,
        *FIRST,
        held("2026-03-12", text="C1D8", **more),
        document("2026-03-30", "Mucositis resolved"),
    ]
    d = determine([*resources, *response("2026-04-10")], C2D1)
    assert d.dose.expected_mg == Decimal("0.75" if counts else "1")
    if not counts:
        assert "a dose was held on 2026-03-12 and no reason is recorded" in [n.because for n in d.needed]


def test_without_a_reason_the_only_event_under_way_is_taken_for_it():
    resources = [*BASE, *FIRST, held("2026-03-12", None, "C1D8"), *response("2026-04-10")]
    one = determine([*resources, mucositis("2026-03-11", "2026-03-30")], C2D1)
    other = adverse_event("Headache grade 2", "2026-03-10", id="other")
    two = determine([*resources, mucositis("2026-03-11", "2026-03-30"), other], C2D1)
    assert (one.dose.expected_mg, two.dose.expected_mg) == (Decimal("0.75"), 1)


RECOVERIES = [
    ("the event resolved", [mucositis("2026-03-11", "2026-03-30")], "0.75"),
    ("the event resolved early", [mucositis("2026-03-11", "2026-03-20")], "1"),
    ("a condition that ended", [condition(None, text="Mucositis", onset="2026-03-11", ended="2026-03-30", clinical="resolved")], "0.75"),
    ("a statement", [document("2026-03-30", "Mucositis recovered to grade 1")], "0.75"),
    ("a statement of another thing", [document("2026-03-30", "Marrow recovered")], "1"),
    ("a statement in words that are not understood", [document("2026-03-30", "Mucositis resolved xyzzy")], "1"),
    ("denied", [document("2026-03-30", "Mucositis not resolved")], "1"),
    ("partly", [document("2026-03-30", "Mucositis partially resolved")], "1"),
    ("of another person", [document("2026-03-30", "Father's mucositis resolved")], "1"),
    ("another toxicity, this one goes on", [document("2026-03-30", "ALT back to baseline, mucositis persists")], "1"),
    ("another finding has resolved", [document("2026-03-30", "Mucositis grade 3, fever resolved")], "1"),
    ("behind a comma", [document("2026-03-30", "Mucositis, resolved")], "0.75"),
    ("a condition", [document("2026-03-30", "If mucositis has resolved, resume")], "1"),
    ("beside another finding", [document("2026-03-30", "Mucositis has resolved, ALT elevated")], "0.75"),
    ("only an intention", [document("2026-03-30", "Hold until mucositis has resolved")], "1"),
    ("not recorded", [mucositis("2026-03-11")], "1"),
]  # fmt: skip


@pytest.mark.parametrize(("records", "expected"), [r[1:] for r in RECOVERIES], ids=[r[0] for r in RECOVERIES])
def test_the_length_ends_at_the_recorded_recovery(records, expected):
    d = determine([*BASE, *FIRST, HELD, *records, *response("2026-04-10")], C2D1)
    assert d.dose.expected_mg == Decimal(expected)


def test_a_recovery_that_is_not_recorded_is_asked_for_and_reduces_nothing():
    d = determine([*BASE, *FIRST, HELD, mucositis("2026-03-11"), *response("2026-04-10")], C2D1)
    (need,) = [n for n in d.needed if n.item == "interruption-reason"]
    assert need.because == (
        "held since 2026-03-12 for mucositis grade 3 (recovery not recorded): its length, and so any reduction, cannot be determined"
    )
    assert not need.decides


def test_doses_missed_in_one_interruption_are_one():
    """Day 8 and day 15 missed: one interruption from the first of them, not two steps."""
    both = [held("2026-03-12", "Mucositis grade 3", "C1D8"), held("2026-03-19", "Mucositis grade 3", "C1D15")]
    cycle_2 = given(("2026-04-02", 0.75, "C2D1"), ("2026-04-09", 0.75, "C2D8"))
    resources = [*FIRST, *both, mucositis("2026-03-11", "2026-03-27"), *response("2026-03-30"), *cycle_2]
    d = determine([*BASE, *resources], order("2026-04-16", "C2D15", 0.75))
    assert (d.dose.expected_mg, findings(d, "dose-reduction-due")) == (Decimal("0.75"), [])


def test_doses_missed_for_two_events_of_which_the_first_had_recovered_are_two_interruptions():
    """No reason is stated: each was held for the one event under way, and neither lasted 14 days."""
    missed = [held("2026-03-19", None, "C1D15"), held("2026-03-27", None, "C2D1")]
    events = [mucositis("2026-03-18", "2026-03-24"), mucositis("2026-03-26", "2026-04-02", id="second")]
    cycle_2 = given(("2026-04-02", 1.0, "C2D1"), ("2026-04-09", 1.0, "C2D8"))
    d = determine(
        [*BASE, *FIRST, *missed, *events, *response("2026-03-25"), *cycle_2],
        order("2026-04-16", "C2D15", 1.0),
    )
    assert (d.dose.expected_mg, findings(d, "dose-reduction-due")) == (Decimal("1"), [])


def test_a_hold_of_the_order_and_the_doses_missed_in_it_are_one_interruption():
    hold = drug_order(INOTUZUMAB, status="on-hold", day="2026-03-12", statusReason={"text": "Mucositis"})
    cycle_2 = given(("2026-04-02", 0.75, "C2D1"), ("2026-04-09", 0.75, "C2D8"))
    resources = [*FIRST, HELD, hold, mucositis("2026-03-11", "2026-03-30"), *response("2026-04-01"), *cycle_2]
    d = determine([*BASE, *resources], order("2026-04-16", "C2D15", 0.75))
    assert (d.dose.expected_mg, findings(d, "dose-reduction-due")) == (Decimal("0.75"), [])


def on_hold(start, end=None, reason="Hepatotoxicity"):
    hold = drug_order(INOTUZUMAB, status="on-hold", statusReason={"text": reason})
    period = {"start": start} | ({"end": end} if end else {})
    return hold | {"dosageInstruction": [{"timing": {"repeat": {"boundsPeriod": period}}}]}


HOLDS = [("2026-03-26", "0.75"), ("2026-03-25", "1"), (None, "1")]  # 14 days, 13 days, no end


@pytest.mark.parametrize(("end", "expected"), HOLDS)
def test_a_hold_of_the_order_runs_from_its_start_to_its_end(end, expected):
    d = determine([*BASE, *FIRST, on_hold("2026-03-12", end), *response("2026-04-10")], C2D1)
    assert d.dose.expected_mg == Decimal(expected)


# ---- Asking for a reason (length, step 1) ----


def asks(resources, draft):
    d = determine([*BASE, *resources], draft)
    return [n.because for n in d.needed if n.item == "interruption-reason"]


CYCLE_1 = given(("2026-03-05", 1.6, "C1D1"), ("2026-03-12", 1.0, "C1D8"), ("2026-03-19", 1.0, "C1D15"))
LATE = [("2026-04-08", False), ("2026-04-09", True)]  # due on 2026-04-02; 6 and 7 days late


@pytest.mark.parametrize(("planned", "asked"), LATE)
def test_a_cycle_seven_days_late_without_a_reason_is_asked_about(planned, asked):
    found = asks(CYCLE_1, order(planned, "C2D1", 1.0))
    assert bool(found) is asked
    if asked:
        assert found == [
            "the dose planned for 2026-04-09 was due 2026-04-02 and is 7 days late, with no reason recorded"
        ]


def test_a_gap_is_asked_about_also_where_the_order_names_a_day_already_given():
    """Cycle 1 day 1 written again after a year: late in every reading. The next day in one of them: not asked."""
    long_ago = given(("2025-03-05", 1.6, "C1D1"), ("2025-03-12", 1.0, "C1D8"), ("2025-03-19", 1.0, "C1D15"))
    assert asks(long_ago, order("2026-04-16", "C1D1", 1.0)) == [
        "the dose planned for 2026-04-16 was due 2025-04-02 and is 379 days late, with no reason recorded"
    ]
    assert asks(CYCLE_1, order("2026-04-02", "C1D1", 1.0)) == []


def test_a_late_dose_that_was_given_is_asked_about_as_well():
    doses = given(("2026-03-24", 1.6, "C1D1"), ("2026-04-09", 1.0, "C1D8"))
    assert asks(doses, order("2026-04-16", "C1D15", 1.0)) == [
        "cycle 1 day 8, given 2026-04-09 was due 2026-03-31 and is 9 days late, with no reason recorded"
    ]


def left_out(day, due):
    return f"cycle 1 day {day} was due {due} and is not recorded as given, with no reason recorded"


DAY_8_OPEN = given(("2026-03-05", 1.6, "C1D1"), ("2026-03-19", 1.0, "C1D15"))
LEFT_OUT = [
    (CYCLE_1[:1], order("2026-04-02", "C2D1", 1.0), left_out(8, "2026-03-12")),
    (CYCLE_1[:2], order("2026-04-02", "C2D1", 1.0), left_out(15, "2026-03-19")),
    (DAY_8_OPEN, order("2026-04-02", "C2D1", 1.0), left_out(8, "2026-03-12")),
    (given(("2026-04-02", 1.6, "C1D1")), order("2026-04-16", "C1D15", 1.0), left_out(8, "2026-04-09")),
    (given(("2026-04-02", 1.6, "C1D1")), order("2026-04-15", "C1D15", 1.0), None),  # day 8 is 6 days late
    (CYCLE_1, order("2026-04-02", "C2D1", 1.0), None),
    ([CYCLE_1[0], held("2026-03-12", "Patient request", "C1D8")], order("2026-04-02", "C2D1", 1.0), None),
    ([CYCLE_1[0], held("2026-03-19", "Mucositis", "C1D15")], order("2026-04-02", "C2D1", 1.0), None),
]


@pytest.mark.parametrize(("doses", "draft", "because"), LEFT_OUT)
def test_a_dose_left_out_without_a_reason_is_asked_about(doses, draft, because):
    resolved = mucositis("2026-03-19", "2026-03-22")
    assert asks([*doses, resolved], draft) == ([because] if because else [])


def test_beside_a_covered_combination_other_days_are_no_doses_left_out():
    ponatinib = drug_order("Ponatinib", authored="2026-03-20")
    positive = condition("425688002", system=SNOMED, recorded="2026-03-01")
    draft = order("2026-04-02", "C2D1", 1.0)
    assert asks([CYCLE_1[0], CYCLE_1[1]], draft) == [left_out(15, "2026-03-19")]
    assert asks([CYCLE_1[0], CYCLE_1[1], ponatinib, positive], draft) == []


def test_a_cycle_reduced_to_two_doses_leaves_none_out():
    within = third(("2026-04-02", 0.75, "C3D1"), day="2026-04-16", label="C3D15")
    after = third(
        *((d, 0.75, s) for d, s in (("2026-03-19", "C3D1"), ("2026-03-26", "C3D8"))),
        day="2026-04-16",
        label="C4D1",
    )
    assert [
        n.because for d in (within, after) for n in d.needed if "not recorded as given" in n.because
    ] == []


@pytest.mark.parametrize("reason", ["Neutropenia", "Patient request"])
def test_a_delay_with_any_reason_is_not_asked_about(reason):
    resources = [*CYCLE_1, held("2026-04-02", reason, "C2D1")]
    assert asks(resources, order("2026-04-16", "C2D1", 1.0)) == []


REASONLESS = [
    (None, "a dose was held on 2026-04-02 and no reason is recorded"),
    ("see chart", "a dose was held on 2026-04-02 and the reason given (see chart) is not understood"),
]


@pytest.mark.parametrize(("reason", "because"), REASONLESS)
def test_a_held_dose_without_a_reason_is_asked_about(reason, because):
    assert asks([*CYCLE_1, held("2026-04-02", reason, "C2D1")], order("2026-04-16", "C2D1", 1.0)) == [because]


def test_a_gap_without_a_reason_leaves_toxicity_and_dose_as_they_are():
    d = determine([*BASE, *CYCLE_1, *response("2026-04-01")], order("2026-04-16", "C2D1", 1.0))
    assert "interruption-reason" in needed(d)
    assert (verdict(d, "POL-B-I-TOX"), d.dose.expected_mg) == ("met", 1)


def test_two_orders_for_one_day_are_named_with_what_both_give():
    pair = [order(mg=1.4, id="a"), order(mg=1.4, id="b")]
    for d in determine_all(body_size(), pair):
        assert "both together give 2.8 mg" in findings(d, "interval")[0].text
    pair[1]["priorPrescription"] = {"reference": "MedicationRequest/a"}
    assert [findings(d, "interval") for d in determine_all(body_size(), pair)] == [[], []]


def test_an_order_that_is_replaced_by_its_identifier_is_no_second_one():
    number = {"system": "urn:orders", "value": "77"}
    active = order(mg=1.4, id="before", identifier=[number]) | {"status": "active"}
    replacing = order(mg=1.4) | {"priorPrescription": {"identifier": number}}
    assert findings(determine([*body_size(), active], replacing), "interval") == []
    of_another = replacing | {"priorPrescription": {"identifier": number | {"system": "urn:else"}}}
    assert findings(determine([*body_size(), active], of_another), "interval") != []


def test_an_active_order_of_the_record_for_the_same_day_is_named_too():
    active = order(mg=1.4, id="before") | {"status": "active"}
    (found,) = findings(determine([*body_size(), active], order(mg=1.4)), "interval")
    assert "both together give 2.8 mg" in found.text
    assert found.evidence == ("MedicationRequest/before",)


def test_an_order_for_another_week_is_no_second_one_for_the_day():
    pair = [order("2026-04-16", "C1D1", 1.4, id="a"), order("2026-04-23", "C1D8", 0.88, id="b")]
    assert [findings(d, "interval") for d in determine_all(body_size(), pair)] == [[], []]


def test_of_a_second_order_without_an_amount_no_sum_is_said():
    pair = [order(mg=1.4, id="a"), order(id="b")]
    del pair[1]["dosageInstruction"][0]["doseAndRate"]
    (found,) = findings(determine_all(body_size(), pair)[0], "interval")
    assert found.text == "There is another order of the drug for the same day, 2026-04-16"


def _undated(label=None, **more):
    draft = order("2026-04-15", label, 1.4, **more)
    del draft["dosageInstruction"][0]["timing"]
    return draft


@pytest.mark.parametrize(
    ("orders", "said"),
    [
        ([_undated(id="a"), _undated(id="b")], ["without a day, taken as 2026-04-15"] * 2),
        ([_undated("C1D1", id="a"), _undated("C1D1", id="b")], ["without a day, taken as 2026-04-15"] * 2),
        (
            [_undated(id="a"), order("2026-04-15", None, 1.4, id="b")],
            ["for 2026-04-15, and this one names no day", "without a day, taken as 2026-04-15"],
        ),
        ([_undated("C1D1", id="a"), _undated("C1D8", id="b")], ["", ""]),
    ],
    ids=["both-without", "same-label", "one-without", "different-labels"],
)
def test_orders_signed_together_that_name_no_day_are_for_today(orders, said):
    for d, expected in zip(determine_all(body_size(), orders), said, strict=True):
        texts = [f.text for f in findings(d, "interval")]
        assert [t for t in texts if "another order" in t] == (
            [f"There is another order of the drug {expected}; both together give 2.8 mg"] if expected else []
        )


WRITTEN = {"authoredOn": "2026-04-14", "status": "active"}


@pytest.mark.parametrize(
    ("active", "said"),
    [
        (_undated(id="before", **WRITTEN), "without a day, still active; both together give 2.8 mg"),
        (_undated("C1D1", id="before", **WRITTEN), "for cycle 1 day 1 without a day, still active; both together give 2.8 mg"),
        (_undated("C1D8", id="before", **WRITTEN), ""),
        (_undated(id="before", authoredOn="2025-11-14", status="active"), ""),
        (_undated(id="before", status="active"), ""),
        (_undated(id="before", authoredOn="2026-04-14", status="stopped"), ""),
    ],
    ids=["no-label", "same-label", "another-slot", "old", "when-is-not-known", "stopped"],
)  # fmt: skip
def test_an_active_order_of_the_record_that_names_no_day_is_compared(active, said):
    texts = [
        f.text for f in findings(determine([*body_size(), active], order(mg=1.4, text="C1D1")), "interval")
    ]
    assert texts == ([f"There is another order of the drug {said}"] if said else [])


def test_an_undated_order_written_before_the_last_dose_or_replaced_is_not_compared():
    given = [*body_size(), administration("2026-04-14", 1.4, "C1D1")]
    older = _undated(id="before", authoredOn="2026-04-10", status="active")
    next_dose = order("2026-04-21", "C1D8", 0.88)
    assert findings(determine([*given, older], next_dose), "interval") == []
    newer = _undated(id="before", authoredOn="2026-04-15", status="active")
    assert len(findings(determine([*given, newer], next_dose), "interval")) == 1
    replacing = next_dose | {"priorPrescription": {"reference": "MedicationRequest/before"}}
    assert findings(determine([*given, newer], replacing), "interval") == []


def test_an_undated_order_that_a_dose_was_given_from_is_not_compared():
    given = administration("2026-04-09", 1.4, "C1D1", request={"reference": "MedicationRequest/before"})
    series = _undated(id="before", authoredOn="2026-04-10", status="active")
    assert (
        findings(determine([*body_size(), given, series], order("2026-04-16", "C1D8", 0.88)), "interval")
        == []
    )
