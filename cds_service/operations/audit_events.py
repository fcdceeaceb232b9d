"""FHIR R4 AuditEvents after IHE's Basic Audit Log Patterns: who did what, about whom, and how it ended.

Knows references, ids and outcomes. Takes no clinical value, no token and no text of a prescriber, so
that none can get in. Every string here came from a registered EHR or from this program.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from cds_service.json_text import write_json
from cds_service.values import dataclass

_DICOM = "http://dicom.nema.org/resources/ontology/DCM"
_BALP = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType"
_OBJECT_ROLE = "http://terminology.hl7.org/CodeSystem/object-role"
_ENTITY_TYPE = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_REST = "http://terminology.hl7.org/CodeSystem/audit-event-type"
_INTERACTION = "http://hl7.org/fhir/restful-interaction"
_SOURCE_TYPE = "http://terminology.hl7.org/CodeSystem/security-source-type"
_PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"

# What was done: the interaction, AuditEvent.action, and BALP's roles.
_ACTIONS = {
    "hook": ("operation", "E"),
    "feedback": ("create", "C"),
    "view": ("read", "R"),
    "packet": ("operation", "E"),  # a view's packet, downloaded
    "form": ("operation", "E"),  # a form with answers, handed to a client
}


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that was done. ``status`` is the HTTP status it ended with.

    ``caller`` is the issuer of the client's JWT or the EHR of a view, empty when nobody had to say;
    ``user`` a reference to a Practitioner. ``facts`` are names and values that hold no clinical value.
    """

    what: str
    service: str
    tenant: str
    status: int
    request_id: str
    caller: str = ""
    user: str = ""
    patients: Sequence[str] = ()
    orders: Sequence[str] = ()
    policies: Sequence[tuple[str, str]] = ()
    cards: Sequence[str] = ()
    facts: Sequence[tuple[str, str]] = ()
    outcome_text: str = ""


def audit_event(deed: Deed, at: float, site: str) -> str:
    """The AuditEvent as one line of JSON. ``site`` is this service's own address."""
    interaction, action = _ACTIONS[deed.what]
    event: dict[str, Any] = {
        "resourceType": "AuditEvent",
        "id": str(uuid.uuid4()),
        "type": {"system": _REST, "code": "rest", "display": "RESTful Operation"},
        "subtype": [{"system": _INTERACTION, "code": interaction, "display": interaction}],
        "action": action,
        "recorded": datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds"),
        "outcome": _outcome(deed.status),
        "agent": list(_agents(deed, site)),
        "source": {
            "site": site,
            "observer": {"display": "payer-policy-cds"},
            "type": [{"system": _SOURCE_TYPE, "code": "4", "display": "Application Server"}],
        },
        "entity": list(_entities(deed)),
    }
    if deed.outcome_text:
        event["outcomeDesc"] = deed.outcome_text
    return write_json(event)


def _outcome(status: int) -> str:
    """Success, minor failure (the caller's doing) or serious failure (ours)."""
    return "0" if status < 400 else "4" if status < 500 else "8"


def _agents(deed: Deed, site: str) -> Iterable[dict[str, Any]]:
    yield {
        "type": _concept(_DICOM, "110153", "Source Role ID"),
        "who": {"identifier": {"value": deed.caller}} if deed.caller else {"display": "not authenticated"},
        "requestor": not deed.user,
    }
    yield {
        "type": _concept(_DICOM, "110152", "Destination Role ID"),
        "who": {"identifier": {"value": site}},
        "requestor": False,
    }
    if deed.user:
        yield {
            "type": _concept(_PARTICIPATION, "IRCP", "information recipient"),
            "who": {"reference": deed.user},
            "requestor": True,
        }


def _entities(deed: Deed) -> Iterable[dict[str, Any]]:
    for patient in deed.patients:
        yield _object({"reference": patient}, "1", "Person", "1", "Patient")
    for order in deed.orders:
        yield _object(_order(order), "2", "System Object", "4", "Domain Resource")
    for policy, version in deed.policies:
        rules = _object({"identifier": {"value": policy}}, "2", "System Object", "13", "Security Resource")
        yield {**rules, "detail": [{"type": "effective", "valueString": version}]}
    yield {
        "what": {"identifier": {"value": deed.request_id}},
        "type": {"system": _BALP, "code": "XrequestId"},
        "detail": [
            {"type": name, "valueString": value}
            for name, value in (
                ("tenant", deed.tenant),
                ("service", deed.service),
                ("status", str(deed.status)),
                *(("card", card) for card in deed.cards),
                *deed.facts,
            )
            if value
        ],
    }


def _order(reference: str) -> dict[str, Any]:
    """A draft without an id is named by its fullUrl or its place, which is no reference."""
    kind, slash, _ = reference.partition("/")
    return {"reference": reference} if slash and kind.isalpha() else {"identifier": {"value": reference}}


def _object(what: dict[str, Any], code: str, kind: str, role: str, role_name: str) -> dict[str, Any]:
    return {
        "what": what,
        "type": {"system": _ENTITY_TYPE, "code": code, "display": kind},
        "role": {"system": _OBJECT_ROLE, "code": role, "display": role_name},
    }


def _concept(system: str, code: str, display: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code, "display": display}]}
