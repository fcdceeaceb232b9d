"""Which state of a clause or a text is over because another stands after it, and which is only the case for which one plans."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

from cds_service.clinical.reading.assertions import Assertion, Certainty, NotUnderstood, Said, Time
from cds_service.clinical.reading.lexicon import SWINGS, Kind, Term
from cds_service.clinical.reading.text_dates import SOON, is_just_before
from cds_service.clinical.reading.topics import REACTION, VOD, Topic

_IN_CASE = frozenset({"at", "on", "upon", "for", "until"})
# What may stand between "after" and the state that is over.
_SPAN = frozenset({"week", "weeks", "month", "months", "year", "years", "of"})
# What may stand behind it, and belongs to it ("after CR to C1 of InO").
_ITS_OWN = frozenset({"preposition", "article", "drug"})


def is_case(found: Sequence[Term]) -> bool:
    """Whether a clause begins with the case for which something is planned ("at progression, refer for CAR-T")."""
    if len(found) < 2 or found[1].kind is not Kind.TARGET:
        return False
    return len(found[0].tokens) == 1 and found[0].tokens[0].word in _IN_CASE  # not "On InO, progressed"


def without_what_is_over(found: Sequence[Term], topic: Topic) -> list[Term]:
    """The terms without the states after which something else is said to be ("relapse after 18 months of remission")."""
    kept: list[Term] = []
    after: int | None = None  # where it stands
    over = False
    for term in found:
        passed = after is not None and term.kind is Kind.TARGET and term.value in topic.passing
        if passed:
            del kept[after:]
        over = passed or (over and (term.value in _ITS_OWN or term.value.startswith("cycle ")))
        if term.value == "after" or term.tokens[0].word == "from":
            after = len(kept)
        elif not _may_precede(term):
            after = None
        if not over:
            kept.append(term)
    return kept


def _may_precede(term: Term) -> bool:
    return term.value in ("adjective", "article") or term.kind is Kind.NUMBER or term.tokens[0].word in _SPAN


# What says that a state came later, and what then answers for it; the rest may as well confirm the denial.
_LATER = frozenset({"now", "later", "then", "subsequently", "became", "turned", "currently"})
_YES = frozenset({"yes", "positive", "pos", "present", "detected", "detectable", "achieved", "reached", "+"})
_EITHER = frozenset({"confirmed", "seen", "found", "identified", "noted", "proven"})


def from_later(found: Sequence[Term]) -> Sequence[Term]:
    """The terms without a denial that a later sign replaces ("EMD: no (PET 4/9), now positive"); none where that is not sure."""
    at = next((i for i, t in enumerate(found) if t.tokens[0].word in _LATER), 0)
    named = [t for t in found[:at] if t.kind is Kind.TARGET]
    denied = any(t.kind is Kind.DENY for t in found[:at])
    if not (named and denied) or any(t.kind is Kind.TARGET or t.kind in SWINGS for t in found[at:]):
        return found
    said = [t.tokens[-1].word for t in found[at:] if t.tokens[-1].word in _YES | _EITHER]
    if not said:
        return found
    return [*named, *found[at:]] if said[0] in _YES else []


def up_to_comparison(found: Sequence[Term]) -> Sequence[Term]:
    """The terms before a comparison with what was ("71 % compared with 50 % before cycle 1")."""
    return found[: next((i for i, t in enumerate(found) if t.tokens[0].word == "compared"), None)]


def compares(term: Term) -> bool:
    """Whether the day behind a term is that of another thing ("since starting inotuzumab on", "new since", "compared to")."""
    return term.tokens[0].word == "compared" or any(
        w.word == "since" for w in term.tokens[:2] if len(term.tokens) > 1
    )


# States that no remission or absence follows within days, and how many where it stands behind.
_GRAVE = frozenset({"relapse", "progression", "no-cr", "present"})
_DAYS = 7


def without_replaced(said: Sequence[Said], topic: Topic, on: date | None) -> Sequence[Said]:
    """What a text says without the states that one of a day just before its own ends ("In CR. Relapsed 4/12.")."""
    kept = [s for i, s in enumerate(said) if not _is_of_earlier_line(s, said[:i], said[i + 1 :], topic)]
    if on is None or not any(s.assertion.when is not None for s in kept):
        return kept
    return [s for i, s in enumerate(kept) if not _is_ended(s, kept[:i], kept[i + 1 :], topic, on)]


_FIRST = re.compile(r"\bCR[ -]?1\b", re.IGNORECASE)
_IN = re.compile(r"\bin\b", re.IGNORECASE)  # "in CR" is said of now


def _is_of_earlier_line(one: Said, before: Sequence[Said], behind: Sequence[Said], topic: Topic) -> bool:
    """Whether a remission is told of as the one that a relapse ended ("Hyper-CVAD, CR1. Relapse 1/2026. InO.")."""
    told, first = one.assertion, bool(_FIRST.search(one.assertion.quote))
    if (
        "relapse" not in topic.reasons
        or told.value not in ("cr", "cri")
        or (told.when, told.cycle) != (None, None)
    ):
        return False
    if one.says_now or (not first and _IN.search(told.quote)):
        return False
    told_of = (*before, *behind) if first else behind
    return any(
        s.assertion.value == "relapse" and s.assertion.when is not None and not s.aside for s in told_of
    )


def _is_ended(one: Said, before: Sequence[Said], behind: Sequence[Said], topic: Topic, on: date) -> bool:
    if (one.assertion.time, one.assertion.when) != (Time.PRESENT, None) or one.assertion.value in _GRAVE:
        return False
    if any(_ends(s.assertion, one.assertion, topic, on, SOON) for s in behind):
        return True
    return not one.says_now and any(_ends(s.assertion, one.assertion, topic, on, _DAYS) for s in before)


def _ends(later: Assertion, one: Assertion, topic: Topic, on: date, within: int) -> bool:
    soon = later.when is not None and is_just_before(later.when, on, within)
    return soon and later.value in _GRAVE and later.is_now and not topic.agree(one.value, later.value)


_NOUNS = frozenset({"relapse", "recurrence", "progression"})
_WHOSE = frozenset(
    {"her", "his", "the", "this", "that", "last", "first", "second", "third", "their", "patient's", "pt's"}
)
_TREATED = re.compile(
    r" ?(?:(?:was|is|were|has been|is being|being|then|initially|successfully) ){1,3}(?:treated|managed|salvaged) with (?:[\w-]+ ){0,3}(?:inotuzumab|ino|besponsa)\b",
    re.IGNORECASE,
)


def is_told_as_before(found: Sequence[Term], text: str) -> bool:
    """Whether a relapse is named as what time is counted from ("since her relapse") or as what inotuzumab was given for."""
    at = next((i for i, t in enumerate(found) if t.kind is Kind.TARGET), 0)
    words = [w.word for t in found[: at + 1] for w in t.tokens]
    if not words or words[-1] not in _NOUNS:
        return False
    while words[:-1] and words[-2] in _WHOSE:
        del words[-2]
    since = len(words) > 1 and words[-2] == "since" and found[at - 1].tokens[-1].word in _WHOSE
    return since or _TREATED.match(text, found[at].end) is not None


def latest_of(found: Sequence[Said | NotUnderstood], topic: Topic) -> Iterator[Said | NotUnderstood]:
    """What a sentence says without the states that an opposite one with a day of its own follows ("in CR, but relapse 4/12")."""
    for i, one in enumerate(found):
        if not (isinstance(one, Said) and _is_followed(one, found[i + 1 :], topic)):
            yield one


def _is_followed(one: Said, behind: Sequence[Said | NotUnderstood], topic: Topic) -> bool:
    if one.says_now or (one.assertion.time, one.assertion.when) != (Time.PRESENT, None):
        return False
    dated = (s for s in behind if isinstance(s, Said) and s.assertion.when is not None and not s.aside)
    return any(not _agree(one, s, topic) for s in dated)


def in_order(said: Sequence[Said], topic: Topic) -> tuple[tuple[Assertion, ...], tuple[NotUnderstood, ...]]:
    """The present is the latest in time; opposite states without an order in time are none of them."""
    if topic in (VOD, REACTION):
        said = [s for s in said if not _is_of_another_time(s, said, topic)]
    present = [s for s in said if s.assertion.time is Time.PRESENT and s.assertion.when is None]
    newest = [s for s in present if s.now]
    if newest:
        last = max(n.assertion.span[0] for n in newest)
        before = [s for s in present if not s.now and s.assertion.span[0] <= last]
        dropped = [s for s in before if not all(_agree(s, n, topic) for n in newest)]
        said = [s for s in said if s not in dropped]
        present = [s for s in present if s not in dropped]
    earlier = [s for s in present if any(_is_of_earlier_cycle(s, other, topic) for other in present)]
    said, present = [s for s in said if s not in earlier], [s for s in present if s not in earlier]
    clash = [s for s in present if any(not _agree(s, other, topic) for other in present)]
    kept = tuple(s.assertion for s in said if s not in clash)
    return kept, tuple(NotUnderstood(topic.name, s.assertion.quote, s.assertion.span) for s in clash)


_EXCLUDING = frozenset({"excluded", "no-anaphylaxis"})


def _is_of_another_time(one: Said, said: Sequence[Said], topic: Topic) -> bool:
    """Whether an event is excluded without a day, and stated or suspected elsewhere: what happened once is not undone by that.

    VOD: of another cycle, or where the suspicion stands behind it ("no VOD with C1. VOD suspected"). A reaction: wherever
    one is stated ("severe reaction on day 1, none on day 8").
    """
    told = one.assertion
    if told.value not in _EXCLUDING or (told.time, told.when) != (Time.PRESENT, None):
        return False
    told_of = [s.assertion for s in said if s.assertion.value not in _EXCLUDING and not _agree(s, one, topic)]
    others = [a for a in told_of if a.time is Time.PRESENT]
    if topic is REACTION and any(o.certainty is Certainty.STATED for o in others):
        return True
    of_cycle = told.cycle is not None
    return not one.says_now and any(
        (of_cycle and o.cycle != told.cycle) or told.span[1] < o.span[0] for o in others
    )


def _is_of_earlier_cycle(one: Said, other: Said, topic: Topic) -> bool:
    """Whether an opposite state is told of after a later cycle ("CR after C1, relapse after C2")."""
    before, after = one.assertion.cycle, other.assertion.cycle
    return before is not None and after is not None and before < after and not _agree(one, other, topic)


def _agree(a: Said, b: Said, topic: Topic) -> bool:
    return topic.agree(a.assertion.value, b.assertion.value)
