"""How often one caller may call: a token bucket for each name, in this process.

Knows names and a clock. Each worker counts for itself, so that a limit is a bound on what one
caller can take from one worker, not a quota.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from math import ceil
from threading import Lock

MOST_NAMES = 10_000


class RateLimit:
    """Lets ``per_minute`` calls of a name through, all at once or spread; 0 lets every call through."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute, self._clock = per_minute, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def wait_s(self, name: str) -> int:
        """Count a call: 0 when it may go on, else the seconds to wait before the next try."""
        if not self._per_minute:
            return 0
        refill = self._per_minute / 60
        with self._lock:
            now = self._clock()
            left, at = self._left.pop(name, (float(self._per_minute), now))
            left = min(float(self._per_minute), left + (now - at) * refill)
            allowed = left >= 1
            self._left[name] = (left - 1 if allowed else left, now)
            if len(self._left) > MOST_NAMES:  # the one that has been quiet longest is forgotten
                self._left.popitem(last=False)
        return 0 if allowed else ceil((1 - left) / refill)
