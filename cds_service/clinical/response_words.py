"""What a text says of the response to treatment: CR, CRi, PR, SD, PD, relapse, no progression.

Each clause by itself. Goals, conditions and descriptions of the past state nothing, and a text
that is not understood decides nothing. Does not know where a text comes from.
"""

from __future__ import annotations

import re
from enum import StrEnum

from cds_service.clinical.words import Said, phrase, says


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

# Abbreviations count in their own case only: "Cr 0.9" is a creatinine, "PR 160 ms" and "CR 1.2" are numbers.
_NO_FIGURE = r"(?![\w-])(?!\s*(?::|=|of|interval)?\s*\d)(?!\s*interval)"
_ABBREVIATIONS = (
    (re.compile(rf"(?<![\w-])(?:CRi|Cri|CRI|CRh|CRp){_NO_FIGURE}"), "complete remission with incomplete recovery"),
    (re.compile(rf"(?<![\w-])CR[12]?{_NO_FIGURE}"), "complete remission"),
    (re.compile(rf"(?<![\w-])PR{_NO_FIGURE}"), "partial remission"),
    (re.compile(rf"(?<![\w-])SD{_NO_FIGURE}"), "stable disease"),
    (re.compile(rf"(?<![\w-])PD{_NO_FIGURE}"), "progressive disease"),
    (re.compile(rf"(?<![\w-])NR{_NO_FIGURE}"), "no response"),
)  # fmt: skip

# "Relapse" and "progression" of something else ("progression of neuropathy") say nothing of the leukemia.
_DISEASE_NAME = r"(?:the |her |his |their )?(?:disease|leuk\w+|lymphoblastic \w+|B ?ALL|ALL|blasts)"
_OF_OTHER = rf"(?! (?:of|in) (?!{_DISEASE_NAME}))"
_COMPLETE = r"complete (?:hematologic(?:al)? |haematologic(?:al)? |morphologic(?:al)? |metabolic )?(?:remission|response)"
# In order: the first pattern that a clause affirms names its response. A denial of CR is "no response".
_PATTERNS: tuple[tuple[Response, re.Pattern[str]], ...] = (
    (
        Response.CRI,
        phrase(
            rf"{_COMPLETE} with (?:incomplete|partial)[\w ]*recovery",
            r"incomplete (?:hematologic(?:al)? |count |blood count )?recovery",
        ),
    ),
    (
        Response.CR,
        phrase(_COMPLETE, r"full remission", r"morphologic(?:al)? remission", r"remission achieved", r"achieved remission"),
    ),
    (Response.PR, phrase(r"partial (?:remission|response)")),
    (
        Response.RELAPSE,
        phrase(
            rf"relaps(?:e|ed|ing){_OF_OTHER}(?: disease)?", rf"recurrence of {_DISEASE_NAME}",
            r"(?:disease|leuk\w+) recurrence", r"recurrent (?:disease|leuk\w+)",
        ),
    ),
    (
        Response.PD,
        phrase(
            r"progressive disease", rf"progression{_OF_OTHER}",
            r"(?:disease|leuk\w+) (?:has |is |had )?progress(?:ed|ing)",
        ),
    ),
    (Response.SD, phrase(r"stable disease", r"disease (?:is |remains )?stable")),
    (
        Response.NO_RESPONSE,
        phrase(
            r"non ?respon(?:se|der|sive)", r"no response", r"treatment failure", r"absent response to treatment",
            r"(?:persistent|refractory) (?:disease|leuk\w+)", r"residual leuk\w+",
        ),
    ),
)  # fmt: skip
_NO_PROGRESSION = phrase(
    rf"(?:no|without) (?:evidence of |sign of |signs of |clinical |further )?(?:disease )?progression{_OF_OTHER}",
    r"(?:disease|leuk\w+) (?:has |is )?not progress(?:ed|ing)", r"progression free", r"no progressive disease",
    rf"no evidence of (?:disease|leuk\w+|relapse|recurrence){_OF_OTHER}(?: progression)?", rf"no relapse{_OF_OTHER}",
)  # fmt: skip
# Intents, conditions, reasons for treatment, and other diseases.
_NOT_A_FINDING = re.compile(
    r"\b(?:goal|aim|target|plan(?:ned)? (?:to|for|if)|if|until|unless|in case of|expected|hope|"
    r"eligib\w+|indicat\w+|for (?:the )?treatment of|treat(?:ment|ed|ing)? (?:for|of)|protocol for|trial|"
    r"response to (?!(?:treatment|therapy|inotuzumab|besponsa|chemo\w*|cycle|induction|salvage)\b)\w+|"
    r"(?:heart|coronary|artery|liver|hepatic|lung|pulmonary|kidney|renal|thyroid|bowel|valv\w+|vascular|host) disease)\b",
    re.IGNORECASE,
)
# The history that led to this treatment.
_PAST = re.compile(
    r"\b(?:prior|previous(?:ly)?|history of|hx of|h/o|initial(?:ly)?|original(?:ly)?|formerly|first remission|"
    r"with hyper-?CVAD|progress(?:ed|ion) (?:on|after|through))\b",
    re.IGNORECASE,
)
# What the disease is called, or a point of time ("relapsed/refractory B-ALL", "at relapse"): no assessment.
_DISEASE = r"(?:B|T|pre-?B|precursor|acute|ALL|lympho\w+|leuk\w+)(?:[ -](?:cell|ALL|acute|lymph\w+|leuk\w+|precursor|lineage))*"
_NAMES = re.compile(
    r"\brelapsed?\s*(?:/|or|and|and/or|,)\s*refractory(?:\s+disease)?\b|\bR/R\b|"
    rf"\b(?:relapsed|refractory|recurrent)\s+(?:\(?R/R\)?\s+)?(?:CD22\S*\s+|Ph\S*\s+)*{_DISEASE}\b|"
    r"\b(?:at|after|since|following|before|(?:in|for|of) (?:first|second|third|1st|2nd|3rd)) relapse\b",
    re.IGNORECASE,
)  # fmt: skip


