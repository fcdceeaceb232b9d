"""Which drug a resource is about: its own concept, the Medication that it refers to, and what that is made of.

Gives one CodeableConcept; which drug the concept names is known by ``drugs``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cds_service.fhir.codings import words_in
from cds_service.fhir.json_types import as_dict, as_dicts, as_prose, as_text
from cds_service.fhir.record import Resolver, Resource


def medication_concept(resource: Resource, record: Resolver) -> Mapping[str, Any] | None:
    """The CodeableConcept of the drug; None when it is a reference that could not be read."""
    body = resource.body
    if resource.type == "ServiceRequest":
        return as_dict(body.get("code"))
    own = as_dict(body.get("medicationCodeableConcept"))
    if own or not (pointer := as_dict(body.get("medicationReference"))):
        return own
    reference = as_text(pointer.get("reference")) or ""
    medication = record.resolve(reference, resource)
    if medication is not None:
        holder = resource if reference.startswith("#") else medication  # where "#" references lead
        return _composition(medication, holder, record)
    display = as_prose(pointer.get("display"))
    return {"text": display} if display else None


_DEEPEST = 3  # a mixture of mixtures; deeper ones are not read


def _composition(
    medication: Resource, holder: Resource, record: Resolver, depth: int = 1
) -> Mapping[str, Any] | None:
    """A Medication's code with those of its ingredients; None when nothing of it could be read."""
    code = as_dict(medication.body.get("code"))
    parts = [_ingredient(i, holder, record, depth) for i in as_dicts(medication.body.get("ingredient"))]
    read = [part for part in (code, *parts) if part]
    if not read and None in parts:
        return None
    codings = [c for part in read for c in as_dicts(part.get("coding"))]
    # Its own name first, which may tell of no drug ("IV bag").
    words = " | ".join(dict.fromkeys(w for part in read if (w := words_in(part))))
    billing = {"extension": code["extension"]} if "extension" in code else {}
    return {"coding": codings, "text": words} | billing


def _ingredient(
    ingredient: Mapping[str, Any], holder: Resource, record: Resolver, depth: int
) -> Mapping[str, Any] | None:
    """One ingredient as a CodeableConcept; None when it is a reference that could not be read."""
    own, pointer = as_dict(ingredient.get("itemCodeableConcept")), as_dict(ingredient.get("itemReference"))
    if own or not pointer:
        return own
    reference = as_text(pointer.get("reference")) or ""
    item = record.resolve(reference, holder) if depth < _DEEPEST else None
    if item is not None:
        return _composition(item, holder if reference.startswith("#") else item, record, depth + 1)
    display = as_prose(pointer.get("display"))
    return {"text": display} if display else None


def concept_of(resource: Resource, record: Resolver, inside: Resource | None = None) -> Mapping[str, Any]:
    """What a resource of any type is or is about, such as the suspect of an adverse event; empty when it does not say.

    ``inside`` is the resource that contains it, if one does.
    """
    body = resource.body
    match resource.type:
        case "Medication" | "Substance":
            return _composition(resource, inside or resource, record) or {}
        case "Immunization":
            return as_dict(body.get("vaccineCode"))
        case "Device":
            names = [as_prose(n.get("name")) for n in as_dicts(body.get("deviceName"))]
            return as_dict(body.get("type")) or {"text": " ".join(n for n in names if n)}
        case kind if kind.startswith("Medication") or kind == "ServiceRequest":
            return medication_concept(resource, record) or {}
        case _:
            return as_dict(body.get("code"))
