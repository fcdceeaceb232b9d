"""Relatives, places and spans of time around a statement: "reviewed with her husband", "the patient and her wife", "at Mercy Hospital".

Where a sentence goes on about the relative ("with her brother, who is in remission"), it is of another person. Does not know
what is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, takewhile

from cds_service.clinical.reading.lexicon import Kind, Term
from cds_service.clinical.reading.tokens import Token

_MEN = frozenset({"husband", "father", "dad", "brother", "son", "uncle", "grandfather", "grandson", "nephew", "boyfriend"})  # fmt: skip
_WOMEN = frozenset({"wife", "mother", "mom", "sister", "daughter", "aunt", "grandmother", "granddaughter", "niece", "girlfriend"})  # fmt: skip
KIN = _MEN | _WOMEN | {"spouse", "partner", "family", "parents", "sibling", "siblings", "fiance", "cousin"}
_WHOSE = frozenset({"her", "his", "their", "the", "pt's", "patient's", "both"})
_PATIENT = frozenset({"patient", "pt", "mr", "mrs", "ms", "she", "he", "her", "him", "they"})
_WITH = frozenset({"with", "w/"})
# Words behind a relative at hand; any other may say something of the relative ("with her sister in remission").
_GOES_ON = frozenset({
    "today", "yesterday", "at", "that", "and", "this", "over", ":", "before", "last", "to", "she", "he", "they", "we", "for",
})  # fmt: skip
_ABOUT = frozenset({"who", "whose"})


def at_hand(found: Sequence[Term]) -> list[Term]:
    """The terms, where places and relatives at hand are neutral and relatives of whom more is said are other persons."""
    kept = _with_spans(_with_places(found))
    for i, term in enumerate(found):
        if term.tokens[-1].word not in KIN:
            continue
        if term.kind is Kind.BLOCK and _is_at_hand(found, i) and not _is_spoken_of(found, i):
            kept[i] = term._replace(kind=Kind.NEUTRAL)
        elif term.kind is Kind.NEUTRAL and _is_spoken_of(found, i) and _is_with(term):
            kept[i] = term._replace(kind=Kind.BLOCK)
    return kept


# Units of time, and what counts them.
SPANS = frozenset(
    {"day", "days", "week", "weeks", "wk", "wks", "month", "months", "mo", "mos", "year", "years"}
)
_COUNTING = frozenset(
    {
        "a",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "fourteen",
        "fifteen",
        "eighteen",
        "several",
    }
)
_ANCHORS = frozenset({"after", "post", "following", "from", "into", "since", "out"})


def _with_spans(found: Sequence[Term]) -> list[Term]:
    """The terms, where a span that something ends or begins is neutral ("two weeks after", "3 months into")."""
    kept = list(found)
    for i, (counted, span, anchor) in enumerate(zip(found, found[1:], found[2:], strict=False)):
        counts = counted.kind is Kind.NUMBER or counted.tokens[0].word in _COUNTING
        anchors = anchor.tokens[0].word in _ANCHORS and not _counts_from_thing(found[i + 2 :])
        if counts and span.kind is Kind.UNKNOWN and span.value in SPANS and anchors:
            kept[i + 1] = span._replace(kind=Kind.NEUTRAL, value="span")
            if counted.kind is Kind.UNKNOWN:
                kept[i] = counted._replace(kind=Kind.NEUTRAL, value="span")
    return kept


def _counts_from_thing(found: Sequence[Term]) -> bool:
    """Whether a span is counted from the thing itself and nothing more is said of it ("two weeks after relapse")."""
    things = [i for i, t in enumerate(found) if t.kind is Kind.TARGET]
    between = found[1 : things[0]] if things else ()
    return (
        len(things) == 1
        and found[0].tokens[0].word != "into"
        and all(t.kind is Kind.NEUTRAL for t in between)
    )


_PLACES = frozenset(
    {"hospital", "clinic", "center", "institute", "university", "campus", "infirmary", "office"}
)
_LONGEST_PLACE = 4  # words


def _with_places(found: Sequence[Term]) -> list[Term]:
    """The terms, with the unknown words of a place as neutral: behind "at", up to "Hospital", or one name ("at Mayo")."""
    kept = list(found)
    for i, term in enumerate(found):
        if term.tokens[-1].word not in ("at", "in", "from"):
            continue
        name = list(takewhile(lambda t: t.kind is Kind.UNKNOWN, found[i + 1 : i + 1 + _LONGEST_PLACE]))
        ends = [n for n, t in enumerate(name) if t.value in _PLACES]
        if not ends and (term.tokens[-1].word != "at" or not name or not name[0].tokens[0].text.istitle()):
            continue
        for n in range(ends[-1] + 1 if ends else 1):
            kept[i + 1 + n] = name[n]._replace(kind=Kind.NEUTRAL, value="place")
    return kept


def _is_with(term: Term) -> bool:
    return any(t.word in (_WITH | {"by"}) for t in term.tokens)


def _is_at_hand(found: Sequence[Term], i: int) -> bool:
    """Whether a relative is named beside the patient, or after "with" and before nothing that is said of the relative."""
    before = list(found[:i])
    while before and before[-1].tokens[-1].word in _WHOSE:
        before.pop()
    if not before:
        return False
    joined = before[-1]
    if (
        joined.kind is Kind.AND
        and len(before) > 1
        and before[-2].tokens[-1].word in (_PATIENT | _WHOSE | KIN)
    ):
        return True
    if [t.word for t in joined.tokens[-2:-1]] == ["patient"] and joined.tokens[-1].word == "and":
        return True  # "told patient and" is one term
    behind = found[i + 1].tokens[0].word if i + 1 < len(found) else ":"
    beside = joined.tokens[-1].word in _WITH or (joined.tokens[-1].word == "by" and _is_led(before))
    return beside and behind in _GOES_ON


def _is_led(before: Sequence[Term]) -> bool:
    """Whether words end in "accompanied by" or the like."""
    words = [t.word for term in before for t in term.tokens]
    return words[-2:-1] in (["accompanied"], ["joined"], ["brought"])


def _is_spoken_of(found: Sequence[Term], i: int) -> bool:
    """Whether the sentence goes on with "who", or with the pronoun of a relative that is not the patient's."""
    behind = {t.word for term in found[i + 1 :] for t in term.tokens}
    if not behind.isdisjoint(_ABOUT):
        return True
    kin = found[i].tokens[-1].word
    near = {t.word for term in found[max(0, i - 2) : i + 1] for t in term.tokens}
    if kin in _MEN:
        return not behind.isdisjoint({"he", "his"}) and near.isdisjoint({"his", "he"})
    return kin in _WOMEN and not behind.isdisjoint({"she", "her"}) and near.isdisjoint({"her", "she"})


def means_relative(pronoun: str, before: Sequence[Token]) -> bool:
    """Whether a pronoun that opens a sentence is of the relative in the one before ("Here with her brother. He ...")."""
    pairs = {(a.word, b.word) for a, b in pairwise(before)}
    if pronoun == "he":
        return any(a == "her" and b in _MEN for a, b in pairs)
    return pronoun == "she" and any(a == "his" and b in _WOMEN for a, b in pairs)
