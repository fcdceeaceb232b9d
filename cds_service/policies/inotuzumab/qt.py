"""QT: procedure QT of policy analysis 2.5 (recommendations; the policy gives no numbers).

Newest ECG only, within 30 days; rise over baseline; electrolytes; QT-relevant active drugs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from cds_service.clinical.drugs import qt_levels, shown
from cds_service.clinical.evidence import newest, within
from cds_service.clinical.exposure import DrugUse
from cds_service.clinical.heart import Ecg, ecgs, newest_ecg
from cds_service.clinical.results import Result
from cds_service.policies.inotuzumab.case import Case
from cds_service.policies.inotuzumab.numbers import days, number
from cds_service.policy.determination import Basis, CardKind, Finding, Indicator

_ACTIVE = {"active", "draft", "in-progress"}


@dataclass(frozen=True, slots=True)
class QtDrug:
    """A QT-relevant drug in use: its level, first use in this course, and where it stands."""

    drug: str
    level: str
    first: date | None
    reference: str


def qt_drugs(case: Case) -> tuple[QtDrug, ...]:
    """QT-relevant drugs active now, by ingredient; first use is the earliest in this course."""
    levels = qt_levels()
    found: dict[str, QtDrug] = {}
    for use in (*case.chart.uses, *case.drafts):
        for drug in sorted(use.drugs & levels.keys()):
            if use.intrathecal or not _is_active(case, use):
                continue
            first = _first_use(case, drug)
            found.setdefault(drug, QtDrug(drug, levels[drug], first, use.reference))
    return tuple(found[d] for d in sorted(found))


def _is_active(case: Case, use: DrugUse) -> bool:
    today = case.chart.today
    if use.start is not None and use.start.first > max(today, case.planned):
        return False
    if use.end is not None and use.end.last < case.horizon:
        return False
    if use.kind in ("MedicationRequest", "MedicationStatement"):
        return use.status in _ACTIVE
    recent = today - timedelta(days=days("lab.max_age.cbc"))
    given = use.kind == "MedicationAdministration" and use.status in ("completed", "in-progress")
    return given and any(w.last >= recent for w in use.days)


def _first_use(case: Case, drug: str) -> date | None:
    start = case.frame.start
    begun = []
    for use in (*case.chart.uses, *case.drafts):
        if drug in use.drugs:
            when = use.first_known
            if when is not None and (use.end is None or start is None or use.end.last >= start):
                begun.append(when.first)
            begun += [w.first for w in use.days if start is None or w.first >= start]
    return min(begun, default=None)


def baseline_ecgs(case: Case) -> list[Ecg]:
    """ECGs before the first dose of the course; on its day if timed before it, or untimed."""
    found = [e for e in ecgs(case.chart) if e.when is not None]
    start = case.frame.start
    if start is None:
        return [e for e in found if e.when is not None and e.when.last <= case.horizon]
    dose = case.frame.given[0].when.instant
    kept = []
    for e in found:
        assert e.when is not None
        if e.when.last < start or (
            e.when.day == start and (e.when.instant is None or dose is None or e.when.instant < dose)
        ):
            kept.append(e)
    return kept


def electrolyte(case: Case, concept: str) -> tuple[Result, ...]:
    """The newest potassium or magnesium within 14 days before min(today, planned date)."""
    end = case.horizon
    start = end - timedelta(days=days("lab.max_age.electrolytes"))
    return newest(within(case.chart.usable(concept), start, end))


def low_electrolytes(case: Case) -> list[tuple[str, Result]]:
    """Low K or Mg: below the result's own range, else the default limit."""
    found = []
    for concept, name, default in (("potassium", "K", "k.low"), ("magnesium", "Mg", "mg.low")):
        tied = electrolyte(case, concept)
        if tied and all(
            r.value is not None and r.value.is_below(r.lower_limit or number(default)) for r in tied
        ):
            found.append((name, tied[0]))
    return found


def recent_ecg(case: Case) -> tuple[Ecg | None, Ecg | None]:
    """The newest ECG when at most 30 days old, and (else) the newest of any age."""
    tied = newest_ecg(
        e
        for e in ecgs(case.chart)
        if e.when is not None and e.when.last <= max(case.horizon, case.chart.today)
    )
    if not tied:
        return None, None
    chosen = max(tied, key=_longest)
    assert chosen.when is not None
    age = (case.horizon - chosen.when.first).days
    return (chosen, None) if age <= days("ecg.max_age.newest") else (None, chosen)


def _longest(ecg: Ecg) -> tuple[bool, Decimal]:
    """Of ECGs tied in time the longest QTc speaks; one without a QTc only if all are without."""
    return ecg.qtc is not None, (ecg.qtc.low if ecg.qtc is not None else None) or Decimal(0)


