"""Electrocardiograms and electrolytes: corrected QT by any of its codes, and when an ECG was recorded.

Fridericia is preferred. An uncorrected QT is corrected only with a heart rate of the same ECG:
QT / RR^(1/3), RR in seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from cds_service.clinical.chart import Chart
from cds_service.clinical.evidence import latest_by
from cds_service.clinical.results import Result
from cds_service.fhir.dates import When
from cds_service.fhir.quantities import Interval

_FORMULA = {"qtc_fridericia": "QTcF", "qtc_bazett": "QTcB", "qtc_unspecified": "QTc (formula not stated)"}
_PREFERENCE = ("qtc_fridericia", "computed", "qtc_unspecified", "qtc_bazett")
_ECG_CODES = ("ecg_study", "ecg_impression", *_FORMULA, "qt_uncorrected")


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
    """All ECGs of a chart: measured intervals, studies, procedures and documents."""
    measured = list(_measured(chart))
    moments = {_day(e.when) for e in measured}
    studies = [e for e in _studies(chart) if _day(e.when) not in moments]
    unique = {(e.reference, e.how): e for e in (*measured, *studies)}
    return tuple(unique[key] for key in sorted(unique))


def _day(when: When | None) -> date | None:
    return when.first if when is not None else None


def _measured(chart: Chart) -> Iterator[Ecg]:
    by_ecg: dict[object, dict[str, Result]] = {}
    for r in chart.results_for(*_FORMULA, "qt_uncorrected"):
        if r.when is not None and (r.value is not None or r.concept in _FORMULA):
            by_ecg.setdefault(r.when.instant or r.when.first, {})[r.concept] = r
    for moment, found in by_ecg.items():
        yield _one(chart, moment, found)


def _one(chart: Chart, moment: object, found: dict[str, Result]) -> Ecg:
    usable = {name: r for name, r in found.items() if r.value is not None}
    computed = _fridericia(chart, moment, usable.get("qt_uncorrected"))
    for name in _PREFERENCE:
        if name == "computed" and computed is not None:
            return computed
        if name in usable and usable[name].value is not None:
            return Ecg(usable[name].when, usable[name].value, _FORMULA[name], usable[name].reference)
    first = next(iter(found.values()))
    return Ecg(first.when, None, "", first.reference)


def _fridericia(chart: Chart, moment: object, qt: Result | None) -> Ecg | None:
    """Only with a heart rate of the same ECG: the same resource, or the same instant."""
    if qt is None or qt.value is None or (interval := qt.value.exact) is None:
        return None
    for rate in chart.usable("heart_rate"):
        same_ecg = rate.reference == qt.reference or (
            qt.when is not None
            and qt.when.instant is not None
            and rate.when is not None
            and rate.when.instant == qt.when.instant
        )
        beats = rate.value.exact if rate.value is not None else None
        if same_ecg and beats is not None and beats > 0:
            qtc = (interval / (Decimal(60) / beats) ** (Decimal(1) / Decimal(3))).quantize(Decimal(1))
            return Ecg(
                qt.when,
                Interval(qtc, qtc),
                f"QTcF from QT {interval:f} ms and heart rate {beats:f}",
                qt.reference,
            )
    return None


def _studies(chart: Chart) -> Iterator[Ecg]:
    for r in chart.results_for("ecg_study", "ecg_impression"):
        yield Ecg(r.when, None, "", r.reference)
    for document in chart.documents:
        if document.concepts & {"ecg_study", "ecg_impression"} or "11524-6" in document.codes:
            yield Ecg(document.when, None, "", document.reference)
    for act in chart.acts:
        if act.kind == "Procedure" and "ecg_procedure" in act.concepts and act.status in ("completed", ""):
            yield Ecg(act.when, None, "", act.reference)


def newest_ecg(found: Iterable[Ecg]) -> list[Ecg]:
    """The newest of these ECGs; several only when tied in time."""
    return latest_by([e for e in found if e.when is not None], lambda e: e.when)
