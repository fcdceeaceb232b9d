"""What turns a plan for a transplant, or its denial, into something else: how people say it, kind by kind.

Each kind has an example that says it and a look-alike that does not; both are tried in
tests/unit/test_transplant_turns.py. How the kinds are put to use is in ``plans``.
Source: docs/record-reading.md#transplants.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Turn(NamedTuple):
    """A kind of thing that is said, with an example of it and a text that looks like one and is none."""

    example: str
    none: str
    pattern: re.Pattern[str]


def _any(*ways: str) -> re.Pattern[str]:
    """One of some ways to say it, in capitals or not."""
    return re.compile("|".join(ways), re.IGNORECASE)


# ---- The plan said as a verb ----

# Of the patient in the passive: read as "undergo transplant".
BE_TRANSPLANTED = Turn("is going to be transplanted in May", "was transplanted", _any(r"\bbe transplanted\b"))

# With the patient as object: read as "take her to transplant".
TRANSPLANT_HER = Turn(
    "we will transplant her in May",
    "we will transplant her to another ward",
    _any(r"\btransplant (him|her|pt|patient|the patient|this patient)\b(?! to\b)"),
)

# ---- What takes a plan back, wherever its text says it ----

# The patient said no, the donor is lost, or it came to nothing.
UNDONE = Turn(
    "The donor backed out.",
    "The donor is available.",
    _any(
        r"\b(?:pt|patient|she|he) (?:now |has |then |has now )?(?:declines|declined|refuses|refused)(?: (?:it|this|that))?(?=[.;,\n]|\s*$)",
        r"\b(?:fell through|falls through|backed out|withdrew as donor|donor (?:is )?(?:no longer available|unavailable|withdrew|declined))\b",
    ),
)

# ---- What a denial may be beside "no transplant" ----

# The patient declined what the same sentence offered, and not for the time being only.
DECLINED_IT = Turn(
    "Transplant was offered, but she declined it",
    "Transplant was offered, but she declined it for now",
    _any(
        r"(?:\b(?:transplant(?:ation)?|HSCT|BMT|SCT|HCT)|\ballo-?(?:HSCT|SCT|HCT|BMT))"
        r"(?=[ ](?:offers|is|was|has|would|could|can|may|might|remains|as)\b)(?P<told>[^.;\n]{0,120}?)"
        r"\b(?:but|however,?|and|although) (?:the )?(?:patient|pt|she|he) (?:has |have )?"
        r"(?:(?:again|now|still|firmly|clearly|ultimately|repeatedly) ){0,2}"
        r"(?:declined|declines|refused|refuses|(?:decided|opted|elected) against|turned down|does not want|doesn't want|is not interested in|rejected)"
        r" (?:it|this|that)\b(?! (?:for now|at this|yet|until|unless|if|before|today))"
    ),
)

# Something else that "it" may be, or somebody else: then the transplant may not be what was declined.
ANOTHER_IT = Turn(
    "has an open trial",
    "was offered",
    _any(
        r"\b(?:trial|study|biopsy|marrow|prophylaxis|evaluation|clinic|consult\w*|appointment|referral|search|typing|line|visit|drug|therapy|inotuzumab|CAR|chemo\w*|TBI|"
        r"conditioning|donat\w*|brother|sister|mother|father|son|daughter|wife|husband|friend)\b"
    ),
)

# Cancelled for its day or for now, and may come back: then a denial decides nothing.
PUT_OFF = Turn(
    "cancelled, will reschedule",
    "cancelled",
    _any(
        r"\b(?:re-?schedul|postpone|(?:will|to|now|and|be) (?:be )?re-?(?:address|visit|consider|discuss|evaluat))"
    ),
)

# ---- What a text goes on to say of a plan or its denial ----

# How far it goes on: the rest of the sentence, and the next one where that has no subject of its own
# ("planned. It is off." but not "planned. Labs are off.").
GOES_ON = _any(
    r"[^.;\n]{0,120}(?:[.;\n][\s*\u2022-]*"
    r"(?:it|it's|that|that's|this|which|now|off|having|i|we|bmt|(?:the )?(?:plans?|(?:bmt |transplant )?team)|pt|patient|she|he)\b[^.;\n]{0,80})?"
)

# Whether it holds is left open: a plan, or a denial, is then neither.
IN_DOUBT = Turn(
    ", but I doubt it.",
    ". She has no doubt.",
    _any(
        r"(?<!no )(?<!any )\bdoubt(?:ed)?(?=\s*(?:[.,;)\n]|$|(?:it|that|this|whether|if|s?he|we|they|the|her|his|pt|patient)\b))",
        r"\bdoubtful\b",
        r"\b(?:have|has|my|our|her|his|some|serious|grave) doubts\b",
        r"(?:^|[,(-]|\b(?:but|though|although|which|it|is|looks|seems|appears|now|less))\s*(?:(?:very|highly|increasingly|less and) )?(?:un|less )likely\b",
        r"\b(?:unsure|not (?:so |yet |at all |entirely )?sure|unconvinced|not (?:so |fully )?convinced|waver\w*|hesita\w*|second thoughts)\b",
        r"\b(?:re-?consider\w*|re-?think\w*|leaning (?:against|away|toward)|on the fence|torn|cold feet|back(?:ing|s) out)\b",
        r"\b(?:(?:may|might|could) (?:well )?change|(?:plans?|minds?|things) (?:has |have )?changed|chang\w+ (?:(?:her|his|their) )?minds?)\b",
        r"\b(?:(?:we'll|we will|we shall) see|\w+ permitting|subject to|not (?:yet )?final|eventually|down the road)\b",
    ),
)

# The plan is at an end.
IS_OFF = Turn(
    ", now off.",
    ", she will be off work",
    _any(
        r"(?:^|[^\w'])(?:(?:it|that|this|which|plan)(?:'s)? )?(?:(?:is|was|but|now|all) )*"
        r"(?:off|out|over)(?=\s*(?:[.,;)\n]|$|(?:for|since|again|the (?:table|calendar|books)|of the question)\b))",
        r"\b(?:scrapped|nixed|shelved|called (?:\w+ )?off|pulled the plug|no[ -]go|dead in the water|never (?:happened|materiali[sz]ed))\b",
        r"\bdid(?:n't| not) (?:happen|materiali[sz]e|go (?:through|ahead|forward))\b",
        r"\b(?:denied(?=\s*(?:[.,;)\n]|$|by\b))|instead(?! of)|died|deceased|expired)\b",
        r"\b(?:no longer recommends?|recommends? against|thinks? otherwise|plans? (?:(?:is|was|has been) )?(?:dropped|abandoned|withdrawn))\b",
    ),
)

# ---- What is said of all patients ----

# A rule on the number of cycles.
_NAME = r"\b(?:transplant\w*|(?:allo|auto|haplo)?-?(?:HSCT|SCT|HCT|BMT))\b"
_CYCLES = r"(?:\d|two|three|four|six)\s(?:(?:more|further|additional) )?(?:cycle|course)s?\b"
RULE = Turn(
    "no HSCT - 6 cycles",
    "HSCT after 2 cycles",
    _any(
        rf"{_NAME}[^.;\n]{{0,40}}(?:[:=]|\s-)\s*(?:up to |at most |max(?:imum)?(?: of)? )?{_CYCLES}",
        rf"\b{_CYCLES}\s\((?:if |when |not )?[^).;\n]{{0,40}}{_NAME}",
    ),
)

# A sentence on the drug or on what is usual, by its beginning: general, where it holds nothing of this patient (below).
BEGINS_GENERAL = Turn(
    "Inotuzumab is given as a bridge to transplant",
    "Inotuzumab is ordered as a bridge to transplant",
    _any(
        r"^(?:(?:(?:the )?(?:drug|agent)|inotuzumab(?: ozogamicin)?|besponsa|InO)(?: (?:therapy|treatment))? "
        r"(?:is (?!being\b|ordered\b|requested\b|continu)|serves\b|bridges\b|acts\b)|(?:most|many|half|the majority|(?:the )?(?:usual|standard|typical))\b)"
    ),
)

# Words of this patient, of us, or of a time.
OF_THIS_PATIENT = Turn(
    "Inotuzumab is her bridge to transplant",
    "Inotuzumab is a bridge to transplant",
    _any(
        r"\b(?:s?he|her|his|him|pt|patient|here|in this case|we|our|i|now|currently|today|planned|scheduled|booked|arranged|c\d|cycles?|course|\d{1,2}/\d{1,2}|"
        r"jan\w*|feb\w*|march|april|may|june|july|aug\w*|sep\w*|oct\w*|nov\w*|dec\w*|next \w+)\b"
    ),
)
