"""Response in a course: POL-DEF-CR, POL-DEF-CRI and the procedure of policy analysis 2.2.

Statements and components are put in order of time together; the newest decides, and CR or CRi
once achieved stands until relapse evidence. The counts that separate CR from CRi change no decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import groupby

from cds_service.clinical.chart import Chart
from cds_service.clinical.response import (
    ACHIEVED,
    NOT_ACHIEVED,
    RELAPSED,
    Extramedullary,
    Response,
    blasts,
    extramedullary,
    has_blasts,
    response_statements,
)
from cds_service.clinical.results import Result
from cds_service.fhir.record import Need
from cds_service.policies.inotuzumab.numbers import days, number


class Status(StrEnum):
    """The response of a course."""

    ACHIEVED = "achieved"
    NOT_ACHIEVED = "not achieved"
    LOST = "lost"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Item:
    """One dated piece of evidence: CR/CRi (``achieved``), its opposite, or relapse evidence."""

    day: date
    achieved: bool
    relapse: bool
    weak: bool
    reference: str
    text: str


@dataclass(frozen=True, slots=True)
class CourseResponse:
    """What a course has reached, since when, and on what evidence."""

    status: Status
    because: str
    evidence: tuple[str, ...] = ()
    day: date | None = None
    first_achieved: date | None = None
    needed: tuple[str, ...] = ()
    note: str = ""


def evidence_items(chart: Chart) -> tuple[Item, ...]:
    """All dated evidence of response in a chart, statements and components alike, in order of time."""
    items = [*_statements(chart), *_components(chart)]
    unique = {(i.day, i.achieved, i.relapse, i.weak, i.reference): i for i in items}
    return tuple(unique[key] for key in sorted(unique))


def _statements(chart: Chart) -> Iterator[Item]:
    for s in response_statements(chart):
        day = s.when.day if s.when is not None else None
        if day is None:
            continue
        if s.response in ACHIEVED:
            yield Item(day, True, False, False, s.reference, s.shown)
        elif s.response in NOT_ACHIEVED or s.response is Response.WORSENED:
            relapse = s.response in RELAPSED or s.response is Response.WORSENED
            yield Item(day, False, relapse, not relapse, s.reference, s.shown)


def _components(chart: Chart) -> Iterator[Item]:
    """Marrow at or above 5 %, blasts in blood or EMD: not achieved, each alone; all three clear: achieved."""
    marrow, blood = blasts(chart)
    limit = number("cr.marrow_blasts_max")
    emd = extramedullary(chart)
    for m in marrow:
        if (day := _day(m)) is not None and m.value is not None and m.value.is_below(limit) is False:
            yield Item(day, False, True, False, m.reference, f"marrow blasts {m.shown}")
    for p in blood:
        if (day := _day(p)) is not None and has_blasts(p):
            yield Item(day, False, True, False, p.reference, f"peripheral blasts {p.shown}")
    for e in emd:
        if e.present and e.when is not None and e.when.day is not None:
            yield Item(e.when.day, False, True, False, e.reference, f"extramedullary disease ({e.when})")
    clear_marrow = [m for m in marrow if m.value is not None and m.value.is_below(limit)]
    clear_blood = [p for p in blood if has_blasts(p) is False]
    for m in clear_marrow:
        for p in clear_blood:
            if (item := _complete(m, p, emd, chart)) is not None:
                yield item


def _complete(m: Result, p: Result, emd: tuple[Extramedullary, ...], chart: Chart) -> Item | None:
    """CR or CRi from components of one window, dated by the newest; None when a part is missing."""
    m_day, p_day = _day(m), _day(p)
    window = days("response.components_window")
    if m_day is None or p_day is None or abs((m_day - p_day).days) > window:
        return None
    day = max(m_day, p_day)
    state = _emd_on(emd, day, chart)
    if state is None or state.present:
        return None
    how = state.words
    return Item(
        day,
        True,
        False,
        False,
        m.reference,
        f"CR or CRi by components: marrow blasts {m.shown}, peripheral blasts {p.shown}, {how}",
    )


def _emd_on(emd: tuple[Extramedullary, ...], day: date, chart: Chart) -> Extramedullary | None:
    """The state of extramedullary disease on a day; None when it was recorded and not followed up."""
    known = [e for e in emd if e.when is not None and e.when.first <= day]
    undated = [e for e in emd if e.when is None and e.present]
    if not known and not undated:
        if chart.unseen(Need.CONDITIONS, Need.OBSERVATIONS, Need.OTHER_OBSERVATIONS):
            return None
        return Extramedullary(False, None, "", "no extramedullary disease on record")
    if not known:
        return None
    last = max(e.when.first for e in known if e.when is not None)
    newest = [e for e in known if e.when is not None and e.when.first == last]
    if any(e.present for e in newest):
        return None
    return Extramedullary(
        False, newest[0].when, newest[0].reference, f"extramedullary disease absent ({last})"
    )


def _day(result: Result) -> date | None:
    return result.when.day if result.when is not None else None


def course_response(
    items: Iterable[Item], chart: Chart, start: date | None, last_cycle_day_one: date | None
) -> CourseResponse:
    """The response of the course that started on ``start`` (steps 5 to 7).

    ``last_cycle_day_one`` is day 1 of the cycle before the order's: "not in CR/CRi" counts only
    when dated after it.
    """
    if start is None:
        return CourseResponse(
            Status.UNKNOWN, "no dose of this course is recorded as given", needed=("response",)
        )
    unseen = chart.unseen(Need.OBSERVATIONS) or chart.unseen(Need.OTHER_OBSERVATIONS)
    of_course = sorted((i for i in items if i.day > start), key=lambda i: i.day)
    state = _State()
    for day, group in groupby(of_course, key=lambda i: i.day):
        state.step(day, list(group))
    response = state.result(last_cycle_day_one)
    needed = response.needed
    if response.status is Status.UNKNOWN and _emd_open(chart):
        needed = (*needed, "extramedullary-status")
    if unseen and response.status is not Status.ACHIEVED:
        because = f"{response.because}; not everything was seen ({unseen})"
        return CourseResponse(
            Status.UNKNOWN, because, response.evidence, response.day, response.first_achieved, ("response",)
        )
    return CourseResponse(
        response.status,
        response.because,
        response.evidence,
        response.day,
        response.first_achieved,
        needed,
        response.note,
    )


def _emd_open(chart: Chart) -> bool:
    """Whether extramedullary disease is recorded and its outcome is not."""
    found = extramedullary(chart)
    if not any(e.present for e in found):
        return False
    dated = [e for e in found if e.when is not None]
    if not dated:
        return True
    last = max(e.when.first for e in dated if e.when is not None)
    return any(e.present for e in dated if e.when is not None and e.when.first == last)


class _State:
    """The response as it changes with time."""

    def __init__(self) -> None:
        self.status = Status.UNKNOWN
        self.items: list[Item] = []
        self.day: date | None = None
        self.first_achieved: date | None = None
        self.note = ""

    def step(self, day: date, items: list[Item]) -> None:
        achieved = [i for i in items if i.achieved]
        against = [i for i in items if not i.achieved]
        relapse = [i for i in against if i.relapse]
        if achieved and against:
            self._set(Status.UNKNOWN, day, items)
            self.note = "opposite evidence of the same day"
        elif achieved:
            self.first_achieved = self.first_achieved or day
            self._set(Status.ACHIEVED, day, achieved)
        elif self.status in (Status.ACHIEVED, Status.LOST):
            if relapse:
                self._set(Status.LOST, day, relapse)
            else:
                self.note = f"later: {against[0].text}, which alone does not end a CR or CRi"
        else:
            self._set(Status.NOT_ACHIEVED, day, against)

    def _set(self, status: Status, day: date, items: list[Item]) -> None:
        self.status, self.day, self.items, self.note = status, day, items, ""

    def result(self, last_cycle_day_one: date | None) -> CourseResponse:
        evidence = tuple(i.reference for i in self.items if i.reference)
        texts = "; ".join(dict.fromkeys(i.text for i in self.items))
        if self.status is Status.UNKNOWN:
            because = (
                f"{self.note}: {texts}"
                if self.items
                else "no response is recorded since the first dose of this course"
            )
            return CourseResponse(Status.UNKNOWN, because, evidence, needed=("response",))
        if (
            self.status is Status.NOT_ACHIEVED
            and last_cycle_day_one is not None
            and self.day is not None
            and self.day <= last_cycle_day_one
        ):
            because = f"{texts} is from before day 1 of the last cycle ({last_cycle_day_one}) and nothing newer is recorded"
            return CourseResponse(Status.UNKNOWN, because, evidence, needed=("response",))
        because = f"response lost: {texts}" if self.status is Status.LOST else texts
        return CourseResponse(self.status, because, evidence, self.day, self.first_achieved, (), self.note)
