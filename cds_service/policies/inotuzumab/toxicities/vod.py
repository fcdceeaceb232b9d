"""Veno-occlusive disease: POL-BBW-STOP.

The policy says to stop for good when it occurs. A stop needs a confirmed event dated on or after
the first dose: a false "permanently discontinue" does harm.
Procedure: docs/policies/inotuzumab/toxicities.md#veno-occlusive-disease.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from cds_service.clinical.problems import Problem
from cds_service.clinical.reading.assertions import Time
from cds_service.clinical.reading.layout.past import with_course_told
from cds_service.clinical.reading.reader import read
from cds_service.clinical.therapy.exposure import DrugUse
from cds_service.engine.verdict import any_true
from cds_service.fhir.dates import When
from cds_service.oncology.toxic_events import (
    NOTES,
    Event,
    Meaning,
    is_candidate,
    is_confirmed,
)
from cds_service.policies.inotuzumab.case.case import Case, doses_unseen
from cds_service.remembering import once

_RULE = "POL-BBW-STOP"
_TOPIC, _VOD = "vod", "vod"
_PROPHYLAXIS = re.compile(r"\b(?:prophyla\w+|prevent\w*)\b", re.IGNORECASE)


class _Stated(NamedTuple):
    """What one text says of VOD, once: the resource, what it says, whether of the past, and of which day.

    ``dated``: the day is one that the text itself gives.
    """

    reference: str
    value: str
    time: Time
    when: When | None
    dated: bool


@once
def vod_events(case: Case) -> tuple[Event, ...]:
    """POL-BBW-STOP: each recorded event judged; without one that matters, what points to one."""
    stated = tuple(dict.fromkeys(_stated(case)))
    excluded = _last_exclusion(stated)
    judged = tuple(
        event
        for p in case.chart.problems
        if is_candidate(p, "vod_sos", _TOPIC, _VOD) and (event := _judged(case, p, excluded)) is not None
    )
    if any(e.meaning in (Meaning.STOP, Meaning.UNDECIDED) for e in judged):
        return judged
    earlier = any(e.meaning is Meaning.RISK for e in judged)
    return (*judged, *_in_notes(case, stated, excluded, earlier=earlier), *_treated(case))


def _judged(case: Case, p: Problem, excluded: When | None) -> Event | None:
    """Steps 2 to 4 for one Condition or AdverseEvent, active or resolved; None when a later exclusion ended it."""
    since = _since_first_dose(case, p.dated)
    if since is None and _is_told_of_course(case, p):
        since = True
    if since is False:
        return Event(
            Meaning.RISK, "POL-BBW-RISK", f"Earlier veno-occlusive disease ({p.shown})", (p.reference,)
        )
    denied = "excluded" in read(p.notes, _TOPIC).values
    if not is_confirmed(p, _TOPIC, _VOD) or denied:
        if not p.verified and _is_cleared(case, p.dated, excluded):
            return None
        text = f"Veno-occlusive disease suspected, not confirmed ({p.shown})"
        asks = "whether veno-occlusive disease is confirmed"
        return Event(Meaning.UNDECIDED, _RULE, text, (p.reference,), asks)
    if since is None:
        text = f"Veno-occlusive disease recorded ({p.shown}); whether before or after the first inotuzumab dose cannot be determined"
        asks = "the onset of the veno-occlusive disease, and the doses given"
        return Event(Meaning.UNDECIDED, _RULE, text, (p.reference,), asks)
    day = f"({p.day_shown})" if p.onset_text else p.day_shown
    text = f"Veno-occlusive disease recorded {day} after inotuzumab (boxed warning)"
    return Event(Meaning.STOP, _RULE, text, (p.reference,))


def _since_first_dose(case: Case, when: When | None) -> bool | None:
    """Whether a time is on or after the first inotuzumab dose of the first course; None: cannot be determined.

    False when no dose was ever given.
    """
    history = case.frame.history
    answers: list[bool | None] = [None] if doses_unseen(case.chart, history) else []
    if history.given:
        answers.append(None if when is None else _not(when.is_before(history.given[0].day)))
    answers += [_since_use(when, use) for use in history.undated]
    return any_true(answers)


# An onset in words that lies behind the first dose of the drug that they name, or of the course in which they were written.
_BEHIND = r"(?:\d{1,3} (?:days?|weeks?|months?) )?(?:(?:soon|shortly|right) )?(?:after|following|post|during|since|on|in|at|of|with|while on|s/p)"
_A_CYCLE = r"(?:the )?(?:end of )?(?:c|cycle|cyc)\.? ?#?[1-9]\d?(?:[ ,/-]{0,2}(?:d|day) ?\d{1,2})?"
_A_DOSE = r"(?:the )?(?:first|second|third|last|most recent|previous|\d(?:st|nd|rd|th))? ?(?:dose|infusion|cycle|course)?(?: of)?"
_THE_DRUG = r"(?:inotuzumab(?: ozogamicin)?|ino|besponsa)"
_OF_DRUG = re.compile(
    rf"{_BEHIND} (?:{_A_CYCLE} (?:of |with )?|{_A_DOSE} ?){_THE_DRUG}(?: (?:dose|infusion|treatment|therapy|cycle \d{{1,2}}))?|{_A_CYCLE} (?:of |with )?{_THE_DRUG}",
    re.IGNORECASE,
)
_OF_CYCLE = re.compile(rf"(?:{_BEHIND} )?{_A_CYCLE}", re.IGNORECASE)


def _is_told_of_course(case: Case, p: Problem) -> bool:
    """Whether an onset in words, told by a cycle or dose, is wholly that of the present treatment.

    A cycle alone is that of the drug where it was written down since the first dose.
    """
    given, told = case.frame.history.given, " ".join(p.onset_text.split()).rstrip(".")
    if not given or not told:
        return False
    written_since = p.recorded is not None and p.recorded.is_before(given[0].day) is False
    return _OF_DRUG.fullmatch(told) is not None or (written_since and _OF_CYCLE.fullmatch(told) is not None)


def _since_use(when: When | None, use: DrugUse) -> bool | None:
    """The same for a use over a period, whose single doses are not known."""
    if when is None:
        return None
    if use.end is not None and when.is_before(use.end.last) is False:
        return True
    return False if use.start is not None and when.is_before(use.start.first) is True else None


def _not(answer: bool | None) -> bool | None:
    return None if answer is None else not answer


def _stated(case: Case) -> Iterator[_Stated]:
    """What notes say of VOD, each with its date: the one that the text gives, else the text's own."""
    for s in case.chart.statements:
        if s.kind not in NOTES or (s.kind in ("Condition", "AdverseEvent") and not s.text):
            continue
        for said in read(with_course_told(s.text), _TOPIC, s.when.last if s.when else None).assertions:
            yield _Stated(s.reference, said.value, said.time, said.when or s.when, said.when is not None)


