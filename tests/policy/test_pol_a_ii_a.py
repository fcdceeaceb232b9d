"""POL-A-II-A, relapsed or refractory: the procedure step by step, worked out by hand; lines by POL-DEF-LINE."""

import pytest

from cds_service.fhir.record import DataKind, Gap
from tests.policy.chart_notes import (
    LOINC,
    SNOMED,
    administration,
    an_id,
    care_plan,
    condition,
    criterion,
    determine,
    document,
    drug_order,
    observation,
    order,
    patient,
    procedure,
    quantity,
    report,
    stated,
    verdict,
)

B_ALL = condition("277572006", system=SNOMED, recorded="2025-01-10", onset="2025-01-10")
NOT_IN_REMISSION = condition("C91.00", recorded="2025-01-10")
IN_REMISSION = condition("C91.01", onset="2025-06-01", clinical="remission")
RELAPSE = condition("C91.02", onset="2026-03-01")
INDUCTION = administration("2025-02-01", None, drug={"text": "vincristine"})
INDUCTION_END = administration("2025-03-01", None, drug={"text": "pegaspargase"})
INDUCTION_LATER = administration("2025-06-01", None, drug={"text": "cytarabine"})


def worsened(day):
    """The disease status of mCODE."""
    return observation(
        "97509-4", day, valueCodeableConcept={"coding": [{"system": SNOMED, "code": "271299001"}]}
    )


UNTREATED = "Newly diagnosed, untreated B-ALL."


def marrow(day, percent, status="final", **more):
    return observation(
        "11150-0", day, percent, "%", status=status, id=an_id("marrow", day, percent, status), **more
    )


