"""Relapsed or refractory disease (A.ii.A) and frontline use (A.iv): procedures RR and FL."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from cds_service.clinical.evidence import newest
from cds_service.clinical.problems import Problem
from cds_service.clinical.response import Response, blasts, has_blasts, response_statements
from cds_service.clinical.results import Result
from cds_service.clinical.words import Said, phrase, says
from cds_service.fhir.codings import System
from cds_service.fhir.dates import When
from cds_service.fhir.record import Need
from cds_service.policies.inotuzumab.case import Case
from cds_service.policies.inotuzumab.criteria import MET, NOT, refs, unknown
from cds_service.policies.inotuzumab.lines import (
    Line,
    history_unseen,
    prior_lines,
    stated_first_line,
    stated_untreated,
)
from cds_service.policies.inotuzumab.numbers import days, number
from cds_service.policy.outline import Answer

_REMISSION_CODES = {(System.ICD10CM, "C9101"), (System.SNOMED, "425941003"), (System.SNOMED, "91856007")}
_RELAPSE_WORDS = phrase(r"relaps(?:e|ed|ing)", r"refractory", r"recurren(?:t|ce)")
_REMISSION_WORDS = phrase(r"in (?:complete |full )?remission")
_FAILURE = frozenset({Response.NO_RESPONSE, Response.PD, Response.RELAPSE})
_SETTLE_RR = "the treatment history, and a marrow result or note that states relapse or refractory disease"


@dataclass(frozen=True, slots=True)
class DiseaseCourse:
    """What the record says of remission and relapse of the leukemia."""

    relapses: tuple[Problem, ...]
    remissions: tuple[Problem, ...]
    lines: tuple[Line, ...]
    untreated: tuple[str, ...]


def disease_course(case: Case) -> DiseaseCourse:
    leukemia = case.diagnosis.leukemia
    generic = [
        p
        for p in case.chart.problems
        if p.concepts & {"neoplasm_relapsed", "neoplasm_refractory"} and p.verified
    ]
    relapses = [p for p in leukemia if _is_relapse(p)] + (generic if leukemia else [])
    remissions = [p for p in leukemia if _is_remission(p)]
    day_one = case.frame.start or case.day_one
    return DiseaseCourse(
        tuple(relapses),
        tuple(remissions),
        prior_lines(case.chart, day_one),
        stated_untreated(case.chart, day_one),
    )


def _is_relapse(p: Problem) -> bool:
    if (System.ICD10CM, "C9102") in p.codes or p.concepts & {"all_relapsed", "all_refractory"}:
        return True
    if p.clinical in ("relapse", "recurrence"):
        return True
    return not p.codes & _REMISSION_CODES and says(p.words, _RELAPSE_WORDS) is Said.AFFIRMED


def _is_remission(p: Problem) -> bool:
    coded = bool(p.codes & _REMISSION_CODES) or p.clinical == "remission"
    return coded or (says(p.words, _REMISSION_WORDS) is Said.AFFIRMED and not _is_relapse(p))


def _remission_day(p: Problem) -> When | None:
    """The date of a remission: its stated end of disease, else the onset of a remission code, else recorded."""
    coded = bool(p.codes & _REMISSION_CODES)
    return p.resolved or (p.onset if coded else None) or p.recorded


def relapsed_or_refractory(case: Case) -> Answer:
    """POL-A-II-A: procedure RR; the first line that fits decides, no age limit."""
    d = disease_course(case)
    after = _blasts_after_remission(case, d)
    if d.relapses and not after and (later := _remission_since(case, d)) is not None:
        because = f"relapse recorded, and a later remission ({later[1]}) with no blasts since"
        return unknown(
            because,
            "therapy-history",
            evidence=(*refs(d.relapses), later[0]),
            changes="a marrow result or note that states the present state of the disease",
        )
    if after:
        result, remission = after
        return Answer(
            MET, f"blasts {result.shown} after a recorded remission ({remission})", (result.reference,)
        )
    if d.relapses:
        return Answer(MET, f"relapsed or refractory disease recorded: {_shown(d.relapses)}", refs(d.relapses))
    if reason := case.chart.unseen(Need.CONDITIONS):
        return unknown(f"the diagnoses could not be seen ({reason})", "therapy-history", changes=_SETTLE_RR)
    if case.diagnosis.leukemia and d.lines and (answer := _after_a_line(case, d)) is not None:
        return answer
    if d.untreated and not d.lines and not history_unseen(case.chart):
        return Answer(
            NOT,
            "the disease is stated as untreated or newly diagnosed and no prior therapy is recorded",
            d.untreated,
            changes=_SETTLE_RR,
        )
    leukemia = case.diagnosis.leukemia
    if leukemia and len(d.remissions) == len(leukemia):
        return Answer(
            NOT,
            f"only remission is recorded and no relapse: {_shown(d.remissions)}",
            refs(d.remissions),
            changes=_SETTLE_RR,
        )
    unseen = history_unseen(case.chart)
    why = (
        f"the treatment history could not be seen ({unseen})"
        if unseen
        else "the record shows neither relapse nor failure of a prior line"
    )
    return unknown(why, "therapy-history", evidence=refs(leukemia), changes=_SETTLE_RR)


def _shown(problems: Iterable[Problem]) -> str:
    return ", ".join(
        dict.fromkeys(
            f"{p.words.split(' | ')[0] or 'ALL in relapse'} ({p.dated or 'undated'})" for p in problems
        )
    )


def _remissions(case: Case, d: DiseaseCourse) -> list[tuple[date, str, str]]:
    """(day, reference, text) of every recorded remission with a day."""
    found = [
        (w.last, p.reference, f"{p.words.split(' | ')[0]}, {w}")
        for p in d.remissions
        if (w := _remission_day(p))
    ]
    return found + [(i.day, i.reference, i.text) for i in case.items if i.achieved]


def _blasts_after_remission(case: Case, d: DiseaseCourse) -> tuple[Result, str] | None:
    """Line 2: marrow >= 5 % or peripheral blasts dated after a recorded remission."""
    remissions = _remissions(case, d)
    marrow, blood = blasts(case.chart)
    limit = number("cr.marrow_blasts_max")
    positive = [m for m in marrow if m.value is not None and m.value.is_below(limit) is False]
    positive += [p for p in blood if has_blasts(p)]
    for result in sorted(positive, key=lambda r: r.reference):
        for day, _, text in sorted(remissions):
            if result.when is not None and result.when.is_after(day):
                return result, text
    return None


def _remission_since(case: Case, d: DiseaseCourse) -> tuple[str, str] | None:
    """Line 1: a remission code later than the relapse, with no inotuzumab between."""
    relapse = max((w.first for p in d.relapses if (w := p.dated) is not None), default=None)
    if relapse is None:
        return None
    for p in d.remissions:
        when = _remission_day(p)
        if when is None or when.is_after(relapse) is not True:
            continue
        if not any(relapse <= dose.day <= when.first for dose in case.frame.history.given):
            return p.reference, str(when)
    return None


def _after_a_line(case: Case, d: DiseaseCourse) -> Answer | None:
    """Line 4: with a prior line, disease that persists after it, or a newest marrow that is clear.

    Looks at what lies between the prior lines and the present course. None when nothing does.
    """
    lines = ", ".join(dict.fromkeys(line.shown for line in d.lines))
    evidence = tuple(r for line in d.lines for r in line.references)
    since = max((w.last for line in d.lines if (w := line.last) is not None), default=date.min)

    def lies_between(when: When | None) -> bool:
        start = case.frame.start
        return when is not None and when.last >= since and (start is None or when.first <= start)

    newest_marrow = newest(m for m in blasts(case.chart)[0] if lies_between(m.when))
    below = {m.value.is_below(number("cr.marrow_blasts_max")) for m in newest_marrow if m.value is not None}
    if below == {False}:
        because = f"marrow blasts {newest_marrow[0].shown} after prior therapy: {lines}"
        return Answer(MET, because, (newest_marrow[0].reference, *evidence))
    failed = [s for s in response_statements(case.chart) if s.response in _FAILURE and lies_between(s.when)]
    if failed:
        return Answer(
            MET, f"{failed[0].shown} after prior therapy: {lines}", (failed[0].reference, *evidence)
        )
    if below != {True}:
        return None
    clear = f"marrow blasts {newest_marrow[0].shown} after prior therapy ({lines})"
    stated = [i for i in case.items if i.achieved]
    if stated:
        where = (newest_marrow[0].reference, stated[-1].reference)
        return Answer(NOT, f"{clear}, and {stated[-1].text}", where, changes=_SETTLE_RR)
    because = f"{clear}, and no stated remission or relapse"
    return unknown(because, "therapy-history", evidence=(newest_marrow[0].reference,), changes=_SETTLE_RR)


def frontline(case: Case) -> Answer:
    """POL-A-IV-FL: procedure FL. Any prior line, or relapsed/refractory disease, is not frontline."""
    d = disease_course(case)
    rr = relapsed_or_refractory(case)
    settle = "a treatment plan that names the line of therapy, and the treatment history"
    if d.lines:
        evidence = tuple(r for line in d.lines for r in line.references)
        lines = ", ".join(dict.fromkeys(line.shown for line in d.lines))
        return Answer(NOT, f"prior therapy is recorded: {lines}", evidence)
    if rr.verdict is MET:
        return Answer(NOT, f"not frontline: {rr.because}", rr.evidence)
    if unseen := history_unseen(case.chart):
        return unknown(
            f"the treatment history could not be seen ({unseen})", "line-of-therapy", changes=settle
        )
    drafts = tuple(t for u in case.drafts for t in (u.words, *u.texts))
    if planned := stated_first_line(case.chart, (*case.order.texts, *drafts)):
        where = tuple(r if r != "order" else case.order.reference for r in planned)
        return Answer(MET, "no prior therapy is recorded and the plan says first line or induction", where)
    recent = [
        p
        for p in case.diagnosis.leukemia
        if _days_before(p, case.day_one, days("frontline.diagnosed_within"))
    ]
    if recent:
        return Answer(
            MET, f"no prior therapy is recorded and the diagnosis is of {recent[0].dated}", refs(recent)
        )
    return unknown(
        "no prior therapy is recorded, but nothing says that this is first-line treatment",
        "line-of-therapy",
        changes=settle,
    )


def _days_before(p: Problem, day_one: date, limit: int) -> bool:
    """Whether a diagnosis dates from less than ``limit`` days before day 1 (wherever in a partial date)."""
    when = p.dated
    return when is not None and (day_one - when.last).days >= 0 and (day_one - when.first).days < limit
