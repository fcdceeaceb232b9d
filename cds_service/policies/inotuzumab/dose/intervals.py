"""When the order falls: minimum interval, early cycle, dose to omit, third dose of two, late without a reason.

Procedure: docs/policies/inotuzumab/dose.md#when-the-order-falls. Also: docs/policies/inotuzumab/interruptions.md#length, docs/policies/inotuzumab/interruptions.md#reductions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal

from cds_service.clinical.observations.body import body_surface
from cds_service.clinical.therapy.labels import Label
from cds_service.clinical.therapy.orders import Order
from cds_service.clinical.therapy.planned_doses import PlannedDose
from cds_service.engine.determination import Basis, CardKind, Finding, Indicator, NeededItem
from cds_service.engine.wording import upper_first
from cds_service.fhir.quantities import plain
from cds_service.policies.inotuzumab.case.case import Case, orders_of_the_same_day
from cds_service.policies.inotuzumab.case.open_items import hidden
from cds_service.policies.inotuzumab.case.order_days import too_close, undated_orders_of_the_same_dose
from cds_service.policies.inotuzumab.dose.cycle_total import slot_of
from cds_service.policies.inotuzumab.dose.findings import is_combination
from cds_service.policies.inotuzumab.dose.ordered import whole_dose
from cds_service.policies.inotuzumab.dose.table import rounded
from cds_service.policies.inotuzumab.interruptions.interruptions import Interruption, interruptions
from cds_service.policies.inotuzumab.interruptions.reductions import reading, reduction
from cds_service.policies.inotuzumab.numbers import PLANNED_DAYS, days, said, word


def _warning(kind: str, rule: str, text: str, action: str, *evidence: str) -> Finding:
    return Finding(kind, Indicator.WARNING, CardKind.SAFETY, (rule,), Basis.POLICY, text, action, evidence)


def minimum_interval(case: Case) -> Iterator[Finding]:
    """POL-INT-LT7: at least so many days between doses, always checked; also between the days of one order."""
    least = days("dose.min_interval")
    action = f"Check the date: at least {least} days between doses"
    earlier = [d for d in (*case.frame.history.given, *case.frame.planned_before) if d.day <= case.planned]
    last = max(earlier, key=lambda d: d.day, default=None)
    if last is not None and (gap := (case.planned - last.day).days) < least:
        how = "ordered for" if last.planned else "given on"
        ago = f"{gap} {'day' if gap == 1 else 'days'} before the planned {case.planned}"
        text = f"The previous dose was {how} {last.day}, {ago if gap else 'the planned day itself'}"
        yield _warning("interval", "POL-INT-LT7", text, action, last.reference)
    if (pair := too_close(case.order)) is not None:
        yield _warning("interval", "POL-INT-LT7", _crowded(case.order, *pair), action, case.order.reference)


def same_day(case: Case) -> Iterator[Finding]:
    """POL-INT-LT7: another order for the day of this one; both together may be twice the dose."""
    for other in orders_of_the_same_day(case):
        of_day = [d for o in (case.order, other) for d in o.doses if d.day == case.planned]
        stated = other.planned_is_stated and case.order.planned_is_stated
        where = f"for the same day, {case.planned}" if stated else f"without a day, taken as {case.planned}"
        if not stated and other.planned_is_stated:
            where = f"for {case.planned}, and this one names no day"
        yield _double(case, other, where, of_day)
    for other in undated_orders_of_the_same_dose(case):
        where = f"for {other.label} without a day" if other.label else "without a day"
        yield _double(case, other, f"{where}, still active", [case.order.doses[0], other.doses[0]])


def _double(case: Case, other: Order, where: str, doses: Sequence[PlannedDose]) -> Finding:
    amounts = [whole_dose(d, body_surface(case.chart).m2) for d in doses]
    known = [mg for mg in amounts if mg is not None]
    text = f"There is another order of the drug {where}"
    if len(known) == len(amounts):
        text += f"; both together give {plain(rounded(sum(known, Decimal(0))))} mg"
    return Finding(
        "interval", Indicator.WARNING, CardKind.SAFETY, ("POL-INT-LT7",), Basis.RECOMMENDATION, text,
        "Check for a double order", (other.reference,),
    )  # fmt: skip


def _crowded(order: Order, a: date, b: date) -> str:
    """The two closest doses of an order; of a repeat how many it plans."""
    if a == b:
        text = f"The order plans {order.times.count(a)} doses on {a}"
    else:
        gap = (b - a).days
        text = f"The order plans doses on {a} and {b}, {gap} day{'s' if gap > 1 else ''} apart"
    number = len(order.times)
    if number > len(PLANNED_DAYS):
        text += f", {number} doses in all" if not order.endless else ", without an end"
    return text


def early_cycle(case: Case) -> Iterator[Finding]:
    """POL-QL-I, POL-QL-II: day 1 of the next cycle earlier than the cycle before it ends."""
    before = case.last_cycle_day_one
    if case.day != 1 or case.cycle is None or case.cycle < 2 or before is None:
        return
    after_first = case.cycle == 2
    least = days("cycle.day1_min.c1") if after_first else days("cycle.day1_min.sub")
    gap = (case.planned - before).days
    if gap < least:
        lasts = said("cycle.length.c1") if after_first else _later_cycle_lasts()
        text = (
            f"Day 1 of cycle {case.cycle} is planned for {case.planned}, {gap} days after day 1 of "
            f"cycle {case.cycle - 1} ({before}), which lasts {lasts}"
        )
        rule = "POL-QL-I" if after_first else "POL-QL-II"
        yield _warning("interval", rule, text, "Check the date: the next cycle starts early")


def _later_cycle_lasts() -> str:
    accepted = days("cycle.day1_min.sub")
    return f"{said('cycle.length.sub')} ({accepted} or more are accepted, a recommendation)"


def dose_to_omit(case: Case) -> Iterator[Finding]:
    """POL-INT-GE7: an order labelled with the held day, long after that day's planned date."""
    label = case.order.label
    if label is None or label.day == 1 or label.cycle != case.cycle:
        return
    held = _held_for_toxicity(case, label)
    if held is None:
        return
    due, interruption = held
    late = (case.planned - due).days
    if late >= days("int.omit"):
        text = (
            f"Day {label.day} of cycle {label.cycle} was planned for {due} and held for toxicity "
            f"({interruption.reason}); {late} days later the policy says to omit that dose and continue with the next"
        )
        action = f"Hold: omit the held day {label.day} dose"
        yield _warning("nonhem-hold", "POL-INT-GE7", text, action, *interruption.references)


