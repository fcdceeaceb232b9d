"""The scopes that a launch asks for, in the spelling that the EHR offers.

Only what the evaluation and the packet read, each type once, and only of the launched patient. No refresh
token is asked for: the page ends with the access token.
"""

from __future__ import annotations

from cds_service.ehr.needs import NEEDS
from cds_service.packet.named import TYPES

IDENTITY = ("launch", "openid", "fhirUser")


def requested(v2: bool) -> str:
    """Space separated: ``patient/Observation.rs`` (SMART 2) or ``patient/Observation.read`` (SMART 1)."""
    types = sorted({row.resource_type for row in NEEDS} | {"Binary", "Medication", *TYPES})
    return " ".join((*IDENTITY, *(f"patient/{kind}.{'rs' if v2 else 'read'}" for kind in types)))
