"""The dose against the table: POL-DOSE-C1, POL-DOSE-CR, POL-DOSE-NOCR, POL-DOSE-BSA, POL-DOSE-VIAL and the tolerance.

180 cm and 80 kg are 2.0 m2: 1.6 mg at 0.8, 1.0 mg at 0.5 mg/m2.
"""

from decimal import Decimal

import pytest

import cards
from cds_service.fhir.record import DataKind, Gap
from tests.policy.chart_notes import (
    HCPCS,
    RXNORM,
    SNOMED,
    administration,
    body_size,
    care_plan,
    coded,
    condition,
    determine,
    determine_all,
    drug_order,
    finding_kinds,
    findings,
    instructed,
    needed,
    observation,
    order,
    patient,
    place,
    quantity,
    stated,
)

TWO_M2 = body_size(cm=180, kg=80)
BASE = [patient(), condition("277572006", system=SNOMED, recorded="2024-01-10")]
C1 = [
    administration("2026-03-19", 1.6, "C1D1"),
    administration("2026-03-26", 1.0, "C1D8"),
    administration("2026-04-02", 1.0, "C1D15"),
]
CR = [observation("11150-0", "2026-04-10", 2, "%"), observation("26446-5", "2026-04-10", 0, "%")]
NO_CR = [observation("11150-0", "2026-04-10", 30, "%")]
DOSE_KINDS = {"dose", "dose-unchecked", "dose-reduction-due"}


def dose_of(resources, draft):
    return determine([*BASE, *TWO_M2, *resources], draft).dose


def dose_findings(determination):
    return {(f.kind, f.indicator.value) for f in determination.findings if f.kind in DOSE_KINDS}


ROWS = [
    ("cycle 1 day 1", [], "Cycle 1 Day 1", "2026-04-16", "0.8"),
    ("cycle 1 day 8", [administration("2026-04-09", 1.6, "C1D1")], "Cycle 1 Day 8", "2026-04-16", "0.5"),
    ("cycle 1 day 15", C1[:1] + C1[1:2], "Cycle 1 Day 15", "2026-04-05", "0.5"),
    ("cycle 2 day 1 after CR", [*C1, *CR], "Cycle 2 Day 1", "2026-04-16", "0.5"),
    ("cycle 2 day 1 without CR", [*C1, *NO_CR], "Cycle 2 Day 1", "2026-04-16", "0.8"),
    ("cycle 2 day 8, response unknown", [*C1, administration("2026-04-14", 1.0, "C2D1")], "Cycle 2 Day 8", "2026-04-21", "0.5"),
]  # fmt: skip


@pytest.mark.parametrize(("resources", "text", "day", "row"), [r[1:] for r in ROWS], ids=[r[0] for r in ROWS])
def test_each_row_of_the_table(resources, text, day, row):
    mg = Decimal(row) * 2
    dose = dose_of(resources, order(day, text, float(mg)))
    assert (dose.verdict, dose.mg_per_m2, dose.expected_mg, dose.options) == ("ok", Decimal(row), mg, ())


def test_the_example_of_the_policy_analysis():
    dose = determine([*BASE, *body_size()], order(mg=1.41)).dose
    assert (dose.bsa_m2, dose.expected_mg, dose.low_mg, dose.high_mg, dose.billing_units, dose.vials) == (
        Decimal("1.7654"), Decimal("1.412"), Decimal("1.271"), Decimal("1.554"), 15, 2,
    )  # fmt: skip


TOLERANCE = [
    (0.16, "under", {("dose", "warning")}),
    (1.4384, "under", {("dose", "warning")}),  # 10.1 % under
    (1.44, "ok", set()),  # 10.0 % under
    (1.6, "ok", set()),
    (1.76, "ok", set()),  # 10.0 % over
    (1.7616, "over", {("dose", "warning")}),  # 10.1 % over
    (2.0, "over", {("dose", "warning")}),  # 25.0 % over
    (2.0016, "over", {("dose", "critical")}),  # 25.1 % over
    (16, "over", {("dose", "critical")}),
]


@pytest.mark.parametrize(("mg", "verdict", "found"), TOLERANCE)
def test_tolerance_of_ten_per_cent_and_critical_above_twenty_five(mg, verdict, found):
    d = determine([*BASE, *TWO_M2], order(text="Cycle 1 Day 1", mg=mg))
    assert (d.dose.verdict, dose_findings(d)) == (verdict, found)


