"""The one reader: a text and a topic to assertions. Closed world: a clause is understood as a whole or not at all.

Source: policy analysis 8.1 (POL-REC-TEXT). Doubt gives nothing, never the opposite of the truth.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from cds_service.clinical.reading.assertions import (
    MOST_SAID,
    Assertion,
    Certainty,
    NotUnderstood,
    Reading,
    Time,
    once,
    too_much,
)
from cds_service.clinical.reading.clauses import Segment, Sentence, merged, sentences
from cds_service.clinical.reading.lexicon import Kind, Term
from cds_service.clinical.reading.markers import MARKER_TOPICS, read_marker
from cds_service.clinical.reading.text_dates import read_date
from cds_service.clinical.reading.tokens import folded
from cds_service.clinical.reading.topics import NOTHING, TOPICS, Topic
from cds_service.fhir.dates import When

_SWINGS = frozenset({Kind.DENY, Kind.LOSE, Kind.NEAR, Kind.RESTORE})
_OPEN = frozenset({Kind.DOUBT, Kind.WAIT})
# Kinds that name no thing of their own: a segment of these alone belongs to the segment beside it.
_ATTACHING = frozenset(
    {*_SWINGS, *_OPEN, Kind.AFFIRM, Kind.NEUTRAL, Kind.PAST, Kind.NOW, Kind.DATE, Kind.NUMBER, Kind.AND, Kind.BLOCK, Kind.CORRECT}
)  # fmt: skip
# Neutral words that name a thing: with a sign of their own they are a statement of their own ("blasts not detected").
_NOUNS = frozenset({"count", "specimen", "drug", "disease", "report", "method", "finding"})
# What may stand between a denial and what it denies.
_BETWEEN = frozenset(
    {
        "article",
        "adjective",
        "in",
        "verb",
        "patient",
        "preposition",
        "adverb",
        "time",
        "sign",
        "and",
        "criteria",
        "after",
    }
)
_RELATIVE = frozenset({"which", "who", "per", "according", "as", "though", "although", "except", "if"})
_LONGEST_CLAUSE = 60  # words; nobody says one thing of a patient in more


@dataclass(frozen=True, slots=True)
class _Said:
    """An assertion with what orders it among the others of its text."""

    assertion: Assertion
    now: bool
    corrects: bool


def read(text: str, topic: str, on: date | None = None) -> Reading:
    """What a text says of a topic. ``on`` is the day of the text, from which its short dates are read."""
    return read_marker(text, topic, on) if topic in MARKER_TOPICS else _read(folded(text), topic, on)


@lru_cache(maxsize=2048)
def _read(text: str, name: str, on: date | None) -> Reading:
    topic = TOPICS[name]
    said: dict[_Said, _Said] = {}
    lost: list[NotUnderstood] = []
    for sentence in sentences(text, name):
        if sentence.has(Kind.CORRECT):
            said = {}
        if not sentence.has(Kind.TARGET):
            continue
        for found in _of_sentence(sentence, topic, text, on):
            if isinstance(found, NotUnderstood):
                lost.append(found)
            else:
                said.setdefault(replace(found, assertion=found.assertion.anywhere), found)
        if len(said) > MOST_SAID:
            return too_much(name, text)
    kept, contradicted = _in_order(list(said.values()), topic)
    return Reading(kept, once((*lost, *contradicted)))


# ---- One sentence ----------------------------------------------------------------------------------


def _of_sentence(
    sentence: Sentence, topic: Topic, text: str, on: date | None
) -> Iterator[_Said | NotUnderstood]:
    whole = (sentence.start, sentence.end)
    if sentence.silenced or (sentence.question and not topic.suspects):
        yield NotUnderstood(topic.name, text[slice(*whole)], whole, silenced=True)
        return
    apart = (lambda clause: (clause,)) if topic.needs_predicate else _apart
    for clause in (part for whole_clause in _clauses(sentence, topic) for part in apart(whole_clause)):
        found = _asserted(clause.terms, topic, on, asked=sentence.question)
        span = (clause.terms[0].start, max(t.end for t in clause.terms))
        quote = text[span[0] : span[1]] if span[0] < span[1] else text[slice(*whole)]
        if found is None:
            silent = not any(t.kind is Kind.UNKNOWN for t in clause.terms)
            silenced = silent and any(t.kind in _OPEN for t in clause.terms)
            yield NotUnderstood(topic.name, quote, span, silenced=silenced)
            continue
        now = any(t.kind is Kind.NOW for t in clause.terms) or clause.mark not in ("", ",", "(", ")", "-")
        for one in found:
            yield _Said(replace(one, quote=quote, span=span), now, sentence.has(Kind.CORRECT))


def _clauses(sentence: Sentence, topic: Topic) -> Iterator[Segment]:
    """The segments that name the topic, each with those beside it that speak of nothing else."""
    segments = list(sentence.segments)
    used: set[int] = set()
    named = [i for i, s in enumerate(segments) if _names(s)]
    for i in named:
        if i in used:
            continue
        parts = [segments[i]]
        j = i
        while _goes_on(segments, j, named, topic):
            j += 1
            parts.append(segments[j])
            used.add(j)
        if (denied := _denied_in_list(segments, i)) is not None:
            yield denied
            continue
        before = _leading(segments, i, used)
        clause = merged([*before, *parts])
        while j + 1 < len(segments) and j + 1 not in named and _trails(segments[j + 1]):
            j += 1
            used.add(j)
            if segments[j].mark in (",", "(", ")", "-", "which"):
                clause = merged([clause, segments[j]])
            elif _begins_with_sign(segments[j]) and (target := _target(clause)) is not None:
                yield clause
                clause = Segment((target, *segments[j].terms), segments[j].mark)
        yield clause


def _apart(clause: Segment) -> Iterator[Segment]:
    """A clause in two where a denial stands between two names: the first is not denied by it ("reaction without anaphylaxis")."""
    named = [i for i, t in enumerate(clause.terms) if t.kind is Kind.TARGET]
    cut = next(
        (
            i
            for i, t in enumerate(clause.terms)
            if t.kind is Kind.DENY and t.value in ("before", "either") and named[0] < i < named[-1]
        ),
        None,
    )
    after = clause.terms[cut + 1 :] if cut is not None else ()
    if cut is None or any(t.kind is Kind.AND for t in after) or after[0].kind is Kind.AFFIRM:
        yield clause
        return
    yield replace(clause, terms=clause.terms[:cut])
    yield replace(clause, terms=clause.terms[cut:])


_ITEM = 4  # words; a longer item of a list is a clause


def _denied_in_list(segments: Sequence[Segment], i: int) -> Segment | None:
    """The denial that a list begins with and the item of it that names the topic ("no fever, bleeding or VOD").

    Other items may hold unknown names. The list must be closed by "or" or a stroke, and hold no verb or sign.
    """
    k = i
    while k > 0 and segments[k].mark == "," and not _denies_first(segments[k]):
        k -= 1
    if not _denies_first(segments[k]):
        return None
    deny, *rest = segments[k].terms
    items: list[list[Term]] = [[]]
    closed = False
    for segment in (rest, *(s.terms for s in segments[k + 1 : i + 1])):
        items.append([])
        for term in segment:
            if term.kind is Kind.AND:
                closed = closed or term.value == "or" or term.tokens[0].text == "/"
                items.append([])
            elif term.kind in (Kind.UNKNOWN, Kind.TARGET) or (
                term.kind is Kind.NEUTRAL and term.value != "verb"
            ):
                items[-1].append(term)
            else:
                return None
    named = [item for item in items if any(t.kind is Kind.TARGET for t in item)]
    whole = all(t.kind is not Kind.UNKNOWN for item in named for t in item)
    if not closed or not whole or any(len(item) > _ITEM for item in items):
        return None
    return Segment((deny, *(t for item in named for t in item)), segments[i].mark)


def _denies_first(segment: Segment) -> bool:
    first = segment.terms[0]
    return first.kind is Kind.DENY and first.value in ("before", "either")


def _names(segment: Segment) -> bool:
    return any(t.kind is Kind.TARGET for t in segment.terms)


def _target(segment: Segment) -> Term | None:
    return next((t for t in segment.terms if t.kind is Kind.TARGET), None)


def _is_bare(segment: Segment) -> bool:
    """Whether a segment is an item of a list and no statement: names and what joins them."""
    plain = {Kind.TARGET, Kind.AND, Kind.DENY, Kind.DOUBT}
    return all(t.kind in plain or (t.kind is Kind.NEUTRAL and t.value == "adjective") for t in segment.terms)


def _goes_on(segments: Sequence[Segment], j: int, named: Sequence[int], topic: Topic) -> bool:
    """Whether the list of a bare segment goes on in the next; a denied list only up to its "or"."""
    if not _is_bare(segments[j]) or j + 1 not in named or segments[j + 1].mark != ",":
        return False
    values = {t.value for s in segments[j : j + 2] for t in s.terms if t.kind is Kind.TARGET}
    if not all(topic.agree(a, b) for a in values for b in values):
        return False
    if not any(t.kind in (Kind.DENY, Kind.DOUBT) for t in segments[j].terms):
        return True
    return any(t.kind is Kind.AND or t.value == "correlative" for s in segments[j + 1 :] for t in s.terms)


def _leading(segments: Sequence[Segment], i: int, used: set[int]) -> list[Segment]:
    """The segments before one that belong to it: times, and what governs a list that it goes on with."""
    found: list[Segment] = []
    j = i - 1
    while j >= 0 and j not in used and not _names(segments[j]):
        segment = segments[j]
        joined = segments[j + 1].mark
        if joined not in (",", "(", ")", "-"):
            break
        if joined == "(" and _is_bare(segments[j + 1]):  # an abbreviation of what stands before it
            found.insert(0, segment)
            break
        if _is_then(segment) and segments[i].terms[0].kind is Kind.NOW:
            break
        alone = _names_nothing(segment)
        if joined == "," and (
            _carries_on(segments[i], segment) or alone or _is_its_subject(segment, segments[i])
        ):
            found.insert(0, segment)
            j -= 1
            continue
        break
    return found


def _is_then(segment: Segment) -> bool:
    """Whether a segment tells what was, so that a "now" after it begins anew ("previously relapsed, now in remission")."""
    return any(t.kind is Kind.PAST for t in segment.terms)


def _carries_on(segment: Segment, before: Segment) -> bool:
    """Whether a segment goes on with the list of a denial or doubt before it ("no fever, bleeding or relapse")."""
    opens = any(t.kind in (Kind.DENY, Kind.DOUBT, Kind.WAIT) for t in before.terms)
    return opens and _is_bare(segment) and not any(t.kind is Kind.DENY for t in segment.terms)


def _is_its_subject(segment: Segment, after: Segment) -> bool:
    """Whether an unknown name before a segment without a subject may be what it speaks of ("Depression, in remission")."""
    silent = not any(t.kind in (Kind.DENY, Kind.AFFIRM, Kind.NOW) for t in segment.terms)
    leans = after.terms[0].kind is Kind.NEUTRAL and after.terms[0].value in ("in", "verb")
    return silent and leans and len(segment.terms) <= 4


def _names_nothing(segment: Segment) -> bool:
    """Whether a segment speaks of nothing of its own: signs and times, or known things without a sign."""
    if not all(t.kind in _ATTACHING for t in segment.terms):
        return False
    signed = any(t.kind in (*_SWINGS, *_OPEN, Kind.AFFIRM, Kind.BLOCK) for t in segment.terms)
    return not (signed and any(t.value in _NOUNS for t in segment.terms))


def _begins_with_sign(segment: Segment) -> bool:
    """Whether a segment has no subject of its own, and so speaks of what stands before it ("not confirmed by flow")."""
    first = next(
        (t for t in segment.terms if t.value not in ("verb", "adverb", "and", "patient", "article")),
        segment.terms[0],
    )
    if first.kind is Kind.DENY:
        return first.value != "before"
    return first.kind in (*_OPEN, Kind.LOSE, Kind.AFFIRM)


def _trails(segment: Segment) -> bool:
    """Whether a segment behind a clause belongs to it: it names nothing else, or begins as a relative clause."""
    if segment.terms[0].tokens[0].word in _RELATIVE:
        return True
    if _names_nothing(segment) or _begins_with_sign(segment):
        return True
    if segment.mark != "(":
        return False
    return any(t.kind in (*_SWINGS, *_OPEN, Kind.PAST) for t in segment.terms)


# ---- One clause ------------------------------------------------------------------------------------


def _asserted(found: Sequence[Term], topic: Topic, on: date | None, *, asked: bool) -> list[Assertion] | None:
    """What a clause asserts; None when it is not understood. Nothing: understood, and it says nothing."""
    if len(found) > _LONGEST_CLAUSE or not _is_known(found, topic):
        return None
    values = _values(found, topic)
    if values is None or _leaves_a_choice(found):
        return None
    doubted = asked or any(t.kind in _OPEN for t in found)
    if doubted and (not topic.suspects or any(t.kind is Kind.WAIT for t in found)):
        return None
    past = any(t.kind in (Kind.PAST, Kind.THERAPY) for t in found)
    if past and any(t.kind is Kind.NOW for t in found):
        return None
    dates = _dates(found, on) if topic.dated else []
    if len(set(dates)) > 1:
        return None
    return [
        Assertion(
            topic.name, value, "", (0, 0),
            Certainty.SUSPECTED if doubted else Certainty.STATED,
            Time.PAST if past else Time.PRESENT,
            dates[0] if dates else None,
            _cycle(found),
        )
        for value in sorted(values)
        if value != NOTHING
    ]  # fmt: skip


def _leaves_a_choice(found: Sequence[Term]) -> bool:
    """Whether an affirmed clause names the thing as one of two ("counts or liver")."""
    at = next((i for i, t in enumerate(found) if t.kind is Kind.AND and t.value == "or"), None)
    if at is None or any(t.kind in _SWINGS for t in found):
        return False
    return not all(any(t.kind is Kind.TARGET for t in side) for side in (found[:at], found[at + 1 :]))


def _dates(found: Sequence[Term], on: date | None) -> list[When]:
    written = [t.tokens[-1].text for t in found if t.kind is Kind.DATE or t.value == "month"]
    return [when for text in written if (when := read_date(text, on)) is not None]


def _is_known(found: Sequence[Term], topic: Topic) -> bool:
    before: Term | None = None
    named = reasoned = False
    for i, term in enumerate(found):
        if term.kind is Kind.BLOCK or (term.kind is Kind.UNKNOWN and not reasoned):
            return False
        figure = term.kind is Kind.NUMBER or term.tokens[0].text == "%"
        if figure and before is not None and not topic.figures and not _counts(found[i + 1 : i + 3]):
            return False  # "CR 25 mg", "PR: 160", "CR % of all": other things of these letters
        target = term.kind is Kind.TARGET
        named = named or target
        doubted = topic.suspects and any(t.kind is Kind.DOUBT for t in found[:i])
        reasoned = not target and (reasoned or (named and _gives_reason(term, doubted=doubted)))
        behind = before is not None and term.tokens[0].text in (":", "=")
        before = term if (target and not _is_last_of_segment(found, i)) or behind else None
    return True


def _gives_reason(term: Term, *, doubted: bool) -> bool:
    """Whether what follows only says why ("declined due to ...", "concern for VOD: ..."): it may hold any words."""
    return term.value == "reason" or (doubted and term.tokens[0].text == ":")


def _counts(following: Sequence[Term]) -> bool:
    """Whether a figure is a percentage of blasts ("CRi: 2 % blasts")."""
    return len(following) == 2 and following[0].tokens[0].text == "%" and following[1].value == "count"


def _is_last_of_segment(found: Sequence[Term], i: int) -> bool:
    """Whether a sign that ends a segment stood between a term and the next ("Residual leukemia, 18 % blasts")."""
    return i + 1 < len(found) and found[i + 1].start - found[i].end > 1


def _values(found: Sequence[Term], topic: Topic) -> set[str] | None:
    """The values of a clause's targets, turned by what denies, loses or nearly reaches them."""
    targets = {t.value for t in found if t.kind is Kind.TARGET}
    if not all(topic.agree(a, b) for a in targets for b in targets):
        return None
    swings = _swings(found)
    if topic.needs_predicate:
        planned = _predicated(found, topic, swings)
        return None if planned is None else {planned}
    if len(swings) > 1 and not all(t.kind is Kind.DENY and t.value == "correlative" for t in swings[1:]):
        return None
    if swings and not _scopes(swings[0], found):
        return None
    turned = {Kind.DENY: topic.denied, Kind.LOSE: topic.lost, Kind.NEAR: topic.near}
    if not swings and topic.suspects and _is_unanswered(found):
        return None
    if not swings or swings[0].kind not in turned:
        return targets
    said = {turned[swings[0].kind].get(value) for value in targets}
    return None if None in said else {value for value in said if value is not None}


