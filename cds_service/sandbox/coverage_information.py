"""Coverage-information of Da Vinci CRD on an order, in the words that an EHR shows.

Reads what a payer stated and judges nothing. A code without words here is shown as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cds_service.crd.coverage_information import URL
from cds_service.fhir.json_types import as_dict, as_dicts, as_text
from cds_service.values import dataclass

_COVERED = {
    "covered": "Covered",
    "not-covered": "Not covered",
    "conditional": "Conditional: it depends on what is still open",
    "indeterminate": "Cannot be determined",
}
_NEEDED = {
    "pa-needed": {
        "auth-needed": "Prior authorization is needed",
        "no-auth": "No prior authorization is needed",
        "satisfied": "Prior authorization is given already",
        "conditional": "Whether prior authorization is needed depends on what is still open",
    },
    "doc-needed": {
        "clinical": "Clinical documentation is needed",
        "admin": "Administrative documentation is needed",
        "patient": "Documentation by the patient is needed",
        "no-doc": "No documentation is needed",
    },
    "info-needed": {"OTH": "More information is needed: see what to add"},
}
_INSTRUCTIONS = "instructions"


@dataclass(frozen=True, slots=True)
class Statement:
    """One payer's statement on one order. ``covered`` is the guide's code; members that were not sent are empty."""

    covered: str
    needs: tuple[str, ...]
    reasons: tuple[str, ...]
    instructions: tuple[str, ...]
    form: str
    until: str
    assertion: str

    @property
    def headline(self) -> str:
        """Whether the order is covered, in words."""
        return _COVERED.get(self.covered, self.covered)


def statements(order: Mapping[str, Any]) -> Iterator[Statement]:
    """The statements on an order."""
    for extension in as_dicts(order.get("extension")):
        if extension.get("url") == URL:
            yield _statement(as_dicts(extension.get("extension")))


def _statement(parts: list[Mapping[str, Any]]) -> Statement:
    return Statement(
        covered=_first(parts, "covered", "valueCode"),
        needs=tuple(
            words.get(code, f"{url}: {code}")
            for url, words in _NEEDED.items()
            for code in _texts(parts, url, "valueCode")
        ),
        reasons=tuple(_reasons(parts)),
        instructions=tuple(_instructions(parts)),
        form=_first(parts, "questionnaire", "valueCanonical"),
        until=_first(parts, "expiry-date", "valueDate"),
        assertion=_first(parts, "coverage-assertion-id", "valueString"),
    )


def _texts(parts: list[Mapping[str, Any]], url: str, member: str) -> list[str]:
    found = (as_text(part.get(member)) for part in parts if part.get("url") == url)
    return [text for text in found if text]


def _first(parts: list[Mapping[str, Any]], url: str, member: str) -> str:
    return next(iter(_texts(parts, url, member)), "")


def _reasons(parts: list[Mapping[str, Any]]) -> Iterator[str]:
    for part in parts:
        if part.get("url") == "reason" and (words := _words(part)):
            yield words


def _instructions(parts: list[Mapping[str, Any]]) -> Iterator[str]:
    for detail in (as_dicts(part.get("extension")) for part in parts if part.get("url") == "detail"):
        codes = [_codes(part) for part in detail if part.get("url") == "code"]
        if any(_INSTRUCTIONS in of_one for of_one in codes):
            yield from _texts(detail, "value", "valueString")


def _words(part: Mapping[str, Any]) -> str:
    concept = as_dict(part.get("valueCodeableConcept"))
    displays = [as_text(coding.get("display")) for coding in as_dicts(concept.get("coding"))]
    return next((words for words in (as_text(concept.get("text")), *displays) if words), "")


def _codes(part: Mapping[str, Any]) -> list[object]:
    return [
        coding.get("code") for coding in as_dicts(as_dict(part.get("valueCodeableConcept")).get("coding"))
    ]
