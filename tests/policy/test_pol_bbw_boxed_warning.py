"""POL-BBW-VOD, POL-BBW-RISK, POL-BBW-NRM: reminders and risk factors of the boxed warning."""

import pytest

from tests.policy.chart_notes import (
    SNOMED,
    administration,
    care_plan,
    condition,
    determine_all,
    document,
    order,
    patient,
    procedure,
    service_request,
    stated,
)
from tests.policy.treated import CYCLE_1, NEVER_TREATED, first_cycle, raised, second_cycle

REMINDER = {("boxed-warning", "info")}
RISK = {("safety-hepatic", "warning")}
CIRRHOSIS = condition("K74.60", onset="2020-01-01")


def test_pol_bbw_vod_is_a_reminder_on_the_first_order_only():
    assert raised(first_cycle(), "POL-BBW-VOD") == REMINDER
    assert raised(second_cycle(), "POL-BBW-VOD") == set()


def test_pol_bbw_vod_and_risk_stand_once_on_days_1_8_and_15_signed_together():
    orders = [
        order("2026-04-16", "C1D1", 1.41, id="d1"),
        order("2026-04-23", "C1D8", 0.88, id="d8"),
        order("2026-04-30", "C1D15", 0.88, id="d15"),
    ]
    found = determine_all([*NEVER_TREATED, CIRRHOSIS], orders)
    assert [raised(d, "POL-BBW-VOD") for d in found] == [REMINDER, set(), set()]
    assert [raised(d, "POL-BBW-RISK") for d in found] == [RISK, set(), set()]


GRAVE = {
    "earlier VOD": condition("K76.5", onset="2024-05-01"),
    "cirrhosis": CIRRHOSIS,
    "cirrhosis in SNOMED CT": condition("19943007", system=SNOMED, onset="2020-01-01"),
    "cirrhosis in words": condition(None, text="Cirrhosis of liver", onset="2020-01-01"),
    "cirrhosis in words that are not wholly understood": condition(
        None, text="Cirrhosis xyzzy", onset="2020-01-01"
    ),
    "hepatic failure": condition("K72.90", onset="2026-01-01"),
    "severe hepatitis": condition("B18.1", onset="2020-01-01", severity={"text": "severe"}),
    "transplant before inotuzumab": procedure("234336002", "2024-06-01"),
    "transplant status": condition("Z94.84", recorded="2024-09-01"),
    "transplant status in words": condition(None, text="History of stem cell transplant", onset="2024-09-01"),
    "graft-versus-host disease in words": condition(None, text="Chronic GVHD", onset="2024-09-01"),
    "transplant in a note": document("2026-03-05", "s/p allogeneic stem cell transplant 2025-06-01."),
    "transplant without a date in a note": document("2026-03-05", "Relapse post-alloHSCT."),
    "transplant for another disease in a note": document(
        "2026-03-05", "s/p autologous stem cell transplant for multiple myeloma 2019."
    ),
    "transplant for another disease as a condition": condition(
        None, text="History of autologous stem cell transplant for multiple myeloma", onset="2019-01-01"
    ),
    "transplant as an answer": stated("Transplant history", "s/p MUD alloSCT 2024", "2026-03-05"),
}


@pytest.mark.parametrize("factor", GRAVE.values(), ids=GRAVE)
def test_pol_bbw_risk_a_grave_factor_warns_on_the_first_order(factor):
    d = first_cycle(factor)
    assert raised(d, "POL-BBW-RISK") == RISK
    assert d.coverage.value == "met"


MINOR = {
    "chronic hepatitis B": condition("B18.1", onset="2020-01-01"),
    "liver disease": condition("K76.9", onset="2020-01-01"),
    "fatty liver": condition("K76.0", onset="2020-01-01"),
    "portal hypertension": condition("K76.6", onset="2020-01-01"),
}


@pytest.mark.parametrize("factor", MINOR.values(), ids=MINOR)
def test_pol_bbw_risk_a_minor_factor_informs(factor):
    assert raised(first_cycle(factor), "POL-BBW-RISK") == REMINDER


@pytest.mark.parametrize(
    "factor",
    [
        condition("K74.60", onset="2020-01-01", clinical="resolved", ended="2021-01-01"),
        condition("K74.60", onset="2020-01-01", verification="provisional"),
        condition(None, text="No cirrhosis", onset="2020-01-01"),
        condition(None, text="Brother with cirrhosis", onset="2020-01-01"),
        condition(None, text="Chronic hepatitis C screening", onset="2020-01-01"),
        procedure("234336002", "2024-06-01", status="not-done"),
        document("2026-03-05", "No prior HSCT. Proceeding to alloSCT after cycle 2."),
        condition(None, text="Stem cell transplant candidate", onset="2026-03-01"),
        condition(None, text="History of transplant", onset="2020-03-01"),
    ],
    ids=[
        "resolved",
        "not confirmed",
        "negated",
        "of a brother",
        "screened for",
        "not done",
        "planned in a note",
        "a candidate",
        "an organ or not",
    ],
)
def test_pol_bbw_risk_what_is_not_present_is_not_named(factor):
    assert raised(first_cycle(factor), "POL-BBW-RISK") == set()


