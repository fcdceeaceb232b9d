"""Observations as results: what was measured, the value in a canonical unit, the sign, the time.

Every coded value and every coded component is one result. A value that cannot be used (no unit,
implausible, a text that is no number) stays a result with a ``problem`` that quotes it, so that
it can be named and never silently decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from decimal import Decimal
from marshal import dumps
from typing import Any

from cds_service.clinical.observations import units
from cds_service.clinical.observations.lab_names import has_known_name, is_of_another, named_concepts
from cds_service.clinical.observations.measurements import (
    ANSWERED_BY_SIGN,
    MEASUREMENTS,
    is_plain_number,
    no_result,
    reference_range,
    says_something,
    value_of,
    words_of,
)
from cds_service.clinical.observations.ranges_by_person import Person
from cds_service.clinical.observations.signs import is_undecided, sign_of
from cds_service.clinical.reports import FINALITY
from cds_service.clinical.terms import concepts
from cds_service.fhir.codings import words_in
from cds_service.fhir.dates import When, effective, read_when, unusable_times
from cds_service.fhir.json_types import as_dicts, as_text
from cds_service.fhir.quantities import Interval
from cds_service.fhir.record import Resource
from cds_service.fhir.validation import complaints
from cds_service.remembering import Memory
from cds_service.values import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """One measured or stated value of one concept.

    ``value`` is in the canonical unit of the concept's kind; ``sign`` is True for positive or
    detected, False for negative or not detected, from codes, interpretation or words;
    ``undecided`` says that the laboratory left it open.
    ``awaited`` are the words by which the laboratory says that there is no result (yet).
    ``rank`` orders reports of equal time: corrected 2, final 1, preliminary or unstated 0.
    ``name`` is the laboratory's own name of the test, where only that says what it is.
    """

    concept: str
    reference: str
    when: When | None
    issued: datetime | None
    rank: int
    words: str
    value: Interval | None = None
    sign: bool | None = None
    problem: str | None = None
    upper_limit: Decimal | None = None
    lower_limit: Decimal | None = None
    preliminary: bool = False
    dated_by_issue: bool = False
    undecided: bool = False
    awaited: str = ""
    name: str = ""

    @property
    def is_unreadable(self) -> bool:
        """Whether there is a value that says nothing to us: neither a number nor, where that is an answer, a sign."""
        told = self.sign is not None and self.concept in ANSWERED_BY_SIGN
        return self.problem is not None and self.value is None and not told

    @property
    def shown(self) -> str:
        """The value with its unit and day, for a card."""
        measured = MEASUREMENTS.get(self.concept)
        text = self.words or "value"
        if self.value is not None and measured is not None:
            text = units.written(self.value, measured.kind)
        elif self.is_unreadable:
            text = f"not readable: {self.problem}"
        note = ", preliminary" if self.preliminary else ""
        note += f', known by its name "{self.name}"' if self.name else ""
        return f"{text} ({self.day_text}{note})"

    @property
    def day_text(self) -> str:
        if self.when is None:
            return "undated"
        return f"issued {self.when}" if self.dated_by_issue else str(self.when)

    @property
    def content(self) -> tuple[object, ...]:
        """What the result says, without where it stands; equal contents decide alike."""
        return (self.value, self.sign, self.undecided, self.words if self.value is None else "")


@dataclass(frozen=True, slots=True)
class Coded:
    """What a code says: the concepts of its codes, its words; where it has none, whether a name is that of a known test."""

    concepts: frozenset[str]
    words: str
    has_known_name: bool


@dataclass(frozen=True, slots=True)
class Observed:
    """An Observation, or one component of it, with what its code says."""

    part: Mapping[str, Any]
    resource: Resource
    code: Coded


def observed_in(observations: Iterable[Resource]) -> list[tuple[Observed, ...]]:
    """Each Observation of the patient as a whole with, after it, each of its components."""
    found = []
    for resource in observations:
        body = resource.body
        if ("specimen" in body or "focus" in body) and is_of_another(body):
            continue
        observed = [Observed(body, resource, _coded(body.get("code")))]
        for part in as_dicts(body["component"]) if "component" in body else ():
            observed.append(Observed(part, resource, _coded(part.get("code"))))
        found.append(tuple(observed))
    return found


# Charts say the same few codes again and again.
_CODES: Memory[bytes, Coded] = Memory(400_000)
_WITHOUT_REFERENCES = 2  # the version of marshal in which equal values have equal bytes


def _coded(code: Any) -> Coded:
    try:
        spelled = dumps(code, _WITHOUT_REFERENCES)
    except ValueError:  # a decimal in it
        return _read_code(code)
    try:
        return _CODES.held[spelled]
    except KeyError:
        pass
    return _CODES.keep(spelled, _read_code(code), len(spelled))


def _read_code(code: object) -> Coded:
    found = concepts(code, "labs")
    return Coded(found, words_in(code), not found and has_known_name(code))


@dataclass(frozen=True, slots=True)
class Part:
    """Where a value stands: an Observation, or one component of it, read as one concept.

    ``name`` is the name by which the concept is known where no code tells it.
    """

    concept: str
    part: Mapping[str, Any]
    resource: Resource
    name: str = ""


def parts_of(observed: Sequence[Observed]) -> list[Part]:
    """The values of one Observation: its own and its components'."""
    whole, *components = observed
    read = [(whole, whole.code.concepts)] if not components or says_something(whole.part) else []
    for component in components:
        read.append((component, component.code.concepts or (whole.code.concepts & _PANELS)))
    found: list[Part] = []
    for one, coded in read:
        if coded:
            found += [Part(concept, one.part, one.resource) for concept in coded]
        elif one.code.has_known_name:
            named = named_concepts(one.part, one.resource)
            found += [Part(concept, one.part, one.resource, name) for concept, name in named.items()]
    return found


