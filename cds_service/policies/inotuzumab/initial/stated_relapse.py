"""Relapsed or refractory disease as texts state it: in an assessment at its time, or of the past.

The disease's name ("relapsed B-ALL") and a history of relapse state it for this criterion only; they
are no response of a course. What follows for coverage is decided by the criteria.
Procedure: docs/policies/inotuzumab/initial.md#relapsed-or-refractory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from cds_service.clinical.leukemia.diagnosis import disease_in_words
from cds_service.clinical.leukemia.indication import other_malignancies
from cds_service.clinical.leukemia.response import ASSESSING
from cds_service.clinical.reading.assertions import Assertion, Time
from cds_service.clinical.reading.layout.past import with_course_told
from cds_service.clinical.reading.reader import read
from cds_service.clinical.statements import Statement
from cds_service.fhir.dates import When
from cds_service.policies.inotuzumab.case.case import Case
from cds_service.remembering import once
from cds_service.values import dataclass

_RELAPSE = {"status": frozenset({"relapsed", "refractory"}), "response": frozenset({"relapse"})}
_ALL = frozenset({"b_all", "t_all", "unspecified_all"})


@dataclass(frozen=True, slots=True)
class StatedRelapse:
    """One text that states relapsed or refractory disease. ``when``: of the relapse; None for one of the past without a date.

    ``settles``: an assessment of this leukemia. Otherwise it is what an order or plan calls the patient,
    or may be of another malignancy on record, and decides nothing.
    """

    when: When | None
    reference: str
    text: str
    settles: bool

    @property
    def shown(self) -> str:
        return f'"{self.text}" ({self.when or "undated"})'


@once
def stated_relapses(case: Case) -> tuple[StatedRelapse, ...]:
    """All statements of relapsed or refractory disease, the order's own texts included."""
    own = {p.reference for p in case.diagnosis.leukemia}
    of_this = bool(own) and not other_malignancies(case.chart)
    found: list[StatedRelapse] = []
    for s in case.chart.statements:
        text = s.text if s.kind == "Condition" else s.whole  # the name of a problem is read as diagnosis
        if not text or (s.kind == "Condition" and s.reference not in own):
            continue
        if said := _said(text, s.when):
            about = bool(own) and (of_this or s.kind == "Condition" or disease_in_words(text) in _ALL)
            when, quote = _latest(said, s)
            found.append(StatedRelapse(when, s.reference, quote, about and s.kind in ASSESSING))
    ordering = [(text, case.order.reference) for text in case.order.texts]
    ordering += [(text, use.reference) for use in case.drafts for text in use.texts]
    for text, reference in ordering:
        found += [StatedRelapse(None, reference, a.quote[:80], False) for a in _said(text, None)[:1]]
    return tuple(found)


def _said(text: str, when: When | None) -> list[Assertion]:
    """What a text says of relapse, in an assessment's words and in the disease's name."""
    day, text = when.last if when is not None else None, with_course_told(text)
    return [
        a
        for topic, values in _RELAPSE.items()
        for a in read(text, topic, day).assertions
        if a.value in values
    ]


def _latest(said: Sequence[Assertion], s: Statement) -> tuple[When | None, str]:
    """When the relapse was, and the words: by the date that the text gives, else its own day where it says "now"."""
    if dated := [(a.when, a.quote[:80]) for a in said if a.when is not None]:
        return max(dated, key=lambda d: (d[0].first, d[0].last))
    now = [a for a in said if a.time is Time.PRESENT]
    return (s.when, now[0].quote[:80]) if now else (None, said[0].quote[:80])


def remission_stated_since(
    case: Case, told: Iterable[StatedRelapse], given: Sequence[date]
) -> Iterator[tuple[str, str]]:
    """Statements of CR or CRi that may be later than a stated relapse, with no dose between: where, and what."""
    dated = [t.when.first for t in told if t.when is not None]
    relapse = max(dated, default=None)
    for item in case.items:
        if not item.achieved or (relapse is not None and item.day < relapse):
            continue
        treated = relapse is not None and any(relapse <= day <= item.day for day in given)
        later = any(i.relapse and not i.entry and i.first > item.day for i in case.items)
        if not treated and not later:
            yield item.reference, item.text
