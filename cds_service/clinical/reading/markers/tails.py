"""What stands behind a result and is no part of it: "MRD positive, so we will give another cycle".

What takes the result back ("but repeat showed otherwise") is told apart from it. Knows no marker.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import dropwhile, takewhile

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


# What is denied beside a result and is none of its own.
_THINGS = frozenset({
    "relapse", "progression", "recurrence", "emd", "extramedullary", "gvhd", "infection", "infections", "bleeding", "vod", "toxicity", "fever", "fevers",
    "complaints", "symptoms", "concerns", "adenopathy", "hepatosplenomegaly",
})  # fmt: skip


def denied_beside(behind: Sequence[Term]) -> int:
    """How many terms behind a comma only deny another thing ("MRD negative, no evidence of relapse"); 0 where they may say more."""
    said = list(takewhile(lambda t: t.tokens[0].text != ",", behind))
    denies = len(said) > 1 and said[0].kind is Kind.LEAD and said[0].value == "no"
    named = denies and not _THINGS.isdisjoint(w.word for w in said[1].tokens)
    plain = all(
        t.kind in (Kind.NEUTRAL, Kind.AND, Kind.UNKNOWN) and t.tokens[0].word[0].isalpha() for t in said[1:]
    )
    return len(said) if named and plain else 0


_ADJECTIVES = 4  # terms


def names_disease(behind: Sequence[Term]) -> bool:
    """Whether words behind "history of" name a disease by what it lacks for good ("history of Ph-negative B-ALL")."""
    at = next((i for i, t in enumerate(behind[:_ADJECTIVES]) if t.kind is Kind.MARKER), None)
    if at is None or behind[at].value != "ph":
        return False
    sign, *name = (*behind[at + 1 : at + 2 + _ADJECTIVES], behind[at])
    minus = sign.tokens[0].text == "-" and name[0].start > sign.end
    if sign.tokens[0].text == "-" and not minus:
        sign, *name = name  # "Ph-negative"
    if not (minus or sign.value == "negative"):
        return False
    return any(t.value == "disease" or t.tokens[-1].text == "ALL" for t in name)


# A relapse that is told of behind a result, in the sentence or right after it; neither its name, its risk nor its denial.
_RELAPSED = re.compile(
    r"(?:[,;.(]|->|\b(?:but|and|then|now|later|since))[ ]?"
    r"(?:(?:but|and|has|have|had|she|he|pt|patient|the|her|his|then|now|later|since|subsequently|unfortunately|with|a|in|by|subsequent|overt|frank"
    r"|morphologic|hematologic|marrow|disease|leukemia|followed|clear)[ ]){0,6}"
    r"(?:relapsed?|progress(?:ed|ion)|recur(?:red|rence)|blasts (?:are back|returned|have returned|came back))\b"
    r"(?![ ]?(?:[:/?-]|or\b|and refractory|b[ -]?(?:cell )?all\b|all\b|b[ -]lymph|acute|pre|lymphoblastic|disease|leukemia|risk|free|rate|prevention|excluded|ruled"
    r"|unlikely|not\b|none|absent|denied|is (?:not|excluded|unlikely)))",
    re.IGNORECASE,
)
_REACH = 60  # characters


def is_over_by_relapse(text: str, start: int, end: int) -> bool:
    """Whether a relapse is told of behind the result in the sentence between these places, so that it is of the time before."""
    return _RELAPSED.search(text[start : end + _REACH].partition("\n")[0]) is not None
