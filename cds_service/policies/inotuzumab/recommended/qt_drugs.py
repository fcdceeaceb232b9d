"""QT-prolonging drugs in use, by ingredient: which, how strongly, and since when in this course.

A drug whose QT source was not re-read is named and warns of nothing.
Procedure: docs/policies/inotuzumab/recommended.md#qt.
"""

from __future__ import annotations

from datetime import date, timedelta

from cds_service.clinical.observations.heart import Ecg
from cds_service.clinical.therapy.drugs import qt_levels
from cds_service.clinical.therapy.exposure import DrugUse
from cds_service.policies.inotuzumab.case.case import Case
from cds_service.policies.inotuzumab.numbers import days
from cds_service.remembering import once
from cds_service.values import dataclass

_ACTIVE = frozenset({"active", "draft", "in-progress"})


@dataclass(frozen=True, slots=True)
class QtDrug:
    """A QT-prolonging drug in use: its level, first use in this course (None: not known), and where it stands."""

    drug: str
    level: str
    first: date | None
    reference: str

    @property
    def risk(self) -> str:
        """The level in words."""
        return "QT risk uncertain" if self.level == "unverified" else f"{self.level} QT risk"

    def is_unwatched(self, ecg: Ecg | None) -> bool:
        """Whether no ECG is newer than the first use. An unverified drug never is."""
        if self.level == "unverified":
            return False
        if ecg is None or ecg.when is None:
            return True
        return self.first is not None and ecg.when.is_after(self.first) is False


@once
def qt_drugs(case: Case) -> tuple[QtDrug, ...]:
    """The drugs of the table in use now, product codes resolved to their ingredient."""
    levels = qt_levels()
    uses = [u for u in (*case.chart.uses, *case.drafts) if u.drugs & levels.keys() and u.is_systemic]
    found: dict[str, QtDrug] = {}
    for use in uses:
        for drug in sorted(use.drugs & levels.keys()) if _is_in_use(case, use) else ():
            found.setdefault(drug, QtDrug(drug, levels[drug], _first_use(case, uses, drug), use.reference))
    return tuple(found[drug] for drug in sorted(found))


def _is_in_use(case: Case, use: DrugUse) -> bool:
    """An open order or statement whose period has not ended, or a single dose of the last days."""
    if use.start is not None and use.start.first > max(case.chart.today, case.planned):
        return False
    if use.end is not None and use.end.last < case.horizon:
        return False
    if use.kind in ("MedicationRequest", "MedicationStatement"):
        return use.status in _ACTIVE
    if use.kind != "MedicationAdministration" or use.status not in ("completed", "in-progress"):
        return False
    recent = case.chart.today - timedelta(days=days("qt.single_dose"))
    return any(w.last >= recent for w in use.days)


def _first_use(case: Case, uses: list[DrugUse], drug: str) -> date | None:
    """The earliest use that belongs to this course: single doses since its start, periods that reach into it."""
    start = case.frame.start
    begun: list[date] = []
    for use in uses:
        if drug not in use.drugs:
            continue
        if use.days:
            begun += [w.first for w in use.days if start is None or w.last >= start]
        elif use.status == "draft" and use.first_known is None:
            begun.append(case.chart.today)  # being ordered now
        elif (first := use.first_known) is not None and (
            use.end is None or start is None or use.end.last >= start
        ):
            begun.append(first.first)
    return min(begun, default=None)
