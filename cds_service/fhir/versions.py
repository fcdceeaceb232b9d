"""Versions of one resource: which of two is the later one, by the instant or number that they carry.

Knows ``meta`` and nothing of what a resource says.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from cds_service.fhir.json_types import as_dict, as_text
from cds_service.fhir.quantities import as_decimal

WITHDRAWN = frozenset({"entered-in-error", "cancelled", "refuted"})


def canonical(body: Mapping[str, Any]) -> str:
    """The resource as text that does not depend on member order."""
    return json.dumps(body, sort_keys=True, default=str)


def rank(body: Mapping[str, Any]) -> tuple[datetime, Decimal, bool, str]:
    """Of two versions that differ the one of the higher rank stands: the later one.

    Where neither time nor number tells which is later, it is the withdrawn one: nothing follows a withdrawal.
    """
    changed, number = _changed(body) or _NEVER, _number(body) or Decimal(0)
    return changed, number, as_text(body.get("status")) in WITHDRAWN, canonical(body)


def is_later(body: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether a version says, by its number or time, that it came after another."""
    version, others_version = _number(body), _number(other)
    if version is not None and others_version is not None and version != others_version:
        return version > others_version
    changed, others_changed = _changed(body), _changed(other)
    return changed is not None and others_changed is not None and changed > others_changed


_NEVER = datetime.min.replace(tzinfo=UTC)


def _number(body: Mapping[str, Any]) -> Decimal | None:
    return as_decimal(as_dict(body.get("meta")).get("versionId"))


def _changed(body: Mapping[str, Any]) -> datetime | None:
    """When it was last updated, to the fraction of a second."""
    try:
        at = datetime.fromisoformat(as_text(as_dict(body.get("meta")).get("lastUpdated")) or "")
    except ValueError:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
