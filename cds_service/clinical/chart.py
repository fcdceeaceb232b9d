"""The chart: one record read at one instant, as clinical facts with their evidence.

Pure function of the record and the clock. Events after the clock are left out; requests, plans
and appointments may lie in the future. Interprets no fact; the modules beside it do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, tzinfo

from cds_service.clinical.acts import Act, act_of
from cds_service.clinical.documents import Document, document_of
from cds_service.clinical.observations.ranges_by_person import Person
from cds_service.clinical.observations.results import Observed, Part, Result, observed_in, parts_of, read_part
from cds_service.clinical.problems import Problem, problems_of
from cds_service.clinical.reports import silent_reports
from cds_service.clinical.statements import Statement, statements_of, when_stated
from cds_service.clinical.therapy.exposure import ORDERS, DrugUse, uses_of
from cds_service.clinical.therapy.services import given_as_procedures, services_of
from cds_service.fhir.attachments import attached_texts
from cds_service.fhir.dates import When, completed_years, read_when
from cds_service.fhir.json_types import as_text
from cds_service.fhir.record import DataKind, Record, Resource
from cds_service.remembering import kept
from cds_service.values import dataclass

_MAY_LIE_AHEAD = {"CarePlan", "ServiceRequest", "Appointment", "MedicationRequest"}


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
        return self.record.unseen(*needs) if self.record.gaps else None

    @kept
    def patient(self) -> Resource | None:
        return next(iter(self.record.of_type("Patient")), None)

    @kept
    def birth(self) -> When | None:
        return read_when(self.patient.body.get("birthDate"), self.zone) if self.patient else None

    @kept
    def person(self) -> Person:
        """Sex and age at the clock, by which a laboratory's ranges may differ."""
        years = completed_years(self.birth.first, self.clock.date()) if self.birth is not None else None
        return Person(as_text(self.patient.body.get("gender")) if self.patient is not None else None, years)

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
    def parts(self) -> Mapping[str, list[Part]]:
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
        if name not in self.parts:
            return ()
        if name not in self._read:
            read = [read_part(part, self.zone, self.person) for part in self.parts[name]]
            self._read[name] = tuple([r for r in read if r.when is None or r.when.has_happened(self.clock)])
        return self._read[name]

    def results_for(self, *names: str) -> tuple[Result, ...]:
        """All results of several concepts up to the clock, in the order of the concepts."""
        if not names[1:]:
            return self.results_of(names[0])
        return tuple([r for name in names if name in self.parts for r in self.results_of(name)])

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

    @kept
    def ordered_services(self) -> tuple[DrugUse, ...]:
        """The drugs that requests for services order; of what was carried out, only what was so up to the clock."""
        found = (self._past_use(use) for use in services_of(self.record, self.zone))
        return tuple([use for use in found if use is not None])

    @kept
    def given_as_procedures(self) -> tuple[DrugUse, ...]:
        """The drugs that procedures say were given up to the clock."""
        found = (self._past_use(use) for use in given_as_procedures(self.record, self.zone))
        return tuple([use for use in found if use is not None])

    def _past_use(self, use: DrugUse) -> DrugUse | None:
        if use.kind in ORDERS and use.status != "completed":
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
            act_of(resource, self.record, self.zone)
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
            document_of(resource, self._attached.get(resource.reference, ""), self.zone)
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
