"""What the dose table gives for an order.

BSA, the row by cycle, day and response, and the reduction in force. Where every row that may apply gives
the same, an unknown response or cycle does not leave the dose unchecked.
Procedure: docs/policies/inotuzumab/dose.md#the-dose-against-the-table.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from cds_service.clinical.observations.body import BodySurface
from cds_service.clinical.therapy.labels import Label
from cds_service.engine.determination import DoseOption
from cds_service.fhir.decimals import to_place, whole_up
from cds_service.fhir.quantities import plain
from cds_service.policies.inotuzumab.case.case import Case
from cds_service.policies.inotuzumab.case.order_days import days_problem
from cds_service.policies.inotuzumab.case.response import Status
from cds_service.policies.inotuzumab.interruptions.reductions import UNREDUCED, Reduction, reduction
from cds_service.policies.inotuzumab.numbers import PLANNED_DAYS, number
from cds_service.values import dataclass

_MICROGRAM = Decimal("0.001")
_BSA_PLACES = Decimal("0.0001")


def rounded(mg: Decimal) -> Decimal:
    """A dose in mg to the microgram."""
    return to_place(mg, _MICROGRAM)


def billing_units(mg: Decimal) -> int:
    """POL-CODE-J9229: billing units, rounded up."""
    return whole_up(rounded(mg), number("hcpcs.mg_per_unit"))


def vials(mg: Decimal) -> int:
    """POL-DOSE-VIAL: single-dose vials, rounded up."""
    return whole_up(rounded(mg), number("vial.mg"))


def units_per_vial() -> Decimal:
    """Billing units of a whole vial."""
    return number("vial.mg") / number("hcpcs.mg_per_unit")


def tolerated(mg: Decimal) -> tuple[Decimal, Decimal]:
    """The lowest and the highest dose, to the microgram, that are within the tolerance of a dose."""
    slack = mg * number("dose.tolerance.ok") / 100
    return rounded(mg - slack), rounded(mg + slack)


def in_range(mg: Decimal, expected: Decimal) -> bool:
    low, high = tolerated(expected)
    return low <= rounded(mg) <= high


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table that may apply: mg/m2 by the table, when it applies, and the reduction in force."""

    table: Decimal
    when: str
    rule: str
    cut: Reduction = UNREDUCED

    @property
    def per_m2(self) -> Decimal:
        return self.table * self.cut.factor if self.cut.step else self.table

    @property
    def reduced(self) -> str:
        """How a reduction changed the row: ``0.8 less 25 %``; empty when none is in force."""
        return f"{plain(self.table)} less {self.cut.said}" if self.cut.step else ""

    def shown(self, bsa: Decimal) -> str:
        """The calculation in full."""
        cut = f" ({self.reduced})" if self.reduced else ""
        area = plain(to_place(bsa, _BSA_PLACES))
        return f"{plain(self.per_m2)} mg/m2{cut} x {area} m2 = {plain(rounded(self.per_m2 * bsa))} mg"


@dataclass(frozen=True, slots=True)
class Expected:
    """What the table gives for an order: BSA, the rows that may apply, and why there are several."""

    body: BodySurface
    rows: tuple[Row, ...]
    why_open: str

    @property
    def row(self) -> Row | None:
        """The row that applies; None when that is open."""
        return self.rows[0] if len(self.rows) == 1 else None

    @property
    def bsa(self) -> Decimal | None:
        return self.body.m2

    def options(self) -> tuple[DoseOption, ...]:
        """The open rows as doses."""
        bsa = self.bsa
        return tuple(_option(row, row.per_m2 * bsa) for row in self.rows) if bsa and self.row is None else ()


_SAID = {"cr-or-cri": "after CR or CRi", "no-cr": "without CR or CRi"}


def _option(row: Row, expected: Decimal) -> DoseOption:
    low, high = tolerated(expected)
    said = _SAID.get(row.when, f"for {row.when.replace('-', ' ')}")
    return DoseOption(row.per_m2, rounded(expected), low, high, row.when, said)


