"""Reports and answers that may tell of disease, or of remission, in words that are not read as a statement of it.

They prove nothing, and leave an older statement open. What is read is known by ``response``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from cds_service.clinical.chart import Chart
from cds_service.clinical.leukemia.response import ABOUT_RESPONSE, response_statements
from cds_service.clinical.observations.measurements import is_no_result
from cds_service.clinical.reading.markers.lineage import ALL, B_ALL, T_ALL, lineages
from cds_service.clinical.reading.recorded import Named, named
from cds_service.clinical.statements import Statement

# "60 % blasts", "blasts comprise 60 % of cells"; a share of the blasts that has a marker is none.
_COUNTED = re.compile(
    r"(?<![\d.,<>~-])(?<!in )(?<!than )(\d{1,3})(?:\.\d{1,2})?\s?%\s(?:(?:leukemic|circulating|marrow|B|immature)\s)?(?:lympho)?blasts?\b"
    r"|\b(?:lympho)?blasts?\s(?:comprise|account for|represent|constitute|are|make up)\s(?:about |approximately )?(\d{1,3})(?:\.\d{1,2})?\s?% of\b",
    re.IGNORECASE,
)
_OTHERWISE = re.compile(
    r"\b(?:history|hx|prior|previous\w*|earlier|was|were|had|from|before|pre|if|at diagnosis|at relapse|compared|s?c?CD ?\d{1,3}\w?)\b|\d{1,2}/\d{2,4}",
    re.IGNORECASE,
)
_PART = re.compile(r"[.;\n](?!\d)")


# Blasts said to be there: in blood, or on a smear.
_BLAST = re.compile(r"\b(?:lympho)?blasts?\b", re.IGNORECASE)
_IN_BLOOD = re.compile(r"\b(?:circulating|peripheral|smear)\b", re.IGNORECASE)
_SEEN = re.compile(
    r"\b(?:present|seen|identified|noted|observed|found|detected|rare|few|occasional|scattered|some|many|numerous|increased)\b|\d ?%",
    re.IGNORECASE,
)
_NOT_SEEN = re.compile(
    r"\b(?:no|not|none|nor|neither|without|absen\w+|negative|clear\w*|resolved|zero|lack\w*|free|if|whether|vs|versus|or|"
    r"may|might|possible|cannot|pending|normal|for (?:\w+ ){0,2}(?:lympho)?blasts?)\b|[?<]|(?<![\d.])0(?:\.0)? ?%",
    re.IGNORECASE,
)


def open_reports(chart: Chart, limit: Decimal) -> Iterator[Statement]:
    """Reports and answers that may tell of disease in words of which no statement of response was read.

    They count blasts at or above a limit, say that blasts are seen in blood, or conclude the leukemia in relapse by name.
    """
    titles = {d.reference: d.words for d in chart.documents}
    for s in chart.statements:
        is_report = s.kind == "DiagnosticReport"
        if not is_report and s.kind != "Observation":
            continue
        tells = "blast" in s.text.lower() and _tells_blasts(s, s.topic or titles.get(s.reference, ""), limit)
        if tells or (is_report and _names_relapse(s)):
            yield s


def _tells_blasts(s: Statement, title: str, limit: Decimal) -> bool:
    is_blood = _IN_BLOOD.search(title) is not None
    parts = [p for p in _PART.split(s.text) if _BLAST.search(p) and _OTHERWISE.search(p) is None]
    counted = s.kind == "DiagnosticReport" and any(
        Decimal(m[1] or m[2]) >= limit for p in parts for m in _COUNTED.finditer(p)
    )
    return counted or any(
        (is_blood or _IN_BLOOD.search(p)) and _SEEN.search(p) and not _NOT_SEEN.search(p) for p in parts
    )


_LEUKEMIA = frozenset({ALL, B_ALL, T_ALL})
_LONGEST_NAME = 120  # characters
_SAYS_MORE = re.compile(
    r"\b(?:no|not|without|negative|remission|CR\d?|CRi|MRD|residual|undetect\w+|prior|previous\w*|history|hx|s/p|status post|after)\b",
    re.IGNORECASE,
)


def _names_relapse(s: Statement) -> bool:
    """Whether all that a report concludes is the name of the leukemia, in relapse."""
    if s.text[_LONGEST_NAME:] or _SAYS_MORE.search(s.text):
        return False
    is_named = named(s.text, "status", "relapsed") is Named.STATED
    return is_named and not _LEUKEMIA.isdisjoint(lineages(s.text, recorded=True))


def unread_answers(chart: Chart) -> Iterator[Statement]:
    """Answers to the question how the disease responds that say something which is not read."""
    read_of = {s.reference for s in response_statements(chart)}
    for s in chart.statements:
        asked = s.answered and (s.codes & ABOUT_RESPONSE or _asks_for_state(s.topic))
        if asked and s.reference not in read_of and not s.answers and not is_no_result(s.text):
            yield s


_STATE = re.compile(
    r"(?:in |current |disease |leukemia )?(?:relapsed?|recurrence|(?:complete )?remission|CRi?|progression|progressive disease)"
    r"(?: status)?(?: \(?(?:y/n|yes/no)\)?)?\??",
    re.IGNORECASE,
)


def _asks_for_state(topic: str) -> bool:
    return any(_STATE.fullmatch(name) for name in topic.split(" | "))
