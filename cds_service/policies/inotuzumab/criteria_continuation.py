"""Section B: one function for each criterion of a continuation (procedures TOX, PROG, MAX).

Holds never change toxicity; documents to submit are met or unknown, never "not met".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from cds_service.clinical.mrd import Mrd, mrd_results
from cds_service.clinical.response import RELAPSED, Response, response_statements
from cds_service.clinical.transplant import Intention, newest_intention
from cds_service.fhir.record import Need
from cds_service.policies.inotuzumab.case import Case
from cds_service.policies.inotuzumab.criteria import MET, NOT, UNKNOWN, unknown
from cds_service.policies.inotuzumab.documents import progress_notes
from cds_service.policies.inotuzumab.numbers import days, number
from cds_service.policies.inotuzumab.response import Status
from cds_service.policies.inotuzumab.stops import stop_reasons, undecided_reasons
from cds_service.policy.outline import Answer
from cds_service.policy.verdict import Verdict, agreed

_TOXICITY_NEEDS = (Need.CONDITIONS, Need.ADVERSE_EVENTS, Need.OBSERVATIONS)


def toxicity(case: Case) -> Answer:
    """POL-B-I-TOX: procedure TOX. NOT only for what the policy says to stop for permanently."""
    stops = stop_reasons(case)
    if stops:
        return Answer(NOT, "; ".join(s.text for s in stops), tuple(r for s in stops for r in s.evidence))
    open_ = undecided_reasons(case)
    if open_:
        needed = tuple(dict.fromkeys(s.item for s in open_))
        asks = "; ".join(dict.fromkeys(s.asks for s in open_ if s.asks))
        return unknown(
            "; ".join(s.text for s in open_),
            *needed,
            evidence=tuple(r for s in open_ for r in s.evidence),
            changes=asks,
        )
    if reason := case.chart.unseen(*_TOXICITY_NEEDS):
        return unknown(f"toxicity could not be looked for everywhere ({reason})", "toxicity-detail")
    return Answer(MET, "no event is recorded for which the policy says to stop")


@dataclass(frozen=True, slots=True)
class _Sign:
    """One dated piece of evidence for or against progression."""

    day: date
    progression: bool
    text: str
    reference: str


_NO_PROGRESSION = {
    Response.CR,
    Response.CRI,
    Response.PR,
    Response.SD,
    Response.IMPROVED,
    Response.STABLE,
    Response.NO_PROGRESSION,
}


def _signs(case: Case) -> list[_Sign]:
    start = case.frame.start
    found = []
    for s in response_statements(case.chart):
        day = s.when.day if s.when is not None else None
        if day is None or start is None or day <= start:
            continue
        if s.response in RELAPSED or s.response is Response.WORSENED:
            found.append(_Sign(day, True, s.shown, s.reference))
        elif s.response in _NO_PROGRESSION:
            found.append(_Sign(day, False, s.shown, s.reference))
    for item in case.items:
        if start is not None and item.day > start and item.achieved:
            found.append(_Sign(item.day, False, item.text, item.reference))
    response = case.response
    if response.status is Status.LOST and response.day is not None:
        found.append(_Sign(response.day, True, response.because, (response.evidence or ("",))[0]))
    return sorted(found, key=lambda s: (s.day, s.reference, s.progression))


def progression(case: Case) -> Answer:
    """POL-B-I-PROG: procedure PROG. Silence is not documentation."""
    settle = "a dated note or result of this course that says the disease has not progressed"
    signs = _signs(case)
    if not signs:
        reason = case.chart.unseen(Need.OBSERVATIONS, Need.DOCUMENT_REFERENCES, Need.DIAGNOSTIC_REPORTS)
        why = (
            f"not everything was seen ({reason})"
            if reason
            else "nothing recorded in this course says whether the disease has progressed"
        )
        return unknown(why, "progression-note", changes=settle)
    last = signs[-1].day
    newest = [s for s in signs if s.day == last]
    evidence = tuple(dict.fromkeys(s.reference for s in newest if s.reference))
    texts = "; ".join(dict.fromkeys(s.text for s in newest))
    kinds = {s.progression for s in newest}
    if kinds == {True, False}:
        return unknown(
            f"opposite evidence of {last}: {texts}", "progression-note", evidence=evidence, changes=settle
        )
    if True in kinds:
        return Answer(NOT, texts, evidence)
    since = case.last_cycle_day_one
    if since is not None and last <= since:
        return unknown(
            f"the newest evidence ({texts}) is from before day 1 of the last cycle ({since})",
            "progression-note",
            evidence=evidence,
            changes=settle,
        )
    if reason := case.chart.unseen(Need.OBSERVATIONS, Need.CONDITIONS):
        return unknown(
            f"{texts}; newer evidence may not have been seen ({reason})",
            "progression-note",
            evidence=evidence,
            changes=settle,
        )
    return Answer(MET, texts, evidence)


@dataclass(frozen=True, slots=True)
class Reached:
    """Whether CR/CRi was reached by cycle 3, and MRD negativity after the first two cycles."""

    response: Verdict
    mrd: Verdict
    response_text: str
    mrd_text: str
    evidence: tuple[str, ...]


def reached(case: Case, cycle: int) -> Reached:
    """Step 4 of MAX: evidence of the course dated up to the day of C4D1; never: valid after C3D1 and none before."""
    r = case.response
    fourth = case.frame.day_one_of(days("cycle.response_deadline") + 1) or (
        case.planned if cycle == days("cycle.response_deadline") + 1 else None
    )
    third = case.frame.day_one_of(days("cycle.response_deadline"))
    achieved = [
        i for i in case.items if i.achieved and case.frame.start is not None and i.day > case.frame.start
    ]
    in_time = [i for i in achieved if fourth is None or i.day <= fourth]
    if in_time:
        answer = MET
        text = in_time[0].text
    elif (
        r.status is Status.NOT_ACHIEVED
        and r.day is not None
        and (cycle <= days("cycle.response_deadline") or (third is not None and r.day > third))
    ):
        answer, text = NOT, r.because
    else:
        answer, text = UNKNOWN, r.because
    mrd, mrd_text, mrd_evidence = _mrd(case)
    return Reached(
        answer, mrd, text, mrd_text, (*tuple(i.reference for i in in_time[:1]), *r.evidence, *mrd_evidence)
    )


def _mrd(case: Case) -> tuple[Verdict, str, tuple[str, ...]]:
    """POL-DEF-MRD: the newest result of the course dated on or after C2D8; a negative before it closes nothing."""
    found = [m for m in mrd_results(case.chart, number("mrd.negative_max")) if m.when is not None]
    start, second = case.frame.start, case.frame.day_one_of(2)
    of_course = [m for m in found if start is not None and m.when is not None and m.when.first > start]
    if second is None:
        return UNKNOWN, "no MRD result after the first two cycles", ()
    c2d8 = _second_cycle_day_eight(case, second)
    late = [m for m in of_course if m.when is not None and m.when.first >= c2d8]
    if not late:
        return UNKNOWN, "no MRD result after the first two cycles", ()
    last = max(m.when.first for m in late if m.when is not None)
    tied = [m for m in late if m.when is not None and m.when.first == last]
    verdict = agreed(_mrd_verdict(m) for m in tied)
    return verdict, "; ".join(m.shown for m in tied), tuple(m.reference for m in tied)


def _mrd_verdict(m: Mrd) -> Verdict:
    return UNKNOWN if m.negative is None else (MET if m.negative else NOT)


def _second_cycle_day_eight(case: Case, day_one: date) -> date:
    """C2D8 as given; else its planned day, day 1 + 7."""
    for reading in case.frame.readings[:1]:
        for dose, label in reading.placed:
            if label.cycle == 2 and label.day == 8 and dose.given:
                return dose.day
    return date.fromordinal(day_one.toordinal() + 7)


def duration(case: Case) -> Answer:
    """POL-B-I-MAX: procedure MAX by the newest statement of the transplant plan."""
    n = case.highest_cycle
    if n is None:
        return unknown(
            f"the cycle is not known ({case.frame.position.why_unknown})",
            "cycle-number",
            changes="the cycle and day of this order",
        )
    planned, statements = newest_intention(case.chart)
    evidence = tuple(dict.fromkeys(i.reference for i in statements))
    facts = reached(case, n)
    branches = {True: _planned(n, facts), False: _not_planned(n, facts)}
    if planned is None:
        unseen = case.chart.unseen(Need.SERVICE_REQUESTS, Need.CARE_PLANS, Need.APPOINTMENTS)
        verdict = agreed(branches.values())
        return _unknown_plan(case, n, facts, verdict, statements, unseen)
    verdict = branches[planned]
    plan = "a transplant is planned" if planned else "no transplant is planned"
    return _answer(case, n, facts, verdict, plan, planned, evidence)


def _planned(n: int, facts: Reached) -> Verdict:
    if n <= days("cycle.recommended.hsct"):
        return MET
    if n > days("cycle.max.hsct"):
        return NOT
    return ~(facts.response & facts.mrd)


def _not_planned(n: int, facts: Reached) -> Verdict:
    if n <= days("cycle.response_deadline"):
        return MET
    if n > days("cycle.max.non_hsct"):
        return NOT
    return facts.response


def _answer(
    case: Case, n: int, facts: Reached, verdict: Verdict, plan: str, planned: bool, evidence: tuple[str, ...]
) -> Answer:
    said = f"cycle {n}, {plan}"
    where = (*evidence, *facts.evidence)
    if planned and n == days("cycle.max.hsct"):
        said += f"; CR/CRi: {facts.response_text}; MRD: {facts.mrd_text}"
    elif n > days("cycle.response_deadline"):
        said += f"; CR/CRi by cycle 3: {facts.response_text}"
    if verdict is UNKNOWN:
        needed = [] if facts.response is not UNKNOWN else ["response"]
        if planned and facts.mrd is UNKNOWN and facts.response is not NOT:
            needed.append("mrd")
        return unknown(
            said, *needed, evidence=where, changes="the response, and MRD after the first two cycles"
        )
    return Answer(verdict, said, where, changes="a documented response by cycle 3" if verdict is NOT else "")


def _unknown_plan(
    case: Case,
    n: int,
    facts: Reached,
    verdict: Verdict,
    statements: tuple[Intention, ...],
    unseen: str | None,
) -> Answer:
    where = (*(i.reference for i in statements), *facts.evidence)
    plan = "statements of the transplant plan differ" if statements else "the transplant plan is not known"
    if unseen:
        plan += f" (not all plans were seen: {unseen})"
    said = f"cycle {n}, {plan}"
    if n == days("cycle.max.hsct"):
        said += f"; CR/CRi: {facts.response_text}; MRD: {facts.mrd_text}"
    if n > days("cycle.response_deadline"):
        said += f"; CR/CRi by cycle 3: {facts.response_text}"
    if verdict is UNKNOWN:
        needed = ["hsct-plan"]
        if facts.response is UNKNOWN:
            needed.append("response")
        if n == days("cycle.max.hsct") and facts.mrd is UNKNOWN and facts.response is not NOT:
            needed.append("mrd")
        return unknown(said, *needed, evidence=where, changes="whether a transplant is planned")
    return Answer(verdict, f"{said}; with and without a transplant the answer is the same", where)


def response_documented(case: Case) -> Answer:
    """POL-B-I-B: achieved, not achieved or lost is documented; else unknown."""
    r = case.response
    if r.status is Status.UNKNOWN:
        return unknown(
            r.because,
            *(r.needed or ("response",)),
            evidence=r.evidence,
            changes="marrow, blood and extramedullary findings of this course, or a note that states CR or CRi",
        )
    return Answer(MET, f"CR/CRi {r.status.value}: {r.because}", r.evidence)


def monitoring_counts(case: Case) -> Answer:
    """POL-B-I-C-1: ANC and platelets within 14 days, and a note on infection and bleeding."""
    return progress_notes(case).counts


def monitoring_infusion(case: Case) -> Answer:
    """POL-B-I-C-2: a record that the patient was watched during and 1 hour after each infusion."""
    return progress_notes(case).infusion


def monitoring_qt(case: Case) -> Answer:
    """POL-B-I-C-3: ECG and electrolytes at baseline and follow-up; QT drugs stated."""
    return progress_notes(case).qt