def _held_for_toxicity(case: Case, label: Label) -> tuple[date, Interruption] | None:
    """The planned date of a dose that was held for a non-hematologic toxicity, and the interruption."""
    not_given = [dose.day for dose, slot in reading(case).placed if slot == label and not dose.given]
    due = not_given[0] if not_given else case.day_one + timedelta(days=label.day - 1)
    slack = timedelta(days=days("interval.slack"))
    for i in interruptions(case):
        if i.toxicity and i.start <= due + slack and (i.recovery is None or i.recovery.last >= due):
            return due, i
    return None


def third_dose(case: Case) -> Iterator[Finding]:
    """POL-INT-STEP2: two doses a cycle after a second interruption; given and ordered ones counted."""
    cut = reduction(case, case.cycle)
    if cut.step != 2 or case.cycle is None:
        return
    before = {d.day for d, slot in reading(case).placed if slot.cycle == case.cycle and d.given}
    own = {p.day for p in case.order.doses if slot_of(case, case.order, p) is not None} | {case.planned}
    if len(before | own) > days("dose.doses_after_second_reduction"):
        most = word("dose.doses_after_second_reduction")
        text = f"{upper_first(most)} doses a cycle are due, cycle {case.cycle} would have {len(before | own)}: {cut.because}"
        action = f"Hold: {most} doses a cycle, omit this one"
        yield _warning("dose-reduction-due", "POL-INT-STEP2", text, action, *cut.evidence)


