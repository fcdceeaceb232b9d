"""What a sentence tells of another treatment than inotuzumab: a state that it led to, or that follows upon it."""

from __future__ import annotations

from collections.abc import Iterable, Set

from cds_service.clinical.reading.clauses import Segment, Sentence
from cds_service.clinical.reading.layout.around import SKIPPED, only_names
from cds_service.clinical.reading.lexicon import Kind, Term

_FROM = frozenset({"after", "to", "with", "on", "by", "from", "post", "following"})
_OUTCOME = frozenset({
    "achieving", "achieved", "attaining", "attained", "reaching", "reached", "entering", "entered", "went", "obtaining", "obtained", "resulting", "resulted",
    "leading", "led", "followed", "yielding", "with",
})  # fmt: skip
_OTHER_THERAPY = frozenset({
    "cvad", "hypercvad", "hcvad", "blinatumomab", "blina", "blincyto", "induction", "reinduction", "chemotherapy", "chemo", "flag", "transplant", "hsct",
    "allohsct", "allosct", "sct", "bmt", "tisagenlecleucel", "brexucabtagene", "kymriah", "tecartus", "calgb", "nelarabine", "clofarabine", "ponatinib",
    "dasatinib", "imatinib", "vincristine", "peg", "asparaginase", "cart",
})  # fmt: skip
_THIS_THERAPY = frozenset({"inotuzumab", "ino", "besponsa"})


def is_outcome_of_other_therapy(clause: Segment, sentence: Sentence) -> bool:
    """Whether a state is told as what another treatment led to ("received hyper-CVAD, achieving CR"), and not as one of now."""
    at = next((i for i, s in enumerate(sentence.segments) if _target_in(s, clause) is not None), None)
    if at is None or any(
        t.kind in (Kind.NOW, Kind.DATE) or t.value.startswith("cycle ") for t in clause.terms
    ):
        return False
    held, target = sentence.segments[at], _target_in(sentence.segments[at], clause)
    aside = next((s for s in sentence.segments[at + 1 : at + 2] if s.mark == "("), None)
    if aside is not None and aside.terms[0].tokens[0].word in _FROM:
        return _is_of_other_therapy(_words_of(aside.terms))  # "CR (after hyper-CVAD)"
    said = [t for t in held.terms if t.value not in SKIPPED]
    before = _words_of(t for t in sentence.terms if t.start < held.terms[0].start)
    own = _words_of(held.terms)
    listed = held.mark == "-" and only_names(held)  # "hyper-CVAD | CR"
    titled = target is not None and _words_of(held.terms[: held.terms.index(target)])
    if titled and ":" in titled:
        return _is_of_other_therapy(titled)  # "hyper-CVAD: CR"
    if not listed and (not said or said[0].tokens[0].word not in _OUTCOME):
        return False
    if before.isdisjoint(_OTHER_THERAPY | _THIS_THERAPY) and sentence.before and not listed:
        before |= sentence.before[-1].vocabulary
    return _is_of_other_therapy(before) and own.isdisjoint(_THIS_THERAPY)


def _target_in(segment: Segment, clause: Segment) -> Term | None:
    return next((t for t in segment.terms if t.kind is Kind.TARGET and t in clause.terms), None)


def _words_of(found: Iterable[Term]) -> set[str]:
    return {w.word for t in found for w in t.tokens}


def _is_of_other_therapy(words: Set[str]) -> bool:
    return not words.isdisjoint(_OTHER_THERAPY) and words.isdisjoint(_THIS_THERAPY)


_THEN = frozenset({"adverb", "and", "verb", "but"})


def comes_after_other_therapy(clause: Segment, sentence: Sentence) -> bool:
    """Whether a bare state stands right behind a segment on another treatment ("received blinatumomab, relapsed")."""
    if not all(t.kind is Kind.TARGET or t.value in _THEN for t in clause.terms):
        return False
    before = [s for s in sentence.segments if s.terms[0].start < clause.terms[0].start]
    return bool(before) and any(t.kind is Kind.THERAPY for t in before[-1].terms)
