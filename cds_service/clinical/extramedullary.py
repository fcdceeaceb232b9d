"""Extramedullary disease (EMD): every statement that it is present, absent or resolved, with its date."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cds_service.clinical.chart import Chart
from cds_service.clinical.problems import WORDS
from cds_service.clinical.response import ASSESSING
from cds_service.clinical.signs import sign_in_words
from cds_service.clinical.statements import Statement
from cds_service.clinical.words import Said, says
from cds_service.fhir.dates import When


@dataclass(frozen=True, slots=True)
class Extramedullary:
    """One statement of extramedullary disease: present, or absent (also resolved)."""

    present: bool
    when: When | None
    reference: str
    words: str


_RESOLVED = re.compile(
    r"\b(?:resolved|resolution|cleared|gone|no longer|disappeared|complete response)\b", re.IGNORECASE
)
_NOT_YET = re.compile(
    r"\b(?:partial(?:ly)?|incomplete(?:ly)?|resolving|not (?:yet |fully |completely )?(?:resolved|cleared)|nearly)\b",
    re.IGNORECASE,
)
_PAST = re.compile(r"\b(?:history of|hx of|h/o|prior|previous(?:ly)?)\b", re.IGNORECASE)


def extramedullary(chart: Chart) -> tuple[Extramedullary, ...]:
    """All statements of extramedullary disease: conditions (and their end) and texts."""
    return (*_in_problems(chart), *(e for s in chart.statements if (e := _in_words(s)) is not None))


def _in_problems(chart: Chart) -> Iterator[Extramedullary]:
    """A condition, and its end: on its date, else (stated as ended without one) undated."""
    for p in chart.problems:
        if p.is_a("extramedullary_disease") and p.verified and not p.is_event:
            yield Extramedullary("remission" not in p.words.lower(), p.dated, p.reference, p.words)
            if not p.is_active:
                yield Extramedullary(False, p.resolved, p.reference, f"{p.words} resolved")


def _in_words(s: Statement) -> Extramedullary | None:
    if s.kind not in ASSESSING or (s.kind == "Condition" and not s.text):
        return None
    pattern = WORDS["extramedullary_disease"]
    said = says(s.whole, pattern)
    if said in (Said.NOT_MENTIONED, Said.DOUBTED):
        return None
    stated = sign_in_words(s.text) if pattern.search(s.topic) and s.text else None
    resolved = bool(_RESOLVED.search(s.whole)) and not _NOT_YET.search(s.whole)
    absent = said is Said.DENIED or stated is False or resolved
    when = None if not absent and _PAST.search(s.whole) else s.when
    return Extramedullary(not absent, when, s.reference, s.whole[:120])
