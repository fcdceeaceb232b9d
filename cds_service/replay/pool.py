"""Processes that share work: a function called once for each tuple of arguments, some at a time."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from multiprocessing.connection import wait as wait_for
from typing import Any, TypeVar

from cds_service.collector import keep_meanwhile
from cds_service.replay.job import RunError

_WAITING = 4  # tasks handed over for each process, so that none waits for the next
Arguments = TypeVar("Arguments", bound=tuple[Any, ...])


class Each:
    """Calls a function for all arguments and gives those that are done, in whatever order."""

    def __init__(self, pool: ProcessPoolExecutor | None, workers: int) -> None:
        self._pool, self._most = pool, _WAITING * workers

    def __call__(self, do: Callable[..., None], arguments: Iterable[Arguments]) -> Iterator[Arguments]:
        left = iter(arguments)
        if self._pool is None:
            for one in left:
                do(*one)
                yield one
            return
        running: dict[Future[None], Arguments] = {}
        try:
            while True:
                running |= {
                    self._pool.submit(do, *one): one for one in islice(left, self._most - len(running))
                }
                if not running:
                    return
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    future.result()
                    yield running.pop(future)
        except BrokenProcessPool:
            raise RunError(
                "a process of the run was ended from outside, perhaps for lack of memory: call again with fewer --workers"
            ) from None


@contextmanager
def pool(workers: int) -> Iterator[Each]:
    """Processes that end with this one; with one worker all is done here."""
    with keep_meanwhile():  # so that processes go on sharing the memory of what is loaded
        if workers == 1:
            yield Each(None, 1)
            return
        apart = multiprocessing.get_context(_start_method())
        processes = ProcessPoolExecutor(workers, apart, initializer=_end_with_parent)
        try:
            yield Each(processes, workers)
        finally:
            processes.shutdown(cancel_futures=True)


def _start_method() -> str:
    """A copy of this process has all that it has loaded, and shares its memory; threads would not live on in it."""
    return "fork" if sys.platform == "linux" and threading.active_count() == 1 else "spawn"


def _end_with_parent() -> None:
    """A process whose parent was killed must not go on writing beside the run that goes on in its place."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        wait_for([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
