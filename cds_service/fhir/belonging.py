"""Which patient a resource belongs to: this one, another, none in particular, or unknown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from cds_service.fhir.json_types import as_dict, as_dicts, as_text
from cds_service.fhir.references import local_reference

# About no patient, and those that may also come without one.
OF_NOBODY = frozenset(
    {"Medication", "Substance", "Practitioner", "PractitionerRole", "Organization", "Location", "Binary"}
)
MAY_NAME_NOBODY = OF_NOBODY | {"Encounter"}
_MEMBERS = ("subject", "patient", "beneficiary")


class Owner(Enum):
    """Which patient a resource is about."""

    PATIENT = 1
    ANOTHER = 2
    UNCLEAR = 3


def owner(body: Mapping[str, Any], patient_id: str) -> Owner:
    """Which patient the resource belongs to. What belongs to none may be kept with this one's.

    A resource that names another patient is that one's, even where it names this one as well; an
    appointment is of all who take part.
    """
    kind, wanted = as_text(body.get("resourceType")) or "", f"Patient/{patient_id}"
    if kind == "Patient":
        return Owner.PATIENT if body.get("id") == patient_id else Owner.ANOTHER
    pointers = [body[member] for member in _MEMBERS if member in body]
    if kind == "Appointment":
        pointers += [as_dict(participant.get("actor")) for participant in as_dicts(body.get("participant"))]
    named = {name for pointer in pointers if (name := _patient_named(pointer)) is not None}
    if wanted in named and (kind == "Appointment" or len(named) == 1):
        return Owner.PATIENT
    if named:
        return Owner.ANOTHER
    return Owner.PATIENT if kind in MAY_NAME_NOBODY else Owner.UNCLEAR


def owners(patient_id: str) -> Callable[[Mapping[str, Any]], Owner]:
    """:func:`owner` for many resources of one patient: most name the patient alone, all in the same way."""
    wanted = f"Patient/{patient_id}"
    # An id that no reference can carry is usual nowhere: such an object equals nothing.
    usual: object = {"reference": wanted} if local_reference(wanted) == wanted else object()

    def whose(body: Mapping[str, Any]) -> Owner:
        is_usual = body.get("subject") == usual and not ("patient" in body or "beneficiary" in body)
        if is_usual and body.get("resourceType") not in ("Patient", "Appointment"):
            return Owner.PATIENT
        return owner(body, patient_id)

    return whose


def _patient_named(pointer: object) -> str | None:
    reference = as_text(pointer.get("reference")) if type(pointer) is dict else None
    name = local_reference(reference) if reference is not None else None
    return name if name is not None and name.startswith("Patient/") else None
