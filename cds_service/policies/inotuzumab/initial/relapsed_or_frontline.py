"""Relapsed or refractory disease (A.ii.A) and frontline use (A.iv).

Procedure: docs/policies/inotuzumab/initial.md#relapsed-or-refractory. Also: docs/policies/inotuzumab/initial.md#frontline.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from cds_service.clinical.leukemia.response import Response, Stated, response_statements, unreadable_blasts
from cds_service.clinical.observations.body import age_on
from cds_service.clinical.observations.results import Result
from cds_service.clinical.problems import problems_shown
from cds_service.engine.answers import MET, NOT, Answer, refs, unknown
from cds_service.engine.verdict import Verdict
from cds_service.fhir.dates import When
from cds_service.policies.inotuzumab.case.case import Case
from cds_service.policies.inotuzumab.case.lines import Line, prior_lines
from cds_service.policies.inotuzumab.case.places import unseen
from cds_service.policies.inotuzumab.initial.after_a_line import (
    SETTLE_RR,
    after_a_line,
    lines_shown,
    references_of,
    stated_failures_of,
)
from cds_service.policies.inotuzumab.initial.disease_states import (
    DiseaseCourse,
    disease_course,
    leukemia_from,
    recorded_on,
)
from cds_service.policies.inotuzumab.initial.first_line import (
    newly_diagnosed,
    stated_first_line,
    stated_untreated,
)
from cds_service.policies.inotuzumab.initial.stated_relapse import (
    StatedRelapse,
    remission_stated_since,
    stated_relapses,
)
from cds_service.policies.inotuzumab.numbers import days


def relapsed_or_refractory(case: Case) -> Answer:
    """POL-A-II-A: the first step that fits decides, no age limit."""
    d, told = disease_course(case), stated_relapses(case)
    settled = tuple(t for t in told if t.settles)
    if since := _remission_since(case, d, settled):  # 1
        because = f"relapse is recorded, and a remission that may be later ({since[1]}), with no blasts since"
        settle = "a marrow result or note that states the present state of the disease"
        where = (*refs((*d.relapses, *settled)), since[0])
        return unknown(because, "therapy-history", evidence=where, changes=settle)
    if pair := d.blasts_after_remission():  # 2
        found, remission = pair
        because = f"{found.text} after a recorded remission ({remission.text})"
        return Answer(MET, because, (found.reference, remission.reference))
    if d.relapses:  # 3
        return Answer(
            MET, f"relapsed or refractory disease recorded: {problems_shown(d.relapses)}", refs(d.relapses)
        )
    if settled:
        return _by_words(case, settled)
    if reason := unseen(case.chart, "diagnosis"):
        return unknown(f"the diagnoses could not be seen ({reason})", "therapy-history", changes=SETTLE_RR)
    answer = _by_lines(case, d)
    if answer.verdict is not Verdict.MET and (in_doubt := d.blasts_in_doubt()):
        return _blasts_open(in_doubt)
    if answer.verdict is not Verdict.MET and told:
        because = f"relapsed or refractory disease is named where it does not settle it: {told[-1].shown}"
        return unknown(because, "therapy-history", evidence=refs(told), changes=SETTLE_RR)
    return answer


def _remission_since(case: Case, d: DiseaseCourse, told: tuple[StatedRelapse, ...]) -> tuple[str, str] | None:
    """Step 1: where and what a remission is that may be later than every relapse on record."""
    doses = tuple(dose.day for dose in case.frame.history.given)
    stated = tuple(t.when.first for t in told if t.when is not None)
    if (d.relapses or told) and (p := d.remission_since_relapse(doses, stated)) is not None:
        status = ", with the status remission" if p in d.relapses else ""
        return p.reference, problems_shown((p,)) + status
    return next(remission_stated_since(case, told, doses), None) if told and not d.relapses else None


def _by_words(case: Case, told: tuple[StatedRelapse, ...]) -> Answer:
    """Step 3 where only texts state it: they must not be followed by one that says "untreated"."""
    last = max((t.when.last for t in told if t.when is not None), default=date.min)
    because = f"relapsed or refractory disease stated: {told[-1].shown}"
    if untreated := [where for when, where in _untreated(case) if when.last >= last]:
        because += ", and later or the same day the disease is called untreated or newly diagnosed"
        where = tuple(dict.fromkeys((*refs(told), *untreated)))
        return unknown(because, "therapy-history", evidence=where, changes=SETTLE_RR)
    return Answer(MET, because, refs(told))


def _untreated(case: Case) -> Iterator[tuple[When, str]]:
    return stated_untreated(case.chart, _day_one(case), case.order)


def _by_lines(case: Case, d: DiseaseCourse) -> Answer:
    """Steps 4 to 6."""
    lines = _lines(case)
    sure = tuple(line for line in lines if not line.possible)
    if sure and _is_open(case, d) and (answer := after_a_line(case, sure)) is not None:  # 4
        return answer
    if not sure and lines and _is_open(case, d):
        return unknown(_possible(lines), "therapy-history", evidence=references_of(lines), changes=SETTLE_RR)
    return _never_relapsed(case, d, lines)


def _blasts_open(found: Sequence[Result]) -> Answer:
    shown = "; ".join(dict.fromkeys(r.shown for r in found))
    because = f"whether the disease is back cannot be determined: blasts {shown}"
    return unknown(because, "therapy-history", evidence=refs(found), changes=SETTLE_RR)


def _never_relapsed(case: Case, d: DiseaseCourse, lines: tuple[Line, ...]) -> Answer:
    """Steps 5 and 6: untreated, or in remission only; else unknown."""
    hidden = unseen(case.chart, "therapy-history")
    changed = [s.when.last for s in d.states if s.remission]
    failures = tuple(stated_failures_of(case))
    changed += [when.last for when, _, _ in failures if when is not None]
    untreated = [where for when, where in _untreated(case) if when.first > max(changed, default=date.min)]
    if untreated and not lines and not hidden:
        because = "the disease is stated as untreated or newly diagnosed, and no prior therapy is recorded"
        return Answer(NOT, because, tuple(dict.fromkeys(untreated)), changes=SETTLE_RR)
    blasts_unseen = unseen(case.chart, "response")
    if _only_remission(case, d) and not _unread_since(case, d):
        because = f"only remission is recorded and no relapse: {problems_shown(d.remissions)}"
        if blasts_unseen:
            because = f"remission is recorded ({problems_shown(d.remissions)}), and a later relapse could not be looked for everywhere ({blasts_unseen})"
            return unknown(because, "therapy-history", evidence=refs(d.remissions), changes=SETTLE_RR)
        return Answer(NOT, because, refs(d.remissions), changes=SETTLE_RR)
    because = "the record shows neither relapse nor failure of a prior line"
    if failures:
        because = f"failure is stated{'' if lines else ' and no prior line is recorded'}: {failures[-1][2]}"
    if in_doubt := _unread_since(case, d):
        return _blasts_open(in_doubt)
    if hidden:
        because = f"the treatment history could not be seen ({hidden})"
    elif blasts_unseen:
        because = f"relapse or failure of a prior line could not be looked for everywhere ({blasts_unseen})"
    return unknown(because, "therapy-history", evidence=refs(case.diagnosis.leukemia), changes=SETTLE_RR)


def _day_one(case: Case) -> date:
    """Day 1 of the course: what came before it is history."""
    return case.frame.start or case.day_one


def _lines(case: Case) -> tuple[Line, ...]:
    """The prior lines, an earlier course of inotuzumab included."""
    texts = (*case.order.texts, *_draft_texts(case))
    found = list(prior_lines(case.chart, _day_one(case), texts, leukemia_from(case)))
    if earlier := case.frame.earlier:
        references = tuple(dict.fromkeys(dose.reference for dose in earlier))
        found.append(Line("an earlier course of inotuzumab", earlier[0].when, earlier[-1].when, references))
    return tuple(found)


def _possible(lines: Iterable[Line]) -> str:
    return f"it is open whether earlier therapy was for this leukemia: {lines_shown(lines)}"


def _draft_texts(case: Case) -> tuple[str, ...]:
    return tuple(text for use in case.drafts for text in (use.words, *use.texts))


def _is_open(case: Case, d: DiseaseCourse) -> bool:
    """Whether leukemia is recorded otherwise than as in remission."""
    return bool(d.not_in_remission) or (bool(case.diagnosis.leukemia) and not d.remissions)


def _only_remission(case: Case, d: DiseaseCourse) -> bool:
    """Remission is the newest state recorded, and progression was never stated (relapse is seen to before)."""
    if not d.remissions:
        return False
    newest_remission = max((w.first for p in d.remissions if (w := recorded_on(p))), default=None)
    if any(_tells_of_progression(s, newest_remission) for s in response_statements(case.chart)):
        return False
    return all(
        newest_remission is not None and (w := p.dated) is not None and w.last < newest_remission
        for p in d.not_in_remission
    )


def _tells_of_progression(s: Stated, remission: date | None) -> bool:
    """Progression, or "worsened" that may be later than the newest remission."""
    if s.response is not Response.WORSENED:
        return s.response is Response.PD
    return s.when is None or remission is None or s.when.last > remission


def _unread_since(case: Case, d: DiseaseCourse) -> list[Result]:
    """Blast results that cannot be read and may be later than the newest remission."""
    last = max((w.first for p in d.remissions if (w := recorded_on(p))), default=date.min)
    found = [r for results in unreadable_blasts(case.chart) for r in results]
    return [r for r in found if r.when is None or r.when.last >= last]


def frontline(case: Case) -> Answer:
    """POL-A-IV-FL. Any prior line, or relapsed/refractory disease, is not frontline."""
    settle = "a treatment plan that names the line of therapy, and the treatment history"
    lines = _lines(case)
    if sure := [line for line in lines if not line.possible]:
        return Answer(NOT, f"prior therapy is recorded: {lines_shown(sure)}", references_of(sure))
    rr = relapsed_or_refractory(case)
    if rr.verdict is Verdict.MET:
        return Answer(NOT, f"not frontline: {rr.because}", rr.evidence)
    if hidden := unseen(case.chart, "line-of-therapy"):
        because = f"the treatment history could not all be seen ({hidden})"
        return unknown(because, "line-of-therapy", changes=settle)
    if lines:
        return unknown(_possible(lines), "therapy-history", evidence=references_of(lines), changes=settle)
    d = disease_course(case)
    if d.relapses or stated_relapses(case) or d.blasts_in_doubt():
        return unknown(rr.because, "therapy-history", evidence=rr.evidence, changes=settle)
    if planned := stated_first_line(case.chart, _day_one(case), case.order, case.drafts):
        return Answer(
            MET,
            "no prior therapy is recorded and the plan says first line or induction",
            planned,
        )
    new = newly_diagnosed(case.diagnosis.leukemia, case.day_one)
    if new is not None:
        return Answer(
            MET,
            f"no prior therapy is recorded and the diagnosis is of {new.dated}",
            (new.reference,),
        )
    because = "no prior therapy is recorded, but nothing says that this is first-line treatment"
    return unknown(because, "line-of-therapy", changes=settle)


def is_child(case: Case) -> bool:
    """Whether the patient is surely a child on the planned date."""
    birth = case.chart.birth
    return birth is not None and age_on(birth, case.planned).least < days("age.adult")