def findings(case: Case) -> Iterator[Finding]:
    """Steps 2 to 4 of QT."""
    ecg, old = recent_ecg(case)
    low = low_electrolytes(case)
    drugs = qt_drugs(case)
    names = {d.drug for d in drugs}
    if ecg is not None and ecg.qtc is not None:
        yield from _interval(case, ecg, names, low)
    for name, result in low:
        text = f"{name} low: {result.shown}. Correct before the infusion (recommendation)"
        yield Finding(
            "electrolyte",
            Indicator.WARNING,
            CardKind.SAFETY,
            ("POL-REC-QT",),
            Basis.RECOMMENDATION,
            text,
            f"Correct {name} before the infusion",
            (result.reference,),
        )
    if drugs:
        yield from _drugs(case, drugs, ecg or old, ecg, bool(low))


def _interval(case: Case, ecg: Ecg, names: set[str], low: list[tuple[str, Result]]) -> Iterator[Finding]:
    assert ecg.qtc is not None
    context = [f"with {shown(n)}{' (boxed QT warning)' if n == 'nilotinib' else ''}" for n in sorted(names)]
    context += [f"{name} {result.shown}" for name, result in low]
    beside = f" {', '.join(context)}" if context else ""
    if ecg.qtc.is_above(number("qtc.critical")):
        yield _qt(
            Indicator.CRITICAL,
            f"{ecg.shown}{beside}: above 500 ms. The limit is a recommendation, not policy",
            "Stop and check: QTc above 500 ms",
            ecg,
        )
        return
    rise = _rise(case, ecg)
    if rise is not None and rise[0] > number("qtc.delta_warn"):
        yield _qt(
            Indicator.WARNING,
            f"{ecg.shown}{beside}: {rise[0]:f} ms above baseline ({rise[1].shown}); the limit of 60 ms is a recommendation",
            "Check the QTc: it rose more than 60 ms",
            ecg,
        )
    elif "nilotinib" in names and ecg.qtc.is_above(number("qtc.warn")):
        yield _qt(
            Indicator.WARNING,
            f"{ecg.shown}{beside}: above 480 ms with nilotinib; the limit is a recommendation",
            "Check the QTc: above 480 ms with nilotinib",
            ecg,
        )


def _qt(indicator: Indicator, text: str, action: str, ecg: Ecg) -> Finding:
    return Finding(
        "safety-qt",
        indicator,
        CardKind.SAFETY,
        ("POL-REC-QT",),
        Basis.RECOMMENDATION,
        text,
        action,
        (ecg.reference,),
    )


def _rise(case: Case, ecg: Ecg) -> tuple[Decimal, Ecg] | None:
    if case.frame.start is None or ecg.qtc is None or ecg.qtc.exact is None:
        return None
    base = [
        e
        for e in newest_ecg(e for e in baseline_ecgs(case) if e.qtc is not None)
        if e.reference != ecg.reference
    ]
    if not base or base[0].qtc is None or base[0].qtc.exact is None:
        return None
    return ecg.qtc.exact - base[0].qtc.exact, base[0]


def _drugs(
    case: Case, drugs: tuple[QtDrug, ...], newest_known: Ecg | None, recent: Ecg | None, low: bool
) -> Iterator[Finding]:
    """Step 4: info, named; a warning only without an ECG newer than first use and with a high level, low K/Mg or QTc > 480."""
    listed = ", ".join(f"{shown(d.drug)} ({d.level})" for d in drugs)
    evidence = tuple(d.reference for d in drugs)
    yield Finding(
        "safety-qt",
        Indicator.INFO,
        CardKind.DETAILS,
        ("POL-B-I-C-3", "POL-REC-QT"),
        Basis.RECOMMENDATION,
        f"QT-relevant drugs in use: {listed}. State them, and the extra monitoring",
        "",
        evidence,
    )
    long = recent is not None and recent.qtc is not None and recent.qtc.is_above(number("qtc.warn")) is True
    seen = newest_known.when if newest_known is not None else None
    open_ = [
        d
        for d in drugs
        if d.level != "unverified" and (seen is None or (d.first is not None and not seen.last >= d.first))
    ]
    risky = [d for d in open_ if d.level == "high" or low or long]
    if risky:
        names = ", ".join(shown(d.drug) for d in risky)
        last = f"the newest ECG is of {seen}" if seen is not None else "no ECG is recorded"
        text = f"{names} in use and {last}, not newer than its first use: record an ECG before the infusion (recommendation)"
        yield Finding(
            "safety-qt",
            Indicator.WARNING,
            CardKind.SAFETY,
            ("POL-REC-QT",),
            Basis.RECOMMENDATION,
            text,
            "Check: record an ECG before the infusion",
            tuple(d.reference for d in risky),
        )
