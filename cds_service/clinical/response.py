"""Evidence of response and relapse, each item with its date and source.

Statements in words or codes, and marrow, blood and extramedullary findings. What follows from
them for a course is decided by the policy's procedure, not here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from cds_service.clinical.chart import Chart
from cds_service.clinical.problems import WORDS
from cds_service.clinical.results import Result
from cds_service.clinical.signs import sign_in_words
from cds_service.clinical.statements import Statement
from cds_service.clinical.words import Said, phrase, says
from cds_service.fhir.codings import System, codes_in, words_in
from cds_service.fhir.dates import When, effective, read_when
from cds_service.fhir.json_types import as_dict


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


@dataclass(frozen=True, slots=True)
class Stated:
    """One statement of response."""

    response: Response
    when: When | None
    reference: str
    words: str

    @property
    def shown(self) -> str:
        return f"{self.response.value} stated ({self.when or 'undated'})"


# In order: the first pattern that a text affirms names its response. A denial of CR is "no response".
_PATTERNS: tuple[tuple[Response, re.Pattern[str]], ...] = (
    (
        Response.CRI,
        phrase(
            r"CRi", r"CRh", r"CRp",
            r"complete (?:hematologic(?:al)? )?(?:remission|response) with (?:incomplete|partial)[\w ]*recovery",
            r"incomplete (?:hematologic(?:al)? |count |blood count )?recovery",
        ),
    ),
    (
        Response.CR,
        phrase(
            r"CR(?:\s?[12])?", r"complete (?:hematologic(?:al)? |morphologic(?:al)? |metabolic )?(?:remission|response)",
            r"(?:in )?full remission", r"morphologic(?:al)? (?:complete )?remission", r"remission achieved", r"achieved remission",
        ),
    ),
    (Response.PR, phrase(r"PR", r"partial (?:remission|response)")),
    (Response.RELAPSE, phrase(r"relaps(?:e|ed|ing)(?: disease)?", r"recurren(?:ce|t)(?: disease)?")),
    (
        Response.PD,
        phrase(r"PD", r"progressive disease", r"disease progression", r"progression(?: of (?:the )?(?:disease|leuk\w+))?", r"progress(?:ed|ing)", r"refractory disease"),
    ),
    (Response.SD, phrase(r"SD", r"stable disease", r"disease (?:is )?stable")),
    (Response.NO_RESPONSE, phrase(r"non-?respon(?:se|der|sive)", r"no response", r"NR", r"treatment failure", r"absent response to treatment", r"persistent (?:disease|leuk\w+)", r"residual leuk\w+")),
)  # fmt: skip

_CODED = {
    (System.SNOMED, "268910001"): Response.IMPROVED,
    (System.SNOMED, "359746009"): Response.STABLE,
    (System.SNOMED, "271299001"): Response.WORSENED,
    (System.SNOMED, "103338009"): Response.CR,
    (System.SNOMED, "103337004"): Response.PR,
    (System.NCIT, "C4870"): Response.CR,
    (System.NCIT, "C18058"): Response.PR,
    (System.NCIT, "C18213"): Response.SD,
    (System.NCIT, "C35571"): Response.PD,
}

# Topics whose short answers (CR, PD) are about the response, and texts in which they are not.
_TOPIC = re.compile(
    r"respon|remission|disease status|progression|leuk|marrow|assessment|restag|relapse|evaluation", re.I
)
_OTHER_THING = re.compile(
    r"\bchest\b|\bx-?ray\b|\bblood pressure\b|\bkidney\b|\brenal\b|\bdiabet|\bcreatinine\b", re.I
)
# Statements of intent or of conditions, and descriptions of the past that opened this line of therapy.
_NOT_A_FINDING = re.compile(
    r"\b(?:goal|aim|target|plan(?:ned)? (?:to|for|if)|if|until|unless|in case of|expected|hope|"
    r"eligib\w+|indicat\w+|for (?:the )?treatment of|treat(?:ment|ed|ing)? (?:for|of)|protocol for|trial)\b",
    re.IGNORECASE,
)
# What orders and plans call the patient ("for relapsed ALL") is their reason, not an assessment.
ASSESSING = frozenset({"Observation", "Condition", "DiagnosticReport", "DocumentReference", "Procedure"})
_MENTIONING = frozenset({"CarePlan", "MedicationAdministration"})


def response_statements(chart: Chart) -> tuple[Stated, ...]:
    """All statements of response, by code or in words, with their dates."""
    found: list[Stated] = []
    for statement in chart.statements:
        found += _stated_in(statement)
    for resource in chart.record.of_type("Observation"):
        found += _coded(resource.body, resource.reference, chart)
    unique = {(s.response, s.reference): s for s in found}
    return tuple(unique[key] for key in sorted(unique))


def _coded(body: object, reference: str, chart: Chart) -> Iterator[Stated]:
    whole = as_dict(body)
    answer = whole.get("valueCodeableConcept")
    for key in codes_in(answer):
        if (response := _CODED.get(key)) is not None:
            when = effective(whole, chart.zone) or read_when(whole.get("issued"), chart.zone)
            if when is None or when.has_happened(chart.clock):
                yield Stated(response, when, reference, words_in(answer))


def _stated_in(statement: Statement) -> Iterator[Stated]:
    if statement.kind not in ASSESSING | _MENTIONING or not statement.whole or _is_marker(statement):
        return
    if statement.kind == "Condition" and not statement.text:
        return  # the name of a problem is read as diagnosis, not as an assessment
    text = statement.text or statement.topic
    if statement.answers & {"mcode_disease_status", "remission_full", "remission_partial", "response_ncit"}:
        return  # read by its code
    about_response = bool(_TOPIC.search(statement.topic)) or bool(
        statement.codes & {"response_to_treatment", "disease_status"}
    )
    if _OTHER_THING.search(text):
        return
    for response in responses_in(text, about_response=about_response or statement.kind != "Observation"):
        if statement.kind in _MENTIONING and response in RELAPSED:
            continue
        yield Stated(response, statement.when, statement.reference, text[:120])


def _is_marker(statement: Statement) -> bool:
    return bool(
        statement.codes
        & {"immunophenotype_panel", "karyotype", "gene_variant", "bcr_abl1_fish", "bcr_abl1_transcript"}
    )


_NO_PROGRESSION = phrase(
    r"no (?:evidence of |sign of |signs of |clinical |further )?(?:disease )?progression", r"without (?:evidence of |disease )?progression",
    r"not progress(?:ed|ing)", r"progression[- ]free", r"no progressive disease", r"no PD",
    r"no evidence of (?:disease|leuk\w+|relapse|recurrence)(?: progression)?", r"no relapse",
)  # fmt: skip
_SHORT = frozenset({Response.PR, Response.SD, Response.PD})
_SHORT_FORM = re.compile(r"(?<![\w-])(?:PR|SD|PD|NR)(?![\w-])")
_EXACT_CASE = re.compile(r"(?<![\w-])(?:CR[12]?|CRi|CRh|CRp|PR|SD|PD|NR)(?![\w-])")
_LOWER_SHORT = re.compile(r"(?<![\w-])(?:cr|pr|sd|pd|nr)(?![\w-])")


def responses_in(text: str, *, about_response: bool = True) -> list[Response]:
    """The responses that a text states, each clause by itself.

    "not in CR" is no response; "no relapse" is no progression; a goal or condition states nothing.
    """
    found: list[Response] = []
    for clause in re.split(r"(?<=[.;!])\s+|\n", _LOWER_SHORT.sub(" ", text)):
        found += _in_clause(clause, about_response)
    return list(dict.fromkeys(found))


def _in_clause(clause: str, about_response: bool) -> list[Response]:
    if _NOT_A_FINDING.search(clause):
        return []
    if _NO_PROGRESSION.search(clause):
        rest = _NO_PROGRESSION.sub(" ", clause)
        return [*(r for r in _in_clause(rest, about_response) if r in ACHIEVED), Response.NO_PROGRESSION]
    for response, pattern in _PATTERNS:
        said = says(clause, pattern)
        if said is Said.NOT_MENTIONED or said is Said.DOUBTED:
            continue
        short = response in _SHORT and _SHORT_FORM.search(clause) and not about_response
        if short:
            continue
        if said is Said.AFFIRMED:
            return [response]
        if response in ACHIEVED:
            return [Response.NO_RESPONSE]
        if response in RELAPSED:
            return [Response.NO_PROGRESSION]
    return []


@dataclass(frozen=True, slots=True)
class Extramedullary:
    """One statement of extramedullary disease: present, or absent (also resolved)."""

    present: bool
    when: When | None
    reference: str
    words: str


_RESOLVED = re.compile(
    r"\b(?:resolved|resolution|cleared|gone|no longer|disappeared|complete response)\b", re.IGNORECASE
)


def extramedullary(chart: Chart) -> tuple[Extramedullary, ...]:
    """All statements of extramedullary disease: conditions (and their end) and texts."""
    found: list[Extramedullary] = []
    for p in chart.problems:
        if p.is_a("extramedullary_disease") and p.verified and not p.is_event:
            found.append(Extramedullary("remission" not in p.words.lower(), p.dated, p.reference, p.words))
            if not p.is_active and p.resolved is not None:
                found.append(Extramedullary(False, p.resolved, p.reference, f"{p.words} resolved"))
    pattern = WORDS["extramedullary_disease"]
    for s in chart.statements:
        if s.kind not in ASSESSING or (s.kind == "Condition" and not s.text):
            continue
        said = says(s.whole, pattern)
        if said is Said.NOT_MENTIONED or said is Said.DOUBTED:
            continue
        stated = sign_in_words(s.text) if pattern.search(s.topic) and s.text else None
        absent = said is Said.DENIED or stated is False or bool(_RESOLVED.search(s.whole))
        found.append(Extramedullary(not absent, s.when, s.reference, s.whole[:120]))
    return tuple(found)


def blasts(chart: Chart) -> tuple[list[Result], list[Result]]:
    """Usable marrow blast percentages, and peripheral blast results (per cent or count)."""
    marrow = chart.usable("marrow_blasts_pct")
    blood = [
        r
        for r in chart.results_for(
            "pb_blasts_pct", "pb_blasts_abs", "pb_lymphoblasts_pct", "pb_lymphoblasts_abs"
        )
        if r.value is not None or r.sign is not None
    ]
    return marrow, blood


def has_blasts(result: Result) -> bool | None:
    """Whether a peripheral result shows leukemic blasts (a number above 0, or "present")."""
    if result.value is not None:
        return result.value.is_above(Decimal(0))
    return result.sign
