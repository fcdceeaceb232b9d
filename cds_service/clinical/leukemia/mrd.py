"""Measurable (minimal) residual disease: results in words, codes or per cent.

There is no verified LOINC code for it, so the topic is read in words. A BCR::ABL1 transcript
alone is no MRD result.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from cds_service.clinical.chart import Chart
from cds_service.clinical.leukemia.marker_words import Source, Stated, mentions_in, stated_in
from cds_service.clinical.leukemia.mentions import Mention
from cds_service.clinical.leukemia.response import ASSESSING
from cds_service.clinical.observations.figures import figure_of, has_value, value_text
from cds_service.clinical.observations.lab_names import words_of_sample
from cds_service.clinical.observations.measurements import is_no_result
from cds_service.clinical.observations.signs import sign_of
from cds_service.clinical.observations.units import convert
from cds_service.clinical.reading.markers.reader import names_marker
from cds_service.clinical.reading.markers.samples import ELSEWHERE, MARROW_OR_BLOOD
from cds_service.clinical.reading.tokens import tokens
from cds_service.clinical.statements import Statement, when_stated
from cds_service.fhir.dates import When
from cds_service.remembering import once
from cds_service.values import dataclass


@dataclass(frozen=True, slots=True)
class Mrd:
    """One MRD result. ``negative`` is None when it cannot be determined."""

    negative: bool | None
    when: When | None
    reference: str
    words: str

    @property
    def shown(self) -> str:
        sign = {True: "negative", False: "positive", None: "cannot be determined"}[self.negative]
        return f"MRD {sign} ({self.when or 'undated'})"


_TOPIC = "mrd"
_TRANSCRIPT = re.compile(r"BCR|ABL1?\b|transcript|p190|p210", re.IGNORECASE)
# A component that tells of the test and not of the result ("MRD sensitivity").
_OF_THE_ASSAY = re.compile(r"sensitiv|limit|\bLO[DQB]\b|cut-?off|threshold|events|method", re.IGNORECASE)
# A longer conclusion, or one of single markers, says more than whether there is residual disease.
_SHORT = 120  # characters
_OF_A_MARKER = re.compile(r"\bs?c?CD ?\d|\bTdT\b|\bHLA\b", re.IGNORECASE)
_TRANSCRIPT_CODES = frozenset({"bcr_abl1_transcript", "bcr_abl1_fish"})


def mrd_results(chart: Chart, limit: Decimal) -> tuple[Mrd, ...]:
    """MRD results with their dates: negative in words or by code, or below the limit (in per cent).

    An answer that cannot be read is a result that decides nothing, unless one of its day can be read.
    """
    found: list[Mrd] = []
    unreadable: list[Mrd] = []
    for s, text in _texts(chart):
        said = [m for stated in stated_in(text, _TOPIC) if (m := _of_text(stated, text, limit)) is not None]
        asked = text.question and s.kind == "Observation" and s.answered and not is_no_result(s.text)
        if not (said or asked) or _is_of_another_sample(chart, s.reference):
            continue
        found += said
        if not said:
            unreadable.append(Mrd(None, s.when, s.reference, s.whole[:120]))
    measured = list(_measured(chart, limit))
    references = {m.reference for m in measured}
    told = [*measured, *(m for m in found if m.reference not in references)]
    days = {m.when.day for m in told if m.when is not None}
    open_ = [
        m for m in unreadable if m.reference not in references and (m.when is None or m.when.day not in days)
    ]
    return tuple(sorted((*told, *open_), key=lambda m: (m.reference, m.words)))


def _is_of_another_sample(chart: Chart, reference: str) -> bool:
    """Whether a resource says that it is of cerebrospinal fluid or tissue, and not of marrow or blood."""
    resource = chart.record.resolve(reference)
    named = " ".join(words_of_sample(resource)) if resource is not None else ""
    words = {t.word for t in tokens(named)}
    elsewhere = not ELSEWHERE.isdisjoint(words) or {"soft", "tissue"} <= words
    return elsewhere and MARROW_OR_BLOOD.isdisjoint(words)


def _dated(stated: Stated) -> When | None:
    """The day of a result. One that its text places after cycle 1 is not of the text's day, and that day is not known."""
    return None if stated.cycle == 1 else stated.when


def _of_text(stated: Stated, text: Source, limit: Decimal) -> Mrd | None:
    negative = mrd_negative(stated, limit)
    told = negative is not None or stated.amount is not None
    return Mrd(negative, _dated(stated), text.reference, stated.quote[:120]) if told else None


@once
def _texts(chart: Chart) -> list[tuple[Statement, Source]]:
    """Texts that may state an MRD result; those under a question for it are its answer, so is the short conclusion of its report."""
    titles = {d.reference: d.words for d in chart.documents if d.kind == "DiagnosticReport"}
    found = []
    for s in chart.statements:
        if s.kind not in ASSESSING or s.codes & _TRANSCRIPT_CODES:
            continue
        title = s.topic
        is_short = not s.text[_SHORT:] and _OF_A_MARKER.search(s.text) is None
        if not title and is_short:
            title = titles.get(s.reference, "")
        if not _TRANSCRIPT.search(title):
            question = bool(title) and names_marker(title, _TOPIC)
            found.append((s, Source(s.text, s.reference, s.when, question=question)))
    return found


def _measured(chart: Chart, limit: Decimal) -> Iterator[Mrd]:
    """MRD Observations, and components, whose answer is a quantity or a code."""
    topics = {observed.code.words for whole in chart.observations for observed in whole}
    told_of = {t for t in topics if names_marker(t, _TOPIC) and not _TRANSCRIPT.search(t)}
    for observed in (o for whole in chart.observations for o in whole) if told_of else ():
        resource, part, topic = observed.resource, observed.part, observed.code.words
        if topic not in told_of or (part is not resource.body and _OF_THE_ASSAY.search(topic)):
            continue
        if _is_of_another_sample(chart, resource.reference):
            continue
        when = when_stated(resource, chart.zone)
        negative = _answer(part, limit)
        told = negative is not None or (has_value(part) and not value_text(part))
        if told and (when is None or when.has_happened(chart.clock)):
            yield Mrd(negative, when, resource.reference, topic)


def _answer(part: Mapping[str, Any], limit: Decimal) -> bool | None:
    figure = None if value_text(part) else figure_of(part)
    percent = convert(figure.number, "fraction", figure.code, figure.unit) if figure is not None else None
    if percent is not None:
        return percent.is_below(limit)
    sign = sign_of(part)
    return None if sign is None else not sign


def mrd_mentions(chart: Chart) -> tuple[Mention, ...]:
    """Passages that name residual disease and could not be read, with their day."""
    return mentions_in([text for _, text in _texts(chart)], _TOPIC)


def mrd_negative(stated: Stated, limit: Decimal) -> bool | None:
    """Negative in words or by the number; None where these disagree. A positive one may lie below the limit."""
    below = stated.amount.is_below(limit) if stated.amount is not None else None
    if stated.sign is None:
        return None if stated.undecided else below
    return None if not stated.sign and below is False else not stated.sign
