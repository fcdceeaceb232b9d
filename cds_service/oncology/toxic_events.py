"""Toxic events judged: what a recorded event means for treatment, and whether it is stated at all.

Shared by the procedures for VOD and for infusion reactions. Decides neither.
Procedure: docs/policies/inotuzumab/toxicities.md#veno-occlusive-disease. Also: docs/policies/inotuzumab/toxicities.md#infusion-reactions.
"""

from __future__ import annotations

import re
from enum import Enum

from cds_service.clinical.problems import Problem
from cds_service.clinical.reading.recorded import Named, recorded_as
from cds_service.clinical.statements import Statement
from cds_service.values import dataclass

# Texts about the patient's state; orders and plans are about what might come.
NOTES = frozenset(
    {"Observation", "Condition", "AdverseEvent", "DiagnosticReport", "DocumentReference", "Procedure", "MedicationAdministration"}
)  # fmt: skip


_ASKS_FOR_GRADE = re.compile(r"\b(?:grade|severity)$", re.IGNORECASE)


def told(s: Statement) -> str:
    """What a text states, an answer with its question ("VOD": "yes")."""
    if s.kind != "Observation" or not s.answered:
        return s.text
    answer = s.text or ("yes" if "positive" in s.answers else "no" if "negative" in s.answers else "")
    if not (s.topic and answer):
        return answer
    return f"{s.topic}{' ' if _ASKS_FOR_GRADE.search(s.topic) else ': '}{answer}"


class Meaning(Enum):
    """What an event means for treatment."""

    STOP = "stop"
    UNDECIDED = "might be a stop; date, confirmation, cause or severity is missing"
    SUSPECTED = "hold and evaluate"
    RISK = "risk factor"
    NOTE = "for information"


@dataclass(frozen=True, slots=True)
class Event:
    """One event judged: what it means, the rule, the sentence, its sources, and what would settle it."""

    meaning: Meaning
    rule: str
    text: str
    references: tuple[str, ...]
    asks: str = ""


_RECORDED = frozenset({Named.STATED, Named.SUSPECTED, Named.UNDECIDED, Named.PAST})


def naming(p: Problem, topic: str, *values: str) -> Named:
    """What an event's own name says of a thing: its text before the names that go with its codes."""
    return recorded_as(p.words.split(" | ")[0], topic, *values)


def is_candidate(p: Problem, concept: str, topic: str, *values: str) -> bool:
    """Whether an event is coded or worded as a concept, and its own name does not deny it.

    A name that does not mention the thing says nothing, and one that only discusses it does not surely deny it; then
    its codes decide.
    """
    said = naming(p, topic, *values)
    return p.is_a(concept) if said in (Named.ABSENT, Named.ABOUT) else said in _RECORDED


def is_confirmed(p: Problem, topic: str, *values: str) -> bool:
    """Whether an event is neither recorded as unconfirmed nor named with a doubt, as past, or in words not understood."""
    return p.verified and naming(p, topic, *values) in (Named.STATED, Named.ABSENT)
