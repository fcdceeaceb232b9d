"""From record and orders to determinations; and which function decides which criterion."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from cds_service.clinical.chart import read_chart
from cds_service.clinical.therapy.drugs import INOTUZUMAB, has_code_of_unknown_system
from cds_service.clinical.therapy.exposure import orders_a_drug, use_of
from cds_service.clinical.therapy.medication import medication_concept
from cds_service.clinical.therapy.orders import Order, is_for, read_order, zone_of
from cds_service.engine.answers import Answer
from cds_service.engine.attempts import Allowance, Missed, attempt
from cds_service.engine.determination import Determination
from cds_service.engine.outline import load
from cds_service.engine.verdict import Verdict
from cds_service.fhir.record import Record, Resource, record_from
from cds_service.policies.inotuzumab.case.case import Case, build_case
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
from cds_service.policies.inotuzumab.numbers import policy_text
from cds_service.policies.inotuzumab.one_order import determination, undecided

log = logging.getLogger(__name__)
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
# Judged for a day 8 or 15 order with the facts up to day 1 as well (POL-COURSE 4).
_EITHER_WAY = frozenset(
    {"POL-A-I-DX", "POL-A-I-CD22", "POL-A-II-A", "POL-A-IV-FL", "POL-A-IV-PH", "POL-B-I-MAX", "POL-B-I-B", "POL-B-I-C-1", "POL-B-I-C-2", "POL-B-I-C-3"}
)  # fmt: skip


def _either_way(leaf: Callable[[Case], Answer]) -> Callable[[Case], Answer]:
    """MET if met with the facts up to day 1 or with all; NOT if so both ways; else unknown."""

    def decide(case: Case) -> Answer:
        now = leaf(case)
        then_case = case.as_of_day_one
        if then_case is None or now.verdict is Verdict.MET:
            return now
        then = leaf(then_case)
        if then.verdict is Verdict.MET:
            return replace(then, because=f"as of day 1 of this cycle ({case.day_one}): {then.because}")
        if now.verdict is then.verdict:
            return now
        return now if now.verdict is Verdict.UNKNOWN else then

    return decide


OUTLINE = load(
    policy_text(),
    {leaf_id: _either_way(leaf) if leaf_id in _EITHER_WAY else leaf for leaf_id, leaf in LEAVES.items()},
    FINDERS,
)


def in_scope(resource: Resource, resolve: Callable[[str, Resource], Resource | None]) -> bool:
    """Whether a draft order is for inotuzumab, with the given way to resolve its medication reference.

    A code of the drug alone, under a system that is not known, is another drug; the log says so,
    since the EHR may have mapped it wrongly.
    """
    if resource.type not in ("MedicationRequest", "ServiceRequest"):
        return False
    record = _Resolver("", resolve=resolve)
    if is_for(resource, INOTUZUMAB, record):
        return True
    if has_code_of_unknown_system(medication_concept(resource, record), INOTUZUMAB):
        log.warning(
            "an order with a code of inotuzumab under an unknown code system was taken as another drug's"
        )
    return False


class _Resolver(Record):
    """A record that only resolves references, for an order whose record is not yet read."""

    def __init__(self, patient_id: str, *, resolve: Callable[[str, Resource], Resource | None]) -> None:
        super().__init__(patient_id)
        object.__setattr__(self, "_resolve", resolve)

    def resolve(self, reference: str, inside: Resource | None = None) -> Resource | None:
        found = super().resolve(reference, inside)
        if found is not None or inside is None:
            return found
        result: Resource | None = self.__dict__["_resolve"](reference, inside)
        return result


def determine(
    record: Record, drafts: Sequence[Resource], clock: datetime, time: Allowance | None = None
) -> tuple[Determination, ...]:
    """One determination for each inotuzumab order among the drafts, in their order.

    What ``time`` does not reach is unknown, and named.
    """
    time = time or Allowance()
    whole = _without_drafts(record, drafts)
    concepts = [medication_concept(d, whole) for d in drafts]
    ours = [
        d for d, c in zip(drafts, concepts, strict=True) if c is not None and is_for(d, INOTUZUMAB, whole)
    ]
    cases = attempt("the chart", lambda: _cases(whole, drafts, ours, clock), time)
    if isinstance(cases, Missed):
        return tuple(undecided(OUTLINE, draft.reference, record, cases) for draft in ours)
    return tuple(
        undecided(OUTLINE, draft.reference, record, made)
        if isinstance(made := attempt("the order", case, time), Missed)
        else determination(OUTLINE, made, time)
        for draft, case in zip(ours, cases, strict=True)
    )


def _cases(
    record: Record, drafts: Sequence[Resource], ours: Sequence[Resource], clock: datetime
) -> list[Callable[[], Case]]:
    """For each of our orders how its case is made; another drug's order may be a partner."""
    orders = [read_order(d, d.reference, clock) for d in ours]
    zone = zone_of(clock)
    others = [d for d in drafts if d not in ours]
    partners = tuple(use_of(d, record, zone) for d in others if orders_a_drug(d))
    requests = tuple(d for d in others if d.type == "ServiceRequest")
    chart = read_chart(record, clock)

    def of(order: Order) -> Callable[[], Case]:
        siblings = [o for o in orders if o is not order]
        return lambda: replace(build_case(chart, order, siblings, partners), requests=requests)

    return [of(order) for order in orders]


def _without_drafts(record: Record, drafts: Sequence[Resource]) -> Record:
    """The record without copies of the orders being signed (a re-signed order may be on the server)."""
    signed = {d.reference for d in drafts if d.id}
    medications = [d for d in drafts if d.type in ("Medication", "Substance")]
    held = {r.reference for kind in ("MedicationRequest", "ServiceRequest") for r in record.of_type(kind)}
    if not medications and not signed & held:
        return record
    kept = [r for rs in record.by_type.values() for r in rs if r.reference not in signed]
    return record_from(record.patient_id, [*kept, *medications], record.gaps, record.not_offered)
