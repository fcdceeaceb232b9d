"""Judging the ordered dose against the table.

What is expected, what is ordered and how a reduced cycle may be split comes from the modules
beside it; the words of the findings are in ``findings``.
Procedure: docs/policies/inotuzumab/dose.md#the-dose-against-the-table.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from cds_service.clinical.observations.body import BodySurface, measures_lacking, possible_surfaces, unsettled
from cds_service.engine.determination import Dose, Finding, NeededItem
from cds_service.fhir.decimals import to_place
from cds_service.policies.inotuzumab.case.case import Case
from cds_service.policies.inotuzumab.case.order_days import days_problem, later_places, too_close
from cds_service.policies.inotuzumab.dose import findings as dose_findings
from cds_service.policies.inotuzumab.dose.body_size import Opinion, item_of, rivals, tempered
from cds_service.policies.inotuzumab.dose.cycle_total import total_holds
from cds_service.policies.inotuzumab.dose.findings import Judged
from cds_service.policies.inotuzumab.dose.ordered import Ordered, contradictions, ordered_dose
from cds_service.policies.inotuzumab.dose.table import (
    Expected,
    billing_units,
    expected_dose,
    expected_later,
    in_range,
    rounded,
    tolerated,
    vials,
)
from cds_service.values import dataclass

_BSA_PLACES = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class DoseCheck:
    """The dose facts of an order and the findings about them."""

    dose: Dose
    findings: tuple[Finding, ...]
    needed: tuple[NeededItem, ...]


def check_dose(case: Case) -> DoseCheck:
    """Judge one order's dose. Body sizes of the same time that differ decide when all lead to one answer."""
    surfaces = possible_surfaces(case.chart)
    checks = [_check(case, body) for body in surfaces]
    if len({_decision(check) for check in checks}) == 1:
        return _beside_rivals(case, surfaces[0], checks[0])
    return _check(case, unsettled(case.chart))


def unchecked_dose(why: str) -> DoseCheck:
    """The dose of an order that was not evaluated, and why."""
    return DoseCheck(Dose("unknown"), (dose_findings.not_checked(f"the dose {why}"),), ())


def _beside_rivals(case: Case, body: BodySurface, check: DoseCheck) -> DoseCheck:
    """The check with the size in use, tempered by what other sizes of the record would say."""
    others = []
    for rival in rivals(case.chart, body):
        other = _check(case, rival.body)
        others.append((rival, Opinion(other.dose, other.findings)))
    found = tempered(Opinion(check.dose, check.findings), others, body)
    return DoseCheck(found.dose, found.findings, check.needed)


def _decision(check: DoseCheck) -> tuple[object, ...]:
    return (check.dose.verdict, *((f.kind, f.indicator) for f in check.findings))


def _check(case: Case, body: BodySurface) -> DoseCheck:
    """Steps 1 to 5 with one body surface area, for every planned dose of the order.

    The facts are those of the dose that is judged worst, the earliest of several.
    """
    expected = expected_dose(case, body)
    first = _judge(case, expected, ordered_dose(case.order, case.order.doses[0], expected), case.day)
    doses = (first, *_later_doses(case, body))
    findings = (
        *dose_findings.unchecked(doses, contradictions(case.order, body.m2), _problems_of_days(case)),
        *dose_findings.outside(case, doses),
    )
    rows = {j.expected.row.per_m2 if j.expected.row is not None else None for j in doses}
    lacking = measures_lacking(case.chart)
    needed = (item_of(lacking, body.why_not, decides=True),) if body.m2 is None else ()
    worst = max(doses, key=lambda j: dose_findings.rank(case, j))
    return DoseCheck(_facts(worst, for_every_day=len(rows) == 1), findings, needed)


def _problems_of_days(case: Case) -> Iterator[str]:
    """What leaves doses of the order without a day, in whole sentences."""
    if case.order.timing_problem:
        yield f"only the first dose is checked: the order plans {case.order.timing_problem}"
    if problem := days_problem(case):
        yield f"the dose of each day cannot be checked: {problem}"


def _later_doses(case: Case, body: BodySurface) -> Iterator[Judged]:
    """The further doses of the same order, each by the row of its own slot; of doses too close none."""
    if too_close(case.order):
        return
    for planned, places in later_places(case):
        expected = expected_later(case, body, places)
        of_cycle = {p.day for p in places if p.cycle == case.cycle}
        day = of_cycle.pop() if len(of_cycle) == len(places) == 1 else None
        yield _judge(
            case, expected, ordered_dose(case.order, planned, expected), day, planned.day.isoformat()
        )


def _judge(case: Case, expected: Expected, ordered: Ordered, day: int | None, on: str = "") -> Judged:
    """Step 4: in range, under or over; with two rows, under the lower or over the higher one."""
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
    """The dose facts; what depends on an open row is None."""
    expected, bsa, row = judged.expected, judged.expected.bsa, judged.expected.row
    ordered = rounded(judged.ordered.mg) if judged.ordered.mg is not None else None
    area = to_place(bsa, _BSA_PLACES) if bsa is not None else None
    if row is None or bsa is None:
        per_m2 = row.per_m2 if row is not None else None
        return Dose(
            judged.verdict, ordered, mg_per_m2=per_m2, bsa_m2=area, options=expected.options(), on=judged.on
        )
    dose = row.per_m2 * bsa
    low, high = tolerated(dose)
    return Dose(
        judged.verdict, ordered, rounded(dose), low, high, row.per_m2, area, billing_units(dose), vials(dose),
        arithmetic=row.shown(bsa), reduced=row.reduced, for_every_day=for_every_day, on=judged.on,
    )  # fmt: skip
