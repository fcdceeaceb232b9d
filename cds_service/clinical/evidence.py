"""Which of several results counts: the order of evidence (POL-REC-ORDER).

The latest time wins; at equal time a corrected report beats a final one, a final a preliminary,
then a later issue an earlier one. What is still tied and differs is a conflict, which is left
to the rule: all tied results are returned, and the rule decides only if all lead to one answer.
Ids never decide a value.
Source: docs/record-reading.md#order-of-evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import TypeVar

from cds_service.clinical.observations.results import Result
from cds_service.fhir.dates import When

T = TypeVar("T")


def newest(results: Iterable[Result]) -> tuple[Result, ...]:
    """The result, or the tied ones that differ, that count now. One without any time never does."""
    found = tuple(results)
    if not found[1:]:
        return found if found and found[0].when is not None else ()
    return _settled(latest_by(found, lambda r: r.when))


def at_each_time(results: Iterable[Result]) -> list[tuple[Result, ...]]:
    """For each time of which there are results, the one or the tied ones that count, in order of time.

    A result without time of day is of every time of its day. For rules that ask for any event, not for
    the newest value.
    """
    periods: dict[tuple[date, date], list[Result]] = {}
    for r in results:
        if r.when is not None:
            periods.setdefault((r.when.first, r.when.last), []).append(r)
    found = []
    for period in sorted(periods):
        timed: dict[datetime, list[Result]] = {}
        whole = []
        for r in periods[period]:
            if r.when is not None and r.when.instant is not None:
                timed.setdefault(r.when.instant, []).append(r)
            else:
                whole.append(r)
        found += [newest([*timed[instant], *whole]) for instant in sorted(timed)] or [newest(whole)]
    return found


def latest_by(items: Iterable[T], when: Callable[[T], When | None]) -> list[T]:
    """The items of the latest time. A date and an instant within that day are equal in time.

    A partial date that may be as late as the latest stays among them.
    """
    timed = [(w, item) for item in items if (w := when(item)) is not None]
    if not timed[1:]:
        return [item for _, item in timed]
    instant = max((w.instant for w, _ in timed if w.instant is not None), default=None)
    at_instant = [w.first for w, _ in timed if w.instant is not None and w.instant == instant]
    last_day = max([*at_instant, *(w.first for w, _ in timed if w.instant is None)])
    return [
        item
        for w, item in timed
        if (w.instant is None and w.last >= last_day)
        or (w.instant is not None and w.instant == instant and w.first >= last_day)
    ]


def _settled(tied: list[Result]) -> tuple[Result, ...]:
    if not tied[1:]:
        return tuple(tied)
    best = max(r.rank for r in tied)
    tied = [r for r in tied if r.rank == best]
    last = max((r.issued for r in tied if r.issued is not None), default=None)
    if last is not None:
        tied = [r for r in tied if r.issued is None or r.issued == last]
    unique: dict[tuple[object, ...], Result] = {}
    for result in sorted(tied, key=lambda r: r.reference):
        unique.setdefault(result.content, result)
    return tuple(unique.values())


def deciding(results: Iterable[Result], unreadable: Iterable[Result]) -> list[Result]:
    """The readable results, and those that cannot be read unless the same sample has a readable one.

    A value that cannot be read may be anything: where it is the newest, comparisons answer None.
    """
    readable, open_ = list(results), list(unreadable)
    if not open_:
        return readable
    return [*readable, *(r for r in open_ if not any(_same_sample(r, other) for other in readable))]


def _same_sample(a: Result, b: Result) -> bool:
    if a.when is None or b.when is None:
        return a.reference == b.reference
    if a.when.instant is not None and b.when.instant is not None:
        return a.when.instant == b.when.instant
    return a.when.day is not None and a.when.day == b.when.day


def within(results: Iterable[Result], first: date, last: date) -> list[Result]:
    """The results dated surely on a day from ``first`` to ``last``, both included."""
    return [r for r in results if r.when is not None and r.when.is_within(first, last)]
