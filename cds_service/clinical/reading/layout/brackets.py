"""What stands before a bracket or an aside and is said of what stands behind it ("No evidence (by flow) of relapse").

The words on both sides of an aside are one clause. Knows no topic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cds_service.clinical.reading.clauses import Segment, Sentence
from cds_service.clinical.reading.lexicon import OPEN, SWINGS, Kind, Term

# What turns or dates the words behind an aside, whatever else stands beside it.
_TURNING = frozenset({*SWINGS, *OPEN, Kind.PAST, Kind.THERAPY})
_ADDING = frozenset({Kind.AFFIRM, Kind.DATE})
# Behind these a time in a bracket is none of what is found.
_UNDATED = frozenset({"disease", "name", "drug", "patient", "another"})
_TIMES = frozenset({Kind.DATE, Kind.PAST, Kind.THERAPY})
_AT = frozenset({"in", "preposition", "time", "after", "sign", "month"})
_GOVERNED = frozenset({"of", "for"})


def with_words_before_aside(clause: Segment, sentence: Sentence, text: str) -> Segment:
    """A clause behind an aside with the words before that which deny, doubt, date or affirm it, and the time inside."""
    if clause.mark in (",", "-") and clause.terms[0].tokens[0].word in _GOVERNED:
        before = [t for t in sentence.terms if t.start < clause.terms[0].start]
        named = any(t.kind is Kind.TARGET for t in before)
        return clause if named else replace(clause, terms=(*before, *clause.terms))
    clause = _with_time_behind(clause, sentence, text)
    if clause.mark != ")" or clause.terms[0].kind is Kind.AND:
        return clause
    closed = _last(text, ")]", sentence.start, clause.terms[0].start)
    opened = _last(text, "([", sentence.start, closed)
    found = next((s.terms for s in reversed(sentence.segments) if s.terms[-1].end <= opened), ())
    apart = not found or bool(text[found[-1].end : opened].strip())
    if apart or any(t.kind is Kind.TARGET for t in found):
        return clause
    inside = [t for t in sentence.terms if opened < t.start < closed]
    return replace(clause, terms=(*_said(found, inside, clause.terms), *clause.terms))


def _with_time_behind(clause: Segment, sentence: Sentence, text: str) -> Segment:
    """A clause with the time that stands behind the aside behind it ("CR (x2) in 2024")."""
    end = max(t.end for t in clause.terms)
    behind = next((s.terms for s in sentence.segments if s.mark == ")" and s.terms[0].start > end), ())
    if not behind or not text[end : behind[0].start].lstrip().startswith(("(", "[", ")", "]")):
        return clause
    timed = any(t.kind in _TIMES for t in behind)
    plain = all(t.kind in _TIMES or (t.kind is Kind.NEUTRAL and t.value in _AT) for t in behind)
    return replace(clause, terms=(*clause.terms, *behind)) if timed and plain else clause


def _last(text: str, signs: str, start: int, end: int) -> int:
    return max(text.rfind(sign, start, max(end, start)) for sign in signs)


def _said(before: Sequence[Term], inside: Sequence[Term], behind: Sequence[Term]) -> list[Term]:
    kinds = {t.kind for t in before}
    turns = not _TURNING.isdisjoint(kinds) or any(t.value == "after" for t in before)
    adds = not _ADDING.isdisjoint(kinds) and Kind.UNKNOWN not in kinds
    said = list(before) if turns or adds else []
    last = before[-1]
    of_time = (
        turns or last.kind is Kind.DATE or (last.kind is Kind.NEUTRAL and not _has_time_of_its_own(last))
    )
    if len(inside) == 1 and inside[0].kind is Kind.DENY:
        return [*said, *inside]  # "signs (none) of VOD"
    if any(t.kind in OPEN or (of_time and t.kind in (Kind.PAST, Kind.THERAPY)) for t in inside):
        said += inside
    elif of_time and len(inside) == 1 and inside[0].kind is Kind.DATE:
        timed = any(t.kind in (Kind.DATE, Kind.NOW) for t in (*before, *behind))
        said += [] if timed else inside
    return said


def _has_time_of_its_own(term: Term) -> bool:
    return term.value in _UNDATED or term.value.startswith("cycle ")


_ONCE = frozenset(
    {"prior", "previous", "previously", "was", "were", "earlier", "initially", "baseline", "pre"}
)
_TEST = frozenset({"method", "specimen", "report"})


def tells_what_was(segment: Segment) -> bool:
    """Whether an aside gives a figure or a test of before, beside what is so now ("22 % blasts (prior 88 %)")."""
    first, *rest = segment.terms
    once = first.kind is Kind.PAST and len(first.tokens) == 1 and first.tokens[0].word in _ONCE
    share = any(t.kind is Kind.NUMBER for t in rest) and any(t.tokens[0].text == "%" for t in rest)
    test = any(t.value in _TEST or t.tokens[0].word == "mrd" for t in rest)
    return segment.mark == "(" and once and (share or test)