PATIENTS = {
    "step 1: relapse, then remission, no inotuzumab and no blasts since": ([RELAPSE, condition("C91.01", onset="2026-04-01")], "unknown"),
    "step 1 does not hold when blasts came after the remission": ([RELAPSE, condition("C91.01", onset="2026-04-01"), marrow("2026-04-10", 12)], "met"),
    "step 1: a relapse whose own status is remission": ([condition("C91.02", onset="2026-03-01", clinical="remission")], "unknown"),
    "step 1: the same, with blasts since": ([condition("C91.02", onset="2026-03-01", clinical="remission"), marrow("2026-04-10", 12)], "met"),
    "step 1: the same, after inotuzumab": ([condition("C91.02", onset="2026-03-01", clinical="remission"), administration("2026-03-10", 1.4, "C1D1"), procedure("234336002", "2026-04-01")], "met"),
    "step 1: the same, and a later relapse": ([condition("C91.02", onset="2024-03-01", clinical="remission"), RELAPSE], "met"),
    "step 1: a relapse that is resolved": ([condition("C91.02", onset="2026-03-01", clinical="resolved")], "met"),
    "step 2: marrow of 5 % after a recorded remission": ([IN_REMISSION, marrow("2026-03-01", 5)], "met"),
    "step 2: peripheral blasts after a recorded remission": ([IN_REMISSION, observation("26446-5", "2026-03-01", 3, "%")], "met"),
    "step 2: marrow of 4.9 % is no relapse": ([IN_REMISSION, marrow("2026-03-01", 4.9)], "not-met"),
    "step 2: blasts before the remission are the old disease": ([IN_REMISSION, marrow("2025-01-10", 80)], "not-met"),
    "step 2: blasts after a remission that a report states": ([B_ALL, report("2025-06-01", "Complete remission."), marrow("2026-03-01", 30)], "met"),
    "step 3: C91.02": ([RELAPSE], "met"),
    "step 3: clinical status relapse": ([condition("277572006", system=SNOMED, recorded="2025-01-10", clinical="relapse")], "met"),
    "step 3: clinical status recurrence": ([condition("277572006", system=SNOMED, recorded="2025-01-10", clinical="recurrence")], "met"),
    "step 3: acute lymphoid leukemia relapse": ([condition("12301000132103", system=SNOMED, recorded="2026-03-01")], "met"),
    "step 3: refractory acute lymphoid leukemia": ([condition("12311000132101", system=SNOMED, recorded="2026-03-01")], "met"),
    "step 3: a generic relapse code beside ALL": ([B_ALL, condition("1251564008", system=SNOMED, recorded="2026-03-01")], "met"),
    "step 3: a generic relapse code alone says nothing of ALL": ([condition("1251564008", system=SNOMED, recorded="2026-03-01")], "unknown"),
    "step 3: a relapse that is only suspected": ([condition("C91.02", onset="2026-03-01", verification="provisional")], "unknown"),
    "step 4: C91.00, one prior line, marrow 20 % after it": ([NOT_IN_REMISSION, INDUCTION, INDUCTION_END, marrow("2025-03-10", 20)], "met"),
    "step 4: C91.00, one prior line, failure stated": ([NOT_IN_REMISSION, INDUCTION, INDUCTION_END, stated("Response", "no response", "2025-03-12")], "met"),
    "step 4: C91.00, one prior line, marrow 2 % and CR stated": ([NOT_IN_REMISSION, INDUCTION, INDUCTION_END, marrow("2025-03-10", 2), stated("Response", "CR", "2025-03-12")], "not-met"),
    "step 4: C91.00, one prior line, marrow 2 % and nothing stated": ([NOT_IN_REMISSION, INDUCTION, INDUCTION_END, marrow("2025-03-10", 2)], "unknown"),
    "step 4: MRD alone is not relapse": ([NOT_IN_REMISSION, INDUCTION, INDUCTION_END, marrow("2025-03-10", 2), stated("MRD", "positive 0.2 %", "2025-03-10")], "unknown"),
    "step 1: an undated remission beside a relapse may be later": ([RELAPSE, condition("C91.01")], "unknown"),
    "step 1: a remission recorded as ended is over": ([RELAPSE, condition("C91.01", onset="2026-04-01", clinical="resolved")], "met"),
    "step 1: inotuzumab between relapse and remission": ([RELAPSE, administration("2026-03-10", 1.4, "C1D1"), condition("C91.01", onset="2026-03-30"), procedure("234336002", "2026-04-01")], "met"),
    "step 1: blasts before the later remission do not count as since": ([condition("C91.01", onset="2024-06-01", id="first"), marrow("2026-03-01", 40), RELAPSE, condition("C91.01", onset="2026-04-01", id="second")], "unknown"),
    "step 2: a status entry written when the disease began dates no remission": ([condition("277572006", system=SNOMED, onset="2025-01-10", recorded="2025-01-10", clinical="remission"), marrow("2026-03-01", 40)], "unknown"),
    "step 2: the status entry of a later day dates one": ([condition("277572006", system=SNOMED, onset="2025-01-10", recorded="2025-06-10", clinical="remission"), marrow("2026-03-01", 40)], "met"),
    "step 2: the end of the disease dates a remission": ([condition("277572006", system=SNOMED, onset="2025-01-10", recorded="2025-01-10", ended="2025-05-01", clinical="remission"), marrow("2026-03-01", 40)], "met"),
    "step 4: the newest marrow counts": ([NOT_IN_REMISSION, INDUCTION, marrow("2025-03-01", 40), INDUCTION_LATER, marrow("2025-06-10", 3)], "unknown"),
    "step 4: failure of the first of two lines": ([NOT_IN_REMISSION, INDUCTION, marrow("2025-03-10", 40), INDUCTION_LATER], "met"),
    "step 4: marrow during the line is not after it": ([NOT_IN_REMISSION, INDUCTION, marrow("2025-02-10", 40), INDUCTION_END], "unknown"),
    "step 4: refractory in a note": ([NOT_IN_REMISSION, report("2025-03-12", "Primary refractory B-ALL after induction chemotherapy")], "met"),
    "step 4: refractory denied": ([NOT_IN_REMISSION, INDUCTION, report("2025-03-12", "Not refractory")], "unknown"),
    "step 4: mCODE worsened": ([NOT_IN_REMISSION, INDUCTION, worsened("2025-03-15")], "met"),
    "step 4: ended for absent response": ([NOT_IN_REMISSION, INDUCTION, drug_order("cytarabine", status="stopped", authored="2025-03-01", statusReason={"coding": [{"system": SNOMED, "code": "266721009"}]})], "met"),
    "step 4 is not asked of a patient in remission only": ([IN_REMISSION, INDUCTION, marrow("2025-07-01", 2)], "not-met"),
    "step 5: remission beside a plain B-ALL entry": ([B_ALL, IN_REMISSION], "not-met"),
    "step 5: C91.00 and, later, C91.01": ([NOT_IN_REMISSION, IN_REMISSION], "not-met"),
    "step 5: C91.01 and, later, C91.00": ([condition("C91.00", recorded="2026-03-01"), IN_REMISSION], "unknown"),
    "step 5: stated as newly diagnosed, no prior line": ([condition("277572006", system=SNOMED, recorded="2026-04-01", note="Newly diagnosed")], "not-met"),
    "step 5: newly diagnosed, yet a prior line was given": ([condition("277572006", system=SNOMED, recorded="2025-01-10", note="Newly diagnosed"), INDUCTION], "unknown"),
    "step 5: only remission and no relapse ever": ([IN_REMISSION], "not-met"),
    "step 6: C91.00 with unknown history": ([NOT_IN_REMISSION], "unknown"),
    "a negated relapse is none": ([condition(None, text="B-ALL, no evidence of relapse", recorded="2025-01-10")], "unknown"),
    "a relapse in words": ([condition(None, text="Relapsed B-ALL", recorded="2026-03-01")], "met"),
    "a refuted relapse never counts": ([B_ALL, condition("C91.02", onset="2026-03-01", verification="refuted")], "unknown"),
    "step 2: a corrected result replaces what it corrects": ([IN_REMISSION, marrow("2026-03-01", 40), marrow("2026-03-01", 2, "corrected")], "not-met"),
    "step 2: a final result replaces a preliminary one": ([IN_REMISSION, marrow("2026-03-01", 40, "preliminary"), marrow("2026-03-01", 2)], "not-met"),
    "step 2: a later issue replaces an earlier one": ([IN_REMISSION, marrow("2026-03-01", 40, issued="2026-03-02T08:00:00Z"), marrow("2026-03-01", 2, issued="2026-03-03T08:00:00Z")], "not-met"),
    "step 2: a correction to blasts counts": ([IN_REMISSION, marrow("2026-03-01", 2), marrow("2026-03-01", 40, "corrected")], "met"),
    "step 2: a correction of one of two times of a day": ([IN_REMISSION, marrow("2026-03-01T08:00:00Z", 40), marrow("2026-03-01T15:00:00Z", 2, "corrected")], "met"),
    "step 2: a correction without a time is of that day": ([IN_REMISSION, marrow("2026-03-01T08:00:00Z", 40), marrow("2026-03-01", 2, "corrected")], "not-met"),
    "step 2: a preliminary result alone is used": ([IN_REMISSION, marrow("2026-03-01", 40, "preliminary")], "met"),
    "step 2: two final results that differ and lead to one answer": ([IN_REMISSION, marrow("2026-03-01", 40), marrow("2026-03-01", 60)], "met"),
    "step 2: two final results that contradict": ([IN_REMISSION, marrow("2026-03-01", 40), marrow("2026-03-01", 2)], "unknown"),
    "step 2: a contradiction does not hide other blasts": ([IN_REMISSION, marrow("2026-03-01", 40), marrow("2026-03-01", 2), marrow("2026-03-20", 30)], "met"),
    "step 2: corrected peripheral blasts": ([IN_REMISSION, observation("26446-5", "2026-03-01", 3, "%"), observation("26446-5", "2026-03-01", 0, "%", status="corrected")], "not-met"),
    "blasts of 3 to 8 % after a remission": ([IN_REMISSION, observation("11150-0", "2026-03-01", text="3-8 %")], "unknown"),
    "blasts of a range of 3 to 8 %": ([IN_REMISSION, observation("11150-0", "2026-03-01", valueRange={"low": quantity(3, "%"), "high": quantity(8, "%")})], "unknown"),
    "blasts of about 5 %": ([IN_REMISSION, observation("11150-0", "2026-03-01", text="approx. 5 %")], "unknown"),
    "blasts below 10 %": ([IN_REMISSION, observation("11150-0", "2026-03-01", valueQuantity=quantity(10, "%") | {"comparator": "<"})], "unknown"),
    "blasts below 5 %": ([IN_REMISSION, observation("11150-0", "2026-03-01", valueQuantity=quantity(5, "%") | {"comparator": "<"})], "not-met"),
    "blasts of 6 to 8 %": ([IN_REMISSION, observation("11150-0", "2026-03-01", text="6-8 %")], "met"),
    "blood with less than 1 % blasts": ([IN_REMISSION, observation("26446-5", "2026-03-01", text="<1 %")], "unknown"),
    "blasts of 3 to 8 % before the remission": ([IN_REMISSION, observation("11150-0", "2025-05-01", text="3-8 %")], "not-met"),
    "blasts of 3 to 8 % after a remission that a report states": ([B_ALL, INDUCTION, report("2025-06-01", "Complete remission."), observation("11150-0", "2025-09-01", text="3-8 %"), marrow("2025-10-01", 2), report("2025-10-02", "Complete remission.", id="again")], "unknown"),
    "blasts of the month in which the remission began": ([IN_REMISSION, marrow("2025-06", 40)], "unknown"),
    "blasts in the month that may be the remission's": ([condition("C91.01", recorded="2025-06", clinical="remission"), marrow("2025-06-20", 40)], "unknown"),
    "blasts of the remission's own day": ([IN_REMISSION, marrow("2025-06-01", 40)], "not-met"),
    "blasts without a date beside a remission": ([IN_REMISSION, marrow(None, 40)], "unknown"),
    "blasts beside a remission without a date": ([condition("C91.01"), marrow("2025-06-20", 40)], "unknown"),
    "blasts in the future have not come": ([IN_REMISSION, marrow("2026-05-01", 50)], "not-met"),
}  # fmt: skip


