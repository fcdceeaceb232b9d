"""Dated evidence of response: statements and components, as items of one kind.

Says of each piece of evidence whether it shows CR or CRi, its opposite, or relapse. What a course has
reached follows from their order and is decided in ``response``. Which words are statements is the reader's
business (POL-REC-TEXT). The counts that separate CR from CRi change no decision and are not read.
Procedure: docs/policies/inotuzumab/case.md#response.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from cds_service.clinical.chart import Chart
from cds_service.clinical.evidence import newest
from cds_service.clinical.leukemia.diagnosis import is_relapse
from cds_service.clinical.leukemia.extramedullary import Extramedullary, extramedullary, new_cns_2
from cds_service.clinical.leukemia.open_evidence import open_reports, unread_answers
from cds_service.clinical.leukemia.response import (
    ACHIEVED,
    NOT_ACHIEVED,
    RELAPSED,
    Response,
    blasts,
    has_blasts,
    response_statements,
    unreadable_blasts,
)
from cds_service.clinical.observations.results import Result
from cds_service.fhir.dates import When
from cds_service.policies.inotuzumab.case.extramedullary_on import extramedullary_on
from cds_service.policies.inotuzumab.numbers import number, span
from cds_service.values import dataclass


@dataclass(frozen=True, slots=True)
class Item:
    """One piece of evidence: CR/CRi (``achieved``), its opposite, or relapse evidence.

    ``first`` and ``day`` are the earliest and latest day it can be of; they differ for a partial
    date. ``open`` is neither CR nor its opposite: clear marrow and blood beside extramedullary
    disease without follow-up, or (``unreadable``) a blast result that cannot be read. ``denial``: "not
    in CR" in words. ``entry``: a problem-list entry of a relapse, which counts after a CR only.
    ``cycle``: the cycle after which a statement places the state. ``oldest``: the day of the oldest of several parts.
    """

    first: date
    day: date
    achieved: bool
    relapse: bool
    reference: str
    text: str
    open: bool = False
    unreadable: bool = False
    denial: bool = False
    entry: bool = False
    cycle: int | None = None
    oldest: date | None = None

    def is_since(self, start: date, day: date | None = None) -> bool:
        """Whether all of it is from after a day; ``day`` is its own, otherwise the earliest that it can be of."""
        return min(day or self.first, self.oldest or date.max) > start


def evidence_items(chart: Chart) -> tuple[Item, ...]:
    """All dated evidence of response in a chart, statements and components alike, in order of time."""
    told = {*_statements(chart), *_components(chart)}
    days = {i.day for i in told}
    unread = {i for i in _unreadable(chart) if i.day not in days}
    return tuple(sorted({*told, *unread, *_entries(chart)}, key=in_time))


def in_time(item: Item) -> tuple[date, date, bool, bool, str, str]:
    """The order of evidence: by day, then by what it says."""
    return item.day, item.first, item.achieved, item.relapse, item.reference, item.text


def _item(
    when: When | None, reference: str, text: str, *, achieved: bool = False, relapse: bool = False
) -> Iterator[Item]:
    if when is not None:
        yield Item(when.first, when.last, achieved, relapse, reference, text)


def _entries(chart: Chart) -> Iterator[Item]:
    """Entries of a relapse with an onset of their own: later than a CR they end it (step 1)."""
    for p in chart.problems:
        if p.onset is not None and p.verified and not p.is_event and is_relapse(p):
            text = f"relapse recorded with onset {p.onset}"
            yield Item(p.onset.first, p.onset.last, False, True, p.reference, text, entry=True)


def _statements(chart: Chart) -> Iterator[Item]:
    """Steps 1 and 4: CR, CRi; PR, SD; PD, relapse. Improved, stable and worsened say nothing of CR."""
    for s in response_statements(chart):
        if s.when is not None and s.response in ACHIEVED | NOT_ACHIEVED:
            yield Item(
                s.when.first, s.when.last, s.response in ACHIEVED, s.response in RELAPSED, s.reference, s.shown,
                denial=s.response is Response.NO_RESPONSE, cycle=s.cycle,
            )  # fmt: skip


def _components(chart: Chart) -> Iterator[Item]:
    """Step 2: marrow at or above the limit, blasts in blood or EMD: not achieved, each alone; all clear: achieved."""
    limit = number("cr.marrow_blasts_max")
    marrow, blood = (_latest_of_each_day(results) for results in blasts(chart))
    emd = extramedullary(chart)
    for m in marrow:
        if m.value is not None and m.value.is_below(limit) is False:
            yield from _item(m.when, m.reference, f"marrow blasts {m.shown}", relapse=True)
    for p in blood:
        if has_blasts(p):
            yield from _item(p.when, p.reference, f"peripheral blasts {p.shown}", relapse=True)
    for e in emd:
        if e.present:
            yield from _item(e.when, e.reference, f"extramedullary disease ({e.when})", relapse=True)
    for e in new_cns_2(chart):
        if e.when is not None:
            text = f"{e.words} ({e.when})"
            yield Item(e.when.first, e.when.last, False, False, e.reference, text, open=True, entry=True)
    clear_blood = {p.when.day: p for p in blood if p.when is not None and has_blasts(p) is False}
    window = span("response.components_window")
    for m in marrow:
        drawn = m.when.day if m.when is not None else None
        if drawn is not None and clear_blood and m.value is not None and m.value.is_below(limit):
            for n in range(-window.days, window.days + 1):
                day = drawn + timedelta(days=n)
                if day in clear_blood:
                    yield from _clear(m, clear_blood[day], (drawn, day), emd, chart)


def _unreadable(chart: Chart) -> Iterator[Item]:
    """Blast results whose value cannot be read, on a day without other evidence."""
    for name, results in zip(("marrow blasts", "peripheral blasts"), unreadable_blasts(chart), strict=True):
        for r in results:
            if r.when is not None:
                text = f"{name} {r.shown}"
                yield Item(
                    r.when.first, r.when.last, False, False, r.reference, text, open=True, unreadable=True
                )
    reports = (
        (s, "a report that tells of disease") for s in open_reports(chart, number("cr.marrow_blasts_max"))
    )
    answers = ((s, "an answer that is not understood") for s in unread_answers(chart))
    for s, what in (*reports, *answers):
        if s.when is not None:
            text = f'{what} ("{s.text[:80]}")' if s.text else f"{what} ({s.topic or 'a code'})"
            yield Item(s.when.first, s.when.last, False, False, s.reference, text, open=True, unreadable=True)


def _latest_of_each_day(results: Iterable[Result]) -> list[Result]:
    """The results that count for their day: the latest of it, a correction before what it corrects."""
    by_day: dict[tuple[date, date], list[Result]] = {}
    for r in results:
        if r.when is not None:
            by_day.setdefault((r.when.first, r.when.last), []).append(r)
    return [r for day in sorted(by_day) for r in newest(by_day[day])]


def _clear(
    m: Result, p: Result, days: tuple[date, date], emd: tuple[Extramedullary, ...], chart: Chart
) -> Iterator[Item]:
    """Clear marrow and blood within one window, dated by the newest part (steps 2 and 3)."""
    first, day = sorted(days)
    window = span("response.components_window")
    same_day = f" ({m.day_text})" if m.day_text == p.day_text else ""
    text = f"marrow blasts {m.shown.removesuffix(same_day)}, peripheral blasts {p.shown}"
    state = extramedullary_on(emd, day, (day - window, first + window), chart)
    if isinstance(state, Extramedullary):
        dated = max(day, state.when.last) if state.when else day
        said = f"CR/CRi by components: {text}, {state.words}"
        yield Item(dated, dated, True, False, m.reference, said, oldest=first)
    elif state is not None:
        yield Item(day, day, False, False, m.reference, f"{text}, but {state}", open=True, oldest=first)
