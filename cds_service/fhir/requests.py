"""Whether an order, or an activity of a plan, asks for anything, and a document says anything: withdrawn ones and prohibitions do not.
What was not done is told by its status, or as STU3 and DSTU2 tell it.

Knows FHIR's members for it and nothing clinical. What a status that stands means is for its readers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cds_service.fhir.json_types import as_text

# ``revoked`` is what a ServiceRequest has for ``cancelled``.
_WITHDRAWN = frozenset({"entered-in-error", "cancelled", "revoked"})


# Extensions that may turn the meaning of all the rest ("was not done"). None is known here, so what has one is not read.
CHANGES_ALL = "modifierExtension"


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


# How earlier versions say beside the status that a dose, a procedure or a drug was not given, done or taken.
_NOT_DONE = frozenset({"notGiven", "wasNotGiven", "notDone", "notPerformed"})
_NOT_TAKEN = frozenset({"wasNotTaken", "taken"})
_NEGATING = _NOT_DONE | _NOT_TAKEN


def status_of(body: Mapping[str, Any]) -> str:
    """The status of what was given, taken or done, in the words of R4; empty when it has none."""
    status = as_text(body.get("status")) or ""
    if _NEGATING.isdisjoint(body) or status == "entered-in-error":
        return status
    if any(body.get(member) is True for member in _NOT_DONE):
        return "not-done"
    return "not-taken" if body.get("wasNotTaken") is True or body.get("taken") == "n" else status
