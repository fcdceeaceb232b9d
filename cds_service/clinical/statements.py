"""Statements: the free texts of a record that may state a clinical fact, each with its date and source.

Read from the members that the contract names (code and value texts, notes, titles, descriptions,
conclusions, status reasons), and the text of a document where it is attached. Nothing is concluded here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import tzinfo
from typing import Any

from cds_service.clinical.observations.answers import yes_or_no
from cds_service.clinical.observations.figures import has_value
from cds_service.clinical.problem_times import time_in_words
from cds_service.clinical.terms import concepts, condition_in
from cds_service.fhir.attachments import attached_on
from cds_service.fhir.codings import words_in
from cds_service.fhir.dates import When, effective, end_of, read_when, start_of, written_on
from cds_service.fhir.json_types import as_dict, as_dicts, as_prose, as_text
from cds_service.fhir.quantities import as_decimal, plain, unit_names
from cds_service.fhir.record import Record, Resource
from cds_service.values import dataclass


@dataclass(frozen=True, slots=True)
class Statement:
    """One text with its topic (the code's words), date and source.

    ``codes`` are the concepts of the code and ``answers`` those of the coded value. ``answered``
    tells that the topic is a question with an answer, so that the topic alone states nothing.
    """

    topic: str
    text: str
    when: When | None
    reference: str
    kind: str
    status: str = ""
    codes: frozenset[str] = frozenset()
    answers: frozenset[str] = frozenset()
    answered: bool = False

    @property
    def whole(self) -> str:
        if self.answered and not self.text:
            return ""
        return f"{self.topic}: {self.text}" if self.topic and self.text else self.topic or self.text


_TYPES = (
    "Observation", "Condition", "CarePlan", "DiagnosticReport", "DocumentReference", "Procedure", "ServiceRequest",
    "Appointment", "MedicationRequest", "MedicationAdministration", "MedicationStatement", "AdverseEvent",
)  # fmt: skip


_WITH_DOCUMENTS = frozenset({"DocumentReference", "DiagnosticReport"})
_SPEAKING = frozenset({"note", "component", "interpretation"})


def statements_of(record: Record, zone: tzinfo, attached: Mapping[str, str]) -> list[Statement]:
    """All statements of a record, whatever their date. ``attached`` are the texts of documents by reference."""
    found: list[Statement] = []
    for kind in _TYPES:
        for resource in record.of_type(kind):
            body = resource.body
            if kind == "Observation" and _is_measurement(body):
                continue  # which states nothing in words; most of a record is such
            found += _of(resource, zone)
            if kind in _WITH_DOCUMENTS and (text := attached.get(resource.reference)):
                found.append(_of_document(resource, text, zone))
    return found


def _is_measurement(body: Mapping[str, Any]) -> bool:
    """Whether an Observation is a plain number with its unit."""
    if "valueQuantity" not in body or not _SPEAKING.isdisjoint(body):
        return False
    amount = body["valueQuantity"]
    unit = amount["unit"] if type(amount) is dict and "unit" in amount else None
    return (type(unit) is str and unit.strip() not in _OF_NOTHING) or not _number(body)


def when_stated(resource: Resource, zone: tzinfo) -> When | None:
    """When a resource was stated, or took place."""
    body = resource.body
    match resource.type:
        case "Condition":
            return written_on(body, zone) or read_when(body.get("onsetDateTime"), zone)
        case "CarePlan":
            return read_when(body.get("created"), zone) or start_of(body.get("period"), zone)
        case "DocumentReference":
            period = as_dict(body.get("context")).get("period")
            dated = end_of(period, zone) or start_of(period, zone) or read_when(body.get("date"), zone)
            return dated or attached_on(resource, zone)
        case "Procedure":
            period = body.get("performedPeriod")
            performed = read_when(body.get("performedDateTime"), zone)
            if performed is None and "performedString" in body:
                return time_in_words(as_prose(body["performedString"]) or "", zone)
            return performed or end_of(period, zone) or start_of(period, zone)
        case "ServiceRequest" | "MedicationRequest":
            return read_when(body.get("authoredOn"), zone)
        case "Appointment":
            return read_when(body.get("created"), zone) or read_when(body.get("start"), zone)
        case "AdverseEvent":
            return read_when(body.get("date"), zone) or read_when(body.get("recordedDate"), zone)
        case _:
            return effective(body, zone) or read_when(body.get("issued"), zone)


def _of_document(resource: Resource, text: str, zone: tzinfo) -> Statement:
    """The whole text of a document, as one statement."""
    body = resource.body
    coded = concepts(body.get("code"), "labs", "fhir_codes", "procedures")
    status = as_text(body.get("status")) or ""
    when = when_stated(resource, zone)
    return Statement("", text, when, resource.reference, resource.type, status, coded)


def _of(resource: Resource, zone: tzinfo) -> list[Statement]:
    body = resource.body
    when = when_stated(resource, zone)
    common = (when, resource.reference, resource.type, as_text(body.get("status")) or "")
    code = body.get("code")
    topic = words_in(body.get("event") if resource.type == "AdverseEvent" else code)
    coded = concepts(code, "labs", "fhir_codes", "procedures")
    asks = resource.type == "Observation"  # what else has a code answers nothing by it
    value, answered = (_answer(body), has_value(body)) if asks else ("", False)
    coded_value = body.get("valueCodeableConcept")
    answers = concepts(coded_value, "fhir_codes") if coded_value else frozenset[str]()
    found = [Statement(topic, value, *common, coded, answers, answered)] if topic or value else []
    for part in as_dicts(body["component"]) if "component" in body else ():
        if words := _told_value(part):
            about, answers = (
                concepts(part.get("code"), "labs"),
                concepts(part.get("valueCodeableConcept"), "fhir_codes"),
            )
            found.append(Statement(words_in(part.get("code")), words, *common, about, answers, answered=True))
    for text in _free_texts(body):
        found.append(Statement("", text, *common, coded))
    return found


def _answer(body: Mapping[str, Any]) -> str:
    """The words of the answer to a question."""
    return _told_value(body) or " | ".join(
        w for i in as_dicts(body.get("interpretation")) if (w := words_in(i))
    )


def _told_value(part: Mapping[str, Any]) -> str:
    """The value of an Observation or component in words: a yes or no, a text, or a number that has no unit."""
    if (answer := yes_or_no(part)) is not None:
        return "yes" if answer else "no"
    named = condition_in(part.get("valueCodeableConcept"))
    return " | ".join(t for t in (as_prose(part.get("valueString")), named) if t) or _number(part)


_OF_NOTHING = frozenset(
    {None, "", "1", "{count}", "{lines}", "{line}", "{#}", "{score}", "{grade}", "{times}"}
)


def _number(part: Mapping[str, Any]) -> str:
    """A number that has no unit, as a count or a grade has none; empty for a measurement."""
    amount = as_dict(part.get("valueQuantity"))
    number = as_decimal(part.get("valueInteger"))
    if number is None and "comparator" not in amount and set(unit_names(amount)) <= _OF_NOTHING:
        number = as_decimal(amount.get("value"))
    return plain(number) if number is not None else ""


_PROSE = ("title", "description", "conclusion", "patientInstruction")
_WORDED: Mapping[str, Callable[[Mapping[str, Any]], str | None]] = {
    "note": lambda note: as_prose(note.get("text")),
    "statusReason": words_in,
    "conclusionCode": condition_in,
}


def _free_texts(body: Mapping[str, Any]) -> list[str]:
    found: list[str | None] = []
    for member in _PROSE:
        if member in body:
            found.append(as_prose(body[member]))
    for member in _WORDED:
        if member in body:
            found += [_WORDED[member](item) for item in as_dicts(body[member])]
    return [text for text in found if text] if found else []
