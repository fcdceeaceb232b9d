"""Lines that a system broke at its width: they are one sentence, and not two.

A line goes on in the next where it ends with a word that nothing can end with ("no evidence of"), where the
next begins with one that goes on, or where the word that follows had no room. Items of lists, headings and
answers ("VOD: no") stay lines of their own. Knows no medicine.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

_ENDS = frozenset(".!?:;|")
_ITEM = re.compile(r"(?:[-*\u2022\[\u2610-\u2612#>|]|\d{1,2}[.)](?:\s|$)|[A-Za-z][.)]\s)")
_HEADING = re.compile(r"[A-Za-z][^:.,]{0,40}:")
_WORD = re.compile(r"\w[\w'/]*|[^\w\s]")
_DENIALS = frozenset({"no", "not", "never"})  # which may also be an answer
_DANGLING = _DENIALS | frozenset(
    re.findall(
        r"\S+",
        "a an the this that these those his her their its our of in on at to by from with w/ w/o without for as per via into after "
        "before since until till against if unless when once whether while because than and or nor but & , is are was were be been "
        "being am has have had does do did will would can could may might must should shall cannot isn't wasn't aren't hasn't haven't "
        "doesn't didn't won't shows showed showing demonstrates reveals achieve achieves achieving exclude excluding confirm "
        "confirming considering consider awaiting await r/o suggest suggests suggesting indicate indicates represent represents "
        "include includes including denies denying grade uses using developed develop develops undergo pursue pursuing receive "
        "reach reaching attain attains maintain maintains both either neither very longer any patient's mother's father's sister's brother's",
    )
)
_PAIRS = frozenset({
    ("rule", "out"), ("not", "show"), ("to", "show"), ("not", "achieved"), ("yet", "achieved"), ("in", "complete"), ("a", "complete"),
    ("measurable", "residual"), ("minimal", "residual"), ("for", "hepatic"), ("of", "hepatic"),
})  # fmt: skip
_GOING_ON = frozenset(
    re.findall(
        r"\S+",
        "not and or nor but of to with without for from by at is are was were has have had be been cannot could should would may might "
        "if unless until once whether after since because due than that which who whose yet ruled unlikely pending excluded resolved "
        "suspected questionable achieved seen noted confirmed detected identified planned scheduled declined refused",
    )
)
# What a line says of its subject, so that a denial that begins the next may be of another thing ("VOD suspected / not on ursodiol").
_SAID = frozenset(
    re.findall(
        r"\S+",
        "suspected likely possible probable confirmed diagnosed present persists persisting persistent ongoing active planned scheduled "
        "booked achieved attained documented detected positive negative pos neg progressed progressing resolved worsening",
    )
)
_OF_WHICH = frozenset({"not", "ruled", "excluded", "unlikely", "resolved", "declined", "refused"})
_OF_THE_SAME = frozenset(  # behind these, what says it of the line before
    re.findall(
        r"\S+",
        "out by on in at with per via after before since until till unless if because due for and or but now yet again today currently so "
        "any a an the longer "
        "achieved attained reached met seen present detected found identified confirmed noted documented excluded ruled planned scheduled "
        "pursued pursuing proceeding going eligible fit candidate recommended indicated likely suspected certain sure definite proven "
        "established clear been",
    )
)
_LONG = 50  # characters of a line that was hardly ended by hand
_WIDTHS = range(50, 133)  # of the lines that systems break
_RAGGED = 14  # how much shorter a broken line may be than the longest


def unwrapped(text: str) -> str:
    """The text with a blank for each line end within a sentence; places in it stay the same."""
    if "\n" not in text:
        return text
    lines = text.split("\n")
    width = _width(lines)
    joints = (" " if _goes_on(a, b, width) else "\n" for a, b in pairwise(lines))
    return lines[0] + "".join(joint + line for joint, line in zip(joints, lines[1:], strict=True))


def _width(lines: Sequence[str]) -> int:
    """The width at which lines were broken; 0 where nothing shows that they were: most are full or end a sentence."""
    longest = max(len(line) for line in lines)
    broken = [line for line in lines[:-1] if len(line) >= longest - _RAGGED]
    ended = sum(line[-1:] in _ENDS and len(line) < longest - _RAGGED for line in lines[:-1])
    most = 10 * (len(broken) + ended) >= 7 * (len(lines) - 1)
    return longest if longest in _WIDTHS and len(broken) > 1 and most else 0


def _goes_on(line: str, following: str, width: int) -> bool:
    if not line or not following or line[-1] in _ENDS or _ITEM.match(following):
        return False
    if " " in line and _dangles(line):  # a word alone on its line is a title
        return True
    if _HEADING.match(following):
        return False
    first = following.split(" ", 1)[0]
    if line.isupper() and following.isupper():  # then capitals begin nothing
        first = first.lower()
    if following[0] == "(" or (first.rstrip(",.") in _GOING_ON and not _is_of_another(line, following)):
        return True
    if first[0].islower() and len(line) >= _LONG:
        return True
    return len(line) + 1 + len(first) > width > 0 and len(line) >= width - _RAGGED


def _is_of_another(line: str, following: str) -> bool:
    """Whether a short line says its own and the next begins with a denial of something else that it names."""
    first, *more = (*_WORD.findall(following[:60].lower()), "")
    if first not in _OF_WHICH or len(line) >= _LONG or _WORD.findall(line.lower())[-1] not in _SAID:
        return False
    if first == "ruled":
        more = more[1:]
    behind = more[0] if more else ""
    return behind[:1].isalpha() and (behind not in _OF_THE_SAME or (first, behind) == ("not", "on"))


def _dangles(line: str) -> bool:
    """Whether a line ends with a word that a sentence cannot end with."""
    before, last = ("", "", *_WORD.findall(line[-60:].lower()))[-2:]
    if last in _DENIALS:
        return before in _DANGLING or before in (";", ".", "!")
    return (last in _DANGLING and before not in (":", "?", "=")) or (before, last) in _PAIRS
