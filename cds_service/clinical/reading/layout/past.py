"""Headings of the past with something behind them on their line: for a question about the past they state it.

For what is so now such a heading silences its line (``headings``).
"""

from __future__ import annotations

import re

from cds_service.remembering import remembered

_HEADING = re.compile(
    r"^([ \t*\u2022-]*)(?:PMHx?|PSHx?|past (?:medical|surgical|oncologic) history)[ \t]*:[ \t]*(?=\S)",
    re.IGNORECASE | re.MULTILINE,
)
_PRESENT_ILLNESS = re.compile(
    r"^[ \t]*(?:HPI|history of present illness)[ \t]*:[ \t]*\n?", re.IGNORECASE | re.MULTILINE
)


@remembered(400_000)
def with_history_told(text: str) -> str:
    """A text in which such a heading ("PMH: VOD 2024") says "history of", and one of the present illness nothing."""
    return _HEADING.sub(r"\1history of ", _PRESENT_ILLNESS.sub("", text))
