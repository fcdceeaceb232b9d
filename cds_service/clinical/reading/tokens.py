"""Text to tokens: words, numbers, dates and signs, with their places in the text.

One pass from left to right; each alternative is bounded, so the cost grows with the length alone.
Knows no medicine: what a word means is the lexicon's business.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from enum import StrEnum
from html import unescape
from typing import NamedTuple

from cds_service.clinical.reading.layout.columns import in_one_line
from cds_service.clinical.reading.layout.wrapping import unwrapped
from cds_service.clinical.reading.markers.iscn import NOTATION
from cds_service.fhir.json_types import evened
from cds_service.remembering import remembered


class Shape(StrEnum):
    """What a token looks like."""

    WORD = "word"
    NUMBER = "number"
    DATE = "date"
    SIGN = "sign"
    NOTATION = "notation"  # cytogenetics in its own notation (ISCN)
    END = "end"  # the end of a sentence


class Token(NamedTuple):
    """One token: ``text`` as written, ``word`` in lower case, and its place in the text."""

    shape: Shape
    text: str
    word: str
    start: int
    end: int


_DASHES = str.maketrans(
    {
        "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2212": "-",
        "\u2019": "'", "\u2018": "'", "\u201c": '"', "\u201d": '"', "\u2265": ">", "\u2264": "<", "\u00d7": "x",
        # what shows where a word may be split, which is nothing, and letters that are set as one
        "\u00ad": None, "\u200b": None, "\u2060": None, "\ufeff": None, "\ufb01": "fi", "\ufb02": "fl",
    }
)  # fmt: skip

# Abbreviations with a sign inside are one word; so are the names of a translocation or a fusion.
_SLASHED = r"(?:s/p|w/o|w/|r/o|e/o|h/o|s/s|d/w|c/w|p/w|f/c|f/u|u/s|d/t|b/c|n/v|a/p|n/a|r/r|y/o|c/o|i/s/o)(?![A-Za-z])"
_MONTH = (  # whole names: "sepsis 2019" and "marrow 2024" are no dates
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)(?![a-z])"
)
_TOKEN = re.compile(
    rf"(?P<notation>(?=[0-9/adintxy])(?:{NOTATION}))|"  # what it may begin with, so that other words cost nothing
    r"(?P<end>[.!](?=\s|$)|\?(?= ?(?:\n|$))|(?<=[^\s(:\[?-])\?(?=\s)|(?<=[^\s(:\[?-]\?)\?(?=\s)|[;\n])"  # "?? relapse" asks, and ends nothing
    r"|(?P<date>\d{4}-\d{2}-\d{2}(?!\d)|\d{1,2}/\d{1,2}/(?:\d{4}|\d{2})(?![\d/])|\d{1,2}/\d{4}(?![\d/])|\d{1,2}/\d{1,2}(?![\d/])"
    rf"|(?:\d{{1,2}}\s)?\b{_MONTH}\.?\s(?:\d{{1,2}},?\s|of\s)?\d{{4}}(?!\d)|\b(?:19|20)\d{{2}}(?![\d.,]\d|\d)"
    rf"|\b(?!may\b){_MONTH}\.?\s(?:[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?(?![\w/%-]|[.,]\d|\s?(?:mg|mcg|units|%)))"
    r"|(?P<number>\d{1,9}(?:,\d{3})*(?:\.\d{1,6})?(?:[eE]-\d{1,2})?)"
    r"|(?P<fusion>\b(?:BCR|ETV6|TCF3|KMT2A)(?:::|[-/])(?:ABL(?: ?1)?|RUNX1|PBX1|AFF1|JAK2)\b)"
    rf"|(?P<slashed>{_SLASHED})"
    r"|(?P<signed>\b(?:[cs]?CD\d{1,3}[a-d]?|MRD|Ph)(?=(?:neg|pos|dim|bright|br|lo|hi|weak|partial)\b))"
    r"|(?P<word>[^\W\d_][^\W_]{0,39}(?:'[^\W\d_]{1,3})?)"
    r"|(?P<sign>--?|::|[^\s\w]|_)",
    re.IGNORECASE,
)  # fmt: skip
_MEMBERS = {
    "notation": Shape.NOTATION,
    "end": Shape.END,
    "date": Shape.DATE,
    "number": Shape.NUMBER,
    "sign": Shape.SIGN,
}


_ENTITY = re.compile(r"&(?:nbsp|amp|lt|gt|quot|apos|#\d{1,5}|#x[0-9a-f]{1,4});", re.IGNORECASE)


@remembered(1_000_000)
def folded(text: str) -> str:
    """The text with one blank for each run of white space, dashes made alike; line ends stay unless they only wrap a line.

    Signs that a text took over from HTML are what they stand for ("Not in&nbsp;CR").
    """
    if "&" in text:
        text = _ENTITY.sub(lambda sign: unescape(sign[0]), text)
    text = evened(unicodedata.normalize("NFC", text).translate(_DASHES))
    return unwrapped(in_one_line(text) if ":\n" in text else text)


@remembered(500_000)
def tokens(text: str) -> tuple[Token, ...]:
    """The tokens of a folded text."""
    return tuple(
        Token(_MEMBERS.get(m.lastgroup or "", Shape.WORD), word := m[0], word.lower(), *m.span())
        for m in _TOKEN.finditer(text)
    )


_SET_APART = (Shape.SIGN, Shape.END)


def without_hyphens(found: Sequence[Token]) -> list[Token]:
    """Without the hyphens inside of words: "single-agent" is "single agent". The minus of "1x10-5" stays."""
    return [t for i, t in enumerate(found) if t.text != "-" or not _is_inner_hyphen(found, i)]


def _is_inner_hyphen(found: Sequence[Token], i: int) -> bool:
    if not 0 < i < len(found) - 1:
        return False
    before, after = found[i - 1], found[i + 1]
    joined = before.end == found[i].start and found[i].end == after.start
    return (
        joined
        and before.word != "x10"
        and {before.shape, after.shape}.isdisjoint(_SET_APART)
        and {before.shape, after.shape} != {Shape.NUMBER}
    )
