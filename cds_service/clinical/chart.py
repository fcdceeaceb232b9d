"""The chart: one record read at one instant, as clinical facts with their evidence.

Pure function of the record and the clock. Events after the clock are left out; requests, plans
and appointments may lie in the future. Interprets no fact; the modules beside it do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, tzinfo
from typing import Any

from cds_service.clinical.observations.results import Observed, Part, Result, observed_in, parts_of, read_part
from cds_service.clinical.problems import Problem, problems_of
from cds_service.clinical.reports import silent_reports
from cds_service.clinical.statements import Statement, statements_of, when_stated
from cds_service.clinical.terms import concepts
from cds_service.clinical.therapy.exposure import DrugUse, uses_of
from cds_service.clinical.therapy.reasons import reasons_of
from cds_service.fhir.attachments import attached_texts, attachments_of
from cds_service.fhir.codings import words_in
from cds_service.fhir.dates import When, end_of, read_when, start_of
from cds_service.fhir.json_types import as_dict, as_dicts, as_prose, as_text
from cds_service.fhir.record import DataKind, Record, Resource
from cds_service.remembering import kept
from cds_service.values import dataclass

_MAY_LIE_AHEAD = {"CarePlan", "ServiceRequest", "Appointment", "MedicationRequest"}


@dataclass(frozen=True, slots=True)
class Act:
    """A Procedure, ServiceRequest, Appointment or CarePlan: what, when, and how far it has come."""

    concepts: frozenset[str]
    words: str
    kind: str
    status: str
    intent: str
    when: When | None
    reference: str
    texts: tuple[str, ...]
    reasons: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A DocumentReference or DiagnosticReport: its type, day and readable text.

    ``content_unread`` says that a document is attached and its text could not be read.
    """

    concepts: frozenset[str]
    codes: frozenset[str]
    words: str
    text: str
    when: When | None
    reference: str
    kind: str
    status: str = ""
    content_unread: bool = False


@dataclass(frozen=True)
class Chart:
    """Facts of one patient at one instant. Build with :func:`read_chart`."""

    record: Record
    clock: datetime

    @kept
    def today(self) -> date:
        """The calendar day of the clock, in its own offset."""
        return self.clock.date()

    @kept
    def zone(self) -> tzinfo:
        zone = self.clock.tzinfo
        assert zone is not None, "the evaluation clock carries an offset"
        return zone

    def unseen(self, *needs: DataKind) -> str | None:
        """Why one of these kinds of data was not, or not wholly, seen; None when all were."""
        return self.record.unseen(*needs)

    @kept
    def patient(self) -> Resource | None:
        return next(iter(self.record.of_type("Patient")), None)

    @kept
    def birth(self) -> When | None:
        return read_when(self.patient.body.get("birthDate"), self.zone) if self.patient else None

    @kept
    def death(self) -> str | None:
        """What the record says of a death that is not after the clock."""
        if self.patient is None:
            return None
        body = self.patient.body
        if body.get("deceasedBoolean") is True:
            return "the record says deceased"
        when = read_when(body.get("deceasedDateTime"), self.zone)
        if when is None and (written := as_text(body.get("deceasedDateTime"))):
            return f"the record has a date of death that cannot be read ({written[:40]})"
        return f"the record says deceased on {when}" if when and when.has_happened(self.clock) else None

    @kept
    def observations(self) -> tuple[tuple[Observed, ...], ...]:
        """Each Observation, of any date, with its components."""
        return tuple(observed_in(self.record.of_type("Observation")))

    @kept
    def observed_by_words(self) -> tuple[Observed, ...]:
        """Observations and components, of any date, under no code of ours: only words can say what they are."""
        return tuple(o for whole in self.observations for o in whole if not o.code.concepts)

    @kept
    def _parts(self) -> Mapping[str, list[Part]]:
        """Where the values of each concept stand; they are read only when asked for."""
        found: defaultdict[str, list[Part]] = defaultdict(list)
        for observed in self.observations:
            for part in parts_of(observed):
                found[part.concept].append(part)
        return found

    @kept
    def _read(self) -> dict[str, tuple[Result, ...]]:
        return {}

    def results_of(self, name: str) -> tuple[Result, ...]:
        """All results of one concept up to the clock."""
        if name not in self._parts:
            return ()
        if name not in self._read:
            read = [read_part(part, self.zone) for part in self._parts[name]]
            self._read[name] = tuple([r for r in read if r.when is None or r.when.has_happened(self.clock)])
        return self._read[name]

    def results_for(self, *names: str) -> tuple[Result, ...]:
        """All results of several concepts up to the clock, in the order of the concepts."""
        if not names[1:]:
            return self.results_of(names[0])
        return tuple([r for name in names if name in self._parts for r in self.results_of(name)])

    @kept
    def _usable(self) -> dict[tuple[str, ...], tuple[Result, ...]]:
        return {}

    def usable(self, *names: str) -> tuple[Result, ...]:
        """The results of these concepts whose number can be used."""
        if names not in self._usable:
            self._usable[names] = tuple([r for r in self.results_for(*names) if r.value is not None])
        return self._usable[names]

    @kept
    def uses(self) -> tuple[DrugUse, ...]:
        """All drug uses; of what was given, only what was given up to the clock."""
        return tuple([u for use in uses_of(self.record, self.zone) if (u := self._past_use(use)) is not None])

    def _past_use(self, use: DrugUse) -> DrugUse | None:
        if use.kind == "MedicationRequest" and use.status != "completed":
            return use
        days = tuple([d for d in use.days if d.has_happened(self.clock)])
        if use.days and not days:
            return None
        if not use.days and use.start is not None and not use.start.has_happened(self.clock):
            return None
        return use if days == use.days else replace(use, days=days)

    @kept
    def problems(self) -> tuple[Problem, ...]:
        """Conditions and adverse events up to the clock; an end after it has not come yet."""
        found = []
        for problem in problems_of(self.record, self.zone):
            if not self._is_past(problem.dated):
                continue
            ahead = problem.resolved is not None and not problem.resolved.has_happened(self.clock)
            found.append(replace(problem, resolved=None) if ahead else problem)
        return tuple(found)

    @kept
    def statements(self) -> tuple[Statement, ...]:
        """All texts up to the clock."""
        silent = self._silent_reports
        return tuple(
            [
                s
                for s in statements_of(self.record, self.zone, self._attached)
                if (s.kind in _MAY_LIE_AHEAD or self._is_past(s.when)) and s.reference not in silent
            ]
        )

    @kept
    def _silent_reports(self) -> frozenset[str]:
        return silent_reports(self.record.of_type("DiagnosticReport"), self.zone)

    @kept
    def acts(self) -> tuple[Act, ...]:
        """Procedures up to the clock, and requests, appointments and care plans of any date."""
        found = [
            _act(resource, self.record, self.zone)
            for kind in ("Procedure", "ServiceRequest", "Appointment", "CarePlan")
            for resource in self.record.of_type(kind)
        ]
        return tuple(a for a in found if a.kind != "Procedure" or self._is_past(a.when))

    @kept
    def _attached(self) -> Mapping[str, str]:
        """The texts attached to documents, the newest first where there is too much to read."""
        dated = [
            (str(when_stated(r, self.zone) or ""), r)
            for kind in ("DocumentReference", "DiagnosticReport")
            for r in self.record.of_type(kind)
        ]
        dated.sort(key=lambda pair: (pair[0], pair[1].reference), reverse=True)
        return attached_texts((r for _, r in dated), self.record)

    @kept
    def documents(self) -> tuple[Document, ...]:
        found = [
            _document(resource, self._attached.get(resource.reference, ""), self.zone)
            for kind in ("DocumentReference", "DiagnosticReport")
            for resource in self.record.of_type(kind)
        ]
        return tuple([d for d in found if self._is_past(d.when) and d.reference not in self._silent_reports])

    def _is_past(self, when: When | None) -> bool:
        return when is None or when.has_happened(self.clock)

    def unusable(self, names: Iterable[str]) -> list[Result]:
        """Results of these concepts that carry a value nobody can use, with the problem named."""
        return [r for r in self.results_for(*names) if r.problem is not None and r.is_unreadable]


