"""A FHIR resource as one line of evidence: what it is, what it says, when, and how it reached us.

Shows what the resource carries and judges nothing; a value is shown as sent, but for needless zeros. A
state that is the normal one is not said.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cds_service.fhir.codings import words_in
from cds_service.fhir.dates import end_of, read_when, start_of
from cds_service.fhir.json_types import as_dict, as_dicts, as_prose, as_text
from cds_service.fhir.quantities import in_words
from cds_service.fhir.record import Record, Resource
from cds_service.smart.page.wording import as_said, not_normal, short_name
from cds_service.values import dataclass

_TIMES = (
    "effectiveDateTime",
    "effectiveInstant",
    "performedDateTime",
    "occurrenceDateTime",
    "onsetDateTime",
    "recordedDate",
    "date",
    "whenHandedOver",
    "authoredOn",
    "issued",
    "created",
    "start",
)
_PERIODS = ("effectivePeriod", "performedPeriod", "occurrencePeriod", "onsetPeriod", "period")
_MAX_TEXT = 160
_MAX_TITLE = 60


@dataclass(frozen=True, slots=True)
class Source:
    """One piece of evidence. Members that the resource does not carry are empty."""

    reference: str
    what: str
    value: str
    when: str
    origin: str


def sources_of(references: tuple[str, ...], record: Record) -> tuple[Source, ...]:
    """The evidence behind a criterion; a reference that is not in the record is shown bare."""
    return tuple(_source(reference, record.resolve(reference)) for reference in references)


def _source(reference: str, resource: Resource | None) -> Source:
    if resource is None:
        return Source(reference, "", "", "", "")
    body = resource.body
    return Source(reference, _what(body), _value(body), _when(body), resource.origin)


def _what(body: Mapping[str, Any]) -> str:
    if body.get("resourceType") == "Patient":
        return "Patient"
    if name := short_name(body.get("code")) or _title(body):
        return name
    for member in ("code", "medicationCodeableConcept", "type", "event", "vaccineCode"):
        if words := _short_name(body.get(member)):
            return words
    named = as_prose(as_dict(body.get("medicationReference")).get("display"))
    return named or as_prose(body.get("title")) or as_prose(body.get("description")) or ""


def _title(body: Mapping[str, Any]) -> str:
    """What a document is called: by its own title, which says more than its type; a long text is no title."""
    if body.get("resourceType") != "DocumentReference":
        return ""
    titles = [as_prose(as_dict(c.get("attachment")).get("title")) for c in as_dicts(body.get("content"))]
    told = (title for title in (*titles, as_prose(body.get("description"))) if title)
    return next((title for title in told if len(title) <= _MAX_TITLE), "")


def _short_name(concept: object) -> str:
    text = as_prose(as_dict(concept).get("text")) or words_in(concept).split(" | ")[0]
    if not text:
        codings = as_dicts(as_dict(concept).get("coding"))
        text = next((code for c in codings if (code := as_text(c.get("code")))), "")
    return _clipped(as_said(text))


def _value(body: Mapping[str, Any]) -> str:
    parts = [_one_value(body)]
    for component in as_dicts(body.get("component")):
        if value := _one_value(component):
            parts.append(f"{_short_name(component.get('code'))} {value}".strip())
    parts += [_dose(body), as_prose(body.get("conclusion")) or "", _state(body)]
    if body.get("resourceType") == "Patient":
        parts.append(f"born {as_text(body.get('birthDate')) or 'not recorded'}")
    return _clipped("; ".join(part for part in parts if part))


def _one_value(body: Mapping[str, Any]) -> str:
    if quantity := as_dict(body.get("valueQuantity")):
        return in_words(quantity)
    if span := as_dict(body.get("valueRange")):
        return " to ".join(in_words(end) for side in ("low", "high") if (end := as_dict(span.get(side))))
    if concept := as_dict(body.get("valueCodeableConcept")):
        return _short_name(concept)
    if text := as_prose(body.get("valueString")):
        return text
    for member in ("valueDateTime", "valueInteger", "valueBoolean"):
        if (value := body.get(member)) is not None and not isinstance(value, dict | list):
            return str(value)
    return _short_name(body.get("dataAbsentReason"))


def _dose(body: Mapping[str, Any]) -> str:
    given = as_dict(as_dict(body.get("dosage")).get("dose")) if isinstance(body.get("dosage"), dict) else {}
    if given:
        return in_words(given)
    for dosage in as_dicts(body.get("dosageInstruction")):
        for rate in (*as_dicts(dosage.get("doseAndRate")), dosage):
            if quantity := as_dict(rate.get("doseQuantity")):
                return in_words(quantity)
    return ""


def _state(body: Mapping[str, Any]) -> str:
    if body.get("resourceType") == "Observation":
        return not_normal(as_text(body.get("status")) or "")
    return not_normal(_short_name(body.get("clinicalStatus")) or as_text(body.get("status")) or "")


def _when(body: Mapping[str, Any]) -> str:
    for member in _TIMES:
        if (when := read_when(body.get(member))) is not None:
            return str(when)
    for member in _PERIODS:
        if (when := end_of(body.get(member)) or start_of(body.get(member))) is not None:
            return str(when)
    return ""


def _clipped(text: str) -> str:
    return text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 1] + "…"