def _in_notes(
    case: Case, stated: Sequence[_Stated], excluded: When | None, *, earlier: bool
) -> Iterator[Event]:
    """Step 2: VOD stated or suspected only in a note; a later exclusion ends it.

    One of the past without a date is the ``earlier`` one, or one told of by its date, where there is one before
    the first dose.
    """
    known_before = earlier or any(
        s.value == _VOD and _since_first_dose(case, s.when) is False for s in stated
    )
    for s in stated:
        if s.value != _VOD:
            continue
        day = s.when or "undated"
        may_be_that_one = s.time is Time.PAST and not s.dated and known_before
        if may_be_that_one or _since_first_dose(case, s.when) is False:
            text = f"Veno-occlusive disease stated in a text as of before inotuzumab ({day})"
            yield Event(Meaning.RISK, "POL-BBW-RISK", text, (s.reference,))
        elif not _is_cleared(case, s.when, excluded):
            text = f"Veno-occlusive disease stated only in free text ({day}), so suspected"
            asks = "whether veno-occlusive disease was diagnosed, with its onset"
            yield Event(Meaning.UNDECIDED, _RULE, text, (s.reference,), asks)


def _last_exclusion(stated: Iterable[_Stated]) -> When | None:
    """When VOD was last stated to be excluded."""
    days = (s.when for s in stated if s.value == "excluded" and s.time is Time.PRESENT and s.when is not None)
    return max(days, key=lambda when: when.first, default=None)


def _is_cleared(case: Case, since: When | None, excluded: When | None) -> bool:
    """Whether VOD was excluded later than a suspicion, and no defibrotide was given or active after that."""
    if since is None or excluded is None or excluded.first < since.last:
        return False
    return not any(_runs_since(use, excluded) for use in _defibrotide(case))


def _defibrotide(case: Case) -> Iterator[DrugUse]:
    return (use for use in case.chart.uses if "defibrotide" in use.drugs)


def _treated(case: Case) -> Iterator[Event]:
    """Step 1: defibrotide given or active since the first dose, and no event recorded."""
    given = case.frame.history.given
    for use in _defibrotide(case):
        if not given or not _runs_since(use, given[0].when):
            continue
        when = use.last_known or "undated"
        if _PROPHYLAXIS.search(use.all_text):
            yield Event(Meaning.NOTE, _RULE, f"Defibrotide as prophylaxis ({when})", (use.reference,))
        else:
            text = f"Defibrotide since the first dose ({when}): veno-occlusive disease suspected"
            yield Event(Meaning.SUSPECTED, _RULE, text, (use.reference,))


def _runs_since(use: DrugUse, first: When) -> bool:
    """Given, or active without an end, on or after the first dose as far as is known."""
    if use.status == "active" and use.end is None and not use.days:
        return True
    last = use.last_known
    return (use.is_given or use.status == "active") and (
        last is None or last.is_before(first.first) is not True
    )
