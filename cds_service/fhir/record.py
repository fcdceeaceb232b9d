"""The record: one patient's FHIR resources and what could not be seen of them.

Knows which resources may count at all (this patient's, not withdrawn) and how references
resolve. Knows nothing clinical, and not how the resources were fetched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from enum import StrEnum
from operator import attrgetter
from typing import Any, Protocol

from cds_service.fhir.belonging import OF_NOBODY, Owner, owner, owners
from cds_service.fhir.codings import status_codes
from cds_service.fhir.gaps import GapCode
from cds_service.fhir.json_types import as_dict, as_dicts, as_text
from cds_service.fhir.other_versions import in_r4
from cds_service.fhir.references import contained_id, local_reference
from cds_service.fhir.requests import is_no_document, is_prohibition
from cds_service.fhir.versions import WITHDRAWN, canonical, rank
from cds_service.remembering import kept
from cds_service.values import dataclass


class DataKind(StrEnum):
    """A kind of data that the evaluation asks for. The value is the prefetch key."""

    PATIENT = "patient"
    CONDITIONS = "conditions"
    OBSERVATIONS = "observations"
    OTHER_OBSERVATIONS = "otherObservations"
    MEDICATION_REQUESTS = "medicationRequests"
    MEDICATION_ADMINISTRATIONS = "medicationAdministrations"
    MEDICATION_STATEMENTS = "medicationStatements"
    MEDICATION_DISPENSES = "medicationDispenses"
    PROCEDURES = "procedures"
    SERVICE_REQUESTS = "serviceRequests"
    CARE_PLANS = "carePlans"
    DIAGNOSTIC_REPORTS = "diagnosticReports"
    DOCUMENT_REFERENCES = "documentReferences"
    ADVERSE_EVENTS = "adverseEvents"
    APPOINTMENTS = "appointments"
    COVERAGE = "coverage"


@dataclass(frozen=True, slots=True)
class Resource:
    """One FHIR resource, in the members of R4, and how it reached us (``prefetch``, ``fetched``, ``draft order``).

    ``name`` is the ``fullUrl`` (or place) in its Bundle: it stands for the reference of a draft
    order that has no id, and others in the Bundle may refer to it by it. ``type``, ``id`` and
    ``reference`` (relative, such as ``Observation/cd22``; evidence is named by it) are read from the
    body once, since everything asks for them. ``report`` is the report that names or contains a result under a local code.
    """

    body: Mapping[str, Any]
    origin: str = "prefetch"
    name: str = ""
    report: Mapping[str, Any] | None = field(default=None, repr=False, compare=False)
    type: str = field(init=False, repr=False, compare=False)
    id: str = field(init=False, repr=False, compare=False)
    reference: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        body, put = in_r4(self.body), object.__setattr__
        kind, given = as_text(body.get("resourceType")) or "", as_text(body.get("id")) or ""
        put(self, "body", body)
        put(self, "type", kind)
        put(self, "id", given)
        put(self, "reference", f"{kind}/{given}" if given else self.name or kind)

    def come_by(self, origin: str) -> Resource:
        """The same resource, which reached us in another way."""
        return self if origin == self.origin else Resource(self.body, origin, self.name, self.report)


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that could not be seen: a whole need, or (``partial``) a part of it.

    ``reason`` is a clause that can follow a colon, such as ``the server answered 403``; ``code`` is its kind.
    """

    need: DataKind
    reason: str
    partial: bool = False
    code: GapCode = GapCode.OTHER


class Resolver(Protocol):
    """Whatever can say which resource a reference names."""

    def resolve(self, reference: str, inside: Resource | None = None) -> Resource | None:
        """The resource, contained in ``inside`` or held; None when it is not known."""


