"""The dose that a dosage text states in words.

A figure in mg counts only when the words around it are about this drug's dose. Another drug's
figure, a maximum, a strength or vial, an earlier dose and a cumulative amount are passed over; a
figure among words that are not understood, or with a decimal comma, is no dose.
Source: docs/record-reading.md#timing-of-an-order, step 3.
"""

from __future__ import annotations

import re
from decimal import Decimal
from enum import Enum

from cds_service.clinical.therapy.drugs import INOTUZUMAB, drugs_in_text
from cds_service.clinical.therapy.order_dose import DOSE_UNITS, StatedDose
from cds_service.fhir.quantities import bounded, plain

_SQUARE_METER = r"m\s*(?:2|²|\^2)|sq(?:\.|uare)?\s*m(?:et(?:er|re)s?)?\b|BSA\b"
_FIGURE = re.compile(
    r"(?<![\d.,])(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)\s*-?"
    rf"(?P<unit>(?P<mass>mg|milligrams?|mcg|micrograms?|µg|μg|ug)(?P<area>\s*(?:/|per\b)\s*(?:{_SQUARE_METER}))?)(?![A-Za-z])"
    r"(?!\s*(?:/(?!\s*(?:(?:dose|day|infusion)\b|\d{2,4}\s*mL\s*(?:of\s*)?(?:NS|NaCl|0\.9|sodium|saline|bag)))|per\s+(?:h|hr|hour|min|minute|ml|kg)\b))",
    re.IGNORECASE,
)
_DECIMAL_COMMA = re.compile(r"\d,\d{1,2}\s*(?:mg|mcg|[uµμ]g)\b", re.IGNORECASE)
_RANGE = re.compile(
    r"\d\.\d+\s*(?:-|\u2013|to)\s*$|mg\s*[-\u2013]\s*$", re.IGNORECASE
)  # before its second figure
# Where the words around a figure begin and end.
_HARD_END = r"[;\n]|\.(?=\s|$)"
_BOUNDARY = re.compile(
    rf"{_HARD_END}|[,()+\[\]]|\b(?:with|and|then|plus|before|after|followed by|prior to)\b", re.IGNORECASE
)
_HARD = re.compile(_HARD_END)


class _Purpose(Enum):
    """What a figure in a dosage text is."""

    DOSE = "the dose"
    OTHER = "something else"
    UNREAD = "not understood"


def dose_in_text(text: str) -> StatedDose | None:
    """The one dose that a dosage text states; mg before mg/m2. None when it states none.

    Several that differ are no dose, nor are figures that are not understood, where nothing else
    is the dose. A concentration or rate (mg/mL, mg/h) is none either.
    """
    found: dict[str, set[Decimal]] = {"mg": set(), "mg/m2": set()}
    unread = _DECIMAL_COMMA.search(text) is not None
    figures = list(_FIGURE.finditer(text))
    for place, match in enumerate(figures):
        begins = figures[place - 1].end() if place else 0
        ends = figures[place + 1].start() if place + 1 < len(figures) else len(text)
        purpose = _purpose(*words_around(text[begins : match.start()], text[match.end() : ends]))
        if purpose is _Purpose.DOSE and _RANGE.search(text[: match.start()]):
            return StatedDose(None, None, text[:80])
        unread = unread or purpose is _Purpose.UNREAD
        if purpose is _Purpose.DOSE:
            value, unit = _value(match)
            found[unit].add(value)
    for unit, values in found.items():
        if len(values) == 1:
            (value,) = values
            return StatedDose(value, unit, f"{plain(value)} {unit} in the dosage text")
        if values:
            return StatedDose(None, None, text[:80])
    return StatedDose(None, None, text[:80]) if unread else None


def _value(match: re.Match[str]) -> tuple[Decimal, str]:
    number = bounded(Decimal(match["number"].replace(",", "")))
    mass = "mg" if match["mass"].lower().startswith(("mg", "milli")) else "ug"
    return number * DOSE_UNITS[mass], "mg/m2" if match["area"] else "mg"


def words_around(before: str, after: str) -> tuple[str, str]:
    """The words that belong to a figure, of those back to the figure before it and on to the next: up to a boundary.

    Where nothing is between a comma or bracket and the figure, the words before that count.
    """
    before = _HARD.split(before)[-1]
    parts = [part for part in _BOUNDARY.split(before) if part.strip()]
    end = m.start() if (m := _BOUNDARY.search(after)) is not None else len(after)
    return parts[-1] if parts else "", after[:end]


