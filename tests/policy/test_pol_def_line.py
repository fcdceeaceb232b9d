"""POL-DEF-LINE and POL-A-IV-FL: what is a prior line of ALL therapy, and what is frontline use.

Day 1 is 2026-04-16. A patient diagnosed in January 2025 without a prior line, and without a word on
the line of therapy, is unknown; a prior line makes it not met.
"""

import pytest

from cds_service.fhir.record import DataKind, Gap
from tests.policy.chart_notes import (
    HCPCS,
    ICD10,
    PATIENT,
    SNOMED,
    administration,
    care_plan,
    coded,
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

CPT, ICD10PCS = "http://www.ama-assn.org/go/cpt", "http://www.cms.gov/Medicare/Coding/ICD10"
OLD = condition("277572006", system=SNOMED, onset="2025-01-16")


def given(drug, day, text=None, **more):
    return administration(day, None, text, drug={"text": drug}, id=f"given-{drug}-{day}", **more)


def taken(drug, start, end, *, reason=None, **more):
    found = {
        "resourceType": "MedicationStatement", "id": f"taken-{drug[:8]}", "status": "completed", "subject": PATIENT,
        "medicationCodeableConcept": {"text": drug}, "effectivePeriod": {"start": start, "end": end},
    }  # fmt: skip
    return found | ({"reasonCode": [{"text": reason}]} if reason else {}) | more


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
    "a transplant in words": procedure(None, "2025-10-01", text="Haploidentical stem cell transplant"),
    "a transplant without a date": procedure("234336002"),
    "a transplant status in words": condition(None, text="Stem cell transplant status", recorded="2025-10-01"),
    "a transplant in a note": document("2026-03-03", "Post-transplant relapse."),
    "a completed plan": care_plan("Hyper-CVAD induction", start="2025-02-01", status="completed"),
    "a note of relapse after a regimen": document("2026-03-03", "Relapsed after hyper-CVAD. Plan inotuzumab."),
    "a note of what was received": document("2026-03-03", "Received R-hyper-CVAD and blinatumomab in 2025."),
    "prior lines counted in a note": document("2026-03-03", "Two prior lines of therapy."),
    "what was received elsewhere": document("2026-03-03", "Received 4 cycles of hyper-CVAD at OSH."),
    "under a heading": document("2026-03-03", "Prior therapy: hyper-CVAD x 4."),
    "failure of a drug": document("2026-03-03", "Failed blinatumomab."),
    "failure of induction in a problem's note": condition("C91.00", recorded="2026-01-01", note="Refractory to induction chemotherapy"),
    "CAR-T cells as a procedure": procedure(None, "2025-09-01", text="Infusion of CAR-T cells"),
    "CAR-T cells in words that are not wholly understood": procedure(None, "2025-09-01", text="CAR-T of the quux kind"),
    "a regimen by its name in a statement": taken("hyper-CVAD x 4", "2025-02-01", "2025-06-01"),
    "a regimen as the answer to prior therapy": stated("Prior systemic therapy", "hyper-CVAD x 4", "2026-04-10"),
    "for lymphoblastic lymphoma": given("cytarabine", "2025-03-01", reasonCode=[coded(ICD10, "C83.50")]),
    "for leukemia of unstated type": given("cytarabine", "2025-03-01", reasonCode=[{"text": "Acute leukemia"}]),
    "a reason that names no disease": given("cytarabine", "2025-03-01", reasonCode=[coded(ICD10, "Z51.11", "Encounter for antineoplastic chemotherapy")]),
    "under a heading of the present illness": document("2026-03-03", "HPI: 68M with B-ALL s/p 1 cycle of hyper-CVAD 2/2026."),
    "under a heading of the past": document("2026-03-03", "PMH: prior blinatumomab 2025."),
    "lines counted behind s/p": document("2026-03-03", "B-ALL s/p 2 lines."),
    "a regimen with intrathecal drugs": document("2026-03-03", "Received hyper-CVAD with IT methotrexate."),
    "chemotherapy as a procedure": procedure(None, "2025-03-01", text="Chemotherapy"),
    "a regimen as a procedure": procedure(None, "2025-03-01", text="Hyper-CVAD chemotherapy cycle 1"),
    "CAR-T cells in a code's long name": procedure(None, "2025-09-01", text="Brexucabtagene autoleucel, up to 200 million autologous anti-cd19 car positive viable t cells, including leukapheresis and dose preparation procedures, per therapeutic dose"),
    "asparaginase by its brand": given("Rylaze", "2025-03-01"),
    "a drug of no code table": taken("cladribine", "2025-02-01", "2025-06-01"),
    "for conditioning": given("busulfan", "2025-09-20", reasonCode=[{"text": "Conditioning before transplant"}]),
    "for leukemia, and another disease beside it": given("cytarabine", "2025-03-01", reasonCode=[{"text": "B-ALL"}, {"text": "Breast cancer"}]),
    "CAR-T cells given, by their billing code": administration("2025-09-01", None, drug=coded(HCPCS, "Q2042"), id="cells"),
    "other CAR-T cells given, by their billing code": administration("2025-09-01", None, drug=coded(HCPCS, "Q2053"), id="cells"),
    "newer CAR-T cells given, by their billing code": administration("2025-09-01", None, drug=coded(HCPCS, "Q2058"), id="cells"),
    "CAR-T cells by the code of giving them": procedure("38228", "2025-09-01", system=CPT),
    "the same by its former code, with its name": procedure("0540T", "2024-09-01", system=CPT, text="Chimeric antigen receptor T-cell (CAR-T) therapy; CAR-T cell administration, autologous"),
    "CAR-T cells by the hospital's code": procedure("XW043J7", "2025-09-01", system=ICD10PCS),
    "CAR-T cells as a procedure with the code of the product": procedure("Q2042", "2025-09-01", system=HCPCS),
    "a drug as a procedure, by its billing code": procedure("J9039", "2025-09-01", system=HCPCS),
    "chemotherapy by the hospital's code": procedure("3E04305", "2025-09-01", system=ICD10PCS),
    "blinatumomab by the hospital's former code": procedure("XW03351", "2021-08-01", system=ICD10PCS),
    "an infusion of stem cells": procedure(None, "2025-09-01", text="Infusion of hematopoietic progenitor cells, allogeneic"),
    "an infusion of marrow": procedure(None, "2025-09-01", text="Bone marrow infusion, allogeneic"),
    "daunorubicin by its billing code": administration("2025-03-01", None, drug=coded(HCPCS, "J9150"), id="dauno"),
    "CAR-T cells in a condition's name": condition(None, text="History of CAR-T therapy", recorded="2026-03-01"),
    "CAR-T cells in a condition's code": condition("Z92.850", recorded="2026-03-01"),
    "a drug in a condition's name": condition(None, text="S/P blinatumomab therapy", recorded="2026-03-01"),
    "a regimen in the leukemia's own name": condition(None, text="B-ALL s/p hyper-CVAD", recorded="2026-03-01"),
    "chemotherapy by its billing code, for leukemia": procedure("96413", "2025-09-01", system=CPT, reasonCode=[coded(ICD10, "C91.00")]),
    "the same with a name and the reason in words": procedure("Q0084", "2025-09-01", system=HCPCS, text="IV infusion, first hour", reasonCode=[{"text": "B-ALL"}]),
    "chemotherapy 20 days ago that does not go on": given("cytarabine", "2026-03-27"),
}  # fmt: skip


