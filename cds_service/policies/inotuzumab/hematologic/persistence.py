"""Counts that stay low: POL-HEM-1-28 and POL-HEM-2-28.

Applies to every order and, as every stop rule, to every course. What is suspected is read from
statements and adverse events; a cause that nobody stated leaves the rule undecided.
Procedure: docs/policies/inotuzumab/hematologic.md#counts-before-the-next-cycle.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from cds_service.clinical.observations.counts import anc, platelets
from cds_service.clinical.observations.results import Result
from cds_service.clinical.problems import is_unread
from cds_service.clinical.reading.reader import read
from cds_service.clinical.therapy.drugs import INOTUZUMAB, drugs_in_text
from cds_service.oncology.doses import Dose
from cds_service.policies.inotuzumab.case.case import Case
from cds_service.policies.inotuzumab.hematologic.counts import baseline, settled
from cds_service.policies.inotuzumab.numbers import days
from cds_service.remembering import once
from cds_service.values import dataclass


@dataclass(frozen=True, slots=True)
class Persistence:
    """A count that stayed low too long: since when, and whether inotuzumab is suspected.

    ``suspected`` is None when no cause is stated, or the counts before treatment, which decide
    whether the rule applies, are not known: ``open_because`` says which, ``asks`` what would settle it.
    """

    name: str
    rule: str
    first: Result
    last: Result
    suspected: bool | None
    open_because: str
    asks: str
    evidence: tuple[str, ...]

    @property
    def length(self) -> int:
        assert self.first.when is not None
        assert self.last.when is not None
        return (self.last.when.first - self.first.when.last).days


@once
def persistent_cytopenias(case: Case) -> tuple[Persistence, ...]:
    """Step 9: rows 1 and 2 in each course, where neither count was low before it."""
    return tuple(found for first, until in _courses(case) for found in _in_course(case, first, until))


def _courses(case: Case) -> Iterator[tuple[Dose, date]]:
    """The first dose of each course and the last day that belongs to it."""
    ends = sorted({e.day for e in case.frame.ends if e.day is not None})
    given = case.frame.history.given
    for begin, end in zip([date.min, *ends], [*ends, case.chart.today], strict=True):
        doses = [d for d in given if begin < d.day <= end]
        if doses:
            yield doses[0], end


def _in_course(case: Case, first: Dose, until: date) -> Iterator[Persistence]:
    before = baseline(case, first)
    if any(count.low for count in before):
        return
    unknown = " and ".join(count.name for count in before if count.low is None)
    for name, rule, results in (
        ("ANC", "POL-HEM-1-28", anc(case.chart, unreadable=True)),
        ("platelets", "POL-HEM-2-28", platelets(case.chart, unreadable=True)),
    ):
        of_course = [r for r in results if r.when is not None and first.day < r.when.first <= until]
        run = _low_run(case, name, of_course)
        if run is None:
            continue
        suspected, evidence = _suspected(case, name, first.day)
        suspected, why, asks = _settled(name, suspected, unknown, run[1])
        refs = (run[0].reference, run[1].reference, *evidence)
        found = Persistence(name, rule, *run, suspected, why, asks, refs)
        if found.length > days("hem.discontinue_after"):
            yield found


def _settled(name: str, suspected: bool | None, unknown: str, last: Result) -> tuple[bool | None, str, str]:
    """Whether inotuzumab is suspected; where that, or what it rests on, is open: why, and what is asked for.

    ``unknown`` names the counts before the first dose that are not known.
    """
    if suspected is False:
        return False, "", ""
    open_ = []
    if suspected is None:
        open_.append(
            (f"the cause of the low {name} is not recorded", f"the suspected cause of the low {name}")
        )
    if unknown:
        open_.append((f"{unknown} before the first dose not known", "the counts before the first dose"))
    if last.is_unreadable:
        open_.append((f"the newest {name} cannot be read", f"the newest {name}"))
    if not open_:
        return True, "", ""
    return None, "; ".join(why for why, _ in open_), " and ".join(asks for _, asks in open_)


def _low_run(case: Case, name: str, results: list[Result]) -> tuple[Result, Result] | None:
    """The first and the last count of the low run that reaches to the newest count.

    A count at or above the limit ends a run; an upper bound after a transfusion does not. A run that a
    newest count which cannot be read may make long enough reaches to that count.
    """
    moments: dict[tuple[date, str], list[Result]] = {}
    for r in results:
        if r.when is not None and r.when.day is not None:
            moments.setdefault((r.when.day, str(r.when.instant or "")), []).append(r)
    run: list[Result] = []
    unread: Result | None = None
    for moment in sorted(moments):
        count = settled(case, name, moments[moment])
        if count.low is True:
            run.append(count.results[0])
            unread = None
        elif count.low is False:
            run, unread = [], None
        elif count.results[0].is_unreadable:
            unread = count.results[0]
    if not run:
        return None
    return run[0], run[-1] if unread is None or _is_long(run[0], run[-1]) else unread


def _is_long(first: Result, last: Result) -> bool:
    if first.when is None or last.when is None:
        return False
    return (last.when.first - first.when.last).days > days("hem.discontinue_after")


_CYTOPENIA = {
    "ANC": re.compile(
        r"\b(?:neutropeni\w{1,3}|ANC|neutrophils?|(?:pan)?cytopenias?|myelosuppression|counts?)\b",
        re.IGNORECASE,
    ),
    "platelets": re.compile(
        r"\b(?:thrombocytopeni\w{1,3}|platelets?|plts?|(?:pan)?cytopenias?|myelosuppression|counts?)\b",
        re.IGNORECASE,
    ),
}
_CONCEPTS = {
    "ANC": {"neutropenia", "pancytopenia", "myelosuppression", "febrile_neutropenia"},
    "platelets": {"thrombocytopenia", "pancytopenia", "myelosuppression"},
}


def _suspected(case: Case, name: str, since: date) -> tuple[bool | None, tuple[str, ...]]:
    """Whether inotuzumab is named as cause (any naming counts), only another one, or none."""
    named = list(_named_causes(case, name, since))
    ours = tuple(dict.fromkeys(reference for reference, is_ours in named if is_ours))
    if ours:
        return True, ours
    return (False, tuple(reference for reference, _ in named)) if named else (None, ())


def _named_causes(case: Case, name: str, since: date) -> Iterator[tuple[str, bool]]:
    """What is stated of the cause since the first dose: where, and whether it is inotuzumab; suspicion is enough."""
    for p in case.chart.problems:
        about = p.concepts & _CONCEPTS[name] or _CYTOPENIA[name].search(p.words)
        if about and (p.dated is None or p.dated.last >= since):
            stated = {a.value for text in (p.words, p.notes) for a in read(text, "cause").assertions}
            if "inotuzumab" in stated or any(INOTUZUMAB in drugs_in_text(s) for s in p.suspects):
                yield p.reference, True
            elif stated or any(not is_unread(suspect) for suspect in p.suspects):
                yield p.reference, False
    for s in case.chart.statements:
        dated = s.when is not None and s.when.last >= since
        if not dated or s.kind in ("MedicationRequest", "AdverseEvent", "Condition"):
            continue
        for said in read(s.whole, "cause").assertions:
            if _CYTOPENIA[name].search(said.quote):
                yield s.reference, said.value == "inotuzumab"
