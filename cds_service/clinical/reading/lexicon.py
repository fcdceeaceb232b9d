"""The lexicon: what words mean for a topic, from reviewed tables.

A row of a table gives a meaning to one or more phrases (separated by ``|``), for all topics or for those
it names. Each row carries a text that must be read and one that must not, which the tests try.
``=`` before a phrase: it counts in this spelling of capitals only ("=CR" is no creatinine "Cr").
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from cds_service.clinical.reading.tokens import Shape, Token, folded, tokens


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


@dataclass(frozen=True, slots=True)
class Term:
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


_Node = dict[str, "_Node | list[_Entry]"]
_LEAF = ""


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
    """The phrases of a topic by their words; rows that name the topic come before those for all."""
    root: _Node = {}
    mine = [r for r in rows() if topic in r.topics]
    markers = {p.lstrip("=").lower() for r in mine if r.kind is Kind.MARKER for p in r.phrases}
    for row in (*mine, *(r for r in rows() if not r.topics)):
        for phrase in row.phrases:
            exact = phrase[1:] if phrase.startswith("=") else ""  # a lone "=" is the sign itself
            words = [t.word for t in without_hyphens(tokens(folded(exact or phrase)))]
            if row.topics or markers.isdisjoint(
                words
            ):  # "CD22 positive B-ALL" is no mere name where CD22 is asked for
                _add(root, words, _Entry(row.kind, row.value, exact))
    return root


def _add(root: _Node, words: Sequence[str], entry: _Entry) -> None:
    node = root
    for word in words:
        step = node.setdefault(word, {})
        assert isinstance(step, dict)
        node = step
    held = node.setdefault(_LEAF, [])
    assert isinstance(held, list)
    held.insert(0 if entry.exact else len(held), entry)


_SET_APART = (Shape.SIGN, Shape.END)


def without_hyphens(found: Sequence[Token]) -> list[Token]:
    """Without the hyphens inside of words: "single-agent" is "single agent"."""
    return [t for i, t in enumerate(found) if not _is_inner_hyphen(found, i)]


def _is_inner_hyphen(found: Sequence[Token], i: int) -> bool:
    if found[i].text != "-" or not 0 < i < len(found) - 1:
        return False
    before, after = found[i - 1], found[i + 1]
    joined = before.end == found[i].start and found[i].end == after.start
    return (
        joined
        and {before.shape, after.shape}.isdisjoint(_SET_APART)
        and {before.shape, after.shape} != {Shape.NUMBER}
    )


def terms(words: Sequence[Token], topic: str) -> list[Term]:
    """Words without inner hyphens as terms of a topic, the longest phrase first; what no row knows is unknown."""
    root, found, i = _trie(topic), [], 0
    while i < len(words):
        kind, value, length = _longest(words, i, root)
        found.append(Term(kind, value, tuple(words[i : i + length])))
        i += length
    return found


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
        max((t.word for t in without_hyphens(tokens(folded(phrase.removeprefix("=") or phrase)))), key=len)
        for row in rows()
        if row.kind in telling and (topic in row.topics or not row.topics)
        for phrase in row.phrases
    )


def _longest(words: Sequence[Token], i: int, root: _Node) -> tuple[Kind, str, int]:
    best = (_by_shape(words[i]), words[i].word, 1)
    node: _Node = root
    for j in range(i, len(words)):
        step = node.get(words[j].word)
        if not isinstance(step, dict):
            break
        node = step
        entry = next(
            (e for e in _entries(node) if not e.exact or e.exact == _written(words[i : j + 1])), None
        )
        if entry is not None and not (i == 0 and entry.exact == "May"):  # there it is the verb
            best = (entry.kind, entry.value, j - i + 1)
    return best


def _written(words: Sequence[Token]) -> str:
    return " ".join(t.text for t in words)


def _entries(node: _Node) -> list[_Entry]:
    held = node.get(_LEAF, [])
    return held if isinstance(held, list) else []


def _by_shape(token: Token) -> Kind:
    match token.shape:
        case Shape.NUMBER:
            return Kind.NUMBER
        case Shape.DATE:
            return Kind.DATE
        case Shape.NOTATION:
            return Kind.NOTATION
        case _:
            return Kind.UNKNOWN