@pytest.mark.parametrize("resource", A_LINE.values(), ids=A_LINE)
def test_pol_def_line_a_prior_line_is_not_frontline(resource):
    assert frontline([OLD, resource]) == "not-met"
    assert frontline([OLD, resource], "C1D1, first line") == "not-met"


NO_LINE = {
    "CAR-T cells collected, by code": procedure("38225", "2026-03-20", system=CPT, text="Car-t hrv bld-drv t lymphcyt"),
    "CAR-T cells collected, by the name of the code": procedure(None, "2026-03-20", text="Chimeric antigen receptor T-cell (CAR-T) therapy; harvesting of blood-derived T lymphocytes for development of genetically modified autologous CAR-T cells, per day"),
    "giving CAR-T cells, not done": procedure("38228", "2026-03-20", system=CPT, status="not-done"),
    "CAR-T cells for lymphoma, by code": procedure("XW043H7", "2024-09-01", system=ICD10PCS, reasonCode=[{"text": "Diffuse large B-cell lymphoma"}]),
    "CAR-T cells that are possible": condition(None, text="History of CAR-T therapy", recorded="2026-03-01", verification="provisional"),
    "chemotherapy in the name of another malignancy": condition(None, text="Breast cancer s/p chemotherapy", recorded="2019-03-01"),
    "family history": condition(None, text="Family history of chemotherapy", recorded="2026-03-01"),
    "an effect of treatment": condition(None, text="Chemotherapy-induced nausea", recorded="2026-03-01"),
    "a visit for chemotherapy": condition("Z51.11", text="Encounter for antineoplastic chemotherapy", recorded="2026-04-10"),
    "prior lines counted as none": document("2026-03-03", "Prior lines of therapy: 0"),
    "steroid prephase": given("prednisone", "2026-04-08"),
    "hydroxyurea": given("hydroxyurea", "2026-04-08"),
    "vincristine as cytoreduction the week before": given("vincristine", "2026-04-10"),
    "intrathecal cytarabine": given("cytarabine", "2025-03-01", "intrathecal"),
    "methotrexate for psoriasis": drug_order("methotrexate", status="completed", authored="2025-03-01", reason="psoriasis"),
    "doxorubicin for breast cancer": drug_order("doxorubicin", status="completed", authored="2019-03-01", reason="Breast cancer"),
    "doxorubicin for breast cancer by code": given("doxorubicin", "2019-03-01", reasonCode=[coded(ICD10, "C50.911")]),
    "busulfan for CML": given("busulfan", "2019-03-01", reasonCode=[{"text": "Chronic myeloid leukemia"}]),
    "for a reason in SNOMED's words": given("cisplatin", "2019-03-01", reasonCode=[{"text": "Malignant neoplasm of ovary (disorder)"}]),
    "a transplant for myeloma": procedure("234336002", "2019-10-01", reasonCode=[{"text": "Multiple myeloma"}]),
    "CAR-T cells for lymphoma": procedure(None, "2024-09-01", text="CAR-T infusion", reasonCode=[{"text": "Diffuse large B-cell lymphoma"}]),
    "a transplant for myeloma in a note": document("2026-04-10", "s/p autologous stem cell transplant for multiple myeloma 2019."),
    "a transplant for myeloma as a condition": condition(None, text="History of autologous stem cell transplant for multiple myeloma", recorded="2019-01-01"),
    "a kidney transplant": procedure("175902000", "2015-10-01", text="Transplant of kidney (procedure)"),
    "a lung transplant": procedure("88039007", "2015-10-01", text="Transplant of lung (procedure)"),
    "a cornea from a donor": procedure(None, "2015-10-01", text="Allogeneic transplantation of cornea"),
    "a transplant of something": procedure(None, "2015-10-01", text="Transplantation (procedure)"),
    "a procedure because of a transplant": procedure(None, "2025-10-01", text="Central line placement", reasonCode=[{"text": "Allogeneic stem cell transplant"}]),
    "inotuzumab as a procedure": procedure("J9229", "2026-04-09", system=HCPCS),
    "methotrexate into the spinal fluid as a procedure": procedure("J9250", "2025-09-01", system=HCPCS, text="Intrathecal methotrexate"),
    "collection of stem cells": procedure(None, "2025-09-01", text="Collection of hematopoietic stem cells"),
    "a consent to an infusion of stem cells": procedure(None, "2025-09-01", text="Consent for stem cell infusion"),
    "consent for CAR-T": procedure(None, "2025-09-01", text="Consent for CAR-T cell therapy"),
    "CAR-T discussed": procedure(None, "2025-09-01", text="Discussion of CAR-T therapy"),
    "CAR-T declined": procedure(None, "2025-09-01", text="CAR-T infusion declined"),
    "collection of cells for CAR-T": procedure(None, "2026-03-01", text="Leukapheresis for CAR-T"),
    "a completed plan for another disease": care_plan("Cancer care, chemotherapy", start="2019-02-01", status="completed", addresses=[{"display": "Malignant neoplasm of breast (disorder)"}]),
    "a regimen for another disease": taken("R-CHOP chemotherapy", "2019-02-01", "2019-06-01", reason="Follicular lymphoma"),
    "an order that was never given": drug_order("cytarabine", authored="2025-03-01"),
    "a planned regimen in a note": document("2026-04-10", "Plan: start chemotherapy after port placement."),
    "blinatumomab planned after the cycles": document("2026-04-10", "Blinatumomab consolidation is planned after mini-hyper-CVD."),
    "no prior therapy as the answer": stated("Prior systemic therapy", "No chemotherapy", "2026-04-10"),
    "prior chemotherapy denied": document("2026-04-10", "No prior chemotherapy."),
    "prior chemotherapy for another cancer": document("2026-04-10", "Prior chemotherapy for breast cancer in 2010."),
    "chemotherapy of the brother": document("2026-04-10", "Brother received chemotherapy in 2020."),
    "chemotherapy that was never given": document("2026-04-10", "Never received chemotherapy."),
    "teaching": document("2026-04-10", "Chemotherapy teaching completed."),
    "a consent": document("2026-04-10", "Consent for chemotherapy received."),
    "for another cancer, under a heading of the past": document("2026-04-10", "PMH: breast cancer s/p chemotherapy 2012."),
    "of the brother, under a heading": document("2026-04-10", "HPI: Brother received chemotherapy."),
    "an intrathecal drug in a note": document("2026-04-10", "Received IT methotrexate on 4/9."),
    "several intrathecal drugs": document("2026-04-10", "s/p LP with IT MTX, cytarabine and hydrocortisone 4/9."),
    "the same behind the drug": document("2026-04-10", "Given methotrexate 12 mg IT on 4/9."),
    "chemotherapy into the CSF": procedure(None, "2025-03-01", text="Intrathecal chemotherapy"),
    "chemotherapy teaching as a procedure": procedure(None, "2025-03-01", text="Chemotherapy teaching"),
    "a port for chemotherapy": procedure(None, "2025-03-01", text="Port placement for chemotherapy"),
    "a cream": taken("fluorouracil 5 % cream", "2025-02-01", "2025-06-01"),
    "a hematocrit": document("2026-04-10", "Prior Hct 30."),
    "a condition": document("2026-04-10", "If relapse after hyper-CVAD, then inotuzumab."),
    "a consultation": document("2026-04-10", "HSCT consult completed."),
    "a plan of teaching that is over": care_plan("Chemotherapy education", start="2025-02-01", status="completed"),
    "G-CSF": given("filgrastim", "2025-03-01"),
    "chemotherapy into the CNS by its billing code": procedure("96450", "2025-09-01", system=CPT, text="Chemotherapy into CNS"),
    "an encounter of these days": condition("Z51.11", recorded="2026-04-10"),
    "an encounter without a day": condition("Z51.11"),
    "chemotherapy by its billing code, for another cancer": procedure("96413", "2025-09-01", system=CPT, reasonCode=[coded(ICD10, "C50.911")]),
    "an infusion of something by its billing code": procedure("96365", "2025-09-01", system=CPT),
}  # fmt: skip


