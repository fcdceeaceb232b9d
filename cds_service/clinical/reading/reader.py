"""The one reader: a text and a topic to assertions. Closed world: a clause is understood as a whole or not at all.

Source: docs/record-reading.md#statements (POL-REC-TEXT). Doubt gives nothing, never the opposite of the truth.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from cds_service.clinical.reading.asserting import asserted
from cds_service.clinical.reading.assertions import (
    Assertion,
    Certainty,
    Gathered,
    NotUnderstood,
    Reading,
    Said,
    Time,
    once,
    too_much,
)
from cds_service.clinical.reading.besides import is_name_of_code
from cds_service.clinical.reading.clauses import Segment, Sentence, sentences
from cds_service.clinical.reading.grouping import apart, clauses_of
from cds_service.clinical.reading.layout.around import goes_on_unheard, qualifies_name, stands_after
from cds_service.clinical.reading.layout.brackets import with_words_before_aside
from cds_service.clinical.reading.layout.company import means_relative
from cds_service.clinical.reading.layout.listed import Shared, shared
from cds_service.clinical.reading.layout.order import in_order, is_told_as_before, latest_of, without_replaced
from cds_service.clinical.reading.layout.other_therapy import (
    comes_after_other_therapy,
    is_outcome_of_other_therapy,
)
from cds_service.clinical.reading.layout.retracted import (
    is_affirmed_later,
    is_another_instead,
    is_conceded,
    is_not_so,
)
from cds_service.clinical.reading.lexicon import OPEN, Kind
from cds_service.clinical.reading.markers.reader import MARKER_TOPICS, read_marker
from cds_service.clinical.reading.mentioned import names_in
from cds_service.clinical.reading.subjects import (
    is_explained,
    is_reason_to_treat,
    only_names_disease,
    speaks_of_another,
)
from cds_service.clinical.reading.text_dates import is_of_year_before, read_date
from cds_service.clinical.reading.tokens import folded
from cds_service.clinical.reading.topics import REACTION, TOPICS, VOD, Topic
from cds_service.remembering import remembered

# What a sentence without a subject turns behind another ("HSCT planned 5/4; cancelled 4/10"); both together are not understood.
_TURNED = re.compile(
    r"(?:[ ]?[;.][ ]|\n[ ]?[-*\u2022][ ]?)(?:(?:now|since|then|later|was|has been)[ ]){0,3}"
    r"(?:cancell?ed|declined|refused|withdrawn|aborted|excluded|ruled out|lost|not (?:confirmed|verified|documented|substantiated)|unverified"
    r"|(?P<again>rescheduled|reinstated)|(?<=now )(?:planned|scheduled|booked|agrees|agreeable))\b"
    r"(?=[ ]?(?:[.;,\n\d]|$|(?:by|due|on|today|yesterday|because|per|now|after|for|to)\b))",
    re.IGNORECASE,
)


# "relapsed, was in CR on 3/30" tells of the time before.
_WAS = frozenset({"was", "were", "had", "previously"})


def read(text: str, topic: str, on: date | None = None) -> Reading:
    """What a text says of a topic. ``on`` is the day of the text, from which its short dates are read."""
    return read_marker(text, topic, on) if topic in MARKER_TOPICS else _read(text, topic, on)


@remembered(4_000_000)
def _read(written: str, name: str, on: date | None) -> Reading:
    text, topic = folded(written), TOPICS[name]
    gathered = Gathered()
    row: list[Said | NotUnderstood] = []  # what sentences say that follow upon one another
    end = 0
    for sentence in sentences(text, name):
        if not _follows(text[end : sentence.start], topic):
            gathered.add_all(latest_of(row, topic))
            row = []
        if sentence.has(Kind.CORRECT):
            gathered.correct()
            row = []
        before = text[sentence.reach : sentence.start] if topic.of_leukemia else ""
        as_met = (text[sentence.start : sentence.after], before, sentence.silenced, sentence.question)
        if not (sentence.has(Kind.TARGET) and gathered.meet(as_met)):
            continue
        row += _of_sentence(sentence, topic, text, on)
        end = sentence.end
        if gathered.is_too_much:
            return too_much(name, text)
    gathered.add_all(latest_of(row, topic))
    if gathered.is_too_much:
        return too_much(name, text)
    kept, contradicted = in_order(without_replaced(gathered.said, topic, on), topic)
    return Reading(kept, once((*gathered.lost, *contradicted)))


def _is_of_allergen(clause: Segment, sentence: Sentence, topic: Topic) -> bool:
    """Whether a bare name of a reaction stands behind a dash and words that may name another cause ("Peanuts - anaphylaxis")."""
    if topic is not REACTION or clause.mark != "-" or not all(t.kind is Kind.TARGET for t in clause.terms):
        return False
    before = next(
        (s.terms for s in reversed(sentence.segments) if s.terms[-1].end <= clause.terms[0].start), ()
    )
    return any(t.kind is Kind.UNKNOWN for t in before)


# Of what is suspected only an exclusion takes it back.
_EXCLUDED = ("excluded", "ruled out")


def _is_turned(sentence: Sentence, topic: Topic, text: str) -> bool:
    """Whether the next sentence turns this one without naming what it speaks of."""
    if is_not_so(text, sentence.end):
        return True
    turned = _TURNED.match(text, sentence.end)
    if turned is None:
        return False
    if topic.suspects:
        stands = sentence.has(Kind.DENY) and not sentence.has(Kind.DOUBT)  # "No VOD. Ruled out by US."
        return turned[0].lower().endswith(_EXCLUDED) and not stands
    return turned["again"] is None or sentence.has(Kind.DENY)


def _of_sentence(
    sentence: Sentence, topic: Topic, text: str, on: date | None
) -> Iterator[Said | NotUnderstood]:
    whole = (sentence.start, sentence.end)
    nothing = NotUnderstood(topic.name, text[slice(*whole)], whole)
    if _is_turned(sentence, topic, text):
        yield nothing
        return
    if _is_silent(sentence, topic):
        yield replace(nothing, silenced=not sentence.form.bare)
        return
    split = (lambda clause: (clause,)) if topic.needs_predicate else apart
    joined = (with_words_before_aside(c, sentence, text) for c in clauses_of(sentence, topic))
    for clause in (part for whole_clause in joined for part in split(whole_clause)):
        common = shared(clause, sentence, topic)
        unsure = common is Shared.SIGN or _is_answered_later(clause, text)
        if unsure or _is_of_another(clause, sentence, topic):
            yield nothing
            continue
        if _is_heading_of_another(_place(clause, sentence, text)[0], topic):
            yield nothing
            return
        yield from _of_clause(clause, sentence, topic, text, on, told_as_past=common is Shared.HISTORY)


def _is_silent(sentence: Sentence, topic: Topic) -> bool:
    """Whether a sentence as a whole says nothing of the patient now: a rule, a question, another person's."""
    no_opposite = sentence.form.denied and not any(topic.denied.values())  # "Held for infection: No"
    asks = sentence.question and not topic.suspects
    first = sentence.terms[0].tokens[0].word
    of_relative = bool(sentence.before) and means_relative(first, sentence.before[-1].words)
    return sentence.silenced or no_opposite or asks or of_relative


