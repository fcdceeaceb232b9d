"""Electrocardiograms: the corrected QT by any of its codes, and when an ECG was recorded.

Fridericia as stated is preferred; of a QTc without formula and one computed from the same ECG
the higher counts. An uncorrected QT is corrected only with a heart rate of the same ECG:
QT / RR^(1/3), RR in seconds. What a QTc means is for a policy to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Decimal

from cds_service.clinical.chart import Chart
from cds_service.clinical.code_sets import code_set
from cds_service.clinical.documents import Document
from cds_service.clinical.evidence import latest_by, newest
from cds_service.clinical.observations.ecg_words import reported_qts
from cds_service.clinical.observations.measurements import MEASUREMENTS, is_no_result
from cds_service.clinical.observations.results import Result
from cds_service.fhir.dates import When
from cds_service.fhir.decimals import to_place
from cds_service.fhir.quantities import Interval, exactly
from cds_service.remembering import once
from cds_service.values import dataclass

_FORMULA = {"qtc_fridericia": "QTcF", "qtc_unspecified": "QTc (formula not stated)", "qtc_bazett": "QTcB"}
_PREFERENCE = ("qtc_fridericia", "qt_uncorrected", "qtc_unspecified", "qtc_bazett")
_STUDIES = frozenset({"ecg_study", "ecg_impression"})
_NAMES_ECG = re.compile(r"\bE[CK]G\b|electrocardiogra", re.IGNORECASE)
# The whole of a name that is an ECG and nothing more: not "ECG monitoring", nor "ECG requested".
_ECG = frozenset({"ecg", "ekg", "electrocardiogram", "electrocardiography", "electrocardiographic"})
_BESIDE_ECG = frozenset(
    {
        "12", "12lead", "twelve", "lead", "leads", "channel", "complete", "routine", "standard", "resting", "tracing", "report",
        "result", "results", "study", "panel", "procedure", "adult", "pediatric", "with", "w", "and", "interpretation", "muse", "final",
        "at", "least", "in", "office", "poc", "bedside", "unit", "performed", "only", "electrode",
    }
)  # fmt: skip
_OTHER_STUDY = re.compile(r"holter|echo|stress|monitor|telemetr|ultraso", re.IGNORECASE)
_BETWEEN_WORDS = re.compile(r"[^a-z0-9]+")
_THIRD = Decimal(1) / Decimal(3)


@dataclass(frozen=True, slots=True)
class Ecg:
    """One ECG: its time, the corrected QT in ms when there is one, how it was found, and its source.

    ``by_formula`` are all its corrected QTs by the formula that gave them.
    """

    when: When | None
    qtc: Interval | None
    how: str
    reference: str
    by_formula: tuple[tuple[str, Interval], ...] = ()

    @property
    def shown(self) -> str:
        value = f"{self.how} {self.qtc} ms" if self.qtc is not None else "ECG without a usable QTc"
        return f"{value} ({self.when or 'undated'})"

    def rise_over(self, earlier: Ecg) -> Decimal | None:
        """By how many ms at least the QTc rose over an earlier ECG; only between values of one formula."""
        then = {formula: value.high for formula, value in earlier.by_formula}
        rises = [
            value.low - base
            for formula, value in self.by_formula
            if value.low is not None and (base := then.get(formula)) is not None
        ]
        return rises[0] if rises else None


@once
def ecgs(chart: Chart) -> tuple[Ecg, ...]:
    """All ECGs of a chart: measured intervals, reports, studies, procedures and documents.

    An ECG whose intervals are of one day and its study of the same day is one.
    """
    measured = list(_measured(chart))
    days = {e.when.first for e in measured if e.when is not None}
    studies = [e for e in _studies(chart) if e.when is None or e.when.first not in days]
    unique = {(e.reference, e.how, str(e.qtc)): e for e in (*measured, *studies)}
    return tuple(unique[key] for key in sorted(unique))


def newest_ecg(found: Iterable[Ecg]) -> list[Ecg]:
    """The newest of these ECGs; several only when tied in time."""
    return latest_by(found, lambda e: e.when)


def _measured(chart: Chart) -> Iterator[Ecg]:
    """The ECGs behind measured intervals, each moment one ECG; values of it that differ are all kept."""
    by_moment: dict[object, dict[str, list[Result]]] = {}
    for r in (*chart.results_for(*_PREFERENCE), *_in_reports(chart)):
        if r.when is not None:
            by_moment.setdefault(r.when.instant or r.when, {}).setdefault(r.concept, []).append(r)
    for found in by_moment.values():
        yield from _of_moment(chart, found)


def _in_reports(chart: Chart) -> Iterator[Result]:
    """Corrected QTs in the words of ECG reports, where the same report measured none."""
    measured = {r.reference for r in chart.usable(*_FORMULA)}
    texts = [
        (d.reference, d.when, d.text)
        for d in chart.documents
        if _is_ecg_report(d) or _NAMES_ECG.search(d.words)
    ]
    texts += [
        (s.reference, s.when, s.text)
        for s in chart.statements
        if s.kind == "Observation" and (s.codes & _STUDIES or _NAMES_ECG.search(s.topic))
    ]
    # A row of a flow sheet: "QT/QTc", answered by "430/512 ms".
    asked = (s for s in chart.statements if s.kind == "Observation" and s.text and "QTc" in s.topic)
    texts += [(s.reference, s.when, f"{s.topic} {s.text}") for s in asked]
    for reference, when, text in texts:
        for concept, ms in reported_qts(text) if reference not in measured else ():
            if MEASUREMENTS["qtc_unspecified"].holds(exactly(ms)):
                yield Result(concept, reference, when, None, 1, "as reported", exactly(ms))


def _of_moment(chart: Chart, found: dict[str, list[Result]]) -> Iterator[Ecg]:
    """The corrected QT of one ECG: Fridericia as stated; else the higher of a computed and an unspecified one."""
    read = {c: _read_all(chart, c, found[c]) if c in found else [] for c in _PREFERENCE}
    both = [e for concept in ("qt_uncorrected", "qtc_unspecified") for e in read[concept]]
    chosen = read["qtc_fridericia"] or _higher(both) or read["qtc_bazett"]
    if chosen:
        formulas = tuple(dict.fromkeys(pair for es in read.values() for e in es for pair in e.by_formula))
        is_whole = chosen[1:] or chosen[0].by_formula == formulas
        yield from chosen if is_whole else [replace(chosen[0], by_formula=formulas)]
        return
    first = min((r for rs in found.values() for r in rs), key=lambda r: r.reference)
    yield Ecg(first.when, None, "", first.reference)


def _higher(both: list[Ecg]) -> list[Ecg]:
    """Of a stated QTc without formula and a computed one, the higher; the other is named beside it."""
    if len({e.by_formula[0][0] for e in both}) < 2:
        return both
    ordered = sorted(both, key=_most, reverse=True)
    beside = "; ".join(f"{e.how} {e.qtc} ms" for e in ordered[1:] if e.qtc != ordered[0].qtc)
    how = f"{ordered[0].how} (also {beside}; the higher counts)" if beside else ordered[0].how
    return [replace(ordered[0], how=how)]


def _most(ecg: Ecg) -> Decimal:
    """The highest QTc that an ECG may mean; a bound from below has none."""
    high = ecg.qtc.high if ecg.qtc is not None else Decimal(0)
    return high if high is not None else Decimal("Infinity")


def _read_all(chart: Chart, concept: str, results: Iterable[Result]) -> list[Ecg]:
    usable = [r for r in results if r.value is not None]
    return [e for r in newest(usable) if (e := _read(chart, concept, r)) is not None]


def _read(chart: Chart, concept: str, r: Result) -> Ecg | None:
    if concept == "qt_uncorrected":
        return _fridericia(chart, r)
    as_reported = ", as reported," if r.words == "as reported" else ""
    return (
        Ecg(r.when, r.value, _FORMULA[concept] + as_reported, r.reference, ((concept, r.value),))
        if r.value is not None
        else None
    )


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
    if not MEASUREMENTS["qtc_fridericia"].holds(exactly(qtc)):
        return None
    how = f"QTcF, from QT {interval:f} ms and heart rate {beats:f}/min,"
    return Ecg(qt.when, exactly(qtc), how, qt.reference, (("qtc_fridericia", exactly(qtc)),))


def _same_instant(a: Result, b: Result) -> bool:
    return (
        a.when is not None
        and b.when is not None
        and a.when.instant is not None
        and a.when.instant == b.when.instant
    )


def _is_ecg_report(document: Document) -> bool:
    return bool(document.concepts & _STUDIES or document.codes & code_set("ecg_report").bare)


def _studies(chart: Chart) -> Iterator[Ecg]:
    """ECGs of which only the fact is recorded."""
    for r in chart.results_for(*sorted(_STUDIES)):
        yield Ecg(r.when, None, "", r.reference)
    for document in chart.documents:
        if _is_ecg_report(document) or (_is_ecg(document.words) and not is_no_result(document.text)):
            yield Ecg(document.when, None, "", document.reference)
    for s in chart.statements:
        if s.kind == "Observation" and s.text and _is_ecg(s.topic) and not is_no_result(s.text):
            yield Ecg(s.when, None, "", s.reference)
    for act in chart.acts:
        done = act.kind == "Procedure" and act.status in ("completed", "")
        if done and ("ecg_procedure" in act.concepts or _is_ecg(act.words)):
            yield Ecg(act.when, None, "", act.reference)


def _is_ecg(names: str) -> bool:
    """Whether one of the names of a code is wholly that of an ECG, and none that of another study ("EKG" as its category)."""
    if not _NAMES_ECG.search(names) or _OTHER_STUDY.search(names):
        return False
    spoken = (frozenset(_BETWEEN_WORDS.split(name.lower())) - {""} for name in names.split(" | "))
    return any(words & _ECG and words <= _ECG | _BESIDE_ECG for words in spoken)