@pytest.mark.parametrize("resource", NO_LINE.values(), ids=NO_LINE)
def test_pol_def_line_what_is_no_prior_line(resource):
    assert frontline([OLD, resource]) == "unknown"
    assert frontline([OLD, resource], "C1D1, first line") == "met"


UNCLEAR_LINE = {
    "a drug whose statement is on hold": taken("cladribine", "2025-02-01", "2025-06-01")
    | {"status": "on-hold"},
    "a note": document("2026-03-03", "Previously treated with dasatinib xyzzy."),
    "the answer to prior therapy": stated("Prior systemic therapy", "hyper-CVAD per quux", "2026-04-10"),
    "a completed plan": care_plan("Chemotherapy of the quux kind", start="2025-02-01", status="completed"),
    "chemotherapy in a condition's code": condition("Z92.21", recorded="2026-03-01"),
    "an infusion of chemotherapy by its billing code": procedure("96413", "2025-09-01", system=CPT),
    "the same with a name that does not say of what": procedure(
        "96415", "2025-09-01", system=CPT, text="IV infusion, each additional hour"
    ),
    "an administration by the code of HCPCS": procedure("Q0084", "2025-09-01", system=HCPCS),
    "the same because of an encounter for it": procedure(
        "96413", "2025-09-01", system=CPT, reasonCode=[coded(ICD10, "Z51.11")]
    ),
    "an encounter for chemotherapy": condition("Z51.11", recorded="2025-09-01"),
    "an encounter for immunotherapy": condition("Z51.12", recorded="2025-09-01", clinical="resolved"),
    "chemotherapy in a condition's cause": condition(
        None, text="Infertility due to prior chemotherapy", recorded="2026-03-01"
    ),
}


