"""Why something could not be seen: in words for a prescriber, and as a code for alerts and programs.

The words may be reworded at any time; whoever must tell reasons apart reads the code.
"""

from __future__ import annotations

from enum import StrEnum

from cds_service.values import dataclass


class GapCode(StrEnum):
    """The kinds of reasons that operators tell apart. The value is the metric's label."""

    TIMEOUT = "timeout"
    SCOPE = "scope"
    UNAUTHORIZED = "unauthorized"
    STATUS = "status"
    CUT_OFF = "cut off"
    ANOTHER_PATIENT = "another patient"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Reason:
    """A clause that can follow a colon, such as ``the server answered 403``, and its kind."""

    words: str
    code: GapCode = GapCode.OTHER

    def __str__(self) -> str:
        return self.words
