"""Why a dose was held, in words: a non-hematologic toxicity, another reason, or none stated.

A reason that is not understood decides nothing; blood counts and logistics are no non-hematologic
toxicity. Which words name the drug and its disease, and so tell no toxicity from another, the policy says.
Procedure: docs/policies/inotuzumab/interruptions.md#length.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

from cds_service.clinical.reading.mentioned import mentioned
from cds_service.clinical.reading.reader import read


class LiverLimits(NamedTuple):
    """The upper limits of normal where a text gives none: bilirubin in mg/dL, ALT and AST in U/L."""

    bilirubin: Decimal
    transaminases: Decimal


def reason_kind(text: str, upper: LiverLimits) -> bool | None:
    """True for a non-hematologic toxicity, False for another reason, None when none is stated.

    A toxicity beside another reason is the reason; what is denied is none.
    """
    reading = read(text, "hold")
    told = {a.value for a in reading.assertions}
    if "toxicity" in told or any(a.value == "lab" and _is_raised(a.quote, upper) for a in reading.assertions):
        return True
    if "lab" in told:
        return None  # "Awaiting ALT"
    return False if told and not any("toxicity" in _named(n.quote) for n in reading.not_understood) else None


_RAISED = re.compile(
    r"elevat|\bhigh|\bup\b|\bris(?:e|en|ing)\b|increas|abnormal|\buln\b|\bgr?(?:ade)?\.? ?[2-4]\b|toxic|worse|dysfunction|failure|"
    r"\b(?:until|when|once|till)\b.{0,30}\b(?:improve|normali[sz]e|come down|decrease)s?\b",
    re.IGNORECASE,
)
# The figure of a test, which is no day ("LFTs of 2026-04-10").
_FIGURE = re.compile(
    r"\b(alt|ast|lfts?|t?\.? ?bili\w{0,5})\b[^\d;]{0,12}(\d{1,2},\d{3}|\d{1,5}(?:\.\d{1,3})?)(?![\d/]|-\d{1,2}-)",
    re.IGNORECASE,
)


def _is_raised(quote: str, upper: LiverLimits) -> bool:
    """Whether words on a liver test say that it is too high, in words or by a figure ("ALT 320", not "bili 0.6")."""
    if _RAISED.search(quote) is not None:
        return True
    figures = ((m[1].lower(), Decimal(m[2].replace(",", ""))) for m in _FIGURE.finditer(quote))
    return any(
        value > (upper.bilirubin if "bili" in test else upper.transaminases) for test, value in figures
    )


def _named(quote: str) -> frozenset[str]:
    return frozenset(value for values, _ in mentioned(quote, "hold") for value in values)


_RECOVERED = frozenset({"recovered", "mild"})
# Words that tell no toxicity from another.
_COMMON = frozenset(
    re.findall(
        r"\w+",
        "grade acute severe chronic toxicity toxic adverse event reaction dose doses held hold therapy treatment disease "
        "patient related cycle disorder unspecified elevated increased high low "
        "blood the and for not due with was has are now had from since day",
    )
)


def says_recovered(text: str, reason: str, aside: frozenset[str]) -> bool:
    """Whether a statement says that the toxicity of a hold has recovered ("hold until recovery" does not).

    ``aside`` are words of the drug and its disease, in lower case.
    """
    return any(
        a.is_now and a.value in _RECOVERED and _is_about(a.quote, reason, aside)
        for a in read(text, "recovery").assertions
    )


def _is_about(quote: str, reason: str, aside: frozenset[str]) -> bool:
    told = _content(reason) - aside
    return bool(told & _content(quote)) or (not told and "toxicity" in _named(quote))


def shared_words(a: str, b: str, aside: frozenset[str]) -> set[str]:
    """The words that two texts share, common ones and those ``aside`` left out."""
    return (_content(a) & _content(b)) - aside


def _content(text: str) -> set[str]:
    return set(re.findall(r"[a-z]{3,}", text.lower())) - _COMMON
