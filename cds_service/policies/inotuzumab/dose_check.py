"""Judging the ordered dose: in range, under or over, and what the order's billing units say.

Policy analysis 2.6 steps 3 to 5, 2.3 (POL-CODE-J9229), 2.8 (reduced doses) and 3.7 (combinations).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from cds_service.clinical.orders import StatedDose
from cds_service.fhir.quantities import plain
from cds_service.policies.inotuzumab.case import Case
from cds_service.policies.inotuzumab.dosing import (
    Expected,
    Row,
    arithmetic,
    billing_units,
    bsa_text,
    expected_dose,
    rounded,
    vials,
)
from cds_service.policies.inotuzumab.numbers import number
from cds_service.policies.inotuzumab.partners import Concurrency, partners
from cds_service.policy.determination import Basis, CardKind, Dose, Finding, Indicator

_ROUNDING = Decimal("0.02")  # mg: three doses, each rounded to the syringe's 0.01 mg
_OK, _UNDER, _OVER, _UNKNOWN = "ok", "under", "over", "unknown"


@dataclass(frozen=True, slots=True)
class Ordered:
    """The ordered dose in mg (None when it cannot be told), how it was read, and why not."""

    mg: Decimal | None
    how: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class DoseCheck:
    """The dose facts of an order and the findings about them."""

    dose: Dose
    findings: tuple[Finding, ...]
    needed: tuple[tuple[str, str, bool], ...]


def check_dose(case: Case) -> DoseCheck:
    """Judge one order's dose."""
    expected = expected_dose(case)
    ordered = _ordered(case, expected)
    verdict, row = _judge(ordered.mg, expected, case)
    dose = _facts(case, expected, ordered, verdict, row)
    findings = [*_findings(case, expected, ordered, verdict, row)]
    needed = []
    if expected.bsa is None:
        needed.append(("height-weight", expected.body.why_not, True))
    return DoseCheck(dose, tuple(findings), tuple(needed))


def _ordered(case: Case, expected: Expected) -> Ordered:
    """The dose as the order states it; units are a dose only when nothing else is stated."""
    order = case.order
    stated = order.doses[0] if order.doses else None
    if stated is not None:
        return _from_stated(stated, expected)
    if order.is_vial_count:
        return Ordered(
            None, "", f"the order states a number of vials ({order.quantity_text}), which is no dose"
        )
    if order.units_j9229 is not None:
        return _from_units(order.units_j9229, expected)
    if order.quantity_text:
        return Ordered(None, "", f"the order states only a quantity of {order.quantity_text}")
    return Ordered(None, "", "the order states no dose")


def _from_stated(stated: StatedDose, expected: Expected) -> Ordered:
    if stated.value is None or stated.unit is None:
        return Ordered(
            None, "", f"the dose {stated.quoted!r} is not in a unit that can be checked (mg, ug, g or mg/m2)"
        )
    if stated.unit == "mg":
        return Ordered(stated.value, stated.quoted)
    if expected.bsa is None:
        return Ordered(None, "", f"the order states {stated.quoted}, and there is no BSA to reach mg")
    return Ordered(stated.value * expected.bsa, f"{stated.quoted} x BSA")


def _from_units(units: Decimal, expected: Expected) -> Ordered:
    """Step 2 and 3 of POL-CODE-J9229: a whole-vial number is billing unless it is itself an in-range dose."""
    mg = units * number("hcpcs.mg_per_unit")
    how = f"{plain(units)} units of 0.1 mg"
    if expected.bsa is None:
        return Ordered(mg, how)
    whole = {
        number("hcpcs.units_per_vial") * n
        for row in expected.rows
        for n in _vials_in_range(row, expected.bsa)
    }
    if units in whole and not any(_in_range(mg, row.per_m2 * expected.bsa) for row in expected.rows):
        return Ordered(
            None,
            "",
            f"{plain(units)} units is the number billed for whole vials, so the dose itself is not stated",
        )
    return Ordered(mg, how)


def _vials_in_range(row: Row, bsa: Decimal) -> Iterable[int]:
    dose, slack = row.per_m2 * bsa, number("dose.tolerance.ok") / 100
    return range(vials(dose * (1 - slack)), vials(dose * (1 + slack)) + 1)


def _in_range(mg: Decimal, expected: Decimal) -> bool:
    return abs(mg - expected) <= expected * number("dose.tolerance.ok") / 100