def expected_dose(case: Case, body: BodySurface) -> Expected:
    """The rows that may apply to an order (steps 2 and 3): one for each possible place, one if they agree."""
    place = case.frame.position
    problem = days_problem(case)
    if not place.candidates or problem:
        return Expected(body, _of_any_place(), place.why_unknown or problem)
    rows = rows_for(case, place.candidates)
    response = f"the dose of day 1 depends on the response: {case.response.because}"
    return Expected(body, rows, place.why_unknown or (response if len(rows) > 1 else ""))


def expected_later(case: Case, body: BodySurface, places: Sequence[Label]) -> Expected:
    """The rows that may apply to a later dose of an order, at one of several possible places."""
    if not places:
        return Expected(body, _of_any_place(), "the cycle and day of this dose cannot be determined")
    rows = rows_for(case, places)
    return Expected(body, rows, "its cycle or the response then is not known" if len(rows) > 1 else "")


def rows_for(case: Case, places: Sequence[Label]) -> tuple[Row, ...]:
    """The rows of several possible places, named by the place where it decides; one row if all agree."""
    found = [
        row if len(places) == 1 or len(rows) > 1 else Row(row.table, _named(place), row.rule, row.cut)
        for place in places
        for rows in [_rows_of(case, place)]
        for row in rows
    ]
    return tuple(dict.fromkeys(found)) if len({row.per_m2 for row in found}) > 1 else tuple(found[:1])


def _named(place: Label) -> str:
    return f"cycle-{place.cycle}-day-{place.day}"


def _rows_of(case: Case, place: Label) -> tuple[Row, ...]:
    """The table: cycle 1 by day; a later cycle by day and response, in one row where both responses give the same."""
    cut = reduction(case, place.cycle)
    if place.cycle == 1:
        return (Row(number(f"dose.c1.d{place.day}"), _named(place), "POL-DOSE-C1", cut),)
    without, with_cr = (row_of_later_cycle(no_cr, place.day, cut) for no_cr in (True, False))
    status = case.response.status
    if with_cr.table == without.table:
        rule = without.rule if status is Status.NOT_ACHIEVED else with_cr.rule
        return (Row(with_cr.table, _named(place), rule, cut),)
    if status is Status.ACHIEVED:
        return (with_cr,)
    return (without,) if status is Status.NOT_ACHIEVED else (with_cr, without)


def row_of_later_cycle(no_cr: bool, day: int, cut: Reduction = UNREDUCED) -> Row:
    """The row of a planned day of a cycle after the first, without or with CR or CRi."""
    if no_cr:
        return Row(number(f"dose.sub.nocr.d{day}"), "no-cr", "POL-DOSE-NOCR", cut)
    return Row(number(f"dose.sub.cr.d{day}"), "cr-or-cri", "POL-DOSE-CR", cut)


def _of_any_place() -> tuple[Row, ...]:
    """Both doses of the table, for an order whose place cannot be determined at all."""
    return row_of_later_cycle(False, 1), row_of_later_cycle(True, 1)


def highest_of_table() -> Decimal:
    """The highest dose of any row, in mg/m2."""
    later = (row_of_later_cycle(no_cr, day).table for no_cr in (True, False) for day in PLANNED_DAYS)
    return max(*(number(f"dose.c1.d{day}") for day in PLANNED_DAYS), *later)


def bsa_text(body: BodySurface) -> str:
    """BSA with what it was found from and when, for a card."""
    if body.m2 is None:
        return f"BSA not known: {body.why_not}"
    if body.how == "recorded" and body.recorded is not None:
        return f"Recorded BSA {body.recorded.shown}; no usable height and weight"
    value = plain(to_place(body.m2, _BSA_PLACES))
    used = " and ".join(
        f"{label} {r.shown}"
        for label, r in (("height", body.height), ("weight", body.weight))
        if r is not None
    )
    return f"BSA {value} m2 (Mosteller) from {used}"


def closest(rows: Iterable[Row], mg: Decimal, bsa: Decimal) -> Row:
    """The row whose dose is nearest to an ordered one."""
    return min(rows, key=lambda row: (abs(row.per_m2 * bsa - mg), row.per_m2))
