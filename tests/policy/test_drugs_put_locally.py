"""A drug that is put into an eye or ear or on the skin is no systemic therapy: it neither prolongs QT nor is a partner."""

import pytest

from tests.policy.chart_notes import SNOMED, coded, determine, drug_order, findings, verdict
from tests.policy.treated import C1D1, C2D1, NEVER_TREATED, TREATED


def given(drug, route=None, text=None):
    """An active order, with its route by words or a code, and its instruction."""
    dosage = ({"route": route if isinstance(route, dict) else {"text": route}} if route else {}) | (
        {"text": text} if text else {}
    )
    return drug_order(drug, authored="2026-04-13", id="other", dosageInstruction=[dosage])


LOCAL = {
    "an eye, in words": given("Moxifloxacin", "Both Eyes"),
    "an eye, by code": given("Moxifloxacin", coded(SNOMED, "54485002")),
    "an ear, by code": given("Ofloxacin", coded(SNOMED, "10547007")),
    "the skin, by a code of HL7": given("Erythromycin", coded("http://terminology.hl7.org/CodeSystem/v2-0162", "TP")),
    "the name of the product": given("Moxifloxacin 0.5 % ophthalmic solution"),
    "an ointment by name": given("Tacrolimus 0.1 % ointment"),
    "the instruction": given("Moxifloxacin", text="Instill 1 drop in both eyes 3 times daily"),
}  # fmt: skip


@pytest.mark.parametrize("name", LOCAL)
def test_a_local_drug_prolongs_no_qt(name):
    assert findings(determine([*TREATED, LOCAL[name]], C2D1), "safety-qt") == []


SYSTEMIC = {
    "no route": given("Moxifloxacin"),
    "by mouth": given("Moxifloxacin", "Oral"),
    "an unknown route": given("Moxifloxacin", "Other"),
    "two routes": drug_order("Moxifloxacin", authored="2026-04-13", id="other", dosageInstruction=[{"route": {"text": "Oral"}}, {"route": {"text": "Ophthalmic"}}]),
    "what it is for": given("Moxifloxacin 400 mg tablet", text="1 tablet daily for eye infection"),
    "a note on the eyes": given("Moxifloxacin", "Oral", "Call for dry eyes"),
    "a route that the name denies": given("Erythromycin lactobionate injection", "Topical"),
    "inhaled": given("Pentamidine", "Inhalation"),
}  # fmt: skip


@pytest.mark.parametrize("name", SYSTEMIC)
def test_any_other_route_and_an_unknown_one_count(name):
    assert findings(determine([*TREATED, SYSTEMIC[name]], C2D1), "safety-qt") != []


@pytest.mark.parametrize(
    ("order", "alone"),
    [
        (given("Fluorouracil", "Topical"), "met"),
        (given("Fluorouracil", "Intravenous"), "not-met"),
        (given("Dasatinib", text="Call for swelling of the eyes"), "not-met"),
    ],
)
def test_only_a_systemic_cancer_drug_is_a_partner(order, alone):
    assert verdict(determine([*NEVER_TREATED, order], C1D1), "POL-A-II-B-1") == alone
