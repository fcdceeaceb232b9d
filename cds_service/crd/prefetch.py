"""The prefetch of the CRD service: the guide's standard templates, then this service's own data needs.

Data that has a standard template is asked for by it. The people and places about an order decide nothing;
the packet for a prior authorization names them. Devices are not asked for: no policy is about one.
"""

from __future__ import annotations

from collections.abc import Mapping

from cds_service.ehr.needs import prefetch_templates

ORGANIZATIONS = "organizations"
_ORDERS = "context.draftOrders.entry.resource"
# Who may stand on an order, in the guide's order.
_ON_ORDERS = ("sender", "recipient", "requester", "performer", "orderer", "prescriber")


def _people(kind: str, members: tuple[str, ...] = _ON_ORDERS) -> list[str]:
    return [f"{_ORDERS}.{member}.resolve().ofType({kind}).id" for member in members]


def _by_id(kind: str, *paths: str) -> str:
    return f"{kind}?_id={{{{{'|'.join(paths)}}}}}"


def _standard() -> dict[str, str]:
    in_encounter = "%encounter.participant.individual.resolve()"
    in_role = "%practitionerRoles.entry.resource"
    return {
        "patient": "Patient/{{context.patientId}}",
        "encounter": "Encounter/{{context.encounterId}}",
        "coverage": "Coverage?patient={{context.patientId}}&status=active",
        "medications": _by_id("Medication", f"{_ORDERS}.ofType(MedicationRequest).medication.resolve().id"),
        "practitionerRoles": _by_id(
            "PractitionerRole", f"{in_encounter}.ofType(PractitionerRole).id", *_people("PractitionerRole")
        ),
        "practitioners": _by_id(
            "Practitioner",
            f"{in_role}.practitioner.resolve().id",
            f"{in_encounter}.ofType(Practitioner).id",
            *_people("Practitioner"),
        ),
        ORGANIZATIONS: _by_id(
            "Organization",
            f"{in_role}.organization.resolve().id",
            "%encounter.serviceProvider.resolve().ofType(Organization).id",
            f"{_ORDERS}.dispenseRequest.performer.resolve().id",
            *_people("Organization", ("sender", "recipient", "performer")),
        ),
        "locations": _by_id(
            "Location",
            f"{in_role}.location.resolve().id",
            "%encounter.location.location.resolve().id",
            f"{_ORDERS}.locationReference.resolve().id",
        ),
    }


def templates() -> Mapping[str, str]:
    """The ``prefetch`` member of discovery."""
    standard = _standard()
    return standard | {key: search for key, search in prefetch_templates().items() if key not in standard}
