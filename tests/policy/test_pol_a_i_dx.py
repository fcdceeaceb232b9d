"""POL-A-I-DX, diagnosis of B-cell ALL: the procedure step by step; POL-CODE-C91, POL-CODE-C835, POL-CODE-D46A."""

import pytest

from cds_service.fhir.record import DataKind, Gap
from tests.policy.chart_notes import (
    LOINC,
    SNOMED,
    condition,
    criterion,
    determine,
    document,
    observation,
    order,
    patient,
    report,
    stated,
    verdict,
)

B_ALL = condition("277572006", system=SNOMED, recorded="2026-03-01")
T_ALL = condition("277575008", system=SNOMED, recorded="2026-03-01")
C91 = condition("C91.00", recorded="2026-03-01")
CD22 = observation("51124-6", "2026-03-02", 85, "%")


def with_histology(**concept):
    """C91.02 as mCODE writes a cancer: the histology stands in an extension."""
    url = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-histology-morphology-behavior"
    return condition("C91.02", extension=[{"url": url, "valueCodeableConcept": concept}])


def phenotype(text):
    return observation("101119-6", "2026-03-02", text=text)


ICDO = "http://terminology.hl7.org/CodeSystem/icd-o-3"
PATIENTS = {
    "1: T-ALL by its morphology in ICD-O-3": ([condition("9837/3", system=ICDO)], "not-met"),
    "2: B-ALL by its morphology in ICD-O-3": ([condition("9811/3", system=ICDO)], "met"),
    "2: the former morphology, by OID": ([condition("9836/3", system="urn:oid:2.16.840.1.113883.6.43.1")], "met"),
    "3: C91.02 with the histology in ICD-O-3": ([with_histology(coding=[{"system": ICDO, "code": "9811/3"}])], "met"),
    "1: T-ALL by code": ([T_ALL], "not-met"),
    "1: T-ALL by code, CD22 on the blasts": ([T_ALL, CD22], "not-met"),
    "1: ALL without lineage, T-lineage phenotype": ([C91, phenotype("T-lineage blasts, cytoplasmic CD3 positive")], "not-met"),
    "1: T-ALL beside B-ALL": ([T_ALL, B_ALL], "unknown"),
    "1: T-lineage phenotype beside a B-ALL code": ([B_ALL, phenotype("T lymphoblasts, cCD3+")], "unknown"),
    "1: mixed phenotype in words": ([condition("C95.00", text="Mixed phenotype acute leukemia, B/T", recorded="2026-03-01")], "unknown"),
    "1: mixed phenotype by its full name, beside CD22-positive blasts": (
        [C91, CD22, phenotype("Mixed phenotype acute leukemia, B/myeloid, NOS")], "unknown"),
    "1: mixed phenotype on flow, B-ALL code": ([B_ALL, phenotype("Mixed phenotype: CD19 positive, cCD3 positive")], "unknown"),
    "2: precursor B-ALL": ([B_ALL], "met"),
    "2: B-ALL with T markers denied": ([B_ALL, phenotype("B lymphoblasts; T-lineage antigens negative")], "met"),
    "2: B-ALL in words alone": ([condition(None, text="B-cell acute lymphoblastic leukemia", recorded="2026-03-01")], "met"),
    "2: B-ALL beside an old lymphoma": ([B_ALL, condition("C83.30", recorded="2019-01-01")], "met"),
    "3: C91.00 with CD22 on 85 % of blasts": ([C91, CD22], "met"),
    "3: C91.02 with a B-lineage report": ([condition("C91.02"), report("2026-03-02", "B lymphoblastic leukemia")], "met"),
    "3: C91.01 with CD19 positive blasts": ([condition("C91.01"), phenotype("CD19+, CD10+, CD3-")], "met"),
    "3: the category C91.0 alone": ([condition("C91.0")], "unknown"),
    "2: the category C91.0, named as B-cell ALL": ([condition("C91.0", text="B-cell ALL")], "met"),
    "4: the category C91": ([condition("C91", text="Lymphoid leukemia")], "unknown"),
    "3: C91.00 with the lineage in an uncoded result": ([C91, stated("Immunophenotype", "B-lineage lymphoblasts", "2026-03-02")], "met"),
    "3: C91.00 with the lineage in the problem's note": ([condition("C91.00", note="B-lineage by flow cytometry")], "met"),
    "3: acute lymphoid leukemia by SNOMED, no lineage": ([condition("91857003", system=SNOMED)], "unknown"),
    "3: Ph-positive ALL by SNOMED, no lineage": ([condition("425688002", system=SNOMED)], "unknown"),
    "3: C91.02 with the histology by code": ([with_histology(coding=[{"system": SNOMED, "code": "277572006"}])], "met"),
    "3: C91.02 with the histology in words": ([with_histology(text="B lymphoblastic leukemia/lymphoma, NOS")], "met"),
    "3: C91.02 with the histology by SNOMED's name": (
        [with_histology(text="Precursor B-cell lymphoblastic leukemia (morphologic abnormality)")], "met",
    ),
    "3: C91.02 with the histology of T cells": ([with_histology(text="T lymphoblastic leukemia/lymphoma")], "not-met"),
    "3: C91.02 with a histology that tells no lineage": ([with_histology(text="Lymphoblastic leukemia")], "unknown"),
    "3: C91.02 alone: a listed code never meets it": ([condition("C91.02")], "unknown"),
    "3: C91.00 with CD22 negative and nothing else": ([C91, observation("51124-6", "2026-03-02", 1, "%")], "unknown"),
    "3: C91.00 with normal B cells counted": ([C91, observation("14017-8", "2026-03-02", 15, "%")], "unknown"),
    "4: C83.50": ([condition("C83.50")], "unknown"),
    "4: C83.59 with B-lineage blasts": ([condition("C83.59"), CD22], "unknown"),
    "4: C83.5A, outside the printed range": ([condition("C83.5A")], "unknown"),
    "4: C95.00": ([condition("C95.00")], "unknown"),
    "4: null-cell ALL": ([condition("277574007", system=SNOMED)], "unknown"),
    "4: B-ALL only provisional": ([condition("277572006", system=SNOMED, verification="provisional")], "unknown"),
    "4: B-ALL only suspected in words": ([condition(None, text="Possible B-ALL")], "unknown"),
    "4: no diagnosis": ([], "unknown"),
    "4: only hypertension": ([condition("I10")], "unknown"),
    "4: lymphoid leukemia in relapse needs an ALL beside it": ([condition("122951000119108", system=SNOMED)], "unknown"),
    "4: a history of leukemia is no diagnosis": ([condition("Z85.6")], "unknown"),
    "4: leukemia in the family": ([condition(None, text="Family history of acute lymphoblastic leukemia")], "unknown"),
    "5: DLBCL": ([condition("C83.31")], "not-met"),
    "5: D46.A, although the policy lists it": ([condition("D46.A")], "not-met"),
    "5: AML": ([condition("C92.00")], "not-met"),
    "5: AML in words": ([condition(None, text="Acute myeloid leukemia")], "not-met"),
    "5: CLL": ([condition("C91.10")], "not-met"),
    "5: Burkitt": ([condition("C91.A0")], "not-met"),
    "5: DLBCL beside a refuted B-ALL": ([condition("C83.31"), condition("277572006", system=SNOMED, verification="refuted")], "not-met"),
    "5: DLBCL beside C83.50 stays open": ([condition("C83.31"), condition("C83.50")], "unknown"),
    "a code without a system is no code": ([condition("277572006", system="http://example.org/local")], "unknown"),
    "ICD without its dot": ([condition("C9100"), CD22], "met"),
    "ICD by its OID": ([condition("D46.A", system="urn:oid:2.16.840.1.113883.6.90")], "not-met"),
}  # fmt: skip


