"""Evidence of response and relapse, each item with its date and source: statements and blast counts.

What follows from them for a course is decided by the policy's procedure, not here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum

from cds_service.clinical.chart import Chart
from cds_service.clinical.code_sets import code_set
from cds_service.clinical.evidence import deciding
from cds_service.clinical.observations.results import Part, Result, read_part
from cds_service.clinical.reading.assertions import Reading, Time
from cds_service.clinical.reading.layout.past import with_course_told, with_past
from cds_service.clinical.reading.reader import read
from cds_service.clinical.statements import Statement
from cds_service.clinical.terms import concepts
from cds_service.fhir.codings import codes_in, words_in
from cds_service.fhir.dates import When, effective, read_when
from cds_service.fhir.record import Resource
from cds_service.remembering import once
from cds_service.values import dataclass

__all__ = [
    "ABOUT_RESPONSE", "ACHIEVED", "ASSESSING", "NOT_ACHIEVED", "RELAPSED", "Response", "Stated", "blasts", "has_blasts", "read_response",
    "response_statements", "unreadable_blasts",
]  # fmt: skip


class Response(StrEnum):
    """What a statement says of the disease."""

    CR = "CR"
    CRI = "CRi"
    PR = "PR"
    SD = "SD"
    PD = "PD"
    RELAPSE = "relapse"
    NO_RESPONSE = "no CR or CRi"
    IMPROVED = "improved"
    STABLE = "stable"
    WORSENED = "worsened"
    NO_PROGRESSION = "no progression"


ACHIEVED = frozenset({Response.CR, Response.CRI})
NOT_ACHIEVED = frozenset({Response.PR, Response.SD, Response.PD, Response.RELAPSE, Response.NO_RESPONSE})
RELAPSED = frozenset({Response.PD, Response.RELAPSE})
_TREND = frozenset({Response.IMPROVED, Response.STABLE, Response.WORSENED})
_IN_WORDS = {
    "cr": Response.CR, "cri": Response.CRI, "pr": Response.PR, "sd": Response.SD, "progression": Response.PD,
    "relapse": Response.RELAPSE, "no-cr": Response.NO_RESPONSE, "no-progression": Response.NO_PROGRESSION,
    "improved": Response.IMPROVED,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stated:
    """One statement of response. ``cycle`` is the cycle after which it places the state, when it says so."""

    response: Response
    when: When | None
    reference: str
    words: str
    cycle: int | None = None

    @property
    def shown(self) -> str:
        said = f"disease stated as {self.response}" if self.response in _TREND else f"{self.response} stated"
        return f"{said} ({self.when or 'undated'})"


_CODED = {
    code: response
    for name, response in {
        "response_improved": Response.IMPROVED,
        "response_stable": Response.STABLE,
        "response_worsened": Response.WORSENED,
        "response_cr": Response.CR,
        "response_pr": Response.PR,
        "response_sd": Response.SD,
        "response_pd": Response.PD,
    }.items()
    for code in code_set(name).codes
}
ABOUT_RESPONSE = frozenset({"response_to_treatment", "disease_status"})

# Questions whose answers are about the response, so that the answer is read without the question's words.
_TOPIC = re.compile(
    r"respon|remission|disease status|progression|leuk|marrow|assessment|restag|relapse|evaluation", re.I
)
_YES_OR_NO = re.compile(r"(?:yes|no|true|false|none|achieved|not achieved)\.?", re.IGNORECASE)
# What orders and plans call the patient ("for relapsed ALL") is their reason, not an assessment.
ASSESSING = frozenset({"Observation", "Condition", "DiagnosticReport", "DocumentReference", "Procedure"})
_MENTIONING = frozenset({"CarePlan", "MedicationAdministration"})
_MARKERS = frozenset(
    {"immunophenotype_panel", "karyotype", "gene_variant", "bcr_abl1_fish", "bcr_abl1_transcript"}
)


@once
def response_statements(chart: Chart) -> tuple[Stated, ...]:
    """All statements of response, by code or in words, with their dates."""
    found: list[Stated] = []
    for statement in chart.statements:
        found += _stated_in(statement)
    for resource in chart.record.of_type("Observation"):
        if "valueCodeableConcept" in resource.body:
            found += _coded(resource, chart)
    unique = {(s.response, s.reference, s.when, s.cycle): s for s in found}
    return tuple(sorted(unique.values(), key=_in_order))


def _in_order(stated: Stated) -> tuple[str, str, date, int]:
    day = stated.when.last if stated.when is not None else date.min
    return stated.response, stated.reference, day, stated.cycle or 0


def _coded(resource: Resource, chart: Chart) -> Iterator[Stated]:
    """A coded answer counts where the question is the disease or its response ("improved" may be said of a cough)."""
    answer = resource.body["valueCodeableConcept"]
    responses = [_CODED[key] for key in codes_in(answer) if key in _CODED]
    if not responses:
        return
    question = resource.body.get("code")
    if not (concepts(question, "labs", "fhir_codes") & ABOUT_RESPONSE or _TOPIC.search(words_in(question))):
        return
    when = effective(resource.body, chart.zone) or read_when(resource.body.get("issued"), chart.zone)
    if when is None or when.has_happened(chart.clock):
        for response in responses:
            yield Stated(response, when, resource.reference, words_in(answer))


def _stated_in(statement: Statement) -> Iterator[Stated]:
    if statement.kind not in ASSESSING | _MENTIONING or not statement.whole or statement.codes & _MARKERS:
        return
    if statement.kind == "Condition" and not statement.text:
        return  # the name of a problem is read as diagnosis, not as an assessment
    if statement.answers & {"mcode_disease_status", "remission_full", "remission_partial", "response_ncit"}:
        return  # read by its code
    for said in read_response(_asked(statement), statement.when.last if statement.when else None).assertions:
        response = _IN_WORDS[said.value]
        if said.time is Time.PAST or (statement.kind in _MENTIONING and response in RELAPSED):
            continue
        yield Stated(response, said.when or statement.when, statement.reference, said.quote, said.cycle)


def read_response(text: str, on: date | None) -> Reading:
    """What a text says of response, also under its headings of the past where it has a day of its own."""
    reading = read(text, "response", on)
    if not (":" in text or "\n" in text) or (told := with_course_told(text)) == text:
        return reading
    return with_past(reading, read(told, "response", on))


def _asked(statement: Statement) -> str:
    """The text to read: an answer with its question, where the question is not the response itself."""
    about = bool(_TOPIC.search(statement.topic)) or bool(statement.codes & ABOUT_RESPONSE)
    if statement.answered and (not about or _YES_OR_NO.fullmatch(statement.text)):
        return f"{statement.topic.split(' | ')[0]}: {statement.text}"
    return statement.text or statement.topic


_BLOOD = ("pb_blasts_pct", "pb_blasts_abs", "pb_lymphoblasts_pct", "pb_lymphoblasts_abs")


@once
def blasts(chart: Chart) -> tuple[Sequence[Result], Sequence[Result]]:
    """Usable marrow blast percentages, and peripheral blast results (per cent or count)."""
    marrow = chart.usable("marrow_blasts_pct")
    blood = [r for r in chart.results_for(*_BLOOD) if r.value is not None or r.sign is not None]
    return marrow, blood


def unreadable_blasts(chart: Chart) -> tuple[list[Result], list[Result]]:
    """Marrow and blood results that may show blasts or none, since their value cannot be read.

    Not where the same sample has a readable result, nor where the words deny blasts.
    """
    marrow, blood = blasts(chart)
    told = [*marrow, *(r for r in chart.results_for("marrow_blasts_pct") if r.sign is False)]
    unread = [
        r for r in chart.results_for("marrow_blasts_pct") if r.problem is not None and r.sign is not False
    ]
    return (
        [r for r in deciding(told, unread) if r in unread],
        [r for r in deciding(blood, chart.unusable(_BLOOD)) if r.is_unreadable],
    )


_OF_EITHER = re.compile(
    r"%? ?blasts?(?:[ ,]{1,2}(?:%|percent(?:age)?|\(?manual(?: diff(?:erential)?)?\)?|relative|diff(?:erential)?))*",
    re.IGNORECASE,
)


def blasts_of_either(chart: Chart) -> Iterator[Result]:
    """Blasts above zero under a local name that tells neither blood nor marrow ("Blasts %"), up to the clock."""
    for seen in chart.observed_by_words:
        if _OF_EITHER.fullmatch(seen.code.words.split(" | ")[0]) is not None:
            result = read_part(Part("marrow_blasts_pct", seen.part, seen.resource), chart.zone)
            happened = result.when is None or result.when.has_happened(chart.clock)
            if happened and result.value is not None and result.value.is_above(Decimal(0)):
                yield result


def has_blasts(result: Result) -> bool | None:
    """Whether a peripheral result shows leukemic blasts (a number above 0, or "present")."""
    if result.value is not None:
        if result.value.is_above(Decimal(0)):
            return True
        return False if result.value.exact == 0 else None
    return result.sign
