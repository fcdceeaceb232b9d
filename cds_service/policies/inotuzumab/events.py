"""Toxic events judged: what a recorded event means for treatment, and whether it is stated at all.

Shared by the procedures for VOD and for infusion reactions. Decides neither.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from cds_service.clinical.problems import Problem
from cds_service.clinical.words import Said, says


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


def said_of(p: Problem, *things: re.Pattern[str]) -> Said:
    """What an event's own name says of a thing: its text before the names that go with its codes.

    A name that does not mention the thing says nothing; then its codes decide.
    """
    own = p.words.split(" | ")[0]
    found = {says(own, thing) for thing in things}
    for said in (Said.AFFIRMED, Said.DOUBTED, Said.DENIED):
        if said in found:
            return said
    return Said.NOT_MENTIONED


def is_candidate(p: Problem, concept: str, *things: re.Pattern[str]) -> bool:
    """Whether an event is coded or worded as a concept, and its own name does not deny or only discuss it."""
    own = p.words.split(" | ")[0]
    if any(thing.search(own) for thing in things):
        return said_of(p, *things) in (Said.AFFIRMED, Said.DOUBTED)
    return p.is_a(concept)


def is_confirmed(p: Problem, *things: re.Pattern[str]) -> bool:
    """Whether an event is neither recorded as unconfirmed nor named with a doubt."""
    return p.verified and said_of(p, *things) is not Said.DOUBTED
