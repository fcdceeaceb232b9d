"""Cases 16 to 21: references of every form, and drugs named in every way."""

import time

import pytest

from cds_service.ehr.gather import EhrRequest, gather
from cds_service.evaluation.refused import Refused
from tests.ehr.hooking import coverage_card, sign
from tests.ehr.hostile import bundle, fhir, outcome, running
from tests.ehr.looking import NOTHING, gaps, ids, look, only
from tests.policy.chart_notes import HCPCS, J9229, PATIENT, coded, order

BESPONSA = {"resourceType": "Medication", "id": "m1", "code": J9229}


def request_for(reference, id="r1", **more):
    return {
        "resourceType": "MedicationRequest",
        "id": id,
        "status": "active",
        "intent": "order",
        "subject": PATIENT,
        "medicationReference": {"reference": reference},
    } | more


def drug_of(seen):
    """What the first request's reference leads to."""
    (request,) = seen.record.of_type("MedicationRequest")
    reference = request.body["medicationReference"].get("reference", "")
    found = seen.record.resolve(reference, request)
    return found.body["code"] if found else None


@pytest.mark.parametrize("form", ["Medication/m1", "{base}/Medication/m1", "Medication/m1/_history/2"])
def test_case_16_a_reference_to_this_server_is_read_once(form):
    with running([BESPONSA]) as ehr:
        ehr.resources += [request_for(form.format(base=ehr.base))]
        seen = look(ehr, only("medicationRequests"))
        assert ehr.asked("Medication/") == ["Medication/m1"]
    assert (drug_of(seen), gaps(seen)) == (J9229, {})


def test_case_16_a_reference_to_another_server_is_not_taken_for_this_servers_own():
    with running([BESPONSA, request_for("https://other.example/fhir/Medication/m1")]) as ehr:
        seen = look(ehr, only("medicationRequests"))
        assert ehr.asked("Medication/") == []
    assert drug_of(seen) is None


def test_case_16_a_urn_within_its_bundle():
    urn = "urn:uuid:05efabf0-4be2-4561-91ce-51548425acb9"
    nameless = {"resourceType": "Medication", "code": J9229}
    sent = {"resourceType": "Bundle", "entry": [
        {"fullUrl": urn, "resource": nameless}, {"resource": request_for(urn)}]}  # fmt: skip
    with running() as ehr:
        seen = look(ehr, NOTHING | {"medicationRequests": sent})
        assert ehr.requests == []
    assert drug_of(seen) == J9229


def test_case_16_contained():
    contained = {"resourceType": "Medication", "id": "inside", "code": J9229}
    with running([request_for("#inside", contained=[contained])]) as ehr:
        seen = look(ehr, only("medicationRequests"))
        assert ehr.asked("Medication/") == []
    assert drug_of(seen) == J9229


def test_case_16_what_the_bundle_or_the_code_gives_is_not_read_again():
    coded_too = request_for("Medication/m9", id="r2", medicationCodeableConcept=J9229)
    with running() as ehr:
        seen = look(
            ehr, NOTHING | {"medicationRequests": bundle(BESPONSA, request_for("Medication/m1"), coded_too)}
        )
        assert (ehr.requests, ids(seen, "Medication")) == ([], {"m1"})


def test_case_16_no_more_than_twenty_drugs_are_looked_up_and_the_rest_is_said():
    with running([request_for(f"Medication/m{n}", id=f"r{n}") for n in range(30)]) as ehr:
        ehr.script("Medication/", fhir(BESPONSA))
        seen = look(ehr, only("medicationRequests"))
        assert len(set(ehr.asked("Medication/"))) == len(ehr.asked("Medication/")) == 20
    assert gaps(seen)["medicationRequests"].startswith("partly: which drug is meant is not known for")


@pytest.mark.parametrize(
    ("status", "why"), [(404, "the server answered 404"), (410, "the server answered 410"), (200, None)]
)
def test_case_17_a_dangling_reference_is_an_unknown_drug(status, why):
    answer = fhir(outcome("error", "not-found"), status) if why else fhir(BESPONSA | {"id": "another"})
    with running([request_for("Medication/m1")]) as ehr:
        ehr.script("Medication/", answer)
        seen = look(ehr, only("medicationRequests"))
    assert drug_of(seen) is None
    reason = why or "the server does not have it"
    assert gaps(seen) == {
        "medicationRequests": f"partly: which drug is meant is not known for 1 of them: {reason}"
    }


def test_a_drug_that_is_sent_under_a_key_of_its_own_is_known_and_not_asked_for():
    sent = NOTHING | {
        "medicationRequests": bundle(request_for("Medication/m1")),
        "medications": bundle(BESPONSA),
    }
    with running([BESPONSA | {"code": {"text": "another"}}]) as ehr:
        seen = look(ehr, sent)
        assert ehr.asked("Medication/") == []
    assert (drug_of(seen), gaps(seen)) == (J9229, {})


