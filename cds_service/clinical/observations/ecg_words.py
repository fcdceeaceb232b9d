"""QT intervals in the words of an ECG report, as an ECG machine or a reader writes them ("QT/QTc 430/512 ms").

Knows the few forms in which the interval and its number are together. A number beside words of
another time, a limit or a condition is left alone, as is everything else in prose.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from cds_service.clinical.reading.layout.wrapping import unwrapped


class ReportedQt(NamedTuple):
    """A corrected QT in ms by the formula that the report names (``qtc_unspecified`` when none)."""

    concept: str
    ms: Decimal


# As words, or as an ECG machine shortens them (QTcBaz, QTcFri).
_NAMES = r"(?:Fri(?:d(?:ericia)?)?|B[ae]z(?:ett?)?|F|B)(?:'s)?\b"
_FORMULA = rf"(?:[ -]?(?:(?:by|per|using) )?(?P<formula>\(?{_NAMES}\)?))?"
_FORMULA_BEHIND = re.compile(
    rf"\s{{0,2}}(?:\(|by |per |using )(?:by |per |using )?(?P<formula>{_NAMES})", re.IGNORECASE
)
_PROLONGED = r"(?:(?:(?:mildly|slightly|markedly|severely) )?prolonged |calculated |measured )?"
_BETWEEN = rf"\s{{0,3}}(?:intervals?|int\.?)?\s{{0,3}}(?:is |was )?{_PROLONGED}(?:is|was|of|at|=|:)?\s{{0,3}}"
_PAIR = re.compile(
    rf"\bQT\s{{0,3}}/\s{{0,3}}QTc{_FORMULA}{_BETWEEN}\d{{3}}\s{{0,3}}(?:msecs?|ms)?\s{{0,3}}/\s{{0,3}}(?P<ms>\d{{3}})(?![\d.])\s{{0,3}}(?:msecs?|ms|milliseconds?)?",
    re.IGNORECASE,
)
_SINGLE = re.compile(
    rf"(?<!/)\b(?:Q-?Tc(?: calculation)?|corrected Q-?T|Q-?T corrected|Q-?T interval,? ?\(?corrected\)?){_FORMULA}{_BETWEEN}"
    r"(?:(?P<ms>\d{3})(?![\d.])\s{0,3}(?:msecs?|ms|milliseconds?)|(?P<s>0\.\d{2,3})\s{0,3}(?:s|secs?|seconds?))\b",
    re.IGNORECASE,
)
_NOT_THIS_ECG = re.compile(
    r"\b(?:previous\w*|prior|earlier|before|baseline|compared|from|since|last|old|was|had been|if|when|unless|until|hold|stop|"
    r"goal|target|limit|threshold|normal|upper|above|below|over|under|exceed\w*|repeat|risk|increase[sd]? to)\b|[<>\u2264\u2265]",
    re.IGNORECASE,
)
# Right behind a number: it was of another ECG, unless that one's own number follows ("512 ms (prior 440)").
_ANOTHER_TIME = re.compile(
    r" {0,2}[(\[,-]? {0,2}(?:in|on|at|from|of)? {0,2}(?:the )?(?:(?:prior|previous\w*|earlier|last|baseline)\b(?! (?:was |of |at |QTc[FB]? ?)?\d{3}\b)"
    r"|before|ago|admission|then|(?:19|20)\d\d\b(?!-))",
    re.IGNORECASE,
)
_NAME_ALONE = re.compile(r"(\bQTc?[FB]?:?)\n", re.IGNORECASE)  # its number is on the next line
_CLAUSE_END = re.compile(r"[;\n]|\.(?!\d)")


def reported_qts(text: str) -> Iterator[ReportedQt]:
    """The corrected QTs that a report states of its own ECG."""
    for clause in _CLAUSE_END.split(_NAME_ALONE.sub(r"\1 ", unwrapped(text))):
        for form in (_PAIR, _SINGLE):
            for match in form.finditer(clause):
                before, after = clause[: match.start()], clause[match.end() :]
                if not _NOT_THIS_ECG.search(before) and not _ANOTHER_TIME.match(after):
                    behind = _FORMULA_BEHIND.match(after)
                    named = match["formula"] or (behind["formula"] if behind else None)
                    yield ReportedQt(_concept(named), _ms(match))


def _ms(match: re.Match[str]) -> Decimal:
    if (ms := match["ms"]) is not None:
        return Decimal(ms)
    return Decimal(int(Decimal(match["s"]) * 1000))


def _concept(formula: str | None) -> str:
    letter = (formula or "").strip("( )").upper()[:1]
    return {"F": "qtc_fridericia", "B": "qtc_bazett"}.get(letter, "qtc_unspecified")
