"""Whether there is extramedullary disease on a day: step 3 of the response procedure.

Each site that was ever said to have disease, or is suspected of it, is judged by itself; absence in one site
settles no other.
Procedure: docs/policies/inotuzumab/case.md#response.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from cds_service.clinical.chart import Chart
from cds_service.clinical.leukemia.extramedullary import (
    SOMEWHERE,
    Extramedullary,
    new_cns_2,
    suspicions,
)
from cds_service.policies.inotuzumab.case.places import may_be_overruled

Found = Extramedullary | str | None


def extramedullary_on(
    emd: Sequence[Extramedullary], day: date, window: tuple[date, date], chart: Chart
) -> Found:
    """Disease absent on a day, or stated so before the window closes.

    A text when it cannot be determined (recorded and not followed up, suspected, or not all was seen); None
    when it is stated as present within the window, which is evidence of its own.
    """
    states = _by_place(emd, day, window, chart)
    if states is None:
        return None
    return _unsettled(_suspected(chart, window[0]), emd, window[1]) or states


def _suspected(chart: Chart, since: date) -> list[Extramedullary]:
    """What leaves it open: suspicions, and CNS 2 that is new since a day."""
    new = [e for e in new_cns_2(chart) if e.when is not None and e.when.first >= since]
    return [*suspicions(chart), *new]


def _by_place(emd: Sequence[Extramedullary], day: date, window: tuple[date, date], chart: Chart) -> Found:
    if not any(e.present or not e.sites for e in emd):
        if reason := may_be_overruled(chart, "extramedullary-status"):
            return f"whether there is extramedullary disease was not wholly seen ({reason})"
        return _absent("no extramedullary disease on record")
    places = sorted({place for e in emd if e.present for place in e.places}) or [SOMEWHERE]
    return _together([_at_place([e for e in emd if e.tells_of(place)], day, window) for place in places])


def _unsettled(suspected: Sequence[Extramedullary], told: Sequence[Extramedullary], by: date) -> str:
    """A suspicion raised before the window closes that nothing later settles, in words."""
    for s in suspected:
        raised = s.when.first if s.when is not None else None
        if raised is not None and raised > by:
            continue
        later = [
            e
            for e in told
            if e.when is not None and e.when.last >= (raised or e.when.last) and e.when.first <= by
        ]
        if any(not any(e.tells_of(place) for e in later) for place in s.places):
            return f"extramedullary disease is suspected and not settled ({s.when or 'undated'}: {s.words})"
    return ""


def _together(states: Sequence[Found]) -> Found:
    """Present where it is so at one place, else open where one is; absent by the last of the days that state it."""
    if None in states:
        return None
    if opened := [s for s in states if isinstance(s, str)]:
        return opened[0]
    absent = [s for s in states if isinstance(s, Extramedullary)]
    return max(absent, key=lambda s: (bool(s.reference), s.when.last if s.when else date.min))


def _at_place(told: Sequence[Extramedullary], day: date, window: tuple[date, date]) -> Found:
    known = [e for e in told if e.when is not None and e.when.first <= day]
    if not known and not any(e.present and e.when is None for e in told):
        return _absent("no extramedullary disease on record by then")
    ended = {e.reference for e in told if not e.present and e.when is None}
    newest = _newest_day(known)
    latest = [e for e in known if e.when is not None and e.when.first == newest]
    if latest and all(not e.present or e.reference in ended for e in latest):
        words = f"extramedullary disease absent or resolved ({latest[0].when})"
        return _absent(words, latest[0].reference)
    later = [e for e in told if not e.present and e.when is not None and day < e.when.first <= window[1]]
    if later:
        first = min(later, key=lambda e: (e.when.first if e.when else day, e.reference))
        return Extramedullary(
            False, first.when, first.reference, f"extramedullary disease absent ({first.when})"
        )
    if newest is not None and newest >= window[0]:
        return None
    return "extramedullary disease is recorded and its outcome is not"


def _absent(words: str, reference: str = "") -> Extramedullary:
    return Extramedullary(False, None, reference, words)


def _newest_day(known: Iterable[Extramedullary]) -> date | None:
    return max((e.when.first for e in known if e.when is not None), default=None)
