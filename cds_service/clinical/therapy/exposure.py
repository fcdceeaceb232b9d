"""Uses of drugs: every record that a drug was ordered, dispensed, taken or given.

Knows how each FHIR medication resource says what drug, when, by which route and why. Does not
know what a use means for any policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta, tzinfo
from typing import Any

from cds_service.clinical.therapy.drugs import UNRESOLVED, medication_ingredients
from cds_service.clinical.therapy.frequency import LONGEST, length_in_days
from cds_service.clinical.therapy.medication import medication_concept
from cds_service.clinical.therapy.reasons import is_benign, reasons_of
from cds_service.clinical.therapy.route import Route, route_of
from cds_service.clinical.therapy.schedule import planned_times, schedule_of
from cds_service.fhir.codings import words_in
from cds_service.fhir.dates import When, end_of, read_when, start_of, whole_day
from cds_service.fhir.json_types import as_dict, as_dicts, as_prose, as_text
from cds_service.fhir.quantities import as_decimal
from cds_service.fhir.record import Record, Resource
from cds_service.fhir.requests import status_of
from cds_service.values import dataclass

MEDICATION_TYPES = (
    "MedicationAdministration",
    "MedicationStatement",
    "MedicationDispense",
    "MedicationRequest",
)
ORDERS = ("MedicationRequest", "ServiceRequest")
RANK = {
    "MedicationAdministration": 3,
    "MedicationStatement": 2,
    "MedicationDispense": 2,
    "Procedure": 2,
    "MedicationRequest": 1,
    "ServiceRequest": 1,
}
_LONGEST_SUPPLY = 366  # days handed out at once; more is an error of entry
ONLY_PROPOSED = frozenset({"proposal", "option"})
_WHY_NOT = ("statusReason", "reasonNotGiven", "reasonNotTaken")  # as R4 and earlier versions call it


@dataclass(frozen=True, slots=True)
class DrugUse:
    """One record of the use of one or more drugs.

    ``days`` are single times (events, one administration); ``start`` and ``end`` bound a period.
    ``supplied_until`` is the last day that an ordered supply with all its repeats is for.
    ``texts`` are its notes and instructions; ``reasons`` why it is used, ``status_reasons`` why not.
    ``in_doubt``: its words name the drugs, and do not surely order them. ``local``: into an eye or ear, or on the skin.
    """

    drugs: frozenset[str]
    kind: str
    status: str
    intent: str
    reference: str
    words: str
    days: tuple[When, ...]
    start: When | None
    end: When | None
    authored: When | None
    texts: tuple[str, ...]
    reasons: str
    status_reasons: str
    intrathecal: bool
    benign_reason: bool
    amount: Mapping[str, Any]
    concept: Mapping[str, Any]
    linked: str | None = None
    supplied_until: date | None = None
    reason_codes: tuple[Mapping[str, Any], ...] = ()
    in_doubt: bool = False
    local: bool = False

    @property
    def is_systemic(self) -> bool:
        """Whether it may act in the whole body: neither intrathecal nor local."""
        return not (self.intrathecal or self.local)

    @property
    def rank(self) -> int:
        return RANK[self.kind]

    @property
    def is_given(self) -> bool:
        """Whether the record says that the drug was given or taken (rank order of POL-COURSE-DOSE)."""
        return self.status in GIVEN_STATUSES[self.kind]

    @property
    def was_begun(self) -> bool:
        """Whether the drug was given or taken for some time, or may have been: a statement may stand on hold."""
        paused = self.kind == "MedicationStatement" and self.status == "on-hold"
        return self.is_given or paused or self.status == "stopped"

    @property
    def first_known(self) -> When | None:
        """When the use began, as far as the record says."""
        times = [w for w in (*self.days, self.start) if w is not None]
        return min(times, key=lambda w: w.first) if times else self.authored

    @property
    def last_known(self) -> When | None:
        """The latest time at which the use is known to have gone on or ended."""
        times = [w for w in (*self.days, self.start, self.end) if w is not None]
        return max(times, key=lambda w: w.last) if times else self.authored

    @property
    def all_text(self) -> str:
        return " ; ".join((self.words, *self.texts, self.reasons))


# The statuses with which a record of each type proves that a drug was given.
GIVEN_STATUSES: Mapping[str, frozenset[str]] = {
    "MedicationAdministration": frozenset({"completed", "in-progress", "stopped"}),
    "MedicationStatement": frozenset({"completed", "active", "stopped"}),
    "MedicationDispense": frozenset({"completed"}),
    "Procedure": frozenset({"completed", "in-progress", "stopped"}),
    "MedicationRequest": frozenset({"completed"}),
    "ServiceRequest": frozenset({"completed"}),
}


def uses_of(record: Record, zone: tzinfo) -> list[DrugUse]:
    """All drug uses of a record, without what is only proposed or of unknown state."""
    found = []
    for kind in MEDICATION_TYPES:
        for resource in record.of_type(kind):
            body = resource.body
            if as_text(body.get("intent")) not in ONLY_PROPOSED and body.get("status") != "unknown":
                found.append(use_of(resource, record, zone))
    return found


def use_of(resource: Resource, record: Record, zone: tzinfo) -> DrugUse:
    """One medication resource as a drug use."""
    body, kind = resource.body, resource.type
    concept = medication_concept(resource, record)
    dosages = as_dicts(body.get("dosageInstruction")) or as_dicts(body.get("dosage"))
    texts = _texts(body, dosages)
    days, start, end = _times(kind, body, dosages, zone)
    authored = read_when(body.get("authoredOn"), zone) or read_when(body.get("dateAsserted"), zone)
    reason_codes = tuple(reasons_of(body, record, resource))
    reasons = " ; ".join(words_in(reason) for reason in reason_codes) if reason_codes else ""
    words = words_in(concept)
    route = route_of(dosages, texts, words)
    return DrugUse(
        drugs=frozenset({UNRESOLVED}) if concept is None else medication_ingredients(concept),
        kind=kind,
        status=status_of(body),
        intent=as_text(body.get("intent")) or "order",
        reference=resource.reference,
        words=words,
        days=days,
        start=start,
        end=end,
        authored=authored,
        texts=texts,
        reasons=reasons,
        status_reasons=" ; ".join(
            [words_in(reason) for m in _WHY_NOT if m in body for reason in as_dicts(body[m])]
        ),
        intrathecal=route is Route.INTRATHECAL,
        benign_reason=bool(reason_codes) and is_benign(reason_codes, reasons),
        amount=_amount(dosages),
        concept=concept or {},
        linked=as_text(as_dict(body["request"]).get("reference")) if "request" in body else None,
        supplied_until=_ordered_supply_end(body, start or authored),
        reason_codes=reason_codes,
        in_doubt=route is Route.MIXED,
        local=route is Route.LOCAL,
    )


def _times(
    kind: str, body: Mapping[str, Any], dosages: list[Mapping[str, Any]], zone: tzinfo
) -> tuple[tuple[When, ...], When | None, When | None]:
    if kind == "MedicationDispense":
        handed = read_when(body.get("whenHandedOver"), zone) or read_when(body.get("whenPrepared"), zone)
        return ((handed,) if handed else ()), handed, _supplied_until(body, handed)
    if kind == "MedicationRequest":
        return planned_times(dosages, zone), *_ordered_period(body, dosages, zone)
    if kind == "ServiceRequest":
        period = body.get("occurrencePeriod")
        single = read_when(body.get("occurrenceDateTime"), zone)
        events = (
            (single,) if single else planned_times([{"timing": as_dict(body.get("occurrenceTiming"))}], zone)
        )
        return events, start_of(period, zone), end_of(period, zone)
    done = "performed" if kind == "Procedure" else "effective"
    single = read_when(body.get(f"{done}DateTime"), zone)
    if single is not None:
        return (single,), None, None
    period = body.get(f"{done}Period")
    start, end = start_of(period, zone), end_of(period, zone)
    if (
        kind in ("MedicationAdministration", "Procedure")
        and start is not None
        and (end is None or _one_infusion(start, end))
    ):
        return (start,), start, end
    if (
        kind == "MedicationStatement"
        and start is not None
        and end is not None
        and start.day == end.day is not None
    ):
        return (start,), start, end
    return (), start, end


def _ordered_period(
    body: Mapping[str, Any], dosages: list[Mapping[str, Any]], zone: tzinfo
) -> tuple[When | None, When | None]:
    """The period that an order states: ``boundsPeriod``; else its end by duration or count, from when it was written."""
    timings = [as_dict(d.get("timing")) for d in dosages]
    repeats = [as_dict(t.get("repeat")) for t in timings]
    starts = [w for r in repeats if (w := start_of(r.get("boundsPeriod"), zone))]
    ends = [w for r in repeats if (w := end_of(r.get("boundsPeriod"), zone))]
    written = read_when(body.get("authoredOn"), zone)
    for timing, repeat in zip(timings, repeats, strict=True):
        if not ends and any(member in repeat for member in ("boundsDuration", "boundsRange", "count")):
            last = schedule_of(timing, written, zone).last_day
            ends += [whole_day(last)] if last is not None else []
    return min(starts, key=lambda w: w.first, default=None), max(ends, key=lambda w: w.last, default=None)


def _ordered_supply_end(body: Mapping[str, Any], began: When | None) -> date | None:
    """The last day of an ordered supply with all the repeats that are allowed."""
    if "dispenseRequest" not in body:
        return None
    request = as_dict(body["dispenseRequest"])
    length = length_in_days(request.get("expectedSupplyDuration"))
    if began is None or length is None:
        return None
    repeats = as_decimal(request.get("numberOfRepeatsAllowed")) or 0
    days = min(length * (1 + max(int(repeats), 0)), LONGEST)
    return began.last + timedelta(days=max(int(days) - 1, 0))


def _supplied_until(body: Mapping[str, Any], handed: When | None) -> When | None:
    """The last day that a dispensed supply is for."""
    supply = as_decimal(as_dict(body.get("daysSupply")).get("value"))
    if handed is None or supply is None or not 0 < supply <= _LONGEST_SUPPLY:
        return None
    return whole_day(handed.last + timedelta(days=int(supply) - 1))


def _one_infusion(start: When, end: When) -> bool:
    """A period of at most a day is one administration, not a stretch of treatment."""
    return (end.last - start.first).days <= 1


def _texts(body: Mapping[str, Any], dosages: list[Mapping[str, Any]]) -> tuple[str, ...]:
    found = [as_prose(d[member]) for d in dosages for member in ("text", "patientInstruction") if member in d]
    if "note" in body:
        found += [as_prose(note.get("text")) for note in as_dicts(body["note"])]
    if "patientInstruction" in body:
        found.append(as_prose(body["patientInstruction"]))
    return tuple([text for text in found if text])


def _amount(dosages: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The Quantity of the first dose stated, wherever the version of FHIR puts it."""
    for dosage in dosages:
        for part in (*as_dicts(dosage.get("doseAndRate")), dosage):
            for member in ("doseQuantity", "dose"):
                if member in part and (found := as_dict(part[member])):
                    return found
    return {}