@pytest.mark.parametrize("resource", UNCLEAR_LINE.values(), ids=UNCLEAR_LINE)
def test_pol_def_line_earlier_therapy_in_words_that_are_not_understood_leaves_frontline_open(resource):
    assert frontline([OLD, resource], "C1D1, first line") == "unknown"


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
    "the plan says reinduction": ([OLD, care_plan("Reinduction with inotuzumab", start="2026-04-10")], "C1D1", "unknown"),
    "the plan says if": ([OLD, care_plan("If fit, first-line inotuzumab", start="2026-04-10")], "C1D1", "unknown"),
    "the plan says it in words that are not understood": ([OLD, care_plan("First-line quux", start="2026-04-10")], "C1D1", "unknown"),
    "the order asks for the response to induction": ([OLD], "C1D1, response to induction pending", "unknown"),
    "induction of labor": ([OLD, care_plan("Induction of labor", start="2026-04-10")], "C1D1", "unknown"),
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


@pytest.mark.parametrize("need", [DataKind.MEDICATION_STATEMENTS, DataKind.PROCEDURES, DataKind.CONDITIONS])
def test_pol_a_iv_fl_is_unknown_while_the_history_is_unseen(need):
    gaps = [Gap(need, "the server answered 403")]
    new = condition("C91.00", onset="2026-03-20")
    d = determine([patient(), new], order("2026-04-16", "C1D1 induction"), gaps=gaps)
    assert verdict(d, "POL-A-IV-FL") == "unknown"
    assert "403" in criterion(d, "POL-A-IV-FL").because


