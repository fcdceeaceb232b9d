"""Lists of bare names that may share one sign: "no adenopathy, splenomegaly, leukemia cutis", "VOD, GVHD, and DILI were ruled out".

A name in such a list is not stated. Whether the sign reaches every item is often left open, so that it is not denied either;
behind a history it is one of the past.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from cds_service.clinical.reading.clauses import Segment, Sentence
from cds_service.clinical.reading.lexicon import OPEN, SWINGS, Kind, Term
from cds_service.clinical.reading.topics import Topic

_ITEM = 3  # words; a longer item is a clause
_ADJECTIVES = ("ing", "ed")  # so ends what the patient does ("eating well"), which is no item
_SIGNS = frozenset({Kind.DENY, *OPEN})
_SAID = frozenset({*SWINGS, *OPEN, Kind.AFFIRM, Kind.PAST, Kind.NOW})
_HISTORY = frozenset({"history", "hx", "h/o", "pmh", "pmhx"})
# What such a sign speaks of alone ("CR, blasts not seen").
_COUNTED = frozenset({"count", "specimen", "method"})


class Shared(Enum):
    """What the first or last item of a list may say of every item."""

    SIGN = "a denial, a doubt or an end, so that none is stated"
    HISTORY = "a history, so that all are of the past"


def shared(clause: Segment, sentence: Sentence, topic: Topic) -> Shared | None:
    """What a bare name in a list may share with the first or last item; None where it stands alone."""
    if len(sentence.segments) == 1 or any(t.kind in _SAID for t in clause.terms):
        return None
    named = [t.start for t in clause.terms if t.kind is Kind.TARGET]
    own = [i for i, s in enumerate(sentence.segments) if any(t.start in named for t in s.terms)]
    if not own or not all(_is_bare(sentence.segments[i].terms) for i in own):
        return None
    if _ends_with_sign(sentence.segments[own[-1] + 1 :], topic):
        return Shared.SIGN
    listed = topic.suspects and sentence.segments[own[0]].mark == ","
    return _opening(sentence.segments[: own[0]], topic) if listed else None


def _opening(before: Sequence[Segment], topic: Topic) -> Shared | None:
    """What the items before a name go back to: a denial, a doubt, an end or a history that begins the list."""
    opening = (*_SIGNS, Kind.PAST, Kind.LOSE) if topic.lost else (*_SIGNS, Kind.PAST)
    for i, segment in enumerate(reversed(before)):
        signs = [t for t in segment.terms if t.kind in opening]
        if signs:
            first, last = segment.terms[0], segment.terms[-1]
            if signs[0].kind is Kind.PAST:  # "62 yo man with history of asthma, VOD"
                told = signs[0] is not last and not _HISTORY.isdisjoint(w.word for w in signs[0].tokens)
                return Shared.HISTORY if told else None
            opens = signs[0] is first and last is not first and (i > 0 or first.kind is Kind.LOSE)
            return Shared.SIGN if opens else None
        if segment.mark != "," or not _is_item(segment.terms):
            return None
    return None


def _ends_with_sign(behind: Sequence[Segment], topic: Topic) -> bool:
    """Whether the items behind a name go on to one with a sign for all of them."""
    for i, segment in enumerate(behind):
        if segment.mark != ",":
            return False
        at = next((j for j, t in enumerate(segment.terms) if t.kind in _SIGNS), None)
        if at is None:
            if not _is_item(segment.terms):
                return False
            continue
        return _is_of_all(segment.terms, at, more=i > 0, topic=topic)
    return False


def _is_of_all(last: Sequence[Term], at: int, *, more: bool, topic: Topic) -> bool:
    named = [t for t in last[:at] if _names(t)]
    if not named or any(t.value in _COUNTED or t.kind is Kind.TARGET for t in named):
        return False
    joined = any(_joins(t) or t.tokens[0].text == ":" for t in last[: at + 1])
    return (_joins(last[0]) and more) or (topic.suspects and (more or joined))


def _is_bare(terms: Sequence[Term]) -> bool:
    return all(t.kind is Kind.TARGET or _joins(t) or t.value == "adjective" for t in terms)


def _joins(term: Term) -> bool:
    return term.tokens[0].word in ("and", "&", "or", "/")


def _names(term: Term) -> bool:
    return term.kind is Kind.UNKNOWN or (term.kind is Kind.NEUTRAL and term.value not in ("verb", "adverb"))


def _is_item(terms: Sequence[Term]) -> bool:
    """Whether terms are an item of a list: a name or two, and nothing said of it."""
    plain = [t for t in terms if not _joins(t)]
    named = 0 < len(plain) <= _ITEM and all(_names(t) or t.kind is Kind.TARGET for t in plain)
    return named and not plain[0].tokens[0].word.endswith(_ADJECTIVES)
