"""Every finding about an order, gathered from the rules: each family of rules is a module of its own."""

from __future__ import annotations

from collections.abc import Iterator

from cds_service.policies.inotuzumab import (
    boxed_warning,
    hematologic,
    label_rules,
    liver,
    qt,
    record_quality,
    timing,
    toxicity,
)
from cds_service.policies.inotuzumab.case import Case
from cds_service.policies.inotuzumab.dose_findings import is_combination
from cds_service.policies.inotuzumab.duration import response_by_cycle_three
from cds_service.policies.inotuzumab.events import Meaning
from cds_service.policies.inotuzumab.infusion import infusion_reactions
from cds_service.policies.inotuzumab.liver_recovery import not_recovered
from cds_service.policies.inotuzumab.numbers import days
from cds_service.policies.inotuzumab.stops import Reason, stop_reasons, undecided_reasons
from cds_service.policies.inotuzumab.toxicity import graded_toxicities
from cds_service.policies.inotuzumab.vod import vod_events
from cds_service.policy.determination import Basis, CardKind, Finding, Indicator, Need
from cds_service.policy.verdict import Verdict

_TABLE_ACTIONS = {
    "POL-TOX-BLEED": "Check the bleeding before the dose: hold, reduce or stop as needed",
    "POL-TOX-INF": "Check the infection before the dose: hold, reduce or stop as needed",
    "POL-TOX-GR2": "Hold the dose until grade 1 or the grade before treatment",
}
_KIND_ACTIONS = {
    "safety-hepatic": "Hold and evaluate for veno-occlusive disease",
    "nonhem-hold": "Check the infusion reaction before the dose",
    "consider-permanent-discontinuation": "Check whether to stop for good",
}


def findings(case: Case) -> tuple[list[Finding], list[Need]]:
    """All findings but those of dose and coverage, and the items that the rules ask for."""
    found = [*_stops(case), *_undecided(case), *_toxicities(case), *_events(case), *_no_response(case)]
    held, asked = hematologic.findings(case)
    found += [*held, *timing.findings(case), *qt.findings(case), *liver.findings(case)]
    found += [*boxed_warning.findings(case), *label_rules.findings(case), *record_quality.findings(case)]
    found += _combination(case)
    if (lasting := not_recovered(case)) is not None:
        found.append(lasting)
    needs = [Need(item, because, decides) for item, because, decides in asked]
    return found, [*needs, *timing.asked(case), *toxicity.asked(case), *record_quality.asked(case)]


def _warning(
    kind: str,
    rule: str,
    text: str,
    action: str,
    evidence: tuple[str, ...],
    indicator: Indicator = Indicator.WARNING,
) -> Finding:
    return Finding(kind, indicator, CardKind.SAFETY, (rule,), Basis.POLICY, text, action, evidence)


def _stops(case: Case) -> Iterator[Finding]:
    for r in stop_reasons(case):
        action = "Stop permanently"
        yield _warning("permanent-discontinuation", r.rule, r.text, action, r.evidence, Indicator.CRITICAL)


def _undecided(case: Case) -> Iterator[Finding]:
    for r in undecided_reasons(case):
        if r.kind:
            yield _warning(r.kind, r.rule, _asking(r), _KIND_ACTIONS[r.kind], r.evidence)


def _asking(reason: Reason) -> str:
    return f"{reason.text}. Needed: {reason.asks}" if reason.asks else reason.text


def _toxicities(case: Case) -> Iterator[Finding]:
    """The non-hematologic table: bleeding, severe infection, grade 2 or more."""
    for t in graded_toxicities(case):
        text = f"{t.shown}, not recorded as resolved"
        yield _warning("nonhem-hold", t.rule, text, _TABLE_ACTIONS[t.rule], (t.problem.reference,))


def _events(case: Case) -> Iterator[Finding]:
    """Infusion reactions that are no stop, and defibrotide without a recorded event."""
    for e in infusion_reactions(case):
        if e.meaning is Meaning.NOTE:
            yield _warning(
                "nonhem-hold", e.rule, e.text, "Check the infusion reaction at an earlier dose", e.references
            )
    for e in vod_events(case):
        if e.meaning is Meaning.SUSPECTED:
            yield _warning("safety-hepatic", e.rule, e.text, _KIND_ACTIONS["safety-hepatic"], e.references)
        elif e.meaning is Meaning.NOTE:
            yield _warning("safety-hepatic", e.rule, e.text, "", e.references, Indicator.INFO)


def _no_response(case: Case) -> Iterator[Finding]:
    """POL-B-III-A: no CR or CRi within 3 cycles, whatever the transplant plan."""
    cycle = case.cycle or 0
    if cycle <= days("cycle.response_deadline"):
        return
    reached = response_by_cycle_three(case, cycle)
    if reached.verdict is Verdict.NOT_MET:
        text = f"{reached.text}: the policy does not consider going on appropriate"
        action = "Stop: no CR or CRi within 3 cycles"
        yield _warning("discontinue-no-response", "POL-B-III-A", text, action, reached.evidence)


def _combination(case: Case) -> Iterator[Finding]:
    if is_combination(case):
        text = "The dose table is for use alone; regimens with a TKI or mini-hyper-CVD use other schedules"
        yield Finding(
            "dose-note-combination",
            Indicator.INFO,
            CardKind.COVERAGE,
            ("POL-DOSE-COMBINATION",),
            Basis.RECOMMENDATION,
            text,
        )