@pytest.mark.parametrize(("record", "expected"), PATIENTS.values(), ids=PATIENTS)
def test_pol_a_i_dx(record, expected):
    assert verdict(determine([patient(), *record], order(text="C1D1")), "POL-A-I-DX") == expected


@pytest.mark.parametrize("other", [T_ALL, condition("C83.31")], ids=["T-ALL", "DLBCL"])
def test_another_disease_is_no_no_while_diagnoses_are_unseen(other):
    gaps = [Gap(DataKind.CONDITIONS, "page 2 was not answered", partial=True)]
    d = determine([patient(), other], order(text="C1D1"), gaps=gaps)
    assert verdict(d, "POL-A-I-DX") == "unknown"
    assert "page 2" in criterion(d, "POL-A-I-DX").because


def test_b_all_that_was_seen_stands_though_more_is_unseen():
    d = determine(
        [patient(), B_ALL], order(text="C1D1"), gaps=[Gap(DataKind.CONDITIONS, "page 2 failed", partial=True)]
    )
    assert verdict(d, "POL-A-I-DX") == "met"


def test_an_open_diagnosis_asks_for_pathology():
    assert "pathology" in criterion(determine([patient(), C91], order(text="C1D1")), "POL-A-I-DX").needed
    assert "diagnosis" in criterion(determine([patient()], order(text="C1D1")), "POL-A-I-DX").needed


