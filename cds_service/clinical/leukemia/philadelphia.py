"""The Philadelphia chromosome (BCR::ABL1): every test and diagnosis for or against it.

Gathers what was found, of any date, and whether an absence is one of the disease, of a sample or a response to
treatment. What an absence means at the time of the test is left to the rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cds_service.clinical.chart import Chart
from cds_service.clinical.leukemia.marker_words import (
    Source,
    ever_positive,
    mentions_in,
    ph_sign,
    stated_in,
)
from cds_service.clinical.leukemia.mentions import Mention
from cds_service.clinical.leukemia.ph_words import Of, absence_of
from cds_service.clinical.observations.results import Part, Result, read_part
from cds_service.clinical.reading.markers.reader import names_marker
from cds_service.clinical.terms import concepts
from cds_service.fhir.codings import System, codes_in, words_in
from cds_service.fhir.dates import When
from cds_service.fhir.json_types import as_dict, as_dicts
from cds_service.fhir.record import Resource
from cds_service.remembering import once
from cds_service.values import dataclass


@dataclass(frozen=True, slots=True)
class PhEvidence:
    """One test or diagnosis for or against the Philadelphia chromosome; ``of``: what an absence speaks of."""

    positive: bool
    what: str
    reference: str
    when: When | None
    of: Of = Of.SAMPLE

    @property
    def shown(self) -> str:
        sign = "positive" if self.positive else "negative"
        return f"{self.what} {sign} ({self.when or 'undated'})"


_TESTS = {
    "bcr_abl1_fish": "FISH for t(9;22)",
    "bcr_abl1_transcript": "BCR::ABL1 transcript",
    "karyotype": "karyotype",
}
_TOPIC = "ph"
_READ_BY_CODE = frozenset({*_TESTS, "gene_variant", "gene_variant_gene"})
_BCR, _ABL1 = (System.HGNC, "HGNC:1014"), (System.HGNC, "HGNC:76")


@once
def ph_evidence(chart: Chart) -> tuple[PhEvidence, ...]:
    """All evidence for or against the Philadelphia chromosome, of any date."""
    return (
        *_diagnoses(chart), *_tests(chart), *_variants(chart), *_by_local_codes(chart), *_texts(chart),
    )  # fmt: skip


def _diagnoses(chart: Chart) -> Iterator[PhEvidence]:
    for p in chart.problems:
        if p.is_event or not p.verified:
            continue
        if p.is_a("ph_positive") or p.is_a("ph_negative"):
            yield PhEvidence(p.is_a("ph_positive"), "diagnosis", p.reference, p.dated, Of.DISEASE)
        else:
            for text in (p.words, p.notes):
                yield from _in_words(Source(text, p.reference, p.dated), "diagnosis")


def _tests(chart: Chart) -> Iterator[PhEvidence]:
    for name, what in _TESTS.items():
        for result in chart.results_for(name):
            if (sign := _sign_of(result)) is not None:
                yield _tested(sign, what, result)


def _tested(sign: bool, what: str, result: Result) -> PhEvidence:
    words = f"{what}: {result.words}"
    return PhEvidence(sign, what, result.reference, result.when, absence_of(words, words))


def _sign_of(result: Result) -> bool | None:
    """A test's sign; a quantity is positive unless it is zero or only bounded from above (below detection)."""
    if result.undecided:
        return None
    if result.concept == "karyotype" or (result.sign is None and result.value is None):
        return _sign_in_words(result)
    if result.sign is not None or result.value is None:
        return result.sign
    return not (result.value.low is None or result.value.high == 0)


# Under a question: the fusion in none of the cells counted.
_IN_NONE = re.compile(
    r"0(?:\.0+)? ?(?:%|(?:/|(?:out )?of) ?\d{2,4})(?: (?:interphase )?(?:nuclei|cells))?\.?", re.IGNORECASE
)


def _sign_in_words(result: Result) -> bool | None:
    """The sign in the answer's words or in its notes, each read by itself."""
    if result.concept != "karyotype" and _IN_NONE.fullmatch(result.words.split(" | ")[0].strip()):
        return False
    signs = {ph_sign(words, is_karyotype=True) for words in result.words.split(" | ")}
    return True if True in signs else False if False in signs else None


def _variants(chart: Chart) -> Iterator[PhEvidence]:
    for result in chart.results_for("gene_variant"):
        resource = chart.record.resolve(result.reference)
        if resource is not None and _names_bcr_and_abl1(resource):
            if result.sign is not None:
                yield _tested(result.sign, "variant naming BCR and ABL1", result)
        elif (sign := ph_sign(result.words)) is not None:
            yield _tested(sign, "variant", result)


def _names_bcr_and_abl1(resource: Resource) -> bool:
    genes = [
        as_dict(part.get("valueCodeableConcept"))
        for part in as_dicts(resource.body.get("component"))
        if "gene_variant_gene" in concepts(part.get("code"), "labs")
    ]
    codes = {key for gene in genes for key in codes_in(gene)}
    words = " ".join(words_in(gene) for gene in genes)
    return {_BCR, _ABL1} <= codes or (
        bool(re.search(r"\bBCR\b", words)) and bool(re.search(r"\bABL1\b", words))
    )


def _by_local_codes(chart: Chart) -> Iterator[PhEvidence]:
    for what, result in _under_local_codes(chart):
        if (sign := _sign_of(result)) is not None:
            yield _tested(sign, what, result)


def _under_local_codes(chart: Chart) -> Iterator[tuple[str, Result]]:
    """Observations and components whose topic is BCR::ABL1, under a code that is not ours."""
    for seen in chart.observed_by_words:
        if names_marker(seen.code.words, _TOPIC):
            result = read_part(Part("bcr_abl1_transcript", seen.part, seen.resource), chart.zone)
            if result.when is None or result.when.has_happened(chart.clock):
                yield seen.code.words.split(" | ")[0], result


def ph_mentions(chart: Chart) -> tuple[Mention, ...]:
    """Tests whose answer, and passages on the Philadelphia chromosome that, could not be read, with their day."""
    tests = [(what, r) for name, what in _TESTS.items() for r in chart.results_for(name)]
    unread = (
        Mention(r.when, r.reference, f"{what}: {r.words.split(' | ')[0] or r.shown}")
        for what, r in (*tests, *_under_local_codes(chart))
        if _sign_of(r) is None and not r.awaited and (r.words or r.is_unreadable)
    )
    return (*unread, *mentions_in((source for source, _ in _sources(chart)), _TOPIC))


def _texts(chart: Chart) -> Iterator[PhEvidence]:
    for source, what in _sources(chart):
        yield from _in_words(source, what)


def _sources(chart: Chart) -> Iterator[tuple[Source, str]]:
    for d in chart.documents:
        what = "karyotype" if "karyotype" in d.concepts else "report"
        yield Source(d.text, d.reference, d.when), what
    for s in chart.statements:
        told = s.kind in ("Observation", "CarePlan") and not s.codes & _READ_BY_CODE
        if told and not names_marker(s.topic, _TOPIC):
            yield Source(s.text, s.reference, s.when), s.topic or "note"


def _in_words(source: Source, what: str) -> Iterator[PhEvidence]:
    """Once positive is positive, whenever it was; an absence is one of its own day."""
    if ever_positive(source):
        yield PhEvidence(True, what, source.reference, source.when)
        return
    for stated in stated_in(source, _TOPIC):
        if stated.sign is not None:
            of = absence_of(stated.quote, source.text)
            yield PhEvidence(stated.sign, what, source.reference, stated.when, of)
