"""How final a report is: of several reports of one kind and time the more final ones speak (policy analysis 1.4).

A registered report has no result yet. Knows nothing of what reports say.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo

from cds_service.clinical.statements import when_stated
from cds_service.fhir.codings import codes_in, words_in
from cds_service.fhir.dates import When
from cds_service.fhir.json_types import as_text
from cds_service.fhir.record import Resource

_RANK = {"corrected": 2, "amended": 2, "appended": 2, "final": 1}
_WITHOUT_RESULT = frozenset({"registered", "unknown"})


def finality(status: str) -> int:
    """Corrected and amended reports 2, final ones 1, preliminary and partial ones 0."""
    return _RANK.get(status, 0)


def silent_reports(reports: Iterable[Resource], zone: tzinfo) -> frozenset[str]:
    """The references of reports that do not speak: without a result yet, or outranked by another of their kind and time."""
    kept = list(reports)
    without = {r.reference for r in kept if as_text(r.body.get("status")) in _WITHOUT_RESULT}
    outranked = {r.reference for r in kept if any(_outranks(other, r, zone) for other in kept)}
    return frozenset(without | outranked)


def _outranks(other: Resource, report: Resource, zone: tzinfo) -> bool:
    if _rank_of(other) <= _rank_of(report) or _kind(other) != _kind(report):
        return False
    a, b = when_stated(other, zone), when_stated(report, zone)
    return a is not None and b is not None and _is_equal_time(a, b)


def _rank_of(report: Resource) -> int:
    return finality(as_text(report.body.get("status")) or "")


def _kind(report: Resource) -> object:
    code = report.body.get("code")
    return frozenset(codes_in(code)) or words_in(code).lower()


def _is_equal_time(a: When, b: When) -> bool:
    """A date and an instant within that day are equal in time."""
    if a.instant is not None and b.instant is not None:
        return a.instant == b.instant
    return a.day is not None and a.day == b.day
