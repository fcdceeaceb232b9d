"""Decimal arithmetic on numbers that others sent: no operation here raises, whatever the size.

The decimal module's own context ends at 28 digits and raises beyond; a dose of 10^30 mg must get
its finding, not an error.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_HALF_UP, Context, Decimal

_SLACK = 28  # digits


def to_place(value: Decimal, place: Decimal, rounding: str = ROUND_HALF_UP) -> Decimal:
    """A finite number rounded to a place such as ``0.001``; as many digits as that takes."""
    places = value.adjusted() - place.adjusted()
    return value.quantize(place, rounding, context=Context(prec=_SLACK + (places if places > 0 else 0)))


def whole_up(value: Decimal, unit: Decimal) -> int:
    """How many whole units a finite number needs, rounded up; ``unit`` is positive."""
    parts = _wide(value, unit).divide(value, unit)
    return int(parts.to_integral_value(ROUND_CEILING))


def is_multiple(value: Decimal, unit: Decimal) -> bool:
    """Whether a finite number is a whole multiple of a positive unit."""
    return not remainder(value, unit)


def remainder(value: Decimal, unit: Decimal) -> Decimal:
    """What is left of a finite number after all whole units; ``unit`` is positive."""
    return _wide(value, unit).remainder(value, unit)


def _wide(value: Decimal, place: Decimal) -> Context:
    """A context with room for all digits of both, and for the digits between them."""
    digits = len(value.as_tuple().digits) + len(place.as_tuple().digits)
    return Context(prec=digits + abs(value.adjusted() - place.adjusted()) + _SLACK)
