"""QT. The policy gives no numbers; the limits are recommendations.

The newest ECG within 30 days, its rise over baseline, low potassium or magnesium, QT-prolonging drugs.
Procedure: docs/policies/inotuzumab/recommended.md#qt.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal

from cds_service.clinical.observations.heart import Ecg, ecgs, newest_ecg
from cds_service.clinical.observations.newest_first import newest_usable, surely_on
from cds_service.clinical.observations.results import Result
from cds_service.clinical.therapy.drugs import shown
from cds_service.engine.determination import Basis, CardKind, Finding, Indicator
from cds_service.engine.wording import upper_first
from cds_service.fhir.quantities import Interval
from cds_service.policies.inotuzumab.case.case import Case
from cds_service.policies.inotuzumab.case.open_items import hidden
from cds_service.policies.inotuzumab.case.windows import before_first_dose
from cds_service.policies.inotuzumab.numbers import days, number, said
from cds_service.policies.inotuzumab.recommended.qt_drugs import QtDrug, qt_drugs
from cds_service.remembering import once
from cds_service.values import dataclass

_RULE = "POL-REC-QT"
_IN_FULL = {"K": "potassium", "Mg": "magnesium"}


@dataclass(frozen=True, slots=True)
class HeartState:
    """What the procedure looks at: the QTcs of the newest ECG, the newest ECG, low electrolytes, drugs.

    ``qtcs`` holds several only when ECGs of the same time differ; it is empty when the newest QTc
    is too old.
    """

    qtcs: tuple[Ecg, ...]
    newest: Ecg | None
    low: Sequence[tuple[str, Result]]
    drugs: tuple[QtDrug, ...]

    def above(self, limit: Decimal) -> bool:
        """Whether every QTc of the newest ECG is above a limit."""
        return bool(self.qtcs) and all(e.qtc is not None and e.qtc.is_above(limit) for e in self.qtcs)

    @property
    def has_nilotinib(self) -> bool:
        return any(d.drug == "nilotinib" for d in self.drugs)


def electrolytes(case: Case) -> Iterator[Finding]:
    """Step 3: low potassium or magnesium, values of one time of which some are low, or a range that may be low."""
    for name, results in _newest_electrolytes(case):
        low = [_is_low(r, name) for r in results]
        refs = tuple(r.reference for r in results)
        if low and all(low):
            text, action = f"{results[0].shown} is low", f"Correct {_IN_FULL[name]} before the infusion"
            yield _finding(Indicator.WARNING, "electrolyte", text, action, refs[:1])
        elif any(low):
            text = f"{' and '.join(r.shown for r in results)}: values of the same time differ, one is low"
            action = f"Check the {_IN_FULL[name]}: values differ"
            yield _finding(Indicator.WARNING, "electrolyte", text, action, refs)
        elif unsure := [r for r in results if _may_be_low(r, name)]:
            text = f"{unsure[0].shown}: whether it is low cannot be determined from a range"
            leans = any(r.value is not None and not r.value.leans_above(_lowest(r, name)) for r in unsure)
            level = Indicator.WARNING if leans else Indicator.INFO
            yield _finding(level, "electrolyte", text, f"Check the {_IN_FULL[name]}: it may be low", refs)


def drugs_in_use(case: Case) -> Iterator[Finding]:
    """Step 4: QT-prolonging drugs, and those without an ECG since their first use."""
    state = heart_state(case)
    if state.drugs:
        yield _named(case, state)
        yield from _unwatched(case, state)


def _finding(indicator: Indicator, kind: str, text: str, action: str, evidence: tuple[str, ...]) -> Finding:
    basis = Basis.RECOMMENDATION
    return Finding(kind, indicator, CardKind.SAFETY, (_RULE,), basis, text, action, evidence)


@once
def heart_state(case: Case) -> HeartState:
    """Step 1: the newest ECG counts, and its QTc only within its window before min(today, planned date)."""
    end = case.horizon
    start = end - timedelta(days=days("ecg.max_age.newest"))
    seen = [e for e in ecgs(case.chart) if e.when is not None and e.when.last <= end]
    last = newest_ecg(seen)
    measured = newest_ecg(e for e in seen if e.qtc is not None)
    recent = tuple(e for e in measured if e.when is not None and e.when.is_within(start, end))
    return HeartState(recent, last[0] if last else None, low_electrolytes(case), qt_drugs(case))


@once
def low_electrolytes(case: Case) -> list[tuple[str, Result]]:
    """Step 3: newest K and Mg of their window, below the result's own range, else the default limit."""
    return [
        (name, results[0])
        for name, results in _newest_electrolytes(case)
        if results and all(_is_low(r, name) for r in results)
    ]


@once
def _newest_electrolytes(case: Case) -> list[tuple[str, tuple[Result, ...]]]:
    """The newest K and Mg of their window; of values of the same time that differ, all."""
    end = case.horizon
    start = end - timedelta(days=days("lab.max_age.electrolytes"))
    chosen = surely_on(start, end)
    return [
        ("K", newest_usable(case.chart, "potassium", chosen)),
        ("Mg", newest_usable(case.chart, "magnesium", chosen)),
    ]


def _lowest(r: Result, name: str) -> Decimal:
    """Its own lower limit of normal, else the default one."""
    return r.lower_limit or number("k.low" if name == "K" else "mg.low")


