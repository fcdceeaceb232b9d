"""Deterministic identity: the same tenant, patient, order, decision and kind give the same UUID."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from typing import Any

_canonical = json.JSONEncoder(sort_keys=True, default=str, separators=(",", ":")).encode
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://github.com/payer-policy-cds")


def content_hash(value: object) -> str:
    """A hash of any JSON-like value, whatever the order of its members."""
    return hashlib.sha256(_canonical(value).encode()).hexdigest()


def card_uuid(tenant: str, patient_id: str, order: Mapping[str, Any], decided: object, kind: str) -> str:
    """uuid5 of tenant, patient, order content, what was decided, and kind."""
    parts = (tenant, patient_id, content_hash(order), content_hash(decided), kind)
    return str(uuid.uuid5(_NAMESPACE, "\x1f".join(parts)))


def part_uuid(card: str, name: str) -> str:
    """The UUID of a suggestion inside a card."""
    return str(uuid.uuid5(uuid.UUID(card), name))
