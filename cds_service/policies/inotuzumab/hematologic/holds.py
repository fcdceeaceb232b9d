"""The hematologic table: holds before the next cycle.

Holds apply to day-1 orders of cycle 2 or later. The counts come from ``counts``; the rule on counts that
stay low (step 9), which applies to every order, is in ``persistence``.
Procedure: docs/policies/inotuzumab/hematologic.md#counts-before-the-next-cycle.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from cds_service.clinical.leukemia.response import ACHIEVED, Response, response_statements
from cds_service.clinical.observations.counts import has_unreadable
from cds_service.clinical.reading.assertions import Certainty
from cds_service.clinical.reading.reader import read
from cds_service.clinical.statements import Statement
from cds_service.engine.determination import Basis, CardKind, Finding, Indicator, NeededItem
from cds_service.engine.verdict import all_true, any_true
from cds_service.engine.wording import upper_first
from cds_service.fhir.quantities import plain
from cds_service.policies.inotuzumab.case.case import Case
from cds_service.policies.inotuzumab.case.places import may_be_overruled
from cds_service.policies.inotuzumab.case.response import Status
from cds_service.policies.inotuzumab.hematologic.counts import Count, Counts, counts, newest_counts
from cds_service.policies.inotuzumab.numbers import days, number
from cds_service.values import dataclass

Asked = tuple[str, str, bool]
_ROWS = ("POL-HEM-1", "POL-HEM-2")  # of ANC and platelets


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one row of the table says: hold, no hold, or unknown (None), with its reason."""

    hold: bool | None
    rule: str
    because: str
    evidence: tuple[str, ...]


def next_cycle(case: Case) -> Iterator[Finding | NeededItem]:
    """Steps 1 to 8: the findings for a day-1 order of cycle 2 or later, and the items to ask for."""
    found, asked = _found_and_asked(case)
    yield from found
    yield from (NeededItem(item, because, decides) for item, because, decides in asked)


def _found_and_asked(case: Case) -> tuple[list[Finding], list[Asked]]:
    if case.day != 1 or (case.highest_cycle or 0) < 2:
        return [], []
    if (case.planned - case.chart.today).days > days("hem.ask_ahead"):
        found = " and ".join(count.shown for count in newest_counts(case))
        due = f"CBC due before day 1: {_enough()} x10*9/L (newest: {found})"
        return [], [("cbc", due, False)]
    outcomes = decide(counts(case, unreadable=True))
    # A newer count that cannot be read lifts no hold that an older one of its window raises.
    readable = decide(counts(case, unreadable=False)) if has_unreadable(case.chart) else outcomes
    holds = [o for o in (*readable, *outcomes) if o.hold]
    if holds and holds[0].rule == "POL-HEM-3" and (source := _released(case)) is not None:
        text = f"low counts are judged due to stable or improved disease ({source}), which releases the hold: {holds[0].because}"
        return [], [("cbc", text, False)]
    if holds:
        by_rule = {o.rule: o for o in reversed(holds)}
        held = sorted(by_rule.values(), key=lambda o: o.rule)
        return [_finding("hem-hold", [o], o.because, "Hold the next cycle") for o in held], []
    return _unknown(case, [o for o in outcomes if o.hold is None])


def _unknown(case: Case, open_: Sequence[Outcome]) -> tuple[list[Finding], list[Asked]]:
    """Step 8: no row holds and one is open, or the newest counts may not have been seen."""
    reasons = [o.because for o in open_]
    if unseen := may_be_overruled(case.chart, "cbc"):
        reasons.append(f"not all results were seen ({unseen})")
    if not reasons:
        return [], []
    text = "; ".join(dict.fromkeys(reasons))
    newest = [count.shown for count in newest_counts(case) if not count.is_absent]
    if untold := [shown for shown in newest if shown not in text]:
        text = f"{text}; newest: {', '.join(untold)}"
    found = _finding("hem-unknown", open_, text, "Check the counts before day 1")
    return [found], [("cbc", f"before day 1: {text}", True)]


def _finding(kind: str, outcomes: Sequence[Outcome], text: str, action: str) -> Finding:
    rules = tuple(dict.fromkeys(o.rule for o in outcomes)) or ("POL-HEM-1", "POL-HEM-2")
    evidence = tuple(dict.fromkeys(e for o in outcomes for e in o.evidence))
    sentence = upper_first(text)
    return Finding(kind, Indicator.WARNING, CardKind.SAFETY, rules, Basis.POLICY, sentence, action, evidence)


