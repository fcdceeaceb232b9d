"""POL-CODE-J9229: units of 0.1 mg and vials of 0.9 mg, beside a stated dose and alone.

180 cm and 80 kg are 2.0 m2: day 1 of cycle 1 is 1.6 mg, 16 units, 2 vials (18 units).
"""

from decimal import Decimal

import pytest

from tests.policy.chart_notes import (
    SNOMED,
    administration,
    body_size,
    condition,
    determine,
    findings,
    order,
    patient,
    quantity,
)

TWO_M2 = [patient(), condition("277572006", system=SNOMED), *body_size(cm=180, kg=80)]


def billed(amount, unit="units", *, mg=None, text="C1D1"):
    draft = order(text=text, mg=mg or 1.6)
    if mg is None:
        del draft["dosageInstruction"][0]["doseAndRate"]
    return draft | {"dispenseRequest": {"quantity": {"value": amount, "unit": unit}}}


BESIDE_A_DOSE = [
    (14, False),
    (15, True),  # one of slack below ceil(1.6 / 0.1)
    (16, True),
    (18, True),  # two whole vials
    (19, False),
    (2, False),
    (160, False),
]


@pytest.mark.parametrize(("units", "in_order"), BESIDE_A_DOSE)
def test_units_beside_a_dose_are_billing_and_must_agree_with_it(units, in_order):
    d = determine(TWO_M2, billed(units, mg=1.6))
    assert (d.dose.ordered_mg, d.dose.verdict) == (Decimal("1.6"), "ok")
    assert (findings(d, "dose-unchecked") == []) is in_order


def test_units_that_disagree_are_named_with_what_the_dose_needs():
    (found,) = findings(determine(TWO_M2, billed(160, mg=1.6)), "dose-unchecked")
    assert found.indicator.value == "warning"
    assert found.text == (
        "The order bills 160 units of J9229, but 1.6 mg is 16 units (up to 18 with whole vials)"
    )


ALONE = [
    (16, Decimal("1.6"), "ok"),
    (15, Decimal("1.5"), "ok"),
    (18, None, "unknown"),  # two vials of an in-range dose, and 1.8 mg is 12.5 % over: billing
    (9, Decimal("0.9"), "under"),  # one vial holds no in-range dose: a dose, and a low one
    (27, Decimal("2.7"), "over"),
    (160, Decimal(16), "over"),
    (2, Decimal("0.2"), "under"),
]


@pytest.mark.parametrize(("units", "mg", "verdict"), ALONE)
def test_units_alone_are_a_dose_unless_they_bill_whole_vials(units, mg, verdict):
    d = determine(TWO_M2, billed(units))
    assert (d.dose.ordered_mg, d.dose.verdict) == (mg, verdict)
    assert (len(findings(d, "dose-unchecked")) == 1) is (mg is None)


def test_nine_units_are_a_dose_where_they_are_in_range_themselves():
    """0.883 mg expected: 9 units are 0.9 mg, and one whole vial as well."""
    small = [patient(), *body_size(), administration("2026-04-09", 1.41, "C1D1")]
    d = determine(small, billed(9, text="C1D8"))
    assert (d.dose.ordered_mg, d.dose.verdict) == (Decimal("0.9"), "ok")


def test_whole_vials_of_either_open_row_may_be_billing():
    """Day 1 of cycle 2, response unknown: 1.0 or 1.6 mg are two vials each."""
    cycle_1 = [
        administration(day, 1.0, text) for day, text in (("2026-03-19", "C1D1"), ("2026-03-26", "C1D8"))
    ]
    d = determine([*TWO_M2, *cycle_1], billed(18, text="C2D1"))
    assert (d.dose.ordered_mg, d.dose.verdict) == (None, "unknown")


@pytest.mark.parametrize(("amount", "unit"), [(2, "vials"), (1, "vial"), (2, "Vial (0.9 mg)")])
def test_a_number_of_vials_is_never_a_dose(amount, unit):
    d = determine(TWO_M2, billed(amount, unit))
    assert d.dose.ordered_mg is None
    assert f"a number of vials ({amount} {unit}), which is no dose" in findings(d, "dose-unchecked")[0].text


def test_vials_beside_a_dose_are_left_alone():
    assert findings(determine(TWO_M2, billed(2, "vials", mg=1.6)), "dose-unchecked") == []


@pytest.mark.parametrize("unit", ["[USP'U]", "{unit}", "UN", "1", "J9229", "billing units", "U"])
def test_the_ways_in_which_units_are_written(unit):
    assert determine(TWO_M2, billed(16, unit)).dose.ordered_mg == Decimal("1.6")


def test_an_amount_in_another_unit_is_quoted_and_no_dose():
    d = determine(TWO_M2, billed(7, "mL"))
    assert d.dose.ordered_mg is None
    assert "only a quantity of 7 mL" in findings(d, "dose-unchecked")[0].text


WORDED = [
    (16, Decimal("1.6"), 0),  # the text's dose, and its units
    (18, Decimal("1.6"), 0),  # the text's dose, whole vials
    (
        160,
        Decimal(16),
        1,
    ),  # units that are no billing of the text's dose are judged as a dose, and questioned
]


@pytest.mark.parametrize(("units", "mg", "questions"), WORDED)
def test_units_beside_a_dose_in_words(units, mg, questions):
    d = determine(TWO_M2, billed(units, text="C1D1 inotuzumab 1.6 mg"))
    assert (d.dose.ordered_mg, len(findings(d, "dose-unchecked"))) == (mg, questions)


def test_units_of_an_order_for_several_days_may_be_those_of_all_its_doses():
    cycle_2 = [
        administration(d, 1.0, t)
        for d, t in (("2026-03-19", "C1D1"), ("2026-03-26", "C1D8"), ("2026-04-02", "C1D15"))
    ]
    draft = billed(30, text="C2D1", mg=1.0)
    draft["dosageInstruction"][0]["timing"]["event"] = ["2026-04-16", "2026-04-23", "2026-04-30"]
    assert findings(determine([*TWO_M2, *cycle_2], draft), "dose-unchecked") == []


def test_units_alone_for_several_days_are_no_dose():
    draft = billed(36)
    draft["dosageInstruction"][0]["timing"]["event"] = ["2026-04-16", "2026-04-23", "2026-04-30"]
    assert "only 36 units for 3 doses" in findings(determine(TWO_M2, draft), "dose-unchecked")[0].text


WITHOUT_BSA = [(16, Decimal("1.6")), (18, None)]


@pytest.mark.parametrize(("units", "mg"), WITHOUT_BSA)
def test_without_a_bsa_a_whole_vial_number_may_be_billing(units, mg):
    d = determine([patient()], billed(units))
    assert (d.dose.ordered_mg, d.dose.verdict) == (mg, "unknown")


def test_units_with_a_dose_per_square_metre():
    draft = billed(16, mg=1.6)
    draft["dosageInstruction"][0]["doseAndRate"] = [{"doseQuantity": quantity(0.8, "mg/m2")}]
    d = determine(TWO_M2, draft)
    assert (d.dose.ordered_mg, findings(d, "dose-unchecked")) == (Decimal("1.6"), [])
