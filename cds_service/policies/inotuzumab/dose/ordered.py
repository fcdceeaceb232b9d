"""How many mg an order asks for (POL-CODE-J9229).

A stated dose comes first and makes units mere billing. Units alone are a dose unless they are the
number billed for whole vials; a number of vials is never a dose.
Procedure: docs/policies/inotuzumab/dose.md#units-of-the-order. Also: docs/policies/inotuzumab/dose.md#the-orders-dose.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from cds_service.clinical.therapy.order_dose import StatedDose
from cds_service.clinical.therapy.orders import Order
from cds_service.clinical.therapy.planned_doses import Amount, PlannedDose
from cds_service.fhir.decimals import is_multiple
from cds_service.fhir.quantities import plain
from cds_service.policies.inotuzumab.dose.table import (
    Expected,
    billing_units,
    in_range,
    rounded,
    tolerated,
    units_per_vial,
    vials,
)
from cds_service.policies.inotuzumab.numbers import POLICY, number, said
from cds_service.values import dataclass


@dataclass(frozen=True, slots=True)
class Ordered:
    """The ordered dose in mg and how the order says it; without ``mg``, ``problem`` says why."""

    mg: Decimal | None
    quoted: str
    problem: str = ""


def ordered_dose(order: Order, planned: PlannedDose, expected: Expected) -> Ordered:
    """The dose of one planned day: quantities, else units that can be a dose, else a figure in words.

    Several instructions for the day are one dose, their sum (#the-orders-dose, step 2).
    """
    named = [amount for amount in planned.amounts if amount.is_named]
    if len(named) > 1:
        return _sum(named, expected.bsa)
    amount = named[0] if named else Amount()
    if amount.stated:
        return _of_quantities(amount.stated, expected.bsa)
    worded = in_mg(amount.in_text, expected.bsa) if amount.in_text is not None else None
    units = order.billing.units
    if units is None:
        return worded or Ordered(None, "", _no_dose(order))
    if worded is not None and (len(order.times) > 1 or (worded.mg is not None and _bills(units, worded.mg))):
        return worded
    counted = _of_units(units, expected, len(order.times))
    return worded if counted.mg is None and worded is not None else counted


def read_amount(amount: Amount, bsa: Decimal | None) -> Ordered | None:
    """The dose that one instruction states; None when it names none."""
    if amount.stated:
        return _of_quantities(amount.stated, bsa)
    return in_mg(amount.in_text, bsa) if amount.in_text is not None else None


def _sum(amounts: Sequence[Amount], bsa: Decimal | None) -> Ordered:
    """The sum of a day's instructions; words that only repeat the sum of the quantities add nothing."""
    quantities = [read for a in amounts if a.stated and (read := read_amount(a, bsa)) is not None]
    worded = [read for a in amounts if not a.stated and (read := read_amount(a, bsa)) is not None]
    total = sum((q.mg for q in quantities if q.mg is not None), Decimal(0))
    parts = [*quantities, *(w for w in worded if w.mg is None or not total or not in_range(w.mg, total))]
    if unread := next((p for p in parts if p.mg is None), None):
        return Ordered(None, unread.quoted, unread.problem)
    whole = sum((p.mg for p in parts if p.mg is not None), Decimal(0))
    return Ordered(whole, " + ".join(p.quoted for p in parts))


def _no_dose(order: Order) -> str:
    written = order.billing.written
    if order.billing.is_vials:
        return f"the order states a number of vials ({written}), which is no dose"
    return f"the order states only a quantity of {written}" if written else "the order states no dose"


def _of_quantities(stated: Sequence[StatedDose], bsa: Decimal | None) -> Ordered:
    """The first dose in mg, else the first that can be brought to mg."""
    read = [in_mg(dose, bsa) for dose in sorted(stated, key=lambda dose: dose.unit != "mg")]
    return next((ordered for ordered in read if ordered.mg is not None), read[0])


def in_mg(stated: StatedDose, bsa: Decimal | None) -> Ordered:
    if stated.value is None:
        return Ordered(
            None, stated.quoted, f"no dose in mg, ug, g or mg/m2 can be read from {stated.quoted!r}"
        )
    if stated.unit == "mg":
        return Ordered(stated.value, stated.quoted)
    if bsa is None:
        return Ordered(None, stated.quoted, f"the order states {stated.quoted}, and no BSA is known")
    return Ordered(stated.value * bsa, f"{stated.quoted} x BSA")


def _of_units(units: Decimal, expected: Expected, planned_days: int) -> Ordered:
    """Steps 2 and 3: the whole-vial number of an in-range dose is billing, unless it is an in-range dose itself."""
    mg = units * number("hcpcs.mg_per_unit")
    quoted = f"{plain(units)} units of {said('hcpcs.mg_per_unit')}"
    if planned_days > 1:
        return Ordered(None, quoted, f"the order states only {plain(units)} units for {planned_days} doses")
    doses = [row.per_m2 * expected.bsa for row in expected.rows] if expected.bsa is not None else []
    is_dose = any(in_range(mg, dose) for dose in doses)
    if not is_dose and units in _whole_vials(doses, units):
        why = f"{plain(units)} units is the number billed for whole vials, so the dose itself is not stated"
        return Ordered(None, quoted, why)
    return Ordered(mg, quoted)


def _whole_vials(doses: Sequence[Decimal], units: Decimal) -> set[Decimal]:
    """The whole-vial numbers of the doses in range; without a BSA, any whole-vial number may be one."""
    per_vial = units_per_vial()
    if not doses:
        return {units} if is_multiple(units, per_vial) else set()
    ranges = [tolerated(dose) for dose in doses]
    return {per_vial * n for low, high in ranges for n in range(vials(low), vials(high) + 1)}


def _bills(units: Decimal, mg: Decimal) -> bool:
    """Step 1: units from those of the dose (one of slack below) to those of its whole vials are in order."""
    return billing_units(mg) - 1 <= units <= vials(mg) * units_per_vial()


def contradictions(order: Order, bsa: Decimal | None) -> Iterator[str]:
    """Where an order states more than one amount for a dose, and they disagree."""
    for planned in order.doses:
        for amount in planned.amounts:
            yield from _two_amounts(amount, planned, bsa)
    if order.billing.units is not None:
        yield from _units_disagree(order, order.billing.units, bsa)


def _two_amounts(amount: Amount, planned: PlannedDose, bsa: Decimal | None) -> Iterator[str]:
    """Two figures of one instruction that should say the same: quantities, and milligrams in its text beside them.

    The text may tell the whole dose of the day where several instructions make it up.
    """
    stated, text = amount.stated, amount.in_text
    if stated and text is not None and text.value is not None and text.unit == "mg":
        whole = whole_dose(planned, bsa)
        if whole is None or not in_range(text.value, whole):
            stated = (*stated, text)
    read = [in_mg(dose, bsa) for dose in sorted(stated, key=lambda dose: dose.unit != "mg")]
    figures = [o for o in read if o.mg is not None]
    for other in figures[1:]:
        if figures[0].mg is not None and other.mg is not None and not in_range(other.mg, figures[0].mg):
            yield f"the order states both {figures[0].quoted} and {other.quoted} for {planned.day}"


def whole_dose(planned: PlannedDose, bsa: Decimal | None) -> Decimal | None:
    """The mg that the instructions of one planned dose state together; None when they state none that can be read."""
    named = [amount for amount in planned.amounts if amount.is_named]
    return _sum(named, bsa).mg if named else None


def _units_disagree(order: Order, units: Decimal, bsa: Decimal | None) -> Iterator[str]:
    """Step 1: the units of one dose, or of all doses of the order."""
    known = [mg for planned in order.doses if (mg := whole_dose(planned, bsa)) is not None]
    if not known or any(_bills(units, mg) for mg in (*known, sum(known, Decimal(0)))):
        return
    most = vials(known[0]) * int(units_per_vial())
    yield (
        f"the order bills {plain(units)} units of {POLICY.reference.drug.billing_code}, but {plain(rounded(known[0]))} mg is "
        f"{billing_units(known[0])} units (up to {most} with whole vials)"
    )
