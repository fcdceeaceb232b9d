"""Several statements of a marker in one text: which of them stand, and which contradict each other.

Knows the order in time that the statements themselves give, and nothing of their words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from cds_service.clinical.reading.assertions import Assertion, NotUnderstood, Said, Time
from cds_service.clinical.reading.markers.lists import POSITIVE
from cds_service.clinical.reading.markers.tails import is_over_by_relapse
from cds_service.clinical.reading.text_dates import is_just_before

MEASURED = "measured"  # a number stands beside the marker, and nothing else
_EVER = frozenset({"ph"})  # what once was positive stays so, whichever is the later


def in_order(
    said: Sequence[Said], on: date | None, text: str
) -> tuple[tuple[Assertion, ...], tuple[NotUnderstood, ...]]:
    """What "now" replaces, or a relapse ended, is past; opposite statements of one time are none. ``on`` is the day of the text."""
    last = max((s.assertion.span[0] for s in said if s.now), default=-1)
    said = [_past(s) if _is_before(s, last) else s for s in said]
    latest = max((s.assertion.cycle or 0 for s in said), default=0)
    said = [_past(s) if 0 < (s.assertion.cycle or 0) < latest else s for s in said]
    said = [_past(s) if _is_over(s, text) else s for s in said]
    kept = [s.assertion for s in said]
    clash = [a for i, a in enumerate(kept) if _contradicts(a, i, kept, on)]
    if clash and clash[0].topic in _EVER and _names_two_transcripts(text):
        clash = [a for a in clash if a.value != POSITIVE]  # "p190 detected, p210 not detected"
    return (
        tuple(a for a in kept if a not in clash),
        tuple(NotUnderstood(a.topic, a.quote, a.span) for a in clash),
    )


_SHORT, _LONG = (
    re.compile(r"\b(?:p190|e1a2)\b", re.IGNORECASE),
    re.compile(r"\b(?:p210|e1[34]a2|b[23]a2)\b", re.IGNORECASE),
)


def _names_two_transcripts(text: str) -> bool:
    """Whether a text speaks of both transcripts of the fusion, of which a patient has one."""
    return _SHORT.search(text) is not None and _LONG.search(text) is not None


def _is_before(said: Said, now: int) -> bool:
    """Whether it stands without a day before the words that are of now; what follows these is no earlier."""
    return not (said.now or said.assertion.when) and said.assertion.span[0] <= now


def _is_over(said: Said, text: str) -> bool:
    """Whether residual disease without a day is told of as of the time before a relapse."""
    one = said.assertion
    undated = one.topic == "mrd" and one.value != POSITIVE and (one.when, one.time) == (None, Time.PRESENT)
    return undated and not said.now and is_over_by_relapse(text, *one.span)


def _past(said: Said) -> Said:
    return replace(said, assertion=replace(said.assertion, time=Time.PAST))


def _contradicts(one: Assertion, i: int, kept: Sequence[Assertion], on: date | None) -> bool:
    if any(_opposed(one, other) for other in kept):
        return True
    return any(_follows(a, one, on) for a in kept[:i]) or any(_follows(one, a, on) for a in kept[i + 1 :])


def _opposed(a: Assertion, b: Assertion) -> bool:
    if MEASURED in (a.value, b.value) or a.value == b.value:
        return False
    return (a.time, a.when, a.cycle) == (b.time, b.when, b.cycle) or (
        a.when == b.when and None in (a.cycle, b.cycle) and a.time is b.time
    )


def _follows(one: Assertion, later: Assertion, on: date | None) -> bool:
    """Whether an opposite statement of a day just before the text stands behind one without a day: which is the later is not said."""
    undated = one.when is None and later.when is not None and one.time is later.time is Time.PRESENT
    if not undated or one.topic in _EVER or MEASURED in (one.value, later.value) or one.value == later.value:
        return False
    return on is not None and later.when is not None and is_just_before(later.when, on)
