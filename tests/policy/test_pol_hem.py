"""The hematologic table: POL-HEM-1, POL-HEM-2, POL-HEM-3 and POL-HEM-FN (transfusion).

Cycle 1 began on 2026-03-19; day 1 of cycle 2 is planned for 2026-04-16. Counts in 10*9/L unless said.
"""

import pytest

from cds_service.fhir.record import DataKind, Gap
from tests.cards.rendering import cards_of
from tests.policy.chart_notes import (
    SNOMED,
    administration,
    body_size,
    condition,
    determine,
    document,
    drug_order,
    finding_kinds,
    findings,
    needed,
    observation,
    order,
    patient,
    procedure,
    stated,
)

BASE = [patient(), condition("277572006", system=SNOMED), *body_size()]
CYCLE_1 = [
    administration("2026-03-19", 1.41, "C1D1"),
    administration("2026-03-26", 0.88, "C1D8"),
    administration("2026-04-02", 0.88, "C1D15"),
]
C2D1 = order("2026-04-16", "Cycle 2 Day 1", 0.88)
COUNT = "10*9/L"


def anc(day, value, unit=COUNT, **more):
    return observation("751-8", day, value, unit, **more)


def platelets(day, value, unit=COUNT, **more):
    return observation("777-3", day, value, unit, **more)


def cbc(day, neutrophils, plt):
    return [anc(day, neutrophils), platelets(day, plt)]


NORMAL_BASELINE = cbc("2026-03-18", 2.0, 120)
LOW_BASELINE = cbc("2026-03-18", 2.0, 40)


def held_by(*resources, draft=C2D1, gaps=()):
    """hem-hold with its rules, hem-unknown, or nothing."""
    d = determine([*BASE, *CYCLE_1, *resources], draft, gaps=gaps)
    found = [f for f in d.findings if f.kind in ("hem-hold", "hem-unknown")]
    assert all(
        (f.indicator.value, f.card.value, f.basis.value) == ("warning", "safety", "policy") for f in found
    )
    assert "cbc" in needed(d) or all(f.kind == "hem-hold" for f in found)
    return [(f.kind, *f.rules) for f in found]


HOLD_ANC, HOLD_PLT, HOLD_LOW = ("hem-hold", "POL-HEM-1"), ("hem-hold", "POL-HEM-2"), ("hem-hold", "POL-HEM-3")

# ---- Rows 1 and 2 (step 6) ----

NORMAL = [
    ("both at the limits", 1.0, 50, []),
    ("ANC 0.99", 0.99, 120, [HOLD_ANC]),
    ("platelets 49", 2.0, 49, [HOLD_PLT]),
    ("platelets 49.9", 2.0, 49.9, [HOLD_PLT]),
    ("both low", 0.5, 20, [HOLD_ANC, HOLD_PLT]),
    ("a fall that stays above the limits", 1.1, 60, []),
]


@pytest.mark.parametrize(
    ("neutrophils", "plt", "expected"), [n[1:] for n in NORMAL], ids=[n[0] for n in NORMAL]
)
def test_with_a_normal_baseline_a_count_below_its_limit_holds(neutrophils, plt, expected):
    assert held_by(*NORMAL_BASELINE, *cbc("2026-04-14", neutrophils, plt)) == expected


UNITS = [
    (49, 50, COUNT),
    (49000, 50000, "/uL"),
    (49, 50, "10*3/uL"),
    (49, 50, "10*3/mm3"),
    (49000, 50000, "/mm3"),
]


@pytest.mark.parametrize(("low", "at_limit", "unit"), UNITS)
def test_pol_hem_2_platelets_in_any_unit(low, at_limit, unit):
    kept = [*NORMAL_BASELINE, anc("2026-04-14", 2.0)]
    assert held_by(*kept, platelets("2026-04-14", low, unit)) == [HOLD_PLT]
    assert held_by(*kept, platelets("2026-04-14", at_limit, unit)) == []


