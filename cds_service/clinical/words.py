"""Facts in words: whether a text affirms, denies or doubts a thing.

A text that is not understood decides nothing. Negation is looked for in the clause that names
the thing, before it ("no evidence of VOD") and right after it ("VOD ruled out").
"""

from __future__ import annotations

import re
from enum import Enum
from itertools import islice

from cds_service.remembering import remembered


class Said(Enum):
    """What a text says about a thing."""

    AFFIRMED = "affirmed"
    DENIED = "denied"
    DOUBTED = "doubted"
    NOT_MENTIONED = "not mentioned"


# A colon does not end a clause ("CD22: negative"), nor does a semicolon inside a word ("t(9;22)").
_CLAUSE = re.compile(r"(?<![.;!])[.;!]++(?=\s|$)|,? (?:but|however|although|whereas|yet|except)\b\s|\n")
_DENIAL_BEFORE = re.compile(
    r"\b(?:no(?:t|r|ne|n)?|never|without|denie[sd]|absen(?:t|ce)|negative|free of|free from|"
    r"rule[sd]? out|excluded?|unlikely|isn't|wasn't|hasn't|doesn't|did not|cannot be confirmed as|"
    r"resolution of|lack of|no longer)\b",
    re.IGNORECASE,
)
# What "not" must speak of to deny a thing: "VOD not seen", but not "VOD, not responding to defibrotide".
_PRESENT = (
    r"(?:present|seen|found|identif\w+|detect\w+|evident|apparent|confirmed|suspected|noted|observed|documented|diagnosed|"
    r"demonstrated|achieved|reached|attained|obtained|maintained|met|planned|proceeding|indicated|given|done|performed|"
    r"considered|felt|thought|active|ongoing|in|an?|any|likely|due|related)\b"
)
_DENIAL_AFTER = re.compile(
    r"^[\s,)]*+(?:is|was|were|are|has been|have been|:|-)?\s*+"
    rf"(?:not (?:yet |currently |clearly )?{_PRESENT}|negative|absent|ruled out|excluded|denied|unlikely|none\b|no\b(?! longer in doubt))",
    re.IGNORECASE,
)
_DOUBT = re.compile(
    r"\b(?:possible|possibly|probable|probably|suspected|suspicion|suspicious|concern(?:ing)? for|"
    r"r/o|rule out|to rule out|cannot (?:be )?(?:exclude|excluded|rule out)|may(?!\s+\d)|might|could|"
    r"unclear|uncertain|equivocal|indeterminate|pending|awaited|question of|if|unless|consider(?:ed|ing)?|"
    r"differential)\b|\?",
    re.IGNORECASE,
)
# Words that turn a mention into talk about the thing: neither its presence nor its absence.
_ABOUT_BEFORE = re.compile(
    r"\b(?:prophyla\w+|prevent\w*|risks?|screen(?:ing|ed)?|monitor(?:ing|ed)?|watch(?:ing)?|history of allergy to|"
    r"counsel\w*|educat\w*|discuss\w*|warn\w*|family history of)\b[^,]*$",
    re.IGNORECASE,
)
_ABOUT_AFTER = re.compile(
    r"^[\s/\-]*(?:prophyla\w+|prevention|risk|screen\w*|monitoring|precautions?|counsel\w*)\b", re.IGNORECASE
)


# No sentence is longer; a text without punctuation is read in pieces, so that its length costs no more than its size.
_PIECE = re.compile(r"\S(?:.{0,598}\S)?(?=\s|$)|\S{600}", re.DOTALL)


_MOST_MENTIONS = 8


@remembered(1_000_000)
def clauses(text: str) -> tuple[str, ...]:
    """The clauses of a text of even white space, in order; one of more than 600 characters in pieces."""
    return tuple(piece for part in _CLAUSE.split(text) if part for piece in _PIECE.findall(part))


def says(text: str, thing: re.Pattern[str]) -> Said:
    """What a text says about a thing. An affirmation in any clause outweighs doubt elsewhere.

    Affirmed and denied in different clauses is doubted: the text contradicts itself.
    """
    found: set[Said] = set()
    for clause in clauses(text):
        for match in islice(thing.finditer(clause), _MOST_MENTIONS):
            found.add(_in_clause(clause, match.start(), match.end()))
    if not found:
        return Said.NOT_MENTIONED
    if {Said.AFFIRMED, Said.DENIED} <= found:
        return Said.DOUBTED
    for verdict in (Said.AFFIRMED, Said.DENIED, Said.DOUBTED):
        if verdict in found:
            return verdict
    return Said.NOT_MENTIONED


def _in_clause(clause: str, start: int, end: int) -> Said:
    before, after = clause[:start], clause[end:]
    if _ABOUT_BEFORE.search(before) or _ABOUT_AFTER.match(after):
        return Said.NOT_MENTIONED
    if _DOUBT.search(before) and not re.search(r"\bno\s+$|\bno evidence of\s+$", before, re.IGNORECASE):
        return Said.DOUBTED
    denials = list(_DENIAL_BEFORE.finditer(before))
    if denials and not _is_new_statement(before[denials[-1].end() :], after):
        return Said.DENIED
    if _DENIAL_AFTER.match(after):
        return Said.DENIED
    if _DOUBT.match(after.lstrip(" ,(")):
        return Said.DOUBTED
    return Said.AFFIRMED


_NEW_SUBJECT = re.compile(r",\s*(?:patient|pt|now|currently|but|he|she|they|with|in)\b", re.IGNORECASE)
_STATED_AFTER = re.compile(
    r"^[\s,)]*(?:was |is |has been )?(?:diagnosed|confirmed|developed|occurred|found|noted|present|identified)\b",
    re.IGNORECASE,
)


def _is_new_statement(between: str, after: str) -> bool:
    """Whether a statement of its own began after the denial ("no fever, VOD diagnosed").

    A list goes on with commas ("no fever, bleeding or VOD"), so a comma alone ends no denial.
    """
    if _NEW_SUBJECT.search(between):
        return True
    return "," in between and not re.search(r"\b(?:or|nor)\b", between) and bool(_STATED_AFTER.match(after))


_OUTSIDE_BRACKETS = re.compile(r"(?P<set>\[(?:\\.|[^\]\\])*\])|(?P<optional> \?)| ")


def _spelled(match: re.Match[str]) -> str:
    if match["set"]:
        return match["set"]
    return r"[\s\-]{0,9}" if match["optional"] else r"[\s\-]{1,9}"


def phrase(*alternatives: str) -> re.Pattern[str]:
    """A case-insensitive pattern of whole words; a blank matches white space or a hyphen, " ?" also neither."""
    body = "|".join(_OUTSIDE_BRACKETS.sub(_spelled, a) for a in alternatives)
    return re.compile(rf"(?<![\w-])(?:{body})(?![\w])", re.IGNORECASE)
