"""Drugs that are named by reference only: which Medications have to be read to know them.

Knows every form of reference; never follows one to another server. Knows no drug.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cds_service.ehr.bundles import Page, read_page
from cds_service.ehr.crew import AT_ONCE, Crew
from cds_service.ehr.prefetch import sent
from cds_service.fhir.json_types import as_dict, as_dicts, as_prose, as_text
from cds_service.fhir.record import Resource, is_withdrawn
from cds_service.fhir.references import contained_id, local_reference

if TYPE_CHECKING:  # telling which drugs are known needs no client
    from cds_service.ehr.fhir_client import FhirClient

MOST_READ = 20
_URI = "urn:ietf:rfc:3986"  # the system of identifiers that are addresses


def drug_reference(resource: Resource) -> str | None:
    """``Medication/id`` of a drug that is named by a literal reference only."""
    if "medicationReference" not in resource.body or as_dict(resource.body.get("medicationCodeableConcept")):
        return None
    reference = local_reference(_pointer(resource.body))
    return reference if reference is not None and reference.startswith("Medication/") else None


def has_drug_in_words(resource: Resource) -> bool:
    """Whether the reference says in words which drug it means."""
    return as_prose(as_dict(resource.body.get("medicationReference")).get("display")) is not None


def held_drugs(medications: Iterable[Resource]) -> frozenset[str]:
    """The references and addresses that these Medications answer to."""
    names = (name for medication in medications for name in (medication.reference, medication.name))
    return frozenset(name for name in names if name)


def lost_drug(resource: Resource, held: Collection[str]) -> str | None:
    """What a resource points to when its drug is told by that alone, and is nowhere; None when it is known or in words.

    ``held`` are :func:`held_drugs`. Empty when there is no address at all.
    """
    body = resource.body
    if (
        "medicationReference" not in body
        or as_dict(body.get("medicationCodeableConcept"))
        or has_drug_in_words(resource)
    ):
        return None
    pointer = _pointer(body)
    if (inside := contained_id(pointer)) is not None:
        is_held = any(item.get("id") == inside for item in as_dicts(body.get("contained")))
    else:
        is_held = (local_reference(pointer) or pointer) in held
    return None if is_held or is_withdrawn(resource) else pointer


def _pointer(body: Mapping[str, Any]) -> str:
    return as_text(as_dict(body.get("medicationReference")).get("reference")) or ""


def without_foreign(resource: Resource, server: str | None) -> Resource:
    """The resource; its drug, when that lies on another server, named by its words, with its address as an identifier.

    Else ``Medication/1`` there would be taken for this server's own.
    """
    if server is None or "medicationReference" not in resource.body:
        return resource
    pointer = _pointer(resource.body)
    if "://" not in pointer or pointer.startswith(f"{server.removesuffix('/')}/"):
        return resource
    kept = {k: v for k, v in resource.body["medicationReference"].items() if k != "reference"}
    kept.setdefault("type", "Medication")  # so that it still says that there is some drug
    kept.setdefault("identifier", {"system": _URI, "value": pointer})
    return replace(resource, body={**resource.body, "medicationReference": kept})


def read_medication(client: FhirClient, reference: str, deadline: float) -> Iterator[Page]:
    """The page that holds one Medication. Raises FhirError."""
    yield read_page(client.get(client.url(reference), deadline))


def drug_sources(
    drafts: Iterable[Resource], prefetch: Mapping[str, Any], client: FhirClient | None, deadline: float
) -> tuple[Resource, ...]:
    """The Medications that draft orders refer to, and what these are made of: from the orders' bundle, the prefetch, or the server.

    What cannot be had is left out: the order's own words then decide which drug it is.
    """
    drafts = [without_foreign(draft, client.server if client else None) for draft in drafts]
    found = {draft.reference: draft for draft in drafts if draft.type in MADE_OF}
    wanted = {reference for draft in drafts if (reference := drug_reference(draft)) is not None}
    wanted |= {reference for draft in drafts for reference in _ingredients_of(draft)}
    for _ in range(_LEVELS):
        if not wanted - found.keys():
            break
        found |= _sources(wanted - found.keys(), prefetch, client, deadline)
        wanted = {reference for medication in found.values() for reference in _ingredients_of(medication)}
    return tuple(found.values())


MADE_OF = ("Medication", "Substance")
_LEVELS = 2  # the Medication of an order, and the Medications that it is made of


def _ingredients_of(resource: Resource) -> Iterator[str]:
    """The literal references to ingredients in a Medication, or in the Medications that an order contains."""
    for body in (resource.body, *as_dicts(resource.body.get("contained"))):
        for ingredient in as_dicts(body.get("ingredient")):
            reference = local_reference(
                as_text(as_dict(ingredient.get("itemReference")).get("reference")) or ""
            )
            if reference is not None and reference.startswith(tuple(f"{kind}/" for kind in MADE_OF)):
                yield reference


def _sources(
    wanted: set[str], prefetch: Mapping[str, Any], client: FhirClient | None, deadline: float
) -> dict[str, Resource]:
    """These resources from the prefetch; Medications that it lacks from the server."""
    pages = [page for key in prefetch if (page := sent(prefetch, key)) is not None]
    found = {r.reference: r for page in pages for r in page.resources if r.reference in wanted}
    missing = sorted(r for r in wanted - found.keys() if r.startswith("Medication/"))
    if missing and client is not None and client.access("Medication", reading=True).allowed:
        crew: Crew[str, Page] = Crew(AT_ONCE)
        for reference in missing[:MOST_READ]:
            crew.give(reference, read_medication(client, reference, deadline))
        read = [handed.item for handed in crew.until(deadline) if handed.item is not None]
        found |= {r.reference: r.come_by("fetched") for page in read for r in page.resources}
    return found
