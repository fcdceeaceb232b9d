"""Residual disease: which tests see what morphology does not, and which samples say nothing of marrow and blood."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from cds_service.clinical.reading.clauses import Sentence
from cds_service.clinical.reading.lexicon import OPEN, Kind, Term

_SENSITIVE = frozenset({"flow", "mfc", "ngs"})
# Where residual disease of marrow and blood is not seen, and the names of those two.
ELSEWHERE = frozenset({
    "csf", "cerebrospinal", "spinal", "node", "nodes", "skin", "testis", "testes", "testicular", "pleural", "ascites", "ascitic",
    "peritoneal", "brain",
})  # fmt: skip
MARROW_OR_BLOOD = frozenset({"marrow", "bm", "bmbx", "bma", "bmb", "blood", "pb"})
_ELSEWHERE_IN_A_NOTE = ELSEWHERE | {"lp", "tissue", "mass"}


def is_by_sensitive_test(sentence: Sentence) -> bool:
    """Whether a sentence gives the result of a test for residual disease ("Flow: no residual leukemia")."""
    tests = (t for t in sentence.terms if t.value in ("test", "method"))
    return any(not _SENSITIVE.isdisjoint(w.word for w in t.tokens) for t in tests)


def denies_by_test(sentence: Sentence) -> bool:
    """Whether such a test may deny residual disease in a sentence, which does not go on to find it ("then positive")."""
    finds = any(t.kind is Kind.SIGN and t.value == "positive" for t in sentence.terms)
    named = any(t.kind is Kind.MARKER and t.value == "mrd" for t in sentence.terms)
    return is_by_sensitive_test(sentence) and (named or not finds)


def finds_some(sentence: Sentence) -> bool:
    """Whether a sentence names such a test with a sign or level of its own ("NGS positive", "NGS: 12 clones")."""
    deep = any("ngs" in (w.word for w in t.tokens) for t in sentence.terms)
    said = any(t.kind is Kind.SIGN and t.value in ("positive", "found") for t in sentence.terms)
    denied = any(t.kind is Kind.DENY or t.value in ("no", "not", "negative") for t in sentence.terms)
    level = deep and any(t.kind is Kind.NUMBER for t in sentence.terms)
    named = any(_is_residual(t) for t in sentence.terms)
    return is_by_sensitive_test(sentence) and (said or level) and not (denied or named)


_DEEP = frozenset({"ngs", "clonoseq", "sequencing"})
_CLONAL = frozenset({"clone", "clones", "sequence", "sequences", "clonal"})
_FINDS = frozenset({"positive", "found", "with", "seen"})


def contests(sentence: Sentence, told: Sequence[Sentence]) -> bool:
    """Whether a denial stands in a text with another sentence in which such a test finds some ("MRD negative. NGS positive.")."""
    return _denies(sentence) and any(s.start != sentence.start and _finds_clones(s) for s in told)


def _denies(sentence: Sentence) -> bool:
    return any(t.kind is Kind.DENY or t.value in ("no", "not", "negative") for t in sentence.terms)


def _finds_clones(sentence: Sentence) -> bool:
    """Whether a test is positive as such, or sequencing finds a clone; not of a time before, and not of a gene or an antigen."""
    kinds = {t.kind for t in sentence.terms}
    words = {w.word for t in sentence.terms for w in t.tokens}
    deep = not words.isdisjoint(_DEEP)
    if not (deep or is_by_sensitive_test(sentence)) or sentence.silenced or sentence.question:
        return False
    if _denies(sentence) or not kinds.isdisjoint({Kind.PAST, Kind.DATE, *OPEN}):
        return False
    signed = any(t.kind in (Kind.SIGN, Kind.LEAD) and t.value in _FINDS for t in sentence.terms)
    if not (deep and not words.isdisjoint(_CLONAL)):
        return signed and kinds.isdisjoint({Kind.UNKNOWN, Kind.MARKER, Kind.NOTATION})
    counted = next((t.value for t in sentence.terms if t.kind is Kind.NUMBER), "0")
    return signed or (counted.strip("0.") != "" and Kind.LIMIT not in kinds)


def is_elsewhere(sentence: Sentence) -> bool:
    """Whether residual disease is told of another sample, named in its heading or its segment ("CSF: MRD negative")."""
    heading = list(takewhile(lambda t: t.tokens[0].text != ":", sentence.terms))
    parts = [heading] if len(heading) < len(sentence.terms) else []
    parts += [list(s.terms) for s in sentence.segments if any(_is_residual(t) for t in s.terms)]
    words = [{w.word for t in part for w in t.tokens} for part in parts]
    alone = ({w.word for t in s.terms for w in t.tokens} for s in sentence.segments)
    if any(
        said and said <= _ELSEWHERE_IN_A_NOTE | {"lymph", "fluid", "biopsy"} and said - {"biopsy"}
        for said in alone
    ):
        return True  # "MRD negative (CSF)"
    return any(
        not _ELSEWHERE_IN_A_NOTE.isdisjoint(said) and MARROW_OR_BLOOD.isdisjoint(said) for said in words
    )


def _is_residual(term: Term) -> bool:
    return term.kind is Kind.MARKER and term.value in ("mrd", "residual", "clones")
