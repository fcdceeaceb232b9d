"""Relapsed or refractory disease (A.ii.A) and frontline use (A.iv).

Procedure: docs/policies/inotuzumab/initial.md#relapsed-or-refractory. Also: docs/policies/inotuzumab/initial.md#frontline.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from cds_service.clinical.evidence import newest
from cds_service.clinical.leukemia.response import Response, blasts, response_statements, unreadable_blasts
from cds_service.clinical.observations.body import age_on
from cds_service.clinical.observations.results import Result
from cds_service.clinical.problems import problems_shown
from cds_service.engine.answers import MET, NOT, Answer, refs, unknown
from cds_service.engine.verdict import Verdict
from cds_service.fhir.dates import When
from cds_service.fhir.record import DataKind
from cds_service.policies.inotuzumab.case.case import Case
from cds_service.policies.inotuzumab.case.lines import (
    Line,
    history_unseen,
    line_periods,
    prior_lines,
    stated_failures,
    stated_untreated,
)
from cds_service.policies.inotuzumab.initial.disease_states import (
    DiseaseCourse,
    disease_course,
    leukemia_from,
    recorded_on,
)
from cds_service.policies.inotuzumab.initial.first_line import newly_diagnosed, stated_first_line
from cds_service.policies.inotuzumab.numbers import days, number
from cds_service.values import dataclass

_SETTLE_RR = "the treatment history, and a marrow result or note that states relapse or refractory disease"
_FAILURE = frozenset({Response.NO_RESPONSE, Response.PD, Response.RELAPSE, Response.WORSENED})
# Where the present state of the disease is measured or stated; and where earlier therapy is, as an act or in words.
_STATE = (
    DataKind.OBSERVATIONS, DataKind.OTHER_OBSERVATIONS, DataKind.DIAGNOSTIC_REPORTS, DataKind.DOCUMENT_REFERENCES,
)  # fmt: skip
_THERAPY = (*_STATE, DataKind.CONDITIONS, DataKind.PROCEDURES, DataKind.SERVICE_REQUESTS, DataKind.CARE_PLANS)


def relapsed_or_refractory(case: Case) -> Answer:
    """POL-A-II-A: the first step that fits decides, no age limit."""
    d = disease_course(case)
    doses = tuple(dose.day for dose in case.frame.history.given)
    if d.relapses and (p := d.remission_since_relapse(doses)) is not None:  # 1
        because = f"relapse is recorded, and a remission that may be later ({problems_shown((p,))}), with no blasts since"
        settle = "a marrow result or note that states the present state of the disease"
        return unknown(because, "therapy-history", evidence=refs((*d.relapses, p)), changes=settle)
    if pair := d.blasts_after_remission():  # 2
        found, remission = pair
        because = f"{found.text} after a recorded remission ({remission.text})"
        return Answer(MET, because, (found.reference, remission.reference))
    if d.relapses:  # 3
        return Answer(
            MET, f"relapsed or refractory disease recorded: {problems_shown(d.relapses)}", refs(d.relapses)
        )
    if reason := case.chart.unseen(DataKind.CONDITIONS):
        return unknown(f"the diagnoses could not be seen ({reason})", "therapy-history", changes=_SETTLE_RR)
    answer = _by_lines(case, d)
    if answer.verdict is Verdict.NOT_MET and (in_doubt := d.blasts_in_doubt()):
        return _blasts_open(in_doubt)
    return answer


def _by_lines(case: Case, d: DiseaseCourse) -> Answer:
    """Steps 4 to 6."""
    lines = _lines(case)
    sure = tuple(line for line in lines if not line.possible)
    if sure and _is_open(case, d) and (answer := _after_a_line(case, sure)) is not None:  # 4
        return answer
    if not sure and lines and _is_open(case, d):
        return unknown(_possible(lines), "therapy-history", evidence=_of_lines(lines), changes=_SETTLE_RR)
    return _never_relapsed(case, d, lines)


def _blasts_open(found: Sequence[Result]) -> Answer:
    shown = "; ".join(dict.fromkeys(r.shown for r in found))
    because = f"whether the disease is back cannot be determined: blasts {shown}"
    return unknown(because, "therapy-history", evidence=refs(found), changes=_SETTLE_RR)


def _never_relapsed(case: Case, d: DiseaseCourse, lines: tuple[Line, ...]) -> Answer:
    """Steps 5 and 6: untreated, or in remission only; else unknown."""
    unseen = _lines_unseen(case)
    untreated = stated_untreated(case.chart, _day_one(case), case.order)
    if untreated and not lines and not unseen:
        because = "the disease is stated as untreated or newly diagnosed, and no prior therapy is recorded"
        return Answer(NOT, because, untreated, changes=_SETTLE_RR)
    blasts_unseen = case.chart.unseen(*_STATE)
    if _only_remission(case, d) and not _unread_since(case, d):
        because = f"only remission is recorded and no relapse: {problems_shown(d.remissions)}"
        if blasts_unseen:
            because = f"remission is recorded ({problems_shown(d.remissions)}), and a later relapse could not be looked for everywhere ({blasts_unseen})"
            return unknown(because, "therapy-history", evidence=refs(d.remissions), changes=_SETTLE_RR)
        return Answer(NOT, because, refs(d.remissions), changes=_SETTLE_RR)
    because = "the record shows neither relapse nor failure of a prior line"
    if in_doubt := (*d.blasts_in_doubt(), *_unread_since(case, d)):
        return _blasts_open(in_doubt)
    if unseen:
        because = f"the treatment history could not be seen ({unseen})"
    elif blasts_unseen:
        because = f"relapse or failure of a prior line could not be looked for everywhere ({blasts_unseen})"
    return unknown(because, "therapy-history", evidence=refs(case.diagnosis.leukemia), changes=_SETTLE_RR)


def _day_one(case: Case) -> date:
    """Day 1 of the course: what came before it is history."""
    return case.frame.start or case.day_one


def _lines_unseen(case: Case) -> str | None:
    """Why a prior line may stand where nothing was seen; None when all places of it were seen."""
    return history_unseen(case.chart) or case.chart.unseen(*_THERAPY)


def _lines(case: Case) -> tuple[Line, ...]:
    """The prior lines, an earlier course of inotuzumab included."""
    texts = (*case.order.texts, *_draft_texts(case))
    found = list(prior_lines(case.chart, _day_one(case), texts, leukemia_from(case)))
    if earlier := case.frame.earlier:
        references = tuple(dict.fromkeys(dose.reference for dose in earlier))
        found.append(Line("an earlier course of inotuzumab", earlier[0].when, earlier[-1].when, references))
    return tuple(found)


def _named(lines: Iterable[Line]) -> str:
    return ", ".join(dict.fromkeys(line.shown for line in lines))


def _of_lines(lines: Iterable[Line]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(r for line in lines for r in line.references))


def _possible(lines: Iterable[Line]) -> str:
    return f"it is open whether earlier therapy was for this leukemia: {_named(lines)}"


def _draft_texts(case: Case) -> tuple[str, ...]:
    return tuple(text for use in case.drafts for text in (use.words, *use.texts))


def _is_open(case: Case, d: DiseaseCourse) -> bool:
    """Whether leukemia is recorded otherwise than as in remission."""
    return bool(d.not_in_remission) or (bool(case.diagnosis.leukemia) and not d.remissions)


def _only_remission(case: Case, d: DiseaseCourse) -> bool:
    """Remission is the newest state recorded, and a relapse was never recorded or stated."""
    if not d.remissions:
        return False
    if any(s.response is Response.RELAPSE for s in response_statements(case.chart)):
        return False
    newest_remission = max((w.first for p in d.remissions if (w := recorded_on(p))), default=None)
    return all(
        newest_remission is not None and (w := p.dated) is not None and w.last < newest_remission
        for p in d.not_in_remission
    )


def _unread_since(case: Case, d: DiseaseCourse) -> list[Result]:
    """Blast results that cannot be read and may be later than the newest remission."""
    last = max((w.first for p in d.remissions if (w := recorded_on(p))), default=date.min)
    found = [r for results in unreadable_blasts(case.chart) for r in results]
    return [r for r in found if r.when is None or r.when.last >= last]


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


def _after_a_line(case: Case, lines: tuple[Line, ...]) -> Answer | None:
    """Step 4: disease that persists after a prior line, or a newest marrow that is clear; None without either."""
    found = _found_after(case, lines)
    named, evidence = _named(lines), _of_lines(lines)
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
    if stated and failure is None and not case.chart.unseen(*_STATE):
        where = (found.marrow[0].reference, stated[-1].reference)
        return Answer(NOT, f"{clear}, and {stated[-1].text}", where, changes=_SETTLE_RR)
    because = (
        f"{clear}, but {failure.shown}"
        if failure
        else f"{clear}, and neither remission nor relapse is stated"
    )
    return unknown(because, "therapy-history", evidence=refs(found.marrow), changes=_SETTLE_RR)


def _failures(case: Case) -> Iterator[tuple[When | None, str, str]]:
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
        for when, reference, text in _failures(case)
        if when is not None and when.first >= begun
    ]
    failures.sort(key=lambda f: (f.when.last, f.reference))
    return _AfterLine(newest(marrow), tuple(failures))


def frontline(case: Case) -> Answer:
    """POL-A-IV-FL. Any prior line, or relapsed/refractory disease, is not frontline."""
    settle = "a treatment plan that names the line of therapy, and the treatment history"
    lines = _lines(case)
    if sure := [line for line in lines if not line.possible]:
        return Answer(NOT, f"prior therapy is recorded: {_named(sure)}", _of_lines(sure))
    rr = relapsed_or_refractory(case)
    if rr.verdict is Verdict.MET:
        return Answer(NOT, f"not frontline: {rr.because}", rr.evidence)
    if unseen := _lines_unseen(case):
        because = f"the treatment history could not all be seen ({unseen})"
        return unknown(because, "line-of-therapy", changes=settle)
    if lines:
        return unknown(_possible(lines), "therapy-history", evidence=_of_lines(lines), changes=settle)
    if planned := stated_first_line(case.chart, _day_one(case), case.order, case.drafts):
        return Answer(
            MET,
            f"no prior therapy is recorded and the plan says first line or induction{_child(case)}",
            planned,
        )
    new = newly_diagnosed(case.diagnosis.leukemia, case.day_one)
    if new is not None:
        return Answer(
            MET,
            f"no prior therapy is recorded and the diagnosis is of {new.dated}{_child(case)}",
            (new.reference,),
        )
    because = "no prior therapy is recorded, but nothing says that this is first-line treatment"
    return unknown(because, "line-of-therapy", changes=settle)


def _child(case: Case) -> str:
    """The policy's 2026 revision dropped the sentence on frontline use in children; its criteria did not change."""
    birth = case.chart.birth
    if birth is None or age_on(birth, case.planned).least >= days("age.adult"):
        return ""
    return " (the policy no longer mentions a guideline recommendation for children; its criteria do not exclude them)"
