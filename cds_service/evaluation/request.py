"""The order-sign request as checked values. Knows the wire format's rules, no policy and no HTTP.

Members that the specification does not name are ignored, wherever they stand. A member that it
requires and that is missing, of another type or of another form is refused by its path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from decimal import Decimal
from typing import Any

from cds_service.evaluation.refused import Refused
from cds_service.fhir.json_types import as_dict, as_dicts, as_list, as_text
from cds_service.fhir.record import Resource
from cds_service.fhir.references import local_reference
from cds_service.fhir.requests import stands
from cds_service.fhir.versions import canonical, is_later
from cds_service.values import dataclass

HOOK = "order-sign"
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_USER = re.compile(r"Practitioner(?:Role)?/[A-Za-z0-9\-.]{1,64}")
_GROUPS = frozenset({"RequestGroup", "RequestOrchestration", "CarePlan"})
_OF_PATIENT = ("subject", "patient", "for", "beneficiary")


@dataclass(frozen=True, slots=True)
class Authorization:
    """The token that the EHR lends for this call, and what it allows. Never printed.

    The token is never blank: a member with a blank one counts as absent.
    """

    access_token: str
    scope: str
    expires_in: int

    def __repr__(self) -> str:
        return "Authorization()"


@dataclass(frozen=True, slots=True)
class OrderSign:
    """One order-sign call. ``drafts`` are the resources of ``draftOrders``, in the order given, and the orders in its groups.

    ``extension`` is the call's own, empty where it has none that can be read.
    """

    hook_instance: str
    user_id: str
    patient_id: str
    encounter_id: str | None
    drafts: tuple[Resource, ...]
    prefetch: Mapping[str, Any]
    fhir_server: str | None
    authorization: Authorization | None
    extension: Mapping[str, Any] = field(default_factory=dict)


def order_sign(body: object) -> OrderSign:
    """Check a body that is JSON. Raises Refused with 400 that names the member."""
    if not isinstance(body, dict):
        raise Refused(400, "structure", "The body must be a JSON object.")
    if _text(body, "hook") != HOOK:
        raise _fault("value", "hook", f"must be {HOOK}")
    context = _object(body, "context")
    patient_id = _text(context, "context.patientId")
    if not _ID.fullmatch(patient_id):
        raise _fault("value", "context.patientId", "must be the bare id of a Patient")
    user_id = _text(context, "context.userId")
    if not _USER.fullmatch(user_id):
        raise _fault("value", "context.userId", "must be Practitioner/id or PractitionerRole/id")
    fhir_server = _fhir_server(body)
    return OrderSign(
        hook_instance=_text(body, "hookInstance"),
        user_id=user_id,
        patient_id=patient_id,
        encounter_id=_optional_text(context, "context.encounterId"),
        drafts=_drafts(_object(context, "context.draftOrders"), patient_id),
        prefetch=_optional_object(body, "prefetch") or {},
        fhir_server=fhir_server,
        authorization=_authorization(body, fhir_server, patient_id),
        extension=as_dict(body.get("extension")),
    )


def _fhir_server(body: Mapping[str, Any]) -> str | None:
    server = _optional_text(body, "fhirServer")
    if server is not None and not server.strip():
        raise _fault("value", "fhirServer", "must not be blank")
    return server


def _authorization(body: Mapping[str, Any], server: str | None, patient_id: str) -> Authorization | None:
    given = _optional_object(body, "fhirAuthorization")
    if given is None:
        return None
    at = "fhirAuthorization"
    token = _text(given, f"{at}.access_token", blank=True).strip()
    if not token:
        # Some clients send an empty token, with a scope of their own, when their server needs none.
        return None
    if server is None:
        raise _fault("required", "fhirServer", "is required with fhirAuthorization")
    if _text(given, f"{at}.token_type").lower() != "bearer":
        raise _fault("value", f"{at}.token_type", "must be Bearer")
    _text(given, f"{at}.subject", blank=True)
    patient = _optional_text(given, f"{at}.patient")
    if patient is not None and patient.removeprefix("Patient/") != patient_id:
        raise _fault("value", f"{at}.patient", "is another patient than context.patientId")
    return Authorization(
        access_token=token,
        scope=_text(given, f"{at}.scope", blank=True),
        expires_in=_whole_number(given, f"{at}.expires_in"),
    )


def _drafts(bundle: Mapping[str, Any], patient_id: str) -> tuple[Resource, ...]:
    at = "context.draftOrders"
    if bundle.get("resourceType") != "Bundle":
        raise _fault("value", f"{at}.resourceType", "must be Bundle")
    entries = bundle.get("entry")
    if entries is None:
        entries = []
    if not isinstance(entries, list):
        raise _fault("structure", f"{at}.entry", "must be an array")
    drafts = tuple(_draft(entry, f"{at}.entry[{index}]") for index, entry in enumerate(entries))
    patients = _patients_by_full_url(entries)
    for index, draft in enumerate(drafts):
        _refuse_other_patient(draft, patient_id, patients, f"{at}.entry[{index}].resource")
    grouped = tuple(one for index, draft in enumerate(drafts) for one in _contained(draft, index))
    for one in grouped:
        _refuse_other_patient(one, patient_id, patients, f"context.{one.name}")
    return (*drafts, *grouped)


def _contained(group: Resource, index: int) -> Iterator[Resource]:
    """The orders that a group of requests contains instead of having them beside it, each known by its place."""
    if group.type not in _GROUPS or not stands(group.body):
        return
    held = as_list(group.body.get("contained"))
    by_id = {as_text(as_dict(b).get("id")): b for b in held if len(canonical(b)) <= _LARGEST_INSIDE}
    subject = {"subject": group.body["subject"]} if "subject" in group.body else {}
    for place, body in enumerate(held):
        if as_dict(body).get("resourceType") in ("MedicationRequest", "ServiceRequest"):
            own = {member: value for member, value in body.items() if member != "id"}
            named = _named_inside(own, by_id)
            yield Resource(
                subject | own | ({"contained": named} if named else {}),
                group.origin,
                f"draftOrders.entry[{index}].resource.contained[{place}]",
            )


_INSIDE = re.compile(r'"reference": "#([^"]+)"')
_LEVELS = 2  # a Medication, and what it is made of
_LARGEST_INSIDE = 16 * 1024  # characters of one that many orders may name


def _named_inside(order: Mapping[str, Any], by_id: Mapping[str | None, Any]) -> list[Any]:
    """The contained resources that an order names, and those that they name: no order carries all of its group's."""
    found: dict[str, Any] = {}
    reached = [order]
    for _ in range(_LEVELS):
        names = {name for one in reached for name in _INSIDE.findall(canonical(one))} - found.keys()
        found |= {name: by_id[name] for name in names if name in by_id}
        reached = [found[name] for name in sorted(names & found.keys())]
    return [found[name] for name in sorted(found)]


