"""Text on cards: escaped GitHub Flavored Markdown without HTML or tables, and bounded summaries.

Foreign words (names, notes, units) are escaped so that they cannot become a link, image or markup.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from cds_service.engine.wording import upper_first

SUMMARY_MOST = 139
_LONGEST = 1000  # of one text on a card; what is longer is foreign prose
_BLANKS = re.compile(r" +")
_DIGIT = re.compile(r"\d")  # all that is typeset stands at one
_LABEL_WORDS = 2
_CLAUSE_END = re.compile(r"[.;:] ")
_SPECIAL = "\\`*_{}[]<>#|~!&"  # the backslash first, since it escapes the others
_LIST_START = re.compile(r"^(?=[-+=])|^(\d+)(?=[.)](?:\s|$))")
# What a renderer may turn into a link by itself: a scheme, a mail address, a bare host. Each pattern begins with
# the sign that is rare in a text, so that only there anything is looked at.
_SCHEMES = "|".join(
    rf"(?<=\b{name}:)" for name in ("http", "https", "ftp", "mailto", "xmpp", "javascript", "data")
)
_SCHEME = re.compile(rf":(?:{_SCHEMES})(?=\S)", re.IGNORECASE)
_WWW = re.compile(r"\.(?<=www\.)", re.IGNORECASE)  # whatever labels follow: of one letter, or not ASCII
_MAIL = re.compile(r"@(?<=\S@)(?=\S)")
_HOST = re.compile(r"\.(?<=\w\w\.)(?=[a-z]{2})", re.IGNORECASE)


def plain_line(text: str) -> str:
    """One line of visible text: control and direction characters removed, white space folded."""
    if not text.isprintable():
        text = "".join(
            " " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c)[0] != "C"
        )
    return (_BLANKS.sub(" ", text) if "  " in text else text).strip()


def _escaped(found: re.Match[str]) -> str:
    return f"\\{found[0]}"


def md(text: str) -> str:
    """A text as literal Markdown, on one line."""
    line = _bounded(plain_line(text), _LONGEST)
    for sign in _SPECIAL:
        if sign in line:
            line = line.replace(sign, f"\\{sign}")
    if ":" in line:
        line = _SCHEME.sub(_escaped, line)
    if "." in line:
        line = _WWW.sub(_escaped, _HOST.sub(_escaped, line))
    if "@" in line:
        line = _MAIL.sub(_escaped, line)
    start = _LIST_START.match(line)
    return line if start is None else f"{start[1] or ''}\\{line[start.end() :]}"


def summary(*candidates: str) -> str:
    """The first candidate that fits a card's summary; if none does, the last one up to the word that still fits."""
    lines = [plain_line(typeset(text)) for text in candidates]
    return next((line for line in lines if len(line) <= SUMMARY_MOST), _bounded(lines[-1], SUMMARY_MOST))


# Each sign is looked for only where the letters stand that it cannot be without.
_TYPE = (
    ("10*9/L", re.compile(r"\bx ?(?=10\*9/L)"), "\u00d7"),
    ("10*9/L", re.compile(r"10\*9/L"), "10\u2079/L"),
    ("m2", re.compile(r"(?<=mg/m)2\b|(?<=\d m)2\b"), "\u00b2"),
    ("mg/m\u00b2", re.compile(r"(?<=mg/m\u00b2)((?: \([^)]*\))?) x (?=\d)"), "\\1 \u00d7 "),
    (">=", re.compile(r">= ?(?=\d)"), "\u2265 "),
    ("<=", re.compile(r"<= ?(?=\d)"), "\u2264 "),
    ("+/-", re.compile(r"\+/- ?(?=\d)"), "\u00b1"),
)
# A zero at the end of a decimal is how a dose comes to be read ten times too high.
_TRAILING_ZEROS = re.compile(r"(?<![\w.])(\d+)(?:\.0+|(\.\d*[1-9])0+)(?![\d.]*\d)")
# Without this nothing ends in one, and it is found faster.
_MAY_END_IN_ZERO = re.compile(r"\.\d*0(?!\d)")


# The name of a kind of data, such as ``otherObservations``, before its reason or the next one.
_KIND = re.compile(r"\b[a-z]+(?:[A-Z][a-z]+)+s(?=[:,)]| and | or |$)")
_HUMP = re.compile(r"[A-Z]")


def kinds_in_words(text: str) -> str:
    """The kinds of data that a reason names in words: ``otherObservations: ...`` as ``other observations: ...``."""
    return _KIND.sub(lambda kind: _HUMP.sub(lambda letter: f" {letter[0].lower()}", kind[0]), text)


def typeset(text: str) -> str:
    """Units and signs as a clinician writes them, and no decimal that ends in a zero."""
    text = kinds_in_words(text)
    if _DIGIT.search(text) is None:
        return text
    for letters, pattern, sign in _TYPE:
        if letters in text:
            text = pattern.sub(sign, text)
    return text if _MAY_END_IN_ZERO.search(text) is None else _TRAILING_ZEROS.sub(_without_zeros, text)


def _without_zeros(found: re.Match[str]) -> str:
    return found[1] + (found[2] or "")


def shown(text: str) -> str:
    """A text of a determination as Markdown on a card."""
    return md(typeset(text))


def words(text: str) -> int:
    """The length of a text as a card's limit counts it."""
    return len(text.split())


def shortened(text: str, most: int) -> str:
    """At most so many words of a text: all of it, else whole sentences or clauses, else words, marked as shortened."""
    line = plain_line(text)
    all_words = line.split()
    if len(all_words) <= most:
        return line
    whole = (b for b in beginnings(" ".join(all_words[:most])) if most // 3 <= words(b) < most)
    kept = next(whole, " ".join(all_words[: most - 1]))
    return f"{kept.rstrip(' ,;:(')} (shortened)"


def beginnings(text: str) -> Iterator[str]:
    """The text, then its beginnings that end with a sentence or clause, the longest first."""
    line = plain_line(text)
    yield line
    for end in reversed([match.start() for match in _CLAUSE_END.finditer(line, 0, _LONGEST)]):
        if line.count("(", 0, end) == line.count(")", 0, end) and not _ends_in_label(line, end):
            yield line[:end]


def _ends_in_label(line: str, end: int) -> bool:
    """Whether what ends there is only the heading of what follows, behind another clause: ``...; needed:``."""
    start = max(line.rfind("; ", 0, end), line.rfind(". ", 0, end))
    return line[end] == ":" and start >= 0 and words(line[start + 1 : end]) <= _LABEL_WORDS


def _bounded(line: str, most: int) -> str:
    """A line up to its last word that fits."""
    if len(line) <= most:
        return line
    cut = line[:most]
    return cut[: max(cut.rfind(" "), most // 2)].rstrip(" ,;:(")


def sentence(text: str) -> str:
    """The text with a capital and a full stop."""
    line = upper_first(text.strip().rstrip(" :;,"))
    return line if line.endswith((".", "!", "?", '."')) else f"{line}."


def listings(names: Sequence[str]) -> Iterator[str]:
    """Names in a row: all, then ever fewer with a count of the rest."""
    yield ", ".join(names)
    for kept in range(len(names) - 1, 0, -1):
        yield f"{', '.join(names[:kept])} and {len(names) - kept} more"


def counted(number: int, one: str, several: str) -> str:
    """``1 item``, ``2 items``."""
    return f"{number} {one if number == 1 else several}"
