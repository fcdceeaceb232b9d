"""The request draft and what it lacks: each element from the record, or a gap that says who fills it."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from cds_service.fhir.record import Resource
from cds_service.json_text import write_json
from cds_service.packet.assembly import PACKAGE, REQUEST, SUMMARY, Packet, packet
from cds_service.packet.claim import draft
from cds_service.packet.gaps import Gap, Who
from tests.fixtures import NAMES
from tests.packet.insured import (
    BASE,
    PAYER,
    TERMS,
    Body,
    around,
    as_service,
    authorizations,
    chart,
    coverage,
    drafts,
    made_packets,
    record,
)

NAME = "relapsed-single-agent"
CHOICES = {f"QuestionnaireResponse.item({g.id})" for g in TERMS.groups.values() if g.operator == "any"}
each_patient = pytest.mark.parametrize("name", NAMES)


def the_packet(
    resources: list[Body] | None = None,
    more: list[Body] | None = None,
    orders: list[Body] | None = None,
    **changes: Any,
) -> Packet:
    (made,) = made_packets(NAME, record(NAME, resources, more), orders, **changes)
    return made


def claim_of(made: Packet) -> dict[str, Any]:
    claim: dict[str, Any] = json.loads(made.files[REQUEST])["entry"][0]["resource"]
    return claim


def gaps_of(made: Packet, element: str) -> list[Gap]:
    return [gap for gap in made.gaps if gap.element.startswith(element)]


def edited(resources: list[Body], kind: str, **members: Any) -> list[Body]:
    """The resources, with members of one type changed; None takes a member out."""
    return [
        {k: v for k, v in {**r, **members}.items() if v is not None} if r["resourceType"] == kind else r
        for r in resources
    ]


@each_patient
def test_a_whole_record_leaves_nothing_that_blocks(name: str) -> None:
    for made in made_packets(name):
        assert [gap for gap in made.gaps if gap.blocks] == []
        assert Gap("QuestionnaireResponse.status", "complete and attest the form", Who.CLINICIAN) in made.gaps


@each_patient
def test_the_same_input_gives_the_same_bytes(name: str) -> None:
    resources = chart(name)

    assert made_packets(name, record(name, resources)) == made_packets(name, record(name, resources[::-1]))


@each_patient
def test_every_open_criterion_that_the_form_asks_for_is_the_clinicians(name: str) -> None:
    for one in authorizations(name):
        open_ = {
            gap.element for gap in draft(one).gaps if gap.element.startswith("QuestionnaireResponse.item")
        }
        asked = write_json(draft(one).bundle)
        unknown = {
            c.id
            for d in one.determinations
            for c in d.criteria
            if c.verdict.value == "unknown" and f'"linkId":"{c.id}.because"' in asked
        }

        assert open_ - CHOICES == {f"QuestionnaireResponse.item({link})" for link in unknown}


@pytest.mark.parametrize(
    ("name", "open_"),
    [
        ("relapsed-single-agent", []),
        ("cd22-never-tested", ["POL-A-I-CD22"]),
        ("no-ecg-three-qt-drugs", ["POL-B-I-C-3"]),
    ],
)
def test_what_the_clinician_has_to_answer(name: str, open_: list[str]) -> None:
    (made,) = made_packets(name)
    asked = [g.element for g in made.gaps if g.element.startswith("QuestionnaireResponse.item")]

    assert asked == [f"QuestionnaireResponse.item({link})" for link in open_]


def test_the_claim_is_filled_from_record_order_and_policy() -> None:
    claim = claim_of(the_packet())

    assert (claim["status"], claim["use"]) == ("active", "preauthorization")
    assert claim["insurer"] == {"reference": f"{BASE}/Organization/payer"}
    assert claim["provider"] == {"reference": f"{BASE}/Organization/clinic"}
    assert claim["careTeam"][0]["provider"] == {"reference": f"{BASE}/PractitionerRole/role-1"}
    assert claim["insurance"] == [
        {"sequence": 1, "focal": True, "coverage": {"reference": f"{BASE}/Coverage/cov-1"}}
    ]
    assert claim["diagnosis"][0]["diagnosisCodeableConcept"]["coding"][0]["code"] == "C91.02"
    (item,) = claim["item"]
    assert item["productOrService"]["coding"][0]["code"] == "J9229"
    assert item["servicedDate"] == "2026-04-16"
    assert item["quantity"] == {"value": 15, "unit": "units"}
    assert item["locationCodeableConcept"]["coding"][0]["code"] == "22"
    assert item["category"]["coding"][0]["code"] == "78"
    codes = [e["valueCodeableConcept"]["coding"][0]["code"] for e in item["extension"]]
    assert codes == ["HS", "I"]


def test_a_continuation_asks_for_renewal_and_has_its_diagnosis_too() -> None:
    (made,) = made_packets("second-cycle-after-cr")
    claim = claim_of(made)

    assert claim["item"][0]["extension"][1]["valueCodeableConcept"]["coding"][0]["code"] == "R"
    assert claim["diagnosis"][0]["diagnosisCodeableConcept"]["coding"][0]["code"].startswith("C91.0")


def test_the_message_says_policy_dose_units_and_that_it_is_a_draft() -> None:
    made = the_packet()
    assertion = json.loads(made.files[SUMMARY])["coverage-assertion-id"]
    said = claim_of(made)["supportingInfo"][1]["valueString"]

    for part in ("Draft", "MP-RX-FP-12-23", assertion, "15 units", "2 vials", "1.41 mg"):
        assert part in said


def test_the_records_resources_go_in_unaltered_and_once() -> None:
    entries = json.loads(the_packet().files[REQUEST])["entry"]
    held = {f"{r['resourceType']}/{r['id']}": r for r in [*chart(NAME), *around(NAME)]}
    urls = [e["fullUrl"] for e in entries]

    assert entries[0]["resource"]["resourceType"] == "Claim"
    assert len(set(urls)) == len(urls)
    for entry in entries[1:-1]:
        reference = entry["fullUrl"].removeprefix(f"{BASE}/")
        assert entry["resource"] == held[reference]


def test_the_responses_bundle_holds_what_its_answers_cite() -> None:
    answers = json.loads(the_packet().files[REQUEST])["entry"][-1]["resource"]
    urls = {e["fullUrl"].removeprefix(f"{BASE}/") for e in answers["entry"]}
    text = json.dumps(answers["entry"][0])
    cited = {part.split('"')[0] for part in text.split('"reference": "')[1:]}

    assert answers["entry"][0]["resource"]["resourceType"] == "QuestionnaireResponse"
    assert cited <= urls
    assert {"Patient/relapsed-single-agent", "Coverage/cov-1"} <= urls


def test_documents_are_named_not_copied() -> None:
    (one,) = authorizations("frontline-mini-hyper-cvd")
    cited = {
        e for c in one.assessment.criteria.values() for e in c.evidence if e.startswith("DocumentReference/")
    }
    named = [gap for gap in draft(one).gaps if gap.why.startswith("attach ")]

    assert len(named) == len(cited) > 0
    assert all(
        re.match(r"attach Progress note of 2026-\d\d-\d\d \(DocumentReference/\S+\)$", gap.why)
        for gap in named
    )
    assert all(gap.who is Who.PROVIDER for gap in named)


def test_a_signed_order_is_referred_to_and_a_draft_is_not() -> None:
    signed = claim_of(the_packet(orders=drafts(NAME, status="active")))
    urls = [e["url"].rsplit("/", 1)[1] for e in signed["item"][0]["extension"]]

    assert "extension-requestedService" in urls
    assert "requestedService" not in json.dumps(claim_of(the_packet()))
    assert gaps_of(the_packet(), "Claim.item[0].extension:requestedService")


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("authoredOn", "2026-04-15 09:00"),
        ("authoredOn", "2026-04-15T09:00:00"),
        ("authoredOn", None),
        ("intent", None),
    ],
)
def test_an_order_that_its_profile_refuses_is_a_gap(member: str, value: object) -> None:
    orders = [{**order, member: value} for order in drafts(NAME)]
    orders = [{k: v for k, v in order.items() if v is not None} for order in orders]

    assert [gap.blocks for gap in gaps_of(the_packet(orders=orders), f"MedicationRequest.{member}")] == [True]


def test_an_order_that_is_a_service_is_asked_for_and_not_referred_to() -> None:
    orders = [as_service(o, occurrenceDateTime="2026-04-16") for o in drafts(NAME, status="active")]
    made = the_packet(orders=orders)

    assert "requestedService" not in json.dumps(claim_of(made)["item"])
    assert gaps_of(made, "Claim.item[0].extension:requestedService")
    assert claim_of(made)["item"][0]["quantity"]["value"] == 15


@pytest.mark.parametrize(
    ("kind", "members", "element", "blocks"),
    [
        ("Patient", {"identifier": None}, "Patient.identifier", True),
        ("Patient", {"identifier": [{"value": "1"}]}, "Patient.identifier", True),
        ("Patient", {"name": None}, "Patient.name", True),
        ("Patient", {"name": [{"text": "Rosa"}]}, "Patient.name", True),
        ("Patient", {"gender": None}, "Patient.gender", True),
        ("Patient", {"gender": "F"}, "Patient.gender", True),
        ("Patient", {"birthDate": "02/03/1980"}, "Patient.birthDate", True),
        ("Patient", {"birthDate": "1980-02"}, "Patient.birthDate", True),
        ("Patient", {"birthDate": None}, "Patient.birthDate", False),
        ("Coverage", {"identifier": None}, "Coverage.identifier", True),
        ("Coverage", {"relationship": None}, "Coverage.relationship", True),
        ("Coverage", {"subscriber": None}, "Coverage.subscriber", True),
        ("Coverage", {"payor": [{"display": "MMM"}]}, "Claim.insurer", True),
    ],
)  # fmt: skip
def test_what_the_chart_lacks_is_a_gap_of_the_providers(
    kind: str, members: Mapping[str, Any], element: str, blocks: bool
) -> None:
    (gap,) = gaps_of(the_packet(edited(chart(NAME), kind, **members)), element)

    assert (gap.blocks, gap.who) == (blocks, Who.PROVIDER)


@pytest.mark.parametrize(
    ("kind", "members", "element", "blocks"),
    [
        ("Organization", {"active": None}, "Claim.insurer.active", True),
        ("Organization", {"name": None}, "Claim.provider.name", True),
        ("PractitionerRole", {"telecom": None}, "Claim.careTeam", False),
        ("Practitioner", {"identifier": None}, "Claim.careTeam", False),
        ("Location", {"type": None}, "Claim.item[0].location", True),
        ("Encounter", {"subject": {"reference": "Patient/other"}}, "Claim.item[0].location", True),
    ],
)
def test_so_is_what_people_and_places_lack(
    kind: str, members: Mapping[str, Any], element: str, blocks: bool
) -> None:
    (gap,) = gaps_of(the_packet(more=edited(around(NAME), kind, **members)), element)

    assert gap.blocks is blocks


_NPI, _CLIA, _NAIC = (
    "http://hl7.org/fhir/sid/us-npi", "urn:oid:2.16.840.1.113883.4.7", "urn:oid:2.16.840.1.113883.6.300",
)  # fmt: skip


@pytest.mark.parametrize(
    ("system", "value", "valid"),
    [
        (_NPI, "1234567893", True), (_NPI, "1992799991", False), (_NPI, "123456789", False), (_NPI, "12345678 3", False),
        (_CLIA, "11D0265516", True), (_CLIA, "1100265516", False),
        (_NAIC, "12345", True), (_NAIC, "1234", False),
        ("urn:oid:2.16.840.1.113883.3.9999", "MMM", True), ("urn:oid:1.2.3", "MMM", False), ("urn:oid:1.02.3.4", "MMM", False),
        ("https://payer.example.org/ids", "1.2.3", True),
    ],
)  # fmt: skip
def test_a_number_that_its_own_rules_refuse_blocks(system: str, value: str, valid: bool) -> None:
    identifier = {"system": system, "value": value}
    held = the_packet(more=edited(around(NAME), "Organization", identifier=[identifier]))
    named = the_packet(edited(chart(NAME), "Coverage", payor=[{"identifier": identifier}]))

    for made in (held, named):
        assert [gap.blocks for gap in gaps_of(made, "Claim.insurer.identifier")] == ([] if valid else [True])


@pytest.mark.parametrize("member", ["requester", "authoredOn"])
def test_so_is_what_the_order_lacks(member: str) -> None:
    (order,) = drafts(NAME)
    del order[member]

    assert gaps_of(the_packet(orders=[order]), f"MedicationRequest.{member}")[0].blocks


def test_without_anything_beside_the_chart_provider_and_place_are_missing() -> None:
    made = the_packet(more=[])

    assert {gap.element for gap in made.gaps if gap.blocks} == {
        "Claim.insurer", "Claim.provider", "Claim.item[0].location",
    }  # fmt: skip
    assert {"insurer", "provider", "careTeam"}.isdisjoint(claim_of(made))


def test_a_payor_by_identifier_becomes_an_organization_of_the_draft() -> None:
    resources = edited(chart(NAME), "Coverage", payor=[{"identifier": PAYER}])
    made = the_packet(resources)
    insurer = claim_of(made)["insurer"]["reference"]
    (body,) = (e["resource"] for e in json.loads(made.files[REQUEST])["entry"] if e["fullUrl"] == insurer)

    assert insurer.startswith("urn:uuid:")
    assert body == {
        "resourceType": "Organization",
        "active": True,
        "identifier": [PAYER],
        "name": TERMS.reference.payer,
    }


@pytest.mark.parametrize(
    "payor",
    [
        {"reference": f"Patient/{NAME}"},
        {"reference": "RelatedPerson/mother", "identifier": PAYER},
        {"reference": "#self"},
    ],
)
def test_a_person_who_pays_is_no_insurer(payor: Body) -> None:
    contained = [{"resourceType": "Patient", "id": "self", "identifier": [PAYER]}]
    made = the_packet(edited(chart(NAME), "Coverage", payor=[payor], contained=contained))

    assert "insurer" not in claim_of(made)
    assert gaps_of(made, "Claim.insurer")[0].blocks


def test_a_payor_inside_the_coverage_becomes_an_organization_of_the_draft() -> None:
    contained = [{"resourceType": "Organization", "id": "mmm", "name": "MMM", "identifier": [PAYER]}]
    made = the_packet(edited(chart(NAME), "Coverage", payor=[{"reference": "#mmm"}], contained=contained))
    insurer = claim_of(made)["insurer"]["reference"]
    (body,) = (e["resource"] for e in json.loads(made.files[REQUEST])["entry"] if e["fullUrl"] == insurer)

    assert (body["name"], body["identifier"], body["active"]) == ("MMM", [PAYER], True)


def test_without_a_role_the_encounters_organization_asks() -> None:
    around_it = edited(around(NAME), "Encounter", serviceProvider={"reference": "Organization/clinic"})
    orders = drafts(NAME, requester={"reference": "Practitioner/oncologist-1"})
    claim = claim_of(the_packet(more=around_it, orders=orders))

    assert claim["provider"] == {"reference": f"{BASE}/Organization/clinic"}
    assert "careTeam" not in claim


def test_a_reference_to_another_server_is_no_resource_of_this_chart() -> None:
    """Ids repeat elsewhere: another server's Organization/clinic is another clinic."""
    elsewhere = {"reference": "https://other.example.org/fhir/Organization/clinic"}
    here = {"reference": f"{BASE}/Organization/clinic"}
    asks = [
        claim_of(the_packet(more=edited(around(NAME), "PractitionerRole", organization=named)))["provider"]
        for named in (elsewhere, here)
    ]

    assert [who["reference"].removeprefix(f"{BASE}/") for who in asks] == [
        "PractitionerRole/role-1",
        "Organization/clinic",
    ]


