"""What the record says of remission and relapse of the leukemia, in order of time.

Problem-list entries, statements of response and blast counts, as states of the disease. What
follows for coverage is decided by the criteria.
Procedure: docs/policies/inotuzumab/initial.md#relapsed-or-refractory. Also: docs/policies/inotuzumab/initial.md#philadelphia-chromosome.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from cds_service.clinical.code_sets import code_set
from cds_service.clinical.evidence import at_each_time
from cds_service.clinical.leukemia.diagnosis import NOT_ALL_BY_ITSELF, REMISSION_CODES, is_named, is_relapse
from cds_service.clinical.leukemia.response import blasts, blasts_of_either, has_blasts
from cds_service.clinical.observations.results import Result
from cds_service.clinical.problems import Problem, problem_shown
from cds_service.fhir.dates import When
from cds_service.policies.inotuzumab.case.case import Case
from cds_service.policies.inotuzumab.numbers import number
from cds_service.remembering import once
from cds_service.values import dataclass

_NOT_IN_REMISSION = code_set("not_in_remission")


@dataclass(frozen=True, slots=True)
class State:
    """The disease at one time: in ``remission``, or back (by ``blasts`` or as recorded)."""

    when: When
    remission: bool
    blasts: bool
    reference: str
    text: str


@dataclass(frozen=True, slots=True)
class Sample:
    """The marrow or blood results of one time that count. ``has_blasts``: None where they leave it open."""

    results: tuple[Result, ...]
    has_blasts: bool | None


@dataclass(frozen=True, slots=True)
class DiseaseCourse:
    """The problems that say relapse, remission or "not in remission" (C91.00), all dated states, and the samples."""

    relapses: tuple[Problem, ...]
    remissions: tuple[Problem, ...]
    not_in_remission: tuple[Problem, ...]
    states: tuple[State, ...]
    samples: tuple[Sample, ...]

    def was_in_remission(self, day: date) -> bool:
        """Whether the newest state recorded up to a day is a remission, and nothing of that day says otherwise."""
        past = [s for s in self.states if s.when.last <= day]
        last = max((s.when.last for s in past), default=None)
        return bool(past) and all(s.remission for s in past if s.when.last == last)

    def blasts_after_remission(self) -> tuple[State, State] | None:
        """Blasts surely later than a recorded remission, and that remission."""
        for found in self.states:
            if found.blasts:
                for before in self.states:
                    if before.remission and found.when.is_after(before.when.last):
                        return found, before
        return None

    def remission_since_relapse(
        self, given: tuple[date, ...], stated: tuple[date, ...] = ()
    ) -> Problem | None:
        """A recorded remission that may be later than the relapse, with no dose between and no blasts since.

        ``stated`` are the days of relapses that texts state.
        """
        recorded = (w.first for p in self.relapses if (w := p.dated) is not None)
        relapse = max((*recorded, *stated), default=None)
        for p in self.relapses:
            began = p.dated.first if p.dated is not None else None
            if p.clinical == "remission" and began == relapse and self._stays_in_remission(p, given):
                return p
        for p in self.remissions:
            when = recorded_on(p)
            earlier = relapse is not None and when is not None and when.is_after(relapse) is False
            treated = (
                relapse is not None and when is not None and any(relapse <= d <= when.last for d in given)
            )
            if not (_is_over(p) or earlier or treated or self._blasts_since(when)):
                return p
        return None

    def _stays_in_remission(self, relapse: Problem, given: tuple[date, ...]) -> bool:
        """Whether no dose and no blasts followed a relapse whose own status is remission, which is later than its onset."""
        began = relapse.dated.first if relapse.dated is not None else date.min
        treated = any(began <= day for day in given)
        return not (treated or self._blasts_since(relapse.resolved or relapse.dated))

    def blasts_in_doubt(self) -> tuple[Result, ...]:
        """What is or may be blasts and may be later than a recorded remission."""
        since = [s.when.first for s in self.states if s.remission]
        for p in self.remissions:
            if _remission_from(p) is None:
                since.append(when.first if (when := recorded_on(p)) is not None else date.min)
        return tuple(
            r
            for sample in self.samples
            if since and sample.has_blasts is not False
            for r in sample.results
            if r.when is None or r.when.is_after(min(since)) is not False
        )

    def _blasts_since(self, when: When | None) -> bool:
        return when is not None and any(s.blasts and s.when.is_after(when.last) for s in self.states)


@once
def disease_course(case: Case) -> DiseaseCourse:
    """The states of the leukemia in a case's chart."""
    leukemia = case.diagnosis.leukemia
    relapses = [p for p in leukemia if is_relapse(p)]
    if leukemia:  # codes for the relapse of any neoplasm count beside a diagnosis of ALL
        relapses += [
            p for p in case.chart.problems if p.verified and p not in relapses and _is_generic_relapse(p)
        ]
    remissions = [p for p in leukemia if _is_remission(p)]
    samples = tuple(_samples(case))
    return DiseaseCourse(
        tuple(relapses),
        tuple(remissions),
        tuple(p for p in leukemia if _NOT_IN_REMISSION.has_any(p.codes) and p not in relapses),
        tuple(
            sorted(
                _states(case, relapses, remissions, samples),
                key=lambda s: (s.when.last, s.when.first, s.reference),
            )
        ),
        samples,
    )


