"""Headings of notes: what they are, which of them silence what follows, and which begin another part of the note."""

from __future__ import annotations

from collections.abc import Sequence

from cds_service.clinical.reading.lexicon import Kind, terms
from cds_service.clinical.reading.tokens import Shape, Token, tokens
from cds_service.remembering import remembered

_SECTIONS = frozenset(
    {
        "assessment", "impression", "a/p", "assessment / plan", "assessment and plan", "current status", "disease status", "today", "summary",
        "conclusion", "final diagnosis", "interval", "interval history", "interval hx", "subjective", "objective", "data", "results", "pathology",
        "bone marrow biopsy", "marrow biopsy", "bmbx", "flow", "flow cytometry", "vitals", "imaging", "pet", "pet / ct", "micro", "current therapy", "diagnosis", "bone marrow", "marrow", "response", "interval events", "labs", "exam",
    }
)  # fmt: skip
_HEADING_WORDS = 6
_SILENT = frozenset({Kind.BLOCK, Kind.PAST})


def heading_end(words: Sequence[Token]) -> int:
    """How many words there are before the colon of a heading; 0 when there is none."""
    for i, token in enumerate(words[: _HEADING_WORDS + 1]):
        if token.text == ":":
            return i
        if token.shape not in (Shape.WORD, Shape.DATE) and token.text not in ("/", "-", "&"):
            break
    return 0


@remembered(200_000)
def judged(heading: str, topic: str) -> tuple[bool, bool]:
    """Whether a heading silences what follows it, and whether it begins another part of a note; notes share their headings."""
    words = tokens(heading)
    silent = any(t.kind in _SILENT for t in terms(words, topic))
    return silent, " ".join(t.word for t in words) in _SECTIONS


def is_section(words: Sequence[Token]) -> bool:
    """Whether words are the title of a part of a note."""
    return " ".join(t.word for t in words).removesuffix(" :") in _SECTIONS
