"""What stands around the name of a thing in its sentence: the name again, and words that go on behind an aside.

"Veno-occlusive disease (VOD) of liver" names one thing once. In "CR (as Dr. Lee had hoped) was not achieved" the words
behind the brackets are said of what stands before them, and where the aside is not understood, so is the whole.
What calls a statement wrong behind it takes it back, and what a clause "stands after" is over.
"""

from __future__ import annotations

from collections.abc import Sequence

from cds_service.clinical.reading.clauses import Segment, Sentence, merged
from cds_service.clinical.reading.lexicon import ANOTHER, OPEN, SWINGS, Kind, Term
from cds_service.clinical.reading.topics import Topic


def once_named(segments: Sequence[Segment]) -> list[Segment]:
    """The segments without those that only name a thing again ("history of veno-occlusive disease (VOD)")."""
    kept: list[Segment] = []
    met: set[str] = set()
    inside = False
    for segment in segments:
        values = values_of(segment)
        if values and values <= met and segment.mark in ("(", ",", "-") and only_names(segment):
            inside = segment.mark == "("
        elif inside and segment.mark == ")":
            kept[-1], inside = merged([kept[-1], segment]), False
        else:
            kept.append(segment)
        met |= values
    return kept


def values_of(segment: Segment) -> set[str]:
    """The values of the things that a segment names."""
    return {t.value for t in segment.terms if t.kind is Kind.TARGET}


def only_names(segment: Segment) -> bool:
    """Whether a segment is a name, and nothing is said of it."""
    return all(t.kind is Kind.TARGET or t.value == "adjective" for t in segment.terms)


def answers_before_aside(found: Sequence[Term], at: int) -> bool:
    """Whether the denial at this place answers a label and a sign parts it from what follows ("EMD: No (PET 4/9)")."""
    answers = at > 0 and found[at - 1].tokens[0].text == ":"
    return answers and at + 1 < len(found) and found[at + 1].start - found[at].end > 1


def has_own_sign(segment: Segment, after: Segment) -> bool:
    """Whether a segment has a sign of its own before one that begins with a denial ("PET neg, no EM disease")."""
    first = after.terms[0]
    denied = first.kind is Kind.DENY and first.value in ("before", "either")
    signed = segment.terms[-1].kind is Kind.DENY or segment.terms[0].tokens[0].word in ("negative", "neg")
    return denied and signed and len(segment.terms) > 1


def plans_therapy(segment: Segment) -> bool:
    """Whether a segment plans what an arrow leads on from, and is no finding that would lead to it ("Plan: InO x2 -> HSCT")."""
    planned = any(t.kind is Kind.AFFIRM and t.tokens[0].word == "plan" for t in segment.terms[:2])
    given = any(t.value.startswith(("drug", "cycle", "therapy", "inotuzumab")) for t in segment.terms)
    return planned and given and all(t.value != ANOTHER and t.kind is not Kind.PAST for t in segment.terms)


_TURNING = frozenset({*SWINGS, *OPEN, Kind.PAST})
SKIPPED = frozenset({"adverb", "and", "article", "patient"})
# What ends the state before it ("PR, converted to CR").
_BECAME = frozenset(
    {"converted", "turned", "evolved", "switched", "became", "reverted", "changed", "transitioned"}
)
_LINKING = frozenset({"verb", "adverb", "article", "preposition"})
_VERBS = frozenset({"is", "are", "has", "have", "had"})
# Verbs that nobody uses of the patient in a row of states ("CR, was a misread"; but "CR, is doing well").
_TURNING_VERBS = frozenset({"was", "were", "never", "turned", "proved", "resolved", "declined"})


