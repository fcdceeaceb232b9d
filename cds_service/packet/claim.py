"""The request draft: a PAS Claim in a Bundle with what it refers to, for the provider to complete and submit.

Resources of the record go in as they are. What cannot be filled from record, order and policy is a gap; the
draft is never complete, since the form behind it is open until the clinician attests it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cds_service.clinical.code_sets import code_set
from cds_service.fhir.codings import System, system_of, words_in
from cds_service.fhir.dates import read_when
from cds_service.fhir.json_types import as_dict, as_dicts, as_prose, as_text
from cds_service.fhir.quantities import plain
from cds_service.fhir.record import Resource
from cds_service.packet import requirements
from cds_service.packet.answers import open_questions, response
from cds_service.packet.authorization import Authorization
from cds_service.packet.elements import DTR, PAS, Json, concept, content_uuid, entry, extension
from cds_service.packet.form import ATTESTED, questionnaire
from cds_service.packet.gaps import Gap, Who, in_order
from cds_service.packet.item import Line, cited, line
from cds_service.packet.parties import Parties, parties
from cds_service.values import dataclass

_INFO = "http://hl7.org/fhir/us/davinci-pas/CodeSystem/PASTempCodes"
_LONGEST_WHAT = 120  # characters of a document's type or description
_CODES = "http://terminology.hl7.org/CodeSystem"


@dataclass(frozen=True, slots=True)
class Draft:
    """The Bundle (None without a Coverage) and everything that it lacks."""

    bundle: Json | None
    gaps: tuple[Gap, ...]


def draft(one: Authorization) -> Draft:
    """The request draft of an authorization."""
    gaps = [*_of_form(one), *_of_record(one)]
    if one.coverage is None:
        missing = Gap("Coverage", one.why_no_coverage, Who.PROVIDER, blocks=True)
        return Draft(None, in_order([missing, *gaps]))
    who, asked = parties(one), line(one)
    diagnosis = _diagnosis(one)
    if diagnosis is None:
        gaps.append(Gap("Claim.diagnosis", "no ICD-10-CM code of the disease is on record"))
    gaps += [*who.gaps, *asked.gaps, *requirements.coverage_gaps(one.coverage.body), *_always(one)]
    return Draft(_bundle(one, who, asked, diagnosis), in_order(gaps))


def _bundle(one: Authorization, who: Parties, asked: Line, diagnosis: str | None) -> Json:
    answers = _answers(one)
    answers_url = f"urn:uuid:{content_uuid(answers)}"
    claim = _claim(one, who, asked, diagnosis, answers_url)
    identifier = {"system": f"{one.public_url}/packet", "value": content_uuid(claim)}
    claim = {"resourceType": "Claim", "id": identifier["value"], "identifier": [identifier], **claim}
    signed = [order for order in one.orders if not requirements.why_not_referred_to(order.body)]
    held = [r for r in (one.patient, one.coverage, *who.resources, *signed) if r is not None]
    return {
        "resourceType": "Bundle",
        "meta": {"profile": [f"{PAS}/profile-pas-request-bundle"]},
        "identifier": identifier,
        "type": "collection",
        "timestamp": one.assessment.decided,
        "entry": [
            entry(f"urn:uuid:{claim['id']}", claim),
            *_entries(one, held),
            entry(answers_url, answers),
        ],
    }


def _entries(one: Authorization, held: Sequence[Resource]) -> list[Json]:
    """One entry for each resource."""
    return [entry(url, body) for url, body in {one.full_url(r): r.body for r in held}.items()]


def _claim(one: Authorization, who: Parties, asked: Line, diagnosis: str | None, answers_url: str) -> Json:
    service, item = one.terms.service, dict(asked.item)
    made: Json = {
        "meta": {"profile": [f"{PAS}/profile-claim"]},
        "status": "active",
        "type": concept(f"{_CODES}/claim-type", "professional"),
        "use": "preauthorization",
        "patient": {"reference": one.assessment.patient},
        "created": one.assessment.decided,
        "priority": concept(f"{_CODES}/processpriority", "normal"),
    }
    if one.patient is not None:
        made["patient"] = one.pointer(one.patient)
    for member, party in (("insurer", who.insurer), ("provider", who.provider)):
        if party is not None:
            made[member] = one.pointer(party)
    if who.team is not None:
        whole = extension(f"{PAS}/extension-careTeamClaimScope", valueBoolean=True)
        made["careTeam"] = [{"extension": [whole], "sequence": 1, "provider": one.pointer(who.team)}]
        item["careTeamSequence"] = [1]
    if diagnosis is not None:
        coded = concept(System.ICD10CM.value, diagnosis)
        made["diagnosis"] = [{"sequence": 1, "diagnosisCodeableConcept": coded}]
        item["diagnosisSequence"] = [1]
    information = list(_information(one, asked, service.report_type, answers_url))
    made["supportingInfo"] = information
    item["informationSequence"] = [info["sequence"] for info in information]
    assert one.coverage is not None
    made["insurance"] = [{"sequence": 1, "focal": True, "coverage": one.pointer(one.coverage)}]
    made["item"] = [item]
    return made


def _information(one: Authorization, asked: Line, report_type: str, answers_url: str) -> Iterator[Json]:
    if report_type:
        code = concept("https://codesystem.x12.org/005010/755", report_type)
        report = extension(
            f"{PAS}/extension-documentInformation",
            extension=[extension("reportTypeCode", valueCodeableConcept=code)],
        )
        yield {
            "extension": [report],
            "sequence": 1,
            "category": concept(_INFO, "additionalInformation"),
            "valueReference": {"reference": answers_url},
        }
    message = concept(_INFO, "freeFormMessage")
    yield {"sequence": 2 if report_type else 1, "category": message, "valueString": _message(one, asked)}


def _message(one: Authorization, asked: Line) -> str:
    policy, dose = one.terms.reference, one.determinations[0].dose
    said = [
        "Draft made from the record, to be completed and submitted by the provider",
        f"policy {policy.id} effective {policy.effective}",
        f"coverage assertion {one.assertion}",
    ]
    if dose is not None and dose.arithmetic:
        said.append(f"dose {dose.arithmetic}")
    if dose is not None and dose.ordered_mg is not None:
        said.append(f"ordered {plain(dose.ordered_mg)} mg")
    if asked.units is not None:
        said.append(f"{asked.units} units of {one.terms.service.code}")
    if asked.units is not None and dose is not None and dose.vials is not None:
        said.append(f"{dose.vials} vials for one dose")
    return "; ".join(said) + "."


def _answers(one: Authorization) -> Json:
    """The Bundle of the form's response, with what its answers cite."""
    form = questionnaire(one.terms, one.public_url)
    answered = response(form, one.terms, one.assessment)
    held = [r for r in (one.patient, one.coverage) if r is not None]
    url = (
        f"{one.fhir_base}/QuestionnaireResponse/{answered['id']}"
        if one.fhir_base
        else f"urn:uuid:{answered['id']}"
    )
    return {
        "resourceType": "Bundle",
        "meta": {"profile": [f"{DTR}/DTR-QRBundle"]},
        "type": "collection",
        "entry": [entry(url, answered), *_entries(one, [*held, *one.orders, *cited(one)])],
    }


