"""Every finding about an order, gathered from the rules: each family of rules is a module of its own."""

from __future__ import annotations

from collections.abc import Iterator

from cds_service.policies.inotuzumab import cautions, hematologic, liver, qt, timing
from cds_service.policies.inotuzumab.case import Case
from cds_service.policies.inotuzumab.criteria_continuation import reached
from cds_service.policies.inotuzumab.numbers import days
from cds_service.policies.inotuzumab.stops import Reason, stop_reasons, undecided_reasons
from cds_service.policies.inotuzumab.toxicity import Stop, graded_toxicities, infusion_reactions, vod_events
from cds_service.policy.determination import Basis, CardKind, Finding, Indicator, Need
from cds_service.policy.verdict import Verdict

_ACTIONS = {
    "POL-TOX-BLEED": "Check the bleeding before the dose",
    "POL-TOX-INF": "Check the infection before the dose",
    "POL-TOX-GR2": "Hold the dose until the toxicity is grade 1 or at its level before treatment",
}
_KIND_ACTIONS = {
    "safety-hepatic": "Hold and evaluate for veno-occlusive disease",
    "nonhem-hold": "Check the infusion reaction before the dose",
    "consider-permanent-discontinuation": "Consider stopping for good",
}


def findings(case: Case) -> tuple[list[Finding], list[Need]]:
    """All findings but those of dose and coverage, and the items that the rules ask for."""
    found = [*_stops(case), *_undecided(case), *_toxicities(case), *_no_response(case)]
    held, asked = hematologic.findings(case)
    found += held
    found += [*timing.findings(case), *qt.findings(case), *liver.findings(case)]
    if (lasting := liver.not_recovered(case)) is not None:
        found.append(lasting)
    found += cautions.findings(case)
    needs = [Need(item, because, decides) for item, because, decides in asked]
    return found, [*needs, *timing.asked(case), *cautions.asked(case)]


def _stops(case: Case) -> Iterator[Finding]:
    for reason in stop_reasons(case):
        yield Finding(
            "permanent-discontinuation", Indicator.CRITICAL, CardKind.SAFETY, (reason.rule,), Basis.POLICY,
            reason.text, "Stop: discontinue permanently", reason.evidence,
        )  # fmt: skip


def _undecided(case: Case) -> Iterator[Finding]:
    for reason in undecided_reasons(case):
        if not reason.kind:
            continue
        kind = "consider-permanent-discontinuation" if reason.kind == "hem-persistence" else reason.kind
        yield Finding(
            kind, Indicator.WARNING, CardKind.SAFETY, (reason.rule,), Basis.POLICY, _asking(reason),
            _KIND_ACTIONS.get(kind, "Check before the dose"), reason.evidence,
        )  # fmt: skip


def _asking(reason: Reason) -> str:
    return f"{reason.text}. Needed: {reason.asks}" if reason.asks else reason.text


def _toxicities(case: Case) -> Iterator[Finding]:
    """The non-hematologic table: bleeding, infection, grade 2 or more, milder infusion reactions."""
    for p, rule in graded_toxicities(case):
        grade = f"grade {p.grade}" if p.grade else p.severity or "grade not recorded"
        text = f"{p.shown}, {grade}, not recorded as resolved"
        yield Finding(
            "nonhem-hold",
            Indicator.WARNING,
            CardKind.SAFETY,
            (rule,),
            Basis.POLICY,
            text,
            _ACTIONS[rule],
            (p.reference,),
        )
    last = case.frame.given[-1].day if case.frame.given else None
    for event in infusion_reactions(case):
        if event.meaning is Stop.NOTE and last is not None:
            yield Finding(
                "nonhem-hold",
                Indicator.WARNING,
                CardKind.SAFETY,
                (event.rule,),
                Basis.POLICY,
                event.text,
                "Check: infusion reaction at an earlier dose",
                (event.reference,),
            )
    for event in vod_events(case):
        if event.meaning is Stop.NOTE:
            yield Finding(
                "safety-hepatic",
                Indicator.INFO,
                CardKind.SAFETY,
                (event.rule,),
                Basis.POLICY,
                event.text,
                "",
                (event.reference,),
            )


def _no_response(case: Case) -> Iterator[Finding]:
    """POL-B-III-A: no CR or CRi within 3 cycles, whatever the transplant plan."""
    cycle = case.cycle or 0
    if cycle <= days("cycle.response_deadline"):
        return
    facts = reached(case, cycle)
    if facts.response is Verdict.NOT_MET:
        text = f"No CR or CRi within 3 cycles ({facts.response_text}): the policy does not consider going on appropriate"
        yield Finding(
            "discontinue-no-response",
            Indicator.WARNING,
            CardKind.SAFETY,
            ("POL-B-III-A",),
            Basis.POLICY,
            text,
            "Stop: no response within 3 cycles",
            facts.evidence,
        )