def is_contained(order: str) -> bool:
    """Whether the name of a draft is that of one in a group, which cannot be updated by itself."""
    return ".contained[" in order


def distinct(drafts: tuple[Resource, ...]) -> tuple[Resource, ...]:
    """The drafts as single orders, each with a name of its own.

    One that repeats another under its id or address is that order, and of two versions the later stands. Where nothing
    tells which is later, the id names the first alone: the other is known by its place, as one without an id is.
    """
    if len({draft.reference for draft in drafts}) == len(drafts):
        return drafts
    kept: dict[str, Resource] = {}
    seen: set[tuple[str, str]] = set()
    for place, draft in enumerate(drafts):
        said = draft.reference, canonical(draft.body)
        if said in seen:
            continue
        seen.add(said)
        held = kept.get(draft.reference)
        if held is None or is_later(draft.body, held.body):
            kept[draft.reference] = draft
        elif not is_later(held.body, draft.body):
            unnamed = {member: value for member, value in draft.body.items() if member != "id"}
            at = f"draftOrders.entry[{place}]"
            kept[at] = Resource(unnamed, draft.origin, at)
    return tuple(kept.values())


def _draft(entry: object, at: str) -> Resource:
    if not isinstance(entry, dict):
        raise _fault("structure", at, "must be an object")
    body = _object(entry, f"{at}.resource")
    _text(body, f"{at}.resource.resourceType")
    # An order without an id is known by its fullUrl, else by its place.
    return Resource(body, "draft order", as_text(entry.get("fullUrl")) or at.removeprefix("context."))


def _patients_by_full_url(entries: list[Any]) -> dict[str, str]:
    """The ids of Patients that the bundle itself holds, by the address other entries use."""
    return {
        url: f"Patient/{as_text(resource.get('id')) or ''}"
        for entry in as_dicts(entries)
        if (url := as_text(entry.get("fullUrl")))
        and (resource := as_dict(entry.get("resource"))).get("resourceType") == "Patient"
    }


def _refuse_other_patient(draft: Resource, patient_id: str, patients: Mapping[str, str], at: str) -> None:
    for member in _OF_PATIENT:
        reference = as_text(as_dict(draft.body.get(member)).get("reference"))
        if reference is None:
            continue
        named = patients.get(reference) or local_reference(reference)
        if named is not None and named != f"Patient/{patient_id}":
            raise _fault("value", f"{at}.{member}", "is another patient than context.patientId")


def _fault(code: str, path: str, what: str) -> Refused:
    return Refused(400, code, f"{path} {what}.", path)


def _member(holder: Mapping[str, Any], path: str) -> Any:
    """The member that the last part of the path names; null counts as absent."""
    return holder.get(path.rpartition(".")[2])


def _object(holder: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    value = _optional_object(holder, path)
    if value is None:
        raise _fault("required", path, "is required")
    return value


def _optional_object(holder: Mapping[str, Any], path: str) -> Mapping[str, Any] | None:
    value = _member(holder, path)
    if value is not None and not isinstance(value, dict):
        raise _fault("structure", path, "must be an object")
    return value


def _text(holder: Mapping[str, Any], path: str, *, blank: bool = False) -> str:
    value = _optional_text(holder, path)
    if value is None:
        raise _fault("required", path, "is required")
    if not blank and not value.strip():
        raise _fault("value", path, "must not be blank")
    return value


def _optional_text(holder: Mapping[str, Any], path: str) -> str | None:
    value = _member(holder, path)
    if value is not None and not isinstance(value, str):
        raise _fault("structure", path, "must be a string")
    return value


def _whole_number(holder: Mapping[str, Any], path: str) -> int:
    value = _member(holder, path)
    if value is None:
        raise _fault("required", path, "is required")
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value != int(value):
        raise _fault("structure", path, "must be a whole number")
    return int(value)