def _diagnosis(one: Authorization) -> str | None:
    """The ICD-10-CM code of the Condition that decided, else of the order's reasons, else of the disease.

    A reason may be a symptom or an encounter ("for chemotherapy"), which is no diagnosis.
    """
    references = [
        e for id_ in one.terms.service.diagnosis for e in _evidence(one, id_) if e.startswith("Condition/")
    ]
    order = one.orders[0]
    reasons = [as_text(p.get("reference")) or "" for p in as_dicts(order.body.get("reasonReference"))]
    concepts: list[Any] = [_code_of(one, r) for r in references]
    concepts += as_dicts(order.body.get("reasonCode"))
    concepts += [_code_of(one, r) for r in (*reasons, *one.diagnoses)]
    no_disease = code_set("no_disease")
    codes = (code for given in concepts for code in _icd10(given))
    return next((code for code in codes if (System.ICD10CM, code) not in no_disease), None)


def _evidence(one: Authorization, criterion: str) -> tuple[str, ...]:
    found = one.assessment.criteria.get(criterion)
    return found.evidence if found is not None else ()


def _code_of(one: Authorization, reference: str) -> object:
    held = one.record.resolve(reference, one.orders[0]) if reference else None
    return held.body.get("code") if held is not None and held.type == "Condition" else None


def _icd10(given: object) -> Iterator[str]:
    for coding in as_dicts(as_dict(given).get("coding")):
        if system_of(coding.get("system")) is System.ICD10CM and (code := as_text(coding.get("code"))):
            yield code


def _of_form(one: Authorization) -> Iterator[Gap]:
    """What the clinician has to do in the form: each question that its answers leave open, and the attestation."""
    form = questionnaire(one.terms, one.public_url)
    for item, because in open_questions(form, response(form, one.terms, one.assessment)):
        if item["linkId"] != ATTESTED:
            element = f"QuestionnaireResponse.item({item['linkId']})"
            yield Gap(element, f"answer: {item['text']}", Who.CLINICIAN, detail=because)
    yield Gap("QuestionnaireResponse.status", "complete and attest the form", Who.CLINICIAN)


def _of_record(one: Authorization) -> Iterator[Gap]:
    if one.patient is None:
        yield Gap("Patient", "the patient's own record was not to be read", Who.PROVIDER, blocks=True)
    else:
        yield from requirements.patient_gaps(one.patient.body)
    for order in one.orders:
        yield from requirements.order_gaps(order.body)
    for document in cited(one, "DocumentReference"):
        yield Gap("Claim.supportingInfo", f"attach {_what(document)} ({document.reference})")
    if not one.fhir_base:
        why = "the EHR's FHIR address is not known, so that resources have no address of their own"
        yield Gap("Bundle.entry.fullUrl", why)


def _what(document: Resource) -> str:
    """What a document is and of which day, such as ``Progress note of 2026-04-13``."""
    kind = words_in(document.body.get("type")).split(" | ")[0].removeprefix("Provider-unspecified ")
    name = (kind or as_prose(document.body.get("description")) or "a document")[:_LONGEST_WHAT]
    when = read_when(document.body.get("date"))
    return f"{name} of {when}" if when is not None else name


def _always(one: Authorization) -> Iterator[Gap]:
    """What no record holds."""
    yield Gap("Claim.identifier", "the provider's own trace number")
    yield Gap("Claim.priority", "normal is assumed: say if it is urgent", Who.CLINICIAN)
    if not one.terms.service.report_type:
        yield Gap("Claim.supportingInfo", "the payer's table lacks a report type for the form", Who.PAYER)
