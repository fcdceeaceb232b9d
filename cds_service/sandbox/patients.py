"""The sandbox's patients: what the order page needs to know of each fixture folder."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any

from cds_service.engine.wording import upper_first
from cds_service.fhir.json_types import as_dict, as_dicts, as_text
from cds_service.json_text import read_json
from cds_service.sandbox.banner import Banner, banner
from cds_service.sandbox.ehr.front_desk import coverage, registered, requested
from cds_service.sandbox.fixtures import FOLDER, about, names, resources
from cds_service.values import dataclass


@dataclass(frozen=True, slots=True)
class SandboxPatient:
    """One patient: the folder's name, the FHIR id, a line about the case, the orders to sign, and the record."""

    name: str
    id: str
    about: str
    drafts: tuple[Mapping[str, Any], ...]
    held: tuple[Mapping[str, Any], ...]

    def banner(self, today: date) -> Banner:
        """Who this is, on the sandbox's day."""
        return banner(self.held, today)


@cache
def patients() -> Mapping[str, SandboxPatient]:
    """All patients by folder name, in order."""
    return {name: _patient(name) for name in names()}


def _patient(name: str) -> SandboxPatient:
    request = read_json((FOLDER / name / "request.json").read_bytes())
    context = as_dict(request.get("context"))
    patient_id = as_text(context.get("patientId")) or ""
    drafts = tuple(
        requested(as_dict(entry.get("resource")))
        for entry in as_dicts(as_dict(context.get("draftOrders")).get("entry"))
    )
    held = (*(registered(resource) for resource in resources(name)), coverage(patient_id))
    return SandboxPatient(name, patient_id, _what_it_shows(about(name)), drafts, held)


def _what_it_shows(told: str) -> str:
    """``Proves that old counts are no all-clear`` without the first words."""
    return upper_first(told.removeprefix("Proves ").removeprefix("that "))


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