def test_without_an_organization_the_role_itself_asks() -> None:
    claim = claim_of(the_packet(more=edited(around(NAME), "PractitionerRole", organization=None)))

    assert claim["provider"] == {"reference": f"{BASE}/PractitionerRole/role-1"}


def test_without_an_icd_code_there_is_no_diagnosis() -> None:
    resources = chart(NAME)
    for body in resources:
        if body["resourceType"] == "Condition":
            body["code"]["coding"] = [c for c in body["code"]["coding"] if "icd-10" not in c["system"]]
    made = the_packet(resources)

    assert gaps_of(made, "Claim.diagnosis") == [
        Gap("Claim.diagnosis", "no ICD-10-CM code of the disease is on record")
    ]
    assert "diagnosis" not in claim_of(made)


@pytest.mark.parametrize(
    ("codes", "diagnosis"),
    [(["Z51.11", "C91.02"], "C91.02"), (["R53.83", "Z51.11"], None)],
)
def test_of_the_reasons_of_an_order_only_a_disease_is_the_diagnosis(
    codes: list[str], diagnosis: str | None
) -> None:
    resources = chart(NAME)
    for body in resources:
        if body["resourceType"] == "Condition":
            body["code"]["coding"] = [c for c in body["code"]["coding"] if "icd-10" not in c["system"]]
    reasons = [{"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": c}]} for c in codes]
    claim = claim_of(
        the_packet(resources, orders=edited(drafts(NAME), "MedicationRequest", reasonCode=reasons))
    )

    found = (
        claim["diagnosis"][0]["diagnosisCodeableConcept"]["coding"][0]["code"]
        if "diagnosis" in claim
        else None
    )
    assert found == diagnosis