@pytest.mark.parametrize(("record", "expected"), PATIENTS.values(), ids=PATIENTS)
def test_pol_a_ii_a(record, expected):
    assert verdict(determine([patient(), *record]), "POL-A-II-A") == expected


NOTED = {
    "relapse by the disease's name in a report": ([B_ALL, report("2026-03-02", "Relapsed B-ALL.")], "met"),
    "by the name in a note": ([B_ALL, document("2026-03-02", "B-ALL in first relapse.")], "met"),
    "by the name in a note of the diagnosis": ([condition("277572006", system=SNOMED, recorded="2026-03-02", note="Relapsed B-ALL")], "met"),
    "with a date of its own": ([B_ALL, report("2026-03-02", "First relapse 2026-03-01, after hyper-CVAD in 2024.")], "met"),
    "in an assessment's words": ([B_ALL, report("2026-03-02", "Overt hematologic relapse.")], "met"),
    "as a loss of remission": ([B_ALL, report("2026-03-02", "Lost CR.")], "met"),
    "refractory disease": ([B_ALL, report("2026-03-02", "Refractory B-ALL")], "met"),
    "of the past, without a date, and no remission on record": ([B_ALL, document("2026-03-02", "h/o relapsed B-ALL")], "met"),
    "of the past, without a date, beside a remission": ([IN_REMISSION, document("2026-03-02", "h/o relapsed B-ALL")], "unknown"),
    "later than a recorded remission": ([IN_REMISSION, report("2026-03-02", "Relapsed B-ALL.")], "met"),
    "earlier than a recorded remission": ([IN_REMISSION, report("2025-03-02", "Relapsed B-ALL.")], "unknown"),
    "earlier than a recorded remission, by the date in the text": ([IN_REMISSION, report("2026-03-02", "First relapse 2025-03-01.")], "unknown"),
    "earlier than a stated remission": ([B_ALL, report("2026-03-02", "Relapsed B-ALL."), report("2026-03-30", "Complete remission.")], "unknown"),
    "earlier than a stated remission, with blasts since": ([B_ALL, report("2026-03-02", "Relapsed B-ALL."), report("2026-03-30", "Complete remission."), marrow("2026-04-10", 30)], "met"),
    "earlier than a remission by inotuzumab": ([B_ALL, report("2026-03-02", "Relapsed B-ALL."), administration("2026-03-10", 1.4, "C1D1"), report("2026-03-30", "Complete remission."), procedure("234336002", "2026-04-01")], "met"),
    "later than a stated remission": ([B_ALL, report("2025-06-02", "Complete remission."), report("2026-03-02", "Relapsed B-ALL.")], "met"),
    "with a later remission in the same text": ([B_ALL, report("2026-03-02", "Relapsed in 2024, now in CR2 since 2025-01")], "unknown"),
    "later than a relapse entry and its remission": ([condition("C91.02", onset="2024-03-01"), IN_REMISSION, report("2026-03-02", "Second relapse of B-ALL.")], "met"),
    "denied": ([IN_REMISSION, report("2026-03-02", "No evidence of relapse.")], "not-met"),
    "possible": ([IN_REMISSION, report("2026-03-02", "Possible relapse.")], "not-met"),
    "conditional": ([IN_REMISSION, document("2026-03-02", "If relapse, plan inotuzumab.")], "not-met"),
    "another person's": ([IN_REMISSION, document("2026-03-02", "Father with relapsed leukemia.")], "not-met"),
    "another disease's": ([IN_REMISSION, document("2026-03-02", "Relapsed C. diff.")], "not-met"),
    "in a note of another condition": ([IN_REMISSION, condition("F33.0", recorded="2026-03-02", note="Relapsed 2026-03-01.")], "not-met"),
    "in a note of a leukemia that is not confirmed": ([B_ALL, condition("277572006", system=SNOMED, recorded="2026-03-02", note="Relapsed B-ALL", verification="provisional", id="second")], "unknown"),
    "without a leukemia on record": ([report("2026-03-02", "First relapse 2026-03-01.")], "unknown"),
    "of which malignancy it does not say": ([B_ALL, condition("C50.911", onset="2023-01-10"), report("2026-03-02", "Marrow shows relapse.")], "unknown"),
    "of the leukemia, beside another malignancy": ([B_ALL, condition("C50.911", onset="2023-01-10"), report("2026-03-02", "Relapsed B-ALL.")], "met"),
    "in a plan only": ([IN_REMISSION, care_plan("Inotuzumab for relapsed B-ALL", created="2026-04-14")], "unknown"),
    "progression after a remission": ([IN_REMISSION, stated("Response", "PD", "2026-03-02")], "unknown"),
    "worsened after a remission": ([IN_REMISSION, worsened("2026-03-02")], "unknown"),
    "worsened before a remission": ([IN_REMISSION, worsened("2025-03-02")], "not-met"),
    "in the future": ([IN_REMISSION, report("2026-05-02", "Relapsed B-ALL.")], "not-met"),
    "untreated, of shortly before": ([B_ALL, document("2026-04-10", UNTREATED)], "not-met"),
    "untreated, 89 days before day 1": ([B_ALL, document("2026-01-17", UNTREATED)], "not-met"),
    "untreated, 90 days before day 1": ([B_ALL, document("2026-01-16", UNTREATED)], "unknown"),
    "untreated, of years ago": ([B_ALL, document("2024-01-12", UNTREATED)], "unknown"),
    "untreated, by a date of years ago in a new text": ([B_ALL, document("2026-04-10", "B-ALL newly diagnosed 2024-01.")], "unknown"),
    "untreated, of years ago, and relapse": ([B_ALL, document("2024-01-12", UNTREATED), document("2026-03-05", "B-ALL in first relapse.", id="later")], "met"),
    "untreated, then relapse": ([B_ALL, document("2026-03-01", UNTREATED), document("2026-04-05", "B-ALL in first relapse.", id="later")], "met"),
    "relapse, then untreated": ([B_ALL, document("2026-03-01", "B-ALL in first relapse."), document("2026-04-05", UNTREATED, id="later")], "unknown"),
    "untreated, then remission": ([B_ALL, document("2026-03-01", UNTREATED), report("2026-04-05", "Complete remission.")], "unknown"),
    "untreated, then progression": ([B_ALL, document("2026-03-01", UNTREATED), stated("Response", "PD", "2026-04-05")], "unknown"),
    "untreated, and a plan for relapsed disease": ([B_ALL, document("2026-03-01", UNTREATED), care_plan("Inotuzumab for relapsed B-ALL", created="2026-04-14")], "unknown"),
    "was untreated": ([B_ALL, document("2026-04-10", "Was untreated")], "unknown"),
}  # fmt: skip


