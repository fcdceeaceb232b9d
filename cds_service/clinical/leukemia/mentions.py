"""Texts that name a topic and could not be read: quoted beside the question that they might have settled.

A text whose words are understood and speak of something else (a goal, a risk, another person) is no such mention.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from cds_service.clinical.chart import Chart
from cds_service.clinical.leukemia.response import ASSESSING
from cds_service.clinical.reading.reader import read
from cds_service.fhir.dates import When
from cds_service.values import dataclass

_LONGEST_QUOTE = 160  # characters; a longer clause is named, not quoted


@dataclass(frozen=True, slots=True)
class Mention:
    """A passage that names a topic and settles nothing, with its date and source.

    ``of_the_past``: it is understood, and speaks of an earlier time without a date; otherwise it was not understood.
    """

    when: When | None
    reference: str
    quote: str
    of_the_past: bool = False

    @property
    def shown(self) -> str:
        """Such as: text of 2026-04-13: "…"."""
        quoted = f': "{self.quote}"' if len(self.quote) <= _LONGEST_QUOTE else ""
        return f"text of {self.when or 'no date'}{quoted}"


def newest_mention(chart: Chart, topic: str, since: date | None = None) -> Mention | None:
    """The newest passage on a topic that was not understood, dated after ``since`` or undated."""
    found = (
        Mention(s.when, s.reference, n.quote)
        for s in chart.statements
        if s.kind in ASSESSING and s.text
        for n in read(s.text, topic, s.when.last if s.when else None).not_understood
        if not n.silenced
    )
    return newest_of(found, since)


def newest_of(mentions: Iterable[Mention], since: date | None = None) -> Mention | None:
    """The newest of several, dated after ``since`` or undated; None when there is none."""
    found = [m for m in mentions if m.when is None or since is None or m.when.last > since]
    return max(found, key=lambda m: (m.when.last if m.when else date.min, m.reference, m.quote), default=None)