@pytest.mark.parametrize(
    ("low", "at_limit", "unit"), [(0.99, 1.0, COUNT), (990, 1000, "/uL"), (0.99, 1.0, "10*3/uL")]
)
def test_pol_hem_1_anc_in_any_unit(low, at_limit, unit):
    kept = [*NORMAL_BASELINE, platelets("2026-04-14", 120)]
    assert held_by(*kept, anc("2026-04-14", low, unit)) == [HOLD_ANC]
    assert held_by(*kept, anc("2026-04-14", at_limit, unit)) == []


def test_the_hold_names_value_date_baseline_and_what_ends_it():
    d = determine([*BASE, *CYCLE_1, *NORMAL_BASELINE, *cbc("2026-04-14", 2, 48)], C2D1)
    (found,) = findings(d, "hem-hold")
    assert found.text == (
        "Platelets 48 x10*9/L (2026-04-14), before treatment 120 x10*9/L (2026-03-18): wait until >= 50"
    )
    assert found.action == "Hold the next cycle"
    assert len(found.evidence) == 2


def test_bounds_decide_where_they_can():
    below = platelets(
        "2026-04-14", None, valueQuantity={"value": 20, "comparator": "<", "code": COUNT, "unit": COUNT}
    )
    open_ = platelets(
        "2026-04-14", None, valueQuantity={"value": 80, "comparator": "<", "code": COUNT, "unit": COUNT}
    )
    assert held_by(*NORMAL_BASELINE, anc("2026-04-14", 2), below) == [HOLD_PLT]
    assert held_by(*NORMAL_BASELINE, anc("2026-04-14", 2), open_) == [("hem-unknown", "POL-HEM-2")]


def test_anc_is_also_white_cells_times_neutrophils():
    derived = [observation("6690-2", "2026-04-14", 2, COUNT), observation("770-8", "2026-04-14", 40, "%")]
    assert held_by(*NORMAL_BASELINE, *derived, platelets("2026-04-14", 120)) == [HOLD_ANC]


def test_segmented_neutrophils_alone_are_a_lower_bound():
    enough = observation("30451-9", "2026-04-14", 1.2, COUNT)
    low = observation("30451-9", "2026-04-14", 0.8, COUNT)
    kept = [*NORMAL_BASELINE, platelets("2026-04-14", 120)]
    assert held_by(*kept, enough) == []
    assert held_by(*kept, low) == [("hem-unknown", "POL-HEM-1")]


# ---- Which counts (steps 1 to 3) ----

WINDOW = [
    ("2026-04-09", []),
    ("2026-04-08", [("hem-unknown", "POL-HEM-1", "POL-HEM-2")]),
]  # 7 and 8 days before


@pytest.mark.parametrize(("day", "expected"), WINDOW)
def test_counts_older_than_seven_days_before_the_planned_date_are_missing(day, expected):
    assert held_by(*NORMAL_BASELINE, *cbc(day, 2, 120)) == expected


def test_a_stale_low_count_is_unknown_and_no_hold():
    d = determine([*BASE, *CYCLE_1, *NORMAL_BASELINE, *cbc("2026-04-08", 0.2, 10)], C2D1)
    (found,) = findings(d, "hem-unknown")
    assert found.text == (
        "No ANC or platelets within 7 days before the planned date; "
        "newest: ANC 0.2 x10*9/L (2026-04-08), platelets 10 x10*9/L (2026-04-08)"
    )
    assert "hem-hold" not in finding_kinds(d)


def test_the_newest_count_decides():
    assert held_by(*NORMAL_BASELINE, *cbc("2026-04-10", 0.2, 10), *cbc("2026-04-14", 2, 120)) == []


def test_one_low_count_holds_though_the_other_is_missing():
    assert held_by(*NORMAL_BASELINE, platelets("2026-04-14", 20)) == [HOLD_PLT]


def test_counts_of_one_time_that_differ_across_the_limit_are_unknown():
    two = [platelets("2026-04-14", 40, id="a"), platelets("2026-04-14", 60, id="b")]
    assert held_by(*NORMAL_BASELINE, anc("2026-04-14", 2), *two) == [("hem-unknown", "POL-HEM-2")]


