"""How one use of a drug stands to the cycle of an order of another.

Concurrent when its period overlaps the cycle, possible when the record leaves that open. An active
order without an end goes on for a while only, unless the drug is given or stated anew.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum

from cds_service.clinical.therapy.exposure import ORDERS, DrugUse
from cds_service.fhir.dates import When
from cds_service.values import dataclass

LATER_TREATMENT = re.compile(r"\b(?:conditioning|maintenance|consolidation)\b", re.IGNORECASE)

_CONDITIONING = re.compile(r"\bconditioning\b", re.IGNORECASE)


class Concurrency(StrEnum):
    """How a drug stands to this cycle."""

    CONCURRENT = "concurrent"
    POSSIBLE = "possible"
    NOT = "not concurrent"


CONCURRENT, POSSIBLE, NOT = Concurrency.CONCURRENT, Concurrency.POSSIBLE, Concurrency.NOT
Standing = tuple[Concurrency, str]


@dataclass(frozen=True, slots=True)
class Cycle:
    """The days of the order's cycle, the day on which it is judged, and the days on which each drug was given.

    An active order without an end still counts for ``goes_on`` after it began; one of a drug in ``oral``,
    whose supply has not run out, for ``oral_goes_on``. A drug in ``daily`` that was last given ``goes_on_given``
    before, or handed out for a time that is not said, may go on, unless it is in ``ended``.
    """

    first: date
    last: date
    today: date
    given: Mapping[str, tuple[date, ...]]
    goes_on: timedelta
    oral_goes_on: timedelta
    goes_on_given: timedelta
    oral: frozenset[str] = frozenset()
    daily: frozenset[str] = frozenset()
    ended: frozenset[str] = frozenset()

    @property
    def recent(self) -> date:
        """The day from which an active order without an end still counts."""
        return self.first - self.goes_on

    def since(self, use: DrugUse, drug: str) -> date:
        """The same for one drug: an oral one is taken longer, until its supply with all repeats ran out."""
        ran_out = use.supplied_until is not None and use.supplied_until < self.first
        if drug in self.oral and not ran_out:
            return self.first - self.oral_goes_on
        return self.recent


def standing(use: DrugUse, drug: str, cycle: Cycle) -> Standing:
    """How one use of one drug stands, and in a few words why."""
    if use.kind in ("MedicationAdministration", "MedicationDispense"):
        return _of_given(use, drug, cycle) if use.is_given else (NOT, f"status {use.status}")
    if use.status in ("completed", "stopped", "cancelled", "revoked", "not-taken"):
        return _of_ended(use, cycle)
    begins, ends = _period(use)
    if begins is not None and begins.first > cycle.last:
        return NOT, f"planned to start {begins}"
    if use.status == "on-hold":
        return POSSIBLE, "on hold"
    if ends is not None and ends.last < cycle.first:
        return (
            (POSSIBLE, f"active, but its period ended {ends}")
            if use.status == "active"
            else (NOT, f"ended {ends}")
        )
    is_open_order = use.kind in ORDERS and use.status == "active" and ends is None
    if begins is not None and not is_open_order:
        return CONCURRENT, f"from {begins}"
    if begins is None and LATER_TREATMENT.search(use.all_text) and _starts_later(use):
        return NOT, "planned for later"
    return _without_end(use, drug, cycle, begins)


def _period(use: DrugUse) -> tuple[When | None, When | None]:
    """The stated period of an order or statement. A statement's single date is when it was so, not a period.

    Days after the first are stated ones, so the last of them is the end.
    """
    if use.kind == "MedicationStatement" and use.start is None:
        return None, use.end
    begins = use.start or (use.days[0] if use.days else None)
    dated = use.days[-1] if use.days and (use.start is None or len(use.days) > 1) else None
    return begins, use.end or dated


def _of_given(use: DrugUse, drug: str, cycle: Cycle) -> Standing:
    if any(w.is_within(cycle.first, cycle.last) for w in use.days):
        return CONCURRENT, f"given {use.days[-1]}"
    if (
        use.start is not None
        and use.start.first <= cycle.last
        and use.end is not None
        and use.end.last >= cycle.first
    ):
        return CONCURRENT, f"{use.start} to {use.end}"
    if use.start is not None and use.status == "in-progress" and use.end is None:
        return CONCURRENT, f"since {use.start}"
    last = use.last_known
    if drug in cycle.daily - cycle.ended and last is not None and last.is_before(cycle.first) is not False:
        goes_on = cycle.goes_on_given if use.kind == "MedicationAdministration" else cycle.goes_on
        if last.last >= cycle.first - goes_on and use.end is None:
            return POSSIBLE, f"given {last}, and no end is recorded"
    return NOT, "given outside this cycle"


def _of_ended(use: DrugUse, cycle: Cycle) -> Standing:
    ended = use.end or (use.days[-1] if use.days else None)
    begun = use.first_known
    if ended is not None and ended.last >= cycle.first and (begun is None or begun.first <= cycle.last):
        if ended.first <= cycle.today:
            return CONCURRENT, f"until {ended}"
        # What is over by now did not last until a day to come.
        if use.status == "completed" or cycle.first < cycle.today:
            return POSSIBLE, f"{use.status}, though its period ends {ended}"
        return NOT, f"status {use.status}"
    return NOT, f"ended {ended}" if ended is not None else f"status {use.status}"


def _without_end(use: DrugUse, drug: str, cycle: Cycle, begins: When | None) -> Standing:
    """An active, intended or drafted use without an end: by when it began or was written, or given since."""
    began = begins or use.authored or (use.days[-1] if use.days else None)
    if use.status == "intended":
        return POSSIBLE, "intended, without a date"
    if use.status == "draft":
        return CONCURRENT, "ordered in this session"
    recent = cycle.since(use, drug)
    since = [d for d in cycle.given.get(drug, ()) if d >= recent and (began is None or d >= began.first)]
    if since and use.kind in ORDERS:
        return CONCURRENT, f"ordered, and given {since[-1]}"
    if began is None:
        return POSSIBLE, "active, without a date"
    verb = "from" if begins else "ordered" if use.kind in ORDERS else "stated as taken"
    if began.last >= recent:
        return CONCURRENT, f"{verb} {began}"
    return POSSIBLE, f"{verb} {began}, without an end and not given since"


def _starts_later(use: DrugUse) -> bool:
    """An order whose text puts it after this treatment: maintenance that is planned, conditioning for a transplant in any case.

    Nobody is conditioned in a cycle of another treatment; maintenance may still be taken.
    """
    planned = use.intent == "plan" or use.status in ("draft", "intended")
    return (
        planned
        or bool(_CONDITIONING.search(use.all_text))
        or bool(re.search(r"\b(?:planned|after|following|then)\b", use.all_text, re.IGNORECASE))
    )
