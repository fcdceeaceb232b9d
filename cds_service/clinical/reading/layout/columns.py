"""Lists that stand in lines of their own under their sign: "Negative for:", then "CD20", then "CD22"; "Differential:" as well.

They become one sentence with commas, each sign of it in its old place. An item is one word, with what stands in
brackets behind it, or behind a bullet a few; a line that says more, or a sign of its own, ends the list. Knows no medicine.
"""

from __future__ import annotations

import re

_HEAD = re.compile(
    r"(?:\b(?:negative|positive|neg|pos) for(?: the following)?(?: markers| antigens| tests)?"
    r"|^(?:markers )?(?:positive|negative)(?: markers| antigens| for)?|\blacks?|\bexpress(?:es)?"
    r"|^(?:differential(?: diagnosis| dx)?|ddx|suspected|possible|probable|concern(?:s|ed)? for|rule out|r/o"
    r"|resolved)) ?:$",
    re.IGNORECASE,
)
_ITEM = re.compile(
    r"[-*\u2022]? ?[A-Za-z][\w:/-]{0,24}(?:\([\dpq;.:]{1,20}\)){0,2}(?: \([A-Za-z, ]{1,24}\))?(?:, ?[A-Za-z][\w:/-]{1,24})*,?"
)
# What opens an item, of which more than a word may then be said.
_BULLET = re.compile(r"(?:[-*\u2022]|\d{1,2}[.)]) ?(?=[A-Za-z])")
_NAME = re.compile(r"[A-Za-z][\w'/ ()-]{0,48},?")
_SIGNS = re.compile(
    r"\b(?:positive|negative|pos|neg|present|absent|expressed|detected|found|dim|bright|partial|yes|no|none|not|equivocal|pending|other)\b",
    re.IGNORECASE,
)


def in_one_line(text: str) -> str:
    """The text with such lists in one line; its length, and the place of each word, stay the same."""
    lines = text.split("\n")
    kept = [lines[0]]
    listed = _HEAD.search(lines[0]) is not None
    first = True
    for line in lines[1:]:
        if listed and _is_item(line):
            joint = " " if first or kept[-1].endswith(",") else ","
            bullet = _BULLET.match(line)
            start = bullet.end() if bullet else 0
            kept += [joint, " " * start + line[start:]]
            first = False
        else:
            kept += ["\n", line]
            listed, first = _HEAD.search(line) is not None, True
    return "".join(kept)


def _is_item(line: str) -> bool:
    if line.endswith(":"):
        return False
    bullet = _BULLET.match(line)
    if bullet and _NAME.fullmatch(line, bullet.end()) and _SIGNS.search(line) is None:
        return True
    return _ITEM.fullmatch(line) is not None and _SIGNS.match(line.lstrip("-*\u2022 ")) is None
