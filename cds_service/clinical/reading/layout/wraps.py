"""Lines that end in the middle of a phrase, as printed or pasted notes have them: "not in complete / remission".

A line end that only wraps a line is a blank; any other one stays, for it ends a sentence. Knows no medicine.
"""

from __future__ import annotations

import re

# Nothing ends with these: what they lead is on the next line.
_DANGLING = re.compile(
    r"(?:\b(?:in|of|the|a|an|to|for|with|without|and|or|nor|not|is|was|are|were|be|been|being|has|have|had|by|from|that|any|did|does|"
    r"than|into|as|her|his|their|possible|probable|hepatic|early|further|achieved?|achieving|reach(?:ed)?|attain(?:ed)?|"
    r"enter(?:ed)?|develop(?:ed)?|demonstrates?|excludes?|denies|lacks?|considered|considering|suggests?|suggestive|evidence)"
    r"|(?<![:=?-] )(?<!^)\bno|\w,)$",
    re.IGNORECASE,
)
_LINE_END = re.compile(r"(?<=[\w%)\]+,'\"-])[ \t]*\r?\n[ \t]*(?=[^\W_]|\()")
_LIST_NUMBER = re.compile(r"(?:\d{1,2}|[a-z])[.)]\s", re.IGNORECASE)
_LABEL = re.compile(r"[\w/]{1,30}(?: [\w/]{1,30}){0,3}:")
_ANSWER = re.compile(r"(?:yes|no|y|n|x|none)\b", re.IGNORECASE)
_WORD = re.compile(r"\S+")
_LEAST = 20  # characters of a line that is full


def unwrapped(text: str) -> str:
    """The text with a blank for each line end that only wraps a line."""
    if "\n" not in text:
        return text
    found: list[str] = []
    start = 0
    for match in _LINE_END.finditer(text):
        if not _wraps(text, match):
            continue
        split = text[match.start() - 1] == "-"
        found += (text[start : match.start()], "" if split else " ")
        start = match.end()
    return "".join((*found, text[start:])) if found else text


def _wraps(text: str, end: re.Match[str]) -> bool:
    before = text[text.rfind("\n", 0, end.start()) + 1 : end.start()].strip()
    behind = text[end.end() : _end_of_line(text, end.end())].rstrip()
    if "|" in before or _LIST_NUMBER.match(behind) or _LABEL.match(behind) or _ANSWER.match(behind):
        return False
    if before[-1:] == "-":
        return behind[0].islower() and before[-2:-1].isalpha()
    dangles = (
        " " in before and _DANGLING.search(before[-_LEAST:]) is not None
    )  # a word alone is a title: "Denies"
    return dangles or _is_full(before, behind)


def _end_of_line(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _is_full(before: str, behind: str) -> bool:
    """Whether the next word did not fit on a line, and goes on with it: in small letters, or all is in capitals."""
    first = _WORD.match(behind)
    if first is None or len(before) < _LEAST or len(before) + 1 + len(first[0]) <= len(behind):
        return False
    return behind.isupper() if before.isupper() else behind[0].islower()