# A component without a code of ours inside one of these reports still speaks for the report.
_PANELS = frozenset({"gene_variant", "immunophenotype_panel", "karyotype"})


def time_of(resource: Resource, zone: tzinfo) -> When | None:
    """When the values of an Observation were measured, else issued: the ``when`` of each result of it."""
    body = resource.body
    return effective(body, zone) or read_when(body.get("issued"), zone)


def read_part(where: Part, zone: tzinfo, person: Person | None = None) -> Result:
    """The value as a result, with the time and status of its Observation; ``person`` is whose it is."""
    name, part, resource = where.concept, where.part, where.resource
    body = resource.body
    when = effective(body, zone)
    issued = read_when(body["issued"], zone) if "issued" in body else None
    plain = is_plain_number(part)
    words, awaited = ("", "") if plain else (words_of(part), no_result(part))
    status = as_text(body.get("status")) or ""
    value, problem = (None, None) if awaited else value_of(name, part, words)
    if when is None and any(body.get(member) for member in _TIME_MEMBERS):
        value, problem = None, _why_unreadable(body, "effective") or _no_date(body)
    elif value is None and problem is None and "valueQuantity" in part:
        problem = _why_unreadable(body, "valueQuantity")
    low, high = reference_range(name, part, person)
    return Result(
        concept=name,
        reference=resource.reference,
        when=when or issued,
        issued=issued.instant if issued else None,
        rank=FINALITY.get(status, 0),
        words=words,
        value=value,
        sign=None if plain else sign_of(part, name),
        problem=problem,
        upper_limit=high,
        lower_limit=low,
        preliminary=status == "preliminary",
        dated_by_issue=when is None and issued is not None,
        undecided=(not plain or "valueCodeableConcept" in part) and is_undecided(part),
        awaited=awaited,
        name=where.name,
    )


_TIME_MEMBERS = ("effectiveDateTime", "effectiveInstant", "effectivePeriod")
_DATES = frozenset({"effectiveDateTime", "effectiveInstant", "start", "end"})


def _no_date(body: Mapping[str, Any]) -> str:
    written = " and ".join(unusable_times(body, _DATES))
    return f"{written} is no usable date" if written else "its date cannot be read"


def _why_unreadable(body: Mapping[str, Any], member: str) -> str | None:
    """Where a member that is there breaks the FHIR model; its words on why are of types in a program, not for a card."""
    found = [c.partition(": ")[0].removesuffix(".root") for c in complaints(body) if c.startswith(member)]
    return f"not readable as FHIR ({found[0]})" if found else None