LEADS_NOWHERE = {
    "another server": ({"reference": "https://other.example/fhir/Medication/m1"}, "has no address on this server"),
    "an identifier": ({"identifier": {"system": "urn:oid:1.2.3", "value": "9"}}, "has no address on this server"),
    "nothing at all": ({}, "has no address on this server"),
    "a urn": ({"reference": "urn:uuid:05efabf0-4be2-4561-91ce-51548425acb9"}, "was not sent"),
    "contained": ({"reference": "#inside"}, "was not sent"),
}  # fmt: skip


@pytest.mark.parametrize("form", LEADS_NOWHERE)
def test_a_reference_without_words_that_leads_nowhere_is_an_unknown_drug(form):
    pointer, why = LEADS_NOWHERE[form]
    sent = only("medicationRequests") | {"medications": bundle(BESPONSA)}
    with running([request_for("") | {"medicationReference": pointer}]) as ehr:
        seen = look(ehr, sent)
    assert gaps(seen) == {
        "medicationRequests": f"partly: which drug is meant is not known for 1 of them: it {why}"
    }


@pytest.mark.parametrize("form", LEADS_NOWHERE)
def test_a_reference_that_leads_nowhere_but_says_its_drug_leaves_nothing_unknown(form):
    pointer = LEADS_NOWHERE[form][0] | {"display": "lisinopril 10 mg"}
    with running([request_for("") | {"medicationReference": pointer}]) as ehr:
        assert gaps(look(ehr, only("medicationRequests"))) == {}


def test_a_withdrawn_request_leaves_no_drug_unknown():
    withdrawn = request_for("Medication/gone", status="entered-in-error")
    sent = NOTHING | {"medicationRequests": bundle(withdrawn)}
    assert gaps(look(None, sent)) == {}


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_servers_own_address_is_known_with_or_without_a_slash(slash):
    medication = BESPONSA | {"code": {"text": "lisinopril 10 mg"}}
    sent = NOTHING | {
        "medicationRequests": bundle(medication, request_for("https://ehr.example/fhir/Medication/m1"))
    }
    request = EhrRequest("p1", sent, fhir_server=f"https://ehr.example/fhir{slash}")
    (kept,) = gather(request, None, time.monotonic() + 1).record.of_type("MedicationRequest")
    assert kept.body["medicationReference"] == {"reference": "https://ehr.example/fhir/Medication/m1"}


@pytest.mark.parametrize("own", [{}, {"identifier": {"system": "urn:oid:1.2.3", "value": "drug-1"}}])
def test_the_address_of_a_drug_on_another_server_is_kept_without_being_taken_for_this_servers(own):
    elsewhere = "https://other.example/fhir/Medication/m1"
    pointer = {"reference": elsewhere, "display": "lisinopril"} | own
    sent = NOTHING | {
        "medicationRequests": bundle(BESPONSA, request_for("") | {"medicationReference": pointer})
    }
    request = EhrRequest("p1", sent, fhir_server="https://ehr.example/fhir")
    (kept,) = gather(request, None, time.monotonic() + 1).record.of_type("MedicationRequest")
    address = {"identifier": {"system": "urn:ietf:rfc:3986", "value": elsewhere}}
    assert kept.body["medicationReference"] == {"display": "lisinopril", "type": "Medication"} | (
        own or address
    )


def by_reference(reference, **more):
    draft = order()
    del draft["medicationCodeableConcept"]
    return draft | {"medicationReference": {"reference": reference} | more}


URN = "urn:uuid:5d3f0c5a-5e76-4b3f-8c0e-3f1f1d0b8a11"
DRUG_SOURCES = {
    "18 in the draft bundle": lambda: [by_reference("Medication/m1"), BESPONSA],
    "18 in the draft bundle by urn": lambda: [
        by_reference(URN), {"fullUrl": URN, "resource": {"resourceType": "Medication", "code": J9229}}],
    "16 contained in the order": lambda: [
        by_reference("#m", contained=[]) | {"contained": [BESPONSA | {"id": "m"}]}],
    "on the server": lambda: [by_reference("Medication/served")],
    "in words beside a dangling reference": lambda: [by_reference("Medication/gone", display="inotuzumab ozogamicin")],
}  # fmt: skip


def mixture(*references, id="mix"):
    """An infusion mixture without a code of its own: its ingredients by reference, and saline."""
    items = [{"itemReference": {"reference": r}} for r in references]
    saline = {"itemCodeableConcept": {"text": "sodium chloride 0.9 %"}}
    return {"resourceType": "Medication", "id": id, "ingredient": [*items, saline]}