_SUPPLY_BEFORE = re.compile(r"\b(?:vials?|strength|supplied|dispense|powder|ampoules?|NDC)\b", re.IGNORECASE)
_SUPPLY_AFTER = re.compile(
    r"^[\s\-]*(?:(?:single|multi\w*)[\s-]?(?:dose|use)\s+)?(?:strength\s+)?(?:vials?|powder|lyophil\w+|ampoules?|bottles?|strength)\b",
    re.IGNORECASE,
)
_LIMIT = re.compile(
    r"\b(?:max(?:imum|imal)?|exceed\w*|up to|cap(?:ped)?|limit(?:ed)?|no more than|not more than|at most|ceiling|less than|more than|"
    r"minimum|at least)\b|[<>≤≥]",
    re.IGNORECASE,
)
_CUMULATIVE = re.compile(
    r"\b(?:cumulative(?:ly)?|lifetime|to date|so far|(?:per|each|whole|this|the|of the) (?:cycle|course) total|(?:cycle|course) total|"
    r"total (?:for|of|per|in|over) (?:the |this |a |each )?(?:cycle|course)|per (?:cycle|course))\b",
    re.IGNORECASE,
)
_EARLIER_BEFORE = re.compile(
    r"\b(?:previous(?:ly)?|prior|last|earlier|former(?:ly)?|was|were|had|received|from|instead of|rather than|original(?:ly)?|initially|"
    r"omit(?:ted)?|held|hold|not|missed)\b",
    re.IGNORECASE,
)
_EARLIER_AFTER = re.compile(
    r"^\s*(?:(?:was|were|had been|has been)\b|(?:given|received|administered|tolerated) (?:on|in|last|at|for|during|previously|well)\b|"
    r"(?:on|in|at|for)? ?(?:the )?(?:last|previous|prior|earlier) (?:cycle|week|dose|time|visit|course)|previously|tolerated|omitted|held)",
    re.IGNORECASE,
)
_OTHER_ROUTE = re.compile(
    r"^\s*(?:PO|p\.o\.|orally|oral|by mouth|tablets?|tabs?|capsules?|IM|SC|SQ|subcut\w*|IT|intrathecal\w*|intramuscular\w*)\b",
    re.IGNORECASE,
)
_OTHER_DRUG = re.compile(
    r"\b(?:pre-?med\w*|steroids?|corticosteroids?|anti-?(?:histamines?|pyretics?|emetics?|biotics?)|prophyla\w+|hydration|mesna|"
    r"leucovorin|chemotherapy)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]{3,}")
_NEAR = 3  # words before a figure that must be understood
_KNOWN = frozenset(
    re.findall(
        r"\w+",
        "dose doses dosed dosage dosing give gives given giving administer administered infuse infused infusing "
        "infusion inject injection intravenous intravenously inotuzumab ozogamicin besponsa total calculated calculate "
        "equals equal equivalent approximately approx about day days cycle cycles course the for order ordered final "
        "rounded round actual bsa patient each single one two three reduced reduce now new current adjusted target "
        "start starting treatment therapy per week weeks weekly once every over from bag bags using based via this "
        "today tomorrow hour hours minute minutes min normal saline sodium chloride diluted dilute diluent line central "
        "piggyback slow slowly until weight height body surface area initial first second third amount full mosteller "
        "dubois daily mcg policy table row january february march april may june july august september october november "
        "december jan feb mar apr jun jul aug sep oct nov dec mon tue wed thu fri sat sun monday tuesday wednesday "
        "thursday friday saturday sunday induction salvage ino drug medication ivpb units unit billing exactly nacl hrs mins sterile water dextrose draw withdraw add mix prepared "
        "prepare pharmacy dosis administrar administre infundir infunda intravenosa durante hora horas minutos día días "
        "ciclo ciclos por vía intravenoso endovenosa endovenoso adminístrese administrese infusión infusion una vez cada "
        "semana semanas",
    )
)


def _purpose(before: str, after: str) -> _Purpose:
    """What the words around a figure say that it is."""
    if _SUPPLY_BEFORE.search(before) or _SUPPLY_AFTER.search(after) or _EARLIER_AFTER.search(after):
        return _Purpose.OTHER
    both = f"{before} | {after}"
    if _LIMIT.search(both) or _CUMULATIVE.search(both) or _EARLIER_BEFORE.search(before):
        return _Purpose.OTHER
    named = drugs_in_text(before) or drugs_in_text(after)
    if named:
        return _Purpose.DOSE if INOTUZUMAB in named else _Purpose.OTHER
    if _OTHER_ROUTE.search(after) or _OTHER_DRUG.search(both):
        return _Purpose.OTHER
    return _Purpose.DOSE if is_understood(before, after) else _Purpose.UNREAD


def is_understood(before: str, after: str) -> bool:
    """Whether the words nearest to a figure are all words of a dose."""
    near = [*_WORD.findall(before)[-_NEAR:], *_WORD.findall(after)[:1]]
    return all(word.lower() in _KNOWN for word in near)
