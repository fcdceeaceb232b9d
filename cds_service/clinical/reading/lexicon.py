"""The lexicon: what words mean for a topic, from reviewed tables.

A row of a table gives a meaning to one or more phrases (separated by ``|``), for all topics or for those
it names. Each row carries a text that must be read and one that must not, which the tests try.
``=`` before a phrase: it counts in this spelling of capitals only ("=CR" is no creatinine "Cr").
"""

from __future__ import annotations

import csv
import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from cds_service.clinical.reading.tokens import Shape, Token, folded, tokens, without_hyphens
from cds_service.clinical.reading.topics import TOPICS
from cds_service.values import dataclass


class Kind(StrEnum):
    """What a phrase does in a clause."""

    TARGET = "target"  # names a state of the topic; its value is the state
    NEUTRAL = "neutral"  # reviewed: changes nothing
    DENY = "deny"
    LOSE = "lose"  # had it, and has it no longer
    NEAR = "near"  # short of it
    RESTORE = "restore"  # a denial of its loss or of a doubt
    AFFIRM = "affirm"
    DOUBT = "doubt"  # leaves its own segment open
    WAIT = "wait"  # the same: awaited, not done
    BLOCK = "block"  # silences the whole sentence
    PAST = "past"
    NOW = "now"
    CORRECT = "correct"  # what follows replaces what was said before
    THERAPY = "therapy"  # another treatment: the clause speaks of that time
    BREAK = "break"  # a new clause begins
    AND = "and"
    NUMBER = "number"
    DATE = "date"
    NOTATION = "notation"  # a karyotype, FISH result or translocation: ``iscn`` reads it
    MARKER = (
        "marker"  # a finding that takes a sign: an antigen, a fusion, residual disease; its value is its name
    )
    SIGN = "sign"  # positive, negative ... beside a marker or its list
    LEAD = "lead"  # governs the list of markers behind it ("negative for", "lack")
    EXCEPT = "except"  # takes out of a list
    LIMIT = "limit"  # the number beside it is the assay's
    COMPARE = "compare"  # less than, about
    UNIT = "unit"
    UNKNOWN = "unknown"


# What turns a state into another, and what leaves it open.
SWINGS = frozenset({Kind.DENY, Kind.LOSE, Kind.NEAR, Kind.RESTORE})
OPEN = frozenset({Kind.DOUBT, Kind.WAIT})


class Term(NamedTuple):
    """A phrase as met in a text: its meaning and its tokens."""

    kind: Kind
    value: str
    tokens: tuple[Token, ...]

    @property
    def start(self) -> int:
        return self.tokens[0].start

    @property
    def end(self) -> int:
        return self.tokens[-1].end


@dataclass(frozen=True, slots=True)
class Row:
    """One reviewed row of a table. ``topics`` is empty when it holds for all."""

    kind: Kind
    value: str
    topics: frozenset[str]
    phrases: tuple[str, ...]
    read: str
    unread: str


@dataclass(frozen=True, slots=True)
class _Entry:
    kind: Kind
    value: str
    exact: str  # the spelling that counts, or empty


# The value of a neutral name that is another topic's.
ANOTHER = "another"
# The value of names of diseases beside the leukemia, which are not understood where the leukemia is asked for.
OTHER_DISEASE = "other disease"


class Meant(NamedTuple):
    """What a construction means, the word at which it ends, and where what must stand behind it ends."""

    kind: Kind
    value: str
    end: int
    reach: int


class _Node:
    """A place in the look-up: the words that go on from here, and what the phrase up to here means."""

    __slots__ = ("entries", "steps")

    def __init__(self) -> None:
        self.steps: dict[str, _Node] = {}
        self.entries: list[_Entry] = []


@cache
def rows() -> tuple[Row, ...]:
    """All rows of all tables, in the order of their names."""
    folder = files(__package__) / "lexicon"
    found: list[Row] = []
    for table in sorted((t for t in folder.iterdir() if t.name.endswith(".csv")), key=lambda t: t.name):
        found += [_row(row) for row in csv.DictReader(table.read_text(encoding="utf-8").splitlines())]
    return tuple(found)


def _row(row: dict[str, str]) -> Row:
    return Row(
        Kind(row["kind"]), row["value"], frozenset(row["topics"].split()),
        tuple(p.strip() for p in row["phrases"].split("|")), row["read"], row["unread"],
    )  # fmt: skip


@cache
def _trie(topic: str) -> _Node:
    """The phrases of a topic by their words; rows that name the topic come before those for all.

    What no phrase of the topic passes through is shared with the other topics.
    """
    mine = [r for r in rows() if topic in r.topics]
    markers = frozenset(p.lstrip("=").lower() for r in mine if r.kind is Kind.MARKER for p in r.phrases)
    shared = _for_all(markers)
    own = _Node()
    for row in (*mine, *_findings(topic)):
        for phrase in row.phrases:
            _add(own, row, phrase)
    return _merged(own, shared)


@cache
def _for_all(markers: frozenset[str]) -> _Node:
    """The phrases of the rows for all topics, without those that hold a marker of the topic.

    "CD22 positive B-ALL" is no mere name where CD22 is asked for.
    """
    root = _Node()
    for row in rows():
        for phrase in row.phrases if not row.topics else ():
            if markers.isdisjoint(_words_of(phrase.removeprefix("=") or phrase)):
                _add(root, row, phrase)
    return root


