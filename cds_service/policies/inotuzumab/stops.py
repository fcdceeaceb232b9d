"""What the policy says to stop for permanently, and what leaves that open (procedure TOX, 2.5).

The same reasons stand on the safety card as findings, so that card and criterion never differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cds_service.policies.inotuzumab.case import Case
from cds_service.policies.inotuzumab.events import Event, Meaning
from cds_service.policies.inotuzumab.hem_persistence import Persistence, persistent_cytopenias
from cds_service.policies.inotuzumab.infusion import infusion_reactions
from cds_service.policies.inotuzumab.interruptions import interruptions
from cds_service.policies.inotuzumab.liver_recovery import not_recovered
from cds_service.policies.inotuzumab.numbers import days
from cds_service.policies.inotuzumab.reductions import reduction
from cds_service.policies.inotuzumab.toxicity import unresolved_grade_four
from cds_service.policies.inotuzumab.vod import vod_events


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason to stop, or to ask before it can be told; ``item`` is the documentation item."""

    rule: str
    text: str
    evidence: tuple[str, ...]
    item: str = ""
    asks: str = ""
    kind: str = "permanent-discontinuation"


def stop_reasons(case: Case) -> tuple[Reason, ...]:
    """Step 1 of TOX: exactly the conditions for which the policy says permanently discontinue."""
    found = [
        _of_event(e) for e in (*vod_events(case), *infusion_reactions(case)) if e.meaning is Meaning.STOP
    ]
    found += [
        Reason(
            p.rule,
            f"{_persistence_text(p)}, suspected to be due to inotuzumab: the policy says discontinue",
            p.evidence,
        )
        for p in persistent_cytopenias(case)
        if p.suspected
    ]
    cut = reduction(case, case.cycle)
    if cut.step >= 3:
        found.append(
            Reason(
                "POL-INT-STEP3",
                f"Toxicity after both reductions ({cut.because}): the policy says discontinue permanently",
                cut.evidence,
            )
        )
    return tuple(found)


def _of_event(e: Event) -> Reason:
    return Reason(e.rule, e.text, e.references)


def _persistence_text(p: Persistence) -> str:
    return f"{p.name} below the limit from {p.first.shown} to {p.last.shown}, {p.length} days"


def undecided_reasons(case: Case) -> tuple[Reason, ...]:
    """Step 2 of TOX: recorded, but date, confirmation, cause or severity is missing; and what only asks to consider."""
    return tuple(_undecided(case))


def _undecided(case: Case) -> Iterator[Reason]:
    for e in (*vod_events(case), *infusion_reactions(case)):
        if e.meaning is Meaning.UNDECIDED:
            kind = "safety-hepatic" if e.rule.startswith("POL-BBW") else "nonhem-hold"
            yield Reason(e.rule, e.text, e.references, "toxicity-detail", e.asks, kind)
    for p in persistent_cytopenias(case):
        if p.suspected is None:
            text = f"{_persistence_text(p)}; {p.open_because}"
            asks = f"the suspected cause of the low {p.name}, and the counts before the first dose"
            yield Reason(p.rule, text, p.evidence, "toxicity-detail", asks, "hem-persistence")
    for toxicity in unresolved_grade_four(case):
        text = f"Unresolved {toxicity.shown}, without a statement that treatment may go on"
        asks = "whether the event has resolved, or that treatment may go on"
        yield Reason("POL-TOX-GR2", text, (toxicity.problem.reference,), "toxicity-detail", asks, "")
    for i in interruptions(case):
        if i.toxicity and i.length is not None and i.length > days("int.stop"):
            text = (
                f"Interruption of {i.length} days ({i.shown}): the policy says to consider stopping for good"
            )
            yield Reason(
                "POL-INT-GT28",
                text,
                i.references,
                "toxicity-detail",
                "the decision to go on after the interruption",
                "consider-permanent-discontinuation",
            )
    if (finding := not_recovered(case)) is not None:
        yield Reason(
            "POL-TOX-HEP",
            finding.text,
            finding.evidence,
            "hepatic-recovery",
            "liver tests that have recovered",
            "",
        )
