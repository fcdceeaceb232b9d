"""An order as a prescriber wrote it: the drug, the planned days, the label, the dose as stated.

Reads MedicationRequest (R4 and the STU3 places of a dose) and ServiceRequest. What dose is right
is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from cds_service.clinical.drugs import ingredients
from cds_service.clinical.exposure import medication_concept
from cds_service.clinical.labels import Label, label_of
from cds_service.clinical.schedule import dosage_parts, planned_times
from cds_service.clinical.units import ucum_of
from cds_service.fhir.dates import When, read_when, start_of
from cds_service.fhir.json_types import as_dict, as_dicts, as_text
from cds_service.fhir.quantities import as_decimal, plain, quantity, unit_names
from cds_service.fhir.record import Record, Resource

DOSE_UNITS = {"mg": Decimal(1), "ug": Decimal("0.001"), "g": Decimal(1000)}


@dataclass(frozen=True, slots=True)
class StatedDose:
    """A dose as stated. ``unit`` is ``mg`` or ``mg/m2``; None when the unit is not accepted.

    ``quoted`` is what the order says, for a card.
    """

    value: Decimal | None
    unit: str | None
    quoted: str


@dataclass(frozen=True, slots=True)
class Order:
    """One draft order (or an order already active) for one drug."""

    reference: str
    resource: Resource
    planned: date
    planned_is_stated: bool
    days: tuple[date, ...]
    last_day: date
    label: Label | None
    texts: tuple[str, ...]
    doses: tuple[StatedDose, ...]
    units_j9229: Decimal | None
    quantity_text: str
    is_vial_count: bool


def order_texts(body: Mapping[str, Any]) -> tuple[str, ...]:
    """The texts of an order that may carry its cycle and day."""
    found = [as_text(d.get(m)) for d in dosage_parts(body) for m in ("text", "patientInstruction")]
    found += [as_text(n.get("text")) for n in as_dicts(body.get("note"))]
    found.append(as_text(body.get("patientInstruction")))
    return tuple(t for t in found if t)


def is_for(resource: Resource, drug: str, record: Record) -> bool:
    """Whether an order is for a drug, by code or else by its words."""
    concept = medication_concept(resource, record)
    return concept is not None and drug in ingredients(concept)


def read_order(resource: Resource, reference: str, clock: datetime) -> Order:
    """Read one order. A planned day that is not stated is today (contract section 6)."""
    body = resource.body
    times = planned_days(body, clock)
    days = tuple(sorted({w.first for w in times}))
    units, quantity_text, vials = _billing(body)
    texts = order_texts(body)
    return Order(
        reference=reference,
        resource=resource,
        planned=days[0] if days else clock.date(),
        planned_is_stated=bool(days),
        days=days or (clock.date(),),
        last_day=_last_day(body, days, clock),
        label=label_of(texts[:1]) or label_of(texts),
        texts=texts,
        doses=tuple(_doses(body)),
        units_j9229=units,
        quantity_text=quantity_text,
        is_vial_count=vials,
    )


def planned_days(body: Mapping[str, Any], clock: datetime) -> tuple[When, ...]:
    """``timing.event``, else ``boundsPeriod.start``, else ``occurrence[x]``; empty when none is stated."""
    zone = clock.tzinfo
    assert zone is not None
    if times := planned_times(dosage_parts(body), zone):
        return times
    single = read_when(body.get("occurrenceDateTime"), zone) or start_of(body.get("occurrencePeriod"), zone)
    if single is not None:
        return (single,)
    return planned_times([{"timing": as_dict(body.get("occurrenceTiming"))}], zone)


def _last_day(body: Mapping[str, Any], days: tuple[date, ...], clock: datetime) -> date:
    """The last day that the order covers."""
    ends = list(days[-1:])
    for dosage in dosage_parts(body):
        bounds = as_dict(as_dict(as_dict(dosage.get("timing")).get("repeat")).get("boundsPeriod"))
        if (end := read_when(bounds.get("end"))) is not None:
            ends.append(end.last)
    return max(ends, default=clock.date())


def _doses(body: Mapping[str, Any]) -> Iterator[StatedDose]:
    """The doses as quantities; where there is none, the figure in the dosage text."""
    found = False
    for dosage in dosage_parts(body):
        for part in (*as_dicts(dosage.get("doseAndRate")), dosage):
            for member in ("doseQuantity", "doseRange"):
                if value := as_dict(part.get(member)):
                    found = True
                    yield _stated(value if member == "doseQuantity" else _of_range(value))
    if not found:
        for dosage in dosage_parts(body):
            text = as_text(dosage.get("text"))
            if text and (stated := dose_in_text(text)) is not None:
                yield stated


def _of_range(value: Mapping[str, Any]) -> Mapping[str, Any]:
    low, high = as_dict(value.get("low")), as_dict(value.get("high"))
    return (
        low
        if low == high
        else {"unit": f"range {low.get('value')} to {high.get('value')} {high.get('unit', '')}"}
    )


def _stated(value: Mapping[str, Any]) -> StatedDose:
    number = as_decimal(value.get("value"))
    code, unit = unit_names(value)
    name = ucum_of(code) if code is not None else (ucum_of(unit) if unit else None)
    quoted = f"{plain(number) if number is not None else '(no number)'} {unit or code or '(no unit)'}"
    limited = quantity(value)
    if number is None or number <= 0 or limited is None or limited.exact is None:
        return StatedDose(None, None, quoted)
    if name in DOSE_UNITS:
        return StatedDose(number * DOSE_UNITS[name], "mg", quoted)
    return StatedDose(number, name if name == "mg/m2" else None, quoted)


_TEXT_DOSE = re.compile(
    r"(?<![\d.])(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)\s*(mg\s*/\s*m\s*(?:2|²|\^2)|mg|mcg|µg|μg|ug)(?![A-Za-z])(?!\s*/)",
    re.IGNORECASE,
)


def dose_in_text(text: str) -> StatedDose | None:
    """The one dose that a dosage text states; mg before mg/m2. None when it states none.

    Several that differ are no dose; a concentration or rate (mg/mL, mg/h) is none either.
    """
    found = [
        (Decimal(n.replace(",", "")), re.sub(r"\s|\^", "", u).lower().replace("²", "2"))
        for n, u in _TEXT_DOSE.findall(text)
    ]
    absolute = {n * DOSE_UNITS["mg" if u == "mg" else "ug"] for n, u in found if u != "mg/m2"}
    relative = {n for n, u in found if u == "mg/m2"}
    if len(absolute) == 1:
        value = absolute.pop()
        return StatedDose(value, "mg", f"{plain(value)} mg (in the text)")
    if absolute or len(relative) > 1:
        return StatedDose(None, None, text[:80])
    if relative:
        value = relative.pop()
        return StatedDose(value, "mg/m2", f"{plain(value)} mg/m2 (in the text)")
    return None


_VIAL = re.compile(r"\bvials?\b", re.IGNORECASE)
_UNIT = re.compile(
    r"^(?:\{?(?:billing |hcpcs |j9229 )?units?\}?|un?|\[usp'u\]|\[arb'u\]|1|j9229|0\.1 ?mg|\{?dose unit\}?)$",
    re.IGNORECASE,
)


def _billing(body: Mapping[str, Any]) -> tuple[Decimal | None, str, bool]:
    """J9229 units of the order, the quantity as written, and whether it counts vials."""
    dispense = as_dict(as_dict(body.get("dispenseRequest")).get("quantity"))
    value = dispense or as_dict(body.get("quantityQuantity"))
    number = as_decimal(value.get("value"))
    if number is None or number <= 0:
        return None, "", False
    code, unit = unit_names(value)
    name = unit or code or ""
    written = f"{plain(number)} {name}".strip()
    if _VIAL.search(f"{name} {code or ''}"):
        return None, written, True
    if not name or _UNIT.match(name) or _UNIT.match(code or ""):
        return number, written, False
    return None, written, False
