"""A statement on its order: the coverage-information extension of CRD 2.2.1, and the action that puts it there.

Changes nothing of the order but these extensions. A statement that stands there already is not made again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cards.identity import COVERAGE_INFORMATION, card_uuid, extensions
from cds_service.crd.statement import Reason, Statement
from cds_service.fhir.json_types import as_dict, as_dicts, as_text
from cds_service.fhir.references import local_reference
from cds_service.fhir.versions import canonical

URL = COVERAGE_INFORMATION
# As CRD's own value sets spell it; elsewhere it is http.
_HCPCS = "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
_REASONS = "http://hl7.org/fhir/us/davinci-crd/CodeSystem/temp"
_DETAILS = "http://terminology.hl7.org/CodeSystem/crd-coverage-detail"
_DISPLAYS = {
    Reason.NO_MEMBER: "Member not found",
    Reason.NO_ACTIVE_COVERAGE: "Coverage not active",
    Reason.TECHNICAL: "Technical issues",
}


def assertion_id(said: Statement, tenant: str, patient_id: str, order: Mapping[str, Any]) -> str:
    """The id of a statement: the same for the same order and the same statement, whatever the day.

    Coverage-information on the order is no part of what was ordered.
    """
    decided = [part for part in _parts(said) if part["url"] != "date"]
    return card_uuid(tenant, patient_id, order, decided, "coverage-information")


def action(said: Statement, order: Mapping[str, Any], drug: str) -> dict[str, Any] | None:
    """The system action that puts a statement on its order; None when it stands there already."""
    standing = extensions(order)
    held = [e for e in as_dicts(standing) if e.get("url") == URL]
    ours = {
        "url": URL,
        "extension": [*_parts(said), _part("coverage-assertion-id", valueString=said.assertion_id)],
    }
    if any(_says(e) == _says(ours) for e in held):
        return None
    replaced = [e for e in held if _coverage_of(e) == local_reference(said.coverage)]
    kept = [e for e in standing if e not in replaced]
    return {
        "type": "update",
        "description": f"Add coverage information for {drug}",
        "resource": {**order, "extension": [*kept, ours]},
    }


def _value(extension: Mapping[str, Any], url: str, member: str) -> object:
    parts = as_dicts(extension.get("extension"))
    return next((part.get(member) for part in parts if part.get("url") == url), None)


def _says(extension: Mapping[str, Any]) -> list[str]:
    """What a statement says, with its id and whatever its order and day."""
    return sorted(
        canonical(part) for part in as_dicts(extension.get("extension")) if part.get("url") != "date"
    )


def _coverage_of(extension: Mapping[str, Any]) -> str | None:
    pointer = as_dict(_value(extension, "coverage", "valueReference"))
    return local_reference(as_text(pointer.get("reference")) or "")


def _parts(said: Statement) -> Iterator[dict[str, Any]]:
    """The members of the extension but its id, in the guide's order."""
    yield _part("coverage", valueReference={"reference": said.coverage})
    yield _part("covered", valueCode=said.covered.value)
    for url, code in (
        ("pa-needed", said.pa_needed),
        ("doc-needed", said.doc_needed),
        ("info-needed", said.info_needed),
    ):
        if code is not None:
            yield _part(url, valueCode=code)
    yield _part("billingCode", valueCoding={"system": _HCPCS, **said.billing})
    for code, text in said.reasons:
        yield _part("reason", valueCodeableConcept={**_coded(code), "text": text})
    if said.instructions is not None:
        yield {"url": "detail", "extension": list(_detail(said.instructions))}
    if said.questionnaire is not None:
        yield _part("questionnaire", valueCanonical=said.questionnaire)
    yield _part("date", valueDate=said.day.isoformat())
    if said.expires is not None:
        yield _part("expiry-date", valueDate=said.expires)


def _part(url: str, **value: object) -> dict[str, Any]:
    return {"url": url, **value}


def _coded(code: Reason | None) -> dict[str, Any]:
    if code is None:
        return {}
    return {"coding": [{"system": _REASONS, "code": code.value, "display": _DISPLAYS[code]}]}


def _detail(text: str) -> Iterator[dict[str, Any]]:
    yield _part("category", valueCode="cat-decisional")
    yield _part("code", valueCodeableConcept={"coding": [{"system": _DETAILS, "code": "instructions"}]})
    yield _part("value", valueString=text)