def decide(c: Counts) -> tuple[Outcome, ...]:
    """Step 5: which rows apply by the counts before treatment."""
    low = [count.low for count in c.baseline]
    if True in low:
        return (_row_three(c),)
    absent = " or ".join(count.name for count in c.now if count.is_absent)
    rows_one_two = tuple(
        _row(now, before, rule, absent) for now, before, rule in zip(c.now, c.baseline, _ROWS, strict=True)
    )
    if None not in low or all(count.low is False for count in c.now):
        return rows_one_two
    if any(o.hold for o in rows_one_two) and _row_three(c).hold:
        return rows_one_two
    missing = " and ".join(count.name for count in c.baseline if count.low is None)
    reasons = [o.because for o in rows_one_two if o.hold is None] or [f"now {_listed(c.now)}"]
    reasons.append(f"{missing} before treatment not known, so the row of the table that applies is open")
    return (Outcome(None, "POL-HEM-3", "; ".join(dict.fromkeys(reasons)), _evidence(c.now)),)


def _row(now: Count, before: Count, rule: str, absent: str) -> Outcome:
    """Step 6, rows 1 and 2 (POL-HEM-1, POL-HEM-2): below the limit is a hold; a fall above it is none.

    ``absent`` names the counts that there are none of, so that two rows say it in the same words.
    """
    if now.low is None:
        when = f"within {days('lab.max_age.cbc')} days before the planned date"
        missing = f"no {absent} {when}" if now.is_absent else now.missing(when)
        return Outcome(None, rule, now.why_open if now.results else missing, now.evidence)
    if not now.low:
        return Outcome(False, rule, now.shown, _evidence((now, before)))
    earlier = f", before treatment {' and '.join(r.shown for r in before.results)}" if before.results else ""
    because = f"{now.shown}{earlier}: wait until >= {plain(now.limit)}"
    return Outcome(True, rule, because, _evidence((now, before)))


def _row_three(c: Counts) -> Outcome:
    """Step 7, row 3 (POL-HEM-3): a count below its level before the last cycle, and neither (a) nor (b)."""
    fell = [now.fell_from(prior) for now, prior in zip(c.now, c.prior, strict=True)]
    not_recovered = any_true(count.low for count in c.now)  # (b) is not met
    known = f"before treatment {_listed(c.baseline)}; before the last cycle {_listed(c.prior)}; now {_listed(c.now)}"
    evidence = _evidence((*c.now, *c.prior, *c.baseline))
    hold = all_true((any_true(fell), not_recovered))
    if hold is None:
        return Outcome(
            None,
            "POL-HEM-3",
            f"{known}: it cannot be determined whether the next cycle is to be held",
            evidence,
        )
    if not hold:
        return Outcome(False, "POL-HEM-3", known, evidence)
    # What is to be waited for stands before the levels that it rests on: a card may cut the end.
    accepted = all(now.low is False or f is False for now, f in zip(c.now, fell, strict=True))
    because = (
        f"now {_listed(c.now)}{'; each count is at an accepted level, confirm' if accepted else ''}: wait until both "
        f"are back at their level before the last cycle ({_listed(c.prior)}), or {_enough()}, or the fall is recorded "
        f"as due to stable or improved marrow disease; before treatment {_listed(c.baseline)}"
    )
    return Outcome(True, "POL-HEM-3", because, evidence)


def _enough() -> str:
    """The counts that release a hold."""
    return f"ANC >= {plain(number('hem.anc'))} and platelets >= {plain(number('hem.platelets'))}"


def _listed(pair: Iterable[Count]) -> str:
    return ", ".join(count.shown for count in pair)


def _evidence(found: Iterable[Count]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([e for count in found for e in count.evidence]))


_COUNTS = re.compile(
    r"\b(?:ANC|neutro\w{1,10}|platelets?|plts?|(?:blood )?counts?|(?:thrombo|pan)?cytopeni\w{1,3})\b",
    re.IGNORECASE,
)
_STABLE_RESPONSES = ACHIEVED | {Response.PR, Response.SD, Response.IMPROVED, Response.STABLE}


def _released(case: Case) -> str | None:
    """(c) of row 3: recorded that the fall is due to disease, which is stable or improved; its source."""
    since = case.last_cycle_day_one
    for s in case.chart.statements:
        recent = since is not None and s.when is not None and s.when.first >= since
        if not recent or not _is_due_to_disease(s):
            continue
        responses = read(s.text, "response", s.when.last if s.when else None).values
        if responses & {"cr", "cri", "pr", "sd", "improved"} or _is_stable(case):
            return s.reference
    return None


def _is_due_to_disease(s: Statement) -> bool:
    """Whether a text states that low counts are due to the leukemia."""
    said = read(s.whole, "cause").assertions
    return any(
        a.value == "disease" and a.certainty is Certainty.STATED and _COUNTS.search(a.quote) for a in said
    )


def _is_stable(case: Case) -> bool:
    """Whether the newest statement of response of the last cycle is stable disease or better."""
    since = case.last_cycle_day_one
    stated = [
        s
        for s in response_statements(case.chart)
        if s.when is not None and since is not None and s.when.first >= since
    ]
    last = max((s.when.first for s in stated if s.when is not None), default=None)
    newest = {s.response for s in stated if s.when is not None and s.when.first == last}
    return case.response.status is Status.ACHIEVED or bool(newest and newest <= _STABLE_RESPONSES)
