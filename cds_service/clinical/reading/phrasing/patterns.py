"""Constructions: phrases with places to fill, which mean one thing whatever fills them ("from her 10/10 matched sister").

A row of ``patterns.csv`` gives a meaning to a pattern, for the topics that it names, as a row of the lexicon does to a
phrase. In a pattern ``[x]`` may be left out, ``(x|y)`` is a choice, ``<donor>*`` may stand up to four times, ``<donor>``
is any phrase of the row of ``classes.csv`` with that name, ``\\(`` a bracket of the text, and where ``{x}`` stands it
alone has the meaning: the rest only has to be beside it. ``<number>``, ``<date>``, ``<any>`` (a word) and ``<Name>`` (a
word with a capital that no row knows) are classes without a row. A meaning must not hold the day of a plan, nor leave
out all that tells it apart ("rather than" alone).
What each word means stays the lexicon's business, and a longer phrase of it comes first.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from cds_service.clinical.reading.lexicon import Kind, Meant, Term, known_openers, terms
from cds_service.clinical.reading.tokens import Shape, Token
from cds_service.values import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One reviewed row: its text ``read`` must be read as it says, and of its text ``unread`` nothing."""

    kind: Kind
    value: str
    topics: frozenset[str]
    pattern: str
    read: str
    unread: str


class _Grammar(NamedTuple):
    """All patterns of a topic: as one expression that finds where some begin, and the expression of each with its row."""

    some: re.Pattern[str]
    each: tuple[tuple[str, Row], ...]


def phrased(words: Sequence[Token], topic: str, most: int) -> list[Term]:
    """The words as terms of a topic, at most so many; a construction that its patterns know is one term."""
    grammar = _grammar(topic)
    return terms(words, topic, most, _met(words, topic, grammar) if grammar else {})


@cache
def rows() -> tuple[Row, ...]:
    """All rows of the table, in its order: of two patterns that begin at one word and reach as far the first counts."""
    return tuple(
        Row(Kind(r["kind"]), r["value"], frozenset(r["topics"].split()), r["pattern"], r["read"], r["unread"])
        for r in _table("patterns.csv")
    )


def load() -> None:
    """Build all expressions now, so that no call has to wait for them."""
    for topic in sorted({topic for row in rows() for topic in row.topics}):
        grammar = _grammar(topic)
        for expression, _ in grammar.each if grammar else ():
            _pattern(expression)


def _table(name: str) -> Iterator[dict[str, str]]:
    lines = (files(__package__) / name).read_text(encoding="utf-8").splitlines()
    return csv.DictReader(lines)


@cache
def _grammar(topic: str) -> _Grammar | None:
    mine = tuple(r for r in rows() if topic in r.topics)
    if not mine:
        return None
    parts = [rf"(?<![^ ]){_compiled(row.pattern)}" for row in mine]
    some = re.compile("|".join(re.sub(r"\?P<\w+>", "?:", part) for part in parts))
    return _Grammar(some, tuple(zip(parts, mine, strict=True)))


@cache
def _pattern(expression: str) -> re.Pattern[str]:
    return re.compile(expression)


_WORD = "[~^]* "  # behind a word: the mark of a day or a name, and the blank that ends it
_BUILT_IN = {
    "number": rf"\d[\d.,]*{_WORD}",
    "date": r"[^ ]+~ ",
    "Name": r"[^ ^~]+\^ ",
    "any": r"[^ ]+ ",
}
_ITEM = re.compile(r"<\w+>\*?|\\[()]|[\[\](){}|]|[^\s\[\](){}|<>\\]+")
_SIMPLE = {"[": "(?:", "]": ")?", "(": "(?:", ")": ")", "|": "|"}


@cache
def _classes() -> dict[str, str]:
    """The classes of words as expressions; a longer phrase of a class comes first."""
    found = dict(_BUILT_IN)
    for row in _table("classes.csv"):
        phrases = sorted(row["phrases"].split("|"), key=len, reverse=True)
        found[row["name"]] = "(?:" + "|".join(_expression(p) for p in phrases) + ")"
    return found


def _compiled(pattern: str) -> str:
    """A pattern as an expression over a line of words: ``core`` has its meaning, and ``behind`` must stand behind it."""
    if "{" not in pattern:
        return f"(?P<core>{_expression(pattern)})"
    before, rest = pattern.split("{")
    core, after = rest.split("}")
    behind = f"(?=(?P<behind>{_expression(after)}))" if after.strip() else ""
    return f"{_expression(before)}(?P<core>{_expression(core)}){behind}"


def _expression(pattern: str) -> str:
    return "".join(_item(item) for item in _ITEM.findall(pattern))


def _item(item: str) -> str:
    if item in _SIMPLE:
        return _SIMPLE[item]
    if item.startswith("<"):
        name, times = item.strip("<>*"), "{0,4}" if item.endswith("*") else ""
        return f"(?:{_BUILT_IN.get(name) or _classes()[name]}){times}"
    return re.escape(item.lstrip("\\")) + _WORD


def _met(words: Sequence[Token], topic: str, grammar: _Grammar) -> Mapping[int, Meant]:
    """What constructions mean, by the word at which they begin."""
    places: dict[int, int] = {}
    line, length = [], 0
    openers = known_openers(topic)
    cased = any(w.text.islower() for w in words)
    for i, word in enumerate(words):
        places[length] = i
        line.append(_written(word, openers, may_be_name=cased and i > 0))
        length += len(line[-1])
    places[length] = len(words)
    found, whole, at = dict[int, Meant](), "".join(line), 0
    while (some := grammar.some.search(whole, at)) is not None:
        met, row = _longest(whole, some.start(), grammar)
        start, end = met.span("core")
        if start < end:
            found[places[start]] = Meant(row.kind, row.value, places[end], places[_reach(met)])
        at = max(end, whole.index(" ", some.start()) + 1)
    return found


def _longest(line: str, at: int, grammar: _Grammar) -> tuple[re.Match[str], Row]:
    """Of the patterns that begin at a place the one that reaches farthest."""
    every = ((met, row) for part, row in grammar.each if (met := _pattern(part).match(line, at)) is not None)
    return max(every, key=lambda one: (_reach(one[0]), one[0].end("core")))


def _reach(met: re.Match[str]) -> int:
    """Where a construction ends, with what must stand behind it."""
    return max(met.end("core"), met.end("behind") if "behind" in met.re.groupindex else 0)


def _written(word: Token, openers: Container[str], *, may_be_name: bool) -> str:
    """A word as it stands in the line: a day or a name bears its mark, and a blank ends it."""
    if word.shape is Shape.DATE:
        return word.word.replace(" ", "_") + "~ "
    named = may_be_name and word.shape is Shape.WORD and word.text[0].isupper() and word.word not in openers
    return f"{word.word}^ " if named else f"{word.word} "
