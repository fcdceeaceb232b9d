"""The whole detail page as one value, from a determination and the record behind it.

Order of the page: who, the two answers, what to do next, what a payer's form asks, why, and what it
rests on. Every sentence that names a value comes from the determination; this module only arranges.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cards.cited import source
from cards.text import kinds_in_words
from cds_service.clinical.chart import read_chart
from cds_service.clinical.observations.body import body_surface
from cds_service.clinical.observations.series import Series
from cds_service.engine.determination import CardKind, Determination, Finding
from cds_service.engine.verdict import Verdict
from cds_service.fhir.json_types import as_dicts, as_text
from cds_service.fhir.record import Record, Resource
from cds_service.smart.packing import Checklist
from cds_service.smart.page.charts import Chart, drawn
from cds_service.smart.page.criteria import CriteriaGroup, grouped, tally
from cds_service.smart.page.form_fields import Field, form_fields, human_name
from cds_service.smart.page.head import Head, head
from cds_service.smart.page.results import ResultRow, results
from cds_service.smart.page.searched import SearchedRow, searched
from cds_service.smart.page.steps import Step, steps
from cds_service.smart.page.timeline import Timeline
from cds_service.values import dataclass

_SENTENCE = {
    Verdict.MET: "The record appears to meet the payer's criteria",
    Verdict.NOT_MET: "The record does not appear to meet the payer's criteria",
    Verdict.UNKNOWN: "The record does not tell whether the payer's criteria are met",
}
_FITS = {"ok": "fits", "over": "above", "under": "below", "unknown": "open"}


@dataclass(frozen=True, slots=True)
class Banner:
    """Who the page is about. ``full`` is False when the EHR shows its own patient banner."""

    name: str
    born: str
    sex: str
    identifier: str
    full: bool


@dataclass(frozen=True, slots=True)
class Provenance:
    """What the answer rests on: when, by which engine, of which EHR's data, for whom, for which order."""

    evaluated: datetime
    engine: str
    ehr: str
    viewer: str
    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the page in the list at its top: its id, its title, and what is counted in it."""

    id: str
    title: str
    count: str


@dataclass(frozen=True, slots=True)
class DetailPage:
    """All that the template shows."""

    banner: Banner
    determination: Determination
    head: Head
    sentence: str
    tally: str
    form: tuple[Field, ...]
    steps: tuple[Step, ...]
    groups: tuple[CriteriaGroup, ...]
    safety: tuple[Finding, ...]
    remarks: tuple[Finding, ...]
    body: str
    results: tuple[ResultRow, ...]
    charts: tuple[Chart, ...]
    timeline: Timeline | None
    searched: tuple[SearchedRow, ...]
    provenance: Provenance
    brief: bool
    packet: tuple[Checklist, ...] = ()

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

    @property
    def has_dose(self) -> bool:
        """Whether anything of the dose can be shown."""
        dose = self.determination.dose
        return dose is not None and bool(
            dose.arithmetic or dose.options or (dose.ordered_mg, dose.bsa_m2) != (None, None)
        )

    def rests_on(self, finding: Finding) -> str:
        """What a finding rests on and where that stands: ``policy, Limits B, dose table``."""
        return source(self.determination, finding)

    @property
    def unseen(self) -> tuple[str, ...]:
        """What could not be seen, the kinds of data of one reason together."""
        kinds: dict[str, list[str]] = {}
        for kind, reason in self.determination.unseen:
            kinds.setdefault(reason, []).append(kinds_in_words(kind))
        return tuple(f"{', '.join(named)}: {reason}" for reason, named in kinds.items())

    @property
    def anchors(self) -> Mapping[str, str]:
        """By criterion, the id that a counter of the head leads to: on the first row of each kind that is open."""
        shown = [row for group in self.groups for row in group.open]
        first = {row.tone: row.result.id for row in reversed(shown)}
        return {criterion: f"criteria-{tone}" for tone, criterion in first.items()}

    @property
    def gaps(self) -> int:
        """How much the request and its form lack."""
        return sum(len(checklist.gaps) for checklist in self.packet)

    @property
    def first_met(self) -> CriteriaGroup | None:
        """The first section with a criterion that is met: there the counter of what is met leads."""
        return next((g for g in self.groups if any(row.tone == "met" for row in g.quiet)), None)

    @property
    def sections(self) -> tuple[Section, ...]:
        """The list of sections, with how much each holds."""
        one = self.determination
        there = (
            Section("next", "What to do next", str(len(self.steps))),
            Section("safety", "Dose and safety", self.head.safety.text if self.safety else ""),
            Section("criteria", "Criteria", self.tally),
            Section("dose", "Dose", _FITS[one.dose.verdict] if one.dose and self.has_dose else ""),
            Section("results", "Results", "" if self.brief else str(len(self.results) or "")),
            Section("doses", "Treatment", "" if self.brief or not self.timeline else self.timeline.counted),
            Section("packet", "Prior authorization", f"{gaps} to add" if (gaps := self.gaps) else ""),
            Section("remarks", "Good to know", str(len(self.remarks) or "")),
            Section("unseen", "What could not be seen", str(len(one.unseen) or "")),
        )
        return tuple(section for section in there if section.count)


def detail_page(
    determination: Determination,
    record: Record,
    *,
    series: Sequence[Series],
    timeline: Timeline | None,
    provenance: Provenance,
    full_banner: bool,
    order: Resource | None = None,
    brief: bool = False,
    packet: tuple[Checklist, ...] = (),
) -> DetailPage:
    """Arrange a determination for a reader.

    ``order`` is the order that it is about, where the chart lacks it; ``packet`` what its packet lacks, empty
    where there is none.
    """
    remarks = _by_urgency(determination, CardKind.DETAILS, CardKind.COVERAGE)
    safety = _by_urgency(determination, CardKind.SAFETY, CardKind.DOSE)
    sentence, clock = _SENTENCE[determination.coverage], provenance.evaluated
    return DetailPage(
        banner=_banner(record, full_banner),
        determination=determination,
        head=head(determination, sentence, safety),
        sentence=sentence,
        tally=tally(determination.criteria),
        form=form_fields(determination, record, clock, order),
        steps=steps(determination, safety),
        groups=grouped(determination, record),
        safety=safety,
        remarks=tuple(f for f in remarks if f.kind != "coverage"),
        body=_body(record, clock),
        results=results(series),
        charts=drawn(series),
        timeline=timeline,
        searched=searched(record),
        provenance=provenance,
        brief=brief,
        packet=packet,
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
    return human_name(name) or "Name not shared by the EHR"


def _body(record: Record, clock: datetime) -> str:
    """``height 165 cm (2026-04-14), weight 68 kg (2026-04-14)``, of the body surface where it is computed."""
    surface = body_surface(read_chart(record, clock))
    measured = (("height", surface.height, "cm"), ("weight", surface.weight, "kg"))
    return ", ".join(
        f"{name} {result.value} {unit}" + (f" ({result.when})" if result.when is not None else "")
        for name, result, unit in measured
        if result is not None
    )


def _by_urgency(determination: Determination, *cards: CardKind) -> tuple[Finding, ...]:
    found = [finding for card in cards for finding in determination.findings_on(card)]
    return tuple(sorted(found, key=lambda finding: -finding.indicator.rank))
