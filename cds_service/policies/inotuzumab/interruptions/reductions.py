"""The reduction steps after long interruptions: a smaller dose, fewer doses a cycle, stop.

What an interruption is and how long it lasted is decided in ``interruptions``.
Procedure: docs/policies/inotuzumab/interruptions.md#reductions.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from cds_service.clinical.observations.body import body_surface
from cds_service.fhir.quantities import plain
from cds_service.oncology.cycle_count import Reading
from cds_service.oncology.doses import Dose
from cds_service.policies.inotuzumab.case.case import Case
from cds_service.policies.inotuzumab.interruptions.interruptions import Interruption, interruptions
from cds_service.policies.inotuzumab.numbers import days, number
from cds_service.values import dataclass


@dataclass(frozen=True, slots=True)
class Reduction:
    """The step in force for a cycle, 0 (none) to 3 (permanent discontinuation), and what led to it."""

    step: int
    because: str = ""
    evidence: tuple[str, ...] = ()

    @property
    def factor(self) -> Decimal:
        return number("dose.reduction_factor") if self.step else Decimal(1)

    @property
    def said(self) -> str:
        """By how much a dose is reduced: ``25 %``."""
        return f"{plain((1 - self.factor) * 100)} %"


UNREDUCED = Reduction(0)
STOPPING = 3  # the step that is permanent discontinuation


def reduction(case: Case, cycle: int | None) -> Reduction:
    """The step that applies to a cycle. Steps 1 and 2 begin with the next cycle, step 3 at once."""
    steps: list[Interruption] = []
    for i in interruptions(case):
        if i.toxicity is not True or i.length is None or i.length < days("int.reduce"):
            continue
        if (
            not steps
            or (len(steps) == 1 and _after_reduced_cycle(case, steps[0], i))
            or (len(steps) == 2 and _after_two_dose_cycle(case, steps[1], i))
        ):
            steps.append(i)
    if not steps:
        return UNREDUCED
    if len(steps) < STOPPING:
        begins = _first_day(case, cycle)
        steps = [i for i in steps if i.start < begins]
    evidence = tuple(dict.fromkeys([r for i in steps for r in i.references]))
    return Reduction(len(steps), "; then ".join([i.shown for i in steps]), evidence)


def reading(case: Case) -> Reading:
    """The placing of the doses; of several possible ones the first."""
    return case.frame.readings[0] if case.frame.readings else Reading()


def _first_day(case: Case, cycle: int | None) -> date:
    """The day a cycle begins: its first dose given or ordered before, else the planned date."""
    begun = [dose.day for dose, label in reading(case).placed if label.cycle == cycle and dose.given]
    return min([*begun, case.planned])


def _cycles_after(case: Case, first: Interruption, later: Interruption) -> list[list[tuple[Dose, int]]]:
    """The cycles begun after one interruption: their doses (with the day) given up to the later one."""
    cycles: dict[int, list[tuple[Dose, int]]] = {}
    for dose, label in reading(case).placed:
        if dose.given and not dose.planned:
            cycles.setdefault(label.cycle, []).append((dose, label.day))
    return [
        [(dose, day) for dose, day in doses if dose.day <= later.start]
        for doses in cycles.values()
        if first.start < min(dose.day for dose, _ in doses) <= later.start
    ]


def _after_reduced_cycle(case: Case, first: Interruption, later: Interruption) -> bool:
    """Whether an interruption came in or after a cycle with a dose at the reduced level."""
    return any(
        is_reduced(case, dose, day)
        for doses in _cycles_after(case, first, later)
        for dose, day in doses
    )  # fmt: skip


def _after_two_dose_cycle(case: Case, second: Interruption, later: Interruption) -> bool:
    """Whether an interruption came in or after a cycle that was given as two doses."""
    most = days("dose.doses_after_second_reduction")
    return any(len(doses) <= most for doses in _cycles_after(case, second, later))


def is_reduced(case: Case, dose: Dose, day: int) -> bool:
    """Whether a dose was given at the reduced level of its day, within the tolerance."""
    bsa = body_surface(case.chart).m2
    level = dose.mg_per_m2 or (dose.mg / bsa if dose.mg is not None and bsa else None)
    if level is None:
        return False
    rows = (f"dose.sub.cr.d{day}", f"dose.sub.nocr.d{day}")
    factor, slack = number("dose.reduction_factor"), number("dose.tolerance.ok") / 100
    return any(abs(level - number(row) * factor) <= number(row) * factor * slack for row in rows)
