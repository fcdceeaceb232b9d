"""What the sandbox EHR's front desk adds to each bundled chart: record number, insurance, the prescriber.

A payer's form asks for these and a hospital has them. All are made up, from the patient's id, and say so;
none of them decides a criterion.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zlib import crc32

USER = "Practitioner/sandbox-oncologist"
PRESCRIBER_NAME = "Dr. Ada Synthetic"
PLAN = "MMM (synthetic member)"
_NPI = {"system": "http://hl7.org/fhir/sid/us-npi", "value": "1234567893"}  # the example of the NPI standard
_KINDS = "http://terminology.hl7.org/CodeSystem/v2-0203"

PRESCRIBER: Mapping[str, Any] = {
    "resourceType": "Practitioner",
    "id": USER.partition("/")[2],
    "identifier": [_NPI],
    "name": [{"text": PRESCRIBER_NAME, "family": "Synthetic", "given": ["Ada"], "prefix": ["Dr."]}],
}


def registered(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    """A resource as the front desk keeps it: a Patient with a record number, all else as it is."""
    if resource.get("resourceType") != "Patient":
        return resource
    number = {
        "use": "usual",
        "type": {"coding": [{"system": _KINDS, "code": "MR"}], "text": "Medical record number"},
        "system": "https://ehr.example.org/mrn",
        "value": f"SBX-{_digits(str(resource.get('id')), 6)}",
    }
    return {**resource, "identifier": [number]}


def coverage(patient_id: str) -> Mapping[str, Any]:
    """The insurance of a patient: one plan of the policy's payer, in force this year."""
    return {
        "resourceType": "Coverage",
        "id": f"{patient_id}-coverage",
        "status": "active",
        "subscriberId": f"SYN{_digits(patient_id, 8)}",
        "beneficiary": {"reference": f"Patient/{patient_id}"},
        "relationship": {"text": "Self"},
        "period": {"start": "2026-01-01", "end": "2026-12-31"},
        "payor": [{"display": PLAN}],
    }


def requested(order: Mapping[str, Any]) -> Mapping[str, Any]:
    """An order as the signed-in prescriber writes it."""
    return {**order, "requester": {"reference": USER, "display": PRESCRIBER_NAME, "identifier": _NPI}}


def _digits(text: str, count: int) -> str:
    return f"{crc32(text.encode()) % 10**count:0{count}d}"
