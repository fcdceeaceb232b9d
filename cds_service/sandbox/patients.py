"""The sandbox's patients: what the order page needs to know of each fixture folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from cds_service.fhir.json_types import as_dict, as_dicts, as_text
from cds_service.json_text import read_json
from cds_service.sandbox.fixtures import FOLDER, about, names


@dataclass(frozen=True, slots=True)
class SandboxPatient:
    """One patient: the folder's name, the FHIR id, a line about the case, and the orders to sign."""

    name: str
    id: str
    about: str
    drafts: tuple[Mapping[str, Any], ...]


@cache
def patients() -> Mapping[str, SandboxPatient]:
    """All patients by folder name, in order."""
    return {name: _patient(name) for name in names()}


def _patient(name: str) -> SandboxPatient:
    request = read_json((FOLDER / name / "request.json").read_bytes())
    context = as_dict(request.get("context"))
    drafts = tuple(
        as_dict(entry.get("resource")) for entry in as_dicts(as_dict(context.get("draftOrders")).get("entry"))
    )
    return SandboxPatient(name, as_text(context.get("patientId")) or "", about(name), drafts)


def other_drug(patient_id: str) -> Mapping[str, Any]:
    """An order that this service has nothing to say about."""
    return {
        "resourceType": "MedicationRequest",
        "id": "draft-other",
        "status": "draft",
        "intent": "order",
        "subject": {"reference": f"Patient/{patient_id}"},
        "medicationCodeableConcept": {"text": "Ondansetron 8 mg oral tablet"},
    }
