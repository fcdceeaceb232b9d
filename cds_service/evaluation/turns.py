"""How many calls of a worker think at once; those that wait for an EHR are not counted.

Threads of one process share one processor. Many that read and decide at the same time make each other late and
hold all their charts in memory; a few make the same progress, and the first answers go out early. Knows time,
nothing of calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Semaphore

AT_ONCE = 2


class Turns:
    """The turns of one process. Who has waited until its time is over goes on without one: late is worse than slow."""

    def __init__(self, monotonic: Callable[[], float], at_once: int = AT_ONCE) -> None:
        self._monotonic = monotonic
        self._free = Semaphore(at_once)

    @contextmanager
    def taken(self, until: float) -> Iterator[Turn]:
        """A turn for the length of the block; waited for until a monotonic instant."""
        turn = Turn(self._free, self._monotonic, until)
        turn.take()
        try:
            yield turn
        finally:
            turn.give_back()


class Turn:
    """A turn that is had, or gone without."""

    def __init__(self, free: Semaphore, monotonic: Callable[[], float], until: float) -> None:
        self._free, self._monotonic, self._until = free, monotonic, until
        self.is_had = False

    def take(self) -> None:
        """Wait for a turn, as long as there is time."""
        self.is_had = self._free.acquire(timeout=max(0.0, self._until - self._monotonic()))

    def give_back(self) -> None:
        """Let another have it."""
        if self.is_had:
            self._free.release()
            self.is_had = False

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Let others have it for the length of the block, in which this call waits for somebody else."""
        self.give_back()
        yield
        self.take()
