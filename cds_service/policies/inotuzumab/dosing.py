"""The ordered dose against the dose table: the dose procedure of policy analysis 2.6.

Row by cycle, day and response; reduction of 2.8; times BSA; tolerance of 10 %. Days 8 and 15 are
0.5 mg/m2 in every row, so an unknown response or cycle never leaves them unchecked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

from cds_service.clinical.body import BodySurface, body_surface
from cds_service.clinical.labels import DAYS, Label
from cds_service.fhir.quantities import plain
from cds_service.policies.inotuzumab.case import Case
from cds_service.policies.inotuzumab.interruptions import Reduction, reduction
from cds_service.policies.inotuzumab.numbers import number
from cds_service.policies.inotuzumab.response import Status
from cds_service.policy.determination import DoseOption

MILLI = Decimal("0.001")
_BSA_PLACES = Decimal("0.0001")


def rounded(mg: Decimal) -> Decimal:
    """A dose in mg to the microgram."""
    return mg.quantize(MILLI, ROUND_HALF_UP)


def billing_units(mg: Decimal) -> int:
    """J9229 units of 0.1 mg, rounded up."""
    return int((mg / number("hcpcs.mg_per_unit")).to_integral_value(ROUND_CEILING))


def vials(mg: Decimal) -> int:
    """Single-dose vials of 0.9 mg, rounded up."""
    return int((mg / number("vial.mg")).to_integral_value(ROUND_CEILING))


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table that may apply: mg/m2 before and after the reduction, and when it applies."""

    table: Decimal
    per_m2: Decimal
    when: str
    rule: str


@dataclass(frozen=True, slots=True)
class Expected:
    """What the table gives for an order: BSA, the rows that may apply, and the reduction in force."""

    body: BodySurface
    rows: tuple[Row, ...]
    reduction: Reduction
    why_open: str

    @property
    def is_settled(self) -> bool:
        """Whether one row alone applies."""
        return len({r.per_m2 for r in self.rows}) == 1

    @property
    def bsa(self) -> Decimal | None:
        return self.body.m2

    def options(self) -> tuple[DoseOption, ...]:
        """The rows as doses, each once; empty without a BSA."""
        return tuple(option(row, self.bsa) for row in self.rows) if self.bsa is not None else ()


def option(row: Row, bsa: Decimal) -> DoseOption:
    expected = row.per_m2 * bsa
    slack = expected * number("dose.tolerance.ok") / 100
    return DoseOption(
        row.per_m2, rounded(expected), rounded(expected - slack), rounded(expected + slack), row.when
    )


def expected_dose(case: Case) -> Expected:
    """BSA, table rows and reduction for an order."""
    body = body_surface(case.chart)
    cut = reduction(case, body.m2)
    rows, why = _rows(case, cut.factor)
    return Expected(body, rows, cut, why)


def _rows(case: Case, factor: Decimal) -> tuple[tuple[Row, ...], str]:
    candidates = case.frame.position.candidates
    if not candidates:
        return _unique(r for day in (1, 8) for r in _any_cycle(day, factor)), case.frame.position.why_unknown
    found = _unique(r for label in candidates for r in _rows_of(case, label, factor))
    why = case.frame.position.why_unknown
    if len(found) > 1 and not why:
        why = f"the dose of day 1 depends on the response, which is {case.response.status.value}: {case.response.because}"
    if len(candidates) > 1:
        found = _by_place(case, candidates, factor) if len({r.per_m2 for r in found}) > 1 else found[:1]
    return found, why


def _by_place(case: Case, candidates: Iterable[Label], factor: Decimal) -> tuple[Row, ...]:
    """One row for each possible place, named by it; a place with an open response gives both its rows."""
    found: list[Row] = []
    for label in candidates:
        rows = _rows_of(case, label, factor)
        for row in rows:
            when = f"cycle-{label.cycle}-day-{label.day}" if len(rows) == 1 else row.when
            found.append(Row(row.table, row.per_m2, when, row.rule))
    return tuple(dict.fromkeys(found))


def _any_cycle(day: int, factor: Decimal) -> Iterable[Row]:
    if day != 1:
        table = number("dose.c1.d8")
        yield Row(table, table * factor, "cr-or-cri", "POL-DOSE-CR")
        return
    table = number("dose.c1.d1")
    yield Row(table, table * factor, "no-cr", "POL-DOSE-NOCR")


def _rows_of(case: Case, label: Label, factor: Decimal) -> tuple[Row, ...]:
    if label.cycle == 1:
        table = number({1: "dose.c1.d1", 8: "dose.c1.d8", 15: "dose.c1.d15"}[label.day])
        return (Row(table, table * factor, f"cycle-1-day-{label.day}", "POL-DOSE-C1"),)
    cr, no_cr = number("dose.sub.cr.d1"), number("dose.sub.nocr.d1")
    later = number("dose.c1.d8") if label.day == DAYS[1] else number("dose.c1.d15")
    if label.day != 1:
        return (Row(later, later * factor, f"cycle-{label.cycle}-day-{label.day}", "POL-DOSE-CR"),)
    with_cr = Row(cr, cr * factor, "cr-or-cri", "POL-DOSE-CR")
    without = Row(no_cr, no_cr * factor, "no-cr", "POL-DOSE-NOCR")
    status = case.response.status
    if status is Status.ACHIEVED:
        return (with_cr,)
    return (without,) if status is Status.NOT_ACHIEVED else (with_cr, without)


def _unique(rows: Iterable[Row]) -> tuple[Row, ...]:
    found: dict[Decimal, Row] = {}
    for row in rows:
        found.setdefault(row.per_m2, row)
    return tuple(found[key] for key in sorted(found))


def bsa_text(body: BodySurface) -> str:
    """BSA with what it was found from and when, for a card."""
    if body.m2 is None:
        return f"BSA not known: {body.why_not}"
    value = plain(body.m2.quantize(_BSA_PLACES, ROUND_HALF_UP))
    if body.how == "recorded" and body.recorded is not None:
        return f"recorded BSA {body.recorded.shown} (no usable height and weight)"
    assert body.height is not None and body.weight is not None
    return f"BSA {value} m2 (Mosteller) from height {body.height.shown} and weight {body.weight.shown}"


def arithmetic(row: Row, expected: Expected) -> str:
    """The calculation of one row in full."""
    assert expected.bsa is not None
    dose = rounded(row.per_m2 * expected.bsa)
    bsa = plain(expected.bsa.quantize(_BSA_PLACES, ROUND_HALF_UP))
    per = plain(row.per_m2)
    cut = f" ({plain(row.table)} less 25 %)" if row.per_m2 != row.table else ""
    return f"{per} mg/m2{cut} x {bsa} m2 = {plain(dose)} mg"
