"""The route of a drug: whether it is given into the cerebrospinal fluid, where it is no systemic therapy.

A stated route decides; without one the words of the order, of which a warning ("not for intrathecal use")
states none. What names a systemic route as well is in doubt. Knows no drug.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any

from cds_service.clinical.terms import concepts
from cds_service.fhir.codings import plain_codes, words_in


class Route(Enum):
    """Where a drug is given, as far as it matters for systemic therapy."""

    INTRATHECAL = "intrathecal"
    MIXED = "intrathecal and systemic, or one of them"
    OTHER = "another, or not stated"


# Codes of HL7's tables for the route; other code systems are known by the names of their codes.
_INTRATHECAL_CODES = frozenset({"IT", "ITINJ"})
_SYSTEMIC_CODES = frozenset({"IV", "IVINJ", "IVP", "IVPB", "PO", "SC", "SQ", "IM"})
_IN_WORDS = re.compile(
    r"\bintra-? ?thecal(?:ly)?\b|\bintra-? ?spinal(?:ly)?\b|\bintra-?tecal\b|\bintra-? ?ventricular(?:ly)?\b|"
    r"\binto (?:the )?(?:CNS|CSF)\b|\bommaya\b|\blumbar puncture\b|\bpunción lumbar\b|\bspinal tap\b|"
    r"\b(?:with|via|by|during) (?:the |each )?LP\b|\bIT (?:MTX|methotrexate|cytarabine|ara-?C|chemo\w*)\b|\bmg,? IT\b",
    re.IGNORECASE,
)
# The letters alone are the route among small letters; among capitals only beside what a route stands beside.
_LETTERS = re.compile(r"\bIT\b")
_IN_CAPITALS = re.compile(r"^IT$|\bTRIPLE IT\b|\bIT (?:X ?\d|PROPH|VIA\b|ONCE\b|DAYS? \d|WEEKLY\b)")
_SYSTEMIC = re.compile(
    r"\b(?:IV|IVPB|intravenous(?:ly)?|intravenos[ao]|PO|by mouth|oral(?:ly)?|SC|SQ|sub-?cutaneous(?:ly)?|subcutáne[ao]|IM|intramuscular(?:ly)?)\b",
    re.IGNORECASE,
)
_MAY_TELL = re.compile(
    r"thecal|tecal|ventric|ommaya|puncture|punción|spinal|\b(?:IT|LP|CNS|CSF)\b", re.IGNORECASE
)
_WARNING = re.compile(
    r"\b(?:not|never|fatal|avoid|don't)\b[^.;\n]{0,60}?\b(?:intra-? ?thecal\w*|intra-?tecal\w*|intra-? ?spinal\w*|IT\b)",
    re.IGNORECASE,
)


def route_of(dosages: Iterable[Mapping[str, Any]], texts: Sequence[str]) -> Route:
    """The route that dosages state, else the one that the texts of the use name."""
    routes = [dosage["route"] for dosage in dosages if "route" in dosage]
    if routes and (stated := {_stated(route) for route in routes} - {None}):
        return Route.MIXED if len(stated) > 1 else Route.INTRATHECAL if True in stated else Route.OTHER
    if _MAY_TELL.search(" ; ".join(texts)) is None:
        return Route.OTHER
    told = [_WARNING.sub(" ", text) for text in texts]
    if not any(map(_is_intrathecal, told)):
        return Route.OTHER
    return Route.MIXED if any(_SYSTEMIC.search(text) for text in told) else Route.INTRATHECAL


def _stated(route: object) -> bool | None:
    """Whether a stated route is intrathecal; None when it is neither that nor a known systemic one."""
    codes, words, meant = plain_codes(route), words_in(route), concepts(route, "procedures")
    if "route_intrathecal" in meant or codes & _INTRATHECAL_CODES or _is_intrathecal(words):
        return True
    systemic = "route_intravenous" in meant or codes & _SYSTEMIC_CODES or _SYSTEMIC.search(words)
    return False if systemic else None


def _is_intrathecal(text: str) -> bool:
    if _IN_WORDS.search(text) is not None:
        return True
    letters = _LETTERS.search(text) is not None
    return letters and (text.upper() != text or _IN_CAPITALS.search(text) is not None)
