"""Text on cards: escaped GitHub Flavored Markdown without HTML or tables, and bounded summaries.

Foreign words (names, notes, units) are escaped so that they cannot become a link, image or markup.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from cds_service.policy.wording import upper_first

SUMMARY_MOST = 139
_LONGEST = 1000  # of one text on a card; what is longer is foreign prose
_CLAUSE_END = re.compile(r"[.;:] ")
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!&])")
_LIST_START = re.compile(r"^(?=[-+=])|^(\d+)(?=[.)](?:\s|$))")
# What a renderer may turn into a link by itself: a scheme, a mail address, a bare host.
_SCHEME = re.compile(r"\b(https?|ftp|mailto|xmpp|javascript|data)(?=:\S)", re.IGNORECASE)
_WWW = re.compile(r"(?<=www)\.", re.IGNORECASE)  # whatever labels follow: of one letter, or not ASCII
_HOST = re.compile(r"(?<=\w\w)\.(?=[a-z]{2})", re.IGNORECASE)


def plain_line(text: str) -> str:
    """One line of visible text: control and direction characters removed, white space folded."""
    visible = "".join(
        " " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c)[0] != "C"
    )
    return re.sub(r" +", " ", visible).strip()


def md(text: str) -> str:
    """A text as literal Markdown, on one line."""
    line = _SPECIAL.sub(r"\\\1", _bounded(plain_line(text), _LONGEST))
    line = _SCHEME.sub(r"\1\\", line)
    line = _HOST.sub(r"\.", line)
    line = _WWW.sub(r"\.", line)
    line = re.sub(r"(?<=\S)@(?=\S)", r"\@", line)
    return _LIST_START.sub(lambda m: f"{m[1] or ''}\\", line)


def summary(*candidates: str) -> str:
    """The first candidate that fits a card's summary; the last one is cut at a word if none does."""
    lines = [plain_line(text) for text in candidates]
    return next((line for line in lines if len(line) <= SUMMARY_MOST), _bounded(lines[-1], SUMMARY_MOST))


def beginnings(text: str) -> Iterator[str]:
    """The text, then its beginnings that end with a sentence or clause, the longest first."""
    line = plain_line(text)
    yield line
    for end in reversed([match.start() for match in _CLAUSE_END.finditer(line)]):
        if line.count("(", 0, end) == line.count(")", 0, end):
            yield line[:end]


def _bounded(line: str, most: int) -> str:
    """A line cut at a word, with an ellipsis, when it is longer."""
    if len(line) <= most:
        return line
    cut = line[: most - 1]
    return cut[: max(cut.rfind(" "), most // 2)].rstrip(" ,;:(") + "\u2026"


def sentence(text: str) -> str:
    """The text with a capital and a full stop."""
    line = upper_first(text.strip().rstrip(" :;,"))
    return line if line.endswith((".", "!", "?", '."')) else f"{line}."


def counted(number: int, one: str, several: str) -> str:
    """``1 item``, ``2 items``."""
    return f"{number} {one if number == 1 else several}"