OPEN_RESPONSE = [
    (0.5, "under", {("dose", "warning")}),
    (1.0, "unknown", set()),
    (1.3, "over", {("dose", "warning")}),  # fits neither row
    (1.6, "unknown", set()),
    (1.9, "over", {("dose", "warning")}),
    (2.1, "over", {("dose", "critical")}),
]


@pytest.mark.parametrize(("mg", "verdict", "found"), OPEN_RESPONSE)
def test_an_unknown_response_lists_both_rows_and_judges_against_them(mg, verdict, found):
    d = determine([*BASE, *TWO_M2, *C1], order("2026-04-16", "Cycle 2 Day 1", mg))
    assert (d.dose.verdict, dose_findings(d)) == (verdict, found)
    assert [(o.when, o.expected_mg) for o in d.dose.options] == [
        ("cr-or-cri", Decimal(1)),
        ("no-cr", Decimal("1.6")),
    ]
    assert (d.dose.expected_mg, d.dose.billing_units, d.dose.vials) == (None, None, None)


def test_a_lost_response_lists_both_rows():
    relapse = observation("11150-0", "2026-04-14", 12, "%")
    d = determine([*BASE, *TWO_M2, *C1, *CR, relapse], order("2026-04-16", "Cycle 2 Day 1", 1.6))
    assert d.dose.verdict == "unknown"
    assert {o.when for o in d.dose.options} == {"cr-or-cri", "no-cr"}


def test_an_unknown_place_lists_the_row_of_each_candidate():
    d = determine([*BASE, *TWO_M2, *C1, *CR], order("2026-04-16", "Cycle 1 Day 1", 1.6))
    assert place(d) == ("continuation", None, 1)
    assert {(o.when, o.mg_per_m2) for o in d.dose.options} == {
        ("cycle-1-day-1", Decimal("0.8")),
        ("cycle-2-day-1", Decimal("0.5")),
    }
    assert d.dose.expected_mg is None


def test_candidates_that_agree_leave_one_row():
    """Cycle 2 day 8 as labelled or day 15 as counted: 0.5 mg/m2 in both."""
    resources = [
        *C1,
        *CR,
        administration("2026-04-10", 1.0, "C2D1"),
        administration("2026-04-14", 1.0, "C2D8"),
    ]
    d = determine([*BASE, *TWO_M2, *resources], order("2026-04-20", "Cycle 2 Day 8", 1.0))
    assert d.cycle == 2
    assert (d.dose.verdict, d.dose.expected_mg, d.dose.options) == ("ok", Decimal(1), ())


def test_two_rows_are_explained_on_the_card():
    d = determine([*BASE, *TWO_M2, *C1], order("2026-04-16", "Cycle 2 Day 1", 2.1))
    (found,) = findings(d, "dose")
    assert found.action == "Check the dose: it is above the table"
    assert "0.5 mg/m2 x 2 m2 = 1 mg or 0.8 mg/m2 x 2 m2 = 1.6 mg" in found.text
    assert "no response is recorded" in found.text


def test_the_text_names_values_dates_and_the_calculation():
    (found,) = findings(determine([*BASE, *TWO_M2], order(text="C1D1", mg=16)), "dose")
    assert found.text == (
        "Ordered 16 mg; the table gives 0.8 mg/m2 x 2 m2 = 1.6 mg. "
        "That is 10 times the table; +/-10 % is accepted (recommendation). "
        "BSA 2 m2 (Mosteller) from height 180 cm (2026-04-14) and weight 80 kg (2026-04-14)"
    )
    assert found.rules == ("POL-DOSE-C1", "POL-DOSE-BSA")


# ---- Body surface area (step 1) ----


def test_pol_dose_bsa_missing_leaves_the_dose_unchecked_and_asks_for_height_and_weight():
    d = determine(BASE, order(text="C1D1"))
    assert dose_findings(d) == {("dose-unchecked", "warning")}
    assert (d.dose.verdict, d.dose.expected_mg, d.dose.bsa_m2) == ("unknown", None, None)
    assert "height-weight" in needed(d)


def test_a_recorded_bsa_stands_in_and_is_said_so():
    d = determine([*BASE, observation("8277-6", "2026-04-14", 2, "m2")], order(text="C1D1", mg=3.2))
    (found,) = findings(d, "dose")
    assert "Recorded BSA 2 m2 (2026-04-14); no usable height and weight" in found.text
    assert d.dose.expected_mg == Decimal("1.6")


