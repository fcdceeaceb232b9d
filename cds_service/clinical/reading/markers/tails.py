"""What stands behind a result and is no part of it: "MRD positive, so we will give another cycle".

What takes the result back ("but repeat showed otherwise") is told apart from it. Knows no marker.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import dropwhile

from cds_service.clinical.reading.layout.around import is_done_to_it
from cds_service.clinical.reading.lexicon import Kind, Term

_CONTRARY = frozenset({
    "otherwise", "differ", "differs", "differed", "different", "contrary", "opposite", "discordant", "discrepant", "disagree", "disagrees",
    "disagreed", "conflicting", "conflicts", "wrong", "incorrect", "changed", "revised", "reversed", "retracted",
    "verify", "recheck", "doubt", "doubts", "question", "questions", "unsure", "said", "says", "claims", "claimed", "thinks", "believes",
})  # fmt: skip
# What speaks of a result again, or of whether it holds.
_AGAIN = frozenset({
    "confirm", "confirmed", "confirmation", "repeat", "repeated", "repeating", "reassess", "recheck", "verify", "whether", "see", "await",
    "wait", "check", "doubt", "question", "suspect", "believe", "think", "feel", "wonder", "know", "amend", "correct", "rescind", "unsure",
    "achieve", "reach", "attain", "obtain", "get", "convert", "become", "last", "prior", "previous", "report",
    "hope", "hoping", "hopeful", "expect", "until", "if", "unless", "when", "once", "may", "might", "could", "not", "no", "never",
})  # fmt: skip
_WHO = frozenset({
    "so", "and", "therefore", "thus", "hence", "we", "i", "she", "he", "they", "patient", "pt", "the", "inotuzumab", "ino", "besponsa", "is",
    "was", "are",
})  # fmt: skip
_PLANS = frozenset({
    "will", "plan", "plans", "recommend", "recommended", "proceed", "proceeding", "continue", "continuing", "start", "starting", "give",
    "giving", "discussed", "offered", "going", "moving", "intend", "intends",
})  # fmt: skip
_DRUG = frozenset({"inotuzumab", "ino", "besponsa"})
_OF_DRUG = frozenset({"appropriate", "chosen", "selected", "preferred", "requested", "ordered", "reasonable"})
_WELCOME = frozenset({
    "great", "wonderful", "excellent", "good", "reassuring", "encouraging", "fantastic", "terrific", "disappointing", "unfortunate", "pleasing",
})  # fmt: skip
_SILENT = frozenset({Kind.NEUTRAL, Kind.UNKNOWN, Kind.AND, Kind.UNIT, Kind.BREAK, Kind.BLOCK, Kind.THERAPY})


def takes_back(behind: Sequence[Term]) -> bool:
    """Whether words behind "but" or the like say that what stands before it does not hold, or whose word it is."""
    contrary = any(not _CONTRARY.isdisjoint(w.word for w in t.tokens) for t in behind)
    return contrary or is_done_to_it([t for t in behind if t.kind is not Kind.BREAK])


def only_tells_plan(behind: Sequence[Term]) -> bool:
    """Whether words behind a comma only say what is done next, or how welcome the result is ("which is great")."""
    words = [w.word for t in behind for w in t.tokens]
    known = not (_AGAIN | _CONTRARY).isdisjoint(words) or any(t.kind not in _SILENT for t in behind)
    if known or not words:
        return False
    if words[:2] in (["which", "is"], ["which", "was"]):
        return _WELCOME.issuperset(words[2:]) and len(words) == 3
    said = list(dropwhile(lambda word: word in _WHO, words))
    return bool(said) and (said[0] in _PLANS or (said[0] in _OF_DRUG and not _DRUG.isdisjoint(words)))
