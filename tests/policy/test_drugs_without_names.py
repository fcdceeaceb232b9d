"""Drugs that a record gives by a code alone which no table has: some drug, not known which, that decides nothing."""

import pytest

from tests.policy.chart_notes import (
    HCPCS,
    ICD10,
    LOINC,
    RXNORM,
    SNOMED,
    administration,
    coded,
    condition,
    criterion,
    determine,
    drug_order,
    observation,
    order,
    patient,
    verdict,
)

NDC = "http://hl7.org/fhir/sid/ndc"
LOCAL = "urn:oid:1.2.840.114350.1.13.0.1.7.2.698288"
ATC = "http://www.whocc.no/atc"
BARE = {
    "rxnorm": coded(RXNORM, "9999991"),
    "ndc": coded(NDC, "99999-0001-01"),
    "snomed": coded(SNOMED, "999999011000000109"),
    "the hospital's own": coded(LOCAL, "698288"),
    "chemotherapy of HCPCS": coded(HCPCS, "J9065"),
}
NO_DRUG_OF_THE_POLICY = {
    "an antibiotic by its class": coded(ATC, "J01CA04"),
    "an injection of another chapter": coded(HCPCS, "J0696"),
    "a name that is no cancer drug": coded(RXNORM, "9999991", "amlodipine 5 MG Oral Tablet"),
    "a vaccine": coded("http://hl7.org/fhir/sid/cvx", "140"),
    "absent": coded("http://terminology.hl7.org/CodeSystem/data-absent-reason", "unknown"),
    "no drugs": coded("http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips", "no-medication-info"),
    "nothing": {},
}
DIAGNOSIS = condition("277572006", system=SNOMED, recorded="2026-03-25")
UNTREATED = [patient(), DIAGNOSIS, observation("51867-0", "2026-03-28", text="Negative")]


@pytest.mark.parametrize("drug", BARE.values(), ids=BARE)
@pytest.mark.parametrize("status", ["active", "on-hold"])
def test_pol_a_ii_b_a_drug_by_a_bare_code_may_be_any_partner(drug, status):
    d = determine([patient(), drug_order(drug, authored="2026-04-14", status=status, id="bare")])
    for rule in ("POL-A-II-B-1", "POL-A-II-B-2", "POL-A-II-B-3"):
        assert verdict(d, rule) == "unknown", rule
        assert "a drug that could not be identified" in criterion(d, rule).because, rule
        assert criterion(d, rule).evidence == ("MedicationRequest/bare",), rule


@pytest.mark.parametrize("drug", NO_DRUG_OF_THE_POLICY.values(), ids=NO_DRUG_OF_THE_POLICY)
def test_pol_a_ii_b_what_says_that_it_is_no_cancer_drug_is_none(drug):
    d = determine([patient(), drug_order(drug, authored="2026-04-14", id="other")])
    assert [verdict(d, f"POL-A-II-B-{n}") for n in (1, 2, 3)] == ["met", "not-met", "not-met"]


def test_pol_a_ii_b_a_known_partner_beside_it_decides():
    bare, known = (
        drug_order(BARE["ndc"], authored="2026-04-14", id="bare"),
        drug_order("cytarabine", authored="2026-04-14"),
    )
    d = determine([patient(), bare, known])
    assert verdict(d, "POL-A-II-B-1") == "not-met"


@pytest.mark.parametrize("drug", BARE.values(), ids=BARE)
def test_pol_a_iv_fl_a_drug_by_a_bare_code_before_leaves_the_first_line_open(drug):
    """Frontline is met without it, and asks for the history with it."""
    assert verdict(determine(UNTREATED, order("2026-04-16", "C1D1")), "POL-A-IV-FL") == "met"
    before = administration("2026-01-20", None, drug=drug, id="bare")
    d = determine([*UNTREATED, before], order("2026-04-16", "C1D1"))
    assert verdict(d, "POL-A-IV-FL") == "unknown"
    assert "a drug that could not be identified" in criterion(d, "POL-A-IV-FL").because


def test_pol_def_line_a_bare_code_for_another_disease_is_no_line():
    before = administration(
        "2026-01-20", None, drug=BARE["rxnorm"], id="bare", reasonCode=[coded(ICD10, "C50.911")]
    )
    assert verdict(determine([*UNTREATED, before], order("2026-04-16", "C1D1")), "POL-A-IV-FL") == "met"


def test_a_service_by_a_bare_code_is_no_drug():
    asked = {
        "resourceType": "ServiceRequest", "id": "s", "status": "active", "intent": "order",
        "subject": {"reference": "Patient/p1"}, "code": coded(LOINC, "99999-9"), "authoredOn": "2026-04-14",
    }  # fmt: skip
    others = [asked, asked | {"id": "t", "code": coded(SNOMED, "999999011000000109")}]
    assert verdict(determine([patient(), *others]), "POL-A-II-B-1") == "met"
