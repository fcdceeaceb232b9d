"""How severe a text calls an event: CTCAE grades as they are written, and the words for severity.

The highest counts, of a range too. What is denied, a condition or a threshold is no grade ("grade 1, stop if grade 3").
Where it stays open whether a grade is this event's, ``open_rank`` says so: then it neither stops nor calms.
Source: docs/record-reading.md#statements, step 10.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from cds_service.clinical.reading.mentioned import another_person
from cds_service.clinical.reading.tokens import folded
from cds_service.remembering import remembered

RANKS = {"mild": 1, "moderate": 2, "severe": 3, "life-threatening": 4}  # CTCAE words its grades so
_NUMERALS = {
    **{str(n): n for n in range(1, 6)},
    **{"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5},
    **{"one": 1, "two": 2, "three": 3, "four": 4, "five": 5},
}
_FIGURE = r"[1-5](?!\d|\.\d|%)"
_WORDED = r"(?:iii|ii|iv|i|v|one|two|three|four|five)\b"
_GRADE = re.compile(
    rf"\b(?:(?:graded?|grades|gr\.?)[ :#=-]{{0,3}}({_FIGURE}|{_WORDED})|ctc(?:ae)?(?: v\d(?:\.\d)?)?[ :#=-]{{0,3}}({_FIGURE})|g ?({_FIGURE}))(?!\w)",
    re.IGNORECASE,
)
_UNIT = r"(?! ?(?:doses?|infusions?|cycles?|hours?|hrs?|h|min\w{0,5}|days?|weeks?|months?|mg|l|liters?|units?|times|x|other|more)\b)"
_MORE = re.compile(
    rf" ?(?:[=-]{{0,2}}>|-{{1,2}}|\u2192|/|to|or|and|through|&) ?(?:grade ?|gr\.? ?|g)?({_FIGURE}|(?:iii|ii|iv|two|three|four|five)\b)(?![\w/]){_UNIT}",
    re.IGNORECASE,
)
_SEVERITY = re.compile(
    r"(life[ -]?threatening|\bfatal\b|anaphylactic shock)|(\bsevere\b)|(\bmoderate\b)|(\bmild\b)",
    re.IGNORECASE,
)
_SEVERITIES = ("life-threatening", "severe", "moderate", "mild")  # in the order of the groups

_NEAR = 300  # characters around a grade that are looked at
_CLAUSE_END = re.compile(r"[.;,()|\n]| - | but ", re.IGNORECASE)
_FILLING = (
    r"(?: (?:a|an|any|the|yet|even|quite|clinically|prior|previous|further|other|more|meet|met|meeting|reach|reached|reaching|"
    r"progress|progressed|become|became|escalate|escalated|worsen|worsened|advance|advanced|evolve|evolved|exceed|exceeded|been|be|"
    r"criteria|for|to|of|at|than|beyond|above|it|is|on|about|new|next|infusion|reaction|reaches|becomes|recurs|as|is)){0,6}[ -]?$"
)
# Right before a grade: it is none of this event.
_DENIED = re.compile(
    rf"(?:\b(?:not|no|never|nor|non|without|neither|denies|below|under|less than|short of|didn't|wasn't|isn't)|<){_FILLING}",
    re.IGNORECASE,
)
_SUPPOSED = re.compile(
    rf"\b(?:if|unless|until|should|in case|risks?|education|teaching|counsel\w{{0,8}}|educated|taught|prevent|avoid){_FILLING}",
    re.IGNORECASE,
)
_DENIED_BEHIND = re.compile(
    r" ?(?:infusion )?(?:reactions? )?(?:criteria |threshold |level )?(?:(?:was|were|is|has been|have been) )?"
    r"(?:not (?:met|reached|present|seen|observed|attained|fulfilled|applicable)|never (?:met|reached|attained)|ruled out|excluded|denied)\b",
    re.IGNORECASE,
)
# In its clause: it may be another's, another time's, or only thought of.
_OPEN = re.compile(
    r"\b(?:no|not|never|without|neither|nor|if|unless|until|when|whether|should|would|could|may|might|will|risks?|discuss\w*|educat\w*|"
    r"teach\w*|taught|counsel\w*|consent\w*|warn\w*|explain\w*|instruct\w*|stop|hold|call|watch|monitor\w*|criteria|threshold|defin\w*|"
    r"protocol|policy|label|history|hx|h/o|prior|past|previously|possibl[ey]|probabl[ey]|likely|suspect\w*|vs|versus|almost|nearly|near|"
    r"approach\w*|expect\w*|prevent\w*|avoid\w*|least|most)\b|[?<>]",
    re.IGNORECASE,
)
_OPEN_BEHIND = re.compile(
    r" ?(?:infusion )?(?:reactions? )?(?:\?|(?:criteria|threshold|possible|unlikely|suspected|vs|versus|would|could|may|might|if|or (?:worse|higher|greater|above|more))\b)",
    re.IGNORECASE,
)
_CORRECTED = re.compile(
    r"\b(?:correct\w*|amend\w*|revis\w*|re-?graded|mis-?graded|down-?graded|up-?graded|reclassified|erroneous\w*|in error|instead)\b",
    re.IGNORECASE,
)
_NAMES = (
    "infusion infusional reaction irr rxn acute drug related hypersensitivity allergic anaphylaxis anaphylactic inotuzumab ino besponsa ozogamicin "
    "event ae toxicity ctcae ctc v5 v4 grade gr severity severe moderate mild very"
)
_NAMING = frozenset(_NAMES.split())
# What a clause behind the first may say around a grade of the same event.
_BEFORE = frozenset(
    f"{_NAMES} this that it was is a an the now then later initially subsequently progressed became become worsened increased "
    "escalated developed reached up to as per by at on in overall max maximum peak highest worst graded during after min minutes "
    "cycle dose day patient pt had experienced recorded assessed classified and or rated".split()
)
_BEHIND = frozenset(
    f"{_NAMES} requiring required requires needing needed treated with resolved improved improving despite because due from when "
    "managed at on in during after per by as to and or now then since within was is recorded noted".split()
)
# Behind a grade and its colon: what the event of that grade was ("grade 3: wheezing").
_SIGNS = frozenset({
    "wheezing", "wheeze", "bronchospasm", "hypotension", "hypotensive", "hypoxia", "dyspnea", "stridor", "angioedema", "rigors", "chills",
    "fever", "flushing", "rash", "hives", "urticaria", "pruritus", "tachycardia", "lip", "facial", "throat", "chest", "tongue",
})  # fmt: skip
_WORD = re.compile(r"[^\W\d_][\w']*")


class _Status(Enum):
    STATED = "stated"
    OPEN = "open whether it is this event's"
    DENIED = "denied, or only supposed"


class _Mention(NamedTuple):
    """A grade or word of severity: its kind, its rank as a CTCAE grade, the lowest of its range, and its status."""

    graded: bool
    rank: int
    lowest: int
    status: _Status


class _Told(NamedTuple):
    """What a text tells: by its grades, by its words of severity; what is surely this event's, and what is left open."""

    grade: int | None
    severity: str
    stated: int
    open: int