def test_height_and_weight_win_over_a_recorded_bsa():
    recorded = observation("8277-6", "2026-04-14", 1.5, "m2")
    assert determine([*BASE, *TWO_M2, recorded], order(text="C1D1", mg=1.6)).dose.bsa_m2 == 2


def test_the_newest_plausible_weight_counts_and_old_ones_are_used():
    kilograms = [
        observation("29463-7", "2024-01-01", 80, "kg"),
        observation("29463-7", "2026-04-14", 8000, "kg"),  # grams as kilograms: rejected
    ]
    height = observation("8302-2", "2020-01-01", 180, "cm")
    d = determine([*BASE, height, *kilograms], order(text="C1D1", mg=1.6))
    assert (d.dose.verdict, d.dose.bsa_m2) == ("ok", 2)
    assert {"height-weight"} <= needed(d)
    assert "unreadable-data" in finding_kinds(d)


SIZES = [
    ("pounds and inches", [observation("29463-7", "2026-04-14", 176.37, "[lb_av]"), observation("8302-2", "2026-04-14", 70.866, "[in_i]")]),
    ("grams and metres", [observation("29463-7", "2026-04-14", 80000, "g"), observation("8302-2", "2026-04-14", 1.8, "m")]),
]  # fmt: skip


@pytest.mark.parametrize("sizes", [s[1] for s in SIZES], ids=[s[0] for s in SIZES])
def test_any_accepted_unit_gives_the_same_dose(sizes):
    assert determine([*BASE, *sizes], order(text="C1D1", mg=1.6)).dose.expected_mg == Decimal("1.6")


def test_weights_of_the_same_time_that_lead_to_one_answer_decide():
    other = observation("29463-7", "2026-04-14", 80.5, "kg")
    d = determine([*BASE, *TWO_M2, other], order(text="C1D1", mg=1.6))
    assert (d.dose.verdict, dose_findings(d)) == ("ok", set())


def test_weights_of_the_same_time_that_lead_to_different_answers_leave_the_dose_unchecked():
    other = observation("29463-7", "2026-04-14", 40, "kg")
    d = determine([*BASE, *TWO_M2, other], order(text="C1D1", mg=1.6))
    (found,) = findings(d, "dose-unchecked")
    assert "Weights of the same time differ (40 kg (2026-04-14) and 80 kg (2026-04-14))" in found.text
    assert (d.dose.verdict, d.dose.expected_mg) == ("unknown", None)


def test_a_weight_only_known_by_a_bound_is_none():
    heavy = observation("29463-7", "2026-04-14", None, valueQuantity=quantity(80, "kg") | {"comparator": ">"})
    d = determine([*BASE, observation("8302-2", "2026-04-14", 180, "cm"), heavy], order(text="C1D1"))
    assert "Weight is only > 80 kg (2026-04-14)" in findings(d, "dose-unchecked")[0].text


def test_observations_that_were_not_seen_are_named():
    d = determine(BASE, order(text="C1D1"), gaps=[Gap(DataKind.OBSERVATIONS, "the server answered 503")])
    assert "observations: the server answered 503" in findings(d, "dose-unchecked")[0].text


# ---- How the order states its dose ----

STATED = [
    ("mg/m2 with a BSA", order(text="C1D1", dose=quantity(0.8, "mg/m2")), Decimal("1.6"), "ok"),
    ("micrograms", order(text="C1D1", dose=quantity(1600, "ug")), Decimal("1.6"), "ok"),
    ("grams", order(text="C1D1", dose=quantity(0.0016, "g")), Decimal("1.6"), "ok"),
    ("mg in words", order(text="C1D1", dose={"value": 1.6, "unit": "milligrams"}), Decimal("1.6"), "ok"),
    ("grams mistaken for mg", order(text="C1D1", dose=quantity(1.6, "g")), Decimal(1600), "over"),
    ("no unit", order(text="C1D1", dose={"value": 1.6}), None, "unknown"),
    ("mL", order(text="C1D1", dose=quantity(6.4, "mL")), None, "unknown"),
    ("a bound", order(text="C1D1", dose=quantity(1.6, "mg") | {"comparator": "<"}), None, "unknown"),
    ("zero", order(text="C1D1", mg=0), None, "unknown"),
]


