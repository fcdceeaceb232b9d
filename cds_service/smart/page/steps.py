"""What to do next, each step a verb: dangers first, then what is not met, then what would settle the unknown.

What was found is in the rows that the steps lead to; a step repeats only as much as names it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cards.items import to_do
from cds_service.engine.carrying import bearing
from cds_service.engine.determination import (
    CriterionResult,
    Determination,
    Finding,
    Indicator,
)
from cds_service.engine.verdict import Verdict
from cds_service.engine.wording import lower_first
from cds_service.smart.page.found import found_where
from cds_service.smart.page.wording import first_sentence
from cds_service.values import dataclass

_MOST_STEPS = 8
_READY = "Attach a print of this page to the prior authorization; the record needs nothing more."


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
    """What would settle the unknown, as the checklist has it; nothing where coverage does not wait for it."""
    unknown = _counting(determination, Verdict.UNKNOWN)
    if determination.coverage is Verdict.UNKNOWN:
        for c in unknown:
            if not c.needed:
                yield Step(f"Document {c.section}, {lower_first(c.title)}", "warning", c.changes)
    asking = {item: c for c in reversed(unknown) for item in c.needed}
    for need in determination.needed:
        if need.decides:
            by = asking.get(need.item)
            where, settles = (f" ({by.section})", by.changes or by.because) if by is not None else ("", "")
            why = need.because if need.may_be_there or not settles else settles
            yield Step(f"{to_do(determination, need)}{where}", "warning", why)


def _counting(determination: Determination, verdict: Verdict) -> list[CriterionResult]:
    return [c for c in bearing(determination.outline, determination.criteria) if c.verdict is verdict]