def _is_low(r: Result, name: str) -> bool:
    return r.value is not None and r.value.is_below(_lowest(r, name)) is True


def _may_be_low(r: Result, name: str) -> bool:
    return r.value is not None and r.value.is_below(_lowest(r, name)) is None


def interval(case: Case) -> Iterator[Finding]:
    """Step 2: a long QTc is critical; a large rise, or a raised QTc with nilotinib, a warning."""
    state = heart_state(case)
    measured, beside = "; ".join(e.shown for e in state.qtcs), _beside(state)
    found = f"{measured}{beside}"
    refs = tuple(e.reference for e in state.qtcs)
    critical, warn = number("qtc.critical"), number("qtc.warn")
    rise = _rise(case, state)
    if state.above(critical):
        with_what = f",{beside}" if beside else ""
        text = f"{measured}: above {said('qtc.critical')}{with_what}"
        yield _finding(Indicator.CRITICAL, "safety-qt", text, "Do not infuse yet", refs)
    elif any(e.qtc is not None and e.qtc.is_above(critical) for e in state.qtcs):
        text = f"{found}: values of the same time differ, one above {said('qtc.critical')}"
        yield _finding(Indicator.WARNING, "safety-qt", text, "Check the QTc: values differ", refs)
    elif any(e.qtc is not None and _may_be_above(e.qtc, critical, warn) for e in state.qtcs):
        text = f"{found}: it may be above {said('qtc.critical')}"
        yield _finding(Indicator.WARNING, "safety-qt", text, "Check the QTc: it may be too long", refs)
    elif rise is not None and rise[0] > number("qtc.delta_warn"):
        text = f"{found}: {rise[0]:f} ms above baseline ({rise[1].shown})"
        yield _finding(
            Indicator.WARNING,
            "safety-qt",
            text,
            f"Check the QTc: it rose by more than {said('qtc.delta_warn')}",
            (*refs, rise[1].reference),
        )
    elif state.has_nilotinib and state.above(warn):
        text = f"{found}: above {said('qtc.warn')}"
        yield _finding(
            Indicator.WARNING,
            "safety-qt",
            text,
            "Check the QTc",
            refs,
        )


def _may_be_above(qtc: Interval, critical: Decimal, warn: Decimal) -> bool:
    """Whether a range leaves open that it is above a limit, and its middle is raised ("about 420 ms" is not)."""
    ends = [end for end in (qtc.low, qtc.high) if end is not None]
    return qtc.is_above(critical) is None and sum(ends) >= warn * len(ends)


def _beside(state: HeartState) -> str:
    """QT-prolonging drugs and low electrolytes, as they stand beside a QTc."""
    named = [f"{shown(d.drug)}{' (boxed QT warning)' if d.drug == 'nilotinib' else ''}" for d in state.drugs]
    named += [f"{name} {result.shown}" for name, result in state.low]
    return f" with {' and '.join(named)}" if named else ""


def _rise(case: Case, state: HeartState) -> tuple[Decimal, Ecg] | None:
    """The least rise over the last QTc before the first dose of the course; None when there is none to compare."""
    if case.frame.start is None:
        return None
    base = newest_ecg(e for e in ecgs(case.chart) if e.qtc is not None and before_first_dose(case, e.when))
    rises = [
        (rise, then)
        for now in state.qtcs
        for then in base
        if now.reference != then.reference and (rise := now.rise_over(then)) is not None
    ]
    return min(rises, key=lambda r: (r[0], r[1].reference), default=None)


def _named(case: Case, state: HeartState) -> Finding:
    """Step 4, first half: the drugs, and the newest ECG with its date."""
    listed = ", ".join(f"{shown(d.drug)} ({d.risk})" for d in state.drugs)
    last = state.newest
    ecg = f"The newest ECG is {last.shown}" if last is not None else upper_first(_no_ecg(case))
    if last is not None and last.qtc is not None and not state.qtcs:
        ecg += f", older than {days('ecg.max_age.newest')} days before {case.horizon}: no QTc verdict"
    text = f"{listed}. {ecg}"
    refs = tuple(dict.fromkeys(d.reference for d in state.drugs))
    return _finding(
        Indicator.INFO,
        "safety-qt",
        text,
        "Tell the payer about QT-prolonging drugs and extra monitoring",
        refs,
    )


def _no_ecg(case: Case) -> str:
    reason = hidden(case.chart, "ecg-follow-up")
    return f"an ECG could not be looked for everywhere ({reason})" if reason else "no ECG is recorded"


def _unwatched(case: Case, state: HeartState) -> Iterator[Finding]:
    """Step 4, second half: no ECG newer than first use, and a high level, low K or Mg, or a raised QTc."""
    raised = bool(state.low) or state.above(number("qtc.warn"))
    risky = [d for d in state.drugs if d.is_unwatched(state.newest) and (d.level == "high" or raised)]
    if risky:
        named = ", ".join(f"{shown(d.drug)}{f' since {d.first}' if d.first else ''}" for d in risky)
        last = state.newest
        ecg = f"the newest ECG ({last.when}) is not newer" if last is not None else _no_ecg(case)
        text = f"on {named}; {ecg}"
        refs = tuple(dict.fromkeys(d.reference for d in risky))
        yield _finding(Indicator.WARNING, "safety-qt", text, "Record an ECG before the infusion", refs)
