"""The doses that an order plans: what its dosage instructions state, put together day by day.

Several instructions for one day are one dose. Instructions without a time of their own are of the
first day, unless their labels or sequence set them apart. What dose is right is not known here.
Source: docs/record-reading.md#timing-of-an-order, step 2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from cds_service.clinical.therapy.labels import Label, PlannedDays, label_of
from cds_service.clinical.therapy.order_dose import StatedDose, doses_in
from cds_service.clinical.therapy.schedule import InWords, Schedule
from cds_service.clinical.therapy.worded_days import WordedDays
from cds_service.clinical.therapy.worded_dose import dose_in_text
from cds_service.fhir.json_types import as_prose
from cds_service.values import dataclass

_DILUENT = re.compile(
    r"\b(?:saline|sodium chloride|NaCl|NS|diluent|dilut\w+|flush\w*|dextrose|D5W|water for injection|reconstitut\w+)\b",
    re.IGNORECASE,
)
_ANY_CYCLE = 0
_VOLUME = re.compile(r"\bm?L$|\bmillilit", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Amount:
    """What one instruction states: quantities (one instruction may give mg and mg/m2), and a figure in words."""

    stated: tuple[StatedDose, ...] = ()
    in_text: StatedDose | None = None

    @property
    def is_named(self) -> bool:
        """Whether the instruction names an amount; a rate, a diluent or advice names none."""
        return bool(self.stated) or self.in_text is not None


@dataclass(frozen=True, slots=True)
class Instruction:
    """One dosage instruction: when, the label of its own text, its place in the sequence, the amount.

    ``has_day``: its timing names a day; else it is of the order's first day. ``in_words``: its text, not
    its timing, says that there are several doses; ``labels`` are then theirs, where it names the cycle.
    ``day`` is the first day of a cycle that its text names. ``problem`` quotes what is not surely read of several.
    """

    schedule: Schedule
    label: Label | None
    sequence: int | None
    has_day: bool
    amount: Amount
    in_words: bool = False
    labels: tuple[Label | None, ...] = ()
    day: int | None = None
    problem: str = ""

    def label_at(self, place: int) -> Label | None:
        """The label of one of its doses. That of an instruction for several days is not that of one of them."""
        if self.labels:
            return self.labels[place] if place < len(self.labels) else None
        return self.label if len(self.schedule.times) == 1 else None


@dataclass(frozen=True, slots=True)
class PlannedDose:
    """One planned dose of an order: its day, the label of its own text, and the amounts that make it up.

    ``times`` is how often the order plans it on that day.
    """

    day: date
    label: Label | None
    amounts: tuple[Amount, ...]
    times: int = 1


def read_instruction(
    dosage: Mapping[str, Any], planned: InWords, words: WordedDays, cycle: PlannedDays, *, has_day: bool
) -> Instruction:
    """One dosage instruction of an order, with the days that its timing or its words plan.

    ``has_day``: its timing names one itself.
    """
    text = as_prose(dosage.get("text")) or ""
    in_text = dose_in_text(text)
    stated = list(doses_in(dosage))
    if _is_known(in_text) or _DILUENT.search(text):  # then a volume is that of the infusion
        stated = [d for d in stated if not _VOLUME.search(d.quoted)]
    sequence = dosage.get("sequence")
    labels = _labels(words, cycle) if planned.used else ()
    return Instruction(
        planned.schedule,
        labels[0] if labels else label_of([text], cycle),
        sequence if isinstance(sequence, int) else None,
        has_day,
        Amount(tuple(stated), in_text),
        in_words=planned.used,
        labels=labels,
        day=words.days[0] if words.days else None,
        problem=planned.problem,
    )


def _is_known(stated: StatedDose | None) -> bool:
    return stated is not None and stated.value is not None


def _labels(words: WordedDays, cycle: PlannedDays) -> tuple[Label | None, ...]:
    """The labels of the days that words name, where they name the cycle as well."""
    if words.cycle is None:
        return ()
    slots = [cycle.slot(day) for day in words.days]
    return tuple(Label(words.cycle, slot) if slot is not None else None for slot in slots)


def planned_doses(instructions: Sequence[Instruction], cycle: PlannedDays) -> tuple[PlannedDose, ...]:
    """The planned doses in order of time; several instructions for one day are one dose."""
    by_day: dict[date, list[tuple[Instruction, Label | None]]] = {}
    for instruction, days in _placed(instructions, cycle.apart):
        for place, day in enumerate(days):
            by_day.setdefault(day, []).append((instruction, instruction.label_at(place)))
    return tuple(_dose(day, of_day) for day, of_day in sorted(by_day.items()))


def _dose(day: date, placed: Sequence[tuple[Instruction, Label | None]]) -> PlannedDose:
    """The dose of one day, with the label that one of its instructions has for that day."""
    each = [i for i, _ in placed]
    distinct = list({id(i): i for i in each}.values())
    return PlannedDose(
        day,
        next((label for _, label in placed if label is not None), None),
        tuple(i.amount for i in distinct),
        max(sum(i is one for i in each) for one in distinct),
    )


def _placed(instructions: Sequence[Instruction], apart: timedelta) -> list[tuple[Instruction, list[date]]]:
    """Each instruction with its days. Those without a time follow each other by label, else so far ``apart``."""
    keys = list(dict.fromkeys(_key(i) for i in instructions if _may_be_apart(i)))
    found = []
    for i in instructions:
        days = [w.first for w in i.schedule.times]
        if _may_be_apart(i) and len(keys) > 1:
            days = [day + _after(keys, _key(i), apart) for day in days]
        found.append((i, days))
    return found


def _may_be_apart(i: Instruction) -> bool:
    return not i.has_day and i.amount.is_named


def _key(i: Instruction) -> Label | int | None:
    """What sets an instruction apart: its label, its day where no cycle is named, its place in the sequence."""
    if i.label is None and i.day is not None:
        return Label(_ANY_CYCLE, i.day)
    return i.label if i.label is not None else i.sequence


def _after(keys: Sequence[Label | int | None], key: Label | int | None, apart: timedelta) -> timedelta:
    """How long after the first instruction another one is planned."""
    first = keys[0]
    if (
        isinstance(first, Label)
        and isinstance(key, Label)
        and (first.cycle == key.cycle or _ANY_CYCLE in (first.cycle, key.cycle))
    ):
        return timedelta(days=key.day - first.day)
    return apart * keys.index(key)
