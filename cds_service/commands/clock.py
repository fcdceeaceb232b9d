"""An evaluation clock as it is given on the command line."""

from __future__ import annotations

from datetime import datetime


def instant(text: str) -> datetime:
    """An evaluation clock as given on the command line. Raises ValueError, which says what it must be."""
    try:
        clock = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text} is not an ISO instant") from None
    if clock.tzinfo is None:
        raise ValueError("it needs an offset, such as 2026-04-15T09:00:00-04:00")
    return clock