def test_another_disease_fails_coverage_by_pol_d_i():
    d = determine([patient(), condition("D46.A")], order(text="C1D1"))
    (coverage,) = [f for f in d.findings if f.kind == "coverage"]
    assert d.coverage.value == "not-met"
    assert {"POL-A-I-DX", "POL-D-I"} <= set(coverage.rules)


def test_a_note_that_quotes_a_normal_b_cell_gives_no_lineage():
    text = "Normal B cells are CD19 positive; blasts not seen"
    d = determine([patient(), C91, document("2026-03-02", text)], order(text="C1D1"))
    assert verdict(d, "POL-A-I-DX") == "unknown"


def test_what_a_drug_is_for_is_no_diagnosis():
    d = determine(
        [patient(), C91, document("2026-03-02", "Nelarabine for T-ALL reviewed.")], order(text="C1D1")
    )
    assert verdict(d, "POL-A-I-DX") == "unknown"


def test_the_phenotype_of_a_component_counts():
    panel = observation("101119-6", "2026-03-02", component=[
        {"code": {"coding": [{"system": LOINC, "code": "20584-9"}], "text": "CD10"}, "valueString": "positive"},
        {"code": {"text": "Interpretation"}, "valueString": "B lymphoblasts"},
    ])  # fmt: skip
    assert verdict(determine([patient(), C91, panel], order(text="C1D1")), "POL-A-I-DX") == "met"


@pytest.mark.parametrize(
    "name", ["Leukemia", "Suspected B-ALL", "B-ALL vs AML", "Rule out acute lymphoblastic leukemia"]
)
def test_a_leukemia_that_is_on_file_and_settles_nothing_is_cited(name):
    named = condition(None, text=name, recorded="2026-03-01")
    for others in ([], [condition("C83.30")]):
        found = criterion(determine([patient(), named, *others], order(text="C1D1")), "POL-A-I-DX")
        assert (found.verdict.value, name in found.because) == ("unknown", True)


def test_the_leukemia_of_another_person_is_not_cited():
    of_another = condition(None, text="Family history of B-ALL", recorded="2026-03-01")
    found = criterion(determine([patient(), of_another], order(text="C1D1")), "POL-A-I-DX")
    assert found.because == "no diagnosis of leukemia found"
    assert (
        verdict(determine([patient(), of_another, condition("C83.30")], order(text="C1D1")), "POL-A-I-DX")
        == "not-met"
    )
