"""The clauses of a sentence: which segments belong to the one that names the topic, and which lists share its sign.

Does not know what a clause says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import dropwhile

from cds_service.clinical.reading.besides import denies_another, denies_what_follows, told_in_denied_list
from cds_service.clinical.reading.clauses import Segment, Sentence, merged
from cds_service.clinical.reading.layout.around import (
    has_own_sign,
    once_named,
    only_names,
    plans_therapy,
    values_of,
)
from cds_service.clinical.reading.layout.brackets import tells_what_was
from cds_service.clinical.reading.lexicon import ANOTHER, OPEN, SWINGS, Kind, Term
from cds_service.clinical.reading.topics import Topic

# Kinds that name no thing of their own: a segment of these alone belongs to the segment beside it.
_ATTACHING = frozenset(
    {*SWINGS, *OPEN, Kind.AFFIRM, Kind.NEUTRAL, Kind.PAST, Kind.NOW, Kind.DATE, Kind.NUMBER, Kind.AND, Kind.BLOCK, Kind.CORRECT}
)  # fmt: skip
# Neutral words that name a thing: with a sign of their own they are a statement of their own ("blasts not detected").
_NOUNS = frozenset({"count", "specimen", "drug", "therapy", "disease", "report", "method", "finding"})
_DENYING = frozenset({"no", "without", "denies", "denied", "out"})
_RELATIVE = frozenset({"which", "who", "per", "according", "as", "though", "although", "except", "if"})


def clauses_of(sentence: Sentence, topic: Topic) -> Iterator[Segment]:
    """The segments that name the topic, each with those beside it that are about nothing else."""
    segments = [part for s in once_named(sentence.segments) for part in _each_denial(s)]
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
        if (told := told_in_denied_list(segments, i)) is not None:
            yield told
            continue
        before = _leading(segments, i, used, topic)
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


def apart(clause: Segment) -> Iterator[Segment]:
    """A clause in two where a denial is between two names: the first is not denied by it ("reaction without anaphylaxis").

    A heading that names what is denied behind it says nothing of its own ("VOD: no VOD").
    """
    named = [i for i, t in enumerate(clause.terms) if t.kind is Kind.TARGET]
    within = range(named[0] + 1, named[-1])
    cut = next((i for i in within if denies_what_follows(clause.terms[i])), None)
    before, after = clause.terms[:cut], clause.terms[cut + 1 :] if cut is not None else ()
    one = cut is None or _is_of_past(before) or after[0].kind is Kind.AFFIRM
    if one or any(t.kind is Kind.AND for t in after):
        yield clause
        return
    if not _is_heading(before, after):
        yield replace(clause, terms=before)
    yield replace(clause, terms=clause.terms[cut:])


def _is_of_past(terms: Sequence[Term]) -> bool:
    """Whether terms end with a heading on the past, which holds for what is behind it ("VOD: prior: no VOD")."""
    return len(terms) > 1 and terms[-1].tokens[0].text == ":" and terms[-2].kind is Kind.PAST


def _is_heading(terms: Sequence[Term], after: Sequence[Term]) -> bool:
    """Whether terms are a name and its colon, of something that is named in the same words ``after`` it."""
    *name, colon = terms
    again = {_words(t) for t in after if t.kind is Kind.TARGET}
    plain = all(
        _words(t) in again if t.kind is Kind.TARGET else t.kind is Kind.AND or t.value == "adjective"
        for t in name
    )
    return plain and colon.tokens[0].text == ":"


def _words(term: Term) -> tuple[str, ...]:
    return tuple(token.word for token in term.tokens)


_ITEM = 4  # words; a longer item of a list is a clause
_HAS = frozenset({"article", "verb", "patient", "joined"})


def _denied_from(segment: Segment) -> Sequence[Term]:
    """The denial that a segment opens with and what it denies ("no fever", "she has had no fever"); else none."""
    opening = _from_thing(segment.terms)
    return (opening[0], *_from_thing(opening[1:])) if opening and denies_what_follows(opening[0]) else ()


def _from_thing(terms: Sequence[Term]) -> Sequence[Term]:
    """Terms without the words in front that name nothing ("she has", "there is")."""
    return tuple(dropwhile(lambda t: t.kind is Kind.NEUTRAL and t.value in _HAS, terms))


def _each_denial(segment: Segment) -> Iterator[Segment]:
    """A segment in parts where "and no" begins a denial behind one that does not name the topic ("no fever and no VOD")."""
    terms = segment.terms
    cut = next((i for i in range(1, len(terms) - 1) if _says_and_no(terms[i], terms[i + 1])), None)
    if cut is None or not _denied_from(segment) or any(t.kind is Kind.TARGET for t in terms[:cut]):
        yield segment
    else:
        yield replace(segment, terms=terms[:cut])
        yield from _each_denial(Segment(terms[cut + 1 :], ","))


def _says_and_no(joining: Term, denying: Term) -> bool:
    return joining.tokens[0].word == "and" and denying.kind is Kind.DENY and denying.tokens[0].word == "no"


def _denied_in_list(segments: Sequence[Segment], i: int) -> Segment | None:
    """The denial that a list begins with and the item of it that names the topic ("no fever, bleeding or VOD").

    Other items may hold unknown names. The list must be closed by "or" or a stroke, and hold no verb or sign.
    """
    k = i
    while k > 0 and segments[k].mark == "," and not _denied_from(segments[k]):
        k -= 1
    if not (opening := _denied_from(segments[k])):
        return None
    deny, *rest = opening
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


def _names(segment: Segment) -> bool:
    return any(t.kind is Kind.TARGET for t in segment.terms)


def _target(segment: Segment) -> Term | None:
    return next((t for t in segment.terms if t.kind is Kind.TARGET), None)


_BARE = frozenset({Kind.TARGET, Kind.AND, Kind.DENY, Kind.DOUBT})


def _is_bare(segment: Segment) -> bool:
    """Whether a segment is an item of a list and no statement: names and what joins them."""
    return all(t.kind in _BARE or (t.kind is Kind.NEUTRAL and t.value == "adjective") for t in segment.terms)


def _goes_on(segments: Sequence[Segment], j: int, named: Sequence[int], topic: Topic) -> bool:
    """Whether the next segment names it in brackets, or goes on with the list of a bare one; a denied list up to its "or"."""
    if j + 1 not in named or segments[j + 1].mark not in (",", "("):
        return False
    values = values_of(segments[j]) | values_of(segments[j + 1])
    if not all(topic.agree(a, b) for a in values for b in values):
        return False
    if segments[j + 1].mark == "(" and only_names(segments[j + 1]):
        return True  # "history of CR (CRi)"
    if segments[j + 1].mark == "(" or not _is_bare(segments[j]):
        return False
    if not any(t.kind in (Kind.DENY, Kind.DOUBT) for t in segments[j].terms):
        return True
    return any(t.kind is Kind.AND or t.value == "correlative" for s in segments[j + 1 :] for t in s.terms)


def _leading(segments: Sequence[Segment], i: int, used: set[int], topic: Topic) -> list[Segment]:
    """The segments before one that belong to it: times, and what governs a list that it goes on with."""
    found: list[Segment] = []
    j = i - 1
    while j >= 0 and j not in used and not _names(segments[j]):
        segment = segments[j]
        joined = segments[j + 1].mark
        if joined == "arrow" and topic.needs_predicate and plans_therapy(segment):
            found.insert(0, segment)
        if joined not in (",", "(", ")", "-"):
            break
        if joined == "(" and _is_bare(segments[j + 1]):  # an abbreviation of what stands before it
            found.insert(0, segment)
            break
        first = segments[i].terms[0]
        if (_is_then(segment) and first.kind is Kind.NOW) or first.tokens[0].word == "since":
            break
        alone = _names_nothing(segment) and not has_own_sign(segment, segments[i])
        if joined == "," and (
            _carries_on(segments[i], segment) or alone or _is_its_subject(segment, segments[i])
        ):
            found.insert(0, segment)
            j -= 1
            continue
        break
    return found


def _is_then(segment: Segment) -> bool:
    """Whether a segment says what was, so that a "now" after it begins anew ("previously relapsed, now in remission")."""
    return any(t.kind is Kind.PAST for t in segment.terms)


def _carries_on(segment: Segment, before: Segment) -> bool:
    """Whether a segment goes on with the list of a denial or doubt before it ("no fever, bleeding or relapse")."""
    opening = before.terms if before.terms[0].value != "finding" else ()  # "GVHD unlikely" opens no list
    opens = any(t.kind in (Kind.DENY, Kind.DOUBT, Kind.WAIT) for t in opening)
    kinds = {t.kind for t in segment.terms}
    if Kind.DOUBT in kinds and Kind.AND not in kinds and any(t.kind is Kind.DENY for t in opening):
        return False  # "no infection, VOD suspected"
    return opens and _is_bare(segment) and Kind.DENY not in kinds


def _is_its_subject(segment: Segment, after: Segment) -> bool:
    """Whether a name before a segment without a subject may be what it speaks of ("Depression, in remission")."""
    silent = not any(t.kind in (Kind.DENY, Kind.AFFIRM, Kind.NOW) for t in segment.terms)
    first = after.terms[0]
    leans = first.kind is Kind.NEUTRAL and first.value in ("in", "verb")
    leans = leans or (first.kind is Kind.TARGET and _names_another(segment) and not _names_another(after))
    return silent and leans and len(segment.terms) <= 4


def _names_another(segment: Segment) -> bool:
    return any(t.value == ANOTHER for t in segment.terms)


def _names_nothing(segment: Segment) -> bool:
    """Whether a segment speaks of nothing of its own: signs and times, or known things without a sign."""
    if not all(t.kind in _ATTACHING and t.value != ANOTHER for t in segment.terms):
        return False
    signed = any(t.kind in (*SWINGS, *OPEN, Kind.AFFIRM, Kind.BLOCK) for t in segment.terms)
    first, *more = segment.terms
    denied = bool(more) and first.tokens[-1].word in _DENYING and denies_what_follows(first)
    return not (signed and any(t.value in _NOUNS or (denied and t.value == "person") for t in segment.terms))


def _begins_with_sign(segment: Segment) -> bool:
    """Whether a segment has no subject of its own, and so speaks of what stands before it ("not confirmed by flow")."""
    first = next(
        (t for t in segment.terms if t.value not in ("verb", "adverb", "and", "patient", "article")),
        segment.terms[0],
    )
    if first.kind is Kind.DENY:
        return first.value != "before" and not denies_another(segment.terms, segment.terms.index(first))
    return first.kind in (*OPEN, Kind.LOSE, Kind.AFFIRM)


def _trails(segment: Segment) -> bool:
    """Whether a segment behind a clause belongs to it: it names nothing else, or begins as a relative clause."""
    if segment.terms[0].tokens[0].word in _RELATIVE or _names_nothing(segment) or _begins_with_sign(segment):
        return not tells_what_was(segment)
    awaited = all(t.value == "method" or t.kind is Kind.WAIT for t in segment.terms)  # "CR (NGS pending)"
    turns = any(t.kind in (*SWINGS, *OPEN, Kind.PAST) for t in segment.terms)
    return segment.mark == "(" and turns and not awaited and not tells_what_was(segment)
