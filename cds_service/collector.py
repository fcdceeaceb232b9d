"""Garbage collection in processes that answer for many patients.

Tables and code stay for good, and what one patient's record needs is freed without the collector, so that it
looks rarely, and at the rest alone: it stops all threads while it walks through what is held.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_RARELY = (50_000, 10, 50)


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
