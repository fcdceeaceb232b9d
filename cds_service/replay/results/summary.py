"""The counts of a run: coverage by month, criteria, needed items, dose verdicts and findings.

One pass over the decisions; what is held grows with the number of months and rules, not of orders.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

VERDICTS = ("met", "not-met", "unknown")
INDICATORS = ("critical", "warning", "info")
DOSE_VERDICTS = ("ok", "under", "over", "unknown")


class Summary:
    """Counts decisions as they pass by."""

    def __init__(self) -> None:
        self.orders = self.patients = 0
        self._last_patient: str | None = None
        self._coverage: Counter[str] = Counter()
        self._requests: Counter[tuple[str, str]] = Counter()
        self._months: Counter[tuple[str, str]] = Counter()
        self._criteria: Counter[tuple[str, str]] = Counter()
        self._sections: dict[str, str] = {}
        self._needed: Counter[tuple[str, bool]] = Counter()
        self._dose: Counter[str] = Counter()
        self._findings: Counter[tuple[str, str]] = Counter()

    def counted(self, decisions: Iterable[Mapping[str, Any]]) -> Summary:
        """Count decisions that are sorted by patient."""
        for decision in decisions:
            self._count(decision)
        return self

    def _count(self, d: Mapping[str, Any]) -> None:
        self.orders += 1
        self.patients += d["patient"] != self._last_patient
        self._last_patient = d["patient"]
        self._coverage[d["coverage"]] += 1
        self._requests[d["request"], d["coverage"]] += 1
        self._months[d["as_of"][:7], d["coverage"]] += 1
        for c in d["criteria"]:
            self._sections[c["id"]] = c["section"]
            self._criteria[c["id"], c["verdict"]] += 1
        self._needed.update({(n["item"], n.get("decides", True)) for n in d["needed"]})
        self._dose[(d.get("dose") or {}).get("verdict", "unknown")] += 1
        self._findings.update({(f["kind"], f["indicator"]) for f in d["findings"]})

    @property
    def criteria(self) -> list[str]:
        """The ids of all criteria that were decided, in the order of their sections."""
        return sorted(self._sections, key=lambda name: (self._sections[name], name))

    def as_json(self) -> dict[str, Any]:
        """All counts. An order counts once for each item, and once for each kind and urgency of finding."""
        return {
            "orders": self.orders,
            "patients": self.patients,
            "coverage": _of(self._coverage, VERDICTS),
            "requests": _table(self._requests, VERDICTS, "request"),
            "months": _table(self._months, VERDICTS, "month"),
            "criteria": [
                {"id": name, "section": self._sections[name], **_of_one(self._criteria, name, VERDICTS)}
                for name in self.criteria
            ],
            "needed": _ranked(
                {"item": item, "decides": self._needed[item, True], "informs": self._needed[item, False]}
                for item in {item for item, _ in self._needed}
            ),
            "dose": _of(self._dose, DOSE_VERDICTS),
            "findings": _ranked(
                {"kind": kind, **_of_one(self._findings, kind, INDICATORS)}
                for kind in {kind for kind, _ in self._findings}
            ),
        }


def _of(counts: Counter[str], names: Iterable[str]) -> dict[str, int]:
    return {name: counts[name] for name in names}


def _of_one(counts: Counter[tuple[str, str]], one: str, names: Iterable[str]) -> dict[str, int]:
    return {name: counts[one, name] for name in names}


def _table(counts: Counter[tuple[str, str]], names: Iterable[str], label: str) -> list[dict[str, Any]]:
    return [{label: one, **_of_one(counts, one, names)} for one in sorted({one for one, _ in counts})]


def _ranked(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The most frequent first; of the same number by name."""

    def place(row: dict[str, Any]) -> tuple[int, str]:
        name, *counts = row.values()
        return -sum(counts), name

    return sorted(rows, key=place)
