"""The dose of an order as a prescriber stated it: a quantity, or billing units.

Reads what is written and converts mg, ug and g. Which dose is right, and whether a number of
units can be a dose, is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from cds_service.clinical.observations.units import factors, ucum_of
from cds_service.fhir.json_types import as_dict, as_dicts
from cds_service.fhir.quantities import as_decimal, plain, quantity, unit_names
from cds_service.values import dataclass

DOSE_UNITS = factors("dose")  # to mg
_PER_AREA = {"mg/m2": "mg", "ug/m2": "ug"}  # units of a dose per BSA, and that of its mass


@dataclass(frozen=True, slots=True)
class StatedDose:
    """A dose as stated, in ``mg`` or ``mg/m2``; both None when it is no figure in an accepted unit.

    ``quoted`` is what the order says, for a card.
    """

    value: Decimal | None
    unit: str | None
    quoted: str


@dataclass(frozen=True, slots=True)
class Billing:
    """What an order says of the amount to bill or dispense: J9229 units, vials, or something else."""

    units: Decimal | None = None
    written: str = ""
    is_vials: bool = False


def doses_in(dosage: Mapping[str, Any]) -> Iterator[StatedDose]:
    """The doses that one instruction states as quantities (R4, and the place of STU3)."""
    for part in (*as_dicts(dosage.get("doseAndRate")), dosage):
        if single := as_dict(part.get("doseQuantity")):
            yield stated_dose(single)
        if limits := as_dict(part.get("doseRange")):
            yield _of_range(limits)


def stated_dose(value: Mapping[str, Any]) -> StatedDose:
    """A FHIR Quantity as a dose. A bound such as ``< 2 mg`` is no dose."""
    number = as_decimal(value.get("value"))
    code, unit = unit_names(value)
    quoted = f"{plain(number) if number is not None else '(no number)'} {unit or code or '(no unit)'}"
    limited = quantity(value)
    if number is None or number <= 0 or limited is None or limited.exact is None:
        return StatedDose(None, None, quoted)
    name = ucum_of(code if code is not None else unit or "")
    if name in DOSE_UNITS:
        return StatedDose(number * DOSE_UNITS[name], "mg", quoted)
    if name in _PER_AREA:
        return StatedDose(number * DOSE_UNITS[_PER_AREA[name]], "mg/m2", quoted)
    return StatedDose(None, None, quoted)


def _of_range(limits: Mapping[str, Any]) -> StatedDose:
    low, high = as_dict(limits.get("low")), as_dict(limits.get("high"))
    if low == high:
        return stated_dose(low)
    return StatedDose(None, None, f"{stated_dose(low).quoted} to {stated_dose(high).quoted}")


_VIAL = re.compile(r"\bvials?\b", re.IGNORECASE)
_UNIT = re.compile(
    r"\{?(?:billing |hcpcs |j9229 )?units?\}?|un?|\[usp'u\]|\[arb'u\]|1|j9229|0\.1 ?mg|\{?dose unit\}?",
    re.IGNORECASE,
)


def billing_of(body: Mapping[str, Any]) -> Billing:
    """The quantity to dispense (MedicationRequest) or of a service (ServiceRequest), as billing."""
    value = as_dict(as_dict(body.get("dispenseRequest")).get("quantity")) or service_quantity(body)
    number = as_decimal(value.get("value"))
    if number is None or number <= 0:
        return Billing()
    code, unit = unit_names(value)
    names = [n for n in (unit, code) if n]
    written = f"{plain(number)} {names[0] if names else ''}".strip()
    if any(_VIAL.search(name) for name in names):
        return Billing(None, written, is_vials=True)
    if not names or any(_UNIT.fullmatch(name) for name in names):
        return Billing(number, written)
    return Billing(None, written)


def service_quantity(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The amount that a ServiceRequest asks for."""
    return as_dict(body.get("quantityQuantity"))
