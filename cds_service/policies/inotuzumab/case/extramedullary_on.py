"""Whether there is extramedullary disease on a day: step 3 of the response procedure.

Each site that was ever said to have disease is judged by itself; absence in one site settles no other.
Procedure: docs/policies/inotuzumab/case.md#response.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from cds_service.clinical.chart import Chart
from cds_service.clinical.leukemia.extramedullary import SOMEWHERE, Extramedullary
from cds_service.fhir.record import DataKind

Found = Extramedullary | str | None


def extramedullary_on(
    emd: Sequence[Extramedullary], day: date, window: tuple[date, date], chart: Chart
) -> Found:
    """Disease absent on a day, or stated so before the window closes.

    A text when it cannot be determined (recorded and not followed up, or not all was seen); None when it
    is stated as present within the window, which is evidence of its own.
    """
    if not any(e.present or not e.sites for e in emd):
        if reason := chart.unseen(DataKind.CONDITIONS, DataKind.OBSERVATIONS, DataKind.OTHER_OBSERVATIONS):
            return f"whether there is extramedullary disease was not wholly seen ({reason})"
        return _absent("no extramedullary disease on record")
    places = sorted({place for e in emd if e.present for place in e.places}) or [SOMEWHERE]
    return _together([_at_place([e for e in emd if e.tells_of(place)], day, window) for place in places])


def suspected_on(
    suspicions: Sequence[Extramedullary], emd: Sequence[Extramedullary], window: tuple[date, date]
) -> str:
    """Where disease is suspected within the window, and no later absence there settles it: in words; else empty."""
    for s in suspicions:
        if s.when is None or not window[0] <= s.when.first <= window[1]:
            continue
        settled = (
            not e.present
            and e.when is not None
            and s.when.is_before(e.when.first) is True
            and all(map(e.tells_of, s.places))
            for e in emd
        )
        if not any(settled):
            return f"extramedullary disease is suspected ({s.when}) and not settled"
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
