"""One case to one determination: where criteria, dose and findings meet, each evaluated by itself.

Knows what is said of an order when a part, or all, of its evaluation has no outcome.
Procedure: docs/policies/inotuzumab/coverage.md#coverage.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from cds_service.engine.attempts import Allowance, Missed, attempt
from cds_service.engine.carrying import decisive, needed_criteria
from cds_service.engine.checklist import documentation
from cds_service.engine.determination import Determination, GroupResult, PolicyReference, Unseen
from cds_service.engine.finders import find, not_evaluated
from cds_service.engine.outline import Outline, leaves_of
from cds_service.fhir.record import Record
from cds_service.policies.inotuzumab.case.case import Case, replaced_and_active
from cds_service.policies.inotuzumab.case.documents import attachments
from cds_service.policies.inotuzumab.checklist import needed_items
from cds_service.policies.inotuzumab.coverage import coverage_findings, met_path, pediatric_note
from cds_service.policies.inotuzumab.dose.check import check_dose, unchecked_dose
from cds_service.policies.inotuzumab.numbers import word

_STILL_TODAY = timedelta(days=1)  # a day before the clock's own may be today in another zone


def determination(bound: Outline[Case], case: Case, time: Allowance) -> Determination:
    """Everything that is said about one order; the dose is looked at first."""
    checked = attempt("the dose", lambda: check_dose(case), time)
    dose = unchecked_dose(checked.because) if isinstance(checked, Missed) else checked
    outline = bound.evaluate(case.request, case, time)
    reference = bound.policy.reference
    found, asked = find(bound.finders, case, time, bound.policy)
    noted = attempt("the notes", lambda: tuple(_notes(case, outline, reference)), Allowance())
    attach = attempt("what to attach", lambda: attachments(case), Allowance())
    decided = list(decisive(outline))
    leaves, needed = leaves_of(outline), needed_criteria(outline)
    needs = needed_items(case, outline, decided, (*dose.needed, *asked))
    findings = (
        *coverage_findings(case.request, outline),
        *documentation(needs, decided, "POL-A-DOC"),
        *dose.findings,
        *found,
    )
    return Determination(
        order=case.order.reference,
        policy=reference,
        request=case.request,
        cycle=case.cycle,
        day=case.day,
        coverage=outline.verdict,
        outline=outline,
        criteria=tuple([c if c.id in needed else replace(c, applies=False) for c in leaves]),
        path=met_path(outline),
        findings=tuple(dict.fromkeys(findings)),
        needed=needs,
        dose=dose.dose,
        unseen=_unseen(case.record),
        notes=() if isinstance(noted, Missed) else noted,
        planned=case.planned.isoformat(),
        attach=() if isinstance(attach, Missed) else attach,
        timing_in_doubt=any(f.kind == "interval" or "POL-INT-LT7" in f.rules for f in findings),
    )


def undecided(bound: Outline[Case], order: str, record: Record, why: Missed) -> Determination:
    """An order of which nothing could be evaluated: all is unknown, and said to be."""
    outline = bound.undecided("continuation", why)
    leaves = leaves_of(outline)
    dose = unchecked_dose(why.because)
    findings = (
        *coverage_findings("continuation", outline),
        *dose.findings,
        not_evaluated(("POL-REC-VALUE",), f"the order {why.because}"),
    )
    return Determination(
        order=order, policy=bound.policy.reference, request="continuation", cycle=None, day=None,
        coverage=outline.verdict, outline=outline, criteria=leaves, findings=findings, dose=dose.dose,
        unseen=_unseen(record), planned="for a day that was not read",
    )  # fmt: skip


def _unseen(record: Record) -> tuple[Unseen, ...]:
    return tuple(Unseen(gap.need.value, gap.reason) for gap in record.gaps)


def _notes(case: Case, outline: GroupResult, policy: PolicyReference) -> Iterator[str]:
    """What the reader should know of how the order was read, and of the policy in force (POL-META-1)."""
    if not case.order.planned_is_stated:
        yield f"The order states no date that can be read; it is taken as planned for today ({case.planned})."
    elif case.chart.today - case.planned > _STILL_TODAY:
        yield "The planned date is past."
    for replaced in replaced_and_active(case):
        yield f"The earlier order for {replaced.planned}, which this one replaces, is still active."
    if case.frame.position.label_unchecked:
        yield "The doses given could not all be seen, or are recorded without their days; cycle and day are those the order states."
    elif case.frame.position.why_unknown:
        yield f"Cycle and day: {case.frame.position.why_unknown}."
    if case.frame.earlier:
        last = case.frame.earlier[-1].day
        ended = max((e.day, e.text) for e in case.frame.ends if e.day is not None)[1]
        yield f"A new course: inotuzumab was given before (last {last}), then {ended}."
        most = word("cycle.max.non_hsct")
        yield f"The policy does not state whether earlier cycles count toward {most}."
    effective = date.fromisoformat(policy.effective)
    if case.planned < effective:
        yield f"The planned date lies before the policy's effective date ({effective}); the policy may not apply."
    if said := pediatric_note(case, outline):
        yield said
    if case.response.note:
        yield f"Response: {case.response.note}."