@pytest.mark.parametrize(("draft", "mg", "verdict"), [s[1:] for s in STATED], ids=[s[0] for s in STATED])
def test_a_dose_in_any_accepted_unit(draft, mg, verdict):
    d = determine([*BASE, *TWO_M2], draft)
    assert (d.dose.ordered_mg, d.dose.verdict) == (mg, verdict)
    assert ("dose-unchecked" in finding_kinds(d)) is (mg is None)


def without_quantity(text, **more):
    draft = order(text=text) | more
    del draft["dosageInstruction"][0]["doseAndRate"]
    return draft


WORDED = [
    ("Cycle 1 Day 1: inotuzumab 1.6 mg IV over 1 hour", Decimal("1.6"), "ok"),
    ("C1D1 0.8 mg/m2 IV", Decimal("1.6"), "ok"),
    ("C1D1 0.8 mg/m² (1.6 mg) IV", Decimal("1.6"), "ok"),
    ("C1D1 1,600 mcg IV", Decimal("1.6"), "ok"),
    ("C1D1 16 mg IV", Decimal(16), "over"),
    ("C1D1, dilute to 0.25 mg/mL, infuse 50 mL/h", None, "unknown"),
    ("C1D1 1.6 mg, after dexamethasone 10 mg", Decimal("1.6"), "ok"),
    ("C1D1 1,6 mg", None, "unknown"),
    ("C1D1", None, "unknown"),
]


@pytest.mark.parametrize(("text", "mg", "verdict"), WORDED)
def test_a_figure_in_the_text_is_the_last_resort(text, mg, verdict):
    d = determine([*BASE, *TWO_M2], without_quantity(text))
    assert (d.dose.ordered_mg, d.dose.verdict) == (mg, verdict)


def test_a_quantity_wins_over_the_text_and_an_infusion_rate_is_ignored():
    draft = order(text="C1D1, 50 mg bag at 50 mL/h", mg=1.6)
    draft["dosageInstruction"][0]["doseAndRate"][0]["rateQuantity"] = quantity(50, "mL/h")
    assert determine([*BASE, *TWO_M2], draft).dose.verdict == "ok"


@pytest.mark.parametrize(
    "words",
    ["Give with dexamethasone 20 mg", "0.9 mg vial x 2", "Maximum dose 1.8 mg", "Previous dose 14 mg"],
)
def test_milligrams_of_something_else_leave_the_dose_unchecked_and_are_no_overdose(words):
    d = determine([*BASE, *TWO_M2], without_quantity(words))
    assert (d.dose.ordered_mg, d.dose.verdict) == (None, "unknown")
    assert dose_findings(d) == {("dose-unchecked", "warning")}


def test_the_place_of_a_dose_in_stu3_is_read():
    draft = without_quantity("C1D1")
    draft["dosageInstruction"][0]["doseQuantity"] = quantity(1.6, "mg")
    assert determine([*BASE, *TWO_M2], draft).dose.verdict == "ok"


def test_mg_and_mg_per_m2_that_disagree_are_named_and_the_mg_judged():
    draft = order(text="C1D1", mg=16)
    draft["dosageInstruction"][0]["doseAndRate"].append({"doseQuantity": quantity(0.8, "mg/m2")})
    d = determine([*BASE, *TWO_M2], draft)
    assert dose_findings(d) == {("dose", "critical"), ("dose-unchecked", "warning")}
    assert "both 16 mg and 0.8 mg/m2 x BSA" in findings(d, "dose-unchecked")[0].text


def test_milligrams_in_the_text_that_disagree_with_the_quantity_are_named_and_the_quantity_judged():
    d = determine([*BASE, *TWO_M2], order(text="C1D1: give 16 mg IV over 1 hour", mg=1.6))
    assert (d.dose.ordered_mg, d.dose.verdict) == (Decimal("1.6"), "ok")
    assert dose_findings(d) == {("dose-unchecked", "warning")}
    assert "both 1.6 mg and 16 mg in the dosage text" in findings(d, "dose-unchecked")[0].text


@pytest.mark.parametrize(
    "text",
    [
        "C1D1: give 1.6 mg IV",
        "C1D1, 1.55 mg",
        "C1D1, previously 16 mg",
        "C1D1, after dexamethasone 20 mg",
        "C1D1, 0.8 mg/m2",
        "C1D1, 0.9 mg vials",
    ],
)
def test_a_text_that_says_the_same_or_speaks_of_something_else_is_no_second_dose(text):
    d = determine([*BASE, *TWO_M2], order(text=text, mg=1.6))
    assert dose_findings(d) == set()