def responses_in(text: str, *, about_response: bool = True) -> list[Response]:
    """The responses that a text states, each clause by itself.

    "not in CR" is no response; "no relapse" is no progression. Abbreviations are read only in a
    text that is ``about_response``.
    """
    words = text
    if about_response:
        for pattern, meaning in _ABBREVIATIONS:
            words = pattern.sub(meaning, words)
    found: list[Response] = []
    for clause in re.split(r"(?<=[.;!])\s+|\n", words):
        found += _in_clause(_NAMES.sub(" ", clause))
    return list(dict.fromkeys(found))


def _in_clause(clause: str) -> list[Response]:
    if _NOT_A_FINDING.search(clause) or _PAST.search(clause):
        return []
    if _NO_PROGRESSION.search(clause):
        rest = _NO_PROGRESSION.sub(" ", clause)
        return [
            *(r for r in _in_clause(rest) if r in ACHIEVED | {Response.PR, Response.SD}),
            Response.NO_PROGRESSION,
        ]
    for response, pattern in _PATTERNS:
        said = _said(clause, response, pattern)
        if said is Said.AFFIRMED:
            return [response]
        if said is Said.DENIED and response in ACHIEVED:
            return [Response.NO_RESPONSE]
        if said is Said.DENIED and response in RELAPSED:
            return [Response.NO_PROGRESSION]
    return []


_ANY_RESPONSE = re.compile("|".join(pattern.pattern for _, pattern in _PATTERNS), re.IGNORECASE)


def _said(clause: str, response: Response, pattern: re.Pattern[str]) -> Said:
    """What a clause says of a response; a denial of something else before it does not reach it.

    "No circulating blasts, CRi" is CRi. "No CR, CRi or PR" denies all, and so does "no fever,
    cough or relapse".
    """
    said = says(clause, pattern)
    if said is not Said.DENIED:
        return said
    pieces = re.split(r",\s+|\s+and\s+", clause)
    if any(says(piece, _ANY_RESPONSE) is Said.DENIED for piece in pieces):
        return said
    short = 2 if response in RELAPSED else 0
    alone = [p for p in pieces if not re.match(r"n?or\b", p) and len(p.split()) > short]
    return Said.AFFIRMED if any(says(p, pattern) is Said.AFFIRMED for p in alone) else said
