"""Several things at once, for the length of one call, and never longer than its deadline.

A job is an iterator; what it yields is handed over as it comes, so that a job that is cut off has
given what it had. Knows threads and time, nothing of FHIR.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from typing import Generic, TypeVar

from cds_service.values import dataclass

AT_ONCE = 6  # requests of one call to one EHR

Label = TypeVar("Label")
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Handed(Generic[Label, Item]):
    """One item of a job, or its end, with the exception that ended it."""

    label: Label
    item: Item | None = None
    error: Exception | None = None
    is_end: bool = False


class Crew(Generic[Label, Item]):
    """Up to ``at_once`` daemon threads. A thread that outlives the deadline starts nothing more."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._jobs: queue.SimpleQueue[tuple[Label, Iterator[Item]] | None] = queue.SimpleQueue()
        self._handed: queue.SimpleQueue[Handed[Label, Item]] = queue.SimpleQueue()
        self._threads = 0
        self._open = 0
        self._over = threading.Event()

    def give(self, label: Label, job: Iterator[Item]) -> None:
        """Queue a job; jobs start in the order given."""
        self._open += 1
        self._jobs.put((label, job))
        if self._threads < min(self._at_once, self._open):
            self._threads += 1
            threading.Thread(target=self._work, name="ehr", daemon=True).start()

    def until(self, deadline: float) -> Iterator[Handed[Label, Item]]:
        """All that the jobs hand over, until all have ended or the deadline has passed."""
        try:
            while self._open:
                left = deadline - time.monotonic()
                if left <= 0:
                    return
                try:
                    handed = self._handed.get(timeout=left)
                except queue.Empty:
                    return
                if handed.is_end:
                    self._open -= 1
                yield handed
        finally:
            self._over.set()
            for _ in range(self._threads):
                self._jobs.put(None)

    def _work(self) -> None:
        while (given := self._jobs.get()) is not None and not self._over.is_set():
            label, job = given
            error: Exception | None = None
            try:
                for item in job:
                    self._handed.put(Handed(label, item))
                    if self._over.is_set():
                        return
            except Exception as caught:  # whatever a job died of is its result
                error = caught
            self._handed.put(Handed(label, error=error, is_end=True))