def _is_unanswered(found: Sequence[Term]) -> bool:
    """Whether a clause names the thing before a colon and says nothing of it behind ("VOD: seen today")."""
    colon = next((i for i, t in enumerate(found) if t.tokens[0].text == ":"), None)
    if colon is None or not any(t.kind is Kind.TARGET for t in found[:colon]):
        return False
    behind = found[colon + 1 :]
    return bool(behind) and not any(t.kind in (Kind.TARGET, Kind.AFFIRM, *_OPEN) for t in behind)


def _swings(found: Sequence[Term]) -> list[Term]:
    """What turns the value; the same said twice, joined by "and", turns it once ("changed her mind and declines")."""
    kept: list[Term] = []
    joined = False
    for term in found:
        if term.kind in _SWINGS and not (joined and kept and kept[-1].kind is term.kind):
            kept.append(term)
        joined = term.kind is Kind.AND or (joined and term.value in ("verb", "adverb"))
    return kept


def _scopes(swing: Term, found: Sequence[Term]) -> bool:
    """Whether a denial reaches the clause's target: "without blasts" behind "CR" does not."""
    at = found.index(swing)
    targets = [i for i, t in enumerate(found) if t.kind is Kind.TARGET]
    before = [i for i in targets if i < at]
    if swing.value == "before" or swing.kind is Kind.NEAR or not before:
        reached = next((i for i in targets if i > at), None)
        between = found[at + 1 : reached]
    else:
        reached = before[-1]
        between = found[reached + 1 : at]
    if reached is None or (swing.value == "after" and not before):
        return False
    return all(t.kind is not Kind.NEUTRAL or t.value in _BETWEEN for t in between)


