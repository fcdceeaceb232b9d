"""How final a report is: of several reports of one kind and time the more final ones count.

A registered report has no result yet. Knows nothing of what reports say.
Source: docs/record-reading.md#order-of-evidence, step 3.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo

from cds_service.clinical.statements import when_stated
from cds_service.fhir.codings import codes_in, words_in
from cds_service.fhir.dates import When
from cds_service.fhir.json_types import as_text
from cds_service.fhir.record import Resource

# How final a report or result of a status is; one of any other status, as preliminary and partial ones, is 0.
FINALITY = {"corrected": 2, "amended": 2, "appended": 2, "final": 1}
_WITHOUT_RESULT = frozenset({"registered", "unknown"})


def silent_reports(reports: Iterable[Resource], zone: tzinfo) -> frozenset[str]:
    """The references of reports that do not count: without a result yet, or outranked by another of their kind and time."""
    silent: set[str] = set()
    of_a_day: dict[object, list[tuple[Resource, When]]] = {}
    for report in reports:
        if as_text(report.body.get("status")) in _WITHOUT_RESULT:
            silent.add(report.reference)
        elif (when := when_stated(report, zone)) is not None and when.day is not None:
            of_a_day.setdefault((_kind(report), when.day), []).append((report, when))
    for same in of_a_day.values():
        silent |= {r.reference for r, when in same if any(_outranks(*other, r, when) for other in same)}
    return frozenset(silent)


def _outranks(other: Resource, other_when: When, report: Resource, when: When) -> bool:
    """A date and an instant within that day are equal in time."""
    timed = other_when.instant is not None and when.instant is not None
    return _rank_of(other) > _rank_of(report) and (not timed or other_when.instant == when.instant)


def _rank_of(report: Resource) -> int:
    return FINALITY.get(as_text(report.body.get("status")) or "", 0)


def _kind(report: Resource) -> object:
    code = report.body.get("code")
    return frozenset(codes_in(code)) or words_in(code).lower()
