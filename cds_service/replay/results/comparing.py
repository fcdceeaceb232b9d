"""What changed between two runs: a two-way table of coverage and of each criterion, with the patients behind each cell.

Both runs are read side by side, an order at a time, since both are sorted alike.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TextIO

from cds_service.replay.results.summary import VERDICTS

NAME = "comparison.ndjson"
COVERAGE = "coverage"
_SHOWN = 20  # patients named for a cell; all stand in the file
Decision = Mapping[str, Any]


def pairs(
    before: Iterable[Decision], now: Iterable[Decision]
) -> Iterator[tuple[Decision | None, Decision | None]]:
    """Each order of either run, with what it was before and what it is now."""
    left, right = iter(before), iter(now)
    a, b = next(left, None), next(right, None)
    while a is not None or b is not None:
        if b is None or (a is not None and _key(a) < _key(b)):
            yield a, None
            a = next(left, None)
        elif a is None or _key(b) < _key(a):
            yield None, b
            b = next(right, None)
        else:
            yield a, b
            a, b = next(left, None), next(right, None)


def _key(decision: Decision) -> tuple[str, str, str]:
    return decision["patient"], decision["order"], (decision.get("policy") or {}).get("id", "")


class Comparison:
    """The tables of a comparison, counted as the pairs pass by; changed orders go to a file."""

    def __init__(self, changed: TextIO) -> None:
        self._file = changed
        self._orders: Counter[str] = Counter()
        self._cells: Counter[tuple[str, str, str]] = Counter()
        self._behind: dict[tuple[str, str, str], _Patients] = defaultdict(_Patients)

    def counted(self, found: Iterable[tuple[Decision | None, Decision | None]]) -> Comparison:
        """Count all pairs and write down the orders that changed. Raises OSError."""
        for before, now in found:
            if before is not None and now is not None:
                self._orders["both"] += 1
                self._count(before, now)
            else:
                self._orders["only_now" if before is None else "only_before"] += 1
                self._write(before, now, {})
        return self

    def _count(self, before: Decision, now: Decision) -> None:
        were, are = _verdicts(before), _verdicts(now)
        for name in were.keys() & are.keys():
            cell = (name, were[name], are[name])
            self._cells[cell] += 1
            if were[name] != are[name]:
                self._behind[cell].add(now["patient"])
        changes = {
            name: [were.get(name), are.get(name)]
            for name in sorted(were.keys() | are.keys())
            if were.get(name) != are.get(name)
        }
        if _said(before) != _said(now):
            self._orders["changed"] += 1
            self._write(before, now, changes)

    def _write(self, before: Decision | None, now: Decision | None, changes: Mapping[str, Any]) -> None:
        one = now or before
        assert one is not None
        line = {
            "patient": one["patient"],
            "order": one["order"],
            "before": None if before is None else before["coverage"],
            "now": None if now is None else now["coverage"],
            "verdicts": changes,
            "findings": _gone_and_new(before, now, "findings", "kind"),
            "needed": _gone_and_new(before, now, "needed", "item"),
            "dose": [_dose(before), _dose(now)],
        }
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")

    def as_json(self, before: str) -> dict[str, Any]:
        """The counts of orders, and a table for coverage and for each criterion."""
        names = sorted({name for name, _, _ in self._cells}, key=lambda n: (n != COVERAGE, n))
        orders = {k: self._orders[k] for k in ("both", "changed", "only_before", "only_now")}
        return {"before": before, "orders": orders, "tables": [self._table(name) for name in names]}

    def _table(self, name: str) -> dict[str, Any]:
        cells = {was: {now: self._cells[name, was, now] for now in VERDICTS} for was in VERDICTS}
        behind = [
            (was, now, self._behind[name, was, now]) for was in VERDICTS for now in VERDICTS if was != now
        ]
        patients = [
            {"before": was, "now": now, "patients": who.shown, "more": who.count - len(who.shown)}
            for was, now, who in behind
            if who.count
        ]
        return {"name": name, "cells": cells, "patients": patients}


class _Patients:
    """The patients behind a cell, who come in order: how many, and the first few by name."""

    def __init__(self) -> None:
        self.count = 0
        self.shown: list[str] = []
        self._last: str | None = None

    def add(self, patient: str) -> None:
        if patient != self._last:
            self._last = patient
            self.count += 1
            self.shown += [patient] if len(self.shown) < _SHOWN else []


def _verdicts(decision: Decision) -> dict[str, str]:
    return {COVERAGE: decision["coverage"], **{c["id"]: c["verdict"] for c in decision["criteria"]}}


def _said(d: Decision) -> tuple[object, ...]:
    """What counts as a change: verdicts, findings, items, place and dose; not in which words, or at which clock."""
    findings = {(f["kind"], f["indicator"]) for f in d.get("findings", ())}
    items = {(n["item"], n.get("decides", True)) for n in d.get("needed", ())}
    place = (d.get("request"), d.get("cycle"), d.get("day"))
    return _verdicts(d), findings, items, place, d.get("dose")


def _gone_and_new(
    before: Decision | None, now: Decision | None, member: str, name: str
) -> dict[str, list[str]]:
    """By their names, what is gone and what is new."""
    were = {one[name] for one in (before or {}).get(member, ())}
    are = {one[name] for one in (now or {}).get(member, ())}
    return {"gone": sorted(were - are), "new": sorted(are - were)}


def _dose(decision: Decision | None) -> str | None:
    verdict: str | None = ((decision or {}).get("dose") or {}).get("verdict")
    return verdict
