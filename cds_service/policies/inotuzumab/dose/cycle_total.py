"""The total of a reduced cycle: how a reduced dose may be split.

The policy reduces the total of the cycle; a single dose above the reduced one is in range when all
doses of the cycle stay within the reduced total.
Procedure: docs/policies/inotuzumab/interruptions.md#reductions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal

from cds_service.clinical.therapy.labels import Label
from cds_service.clinical.therapy.orders import Order
from cds_service.clinical.therapy.planned_doses import PlannedDose
from cds_service.oncology.cycle_count import slot_after
from cds_service.policies.inotuzumab.case.case import Case
from cds_service.policies.inotuzumab.case.schedule import schedule
from cds_service.policies.inotuzumab.dose.ordered import whole_dose
from cds_service.policies.inotuzumab.dose.table import Row, rounded, row_of_later_cycle, tolerated
from cds_service.policies.inotuzumab.interruptions.reductions import reading
from cds_service.policies.inotuzumab.numbers import PLANNED_DAYS, days, number


def total_holds(case: Case, mg: Decimal, day: int, row: Row, bsa: Decimal) -> bool:
    """Whether a dose above the reduced one, not above the unreduced, keeps the cycle within its total."""
    if row.cut.step != 1 or case.cycle is None:
        return False
    if not row.per_m2 * bsa <= mg <= tolerated(row.table * bsa)[1]:
        return False
    reduced = _reduced_doses(row, bsa)
    total = sum(reduced.values(), Decimal(0))
    doses = _doses_of_cycle(case, reduced, bsa) | {day: mg}
    slack = number("dose.tolerance.cycle_total")  # what drawing up three doses to 0.01 mg may add
    return rounded(sum(doses.values(), Decimal(0))) <= rounded(total) + slack


def _reduced_doses(row: Row, bsa: Decimal) -> dict[int, Decimal]:
    """What the table gives for each day of a row's cycle, reduced, in mg."""
    no_cr = row.rule == "POL-DOSE-NOCR"
    return {day: row_of_later_cycle(no_cr, day).table * row.cut.factor * bsa for day in PLANNED_DAYS}


def _doses_of_cycle(case: Case, reduced: Mapping[int, Decimal], bsa: Decimal) -> dict[int, Decimal]:
    """The doses of the cycle by day, in mg: given (none for one left out), ordered, else the reduced ones."""
    found = dict(reduced)
    for slot, mg in _ordered(case, bsa):
        found[slot] = mg
    for dose, label in reading(case).placed:
        if label.cycle != case.cycle or dose.planned:
            continue
        amount = dose.mg or (dose.mg_per_m2 * bsa if dose.mg_per_m2 else None)
        found[label.day] = (amount or found[label.day]) if dose.given else Decimal(0)
    return found


def _ordered(case: Case, bsa: Decimal) -> Iterator[tuple[int, Decimal]]:
    """The doses of this cycle that this order and those signed with it state."""
    for order in (case.order, *case.siblings):
        for planned in order.doses:
            slot = slot_of(case, order, planned)
            if slot is not None and (mg := whole_dose(planned, bsa)) is not None:
                yield slot, mg


def slot_of(case: Case, order: Order, planned: PlannedDose) -> int | None:
    """The planned day of this order's cycle that a planned dose is; None for another cycle's."""
    label: Label | None = planned.label or (order.label if planned.day == order.planned else None)
    if label is not None:
        return label.day if label.cycle == case.highest_cycle else None
    elapsed = planned.day - case.day_one
    if not timedelta(0) <= elapsed < timedelta(days=days("cycle.new_after")):
        return None
    return PLANNED_DAYS[0] if not elapsed else slot_after(schedule(), elapsed.days)
