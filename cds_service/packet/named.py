"""What an order and its encounter name by reference: who ordered, where, and for which organization.

None of it decides a criterion; it is looked for only when a packet is made. What is not there is a gap.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cds_service.fhir.json_types import as_dict, as_dicts, as_text
from cds_service.fhir.record import Record, Resource
from cds_service.fhir.references import local_reference

TYPES = ("Practitioner", "PractitionerRole", "Organization", "Encounter", "Location")
_MEMBERS = {
    "PractitionerRole": ("practitioner", "organization"),
    "Encounter": ("serviceProvider",),
    "MedicationRequest": ("requester", "encounter"),
    "ServiceRequest": ("requester", "encounter", "locationReference"),
}


def with_named(record: Record, resources: Iterable[Resource]) -> Record:
    """The record with resources of these types that it does not hold yet."""
    by_type = dict(record.by_type)
    for resource in resources:
        held = by_type.get(resource.type, ())
        if resource.type in TYPES and all(h.reference != resource.reference for h in held):
            by_type[resource.type] = (*held, resource)
    return replace(record, by_type=by_type)


def resolved(record: Record, reference: str, holder: Resource | None, base: str) -> Resource | None:
    """What a reference names; an absolute one only on the EHR's own server, since ids repeat elsewhere."""
    if "://" in reference and not (base and reference.startswith(f"{base}/")):
        held = (r for kind in record.by_type.values() for r in kind)
        return next((r for r in held if r.name == reference), None)
    return record.resolve(reference, holder)


def still_named(record: Record, orders: Sequence[Resource], base: str) -> list[str]:
    """The references, each ``Type/id``, that lead on from the orders and that the record does not hold."""
    reached, missing = list(orders), dict[str, None]()
    wanted = [(reference, order) for order in orders for reference in _references(order)]
    while wanted:
        reference, holder = wanted.pop()
        held = resolved(record, reference, holder, base)
        local = (
            local_reference(reference) if "://" not in reference or reference.startswith(f"{base}/") else None
        )
        if held is None and local is not None and local.partition("/")[0] in TYPES:
            missing[local] = None
        elif held is not None and held not in reached:
            reached.append(held)
            wanted += [(r, held) for r in _references(held)]
    return sorted(missing)


def _references(resource: Resource) -> Iterator[str]:
    pointers: list[Mapping[str, Any]] = []
    for member in _MEMBERS.get(resource.type, ()):
        pointers += as_dicts(resource.body.get(member))
    if resource.type == "Encounter":
        pointers += [as_dict(part.get("location")) for part in as_dicts(resource.body.get("location"))]
    for pointer in pointers:
        if reference := as_text(pointer.get("reference")):
            yield reference


def resources_in(values: Iterable[object]) -> Iterator[Resource]:
    """The resources of these types among prefetch values, asked for or not."""
    for value in values:
        body = as_dict(value)
        if body.get("resourceType") == "Bundle":
            yield from resources_in(e.get("resource") for e in as_dicts(body.get("entry")))
        elif body.get("resourceType") in TYPES:
            yield Resource(body)
