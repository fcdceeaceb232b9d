"""ANC and platelets at the three times of the hematologic table: now, before treatment, before the last cycle.

A platelet count soon after a transfusion is an upper bound (POL-HEM-FN).
Procedure: docs/policies/inotuzumab/hematologic.md#counts-before-the-next-cycle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from cds_service.clinical.evidence import newest, within
from cds_service.clinical.observations.counts import (
    anc,
    follows_transfusion,
    platelet_transfusions,
    platelets,
)
from cds_service.clinical.observations.results import Result
from cds_service.engine.verdict import agreed_answer
from cds_service.fhir.quantities import Interval, plain
from cds_service.oncology.doses import Dose
from cds_service.policies.inotuzumab.case.case import Case
from cds_service.policies.inotuzumab.case.places import judged_without, unseen
from cds_service.policies.inotuzumab.numbers import days, number, said, span
from cds_service.remembering import kept
from cds_service.values import dataclass

_ANYTHING = Interval(None, None)  # a value that cannot be read


@dataclass(frozen=True)
class Count:
    """ANC or platelets at one time; of results that differ, all. ``limit`` is the table's, in 10*9/L.

    ``unseen`` says why results may be there that were not seen, ``transfusions_unseen`` the same of
    transfusions: then the count may be an upper bound as well.
    """

    name: str
    results: tuple[Result, ...]
    transfused: bool
    limit: Decimal
    unseen: str | None = None
    transfusions_unseen: str | None = None

    @kept
    def low(self) -> bool | None:
        """Whether the count is below the limit; None when it cannot be determined."""
        return agreed_answer([self._known(r).is_below(self.limit) for r in self.results])

    def fell_from(self, earlier: Count) -> bool | None:
        """Whether the count is below an earlier one; None when it cannot be determined."""
        return agreed_answer(
            self._known(now).is_less_than(earlier._known(before)) if now.value and before.value else None
            for now in self.results
            for before in earlier.results
        )

    def _known(self, result: Result) -> Interval:
        """What is known of the patient's own count."""
        value = result.value or _ANYTHING
        return Interval(None, value.high, high_open=value.high_open) if self.is_bound else value

    @property
    def is_absent(self) -> bool:
        """Whether there is surely no count."""
        return not self.results and self.unseen is None

    @property
    def is_bound(self) -> bool:
        """Whether the count is an upper bound, or may be one."""
        return self.transfused or self.transfusions_unseen is not None

    @property
    def shown(self) -> str:
        if not self.results:
            return f"{self.name} not found" if self.unseen is None else self.missing("")
        note = (
            f", within {said('platelet_transfusion.window')} after a platelet transfusion"
            if self.transfused
            else ""
        )
        return f"{self.name} {' and '.join([r.shown for r in self.results])}{note}"

    def missing(self, when: str) -> str:
        """That there is no count, or that there may be one which was not seen."""
        what = f"{self.name} {when}".rstrip()
        return f"{what} could not be looked for everywhere ({self.unseen})" if self.unseen else f"no {what}"

    @property
    def evidence(self) -> tuple[str, ...]:
        return tuple([r.reference for r in self.results])

    @property
    def why_open(self) -> str:
        """Why it cannot be determined whether the count is low."""
        if self.transfused:
            return f"{self.shown}: without it they may be below {plain(self.limit)}"
        if self.transfusions_unseen is not None:
            return f"{self.shown}: whether a transfusion came before could not be seen ({self.transfusions_unseen})"
        return f"{self.shown}: it cannot be determined whether it is below {plain(self.limit)}"


@dataclass(frozen=True, slots=True)
class Counts:
    """ANC and platelets now, before treatment, and before the last completed cycle."""

    now: tuple[Count, Count]
    baseline: tuple[Count, Count]
    prior: tuple[Count, Count]

    def without_transfusions(self, unseen: str) -> Counts:
        """The same where transfusions could not be seen: the platelets now may follow one; those before lift no hold."""
        neutrophils, platelets = self.now
        if not platelets.results:
            return self
        return replace(self, now=(neutrophils, replace(platelets, transfusions_unseen=unseen)))


def counts(case: Case, *, unreadable: bool) -> Counts:
    """Steps 2 and 3: the counts at the three times, with or without those that cannot be read."""
    prior, first = case.last_cycle_day_one, case.frame.given[0] if case.frame.given else None
    found = Counts(
        now=_both(
            case, lambda r: within(r, case.planned - span("lab.max_age.cbc"), case.planned), unreadable
        ),
        baseline=_both(case, lambda r: _before_first(r, first) if first else [], unreadable),
        prior=_both(case, lambda results: [r for r in results if _is_until(r, prior)], unreadable),
    )
    hidden = judged_without(case.chart, "cbc")
    return found if hidden is None else found.without_transfusions(hidden)


def newest_counts(case: Case) -> tuple[Count, Count]:
    """The newest counts of any age."""
    return _both(case, lambda results: results, unreadable=True)


def baseline(case: Case, first: Dose) -> tuple[Count, Count]:
    """The last counts of the 28 days before a course's first dose; of its day, if before it or untimed."""
    return _both(case, lambda results: _before_first(results, first))


def _before_first(results: Sequence[Result], first: Dose) -> Sequence[Result]:
    start = first.day - span("baseline.window")
    return [r for r in within(results, start, first.day) if not _is_later_that_day(r, first)]


def _is_later_that_day(result: Result, dose: Dose) -> bool:
    taken = result.when.instant if result.when is not None else None
    given = dose.when.instant
    return (
        result.when is not None and result.when.first == dose.day and bool(taken and given and taken >= given)
    )


def _is_until(result: Result, day: date | None) -> bool:
    return day is not None and result.when is not None and result.when.last <= day


def _both(
    case: Case, chosen: Callable[[Sequence[Result]], Sequence[Result]], unreadable: bool = False
) -> tuple[Count, Count]:
    return (
        settled(case, "ANC", chosen(anc(case.chart, unreadable=unreadable))),
        settled(case, "platelets", chosen(platelets(case.chart, unreadable=unreadable))),
    )


def settled(case: Case, name: str, results: Iterable[Result]) -> Count:
    """The newest of several results as a count; step 4 marks platelets after a transfusion."""
    found = newest(results)
    transfusions = platelet_transfusions(case.chart) if name == "platelets" else ()
    transfused = bool(transfusions) and any(
        follows_transfusion(r, transfusions, days("platelet_transfusion.window")) for r in found
    )
    limit = number("hem.platelets") if name == "platelets" else number("hem.anc")
    return Count(name, found, transfused, limit, unseen(case.chart, "cbc"))