SUBSTANCE = {"resourceType": "Substance", "id": "s1", "code": J9229}
DRUG_SOURCES |= {
    "an ingredient contained beside the mixture": lambda: [
        by_reference("#mix", contained=[]) | {"contained": [mixture("#drug"), BESPONSA | {"id": "drug"}]}],
    "a substance contained beside the mixture": lambda: [
        by_reference("#mix", contained=[]) | {"contained": [mixture("#s1"), SUBSTANCE]}],
    "an ingredient contained in the mixture": lambda: [
        by_reference("Medication/mix"), mixture("#drug") | {"contained": [BESPONSA | {"id": "drug"}]}],
    "an ingredient in the draft bundle": lambda: [by_reference("Medication/mix"), mixture("Medication/m1"), BESPONSA],
    "a substance in the draft bundle": lambda: [by_reference("Medication/mix"), mixture("Substance/s1"), SUBSTANCE],
    "an ingredient on the server, the mixture contained": lambda: [
        by_reference("#mix", contained=[]) | {"contained": [mixture("Medication/served")]}],
    "an ingredient in words": lambda: [
        by_reference("Medication/mix"),
        {"resourceType": "Medication", "id": "mix", "ingredient": [{"itemReference": {"display": "inotuzumab ozogamicin"}}]}],
    "an ingredient in words, the mixture named by its bag": lambda: [
        by_reference("Medication/mix"), {
            "resourceType": "Medication", "id": "mix", "code": {"text": "IV bag"},
            "ingredient": [{"itemCodeableConcept": {"text": "inotuzumab ozogamicin"}}],
        }],
}  # fmt: skip


@pytest.mark.parametrize("name", DRUG_SOURCES)
def test_case_18_a_draft_orders_drug_is_found_wherever_it_stands(name):
    with running([BESPONSA | {"id": "served"}]) as ehr:
        assert coverage_card(sign(*DRUG_SOURCES[name](), server=ehr.base))


def test_a_draft_orders_drug_is_found_in_the_prefetch():
    sent = NOTHING | {"medicationRequests": bundle(BESPONSA)}
    assert coverage_card(sign(by_reference("Medication/m1"), prefetch=sent))


def test_a_mixture_known_only_by_its_ingredients_is_an_order_like_any_other():
    contained = [mixture("#drug"), BESPONSA | {"id": "drug"}]
    card = coverage_card(sign(by_reference("#mix") | {"contained": contained}, prefetch=NOTHING))
    facts = card["extension"]["payer-policy-cds"]
    assert (facts["cycle"], facts["day"], facts["dose"]["ordered_mg"]) == (1, 1, 1.41)


def test_an_ingredient_is_found_in_the_prefetch():
    sent = NOTHING | {"medicationRequests": bundle(mixture("Medication/m1"), BESPONSA)}
    assert coverage_card(sign(by_reference("Medication/mix"), prefetch=sent))


def test_ingredients_that_cannot_be_had_or_go_in_a_circle_are_no_drug():
    circle = [mixture("Medication/b", id="a"), mixture("Medication/a", id="b")]
    for draft in (
        [by_reference("Medication/mix"), mixture("Medication/gone")],
        [by_reference("Medication/a"), *circle],
    ):
        assert sign(*draft, prefetch=NOTHING).cards == []


@pytest.mark.parametrize(
    "reference", ["Medication/gone", "https://other.example/fhir/Medication/m1", "#nowhere"]
)
def test_a_draft_order_whose_drug_cannot_be_had_is_another_drug(reference):
    with running([BESPONSA]) as ehr:
        assert sign(by_reference(reference), server=ehr.base).cards == []


NDC = "http://hl7.org/fhir/sid/ndc"
NAMED = {
    "HCPCS in a MedicationRequest": order(),
    "HCPCS in a ServiceRequest": {
        "resourceType": "ServiceRequest", "id": "s1", "status": "draft", "intent": "order", "subject": PATIENT,
        "code": coded(HCPCS, "J9229"), "quantityQuantity": {"value": 15}, "occurrenceDateTime": "2026-04-16"},
    "NDC only": order(medicationCodeableConcept=coded(NDC, "0008-0100-01")),
    "text only": order(medicationCodeableConcept={"text": "Besponsa 0.9 mg vial"}),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMED)
def test_case_19_the_drug_is_known_by_any_of_its_names(name):
    assert coverage_card(sign(NAMED[name], prefetch=NOTHING))


def test_case_20_of_two_orders_only_the_relevant_one_is_answered():
    other = order(id="draft-2", medicationCodeableConcept={"text": "ondansetron 8 mg"})
    answered = sign(other, order(), prefetch=NOTHING)
    assert {c["extension"]["payer-policy-cds"]["order"] for c in answered.cards} == {
        "MedicationRequest/draft-1"
    }


def test_case_20_stu3_shapes_still_get_a_card():
    stu3 = order(context={"reference": "Encounter/e1"}, requester={"agent": {"reference": "Practitioner/1"}})
    stu3["dosageInstruction"] = [{"doseQuantity": {"value": 1.41, "unit": "mg"}}]
    assert coverage_card(sign(stu3, prefetch=NOTHING))


def test_case_21_a_draft_order_for_another_patient_is_refused():
    with pytest.raises(Refused) as refused:
        sign(order(subject={"reference": "Patient/p2"}), prefetch=NOTHING)
    assert refused.value.status == 400
