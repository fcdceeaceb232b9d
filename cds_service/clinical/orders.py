"""An order as a prescriber wrote it: the drug, the planned days, the label, the dose as stated.

Reads MedicationRequest (R4 and the STU3 places of a dose) and ServiceRequest. What dose is right
is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any

from cds_service.clinical.drugs import ingredients
from cds_service.clinical.exposure import medication_concept
from cds_service.clinical.labels import Label, label_of, labels_in
from cds_service.clinical.order_dose import (
    Billing,
    StatedDose,
    billing_of,
    dose_in_text,
    doses_in,
    service_quantity,
    stated_dose,
)
from cds_service.clinical.schedule import dosage_parts, planned_times
from cds_service.fhir.dates import When, read_when, start_of
from cds_service.fhir.json_types import as_dict, as_dicts, as_text
from cds_service.fhir.record import Record, Resource


@dataclass(frozen=True, slots=True)
class PlannedDose:
    """One planned dose of an order: its day, the label of its own text, and the dose as stated.

    ``stated`` are quantities (one instruction may give mg and mg/m2), ``in_text`` a figure in words.
    """

    day: date
    label: Label | None
    stated: tuple[StatedDose, ...]
    in_text: StatedDose | None


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
    doses: tuple[PlannedDose, ...]
    billing: Billing


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
    stated = tuple(sorted({w.first for w in times}))
    days = stated or (clock.date(),)
    texts, dosages = order_texts(body), _by_day(body, zone_of(clock))
    return Order(
        reference=reference,
        resource=resource,
        planned=days[0],
        planned_is_stated=bool(stated),
        days=days,
        last_day=_last_day(body, stated, clock),
        label=_label(dosages, texts, days),
        texts=texts,
        doses=tuple(_planned_doses(body, dosages, days, zone_of(clock))),
        billing=billing_of(body),
    )


def zone_of(clock: datetime) -> tzinfo:
    """The offset of the evaluation clock, which always carries one."""
    assert clock.tzinfo is not None
    return clock.tzinfo


def _label(
    dosages: Sequence[Mapping[str, Any]], texts: tuple[str, ...], days: tuple[date, ...]
) -> Label | None:
    """The label of the first planned dose: that of its own instruction, else of the whole order."""
    first = as_text(dosages[0].get("text")) if dosages else None
    own = label_of([first]) if first else None
    return own or label_of(texts) or (_first_of_one_cycle(texts) if len(days) > 1 else None)


def _first_of_one_cycle(texts: Iterable[str]) -> Label | None:
    """The first label of an order for several days that names them all ("C2D1, C2D8, C2D15")."""
    found = {label for text in texts for label in labels_in(text)}
    return min(found) if len({label.cycle for label in found}) == 1 else None


def _by_day(body: Mapping[str, Any], zone: tzinfo) -> list[Mapping[str, Any]]:
    """The dosage instructions in the order of their first planned day; undated ones come first."""

    def first_day(dosage: Mapping[str, Any]) -> date:
        times = planned_times([dosage], zone)
        return times[0].first if times else date.min

    return sorted(dosage_parts(body), key=first_day)


def _planned_doses(
    body: Mapping[str, Any], dosages: Sequence[Mapping[str, Any]], days: tuple[date, ...], zone: tzinfo
) -> Iterator[PlannedDose]:
    """Each planned dose with what its own instruction, or a service's quantity, states of it."""
    if not dosages:
        amount = stated_dose(service_quantity(body))
        yield from (PlannedDose(day, None, (amount,) if amount.value else (), None) for day in days)
    for dosage in dosages:
        text = as_text(dosage.get("text")) or ""
        own_days = [w.first for w in planned_times([dosage], zone)] or [days[0]]
        label = label_of([text]) if len(own_days) == 1 else None
        for day in own_days:
            yield PlannedDose(day, label, tuple(doses_in(dosage)), dose_in_text(text))


def planned_days(body: Mapping[str, Any], clock: datetime) -> tuple[When, ...]:
    """``timing.event``, else ``boundsPeriod.start``, else ``occurrence[x]``; empty when none is stated."""
    zone = zone_of(clock)
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
