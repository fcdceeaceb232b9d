"""Age, height, weight and body surface area.

Body surface area by Mosteller: sqrt(height_cm x weight_kg / 3600).
Source: docs/policies/inotuzumab/dose.md#the-dose-against-the-table, step 1.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from cds_service.clinical.chart import Chart
from cds_service.clinical.evidence import newest
from cds_service.clinical.observations.results import Result
from cds_service.fhir.dates import When, completed_years
from cds_service.fhir.record import DataKind
from cds_service.remembering import once
from cds_service.values import dataclass


class AgeRange(NamedTuple):
    """The completed years of age on a day, at least and at most (a partial birth date leaves both)."""

    least: int
    most: int


def age_on(birth: When, day: date) -> AgeRange:
    """Completed years on a day; a birthday counts from its own day on."""
    return AgeRange(completed_years(birth.last, day), completed_years(birth.first, day))


def mosteller(height_cm: Decimal, weight_kg: Decimal) -> Decimal:
    """Body surface area in m2 from height in cm and weight in kg."""
    return (height_cm * weight_kg / 3600).sqrt()


@dataclass(frozen=True, slots=True)
class BodySurface:
    """BSA in m2, how it was found, and what it rests on. ``m2`` is None when it cannot be determined."""

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


@once
def body_surface(chart: Chart) -> BodySurface:
    """BSA by Mosteller from the newest plausible height and weight, else the recorded one."""
    possible = possible_surfaces(chart)
    return possible[0] if len(possible) == 1 else unsettled(chart)


@once
def possible_surfaces(chart: Chart) -> tuple[BodySurface, ...]:
    """One BSA; or one for each of several values of the same time that differ, smallest first."""
    heights, weights = _exact(chart, "body_height"), _exact(chart, "body_weight")
    recorded = _exact(chart, "bsa")
    noted = next(iter(recorded), None)
    computed = [
        BodySurface(mosteller(_number(h), _number(w)), "computed", h, w, noted)
        for h in heights
        for w in weights
    ]
    found = computed or [BodySurface(_number(r), "recorded", recorded=r) for r in recorded]
    return tuple(sorted(found, key=lambda b: b.m2 or Decimal(0))) or (unsettled(chart),)


def unsettled(chart: Chart) -> BodySurface:
    """No BSA, and why: what is missing, or which values of the same time differ."""
    return BodySurface(None, "unknown", why_not=_why_not(chart))


def _exact(chart: Chart, name: str) -> tuple[Result, ...]:
    """The newest usable values that are exact numbers: one, or those of the same time that differ."""
    return newest([r for r in chart.usable(name) if r.value is not None and r.value.exact is not None])


def _number(result: Result) -> Decimal:
    assert result.value is not None
    assert result.value.exact is not None
    return result.value.exact


def measures_lacking(chart: Chart) -> list[str]:
    """Of height and weight those without a value that can be used, or with several of one time that differ."""
    wanted = (("body_height", "height"), ("body_weight", "weight"))
    return [label for name, label in wanted if len(_exact(chart, name)) != 1]


def _why_not(chart: Chart) -> str:
    wanted = (("body_height", "height"), ("body_weight", "weight"), ("bsa", "BSA"))
    values = {name: _exact(chart, name) for name, _ in wanted}
    differ = [
        f"{label}s of the same time differ ({' and '.join(r.shown for r in values[name])})"
        for name, label in wanted
        if len(values[name]) > 1
    ]
    missing = [_missing(chart, name, label) for name, label in wanted[:2] if not values[name]]
    if missing == ["no height found", "no weight found"]:
        missing = ["no height or weight found"]
    return "; ".join([*differ, *missing])


def _missing(chart: Chart, name: str, label: str) -> str:
    """Why there is no height or weight: none recorded, or none that can be used."""
    if bad := chart.unusable((name,)):
        return f"{label} of {bad[0].day_text} cannot be used ({bad[0].problem})"
    if found := chart.usable(name):
        dated = [r for r in found if r.when is not None]
        return f"{label} is only {dated[0].shown}" if dated else f"{label} has no date"
    if unseen := chart.unseen(DataKind.OBSERVATIONS, DataKind.OTHER_OBSERVATIONS):
        return f"{label} could not be looked for everywhere ({unseen})"
    return f"no {label} found"


def differs_by(a: Decimal, b: Decimal) -> Decimal:
    """By how many per cent ``a`` differs from ``b``."""
    return abs(a - b) / b * 100
