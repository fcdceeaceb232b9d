"""Whether the name of a procedure, request or appointment is a stem cell transplant.

A name is wholly understood or names none. A bare "transplant" is none: it may be of any organ.
Source: docs/record-reading.md#transplants.
"""

from __future__ import annotations

import re

from cds_service.clinical.reading.clauses import sentences
from cds_service.clinical.reading.lexicon import Kind
from cds_service.clinical.reading.tokens import folded

_TOPIC = "transplant"
_BARE = frozenset({"transplant", "transplantation", "transplants", "tplant", "txplant"})
# What a name may hold beside the transplant: words that change nothing, numbers, dates and "and".
PLAIN = frozenset({Kind.TARGET, Kind.NEUTRAL, Kind.NUMBER, Kind.DATE, Kind.AND})
# The value of words for what is done or said around a transplant ("consent signed"): none of them is part of its name.
_AROUND = "around"
# In a name a stop parts no statements: what stands behind it says of what sort the thing is ("transplant; HLA typing").
_STOP = re.compile(r"\s?[.;](?=\s\S)")


def is_transplant(name: str) -> bool:
    """Whether the name of a procedure is a stem cell transplant itself, and not what is done around one."""
    return _names(name, PLAIN)


def is_request(name: str) -> bool:
    """Whether the name of a request, appointment or plan is a stem cell transplant, also as planned."""
    return _names(name, PLAIN | {Kind.AFFIRM})


def _names(name: str, allowed: frozenset[Kind]) -> bool:
    """Whether some name of several (a code's displays) is wholly understood and names the transplant."""
    return any(_is_named(folded(part), allowed) for part in name.split(" | "))


def _is_named(name: str, allowed: frozenset[Kind]) -> bool:
    found = [t for s in sentences(_STOP.sub(",", name), _TOPIC) for t in s.terms]
    named = [t for t in found if t.kind is Kind.TARGET]
    bare = all(" ".join(w.word for w in t.tokens) in _BARE for t in named)
    if any(t.kind is Kind.NEUTRAL and t.value == _AROUND for t in found):
        return False
    return bool(named) and not bare and all(t.kind in allowed for t in found)