def grade_in(text: str) -> int | None:
    """The highest CTCAE grade, 1 to 5, that a text names and does not deny."""
    return _told(text).grade


def severity_in(text: str) -> str:
    """The highest word of severity that a text does not deny: life-threatening, severe, moderate, mild, or an empty text."""
    return _told(text).severity


def stated_rank(text: str) -> int:
    """The highest grade or severity that is surely this event's, as a CTCAE grade; 0 when there is none."""
    return _told(text).stated


def open_rank(text: str) -> int:
    """The highest one that a text names and leaves open whether it is this event's, 0 when there is none."""
    return _told(text).open


@remembered(200_000)
def _told(text: str) -> _Told:
    mentions = _mentions(text)
    standing = [m for m in mentions if m.status is not _Status.DENIED]
    severity = max((m.rank for m in standing if not m.graded), default=0)
    return _Told(
        grade=max((m.rank for m in standing if m.graded), default=None),
        severity=next((name for name, one in RANKS.items() if one == severity), ""),
        stated=max((m.rank for m in mentions if m.status is _Status.STATED), default=0),
        open=max((m.rank for m in mentions if m.status is _Status.OPEN), default=0),
    )


def _mentions(text: str) -> tuple[_Mention, ...]:
    found = tuple(_found(folded(text)))
    ranks = {rank for m in found for rank in (m.rank, m.lowest)}
    if len(ranks) < 2 or _CORRECTED.search(text) is None:
        return found
    return tuple(m._replace(status=_Status.OPEN) for m in found)  # which of them holds is not read


def _found(text: str) -> Iterator[_Mention]:
    for match in _GRADE.finditer(text):
        ranks = [_NUMERALS[str(next(filter(None, match.groups()))).lower()]]
        end = match.end()
        while len(ranks) < len(RANKS) and (more := _MORE.match(text, end)) is not None:
            rank = _NUMERALS[more[1].lower()]
            if "/" in more[0] and rank != ranks[-1] + 1:
                break
            ranks.append(rank)
            end = more.end()
        is_scale = text[end : end + 1] == "/"  # "grade 2/5" may be two of five
        status = _Status.OPEN if is_scale else _status(text, match.start(), end)
        yield _Mention(True, max(ranks), min(ranks), status)
    for match in _SEVERITY.finditer(text):
        rank = RANKS[_SEVERITIES[int(match.lastindex or 1) - 1]]
        yield _Mention(False, rank, rank, _status(text, match.start(), match.end()))


def _status(text: str, start: int, end: int) -> _Status:
    *earlier, before = _CLAUSE_END.split(text[max(0, start - _NEAR) : start])
    behind = _CLAUSE_END.split(text[end : end + _NEAR], maxsplit=1)[0]
    if _DENIED.search(before) or _SUPPOSED.search(before) or _DENIED_BEHIND.match(behind):
        return _Status.DENIED
    if (
        _OPEN.search(before)
        or another_person().search(before)
        or _OPEN_BEHIND.match(behind)
        or text[end : end + 1] == "?"
    ):
        return _Status.OPEN
    words = [w.lower() for w in _WORD.findall(before)]
    following = next((w.lower() for w in _WORD.findall(behind)), "")
    described = behind.startswith(":") and following in _SIGNS
    of_symptom = following not in ("", *_BEHIND) and not described
    if any(c.strip() for c in earlier):
        return _Status.STATED if _BEFORE.issuperset(words) and not of_symptom else _Status.OPEN
    return _Status.OPEN if of_symptom and _NAMING.isdisjoint(words[-1:]) else _Status.STATED
