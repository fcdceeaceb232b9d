"""Markers with their signs, list by list, and what a list's governing word makes of them.

A word that governs ("negative for", "lack") speaks for its list; a marker's own sign must agree with it.
Two signs for one marker are a clash, which says nothing. Source: docs/record-reading.md#statements, step 6.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from cds_service.fhir.dates import When
from cds_service.fhir.quantities import Interval

POSITIVE, NEGATIVE, EQUIVOCAL = "positive", "negative", "equivocal"
FOUND = "found"  # "detected", "present": a sign of its own, or part of "no ... detected"
SEEN = "seen"  # the same, but no answer to a question: "seen in clinic"
LOST = "lost"  # negative, and positive when denied
OPEN = "open"  # doubted or awaited
CLASH = "clash"
NOT_NEGATIVE = "not negative"
WITH, NO, NOT, EXCEPT = "with", "no", "not", "except"  # what governs a list, besides the signs

PLAIN = {FOUND: POSITIVE, LOST: NEGATIVE}
OPPOSITE = {POSITIVE: NEGATIVE, FOUND: NEGATIVE, LOST: POSITIVE, NEGATIVE: NOT_NEGATIVE}
# What a governing word makes of a marker's own sign; a pair that is not here is a clash.
_GOVERNED: dict[tuple[str, str | None], str] = {
    (NO, None): NEGATIVE, (NO, FOUND): NEGATIVE, (NO, LOST): POSITIVE,
    (POSITIVE, None): POSITIVE, (POSITIVE, FOUND): POSITIVE, (POSITIVE, POSITIVE): POSITIVE,
    (POSITIVE, EQUIVOCAL): EQUIVOCAL,
    (NEGATIVE, None): NEGATIVE, (NEGATIVE, FOUND): NEGATIVE, (NEGATIVE, NEGATIVE): NEGATIVE,
    (EQUIVOCAL, None): EQUIVOCAL, (EQUIVOCAL, FOUND): EQUIVOCAL, (EQUIVOCAL, EQUIVOCAL): EQUIVOCAL,
    (EQUIVOCAL, POSITIVE): EQUIVOCAL,
    (LOST, None): NEGATIVE, (LOST, FOUND): NEGATIVE, (LOST, NEGATIVE): POSITIVE,
    (NOT, POSITIVE): NEGATIVE, (NOT, FOUND): NEGATIVE, (NOT, LOST): POSITIVE, (NOT, NEGATIVE): NOT_NEGATIVE,
    (OPEN, None): OPEN, (OPEN, FOUND): OPEN, (OPEN, OPEN): OPEN,
    (WITH, None): POSITIVE,
}  # fmt: skip

_OF_DISEASE = frozenset({"residual", "blasts", "morphologic"})


class NotReadable(Exception):
    """A word or a number of the clause is not understood; the clause decides nothing."""


@dataclass(slots=True)
class Times:
    """When a sign holds, as far as the clause says."""

    when: When | None = None
    cycle: int | None = None
    past: bool = False
    now: bool = False


@dataclass(slots=True)
class Finding:
    """A marker as a clause speaks of it: ``sign`` is its own until its list is settled."""

    name: str
    sign: str | None = None
    amount: Interval | None = None
    limit: Interval | None = None
    times: Times = field(default_factory=Times)

    def copy(self, times: Times) -> Finding:
        """The same marker at another time, with nothing said of it yet."""
        return Finding(self.name, times=replace(times))


@dataclass(slots=True)
class MarkerList:
    """One list. ``governs``: its lead is a governing word, and not an adjective that may end at a comma."""

    lead: str | None = None
    governs: bool = False
    items: list[Finding] = field(default_factory=list)
    commas: int = 0
    after_comma: int = 0  # index of the first item behind the last comma
    ands: int = 0  # before the list was complete
    complete: int | None = None  # index behind "A, B and C,": what follows may be another list
    verb: bool = False  # an "is" stands behind the last item: it is a subject of its own
    settled: bool = False
    amount: Interval | None = None  # "85 % of blasts express ...": of each of its items

    @property
    def unsigned(self) -> list[Finding]:
        return [f for f in self.items if f.sign is None]

    def takes(self, sign: str) -> bool:
        """Whether a sign beside one of its items agrees with the governing word."""
        return self.lead in (None, WITH) or (self.lead, sign) in _GOVERNED

    def comma(self) -> None:
        self.commas += 1
        self.after_comma = len(self.items)
        if self.complete is None and self.ands:
            self.complete = len(self.items)

    def joined(self) -> None:
        """An "and" or "or" stands between two of its items."""
        if self.complete is None:
            self.ands += 1

    def may_end_before(self, sign: str) -> bool:
        """Whether "no" may be of what stands before a comma only, and a sign behind it of the rest ("no CD20, CD22 present")."""
        return self.lead == NO and sign == FOUND and not self.ands and 0 < self.after_comma < len(self.items)

    def split(self) -> MarkerList | None:
        """Take off what stands behind the comma that ends the list; None where it is not sure which comma does."""
        at = self._end()
        if at is None or not 0 < at < len(self.items):
            return None
        rest = MarkerList(items=self.items[at:])
        del self.items[at:]
        return rest

    def _end(self) -> int | None:
        if self.lead == NO:  # "no residual leukemia, MRD negative": no list, which would end in "or"
            before, behind = (
                {f.name for f in part}
                for part in (self.items[: self.after_comma], self.items[self.after_comma :])
            )
            alone = not self.ands and (before <= _OF_DISEASE or before == behind)
            return self.after_comma if alone else None
        if not self.governs:  # "bright CD10, CD22 negative"
            return self.after_comma if self.commas == 1 and len(self.items) - self.after_comma == 1 else None
        if self.verb and len(self.items) - self.after_comma == 1 and self.ands < 2:
            return self.after_comma
        return self.complete if self.ands == 1 else None

    def clash(self) -> None:
        for f in self.items:
            f.sign = CLASH
        self.settled = True


def resolved(lists: Sequence[MarkerList]) -> Iterator[Finding]:
    """The findings of a clause, each with its sign after its list's word. Raises NotReadable."""
    signs = [_sign_of_list(group) for group in lists]
    for i, group in enumerate(lists):
        other = next((s for s in (*reversed(signs[:i]), *signs[i + 1 :]) if s), None)
        for f in group.items:
            f.sign = _resolved(group.lead, f, other)
            if f.sign == CLASH and group.governs:
                raise NotReadable("two signs")
            f.amount = f.amount or (group.amount if f.sign == POSITIVE else None)
            yield f


def _resolved(lead: str | None, f: Finding, other: str | None) -> str | None:
    own = f.sign
    if lead is None or (lead == WITH and own is not None):
        return PLAIN.get(own or "", own)
    if lead == EXCEPT or (lead == NOT and own is None):
        said = OPPOSITE.get(other or "", CLASH)
        said = POSITIVE if said == NOT_NEGATIVE else said
        return said if own in (None, said) else CLASH
    if lead == WITH and f.amount is not None:
        return None
    return _GOVERNED.get((lead, own), CLASH)


def _sign_of_list(group: MarkerList) -> str | None:
    """The one sign of a list, before which "but not" and "except" turn."""
    if group.lead in (NOT, EXCEPT):
        return None
    if group.lead in (POSITIVE, NEGATIVE):
        return group.lead
    if group.lead in (NO, LOST):
        return NEGATIVE
    signs = {PLAIN.get(f.sign, f.sign) for f in group.items if f.sign}
    return signs.pop() if len(signs) == 1 else None
