"""What the outline's verdict rests on, and the findings of the coverage card.

Which criteria carry the verdict, which would settle it, which path was taken; and POL-C, the
duration of one authorization.
"""

from __future__ import annotations

from collections.abc import Iterator

from cds_service.clinical.therapy.labels import DAYS
from cds_service.clinical.therapy.orders import Order
from cds_service.engine.determination import Basis, CardKind, CriterionResult, Finding, GroupResult, Indicator
from cds_service.engine.verdict import Verdict
from cds_service.fhir.quantities import plain
from cds_service.policies.inotuzumab.case.case import Case
from cds_service.policies.inotuzumab.numbers import days


def decisive(group: GroupResult) -> Iterator[CriterionResult]:
    """The unknown leaves that keep the group unknown: what would settle it."""
    if group.verdict is not Verdict.UNKNOWN:
        return
    for part in group.parts:
        if isinstance(part, GroupResult):
            yield from decisive(part)
        elif part.verdict is Verdict.UNKNOWN:
            yield part


def applies(criterion: CriterionResult, outline: GroupResult) -> bool:
    """Whether the path taken needs a criterion: alternatives that fell out before the deciding ones do not."""
    return criterion.id in {c.id for c in _carrying(outline)}


def _carrying(group: GroupResult) -> Iterator[CriterionResult]:
    """The leaves that carry a group's verdict: of alternatives, those with the verdict of the whole."""
    for part in group.parts:
        if group.operator == "any" and part.verdict is not group.verdict:
            continue
        if isinstance(part, GroupResult):
            yield from _carrying(part)
        else:
            yield part


def met_path(outline: GroupResult) -> str:
    """The met path of section A in words."""
    if outline.id != "initial" or outline.verdict is not Verdict.MET:
        return ""
    carrying = {c.id for c in _carrying(outline)}
    if "POL-A-II-A" in carrying:
        use = {"POL-A-II-B-1": "alone", "POL-A-II-B-2": "with a TKI", "POL-A-II-B-3": "with mini-hyper-CVD"}
        how = next((text for leaf, text in use.items() if leaf in carrying), "")
        return f"path 1 (relapsed or refractory, {how})"
    return "path 2 (frontline, Philadelphia-negative, with mini-hyper-CVD)"


def coverage_findings(
    request: str, outline: GroupResult, leaves: tuple[CriterionResult, ...]
) -> Iterator[Finding]:
    """The outline's verdict, and an age that is not met."""
    failed = [c for c in leaves if c.verdict is Verdict.NOT_MET]
    if outline.verdict is Verdict.MET:
        indicator, rules = Indicator.INFO, tuple(c.id for c in leaves if applies(c, outline))
    elif outline.verdict is Verdict.NOT_MET:
        initial = ("POL-D-I",) if request == "initial" else ()
        indicator, rules = Indicator.WARNING, (*(c.id for c in failed), *initial)
    else:
        indicator, rules = Indicator.WARNING, tuple(c.id for c in decisive(outline))
    evidence = tuple(dict.fromkeys(e for c in leaves if c.id in rules for e in c.evidence))
    text = f"Coverage criteria {outline.verdict.value.replace('-', ' ')} by the record"
    yield Finding("coverage", indicator, CardKind.COVERAGE, rules, Basis.POLICY, text, "", evidence)
    age = next((c for c in leaves if c.id == "POL-IND-A-AGE"), None)
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
        text = f"The order covers {what}: one authorization covers one cycle (at most {most} days, {len(DAYS)} doses)"
        rule = "POL-C-I" if initial else "POL-C-II"
        yield Finding(
            "authorization-duration", Indicator.WARNING, CardKind.COVERAGE, (rule,), Basis.POLICY, text, "",
            (case.order.reference,),
        )  # fmt: skip


def _beyond_a_cycle(order: Order, most: int) -> str:
    """What of an order exceeds one cycle (policy analysis 8.3.2); empty when nothing does."""
    refills = order.supply.repeats_allowed
    doses, covers = len(order.times) * (1 + refills), (order.last_day - order.planned).days
    if order.endless:
        return "doses without an end"
    if doses > len(DAYS):
        return f"{doses} doses" + (f" ({refills} repeats of the supply)" if refills else "")
    if covers > most:
        return f"{covers} days"
    supply = order.supply.days
    if supply is not None and supply > most and (refills or order.repeats):
        return f"a supply of {plain(supply)} days"
    return ""
