"""How many cycles: POL-B-I-MAX, with MRD (POL-DEF-MRD).

A few cycles before a transplant, one more when CR/CRi and MRD negativity were not both reached; else
more of them, with CR or CRi by a deadline. An unknown plan is judged both ways.
Procedure: docs/policies/inotuzumab/continuation.md#number-of-cycles. Also: docs/policies/inotuzumab/continuation.md#mrd.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from cds_service.clinical.leukemia.mrd import Mrd, mrd_results
from cds_service.engine.answers import MET, NOT, UNKNOWN, Answer, unknown
from cds_service.engine.verdict import Verdict, agreed
from cds_service.policies.inotuzumab.case.case import Case
from cds_service.policies.inotuzumab.case.open_items import absent
from cds_service.policies.inotuzumab.case.places import judged_without, may_be_overruled
from cds_service.policies.inotuzumab.case.response import Status
from cds_service.policies.inotuzumab.case.response_evidence import Item
from cds_service.policies.inotuzumab.case.schedule import planned_days
from cds_service.policies.inotuzumab.case.transplant_plan import TransplantPlan, transplant_plan
from cds_service.policies.inotuzumab.numbers import PLANNED_DAYS, days, filled, nth, number, word
from cds_service.remembering import once
from cds_service.values import dataclass


@dataclass(frozen=True, slots=True)
class Fact:
    """Whether something was reached, in words, with its evidence."""

    verdict: Verdict
    text: str
    evidence: tuple[str, ...] = ()


def duration(case: Case) -> Answer:
    """POL-B-I-MAX, by the newest statement of the transplant plan."""
    n = case.highest_cycle
    if n is None:
        why = f"the cycle is not known ({case.frame.position.why_unknown})"
        return unknown(why, "cycle-number", changes="the cycle and day of this order")
    plan, response, mrd = transplant_plan(case), response_by_cycle_three(case, n), mrd_after_two_cycles(case)
    with_transplant = _planned(n, response.verdict, mrd.verdict)
    without = _not_planned(n, response.verdict)
    if plan.planned is None:
        verdict = agreed((with_transplant, without))
    else:
        verdict = with_transplant if plan.planned else without
    said = "; ".join(_sentence(n, plan, response, mrd, verdict))
    evidence = (*plan.evidence, *_decisive(n, plan, response, mrd))
    if verdict is UNKNOWN:
        needed = _needed(n, plan, response, mrd)
        asks = tuple((item, reason) for item, reason in _asks(n, plan, response, mrd) if item in needed)
        return replace(unknown(said, *needed, evidence=evidence, changes=_settles(needed)), asks=asks)
    if plan.planned is None and verdict is MET and n > days("cycle.recommended.hsct"):
        said += "; with and without a transplant the answer is the same"
    return Answer(verdict, said, evidence)


def _planned(n: int, response: Verdict, mrd: Verdict) -> Verdict:
    """Step 1, POL-B-II and POL-B-II-A: a third cycle only when CR/CRi and MRD negativity were not both reached."""
    if n <= days("cycle.recommended.hsct"):
        return MET
    return ~(response & mrd) if n <= days("cycle.max.hsct") else NOT


def _not_planned(n: int, response: Verdict) -> Verdict:
    """Step 2, POL-B-III: beyond the deadline only when CR/CRi was reached by it."""
    if n <= days("cycle.response_deadline"):
        return MET
    return response if n <= days("cycle.max.non_hsct") else NOT


def response_by_cycle_three(case: Case, n: int) -> Fact:
    """Step 4: CR/CRi of the course dated by the deadline; never: "not in CR/CRi" in its last cycle and none before."""
    response, deadline = case.response, days("cycle.response_deadline")
    if n <= deadline:
        return _reached_so_far(case)
    third = case.frame.day_one_of(deadline)
    fourth = case.frame.day_one_of(deadline + 1) or (case.planned if n == deadline + 1 else None)
    achieved = _achieved(case)
    in_time = [i for i in achieved if fourth is not None and i.day <= fourth]
    if in_time:
        return Fact(MET, in_time[0].text, (in_time[0].reference,))
    against = [
        i
        for i in case.items
        if not (i.achieved or i.open or i.entry) and third is not None and i.first > third
    ]
    never = [i for i in against if not any(a.first <= i.day for a in achieved)]
    if never and not may_be_overruled(case.chart, "response"):
        return Fact(NOT, never[-1].text, (never[-1].reference,))
    if achieved:
        return Fact(UNKNOWN, f"{achieved[0].text}, not surely by cycle {deadline}", (achieved[0].reference,))
    return Fact(UNKNOWN, response.because, response.evidence)


def _reached_so_far(case: Case) -> Fact:
    """Before the deadline: reached at any time of the course, or validly not in CR/CRi now."""
    if achieved := _achieved(case):
        return Fact(MET, achieved[0].text, (achieved[0].reference,))
    response = case.response
    verdict = NOT if response.status is Status.NOT_ACHIEVED else UNKNOWN
    return Fact(verdict, response.because, response.evidence)


def _achieved(case: Case) -> list[Item]:
    start = case.frame.start
    return [i for i in case.items if i.achieved and start is not None and i.is_since(start)]


@once
def mrd_after_two_cycles(case: Case) -> Fact:
    """POL-DEF-MRD: the newest result of the course dated on or after C2D8 (its planned day if not given)."""
    from_day = _second_dose_of_last_cycle(case)
    found = [(m.when, m) for m in mrd_results(case.chart, number("mrd.negative_max")) if m.when is not None]
    last = max((w.first for w, _ in found if from_day is not None and w.first >= from_day), default=None)
    newest = [m for when, m in found if last is not None and when.last >= last]
    if not newest and from_day is None and (reason := judged_without(case.chart, "mrd")):
        return Fact(
            UNKNOWN, f"which MRD results are from after the first cycles could not be seen ({reason})"
        )
    if not newest:
        return Fact(
            UNKNOWN,
            absent(
                case, f"MRD result after the first {word('cycle.recommended.hsct')} cycles", "mrd", ending=""
            ),
        )
    text, references = "; ".join(dict.fromkeys(m.shown for m in newest)), tuple(m.reference for m in newest)
    if unseen := may_be_overruled(case.chart, "mrd"):
        return Fact(UNKNOWN, f"{text}; newer results may not have been seen ({unseen})", references)
    return Fact(agreed(_mrd_verdict(m) for m in newest), text, references)


def _mrd_verdict(m: Mrd) -> Verdict:
    return UNKNOWN if m.negative is None else (MET if m.negative else NOT)


def _second_dose_of_last_cycle(case: Case) -> date | None:
    """Day 8 of the last recommended cycle as given; else its planned day. None when that cycle is not on record."""
    last = days("cycle.recommended.hsct")
    for reading in case.frame.readings[:1]:
        for dose, label in reading.placed:
            if (label.cycle, label.day) == (last, PLANNED_DAYS[1]) and dose.given and not dose.planned:
                return dose.day
    day_one = case.frame.day_one_of(last)
    return None if day_one is None else day_one + planned_days().apart


def _sentence(n: int, plan: TransplantPlan, response: Fact, mrd: Fact, verdict: Verdict) -> list[str]:
    """The cycle against the limit first, then what the limit rests on."""
    if verdict is MET and n <= days("cycle.recommended.hsct"):
        return [f"cycle {n} is within every limit, with or without transplant ({plan.text})"]
    said = [_over(n, plan), plan.text] if verdict is NOT else [f"cycle {n}, {plan.text}"]
    if _third_before_transplant(n, plan):
        said += [_labelled("MRD", mrd.text), _labelled("CR/CRi", response.text)]
    elif days("cycle.response_deadline") < n <= days("cycle.max.non_hsct"):
        said.append(f"CR/CRi by cycle {days('cycle.response_deadline')}: {response.text}")
    return said


def _labelled(what: str, text: str) -> str:
    return text if what in text or text.startswith(what[:2]) else f"{what}: {text}"


def _over(n: int, plan: TransplantPlan) -> str:
    """The limit that a cycle is beyond."""
    before, third = days("cycle.recommended.hsct"), days("cycle.max.hsct")
    deadline, most = days("cycle.response_deadline"), days("cycle.max.non_hsct")
    if n == third and plan.planned:
        return (
            f"cycle {n} before transplant, with CR/CRi and MRD negative (B.ii); the policy covers {before}, "
            f"or {third} until both are reached"
        )
    if plan.planned:
        return f"cycle {n}; the policy covers at most {third} before transplant (B.ii)"
    if n > most:
        return f"cycle {n}; the policy covers up to {most} without transplant (B.iii)"
    return f"cycle {n} without CR/CRi by cycle {deadline}; the policy ends there (B.iii.A)"


def _asks(n: int, plan: TransplantPlan, response: Fact, mrd: Fact) -> Iterator[tuple[str, str]]:
    """Why each item is asked for."""
    yield "hsct-plan", f"{plan.text}; it decides whether cycle {n} is covered"
    yield "response", f"{response.text}; CR or CRi decides whether cycle {n} is covered"
    yield "mrd", f"{mrd.text}; it decides about a {nth('cycle.max.hsct')} cycle before transplant (B.ii.A)"


def _decisive(n: int, plan: TransplantPlan, response: Fact, mrd: Fact) -> tuple[str, ...]:
    if n <= days("cycle.recommended.hsct"):
        return ()
    return (*response.evidence, *(mrd.evidence if _third_before_transplant(n, plan) else ()))


def _third_before_transplant(n: int, plan: TransplantPlan) -> bool:
    """Whether the rule of the third cycle before a transplant may apply."""
    return n == days("cycle.max.hsct") and plan.planned is not False


def _needed(n: int, plan: TransplantPlan, response: Fact, mrd: Fact) -> list[str]:
    needed = ["hsct-plan"] if plan.planned is None else []
    if response.verdict is UNKNOWN:
        needed.append("response")
    if _third_before_transplant(n, plan) and mrd.verdict is UNKNOWN and response.verdict is not NOT:
        needed.append("mrd")
    return needed


_SETTLES = {
    "hsct-plan": "whether a transplant is planned",
    "response": "whether CR or CRi was reached",
    "mrd": "an MRD result after the first {cycle.recommended.hsct:word} cycles",
}


def _settles(needed: list[str]) -> str:
    return filled(", ".join(_SETTLES[item] for item in needed))


def mrd_informs(case: Case) -> str | None:
    """POL-B-II-A-2: why the MRD status after two cycles is asked for where the verdict does not need it."""
    n = case.highest_cycle
    if n is None or not _third_before_transplant(n, transplant_plan(case)):
        return None
    mrd = mrd_after_two_cycles(case)
    return mrd.text if mrd.verdict is UNKNOWN else None