@dataclass(frozen=True)
class Record:
    """One patient's resources, by type, and the gaps. Built by :func:`record_from`.

    ``not_offered`` are the kinds of data that this EHR has no type for: no gaps, since nothing was missed.
    ``may_hold_long_texts`` is False when it is known that no text is too long to be read.
    """

    patient_id: str
    by_type: Mapping[str, tuple[Resource, ...]] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()
    not_offered: tuple[DataKind, ...] = ()
    may_hold_long_texts: bool = field(default=True, compare=False)

    def of_type(self, resource_type: str) -> tuple[Resource, ...]:
        return self.by_type.get(resource_type, ())

    def unseen(self, *needs: DataKind) -> str | None:
        """Why one of these needs was not, or not wholly, answered; None when all were."""
        for gap in self.gaps:
            if gap.need in needs:
                return f"{gap.need}: {gap.reason}"
        return None

    @kept
    def _by_reference(self) -> dict[str, Resource]:
        held = [r for rs in self.by_type.values() for r in rs]
        by_name = {r.name: r for r in held if r.name}
        return by_name | {r.reference: r for r in held if r.id}

    def resolve(self, reference: str, inside: Resource | None = None) -> Resource | None:
        """The resource that a reference names: contained in ``inside``, or held by this record.

        None when it is dangling or points to another server's resource that was not read.
        """
        if inside is not None and (wanted := contained_id(reference)) is not None:
            for body in as_dicts(inside.body.get("contained")):
                if body.get("id") == wanted:
                    return Resource(body, inside.origin)
            return None
        return self._by_reference.get(local_reference(reference) or reference)


_NO_RESULT = {"registered", "unknown"}
_SILENT = WITHDRAWN | _NO_RESULT


def counts(body: Mapping[str, Any], patient_id: str) -> bool:
    """Whether a resource may count at all: this patient's, not withdrawn, and with a result if a result."""
    return owner(body, patient_id) is Owner.PATIENT and not is_withdrawn(Resource(body))


def is_withdrawn(resource: Resource) -> bool:
    """Whether a resource says of itself that it holds nothing: withdrawn, replaced, a prohibition, or no result yet."""
    kind, body = resource.type, resource.body
    if kind in OF_NOBODY:
        return False
    status = as_text(body.get("status"))
    is_over = kind == "Coverage" and status == "cancelled"  # which says that a plan has ended
    if (status in WITHDRAWN and not is_over) or (kind == "Observation" and status in _NO_RESULT):
        return True
    if is_prohibition(body) or is_no_document(body):
        return True
    return "verificationStatus" in body and not WITHDRAWN.isdisjoint(status_codes(body["verificationStatus"]))


def record_from(
    patient_id: str,
    resources: Iterable[Resource],
    gaps: Iterable[Gap] = (),
    not_offered: Iterable[DataKind] = (),
) -> Record:
    """Build a record of what is this patient's among these resources, as :func:`record_of` does."""
    whose = owners(patient_id)
    own = [r for r in resources if whose(r.body) is Owner.PATIENT]
    return record_of(patient_id, own, gaps, not_offered)


def record_of(
    patient_id: str,
    own: Sequence[Resource],
    gaps: Iterable[Gap] = (),
    not_offered: Iterable[DataKind] = (),
) -> Record:
    """Build a record of resources known to be this patient's: merge copies, drop what may not count, order the rest.

    A newer version that was withdrawn takes the older one with it. The order depends on content alone,
    so that shuffled input gives an equal record.
    """
    replaced, named = _replaced(own), frozenset([r.reference for r in own if r.id])
    unique: dict[str, Resource] = {}
    for resource in own:
        key = resource.reference if resource.id else resource.name or canonical(resource.body)
        held = unique.get(key)
        # A row that came under two prefetch keys: nothing more is asked of its copy.
        if held is not None and held.body == resource.body:
            unique[key] = min(held, resource, key=attrgetter("origin"))
        # A result without id was taken out of the report or panel of its name, from which it is taken again.
        elif resource.reference not in replaced and (resource.id or resource.name not in named):
            unique[key] = resource if held is None else newer(held, resource)
    standing = [unique[key] for key in sorted(unique) if not is_withdrawn(unique[key])]
    by_type: dict[str, list[Resource]] = {}
    for resource in _with_results_of_reports(standing):
        by_type.setdefault(resource.type, []).append(resource)
    return Record(patient_id, {k: tuple(v) for k, v in by_type.items()}, tuple(gaps), tuple(not_offered))