def test_pol_bbw_risk_is_said_once_not_before_every_cycle():
    assert raised(second_cycle(CIRRHOSIS), "POL-BBW-RISK") == set()


def test_pol_bbw_risk_names_age_and_only_informs():
    old = [patient("1950-02-03") if r["resourceType"] == "Patient" else r for r in NEVER_TREATED]
    (d,) = determine_all(old, [order("2026-04-16", "C1D1", 1.41)])
    assert raised(d, "POL-BBW-RISK") == REMINDER
    assert any("age 76" in f.text for f in d.findings)


def test_a_kidney_transplant_raises_no_risk_and_needs_no_history():
    kidney = procedure("175902000", "2015-03-01", text="Transplant of kidney (procedure)")
    d = first_cycle(kidney)
    assert ("safety-hepatic", "warning") not in raised(d)
    assert not any(f.rules == ("POL-BBW-NRM",) for f in d.findings)


def test_pol_bbw_risk_a_transplant_that_is_recorded_and_told_of_is_named_once():
    d = first_cycle(
        procedure("234336002", "2024-06-01"), document("2026-03-05", "s/p alloSCT 6/2024. S/p HSCT.")
    )
    (found,) = [f for f in d.findings if f.rules == ("POL-BBW-RISK",)]
    assert found.text.count("stem cell transplant") == 1


def test_pol_bbw_risk_a_history_told_in_one_sentence_names_transplant_and_vod():
    told = "HPI: 46F with Ph-negative B-ALL dx 1/2024 s/p hyper-CVAD x 8, alloSCT 6/2025 c/b VOD, relapsed 3/2026 (62% marrow blasts)."
    (found,) = [f for f in first_cycle(document("2026-04-10", told)).findings if f.rules == ("POL-BBW-RISK",)]
    assert found.kind == "safety-hepatic"
    assert "stem cell transplant before this course (2025-06)" in found.text
    assert "(2025-06)" in found.text.split("veno-occlusive disease", 1)[1]


def test_pol_bbw_risk_beside_an_organ_transplant_a_bare_transplant_in_a_note_is_none():
    kidney = procedure("175902000", "2015-03-01", text="Transplant of kidney (procedure)")
    told = document("2026-03-05", "s/p transplant in 2015.")
    assert ("safety-hepatic", "warning") not in raised(first_cycle(kidney, told))
    assert ("safety-hepatic", "warning") in raised(first_cycle(told))


def test_pol_bbw_risk_a_later_course_names_the_earlier_exposure_and_the_transplant():
    old = [administration("2024-06-04", 1.41, "C1D1"), procedure("234336002", "2024-09-01")]
    (found,) = [f for f in first_cycle(*old).findings if f.rules == ("POL-BBW-RISK",)]
    assert found.kind == "safety-hepatic"
    assert "2024-06-04" in found.text
    assert "2024-09-01" in found.text


TWO_CYCLES = [
    *(r | {"effectiveDateTime": f"2026-02-{11 + 7 * n}", "id": f"c1-{n}"} for n, r in enumerate(CYCLE_1[:2])),
    administration("2026-02-25", 0.88, "C1D15"),
    *(r | {"dosage": {"text": f"C2D{(1, 8, 15)[n]}"}, "id": f"c2-{n}"} for n, r in enumerate(CYCLE_1)),
]
PLAN = service_request("234336002", authored="2026-04-01")


def test_pol_bbw_nrm_a_planned_transplant_informs_and_warns_from_cycle_3():
    assert raised(second_cycle(PLAN), "POL-BBW-NRM") == REMINDER
    third = second_cycle(PLAN, *TWO_CYCLES, without=CYCLE_1, draft=order("2026-04-16", "C3D1", 0.88))
    assert third.cycle == 3
    assert raised(third, "POL-BBW-NRM") == {("boxed-warning", "warning")}


def test_pol_bbw_nrm_counts_the_plan_that_the_order_itself_tells():
    told = order("2026-04-16", "C2D1", 0.88) | {"note": [{"text": "HSCT planned in May"}]}
    assert raised(second_cycle(draft=told), "POL-BBW-NRM") == REMINDER
    off = told | {"note": [{"text": "Not proceeding to HSCT"}]}
    assert raised(second_cycle(PLAN, draft=off), "POL-BBW-NRM") == set()


@pytest.mark.parametrize(
    "plan",
    [care_plan("Not proceeding to HSCT", created="2026-04-01"), PLAN | {"status": "revoked"}],
    ids=["not planned", "revoked"],
)
def test_pol_bbw_nrm_without_a_planned_transplant_says_nothing(plan):
    assert raised(second_cycle(plan), "POL-BBW-NRM") == set()