def test_a_prior_line_that_was_seen_decides_though_more_is_unseen():
    gaps = [Gap(DataKind.MEDICATION_STATEMENTS, "the server answered 403")]
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


MINI_HYPER_CVD = care_plan("Inotuzumab ozogamicin + mini-hyper-CVD, induction", start="2026-04-10")


def path_2(ph_day, *more, born="1980-02-03", diagnosed="2026-02-10"):
    """Newly diagnosed, with mini-hyper-CVD, and a negative test of the Philadelphia chromosome of a day."""
    chart = [
        patient(born), condition("277572006", system=SNOMED, onset=diagnosed), MINI_HYPER_CVD,
        observation("51124-6", diagnosed, 85, "%"), observation("51867-0", ph_day, text="Negative"), *more,
    ]  # fmt: skip
    return determine(chart, order("2026-04-16", "C1D1"))


def test_a_child_on_the_frontline_path_is_told_what_the_policy_no_longer_says():
    child, adult = path_2("2026-02-12", born="2018-01-01"), path_2("2026-02-12")
    assert (child.coverage.value, adult.coverage.value) == ("met", "met")
    assert any("children" in note for note in child.notes)
    assert not any("children" in note for note in adult.notes)
    alone = determine([patient("2018-01-01"), OLD, condition("C91.02", recorded="2026-03-01")], order())
    assert not any("children" in note for note in alone.notes)


