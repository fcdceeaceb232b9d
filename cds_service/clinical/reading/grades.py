"""How severe a text calls an event: CTCAE grades as they are written, and the words for severity.

The highest that is stated counts; a denied one does not ("grade 1, not severe").
"""

from __future__ import annotations

import re

from cds_service.clinical.reading.tokens import folded
from cds_service.remembering import remembered

_GRADE = re.compile(
    r"\b(?:CTCAE )?(?:v\d(?:\.\d)? )?(?:grade|gr\.?|CTCAE)(?: grade)?[ :#-]{0,3}([1-5])\b(?!\.\d|[%/])|\bG ?([1-5])\b(?!\.\d|[%/-])",
    re.IGNORECASE,
)
_SEVERITIES = (
    ("life-threatening", re.compile(r"life[ -]?threatening|\bfatal\b|anaphylactic shock", re.IGNORECASE)),
    ("severe", re.compile(r"\bsevere\b", re.IGNORECASE)),
    ("moderate", re.compile(r"\bmoderate\b", re.IGNORECASE)),
    ("mild", re.compile(r"\bmild\b", re.IGNORECASE)),
)
_DENIED = re.compile(r"\b(?:not|no|never|without|nor|non)(?: a| any)?[ -]$", re.IGNORECASE)
_REACH = 14  # characters in which a denial stands before its word


@remembered(200_000)
def grade_in(text: str) -> int | None:
    """The highest CTCAE grade, 1 to 5, that a text states."""
    text = folded(text)
    found = [int(m[1] or m[2]) for m in _GRADE.finditer(text) if not _is_denied(text, m.start())]
    return max(found, default=None)


@remembered(200_000)
def severity_in(text: str) -> str:
    """The highest word of severity that a text states: life-threatening, severe, moderate, mild, or an empty text."""
    text = folded(text)
    for name, pattern in _SEVERITIES:
        if any(not _is_denied(text, m.start()) for m in pattern.finditer(text)):
            return name
    return ""


def _is_denied(text: str, start: int) -> bool:
    return _DENIED.search(text[max(0, start - _REACH) : start]) is not None