@pytest.mark.parametrize(("record", "expected"), NOTED.values(), ids=NOTED)
def test_pol_a_ii_a_by_what_texts_state(record, expected):
    assert verdict(determine([patient(), *record]), "POL-A-II-A") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *((t, "met") for t in (
            "R/R B-ALL s/p 2 lines.", "Refractory B-ALL: failed hyper-CVAD x2.", "Progressed on blinatumomab.", "Did not achieve remission after hyper-CVAD.",
            "Failed to achieve CR with hyper-CVAD.", "Never achieved CR after two inductions.", "Did not respond to hyper-CVAD.", "Testicular relapse.",
            "Persistent leukemia after two induction courses.", "HPI: 46F with B-ALL relapsed 3/2026.", "PMH: relapsed B-ALL 3/2026.",
        )),
        *((t, "unknown") for t in (
            "Has not failed blinatumomab.", "If she progressed on blinatumomab, inotuzumab.", "Mother progressed on chemotherapy.", "Failed induction of labor.",
            "Depression: did not achieve remission with SSRI.", "Breast cancer progressed on chemotherapy.", "Molecular relapse.", "MRD relapse, 0.05 %.",
            "Did not respond to platelet transfusion.", "HPI: Mother with relapsed B-ALL.", "PMH: relapsing polychondritis.", "HPI: discussed risk of relapse.",
        )),
    ],
)  # fmt: skip
def test_pol_a_ii_a_failure_of_therapy_in_words(text, expected):
    assert verdict(determine([patient(), B_ALL, document("2026-04-10", text)]), "POL-A-II-A") == expected