PH_TESTS = {
    "at diagnosis": (["2026-02-12"], {}, "met"),
    "six weeks later, untreated so far": (["2026-03-25"], {}, "met"),
    "on day 1": (["2026-04-16"], {}, "unknown"),  # to come
    "after a prior line": (["2026-03-25", given("cytarabine", "2026-03-01")], {}, "unknown"),
    "long after a diagnosis of unknown history": (
        ["2026-03-25"],
        {"diagnosed": "2025-06-10"},
        "met",
    ),  # by the plan
}


@pytest.mark.parametrize(("given_", "more", "expected"), PH_TESTS.values(), ids=PH_TESTS)
def test_pol_a_iv_ph_a_negative_test_before_any_treatment_is_the_diseases_own(given_, more, expected):
    assert verdict(path_2(*given_, **more), "POL-A-IV-PH") == expected


def test_a_response_to_the_first_line_does_not_make_it_frontline_again():
    record = [
        OLD,
        given("cytarabine", "2025-03-01"),
        stated("Response", "CR", "2025-04-01"),
        observation("11150-0", "2025-04-01", 1, "%"),
    ]
    assert frontline(record, "C1D1 induction") == "not-met"


# ---- Possible lines: it is open whether earlier therapy was for this leukemia ----

BREAST_CANCER = condition("C50.911", recorded="2012-01-01", clinical="resolved")
EARLY = taken("cyclophosphamide", "2012-02-01", "2012-06-01")
C9100 = condition("C91.00", onset="2025-01-16")
POSSIBLE = {
    "years before the leukemia, another cancer on record": ([OLD, BREAST_CANCER, EARLY], "unknown"),
    "the same, the cancer as history": ([OLD, condition("Z85.3", recorded="2020-01-01"), EARLY], "unknown"),
    "the same, the cancer in words": ([OLD, condition(None, text="Carcinoma of breast", recorded="2012-01-01"), EARLY], "unknown"),
    "without another cancer": ([OLD, EARLY], "not-met"),
    "a cancer in the family": ([OLD, condition(None, text="Family history of breast cancer"), EARLY], "not-met"),
    "ended 28 days before the leukemia's first entry": ([OLD, BREAST_CANCER, taken("cytarabine", "2024-11-01", "2024-12-19")], "not-met"),
    "ended 29 days before it": ([OLD, BREAST_CANCER, taken("cytarabine", "2024-11-01", "2024-12-18")], "unknown"),
    "ended in a month that straddles": ([OLD, BREAST_CANCER, taken("cytarabine", "2024-11", "2024-12")], "unknown"),
    "without a date": ([OLD, BREAST_CANCER, taken("cytarabine", None, None)], "unknown"),
    "still going on": ([OLD, BREAST_CANCER, taken("cytarabine", "2024-11-01", None, status="active")], "not-met"),
    "with the leukemia as its reason": ([OLD, BREAST_CANCER, taken("cytarabine", "2012-02-01", "2012-06-01", reason="ALL")], "not-met"),
    "for the other cancer": ([OLD, BREAST_CANCER, taken("cyclophosphamide", "2012-02-01", "2012-06-01", reason="breast cancer")], "met"),
    "for a reason that is not understood": ([OLD, taken("cyclophosphamide", "2012-02-01", "2012-06-01", reason="Xyz syndrome")], "unknown"),
    "the first entry is a relapse": ([condition("C91.02", recorded="2025-01-16"), BREAST_CANCER, EARLY], "not-met"),
    "the first entry is a remission": ([condition("C91.01", recorded="2025-01-16"), BREAST_CANCER, EARLY], "not-met"),
    "no entry of the leukemia": ([BREAST_CANCER, EARLY], "not-met"),
    "a chemotherapy procedure shortly before day 1": ([OLD, procedure(None, "2026-03-19", text="Chemotherapy")], "unknown"),
    "a chemotherapy procedure 29 days before day 1": ([OLD, procedure(None, "2026-03-18", text="Chemotherapy")], "not-met"),
    "a chemotherapy procedure for another cancer": ([OLD, procedure(None, "2025-03-01", text="Chemotherapy", reasonCode=[{"text": "Breast cancer"}])], "met"),
    "a chemotherapy procedure in words that are not understood": ([OLD, procedure(None, "2025-03-01", text="Chemo admin xyzzy")], "unknown"),
    "a bare code of a chemotherapy drug": ([OLD, administration("2025-03-01", None, drug=coded(HCPCS, "J9065"), id="code")], "unknown"),
    "told of in a note, years before the leukemia": ([OLD, BREAST_CANCER, document("2026-03-03", "Received paclitaxel and doxorubicin in 2013.")], "unknown"),
    "told of in a note, with the leukemia on record": ([OLD, BREAST_CANCER, document("2026-03-03", "Received doxorubicin in 2026.")], "not-met"),
    "a transplant years before the leukemia": ([OLD, BREAST_CANCER, procedure("234336002", "2013-10-01")], "unknown"),
}  # fmt: skip