def goes_on_unheard(clause: Segment, sentence: Sentence, topic: Topic) -> bool:
    """Whether words without a subject stand behind a clause and an aside that is not understood: they may turn it."""
    last = clause.terms[-1]
    if last.kind is Kind.CORRECT and last.tokens[-1].word == "error":
        return True  # "CR in error"
    end = last.end
    unheard = False
    directly = True
    denied = any(t.kind is Kind.DENY for t in clause.terms)
    for segment in sentence.segments:
        if segment.terms[0].start < end:
            continue
        if values_of(segment):
            return segment.terms[0].tokens[0].word in _BECAME
        if _may_turn(segment, topic, unheard=unheard) or _corrects(segment, directly=directly):
            return True
        if directly and (denied or not topic.suspects) and _only_quotes(segment):
            return True
        directly = False
        unheard = unheard or any(t.kind is Kind.UNKNOWN for t in segment.terms)
    return False


# What a statement is called that does not hold, and what says so of it behind "but".
_WRONG = frozenset({
    "incorrect", "inaccurate", "wrong", "untrue", "false", "mistaken", "disproved", "disproven", "refuted", "misread", "misdiagnosis",
    "overcall", "overcalled", "artifact", "artifactual", "artefact", "spurious", "unverified", "mislabeled", "mislabelled", "mix",
    "disagree", "disagrees", "disagreed", "contradicts", "contradicted", "disputes",
})  # fmt: skip
_SAID = frozenset(
    {"says", "said", "claims", "claimed", "thinks", "believes", "allegedly", "reportedly", "supposedly"}
)
_OTHERWISE = frozenset(
    {"confirm", "confirmed", "agree", "show", "reproduce", "reproduced", "it", "this", "that"}
)
_CORRECTING = frozenset({*SWINGS, *OPEN, Kind.CORRECT})
_CHECKED = ("confirm", "verif", "repeat", "review")  # so begins what is still to be done about it
_SHORT = 6  # words


def _only_quotes(segment: Segment) -> bool:
    """Whether a segment only tells whose word a statement is ("in CR, she says"); of what is feared it takes back a denial alone."""
    words = [w.word for t in segment.terms for w in t.tokens]
    return len(words) <= _SHORT and not _SAID.isdisjoint(words)


# What may stand beside the one word by which something is done to a statement ("since overturned").
_BESIDE_DONE = frozenset(
    {"was", "were", "is", "has", "been", "later", "since", "subsequently", "then", "now", "and", "being"}
)


# What became of the patient, and says nothing of a statement before it ("VOD in 2025, relapsed").
_BECAME_OF_PATIENT = frozenset({
    "relapsed", "progressed", "admitted", "readmitted", "discharged", "hospitalized", "transferred", "treated", "transplanted", "referred",
    "recovered", "improved", "extubated", "intubated", "transfused", "bridged", "consolidated", "died", "transitioned", "engrafted",
})  # fmt: skip


def is_done_to_it(found: Sequence[Term]) -> bool:
    """Whether terms are one unknown participle without a subject, which is said of what stands before ("CR, debunked")."""
    said = [t for t in found if t.tokens[0].word not in _BESIDE_DONE and t.tokens[0].word[0].isalpha()]
    done = len(said) == 1 and said[0].kind is Kind.UNKNOWN and said[0].value.endswith("ed")
    return done and said[0].value not in _BECAME_OF_PATIENT


def _corrects(segment: Segment, *, directly: bool) -> bool:
    """Whether a segment takes back what stands before it ("CR - incorrect", "CR (artifact)", "CR -> not confirmed")."""
    if directly and is_done_to_it(segment.terms):
        return True
    said = [t for t in segment.terms if t.value not in _LINKING and t.kind is not Kind.NOW]
    words = [w.word for t in segment.terms for w in t.tokens]
    if said and len(words) <= _SHORT and not _WRONG.isdisjoint(words):
        return (
            segment.mark != "," or words[-1] in _WRONG or said[0].tokens[0].word in ("disproved", "refuted")
        )
    if segment.terms[0].tokens[0].word in ("needs", "need", "requires"):
        return any(word.startswith(_CHECKED) for word in words)
    if segment.mark == "but":
        denied = any(t.kind is Kind.DENY for t in segment.terms) and words[-1] in _OTHERWISE
        return directly and (denied or words[-1] == "otherwise")
    return directly and segment.mark == "arrow" and all(t.kind in _CORRECTING for t in said)