def test_counts_of_one_time_that_differ_on_one_side_decide():
    two = [platelets("2026-04-14", 30, id="a"), platelets("2026-04-14", 40, id="b")]
    assert held_by(*NORMAL_BASELINE, anc("2026-04-14", 2), *two) == [HOLD_PLT]


def test_a_corrected_count_beats_a_preliminary_one():
    two = [
        platelets("2026-04-14", 20, status="preliminary", id="z"),
        platelets("2026-04-14", 60, status="corrected", id="a"),
    ]
    assert held_by(*NORMAL_BASELINE, anc("2026-04-14", 2), *two) == []


def test_an_unusable_count_is_missing():
    d = determine(
        [*BASE, *CYCLE_1, *NORMAL_BASELINE, anc("2026-04-14", 2), platelets("2026-04-14", 45000)], C2D1
    )
    assert {"hem-unknown", "unreadable-data"} <= finding_kinds(d)


def test_counts_that_may_not_all_have_been_seen_leave_the_hold_open():
    gaps = [Gap(DataKind.OBSERVATIONS, "page 2 was not sent", partial=True)]
    fine = [*NORMAL_BASELINE, *cbc("2026-04-14", 2, 120)]
    d = determine([*BASE, *CYCLE_1, *fine], C2D1, gaps=gaps)
    assert "page 2 was not sent" in findings(d, "hem-unknown")[0].text
    assert held_by(*NORMAL_BASELINE, *cbc("2026-04-14", 0.5, 120), gaps=gaps) == [HOLD_ANC]


AHEAD = [("2026-04-22", {"hem-hold"}), ("2026-04-23", set())]  # 7 and 8 days ahead of today


@pytest.mark.parametrize(("planned", "kinds"), AHEAD)
def test_further_than_seven_days_ahead_only_the_counts_due_are_named(planned, kinds):
    draft = order(planned, "Cycle 2 Day 1", 0.88)
    d = determine([*BASE, *CYCLE_1, *NORMAL_BASELINE, *cbc("2026-04-15T08:00:00-04:00", 2, 20)], draft)
    assert finding_kinds(d) & {"hem-hold", "hem-unknown"} == kinds


def test_the_counts_due_are_an_item_that_informs():
    d = determine([*BASE, *CYCLE_1, *cbc("2026-04-10", 2, 20)], order("2026-04-28", "Cycle 2 Day 1", 0.88))
    (need,) = [n for n in d.needed if n.item == "cbc"]
    assert not need.decides
    assert need.because == (
        "CBC due before day 1: ANC >= 1 and platelets >= 50 x10*9/L "
        "(newest: ANC 2 x10*9/L (2026-04-10) and platelets 20 x10*9/L (2026-04-10))"
    )


LOW_NOW = cbc("2026-04-14", 0.2, 10)
OTHER_ORDERS = [
    ("day 1 of cycle 1", [], order("2026-04-16", "Cycle 1 Day 1")),
    (
        "day 8",
        [*CYCLE_1, administration("2026-04-09", 0.88, "C2D1")],
        order("2026-04-16", "Cycle 2 Day 8", 0.88),
    ),
    ("day 15", CYCLE_1[:2], order("2026-04-16", "Cycle 1 Day 15", 0.88)),
]


@pytest.mark.parametrize(("given", "draft"), [o[1:] for o in OTHER_ORDERS], ids=[o[0] for o in OTHER_ORDERS])
def test_the_table_holds_only_day_1_of_a_later_cycle(given, draft):
    d = determine([*BASE, *given, *NORMAL_BASELINE, *LOW_NOW], draft)
    assert {"hem-hold", "hem-unknown"}.isdisjoint(finding_kinds(d))


# ---- Baseline (steps 3 and 5) ----

BASELINES = [
    ("28 days before", cbc("2026-02-19", 2, 120), [HOLD_PLT]),
    ("29 days before: none", cbc("2026-02-18", 2, 120), [("hem-unknown", "POL-HEM-3")]),
    ("untimed on the day of the dose", cbc("2026-03-19", 2, 120), [HOLD_PLT]),
    (
        "the last before the dose counts",
        [*cbc("2026-03-01", 0.2, 10), *cbc("2026-03-18", 2, 120)],
        [HOLD_PLT],
    ),
    ("none", [], [("hem-unknown", "POL-HEM-3")]),
]


