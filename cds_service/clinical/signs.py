"""Positive or negative: the sign of a qualitative result, from codes, interpretation or words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cds_service.clinical.terms import concepts
from cds_service.fhir.codings import codes_in, words_in
from cds_service.fhir.json_types import as_dicts, as_text

_POSITIVE_FLAGS = {"POS", "DET"}
_NEGATIVE_FLAGS = {"NEG", "ND"}
_UNDECIDED_FLAGS = {"IND", "E"}

_NEGATIVE_WORDS = re.compile(
    r"\b(?:negative|not[ -]detected|undetect(?:ed|able)|non[ -]?detected|absent|none (?:seen|detected)|"
    r"not (?:seen|present|identified|expressed|found|observed|rearranged)|no evidence|no expression|lack(?:s|ing)?|normal karyotype)\b",
    re.IGNORECASE,
)
_POSITIVE_WORDS = re.compile(
    r"(?<!not )(?<!non-)\b(?:positive|detected|present|expressed|rearranged|seen|identified)\b", re.IGNORECASE
)
_UNDECIDED_WORDS = re.compile(
    r"\b(?:equivocal|indeterminate|inconclusive|borderline|pending|not (?:done|performed|tested|evaluable|assessed|sent)|"
    r"insufficient|cancelled|unsatisfactory|see (?:comment|note|report))\b",
    re.IGNORECASE,
)


def sign_in_words(text: str) -> bool | None:
    """True for positive, False for negative, None when the words say neither or both."""
    if _UNDECIDED_WORDS.search(text):
        return None
    negative = bool(_NEGATIVE_WORDS.search(text))
    positive = bool(_POSITIVE_WORDS.search(_NEGATIVE_WORDS.sub(" ", text)))
    return None if negative == positive else positive


def is_undecided(part: Mapping[str, Any]) -> bool:
    """Whether the laboratory says that it could not decide (indeterminate, equivocal)."""
    flags = {code for i in as_dicts(part.get("interpretation")) for _, code in codes_in(i)}
    flags |= {code for _, code in codes_in(part.get("valueCodeableConcept"))}
    return bool(flags & _UNDECIDED_FLAGS)


def sign_of(part: Mapping[str, Any]) -> bool | None:
    """The sign of an Observation or component; None when nothing states it or statements differ."""
    found: set[bool | None] = set()
    if isinstance(part.get("valueBoolean"), bool):
        found.add(part["valueBoolean"])
    value = part.get("valueCodeableConcept")
    for name in concepts(value, "fhir_codes"):
        if name in ("positive", "negative"):
            found.add(name == "positive")
    flags = {code for i in as_dicts(part.get("interpretation")) for _, code in codes_in(i)}
    flags |= {code for _, code in codes_in(value)}
    if flags & _POSITIVE_FLAGS:
        found.add(True)
    if flags & _NEGATIVE_FLAGS:
        found.add(False)
    if is_undecided(part):
        return None
    if not found:
        words = " | ".join(
            t
            for t in (
                as_text(part.get("valueString")),
                words_in(value),
                *(words_in(i) for i in as_dicts(part.get("interpretation"))),
            )
            if t
        )
        return sign_in_words(words) if words else None
    return found.pop() if len(found) == 1 else None
