"""Prior therapy that an Observation asks about and answers: a regimen, a yes, a number of lines, a later line.

A yes or a number tells that there was therapy, not which or for what; so it decides nothing and leaves no prior line open.
Procedure: docs/policies/inotuzumab/case.md#prior-lines.
"""

from __future__ import annotations

import re

from cds_service.clinical.statements import Statement
from cds_service.policies.inotuzumab.case.regimens import PriorTherapy, names_therapy, prior_therapy_in

_PRIOR_THERAPY = re.compile(
    r"\b(?:prior|previous|past|earlier|history of)\b.{0,30}\b(?:therap\w+|treatments?|chemo\w*|regimens?|lines?)\b|\btreatment history\b",
    re.IGNORECASE,
)
_MAY_ASK = re.compile(r"prior|previous|past|earlier|history|\bline", re.IGNORECASE)
# A question about any therapy of the leukemia, not about some drug or other therapy ("prior antibiotic therapy").
_ASKS_FOR_ANY = re.compile(
    r"(?:number of |any |ha[sd] |the |patient |received |been ){0,5}(?:previously treated|(?:prior|previous|past|earlier) "
    r"(?:systemic |anti-?leukemi[ac] |anti-?cancer |antineoplastic |leukemia |ALL |cancer |oncologic ){0,2}"
    r"(?:chemo\w*|therap(?:y|ies)|treatments?|regimens?|lines?)(?: of (?:therapy|treatment))?(?: for (?:the )?(?:ALL|b-all|leukemia|disease))?)\W*",
    re.IGNORECASE,
)
_ASKS_FOR_LINE = re.compile(
    r"(?:current )?(?:line of (?:therapy|treatment)|(?:therapy|treatment) line)\W*", re.IGNORECASE
)
_LATER_LINE = re.compile(
    r"(?:[2-9](?:nd|rd|th|l)?|second|third|fourth|fifth|later)(?:[- ]line)?\W*", re.IGNORECASE
)
_YES = re.compile(r"(?:yes|y|true)\W*", re.IGNORECASE)
_NUMBER = re.compile(r"[1-9]\d?\W*")


def therapy_in_answer(s: Statement) -> PriorTherapy | None:
    """Prior therapy that an answer tells of; None where it is no such answer. ``understood``: it names a regimen."""
    if _MAY_ASK.search(s.topic) is None:
        return None
    if s.text and _PRIOR_THERAPY.search(s.topic) is not None:
        named = names_therapy(s.text)
        if named is not False:
            return PriorTherapy(s.text, None, understood=named is True)
    return PriorTherapy(f"{s.topic}: {s.text}", None, understood=False) if _affirms(s) else None


def _affirms(s: Statement) -> bool:
    if s.kind != "Observation" or not s.answered:
        return False
    answer = s.text.strip()
    names = s.topic.split(" | ")
    if any(_ASKS_FOR_LINE.fullmatch(name) for name in names):
        return _LATER_LINE.fullmatch(answer) is not None
    if _YES.fullmatch(answer) is None and "positive" not in s.answers:
        return _NUMBER.fullmatch(answer) is not None and any(_ASKS_FOR_ANY.fullmatch(n) for n in names)
    return any(_ASKS_FOR_ANY.fullmatch(n) or any(prior_therapy_in(n, None)) for n in names)