def interruption_reason(case: Case) -> Iterator[NeededItem]:
    """Interruptions and delays whose reason or recovery is not recorded. They decide nothing by themselves."""
    found = (*_open_interruptions(case), *_late_without_reason(case), *_left_out_without_reason(case))
    for because in found:
        yield NeededItem("interruption-reason", because, decides=False)
        return


def _open_interruptions(case: Case) -> Iterator[str]:
    for i in interruptions(case):
        if i.toxicity is None:
            said = (
                f"the reason given ({i.reason}) is not understood"
                if i.reason
                else _no_reason(case, "no reason is recorded")
            )
            yield f"a dose was held on {i.start} and {said}"
        elif i.toxicity and i.length is None:
            yield f"{i.shown}: its length, and so any reduction, cannot be determined"


def _no_reason(case: Case, absent: str) -> str:
    """That no reason is recorded, in the words given, unless it may be where nothing was seen."""
    reason = hidden(case.chart, "interruption-reason")
    return f"its reason could not be looked for everywhere ({reason})" if reason else absent


def _late_without_reason(case: Case) -> Iterator[str]:
    """docs/policies/inotuzumab/interruptions.md#length, step 1: a dose or cycle that is late, given or ordered, with no interruption recorded before it."""
    for day, labels, what in _doses_in_order(case):
        due = max((due for label in labels if (due := _due(case, label)) is not None), default=None)
        if due is None or (late := (day - due).days) < days("interruption.ask_after"):
            continue
        if not _was_interrupted(case, due, day):
            yield f"{what} {day} was due {due} and is {late} days late, {_no_reason(case, 'with no reason recorded')}"


def _was_interrupted(case: Case, due: date, day: date) -> bool:
    """Whether an interruption is recorded between the last dose before ``day`` and that day."""
    before = max((d.day for d in case.frame.given if d.day < day), default=due)
    return any(before <= i.start <= day for i in interruptions(case))


def _left_out_without_reason(case: Case) -> Iterator[str]:
    """The same step: a day before the order's that no dose and no hold fills, and that is late by now.

    Not beside a covered combination, whose studies gave the drug on other days.
    """
    if case.cycle is None or case.day is None or case.frame.position.label_unchecked:
        return  # what was given is not known
    placed, own = reading(case).placed, Label(case.cycle, case.day)
    filled = {label for _, label in placed}
    for cycle in sorted({label.cycle for label in filled}):
        for slot in (Label(cycle, d) for d in PLANNED_DAYS[1:]):
            due = _due(case, slot)
            if slot in filled or slot >= own or due is None or _is_complete(case, cycle):
                continue
            following = min((d.day for d, label in placed if label > slot), default=case.planned)
            late = (case.planned - due).days >= days("interruption.ask_after")
            if late and not _was_interrupted(case, due, following) and not is_combination(case):
                absent = _no_reason(case, "with no reason recorded")
                yield f"{slot} was due {due} and is not recorded as given, {absent}"


def _is_complete(case: Case, cycle: int) -> bool:
    """Whether a cycle that is reduced to two doses has them, the order counted: any two are accepted."""
    doses = sum(d.given and label.cycle == cycle for d, label in reading(case).placed) + (cycle == case.cycle)
    return doses >= days("dose.doses_after_second_reduction") and reduction(case, cycle).step >= 2


def _doses_in_order(case: Case) -> Iterator[tuple[date, tuple[Label, ...], str]]:
    """Each dose given and the order's, with the slots that it may fill: late is what is late for all of them."""
    for dose, label in reading(case).placed:
        if dose.given and not dose.planned:
            yield dose.day, (label,), f"{label}, given"
    yield case.planned, case.frame.position.candidates, "the dose planned for"


def _due(case: Case, label: Label) -> date | None:
    """When a dose was due: day 1 + 7, + 14, next day 1 + 28."""
    if label.day != 1:
        day_one = reading(case).day_one(label.cycle)
        return day_one + timedelta(days=label.day - 1) if day_one is not None else None
    before = reading(case).day_one(label.cycle - 1) if label.cycle > 1 else None
    return before + timedelta(days=days("cycle.length.sub")) if before is not None else None
