"""When the order falls: minimum interval, early cycle, dose to omit, third dose of two, late without a reason.

Policy analysis 2.6 (POL-QL), 2.8 (interruptions) and 1.6.2 (a gap without a reason).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from cds_service.clinical.body import body_surface
from cds_service.policies.inotuzumab.case import Case
from cds_service.policies.inotuzumab.interruptions import interruptions, reduction
from cds_service.policies.inotuzumab.numbers import days
from cds_service.policy.determination import Basis, CardKind, Finding, Indicator, Need


def _warning(
    kind: str, rule: str, text: str, action: str, evidence: tuple[str, ...] = (), basis: Basis = Basis.POLICY
) -> Finding:
    return Finding(kind, Indicator.WARNING, CardKind.SAFETY, (rule,), basis, text, action, evidence)


def findings(case: Case) -> Iterator[Finding]:
    yield from _minimum_interval(case)
    yield from _early_cycle(case)
    yield from _dose_to_omit(case)
    yield from _third_dose(case)


def _minimum_interval(case: Case) -> Iterator[Finding]:
    """POL-INT-LT7: at least 6 days between doses, always checked; also between the days of one order."""
    least = days("dose.min_interval")
    doses = [
        (d.day, d.reference, "ordered for" if d.planned else "given")
        for d in (*case.frame.history.given, *case.frame.planned_before)
    ]
    earlier = [d for d in doses if d[0] <= case.planned]
    if earlier:
        day, reference, how = max(earlier)
        gap = (case.planned - day).days
        if gap < least:
            text = f"The previous dose is {how} {day}, {gap} days before the planned {case.planned}: at least {least} days between doses"
            yield _warning(
                "interval",
                "POL-INT-LT7",
                text,
                f"Move the dose: at least {least} days after the previous one",
                (reference,),
            )
    own = case.order.days
    close = [(a, b) for a, b in zip(own, own[1:], strict=False) if (b - a).days < least]
    if close:
        a, b = close[0]
        text = f"The order plans doses on {a} and {b}, {(b - a).days} days apart: at least {least} days between doses"
        yield _warning(
            "interval", "POL-INT-LT7", text, f"Check the schedule: at least {least} days between doses"
        )


def _early_cycle(case: Case) -> Iterator[Finding]:
    """POL-QL-I, POL-QL-II: day 1 of the next cycle earlier than 21 (cycle 1) or 27 days."""
    if case.day != 1 or case.cycle is None or case.cycle < 2 or case.last_cycle_day_one is None:
        return
    first = case.cycle == 2
    least = days("cycle.day1_min.c1" if first else "cycle.day1_min.sub")
    gap = (case.planned - case.last_cycle_day_one).days
    if gap < least:
        length = "21 days" if first else "28 days (27 or more accepted, a recommendation)"
        text = f"Day 1 of cycle {case.cycle} is planned {gap} days after day 1 of cycle {case.cycle - 1} ({case.last_cycle_day_one}): that cycle lasts {length}"
        yield _warning(
            "interval",
            "POL-QL-I" if first else "POL-QL-II",
            text,
            "Check the date: the next cycle starts early",
        )


def _dose_to_omit(case: Case) -> Iterator[Finding]:
    """POL-INT-GE7: an order labelled with the held day, 7 or more days after that day's planned date."""
    label = case.order.label
    if label is None or label.day == 1:
        return
    for reading in case.frame.readings[:1]:
        for dose, slot in reading.placed:
            if slot != label or dose.given:
                continue
            late = (case.planned - dose.day).days
            held = [i for i in interruptions(case) if i.toxicity and i.start <= dose.day]
            if late >= days("int.omit") and held:
                text = f"The day-{label.day} dose of {dose.day} was held for toxicity ({held[-1].reason}) and is now {late} days late: the policy says to omit it and go on with the next"
                yield _warning(
                    "nonhem-hold",
                    "POL-INT-GE7",
                    text,
                    f"Omit the held day-{label.day} dose",
                    (dose.reference, *held[-1].references),
                )


def _third_dose(case: Case) -> Iterator[Finding]:
    """POL-INT-STEP2: two doses a cycle after a second interruption; given and ordered ones counted."""
    cut = reduction(case, body_surface(case.chart).m2)
    if cut.step != 2 or case.cycle is None:
        return
    most = days("dose.doses_after_second_reduction")
    taken = {
        dose.day
        for r in case.frame.readings[:1]
        for dose, slot in r.placed
        if slot.cycle == case.cycle and dose.given
    }
    if len(taken - {case.planned}) >= most:
        text = f"Two doses a cycle are due ({cut.because}); this would be dose {len(taken - {case.planned}) + 1} of cycle {case.cycle}"
        yield _warning(
            "dose-reduction-due", "POL-INT-STEP2", text, "Omit this dose: two doses a cycle", cut.evidence
        )


def asked(case: Case) -> Iterator[Need]:
    """Interruptions and delays whose reason or recovery is not recorded. They decide nothing by themselves."""
    for i in interruptions(case):
        if i.toxicity is None:
            yield Need(
                "interruption-reason",
                f"a dose was held on {i.start} and no reason is recorded",
                decides=False,
            )
        elif i.toxicity and i.length is None:
            yield Need(
                "interruption-reason",
                f"{i.shown}: the length, and so any reduction, cannot be told",
                decides=False,
            )
    due = _due(case)
    if (
        due is not None
        and (case.planned - due).days >= days("interruption.ask_after")
        and not _explained(case, due)
    ):
        late = (case.planned - due).days
        yield Need(
            "interruption-reason",
            f"this dose was due {due} and is {late} days late, with no reason recorded",
            decides=False,
        )


def _due(case: Case) -> date | None:
    """When the order's dose was due: day 1 + 7, + 14, next day 1 + 28."""
    if case.cycle is None or case.day is None:
        return None
    if case.day == 1:
        before = case.last_cycle_day_one
        return before + timedelta(days=days("cycle.length.sub")) if before is not None else None
    return case.day_one + timedelta(days=case.day - 1)


def _explained(case: Case, due: date) -> bool:
    """Whether a hold with a reason is recorded around the due date, or a hematologic one explains it."""
    since = case.last_cycle_day_one or case.day_one
    return any(i.reason and since <= i.start <= case.planned for i in interruptions(case)) or any(
        i.toxicity is None
        for i in interruptions(case)
        if i.start >= due - timedelta(days=days("interruption.ask_after"))
    )
