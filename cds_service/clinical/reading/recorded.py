"""What the name of a recorded Condition or AdverseEvent says: here being recorded asserts, and words can only take back.

Words that are not understood never silence a record of its own: they leave it undecided.
Source: docs/record-reading.md#statements, step 8.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum
from itertools import dropwhile, takewhile

from cds_service.clinical.reading.assertions import Certainty, Time
from cds_service.clinical.reading.clauses import is_open_or_denied_form, sentences
from cds_service.clinical.reading.layout.around import once_named
from cds_service.clinical.reading.lexicon import Kind, Term, terms
from cds_service.clinical.reading.reader import read
from cds_service.clinical.reading.taken_back import Taken, follows_denial, is_denial, taken_back
from cds_service.clinical.reading.tokens import folded, tokens
from cds_service.remembering import remembered


class Named(Enum):
    """What a name says of a thing."""

    STATED = "stated"
    SUSPECTED = "suspected"
    UNDECIDED = "named, and not wholly understood"
    PAST = "of the past"
    DENIED = "denied"
    ABOUT = "talked about"
    ABSENT = "not named"


@remembered(200_000)
def named(name: str, topic: str, *values: str) -> Named:
    """What a name says of the values of a topic; the strongest of what it says counts."""
    reading = read(name, topic)
    said = [a for a in reading.assertions if a.value in values]
    present = [a for a in said if a.time is Time.PRESENT]
    if any(a.certainty is Certainty.STATED for a in present):
        return Named.STATED
    if present:
        return Named.SUSPECTED
    if any(not n.silenced for n in reading.not_understood):
        denied = _is_denied(name, topic) or _taken(name, topic, values) is Taken.DENIED
        return Named.DENIED if denied else Named.UNDECIDED
    if said:
        return Named.PAST
    if reading.assertions:
        return Named.DENIED
    return Named.ABOUT if reading.not_understood else Named.ABSENT


@remembered(200_000)
def recorded_as(name: str, topic: str, *values: str) -> Named:
    """The same of an event that asserts by being recorded: only words that surely take it back deny or only discuss it.

    What stands beside it and is not understood leaves it undecided.
    """
    said = named(name, topic, *values)
    if said is Named.STATED:
        return Named.UNDECIDED if _is_denied_later(name, topic) else said
    if said not in (Named.DENIED, Named.ABOUT):
        return said
    if all(t.value not in values for s in sentences(folded(name), topic) for t in s.terms):
        return said
    taken = _taken(name, topic, values)
    return Named.UNDECIDED if taken is None else Named.DENIED if taken is Taken.DENIED else Named.ABOUT


_SENTENCE_END = re.compile(r"[.;\n]")


def _is_denied_later(name: str, topic: str) -> bool:
    """Whether a sentence of its own behind the first denies ("VOD. Ruled out by ultrasound")."""
    _, *later = _SENTENCE_END.split(folded(name))
    return any(is_denial(terms(tokens(sentence), topic)) for sentence in later)


def _taken(name: str, topic: str, values: Sequence[str]) -> Taken | None:
    """How a name takes back all that it names of a topic's values; None when something stands."""
    found = [once_named(s.segments) for s in sentences(folded(name), topic)]
    return taken_back(found, lambda term: term.kind is Kind.TARGET and term.value in values)


_ANY = "event"  # no topic of the tables: only what words mean for all of them
_GRADING = frozenset({"grade", "gr", "ctcae", "ctc", "g"})


@remembered(200_000)
def is_taken_back(name: str) -> bool:
    """Whether the name of any event, of a thing that no table knows, says as a whole that it is not this patient's.

    "Grade 3 mucositis ruled out", "brother: grade 3 mucositis"; not where it names a second thing.
    """
    found = [s.segments for s in sentences(folded(name), _ANY, every=True)]
    segments = [s.terms for whole in found for s in whole]
    named_in = next((s for s in segments if any(map(_is_a_name, s))), ())
    start = next((i for i, t in enumerate(named_in) if _is_a_name(t)), 0)
    thing = tuple(takewhile(_is_a_name, named_in[start:]))
    behind = list(takewhile(lambda t: t.kind is not Kind.DENY, named_in[start + len(thing) :]))
    others = [t for s in segments if s is not named_in for t in s]
    if not thing or any(map(_is_a_name, [*behind, *others])):
        return False  # a second thing
    bare = start > 0 and named_in[start - 1].kind is Kind.DENY and len(named_in[start - 1].tokens) == 1
    return not bare and taken_back(found, lambda term: term in thing) is not None


def _is_a_name(term: Term) -> bool:
    word = term.tokens[0].word
    return term.kind is Kind.UNKNOWN and word[0].isalpha() and word not in _GRADING


# Behind these a name goes on to speak of something beside the thing that it has named.
_ASIDE = re.compile(r"[,(;]| - | in (?:a )?(?:patient|pt)\b")


@remembered(200_000)
def opening(name: str, topic: str, *values: str) -> Named:
    """The same, but undecided where only an aside silences what the name states before it ("Sepsis, cultures ordered").

    An aside that only says whose it is is none ("Pregnant (wife)").
    """
    said = named(name, topic, *values)
    first = _ASIDE.split(folded(name), maxsplit=1)[0]
    if (
        said is not Named.ABOUT
        or is_open_or_denied_form(folded(name))
        or named(first, topic, *values) is not Named.STATED
    ):
        return said
    found = [t for s in sentences(folded(name), topic) for t in s.terms]
    aside = list(dropwhile(lambda t: t.kind is not Kind.TARGET, found))[1:]
    whose = any(t.kind is Kind.BLOCK and t.value in ("person", "about") for t in aside)
    return said if whose and not _says_more(aside) else Named.UNDECIDED


def _says_more(aside: Sequence[Term]) -> bool:
    """Whether an aside says something of another person, and not only that the thing is that person's.

    It names the thing once more, tells what was done about it, or is a family history of something else.
    """
    if any(t.kind is Kind.TARGET or t.value == "reviewed" for t in aside):
        return True
    history = any(t.kind is Kind.BLOCK and t.tokens[-1].word == "history" for t in aside)
    return history and any(t.kind is Kind.UNKNOWN for t in aside)


_RECORDED = frozenset({Named.STATED, Named.UNDECIDED, Named.PAST})


def is_recorded(names: str, topic: str, *values: str, unnamed: bool = False) -> bool:
    """Whether names, joined by " | ", record a thing: one names it, and none denies, doubts or only discusses it.

    ``unnamed`` is the answer where no name speaks of it.
    """
    said = {named(name, topic, *values) for name in names.split(" | ")} - {Named.ABSENT}
    return said <= _RECORDED if said else unnamed


def _is_denied(name: str, topic: str) -> bool:
    """Whether every mention in a name of unknown words stands in a denial ("ulcer without perforation or bleeding")."""
    found = [t for s in sentences(folded(name), topic) for t in s.terms]
    return all(follows_denial(found[:i]) for i, t in enumerate(found) if t.kind is Kind.TARGET)
