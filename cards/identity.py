"""Deterministic identity: the same tenant, patient, order, decision and kind give the same UUID."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from typing import Any

from cds_service.fhir.json_types import as_dict, as_list

COVERAGE_INFORMATION = "http://hl7.org/fhir/us/davinci-crd/StructureDefinition/ext-coverage-information"
_canonical = json.JSONEncoder(sort_keys=True, default=str, separators=(",", ":")).encode
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://github.com/payer-policy-cds")


def content_hash(value: object) -> str:
    """A hash of any JSON-like value, whatever the order of its members."""
    return hashlib.sha256(_canonical(value).encode()).hexdigest()


def as_ordered(order: Mapping[str, Any]) -> dict[str, Any]:
    """The order as it was written: what payers said about its coverage is no part of what was ordered."""
    kept = [e for e in extensions(order) if as_dict(e).get("url") != COVERAGE_INFORMATION]
    rest = {name: value for name, value in order.items() if name != "extension"}
    return {**rest, "extension": kept} if kept else rest


def extensions(order: Mapping[str, Any]) -> list[Any]:
    """The order's extensions as they stand; a lone one counts as an array of one."""
    lone = as_dict(order.get("extension"))
    return [lone] if lone else as_list(order.get("extension"))


def card_uuid(tenant: str, patient_id: str, order: Mapping[str, Any], decided: object, kind: str) -> str:
    """uuid5 of tenant, patient, order content, what was decided, and kind."""
    parts = (tenant, patient_id, content_hash(as_ordered(order)), content_hash(decided), kind)
    return str(uuid.uuid5(_NAMESPACE, "\x1f".join(parts)))


def part_uuid(card: str, name: str) -> str:
    """The UUID of a suggestion inside a card."""
    return str(uuid.uuid5(uuid.UUID(card), name))
