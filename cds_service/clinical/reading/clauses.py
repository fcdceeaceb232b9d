"""Sentences, and the segments of a sentence, as terms of one topic.

A heading that speaks of history, goals or rules silences all that follows it in its paragraph; a
blocking word silences its sentence. Decides no polarity.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from cds_service.clinical.reading.lexicon import Kind, Term, terms
from cds_service.clinical.reading.tokens import Shape, Token, tokens

# A stop after these ends no sentence when a small letter or a figure follows.
_ABBREVIATED = frozenset(
    [
        "pt",
        "pts",
        "cand",
        "cont",
        "approx",
        "vs",
        "dr",
        "dx",
        "tx",
        "hx",
        "rx",
        "wt",
        "bx",
        "no",
        "nos",
        "incl",
        "excl",
        "resp",
        "eval",
        "temp",
        "neg",
        "pos",
        "st",
        "cf",
        "e.g",
        "i.e",
        "est",
        "max",
        "min",
    ]
)
_CONDITIONS = frozenset({"if", "unless"})
_SECTIONS = frozenset(
    {
        "assessment", "impression", "a/p", "assessment / plan", "assessment and plan", "current status", "disease status", "today", "summary",
        "conclusion", "final diagnosis", "diagnosis", "bone marrow", "marrow", "response", "interval events", "labs", "exam",
    }
)  # fmt: skip
_HEADING_WORDS = 6
_SILENT = frozenset({Kind.BLOCK, Kind.PAST})
_OPENERS = frozenset(
    {
        "if",
        "unless",
        "once",
        "when",
        "goal",
        "aim",
        "trial",
        "study",
        "protocol",
        "risk",
        "risks",
        "eligibility",
    }
)


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of terms between commas, dashes or brackets. ``mark`` is what stood before it: ``,``, ``(``, ``-`` or a word."""

    terms: tuple[Term, ...]
    mark: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence: its segments, its place, and whether it is silenced as a whole or is a question."""

    segments: tuple[Segment, ...]
    start: int
    end: int
    silenced: bool
    question: bool

    @property
    def terms(self) -> tuple[Term, ...]:
        return tuple(t for s in self.segments for t in s.terms)

    def has(self, kind: Kind) -> bool:
        return any(t.kind is kind for t in self.terms)


def sentences(text: str, topic: str) -> Iterator[Sentence]:
    """The sentences of a folded text for a topic, in order."""
    silenced = opened = condition = False
    first = True
    for run, ending in _runs(tokens(text)):
        if heading := _heading(run, topic):
            silent = any(t.kind in _SILENT for t in heading)
            silenced = silent or (silenced and not _is_section(heading))
        found = terms(run, topic)
        opened = opened or (first and _opens(found))
        condition = condition or any(t.tokens[0].word in _CONDITIONS for t in found)
        blocked = silenced or opened or condition or any(t.kind is Kind.BLOCK for t in found)
        yield Sentence(tuple(_segments(found)), run[0].start, run[-1].end, blocked, ending == "?")
        condition = condition and ending == ";"
        first = False
        if ending == "\n":
            silenced = opened = condition = False
            first = True


def _is_section(heading: Sequence[Term]) -> bool:
    """Whether a heading begins another part of a note, such as the assessment behind the history."""
    return " ".join(t.word for term in heading for t in term.tokens) in _SECTIONS


def _opens(found: Sequence[Term]) -> bool:
    """Whether a paragraph opens as a condition without its consequence, a goal, a rule or a risk."""
    word = found[0].tokens[0].word
    return word in _OPENERS and not (
        word in ("if", "unless", "once", "when") and any(t.value == "," for t in found)
    )


def _runs(found: Sequence[Token]) -> Iterator[tuple[list[Token], str]]:
    """The tokens of each sentence without its end, and that end."""
    run: list[Token] = []
    for i, token in enumerate(found):
        if token.shape is not Shape.END or _is_abbreviated(found, i):
            if token.shape is not Shape.END:
                run.append(token)
            continue
        if run:
            yield run, token.text
        run = []
    if run:
        yield run, ""


def _is_abbreviated(found: Sequence[Token], i: int) -> bool:
    if found[i].text != "." or i == 0 or i + 1 == len(found):
        return False
    following = found[i + 1]
    small = following.text[0].islower() or following.shape in (Shape.NUMBER, Shape.SIGN)
    return found[i - 1].word in _ABBREVIATED and small


def _heading(run: Sequence[Token], topic: str) -> list[Term]:
    """The terms of the heading that a run begins with; none when it has no heading."""
    for i, token in enumerate(run[: _HEADING_WORDS + 1]):
        if token.text == ":":
            return terms(run[:i], topic) if i else []
        if token.shape is not Shape.WORD and token.text not in ("/", "-", "&"):
            break
    return []


_MARKS = {
    ",": ",",
    "(": "(",
    ")": ")",
    "[": "(",
    "]": ")",
    "--": "-",
    "-": "-",
    "*": "-",
    "\u2022": "-",
    "|": "-",
}


def _segments(found: Sequence[Term]) -> Iterator[Segment]:
    run: list[Term] = []
    mark = ""
    for term in found:
        if term.kind is Kind.BREAK or (term.kind is Kind.UNKNOWN and term.value in _MARKS):
            if run:
                yield Segment(tuple(run), mark)
            run, mark = [], _MARKS.get(term.value, term.value)
        else:
            run.append(term)
    if run:
        yield Segment(tuple(run), mark)


def merged(segments: Sequence[Segment]) -> Segment:
    """Several segments as one."""
    return replace(segments[0], terms=tuple(t for s in segments for t in s.terms))