def _judge(mg: Decimal | None, expected: Expected, case: Case) -> tuple[str, Row | None]:
    """The verdict, and the row it was judged by (None when two rows are open)."""
    if mg is None or expected.bsa is None:
        return _UNKNOWN, expected.rows[0] if expected.is_settled else None
    doses = [(row.per_m2 * expected.bsa, row) for row in expected.rows]
    low, high = min(doses, key=lambda d: d[0]), max(doses, key=lambda d: d[0])
    if expected.is_settled:
        row = expected.rows[0]
        if _in_range(mg, low[0]) or _total_holds(mg, row, expected, case):
            return _OK, row
        return (_UNDER if mg < low[0] else _OVER), row
    if any(_in_range(mg, dose) for dose, _ in doses) or low[0] < mg < high[0]:
        fits = any(_in_range(mg, dose) for dose, _ in doses)
        return (_UNKNOWN if fits else _OVER), None
    return (_UNDER if mg < low[0] else _OVER), None


def _total_holds(mg: Decimal, row: Row, expected: Expected, case: Case) -> bool:
    """With a reduced dose: whether the cycle stays within its reduced total (2.8 step 1)."""
    bsa = expected.bsa
    if bsa is None or row.per_m2 == row.table or case.cycle is None or mg < row.per_m2 * bsa:
        return False
    if mg > row.table * bsa * (1 + number("dose.tolerance.ok") / 100):
        return False
    no_cr = row.rule == "POL-DOSE-NOCR" or (case.day != 1 and case.response.status.value == "not achieved")
    total = (
        number("dose.cycle_total.nocr" if no_cr else "dose.cycle_total.cr") * expected.reduction.factor * bsa
    )
    return rounded(_cycle_sum(mg, expected, case, no_cr=no_cr)) <= rounded(total) + _ROUNDING


def _cycle_sum(mg: Decimal, expected: Expected, case: Case, *, no_cr: bool) -> Decimal:
    """The cycle's doses: those given, this one, the rest as ordered or else at the reduced dose. In mg."""
    bsa = expected.bsa or Decimal(0)
    factor = expected.reduction.factor
    slots: dict[int, Decimal] = {}
    reading = case.frame.readings[0] if case.frame.readings else None
    for dose, label in reading.placed if reading else ():
        if label.cycle == case.cycle and dose.given and not dose.planned:
            slots[label.day] = dose.mg or (dose.mg_per_m2 or number("dose.c1.d8") * factor) * bsa
    for sibling in case.siblings:
        stated = sibling.doses[0] if sibling.doses else None
        if (
            sibling.label is not None
            and sibling.label.cycle == case.cycle
            and stated is not None
            and stated.value is not None
        ):
            slots[sibling.label.day] = stated.value if stated.unit == "mg" else stated.value * bsa
    if case.day is not None:
        slots[case.day] = mg
    first = "dose.sub.nocr.d1" if no_cr else "dose.sub.cr.d1"
    for day, name in ((1, first), (8, "dose.c1.d8"), (15, "dose.c1.d15")):
        slots.setdefault(day, number(name) * factor * bsa)
    return sum(slots.values(), Decimal(0))


def _facts(case: Case, expected: Expected, ordered: Ordered, verdict: str, row: Row | None) -> Dose:
    bsa = expected.bsa
    ordered_mg = rounded(ordered.mg) if ordered.mg is not None else None
    bsa_shown = bsa.quantize(Decimal("0.0001"), ROUND_HALF_UP) if bsa is not None else None
    if row is None:
        return Dose(verdict, ordered_mg, bsa_m2=bsa_shown, options=expected.options())
    if bsa is None:
        return Dose(verdict, ordered_mg, mg_per_m2=row.per_m2)
    (only,) = (o for o in expected.options()[:1])
    dose = row.per_m2 * bsa
    return Dose(
        verdict, ordered_mg, only.expected_mg, only.low_mg, only.high_mg, row.per_m2, bsa_shown,
        billing_units(dose), vials(dose), (), arithmetic(row, expected),
    )  # fmt: skip


def _findings(
    case: Case, expected: Expected, ordered: Ordered, verdict: str, row: Row | None
) -> Iterable[Finding]:
    if expected.bsa is None:
        yield _unchecked(f"The dose cannot be checked: {expected.body.why_not}", ("POL-DOSE-BSA",))
    if ordered.mg is None and (
        expected.bsa is not None or "unit" in ordered.problem or "vials" in ordered.problem
    ):
        yield _unchecked(f"The dose cannot be checked: {ordered.problem}", ("POL-DOSE-BSA", "POL-CODE-J9229"))
    if ordered.mg is not None and verdict in (_UNDER, _OVER) and expected.bsa is not None:
        yield _outside(case, expected, ordered, verdict, row)
    yield from _units_disagree(case, ordered)


