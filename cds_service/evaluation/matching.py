"""FHIR search over resources in memory: the parameters that the table of data needs uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from cds_service.fhir.json_types import as_dict, as_dicts, as_text
from cds_service.fhir.references import local_reference

_PAGING = {"_count", "_offset", "_sort", "_format"}


def matches(resource: Mapping[str, Any], url: str) -> bool:
    """Whether a resource answers a relative search URL. A parameter that is not known matches nothing."""
    parts = urlsplit(url)
    if resource.get("resourceType") != parts.path.strip("/"):
        return False
    pairs = [(name, value) for name, value in parse_qsl(parts.query) if name not in _PAGING]
    return all(_matches_one(resource, name, value) for name, value in pairs)


def _matches_one(resource: Mapping[str, Any], name: str, value: str) -> bool:
    wanted = value.split(",")
    match name:
        case "_id":
            return resource.get("id") in wanted
        case "patient" | "subject" | "beneficiary":
            targets = {w if "/" in w else f"Patient/{w}" for w in wanted}
            return any(r in targets for r in _patients(resource))
        case "status":
            return resource.get("status") in wanted
        case "code" | "category":
            return any(_has_token(resource.get(name), token) for token in wanted)
        case _:
            return False


def _patients(resource: Mapping[str, Any]) -> Iterator[str]:
    holders = [as_dict(resource.get(m)) for m in ("subject", "patient", "beneficiary")]
    holders += [as_dict(p.get("actor")) for p in as_dicts(resource.get("participant"))]
    for holder in holders:
        if reference := local_reference(as_text(holder.get("reference")) or ""):
            yield reference


def _has_token(concepts: object, token: str) -> bool:
    """FHIR token search: ``code`` in any system, or ``system|code``."""
    system, bar, code = token.rpartition("|")
    for concept in as_dicts(concepts):
        for coding in as_dicts(concept.get("coding")):
            if coding.get("code") == code and (not bar or coding.get("system") == system):
                return True
    return False
