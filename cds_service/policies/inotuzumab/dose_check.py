"""Judging the ordered dose: the dose procedure of policy analysis 2.6, steps 1 to 5.

What is expected, what is ordered and how a reduced cycle may be split is told by the modules
beside it; the words of the findings are in ``dose_findings``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from cds_service.clinical.body import BodySurface, possible_surfaces, unsettled
from cds_service.clinical.labels import Label
from cds_service.fhir.decimals import to_place
from cds_service.policies.inotuzumab import dose_findings
from cds_service.policies.inotuzumab.case import Case
from cds_service.policies.inotuzumab.cycle_total import slot_of, total_holds
from cds_service.policies.inotuzumab.dose_findings import Judged
from cds_service.policies.inotuzumab.dosing import (
    Expected,
    billing_units,
    expected_dose,
    in_range,
    rounded,
    rows_for,
    tolerated,
    vials,
)
from cds_service.policies.inotuzumab.ordered_dose import Ordered, contradictions, ordered_dose
from cds_service.policy.determination import Dose, Finding

_BSA_PLACES = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class DoseCheck:
    """The dose facts of an order and the findings about them."""

    dose: Dose
    findings: tuple[Finding, ...]
    needed: tuple[tuple[str, str, bool], ...]


def check_dose(case: Case) -> DoseCheck:
    """Judge one order's dose. Body sizes of the same time that differ decide when all lead to one answer."""
    surfaces = possible_surfaces(case.chart)
    checks = [_check(case, body) for body in surfaces]
    if len({_decision(check) for check in checks}) == 1:
        return checks[0]
    return _check(case, unsettled(case.chart))


def unchecked_dose(why: str) -> DoseCheck:
    """The dose of an order that was not evaluated, and why."""
    return DoseCheck(Dose("unknown"), (dose_findings.not_checked(f"the dose {why}"),), ())


def _decision(check: DoseCheck) -> tuple[object, ...]:
    return (check.dose.verdict, *((f.kind, f.indicator) for f in check.findings))


def _check(case: Case, body: BodySurface) -> DoseCheck:
    """Steps 1 to 5 with one body surface area, for every planned dose of the order."""
    expected = expected_dose(case, body)
    first = _judge(case, expected, ordered_dose(case.order, case.order.doses[0], expected), case.day)
    later = tuple(_later_doses(case, body))
    findings = (
        *dose_findings.unchecked(first, contradictions(case.order, body.m2)),
        *dose_findings.outside(case, (first, *later)),
    )
    one_row = {j.expected.row.per_m2 for j in (first, *later) if j.expected.row is not None}
    needed = (("height-weight", body.why_not, True),) if body.m2 is None else ()
    return DoseCheck(_facts(first, for_every_day=len(one_row) == 1), findings, needed)


def _later_doses(case: Case, body: BodySurface) -> Iterator[Judged]:
    """The further doses that the same order plans for this cycle: days 8 and 15, each by its own row."""
    cycles = sorted({place.cycle for place in case.frame.position.candidates})
    for planned in case.order.doses[1:]:
        slot = slot_of(case, case.order, planned)
        if slot is None or slot <= (case.day or 1) or not cycles:
            continue
        expected = Expected(body, rows_for(case, [Label(cycle, slot) for cycle in cycles]), "")
        yield _judge(
            case, expected, ordered_dose(case.order, planned, expected), slot, planned.day.isoformat()
        )


def _judge(case: Case, expected: Expected, ordered: Ordered, day: int | None, on: str = "") -> Judged:
    """Step 4: within 10 %, under or over; with two rows, under the lower or over the higher one."""
    verdict = "unknown"
    if ordered.mg is not None and expected.bsa is not None:
        verdict = _verdict(case, expected, ordered.mg, day, expected.bsa)
    return Judged(expected, ordered, verdict, on)


def _verdict(case: Case, expected: Expected, mg: Decimal, day: int | None, bsa: Decimal) -> str:
    doses = [row.per_m2 * bsa for row in expected.rows]
    row = expected.row
    if any(in_range(mg, dose) for dose in doses):
        return "unknown" if row is None else "ok"
    if row is not None and day is not None and total_holds(case, mg, day, row, bsa):
        return "ok"
    return "under" if mg < min(doses) else "over"


def _facts(judged: Judged, *, for_every_day: bool) -> Dose:
    """The dose facts of contract section 5; what depends on an open row is not told."""
    expected, bsa, row = judged.expected, judged.expected.bsa, judged.expected.row
    ordered = rounded(judged.ordered.mg) if judged.ordered.mg is not None else None
    area = to_place(bsa, _BSA_PLACES) if bsa is not None else None
    if row is None or bsa is None:
        per_m2 = row.per_m2 if row is not None else None
        return Dose(judged.verdict, ordered, mg_per_m2=per_m2, bsa_m2=area, options=expected.options())
    dose = row.per_m2 * bsa
    low, high = tolerated(dose)
    return Dose(
        judged.verdict, ordered, rounded(dose), low, high, row.per_m2, area, billing_units(dose), vials(dose),
        arithmetic=row.shown(bsa), for_every_day=for_every_day,
    )  # fmt: skip
