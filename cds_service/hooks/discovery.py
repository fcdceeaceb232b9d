"""Discovery: what each service is and what data it would like with a call."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from cds_service.evaluation.dialect import CdsService
from cds_service.json_text import write_json


def services(rows: Iterable[CdsService]) -> dict[str, Any]:
    """The discovery answer."""
    return {"services": [_service(row) for row in rows]}


def _service(row: CdsService) -> dict[str, Any]:
    told = {
        "hook": row.hook,
        "id": row.id,
        "title": row.title,
        "description": row.description,
        "version": row.version,
        "usageRequirements": row.usage_requirements,
        "prefetch": dict(row.prefetch),
    }
    return {**told, "extension": dict(row.extension)} if row.extension else told


def etag(answer: dict[str, Any]) -> str:
    """A strong ETag, so that a client sees at once whether templates have changed."""
    return hashlib.sha256(write_json(answer).encode()).hexdigest()[:32]
