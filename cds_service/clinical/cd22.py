"""CD22 on the leukemic blasts: everything that was measured or stated, each with its sign and per cent.

Counts of normal B cells and texts about CD22 as a drug target are left out. Which sample counts
is left to the rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from cds_service.clinical.chart import Chart
from cds_service.clinical.evidence import deciding
from cds_service.clinical.marker_words import (
    is_equivocal,
    is_of_normal_cells,
    marker_sign,
    names_marker,
    percent_of,
)
from cds_service.clinical.reports import finality
from cds_service.clinical.results import Part, Result, read_part
from cds_service.clinical.terms import concepts
from cds_service.fhir.codings import words_in
from cds_service.fhir.dates import When
from cds_service.fhir.json_types import as_dicts

CD22 = "CD22"
_PERCENT, _ABSOLUTE = "cd22_blasts_pct", "cd22_blasts_abs"
_CELLS = re.compile(r"\bcells?\b|\blymphocytes?\b", re.IGNORECASE)
_TEXTS_OF = frozenset({"Observation", "CarePlan", "Procedure"})
_READ_BY_CODE = frozenset({_PERCENT, _ABSOLUTE, "cd22_cells_not_blasts", "immunophenotype_panel"})


def cd22_samples(chart: Chart) -> tuple[Result, ...]:
    """All results on leukemic blasts that say something of CD22.

    ``sign`` is the laboratory's interpretation or words, ``value`` the per cent of blasts. A test
    that was done and left the question open, or whose answer cannot be read, has neither and
    still is a result.
    """
    coded = (*chart.results_for(_PERCENT, _ABSOLUTE), *_by_local_codes(chart))
    found = [_in_own_words(r) for r in coded if not r.awaited]
    found += [
        replace(_from_text(r.words, r.reference, r.when), rank=r.rank, preliminary=r.preliminary)
        for r in chart.results_for("immunophenotype_panel")
    ]
    found += [_from_text(text, reference, when) for text, reference, when in _texts(chart)]
    found += _of_documents(chart)
    told = [r for r in found if r.sign is not None or r.value is not None or r.undecided]
    return tuple(deciding(told, [r for r in found if r not in told and r.is_unreadable]))


def _in_own_words(result: Result) -> Result:
    """A CD22 result whose words may carry the sign in a marker's own terms (dim, partial)."""
    if result.undecided or is_equivocal(result.words):
        return replace(result, sign=None, value=None, undecided=True)
    if result.sign is not None or not result.words:
        return result
    return replace(result, sign=marker_sign(f"{CD22} {result.words}", CD22))


def _by_local_codes(chart: Chart) -> Iterator[Result]:
    """Observations and components whose topic is CD22 on blasts, under a code that is not ours."""
    for resource in chart.record.of_type("Observation"):
        for part in (resource.body, *as_dicts(resource.body.get("component"))):
            if _is_cd22_by_name(part):
                result = read_part(Part(_PERCENT, part, resource), chart.zone)
                if result.when is None or result.when.has_happened(chart.clock):
                    yield result


def _is_cd22_by_name(part: Mapping[str, Any]) -> bool:
    topic = words_in(part.get("code"))
    if concepts(part.get("code"), "labs") or not names_marker(topic, CD22):
        return False
    return not is_of_normal_cells(topic) and ("blast" in topic.lower() or not _CELLS.search(topic))


def _texts(chart: Chart) -> Iterator[tuple[str, str, When | None]]:
    """Texts that may report on CD22: of plans and diagnoses, not of orders."""
    for p in chart.problems:
        if p.verified and not p.is_event:
            yield f"{p.words} ; {p.notes}", p.reference, p.recorded or p.onset
    for s in chart.statements:
        if s.kind in _TEXTS_OF and not s.codes & _READ_BY_CODE and not names_marker(s.topic, CD22):
            yield s.text or s.topic, s.reference, s.when


def _of_documents(chart: Chart) -> Iterator[Result]:
    """What reports and notes say; a preliminary report gives way to a final result of its time."""
    for d in chart.documents:
        found = _from_text(d.text, d.reference, d.when)
        early = d.kind == "DiagnosticReport" and bool(d.status) and not finality(d.status)
        yield replace(found, rank=finality(d.status), preliminary=True) if early else found


def _from_text(text: str, reference: str, when: When | None) -> Result:
    sign = marker_sign(text, CD22)
    return Result(
        concept="cd22_text",
        reference=reference,
        when=when,
        issued=None,
        rank=1,
        words=_clause(text),
        sign=sign,
        value=percent_of(text, CD22),
        undecided=sign is None and names_marker(text, CD22) and is_equivocal(_clause(text)),
    )


def _clause(text: str) -> str:
    """The part of a text that names CD22, to be shown."""
    return next((c for c in re.split(r"[.;\n]\s", text) if names_marker(c, CD22)), text).strip()
