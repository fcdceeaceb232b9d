"""Cards as lines of a terminal. Knows how a card is built, nothing of what it says.

All cards of all patients in full are too much to read, and most details resemble one another. So a long
one is printed where the card is critical or the first of its kind and indicator.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

WIDTH = 100
_SHORT = 3  # lines of a detail that are not worth leaving out


class CardText:
    """The cards of one run. ``whole`` prints every detail and source."""

    def __init__(self, *, whole: bool) -> None:
        self.whole = whole
        self._shown: set[tuple[str, str]] = set()

    def lines(self, card: Mapping[str, Any]) -> Iterator[str]:
        """One card: its indicator, kind and summary, the detail or its length, what it offers, its source."""
        indicator, kind = card["indicator"], card["extension"]["payer-policy-cds"]["kind"]
        yield f"\n  [{indicator.upper()}] {kind}"
        yield filled(card["summary"], "  ", "  ")
        detail = [line for line in card["detail"].replace("**", "").replace("\\", "").splitlines() if line]
        first = (indicator, kind) not in self._shown
        if self.whole or indicator == "critical" or first or len(detail) <= _SHORT:
            yield from (filled(line, "    ", "      ") for line in detail)
        else:
            yield f"    ... {len(detail)} more lines (make demo FULL=1)"
        self._shown.add((indicator, kind))
        yield from (f"    > {suggestion['label']}" for suggestion in card.get("suggestions", ()))
        if self.whole:
            yield f"    Source: {card['source']['label']}"


def filled(text: str, first: str = "", then: str = "") -> str:
    """A paragraph within the width; ids stay in one piece."""
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=then,
        break_long_words=False,
        break_on_hyphens=False,
    )
