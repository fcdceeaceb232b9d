"""One step of an evaluation at a time: an error costs that step alone, and no step begins after the time is over.

Without a limit on time an evaluation is a pure function. With one, the steps reached are counted,
so that a replay can end where the first run did.
"""

from __future__ import annotations

import hashlib
import logging
import traceback
from collections.abc import Callable
from typing import TypeVar

from cds_service.values import dataclass

log = logging.getLogger(__name__)
T = TypeVar("T")


class Allowance:
    """The time of one evaluation, looked at before each step.

    ``is_late`` says whether the time is over; ``only`` reaches as many steps and no more. ``steps``
    counts those reached, ``is_over`` says that one was not, and then no later one is; ``faults`` how many raised.
    """

    def __init__(self, is_late: Callable[[], bool] | None = None, only: int | None = None) -> None:
        self.is_late, self.only = is_late, only
        self.steps = self.faults = 0
        self.is_over = False


_SHARE = 0.2  # of a call's time, kept for deciding; the rest may be spent on the EHR
_LEAST_S = 0.5  # many times what an evaluation takes, also where budgets are short


def reading_ends(ends: float, budget_s: float) -> float:
    """Until when the EHR may be waited for, in a call of so many seconds that ends then (monotonic instants)."""
    return ends - budget_s * _SHARE


def time_to_decide(ends: float, budget_s: float, monotonic: Callable[[], float]) -> Allowance:
    """What is left for deciding, from now on. An EHR that was late takes nothing of the share: what was read is used."""
    last = max(ends, monotonic() + max(budget_s * _SHARE, _LEAST_S))
    return Allowance(lambda: monotonic() >= last)


@dataclass(frozen=True, slots=True)
class Missed:
    """A step without an outcome, and why: a clause for a card."""

    because: str


LATE = Missed("not reached in time")


def attempt(what: str, step: Callable[[], T], time: Allowance, done: str = "evaluated") -> T | Missed:
    """The outcome of a step, or why there is none.

    ``what`` names it in the log, and holds no patient data; ``done`` is the word for what could not be.
    """
    if time.is_over or time.steps == time.only or (time.is_late is not None and time.is_late()):
        time.is_over = True
        return LATE
    time.steps += 1
    try:
        return step()
    except Exception as exc:  # one step must not take the others with it
        time.faults += 1
        where = _where(exc)
        error = hashlib.sha256(f"{what}: {where}".encode()).hexdigest()[:8]  # the same fault, the same id
        log.error("%s could not be %s, error %s: %s", what, done, error, where)
        return Missed(f"could not be {done} (error {error})")


def _where(error: Exception) -> str:
    """The kind of an error and the code lines it came through; its message may quote the record."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} at " + " < ".join(f"{f.name}:{f.lineno}" for f in reversed(frames))
