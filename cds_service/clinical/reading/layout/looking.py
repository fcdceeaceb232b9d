"""What a clause says of the looking for a thing, and not of the thing: "PET for EMD", "has not had progression assessed".

By what one looks, what was not done for it and what a state takes ("Criteria for CR: ...") are no finding. Knows no topic.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import dropwhile, pairwise

from cds_service.clinical.reading.lexicon import SWINGS, Kind, Term

_LOOKS = frozenset({
    "evaluation", "assessment", "determination", "reassessment", "reevaluation", "workup", "review", "staging", "restaging", "testing",
})  # fmt: skip
_MEANS = frozenset({
    "smear", "imaging", "exam", "examination", "labs", "laboratory", "marrow", "scan", "scans", "pet", "pet/ct", "ct", "mri", "ultrasound",
    "flow", "cytometry", "biopsy", "csf", "lp", "morphology", "echo", "echocardiogram", "mammogram", "puncture", "doppler", "us", "u/s",
    "sonogram", "cytology", "blood", "cbc", "pathology", "history", "clinically", "radiographically",
})  # fmt: skip
_TIMES = frozenset({"time", "adverb", "lately", "month", "around", "day"})
_DAYS = frozenset({"today", "yesterday", "tomorrow"})


def is_of_looking(found: Sequence[Term]) -> bool:
    """Whether a clause looks for what it ends with, leaves it undone, or lists what it takes."""
    undone = any(_is_left_undone(found, i) for i in range(len(found)))
    return undone or _looks_for(found) or _lists_criteria(found) or _is_not_recorded(found)


_RECORDS = frozenset({"records", "record", "chart", "documentation", "documents", "file", "notes"})
_SHOWING = frozenset(
    {
        "show",
        "document",
        "confirm",
        "indicate",
        "demonstrate",
        "establish",
        "support",
        "mention",
        "state",
        "reveal",
    }
)


def _is_not_recorded(found: Sequence[Term]) -> bool:
    """Whether a clause says only that the records do not show a thing."""
    for i, term in enumerate(found[:-1]):
        denies = term.kind is Kind.DENY and term.tokens[-1].word.endswith(("not", "n't"))
        if denies and found[i + 1].tokens[0].word in _SHOWING:
            return any(w.word in _RECORDS for t in found[:i] for w in t.tokens)
    return False


def _looks_for(found: Sequence[Term]) -> bool:
    """Whether a clause ends with what an examination is for ("PET for EMD today")."""
    said = [t for t in found if not _is_time(t)]
    if len(said) < 3 or said[-1].kind is not Kind.TARGET or said[-2].tokens[0].word not in ("for", "of"):
        return False
    return said[-3].kind is not Kind.DOUBT and said[-3].tokens[-1].word in _LOOKS | _MEANS


def _is_time(term: Term) -> bool:
    timed = term.kind in (Kind.NOW, Kind.DATE) or term.value in _TIMES
    return timed or term.tokens[0].word in _DAYS


_LOOKED_FOR = frozenset({
    "assessed", "evaluated", "reassessed", "checked", "tested", "performed", "done", "reviewed", "completed", "collected", "determined",
    "addressed", "rechecked", "restaged", "staged", "examined", "measured", "imaged", "sampled",
})  # fmt: skip
_BEFORE_NAME = frozenset({"article", "adjective", "preposition"})


def _is_left_undone(found: Sequence[Term], i: int) -> bool:
    """Whether a denial is of the looking, and not of the thing it names ("has not had progression assessed")."""
    if found[i].kind is not Kind.DENY:
        return False
    behind = list(dropwhile(lambda t: t.value in _BEFORE_NAME or t.kind is Kind.PAST, found[i + 1 :]))[:2]
    if len(behind) < 2 or behind[0].kind is not Kind.TARGET:
        return False
    thing, done = behind
    return done.start - thing.end <= 1 and done.tokens[0].word in _LOOKED_FOR


_MET = frozenset({"met", "meet", "meets", "meeting", "fulfilled", "fulfils", "fulfills", "fulfill", "satisfied", "satisfies", "satisfy"})  # fmt: skip


def _lists_criteria(found: Sequence[Term]) -> bool:
    """Whether a clause names the criteria of a state ("IWG criteria for CR: ...") and does not say that they are met."""
    at = next((i for i, t in enumerate(found) if t.tokens[0].word == "criteria"), None)
    if at is None or any(t.kind is Kind.AFFIRM for t in found[:at]):
        return False
    words = [w.word for t in found for w in t.tokens]
    met = next((i for i, word in enumerate(words) if word in _MET), None)
    return met is None or words[max(0, met - 2) : met] == ["to", "be"]


def leaves_a_choice(found: Sequence[Term]) -> bool:
    """Whether an affirmed clause names the thing as one of two ("counts or liver")."""
    at = next((i for i, t in enumerate(found) if t.kind is Kind.AND and t.value == "or"), None)
    if at is None or any(t.kind in SWINGS for t in found) or _is_of_means(found, at):
        return False
    return not all(any(t.kind is Kind.TARGET for t in side) for side in (found[:at], found[at + 1 :]))


def _is_of_means(found: Sequence[Term], at: int) -> bool:
    """Whether the "or" at this place is between two means of looking ("on exam, smear or imaging")."""
    if not 0 < at < len(found) - 1:
        return False
    before, behind = found[at - 1], found[at + 1]
    neutral = before.kind is behind.kind is Kind.NEUTRAL
    return neutral and before.tokens[-1].word in _MEANS and behind.tokens[-1].word in _MEANS


_ASKED = frozenset({"cause", "visit", "lately", "course", "drug", "span"})


def asked_beside(between: Sequence[Term]) -> frozenset[str]:
    """What else may stand between a thing and the "no" that answers it ("Progression on therapy: no")."""
    either = any(t.kind is Kind.AND and t.value == "or" for t in between)
    return _ASKED | {"finding"} if either else _ASKED


_EXAMINATIONS = frozenset({
    "assessment", "evaluation", "workup", "work-up", "imaging", "scan", "scans", "labs", "exam", "examination", "marrow", "biopsy", "testing",
    "donor",
})  # fmt: skip
_CARRIED_OUT = frozenset({"done", "performed", "completed", "collected"})


# Examinations, samples, reports and treatments that a thing may have been done for.
_ACTS = frozenset({
    "test", "tests", "testing", "fish", "pcr", "flow", "cytometry", "ngs", "clonoseq", "ihc", "immunohistochemistry", "stain", "stains",
    "immunostain", "immunostains", "sample", "samples", "specimen", "material", "tissue", "marrow", "aspirate", "biopsy", "bx", "bmbx", "blasts",
    "karyotype", "karyotyping", "cytogenetics", "sequencing", "assay", "assays", "probe", "analysis", "study", "studies", "assessment",
    "evaluation", "eval", "workup", "report", "reports", "record", "records", "documentation", "result", "results", "data", "imaging", "scan",
    "scans", "pet", "ct", "mri", "ultrasound", "doppler", "lp", "exam", "examination", "labs", "treatment", "therapy", "tx", "defibrotide",
    "radiation", "xrt", "rt", "chemo", "chemotherapy", "it", "prophylaxis", "consult", "need",
})  # fmt: skip
_BESIDE_ACT = frozenset({
    "bone", "core", "molecular", "immunophenotypic", "further", "additional", "new", "recent", "formal", "repeat", "adequate", "sufficient",
    "other", "prior", "dedicated", "cns", "intrathecal", "done", "performed", "sent", "obtained", "available", "completed", "collected",
    "ordered", "given", "received", "needed", "required", "yet", "work", "up", "liver", "hepatology", "rt", "-",
})  # fmt: skip


def denies_an_act(words: Iterable[str]) -> bool:
    """Whether the words behind a bare "no" name what was not done for a thing ("no FISH done for", "no repeat MRD")."""
    act = again = False
    for word in words:
        if word in ("for", "of"):
            return act
        again = again or word == "repeat"
        if word in _ACTS:
            act = True
        elif word not in _BESIDE_ACT:
            return again
    return False


def denies_a_test(found: Sequence[Term]) -> bool:
    """Whether a bare "no" is of an examination or act, and not of the thing that it names ("no relapse work-up done")."""
    start = next((i for i, t in enumerate(found) if _denies_barely(t)), len(found))
    if denies_an_act(w.word for t in found[start + 1 :] for w in t.tokens):
        return True
    for before, term in pairwise(found[start:]):
        beside = term.start - before.end <= 1
        if (
            before.kind is Kind.TARGET
            and beside
            and (term.value == "method" or term.tokens[-1].word in _EXAMINATIONS)
        ):
            return not term.tokens[0].word.startswith(("by", "on", "since"))
        if term.value == "reviewed" and term.tokens[0].word in _CARRIED_OUT:
            return before.kind is Kind.TARGET or before.value == "verb"
    return False


def _denies_barely(term: Term) -> bool:
    words = [t.word for t in term.tokens]
    return (
        words in (["no"], ["without"])
        if term.kind is Kind.DENY
        else term.kind is Kind.TARGET and words[0] == "no"
    )