def test_the_text_of_a_split_dose_may_tell_its_sum():
    day = {"timing": {"event": ["2026-04-16"]}, "mg": 0.8}
    draft = instructed({"text": "C1D1, 1.6 mg", **day}, {"text": "second bag", **day})
    d = determine([*BASE, *TWO_M2], draft)
    assert (d.dose.verdict, dose_findings(d)) == ("ok", set())


# ---- Several planned doses in one order ----


def planned(*doses):
    """One order with an instruction for each (day, mg, text)."""
    draft = order()
    draft["dosageInstruction"] = [
        {"text": words, "timing": {"event": [day]}, "doseAndRate": [{"doseQuantity": quantity(mg, "mg")}]}
        for day, mg, words in doses
    ]
    return draft


WHOLE_CYCLE = [("2026-04-16", 1.6, "Cycle 1 Day 1"), ("2026-04-23", 1.0, "Cycle 1 Day 8"), ("2026-04-30", 1.0, "Cycle 1 Day 15")]  # fmt: skip


@pytest.mark.parametrize("doses", [WHOLE_CYCLE, WHOLE_CYCLE[::-1]], ids=["in order", "backwards"])
def test_each_instruction_of_a_cycle_is_judged_by_its_own_row(doses):
    d = determine([*BASE, *TWO_M2], planned(*doses))
    assert place(d) == ("initial", 1, 1)
    assert (d.dose.verdict, d.dose.ordered_mg, dose_findings(d)) == ("ok", Decimal("1.6"), set())


def test_a_wrong_later_dose_of_an_order_is_named_with_its_day():
    doses = [*WHOLE_CYCLE[:2], ("2026-04-30", 10, "Cycle 1 Day 15")]
    d = determine([*BASE, *TWO_M2], planned(*doses))
    assert (d.dose.verdict, d.dose.ordered_mg, d.dose.expected_mg) == ("over", 10, 1)
    (found,) = findings(d, "dose")
    assert found.indicator.value == "critical"
    assert found.text.startswith("Ordered 10 mg for 2026-04-30; the table gives 0.5 mg/m2")


def test_one_dose_for_three_days_is_judged_on_each_and_no_single_dose_suggested():
    draft = order(text="Cycle 1", mg=1.6)
    draft["dosageInstruction"][0]["timing"]["event"] = ["2026-04-16", "2026-04-23", "2026-04-30"]
    d = determine([*BASE, *TWO_M2], draft)
    (found,) = findings(d, "dose")
    assert "for 2026-04-23 and 2026-04-30" in found.text
    assert all("suggestions" not in card for card in rendered(d, draft) if card_kind(card) == "dose")


def test_a_weekly_order_of_a_later_cycle_with_one_dose_is_in_order():
    draft = order(text="Cycle 2 Day 1, weekly x 3", mg=1.0)
    draft["dosageInstruction"][0]["timing"] = {
        "repeat": {"boundsPeriod": {"start": "2026-04-16"}, "count": 3, "frequency": 1, "period": 1, "periodUnit": "wk"}
    }  # fmt: skip
    d = determine([*BASE, *TWO_M2, *C1, *CR], draft)
    assert (place(d), d.dose.verdict, dose_findings(d)) == (("continuation", 2, 1), "ok", set())


def test_two_instructions_for_one_day_are_one_dose_their_sum():
    d = determine([*BASE, *TWO_M2], planned(("2026-04-16", 0.9, "IV"), ("2026-04-16", 0.7, "IV again")))
    assert (d.dose.ordered_mg, d.dose.verdict, dose_findings(d)) == (Decimal("1.6"), "ok", set())
    twice = determine([*BASE, *TWO_M2], planned(("2026-04-16", 1.6, "IV"), ("2026-04-16", 1.6, "IV again")))
    assert (twice.dose.verdict, dose_findings(twice)) == ("over", {("dose", "critical")})


def test_orders_of_one_cycle_signed_together_are_each_judged():
    orders = [order(day, text, mg, id=f"o{n}") for n, (day, mg, text) in enumerate(WHOLE_CYCLE)]
    found = determine_all([*BASE, *TWO_M2], orders)
    assert [(d.cycle, d.day, d.dose.verdict) for d in found] == [(1, 1, "ok"), (1, 8, "ok"), (1, 15, "ok")]


# ---- Combinations (3.7): POL-DOSE-COMBINATION ----