@pytest.mark.parametrize("name", ["tenfold-overdose", "no-height-or-weight"])
def test_units_are_stated_for_a_dose_that_is_known_to_fit_alone(name: str) -> None:
    (made,) = made_packets(name)

    assert gaps_of(made, "Claim.item[0].quantity")
    assert "quantity" not in claim_of(made)["item"][0]


def test_units_are_of_all_doses_of_all_orders_of_the_cycle() -> None:
    (first,) = drafts("second-cycle-after-cr")
    more = []
    for day, date in ((8, "2026-04-23"), (15, "2026-04-30")):
        order = copy.deepcopy(first) | {"id": f"day-{day}"}
        order["dosageInstruction"][0]["timing"] = {"event": [date]}
        order["dosageInstruction"][0]["text"] = first["dosageInstruction"][0]["text"].replace(
            "Day 1", f"Day {day}"
        )
        more.append(order)
    (made,) = made_packets("second-cycle-after-cr", orders=[first, *more])
    (one,) = authorizations("second-cycle-after-cr", orders=[first, *more])
    units = [d.dose.billing_units for d in one.determinations if d.dose]
    item = claim_of(made)["item"][0]

    assert item["quantity"]["value"] == sum(u for u in units if u is not None)
    assert item["servicedPeriod"] == {"start": one.determinations[0].planned, "end": "2026-04-30"}


