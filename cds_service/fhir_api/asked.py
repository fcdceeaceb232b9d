"""What a client asks ``$questionnaire-package`` for, as checked values. Knows the operation's parameters.

Names that the operation does not define are ignored. Raises Refused with 400 for what breaks it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cds_service.evaluation.refused import Refused
from cds_service.fhir.dates import read_when
from cds_service.fhir.json_types import as_dict, as_dicts, as_text
from cds_service.fhir.record import Resource
from cds_service.fhir.references import local_reference
from cds_service.values import dataclass

_SUBJECTS = ("subject", "patient", "beneficiary")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request. ``patient`` is the beneficiary's reference as ``Patient/id``."""

    coverage: Resource
    patient: str
    orders: tuple[Resource, ...] = ()
    questionnaires: tuple[str, ...] = ()
    context: str = ""
    changed_since: datetime | None = None


def parameters_of(body: object, member: str = "parameter") -> list[Mapping[str, Any]]:
    """The parameters of a Parameters resource. Raises Refused."""
    if not isinstance(body, dict) or body.get("resourceType") != "Parameters":
        raise Refused(400, "structure", "The body must be a Parameters resource.")
    return as_dicts(body.get(member))


def asked(body: object) -> Asked:
    """The request in a body. Raises Refused."""
    given = parameters_of(body)
    coverage = _coverage(given)
    beneficiary = as_text(as_dict(coverage.body.get("beneficiary")).get("reference")) or ""
    patient = local_reference(beneficiary) or ""
    if not patient.startswith("Patient/"):
        raise Refused(
            400, "required", "The coverage names no beneficiary by reference.", "coverage.beneficiary"
        )
    orders = tuple(Resource(_resource(p, "order"), "draft order") for p in _named(given, "order"))
    for order in orders:
        if _subject(order) != patient:
            raise Refused(400, "value", "An order is of another patient than the coverage.", "order.subject")
    contexts = [_text(p, "valueString", "context") for p in _named(given, "context")]
    if len(contexts) > 1:
        raise Refused(400, "value", "There is more than one context.", "context")
    made = Asked(
        coverage=coverage,
        patient=patient,
        orders=orders,
        questionnaires=tuple(
            _text(p, "valueCanonical", "questionnaire") for p in _named(given, "questionnaire")
        ),
        context=contexts[0] if contexts else "",
        changed_since=_changed_since(given),
    )
    if not (made.orders or made.questionnaires or made.context):
        raise Refused(400, "required", "One of order, questionnaire and context is required.", "parameter")
    return made


def _coverage(given: list[Mapping[str, Any]]) -> Resource:
    found = [_resource(p, "coverage") for p in _named(given, "coverage")]
    if not found:
        raise Refused(400, "required", "A coverage is required.", "coverage")
    if len(found) > 1:
        raise Refused(400, "value", "There is more than one coverage.", "coverage")
    if found[0].get("resourceType") != "Coverage":
        raise Refused(400, "value", "The coverage is no Coverage resource.", "coverage")
    return Resource(found[0])


def _named(given: list[Mapping[str, Any]], name: str) -> list[Mapping[str, Any]]:
    return [p for p in given if p.get("name") == name]


def _resource(parameter: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    body = as_dict(parameter.get("resource"))
    if not as_text(body.get("resourceType")):
        raise Refused(400, "structure", f"{name} must hold a resource.", name)
    return body


def _text(parameter: Mapping[str, Any], member: str, name: str) -> str:
    text = as_text(parameter.get(member))
    if text is None:
        raise Refused(400, "structure", f"{name} must have {member}.", name)
    return text


def _subject(order: Resource) -> str:
    pointers = (as_dict(order.body.get(member)) for member in _SUBJECTS)
    references = (as_text(pointer.get("reference")) for pointer in pointers)
    return next((local_reference(r) or "" for r in references if r), "")


def _changed_since(given: list[Mapping[str, Any]]) -> datetime | None:
    found = _named(given, "changedsince")
    if not found:
        return None
    when = read_when(_text(found[0], "valueInstant", "changedsince"))
    if when is None or when.instant is None or when.instant.tzinfo is None:
        raise Refused(400, "value", "changedsince must be an instant with an offset.", "changedsince")
    return when.instant
