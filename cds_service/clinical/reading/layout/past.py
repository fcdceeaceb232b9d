"""Headings of the past with something behind or under them: for a question about the past they state it.

For what is so now such a heading silences what is under it (``headings``), but for what has a day of its own.
"""

from __future__ import annotations

import re

from cds_service.clinical.reading.assertions import Reading
from cds_service.remembering import remembered

_LISTED = r"PMHx?|PSHx?|past (?:medical|surgical|oncologic) history"
_HEADING = re.compile(rf"^([ \t*\u2022-]*)(?:{_LISTED})[ \t]*:[ \t]*(?=\S)", re.IGNORECASE | re.MULTILINE)
_PRESENT_ILLNESS = re.compile(
    r"^[ \t]*(?:HPI|history of present illness)[ \t]*:[ \t]*\n?", re.IGNORECASE | re.MULTILINE
)
# Headings of the course of this disease, and those of a list of what was.
_COURSE = (
    r"HPI|history of present(?:ing)? illness|onc(?:ology|ologic|ological)?[ \t]+(?:history|hx)|"
    r"(?:heme|hematologic|hematology|heme/onc|hematology/oncology|leukemia|cancer|disease|treatment|therapy)[ \t]+(?:history|hx)"
)
_TITLE = re.compile(
    rf"^[ \t]*(?:(?:{_COURSE})[ \t]*:[ \t]*\n?|(?:{_COURSE}|{_LISTED})[ \t]*(?::[ \t]*)?\n)",
    re.IGNORECASE | re.MULTILINE,
)


@remembered(400_000)
def with_history_told(text: str) -> str:
    """A text in which such a heading ("PMH: VOD 2024") says "history of", and one of the present illness nothing."""
    return _HEADING.sub(r"\1history of ", _PRESENT_ILLNESS.sub("", text))


@remembered(400_000)
def with_course_told(text: str) -> str:
    """The same, and the lines under a heading of the course of the disease or of a list as of a part of the note that tells it."""
    return with_history_told(_TITLE.sub("Interval history:\n", text))


def with_past(reading: Reading, told: Reading, *, whenever: bool = False) -> Reading:
    """A reading with what the text says under headings of the past of a day of its own: that is so of that day.

    ``told`` is the same text, read without these headings (:func:`with_course_told`). ``whenever``: what has no
    day counts as well, since it never changes.
    """
    known = {a.quote for a in reading.assertions}
    more = [a for a in told.assertions if (whenever or a.when is not None) and a.quote not in known]
    if not more:
        return reading
    left = [n for n in reading.not_understood if not any(a.quote in n.quote for a in more)]
    return Reading((*reading.assertions, *more), tuple(left))
