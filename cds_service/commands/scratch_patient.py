"""One synthetic patient on a FHIR server: written by transaction, found again by its tag, deleted.

Everything written carries a random tag, and nothing without that tag is ever deleted, so that a
shared server loses nothing of anybody else's. Knows FHIR's REST interface; decides nothing clinical.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from cds_service.ehr.bundles import read_page
from cds_service.ehr.fhir_client import FhirClient
from cds_service.fhir.json_types import as_dict, as_dicts, as_text
from cds_service.fhir.references import local_reference
from cds_service.json_text import NotStrictJson, read_json, write_json
from cds_service.trust.outbound import Outbound, OutboundError

TAG_SYSTEM = "urn:uuid:1d6c2f9e-1d0c-4c0e-8f77-0a6a3b8f5c11"
WAIT_S = 60.0
_LOINC = "http://loinc.org"
_ICD10 = "http://hl7.org/fhir/sid/icd-10-cm"
_UCUM = "http://unitsofmeasure.org"
_SUBJECT = "urn:uuid:00000000-0000-4000-8000-000000000001"


class ScratchError(Exception):
    """The server did not take or give what was asked; the message says what to look at."""


class ScratchPatient:
    """A patient of our own on somebody's server, for the length of one check."""

    def __init__(self, outbound: Outbound, server: str) -> None:
        self.server = server.removesuffix("/")
        self.tag = str(uuid4())
        self.written: list[str] = []
        self._outbound = outbound
        self._client = FhirClient(outbound, self.server)
        self._sent = False

    def write(self, today: date) -> str:
        """Write the patient; gives back its id. Raises ScratchError."""
        resources = _resources(self.tag, today)
        entries = [
            {
                "fullUrl": _SUBJECT if body["resourceType"] == "Patient" else f"urn:uuid:{uuid4()}",
                "resource": body,
                "request": {"method": "POST", "url": body["resourceType"]},
            }
            for body in resources
        ]
        self._sent = True
        answers = self._post({"resourceType": "Bundle", "type": "transaction", "entry": entries})
        located = [as_text(as_dict(a.get("response")).get("location")) or "" for a in answers]
        self.written = [reference for where in located if (reference := local_reference(where)) is not None]
        if len(self.written) != len(resources):
            raise ScratchError(f"{len(resources)} resources were sent and {len(self.written)} were written")
        return self.written[0].partition("/")[2]

    def delete(self) -> int:
        """Delete all that was written, also what the server took without our hearing of it."""
        if not self._sent:
            return 0
        found = dict.fromkeys((*self.written, *self.left()))
        # The patient goes last: some servers refuse to delete what is still referred to.
        in_order = sorted(found, key=lambda reference: reference.startswith("Patient/"))
        if in_order:
            entries = [{"request": {"method": "DELETE", "url": reference}} for reference in in_order]
            self._post({"resourceType": "Bundle", "type": "batch", "entry": entries})
        return len(in_order)

    def left(self) -> list[str]:
        """What of ours can still be found on the server. Raises FhirError when it cannot be asked."""
        kinds = sorted({body["resourceType"] for body in _resources(self.tag, date(2000, 1, 1))})
        return [reference for kind in kinds for reference in self._ours(kind)]

    def _ours(self, kind: str) -> Iterator[str]:
        url = self._client.url(f"{kind}?_tag={TAG_SYSTEM}|{self.tag}&_count=100")
        for resource in read_page(self._client.get(url, _soon())).resources:
            tags = as_dicts(as_dict(resource.body.get("meta")).get("tag"))
            if resource.type == kind and any(tag.get("code") == self.tag for tag in tags):
                yield resource.reference

    def _post(self, bundle: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        try:
            answer = self._outbound.post(
                self.server,
                body=write_json(bundle).encode(),
                headers={"Content-Type": "application/fhir+json", "Accept": "application/fhir+json"},
                allowed=self._client.is_own,
                deadline=_soon(),
            )
            answered = as_dict(read_json(answer.body)) if answer.status == 200 else {}
        except (OutboundError, NotStrictJson) as failure:
            raise ScratchError(f"the {bundle['type']} failed: {failure}") from None
        if answer.status != 200:
            raise ScratchError(f"the server answered {answer.status} to a {bundle['type']}")
        return as_dicts(answered.get("entry"))


def _soon() -> float:
    return time.monotonic() + WAIT_S


def draft_order(patient_id: str, today: date) -> dict[str, Any]:
    """The order to be signed: the first dose of a first cycle, at the table's dose for this patient."""
    return {
        "resourceType": "MedicationRequest", "id": "draft-1", "status": "draft", "intent": "order",
        "subject": {"reference": f"Patient/{patient_id}"},
        "medicationCodeableConcept": {"coding": [
            {"system": "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "code": "J9229"}]},
        "dosageInstruction": [{
            "text": "Cycle 1 Day 1", "timing": {"event": [(today + timedelta(days=1)).isoformat()]},
            "doseAndRate": [{"doseQuantity": _quantity("1.41", "mg")}]}],
    }  # fmt: skip


def _resources(tag: str, today: date) -> list[dict[str, Any]]:
    """An adult with relapsed, CD22-positive, Philadelphia-negative B-cell ALL. All of it is made up."""
    recent = (today - timedelta(days=3)).isoformat()
    bodies: list[dict[str, Any]] = [
        {
            "resourceType": "Patient", "birthDate": f"{today.year - 46}-02-03", "gender": "female",
            "identifier": [{"system": TAG_SYSTEM, "value": tag}],
            "name": [{"family": "Synthetic", "given": ["Check"]}],
        },
        {
            "resourceType": "Condition", "recordedDate": recent,
            "code": {"coding": [{"system": _ICD10, "code": "C91.02"}], "text": "B-cell ALL, in relapse"},
            "clinicalStatus": _status("condition-clinical", "active"),
            "verificationStatus": _status("condition-ver-status", "confirmed"),
        },
        _observation("51126-1", recent, valueQuantity=_quantity("95", "%")),
        _observation("51867-0", recent, valueString="not detected"),
        _observation("8302-2", recent, valueQuantity=_quantity("165", "cm")),
        _observation("29463-7", recent, valueQuantity=_quantity("68", "kg")),
    ]  # fmt: skip
    for body in bodies:
        body["meta"] = {"tag": [{"system": TAG_SYSTEM, "code": tag}]}
        if body["resourceType"] != "Patient":
            body["subject"] = {"reference": _SUBJECT}
    return bodies


def _status(kind: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{kind}", "code": code}]}


def _quantity(value: str, unit: str) -> dict[str, Any]:
    return {"value": Decimal(value), "unit": unit, "system": _UCUM, "code": unit}


def _observation(loinc: str, day: str, **value: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": _LOINC, "code": loinc}]},
        "effectiveDateTime": day,
        **value,
    }
