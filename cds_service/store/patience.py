"""How long a thread waits for the database: a transaction's own limit, and never beyond its call.

Knows clocks, nothing of databases. A call sets aside its last tenth, half a second at most, for
accounting for its answer: others have to be done before, and the account has at least that long.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from cds_service.values import dataclass

_LONGEST_RESERVE_S = 0.5


@dataclass(frozen=True, slots=True)
class _Budget:
    ends: float
    reserve_s: float = 0.0


_budget: ContextVar[_Budget | None] = ContextVar("budget", default=None)
_transaction_ends: ContextVar[float | None] = ContextVar("transaction_ends", default=None)


def begin_call(seconds: float) -> None:
    """What this thread does from now on is one call, which has to be answered within ``seconds``."""
    _budget.set(_Budget(time.monotonic() + seconds, min(_LONGEST_RESERVE_S, seconds / 10)))


def end_call() -> None:
    """This thread's call is answered."""
    _budget.set(None)


def others_end() -> float | None:
    """The monotonic instant by which all but the account has to be done; None outside of a call."""
    budget = _budget.get()
    return budget.ends - budget.reserve_s if budget is not None else None


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """All transactions of the block together take no longer than so many seconds."""
    before = _budget.set(_Budget(time.monotonic() + seconds))
    try:
        yield
    finally:
        _budget.reset(before)


@contextmanager
def transaction(longest_s: float | None) -> Iterator[None]:
    """A transaction of this thread, or waiting for one and the transaction; one inside another ends with that.

    ``longest_s`` None: it may take as long as it takes outside of a call.
    """
    now, budget, around = time.monotonic(), _budget.get(), _transaction_ends.get()
    ends = [around] if around is not None else []
    if longest_s is not None:
        ends.append(now + longest_s)
    if budget is not None:
        ends.append(max(budget.ends, now + budget.reserve_s))
    before = _transaction_ends.set(min(ends, default=None))
    try:
        yield
    finally:
        _transaction_ends.reset(before)


def left(otherwise: float) -> float:
    """Seconds that this thread's transaction still has, never below 0; ``otherwise`` when it has no end."""
    ends = _transaction_ends.get()
    return otherwise if ends is None else max(0.0, ends - time.monotonic())


def is_over() -> bool:
    """Whether this thread's transaction has had its time."""
    return left(1.0) <= 0
