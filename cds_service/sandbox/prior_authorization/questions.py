"""A form with its answers as a page shows it: what is still asked first, then what the record answered.

Knows how forms of this service are built, and nothing of what they ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cds_service.fhir.record import Record
from cds_service.packet.answers import given_in, is_enabled
from cds_service.packet.elements import Json
from cds_service.packet.form import ATTESTED
from cds_service.sandbox.prior_authorization.filling import MANUAL, OVERRIDE, Filled, source_of
from cds_service.smart.page.sources import Source, sources_of
from cds_service.values import dataclass

_ORIGINS = {
    "auto-server": "from the record",
    "auto-client": "filled in by the EHR",
    MANUAL: "your answer",
    OVERRIDE: "your answer, instead of the record's",
}
_SHOWS, _EVIDENCE, _DOCUMENT = ".because", ".evidence", ".attachment"


@dataclass(frozen=True, slots=True)
class Question:
    """One question. ``answer`` is in words, ``entered`` as the page sends it; both are empty while it is open.

    ``shows`` is what the form says of the record; ``basis`` what the clinician wrote beside an answer.
    """

    link: str
    place: str
    text: str
    kind: str
    options: tuple[tuple[str, str], ...]
    required: bool
    answer: str
    source: str
    entered: str
    shows: str
    basis: str
    takes_basis: bool
    evidence: tuple[Source, ...]
    wants_document: bool
    fault: str

    @property
    def origin(self) -> str:
        """Where the answer is from, in words."""
        return _ORIGINS.get(self.source, self.source)

    @property
    def is_the_clinicians(self) -> bool:
        """Whether the record left it open."""
        return self.source in ("", MANUAL)


@dataclass(frozen=True, slots=True)
class Section:
    """The questions of one group of the form."""

    title: str
    questions: tuple[Question, ...]


def sections(
    form: Mapping[str, Any], now: Filled, entered: Mapping[str, Any], record: Record
) -> list[Section]:
    """The questions that are asked, by the groups that hold them; the attestation is not among them."""
    reading = _Reading(given_in(now.response), now.faults, entered, record)
    return [one for one in reading.sections(form["item"], "") if one.questions]


@dataclass(frozen=True)
class _Reading:
    given: Mapping[str, Sequence[Json]]
    faults: Mapping[str, str]
    entered: Mapping[str, Any]
    record: Record

    def sections(self, asked: Iterable[Mapping[str, Any]], title: str) -> Iterator[Section]:
        """Each run of questions between two groups is a section under the title of the group around it."""
        enabled = [item for item in asked if is_enabled(item, self.given)]
        items = {item["linkId"]: item for item in enabled}
        own: list[Question] = []
        for item in enabled:
            if item["type"] == "group":
                yield Section(title, tuple(own))
                own = []
                yield from self.sections(item["item"], item["text"])
            elif not item["linkId"].endswith((_SHOWS, _EVIDENCE, _DOCUMENT)) and item["linkId"] != ATTESTED:
                own.append(self._question(item, items))
        yield Section(title, tuple(own))

    def _question(self, item: Mapping[str, Any], beside: Mapping[str, Any]) -> Question:
        link = item["linkId"]
        answers, shown = self.given.get(link, ()), self.given.get(f"{link}{_SHOWS}", ())
        written = source_of(shown) in (MANUAL, OVERRIDE)
        cited = tuple(a["valueReference"]["reference"] for a in self.given.get(f"{link}{_EVIDENCE}", ()))
        return Question(
            link=link,
            place=item.get("prefix", ""),
            text=item["text"],
            kind=item["type"],
            options=tuple(_options(item)),
            required=item.get("required", False),
            answer="; ".join(_in_words(answer) for answer in answers),
            source=source_of(answers),
            entered=str(self.entered.get(link) or ""),
            shows="" if written else "; ".join(a["valueString"] for a in shown),
            basis=str(self.entered.get(f"{link}{_SHOWS}") or ""),
            takes_basis=f"{link}{_SHOWS}" in beside,
            evidence=sources_of(cited, self.record),
            wants_document=f"{link}{_DOCUMENT}" in beside,
            fault=self.faults.get(link) or self.faults.get(f"{link}{_SHOWS}", ""),
        )


def _options(item: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What may be chosen, each as it is sent and as it is said."""
    if item["type"] == "boolean":
        yield from (("yes", "Yes"), ("no", "No"))
    for option in item.get("answerOption", ()):
        yield option["valueCoding"]["code"], option["valueCoding"]["display"]


def _in_words(answer: Mapping[str, Any]) -> str:
    if "valueBoolean" in answer:
        return "Yes" if answer["valueBoolean"] else "No"
    if "valueCoding" in answer:
        return str(answer["valueCoding"]["display"])
    return next(str(value) for member, value in answer.items() if member.startswith("value"))
