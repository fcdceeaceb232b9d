"""The safety card's lines for stops, toxicities, a response that did not come and the dose beside a combination.

Procedure: docs/policies/inotuzumab/coverage.md#coverage. Also: docs/policies/inotuzumab/toxicities.md, docs/policies/inotuzumab/continuation.md#toxicity.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cds_service.engine.determination import Basis, CardKind, Finding, Indicator
from cds_service.engine.verdict import Verdict
from cds_service.oncology.toxic_events import Meaning
from cds_service.policies.inotuzumab.case.case import Case
from cds_service.policies.inotuzumab.continuation.number_of_cycles import response_by_cycle_three
from cds_service.policies.inotuzumab.continuation.stops import Reason
from cds_service.policies.inotuzumab.dose.findings import is_combination
from cds_service.policies.inotuzumab.label.liver_recovery import not_recovered
from cds_service.policies.inotuzumab.numbers import days, filled, said
from cds_service.policies.inotuzumab.toxicities.graded import graded_toxicities
from cds_service.policies.inotuzumab.toxicities.infusion_reactions import infusion_reactions
from cds_service.policies.inotuzumab.toxicities.vod import vod_events

_TABLE_ACTIONS = {
    "POL-TOX-BLEED": "Check the bleeding before the dose: hold, reduce or stop as needed",
    "POL-TOX-INF": "Check the infection before the dose: hold, reduce or stop as needed",
    "POL-TOX-GR2": "Hold the dose until grade {tox.grade_recovered} or baseline",
}
_KIND_ACTIONS = {
    "safety-hepatic": "Hold and evaluate for veno-occlusive disease",
    "nonhem-hold": "Check the infusion reaction before the dose",
    "consider-permanent-discontinuation": "Check whether to discontinue permanently",
}


def _warning(
    kind: str,
    rule: str,
    text: str,
    action: str,
    evidence: tuple[str, ...],
    indicator: Indicator = Indicator.WARNING,
) -> Finding:
    return Finding(kind, indicator, CardKind.SAFETY, (rule,), Basis.POLICY, text, action, evidence)


def stops(reasons: Iterable[Reason]) -> Iterator[Finding]:
    """The reasons to stop for good."""
    for r in reasons:
        action = "Stop permanently"
        yield _warning("permanent-discontinuation", r.rule, r.text, action, r.evidence, Indicator.CRITICAL)


def undecided(reasons: Iterable[Reason]) -> Iterator[Finding]:
    """The reasons that would be one if more were known; those that raise no finding of their own are left out."""
    for r in reasons:
        if r.kind:
            yield _warning(r.kind, r.rule, _asking(r), _KIND_ACTIONS[r.kind], r.evidence)


def _asking(reason: Reason) -> str:
    return f"{reason.text}. Needed: {reason.asks}" if reason.asks else reason.text


def toxicities(case: Case) -> Iterator[Finding]:
    """The non-hematologic table: bleeding, severe infection, grade 2 or more."""
    for t in graded_toxicities(case):
        unclear = "" if t.understood else "; its name is not wholly understood"
        text = f"{t.shown}, not recorded as resolved{unclear}"
        yield _warning("nonhem-hold", t.rule, text, filled(_TABLE_ACTIONS[t.rule]), (t.problem.reference,))


def reactions(case: Case) -> Iterator[Finding]:
    """Infusion reactions that are no stop."""
    for e in infusion_reactions(case):
        if e.meaning is Meaning.NOTE:
            yield _warning(
                "nonhem-hold", e.rule, e.text, "Check the infusion reaction at an earlier dose", e.references
            )


def signs_of_vod(case: Case) -> Iterator[Finding]:
    """Suspected veno-occlusive disease, and defibrotide without a recorded event."""
    for e in vod_events(case):
        if e.meaning is Meaning.SUSPECTED:
            yield _warning("safety-hepatic", e.rule, e.text, _KIND_ACTIONS["safety-hepatic"], e.references)
        elif e.meaning is Meaning.NOTE:
            yield _warning("safety-hepatic", e.rule, e.text, "", e.references, Indicator.INFO)


def no_response(case: Case) -> Iterator[Finding]:
    """POL-B-III-A: no CR or CRi in time, whatever the transplant plan."""
    cycle = case.cycle or 0
    if cycle <= days("cycle.response_deadline"):
        return
    reached = response_by_cycle_three(case, cycle)
    if reached.verdict is Verdict.NOT_MET:
        text = f"{reached.text}: the policy does not consider it appropriate to continue"
        action = f"Stop: no CR or CRi within {said('cycle.response_deadline')}"
        yield _warning("discontinue-no-response", "POL-B-III-A", text, action, reached.evidence)


def lasting_liver_tests(case: Case) -> Iterator[Finding]:
    """POL-TOX-HEP: liver tests that do not recover."""
    if (lasting := not_recovered(case)) is not None:
        yield lasting


def combination(case: Case) -> Iterator[Finding]:
    """POL-DOSE-COMBINATION: the table is for use alone."""
    if is_combination(case):
        text = "The dose table is for inotuzumab alone; regimens with a TKI or mini-hyper-CVD use other schedules"
        yield Finding(
            "dose-note-combination",
            Indicator.INFO,
            CardKind.COVERAGE,
            ("POL-DOSE-COMBINATION",),
            Basis.RECOMMENDATION,
            text,
        )
