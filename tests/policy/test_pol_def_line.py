"""POL-DEF-LINE and POL-A-IV-FL: what is a prior line of ALL therapy, and what is frontline use.

Day 1 is 2026-04-16. A patient diagnosed in January 2025 without a prior line, and without a word on
the line of therapy, is unknown; a prior line makes it not met.
"""

import pytest

from cds_service.fhir.record import Gap, Need
from tests.policy.chart_notes import (
    SNOMED,
    administration,
    care_plan,
    condition,
    criterion,
    determine,
    determine_all,
    document,
    drug_order,
    observation,
    order,
    patient,
    procedure,
    stated,
    verdict,
)

OLD = condition("277572006", system=SNOMED, onset="2025-01-16")


def given(drug, day, text=None, **more):
    return administration(day, None, text, drug={"text": drug}, id=f"given-{drug}-{day}", **more)


def frontline(record, text="C1D1", **more):
    d = determine([patient(), *record], order("2026-04-16", text), **more)
    return verdict(d, "POL-A-IV-FL")


A_LINE = {
    "chemotherapy given": given("cytarabine", "2025-03-01"),
    "vincristine a year ago": given("vincristine", "2025-03-01"),
    "given at a day that only its year tells": given("cytarabine", "2025"),
    "blinatumomab given": given("blinatumomab", "2025-09-01"),
    "an order completed": drug_order("pegaspargase", status="completed", day="2025-02-01"),
    "an order stopped": drug_order("mercaptopurine", status="stopped", authored="2025-06-01"),
    "a TKI taken": {
        "resourceType": "MedicationStatement", "id": "t", "status": "completed", "subject": {"reference": "Patient/p1"},
        "medicationCodeableConcept": {"text": "imatinib"}, "effectivePeriod": {"start": "2025-02-01", "end": "2025-08-01"},
    },
    "CAR-T cells": given("tisagenlecleucel", "2025-09-01"),
    "a transplant": procedure("234336002", "2025-10-01"),
    "a transplant without a date": procedure("234336002"),
    "a completed plan": care_plan("Hyper-CVAD induction", start="2025-02-01", status="completed"),
    "a note of relapse after a regimen": document("2026-03-03", "Relapsed after hyper-CVAD. Plan inotuzumab."),
    "a note of what was received": document("2026-03-03", "Received R-hyper-CVAD and blinatumomab in 2025."),
    "prior lines counted in a note": document("2026-03-03", "Two prior lines of therapy."),
    "failure of induction in a problem's note": condition("C91.00", recorded="2026-01-01", note="Refractory to induction chemotherapy"),
    "chemotherapy 20 days ago that does not go on": given("cytarabine", "2026-03-27"),
}  # fmt: skip


@pytest.mark.parametrize("resource", A_LINE.values(), ids=A_LINE)
def test_pol_def_line_a_prior_line_is_not_frontline(resource):
    assert frontline([OLD, resource]) == "not-met"
    assert frontline([OLD, resource], "C1D1, first line") == "not-met"


NO_LINE = {
    "steroid prephase": given("prednisone", "2026-04-08"),
    "hydroxyurea": given("hydroxyurea", "2026-04-08"),
    "vincristine as cytoreduction the week before": given("vincristine", "2026-04-10"),
    "intrathecal cytarabine": given("cytarabine", "2025-03-01", "intrathecal"),
    "methotrexate for psoriasis": drug_order("methotrexate", status="completed", authored="2025-03-01", reason="psoriasis"),
    "doxorubicin for breast cancer": drug_order("doxorubicin", status="completed", authored="2019-03-01", reason="Breast cancer"),
    "an order that was never given": drug_order("cytarabine", authored="2025-03-01"),
    "a planned regimen in a note": document("2026-04-10", "Plan: start chemotherapy after port placement."),
    "blinatumomab planned after the cycles": document("2026-04-10", "Blinatumomab consolidation is planned after mini-hyper-CVD."),
    "prior chemotherapy denied": document("2026-04-10", "No prior chemotherapy."),
    "prior chemotherapy for another cancer": document("2026-04-10", "Prior chemotherapy for breast cancer in 2010."),
    "G-CSF": given("filgrastim", "2025-03-01"),
}  # fmt: skip


@pytest.mark.parametrize("resource", NO_LINE.values(), ids=NO_LINE)
def test_pol_def_line_what_is_no_prior_line(resource):
    assert frontline([OLD, resource]) == "unknown"
    assert frontline([OLD, resource], "C1D1, first line") == "met"


STARTING_NOW = {
    "one of the drugs ordered now, begun 10 days ago": ([given("cyclophosphamide", "2026-04-06"), drug_order("cyclophosphamide", authored="2026-04-06")], "met"),
    "begun 28 days before day 1 and going on": ([given("cytarabine", "2026-03-19"), drug_order("cytarabine", authored="2026-03-19")], "met"),
    "begun 29 days before day 1 and going on": ([given("cytarabine", "2026-03-18"), drug_order("cytarabine", authored="2026-03-18")], "not-met"),
    "of the plan that names mini-hyper-CVD": ([given("cyclophosphamide", "2026-04-06"), care_plan("Mini-hyper-CVD and inotuzumab", start="2026-04-06")], "met"),
    "begun and not going on": ([given("cyclophosphamide", "2026-04-06")], "not-met"),
}  # fmt: skip