def test_the_order_itself_may_call_the_disease_relapsed_and_settles_nothing_by_it():
    record = [patient(), B_ALL, document("2026-04-10", UNTREATED)]
    assert verdict(determine(record, order(text="C1D1, relapsed B-ALL")), "POL-A-II-A") == "unknown"


def test_a_relapse_in_words_is_cited():
    found = criterion(determine([patient(), B_ALL, report("2026-03-02", "Relapsed B-ALL.")]), "POL-A-II-A")
    assert "Relapsed B-ALL" in found.because
    assert any("2026-03-02" in reference for reference in found.evidence)


def test_a_failure_without_a_line_is_not_said_to_be_absent():
    found = criterion(determine([patient(), B_ALL, stated("Response", "PD", "2026-04-05")]), "POL-A-II-A")
    assert found.verdict.value == "unknown"
    assert "PD" in found.because


def test_pol_a_ii_a_line_5_an_order_may_say_that_the_disease_is_untreated():
    assert (
        verdict(determine([patient(), B_ALL], order(text="C1D1, untreated B-ALL")), "POL-A-II-A") == "not-met"
    )


def test_pol_a_ii_a_is_judged_both_ways_on_day_8():
    record = [
        patient(),
        RELAPSE,
        administration("2026-04-09", 1.41, "C1D1"),
        condition("C91.01", onset="2026-04-14"),
    ]
    assert verdict(determine(record, order(text="C1D8", mg=0.88)), "POL-A-II-A") == "met"


