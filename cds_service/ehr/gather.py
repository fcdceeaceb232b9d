"""From an EHR's call to a record: what was sent, then what can be read, until the deadline.

Every need ends as seen, as known to be empty, or as a gap with its reason. Decides nothing clinical.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import UTC, date, datetime
from typing import Any

from cds_service.ehr.bundles import Page
from cds_service.ehr.crew import AT_ONCE, Crew
from cds_service.ehr.fhir_client import FhirClient, FhirError, late
from cds_service.ehr.medications import (
    MADE_OF,
    MOST_READ,
    drug_reference,
    held_drugs,
    lost_drug,
    read_medication,
    without_foreign,
)
from cds_service.ehr.needs import BY_NEED, CLINICAL, NEEDS, DataNeed
from cds_service.ehr.notes import documents_to_read, read_note
from cds_service.ehr.prefetch import prefetched, sent
from cds_service.ehr.scopes import Access
from cds_service.ehr.search import NotOfferedError, answers, following
from cds_service.ehr.seen import Note, Seen
from cds_service.fhir.belonging import MAY_NAME_NOBODY
from cds_service.fhir.gaps import GapCode, Reason
from cds_service.fhir.record import DataKind, Record, Resource, record_of
from cds_service.fhir.references import local_reference
from cds_service.values import dataclass

_SCOPE = Reason("the granted scopes do not allow it", GapCode.SCOPE)
_FIRST_PAGE = Reason("only its first page was sent", GapCode.CUT_OFF)
_NOT_SENT = Reason("it was not sent")
_NO_ADDRESS = Reason("it has no address on this server")
_PART = Reason("the granted scopes allow only a part of it", GapCode.SCOPE)


class NoAccess(Exception):
    """No FHIR server can be asked, and too little was sent to say anything."""


@dataclass(frozen=True, slots=True)
class EhrRequest:
    """What a call says about its data. ``fhir_server`` is None when none was named; ``today`` dates the notes to read."""

    patient_id: str
    prefetch: Mapping[str, Any] = field(default_factory=dict)
    draft_resources: tuple[Resource, ...] = ()
    fhir_server: str | None = None
    access_token: str | None = None
    scope: str | None = None
    today: date | None = None


@dataclass(frozen=True, slots=True)
class Gathered:
    """The record, how each need was answered, and the time that it took in milliseconds."""

    record: Record
    notes: tuple[Note, ...]
    prefetch_ms: float
    fetch_ms: float


def gather(request: EhrRequest, client: FhirClient | None, deadline: float) -> Gathered:
    """The record of the call's patient, by ``deadline`` on the monotonic clock whatever the EHR does.

    ``client`` is None when no server can be asked. Raises NoAccess when too little was sent then.
    """
    started = time.monotonic()
    call = _Call(request, client, deadline)
    open_rows = call.take_prefetch()
    taken = time.monotonic()
    if client is None:
        call.leave(open_rows)
    else:
        call.fetch(client, open_rows)
    record = call.record()
    notes = tuple(seen.note for seen in call.seen.values())
    return Gathered(record, notes, (taken - started) * 1000, (time.monotonic() - taken) * 1000)


_Open = list[tuple[DataNeed, Page | None]]  # rows to ask, with the page that was sent of them
_Label = DataKind | str  # a need, the reference of a Medication, or the address of a note
_TELL_NOTES = frozenset(
    {DataKind.DOCUMENT_REFERENCES, DataKind.DIAGNOSTIC_REPORTS, DataKind.MEDICATION_ADMINISTRATIONS}
)


class _Call:
    """The state of one call. Only the calling thread changes it."""

    def __init__(self, request: EhrRequest, client: FhirClient | None, deadline: float) -> None:
        self.request = request
        self.deadline = deadline
        server = client.server if client is not None else request.fhir_server
        self.seen = {row.need: Seen(row, request.patient_id, server) for row in NEEDS}
        drafts = request.draft_resources
        self.medications = {r.reference: r for r in drafts if r.type == "Medication"}
        self.notes: dict[str, Resource] = {}  # Binaries by the address that a document gives
        self.asked: dict[str, Reason] = {}  # references of Medications, each with why it was not had

    def take_prefetch(self) -> _Open:
        """Take in what was sent; gives back the rows that are absent or have further pages."""
        found: _Open = []
        for row in NEEDS:
            page = prefetched(self.request.prefetch, row.need)
            if page is not None:
                self._take(row.need, page, "prefetch")
            if page is None or page.next_link is not None:
                found.append((row, page))
        self._take_drugs()
        return found

    def _take_drugs(self) -> None:
        """Take in the drugs that were sent under keys of their own, such as the standard one of Da Vinci CRD."""
        for key in sorted(self.request.prefetch.keys() - BY_NEED.keys()):
            page = sent(self.request.prefetch, key)
            for resource in page.resources if page is not None else ():
                if resource.type in MADE_OF:
                    self.medications.setdefault(resource.reference, resource.come_by("prefetch"))

    def leave(self, open_rows: _Open) -> None:
        """Without a server, what was not sent is a gap."""
        absent = {row.need for row, page in open_rows if page is None}
        if DataKind.PATIENT in absent or absent.issuperset(CLINICAL):
            raise NoAccess
        for row, page in open_rows:
            if page is None:
                self.seen[row.need].failure = Reason("it was not sent, and there is no FHIR server to ask")
            else:
                self.seen[row.need].remark = _FIRST_PAGE

    def fetch(self, client: FhirClient, open_rows: _Open) -> None:
        """Ask the server for what is open, and for drugs that are named by reference only."""
        crew: Crew[_Label, Page] = Crew(AT_ONCE)
        running: set[_Label] = set()

        def look_up(resources: Iterable[Resource]) -> None:
            for reference in self._to_look_up(client, resources):
                running.add(reference)
                crew.give(reference, read_medication(client, reference, self.deadline))

        for row, page in open_rows:
            if self._may_ask(client, row):
                running.add(row.need)
                crew.give(row.need, self._job(client, row, page))
        look_up(without_foreign(draft, client.server) for draft in self.request.draft_resources)
        look_up([resource for seen in self.seen.values() for resource in seen.resources])
        read_notes = self._notes_reader(client, crew, running)
        read_notes()
        for handed in crew.until(self.deadline):
            if handed.item is not None:
                look_up(self._take(handed.label, handed.item, "fetched"))
            if handed.is_end:
                running.discard(handed.label)
                read_notes()
                if handed.error is not None:
                    self._fail(handed.label, handed.error)
        for label in running:
            self._fail(label, late())

    def _notes_reader(
        self, client: FhirClient, crew: Crew[_Label, Page], running: set[_Label]
    ) -> Callable[[], None]:
        """Reads the newest notes, once, as soon as it is known which they are."""
        begun = False

        def read() -> None:
            nonlocal begun
            if begun or running & _TELL_NOTES or not client.access("Binary", reading=True).allowed:
                return
            begun = True
            own = [resource for need in _TELL_NOTES for resource in self.seen[need].resources]
            for url in documents_to_read(own, client.server, self.request.today or datetime.now(UTC).date()):
                running.add(url)
                crew.give(url, read_note(client, url, self.deadline))

        return read

    def _may_ask(self, client: FhirClient, row: DataNeed) -> bool:
        granted = client.access(row.resource_type, reading=row.is_read)
        if granted is Access.NONE:
            self.seen[row.need].failure = _SCOPE
        elif granted is Access.PART:
            self.seen[row.need].remark = _PART
        return granted.allowed

    def _job(self, client: FhirClient, row: DataNeed, page: Page | None) -> Iterator[Page]:
        if page is None:
            return answers(client, row, self.request.patient_id, self.deadline)
        url = client.url(row.paths(self.request.patient_id)[0])
        return following(client, url, page, self.deadline)

    def _take(self, label: _Label, page: Page, origin: str) -> list[Resource]:
        if isinstance(label, DataKind):
            own = self.seen[label].add(page, origin)
        else:
            own = [r.come_by(origin) for r in page.resources if label in (r.reference, r.name)]
        for resource in own:
            if resource.type == "Medication":
                self.medications[resource.reference] = resource
            elif resource.type == "Binary" and not isinstance(label, DataKind):
                self.notes[resource.name] = resource
        return own

    def _to_look_up(self, client: FhirClient, resources: Iterable[Resource]) -> list[str]:
        """The Medications to read now: each once, and no more than a call may cost."""
        named = dict.fromkeys(map(drug_reference, resources))
        new = [r for r in named if r is not None and r not in self.medications and r not in self.asked]
        if not client.access("Medication", reading=True).allowed:
            self.asked |= dict.fromkeys(new, _SCOPE)
            return []
        room = max(MOST_READ - len(self.asked), 0)
        self.asked |= dict.fromkeys(new[room:], Reason(f"only {MOST_READ} drugs were looked up"))
        self.asked |= dict.fromkeys(new[:room], Reason("the server does not have it"))
        return new[:room]

    def _fail(self, label: _Label, error: Exception) -> None:
        if not isinstance(error, FhirError):
            raise error
        if isinstance(label, DataKind):
            self.seen[label].failure = error.reason
            self.seen[label].not_offered = isinstance(error, NotOfferedError)
        else:
            self.asked[label] = error.reason

    def record(self) -> Record:
        """The record of all that was seen, with a gap for each need that was not, or not wholly."""
        own = [resource for seen in self.seen.values() for resource in seen.resources]
        for seen in self.seen.values():
            self._remark_on_drugs(seen)
            self._remark_on_strangers(seen, beside=own)
        gaps = {seen.row.need: seen.gap for seen in self.seen.values() if seen.gap is not None}
        if DataKind.OTHER_OBSERVATIONS not in gaps:  # which asks for all of them, whatever their code
            gaps.pop(DataKind.OBSERVATIONS, None)
        in_order = [gaps[need] for need in DataKind if need in gaps]
        missing = [need for need in DataKind if self.seen[need].not_offered]
        return record_of(
            self.request.patient_id,
            [*own, *self.medications.values(), *self.notes.values()],
            in_order,
            missing,
        )

    def _remark_on_strangers(self, seen: Seen, *, beside: Sequence[Resource]) -> None:
        """Rows of another patient leave nothing unseen, unless they came in the place of all of this patient's."""
        if not seen.strangers or seen.failure is not None:
            return
        is_patient = seen.row.need is DataKind.PATIENT
        own = [r for r in seen.resources if r.type not in MAY_NAME_NOBODY]
        alone = not own and (is_patient or all(r.type in MAY_NAME_NOBODY | {"Patient"} for r in beside))
        if alone:
            words = "the EHR answered with records of another patient, which were left out"
            seen.remark = Reason(words, GapCode.ANOTHER_PATIENT)

    def _remark_on_drugs(self, seen: Seen) -> None:
        """Say which drugs stayed unknown because their Medication was not to be had."""
        named = [resource for resource in seen.resources if "medicationReference" in resource.body]
        held = held_drugs(self.medications.values())
        lost = [pointer for resource in named if (pointer := lost_drug(resource, held)) is not None]
        if lost:
            why = self.asked.get(local_reference(lost[0]) or "", _NOT_SENT if lost[0] else _NO_ADDRESS)
            words = f"which drug is meant is not known for {len(lost)} of them: {why}"
            seen.remark = Reason(words, why.code)
