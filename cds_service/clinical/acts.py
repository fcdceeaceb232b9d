"""What was done or is to be done: procedures, requests for services, appointments and care plans, as acts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import tzinfo
from typing import Any

from cds_service.clinical.statements import when_stated
from cds_service.clinical.terms import concepts
from cds_service.clinical.therapy.reasons import reasons_of
from cds_service.fhir.codings import plain_codes, words_in
from cds_service.fhir.dates import When, read_when, start_of
from cds_service.fhir.json_types import as_dict, as_dicts, as_prose, as_text
from cds_service.fhir.other_versions import in_r4
from cds_service.fhir.record import Record, Resource
from cds_service.fhir.references import contained_id
from cds_service.fhir.requests import stands, status_of
from cds_service.values import dataclass


@dataclass(frozen=True, slots=True)
class Act:
    """A Procedure, ServiceRequest, Appointment or CarePlan: what, when, and how far it has come.

    ``names``: what it calls itself, a care plan also by its title and description.
    """

    concepts: frozenset[str]
    words: str
    kind: str
    status: str
    intent: str
    when: When | None
    reference: str
    texts: tuple[str, ...]
    reasons: tuple[Mapping[str, Any], ...] = ()
    names: tuple[str, ...] = ()


def act_of(resource: Resource, record: Record, zone: tzinfo) -> Act:
    """One such resource; times without an offset are taken in ``zone``."""
    body = resource.body
    match resource.type:
        case "Procedure":
            when = when_stated(resource, zone)
        case "Appointment":
            when = read_when(body.get("start"), zone)
        case "CarePlan":
            when = start_of(body.get("period"), zone)
        case _:
            occurrence = read_when(body.get("occurrenceDateTime"), zone)
            when = occurrence or start_of(body.get("occurrencePeriod"), zone)
    coded: set[str] = set(concepts(body.get("code"), "procedures", "drugs", "rxnorm_products"))
    words = [words_in(body.get("code"))]
    # An appointment's reason is what it is for; the reason of a procedure or request is another thing.
    purpose = as_dicts(body.get("reasonCode")) if resource.type == "Appointment" else []
    for service in (*as_dicts(body.get("serviceType")), *purpose):
        coded |= concepts(service, "procedures")
        words.append(words_in(service))
    if resource.type == "Appointment":  # its subject line
        words.append(as_prose(body.get("description")) or "")
        if not any(words):
            words.append(words_in(body.get("appointmentType")))
    for detail in _activities(resource, record) if "activity" in body else ():
        code = detail.get("code")
        coded |= concepts(code, "procedures", "drugs", "rxnorm_products")
        words.append(words_in(code) or as_prose(detail.get("description")) or "")
    about = [as_prose(body.get(m)) or "" for m in ("title", "description")]
    texts = [*about, as_prose(body.get("patientInstruction"))]
    texts += [as_prose(n.get("text")) for n in as_dicts(body.get("note"))]
    texts += _kinds(body) if resource.type in _OF_A_KIND else ()
    named = " | ".join(w for w in words if w)
    return Act(
        concepts=frozenset(coded),
        words=named,
        kind=resource.type,
        status=status_of(body),
        intent=as_text(body.get("intent")) or "",
        when=when,
        reference=resource.reference,
        texts=tuple(t for t in texts if t),
        reasons=tuple(reasons_of(body, record, resource)),
        names=(named, *(about if resource.type == "CarePlan" else ())),
    )


_OF_A_KIND = frozenset({"ServiceRequest", "Appointment"})


def _kinds(body: Mapping[str, Any]) -> Iterator[str]:
    """What kind of service or visit is asked for, beside what it is about."""
    for member in ("orderDetail", "category", "appointmentType"):
        for kind in as_dicts(body[member]) if member in body else ():
            yield words_in(kind) or " ".join(sorted(plain_codes(kind)))
    yield as_prose(body.get("comment")) or ""


def _activities(plan: Resource, record: Record) -> Iterator[Mapping[str, Any]]:
    """The activities of a care plan that stand: their details, and the requests that the plan itself contains."""
    for activity in as_dicts(plan.body.get("activity")):
        reference = as_text(as_dict(activity.get("reference")).get("reference")) or ""
        held = record.resolve(reference, plan) if contained_id(reference) is not None else None
        found = held.body if held is not None else in_r4(as_dict(activity.get("detail")))
        if stands(found) and (held is None or status_of(found) not in _OVER):
            yield found


_OVER = frozenset({"completed", "stopped"})
