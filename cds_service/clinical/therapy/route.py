"""The route of a drug: whether it is given into the cerebrospinal fluid, or acts where it is put: no systemic therapy.

A stated route decides; without one the words of the order, of which a warning ("not for intrathecal use")
states none. What names a systemic route as well is in doubt. Knows no drug.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from cds_service.clinical.terms import concepts
from cds_service.fhir.codings import plain_codes, words_in
from cds_service.fhir.json_types import as_prose


class Route(Enum):
    """Where a drug is given, as far as it matters for systemic therapy."""

    INTRATHECAL = "intrathecal"
    MIXED = "intrathecal and systemic, or one of them"
    LOCAL = "into an eye or ear, or on the skin"
    OTHER = "another, or not stated"


# Codes of HL7's tables for the route; other code systems are known by the names of their codes.
_INTRATHECAL_CODES = frozenset({"IT", "ITINJ"})
_LOCAL_CODES = frozenset({"OP", "OT", "TP"})
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
_LOCAL = re.compile(
    r"\b(?:ophthalmic|ophth|ocular|eye ?drops?|otic|ear ?drops?|topical|cutaneous|creams?|ointment|lotion|shampoo)\b",
    re.IGNORECASE,
)
_LOCAL_ROUTE = re.compile(rf"{_LOCAL.pattern}|\b(?:eyes?|ears?|conjunctival)\b", re.IGNORECASE)
_PUT_THERE = re.compile(
    r"\b(?:instill|apply|place|drops?)\b[^.;\n]{0,40}\b(?:eyes?|ears?|skin|scalp|affected areas?)\b",
    re.IGNORECASE,
)
# What enters the blood whatever else is said of it.
_ENTERS = re.compile(
    r"\btrans-?dermal|\bpatch|\binject|\binfus|\bsuppositor|\b(?:tablets?|tabs?|capsules?|caps?|pills?)\b|\bby mouth\b|\boral|\b(?:PO|IV|IM)\b",
    re.IGNORECASE,
)
_MAY_TELL = re.compile(
    r"thecal|tecal|ventric|ommaya|puncture|punción|spinal|\b(?:IT|LP|CNS|CSF)\b", re.IGNORECASE
)
_WARNING = re.compile(
    r"\b(?:not|never|fatal|avoid|don't)\b[^.;\n]{0,60}?\b(?:intra-? ?thecal\w*|intra-?tecal\w*|intra-? ?spinal\w*|IT\b)",
    re.IGNORECASE,
)


def route_of(dosages: Sequence[Mapping[str, Any]], texts: Sequence[str], name: str = "") -> Route:
    """The route that dosages state, else the one that the ``name`` of the product or the texts of the use tell."""
    told = [_WARNING.sub(" ", text) for text in (*texts, name)]
    stated = {found for d in dosages if "route" in d and (found := _stated(d["route"])) is not None}
    if len(stated) > 1:
        return Route.MIXED if Route.INTRATHECAL in stated else Route.OTHER
    if stated:
        return Route.OTHER if stated == {Route.LOCAL} and any(map(_ENTERS.search, told)) else stated.pop()
    if _is_local(dosages, name) and not any(map(_ENTERS.search, told)):
        return Route.LOCAL
    if _MAY_TELL.search(" ; ".join(told)) is None or not any(map(_is_intrathecal, told)):
        return Route.OTHER
    return Route.MIXED if any(_SYSTEMIC.search(text) for text in told) else Route.INTRATHECAL


def _is_local(dosages: Sequence[Mapping[str, Any]], name: str) -> bool:
    """Whether the name of a product or an instruction says that it is put into an eye or ear, or on the skin."""
    if _LOCAL.search(name) is not None:
        return True
    return any("text" in d and _PUT_THERE.search(as_prose(d["text"]) or "") for d in dosages)


def _stated(route: object) -> Route | None:
    """What a stated route is; None when it is none that is known."""
    codes, words, meant = plain_codes(route), words_in(route), concepts(route, "procedures")
    if "route_intrathecal" in meant or codes & _INTRATHECAL_CODES or _is_intrathecal(words):
        return Route.INTRATHECAL
    if "route_local" in meant or codes & _LOCAL_CODES or _LOCAL_ROUTE.search(words):
        return Route.LOCAL
    systemic = "route_intravenous" in meant or codes & _SYSTEMIC_CODES or _SYSTEMIC.search(words)
    return Route.OTHER if systemic else None


def _is_intrathecal(text: str) -> bool:
    if _IN_WORDS.search(text) is not None:
        return True
    letters = _LETTERS.search(text) is not None
    return letters and (text.upper() != text or _IN_CAPITALS.search(text) is not None)
