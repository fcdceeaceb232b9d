"""The findings of the coverage card, the path taken in words, and POL-C, the duration of one authorization.

Procedure: docs/policies/inotuzumab/coverage.md#coverage. Also: docs/policies/inotuzumab/coverage.md#authorization.
"""

from __future__ import annotations

from collections.abc import Iterator

from cds_service.clinical.therapy.orders import Order
from cds_service.engine.carrying import coverage_finding, needed_criteria
from cds_service.engine.determination import Basis, CardKind, Finding, GroupResult, Indicator
from cds_service.engine.outline import leaves_of
from cds_service.engine.verdict import Verdict
from cds_service.fhir.quantities import plain
from cds_service.policies.inotuzumab.case.case import Case
from cds_service.policies.inotuzumab.initial.relapsed_or_frontline import is_child
from cds_service.policies.inotuzumab.numbers import PLANNED_DAYS, days


def met_path(outline: GroupResult) -> str:
    """The met path of section A in words."""
    if outline.id != "initial" or outline.verdict is not Verdict.MET:
        return ""
    needed = needed_criteria(outline)
    if "POL-A-II-A" in needed:
        use = {"POL-A-II-B-1": "alone", "POL-A-II-B-2": "with a TKI", "POL-A-II-B-3": "with mini-hyper-CVD"}
        how = next((text for leaf, text in use.items() if leaf in needed), "")
        return f"path 1 (relapsed or refractory, {how})"
    return "path 2 (frontline, Philadelphia-negative, with mini-hyper-CVD)"


def pediatric_note(case: Case, outline: GroupResult) -> str:
    """What the policy leaves unsaid of children, where frontline use is what is met; else empty.

    Its 2026 revision dropped the sentence on children; its criteria did not change.
    """
    relied_on = outline.verdict is Verdict.MET and "POL-A-IV-FL" in needed_criteria(outline)
    if not (relied_on and is_child(case)):
        return ""
    return "The policy no longer mentions a guideline recommendation for children; its criteria do not exclude them."


def coverage_findings(request: str, outline: GroupResult) -> Iterator[Finding]:
    """The outline's verdict, and an age that is not met."""
    yield coverage_finding(outline, ("POL-D-I",) if request == "initial" else ())
    age = next((c for c in leaves_of(outline) if c.id == "POL-IND-A-AGE"), None)
    if age is not None and age.verdict is Verdict.NOT_MET:
        yield Finding(
            "age",
            Indicator.WARNING,
            CardKind.COVERAGE,
            ("POL-IND-A-AGE",),
            Basis.POLICY,
            age.because,
            "",
            age.evidence,
        )


def authorization(case: Case) -> Iterator[Finding]:
    """POL-C-I, POL-C-II: one cycle for each authorization."""
    initial = case.request == "initial"
    most = days("auth.initial.max_days" if initial else "auth.reauth.max_days")
    if what := _beyond_a_cycle(case.order, most):
        text = f"The order covers {what}: one authorization covers one cycle (at most {most} days, {len(PLANNED_DAYS)} doses)"
        rule = "POL-C-I" if initial else "POL-C-II"
        yield Finding(
            "authorization-duration", Indicator.WARNING, CardKind.COVERAGE, (rule,), Basis.POLICY, text, "",
            (case.order.reference,),
        )  # fmt: skip


def _beyond_a_cycle(order: Order, most: int) -> str:
    """What of an order exceeds one cycle (#authorization, steps 1 and 2); empty when nothing does."""
    refills = order.supply.repeats_allowed
    doses, covers = len(order.times) * (1 + refills), (order.last_day - order.planned).days
    if order.endless:
        return "doses without an end"
    if doses > len(PLANNED_DAYS):
        return f"{doses} doses" + (f" ({refills} repeats of the supply)" if refills else "")
    if covers > most:
        return f"{covers} days"
    supply = order.supply.days
    if supply is not None and supply > most and (refills or order.repeats):
        return f"a supply of {plain(supply)} days"
    return ""
