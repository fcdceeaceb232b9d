"""POL-A-II-A, relapsed or refractory: the procedure RR line by line, worked out by hand; lines by POL-DEF-LINE."""

import pytest

from cds_service.fhir.record import Gap, Need
from tests.policy.chart_notes import (
    LOINC,
    SNOMED,
    administration,
    condition,
    criterion,
    determine,
    drug_order,
    observation,
    order,
    patient,
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


def marrow(day, percent):
    return observation("11150-0", day, percent, "%")


PATIENTS = {
    "line 1: relapse, then remission, no inotuzumab and no blasts since": ([RELAPSE, condition("C91.01", onset="2026-04-01")], "unknown"),
    "line 1 does not hold when blasts came after the remission": ([RELAPSE, condition("C91.01", onset="2026-04-01"), marrow("2026-04-10", 12)], "met"),
    "line 2: marrow of 5 % after a recorded remission": ([IN_REMISSION, marrow("2026-03-01", 5)], "met"),
    "line 2: peripheral blasts after a recorded remission": ([IN_REMISSION, observation("26446-5", "2026-03-01", 3, "%")], "met"),
    "line 2: marrow of 4.9 % is no relapse": ([IN_REMISSION, marrow("2026-03-01", 4.9)], "not-met"),
    "line 2: blasts before the remission are the old disease": ([IN_REMISSION, marrow("2025-01-10", 80)], "not-met"),
    "line 2: blasts after a remission that a report states": ([B_ALL, report("2025-06-01", "Complete remission."), marrow("2026-03-01", 30)], "met"),
    "line 3: C91.02": ([RELAPSE], "met"),
    "line 3: clinical status relapse": ([condition("277572006", system=SNOMED, recorded="2025-01-10", clinical="relapse")], "met"),
    "line 3: clinical status recurrence": ([condition("277572006", system=SNOMED, recorded="2025-01-10", clinical="recurrence")], "met"),
    "line 3: acute lymphoid leukemia relapse": ([condition("12301000132103", system=SNOMED, recorded="2026-03-01")], "met"),
    "line 3: refractory acute lymphoid leukemia": ([condition("12311000132101", system=SNOMED, recorded="2026-03-01")], "met"),
    "line 3: a generic relapse code beside ALL": ([B_ALL, condition("1251564008", system=SNOMED, recorded="2026-03-01")], "met"),
    "line 3: a generic relapse code alone says nothing of ALL": ([condition("1251564008", system=SNOMED, recorded="2026-03-01")], "unknown"),
    "line 3: a relapse that is only suspected": ([condition("C91.02", onset="2026-03-01", verification="provisional")], "unknown"),
    "line 4: C91.00, one prior line, marrow 20 % after it": ([NOT_IN_REMISSION, INDUCTION, INDUCTION_END, marrow("2025-03-10", 20)], "met"),
    "line 4: C91.00, one prior line, failure stated": ([NOT_IN_REMISSION, INDUCTION, INDUCTION_END, stated("Response", "no response", "2025-03-12")], "met"),
    "line 4: C91.00, one prior line, marrow 2 % and CR stated": ([NOT_IN_REMISSION, INDUCTION, INDUCTION_END, marrow("2025-03-10", 2), stated("Response", "CR", "2025-03-12")], "not-met"),
    "line 4: C91.00, one prior line, marrow 2 % and nothing stated": ([NOT_IN_REMISSION, INDUCTION, INDUCTION_END, marrow("2025-03-10", 2)], "unknown"),
    "line 4: MRD alone is not relapse": ([NOT_IN_REMISSION, INDUCTION, INDUCTION_END, marrow("2025-03-10", 2), stated("MRD", "positive 0.2 %", "2025-03-10")], "unknown"),
    "line 5: stated as newly diagnosed, no prior line": ([condition("277572006", system=SNOMED, recorded="2026-04-01", note="Newly diagnosed")], "not-met"),
    "line 5: newly diagnosed, yet a prior line was given": ([condition("277572006", system=SNOMED, recorded="2025-01-10", note="Newly diagnosed"), INDUCTION], "unknown"),
    "line 5: only remission and no relapse ever": ([IN_REMISSION], "not-met"),
    "line 6: C91.00 with unknown history": ([NOT_IN_REMISSION], "unknown"),
    "a negated relapse is none": ([condition(None, text="B-ALL, no evidence of relapse", recorded="2025-01-10")], "unknown"),
    "a relapse in words": ([condition(None, text="Relapsed B-ALL", recorded="2026-03-01")], "met"),
    "a refuted relapse never counts": ([B_ALL, condition("C91.02", onset="2026-03-01", verification="refuted")], "unknown"),
    "blasts in the future have not come": ([IN_REMISSION, marrow("2026-05-01", 50)], "not-met"),
}  # fmt: skip


@pytest.mark.parametrize(("record", "expected"), PATIENTS.values(), ids=PATIENTS)
def test_pol_a_ii_a(record, expected):
    assert verdict(determine([patient(), *record]), "POL-A-II-A") == expected


def test_conditions_that_could_not_be_seen_leave_it_unknown_and_named():
    d = determine([patient(), INDUCTION], gaps=[Gap(Need.CONDITIONS, "the server answered 403")])
    found = criterion(d, "POL-A-II-A")
    assert found.verdict.value == "unknown"
    assert "403" in found.because


def test_an_unknown_asks_for_the_treatment_history():
    assert "therapy-history" in criterion(determine([patient(), NOT_IN_REMISSION]), "POL-A-II-A").needed


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
    "a steroid prephase is no line": ([condition("277572006", system=SNOMED, onset="2026-04-01"), administration("2026-04-05", None, drug={"text": "prednisone"})], "met"),
}  # fmt: skip


@pytest.mark.parametrize(("record", "expected"), FRONTLINE.values(), ids=FRONTLINE)
def test_pol_a_iv_fl(record, expected):
    assert verdict(determine([patient(), *record]), "POL-A-IV-FL") == expected


def test_pol_a_iv_fl_is_unknown_when_the_history_could_not_be_seen():
    gaps = [Gap(Need.MEDICATION_STATEMENTS, "the EHR did not answer in time")]
    d = determine(
        [patient(), condition("277572006", system=SNOMED, onset="2026-04-01")], order(text="C1D1"), gaps=gaps
    )
    assert verdict(d, "POL-A-IV-FL") == "unknown"


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
    "a variant naming BCR and ABL1": ([observation("69548-6", "2026-04-02", text="Present", component=[
        {"code": {"coding": [{"system": LOINC, "code": "48018-6"}]}, "valueCodeableConcept": {"text": "BCR"}},
        {"code": {"coding": [{"system": LOINC, "code": "48018-6"}]}, "valueCodeableConcept": {"text": "ABL1"}}])], "not-met"),
}  # fmt: skip


@pytest.mark.parametrize(("record", "expected"), PH.values(), ids=PH)
def test_pol_a_iv_ph(record, expected):
    assert verdict(determine([patient(), B_ALL, *record]), "POL-A-IV-PH") == expected


def test_pol_a_iv_ph_is_unknown_when_a_positive_result_may_be_unseen():
    gaps = [Gap(Need.OBSERVATIONS, "only the first 2000 rows were read", partial=True)]
    d = determine([patient(), B_ALL, observation("51867-0", "2026-04-02", text="Negative")], gaps=gaps)
    assert verdict(d, "POL-A-IV-PH") == "unknown"
