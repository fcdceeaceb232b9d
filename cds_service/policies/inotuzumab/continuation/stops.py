"""What the policy says to stop for permanently, and what leaves that open.

The same reasons are on the safety card as findings, so that card and criterion never differ.
Procedure: docs/policies/inotuzumab/continuation.md#toxicity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from cds_service.engine.wording import upper_first
from cds_service.oncology.toxic_events import Event, Meaning
from cds_service.policies.inotuzumab.case.case import Case
from cds_service.policies.inotuzumab.hematologic.persistence import Persistence, persistent_cytopenias
from cds_service.policies.inotuzumab.interruptions.interruptions import interruptions
from cds_service.policies.inotuzumab.interruptions.reductions import STOPPING, reduction
from cds_service.policies.inotuzumab.label.liver_recovery import not_recovered
from cds_service.policies.inotuzumab.numbers import days
from cds_service.policies.inotuzumab.toxicities.graded import unresolved_grade_four
from cds_service.policies.inotuzumab.toxicities.infusion_reactions import infusion_reactions
from cds_service.policies.inotuzumab.toxicities.vod import vod_events
from cds_service.remembering import once
from cds_service.values import dataclass

_CONSIDER = "consider-permanent-discontinuation"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason to stop, or to ask before it is known.

    ``item`` is the documentation item, ``asks`` what would settle it. ``kind`` is the finding it
    raises; empty where another rule raises its own.
    """

    rule: str
    text: str
    evidence: tuple[str, ...]
    item: str = ""
    asks: str = ""
    kind: str = "permanent-discontinuation"


@dataclass(frozen=True, slots=True)
class Source:
    """Where reasons come from: the rules, what they are about, and the function that gives them."""

    rules: tuple[str, ...]
    about: str
    reasons: Callable[[Case], Iterable[Reason]]


@once
def stop_reasons(case: Case) -> tuple[Reason, ...]:
    """Step 1: exactly the conditions for which the policy says permanently discontinue."""
    return tuple(reason for source in STOPS for reason in source.reasons(case))


def _stopping_vod(case: Case) -> Iterator[Reason]:
    return _stopping(vod_events(case))


def _stopping_reactions(case: Case) -> Iterator[Reason]:
    return _stopping(infusion_reactions(case))


def _stopping(events: Iterable[Event]) -> Iterator[Reason]:
    return (Reason(e.rule, e.text, e.references) for e in events if e.meaning is Meaning.STOP)


def _suspected_cytopenias(case: Case) -> Iterator[Reason]:
    for p in persistent_cytopenias(case):
        if p.suspected:
            text = f"{_persistence_text(p)}, suspected to be due to inotuzumab"
            yield Reason(p.rule, text, p.evidence)


def _failed_reductions(case: Case) -> Iterator[Reason]:
    cut = reduction(case, case.cycle)
    if cut.step >= STOPPING:
        text = f"Toxicity after both reductions: {cut.because}"
        yield Reason("POL-INT-STEP3", text, cut.evidence)


def _persistence_text(p: Persistence) -> str:
    return f"{p.name} below the limit from {p.first.shown} to {p.last.shown}, {p.length} days"


@once
def undecided_reasons(case: Case) -> tuple[Reason, ...]:
    """Step 2: recorded, but date, confirmation, cause or severity is missing; and what only asks to consider."""
    return tuple(reason for source in UNDECIDED for reason in source.reasons(case))


def _open_vod(case: Case) -> Iterator[Reason]:
    return _open(vod_events(case), "safety-hepatic")


def _open_reactions(case: Case) -> Iterator[Reason]:
    return _open(infusion_reactions(case), "nonhem-hold")


def _open(events: Iterable[Event], kind: str) -> Iterator[Reason]:
    for e in events:
        if e.meaning is Meaning.UNDECIDED:
            yield Reason(e.rule, e.text, e.references, "toxicity-detail", e.asks, kind)


def _open_cytopenias(case: Case) -> Iterator[Reason]:
    for p in persistent_cytopenias(case):
        if p.suspected is None:
            text = f"{_persistence_text(p)}; {p.open_because}"
            yield Reason(p.rule, text, p.evidence, "toxicity-detail", p.asks, _CONSIDER)


def _grade_four(case: Case) -> Iterator[Reason]:
    for toxicity in unresolved_grade_four(case):
        text = f"{toxicity.shown}, unresolved, without a statement that treatment may continue"
        asks = "whether the event has resolved, or that treatment may continue"
        yield Reason("POL-TOX-GR2", text, (toxicity.problem.reference,), "toxicity-detail", asks, "")


def _long_interruptions(case: Case) -> Iterator[Reason]:
    for i in interruptions(case):
        if i.toxicity and i.longest is not None and i.longest > days("int.stop"):
            text = f"{upper_first(i.shown)}: the policy says to consider permanent discontinuation"
            asks = "the decision to continue after the interruption"
            yield Reason("POL-INT-GT28", text, i.references, "toxicity-detail", asks, _CONSIDER)


def _lasting_liver_tests(case: Case) -> Iterator[Reason]:
    if (found := not_recovered(case)) is not None:
        asks = "liver tests that have recovered"
        yield Reason("POL-TOX-HEP", found.text, found.evidence, "hepatic-recovery", asks, "")


_CYTOPENIA = ("POL-HEM-1-28", "POL-HEM-2-28")
STOPS = (
    Source(("POL-BBW-STOP",), "veno-occlusive disease", _stopping_vod),
    Source(("POL-TOX-IRR-SEV",), "severe infusion reactions", _stopping_reactions),
    Source(_CYTOPENIA, "low counts for more than {hem.discontinue_after!}", _suspected_cytopenias),
    Source(("POL-INT-STEP3",), "toxicity after both reductions", _failed_reductions),
)
UNDECIDED = (
    Source(("POL-BBW-STOP",), "veno-occlusive disease in doubt", _open_vod),
    Source(("POL-TOX-IRR-SEV",), "infusion reactions in doubt", _open_reactions),
    Source(_CYTOPENIA, "low counts of unknown cause", _open_cytopenias),
    Source(("POL-TOX-GR2",), "unresolved grade {tox.grade_life_threatening} toxicity", _grade_four),
    Source(("POL-INT-GT28",), "interruptions of more than {int.stop!}", _long_interruptions),
    Source(("POL-TOX-HEP",), "liver tests that do not recover", _lasting_liver_tests),
)
