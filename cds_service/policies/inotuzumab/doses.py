"""Doses of inotuzumab given, held and planned: POL-COURSE-DOSE (policy analysis 1.5).

Administrations outrank statements and dispenses, these outrank completed requests. One calendar
day is one dose; a lower-ranked record within two days of a higher-ranked one is the same dose.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from cds_service.clinical.chart import Chart
from cds_service.clinical.drugs import INOTUZUMAB
from cds_service.clinical.exposure import DrugUse
from cds_service.clinical.labels import Label
from cds_service.clinical.order_dose import DOSE_UNITS
from cds_service.clinical.units import ucum_of
from cds_service.fhir.dates import When
from cds_service.fhir.quantities import as_decimal, unit_names
from cds_service.policies.inotuzumab.numbers import days

_DOSE_STATUSES = {
    "MedicationAdministration": {"completed", "in-progress", "stopped"},
    "MedicationStatement": {"completed", "active"},
    "MedicationDispense": {"completed"},
    "MedicationRequest": {"completed"},
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
    reason: str = ""
    planned: bool = False

    @property
    def shown(self) -> str:
        label = f" ({self.label})" if self.label else ""
        return f"{self.day}{label}"


@dataclass(frozen=True, slots=True)
class DoseHistory:
    """Doses given and held, in order of time; ``undated`` are uses that prove exposure, not doses."""

    doses: tuple[Dose, ...]
    undated: tuple[DrugUse, ...]

    @property
    def given(self) -> tuple[Dose, ...]:
        return tuple(d for d in self.doses if d.given)


def dose_history(chart: Chart) -> DoseHistory:
    """The doses of a chart, up to its clock."""
    uses = [
        u for u in chart.uses if INOTUZUMAB in u.drugs and u.status in _DOSE_STATUSES[u.kind] | {"not-done"}
    ]
    undated = tuple(u for u in uses if u.status != "not-done" and not u.days and not _planned_only(u))
    held = [
        d
        for u in uses
        if u.status == "not-done" and u.kind == "MedicationAdministration"
        for d in _doses(u, given=False)
    ]
    given: list[Dose] = []
    for rank in (3, 2, 1):
        for dose in _one_a_day(
            d for u in uses if u.rank == rank and u.status != "not-done" for d in _doses(u)
        ):
            if not any(_same_dose(dose, other) for other in given if other.rank > rank) and not any(
                _same_dose(dose, other) for other in held if other.rank > rank
            ):
                given.append(dose)
    held = [h for h in _one_a_day(held) if not any(h.day == g.day and g.rank == h.rank for g in given)]
    return DoseHistory(tuple(sorted((*given, *held), key=lambda d: (d.day, d.reference))), undated)


def _planned_only(use: DrugUse) -> bool:
    """A completed request without a stated day is one dose on the day it was written."""
    return use.kind == "MedicationRequest" and (use.authored is not None or use.start is not None)


def _same_dose(a: Dose, b: Dose) -> bool:
    return abs((a.day - b.day).days) <= days("course.same_dose")


def _doses(use: DrugUse, *, given: bool = True) -> Iterator[Dose]:
    times: tuple[When, ...] = use.days
    if not times and _planned_only(use):
        stated = use.start or use.authored
        times = (stated,) if stated is not None else ()
    mg, per_m2 = _amount(use)
    for when in times:
        if when.day is not None:
            yield Dose(
                when.day,
                when,
                use.label,
                use.reference,
                use.rank,
                given,
                mg,
                per_m2,
                use.status_reasons or use.reasons,
            )


def _amount(use: DrugUse) -> tuple[Decimal | None, Decimal | None]:
    value = as_decimal(use.amount.get("value"))
    code, unit = unit_names(use.amount)
    name = ucum_of(code or unit or "")
    if value is None or name is None:
        return None, None
    if name in DOSE_UNITS:
        return value * DOSE_UNITS[name], None
    return None, value if name == "mg/m2" else None


def _one_a_day(doses: Iterable[Dose]) -> list[Dose]:
    """One dose for each calendar day; of several records of it, the fuller one."""
    by_day: dict[date, Dose] = {}
    for dose in doses:
        held = by_day.get(dose.day)
        if held is None or _fullness(dose) > _fullness(held):
            by_day[dose.day] = dose
    return sorted(by_day.values(), key=lambda d: d.day)


def _fullness(dose: Dose) -> tuple[bool, Decimal, str]:
    return dose.label is not None, dose.mg or dose.mg_per_m2 or Decimal(0), dose.reference
