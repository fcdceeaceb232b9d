"""What a token's scopes allow: SMART 1 (``patient/Observation.read``) and SMART 2 (``.rs?category=…``).

Knows the spelling of clinical scopes only. Launch and identity scopes say nothing about data.
"""

from __future__ import annotations

import re
from enum import Enum

_CLINICAL = re.compile(r"(?:patient|user|system)/(\*|[A-Za-z]+)\.(read|write|\*|c?r?u?d?s?)(\?.+)?")
_SMART1 = {"read": "rs", "write": "cud", "*": "cruds"}


class Access(Enum):
    """How much of a type may be read or searched."""

    NONE = 0
    PART = 1
    FULL = 2

    @property
    def allowed(self) -> bool:
        """Whether asking can succeed."""
        return self is not Access.NONE


def access(scope: str | None, resource_type: str, *, reading: bool = False) -> Access:
    """How much of a type these scopes let be searched (or read by id).

    Scopes that name no clinical data at all say nothing, so that the server decides.
    """
    found = [match for word in (scope or "").split() if (match := _CLINICAL.fullmatch(word))]
    if not found:
        return Access.FULL
    letter = "r" if reading else "s"
    granted = Access.NONE
    for kind, verbs, query in (match.groups() for match in found):
        if kind in ("*", resource_type) and letter in _SMART1.get(verbs, verbs):
            if not query:
                return Access.FULL
            granted = Access.PART
    return granted
