"""Response in a course, from its evidence (POL-DEF-CR, POL-DEF-CRI, POL-DEF-CR-OR-CRI).

In order of time the newest evidence decides, and CR or CRi once achieved stands until relapse
evidence. A partial date decides only what it decides wherever in its period it lies.
Procedure: docs/policies/inotuzumab/case.md#response.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from enum import StrEnum
from itertools import groupby

from cds_service.clinical.chart import Chart
from cds_service.policies.inotuzumab.case.places import judged_without, may_be_overruled, unseen
from cds_service.policies.inotuzumab.case.response_evidence import Item
from cds_service.values import dataclass


class Status(StrEnum):
    """The response of a course."""

    ACHIEVED = "achieved"
    NOT_ACHIEVED = "not achieved"
    LOST = "lost"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CourseResponse:
    """What a course has reached, since when, and on what evidence.

    ``note`` names evidence that is newer and changes nothing; ``reached``: there was a CR or CRi before;
    ``may_be_lost``: it is lost on some of the days that the dates of the evidence allow.
    """

    status: Status
    because: str
    evidence: tuple[str, ...] = ()
    day: date | None = None
    needed: tuple[str, ...] = ()
    note: str = ""
    reached: bool = False
    may_be_lost: bool = False


_NO_DOSE = "no dose of this course is recorded as given"
_NOTHING = "no response is recorded since the first dose of this course"
_Day = Callable[[Item], date]


def course_response(
    items: Iterable[Item], chart: Chart, start: date | None, last_cycle_day_one: date | None
) -> CourseResponse:
    """The response of the course that started on ``start`` (steps 5 to 7).

    ``last_cycle_day_one`` is day 1 of the cycle before the order's: "not in CR/CRi" counts only
    when dated after it.
    """
    if start is None:
        hidden = judged_without(chart, "response")
        why = f"the doses of this course could not be seen ({hidden})" if hidden else _NO_DOSE
        return _unknown(why)
    held = list(items)
    told = [i for i in held if not i.unreadable]
    unread = [i for i in held if i.unreadable and i.day > start]
    response = _response(told, chart, start, last_cycle_day_one)
    for guess in _guesses(told, unread):
        if _response([*told, *guess], chart, start, last_cycle_day_one).status is not response.status:
            because = f"{_texts(unread)}; without it: {response.because}"
            return _unknown(because, (*_references(unread), *response.evidence))
    return response


def _guesses(told: Sequence[Item], unread: Sequence[Item]) -> Iterator[list[Item]]:
    """What blast results that cannot be read may say: disease; or none, where there is nothing newer."""
    if unread:
        yield [replace(i, relapse=True, open=False) for i in unread]
        last = max((i.day for i in told), default=date.min)
        yield [replace(i, achieved=True, open=False) for i in unread if i.day > last]


def _response(
    held: Sequence[Item], chart: Chart, start: date, last_cycle_day_one: date | None
) -> CourseResponse:
    """The response by evidence that can be read."""
    late = _read(held, start, last_cycle_day_one, lambda i: i.day)
    early = _read(held, start, last_cycle_day_one, lambda i: i.first)
    if late.status is not early.status:
        why = f"the dates of the evidence leave the response open: {late.because}"
        may_be_lost = Status.LOST in (late.status, early.status)
        return replace(_unknown(why, late.evidence), may_be_lost=may_be_lost)
    newer = may_be_overruled(chart, "response")
    if newer and late.status is not Status.ACHIEVED and late.because != _NOTHING:
        more = [item for item in late.needed if item != "response"]
        return _unknown(f"{late.because}; not everything was seen ({newer})", late.evidence, *more)
    hidden = unseen(chart, "response")
    if hidden and late.because == _NOTHING:
        return replace(late, because=f"a response could not be looked for everywhere ({hidden})")
    return late


def _unknown(because: str, evidence: tuple[str, ...] = (), *more: str) -> CourseResponse:
    return CourseResponse(Status.UNKNOWN, because, evidence, needed=("response", *more))


def _read(
    items: Sequence[Item], start: date, last_cycle_day_one: date | None, day_of: _Day
) -> CourseResponse:
    """The response with each item placed on one day."""
    of_course = sorted([i for i in items if i.is_since(start, day_of(i))], key=day_of)
    response = CourseResponse(Status.UNKNOWN, _NOTHING, needed=("response",))
    for day, group in groupby(of_course, key=day_of):
        response = _after(response, day, list(group))
    if (
        response.status is Status.NOT_ACHIEVED
        and last_cycle_day_one is not None
        and response.day is not None
        and response.day <= last_cycle_day_one
    ):
        return _unknown(
            f"{response.because}: not from after day 1 of the last cycle ({last_cycle_day_one}), nothing newer is recorded",
            response.evidence,
        )
    return response


def _after(before: CourseResponse, day: date, items: Sequence[Item]) -> CourseResponse:
    """The response after the evidence of one more day (steps 5 and 6)."""
    items = [i for i in items if not i.entry or before.status is Status.ACHIEVED]
    if not items:
        return before
    achieved = [i for i in items if i.achieved]
    relapse = [i for i in items if i.relapse]
    against = relapse or [i for i in items if not i.achieved and not i.open]
    in_remission = before.status in (Status.ACHIEVED, Status.LOST) or before.reached
    if achieved and against and not (before.status is Status.ACHIEVED and not relapse):
        return _unknown(f"opposite evidence of {day}: {_texts((*achieved, *against))}", _references(items))
    if achieved:
        return CourseResponse(Status.ACHIEVED, _texts(achieved), _references(achieved), day)
    if in_remission and not relapse and any(i.entry for i in items):
        why = f"{before.because}; later {_texts(items)}, which is not settled"
        opened = _unknown(why, (*before.evidence, *_references(items)), "extramedullary-status")
        return replace(opened, reached=True)
    if in_remission and not relapse and any(i.denial for i in against):
        doubted = _unknown(
            f"{before.because}; later {_texts(against)}, and no relapse is recorded",
            (*before.evidence, *_references(against)),
        )
        return replace(doubted, reached=True)
    if in_remission and not relapse:
        what = "by itself it does not end a CR or CRi" if against else "it does not settle the response"
        return replace(before, note=f"later: {_texts(against or items)}; {what}")
    if in_remission:
        return CourseResponse(Status.LOST, f"response lost: {_texts(relapse)}", _references(relapse), day)
    if against:
        return CourseResponse(Status.NOT_ACHIEVED, _texts(against), _references(against), day)
    return _unknown(_texts(items), _references(items), "extramedullary-status")


def _texts(items: Iterable[Item]) -> str:
    return "; ".join(dict.fromkeys([i.text for i in items]))


def _references(items: Iterable[Item]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([i.reference for i in items if i.reference]))
