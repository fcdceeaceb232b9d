"""Whether an order, or an activity of a plan, asks for anything, and a document says anything: withdrawn ones and prohibitions do not.

Knows FHIR's members for it and nothing clinical. What a status that stands means is for its readers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cds_service.fhir.json_types import as_text

# ``revoked`` is what a ServiceRequest has for ``cancelled``.
_WITHDRAWN = frozenset({"entered-in-error", "cancelled", "revoked"})


def is_prohibition(body: Mapping[str, Any]) -> bool:
    """Whether it says what is not to be done (``doNotPerform``, which changes the meaning of all the rest)."""
    return body.get("doNotPerform") is True


def stands(body: Mapping[str, Any]) -> bool:
    """Whether it asks for what it names. Any other status does, also an unknown one or none."""
    return not is_prohibition(body) and as_text(body.get("status")) not in _WITHDRAWN


def is_no_document(body: Mapping[str, Any]) -> bool:
    """Whether it is a document that was replaced, or whose content was withdrawn."""
    over = body.get("status") == "superseded" or body.get("docStatus") == "entered-in-error"
    return over and body.get("resourceType") == "DocumentReference"
