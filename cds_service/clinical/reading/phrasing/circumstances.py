"""Circumstances around a plan: what led to it in front, why it is so behind, and another clause before "and she".

"After meeting with Dr. Kim, the patient has declined HSCT because she fears GVHD" says that HSCT is declined, whatever
the words around it. A condition, a doubt, another person or a denial in them is no mere circumstance, and stays.
Does not know what the plan is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set

from cds_service.clinical.reading.layout.company import KIN, at_hand
from cds_service.clinical.reading.lexicon import OPEN, SWINGS, Kind, Term
from cds_service.clinical.reading.phrasing.patterns import phrased
from cds_service.clinical.reading.tokens import Token

# Topics of plans; what another topic states may be said of what its circumstance names ("with depression, in remission").
_PLANS = frozenset({"transplant", "regimen"})

_LEADING = frozenset({
    "after", "following", "since", "because", "due", "given", "owing", "with", "despite", "upon", "now that", "in light", "in view", "on account",
})  # fmt: skip
_BEHIND = frozenset({"because", "as she", "as he", "as the patient", "since she", "since he", "due to", "because of", "owing to", "on account of", "so we", "so she", "so he", "so that", "as soon as"})  # fmt: skip
# What gives the reason of a denial, and of a plan may be its condition.
_OF_DENIAL = frozenset({"given", "in view of", "in light of"})
# What opens how, by whom or with what it is done.
_MANNER = frozenset({"with", "w/", "via", "under", "by", "through", "using", "by virtue of"})
# Subjects with which a clause begins anew behind "and".
_SUBJECTS = frozenset({"we", "she", "he", "they", "patient", "pt", "the patient", "the pt", "i"})
# What blocks a plan, and in front of it only tells how it came about ("after a consult").
_TOLD = frozenset({
    "consult", "consultation", "evaluation", "evaluated", "discussion", "discussed", "discuss", "visit", "meeting", "met", "clinic", "workup",
    "work-up", "referral", "referred", "typing", "biopsy", "search", "counseling", "consulted",
})  # fmt: skip

# What undoes a plan, whoever says so and wherever it stands: it is an error, copied, another's word, a hope, moved, or not all.
_UNDOING = frozenset({
    "error", "errors", "mistake", "mistaken", "mistakenly", "incorrect", "incorrectly", "wrong", "wrongly", "inaccurate", "untrue", "false",
    "typo", "template", "copy", "copied", "pasted", "carried", "autopopulated", "documentation", "documented", "charting", "chart", "clerical",
    "record", "records", "example", "control", "reference", "contrary", "disagree", "disagrees", "disagreed", "told", "said", "says", "stating",
    "say", "heard", "thought", "think", "thinks", "believes", "believe", "believed", "suppose", "supposed", "assume", "assumed", "assumption", "assumptions",
    "assuming", "claims", "claimed", "caveat", "condition", "conditions", "conditional", "contingent", "proviso", "reservation", "reservations",
    "hesitation", "hesitant", "uncertainty", "exception", "hope", "hopes", "hoping", "hoped", "wonders", "rescheduled", "rescheduling", "moved",
    "already", "reversed", "disputed", "retracted", "withdrawn", "rescinded", "overturned", "revised", "amended", "corrected", "except",
    "misdiagnosed", "misread", "misreading", "misdiagnosis", "mislabeled", "mislabeling", "mix", "mixed", "mixup", "confusion", "confused", "glitch",
    "default", "defaulted", "autofill", "ticked", "checked", "clicked", "moot", "off", "else", "other", "instead", "donate", "donates", "hear", "understand", "nobody",
    "rarely", "hardly", "seldom", "scarcely", "cannot", "can't", "unless", "until", "but", "true", "supported", "stated", "strike", "delete", "confirm", "determine", "verify",
})  # fmt: skip
# What makes of a denial one for the time being, and of a plan one that is not settled.
_FOR_NOW = frozenset({
    "yet", "first", "premature", "early", "soon", "undecided", "indecision", "incomplete", "resume", "resumes", "temporary", "temporarily",
    "scheduling", "weather", "snow", "storm", "holiday", "conflict", "closed", "taken", "fell", "bed", "beds", "be", "revisited", "reconsidered",
    "pending", "await", "awaiting", "back", "discussed", "decided", "revisit", "reconsider", "dreams", "backed",
})  # fmt: skip
_FORMER = frozenset({"former", "previous", "prior", "old", "last"})
# Who may decide about a plan and does not decide for the patient.
_PAYERS = frozenset(
    {"insurer", "insurer's", "insurance", "payer", "payor", "medicare", "medicaid", "carrier"}
)
_FINITE = frozenset({"is", "was", "are", "were", "has", "have", "had", "that", "if", "did", "does", "do"})

_SHORTEST = 3  # terms of a clause: who, does, what
_TURNING = (Kind.TARGET, Kind.BLOCK, Kind.PAST, Kind.CORRECT, Kind.AFFIRM)


def told(words: Sequence[Token], topic: str, most: int) -> list[Term]:
    """The words of a sentence as at most so many terms; of a plan without its mere circumstances."""
    found = at_hand(phrased(words, topic, most))
    return _without_manner(_without_reason(_without_lead(_parted(found)))) if topic in _PLANS else found


def _parted(found: Sequence[Term]) -> list[Term]:
    """The terms, where an "and" before a new subject parts two clauses of which only the second names the topic."""
    kept, start = list(found), 0
    for i, term in enumerate(found):
        if term.kind is Kind.AND and _begins_with_subject(found[i + 1 :]) and _is_clause(found[start:i]):
            kept[i] = term._replace(kind=Kind.BREAK, value="and")
        elif term.kind is Kind.BREAK and term.tokens[0].word == "and" and _leaves_open(found[start:i]):
            kept[i] = term._replace(kind=Kind.AND)
        if term.kind in (Kind.AND, Kind.BREAK):
            start = i + 1
    return kept


def _without_lead(found: Sequence[Term]) -> Sequence[Term]:
    """Without what stands in front, up to the first comma or the subject of the plan, where it opens as a circumstance."""
    if not any(" ".join(words) in _LEADING for words in _beginnings(found)):
        return found
    named = next((i for i, t in enumerate(found) if t.kind is Kind.TARGET), 0)
    comma = next((i for i, t in enumerate(found) if t.tokens[0].text == ","), 0)
    subject = max((i for i in range(2, named) if _begins_with_subject(found[i:])), default=0)
    end = comma + 1 if comma else subject
    return found[end:] if end and _is_plain(found[: end - bool(comma)]) else found


def _without_reason(found: Sequence[Term]) -> list[Term]:
    """Without what stands behind "because", up to the end of its segment, where the plan is told before it."""
    for i in range(len(found)):
        opening = {" ".join(words) for words in _beginnings(found[i:])}
        if not opening.isdisjoint(_BEHIND | _OF_DENIAL):
            before, reason = found[:i], list(_up_to_mark(found[i:]))
            denied = any(t.kind is Kind.DENY for t in before)
            gives = denied or not opening.isdisjoint(_BEHIND)
            turned = _undoes(reason, _FOR_NOW) or any(_turns(t, denied=denied) for t in reason)
            if gives and _tells(before) and not turned:
                return [*before, *found[i + len(reason) :]]
            break
    return list(found)


def _without_manner(found: Sequence[Term]) -> list[Term]:
    """Without what is not known behind "with" or "by", up to the end of its segment, where the plan is told before it."""
    for i in range(len(found)):
        opens = any(" ".join(words) in _MANNER for words in _beginnings(found[i:]))
        how = list(_up_to_mark(found[i:])) if opens and _tells(found[:i]) else []
        turned = _undoes(how, _PAYERS | _FINITE | _FORMER) or any(
            t.kind in (*_TURNING, *OPEN, *SWINGS) for t in how
        )
        if any(t.kind is Kind.UNKNOWN for t in how) and not turned:
            return [*found[:i], *found[i + len(how) :]]
    return list(found)


def _tells(found: Sequence[Term]) -> bool:
    kinds = {t.kind for t in found}
    return Kind.TARGET in kinds and not kinds.isdisjoint((Kind.AFFIRM, Kind.DENY))


def _leaves_open(found: Sequence[Term]) -> bool:
    """Whether a clause in front of "and will" leaves open or undoes what stands behind it as well ("hopefully she ... and will")."""
    return _undoes(found) or any(t.kind in OPEN for t in found[:2])


def _undoes(found: Sequence[Term], more: Set[str] = frozenset()) -> bool:
    """Whether words say that a plan does not hold, or whose word it is, or name what is a relative's ("her brother's team")."""
    words = {w.word for t in found for w in t.tokens}
    return not words.isdisjoint(_UNDOING | more) or any(
        w.removesuffix("'s") in KIN for w in words if w.endswith("'s")
    )


