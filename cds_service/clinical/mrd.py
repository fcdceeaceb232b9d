"""Measurable (minimal) residual disease: results in words, codes or per cent.

There is no verified LOINC code for it, so the topic is read in words. A BCR::ABL1 transcript
alone is no MRD result.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from cds_service.clinical.chart import Chart
from cds_service.clinical.response import ASSESSING
from cds_service.clinical.signs import sign_in_words
from cds_service.clinical.units import convert
from cds_service.clinical.words import phrase
from cds_service.fhir.codings import words_in
from cds_service.fhir.dates import When, effective, read_when
from cds_service.fhir.quantities import quantity, unit_names


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
_MRD_PERCENT = re.compile(
    r"(?P<sign><|>|≤|≥|<=|>=)?\s*(?P<number>\d+(?:\.\d+)?(?:[eE]-?\d+|\s*[x×]\s*10\s*\^?\s*-\d)?)\s*(?P<unit>%)?"
)


def mrd_results(chart: Chart, limit: Decimal) -> tuple[Mrd, ...]:
    """MRD results: text or coded, or per cent below the limit. A BCR::ABL1 transcript is none."""
    found = []
    numeric = _numeric_mrd(chart, limit)
    for s in chart.statements:
        if s.kind not in ASSESSING or s.codes & {"bcr_abl1_transcript", "bcr_abl1_fish"}:
            continue
        topical = bool(_MRD.search(s.topic))
        if s.reference in numeric or not (topical or _MRD.search(s.text)):
            continue
        if re.search(r"BCR|ABL1|transcript", s.topic, re.IGNORECASE):
            continue
        negative = mrd_sign(s.text if topical else _mrd_clause(s.text), limit)
        if negative is not None or topical:
            found.append(Mrd(negative, s.when, s.reference, s.whole[:120]))
    return tuple(sorted((*numeric.values(), *found), key=lambda m: m.reference))


def _numeric_mrd(chart: Chart, limit: Decimal) -> dict[str, Mrd]:
    """MRD Observations with a quantity; there is no verified LOINC code, so the topic is read in words."""
    found: dict[str, Mrd] = {}
    for resource in chart.record.of_type("Observation"):
        body = resource.body
        if "valueQuantity" not in body or not _MRD.search(words_in(body.get("code"))):
            continue
        when = effective(body, chart.zone) or read_when(body.get("issued"), chart.zone)
        number = quantity(body["valueQuantity"])
        if number is None or (when is not None and not when.has_happened(chart.clock)):
            continue
        percent = convert(number, "fraction", *unit_names(body["valueQuantity"]))
        below = percent.is_below(limit) if percent is not None else None
        if below is None and percent is not None and percent.high == limit and percent.high_open:
            below = True
        found[resource.reference] = Mrd(below, when, resource.reference, f"MRD {percent or number}")
    return found


def _mrd_clause(text: str) -> str:
    return " ; ".join(c for c in re.split(r"[.;\n]\s*(?!\d)", text) if _MRD.search(c))


def mrd_sign(text: str, limit: Decimal) -> bool | None:
    """True for MRD-negative, False for positive, None when the text does not tell. ``limit`` in per cent."""
    words = re.sub(r"\bMRD\s*[-−](?=\s|$|,|;)", "MRD negative ", text)
    words = re.sub(r"\bMRD\s*\+", "MRD positive ", words)
    sign = sign_in_words(words)
    if sign is not None:
        return not sign
    for match in _MRD_PERCENT.finditer(words):
        if match["unit"] == "%":
            value = Decimal(match["number"])
            if match["sign"] in ("<", "≤", "<="):
                return value <= limit or None
            return value < limit
    return None
