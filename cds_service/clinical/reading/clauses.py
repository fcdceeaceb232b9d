"""Sentences, and the segments of a sentence, as terms of one topic.

A heading on history, goals or rules silences all that follows it, up to the heading of
another part of the note; a blocking word silences its sentence. Decides no polarity.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from cds_service.clinical.reading.lexicon import Kind, Term, telling_words, terms, without_hyphens
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
        "conclusion", "final diagnosis", "interval", "interval history", "interval hx", "subjective", "objective", "data", "results", "pathology",
        "bone marrow biopsy", "marrow biopsy", "bmbx", "flow", "flow cytometry", "vitals", "imaging", "pet", "pet / ct", "micro", "current therapy", "diagnosis", "bone marrow", "marrow", "response", "interval events", "labs", "exam",
    }
)  # fmt: skip
# What takes back all that a text says.
_RETRACTING = frozenset({"disregard", "retracted", "misfiled"})
_HEADING_WORDS = 6
_LONGEST = 120  # words; a longer run without a stop is no sentence, and is not read
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


@dataclass(frozen=True, slots=True)
class Run:
    """The words of one sentence, without inner hyphens and its end; ``heading``: where its colon stands, or 0."""

    words: tuple[Token, ...]
    ending: str
    vocabulary: frozenset[str]
    heading: int
    notation: bool  # whether it holds cytogenetics
    template: bool  # whether it holds a box to tick or a blank to fill in


def tells(text: str, topic: str) -> bool:
    """Whether a folded text may name a topic at all."""
    telling = telling_words(topic)
    return any(run.notation or not telling.isdisjoint(run.vocabulary) for run in _runs(text))


def sentences(text: str, topic: str, *, every: bool = False) -> Iterator[Sentence]:
    """The sentences of a folded text that may name a topic or correct what was said, in order; or every one."""
    telling = telling_words(topic)
    runs = _runs(text)
    retracted = any(_retracts(run) for run in runs)
    silenced = opened = condition = False
    first = True
    for run in runs:
        if run.heading:
            heading = terms(run.words[: run.heading], topic)
            silent = any(t.kind in _SILENT for t in heading)
            silenced = silent or (silenced and not _is_section(heading))
        opened = opened or (first and _opens(run))
        condition = condition or not _CONDITIONS.isdisjoint(run.vocabulary)
        if every or not telling.isdisjoint(run.vocabulary):
            found = terms(run.words, topic)
            segments = _without_actions(tuple(_segments(found[:_LONGEST])))
            blocked = any(t.kind is Kind.BLOCK for s in segments for t in s.terms) or len(found) > _LONGEST
            blocked = blocked or silenced or opened or condition or retracted or run.template
            yield Sentence(segments, run.words[0].start, run.words[-1].end, blocked, run.ending == "?")
        condition = condition and run.ending == ";"
        first = run.ending == "\n"
        if first:
            opened = condition = False


def _retracts(run: Run) -> bool:
    words = run.vocabulary
    return not _RETRACTING.isdisjoint(words) or (
        "wrong" in words and not words.isdisjoint({"chart", "patient"})
    )


def _is_section(heading: Sequence[Term]) -> bool:
    """Whether a heading begins another part of a note, such as the assessment behind the history."""
    return " ".join(t.word for term in heading for t in term.tokens) in _SECTIONS


def _opens(run: Run) -> bool:
    """Whether a paragraph opens as a condition without its consequence, a goal, a rule or a risk."""
    word = run.words[0].word
    return word in _OPENERS and not (word in ("if", "unless", "once", "when") and "," in run.vocabulary)


@lru_cache(maxsize=512)
def _runs(text: str) -> tuple[Run, ...]:
    """The sentences of a text, whatever the topic."""
    return tuple(_split(tokens(text)))


def _split(found: Sequence[Token]) -> Iterator[Run]:
    run: list[Token] = []
    for i, token in enumerate(found):
        if token.shape is not Shape.END:
            run.append(token)
        elif not _is_abbreviated(found, i):
            ends_line = i + 1 < len(found) and found[i + 1].text == "\n"
            if run:
                yield _run(run, "\n" if ends_line and token.text == "." else token.text)
            run = []
    if run:
        yield _run(run, "")


def _run(found: Sequence[Token], ending: str) -> Run:
    words = tuple(without_hyphens(found))
    return Run(
        words,
        ending,
        frozenset(t.word for t in words),
        _heading(words),
        any(t.shape is Shape.NOTATION for t in words),
        _is_template(words),
    )


def _is_template(words: Sequence[Token]) -> bool:
    """Whether a sentence holds a box to tick ("[ ] yes"), ticked or not, or a blank to fill in ("CR: ____")."""
    signs = [t.text for t in words]
    ticked = any(
        a == "[" and (b == "]" or (c == "]" and b.lower() in ("x", "v")))
        for a, b, c in zip(signs, signs[1:], [*signs[2:], ""], strict=False)
    )
    return ticked or any(a == b == "_" for a, b in pairwise(signs))


def _is_abbreviated(found: Sequence[Token], i: int) -> bool:
    if found[i].text != "." or i == 0 or i + 1 == len(found):
        return False
    following = found[i + 1]
    small = following.text[0].islower() or following.shape in (Shape.NUMBER, Shape.SIGN)
    return found[i - 1].word in _ABBREVIATED and small


def _heading(words: Sequence[Token]) -> int:
    """How many words there are before the colon of a heading; 0 when there is none."""
    for i, token in enumerate(words[: _HEADING_WORDS + 1]):
        if token.text == ":":
            return i
        if token.shape is not Shape.WORD and token.text not in ("/", "-", "&"):
            break
    return 0


# What is done about a finding is no part of it, unless it is to be looked at again.
_ACTIONS = frozenset(
    {
        "will",
        "plan",
        "plans",
        "proceed",
        "proceeding",
        "continue",
        "cont",
        "stop",
        "start",
        "discontinue",
        "switch",
        "change",
        "hold",
    }
)
_AGAIN = frozenset(
    {
        "confirm",
        "confirmed",
        "confirmation",
        "repeat",
        "reassess",
        "recheck",
        "verify",
        "document",
        "whether",
        "see",
    }
)


def _without_actions(segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """The segments without what is done next, behind one that names the topic ("CR, will proceed with C2")."""
    kept: list[Segment] = []
    for segment in segments:
        words = {w.word for t in segment.terms for w in t.tokens}
        acts = segment.terms[0].tokens[0].word in _ACTIONS and words.isdisjoint(_AGAIN)
        names = any(t.kind is Kind.TARGET for t in segment.terms)
        if not (acts and not names and any(t.kind is Kind.TARGET for s in kept for t in s.terms)):
            kept.append(segment)
    return tuple(kept)


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
