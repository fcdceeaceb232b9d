"""CD22 on the leukemic blasts: everything that was measured or stated, each with its sign and per cent.

Counts of normal B cells and texts about CD22 as a drug target are left out. Which sample counts
is left to the rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from cds_service.clinical.chart import Chart
from cds_service.clinical.evidence import deciding
from cds_service.clinical.leukemia.marker_words import (
    Source,
    Stated,
    mentions_in,
    past_in,
    stated_in,
)
from cds_service.clinical.leukemia.mentions import Mention
from cds_service.clinical.observations.figures import figure_of
from cds_service.clinical.observations.results import Part, Result, read_part
from cds_service.clinical.reading.markers.reader import names_marker
from cds_service.clinical.reports import FINALITY
from cds_service.remembering import once

_TOPIC = "cd22"
_PERCENT, _ABSOLUTE = "cd22_blasts_pct", "cd22_blasts_abs"
_PER_CENT = re.compile(r"%|per ?cent|\bpct\b", re.IGNORECASE)
# What else is measured by the name of CD22: on other cells, in serum, of its gene.
_NOT_ON_BLASTS = re.compile(r"\bcells?\b|\blymphocytes?\b", re.IGNORECASE)
_ANOTHER_TEST = re.compile(
    r"\b(?:genes?|mutations?|variants?|polymorphisms?|sequencing|transcripts?|mRNA|soluble|serum|plasma)\b",
    re.IGNORECASE,
)
_TEXTS_OF = frozenset({"Observation", "CarePlan", "Procedure"})
_READ_BY_CODE = frozenset({_PERCENT, _ABSOLUTE, "cd22_cells_not_blasts", "immunophenotype_panel"})


@once
def cd22_samples(chart: Chart) -> tuple[Result, ...]:
    """All results on leukemic blasts that say something of CD22.

    ``sign`` is the laboratory's interpretation or words, ``value`` the per cent of blasts. A test
    that was done and left the question open, or whose answer cannot be read, has neither and
    still is a result.
    """
    coded = (*chart.results_for(_PERCENT, _ABSOLUTE), *_by_local_codes(chart))
    found = [_in_own_words(r) for r in coded if not r.awaited]
    found += [_from_text(stated, t) for t in _texts(chart) for stated in stated_in(t, _TOPIC)]
    told = [r for r in found if r.sign is not None or r.value is not None or r.undecided]
    return tuple(deciding(told, [r for r in found if r not in told and r.is_unreadable]))


def cd22_mentions(chart: Chart) -> tuple[Mention, ...]:
    """Passages that name CD22 and could not be read, or tell of an earlier time without a date, with their day."""
    texts = tuple(_texts(chart))
    counts = (
        Mention(r.when, r.reference, "CD22 on blasts as a count without an interpretation")
        for r in chart.results_for(_ABSOLUTE)
        if r.sign is None and not r.undecided and not r.awaited
    )
    return (*counts, *mentions_in(texts, _TOPIC), *past_in(texts, _TOPIC))


def _in_own_words(result: Result) -> Result:
    """A CD22 result whose words may carry the sign in a marker's own terms (dim, partial), and a per cent beside it."""
    said = [_answer(words, result) for words in result.words.split(" | ")]
    if result.undecided or any(s.undecided for s in said):
        return replace(result, sign=None, value=None, undecided=True)
    amounts = {s.amount for s in said if s.amount is not None}
    if result.value is None and not result.is_unreadable and len(amounts) == 1:
        result = replace(result, value=amounts.pop())
    signs = {s.sign for s in said if s.sign is not None}
    if result.sign is not None or len(signs) != 1:
        return result
    return replace(result, sign=signs.pop())


def _answer(words: str, result: Result) -> Stated:
    found = stated_in(Source(words, result.reference, result.when, question=True), _TOPIC)
    return next((s for s in found if s.when == result.when), Stated(None, None, False, None, ""))


def _by_local_codes(chart: Chart) -> Iterator[Result]:
    """Observations and components whose topic is CD22 on blasts, under a code that is not ours."""
    for seen in chart.observed_by_words:
        if _names_cd22_on_blasts(seen.code.words):
            result = read_part(Part(_PERCENT, seen.part, seen.resource), chart.zone)
            figure = figure_of(seen.part) if result.value is not None else None
            if figure is not None and not figure.has_unit and not _PER_CENT.search(seen.code.words):
                problem = f"{figure.quoted}: the unit is not said"
                result = replace(result, value=None, problem=problem)
            if result.when is None or result.when.has_happened(chart.clock):
                yield result


def _names_cd22_on_blasts(topic: str) -> bool:
    if not names_marker(topic, _TOPIC) or _ANOTHER_TEST.search(topic) is not None:
        return False
    return "blast" in topic.lower() or _NOT_ON_BLASTS.search(topic) is None


def _texts(chart: Chart) -> Iterator[Source]:
    """Texts that may report on CD22: of reports, notes, plans and diagnoses, not of orders.

    A preliminary report gives way to a final result of its time.
    """
    for r in chart.results_for("immunophenotype_panel"):
        for words in r.words.split(" | "):
            yield Source(words, r.reference, r.when, rank=r.rank, preliminary=r.preliminary)
    for d in chart.documents:
        early = d.kind == "DiagnosticReport" and bool(d.status) and d.status not in FINALITY
        yield Source(d.text, d.reference, d.when, rank=0 if early else 1, preliminary=early)
    for p in chart.problems:
        if p.verified and not p.is_event:
            yield from (
                Source(text, p.reference, p.recorded or p.onset) for text in (p.words, p.notes) if text
            )
    for s in chart.statements:
        if s.kind in _TEXTS_OF and not s.codes & _READ_BY_CODE and not names_marker(s.topic, _TOPIC):
            yield Source(s.text or s.topic, s.reference, s.when)


def _from_text(stated: Stated, source: Source) -> Result:
    return Result(
        concept="cd22_text", reference=source.reference, when=stated.when, issued=None, rank=source.rank,
        words=stated.quote, value=stated.amount, sign=stated.sign, undecided=stated.undecided,
        preliminary=source.preliminary,
    )  # fmt: skip