def _unchecked(text: str, rules: tuple[str, ...]) -> Finding:
    return Finding(
        "dose-unchecked",
        Indicator.WARNING,
        CardKind.DOSE,
        rules,
        Basis.POLICY,
        text,
        "Check the dose by hand",
    )


def _outside(case: Case, expected: Expected, ordered: Ordered, verdict: str, row: Row | None) -> Finding:
    assert ordered.mg is not None and expected.bsa is not None
    rows = (row,) if row is not None else expected.rows
    highest = max(r.per_m2 for r in rows) * expected.bsa
    nearest = max(rows, key=lambda r: r.per_m2) if verdict == _OVER else min(rows, key=lambda r: r.per_m2)
    target = nearest.per_m2 * expected.bsa
    indicator = _severity(case, expected, ordered.mg, verdict, nearest, highest)
    table = " or ".join(arithmetic(r, expected) for r in rows)
    times = plain((ordered.mg / target).quantize(Decimal("0.01"), ROUND_HALF_UP))
    text = (
        f"Ordered {plain(rounded(ordered.mg))} mg ({ordered.how}); the table gives {table}. "
        f"The order is {times} times that, outside +/-10 % (recommendation). {bsa_text(expected.body)}."
    )
    if row is None:
        text += f" Both rows are listed because {expected.why_open}."
    if expected.reduction.step:
        text += f" Reduced by 25 %: {expected.reduction.because}."
    evidence = (*expected.body.evidence, *case.response.evidence)
    kind = (
        "dose-reduction-due"
        if expected.reduction.step and verdict == _OVER and _is_unreduced(ordered.mg, nearest, expected)
        else "dose"
    )
    if kind == "dose-reduction-due":
        evidence = (*evidence, *expected.reduction.evidence)
        return Finding(
            kind,
            Indicator.WARNING,
            CardKind.SAFETY,
            ("POL-INT-GE14", nearest.rule),
            Basis.POLICY,
            text,
            "Reduce the dose by 25 %",
            evidence,
        )
    return Finding(
        kind,
        indicator,
        CardKind.DOSE,
        (nearest.rule, "POL-DOSE-BSA"),
        Basis.POLICY,
        text,
        _action(verdict),
        evidence,
    )


def _action(verdict: str) -> str:
    return (
        "Check the dose: it is above the table"
        if verdict == _OVER
        else "Check the dose: it is below the table"
    )


def _is_unreduced(mg: Decimal, row: Row, expected: Expected) -> bool:
    """Whether a dose above the reduced one is not above the unreduced table dose (+10 %)."""
    assert expected.bsa is not None
    return mg <= row.table * expected.bsa * (1 + number("dose.tolerance.ok") / 100)


def _severity(
    case: Case, expected: Expected, mg: Decimal, verdict: str, row: Row, highest: Decimal
) -> Indicator:
    over = 1 + number("dose.tolerance.critical_over") / 100
    assert expected.bsa is not None
    if is_combination(case):
        single = number("dose.single_max") * expected.bsa
        if mg > single * over:
            return Indicator.CRITICAL
        return Indicator.WARNING if mg > single * (1 + number("dose.tolerance.ok") / 100) else Indicator.INFO
    return Indicator.CRITICAL if verdict == _OVER and mg > highest * over else Indicator.WARNING


def is_combination(case: Case) -> bool:
    """Whether the cycle goes with a covered combination (A.ii.B.2 or B.3), whose studies dosed otherwise."""
    found = partners(case)
    return bool(found.mini_hyper_cvd_plan) or bool(found.antineoplastic(Concurrency.CONCURRENT))


def _units_disagree(case: Case, ordered: Ordered) -> Iterable[Finding]:
    """Step 1 of POL-CODE-J9229: units from ceil(mg/0.1) to 9 a vial, one unit of slack below, are in order."""
    units = case.order.units_j9229
    if units is None or ordered.mg is None or not case.order.doses:
        return
    low, high = billing_units(ordered.mg) - 1, vials(ordered.mg) * int(number("hcpcs.units_per_vial"))
    if not low <= units <= high:
        text = (
            f"The order bills {plain(units)} units of J9229, but {plain(rounded(ordered.mg))} mg is "
            f"{billing_units(ordered.mg)} units (up to {high} with whole vials)"
        )
        yield Finding(
            "dose-unchecked",
            Indicator.WARNING,
            CardKind.DOSE,
            ("POL-CODE-J9229",),
            Basis.POLICY,
            text,
            "Check dose and units: they disagree",
        )