def _predicated(found: Sequence[Term], topic: Topic, swings: Sequence[Term]) -> str | None:
    """For a plan: its name alone says nothing, a denial denies it, a word of planning plans it."""
    planned = any(t.kind is Kind.AFFIRM for t in found)
    if len(swings) > 1:
        return None
    if swings and swings[0].kind in (Kind.DENY, Kind.LOSE):
        return topic.denied["planned"]
    return "planned" if planned and not swings else None


def _cycle(found: Sequence[Term]) -> int | None:
    """The cycle after which a clause places a state ("after C1", "with 2 cycles")."""
    cycles = {t.value.removeprefix("cycle ") for t in found if t.value.startswith("cycle ")}
    return int(cycles.pop()) if len(cycles) == 1 else None


# ---- Several states in one text --------------------------------------------------------------------


def _in_order(said: Sequence[_Said], topic: Topic) -> tuple[tuple[Assertion, ...], tuple[NotUnderstood, ...]]:
    """The present is the latest in time; opposite states without an order in time are none of them."""
    present = [s for s in said if s.assertion.time is Time.PRESENT and s.assertion.when is None]
    newest = [s for s in present if s.now]
    if newest:
        dropped = [s for s in present if not s.now and not all(_agree(s, n, topic) for n in newest)]
        said = [s for s in said if s not in dropped]
        present = [s for s in present if s not in dropped]
    clash = [s for s in present if any(not _agree(s, other, topic) for other in present)]
    kept = tuple(s.assertion for s in said if s not in clash)
    return kept, tuple(NotUnderstood(topic.name, s.assertion.quote, s.assertion.span) for s in clash)


def _agree(a: _Said, b: _Said, topic: Topic) -> bool:
    return topic.agree(a.assertion.value, b.assertion.value)