@once
def leukemia_from(case: Case) -> date | None:
    """The day of the leukemia's first entry; None where that is itself a remission or relapse, or there is none.

    Problem lists often begin at the relapse: such an entry does not show when the disease began.
    """
    dated = [(w.first, p) for p in case.diagnosis.leukemia if (w := p.dated) is not None]
    first = min((day for day, _ in dated), default=None)
    entries = [p for day, p in dated if day == first]
    return None if any(is_relapse(p) or _is_remission(p) for p in entries) else first


def _is_generic_relapse(p: Problem) -> bool:
    of_any_leukemia = NOT_ALL_BY_ITSELF.has_any(p.codes)
    return of_any_leukemia or bool(p.concepts & {"neoplasm_relapsed", "neoplasm_refractory"})


def _is_remission(p: Problem) -> bool:
    if is_relapse(p):
        return False
    coded = REMISSION_CODES.has_any(p.codes) or p.clinical == "remission"
    return coded or is_named(p, "remission")


def _is_over(p: Problem) -> bool:
    """Whether a remission that has a code of its own is recorded as ended."""
    return REMISSION_CODES.has_any(p.codes) and (
        p.resolved is not None or p.clinical in ("resolved", "inactive")
    )


def recorded_on(p: Problem) -> When | None:
    """When a remission was recorded: the onset of a remission code, the end of a disease, else the record's date."""
    began = p.onset if REMISSION_CODES.has_any(p.codes) else p.resolved
    return began or p.recorded or p.onset


def _remission_from(p: Problem) -> When | None:
    """When the patient surely was in remission.

    An entry written when the disease began carries its later status: its date is that of no remission.
    """
    coded = REMISSION_CODES.has_any(p.codes)
    written_at_onset = p.onset is not None and p.onset == p.recorded
    return None if not coded and p.resolved is None and written_at_onset else recorded_on(p)


def _states(
    case: Case, relapses: list[Problem], remissions: list[Problem], samples: Iterable[Sample]
) -> Iterator[State]:
    for p in remissions:
        if (when := _remission_from(p)) is not None:
            yield State(when, True, False, p.reference, problem_shown(p))
    for p in relapses:
        if p.dated is not None:
            yield State(p.dated, False, False, p.reference, problem_shown(p))
    for item in case.items:
        if item.achieved or item.relapse:
            yield State(When(item.first, item.day), item.achieved, False, item.reference, item.text)
    for sample in samples:
        found = sample.results[0]
        if sample.has_blasts and found.when is not None:
            yield State(found.when, False, True, found.reference, f"blasts {found.shown}")


def _samples(case: Case) -> Iterator[Sample]:
    """Marrow (5 % blasts or more) and blood (any blasts) of each time, and each result without one."""
    limit = number("cr.marrow_blasts_max")
    marrow, blood = blasts(case.chart)
    for results in _by_time(marrow):
        below = {r.value.is_below(limit) if r.value is not None else None for r in results}
        yield Sample(results, _agreed({None if b is None else not b for b in below}))
    for results in _by_time(blood):
        yield Sample(results, _agreed({has_blasts(r) for r in results}))
    for result in blasts_of_either(case.chart):
        yield Sample((result,), None)


def _by_time(results: Sequence[Result]) -> list[tuple[Result, ...]]:
    return [*at_each_time(results), *((r,) for r in results if r.when is None)]


def _agreed(answers: set[bool | None]) -> bool | None:
    return answers.pop() if len(answers) == 1 else None