def test_conditions_that_could_not_be_seen_leave_it_unknown_and_named():
    d = determine([patient(), INDUCTION], gaps=[Gap(DataKind.CONDITIONS, "the server answered 403")])
    found = criterion(d, "POL-A-II-A")
    assert found.verdict.value == "unknown"
    assert "403" in found.because


def test_an_unknown_asks_for_the_treatment_history():
    assert "therapy-history" in criterion(determine([patient(), NOT_IN_REMISSION]), "POL-A-II-A").needed


def test_an_unknown_names_the_blasts_that_leave_it_open():
    found = criterion(
        determine([patient(), IN_REMISSION, observation("11150-0", "2026-03-01", text="3-8 %")]), "POL-A-II-A"
    )
    assert "3 to 8 %" in found.because
    assert any("11150-0" in reference for reference in found.evidence)


FRONTLINE = {
    "diagnosed 89 days before day 1, no prior line": ([condition("277572006", system=SNOMED, onset="2026-01-17")], "met"),
    "diagnosed 90 days before day 1": ([condition("277572006", system=SNOMED, onset="2026-01-16")], "unknown"),
    "an old diagnosis, and the plan says induction": ([condition("277572006", system=SNOMED, onset="2025-01-16"), drug_order("vincristine", authored="2026-04-14", text="Induction, day 1")], "met"),
    "re-induction is not induction": ([condition("277572006", system=SNOMED, onset="2025-01-16"), drug_order("vincristine", authored="2026-04-14", text="Re-induction after relapse")], "unknown"),
    "a prior line": ([condition("277572006", system=SNOMED, onset="2026-03-16"), INDUCTION], "not-met"),
    "relapsed": ([RELAPSE], "not-met"),
    "drugs of the regimen that starts now are no prior line": ([condition("277572006", system=SNOMED, onset="2026-04-01"), administration("2026-04-12", None, drug={"text": "vincristine"}), drug_order("cyclophosphamide", authored="2026-04-12")], "met"),
    "hydroxyurea before is no line": ([condition("277572006", system=SNOMED, onset="2026-04-01"), administration("2026-04-05", None, drug={"text": "hydroxyurea"})], "met"),
    "intrathecal methotrexate before is no line": ([condition("277572006", system=SNOMED, onset="2026-04-01"), administration("2026-04-05", None, "intrathecal", drug={"text": "methotrexate"})], "met"),
    "relapse in a report beside a recent entry": ([condition("277572006", system=SNOMED, onset="2026-04-01"), report("2026-04-02", "Relapsed B-ALL.")], "not-met"),
    "relapse in a note of the entry": ([condition("277572006", system=SNOMED, onset="2026-04-01", recorded="2026-04-01", note="First relapse 2026-03-01, after hyper-CVAD in 2024.")], "not-met"),
    "a relapse, and a remission that may be later": ([condition("277572006", system=SNOMED, onset="2026-04-01"), report("2026-04-02", "First relapse 2025-03-01."), condition("C91.01", onset="2026-04-05")], "unknown"),
    "a plan calls it relapsed": ([condition("277572006", system=SNOMED, onset="2026-04-01"), care_plan("Inotuzumab for relapsed B-ALL", created="2026-04-14")], "unknown"),
    "blasts that may be a relapse": ([condition("277572006", system=SNOMED, onset="2026-03-01"), report("2026-03-20", "Complete remission."), observation("11150-0", "2026-04-10", text="3-8 %")], "unknown"),
    "relapse denied": ([condition("277572006", system=SNOMED, onset="2026-04-01"), report("2026-04-02", "No evidence of relapse.")], "met"),
    "a steroid prephase is no line": ([condition("277572006", system=SNOMED, onset="2026-04-01"), administration("2026-04-05", None, drug={"text": "prednisone"})], "met"),
}  # fmt: skip