PONATINIB = drug_order(coded(RXNORM, "1364347", "ponatinib"), authored="2026-04-14")
PH_POSITIVE = condition("425688002", system=SNOMED, recorded="2026-03-20")
MINI_HCVD = care_plan("Mini-hyper-CVD with inotuzumab", created="2026-04-10", start="2026-04-16")
COMBINED = [
    (1.0, {("dose", "info")}),
    (1.6, set()),
    (1.76, set()),
    (1.8, {("dose", "warning")}),  # over 0.8 mg/m2 by more than 10 %
    (2.1, {("dose", "critical")}),
]


@pytest.mark.parametrize(("mg", "found"), COMBINED)
@pytest.mark.parametrize(
    "partner", [[PONATINIB, PH_POSITIVE], [MINI_HCVD]], ids=["with a TKI", "mini-hyper-CVD"]
)
def test_beside_a_covered_combination_a_deviation_informs_and_an_overdose_still_warns(partner, mg, found):
    d = determine([*BASE, *TWO_M2, *partner], order(text="C1D1", mg=mg))
    assert dose_findings(d) == found
    assert "dose-note-combination" in finding_kinds(d)


DAY_8_COMBINED = [(1.3, {("dose", "info")}), (1.76, {("dose", "info")}), (1.8, {("dose", "warning")})]


@pytest.mark.parametrize(("mg", "found"), DAY_8_COMBINED)
def test_day_8_beside_a_combination_is_held_against_the_largest_single_dose(mg, found):
    resources = [*BASE, *TWO_M2, PONATINIB, PH_POSITIVE, administration("2026-04-09", 1.6, "C1D1")]
    assert dose_findings(determine(resources, order(text="C1D8", mg=mg))) == found


def test_a_combination_that_the_policy_does_not_cover_keeps_the_table():
    negative = stated("BCR::ABL1 FISH", "negative", "2026-03-20", code=coded("http://loinc.org", "51867-0"))
    relapse = condition("C91.02", recorded="2026-03-18")
    d = determine([*BASE, relapse, *TWO_M2, PONATINIB, negative], order(text="C1D1", mg=1.0))
    assert dose_findings(d) == {("dose", "warning")}
    assert "dose-note-combination" not in finding_kinds(d)


# ---- The cards ----


def rendered(d, draft):
    return cards.render(
        [d], tenant="t", patient_id="p1", orders={d.order: draft}, public_url="http://127.0.0.1:8080"
    )


def card_kind(card):
    return card["extension"]["payer-policy-cds"]["kind"]


def dose_card(resources, draft):
    d = determine([*BASE, *TWO_M2, *resources], draft)
    return next((c for c in rendered(d, draft) if card_kind(c) == "dose"), None)


def test_pol_ql_0_the_dose_card_asks_and_offers_the_dose_of_the_table():
    draft = order(text="C1D1", mg=16)
    card = dose_card([], draft)
    assert card["indicator"] == "critical"
    assert card["summary"] == "Dose 10 times too high: 16 mg ordered, table 1.6 mg"
    (suggestion,) = card["suggestions"]
    (action,) = suggestion["actions"]
    changed = action["resource"]
    assert changed["dosageInstruction"][0]["doseAndRate"] == [{"doseQuantity": quantity(1.6, "mg")}]
    changed["dosageInstruction"][0]["doseAndRate"] = draft["dosageInstruction"][0]["doseAndRate"]
    assert changed == draft
    assert "check the text of the instruction" in action["description"]


def test_a_missing_dose_can_be_set():
    card = dose_card([], without_quantity("C1D1"))
    (action,) = card["suggestions"][0]["actions"]
    assert action["resource"]["dosageInstruction"][0]["doseAndRate"] == [
        {"doseQuantity": quantity(1.6, "mg")}
    ]


def test_units_that_disagree_with_a_dose_in_range_offer_no_other_dose():
    draft = order(text="C1D1", mg=1.6) | {"dispenseRequest": {"quantity": {"value": 160, "unit": "units"}}}
    assert "suggestions" not in dose_card([], draft)


def test_a_dose_in_range_has_no_dose_card_and_open_rows_no_suggestion():
    assert dose_card([], order(text="C1D1", mg=1.6)) is None
    assert "suggestions" not in dose_card(C1, order("2026-04-16", "Cycle 2 Day 1", 5))