@pytest.mark.parametrize(("record", "expected"), POSSIBLE.values(), ids=POSSIBLE)
def test_therapy_that_may_have_been_for_another_disease_decides_nothing(record, expected):
    assert frontline(record, "C1D1, first line") == expected


def test_a_possible_line_leaves_c91_00_open_and_asks_for_the_history():
    marrow = observation("11150-0", "2026-03-02", 62, "%")
    d = determine([patient(), C9100, BREAST_CANCER, EARLY, marrow], order("2026-04-16", "C1D1"))
    sure = determine([patient(), C9100, EARLY, marrow], order("2026-04-16", "C1D1"))
    for rule in ("POL-A-II-A", "POL-A-IV-FL"):
        assert (verdict(d, rule), criterion(d, rule).needed) == ("unknown", ("therapy-history",))
    assert verdict(sure, "POL-A-II-A") == "met"


# ---- "Induction" and "first line" from a plan of this disease, of the last 90 days ----

PLANS = {
    "a plan of day 1": (care_plan("First-line treatment", created="2026-04-16"), "met"),
    "a plan of 90 days before": (care_plan("First-line treatment", created="2026-01-16"), "met"),
    "a plan of 91 days before": (care_plan("First-line treatment", created="2026-01-15"), "unknown"),
    "a plan without a date": (care_plan("First-line treatment"), "unknown"),
    "a plan that is over": (care_plan("First-line treatment", created="2026-04-01", status="revoked"), "unknown"),
    "a plan for another disease": (care_plan("First-line treatment", created="2026-04-01", addresses=[{"display": "Chronic myeloid leukemia"}]), "unknown"),
    "a plan for this one": (care_plan("First-line treatment", created="2026-04-01", addresses=[{"display": "B-ALL"}]), "met"),
    "an order": (drug_order("vincristine", authored="2026-04-10", text="Induction day 1"), "met"),
    "an order of years ago, for another leukemia": (drug_order("busulfan", authored="2015-01-15", text="for remission induction", reason="Chronic myeloid leukemia"), "unknown"),
    "an order of years ago": (drug_order("vincristine", authored="2015-01-15", text="remission induction"), "unknown"),
    "a note of the plan": (document("2026-04-10", "Plan: induction with inotuzumab."), "met"),
    "a note of years ago": (document("2020-04-10", "Plan: induction with inotuzumab."), "unknown"),
    "a problem's note": (condition("J45.909", recorded="2026-04-01", note="First line treatment"), "unknown"),
}  # fmt: skip


@pytest.mark.parametrize(("resource", "expected"), PLANS.values(), ids=PLANS)
def test_only_a_recent_plan_or_order_for_this_disease_says_first_line(resource, expected):
    assert frontline([OLD, resource]) == expected
