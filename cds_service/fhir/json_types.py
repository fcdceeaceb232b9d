"""Reading untrusted JSON by type: a value of another type than asked for is taken as absent.

JSON gives exactly dict, list and str, so types are compared and not asked for: these functions are
called some thousand times for each order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

LONGEST_PROSE = 65_536  # characters of one text that is read
PROSE = frozenset(
    {"text", "display", "comment", "description", "title", "conclusion", "patientInstruction", "valueString",
     "name", "unit", "diagnostics"}
)  # fmt: skip
"""The members that hold words for people, wherever they stand; every reader takes them as prose."""
# Signs without a shape of their own: control characters stand between words, marks of direction within them,
# where they would show a reader other figures than were read.
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")
_DIRECTIONS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_UNEVEN = re.compile(rf"[^\S ]|  |^ | $|{_CONTROLS.pattern}|{_DIRECTIONS.pattern}")


def as_dict(value: object) -> Mapping[str, Any]:
    """The object, or an empty one."""
    return value if type(value) is dict else {}


def as_list(value: object) -> list[Any]:
    """The array, or an empty one."""
    return value if type(value) is list else []


def as_dicts(value: object) -> list[Mapping[str, Any]]:
    """The objects of an array, not to be changed; a lone object (seen where an array belongs) counts as one."""
    if type(value) is list:
        for item in value:
            if type(item) is not dict:
                return [item for item in value if type(item) is dict]
        return value
    return [value] if type(value) is dict else []


def as_text(value: object) -> str | None:
    """The string with its outer blanks removed, or None when it is no string or blank. For codes, ids and references."""
    if type(value) is not str or not value:
        return None
    if " " < value[0] < "\x7f" and " " < value[-1] < "\x7f":
        return value  # most are: nothing to remove
    return value.strip() or None


def as_prose(value: object) -> str | None:
    """Words for people, white space evened; None when it is no string, blank, or longer than is read.

    One that is too long is not read at all: a cut could turn a sentence, and the assessment may stand last.
    """
    if type(value) is not str or not value or value[LONGEST_PROSE:]:
        return None
    if value.isprintable() and "  " not in value and value[0] != " " and value[-1] != " ":
        return value  # most are even; all white space but the blank is unprintable
    return evened(value) or None


def evened(text: str) -> str:
    """A text with one blank for each run of white space; line ends are kept, empty lines are not, and fields are lines.

    Control characters count as white space; marks of direction, which only turn what is shown, are left out.
    """
    return text if _UNEVEN.search(text) is None else _evened(text)


# Fields that a form has beside each other, each with its title ("VOD: No   Relapse: Yes"), other than one that may turn the answer.
_FIELDS = re.compile(
    r"(?P<answer>[:?][ ]?[^\s:;.?][^:;.?\n\t]{0,40}?)(?:[ ]{2,}|[ ]{0,3}\t[ \t]{0,40})"
    r"(?=(?!(?:Date|Comments?|Notes?|Remarks?|Status|Reason|Source)\b)[A-Z][^:;.?\n\t]{0,40}[:?])"
)


def _evened(text: str) -> str:
    if "  " in text or "\t" in text:
        text = _FIELDS.sub(r"\g<answer>\n", text)
    shown = _DIRECTIONS.sub("", _CONTROLS.sub(" ", text))
    lines = (" ".join(line.split()) for line in shown.splitlines())
    return "\n".join(line for line in lines if line)


def holds_unread_prose(value: object) -> bool:
    """Whether a text at any depth of a resource, or of several, is too long to be read."""
    return _holds_long_text(value) and any(len(text) > LONGEST_PROSE for text in _prose_in(value))


def _holds_long_text(value: object) -> bool:
    inside = [value]
    for each in inside:  # which grows as it is gone through
        if type(each) is dict:
            inside += each.values()
        elif type(each) is list:
            inside += each
        elif type(each) is str and each[LONGEST_PROSE:]:
            return True
    return False


def _prose_in(value: object) -> Iterator[str]:
    for name, inner in value.items() if isinstance(value, dict) else ():
        if name in PROSE and isinstance(inner, str):
            yield inner
    for inner in value.values() if isinstance(value, dict) else as_list(value):
        yield from _prose_in(inner)
