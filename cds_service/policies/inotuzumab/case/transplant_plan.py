"""Whether a transplant is planned: by the record, and by the order being signed.

Procedure: docs/policies/inotuzumab/continuation.md#number-of-cycles.
"""

from __future__ import annotations

from cds_service.clinical.leukemia.transplants.recorded import Intention, newest_intention, stated_in_order
from cds_service.policies.inotuzumab.case.case import Case
from cds_service.policies.inotuzumab.case.places import may_be_overruled
from cds_service.remembering import once
from cds_service.values import dataclass


@dataclass(frozen=True, slots=True)
class TransplantPlan:
    """The transplant plan: ``planned`` True, False or (None) unknown."""

    planned: bool | None
    text: str
    evidence: tuple[str, ...]


@once
def transplant_plan(case: Case) -> TransplantPlan:
    """The newest statement of the plan, the order's own words included; unknown while a plan may be unseen."""
    own = stated_in_order(case.order.texts, case.chart, case.order.reference)
    planned, statements = newest_intention(case.chart, own)
    evidence = tuple(dict.fromkeys(i.reference for i in statements))
    if planned is not True and (unseen := may_be_overruled(case.chart, "hsct-plan")):
        return TransplantPlan(
            None,
            f"whether a transplant is planned is not known (not all plans were seen: {unseen})",
            evidence,
        )
    if planned is None:
        text = (
            "statements of the transplant plan differ" if statements else "the transplant plan is not known"
        )
        return TransplantPlan(None, text, evidence)
    return TransplantPlan(planned, _plan_text(planned, statements), evidence)


def _plan_text(planned: bool, statements: tuple[Intention, ...]) -> str:
    when = next((i.when for i in statements if i.when is not None), None)
    stated = f" ({when})" if when is not None else ""
    return f"transplant planned{stated}" if planned else f"no transplant planned{stated}"
