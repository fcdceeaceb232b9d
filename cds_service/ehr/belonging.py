"""Which patient a resource belongs to: this one, another, none in particular, or unknown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

from cds_service.fhir.json_types import as_dict, as_dicts, as_text
from cds_service.fhir.references import local_reference

_MEMBERS = ("subject", "patient", "beneficiary")
_NOBODYS = {"Medication", "Practitioner", "PractitionerRole", "Organization", "Location", "Encounter"}


class Owner(Enum):
    """Which patient a resource is about."""

    PATIENT = 1
    ANOTHER = 2
    UNCLEAR = 3


def owner(body: Mapping[str, Any], patient_id: str) -> Owner:
    """Which patient the resource belongs to. What belongs to none may be kept with this one's."""
    kind = as_text(body.get("resourceType")) or ""
    if kind == "Patient":
        return Owner.PATIENT if body.get("id") == patient_id else Owner.ANOTHER
    if kind in _NOBODYS:
        return Owner.PATIENT
    wanted, found = f"Patient/{patient_id}", Owner.UNCLEAR
    for reference in _references(body):
        named = local_reference(reference)
        if named == wanted:
            return Owner.PATIENT
        if named is not None and named.startswith("Patient/"):
            found = Owner.ANOTHER
    return found


def _references(body: Mapping[str, Any]) -> Iterator[str]:
    pointers = [body[member] for member in _MEMBERS if member in body]
    if body.get("resourceType") == "Appointment":
        pointers += [as_dict(participant.get("actor")) for participant in as_dicts(body.get("participant"))]
    for pointer in pointers:
        if reference := as_text(as_dict(pointer).get("reference")):
            yield reference
