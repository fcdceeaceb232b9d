"""The bundled patients with what a hospital's record has beside the disease: a plan, a prescriber, a place."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from cds_service.engine.determination import Determination
from cds_service.fhir.record import Record, Resource, record_from
from cds_service.packet.assembly import Packet, packets
from cds_service.packet.authorization import Authorization
from cds_service.packet.item import PLACE_OF_SERVICE
from cds_service.policies import installed
from tests.fixtures import CLOCK, Fixture

PUBLIC = "https://cds.example.org"
BASE = "https://ehr.example.org/fhir"
POLICY = installed()["inotuzumab"]
TERMS = POLICY.authorization
NPI = "http://hl7.org/fhir/sid/us-npi"
PAYER = {"system": "http://payer.example.org/id", "value": "MMM"}
Body = dict[str, Any]


def coverage(patient: str, **changes: Any) -> Body:
    """A plan of the policy's payer, in force."""
    member = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MB"}]}
    relation = "http://terminology.hl7.org/CodeSystem/subscriber-relationship"
    return {
        "resourceType": "Coverage",
        "id": "cov-1",
        "status": "active",
        "identifier": [{"type": member, "system": "http://payer.example.org/member", "value": "M-1001"}],
        "subscriberId": "M-1001",
        "subscriber": {"reference": f"Patient/{patient}"},
        "beneficiary": {"reference": f"Patient/{patient}"},
        "relationship": {"coding": [{"system": relation, "code": "self"}]},
        "payor": [{"reference": "Organization/payer"}],
        **changes,
    }


def around(patient: str) -> list[Body]:
    """What an order names by reference: payer, clinic, prescriber with a role, visit and place."""
    place = {"coding": [{"system": PLACE_OF_SERVICE, "code": "22"}]}
    act = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
    return [
        {"resourceType": "Organization", "id": "payer", "active": True, "name": "MMM", "identifier": [PAYER]},
        {
            "resourceType": "Organization",
            "id": "clinic",
            "active": True,
            "name": "Clinic",
            "identifier": [{"system": NPI, "value": "1234567893"}],
        },
        {
            "resourceType": "Practitioner",
            "id": "oncologist-1",
            "identifier": [{"system": NPI, "value": "1234567893"}],
            "name": [{"family": "Synthetic", "given": ["Ada"]}],
        },
        {
            "resourceType": "PractitionerRole",
            "id": "role-1",
            "practitioner": {"reference": "Practitioner/oncologist-1"},
            "organization": {"reference": "Organization/clinic"},
            "telecom": [{"system": "phone", "value": "+1 555 0100"}],
        },
        {"resourceType": "Location", "id": "infusion", "name": "Infusion center", "type": [place]},
        {
            "resourceType": "Encounter",
            "id": "visit",
            "status": "in-progress",
            "class": {"system": act, "code": "AMB"},
            "subject": {"reference": f"Patient/{patient}"},
            "location": [{"location": {"reference": "Location/infusion"}}],
        },
    ]


def with_identifier(body: Mapping[str, Any]) -> Body:
    return {**body, "identifier": [{"system": "http://ehr.example.org/mrn", "value": "MRN-1"}]}


def chart(name: str) -> list[Body]:
    """A bundled patient's resources, with an identifier and a plan."""
    fixture = Fixture(name)
    own = [with_identifier(r) if r["resourceType"] == "Patient" else r for r in fixture.resources]
    return [*own, coverage(fixture.patient_id)]


def drafts(name: str, **changes: Any) -> list[Body]:
    """The orders of a bundled patient, by a prescriber's role, for a visit."""
    named = {
        "requester": {"reference": "PractitionerRole/role-1"},
        "encounter": {"reference": "Encounter/visit"},
    }
    return [{**copy.deepcopy(order), **named, **changes} for order in Fixture(name).drafts]


def as_service(order: Body, **changes: Any) -> Body:
    """The same order as a ServiceRequest for 15 units."""
    return {
        "resourceType": "ServiceRequest",
        "id": "service-1",
        "status": order["status"],
        "intent": order["intent"],
        "subject": order["subject"],
        "code": order["medicationCodeableConcept"],
        "quantityQuantity": {"value": 15},
        "authoredOn": order["authoredOn"],
        "requester": order["requester"],
        "encounter": order["encounter"],
        "note": [{"text": order["dosageInstruction"][0]["text"]}],
        **changes,
    }


def record(name: str, resources: Sequence[Body] | None = None, more: Sequence[Body] | None = None) -> Record:
    """The record, with what is named by reference beside it."""
    fixture = Fixture(name)
    held = record_from(
        fixture.patient_id, [Resource(r) for r in (chart(name) if resources is None else resources)]
    )
    beside: dict[str, tuple[Resource, ...]] = {}
    for body in around(fixture.patient_id) if more is None else more:
        beside[body["resourceType"]] = (*beside.get(body["resourceType"], ()), Resource(body))
    return replace(held, by_type={**held.by_type, **beside})


def authorizations(
    name: str,
    whole: Record | None = None,
    orders: Sequence[Body] | None = None,
    **changes: Any,
) -> list[Authorization]:
    """The authorizations of a bundled patient's orders."""
    if whole is None and orders is None and not changes:
        return list(_as_bundled(name))
    made: list[Authorization] = []
    _made(made, name, whole, orders, changes)
    return made


@cache
def _as_bundled(name: str) -> tuple[Authorization, ...]:
    made: list[Authorization] = []
    _made(made, name, None, None, {})
    return tuple(made)


def made_packets(
    name: str, whole: Record | None = None, orders: Sequence[Body] | None = None, **changes: Any
) -> list[Packet]:
    """The packets of a bundled patient's orders."""
    return _made([], name, whole, orders, changes)


def _made(
    kept: list[Authorization],
    name: str,
    whole: Record | None,
    orders: Sequence[Body] | None,
    changes: Mapping[str, Any],
) -> list[Packet]:
    held = record(name) if whole is None else whole
    given = [Resource(o, "draft order") for o in (drafts(name) if orders is None else orders)]
    clock = changes.get("clock", CLOCK)
    found = POLICY.determine(held, given, clock)

    def make(some: tuple[Determination, ...], theirs: tuple[Resource, ...]) -> Authorization:
        settled = {
            "clock": CLOCK, "public_url": PUBLIC, "tenant": "t", "fhir_base": BASE,
            "diagnoses": POLICY.diagnoses(held, clock), **changes,
        }  # fmt: skip
        kept.append(Authorization(TERMS, POLICY.order_of, some, theirs, held, **settled))
        return kept[-1]

    return packets(found, given, make)
