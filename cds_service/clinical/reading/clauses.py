"""Sentences, and the segments of a sentence, as terms of one topic.

A heading on history, goals or rules silences all that follows it, up to the heading of
another part of the note; a blocking word silences its sentence. Decides no polarity.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from operator import attrgetter
from typing import NamedTuple

from cds_service.clinical.reading.layout.blanks import Form, form_of
from cds_service.clinical.reading.layout.forms import form_tokens, plain_signs
from cds_service.clinical.reading.layout.headings import BULLETS, Part, heading_end, is_rule
from cds_service.clinical.reading.layout.stops import is_abbreviated, is_name_of_doctor
from cds_service.clinical.reading.lexicon import Kind, Term, telling_words
from cds_service.clinical.reading.phrasing.circumstances import told
from cds_service.clinical.reading.text_dates import only_day
from cds_service.clinical.reading.tokens import Shape, Token, without_hyphens
from cds_service.clinical.reading.topics import TOPICS
from cds_service.remembering import remembered
from cds_service.values import dataclass

_CONDITIONS = frozenset({"if", "unless"})
# What takes back all that a text says.
_RETRACTING = frozenset({"disregard", "retracted", "misfiled"})
_IN_ERROR = frozenset({"this", "note", "encounter", "was", "entered", "documented", "charted", "in", "error"})
_BACK = 6  # sentences before one in which its subject may stand
_LONGEST = 120  # words; a longer run without a stop is no sentence, and is not read
_OPENERS = frozenset({
    "if", "unless", "once", "when", "goal", "aim", "trial", "study", "protocol", "risk", "risks", "eligibility",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of terms between commas, dashes or brackets. ``mark`` is what stood before it: ``,``, ``(``, ``-`` or a word."""

    terms: tuple[Term, ...]
    mark: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence: its segments, its place, whether it is silenced as a whole, a question, or a form."""

    segments: tuple[Segment, ...]
    terms: tuple[Term, ...]  # of all segments
    start: int
    end: int
    silenced: bool
    question: bool
    form: Form
    before: tuple[Run, ...] = ()  # the sentences before it, nearest last
    bulleted: bool = False
    after: int = 0  # where the next sentence on its line ends
    dated: str = ""  # the day that the heading gives under which it stands

    @property
    def reach(self) -> int:
        """Where the sentences begin that may name what it speaks of."""
        return self.before[0].words[0].start if self.before else self.start

    def has(self, kind: Kind) -> bool:
        return any(t.kind is kind for t in self.terms)


@dataclass(frozen=True, slots=True)
class Run:
    """The words of one sentence, without inner hyphens and its end; ``heading``: where its colon stands, or 0.

    ``plain`` are the words with signs as words, for a topic that has no signs of its own.
    """

    words: tuple[Token, ...]
    plain: tuple[Token, ...]
    ending: str
    vocabulary: frozenset[str]
    heading: int
    dated: str  # the one day in the heading or in front, or empty
    notation: bool  # whether it holds cytogenetics
    conditional: bool  # whether it sets a condition
    retracts: bool  # whether it takes back all that the text says
    form: Form
    bulleted: bool  # whether it is an item of a list


def tells(text: str, topic: str) -> bool:
    """Whether a folded text may name a topic at all."""
    whole = _whole(text)
    return whole.notation or not telling_words(topic).isdisjoint(whole.vocabulary)


def is_open_or_denied_form(name: str) -> bool:
    """Whether a folded name is a form that nobody filled in, or is answered with "no"; a label alone takes nothing back."""
    return any((r.form.is_open and not r.form.bare) or r.form.only_denied for r in _whole(name).runs)


def sentences(text: str, topic: str, *, every: bool = False) -> Iterator[Sentence]:
    """The sentences of a folded text that may name a topic or correct what was said, in order.

    ``every``: all of them; one that names nothing, has no heading and goes on with nothing is without its terms.
    The terms of a sentence that a text repeats are those where it stands first.
    """
    telling, whole = telling_words(topic), _whole(text)
    words_of = attrgetter("plain" if topic in TOPICS else "words")
    if not every and telling.isdisjoint(whole.vocabulary):
        return
    met: dict[str, _Parts] = {}
    opened = condition = joined = listed = False
    first = True
    part, rules, dated, line = Part(topic), _rules(whole.runs, telling), "", ""
    for i, run in enumerate(whole.runs):
        silenced = part.silences(run.words, run.heading, opens_line=first, ends_line=run.ending in ("\n", ""))
        if run.heading or (run.dated and len(run.words) == 1 and (i == 0 or listed)):
            dated, listed = run.dated, run.heading == len(run.words) - 1
        elif first and not listed:
            dated = ""
        line = run.dated if first or run.heading else line
        opened = opened or (first and _opens(run))
        condition = condition or run.conditional
        blocked = silenced or opened or condition or whole.retracted or run.form.is_open or i in rules
        named = not telling.isdisjoint(run.vocabulary)
        if named or every:
            parts = _NOTHING
            if named or i == 0 or joined or _may_matter(run):
                said = text[run.words[0].start : run.words[-1].end]
                parts = met[said] if said in met else met.setdefault(said, _parts(words_of(run), topic))
            yield _sentence(run, parts, whole.runs, i, blocked=blocked, dated=line or dated)
        joined = run.ending == ";"
        condition = condition and joined
        first = run.ending == "\n"
        if first:
            opened = condition = False


def _rules(runs: Sequence[Run], telling: frozenset[str]) -> frozenset[int]:
    """Which sentences say what would follow from a finding; one alone may tell what did ("In CR -> transplant 5/1")."""
    ruling = [0 if r.ending == "." or ">" not in r.vocabulary else _count_rules(r, telling) for r in runs]
    return frozenset(i for i, n in enumerate(ruling) if n) if sum(ruling) > 1 else frozenset()


def _count_rules(run: Run, telling: frozenset[str]) -> int:
    commas = [-1, *(i for i, t in enumerate(run.words) if t.text == ","), len(run.words)]
    return sum(is_rule(run.words[a + 1 : b], telling) for a, b in pairwise(commas))


class _Parts(NamedTuple):
    """The segments of a sentence, their terms, and whether its own words silence it."""

    segments: tuple[Segment, ...]
    terms: tuple[Term, ...]
    silenced: bool


_NOTHING = _Parts((), (), False)


def _parts(words: Sequence[Token], topic: str) -> _Parts:
    found = told(words, topic, _LONGEST + 1)
    segments = _without_actions(tuple(_segments(found[:_LONGEST])))
    kept = tuple(t for s in segments for t in s.terms)
    return _Parts(segments, kept, len(found) > _LONGEST or any(t.kind is Kind.BLOCK for t in kept))


def _may_matter(run: Run) -> bool:
    """Whether a sentence that names no topic may bear on others: cytogenetics, and a heading of any length."""
    return run.notation or ":" in run.vocabulary


def _sentence(run: Run, parts: _Parts, runs: Sequence[Run], i: int, *, blocked: bool, dated: str) -> Sentence:
    start, end = run.words[0].start, run.words[-1].end
    goes_on = run.ending not in ("\n", "") and i + 1 < len(runs)
    return Sentence(
        parts.segments, parts.terms, start, end, blocked or parts.silenced, run.ending == "?", run.form,
        before=tuple(runs[max(0, i - _BACK) : i]), bulleted=run.bulleted,
        after=runs[i + 1].words[-1].end if goes_on else end, dated=dated,
    )  # fmt: skip


def _retracts(words: frozenset[str]) -> bool:
    wrong = "wrong" in words and not words.isdisjoint({"chart", "patient", "pt", "mrn"})
    return wrong or not _RETRACTING.isdisjoint(words) or ("error" in words and words <= _IN_ERROR)


def _opens(run: Run) -> bool:
    """Whether a paragraph opens as a condition without its consequence, a goal, a rule or a risk."""
    word = run.words[0].word
    if word == "without" and not run.vocabulary.isdisjoint({"stop", "discontinue"}):
        return True
    return word in _OPENERS and not (word in ("if", "unless", "once", "when") and "," in run.vocabulary)


@dataclass(frozen=True, slots=True)
class _Whole:
    """All sentences of a text, whatever the topic; ``retracted``: one of them takes the whole text back."""

    runs: tuple[Run, ...]
    vocabulary: frozenset[str]
    notation: bool
    retracted: bool


@remembered(500_000)
def _whole(text: str) -> _Whole:
    runs = tuple(_split(form_tokens(text)))
    vocabulary = frozenset(word for run in runs for word in run.vocabulary)
    return _Whole(runs, vocabulary, any(r.notation for r in runs), any(r.retracts for r in runs))


def _split(found: Sequence[Token]) -> Iterator[Run]:
    run: list[Token] = []
    for i, token in enumerate(found):
        if token.shape is not Shape.END:
            if not is_name_of_doctor(found, i):
                run.append(token)
        elif not is_abbreviated(found, i):
            ends_line = i + 1 < len(found) and found[i + 1].text == "\n"
            if run:
                yield _run(run, "\n" if ends_line and token.text == "." else token.text)
            run = []
    if run:
        yield _run(run, "")


def _run(found: Sequence[Token], ending: str) -> Run:
    words = tuple(without_hyphens(found))
    vocabulary = frozenset(t.word for t in words)
    heading = heading_end(words)
    return Run(
        words,
        plain_signs(words),
        ending,
        vocabulary,
        heading,
        only_day(words, heading),
        any(t.shape is Shape.NOTATION for t in words),
        not _CONDITIONS.isdisjoint(vocabulary),
        _retracts(vocabulary),
        form_of(words, vocabulary),
        words[0].text in BULLETS,
    )


# What is done about a finding is no part of it, unless it is to be looked at again.
_ACTIONS = frozenset({
    "will", "plan", "plans", "proceed", "proceeding", "continue", "cont", "stop", "start", "starting", "begin", "beginning", "discontinue",
    "switch", "change", "hold", "refer", "referring", "transition", "transitioning",
})  # fmt: skip
_AGAIN = frozenset({
    "confirm", "confirmed", "confirmation", "repeat", "reassess", "recheck", "verify", "document", "whether", "see", "restage", "know", "learn", "determine",
    "assess", "evaluate", "decide", "discuss", "await", "wait", "check", "then", "when", "after", "prophylaxis", "ppx", "revisit", "readdress", "reconsider",
})  # fmt: skip
_ACTORS = frozenset({"article", "patient", "adverb", "and", "cycle", "drug", "reason"})


def _without_actions(segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """The segments without what is done next, behind one that names the topic ("CR, will proceed with C2")."""
    kept: list[Segment] = []
    named = False
    for segment in segments:
        names = any(t.kind in (Kind.TARGET, Kind.MARKER) for t in segment.terms)
        if names or not named or not _acts(segment):
            kept.append(segment)
        named = named or names
    return tuple(kept)


def _acts(segment: Segment) -> bool:
    """Whether a segment begins with an action, whoever does it, and not with one that looks at the finding again."""
    first = next((t for t in segment.terms if t.value.partition(" ")[0] not in _ACTORS), segment.terms[0])
    if first.tokens[0].word not in _ACTIONS and segment.mark != "will":
        return False
    return _AGAIN.isdisjoint(w.word for t in segment.terms for w in t.tokens)


_MARKS = {
    ",": ",", "(": "(", ")": ")", "[": "(", "]": ")", "--": "-", "-": "-", "*": "-", "\u2022": "-", "|": "-",
}  # fmt: skip


def _segments(found: Sequence[Term]) -> Iterator[Segment]:
    run, mark = list[Term](), ""
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