AT_TEN = [administration("2026-03-19T10:00:00-04:00", 1.41, "C1D1"), *CYCLE_1[1:]]
PRIOR_30 = platelets("2026-03-19T20:00:00-04:00", 30)  # before the last cycle: keeps row 3 from holding


def rules_of(*resources):
    d = determine([*BASE, *AT_TEN, *resources], C2D1)
    return [(f.kind, *f.rules) for f in d.findings if f.kind.startswith("hem-")]


@pytest.mark.parametrize(("before", "expected"), [b[1:] for b in BASELINES], ids=[b[0] for b in BASELINES])
def test_the_baseline_is_the_last_count_of_the_28_days_before_the_first_dose(before, expected):
    assert rules_of(*before, PRIOR_30, *cbc("2026-04-14", 2, 40)) == expected


TIMED = [
    ("2026-03-19T06:00:00-04:00", [HOLD_PLT]),
    ("2026-03-19T18:00:00-04:00", [("hem-unknown", "POL-HEM-3")]),
]


@pytest.mark.parametrize(("taken", "expected"), TIMED)
def test_a_count_of_the_day_of_the_first_dose_counts_when_timed_before_it(taken, expected):
    assert rules_of(anc(taken, 2), platelets(taken, 60), PRIOR_30, *cbc("2026-04-14", 2, 40)) == expected


def test_without_a_baseline_counts_above_both_limits_hold_nothing():
    assert held_by(*cbc("2026-04-14", 1.0, 50)) == []


def test_without_a_baseline_a_hold_by_every_row_holds():
    """Platelets 40 before the last cycle, now 20: row 2 and row 3 both hold."""
    prior = platelets("2026-03-19T20:00:00-04:00", 40)
    assert rules_of(prior, *cbc("2026-04-14", 2, 20)) == [HOLD_PLT]


# ---- Row 3 (step 7) ----

ROW_3 = [
    ("recovered to both limits (b)", LOW_BASELINE, (1.0, 50), []),
    ("at the level before the last cycle (a)", LOW_BASELINE, (2.0, 40), []),
    ("above it, still below the limit", LOW_BASELINE, (2.5, 45), []),
    ("below it", LOW_BASELINE, (2.0, 39), [HOLD_LOW]),
    ("ANC fell, though normal before: row 3 for both", LOW_BASELINE, (1.9, 45), [HOLD_LOW]),
    ("ANC low before, platelets fell from normal", cbc("2026-03-18", 0.5, 120), (0.6, 119), [HOLD_LOW]),
    ("ANC low before and now, platelets kept", cbc("2026-03-18", 0.5, 120), (0.5, 120), []),
]


@pytest.mark.parametrize(("before", "now", "expected"), [r[1:] for r in ROW_3], ids=[r[0] for r in ROW_3])
def test_with_a_low_baseline_a_fall_holds_until_recovery(before, now, expected):
    assert held_by(*before, *cbc("2026-04-14", *now)) == expected


def test_mixed_recovery_holds_by_the_letter_and_says_that_each_count_is_accepted():
    d = determine([*BASE, *CYCLE_1, *cbc("2026-03-18", 4.0, 40), *cbc("2026-04-14", 1.2, 42)], C2D1)
    (found,) = findings(d, "hem-hold")
    assert "; each count is at an accepted level, confirm: wait until both are back" in found.text
    assert (
        "before the last cycle (ANC 4 x10*9/L (2026-03-18), platelets 40 x10*9/L (2026-03-18))" in found.text
    )


def test_the_card_of_a_fall_says_what_to_wait_for():
    """However long the levels are, what releases the hold is not what the card cuts."""
    record = [*BASE, *CYCLE_1, *cbc("2026-03-18", 4.0, 40), *cbc("2026-04-14", 1.2, 42)]
    (card,) = (c for c in cards_of(record, [C2D1]) if c["summary"].startswith("Hold the next cycle"))
    said = f"{card['summary']} {card['detail']}"
    assert "each count is at an accepted level" in said.lower()
    assert "wait until both are back at their level before the last cycle" in said.lower()
    assert "or ANC \u2265 1 and platelets \u2265 50" in said


