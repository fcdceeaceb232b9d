"""Which leukemia a text names, and of which lineage: B-ALL, T-ALL, mixed phenotype, another disease.

The name of a disease, or of a lineage, states it by standing there ("B-lineage lymphoblasts"), unless it is denied,
doubted, another person's, or only what a drug is for. A sign belongs to its marker and not to the disease ("Ph-negative B-ALL").
Source: docs/record-reading.md#statements, step 14.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cds_service.clinical.reading.clauses import Sentence, sentences
from cds_service.clinical.reading.lexicon import Kind, Term
from cds_service.clinical.reading.markers.lists import LOST, NEGATIVE, NO
from cds_service.clinical.reading.tokens import folded
from cds_service.remembering import remembered

TOPIC = "lineage"
B_ALL, T_ALL, ALL = "b-all", "t-all", "all"
B_LINEAGE, T_LINEAGE, MIXED = "b-lineage", "t-lineage", "mixed"
OTHER, LYMPHOMA = "other", "lymphoma"
_B, _T = "b", "t"  # adjectives: of a disease beside them
_OF = {_B: B_ALL, _T: T_ALL, B_LINEAGE: B_ALL, T_LINEAGE: T_ALL}
_PASSED = frozenset({Kind.NEUTRAL, Kind.AND})
_DOUBTED = frozenset({Kind.DOUBT, Kind.WAIT})


def lineages(text: str, *, recorded: bool = False) -> frozenset[str]:
    """The diseases and lineages that a text states.

    ``recorded``: the name of a recorded condition, which states it whatever other words stand there; in prose
    one word that is not understood in the sentence, and it states nothing.
    """
    return _lineages(folded(text), recorded)


@remembered(400_000)
def _lineages(text: str, recorded: bool) -> frozenset[str]:
    counting = (s for s in sentences(text, TOPIC) if _counts(s, recorded))
    return frozenset(name for s in counting for name in _named(s.terms, recorded=recorded))


def _counts(sentence: Sentence, recorded: bool) -> bool:
    if (
        sentence.silenced
        or sentence.question
        or sentence.form.denied
        or any(t.kind in _DOUBTED for t in sentence.terms)
    ):
        return False
    return recorded or not any(t.kind is Kind.UNKNOWN and t.tokens[0].word.isalpha() for t in sentence.terms)


def _named(found: Sequence[Term], *, recorded: bool) -> Iterator[str]:
    if not recorded:
        found = [t for i, t in enumerate(found) if not _is_indication(found, i)]
    words = [t for t in found if t.kind is not Kind.NEUTRAL or t.value != "of lineage"]
    for i, term in enumerate(words):
        if term.kind is not Kind.TARGET or _is_denied(words, i):
            continue
        beside = {
            _OF[t.value] for t in words[max(0, i - 1) : i + 2] if t.kind is Kind.TARGET and t.value in _OF
        }
        if term.value == ALL and len(beside) == 1:
            yield beside.pop()
        elif term.value not in (_B, _T):
            yield term.value


_FOR = frozenset({"for", "in", "of", "(", ":"})
_TREATMENTS = frozenset({"therapy", "drug"})
_BETWEEN = frozenset({Kind.NEUTRAL, Kind.AND, Kind.MARKER, Kind.SIGN, Kind.TARGET, Kind.DOUBT})


def _is_indication(found: Sequence[Term], i: int) -> bool:
    """Whether a disease is only what a treatment is for ("nelarabine for T-ALL reviewed")."""
    if found[i].kind is not Kind.TARGET:
        return False
    for j in range(i - 1, 0, -1):
        if found[j].kind not in _BETWEEN or _is_treatment(found[j]):
            return False
        if found[j].tokens[0].word in _FOR:
            before = next((t for t in reversed(found[:j]) if t.value not in ("words", "verb")), None)
            return before is not None and _is_treatment(before)
    return False


def _is_treatment(term: Term) -> bool:
    return term.kind is Kind.THERAPY or (term.kind is Kind.NEUTRAL and term.value in _TREATMENTS)


def _is_denied(words: Sequence[Term], i: int) -> bool:
    """Whether a denial stands before a name, other names and neutral words between, or right behind it and its lineage."""
    before = next((t for t in reversed(words[:i]) if t.kind not in (*_PASSED, Kind.TARGET)), None)
    if before is not None and (
        before.kind is Kind.DENY or (before.kind is Kind.LEAD and before.value in (NO, NEGATIVE, LOST))
    ):
        return True
    later = words[i + 1 :]
    if words[i].value == ALL and later and later[0].kind is Kind.TARGET and later[0].value in _OF:
        later = later[1:]  # "ALL, B-cell, ruled out"
    behind = next((t for t in later if t.kind not in _PASSED), None)
    if behind is None or (behind.kind is Kind.DENY and behind.value == "not"):
        return False
    return behind.kind is Kind.DENY or (behind.kind is Kind.SIGN and behind.value == NEGATIVE)
