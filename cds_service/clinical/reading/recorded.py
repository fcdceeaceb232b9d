"""What the name of a recorded Condition or AdverseEvent says: here being recorded asserts, and words can only take back.

Words that are not understood never silence a record of its own: they leave it undecided.
Source: docs/record-reading.md#statements, step 8.
"""

from __future__ import annotations

from enum import Enum

from cds_service.clinical.reading.assertions import Certainty, Time
from cds_service.clinical.reading.reader import read


class Named(Enum):
    """What a name says of a thing."""

    STATED = "stated"
    SUSPECTED = "suspected"
    UNDECIDED = "named, and not wholly understood"
    PAST = "of the past"
    DENIED = "denied"
    ABOUT = "talked about"
    ABSENT = "not named"


def named(name: str, topic: str, *values: str) -> Named:
    """What a name says of the values of a topic; the strongest of what it says counts."""
    reading = read(name, topic)
    said = [a for a in reading.assertions if a.value in values]
    present = [a for a in said if a.time is Time.PRESENT]
    if any(a.certainty is Certainty.STATED for a in present):
        return Named.STATED
    if present:
        return Named.SUSPECTED
    if any(not n.silenced for n in reading.not_understood):
        return Named.UNDECIDED
    if said:
        return Named.PAST
    if reading.assertions:
        return Named.DENIED
    return Named.ABOUT if reading.not_understood else Named.ABSENT
