"""Partner drugs and earlier therapy that are ordered as ServiceRequests: POL-A-II-B, POL-A-IV-FL."""

import pytest

from tests.policy.chart_notes import (
    HCPCS,
    LOINC,
    PATIENT,
    RXNORM,
    care_plan,
    coded,
    condition,
    criterion,
    determine,
    determine_all,
    order,
    patient,
    verdict,
)
from tests.policy.treated import C1D1, NEVER_TREATED

CPT = "http://www.ama-assn.org/go/cpt"
LABORATORY = {"category": [coded("http://snomed.info/sct", "108252007", "Laboratory procedure")]}


def service(code, *, status="active", authored="2026-04-14", **more):
    found = {
        "resourceType": "ServiceRequest", "id": "service", "status": status, "intent": "order", "subject": PATIENT,
        "code": {"text": code} if isinstance(code, str) else code,
    }  # fmt: skip
    return found | ({"authoredOn": authored} if authored else {}) | more


def single_agent(request):
    """A.ii.B.1 with a request in the record, and with it among the drafts."""
    held = determine([*NEVER_TREATED, request], C1D1)
    drafted, *_ = determine_all(NEVER_TREATED, [C1D1, request | {"status": "draft"}])
    return verdict(held, "POL-A-II-B-1"), verdict(drafted, "POL-A-II-B-1")


INFUSION = {"text": "Chemotherapy administration, intravenous"}
ORDERED = {
    "a code of the drug": coded(HCPCS, "J9039"),
    "RxNorm": coded(RXNORM, "1597258"),
    "a HCPCS code that the tables lack": {"coding": [{"system": HCPCS, "code": "J9000", "display": "Injection, doxorubicin hydrochloride, 10 mg"}]},
    "a local code": {"coding": [{"system": "http://example.org/orders", "code": "77", "display": "Blinatumomab 28 mcg/day continuous IV infusion"}]},
    "text": "blinatumomab 28 mcg/day",
    "a brand name": "Blincyto infusion, day 1 of 28",
}  # fmt: skip


@pytest.mark.parametrize("name", ORDERED)
def test_a_drug_ordered_as_a_service_is_a_partner(name):
    assert single_agent(service(ORDERED[name])) == ("not-met", "not-met")


def test_a_drug_that_the_details_name_is_a_partner():
    assert single_agent(service(INFUSION, orderDetail=[coded(RXNORM, "1597258")])) == ("not-met", "not-met")


def test_a_tki_ordered_as_a_service_is_one():
    ph = condition("425688002", system="http://snomed.info/sct", recorded="2026-03-01")
    found = determine([*NEVER_TREATED, ph, service("dasatinib 140 mg daily")], C1D1)
    assert [verdict(found, f"POL-A-II-B-{n}") for n in (1, 2)] == ["not-met", "met"]


OTHER_SERVICES = {
    "a level": ({"text": "Methotrexate level"}, {}),
    "a level by words, after the infusion": ({"text": "Methotrexate level 24 h after infusion"}, {}),
    "a serum concentration": ({"text": "Imatinib serum concentration"}, {}),
    "a LOINC code": (coded(LOINC, "14836-1", "Methotrexate"), {}),
    "a laboratory CPT code": (coded(CPT, "80204", "Methotrexate"), {}),
    "a laboratory category": ({"text": "Methotrexate"}, LABORATORY),
    "a category in words": ({"text": "Methotrexate"}, {"category": [{"text": "Lab"}]}),
    "an echocardiogram": ({"text": "Echocardiogram, doxorubicin exposure"}, {}),
    "an ECG": ({"text": "ECG on nilotinib"}, {}),
    "a consultation": ({"text": "Consult for methotrexate toxicity"}, {}),
    "teaching": ({"text": "Patient education dasatinib"}, {}),
    "no drug": ({"text": "Physical therapy"}, {}),
    "an intrathecal drug": ({"text": "Intrathecal methotrexate 12 mg"}, {}),
    "premedication": ({"text": "dexamethasone 10 mg IV"}, {}),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHER_SERVICES)
def test_another_service_is_no_partner(name):
    code, more = OTHER_SERVICES[name]
    assert single_agent(service(code, **more)) == ("met", "met")


IN_DOUBT = [
    "Doxorubicin as discussed",
    "Blinatumomab infusion visit",
    "Venetoclax to be confirmed with the sponsor",
    "No doxorubicin",
]


@pytest.mark.parametrize("text", IN_DOUBT)
def test_words_that_are_not_wholly_understood_leave_it_open(text):
    assert single_agent(service(text)) == ("unknown", "unknown")


STANDING = {
    "a request of 61 days before day 1": ({"authored": "2026-02-14"}, "unknown"),
    "a request of 60 days before day 1": ({"authored": "2026-02-15"}, "not-met"),
    "without a date": ({"authored": None}, "unknown"),
    "for a day of the cycle": ({"occurrenceDateTime": "2026-04-18"}, "not-met"),
    "for later": ({"occurrenceDateTime": "2026-06-18"}, "met"),
    "on hold": ({"status": "on-hold"}, "unknown"),
    "completed": ({"status": "completed"}, "met"),
    "revoked": ({"status": "revoked"}, "met"),
    "of unknown state": ({"status": "unknown"}, "met"),
    "proposed": ({"intent": "proposal"}, "met"),
    "a prohibition": ({"doNotPerform": True}, "met"),
    "for arthritis": ({"reasonCode": [coded("http://hl7.org/fhir/sid/icd-10-cm", "M06.9", "Rheumatoid arthritis")]}, "met"),
}  # fmt: skip


@pytest.mark.parametrize("name", STANDING)
def test_it_counts_by_its_time_and_status_as_other_orders_do(name):
    more, expected = STANDING[name]
    request = service("methotrexate 1 g IV", **more)
    assert verdict(determine([*NEVER_TREATED, request], C1D1), "POL-A-II-B-1") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("mini-hyper-CVD cycle 1", ("not-met", "met")), ("CBC with mini-hyper-CVD labs", ("met", "not-met"))],
)
def test_a_regimen_ordered_as_a_service_by_its_name(text, expected):
    request = service(text, **({} if text.startswith("mini") else LABORATORY))
    found = determine([*NEVER_TREATED, request], C1D1)
    drafted, *_ = determine_all(NEVER_TREATED, [C1D1, request | {"status": "draft"}])
    for d in (found, drafted):
        assert (verdict(d, "POL-A-II-B-1"), verdict(d, "POL-A-II-B-3")) == expected


NEW = [patient(), condition("277572006", system="http://snomed.info/sct", recorded="2026-04-01")]
PLAN = care_plan("Frontline induction", created="2026-04-10", start="2026-04-16")


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ([], "met"),
        ([service("doxorubicin 50 mg IV", status="completed", authored="2025-11-02")], "not-met"),
        ([service("doxorubicin as discussed", status="completed", authored="2025-11-02")], "unknown"),
        ([service("methotrexate level", status="completed", authored="2025-11-02")], "met"),
    ],
)
def test_a_drug_given_by_a_service_is_a_prior_line(request_, expected):
    found = determine([*NEW, PLAN, *request_], order("2026-04-16", "C1D1"))
    assert verdict(found, "POL-A-IV-FL") == expected, criterion(found, "POL-A-IV-FL").because
