"""An order as a prescriber wrote it: the drug, the planned days, the label, the dose as stated.

Reads MedicationRequest (R4 and the STU3 places of a dose) and ServiceRequest. What dose is right
is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, tzinfo
from decimal import Decimal
from itertools import pairwise
from typing import Any

from cds_service.clinical.therapy.drugs import ingredients
from cds_service.clinical.therapy.frequency import length_in_days
from cds_service.clinical.therapy.labels import NO_CYCLE, Label, PlannedDays, label_of, labels_in
from cds_service.clinical.therapy.medication import medication_concept
from cds_service.clinical.therapy.order_dose import Billing, billing_of, service_quantity, stated_dose
from cds_service.clinical.therapy.planned_doses import (
    Amount,
    Instruction,
    PlannedDose,
    planned_doses,
    read_instruction,
)
from cds_service.clinical.therapy.schedule import beside_words, dosage_parts, schedule_of, stated_times
from cds_service.clinical.therapy.worded_days import days_of_order
from cds_service.fhir.dates import When, read_when, start_of, whole_day
from cds_service.fhir.json_types import as_dict, as_dicts, as_list, as_prose, as_text
from cds_service.fhir.quantities import as_decimal
from cds_service.fhir.record import Resolver, Resource
from cds_service.fhir.references import local_reference
from cds_service.values import dataclass


@dataclass(frozen=True, slots=True)
class Supply:
    """What an order asks to dispense: the days one supply is for, and how often it may be repeated."""

    days: Decimal | None = None
    repeats_allowed: int = 0


@dataclass(frozen=True, slots=True)
class Order:
    """One draft order (or an order already active) for one drug.

    ``times`` are the days of all doses of one supply; a day stands twice when two are planned for
    it. ``repeats``: by a repeat, not by single days; ``endless``: nothing says until when. ``timing_problem``: doses whose days
    cannot be determined. ``days_problem``: words for several doses that are not sure; ``first_day_in_words``: the day
    of a cycle, not named, on which words for several doses begin. ``replaces`` names the orders before this one (``priorPrescription``);
    ``names`` are those by which another may name this one: its reference, its identifiers.
    """

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
    times: tuple[date, ...] = ()
    repeats: bool = False
    endless: bool = False
    timing_problem: str = ""
    first_day_in_words: int | None = None
    days_problem: str = ""
    supply: Supply = Supply()
    replaces: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()

    def takes_over(self, other: Order) -> bool:
        """Whether this order names another as before it."""
        return not other.names.isdisjoint(self.replaces)

    @property
    def closest(self) -> tuple[date, date] | None:
        """The two doses of this order that lie closest together."""
        return min(pairwise(self.times), key=lambda pair: (pair[1] - pair[0], pair), default=None)


def order_texts(body: Mapping[str, Any]) -> tuple[str, ...]:
    """The texts of an order that may carry its cycle and day."""
    found = [as_prose(d.get(m)) for d in dosage_parts(body) for m in ("text", "patientInstruction")]
    return (*(t for t in found if t), *_texts_of_all(body))


def _texts_of_all(body: Mapping[str, Any]) -> Iterator[str]:
    """The texts that speak of the order as a whole."""
    notes = [as_prose(n.get("text")) for n in as_dicts(body.get("note"))]
    yield from (t for t in (*notes, as_prose(body.get("patientInstruction"))) if t)


def is_for(resource: Resource, drug: str, record: Resolver) -> bool:
    """Whether an order is for a drug, by code or else by its words."""
    concept = medication_concept(resource, record)
    return concept is not None and drug in ingredients(concept)


def read_order(resource: Resource, clock: datetime, cycle: PlannedDays = NO_CYCLE) -> Order:
    """Read one order. A planned day that is not stated is today (docs/record-reading.md#timing-of-an-order, step 4).

    ``cycle`` are the planned days of the drug's cycle: by them labels are understood.
    """
    body, zone = resource.body, zone_of(clock)
    stated, supply = _stated_start(body, zone), _supply(body)
    instructions = _instructions(body, stated or whole_day(clock.date()), zone, supply, cycle)
    doses = _with_service_amount(body, planned_doses(instructions, cycle))
    days, texts = tuple(d.day for d in doses), order_texts(body)
    return Order(
        reference=resource.reference,
        resource=resource,
        planned=days[0],
        planned_is_stated=stated is not None,
        days=days,
        last_day=max([days[-1], *(i.schedule.last_day for i in instructions if i.schedule.last_day)]),
        label=_label(instructions, doses, texts, cycle),
        texts=texts,
        doses=doses,
        billing=billing_of(body),
        times=tuple(d.day for d in doses for _ in range(d.times)),
        repeats=any(i.schedule.repeats for i in instructions),
        endless=any(i.schedule.endless for i in instructions),
        timing_problem=next((i.schedule.problem for i in instructions if i.schedule.problem), ""),
        first_day_in_words=_first_day_in_words(instructions, doses),
        days_problem=next((i.problem for i in instructions if i.problem), ""),
        supply=supply,
        replaces=tuple(_replaced(body)),
        names=frozenset((resource.reference, *_identified_as(body.get("identifier")))),
    )


def zone_of(clock: datetime) -> tzinfo:
    """The offset of the evaluation clock, which always carries one."""
    assert clock.tzinfo is not None
    return clock.tzinfo


def _stated_start(body: Mapping[str, Any], zone: tzinfo) -> When | None:
    """``timing.event``, else ``boundsPeriod.start``, else ``occurrence[x]``; None when none is stated."""
    timings = [_to_the_day(d.get("timing"), zone) for d in dosage_parts(body)]
    stated = [w for timing in timings for w in stated_times(timing, zone)]
    if stated:
        return min(stated, key=lambda w: w.first)
    single = read_when(body.get("occurrenceDateTime"), zone) or start_of(body.get("occurrencePeriod"), zone)
    if _names_a_day(single):
        return single
    if "occurrenceTiming" not in body:
        return None
    times = stated_times(_to_the_day(body["occurrenceTiming"], zone), zone)
    return times[0] if times else None


def _to_the_day(timing: object, zone: tzinfo) -> Mapping[str, Any]:
    """A Timing without planned dates that are only a month or a year: they name no planned day."""
    kept = dict(as_dict(timing))
    if "event" in kept:
        kept["event"] = [e for e in as_list(kept["event"]) if _names_a_day(read_when(e, zone))]
    repeat = as_dict(kept.get("repeat"))
    if not _names_a_day(start_of(repeat.get("boundsPeriod"), zone)):
        bounds = {k: v for k, v in as_dict(repeat.get("boundsPeriod")).items() if k != "start"}
        kept |= {"repeat": {**repeat, "boundsPeriod": bounds}} if "boundsPeriod" in repeat else {}
    return kept


def _names_a_day(when: When | None) -> bool:
    return when is not None and when.day is not None


def _instructions(
    body: Mapping[str, Any], start: When, zone: tzinfo, supply: Supply, cycle: PlannedDays
) -> list[Instruction]:
    """The dosage instructions with their days; a service's timing is its ``occurrenceTiming``."""
    dosages = dosage_parts(body) or [{"timing": as_dict(body.get("occurrenceTiming"))}]
    found = []
    for dosage, words in zip(dosages, days_of_order(dosages, _texts_of_all(body), cycle), strict=True):
        timing = _to_the_day(dosage.get("timing"), zone)
        timed = schedule_of(timing, start, zone, supply.days)
        planned = beside_words(timed, timing, words, zone, supply.days)
        has_day = bool(stated_times(timing, zone))
        found.append(read_instruction(dosage, planned, words, cycle, has_day=has_day))
    return found


def _first_day_in_words(instructions: Sequence[Instruction], doses: Sequence[PlannedDose]) -> int | None:
    """The first day of a cycle, where words plan several doses and name no cycle."""
    first = min(instructions, key=lambda i: i.schedule.times[0].first)
    in_words = len(doses) > 1 and any(i.in_words for i in instructions)
    return first.day if in_words and first.label is None else None


def _supply(body: Mapping[str, Any]) -> Supply:
    request = as_dict(body.get("dispenseRequest"))
    repeats = as_decimal(request.get("numberOfRepeatsAllowed"))
    return Supply(
        length_in_days(request.get("expectedSupplyDuration")),
        int(repeats) if repeats is not None and repeats > 0 else 0,
    )


def _replaced(body: Mapping[str, Any]) -> Iterator[str]:
    """The orders that this one names as before it."""
    for pointer in (as_dict(body.get("priorPrescription")), *as_dicts(body.get("replaces"))):
        reference = as_text(pointer.get("reference")) or ""
        if reference:
            yield local_reference(reference) or reference
        yield from _identified_as(pointer.get("identifier"))


def _identified_as(identifiers: object) -> Iterator[str]:
    """Identifiers as names of a resource, where they say in which system."""
    for one in as_dicts(identifiers):
        system, value = as_text(one.get("system")), as_text(one.get("value"))
        if system and value:
            yield f"{system}|{value}"


def _with_service_amount(body: Mapping[str, Any], doses: Sequence[PlannedDose]) -> tuple[PlannedDose, ...]:
    """The doses of an order without dosage instructions: a service's quantity is each one's amount."""
    amount = stated_dose(service_quantity(body))
    if dosage_parts(body) or amount.value is None:
        return tuple(doses)
    return tuple(replace(d, amounts=(Amount((amount,)),)) for d in doses)


def _label(
    instructions: Sequence[Instruction],
    doses: Sequence[PlannedDose],
    texts: tuple[str, ...],
    cycle: PlannedDays,
) -> Label | None:
    """The label of the first planned dose: that of its own instruction, else of the whole order."""
    first = min(instructions, key=lambda i: i.schedule.times[0].first)
    own = doses[0].label or first.label or label_of(texts, cycle)
    return own or (_first_of_one_cycle(texts, cycle) if len(doses) > 1 else None)


def _first_of_one_cycle(texts: Iterable[str], cycle: PlannedDays) -> Label | None:
    """The first label of an order for several days that names them all ("C2D1, C2D8, C2D15")."""
    found = {label for text in texts for label in labels_in(text, cycle)}
    return min(found) if len({label.cycle for label in found}) == 1 else None