def test_the_dose_facts_stand_on_the_coverage_card():
    draft = order(text="C1D1", mg=1.6)
    (card,) = [c for c in rendered(determine([*BASE, *TWO_M2], draft), draft) if card_kind(c) == "coverage"]
    assert card["extension"]["payer-policy-cds"]["dose"] == {
        "ordered_mg": 1.6, "expected_mg": 1.6, "low_mg": 1.44, "high_mg": 1.76, "mg_per_m2": 0.8, "bsa_m2": 2.0,
        "verdict": "ok", "units_j9229": 16, "vials": 2,
    }  # fmt: skip


def test_without_a_row_the_facts_give_null_and_the_options():
    draft = order("2026-04-16", "Cycle 2 Day 1", 1.0)
    d = determine([*BASE, *TWO_M2, *C1], draft)
    (card,) = [c for c in rendered(d, draft) if card_kind(c) == "coverage"]
    assert card["extension"]["payer-policy-cds"]["dose"] == {
        "ordered_mg": 1.0, "expected_mg": None, "low_mg": None, "high_mg": None, "mg_per_m2": None, "bsa_m2": 2.0,
        "verdict": "unknown", "units_j9229": None, "vials": None,
        "options": [
            {"mg_per_m2": 0.5, "expected_mg": 1.0, "low_mg": 0.9, "high_mg": 1.1, "when": "cr-or-cri"},
            {"mg_per_m2": 0.8, "expected_mg": 1.6, "low_mg": 1.44, "high_mg": 1.76, "when": "no-cr"},
        ],
    }  # fmt: skip


def test_what_cannot_be_told_of_a_dose_is_null():
    facts = [
        card["extension"]["payer-policy-cds"]["dose"]
        for d, draft in (
            (determine([patient()], unread), unread) for unread in (without_quantity("C1D1"), order(mg=1.6))
        )
        for card in rendered(d, draft)
        if card_kind(card) == "coverage"
    ]
    assert [(f["ordered_mg"], f["bsa_m2"], f["expected_mg"], f["low_mg"]) for f in facts] == [
        (None, None, None, None), (1.6, None, None, None),
    ]  # fmt: skip
    assert {f["verdict"] for f in facts} == {"unknown"}


def test_the_summary_names_the_day_of_the_dose_that_is_judged_worst():
    draft = order(text="Cycle 1", mg=1.6)
    draft["dosageInstruction"][0]["timing"]["event"] = ["2026-04-16", "2026-04-23"]
    card = dose_card([], draft)
    assert card["summary"] == "Dose 60 % above the table: 1.6 mg ordered for 2026-04-23, table 1 mg"


def test_vials_are_of_nine_tenths_of_a_milligram():
    """POL-DOSE-VIAL: 1.8 mg are two vials exactly, one microgram more is a third."""
    two = determine([*BASE, observation("8277-6", "2026-04-14", 2.25, "m2")], order(text="C1D1")).dose
    three = determine([*BASE, observation("8277-6", "2026-04-14", 2.252, "m2")], order(text="C1D1")).dose
    assert [(d.expected_mg, d.vials, d.billing_units) for d in (two, three)] == [
        (Decimal("1.8"), 2, 18), (Decimal("1.802"), 3, 19),
    ]  # fmt: skip


def test_a_service_request_states_units_or_mg_as_its_quantity():
    draft = {
        "resourceType": "ServiceRequest", "id": "s1", "status": "draft", "intent": "order",
        "subject": {"reference": "Patient/p1"}, "code": coded(HCPCS, "J9229"), "occurrenceDateTime": "2026-04-16",
        "quantityQuantity": quantity(1.6, "mg"),
    }  # fmt: skip
    assert determine([*BASE, *TWO_M2], draft).dose.verdict == "ok"
    draft["quantityQuantity"] = {"value": 16, "unit": "units"}
    assert determine([*BASE, *TWO_M2], draft).dose.verdict == "ok"


@pytest.mark.parametrize(
    ("mg", "told"), [(1.437, "0.898"), (1.763, "1.102"), (1.25, "0.78"), (1.439, "0.899")]
)
def test_a_ratio_is_told_so_that_it_is_seen_outside_of_what_is_accepted(mg, told):
    """Of 1.6 mg, 1.44 to 1.76 are accepted."""
    d = determine([*BASE, *TWO_M2], order("2026-04-16", "C1D1", mg))
    assert f"That is {told} times the table" in findings(d, "dose")[0].text
