"""Progression: POL-B-I-PROG.

The newest evidence of the present course decides; silence is not documentation.
Procedure: docs/policies/inotuzumab/continuation.md#progression.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from cds_service.clinical.leukemia.response import RELAPSED, Response, response_statements
from cds_service.engine.answers import MET, NOT, Answer, unknown
from cds_service.fhir.dates import When
from cds_service.policies.inotuzumab.case.case import Case
from cds_service.policies.inotuzumab.case.open_items import hidden
from cds_service.policies.inotuzumab.case.places import judged_without, may_be_overruled
from cds_service.policies.inotuzumab.case.response import Status
from cds_service.values import dataclass

_SETTLE = "a dated note or result of this course that says the disease has not progressed"
_SILENT = "nothing recorded in this course says whether the disease has progressed"
_PARTLY_SEEN = "what was seen of this course does not say whether the disease has progressed"
_PROGRESSION = RELAPSED | {Response.WORSENED}
_NONE = {
    Response.CR, Response.CRI, Response.PR, Response.SD, Response.IMPROVED, Response.STABLE, Response.NO_PROGRESSION,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Sign:
    """Dated evidence of progression (True), of none (False), or of disease without an earlier CR (None)."""

    first: date
    last: date
    progression: bool | None
    text: str
    reference: str


def progression(case: Case) -> Answer:
    """POL-B-I-PROG: the newest signs, against day 1 of the last completed cycle."""
    response, since = case.response, case.last_cycle_day_one
    if response.status is Status.LOST:
        return Answer(NOT, response.because, response.evidence)
    newest = _newest(case)
    evidence = tuple(dict.fromkeys(s.reference for s in newest if s.reference))
    texts = "; ".join(dict.fromkeys(s.text for s in newest))
    found = {s.progression for s in newest}
    unseen = may_be_overruled(case.chart, "progression-note")
    if found >= {True, False}:
        why = f"opposite evidence of {newest[0].last}: {texts}"
    elif True in found:
        return Answer(NOT, texts, evidence)
    elif response.may_be_lost:
        why, evidence = response.because, tuple(dict.fromkeys((*response.evidence, *evidence)))
    elif case.frame.start is None and (reason := judged_without(case.chart, "progression-note")):
        why = f"when this course began could not be seen ({reason})"
    elif not newest:
        why = _SILENT if hidden(case.chart, "progression-note") is None else _PARTLY_SEEN
    elif unread := [i.text for i in case.items if i.unreadable and i.reference in evidence]:
        why = f"{'; '.join(unread)}: whether the disease has progressed cannot be determined"
    elif False not in found:
        before = next((i.text for i in case.items if i.achieved), "no CR or CRi")
        why = f"{texts}, and {before} before: whether the disease has progressed is not stated"
    elif since is not None and any(s.first <= since for s in newest if s.progression is False):
        why = f"the newest evidence ({texts}) is not from after day 1 of the last cycle ({since})"
    elif not unseen:
        return Answer(MET, texts, evidence)
    else:
        why = texts
    gap = f"; not everything was seen ({unseen})" if unseen else ""
    return unknown(why + gap, "progression-note", evidence=evidence, changes=_SETTLE)


def _newest(case: Case) -> list[_Sign]:
    """The signs of the latest day of the present course; a partial date that may be as late is among them."""
    start = case.frame.start
    signs = [s for s in _signs(case, start) if s.first > start] if start is not None else []
    last = max((s.first for s in signs), default=None)
    return sorted(
        (s for s in signs if last is not None and s.last >= last), key=lambda s: (s.last, s.reference, s.text)
    )


def _signs(case: Case, start: date) -> Iterator[_Sign]:
    stated = response_statements(case.chart)
    for s in stated:
        progression = True if s.response in _PROGRESSION else False if s.response in _NONE else None
        when = case.frame.after_cycle(s.cycle, s.when) if s.when is not None else None
        yield from _sign(when, progression, s.shown, s.reference)
    references = {s.reference for s in stated}
    for item in case.items:
        if item.reference not in references and not item.entry and item.is_since(start):
            progression = False if item.achieved else None
            yield _Sign(item.first, item.day, progression, item.text, item.reference)


def _sign(when: When | None, progression: bool | None, text: str, reference: str) -> Iterator[_Sign]:
    if when is not None:
        yield _Sign(when.first, when.last, progression, text, reference)
