"""What to do next, each step a verb: dangers first, then what is not met, then what would settle the unknown.

What was found is in the rows that the steps lead to; a step repeats only as much as names it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cards.items import to_do
from cds_service.engine.determination import (
    CriterionResult,
    Determination,
    Finding,
    Indicator,
    NeededItem,
)
from cds_service.engine.verdict import Verdict
from cds_service.engine.wording import lower_first, upper_first
from cds_service.smart.page.found import found_where
from cds_service.smart.page.wording import first_sentence
from cds_service.values import dataclass

_MOST_STEPS = 8
_READY = "Attach a print of this page to the prior authorization; the record needs nothing more."
_DO = {
    "diagnosis": "Record the diagnosis of B-cell ALL",
    "pathology": "Attach the pathology or flow cytometry report",
    "cd22": "Order CD22 on blasts, or attach the result",
    "ph-status": "Order BCR::ABL1, or attach the result",
    "therapy-history": "Record the treatment so far, with dates",
    "line-of-therapy": "Record the line of therapy",
    "partner-drugs": "Name the drugs to be given with it",
    "response": "Record the response, with its date",
    "mrd": "Order MRD, or attach the result",
    "hsct-plan": "Record whether a transplant is planned",
    "progression-note": "Write in a note whether the disease has progressed",
    "cbc": "Order a CBC with differential",
    "ecg-baseline": "Attach the ECG from before the first dose",
    "ecg-follow-up": "Record an ECG",
    "electrolytes-baseline": "Attach the electrolytes from before the first dose",
    "electrolytes-follow-up": "Order electrolytes",
    "qt-drugs": "Name the QT-prolonging drugs in use, or that there are none",
    "infusion-monitoring-note": "Write in a note how each infusion was monitored",
    "myelosuppression-note": "Write in a note whether there was infection or bleeding",
    "height-weight": "Record height and weight",
    "birth-date": "Record the birth date",
    "cycle-number": "State cycle and day in the order",
    "interruption-reason": "Record why the treatment was interrupted",
    "hepatic-recovery": "Record how far the liver has recovered",
    "extramedullary-status": "Record whether there is extramedullary disease",
    "toxicity-detail": "Record date, grade and cause of the event",
}


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do next; ``tone`` is critical, warning or info, ``why`` what it rests on."""

    text: str
    tone: str
    why: str = ""


def steps(determination: Determination, safety: Sequence[Finding]) -> tuple[Step, ...]:
    """The steps, each once. With nothing open, the one that is left is to send the page."""
    found = (*_of_findings(safety), *_of_not_met(determination), *_of_unknown(determination))
    unique = tuple({step.text: step for step in reversed(found)}.values())[::-1]
    if not unique and determination.coverage is Verdict.MET:
        return (Step(_READY, "info"),)
    return unique[:_MOST_STEPS]


def _of_findings(safety: Sequence[Finding]) -> Iterator[Step]:
    for finding in safety:
        if finding.indicator is not Indicator.INFO:
            action = finding.action or f"Check: {finding.text}"
            yield Step(
                action, finding.indicator.value, first_sentence(finding.text) if finding.action else ""
            )


def _of_not_met(determination: Determination) -> Iterator[Step]:
    for criterion in _counting(determination, Verdict.NOT_MET):
        why = criterion.changes and f"would change it: {lower_first(criterion.changes)}"
        yield Step(f"Review with the payer: {lower_first(found_where(criterion))}", "warning", why)


def _of_unknown(determination: Determination) -> Iterator[Step]:
    asked: set[str] = set()
    needed = {need.item: need for need in determination.needed}
    for criterion in _counting(determination, Verdict.UNKNOWN):
        if not criterion.needed:
            yield Step(
                f"Document {criterion.section}, {lower_first(criterion.title)}", "warning", criterion.changes
            )
        for item in criterion.needed:
            asked.add(item)
            do = _do(determination, needed.get(item, NeededItem(item, "")))
            yield Step(f"{do} ({criterion.section})", "warning", criterion.changes or criterion.because)
    for need in determination.needed:
        if need.decides and need.item not in asked:
            yield Step(_do(determination, need), "warning", need.because)


def _do(determination: Determination, need: NeededItem) -> str:
    """What to do about an item; what may be there already, or is awaited, is not asked for anew."""
    if need.may_be_there or need.awaited:
        return to_do(determination, need)
    return _DO.get(need.item) or f"Document {upper_first(need.item.replace('-', ' '))}"


def _counting(determination: Determination, verdict: Verdict) -> list[CriterionResult]:
    return [c for c in determination.criteria if c.applies and c.verdict is verdict]