_TIME_MEMBERS = ("effectiveDateTime", "effectiveInstant", "effectivePeriod", "effectiveTiming")


def _with_results_of_reports(held: Iterable[Resource]) -> Iterator[Resource]:
    """The resources, with the results that reports and panels contain, which are cited by them, and their time on those without."""
    held = _dated([r for r in held if r.type == "DiagnosticReport"], "result", list(held))
    panels = [r for r in held if "hasMember" in r.body]
    held = _dated(panels, "hasMember", held) if panels else held
    yield from held
    for holder in held:
        if holder.type == "DiagnosticReport" or "hasMember" in holder.body:
            yield from _contained_results(holder)


def _dated(holders: Sequence[Resource], member: str, held: list[Resource]) -> list[Resource]:
    """The resources, of which those that holders name under a member have their holder's time where they have none."""
    by_name = {
        name: holder
        for holder in holders
        for pointer in as_dicts(holder.body.get(member))
        if (name := local_reference(as_text(pointer.get("reference")) or "")) is not None
    }
    if not by_name:
        return held
    return [
        _dated_by(r, by_name[r.reference]) if r.type == "Observation" and r.reference in by_name else r
        for r in held
    ]


def _contained_results(holder: Resource) -> Iterator[Resource]:
    """The results that a report contains; of a panel those that it names as its members."""
    subject = holder.body.get("subject")
    members = {
        contained_id(as_text(m.get("reference")) or "") for m in as_dicts(holder.body.get("hasMember"))
    }
    for body in map(in_r4, as_dicts(holder.body.get("contained"))):
        says = body.get("resourceType") == "Observation" and as_text(body.get("status")) not in _SILENT
        is_named = holder.type != "Observation" or (as_text(body.get("id")) or "") in members
        if not (says and is_named) or _patient_in(body.get("subject")) not in (None, _patient_in(subject)):
            continue
        own = {k: v for k, v in body.items() if k not in ("id", "subject")}
        given = {"status": holder.body.get("status"), "subject": subject}
        yield _dated_by(Resource(given | own, holder.origin, holder.reference), holder)


def _patient_in(pointer: object) -> str | None:
    return local_reference(as_text(as_dict(pointer).get("reference")) or "")


def _replaced(resources: Iterable[Resource]) -> frozenset[str]:
    """The documents that a newer document on record says it replaces."""
    return frozenset(
        name
        for r in resources
        if r.type == "DocumentReference" and as_text(r.body.get("status")) not in WITHDRAWN
        for relation in as_dicts(r.body.get("relatesTo"))
        if relation.get("code") == "replaces"
        and (name := local_reference(as_text(as_dict(relation.get("target")).get("reference")) or ""))
        is not None
        and name != r.reference
    )


def _dated_by(result: Resource, holder: Resource) -> Resource:
    # Under a local code the name of the report or panel may tell of what sample it is.
    if "loinc.org" not in repr(result.body.get("code")):
        result = replace(result, report=result.report or holder.report or holder.body)
    if any(member in result.body for member in (*_TIME_MEMBERS, "issued")):
        return result
    times = {m: holder.body[m] for m in (*_TIME_MEMBERS, "issued") if m in holder.body}
    return replace(result, body={**times, **result.body}) if times else result


def newer(a: Resource, b: Resource) -> Resource:
    """Of two versions of a resource the later one, whichever came first."""
    return max(a, b, key=lambda r: rank(r.body))