def _merged(own: _Node, shared: _Node) -> _Node:
    """One look-up of two: meanings in a spelling of their own come first, and ``own`` ones before the shared."""
    both = _Node()
    every = (*own.entries, *shared.entries)
    both.entries = [*(e for e in every if e.exact), *(e for e in every if not e.exact)]
    both.steps = dict(shared.steps)
    for word, node in own.steps.items():
        other = shared.steps.get(word)
        both.steps[word] = node if other is None else _merged(node, other)
    return both


# Most phrases are words and blanks, of which each word is a token: the tables are read at each start.
_PLAIN = re.compile(r"[a-z]{1,40}(?: [a-z]{1,40})*")


@cache
def _words_of(phrase: str) -> tuple[str, ...]:
    return tuple(phrase.split()) if _PLAIN.fullmatch(phrase) else as_in_texts(phrase)


def as_in_texts(phrase: str) -> tuple[str, ...]:
    """The words that a phrase is when a text says it."""
    return tuple(t.word for t in without_hyphens(tokens(folded(phrase))))


def _findings(topic: str) -> list[Row]:
    """The names of the topics that a topic knows, as other things."""
    known = frozenset(TOPICS[topic].knows) if topic in TOPICS else frozenset()
    names = (r for r in rows() if r.kind is Kind.TARGET and not known.isdisjoint(r.topics))
    return [replace(r, kind=Kind.NEUTRAL, value=ANOTHER, topics=frozenset({topic})) for r in names]


def _add(root: _Node, row: Row, phrase: str) -> None:
    exact = phrase[1:] if phrase.startswith("=") else ""  # a lone "=" is the sign itself
    node = root
    for word in _words_of(exact or phrase):
        known = node.steps.get(word)
        if known is None:
            known = node.steps[word] = _Node()
        node = known
    entry = _Entry(row.kind, row.value, exact)
    node.entries.insert(0 if exact else len(node.entries), entry)


_NO_PHRASES: Mapping[int, Meant] = {}


def terms(
    words: Sequence[Token], topic: str, most: int | None = None, phrases: Mapping[int, Meant] = _NO_PHRASES
) -> list[Term]:
    """Words without inner hyphens as terms of a topic, the longest phrase first; what no row knows is unknown.

    ``most``: how many terms at most, for a reader that does without the rest. ``phrases``: constructions by the
    word at which they begin; one counts where no longer phrase begins there.
    """
    root, found, i = _trie(topic), list[Term](), 0
    while i < len(words) and (most is None or len(found) < most):
        known = _longest(words, i, root)
        met = phrases.get(i)
        if met is not None and (known is None or met.reach >= known[1]):
            found.append(Term(met.kind, met.value, tuple(words[i : met.end])))
            i = met.end
        elif known is None:
            word = words[i]
            if topic in _OF_TREATMENT and _CYCLE_DAY.fullmatch(word.word):
                found.append(Term(Kind.NEUTRAL, "cycle", (word,)))
            else:
                found.append(Term(_BY_SHAPE.get(word.shape, Kind.UNKNOWN), word.word, (word,)))
            i += 1
        else:
            entry, end = known
            found.append(Term(entry.kind, entry.value, tuple(words[i:end])))
            i = end
    return found


def known_openers(topic: str) -> Container[str]:
    """The words with which a phrase of a topic begins."""
    return _trie(topic).steps


def load() -> None:
    """Build the look-ups of all topics of the tables now, so that no call has to wait for them."""
    for topic in sorted({topic for row in rows() for topic in row.topics}):
        _trie(topic)
        telling_words(topic)


@cache
def telling_words(topic: str) -> frozenset[str]:
    """The longest word of each name of the topic and of each correction: a sentence without any states nothing of it."""
    telling = (Kind.TARGET, Kind.MARKER, Kind.CORRECT)
    return frozenset(
        max(_words_of(phrase.removeprefix("=") or phrase), key=len)
        for row in rows()
        if row.kind in telling and (topic in row.topics or not row.topics)
        for phrase in row.phrases
    )


# What a day of treatment is for these topics is of no weight, however it is written ("VOD C2D10", "defibrotide D5").
_OF_TREATMENT = frozenset({"transplant", "vod", "reaction", "clearance"})
_CYCLE_DAY = re.compile(r"(?:c\d{1,2})?d\d{1,2}")

_BY_SHAPE = {Shape.NUMBER: Kind.NUMBER, Shape.DATE: Kind.DATE, Shape.NOTATION: Kind.NOTATION}


def _longest(words: Sequence[Token], i: int, root: _Node) -> tuple[_Entry, int] | None:
    """What the longest phrase from a word on means, and where it ends; None when no phrase begins there."""
    best: tuple[_Entry, int] | None = None
    node = root.steps.get(words[i].word)
    end = i
    while node is not None:
        end += 1
        for entry in node.entries:
            if not entry.exact or (
                entry.exact == _written(words[i:end]) and not (i == 0 and entry.exact == "May")
            ):
                best = (entry, end)
                break
        node = node.steps.get(words[end].word) if end < len(words) else None
    return best


def _written(words: Sequence[Token]) -> str:
    return " ".join(t.text for t in words)
