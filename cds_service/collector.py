"""Memory of processes that answer for many patients.

Tables and code stay for good, and what one patient's record needs is freed without the collector, so that it
looks rarely, and at the rest alone: it stops all threads while it walks through what is held. What was freed
is used again by the next call, whichever thread has it.
"""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_RARELY = (50_000, 10, 50)
_M_ARENA_MAX = -8  # malloc.h of glibc
_ARENAS = 2


def share_freed_memory() -> None:
    """Let threads share what is freed, before they start. Each would keep its own otherwise, and a worker grow.

    For glibc, as ``MALLOC_ARENA_MAX`` in the environment; nothing elsewhere.
    """
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS)


def keep_for_good() -> None:
    """What is loaded now stays until the process ends."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_RARELY)


@contextmanager
def keep_meanwhile() -> Iterator[None]:
    """What is loaded now stays for the length of the block, also in processes that are copies of this one."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*_RARELY)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
