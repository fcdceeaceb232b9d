"""Hematopoietic stem cell transplant: performed, planned, or said not to be planned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from cds_service.clinical.chart import Chart
from cds_service.clinical.transplant_words import intention_in, is_request, is_transplant
from cds_service.fhir.dates import When, whole_day

_PLAN_STATUSES = {"draft", "active", "on-hold", "booked", "pending", "proposed", "arrived", "waitlist", ""}
_PLANS = {"ServiceRequest", "Appointment", "CarePlan"}
_HSCT_CONCEPTS = frozenset({"hsct", "hsct_allogeneic", "hsct_autologous", "hsct_conditioning"})


@dataclass(frozen=True, slots=True)
class Transplant:
    """A transplant performed. ``when`` is None when the record gives no date.

    ``known_by`` is the time by which it had taken place, as far as a status or complication tells.
    """

    when: When | None
    reference: str
    words: str
    known_by: When | None = None


@dataclass(frozen=True, slots=True)
class Intention:
    """A statement that a transplant is planned, or is not."""

    planned: bool
    when: When | None
    reference: str
    words: str


def transplants(chart: Chart) -> tuple[Transplant, ...]:
    """Transplants performed up to the clock, dated or not."""
    found = [
        Transplant(a.when, a.reference, a.words, a.when)
        for a in chart.acts
        if a.kind == "Procedure"
        and a.status in ("completed", "in-progress", "")
        and (a.concepts & _HSCT_CONCEPTS or is_transplant(a.words))
    ]
    for p in chart.problems:
        if p.concepts & {"hsct_status", "hsct_complication"} and p.verified and not p.is_event:
            when = p.onset if p.is_a("hsct_status") else None
            found.append(Transplant(when, p.reference, p.words, p.dated))
    return tuple(found)


def intentions(chart: Chart) -> tuple[Intention, ...]:
    """All statements of the transplant plan. A revoked or completed request is no plan."""
    found = list(_requests(chart))
    for s in chart.statements:
        planned = intention_in(s.whole) if s.kind != "Procedure" else None
        closed = s.kind in _PLANS and s.status not in _PLAN_STATUSES
        if planned is not None and not (planned and closed):
            found.append(Intention(planned, s.when, s.reference, s.whole[:120]))
    return tuple(found)


def _requests(chart: Chart) -> Iterator[Intention]:
    """Requests, appointments and plans for a transplant that stand."""
    stated = {s.reference: s.when for s in chart.statements if s.when}
    for act in chart.acts:
        texts = " ; ".join((act.words, *act.texts))
        if act.kind not in _PLANS or act.status not in _PLAN_STATUSES or intention_in(texts) is False:
            continue
        if act.concepts & _HSCT_CONCEPTS or is_request(act.words):
            yield Intention(True, stated.get(act.reference), act.reference, act.words or texts[:120])


def newest_intention(
    chart: Chart, more: Iterable[Intention] = ()
) -> tuple[bool | None, tuple[Intention, ...]]:
    """The newest statement of the plan: True, False, or None when there is none or those of one day differ.

    A statement without a date (an appointment's own day is none) may be the newest.
    """
    found = [_stated(i, chart) for i in (*intentions(chart), *more)]
    last = max((i.when.first for i in found if i.when is not None), default=None)
    newest = tuple(i for i in found if i.when is None or (last is not None and i.when.last >= last))
    signs = {i.planned for i in newest}
    return (signs.pop() if len(signs) == 1 else None), newest


def _stated(intention: Intention, chart: Chart) -> Intention:
    """A day that is still to come is when the transplant is planned, not when it was stated."""
    when = intention.when
    ahead = when is not None and not when.has_happened(chart.clock)
    return replace(intention, when=None) if ahead else intention


def stated_in_order(texts: Iterable[str], chart: Chart, reference: str) -> Iterator[Intention]:
    """What the order being signed says of the plan; it is stated today."""
    for text in texts:
        if (planned := intention_in(text)) is not None:
            yield Intention(planned, whole_day(chart.today), reference, text[:120])
