"""Extramedullary disease (EMD): every statement that it is present, absent or resolved, with its date."""

from __future__ import annotations

from collections.abc import Iterator

from cds_service.clinical.chart import Chart
from cds_service.clinical.leukemia.response import ASSESSING
from cds_service.clinical.reading.assertions import Certainty, Time
from cds_service.clinical.reading.reader import read
from cds_service.clinical.statements import Statement
from cds_service.fhir.dates import When
from cds_service.remembering import once
from cds_service.values import dataclass


@dataclass(frozen=True, slots=True)
class Extramedullary:
    """One statement of extramedullary disease: present, or absent (also resolved)."""

    present: bool
    when: When | None
    reference: str
    words: str


@once
def extramedullary(chart: Chart) -> tuple[Extramedullary, ...]:
    """All statements of extramedullary disease: conditions (and their end) and texts."""
    return (*_in_problems(chart), *(e for s in chart.statements for e in _in_words(s)))


def _in_problems(chart: Chart) -> Iterator[Extramedullary]:
    """A condition, and its end: on its date, else (stated as ended without one) undated."""
    for p in chart.problems:
        if p.is_a("extramedullary_disease") and p.verified and not p.is_event:
            yield Extramedullary("remission" not in p.words.lower(), p.dated, p.reference, p.words)
            if not p.is_active:
                yield Extramedullary(False, p.resolved, p.reference, f"{p.words} resolved")


def _in_words(s: Statement) -> Iterator[Extramedullary]:
    """What a text states: presence, absence, or (with its date only) a presence of the past."""
    if s.kind not in ASSESSING or (s.kind == "Condition" and not s.text):
        return
    text = f"{s.topic.split(' | ')[0]}: {s.text}" if s.answered else s.text or s.topic
    for said in read(text, "extramedullary", s.when.last if s.when else None).assertions:
        if said.certainty is Certainty.SUSPECTED:
            continue
        when = said.when if said.time is Time.PAST else said.when or s.when
        if said.time is Time.PRESENT or said.value == "present":
            yield Extramedullary(said.value == "present", when, s.reference, said.quote)
