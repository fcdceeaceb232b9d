"""From record and orders to determinations; and which function decides which criterion.

Procedure: docs/policies/inotuzumab/coverage.md#coverage.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import wraps

from cds_service.clinical.chart import read_chart
from cds_service.clinical.therapy.drugs import INOTUZUMAB
from cds_service.clinical.therapy.orders import Order, zone_of
from cds_service.clinical.therapy.services import draft_use
from cds_service.engine.answers import Answer
from cds_service.engine.attempts import Allowance, Missed, attempt
from cds_service.engine.determination import Determination
from cds_service.engine.numbers import in_force_on
from cds_service.engine.outline import bind
from cds_service.engine.verdict import Verdict
from cds_service.fhir.record import Record, Resource
from cds_service.fhir.requests import stands
from cds_service.policies.inotuzumab.case.case import Case, build_case
from cds_service.policies.inotuzumab.case.schedule import order_of
from cds_service.policies.inotuzumab.continuation import (
    monitoring,
    number_of_cycles,
    progression,
    toxicity_and_response,
)
from cds_service.policies.inotuzumab.finders import FINDERS
from cds_service.policies.inotuzumab.initial import (
    combination,
    indication,
    philadelphia,
    relapsed_or_frontline,
)
from cds_service.policies.inotuzumab.numbers import POLICY
from cds_service.policies.inotuzumab.one_order import determination, undecided
from cds_service.policies.orders import Resolve, is_order_of, orders_of, without_drafts

LEAVES: dict[str, Callable[[Case], Answer]] = {
    "POL-IND-A-AGE": indication.age,
    "POL-A-I-DX": indication.diagnosis,
    "POL-A-I-CD22": indication.cd22,
    "POL-A-II-A": relapsed_or_frontline.relapsed_or_refractory,
    "POL-A-II-B-1": combination.single_agent,
    "POL-A-II-B-2": combination.with_tki,
    "POL-A-II-B-3": combination.with_mini_hyper_cvd,
    "POL-A-IV-FL": relapsed_or_frontline.frontline,
    "POL-A-IV-PH": philadelphia.philadelphia_negative,
    "POL-A-V": combination.with_mini_hyper_cvd,
    "POL-B-I-TOX": toxicity_and_response.toxicity,
    "POL-B-I-PROG": progression.progression,
    "POL-B-I-MAX": number_of_cycles.duration,
    "POL-B-I-B": toxicity_and_response.response_documented,
    "POL-B-I-C-1": monitoring.counts,
    "POL-B-I-C-2": monitoring.infusion,
    "POL-B-I-C-3": monitoring.heart,
}
# Judged for a day 8 or 15 order with the facts up to day 1 as well (docs/policies/inotuzumab/case.md#course-of-treatment, step 4).
_EITHER_WAY = frozenset(
    {"POL-A-I-DX", "POL-A-I-CD22", "POL-A-II-A", "POL-A-IV-FL", "POL-A-IV-PH", "POL-B-I-MAX", "POL-B-I-B", "POL-B-I-C-1", "POL-B-I-C-2", "POL-B-I-C-3"}
)  # fmt: skip


def _either_way(leaf: Callable[[Case], Answer]) -> Callable[[Case], Answer]:
    """MET if met with the facts up to day 1 or with all; NOT if so both ways; else unknown."""

    @wraps(leaf)
    def decide(case: Case) -> Answer:
        now = leaf(case)
        then_case = case.as_of_day_one
        if then_case is None or now.verdict is Verdict.MET:
            return now
        then = leaf(then_case)
        as_of = f"as of day 1 of this cycle ({case.day_one}): "
        if then.verdict is Verdict.MET:
            return replace(then, because=f"{as_of}{then.because}")
        if now.verdict in (then.verdict, Verdict.UNKNOWN):
            return now
        asks = tuple((item, f"{as_of}{reason}") for item, reason in then.asks)
        return replace(then, because=f"{as_of}{then.because}; since then: {now.because}", asks=asks)

    return decide


OUTLINE = bind(
    POLICY,
    {leaf_id: _either_way(leaf) if leaf_id in _EITHER_WAY else leaf for leaf_id, leaf in LEAVES.items()},
    FINDERS,
)


def in_scope(resource: Resource, resolve: Resolve) -> bool:
    """Whether a draft is an order of inotuzumab."""
    return is_order_of(INOTUZUMAB, resource, resolve)


def determine(
    record: Record, drafts: Sequence[Resource], clock: datetime, time: Allowance | None = None
) -> tuple[Determination, ...]:
    """One determination for each inotuzumab order among the drafts, in their order.

    What ``time`` does not reach is unknown, and named.
    """
    time = time or Allowance()
    whole = without_drafts(record, drafts)
    ours = orders_of(INOTUZUMAB, whole, drafts)
    cases = attempt("the chart", lambda: _cases(whole, drafts, ours, clock), time)
    if isinstance(cases, Missed):
        return tuple(undecided(OUTLINE, draft.reference, record, cases) for draft in ours)
    return tuple(_decided(record, order, case, time) for order, case in cases)


def _decided(record: Record, order: Order, case: Callable[[], Case], time: Allowance) -> Determination:
    """One order, by the numbers in force on its day."""
    with in_force_on(order.planned):
        made = attempt("the order", case, time)
        if isinstance(made, Missed):
            return undecided(OUTLINE, order.reference, record, made)
        # Criteria and rules are attempted one by one inside; this is for what puts them together.
        spare = Allowance()
        whole = attempt("the determination", lambda: determination(OUTLINE, made, time), spare)
        time.faults += spare.faults
        return undecided(OUTLINE, order.reference, record, whole) if isinstance(whole, Missed) else whole


def _cases(
    record: Record, drafts: Sequence[Resource], ours: Sequence[Resource], clock: datetime
) -> list[tuple[Order, Callable[[], Case]]]:
    """Our orders, each with how its case is made; another drug's order may be a partner."""
    orders = [order_of(d, clock) for d in ours]
    zone = zone_of(clock)
    others = [d for d in drafts if d not in ours and stands(d.body)]
    partners = tuple(use for d in others if (use := draft_use(d, record, zone)) is not None)
    requests = tuple(d for d in others if d.type == "ServiceRequest")
    chart = read_chart(record, clock)

    def of(order: Order) -> Callable[[], Case]:
        siblings = [o for o in orders if o is not order]
        return lambda: build_case(chart, order, siblings, partners, requests)

    return [(order, of(order)) for order in orders]