@pytest.mark.parametrize(("record", "expected"), FRONTLINE.values(), ids=FRONTLINE)
def test_pol_a_iv_fl(record, expected):
    assert verdict(determine([patient(), *record]), "POL-A-IV-FL") == expected


def test_pol_a_iv_fl_is_unknown_when_the_history_could_not_be_seen():
    gaps = [Gap(DataKind.MEDICATION_STATEMENTS, "the EHR did not answer in time")]
    d = determine(
        [patient(), condition("277572006", system=SNOMED, onset="2026-04-01")], order(text="C1D1"), gaps=gaps
    )
    assert verdict(d, "POL-A-IV-FL") == "unknown"


NEW_B_ALL = condition("277572006", system=SNOMED, recorded="2026-04-01", onset="2026-04-01")
PH = {
    "FISH negative": ([observation("51867-0", "2026-04-02", text="Negative")], "met"),
    "FISH positive": ([observation("51867-0", "2026-04-02", text="Positive")], "not-met"),
    "once positive, later undetectable": ([observation("51867-0", "2025-04-02", text="Positive"), observation("46434-7", "2026-04-02", text="Not detected")], "not-met"),
    "a transcript ratio above zero": ([observation("46434-7", "2026-04-02", 0.02, "{ratio}")], "not-met"),
    "a normal karyotype": ([observation("33893-9", "2026-04-02", text="46,XY[20]")], "met"),
    "karyotype with t(9;22)": ([observation("33893-9", "2026-04-02", text="46,XX,t(9;22)(q34;q11.2)[20]")], "not-met"),
    "Ph-negative precursor B-ALL by code": ([condition("714251006", system=SNOMED, recorded="2026-04-01")], "met"),
    "Ph-positive ALL by code": ([condition("425688002", system=SNOMED, recorded="2026-04-01")], "not-met"),
    "Ph-like settles nothing": ([report("2026-04-02", "Ph-like ALL, BCR::ABL1-like signature")], "unknown"),
    "ETV6-RUNX1 settles nothing": ([observation("69548-6", "2026-04-02", text="ETV6-RUNX1 fusion present")], "unknown"),
    "no test at all": ([], "unknown"),
    "a test without a date decides: the question has no time": ([observation("51867-0", None, text="Negative")], "met"),
    "a variant naming both genes by code": ([observation("69548-6", "2026-04-02", text="Present", component=[
        {"code": {"coding": [{"system": LOINC, "code": "48018-6"}]}, "valueCodeableConcept": {"coding": [{"system": "http://www.genenames.org/geneId", "code": c}]}} for c in ("HGNC:1014", "HGNC:76")])], "not-met"),
    "FISH equivocal": ([observation("51867-0", "2026-04-02", interpretation=[{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", "code": "IND"}]}])], "unknown"),
    "a transcript below the limit of detection": ([observation("46434-7", "2026-04-02", valueQuantity={"value": 0.001, "comparator": "<", "unit": "{ratio}"})], "met"),
    "a transcript as a logarithm": ([observation("82905-1", "2026-04-02", -3.2, "{log}")], "not-met"),
    "a cytogenetics report": ([report("2026-04-02", "46,XY[20]", loinc="55228-1")], "met"),
    "a report that names it without a sign": ([report("2026-04-02", "FISH for BCR::ABL1 was sent")], "unknown"),
    "a test under a local code": ([stated("BCR-ABL1 by PCR", "Not detected", "2026-04-02")], "met"),
    "a transcript undetectable in remission": ([condition("C91.01", onset="2025-06-01"), observation("46434-7", "2025-09-01", text="Not detected")], "unknown"),
    "a transcript undetectable at the relapse after it": ([condition("C91.01", onset="2025-06-01"), RELAPSE, observation("46434-7", "2026-03-02", text="Not detected")], "met"),
    "Ph-positive only suspected": ([condition("425688002", system=SNOMED, verification="provisional")], "unknown"),
    "a variant naming BCR and ABL1": ([observation("69548-6", "2026-04-02", text="Present", component=[
        {"code": {"coding": [{"system": LOINC, "code": "48018-6"}]}, "valueCodeableConcept": {"text": "BCR"}},
        {"code": {"coding": [{"system": LOINC, "code": "48018-6"}]}, "valueCodeableConcept": {"text": "ABL1"}}])], "not-met"),
}  # fmt: skip


@pytest.mark.parametrize(("record", "expected"), PH.values(), ids=PH)
def test_pol_a_iv_ph(record, expected):
    assert verdict(determine([patient(), NEW_B_ALL, *record]), "POL-A-IV-PH") == expected


LATER = {
    "a transcript without a relapse": ([observation("46434-7", "2026-03-02", text="Not detected")], "unknown"),
    "FISH without a relapse": ([observation("51867-0", "2025-09-01", text="Negative")], "unknown"),
    "a report without a relapse": ([report("2025-09-01", "BCR::ABL1 not detected.")], "unknown"),
    "long after an earlier relapse": ([condition("C91.02", onset="2025-06-01"), observation("46434-7", "2026-03-02", text="Not detected")], "unknown"),
    "just before the relapse is recorded": ([RELAPSE, observation("46434-7", "2026-02-26", text="Not detected")], "met"),
    "with blasts": ([observation("11150-0", "2026-03-01", 62, "%"), observation("51867-0", "2026-03-02", text="Negative")], "met"),
    "at diagnosis": ([observation("51867-0", "2025-01-12", text="Negative")], "met"),
    "a later text on the diagnosis": ([report("2026-03-02", "FISH negative for BCR::ABL1 at diagnosis.")], "met"),
    "a later text that names the disease": ([report("2026-03-02", "Ph-negative B-ALL.")], "met"),
    "at diagnosis and later": ([observation("51867-0", "2025-01-12", text="Negative"), observation("46434-7", "2026-03-02", text="Not detected")], "met"),
    "positive at diagnosis": ([observation("51867-0", "2025-01-12", text="Positive"), RELAPSE, observation("46434-7", "2026-03-02", text="Not detected")], "not-met"),
    "at relapse, in words of response": ([RELAPSE, stated("BCR-ABL1 MRD by PCR", "Not detected", "2026-03-02")], "unknown"),
}  # fmt: skip


@pytest.mark.parametrize(("record", "expected"), LATER.values(), ids=LATER)
def test_pol_a_iv_ph_an_absence_that_treatment_may_have_brought_is_none_of_the_disease(record, expected):
    assert verdict(determine([patient(), B_ALL, *record]), "POL-A-IV-PH") == expected


def test_pol_a_iv_ph_is_unknown_when_a_positive_result_may_be_unseen():
    gaps = [Gap(DataKind.OBSERVATIONS, "only the first 2000 rows were read", partial=True)]
    d = determine([patient(), NEW_B_ALL, observation("51867-0", "2026-04-02", text="Negative")], gaps=gaps)
    assert verdict(d, "POL-A-IV-PH") == "unknown"


LOCAL_NAMES = {
    "marrow": ("Marrow blasts %", 62, "met"),
    "marrow, low": ("Blast % (bone marrow)", 2, "not-met"),
    "blood": ("Blasts (peripheral blood)", 1, "met"),
    "blood or marrow": ("Blasts %", 12, "unknown"),
    "blood or marrow, manual": ("Blasts, manual diff", 1, "unknown"),
    "none in either": ("Blasts", 0, "not-met"),
    "of another fluid": ("Blasts, CSF", 12, "not-met"),
}


@pytest.mark.parametrize(("name", "percent", "expected"), LOCAL_NAMES.values(), ids=LOCAL_NAMES)
def test_pol_a_ii_a_blasts_after_remission_under_a_local_name(name, percent, expected):
    result = observation("11150-0", "2026-03-01", percent, "%") | {"code": {"text": name}}
    assert verdict(determine([patient(), B_ALL, IN_REMISSION, result]), "POL-A-II-A") == expected
