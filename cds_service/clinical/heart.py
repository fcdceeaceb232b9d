"""Electrocardiograms: the corrected QT by any of its codes, and when an ECG was recorded.

Fridericia is preferred. An uncorrected QT is corrected only with a heart rate of the same ECG:
QT / RR^(1/3), RR in seconds. What a QTc means is for a policy to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from cds_service.clinical.chart import Chart
from cds_service.clinical.evidence import latest_by, newest
from cds_service.clinical.results import Result
from cds_service.fhir.dates import When
from cds_service.fhir.decimals import to_place
from cds_service.fhir.quantities import Interval, exactly

_FORMULA = {"qtc_fridericia": "QTcF", "qtc_unspecified": "QTc (formula not stated)", "qtc_bazett": "QTcB"}
_PREFERENCE = ("qtc_fridericia", "qt_uncorrected", "qtc_unspecified", "qtc_bazett")
_STUDIES = frozenset({"ecg_study", "ecg_impression"})
_THIRD = Decimal(1) / Decimal(3)
_PLAUSIBLE = (Decimal(200), Decimal(800))  # ms, as for a measured QTc


@dataclass(frozen=True, slots=True)
class Ecg:
    """One ECG: its time, the corrected QT in ms when there is one, how it was found, and its source."""

    when: When | None
    qtc: Interval | None
    how: str
    reference: str

    @property
    def shown(self) -> str:
        value = f"{self.how} {self.qtc} ms" if self.qtc is not None else "ECG without a usable QTc"
        return f"{value} ({self.when or 'undated'})"


def ecgs(chart: Chart) -> tuple[Ecg, ...]:
    """All ECGs of a chart: measured intervals, studies, procedures and documents.

    An ECG whose intervals are of one day and its study of the same day is one.
    """
    measured = list(_measured(chart))
    days = {e.when.first for e in measured if e.when is not None}
    studies = [e for e in _studies(chart) if e.when is None or e.when.first not in days]
    unique = {(e.reference, e.how, str(e.qtc)): e for e in (*measured, *studies)}
    return tuple(unique[key] for key in sorted(unique))


def newest_ecg(found: Iterable[Ecg]) -> list[Ecg]:
    """The newest of these ECGs; several only when tied in time."""
    return latest_by([e for e in found if e.when is not None], lambda e: e.when)


def _measured(chart: Chart) -> Iterator[Ecg]:
    """The ECGs that measured intervals stand for, each moment one ECG; values of it that differ all stand."""
    by_moment: dict[object, dict[str, list[Result]]] = {}
    for r in chart.results_for(*_PREFERENCE):
        if r.when is not None:
            by_moment.setdefault(r.when.instant or r.when, {}).setdefault(r.concept, []).append(r)
    for found in by_moment.values():
        yield from _of_moment(chart, found)


def _of_moment(chart: Chart, found: dict[str, list[Result]]) -> Iterator[Ecg]:
    for concept in _PREFERENCE:
        usable = [r for r in found.get(concept, ()) if r.value is not None]
        read = [e for r in newest(usable) if (e := _read(chart, concept, r)) is not None]
        if read:
            yield from read
            return
    first = min((r for rs in found.values() for r in rs), key=lambda r: r.reference)
    yield Ecg(first.when, None, "", first.reference)


def _read(chart: Chart, concept: str, r: Result) -> Ecg | None:
    if concept == "qt_uncorrected":
        return _fridericia(chart, r)
    return Ecg(r.when, r.value, _FORMULA[concept], r.reference)


def _fridericia(chart: Chart, qt: Result) -> Ecg | None:
    """The QT corrected with the heart rate of the same resource, else of the same instant; None without one."""
    rates = [r for r in chart.usable("heart_rate") if r.reference == qt.reference] or [
        r for r in chart.usable("heart_rate") if _same_instant(r, qt)
    ]
    values = {r.value.exact for r in newest(rates) if r.value is not None}
    beats = values.pop() if len(values) == 1 else None
    interval = qt.value.exact if qt.value is not None else None
    if beats is None or beats <= 0 or interval is None:
        return None
    qtc = to_place(interval / (Decimal(60) / beats) ** _THIRD, Decimal(1), ROUND_HALF_EVEN)
    if not _PLAUSIBLE[0] <= qtc <= _PLAUSIBLE[1]:
        return None
    how = f"QTcF, from QT {interval:f} ms and heart rate {beats:f}/min,"
    return Ecg(qt.when, exactly(qtc), how, qt.reference)


def _same_instant(a: Result, b: Result) -> bool:
    return (
        a.when is not None
        and b.when is not None
        and a.when.instant is not None
        and a.when.instant == b.when.instant
    )


def _studies(chart: Chart) -> Iterator[Ecg]:
    """ECGs of which only the fact is recorded."""
    for r in chart.results_for(*sorted(_STUDIES)):
        yield Ecg(r.when, None, "", r.reference)
    for document in chart.documents:
        if document.concepts & _STUDIES or "11524-6" in document.codes:
            yield Ecg(document.when, None, "", document.reference)
    for act in chart.acts:
        if act.kind == "Procedure" and "ecg_procedure" in act.concepts and act.status in ("completed", ""):
            yield Ecg(act.when, None, "", act.reference)
