"""What a clause speaks of beside the thing that it names: what else it finds or denies, or a laboratory value."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from itertools import dropwhile

from cds_service.clinical.reading.clauses import Segment, merged
from cds_service.clinical.reading.layout.company import SPANS
from cds_service.clinical.reading.layout.looking import is_of_looking
from cds_service.clinical.reading.lexicon import OPEN, SWINGS, Kind, Term

_JOINED = frozenset({"finding", "adjective", "and", "or"})


def finds_more(found: Sequence[Term], denied: Set[int]) -> bool:
    """Whether a clause speaks of a finding that none of the denials at these places denies ("recurrence of fever").

    The answer to a question for one or the other denies both ("Progression or unacceptable toxicity: No").
    """
    if len(found) > 1 and found[-1].kind is Kind.DENY and found[-2].tokens[0].text == ":":
        return False
    for i, term in enumerate(found):
        if term.value == "finding":
            either = False
            while i >= 0 and (found[i].value in _JOINED or (either and found[i].kind is Kind.TARGET)):
                either = either or found[i].value == "or"
                i -= 1
            both = either and i >= 0 and found[i].kind is Kind.DENY  # "no progression or toxicity"
            if i not in denied and not both:
                return True
    return False


_ABBREVIATED = frozenset({"cr", "pr", "sd", "pd", "nr"})
_PASSED = frozenset({"sign", "preposition", "verb", "adverb", "in", "article"})
_MEASURED = frozenset({"count", "method", "specimen", "blast", "counts"})
_COUNTED = frozenset({"count", "patient", "cycle", "courses"})


def names_a_value(found: Sequence[Term]) -> bool:
    """Whether a number stands behind nothing but an abbreviation that may mean a laboratory test ("CR today 0.9")."""
    targets = [t for t in found if t.kind is Kind.TARGET]
    if any(t.tokens[-1].word not in _ABBREVIATED or len(t.tokens) > 1 for t in targets):
        return False
    return any(t.kind is Kind.NUMBER and not _is_measured(found, i) for i, t in enumerate(found))


def _is_measured(found: Sequence[Term], i: int) -> bool:
    """Whether a number is that of the thing named before it, or counts what stands behind it."""
    if "10" in (found[i].value, found[i - 1].value) and Kind.NUMBER in {
        t.kind for t in found[i - 1 : i + 2 : 2]
    }:
        return True  # "CR, MRD- (10-4)": the level of an assay
    before = next((t for t in reversed(found[:i]) if t.value not in _PASSED), None)
    behind = found[i + 1] if i + 1 < len(found) else None
    counted = behind is not None and (
        behind.tokens[0].text == "%" or behind.value in _COUNTED or behind.tokens[0].word in SPANS
    )
    return counted or (before is not None and before.value in _MEASURED)


_TURNING = frozenset({"then", "to", "since", "after", "despite", "until"})


def is_no_state(found: Sequence[Term]) -> bool:
    """Whether a clause only looks for what it names ("evaluation for VOD"), or turns what it denies ("no VOD then VOD")."""
    if is_of_looking(found) or _is_defined(found):
        return True
    named = [i for i, t in enumerate(found) if t.kind is Kind.TARGET]
    if len(named) < 2 or found[named[0]].value != found[named[-1]].value:
        return False
    before, between = found[: named[0]], found[named[0] + 1 : named[-1]]
    turned = any(not _TURNING.isdisjoint(w.word for w in t.tokens) for t in between)
    return turned and _denies(before) and not _denies(between)


def _is_defined(found: Sequence[Term]) -> bool:
    """Whether an equals sign and a bound behind a name say what it means ("CR = blasts < 5 %")."""
    at = next(
        (
            i
            for i, t in enumerate(found)
            if i and t.tokens[0].text == "=" and found[i - 1].kind is Kind.TARGET
        ),
        None,
    )
    behind = found[at + 1 :] if at is not None else ()
    return any(t.tokens[0].text in "<>" or t.kind is Kind.COMPARE for t in behind)


def _denies(found: Sequence[Term]) -> bool:
    return any(t.kind is Kind.DENY for t in found)


def denies_what_follows(term: Term) -> bool:
    """Whether a term denies what stands behind it."""
    return term.kind is Kind.DENY and term.value in ("before", "either")


# A denial that ends in one of these is of what stands right behind it.
_LEADING = frozenset({"no", "without", "denies", "denied", "w/o", "nor", "of", "for", "any"})
# Neutral words that name no thing which could be denied instead.
_NO_THING = frozenset({
    "disease", "report", "reason", "reviewed", "sign", "time", "month", "adverb", "preposition", "article", "adjective", "verb", "in",
    "patient", "and", "criteria", "after", "name",
})  # fmt: skip
_HOW = frozenset({"on", "by", "with", "per", "at", "in", "from", "via", "due", "for", "to"})


def denies_another(found: Sequence[Term], at: int) -> bool:
    """Whether the denial at this place is of another thing, right behind it ("VOD confirmed, no ascites")."""
    if found[at].kind is not Kind.DENY or found[at].tokens[-1].word not in _LEADING:
        return False
    behind = list(dropwhile(lambda t: t.value == "adjective", found[at + 1 :]))
    if not behind or any(t.kind is Kind.TARGET for t in behind):
        return False
    thing = behind[0]
    named = thing.kind is Kind.NEUTRAL and thing.value not in _NO_THING
    return named and thing.tokens[0].word not in _HOW


def told_in_denied_list(segments: Sequence[Segment], i: int) -> Segment | None:
    """The whole of a list that begins with a denial, where its last item says what the findings would tell.

    "No jaundice, ascites, weight gain to suggest VOD": the findings are denied, not stated, so that it raises nothing.
    """
    doubt = next((t for t in segments[i].terms if t.kind is Kind.DOUBT), None)
    if doubt is None or doubt is segments[i].terms[0] or denies_what_follows(segments[i].terms[0]):
        return None
    k = i
    while k > 0 and segments[k].mark == "," and not denies_what_follows(segments[k].terms[0]):
        k -= 1
    listed = segments[k + 1 : i]
    # "No fever, weight gain suggestive of VOD" may be either.
    whole = bool(listed) or _is_to_suggest(segments[i], doubt)
    if not whole or not denies_what_follows(segments[k].terms[0]):
        return None
    if any(t.kind in (*SWINGS, *OPEN, Kind.AFFIRM, Kind.NOW) for s in listed for t in s.terms):
        return None
    return merged(segments[k : i + 1])


def _is_to_suggest(segment: Segment, doubt: Term) -> bool:
    before = segment.terms[: segment.terms.index(doubt)]
    return doubt.tokens[0].word == "to" or (bool(before) and before[-1].tokens[-1].word == "to")


_LEADS_ON = frozenset({"as", "since", "because", "so"})


def denies_what_it_leads_to(found: Sequence[Term], swings: Sequence[Term]) -> bool:
    """Whether a denial is of a cycle or dose that the plan makes needless ("no third cycle, as she goes to transplant")."""
    at = found.index(swings[0]) if swings else len(found)
    named = next((i for i, t in enumerate(found) if t.kind is Kind.TARGET), at)
    between = found[at + 1 : named]
    if any(len(t.tokens) == 1 and t.tokens[0].word in _LEADS_ON for t in between):
        return True
    given = bool(between) and between[0].value.startswith(("cycle", "drug"))
    return given and any(t.kind is Kind.AFFIRM for t in between)


# What a bare denial of an act is of the past or of a while by.
_SO_FAR = frozenset({"to date", "so far", "as yet", "this month", "this week"})


def is_of_a_time(found: Sequence[Term], *, planned: bool) -> bool:
    said = {" ".join(w.word for w in t.tokens) for t in found}
    so_far = not planned and not said.isdisjoint(_SO_FAR | {"never"})
    return so_far or any(t.value == "schedule" for t in found)


_CODE = re.compile(r"\bc91 ?\.? ?0[012]?\b|\b(?:hcc|cms)\b")
_CODED = re.compile(r"\b(?:leukemia|all) (?:all )?(?:in (?:remission|relapse)|relapsed|without remission)\b")
_CODED_ALONE = re.compile(r"\b(?:leukemia|all) (?:all )?not having achieved remission\b")


def is_name_of_code(clause: Sequence[Term], sentence: Sequence[Term]) -> bool:
    """Whether a clause is a code's own name for the disease, as problem lists repeat it ("ALL in relapse (HCC)"), and says no more."""
    more = (Kind.NOW, Kind.DATE, Kind.NUMBER)
    if any(t.kind in more or t.value.startswith("cycle ") for t in clause):
        return False
    line = " ".join(w.word for t in sentence for w in t.tokens)
    coded = _CODED.search(line) is not None and _CODE.search(line) is not None
    return coded or _CODED_ALONE.search(line) is not None
