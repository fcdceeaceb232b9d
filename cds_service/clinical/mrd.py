"""Measurable (minimal) residual disease: results in words, codes or per cent.

There is no verified LOINC code for it, so the topic is read in words. A BCR::ABL1 transcript
alone is no MRD result.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from cds_service.clinical.chart import Chart
from cds_service.clinical.figures import figure_of, has_value, value_text
from cds_service.clinical.measurements import is_no_result
from cds_service.clinical.response import ASSESSING
from cds_service.clinical.signs import sign_in_words, sign_of
from cds_service.clinical.statements import when_stated
from cds_service.clinical.units import convert
from cds_service.clinical.words import phrase
from cds_service.fhir.codings import words_in
from cds_service.fhir.dates import When
from cds_service.fhir.quantities import Interval, exactly
from cds_service.fhir.record import Resource


@dataclass(frozen=True, slots=True)
class Mrd:
    """One MRD result. ``negative`` is None when it cannot be told."""

    negative: bool | None
    when: When | None
    reference: str
    words: str

    @property
    def shown(self) -> str:
        sign = {True: "negative", False: "positive", None: "not told"}[self.negative]
        return f"MRD {sign} ({self.when or 'undated'})"


_MRD = phrase(r"MRD", r"(?:minimal|measurable) residual disease")
_NO_MRD = phrase(r"no (?:evidence of |detectable |measurable |minimal )*(?:MRD|residual disease)")
_NOT_NEGATIVE = re.compile(
    r"\b(?:not|without|no|never|failed)\b[\w\s]{0,30}(?:MRD[\s-]+)?negative\b|\bnegative\s+(?:\w+\s+)?not\b",
    re.IGNORECASE,
)
_TRANSCRIPT = re.compile(r"BCR|ABL1?\b|transcript|p190|p210", re.IGNORECASE)
_TRANSCRIPT_CODES = frozenset({"bcr_abl1_transcript", "bcr_abl1_fish"})


def mrd_results(chart: Chart, limit: Decimal) -> tuple[Mrd, ...]:
    """MRD results with their dates: negative in words or by code, or below the limit (in per cent).

    An answer that cannot be read is a result that is not told, unless one of its day can be read.
    """
    found: list[Mrd] = []
    unreadable: list[Mrd] = []
    for s in chart.statements:
        if s.kind not in ASSESSING or s.codes & _TRANSCRIPT_CODES or _TRANSCRIPT.search(s.topic):
            continue
        topical = bool(_MRD.search(s.topic))
        if not topical and not _MRD.search(s.text):
            continue
        text = s.text if topical else _mrd_clause(s.text)
        negative = mrd_sign(text, limit)
        if negative is not None or _FIGURE.search(text):
            found.append(Mrd(negative, s.when, s.reference, s.whole[:120]))
        elif topical and s.kind == "Observation" and s.answered and not is_no_result(s.text):
            unreadable.append(Mrd(None, s.when, s.reference, s.whole[:120]))
    measured = list(_measured(chart, limit))
    references = {m.reference for m in measured}
    told = [*measured, *(m for m in found if m.reference not in references)]
    days = {m.when.day for m in told if m.when is not None}
    open_ = [
        m for m in unreadable if m.reference not in references and (m.when is None or m.when.day not in days)
    ]
    return tuple(sorted((*told, *open_), key=lambda m: (m.reference, m.words)))


def _measured(chart: Chart, limit: Decimal) -> Iterator[Mrd]:
    """MRD Observations whose answer is a quantity or a code."""
    for resource in chart.record.of_type("Observation"):
        topic, when = words_in(resource.body.get("code")), when_stated(resource, chart.zone)
        if not _MRD.search(topic) or _TRANSCRIPT.search(topic):
            continue
        negative = _answer(resource, limit)
        told = negative is not None or (has_value(resource.body) and not value_text(resource.body))
        if told and (when is None or when.has_happened(chart.clock)):
            yield Mrd(negative, when, resource.reference, topic)


def _answer(resource: Resource, limit: Decimal) -> bool | None:
    figure = None if value_text(resource.body) else figure_of(resource.body)
    percent = convert(figure.number, "fraction", figure.code, figure.unit) if figure is not None else None
    if percent is not None:
        return percent.is_below(limit)
    sign = sign_of(resource.body)
    return None if sign is None else not sign


def _mrd_clause(text: str) -> str:
    return " ; ".join(c for c in re.split(r"[.;\n]\s*(?!\d)", text) if _MRD.search(c))


_LESS = {"<", "\u2264", "<=", "less than", "below"}
_MORE = {">", "\u2265", ">=", "more than", "above"}
_FIGURE = re.compile(
    r"(?:(?P<sign><=|>=|<|>|\u2264|\u2265|less than|below|more than|above)\s*+)?(?<!\d)"
    r"(?:(?P<percent>\d{1,9}+(?:\.\d+)?)\s*+%|(?:(?P<factor>\d{1,9}+(?:\.\d+)?)\s*+[x\u00d7*]\s*+)?10\s*+\^?\s*+[-\u2212](?P<power>\d)|"
    r"(?P<plain>\d{1,9}+(?:\.\d+)?[eE]-\d))",
    re.IGNORECASE,
)


# In "MRD - positive" the dash only sets apart.
_MRD_MINUS = re.compile(r"\bMRD(?:[-\u2212](?=$|[\s,;])|\s+[-\u2212](?=\s*(?:$|[,;.)]))|\s*\([-\u2212]\))")


def mrd_sign(text: str, limit: Decimal) -> bool | None:
    """True for MRD-negative, False for positive, None when the text does not tell. ``limit`` in per cent."""
    words = _MRD_MINUS.sub("MRD negative ", text)
    words = re.sub(r"\bMRD\s*\+", "MRD positive ", words)
    words = re.sub(r"\b(positiv|negativ)ity\b", r"\1e", words, flags=re.IGNORECASE)
    if _NOT_NEGATIVE.search(words):
        return False
    if _NO_MRD.search(words):
        return True
    sign = sign_in_words(words)
    if sign is not None:
        return not sign
    match = _FIGURE.search(words)
    return None if match is None else _percent(match).is_below(limit)


def _percent(match: re.Match[str]) -> Interval:
    """The figure of a text as per cent; ``10^-4`` and ``1e-4`` are fractions."""
    if match["percent"] is not None:
        value = Decimal(match["percent"])
    elif match["plain"] is not None:
        value = Decimal(match["plain"]) * 100
    else:
        value = Decimal(match["factor"] or 1) * Decimal(10) ** -int(match["power"]) * 100
    sign = (match["sign"] or "").lower()
    if sign in _LESS:
        return Interval(None, value, high_open=sign in ("<", "less than", "below"))
    if sign in _MORE:
        return Interval(value, None, low_open=True)
    return exactly(value)