def _is_of_another(clause: Segment, sentence: Sentence, topic: Topic) -> bool:
    """Whether a clause is said of something else, explains a name, or is turned by words that are not understood."""
    of_another = topic.of_leukemia and speaks_of_another(clause, sentence, topic.name)
    elsewhere = of_another or is_explained(clause, sentence) or _is_of_allergen(clause, sentence, topic)
    return elsewhere or goes_on_unheard(clause, sentence, topic)


def _is_answered_later(clause: Segment, text: str) -> bool:
    """Whether a clause denies what a sign behind it affirms for a later time."""
    denied = any(t.kind is Kind.DENY for t in clause.terms)
    return denied and is_affirmed_later(text, max(t.end for t in clause.terms))


def _place(clause: Segment, sentence: Sentence, text: str) -> tuple[str, tuple[int, int]]:
    """The words of a clause and where they stand; those of its sentence where they stand in no order."""
    span = (clause.terms[0].start, max(t.end for t in clause.terms))
    return text[slice(*span)] if span[0] < span[1] else text[sentence.start : sentence.end], span


def _of_clause(
    clause: Segment, sentence: Sentence, topic: Topic, text: str, on: date | None, *, told_as_past: bool
) -> Iterator[Said | NotUnderstood]:
    quote, span = _place(clause, sentence, text)
    found = asserted(clause.terms, topic, on, asked=sentence.question)
    if found is None:
        silent = not any(t.kind is Kind.UNKNOWN for t in clause.terms)
        silenced = silent and any(t.kind in OPEN for t in clause.terms)
        yield NotUnderstood(topic.name, quote, span, silenced=silenced)
        return
    if topic is VOD and any(a.certainty is Certainty.SUSPECTED for a in found) and _is_another(clause, text):
        yield NotUnderstood(topic.name, quote, span)
        return
    says_now = any(t.kind is Kind.NOW for t in clause.terms)
    now = says_now or clause.mark not in ("", ",", "(", ")", "-")
    aside = clause.mark == "(" or clause.terms[0].tokens[0].word in _WAS
    before = bool(topic.reasons) and _is_of_time_before(clause, sentence, topic, text)
    passes = topic.suspects or bool(topic.reasons)
    over = told_as_past or (passes and stands_after(clause, sentence))
    over = over or (topic.of_leukemia and is_outcome_of_other_therapy(clause, sentence))
    over = over or (bool(topic.reasons) and is_name_of_code(clause.terms, sentence.terms))
    conceded = bool(topic.passing) and is_conceded(text, sentence.start)
    for one in found:
        if conceded and one.value in topic.passing:
            yield NotUnderstood(topic.name, quote, span)
            continue
        if before and one.value in topic.reasons:
            one = replace(one, time=Time.PAST, when=None)
        elif over:
            one = replace(one, time=Time.PAST)
        else:
            one = _dated(one, sentence, topic, on, now=now)
        said = replace(one, value=_of_part(one.value, quote, topic), quote=quote, span=span)
        yield Said(said, now, says_now, aside=aside)