@pytest.mark.parametrize(("record", "expected"), STARTING_NOW.values(), ids=STARTING_NOW)
def test_pol_a_iv_fl_drugs_of_the_regimen_that_starts_now_are_no_line(record, expected):
    assert frontline([OLD, *record], "C1D1, induction") == expected


FRONTLINE = {
    "nothing says so": ([OLD], "C1D1", "unknown"),
    "the order says first line": ([OLD], "C1D1 first-line", "met"),
    "the order says frontline": ([OLD], "C1D1, frontline therapy", "met"),
    "the plan says induction": ([OLD, care_plan("Induction with inotuzumab", start="2026-04-10")], "C1D1", "met"),
    "the plan says salvage induction": ([OLD, care_plan("Salvage induction with inotuzumab", start="2026-04-10")], "C1D1", "unknown"),
    "the plan says second line": ([OLD, care_plan("Second-line treatment", start="2026-04-10")], "C1D1", "unknown"),
    "the plan says that it is not first line": ([OLD, care_plan("Not first-line", start="2026-04-10")], "C1D1", "unknown"),
    "coded as first line": ([OLD, care_plan("ALL", start="2026-04-10", category=[{"coding": [{"system": SNOMED, "code": "708255002"}]}])], "C1D1", "met"),
    "diagnosed 89 days before day 1": ([condition("C91.00", onset="2026-01-17")], "C1D1", "met"),
    "diagnosed 90 days before day 1": ([condition("C91.00", onset="2026-01-16")], "C1D1", "unknown"),
    "diagnosed in a month wholly within 90 days": ([condition("C91.00", onset="2026-02")], "C1D1", "met"),
    "diagnosed in a month that straddles": ([condition("C91.00", onset="2026-01")], "C1D1", "unknown"),
    "diagnosed this month": ([condition("C91.00", onset="2026-04")], "C1D1", "met"),
    "an old diagnosis entered again last month": ([OLD, condition("C91.00", recorded="2026-03-20")], "C1D1", "unknown"),
    "relapsed": ([OLD, condition("C91.02", onset="2026-03-20")], "C1D1 induction", "not-met"),
    "no diagnosis at all": ([], "C1D1", "unknown"),
}  # fmt: skip


@pytest.mark.parametrize(("record", "text", "expected"), FRONTLINE.values(), ids=FRONTLINE)
def test_pol_a_iv_fl(record, text, expected):
    assert frontline(record, text) == expected


def test_pol_a_iv_fl_the_regimen_ordered_with_it_may_say_so():
    drafts = [order("2026-04-16", "C1D1"), drug_order("vincristine", status="draft", text="Induction day 1")]
    (d,) = determine_all([patient(), OLD], drafts)
    assert verdict(d, "POL-A-IV-FL") == "met"


@pytest.mark.parametrize("need", [Need.MEDICATION_STATEMENTS, Need.PROCEDURES, Need.CONDITIONS])
def test_pol_a_iv_fl_is_unknown_while_the_history_is_unseen(need):
    gaps = [Gap(need, "the server answered 403")]
    new = condition("C91.00", onset="2026-03-20")
    d = determine([patient(), new], order("2026-04-16", "C1D1 induction"), gaps=gaps)
    assert verdict(d, "POL-A-IV-FL") == "unknown"
    assert "403" in criterion(d, "POL-A-IV-FL").because


def test_a_prior_line_that_was_seen_decides_though_more_is_unseen():
    gaps = [Gap(Need.MEDICATION_STATEMENTS, "the server answered 403")]
    assert frontline([OLD, given("cytarabine", "2025-03-01")], gaps=gaps) == "not-met"


def test_pol_a_iv_fl_an_earlier_course_of_inotuzumab_is_a_prior_line():
    record = [OLD, administration("2025-03-04", 1.4, "C1D1"), procedure("234336002", "2025-06-01")]
    d = determine([patient(), *record], order("2026-04-16", "C1D1, induction"))
    assert (d.request, verdict(d, "POL-A-IV-FL")) == ("initial", "not-met")


def test_pol_a_iv_fl_on_day_8_drugs_of_this_cycle_are_no_prior_line():
    record = [
        condition("C91.00", onset="2026-04-01"), administration("2026-04-09", 1.41, "C1D1"),
        given("vincristine", "2026-04-09"), given("cyclophosphamide", "2026-04-10"),
    ]  # fmt: skip
    assert frontline(record, "C1D8") == "met"


def test_a_child_on_the_frontline_path_is_told_what_the_policy_no_longer_says():
    new = condition("C91.00", onset="2026-03-20")
    child = determine([patient("2018-01-01"), new], order("2026-04-16", "C1D1"))
    adult = determine([patient("1980-01-01"), new], order("2026-04-16", "C1D1"))
    assert "children" in criterion(child, "POL-A-IV-FL").because
    assert "children" not in criterion(adult, "POL-A-IV-FL").because


def test_a_response_to_the_first_line_does_not_make_it_frontline_again():
    record = [
        OLD,
        given("cytarabine", "2025-03-01"),
        stated("Response", "CR", "2025-04-01"),
        observation("11150-0", "2025-04-01", 1, "%"),
    ]
    assert frontline(record, "C1D1 induction") == "not-met"
