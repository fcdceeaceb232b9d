"""Three-valued verdicts with Kleene's logic: a fact that is missing is never a "no".

The same for answers to a question of fact, where None stands for "it cannot be determined".
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Verdict(StrEnum):
    """What the record shows about a criterion."""

    MET = "met"
    NOT_MET = "not-met"
    UNKNOWN = "unknown"

    def __invert__(self) -> Verdict:
        return _NOT[self]

    def __and__(self, other: Verdict) -> Verdict:
        return all_of((self, other))

    def __or__(self, other: Verdict) -> Verdict:
        return any_of((self, other))


_NOT = {
    Verdict.MET: Verdict.NOT_MET,
    Verdict.NOT_MET: Verdict.MET,
    Verdict.UNKNOWN: Verdict.UNKNOWN,
}


def all_of(verdicts: Iterable[Verdict]) -> Verdict:
    """MET when all are; NOT MET as soon as one is; else UNKNOWN. Nothing to check is MET."""
    seen = set(verdicts)
    if Verdict.NOT_MET in seen:
        return Verdict.NOT_MET
    return Verdict.UNKNOWN if Verdict.UNKNOWN in seen else Verdict.MET


def any_of(verdicts: Iterable[Verdict]) -> Verdict:
    """MET as soon as one is; NOT MET when all are; else UNKNOWN. Nothing to choose from is NOT MET."""
    seen = set(verdicts)
    if Verdict.MET in seen:
        return Verdict.MET
    return Verdict.UNKNOWN if Verdict.UNKNOWN in seen else Verdict.NOT_MET


def agreed(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict that every possible reading gives; UNKNOWN when readings differ, or there is none."""
    seen = set(verdicts)
    return seen.pop() if len(seen) == 1 else Verdict.UNKNOWN


def all_true(answers: Iterable[bool | None]) -> bool | None:
    """True when all are; False as soon as one is; else None. Nothing to check is True."""
    seen = set(answers)
    if False in seen:
        return False
    return None if None in seen else True


def any_true(answers: Iterable[bool | None]) -> bool | None:
    """True as soon as one is; False when all are; else None. Nothing to choose from is False."""
    seen = set(answers)
    if True in seen:
        return True
    return None if None in seen else False


def agreed_answer(answers: Iterable[bool | None]) -> bool | None:
    """The answer that every possible reading gives; None when readings differ, or there is none."""
    seen = set(answers)
    return seen.pop() if len(seen) == 1 else None
