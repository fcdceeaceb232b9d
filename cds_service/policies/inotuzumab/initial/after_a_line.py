"""Disease that persists after a prior line of therapy (A.ii.A, step 4).

Procedure: docs/policies/inotuzumab/initial.md#relapsed-or-refractory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from cds_service.clinical.evidence import newest
from cds_service.clinical.leukemia.response import Response, blasts, response_statements, unreadable_blasts
from cds_service.clinical.observations.results import Result
from cds_service.engine.answers import MET, NOT, Answer, refs, unknown
from cds_service.fhir.dates import When
from cds_service.policies.inotuzumab.case.case import Case
from cds_service.policies.inotuzumab.case.lines import Line, line_periods, stated_failures
from cds_service.policies.inotuzumab.case.places import unseen
from cds_service.policies.inotuzumab.numbers import number
from cds_service.values import dataclass

SETTLE_RR = "the treatment history, and a marrow result or note that states relapse or refractory disease"
_FAILURE = frozenset({Response.NO_RESPONSE, Response.PD, Response.RELAPSE, Response.WORSENED})


def lines_shown(lines: Iterable[Line]) -> str:
    return ", ".join(dict.fromkeys(line.shown for line in lines))


def references_of(lines: Iterable[Line]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(r for line in lines for r in line.references))


@dataclass(frozen=True, slots=True)
class _Failure:
    """A statement that a prior line failed."""

    when: When
    reference: str
    shown: str


@dataclass(frozen=True, slots=True)
class _AfterLine:
    """What was found after a prior line ended: the newest marrow, and statements of failure."""

    marrow: tuple[Result, ...]
    failures: tuple[_Failure, ...]

    @property
    def below_limit(self) -> bool | None:
        """Whether the newest marrow is below 5 % blasts; None when there is none or results differ."""
        limit = number("cr.marrow_blasts_max")
        found = {m.value.is_below(limit) if m.value is not None else None for m in self.marrow}
        return found.pop() if len(found) == 1 else None

    @property
    def failure(self) -> _Failure | None:
        """A statement of failure that no newer marrow answers."""
        seen = max((m.when.last for m in self.marrow if m.when and m.value), default=date.min)
        later = [f for f in self.failures if f.when.last >= seen]
        return later[-1] if later else None


def after_a_line(case: Case, lines: tuple[Line, ...]) -> Answer | None:
    """Step 4: disease that persists after a prior line, or a newest marrow that is clear; None without either."""
    found = _found_after(case, lines)
    named, evidence = lines_shown(lines), references_of(lines)
    if found.below_limit is False:
        marrow = found.marrow[0]
        return Answer(
            MET, f"marrow blasts {marrow.shown} after prior therapy: {named}", (marrow.reference, *evidence)
        )
    failure = found.failure
    if found.below_limit is None:
        if failure is None:
            return None
        elsewhere = any(failure.reference not in line.references for line in lines)
        because = (
            f"{failure.shown} after prior therapy: {named}"
            if elsewhere
            else f"failure stated: {failure.shown}"
        )
        return Answer(MET, because, tuple(dict.fromkeys((failure.reference, *evidence))))
    clear = f"marrow blasts {found.marrow[0].shown} after prior therapy ({named})"
    stated = [i for i in case.items if i.achieved]
    if stated and failure is None and not unseen(case.chart, "response"):
        where = (found.marrow[0].reference, stated[-1].reference)
        return Answer(NOT, f"{clear}, and {stated[-1].text}", where, changes=SETTLE_RR)
    because = (
        f"{clear}, but {failure.shown}"
        if failure
        else f"{clear}, and neither remission nor relapse is stated"
    )
    return unknown(because, "therapy-history", evidence=refs(found.marrow), changes=SETTLE_RR)


def stated_failures_of(case: Case) -> Iterator[tuple[When | None, str, str]]:
    for s in response_statements(case.chart):
        if s.response in _FAILURE:
            yield s.when, s.reference, s.shown
    for when, reference, text in stated_failures(case.chart):
        yield when, reference, f"{text} ({when or 'undated'})"


def _found_after(case: Case, lines: tuple[Line, ...]) -> _AfterLine:
    begun = min((w.first for line in lines if (w := line.first)), default=date.min)
    ended = next((end for _, end in line_periods(lines)), None)
    readable, unread = blasts(case.chart)[0], unreadable_blasts(case.chart)[0]
    marrow = [
        m for m in (*readable, *unread) if ended is not None and m.when is not None and m.when.first > ended
    ]
    failures = [
        _Failure(when, reference, text)
        for when, reference, text in stated_failures_of(case)
        if when is not None and when.first >= begun
    ]
    failures.sort(key=lambda f: (f.when.last, f.reference))
    return _AfterLine(newest(marrow), tuple(failures))
