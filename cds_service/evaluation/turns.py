"""How many calls of a worker think at once; those that wait for an EHR are not counted.

Threads of one process share one processor. Many that read and decide at the same time make each other late and
hold all their charts in memory; a few make the same progress, and the first answers go out early. Knows time,
nothing of calls.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Lock

AT_ONCE = 2


class Turns:
    """The turns of one process, first come first served.

    Who has waited until its time is over goes on without one: slow is better than no answer.
    """

    def __init__(self, monotonic: Callable[[], float], at_once: int = AT_ONCE) -> None:
        self._monotonic = monotonic
        self._free = at_once
        self._waiting: deque[Event] = deque()
        self._lock = Lock()

    @contextmanager
    def taken(self, until: float) -> Iterator[Turn]:
        """A turn for the length of the block; waited for until a monotonic instant."""
        turn = Turn(self, until)
        turn.take()
        try:
            yield turn
        finally:
            turn.give_back()

    def had_by(self, until: float) -> bool:
        """Wait for a turn; whether there was one in time."""
        with self._lock:
            if self._free:
                self._free -= 1
                return True
            mine = Event()
            self._waiting.append(mine)
        if mine.wait(max(0.0, until - self._monotonic())):
            return True
        with self._lock:
            if mine.is_set():  # handed over in the last moment
                return True
            self._waiting.remove(mine)
            return False

    def give_back(self) -> None:
        """Hand a turn to who has waited longest."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1


class Turn:
    """A turn that is had, or gone without."""

    def __init__(self, turns: Turns, until: float) -> None:
        self._turns, self._until = turns, until
        self.is_had = False

    def take(self) -> None:
        """Wait for the turn, as long as there is time."""
        self.is_had = self._turns.had_by(self._until)

    def give_back(self) -> None:
        """Let another have it."""
        if self.is_had:
            self.is_had = False
            self._turns.give_back()

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Let others have it for the length of the block, in which this call waits for somebody else."""
        self.give_back()
        yield
        self.take()