@pytest.mark.parametrize(
    ("member", "element"),
    [
        ("item_category", "Claim.item[0].category"),
        ("request_type", "Claim.item[0].extension:serviceItemRequestType"),
        ("certification", "Claim.item[0].extension:certificationType"),
        ("report_type", "Claim.supportingInfo"),
    ],
)
def test_a_code_that_the_payers_table_lacks_is_the_payers_gap(member: str, element: str) -> None:
    (one,) = authorizations(NAME)
    empty: Any = {} if member == "certification" else ""
    terms = replace(TERMS, service=replace(TERMS.service, **{member: empty}))
    (gap,) = (
        g
        for g in draft(replace(one, terms=terms)).gaps
        if g.element.startswith(element) and g.who is Who.PAYER
    )

    assert gap.blocks is (member != "report_type")


@pytest.mark.parametrize(
    ("coverages", "why"),
    [
        ([], "no Coverage in force"),
        ([coverage(NAME, status="cancelled")], "no Coverage in force"),
        ([coverage(NAME, period={"end": "2026-01-31"})], "no Coverage in force"),
        ([coverage(NAME), coverage(NAME, id="cov-2")], "several Coverages are in force"),
    ],
)
def test_without_one_coverage_there_is_a_form_and_no_request(coverages: list[Body], why: str) -> None:
    own = [r for r in chart(NAME) if r["resourceType"] != "Coverage"]
    made = the_packet([*own, *coverages])

    assert list(made.files) == [PACKAGE, SUMMARY]
    assert gaps_of(made, "Coverage")[0].blocks
    assert gaps_of(made, "Coverage")[0].why.startswith(why)
    assert json.loads(made.files[SUMMARY])["files"] == [PACKAGE, SUMMARY]