def test_a_plain_fall_says_nothing_of_accepted_levels():
    d = determine([*BASE, *CYCLE_1, *LOW_BASELINE, *cbc("2026-04-14", 2, 20)], C2D1)
    assert "accepted level" not in findings(d, "hem-hold")[0].text


def test_the_prior_cycle_is_the_one_before_the_order():
    """Platelets 40 before treatment and 20 before cycle 2: 30 before cycle 3 is no fall."""
    cycle_2 = [
        administration("2026-02-19", 1.41, "C1D1"), administration("2026-02-26", 0.88, "C1D8"), administration("2026-03-05", 0.88, "C1D15"),
        administration("2026-03-19", 0.88, "C2D1"), administration("2026-03-26", 0.88, "C2D8"), administration("2026-04-02", 0.88, "C2D15"),
    ]  # fmt: skip
    counts = [*cbc("2026-02-18", 2, 40), *cbc("2026-03-19", 2, 20), *cbc("2026-04-14", 2, 30)]
    d = determine([*BASE, *cycle_2, *counts], order("2026-04-16", "Cycle 3 Day 1", 0.88))
    assert "hem-hold" not in finding_kinds(d)


def test_a_missing_level_before_the_last_cycle_is_unknown_unless_recovered():
    only_platelets = platelets("2026-03-18", 40)
    assert held_by(only_platelets, *cbc("2026-04-14", 0.9, 45)) == [("hem-unknown", "POL-HEM-3")]
    assert held_by(only_platelets, *cbc("2026-04-14", 1.0, 50)) == []


def test_a_fall_that_is_seen_holds_though_the_other_count_is_missing():
    assert held_by(*LOW_BASELINE, platelets("2026-04-14", 20)) == [HOLD_LOW]


def test_a_missing_count_with_no_fall_seen_is_unknown():
    assert held_by(*LOW_BASELINE, platelets("2026-04-14", 45)) == [("hem-unknown", "POL-HEM-3")]


RELEASES = [
    ("stable and due to disease", "Marrow: stable disease. Thrombocytopenia due to underlying leukemia.", []),
    ("improved and due to disease", "Marrow improved; platelets low, attributed to leukemia", []),
    ("due to disease, course of it not stated", "Low platelets due to leukemia", [HOLD_LOW]),
    ("not due to disease", "Stable disease. Thrombocytopenia not due to leukemia", [HOLD_LOW]),
    ("stable, cause not stated", "Stable disease, platelets 30", [HOLD_LOW]),
]


@pytest.mark.parametrize(("note", "expected"), [r[1:] for r in RELEASES], ids=[r[0] for r in RELEASES])
def test_c_of_row_3_releases_only_when_recorded(note, expected):
    d = determine(
        [*BASE, *CYCLE_1, *LOW_BASELINE, *cbc("2026-04-14", 2, 30), document("2026-04-14", note)], C2D1
    )
    assert [(f.kind, *f.rules) for f in d.findings if f.kind.startswith("hem-")] == expected


def test_c_of_row_3_takes_the_course_of_disease_from_a_response_as_well():
    assessed = stated("Response assessment", "Stable disease", "2026-04-12")
    note = document("2026-04-14", "Low platelets due to leukemia")
    d = determine([*BASE, *CYCLE_1, *LOW_BASELINE, *cbc("2026-04-14", 2, 30), assessed, note], C2D1)
    assert "hem-hold" not in finding_kinds(d)
    (need,) = [n for n in d.needed if n.item == "cbc"]
    assert "releases the hold" in need.because
    assert not need.decides


def test_c_releases_nothing_for_a_normal_baseline():
    note = document("2026-04-14", "Stable disease, thrombocytopenia due to leukemia")
    d = determine([*BASE, *CYCLE_1, *NORMAL_BASELINE, *cbc("2026-04-14", 2, 30), note], C2D1)
    assert "hem-hold" in finding_kinds(d)


# ---- POL-HEM-FN: transfusion (step 4) ----


