"""Text on cards: escaped GitHub Flavored Markdown without HTML or tables, and bounded summaries.

Foreign words (names, notes, units) are escaped so that they cannot become a link, image or markup.
"""

from __future__ import annotations

import re
import unicodedata

SUMMARY_MOST = 139
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!&])")
_LIST_START = re.compile(r"^(\s*)([-+]|\d+[.)])(\s)")


def plain_line(text: str) -> str:
    """One line of visible text: control and direction characters removed, white space folded."""
    visible = "".join(
        " " if c in "\n\r\t" else c for c in text if c in "\n\r\t" or unicodedata.category(c)[0] != "C"
    )
    return re.sub(r"\s+", " ", visible).strip()


def md(text: str) -> str:
    """A text as literal Markdown, on one line."""
    line = _SPECIAL.sub(r"\\\1", plain_line(text))
    line = re.sub(r"\b(https?|ftp|www)(?=[:.])", "\\1\u200b", line, flags=re.IGNORECASE)  # no autolink
    line = re.sub(r"(?<=\w)@(?=\w)", "\\@", line)
    return _LIST_START.sub(r"\1\\\2\3", line)


def summary(*candidates: str) -> str:
    """The first candidate that fits a card's summary; the last one is cut at a word if none does."""
    for text in candidates:
        line = plain_line(text)
        if len(line) <= SUMMARY_MOST:
            return line
    line = plain_line(candidates[-1])
    cut = line[: SUMMARY_MOST - 1]
    return cut[: cut.rfind(" ")].rstrip(" ,;:(") + "\u2026"


def sentence(text: str) -> str:
    """The text with a capital and a full stop."""
    line = text.strip()
    line = line[:1].upper() + line[1:]
    return line if line.endswith((".", "!", "?")) else f"{line}."