def read_chart(record: Record, clock: datetime) -> Chart:
    """The chart of a record at an instant. The clock must carry an offset."""
    if clock.tzinfo is None:
        raise ValueError("the evaluation clock must carry an offset")
    return Chart(record, clock)


def _act(resource: Resource, record: Record, zone: tzinfo) -> Act:
    body = resource.body
    match resource.type:
        case "Procedure":
            when = when_stated(resource, zone)
        case "Appointment":
            when = read_when(body.get("start"), zone)
        case "CarePlan":
            when = start_of(body.get("period"), zone)
        case _:
            occurrence = read_when(body.get("occurrenceDateTime"), zone)
            when = occurrence or start_of(body.get("occurrencePeriod"), zone)
    coded: set[str] = set(concepts(body.get("code"), "procedures", "drugs", "rxnorm_products"))
    words = [words_in(body.get("code"))]
    # An appointment's reason is what it is for; the reason of a procedure or request is another thing.
    purpose = as_dicts(body.get("reasonCode")) if resource.type == "Appointment" else []
    for service in (*as_dicts(body.get("serviceType")), *purpose):
        coded |= concepts(service, "procedures")
        words.append(words_in(service))
    for activity in as_dicts(body.get("activity")):
        code = as_dict(activity.get("detail")).get("code")
        coded |= concepts(code, "procedures", "drugs", "rxnorm_products")
        words.append(words_in(code))
    texts = [as_prose(body.get(m)) for m in ("title", "description", "patientInstruction")]
    texts += [as_prose(n.get("text")) for n in as_dicts(body.get("note"))]
    return Act(
        concepts=frozenset(coded),
        words=" | ".join(w for w in words if w),
        kind=resource.type,
        status=as_text(body.get("status")) or "",
        intent=as_text(body.get("intent")) or "",
        when=when,
        reference=resource.reference,
        texts=tuple(t for t in texts if t),
        reasons=tuple(reasons_of(body, record, resource)),
    )


def _document(resource: Resource, attached: str, zone: tzinfo) -> Document:
    body = resource.body
    kind = body.get("type") if resource.type == "DocumentReference" else body.get("code")
    categories = as_dicts(body.get("category"))
    coded = set(concepts(kind, "fhir_codes", "labs"))
    codes = {str(c.get("code")) for x in (as_dict(kind), *categories) for c in as_dicts(x.get("coding"))}
    texts = [as_prose(body.get(m)) for m in ("description", "conclusion")]
    texts += [*(words_in(c) for c in as_dicts(body.get("conclusionCode"))), attached]
    when = when_stated(resource, zone) or end_of(as_dict(body.get("context")).get("period"), zone)
    return Document(
        concepts=frozenset(coded),
        codes=frozenset(codes),
        words=" | ".join([w for w in (words_in(kind), *(words_in(c) for c in categories)) if w]),
        text="\n".join([t for t in texts if t]),
        when=when,
        reference=resource.reference,
        kind=resource.type,
        status=as_text(body.get("status")) or "",
        content_unread=not attached and bool(attachments_of(resource)),
    )
