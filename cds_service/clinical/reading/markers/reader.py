"""What a text says of a marker on the leukemic cells, of BCR::ABL1, or of residual disease.

One way in, :func:`read_marker`: a text and a topic to assertions, ``positive``, ``negative``, ``equivocal``, or
``measured`` where only a number stands beside the marker. A clause is understood as a whole or decides
nothing; so does a text that says opposite things without an order in time. Whether a number is positive
is left to the caller.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import takewhile

from cds_service.clinical.reading.assertions import (
    Assertion,
    Gathered,
    NotUnderstood,
    Reading,
    Said,
    Time,
    once,
    too_much,
)
from cds_service.clinical.reading.clauses import Sentence, sentences, tells
from cds_service.clinical.reading.layout.company import at_hand
from cds_service.clinical.reading.layout.forms import form_tokens
from cds_service.clinical.reading.layout.retracted import is_not_so
from cds_service.clinical.reading.layout.stops import is_name_of_doctor
from cds_service.clinical.reading.lexicon import Kind, Term, terms
from cds_service.clinical.reading.markers import iscn
from cds_service.clinical.reading.markers.clauses import findings
from cds_service.clinical.reading.markers.fusion import sign_of_fusion
from cds_service.clinical.reading.markers.lists import (
    EQUIVOCAL,
    NEGATIVE,
    NOT_NEGATIVE,
    POSITIVE,
    Finding,
    NotReadable,
)
from cds_service.clinical.reading.markers.order import MEASURED, in_order
from cds_service.clinical.reading.markers.portions import of_a_part
from cds_service.clinical.reading.markers.samples import contests, denies_by_test, finds_some, is_elsewhere
from cds_service.clinical.reading.tokens import Shape, Token, folded, without_hyphens
from cds_service.remembering import remembered
from cds_service.values import dataclass

MARKER_TOPICS = ("cd22", "ph", "mrd")
_SIGNS = frozenset({POSITIVE, NEGATIVE, EQUIVOCAL})
_WORDS_OF = {"ph": "ph", "mrd": "mrd"}  # the lexicon's topic; all surface markers share one
_SURFACE = "cd22"
# What may stand before a colon inside a report.
_NO_HEADING = frozenset({Kind.SIGN, Kind.LEAD, Kind.MARKER, Kind.CORRECT})
# Other names, of which only absence or a number speaks for the topic: "dominant sequences identified" is a baseline.
_ALSO = {"mrd": frozenset({"clones"})}
# What answers a question for the topic without naming it; a test that sees what morphology does not asks it as well.
_ANSWERS = {"mrd": frozenset({"residual"})}
_SUBJECTS = frozenset({"she", "he", "they", "we", "i", "patient", "pt"})
_TURNING = frozenset({"but", "however", "though", "although", "yet"})


def read_marker(text: str, topic: str, on: date | None = None, *, question: bool = False) -> Reading:
    """What a text says of ``cd22`` or another surface marker, of ``ph`` or of ``mrd``.

    ``on`` is the day of the text, from which its short dates are read. With ``question``, the text is the
    answer under a question for the topic, so that it need not name it ("Not detected").
    """
    return _read(text, topic, on, question)


@remembered(1_000_000)
def names_marker(text: str, topic: str) -> bool:
    """Whether a text, such as the name of a test, is about a topic ("CD22 on blasts"): it names it, and nothing silences it."""
    return any(
        not clause.silenced for clause in _clauses(folded(text), topic, frozenset({topic}), question=False)
    )


@remembered(2_000_000)
def _read(written: str, topic: str, on: date | None, question: bool) -> Reading:
    text = folded(written)
    wanted = frozenset({topic, *_ALSO.get(topic, ()), *(_ANSWERS.get(topic, ()) if question else ())})
    gathered = Gathered()
    for clause in _clauses(text, topic, wanted, question=question):
        if clause.corrects:
            gathered.correct()
        if not gathered.meet(clause.as_said):
            continue
        for found in clause.read(topic, on):
            if isinstance(found, NotUnderstood) and clause.turns:
                gathered.correct()
            gathered.add(found)
        if gathered.is_too_much:
            return too_much(topic, text)
    kept, contradicted = in_order(gathered.said, on, text)
    return Reading(kept, once((*gathered.lost, *contradicted)))


# ---- Clauses ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Clause:
    """A clause that speaks of the topic under one of the ``wanted`` names; ``carried`` when only the words before it name it.

    ``past``: under a heading of the past, where only what once was positive counts.
    """

    terms: tuple[Term, ...]
    quote: str
    span: tuple[int, int]
    silenced: bool
    past: bool
    carried: tuple[str, ...]
    wanted: frozenset[str]

    @property
    def as_said(self) -> tuple[object, ...]:
        """What it is read from, wherever it stands."""
        return (self.quote, self.silenced, self.past, self.carried)

    @property
    def corrects(self) -> bool:
        return any(t.kind is Kind.CORRECT and t.value != "retract" for t in self.terms)

    @property
    def turns(self) -> bool:
        """Whether it goes on with what was said before as what turns it does ("MRD negative; but positive on repeat")."""
        return bool(self.carried) and self.quote.split(maxsplit=1)[0].lower().rstrip(",") in _TURNING

    def read(self, topic: str, on: date | None) -> Iterator[Said | NotUnderstood]:
        nothing = NotUnderstood(topic, self.quote, self.span, self.silenced)
        if self.silenced:
            yield nothing
            return
        try:
            mine = [f for f in findings(self.terms, self.carried, on) if f.name in self.wanted]
        except NotReadable:
            yield nothing
            return
        if _ends_dated(mine):
            yield nothing
            return
        for found in mine:
            value = _value(found, topic, self.quote)
            if topic == _SURFACE and value == NEGATIVE and of_a_part(self.quote):
                value = None
            yield (
                nothing
                if value is None or (self.past and value != POSITIVE)
                else Said(self._assertion(found, topic, value), found.times.now)
            )

    def _assertion(self, found: Finding, topic: str, value: str) -> Assertion:
        times = found.times
        past = times.past and times.when is None
        return Assertion(
            topic, value, self.quote, self.span, time=Time.PAST if past else Time.PRESENT,
            when=times.when, cycle=times.cycle, amount=found.amount,
        )  # fmt: skip


def _ends_dated(found: Sequence[Finding]) -> bool:
    """Whether a result without a day stands before an opposite one with a day: which is the later is not said."""
    for i, one in enumerate(found):
        times = one.times
        if (
            times.when is None
            and not (times.now or times.past)
            and any(_is_opposite(one, f) for f in found[i + 1 :])
        ):
            return True
    return False


def _is_opposite(one: Finding, later: Finding) -> bool:
    signs = {one.sign in (NEGATIVE, NOT_NEGATIVE), later.sign in (NEGATIVE, NOT_NEGATIVE)}
    return (
        later.times.when is not None
        and not (later.times.past or later.times.now)
        and None not in (one.sign, later.sign)
        and len(signs) > 1
    )


def _value(found: Finding, topic: str, quote: str) -> str | None:
    if found.sign == POSITIVE and found.name in _ALSO.get(topic, ()):
        return None
    if found.sign == NOT_NEGATIVE:
        return POSITIVE if topic == "mrd" else None
    if found.sign is None and found.amount is not None and topic != "ph":
        return MEASURED
    sign = sign_of_fusion(found, quote) if topic == "ph" else found.sign
    return sign if sign in _SIGNS else None


def _clauses(text: str, topic: str, names: frozenset[str], *, question: bool) -> Iterator[_Clause]:
    words = _WORDS_OF.get(topic, _SURFACE)
    if not (question or tells(text, words)):
        return
    carried: tuple[str, ...] = ()
    last = 0
    headed = False
    met: dict[str, tuple[Term, ...]] = {}
    told = tuple(sentences(text, words, every=True))
    found = topic in _ANSWERS and any(finds_some(s) for s in told)
    for i, sentence in enumerate(told):
        by_test = not found and denies_by_test(sentence)
        wanted = names | _ANSWERS.get(topic, frozenset()) if by_test else names
        marked = any(_name(t) for t in sentence.terms)
        if question and i == 0 and (not marked or _answers(sentence)):
            held: tuple[str, ...] = (topic,)
        elif not marked and carried and ";" in text[last : sentence.start] and _goes_on(sentence):
            held = carried
        else:
            held = ()
        if "\n" in text[last : sentence.start] or not _is_under_its_heading(sentence):
            headed = False
        asked = headed or _asks(text, last, sentence.start)
        headed = headed or (sentence.silenced and _heading_silences(sentence))
        carried, last = (), sentence.end
        if held or any(_name(t) in wanted for t in sentence.terms):
            span = (sentence.start, sentence.end)
            quote = text[slice(*span)]
            if quote not in met:
                met[quote] = tuple(at_hand(terms(without_hyphens(_within(form_tokens(text), *span)), words)))
            past = topic == "ph" and sentence.silenced and _is_of_the_past(sentence)
            silenced = (sentence.silenced and not past) or sentence.question or asked
            if not silenced and topic == "mrd":
                silenced = is_elsewhere(sentence) or contests(sentence, told)
            silenced = silenced or is_not_so(text, sentence.end)
            yield _Clause(met[quote], quote, span, silenced, past, held, wanted)
            alone = {_name(t) for t in sentence.terms} <= {*wanted, None}
            carried = (topic,) if alone and not silenced else ()


def _heading_silences(sentence: Sentence) -> bool:
    before = list(takewhile(lambda t: t.tokens[0].text != ":", sentence.terms))
    return len(before) < len(sentence.terms) and any(t.kind in (Kind.BLOCK, Kind.PAST) for t in before)


def _is_under_its_heading(sentence: Sentence) -> bool:
    """Whether a sentence opens as a list of markers or a correction does, and not with a heading of its own."""
    before = list(takewhile(lambda t: t.tokens[0].text != ":", sentence.terms))
    return len(before) == len(sentence.terms) or any(t.kind in _NO_HEADING for t in before)


def _within(found: Sequence[Token], start: int, end: int) -> Sequence[Token]:
    """The words of a span, its stops among them, without the names behind "Mr." or "Dr."."""
    first = bisect_left(found, start, key=lambda t: t.start)
    if found[first].shape is Shape.NUMBER and first + 1 < len(found) and found[first + 1].text == ")":
        first += 2  # "1) MRD negative"
    last = bisect_left(found, end, lo=first, key=lambda t: t.start)
    return [found[i] for i in range(first, last) if not is_name_of_doctor(found, i)]


def _asks(text: str, last: int, start: int) -> bool:
    """Whether a question mark stands before a sentence as its first word ("Flow: ? CD22 positive")."""
    at = text.find("?", last, start)
    return at >= 0 and (at == 0 or text[at - 1].isspace())


def _name(term: Term) -> str | None:
    """The marker that a term names, if any."""
    if term.kind is Kind.NOTATION:
        match iscn.meaning(term.tokens[0].text):
            case iscn.Meaning.LOCUS:
                return None
            case iscn.Meaning.OTHER:
                return "change"
            case _:
                return "ph"
    return term.value if term.kind is Kind.MARKER else None


def _answers(sentence: Sentence) -> bool:
    """Whether a sentence begins with an answer of its own ("Detected, p190")."""
    first, *rest = sentence.segments
    return len(first.terms) == 1 and first.terms[0].kind is Kind.SIGN and bool(rest)


def _is_of_the_past(sentence: Sentence) -> bool:
    """Whether nothing but a heading of the past silences a sentence ("Prior: Ph+ ALL")."""
    return sentence.terms[0].kind is Kind.PAST and not sentence.has(Kind.BLOCK)


def _goes_on(sentence: Sentence) -> bool:
    """Whether a sentence says more of the marker before it: it has a sign or number, and no subject or heading of its own."""
    opening = {w.word for t in sentence.terms[:3] for w in t.tokens}
    own = sentence.terms[0].value in ("disease", "therapy") or not _SUBJECTS.isdisjoint(opening)
    if own or not _is_under_its_heading(sentence):
        return False
    return any(t.kind in (Kind.SIGN, Kind.NUMBER, Kind.DOUBT, Kind.WAIT) for t in sentence.terms)
