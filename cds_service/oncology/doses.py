"""Doses of a drug given, held and planned.

Administrations outrank statements, dispenses and procedures, these outrank completed requests. One calendar
day is one dose; a lower-ranked record close to a higher-ranked one is the same dose.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from cds_service.clinical.chart import Chart
from cds_service.clinical.observations.units import ucum_of
from cds_service.clinical.therapy.exposure import GIVEN_STATUSES, ORDERS, DrugUse
from cds_service.clinical.therapy.labels import Label, PlannedDays, label_of
from cds_service.clinical.therapy.order_dose import DOSE_UNITS
from cds_service.fhir.dates import When
from cds_service.fhir.quantities import as_decimal, unit_names
from cds_service.remembering import kept
from cds_service.values import dataclass

# A statement that was stopped proves that the drug was given, and not which doses.
_DOSE_STATUSES = {
    kind: statuses - {"stopped"} if kind == "MedicationStatement" else statuses
    for kind, statuses in GIVEN_STATUSES.items()
}


@dataclass(frozen=True, slots=True)
class Dose:
    """One dose given on a day, or (``given`` False) one that was not. ``mg`` or ``mg_per_m2`` when stated."""

    day: date
    when: When
    label: Label | None
    reference: str
    rank: int
    given: bool = True
    mg: Decimal | None = None
    mg_per_m2: Decimal | None = None
    planned: bool = False


@dataclass(frozen=True)
class DoseHistory:
    """Doses given and held, in order of time; ``undated`` are uses that prove exposure, not doses."""

    doses: tuple[Dose, ...]
    undated: tuple[DrugUse, ...]

    @kept
    def given(self) -> tuple[Dose, ...]:
        return tuple([d for d in self.doses if d.given])

    @kept
    def period_ends(self) -> tuple[Dose, ...]:
        """The uses over a period, each as a dose on its last day: it was given by then, how often is not known."""
        return tuple(
            Dose(u.end.last, u.end, None, u.reference, u.rank) for u in self.undated if u.end is not None
        )


def dose_history(chart: Chart, drug: str, same: timedelta, cycle: PlannedDays) -> DoseHistory:
    """The doses of a drug up to the chart's clock, labelled by the planned days of its cycle.

    Records of different rank not further apart than ``same`` are one dose.
    """
    ordered = (u for u in chart.ordered_services if not u.in_doubt)
    recorded_uses = (*chart.uses, *chart.given_as_procedures, *ordered)
    uses = [u for u in recorded_uses if drug in u.drugs and u.status in _DOSE_STATUSES[u.kind] | {"not-done"}]
    if not uses:
        return DoseHistory((), ())
    given_uses = [u for u in uses if u.status != "not-done"]
    not_done = [u for u in uses if u.status == "not-done" and u.kind == "MedicationAdministration"]
    held = _one_a_day([d for u in not_done for d in _doses(u, cycle, given=False)])
    recorded = [d for u in given_uses for d in _doses(u, cycle)]
    given: list[Dose] = []
    for rank in (3, 2, 1):
        higher = [d for d in (*given, *held) if d.rank > rank]
        for dose in _one_a_day([d for d in recorded if d.rank == rank]):
            if not any(is_same_dose(dose.day, other.day, same) for other in higher):
                given.append(dose)
    given_on = {(g.day, g.rank) for g in given}
    held = [h for h in held if (h.day, h.rank) not in given_on]
    undated = tuple([u for u in given_uses if not _has_days(u)])
    return DoseHistory(tuple(sorted((*given, *held), key=lambda d: (d.day, d.reference))), undated)


def is_same_dose(a: date, b: date, same: timedelta) -> bool:
    """Whether records of different rank, of these days, speak of one dose."""
    return abs(a - b) <= same


def is_accounted_for(use: DrugUse, course: Sequence[Dose], last_end: date | None, same: timedelta) -> bool:
    """Whether a use without single dates is that of an earlier course, or of the doses of this one.

    ``last_end`` is the day on which the course before ended.
    """
    if last_end is not None and use.end is not None and use.end.last < last_end:
        return True
    given = [d.day for d in course if d.given]
    if use.days:
        return any(w.first <= day <= w.last for w in use.days for day in given)
    if not given:
        return False
    return use.start is None or use.start.last >= given[0] - same


def _times(use: DrugUse) -> tuple[When, ...]:
    """The times of single doses; a completed request without events is one, on its planned date."""
    if use.days or use.kind not in ORDERS:
        return use.days
    planned = use.start or use.authored
    return (planned,) if planned is not None else ()


def _has_days(use: DrugUse) -> bool:
    """Whether it has single times, and each is one calendar day."""
    times = _times(use)
    return bool(times) and None not in [w.day for w in times]


def _doses(use: DrugUse, cycle: PlannedDays, *, given: bool = True) -> list[Dose]:
    mg, per_m2 = _amount(use)
    label = label_of(use.texts, cycle)
    return [
        Dose(day, when, label, use.reference, use.rank, given, mg, per_m2)
        for when in _times(use)
        if (day := when.day) is not None
    ]


def _amount(use: DrugUse) -> tuple[Decimal | None, Decimal | None]:
    value = as_decimal(use.amount.get("value"))
    if value is None:
        return None, None
    code, unit = unit_names(use.amount)
    name = ucum_of(code or unit or "")
    if name is None:
        return None, None
    if name in DOSE_UNITS:
        return value * DOSE_UNITS[name], None
    return None, value if name == "mg/m2" else None


def _one_a_day(doses: Iterable[Dose]) -> list[Dose]:
    """One dose for each calendar day; of several records of it, the fuller one.

    An instant that is written with two offsets is one dose as well, on the day of the hospital's own: the other came of a
    conversion to UTC.
    """
    doses = list(doses)
    by_day: dict[date, Dose] = {}
    local = {
        d.when.instant: d.day for d in doses if d.when.instant is not None and d.when.instant.utcoffset()
    }
    for dose in doses:
        if dose.when.instant in local and local[dose.when.instant] != dose.day:
            dose = replace(dose, day=local[dose.when.instant])
        held = by_day.get(dose.day)
        if held is None or _fullness(dose) > _fullness(held):
            by_day[dose.day] = dose
    return sorted(by_day.values(), key=lambda d: d.day)


def _fullness(dose: Dose) -> tuple[bool, Decimal, str]:
    return dose.label is not None, dose.mg or dose.mg_per_m2 or Decimal(0), dose.reference
