"""Positive or negative: the sign of a qualitative result, from codes, interpretation or words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from cds_service.clinical.observations.answers import yes_or_no
from cds_service.clinical.reading.markers.lists import NEGATIVE, POSITIVE
from cds_service.clinical.reading.markers.order import MEASURED
from cds_service.clinical.reading.markers.reader import read_marker
from cds_service.clinical.terms import concepts
from cds_service.fhir.codings import codes_in, words_in
from cds_service.fhir.json_types import as_dict, as_dicts, as_prose, as_text
from cds_service.remembering import remembered

_POSITIVE_FLAGS = {"POS", "DET"}
_NEGATIVE_FLAGS = {"NEG", "ND"}
_UNDECIDED_FLAGS = {"IND", "E"}

_SIGNS = {frozenset({POSITIVE}): True, frozenset({NEGATIVE}): False}


# What an answer under a concept may name; other concepts' answers name nothing ("detected").
_TOPICS = {
    "cd22_blasts_pct": "cd22", "cd22_blasts_abs": "cd22", "bcr_abl1_fish": "ph", "bcr_abl1_transcript": "ph",
    "karyotype": "ph",
}  # fmt: skip


def sign_in_words(texts: Iterable[str], concept: str = "") -> bool | None:
    """The sign of an answer in words: True for positive, False for negative, None when they say neither or both.

    Each text is read by itself: one that is not understood says nothing, and "equivocal" leaves it open.
    """
    topic = _TOPICS.get(concept, "answer")
    said = {value for text in texts for value in read_marker(text, topic, question=True).values}
    return _SIGNS.get(frozenset(said - {MEASURED}))


def is_undecided(part: Mapping[str, Any]) -> bool:
    """Whether the laboratory says that it could not decide (indeterminate, equivocal)."""
    if "interpretation" not in part and "valueCodeableConcept" not in part:
        return False
    flags = _flags(part) | {code for _, code in codes_in(part.get("valueCodeableConcept"))}
    return bool(flags & _UNDECIDED_FLAGS)


def _flags(part: Mapping[str, Any]) -> set[str]:
    """The codes of the interpretation. One without a system is of the list that FHIR binds here (v3-ObservationInterpretation)."""
    flags: set[str] = set()
    for said in as_dicts(part["interpretation"]) if "interpretation" in part else ():
        flags.update(code for _, code in codes_in(said))
        bare = (as_text(c.get("code")) for c in as_dicts(said.get("coding")) if "system" not in c)
        flags.update(code.upper() for code in bare if code is not None)
    return flags


# A question about an absence ("CD22 negative?"), and one that names both signs or none.
_ASKS_FOR_ABSENCE = re.compile(
    r"\b(?:negativ\w*|neg|(?:not|un)[- ]?detect\w*|absent|absence)\b|^no\b", re.IGNORECASE
)
_ASKS_FOR_PRESENCE = re.compile(r"\b(?:positiv\w*|pos|presence|present)\b", re.IGNORECASE)


def sign_of(part: Mapping[str, Any], concept: str = "") -> bool | None:
    """The sign of an Observation or component; None when nothing states it or statements differ.

    ``concept`` is what it measures, which its words may name. Under a question about an absence ("CD22 negative?") only
    a yes is understood: it is negative.
    """
    if "code" not in part or not _asks_for_absence(words_in(part["code"])):
        return _sign(part, concept)
    return False if yes_or_no(part) is True else None


@remembered(20_000)
def _asks_for_absence(words: str) -> bool:
    names = words.split(" | ")
    return any(_ASKS_FOR_ABSENCE.search(n) and not _ASKS_FOR_PRESENCE.search(n) for n in names)


def _sign(part: Mapping[str, Any], concept: str) -> bool | None:
    answer = yes_or_no(part)
    found: set[bool | None] = set() if answer is None else {answer}
    value = as_dict(part.get("valueCodeableConcept"))
    for name in concepts(value, "fhir_codes"):
        if name in ("positive", "negative"):
            found.add(name == "positive")
    flags = _flags(part) | {code for _, code in codes_in(value)}
    if flags & _POSITIVE_FLAGS:
        found.add(True)
    if flags & _NEGATIVE_FLAGS:
        found.add(False)
    if is_undecided(part):
        return None
    if not found:
        worded = (value, *as_dicts(part.get("interpretation")))
        texts = [
            as_prose(part.get("valueString")) or "",
            *(t for c in worded for t in words_in(c).split(" | ")),
        ]
        return sign_in_words(texts, concept)
    return found.pop() if len(found) == 1 else None
