"""Interruptions for non-hematologic toxicity and the reductions that follow: policy analysis 2.8.

Length runs from the first missed planned date to the recorded recovery. Hematologic holds, and
delays without a recorded reason, reduce nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from cds_service.clinical.drugs import INOTUZUMAB
from cds_service.clinical.problems import Problem
from cds_service.clinical.words import Said, phrase, says
from cds_service.policies.inotuzumab.case import Case
from cds_service.policies.inotuzumab.course import Reading
from cds_service.policies.inotuzumab.doses import Dose
from cds_service.policies.inotuzumab.numbers import days, number

_HEMATOLOGIC = phrase(
    r"neutropeni\w*", r"thrombocytopeni\w*", r"cytopeni\w*", r"pancytopeni\w*", r"myelosuppress\w*", r"low (?:platelets?|ANC|counts?|neutrophils?|blood counts?)",
    r"(?:ANC|platelets?|plt|counts?)(?: count)?(?: is| are| of|:)? ?(?:low|<|below|not recovered|\d+)?", r"count recovery", r"an(?:a)?emia", r"hematologic(?:al)?(?: toxicity)?",
)  # fmt: skip
_LOGISTIC = phrase(
    r"patient (?:request|choice|preference|vacation|travel)", r"scheduling", r"holiday", r"weather", r"insurance", r"authori[sz]ation", r"drug (?:supply|shortage)",
    r"logistic\w*", r"no[- ]show", r"missed appointment", r"transport\w*",
)  # fmt: skip
_RECOVERED = re.compile(
    r"\b(?:recover\w*|resolved|grade\s*[01]|back to baseline|resume\w*|normali[sz]ed)\b", re.IGNORECASE
)
_GENERIC = re.compile(r"toxic|adverse|grade\s*[2-5]", re.IGNORECASE)
_TOXIC = re.compile(
    r"hepat|liver|ALT|AST|bilirubin|transamin|infect|sepsis|pneumon|fever|mucosit|nausea|vomit|diarrh|rash|bleed|hemorrh|"
    r"fatigue|pain|neuropath|pancreat|lipase|QT|reaction|renal|creatinin|cardiac|headache|colitis|stomatit|VOD|SOS",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Interruption:
    """A held stretch: the first missed date, its reason, and the recovery if recorded.

    ``toxicity`` is True for a recorded non-hematologic toxicity, False for a hematologic or other
    reason, None when no reason is recorded.
    """

    start: date
    cycle: int | None
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
        return f"held since {self.start} for {self.reason or 'no recorded reason'} ({until})"


def reason_kind(text: str) -> bool | None:
    """True for a non-hematologic toxicity, False for another reason, None when nothing is stated."""
    if not text.strip():
        return None
    if _TOXIC.search(_HEMATOLOGIC.sub(" ", text)):
        return True
    if says(text, _HEMATOLOGIC) is not Said.NOT_MENTIONED or says(text, _LOGISTIC) is not Said.NOT_MENTIONED:
        return False
    if _GENERIC.search(text):
        return True
    return None


def interruptions(case: Case) -> tuple[Interruption, ...]:
    """The interruptions of the present course, in order of time."""
    reading = case.frame.readings[0] if case.frame.readings else Reading()
    held = [(dose, label.cycle) for dose, label in reading.placed if not dose.given and not dose.planned]
    found = list(_merged(case, held))
    found += _on_hold(case)
    return tuple(sorted(found, key=lambda i: i.start))


def _merged(case: Case, held: list[tuple[Dose, int]]) -> Iterator[Interruption]:
    """Doses missed one after another, with none given between, are one interruption."""
    group: list[tuple[Dose, int]] = []
    for dose, cycle in held:
        if group and any(group[-1][0].day < g.day < dose.day for g in case.frame.given):
            yield _interruption(case, group)
            group = []
        group.append((dose, cycle))
    if group:
        yield _interruption(case, group)


def _interruption(case: Case, group: list[tuple[Dose, int]]) -> Interruption:
    first = group[0][0]
    reasons = " ; ".join(dict.fromkeys(d.reason for d, _ in group if d.reason))
    event = _event_for(case, reasons, first.day)
    kind = reason_kind(reasons)
    if kind is None and event is not None:
        kind = not event.concepts & {"neutropenia", "thrombocytopenia", "pancytopenia", "myelosuppression"}
    refs = tuple(dict.fromkeys([d.reference for d, _ in group] + ([event.reference] if event else [])))
    words = reasons or (event.words.split(" | ")[0] if event else "")
    return Interruption(first.day, group[0][1], kind, words, _recovery(case, event, first.day), refs)


def _event_for(case: Case, reasons: str, start: date) -> Problem | None:
    """The toxicity that a hold names, or the one event under way when it began."""
    words = {w for w in re.findall(r"[a-z]{5,}", reasons.lower())}
    under_way = [
        p
        for p in case.chart.problems
        if p.dated is not None
        and p.dated.first <= start + timedelta(days=days("course.same_dose"))
        and (p.resolved is None or p.resolved.last >= start - timedelta(days=days("course.same_dose")))
        and (case.frame.start is None or p.dated.last >= case.frame.start)
    ]
    named = [p for p in under_way if words & set(re.findall(r"[a-z]{5,}", p.words.lower()))]
    if named:
        return sorted(named, key=lambda p: p.reference)[-1]
    events = [p for p in under_way if p.is_event or (p.grade or 0) >= days("tox.grade_interrupt")]
    return events[0] if len(events) == 1 and not reasons else None


def _recovery(case: Case, event: Problem | None, start: date) -> date | None:
    if event is not None and event.resolved is not None and event.resolved.day is not None:
        return event.resolved.day
    if (
        event is not None
        and not event.is_active
        and event.resolved is None
        and event.recorded is not None
        and event.is_event
    ):
        return event.recorded.day
    for s in sorted(case.chart.statements, key=lambda s: (str(s.when), s.reference)):
        if (
            s.kind in ("Observation", "DocumentReference", "MedicationAdministration", "Procedure")
            and s.when is not None
            and s.when.day is not None
        ):
            if (
                s.when.day >= start
                and _RECOVERED.search(s.text)
                and (_TOXIC.search(s.text) or _GENERIC.search(s.text))
            ):
                if says(s.text, re.compile(_RECOVERED.pattern, re.IGNORECASE)) is Said.AFFIRMED:
                    return s.when.day
    return None


def _on_hold(case: Case) -> Iterator[Interruption]:
    """An order of the drug on hold: start and end are those of its period, if stated."""
    for use in case.chart.uses:
        if INOTUZUMAB in use.drugs and use.status == "on-hold" and use.kind != "MedicationAdministration":
            start = use.start or use.authored
            if start is not None and start.day is not None and start.day <= case.chart.today:
                reason = use.status_reasons or use.reasons
                end = use.end.day if use.end is not None and use.end.has_happened(case.clock) else None
                event = _event_for(case, reason, start.day)
                recovery = end or _recovery(case, event, start.day)
                yield Interruption(start.day, None, reason_kind(reason), reason, recovery, (use.reference,))


@dataclass(frozen=True, slots=True)
class Reduction:
    """The reduction in force for the order: step 0 (none) to 3 (permanent discontinuation)."""

    step: int
    because: str
    evidence: tuple[str, ...] = ()

    @property
    def factor(self) -> Decimal:
        return number("dose.reduction_factor") if self.step else Decimal(1)


def reduction(case: Case, bsa: Decimal | None) -> Reduction:
    """The step that applies to the order's cycle: 1 after an interruption of 14 days or more, then 2, then 3."""
    step, because = 0, ""
    evidence: tuple[str, ...] = ()
    for i in interruptions(case):
        if i.toxicity is not True or i.length is None or i.length < days("int.reduce"):
            continue
        if step == 0:
            step = 1
        elif step == 1 and _in_or_after_reduced(case, i, bsa):
            step = 2
        elif step == 2 and _in_or_after_two_dose(case, i):
            step = 3
        else:
            continue
        because, evidence = i.shown, (*evidence, *i.references)
        if (
            step == 1
            and i.cycle is not None
            and case.highest_cycle is not None
            and i.cycle >= case.highest_cycle
        ):
            return Reduction(0, f"{because}: the next cycle is reduced", evidence)
    return Reduction(step, because, evidence)