def test_of_several_coverages_the_orders_insurance_is_taken() -> None:
    orders = drafts(NAME, insurance=[{"reference": "Coverage/cov-2"}])
    claim = claim_of(the_packet([*chart(NAME), coverage(NAME, id="cov-2")], orders=orders))

    assert claim["insurance"][0]["coverage"] == {"reference": f"{BASE}/Coverage/cov-2"}


def test_without_an_address_of_the_ehr_entries_are_urns_and_a_gap_says_so() -> None:
    made = the_packet(fhir_base="")
    entries = json.loads(made.files[REQUEST])["entry"]

    assert all(e["fullUrl"].startswith("urn:uuid:") for e in entries)
    assert claim_of(made)["provider"]["reference"] in {e["fullUrl"] for e in entries}
    assert gaps_of(made, "Bundle.entry.fullUrl")


def test_the_summary_tells_policy_verdict_files_and_gaps() -> None:
    made = the_packet()
    summary = json.loads(made.files[SUMMARY])

    assert made.name == "relapsed-single-agent-draft-1"
    assert summary["policy"] == {"id": "MP-RX-FP-12-23", "effective": "2026-03-24"}
    assert summary["order"] == "MedicationRequest/relapsed-single-agent-draft-1"
    assert summary["orders"] == [summary["order"]]
    assert (summary["coverage"], summary["request"], summary["cycle"]) == ("met", "initial", 1)
    assert summary["files"] == [PACKAGE, REQUEST, SUMMARY]
    assert summary["gaps"] == [gap.as_json for gap in made.gaps]


def test_a_folder_is_named_by_the_order_whatever_its_name() -> None:
    (order,) = drafts(NAME)
    del order["id"]
    (one,) = authorizations(NAME)
    hostile = replace(one, orders=(Resource(order, "draft order", "urn:uuid:../../etc/passwd"),))
    assert packet(hostile).name == "urn-uuid-..-..-etc-passwd"


def test_two_authorizations_of_one_name_have_a_folder_each() -> None:
    service = as_service(
        drafts(NAME)[0], id="relapsed-single-agent-draft-1", note=[{"text": "Cycle 2 Day 1"}]
    )
    made = made_packets(NAME, orders=[*drafts(NAME), service])

    assert [one.name for one in made] == ["relapsed-single-agent-draft-1", "relapsed-single-agent-draft-1-2"]


def test_a_kind_of_request_that_is_not_known_is_the_clinicians_to_say() -> None:
    (one,) = authorizations(NAME)
    lost = replace(one, determinations=(replace(one.determinations[0], planned="not read", cycle=None),))
    (gap,) = (g for g in draft(lost).gaps if g.element == "Claim.item[0].extension:certificationType")

    assert (gap.who, gap.blocks) == (Who.CLINICIAN, True)