def _turns(term: Term, *, denied: bool) -> bool:
    """Whether a word of a reason may turn the plan: another name of it, a doubt, another person, a denial of what is planned."""
    if term.kind is Kind.BLOCK:
        return term.value == "person"
    return term.kind in (Kind.TARGET, *OPEN) or (not denied and term.kind in SWINGS)


def _up_to_mark(found: Sequence[Term]) -> Iterator[Term]:
    for term in found:
        if term.kind is Kind.BREAK or term.tokens[0].text in (",", "(", ")", "-", "--", ":", "?"):
            return
        yield term


def _beginnings(found: Sequence[Term]) -> Iterator[list[str]]:
    """The first one, two and three words of a run of terms."""
    words = [w.word for t in found[:3] for w in t.tokens][:3]
    yield from (words[:n] for n in range(1, len(words) + 1))


def _begins_with_subject(found: Sequence[Term]) -> bool:
    """Whether a clause begins with who does it, or with the plan's name of which something is said ("her transplant is")."""
    if any(" ".join(words) in _SUBJECTS for words in _beginnings(found)):
        return True
    at = next((i for i, t in enumerate(found[:3]) if t.kind is Kind.TARGET), None)
    led = at is not None and all(t.kind is Kind.NEUTRAL for t in found[:at])
    said = found[at + 1 : at + 2] if at is not None and led else ()
    return any(t.value == "verb" or t.kind in (Kind.AFFIRM, Kind.DENY) for t in said)


def _is_clause(found: Sequence[Term]) -> bool:
    """Whether a run of terms may be a clause of its own, and is no more than that."""
    return len(found) >= _SHORTEST and found[0].tokens[0].word != "before" and _is_plain(found)


def _is_plain(found: Sequence[Term]) -> bool:
    """Whether a run of terms names nothing of the topic, and turns, doubts and conditions nothing."""
    return (
        bool(found)
        and not _undoes(found)
        and not any(
            t.kind in (Kind.TARGET, Kind.CORRECT, *OPEN, *SWINGS)
            or (t.kind is Kind.BLOCK and t.tokens[0].word not in _TOLD)
            for t in found
        )
    )