_NEAR = 4  # words behind a name in which what is suspected of it may end ("VOD suspected on 4/2, felt DILI")


def _is_another(clause: Segment, text: str) -> bool:
    """Whether what is suspected was found to be something else, which is named in its place."""
    last = max(i for i, t in enumerate(clause.terms) if t.kind is Kind.TARGET)
    return any(is_another_instead(text, t.end) for t in clause.terms[last : last + _NEAR])


def _is_of_time_before(clause: Segment, sentence: Sentence, topic: Topic, text: str) -> bool:
    """Whether a state for which treatment is begun is of the time before inotuzumab, or only names the disease."""
    return (
        only_names_disease(clause, sentence, topic.reasons)
        or is_reason_to_treat(clause, sentence, text, topic.reasons)
        or comes_after_other_therapy(clause, sentence)
        or qualifies_name(clause, sentence)
        or is_told_as_before(clause.terms, text)
    )


def _dated(one: Assertion, sentence: Sentence, topic: Topic, on: date | None, *, now: bool) -> Assertion:
    """An assertion at the day under which its sentence stands; a plan under one of an earlier year is an old one."""
    if not sentence.dated:
        return one
    if topic.needs_predicate and is_of_year_before(sentence.dated, on):
        return replace(one, time=Time.PAST)
    if (one.when, one.cycle) == (None, None) and topic.dated and not now:
        return replace(one, when=read_date(sentence.dated, on))
    return one


def _follows(between: str, topic: Topic) -> bool:
    """Whether a sentence goes on with the one before; where a stop hangs on it, a full stop parts no two."""
    return between.strip(" ") == ";" or (topic is VOD and between.strip(" ") == ".")


def _is_heading_of_another(quote: str, topic: Topic) -> bool:
    """Whether a clause is a mere heading, behind which another part is spoken of ("Testicular disease: no CNS disease")."""
    return bool(topic.parts) and quote.endswith(":")


def _of_part(value: str, quote: str, topic: Topic) -> str:
    """What a value says where its clause may speak of a part only ("no disease in the breast")."""
    narrower = topic.narrowed.get(value)
    return value if narrower is None or not names_in(quote, topic.parts) else narrower