def _in_or_after_reduced(case: Case, i: Interruption, bsa: Decimal | None) -> bool:
    """Whether a cycle before or holding this interruption had a dose at the reduced level."""
    reading = case.frame.readings[0] if case.frame.readings else Reading()
    return any(
        dose.given and dose.day <= i.start and _is_reduced(dose, label.cycle, label.day, bsa)
        for dose, label in reading.placed
    )


def _is_reduced(dose: Dose, cycle: int, day: int, bsa: Decimal | None) -> bool:
    level = dose.mg_per_m2 or (dose.mg / bsa if dose.mg is not None and bsa else None)
    if level is None:
        return False
    factor, tolerance = number("dose.reduction_factor"), number("dose.tolerance.ok") / 100
    rows = (
        {number("dose.c1.d1")}
        if cycle == 1 and day == 1
        else {number("dose.c1.d8")}
        if day != 1
        else {number("dose.sub.cr.d1"), number("dose.sub.nocr.d1")}
    )
    return cycle > 1 and any(abs(level - row * factor) <= row * factor * tolerance for row in rows)


def _in_or_after_two_dose(case: Case, i: Interruption) -> bool:
    """Whether a cycle up to this interruption was given as two doses after step 2."""
    reading = case.frame.readings[0] if case.frame.readings else Reading()
    cycles = {label.cycle for dose, label in reading.placed if dose.given and dose.day <= i.start}
    return any(
        sum(1 for d, label in reading.placed if label.cycle == c and d.given)
        <= days("dose.doses_after_second_reduction")
        for c in cycles
        if c > 1
    )
