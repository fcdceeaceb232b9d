"""How a text of a determination begins inside a sentence and at its start, and how a value is told beside a limit."""

from __future__ import annotations

from decimal import Decimal

from cds_service.fhir.decimals import to_place
from cds_service.fhir.quantities import plain

_NAMES = ("Philadelphia", "Gilbert")


def lower_first(text: str) -> str:
    """The text with a small first letter, unless it begins with an abbreviation or a name."""
    kept = text[:2].isupper() and text[1:2] != " "
    return text if kept or text[1:2].isdigit() or text.startswith(_NAMES) else text[:1].lower() + text[1:]


def upper_first(text: str) -> str:
    """The text with a capital; ``str.capitalize`` would make the rest small."""
    return text[:1].upper() + text[1:]


_PLACES = (Decimal(1), Decimal("0.1"), Decimal("0.01"), Decimal("0.001"))


def percent_off(value: Decimal, expected: Decimal, low: Decimal | None, high: Decimal | None) -> str:
    """``12 % below``: how far a value is from what is expected.

    With as many places as tell it from the distance of the accepted ``low`` or ``high``: beside "10 % is accepted"
    no value that is not says "10 % below".
    """
    limit = low if value < expected else high
    off = abs(value / expected - 1) * 100
    accepted = None if limit is None else to_place(abs(limit / expected - 1) * 100, Decimal(1))
    distances = (shown for place in _PLACES if (shown := to_place(off, place)) != accepted)
    return f"{plain(next(distances, off))} % {'below' if value < expected else 'above'}"
