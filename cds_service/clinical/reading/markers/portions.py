"""Whether a text that denies a marker speaks of a part of the blasts only, or denies that such blasts are there.

"5 % of blasts are CD22 negative", "partial loss of CD22" and "CD22-negative blasts: none" leave blasts with
the marker: they are no negative result. What is unsure counts as a part.
"""

from __future__ import annotations

import re

_LONGEST = 1000  # characters; of a longer clause it is not sure whose the words are
_NAME = r"(?:s|c|surface\s+)?cd\s?22"
_CELLS = r"(?:\w+\s+){0,2}(?:\w*blasts?|cells?|populations?|(?:sub)?clones?)"
_LESS = r"(?:partial|incomplete|focal|patchy|variable|heterogen\w+|subtotal|subset|some|minor|moderate|near[\s-]complete|near[\s-]total)"
_FEW = r"(?:some|few|several|most|many|rare|occasional|scattered|half|one|another|other|others|second|minor|small|remaining|rest|part)"
_SHARE = r"(?:sub-?sets?|sub-?populations?|sub-?clones?|portions?|proportions?|fractions?|minority|majority|third|quarter|half)"
_GONE = (
    r"(?:loss|lost|lack\w*|lose\w*|losing|absen\w+|negativ\w+|neg|down-?\s?regulat\w+|without|not|no|fail\w*)"
)
_PERCENT = r"(?<![\d.])(?!100(?:\.0+)?\s*(?:%|per))\d[\d.\-\s]{0,12}(?:%|percent|per\s+cent|pct)"
_OF_BLASTS = r"of\s+(?:the\s+|these\s+|all\s+|her\s+|his\s+)*(?:\w+\s+){0,2}(?:\w*blasts?|leuk\w+\s+cells|blast\s+cells)"
# Before the marker's name: whose antigen it is, and how much of it is gone.
_BEFORE = re.compile(
    rf"\b{_SHARE}\b|\b{_FEW}\s+(?:of\s+(?:the\s+)?)?{_CELLS}\b|{_PERCENT}\s+{_OF_BLASTS}|\b{_LESS}\s+(?:\w+\s+){{0,2}}?{_GONE}\b"
    rf"|\b(?:partially|partly|variably|incompletely|focally)\s+{_GONE}\b|\bnot\s+all\b|\b{_FEW}\s*$|{_PERCENT}\s*$",
    re.IGNORECASE,
)
# Behind it, up to the next comma.
_BEHIND = re.compile(
    rf"\b(?:on|in|of|by|from|among)\s+(?:(?:about|approximately|up\s+to|at\s+least|only|~|<|>|an?\b|the)\s*){{0,4}}(?:{_SHARE}|{_FEW}|{_PERCENT})"
    rf"|\b(?:{_SHARE}|{_LESS}|partially|partly|variably|incompletely|focally)\b"
    r"|\bnot\b.*\b(?:all|every|each|bright\w*|strong\w*|intense\w*|high\w*|moderate\w*|uniform\w*|homogen\w*|complete\w*|full\w*)\b",
    re.IGNORECASE,
)
# "Loss of CD22, partial."
_ADDED = re.compile(rf"^[^,(]*[,(]\s*(?:{_LESS}|partially|partly|{_SHARE})\s*\)?\s*$", re.IGNORECASE)
# "CD22-negative blasts": how many there are is said by what stands around them.
_SUCH_CELLS = re.compile(
    rf"{_NAME}[\s-]*(?:negative|neg|\(-\)|-)\s*(?:\w+\s+)?(?:\w*blasts?|cells?|events|populations?|components?)\b(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
# "CD22-negative: 4 %" may be the share of the blasts without it or with it.
_SHARE_OF_WHICH = re.compile(rf"{_NAME}[\s-]*(?:negative|neg|-)\s*:?\s*\d+(?![\d/]|-\d\d-)", re.IGNORECASE)
_ARE_THEY = re.compile(
    r"\b(?:not|none|no|nil|absent|without|zero|undetect\w+|excluded|rare|few|seen|identified|present|detected|found|observed|noted|emerg\w+)\b|[\d:]",
    re.IGNORECASE,
)
_ENDS = re.compile(r",|;|\.\s|\band\s+(?=\w*cd\d)|\bbut\b|\bwhile\b|\bwhereas\b", re.IGNORECASE)
_TURNS = re.compile(r";|\bbut\b|\bwhile\b|\bwhereas\b", re.IGNORECASE)
_OF_ANOTHER = re.compile(rf"\b(?:cd\d\w*|tdt|hla-?dr)[\s:(]*(?:{_SHARE}|{_LESS})\b", re.IGNORECASE)
_NAMED = re.compile(rf"\b{_NAME}\b", re.IGNORECASE)
_PART_ANSWER = re.compile(rf"{_PERCENT}\s+{_OF_BLASTS}\s+(?:(?:is|are|were|was)\s+)?{_GONE}\b", re.IGNORECASE)
_NO_SUCH = re.compile(
    r"\bnegative\s+(?:\w*blasts?|cells|population)\b.*\b(?:none|not|no|absent|nil)\b", re.IGNORECASE
)


def of_a_part(clause: str) -> bool:
    """Whether a clause that calls CD22 negative leaves blasts that may have it."""
    if len(clause) > _LONGEST:
        return True
    named = list(_NAMED.finditer(clause))
    if not named:  # the answer under a question
        return any(p.search(clause) for p in (_BEHIND, _PART_ANSWER, _NO_SUCH))
    such = _SUCH_CELLS.search(clause)
    if (such and _ARE_THEY.search(such["rest"])) or _SHARE_OF_WHICH.search(clause):
        return True
    return any(_is_of_a_part(clause[: n.start()], clause[n.end() :]) for n in named)


def _is_of_a_part(before: str, behind: str) -> bool:
    said = _ENDS.split(behind, maxsplit=1)[0]
    return bool(_BEFORE.search(_own(before)) or _BEHIND.search(said) or _ADDED.search(behind))


def _own(before: str) -> str:
    """What stands before a name, without what is said of other markers of its list ("CD20 subset, CD22 negative")."""
    return _OF_ANOTHER.sub("", _TURNS.split(before)[-1])
