"""Therapy directed against CD22 that procedures, texts, names of conditions and uses in words tell of: CAR-T cells, antibodies, inotuzumab given elsewhere.

A text tells of it where a word of the past stands in a sentence with its name, and nothing there denies, doubts or plans it.
Drugs that are known by code or name are not here. Which sample of CD22 still counts behind it is left to the rules.
Source: docs/record-reading.md#statements, step 2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from cds_service.clinical.chart import Chart
from cds_service.clinical.leukemia.cell_therapy import cell_therapies
from cds_service.clinical.reading.clauses import Sentence, sentences
from cds_service.clinical.reading.lexicon import OPEN, Kind, Term
from cds_service.clinical.reading.mentioned import names_in
from cds_service.clinical.reading.text_dates import read_date
from cds_service.clinical.reading.tokens import folded
from cds_service.clinical.reading.topics import CD22_THERAPY
from cds_service.clinical.therapy.drugs import CD22_DIRECTED
from cds_service.fhir.dates import When
from cds_service.remembering import once

_ORDERING = frozenset({"MedicationRequest", "ServiceRequest", "Appointment", "CarePlan"})
_AGAINST_CD22 = re.compile(r"\bCD ?22\b|\bCD19/(?:CD)?22\b", re.IGNORECASE)
_IN_A_NAME = re.compile(r"CD ?-?22|inotuzumab|besponsa|moxetumomab", re.IGNORECASE)
_INOTUZUMAB, _OTHER = "inotuzumab", "other"
_AGAINST_IT = frozenset({Kind.DENY, Kind.BLOCK, Kind.LOSE, *OPEN})


class Told(NamedTuple):
    """One therapy directed against CD22: when it was given at the latest (None: not told), and the words for it."""

    when: When | None
    words: str
    reference: str
    is_inotuzumab: bool


@once
def cd22_therapies(chart: Chart) -> tuple[Told, ...]:
    """What procedures done and texts tell. A text without a day of its own tells of a time up to its own."""
    done = [
        Told(a.when, a.words.split(" | ")[0], a.reference, is_inotuzumab=False)
        for a in cell_therapies(chart)
        if _AGAINST_CD22.search(a.words)
    ]
    for use in chart.uses:
        if use.is_given and not use.drugs & CD22_DIRECTED and _OTHER in names_in(use.words, CD22_THERAPY):
            done.append(Told(use.last_known, use.words.split(" | ")[0], use.reference, is_inotuzumab=False))
    for s in chart.statements:
        if s.kind not in _ORDERING and s.text:
            for told in told_in(s.text, s.when.last if s.when else None):
                done.append(told._replace(when=told.when or s.when, reference=s.reference))
    for p in chart.problems:
        if p.verified and not p.is_event and _IN_A_NAME.search(p.words) is not None:
            for told in (t for name in p.words.split(" | ") for t in told_in(name, None)):
                done.append(told._replace(when=told.when or p.dated, reference=p.reference))
    return tuple(done)


def told_in(text: str, on: date | None) -> Iterator[Told]:
    """The sentences of a text of a day that tell of such therapy given before, each with the last day it gives."""
    text = folded(text)
    for sentence in sentences(text, CD22_THERAPY):
        named = {t.value for t in sentence.terms if t.kind is Kind.TARGET}
        if named and _tells(sentence, only_known=named == {_INOTUZUMAB}):
            words = text[sentence.start : sentence.end]
            yield Told(_last_day(sentence, on), words, "", is_inotuzumab=named == {_INOTUZUMAB})


def _tells(sentence: Sentence, *, only_known: bool) -> bool:
    """Whether a sentence places the therapy in the past.

    ``only_known``: of inotuzumab every sentence of a course may speak, so that all words must be understood.
    """
    if sentence.silenced or sentence.question or any(t.kind in _AGAINST_IT for t in sentence.terms):
        return False
    if only_known and any(t.kind is Kind.UNKNOWN and t.tokens[0].word.isalpha() for t in sentence.terms):
        return False
    kinds = [t.kind for t in sentence.terms]
    at = kinds.index(Kind.TARGET)
    before = [i for i, kind in enumerate(kinds[:at]) if kind is Kind.PAST]
    if before:
        return Kind.NOW not in kinds[before[-1] : at]  # "relapsed after blinatumomab, now inotuzumab"
    return Kind.PAST in kinds[at:]


def _last_day(sentence: Sentence, on: date | None) -> When | None:
    days = [when for t in sentence.terms if _is_day(t) and (when := read_date(t.tokens[-1].text, on))]
    return max(days, key=lambda when: when.last, default=None)


def _is_day(term: Term) -> bool:
    return term.kind is Kind.DATE or term.value == "month"