def _may_turn(segment: Segment, topic: Topic, *, unheard: bool) -> bool:
    """Whether a segment begins with what is said of something before it, and may turn that."""
    first = next((t for t in segment.terms if t.value not in SKIPPED), segment.terms[0])
    word, behind_aside = first.tokens[0].word, segment.mark == ")"
    if first.kind is Kind.UNKNOWN and behind_aside:
        return True
    if topic.suspects and word == "resolved":
        return False  # what happened stays so
    if word in _TURNING_VERBS or ((unheard or behind_aside) and (first.value == "verb" or word in _VERBS)):
        return not all(_supports(t) for t in segment.terms)
    turns = first.kind in _TURNING and not (first.kind is Kind.DENY and first.value == "before")
    return turns and (unheard or behind_aside)


def _supports(term: Term) -> bool:
    return term.kind in (Kind.AFFIRM, Kind.NEUTRAL, Kind.DATE, Kind.NUMBER, Kind.AND, Kind.NOW)


_AFTER = frozenset({"s/p", "status", "post", "following", "after"})


def stands_after(clause: Segment, sentence: Sentence) -> bool:
    """Whether a segment that names a thing opens with "s/p" or "after", so that the thing is over; nothing else is said of it."""
    if len(values_of(clause)) > 1:
        return False  # "after a brief remission she has relapsed"
    opening: Term | None = None
    for term in clause.terms:
        if term.kind is Kind.TARGET:
            break
        if term.value not in ("adjective", "article"):
            opening = term
    if opening is None or opening.value != "after" or any(w.word not in _AFTER for w in opening.tokens):
        return False
    opens = any(s.terms[0] is opening for s in sentence.segments)
    return opens and not any(t.kind in (Kind.AFFIRM, Kind.NOW, *SWINGS) for t in clause.terms)


_STATE_OF_DISEASE = frozenset({"relapsed", "recurrent", "refractory", "progressive"})
_DETERMINING = frozenset(
    {
        "her",
        "his",
        "the",
        "a",
        "an",
        "this",
        "their",
        "my",
        "our",
        "with",
        "of",
        "for",
        "has",
        "patient's",
        "pt's",
    }
)
_OPENING = frozenset({"", ":", "#", "dx", "-"})
_BARE_NAME = frozenset({"b", "all", "acute", "leukemia", "disease", "pre", "precursor"})
_NAME_WITHIN = 6  # terms


def qualifies_name(clause: Segment, sentence: Sentence) -> bool:
    """Whether a state is an adjective of the disease that is named behind a comma ("her relapsed, CD22-positive B-ALL")."""
    states = [
        i
        for i, t in enumerate(sentence.terms)
        if t in clause.terms and t.tokens[-1].word in _STATE_OF_DISEASE
    ]
    if not states or not any(s.terms[-1] is sentence.terms[states[0]] for s in sentence.segments):
        return False  # no comma behind it
    at = states[0]
    words = ["", *(w.word for t in sentence.terms[max(0, at - 1) : at + 1] for w in t.tokens)]
    if words[-2] not in _DETERMINING | _OPENING:
        return False
    qualified = words[-2] not in ("has", *_OPENING)
    for i, term in enumerate(sentence.terms[at + 1 : at + 1 + _NAME_WITHIN]):
        if term.value in ("disease", "name") or term.tokens[-1].text == "ALL":
            apart = i > 0 or qualified or term.tokens[0].word not in _BARE_NAME
            return apart or term is sentence.terms[-1]
        signed = term.tokens[-1].word in ("positive", "negative", "pos", "neg")
        if term.value == "verb" or not (signed or term.kind in (Kind.NEUTRAL, Kind.UNKNOWN, Kind.AND)):
            return False
    return False
