"""Age, height, weight and body surface area.

Formulas: Mosteller, sqrt(height_cm x weight_kg / 3600); Du Bois as a cross-check in tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from cds_service.clinical.chart import Chart
from cds_service.clinical.evidence import newest
from cds_service.clinical.results import Result
from cds_service.fhir.dates import When
from cds_service.fhir.record import Need


class AgeRange(NamedTuple):
    """The completed years of age on a day, at least and at most (a partial birth date leaves both)."""

    least: int
    most: int


def age_on(birth: When, day: date) -> AgeRange:
    """Completed years on a day; a birthday counts from its own day on."""
    return AgeRange(_years(birth.last, day), _years(birth.first, day))


def _years(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def mosteller(height_cm: Decimal, weight_kg: Decimal) -> Decimal:
    """Body surface area in m2 from height in cm and weight in kg."""
    return (height_cm * weight_kg / 3600).sqrt()


def du_bois(height_cm: Decimal, weight_kg: Decimal) -> Decimal:
    """Body surface area in m2 by the older formula, for comparison."""
    return Decimal("0.007184") * height_cm ** Decimal("0.725") * weight_kg ** Decimal("0.425")


@dataclass(frozen=True, slots=True)
class BodySurface:
    """BSA in m2, how it was found, and what it rests on. ``m2`` is None when it cannot be told."""

    m2: Decimal | None
    how: str
    height: Result | None = None
    weight: Result | None = None
    recorded: Result | None = None
    why_not: str = ""

    @property
    def evidence(self) -> tuple[str, ...]:
        used = (self.height, self.weight) if self.how == "computed" else (self.recorded,)
        return tuple(r.reference for r in used if r is not None)


def body_surface(chart: Chart) -> BodySurface:
    """BSA by Mosteller from the newest plausible height and weight, else the recorded one."""
    height, weight, recorded = (_only(chart, name) for name in ("body_height", "body_weight", "bsa"))
    h, w = _exact(height), _exact(weight)
    if h is not None and w is not None:
        return BodySurface(mosteller(h, w), "computed", height, weight, recorded)
    if (bsa := _exact(recorded)) is not None:
        return BodySurface(bsa, "recorded", height, weight, recorded)
    return BodySurface(None, "unknown", height, weight, recorded, _why_not(chart))


def _only(chart: Chart, name: str) -> Result | None:
    """The newest usable value; None when there is none or equally new ones differ."""
    found = newest(chart.usable(name))
    return found[0] if len(found) == 1 else None


def _exact(result: Result | None) -> Decimal | None:
    return result.value.exact if result is not None and result.value is not None else None


def _why_not(chart: Chart) -> str:
    missing = []
    for name, label in (("body_height", "height"), ("body_weight", "weight")):
        usable = newest(chart.usable(name))
        if len(usable) > 1:
            values = " and ".join(r.shown for r in usable)
            missing.append(f"{label}s of the same time differ ({values})")
        elif not usable:
            bad = chart.unusable((name,))
            missing.append(f"{label}: {bad[0].problem}" if bad else f"no {label} found")
    if reason := chart.unseen(Need.OBSERVATIONS):
        missing.append(f"not all observations were seen ({reason})")
    return "; ".join(missing)


def differs_by(a: Decimal, b: Decimal) -> Decimal:
    """By how many per cent ``a`` differs from ``b``."""
    return abs(a - b) / b * 100
