"""One patient's lines to one line of answers for each of the patient's orders of a policy's drug.

Takes the record as a hook call would: the types and statuses that it asks for, what these point to,
and a gap where a line was lost. Knows no file and no engine; the same lines in any order give the
same answers.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from cards import facts
from cds_service.ehr.medications import held_drugs, lost_drug
from cds_service.ehr.needs import CLINICAL, NEEDS
from cds_service.ehr.notes import documents_to_read
from cds_service.engine.determination import CardKind, Determination
from cds_service.fhir.json_types import as_text
from cds_service.fhir.record import Gap, Resource, newer, record_from
from cds_service.fhir.references import local_reference
from cds_service.fhir.requests import CHANGES_ALL, stands
from cds_service.fhir.versions import canonical
from cds_service.json_text import NotStrictJson, read_json, write_json
from cds_service.policies import DrugPolicy
from cds_service.replay.deciding.as_of import clock_of, seen_at, signed_together
from cds_service.replay.deciding.scope import Scope, drug_of
from cds_service.replay.reading.lines import ORDER_TYPES
from cds_service.replay.reading.side_table import SideTable
from cds_service.values import dataclass

log = logging.getLogger(__name__)
STATUSES = frozenset({"draft", "active", "on-hold", "completed", "stopped"})
INTENTS = frozenset({"order", "original-order", "reflex-order", "filler-order", "instance-order"})
_CHANGED = "an extension changes its meaning in a way not known here"
UNDATED = "the order states neither when it was written nor a planned day: name a clock with --as-of"
_DRUG = re.compile(rb'"(?:[^"\\]*/)?((?:Medication|Substance)/[A-Za-z0-9\-.]{1,64})(?:/_history/[^"]*)?"')
_LEVELS = 3  # a drug, what it is made of, and what that is made of
# What a hook call asks for: each type, with the statuses that it names or None for any.
_ASKED: Mapping[str, frozenset[str] | None] = {
    row.resource_type: frozenset(stated[0].split(","))
    if (stated := parse_qs(row.search.partition("?")[2]).get("status"))
    else None
    for row in NEEDS
}


class Line(NamedTuple):
    """One line of a patient: where it stands, of which type it is, and its text; a lost one has none."""

    place: str
    number: int
    kind: str
    text: bytes | None


class Reject(NamedTuple):
    """A line that cannot be used, and why."""

    place: str
    number: int
    reason: str


class Answer(NamedTuple):
    """What a policy says of one order, as a line of ``decisions.ndjson`` without its end."""

    patient: str
    order: str
    text: str


@dataclass(frozen=True)
class Decider:
    """Which orders are answered by which policy, and one clock for all of them (None: each order's own)."""

    scope: Scope
    as_of: datetime | None = None

    def answers(self, patient: str, lines: Iterable[Line]) -> tuple[list[Answer], list[Reject]]:
        """The answers to all orders of a patient, in order, and the lines that could not be used."""
        read = _read(lines)
        orders = [r for r in read.resources if is_order(r.body)]
        known = [*read.resources, *_pointed_to(read.texts, self.scope.side)]
        answers = []
        for policy in self.scope.policies:
            for order in (r for r in orders if self.scope.is_for(policy, r.body)):
                clock = self.as_of or clock_of(order)
                if clock is None:
                    read.rejects.append(Reject(*read.places[order.reference], UNDATED))
                    continue
                together = signed_together(order, orders)
                found = self._determined(policy, patient, order, together, clock, known, read.gaps)
                answers.append(Answer(patient, order.reference, answer_text(patient, clock, found)))
        return sorted(answers), read.rejects

    def _determined(
        self, policy: DrugPolicy, patient: str, order: Resource, together: Sequence[Resource], clock: datetime,
        known: Sequence[Resource], gaps: Sequence[Gap],
    ) -> Determination:  # fmt: skip
        """What the policy says of an order that was signed together with others, at its clock."""
        there = (
            list(known)
            if self.as_of is not None
            else seen_at(clock, policy.order_of(order, clock), together, known)
        )
        asked = [r for r in there if _is_asked_for(r)]
        record = record_from(
            patient, [*asked, *self._notes(asked, clock)], [*gaps, *_gaps_of_drugs(asked, together)]
        )
        drafts = [Resource(r.body, "draft order", r.name) for r in together]
        found = policy.determine(record, drafts, clock)
        return next(d for d in found if d.order == order.reference)

    def _notes(self, seen: Sequence[Resource], clock: datetime) -> Iterator[Resource]:
        """The texts that a hook call would read, of the notes that the export holds."""
        for url in documents_to_read(seen, "", clock.date()):
            note = self.scope.side.find(local_reference(url) or "")
            if note is not None:
                yield Resource(note.body, note.origin, url)


def answered(decider: Decider, patient: str, lines: Sequence[Line]) -> tuple[list[Answer], list[Reject]]:
    """The answers of a patient; an error of ours costs that patient alone, and is said of the orders' lines."""
    try:
        return decider.answers(patient, lines)
    except Exception as error:
        log.error("a patient could not be evaluated: %s", type(error).__name__)
        why = f"the order could not be evaluated because of an error of the program ({type(error).__name__})"
        return [], [Reject(line.place, line.number, why) for line in lines if _has_order(decider, line)]


def _has_order(decider: Decider, line: Line) -> bool:
    """Whether a line holds an order to be answered."""
    if line.kind not in ORDER_TYPES or line.text is None:
        return False
    try:
        return is_order(read_json(line.text)) and decider.scope.covers(drug_of(line.kind, line.text))
    except NotStrictJson:
        return False


def is_order(body: Mapping[str, Any]) -> bool:
    """Whether a resource is an order, of any drug or service, of a status and intent that are answered."""
    intent = as_text(body.get("intent"))
    return (
        body.get("resourceType") in ORDER_TYPES
        and as_text(body.get("status")) in STATUSES
        and (intent is None or intent in INTENTS)
        and stands(body)
    )


def _is_asked_for(resource: Resource) -> bool:
    if resource.type not in _ASKED:
        return resource.type in ("Medication", "Substance")
    statuses = _ASKED[resource.type]
    return statuses is None or as_text(resource.body.get("status")) in statuses


@dataclass(frozen=True)
class _Readings:
    """The newest version of each resource with the place of its line, and what was lost."""

    resources: list[Resource]
    places: Mapping[str, tuple[str, int]]
    texts: list[bytes]
    rejects: list[Reject]
    gaps: tuple[Gap, ...]


def _read(lines: Iterable[Line]) -> _Readings:
    held: dict[str, tuple[Resource, Line]] = {}
    rejects: list[Reject] = []
    lost: Counter[str] = Counter()
    for line in lines:
        try:
            resource = _named(read_json(line.text)) if line.text is not None else None
        except NotStrictJson as fault:
            rejects.append(Reject(line.place, line.number, str(fault)))
            resource = None
        if resource is not None and resource.body.get(CHANGES_ALL):
            rejects.append(Reject(line.place, line.number, _CHANGED))
            resource = None
        if resource is None:
            lost[line.kind] += 1
            continue
        before = held.get(resource.reference)
        if before is None or newer(before[0], resource) is not before[0]:
            held[resource.reference] = (resource, line)
    in_order = [held[reference] for reference in sorted(held)]
    return _Readings(
        [r for r, _ in in_order],
        {r.reference: (line.place, line.number) for r, line in in_order},
        [line.text or b"" for _, line in in_order],
        rejects,
        tuple(_gaps(lost)),
    )


def _named(body: Mapping[str, Any]) -> Resource:
    """A resource; one without an id is named by its content, so that the order of lines does not matter."""
    resource = Resource(body)
    if resource.id:
        return resource
    digest = hashlib.sha256(canonical(body).encode()).hexdigest()[:12]
    return Resource(body, name=f"{resource.type}#{digest}")


def _gaps(lost: Mapping[str, int]) -> Iterator[Gap]:
    """What is unseen because lines were lost; a line whose type is not known may have been of any."""
    for row in NEEDS:
        count = lost.get(row.resource_type, 0) + (lost.get("", 0) if row.need in CLINICAL else 0)
        if count:
            what = "1 line of the export" if count == 1 else f"{count} lines of the export"
            yield Gap(row.need, f"{what} could not be read", partial=True)


def _gaps_of_drugs(asked: Sequence[Resource], orders: Sequence[Resource]) -> Iterator[Gap]:
    """Where a drug is named by a reference alone and stands nowhere in the export, but for the orders themselves."""
    held = held_drugs(r for r in asked if r.type == "Medication")
    own = {order.reference for order in orders}
    lost = Counter(r.type for r in asked if r.reference not in own and lost_drug(r, held) is not None)
    for row in NEEDS:
        if count := lost.get(row.resource_type):
            words = f"which drug is meant is not known for {count} of them: it is not in the export"
            yield Gap(row.need, words, partial=True)


def _pointed_to(texts: Iterable[bytes], side: SideTable) -> list[Resource]:
    """The drugs that a patient's resources point to, and what these are made of."""
    found: dict[str, Resource] = {}
    looked: set[str] = set()
    for _ in range(_LEVELS):
        pointing = [text for text in texts if b"Medication/" in text or b"Substance/" in text]
        names = {m[1].decode() for text in pointing for m in _DRUG.finditer(text)} - looked
        looked |= names
        new = {name: r for name in names if (r := side.find(name)) is not None}
        found |= new
        texts = [json.dumps(r.body, default=str).encode() for r in new.values()]
    return [found[name] for name in sorted(found)]


def answer_text(patient: str, clock: datetime, found: Determination) -> str:
    """One line of ``decisions.ndjson``: what the coverage card's extension says, and all that the other cards do."""
    return write_json(
        {
            "patient": patient,
            "as_of": clock.isoformat(),
            "kind": CardKind.COVERAGE.value,
            "order": found.order,
            "findings": [facts.finding(f) for f in found.findings],
            **facts.coverage(found),
            "needed": facts.needed(found),
        }
    )
