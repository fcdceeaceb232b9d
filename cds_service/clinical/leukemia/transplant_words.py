"""What a text says of a stem cell transplant: planned, not planned, or neither; and whether a name names one.

A transplant of the past is no plan, doubt and preparation (evaluation, typing, donor search) are neither,
and transplants of organs are other things.
"""

from __future__ import annotations

from cds_service.clinical.reading.assertions import Time
from cds_service.clinical.reading.clauses import sentences
from cds_service.clinical.reading.lexicon import Kind
from cds_service.clinical.reading.reader import read
from cds_service.clinical.reading.tokens import folded

_TOPIC = "transplant"
_BARE = frozenset({"transplant", "transplantation", "transplants", "tplant", "txplant"})


def intention_in(text: str) -> bool | None:
    """Whether a text says that a transplant is planned (True), is not (False), or neither (None)."""
    told = read(text, _TOPIC).assertions
    if not told:
        return None
    found = {a.value == "planned" for a in told if a.time is Time.PRESENT}
    return found.pop() if len(found) == 1 else None


def is_transplant(name: str) -> bool:
    """Whether the name of a procedure is a stem cell transplant itself, and not what is done around one.

    A bare "transplant" is none: it may be of any organ.
    """
    return _names(name, frozenset({Kind.TARGET, Kind.NEUTRAL, Kind.NUMBER, Kind.DATE, Kind.AND}))


def is_request(name: str) -> bool:
    """Whether the name of a request, appointment or plan is a stem cell transplant, also as planned."""
    return _names(name, frozenset({Kind.TARGET, Kind.NEUTRAL, Kind.NUMBER, Kind.DATE, Kind.AND, Kind.AFFIRM}))


def _names(name: str, allowed: frozenset[Kind]) -> bool:
    """Whether some name of several (a code's displays) is wholly understood and names the transplant."""
    return any(_is_named(folded(part), allowed) for part in name.split(" | "))


def _is_named(name: str, allowed: frozenset[Kind]) -> bool:
    found = [t for s in sentences(name, _TOPIC) for t in s.terms]
    named = [t for t in found if t.kind is Kind.TARGET]
    bare = all(" ".join(w.word for w in t.tokens) in _BARE for t in named)
    return bool(named) and not bare and all(t.kind in allowed for t in found)
