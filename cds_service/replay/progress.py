"""How far a run has come, on standard error: a bar on a terminal, else a line every ten seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

_EVERY_S = 10.0
_REDRAWN_S = 0.2
_TOO_SOON_S = 3.0  # to tell what time is left
_WIDTH = 30
Clock = Callable[[], float]


class Progress:
    """The progress of one step of known size. ``unit`` names what is counted, such as ``MB``."""

    def __init__(
        self, step: str, total: float, unit: str, to: TextIO | None = None, clock: Clock = time.monotonic
    ) -> None:
        self._step, self._total, self._unit = step, total, unit
        self._to = to if to is not None else sys.stderr
        self._bar = self._to.isatty()
        self._clock = clock
        self._begun = self._told = clock()
        self._at_start: float | None = None

    def reached(self, done: float) -> None:
        """``done`` of the total are done; what was done before this call began counts as done, not as speed."""
        if self._at_start is None:
            self._at_start = done
        now = self._clock()
        if now - self._told >= (_REDRAWN_S if self._bar else _EVERY_S):
            self._told = now
            self._tell(done, now)

    def end(self) -> None:
        if self._bar:
            self._tell(self._total, self._clock())
            self._to.write("\n")
            self._to.flush()

    def _tell(self, done: float, now: float) -> None:
        share = done / self._total if self._total else 1.0
        speed = (done - (self._at_start or 0.0)) / max(now - self._begun, 1e-9)
        can_tell = speed > 0 and done < self._total and now - self._begun >= _TOO_SOON_S
        left = f", {_span((self._total - done) / speed)} left" if can_tell else ""
        text = f"{self._step}: {share:4.0%}, {done:,.0f} of {self._total:,.0f} {self._unit}, {speed:,.1f} {self._unit}/s{left}"
        if self._bar:
            filled = round(share * _WIDTH)
            self._to.write(f"\r[{'#' * filled}{'.' * (_WIDTH - filled)}] {text}\x1b[K")
        else:
            self._to.write(f"{text}\n")
        self._to.flush()


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return (
        f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
    )