def transfusion(day):
    return procedure("12719002", day, text="Platelet transfusion")


TRANSFUSED = [
    ("below the limit: low all the same", "2026-04-12", 40, [HOLD_PLT]),
    ("at the limit: an upper bound", "2026-04-12", 50, [("hem-unknown", "POL-HEM-2")]),
    ("seven days before", "2026-04-07", 80, [("hem-unknown", "POL-HEM-2")]),
    ("eight days before", "2026-04-06", 80, []),
    ("after the count", "2026-04-15", 80, []),
]


@pytest.mark.parametrize(
    ("day", "plt", "expected"), [t[1:] for t in TRANSFUSED], ids=[t[0] for t in TRANSFUSED]
)
def test_platelets_after_a_transfusion_are_an_upper_bound(day, plt, expected):
    assert held_by(*NORMAL_BASELINE, *cbc("2026-04-14", 2, plt), transfusion(day)) == expected


def test_a_transfused_count_is_named_as_such():
    d = determine(
        [*BASE, *CYCLE_1, *NORMAL_BASELINE, *cbc("2026-04-14", 2, 80), transfusion("2026-04-12")], C2D1
    )
    assert (
        "within 7 days after a platelet transfusion: without it they may be below 50"
        in findings(d, "hem-unknown")[0].text
    )


@pytest.mark.parametrize("billed", ["P9035", "P9073", "P9055"])
def test_a_transfusion_order_or_administration_by_code_counts_when_given(billed):
    code = {"coding": [{"system": "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "code": billed}]}
    given = administration("2026-04-12", None, drug=code)
    ordered = drug_order(code | {"text": "Platelets"}, day="2026-04-12")
    kept = [*NORMAL_BASELINE, *cbc("2026-04-14", 2, 80)]
    assert held_by(*kept, given) == [("hem-unknown", "POL-HEM-2")]
    assert held_by(*kept, ordered) == []


@pytest.mark.parametrize(
    ("code", "counts"), [("30233R1", True), ("30243R1", True), ("30233R0", True), ("30233N1", False)]
)
def test_a_transfusion_by_its_inpatient_code_alone_counts(code, counts):
    given = procedure(code, "2026-04-12", system="http://www.cms.gov/Medicare/Coding/ICD10")
    expected = [("hem-unknown", "POL-HEM-2")] if counts else []
    assert held_by(*NORMAL_BASELINE, *cbc("2026-04-14", 2, 80), given) == expected


@pytest.mark.parametrize("code", ["12719002", "180208003", "117078000"])
def test_a_transfusion_by_its_clinical_code_alone_counts(code):
    given = procedure(code, "2026-04-12")
    assert held_by(*NORMAL_BASELINE, *cbc("2026-04-14", 2, 80), given) == [("hem-unknown", "POL-HEM-2")]


@pytest.mark.parametrize("words", ["PLT apheresis", "Transfusión de plaquetas"])
def test_a_transfusion_by_further_names_counts(words):
    given = administration("2026-04-12", None, drug={"text": words})
    assert held_by(*NORMAL_BASELINE, *cbc("2026-04-14", 2, 80), given) == [("hem-unknown", "POL-HEM-2")]


def test_a_transfused_baseline_is_an_upper_bound_too():
    """At or above 50 after a transfusion: which row applies is open; both counts now normal hold nothing."""
    before = [*NORMAL_BASELINE, transfusion("2026-03-15")]
    assert held_by(*before, *cbc("2026-04-14", 2, 45)) == [("hem-unknown", "POL-HEM-3")]
    assert held_by(*before, *cbc("2026-04-14", 2, 60)) == []


def test_a_low_transfused_baseline_is_low_and_no_level_to_compare_with():
    before = [*LOW_BASELINE, transfusion("2026-03-15")]
    assert held_by(*before, *cbc("2026-04-14", 2, 30)) == [("hem-unknown", "POL-HEM-3")]
    assert held_by(*before, *cbc("2026-04-14", 1.9, 30)) == [HOLD_LOW]  # ANC fell
    assert held_by(*before, *cbc("2026-04-14", 2, 45)) == []  # above it, and so above the patient's own
