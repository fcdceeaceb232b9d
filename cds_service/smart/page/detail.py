"""The whole detail page as one value, from a determination and the record behind it.

Order of the page: who, what the criteria say, what to do next, why, and what it rests on. Every
sentence that names a value comes from the determination; this module only arranges.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cds_service.fhir.json_types import as_dicts, as_list, as_text
from cds_service.fhir.record import Record
from cds_service.policy.determination import CardKind, CriterionResult, Determination, Finding, Indicator
from cds_service.policy.verdict import Verdict
from cds_service.policy.wording import lower_first, upper_first
from cds_service.smart.page.charts import Chart
from cds_service.smart.page.criteria import MARKS, CriteriaGroup, grouped, tally
from cds_service.smart.page.searched import SearchedRow, searched
from cds_service.smart.page.timeline import Timeline

_SENTENCE = {
    Verdict.MET: "The record appears to meet the payer's criteria",
    Verdict.NOT_MET: "The record does not appear to meet the payer's criteria",
    Verdict.UNKNOWN: "The record does not tell whether the payer's criteria are met",
}
_MOST_STEPS = 8
_READY = "Nothing more is needed from the record. Attach a print of this page to the prior authorization."


@dataclass(frozen=True, slots=True)
class Banner:
    """Who the page is about. ``full`` is False when the EHR shows its own patient banner."""

    name: str
    born: str
    sex: str
    identifier: str
    full: bool


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do next; ``tone`` is critical, warning or info."""

    text: str
    tone: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """What the answer rests on: when, by which engine, of which EHR's data, for whom, for which order."""

    evaluated: datetime
    engine: str
    ehr: str
    viewer: str
    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DetailPage:
    """All that the template shows."""

    banner: Banner
    determination: Determination
    mark: str
    sentence: str
    tally: str
    steps: tuple[Step, ...]
    groups: tuple[CriteriaGroup, ...]
    safety: tuple[Finding, ...]
    remarks: tuple[Finding, ...]
    charts: tuple[Chart, ...]
    timeline: Timeline | None
    searched: tuple[SearchedRow, ...]
    provenance: Provenance
    brief: bool

    @property
    def request_line(self) -> str:
        """``Continuation request · cycle 2 day 1 · planned 2026-04-15``"""
        one = self.determination
        parts = [f"{one.request.capitalize()} request"]
        if one.cycle is not None:
            parts.append(f"cycle {one.cycle}" + (f" day {one.day}" if one.day is not None else ""))
        if one.planned:
            parts.append(f"planned {one.planned}")
        return " · ".join(parts)


def detail_page(
    determination: Determination,
    record: Record,
    *,
    charts: Sequence[Chart],
    timeline: Timeline | None,
    provenance: Provenance,
    full_banner: bool,
    brief: bool = False,
) -> DetailPage:
    """Arrange a determination for a reader."""
    remarks = _by_urgency(determination, CardKind.DETAILS, CardKind.COVERAGE)
    return DetailPage(
        banner=_banner(record, full_banner),
        determination=determination,
        mark=MARKS[determination.coverage],
        sentence=_SENTENCE[determination.coverage],
        tally=tally(determination.criteria),
        steps=_steps(determination),
        groups=grouped(determination, record),
        safety=_by_urgency(determination, CardKind.SAFETY, CardKind.DOSE),
        remarks=tuple(f for f in remarks if f.kind != "coverage"),
        charts=tuple(charts),
        timeline=timeline,
        searched=searched(record),
        provenance=provenance,
        brief=brief,
    )


def _banner(record: Record, full: bool) -> Banner:
    body: Mapping[str, Any] = next((r.body for r in record.of_type("Patient")), {})
    names = sorted(as_dicts(body.get("name")), key=lambda name: name.get("use") != "official")
    identifier = next((i for i in as_dicts(body.get("identifier")) if as_text(i.get("value"))), {})
    return Banner(
        name=_name(names[0]) if names else "Name not shared by the EHR",
        born=as_text(body.get("birthDate")) or "not shared",
        sex=as_text(body.get("gender")) or "",
        identifier=as_text(identifier.get("value")) or "",
        full=full,
    )


def _name(name: Mapping[str, Any]) -> str:
    if text := as_text(name.get("text")):
        return text
    parts = [*map(as_text, as_list(name.get("given"))), as_text(name.get("family"))]
    return " ".join(part for part in parts if part) or "Name not shared by the EHR"


def _steps(determination: Determination) -> tuple[Step, ...]:
    """What to do: dangers first, then what blocks coverage, then what would settle the unknown."""
    steps = [
        Step(f"{finding.action}: {finding.text}" if finding.action else finding.text, finding.indicator.value)
        for finding in _by_urgency(determination, CardKind.SAFETY, CardKind.DOSE)
        if finding.indicator is not Indicator.INFO
    ]
    counting = [c for c in determination.criteria if c.applies]
    for verdict, opening in ((Verdict.NOT_MET, "Not met"), (Verdict.UNKNOWN, "Document")):
        steps += [Step(_step_text(c, opening), "warning") for c in counting if c.verdict is verdict]
    asked = {item for c in counting for item in c.needed}
    steps += [
        Step(upper_first(need.because), "warning")
        for need in determination.needed
        if need.decides and need.item not in asked
    ]
    unique = tuple({step.text: step for step in steps}.values())
    if not unique and determination.coverage is Verdict.MET:
        return (Step(_READY, "info"),)
    return unique[:_MOST_STEPS]


def _step_text(criterion: CriterionResult, opening: str) -> str:
    """``Document A.i, leukemia is CD22-positive: flow cytometry …``"""
    return f"{opening} {criterion.section}, {lower_first(criterion.title)}: {criterion.changes or criterion.because}"


def _by_urgency(determination: Determination, *cards: CardKind) -> tuple[Finding, ...]:
    found = [finding for card in cards for finding in determination.findings_on(card)]
    return tuple(sorted(found, key=lambda finding: -finding.indicator.rank))
