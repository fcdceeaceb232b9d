"""Whether a plan of the policy's payer is in force on the planned day, by the patient's Coverages.

It decides no criterion, which is why no policy knows of it: it shows the reader whose rules are likely to
apply. Which payors a deployment answers for is given by whoever runs it; without that nothing is said.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, tzinfo

from cds_service.clinical.payer import Plan, Standing, plans_of
from cds_service.engine.attempts import Allowance, Missed, attempt
from cds_service.engine.determination import Determination, Payer, PayerMatch
from cds_service.fhir.dates import read_when
from cds_service.fhir.record import DataKind, Record

_MAY_NOT_APPLY = "this policy may not apply"


def with_payer(
    found: Sequence[Determination],
    record: Record,
    clock: datetime,
    payers: Collection[str],
    time: Allowance | None = None,
) -> tuple[Determination, ...]:
    """The determinations, each with what the record's Coverages say of the payer on its planned day.

    ``payers`` are the identifiers of the policy's payer, written ``system|value``; the clock is aware. What ``time``
    does not reach is not verified, and said to be.
    """
    zone = clock.tzinfo
    if not payers or zone is None:
        return tuple(found)
    told = attempt("the payer", lambda: _of_each(found, record, zone, payers), time or Allowance())
    if isinstance(told, Missed):
        told = [Payer(None, f"The plan is not verified: coverage {told.because}") for _ in found]
    return tuple(replace(d, payer=payer) for d, payer in zip(found, told, strict=True))


def _of_each(
    found: Sequence[Determination], record: Record, zone: tzinfo, payers: Collection[str]
) -> list[Payer | None]:
    """What is to be said of each order's planned day; None also for a day that was not read."""
    plans, all_seen = plans_of(record, zone), record.unseen(DataKind.COVERAGE) is None
    planned = [read_when(d.planned) for d in found]
    return [
        payer_on(when.first, plans, payers, all_seen=all_seen) if when is not None else None
        for when in planned
    ]


def payer_on(
    day: date, plans: Sequence[Plan], payers: Collection[str], *, all_seen: bool = True
) -> Payer | None:
    """What the Coverages say of the payer on a day; None where nothing is to be said.

    With ``all_seen`` False some Coverages could not be seen: then only a plan of this payer is worth saying.
    """
    by_standing = {plan: plan.standing(day) for plan in plans}
    ours = [p for p, standing in by_standing.items() if _is_of(p, payers) and standing is Standing.IN_FORCE]
    if ours:
        return _payer(PayerMatch.YES, f"A plan of this policy's payer is active on {day}", ours)
    return _without_ours(day, by_standing, payers) if all_seen else None


def _is_of(plan: Plan, payers: Collection[str]) -> bool:
    return not plan.payors.isdisjoint(payers)


def _without_ours(day: date, plans: dict[Plan, Standing], payers: Collection[str]) -> Payer:
    """What is said when no Coverage is surely this payer's and in force."""
    possible = {plan for plan in plans if _is_of(plan, payers) or not plan.identified}
    unclear = [p for p, standing in plans.items() if standing is Standing.UNCLEAR]
    open_ = [p for p in plans if p in possible and plans[p] in (Standing.IN_FORCE, Standing.UNCLEAR)]
    others = [p for p, standing in plans.items() if standing is Standing.IN_FORCE and p not in possible]
    if open_ or (unclear and not others):
        return _payer(None, f"The plan is not verified: {_why_open(open_ or unclear)}", open_ or unclear)
    if others:
        text = f"The plan that is active on {day} is of another payer: {_MAY_NOT_APPLY}"
        return _payer(PayerMatch.OTHER, text, others)
    if ended := [p for p, standing in plans.items() if standing is Standing.ENDED]:
        return _ended(day, [p for p in ended if _is_of(p, payers)] or ended)
    not_yet = [p for p, standing in plans.items() if standing is Standing.NOT_YET]
    begins = "; what is on record begins later" if not_yet else ""
    return _payer(
        PayerMatch.NONE, f"No insurance is on record for {day}{begins}: the plan is not verified", not_yet
    )


def _why_open(plans: Iterable[Plan]) -> str:
    if any(not plan.identified for plan in plans):
        return "the coverage on record does not identify who pays"
    return "status or period of the coverage on record cannot be read"


def _ended(day: date, plans: Sequence[Plan]) -> Payer:
    ends = [str(plan.ends) for plan in plans if plan.ends is not None and plan.ends.last < day]
    how = f"ended {max(ends)}" if len(ends) == len(plans) else "is cancelled" if not ends else "is over"
    return _payer(PayerMatch.ENDED, f"The coverage on record {how}: {_MAY_NOT_APPLY}", plans)


def _payer(match: PayerMatch | None, because: str, plans: Iterable[Plan]) -> Payer:
    return Payer(match, because, tuple(sorted(plan.reference for plan in plans)))
