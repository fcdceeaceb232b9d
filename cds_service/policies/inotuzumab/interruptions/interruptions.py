"""Interruptions of treatment, their reasons and their lengths.

An interruption is a dose stated as not given, or a stretch on hold. Only one for a recorded
non-hematologic toxicity counts; its length runs to the recorded recovery, not to the next dose.
Procedure: docs/policies/inotuzumab/interruptions.md#length.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from cds_service.clinical.problems import Problem
from cds_service.clinical.therapy.drugs import INOTUZUMAB
from cds_service.clinical.therapy.exposure import DrugUse
from cds_service.engine.wording import lower_first
from cds_service.oncology.hold_reasons import (
    LiverLimits,
    reason_kind,
    says_recovered,
    shared_words,
)
from cds_service.policies.inotuzumab.case.case import Case
from cds_service.policies.inotuzumab.numbers import days, number
from cds_service.remembering import once
from cds_service.values import dataclass

# Words of the drug and its disease: they tell no toxicity from another.
_ASIDE = frozenset({"inotuzumab", "besponsa", "leukemia", "lymphoblastic"})


@dataclass(frozen=True, slots=True)
class Interruption:
    """A held stretch: the first missed date, its reason, and the recovery if recorded.

    ``toxicity`` is True for a recorded non-hematologic toxicity, False for a hematologic or other
    reason, None when no reason is recorded or understood.
    """

    start: date
    toxicity: bool | None
    reason: str
    recovery: date | None
    references: tuple[str, ...]

    @property
    def length(self) -> int | None:
        """Days from the first missed planned date to recovery; None when recovery is not recorded."""
        return None if self.recovery is None else (self.recovery - self.start).days

    @property
    def shown(self) -> str:
        until = f"recovered {self.recovery}, {self.length} days" if self.recovery else "recovery not recorded"
        return f"held since {self.start} for {lower_first(self.reason) or 'no recorded reason'} ({until})"


@dataclass(frozen=True, slots=True)
class _Missed:
    """One dose not given, or one stretch on hold with its end if stated."""

    day: date
    end: date | None
    reason: str
    event: Problem | None
    reference: str

    @property
    def kind(self) -> bool | None:
        told = _kind(self.reason)
        if told is None and self.event is not None:
            return not self.event.is_hematologic
        return told

    @property
    def recovered(self) -> date | None:
        return self.event.resolved.day if self.event is not None and self.event.resolved is not None else None


@once
def interruptions(case: Case) -> tuple[Interruption, ...]:
    """The interruptions of the present course, in order of time."""
    missed = sorted(
        (*_not_given(case), *_on_hold(case)), key=lambda m: (m.day, m.kind is not True, m.reference)
    )
    return tuple(_interruption(case, group) for group in _grouped(case, missed))


def _not_given(case: Case) -> Iterator[_Missed]:
    """Step 2: a planned dose stated as not given, with its reason."""
    uses = {u.reference: u for u in case.chart.uses}
    for dose in case.frame.events:
        use = uses.get(dose.reference)
        if (
            use is not None
            and not dose.given
            and case.frame.start is not None
            and dose.day > case.frame.start
        ):
            reason = _reason(use)
            yield _Missed(dose.day, None, reason, _event_for(case, reason, dose.day), dose.reference)


def _on_hold(case: Case) -> Iterator[_Missed]:
    """Step 2: an order or course of the drug on hold, from its planned date or the start of its period."""
    for use in case.chart.uses:
        start = min(use.days, key=lambda w: w.first, default=None) or use.start or use.authored
        if INOTUZUMAB not in use.drugs or use.status != "on-hold" or start is None or start.day is None:
            continue
        if case.frame.start is not None and case.frame.start <= start.day <= case.chart.today:
            reason = _reason(use)
            end = use.end.day if use.end is not None and use.end.has_happened(case.clock) else None
            yield _Missed(start.day, end, reason, _event_for(case, reason, start.day), use.reference)


def _kind(reason: str) -> bool | None:
    """Whether a reason is a non-hematologic toxicity, by the limits of normal that the policy file takes where none is told."""
    return reason_kind(reason, LiverLimits(number("bilirubin.default_uln"), number("alt.default_uln")))


def _reason(use: DrugUse) -> str:
    """Why a dose was held: the stated reason, else what its indication or notes say of one."""
    return use.status_reasons or " ; ".join(
        text for text in (use.reasons, *use.texts) if _kind(text) is not None
    )


def _grouped(case: Case, missed: Sequence[_Missed]) -> Iterator[list[_Missed]]:
    """Doses missed one after another for one reason, with none given between, are one interruption."""
    group: list[_Missed] = []
    for m in missed:
        if group and not _goes_on(case, group, m):
            yield group
            group = []
        group.append(m)
    if group:
        yield group


def _goes_on(case: Case, group: Sequence[_Missed], m: _Missed) -> bool:
    last = group[-1]
    if any(last.day < given.day < m.day for given in case.frame.given):
        return False
    if (
        last.recovered is not None
        and last.recovered < m.day
        and (m.reason or m.event)
        and m.event != last.event
    ):
        return False
    return m.kind in (None, group[0].kind)


def _interruption(case: Case, group: Sequence[_Missed]) -> Interruption:
    reasons = " ; ".join(dict.fromkeys(m.reason for m in group if m.reason))
    events = [m.event for m in group if m.event is not None]
    start = group[0].day
    words = reasons or (events[0].words.split(" | ")[0] if events else "")
    references = dict.fromkeys([m.reference for m in group] + [e.reference for e in events])
    return Interruption(start, group[0].kind, words, _recovery(case, group, words), tuple(references))


def _recovery(case: Case, group: Sequence[_Missed], words: str) -> date | None:
    """The recorded recovery: the event resolved, else the end of the hold, else a statement."""
    start = group[0].day
    resolved = [m.recovered for m in group if m.recovered is not None and m.recovered >= start]
    ended = [m.end for m in group if m.end is not None]
    if resolved or ended:
        return max(resolved or ended)
    stated = (
        s.when.day
        for s in case.chart.statements
        if s.kind not in ("Condition", "AdverseEvent")  # their end is a date of their own
        and s.when is not None
        and s.when.day is not None
        and s.when.day >= start
        and says_recovered(s.whole, words, _ASIDE)
    )
    return min(stated, default=None)


def _event_for(case: Case, reason: str, start: date) -> Problem | None:
    """The toxicity that a hold names, or (no reason given) the only one under way when it began."""
    slack = timedelta(days=days("interval.slack"))
    under_way = [
        p
        for p in case.chart.problems
        if p.dated is not None
        and p.dated.first <= start + slack
        and (p.resolved is None or p.resolved.last >= start)
        and (case.frame.start is None or p.dated.last >= case.frame.start)
    ]
    if reason:
        named = [p for p in under_way if shared_words(p.words, reason, _ASIDE)]
        return max(named, key=lambda p: (p.dated.first if p.dated else start, p.reference), default=None)
    graded = [p for p in under_way if p.is_event or (p.grade or 0) >= days("tox.grade_interrupt")]
    return graded[0] if len(graded) == 1 else None
