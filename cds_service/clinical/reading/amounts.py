"""Numbers in a clause about markers: the per cent that a text writes, and whose it is.

"85 %", "60-70 %", "<0.01 %", "1x10^-5", "1 in 10,000" and "187 per million" are per cents. A number beside a
word of the assay's limit is the assay's; one that counts cells, cycles or days is no amount of anything.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from enum import Enum

from cds_service.clinical.reading.lexicon import Kind, Term
from cds_service.fhir.quantities import Interval, bounded, exactly
from cds_service.values import dataclass


class Role(Enum):
    """What a number is of."""

    RESULT = "result"
    LIMIT = "limit"  # the assay's
    OTHER = "other"  # counts, and shares of something else


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with its role, in per cent; ``end`` is the index of the term behind it.

    ``is_power``: written as a bare power of ten ("10^-4"), as the levels of assays are.
    """

    percent: Interval | None
    role: Role
    end: int
    of_blasts: bool = False
    is_power: bool = False


_COUNTED = ("count", "bare cells")
_HUNDRED = Decimal(100)
_POWERS = frozenset(map(str, range(2, 10)))
_SUPERSCRIPTS = str.maketrans("\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079", "0123456789")
_FIFTH = Decimal("0.2")  # "about" may be off by a fifth (docs/record-reading.md#values, step 2)


def amount_at(found: Sequence[Term], i: int) -> Amount | None:
    """The amount that begins at a term, with what compares it before and its unit behind; None when none does."""
    sign = ""
    while i < len(found) and found[i].kind is Kind.COMPARE:
        sign = found[i].value
        i += 1
    if i >= len(found):
        return None
    if found[i].kind is Kind.DATE and i + 1 < len(found) and found[i + 1].value in _COUNTED:
        return Amount(None, Role.OTHER, i + 2)  # "18/20 metaphases"
    if found[i].kind is not Kind.NUMBER:
        return None
    if (end := _of_how_many(found, i)) is not None:
        return Amount(None, Role.OTHER, end)
    low, high, i = _range(found, i)
    scale, role, of_blasts, i = _unit(found, i, high)
    if scale is None:
        return Amount(None, role, i)
    percent = _interval(low * scale, high * scale, sign)
    written = found[i - 1].kind is not Kind.UNIT and percent.low == percent.high is not None
    is_power = written and (low * scale).normalize().as_tuple().digits == (1,)
    return Amount(percent, role, i, of_blasts, is_power)


# "From 5 to 30 %" without these is a range.
_CHANGED = frozenset({
    "went", "fell", "fallen", "rose", "risen", "gone", "decreased", "dropped", "declined", "increased", "down", "up", "improved", "changed", "moved",
    "reduced", "climbed", "cleared",
})  # fmt: skip


def last_of_course(found: Sequence[Term], i: int) -> int:
    """Where the last amount of a course begins that goes on from here ("from 1.2 to 0.09 %", "0.5 -> 0.04 -> <0.01 %")."""
    before = [t.tokens[-1].word for t in found[max(0, i - 2) : i]]
    changed = (before[-1:] == ["from"] and before[0] in _CHANGED) or not _CHANGED.isdisjoint(before[-1:])
    joints = ("to",) if changed else ()
    while (end := _end_of_plain(found, i, united=bool(joints))) is not None:
        joined = found[end].tokens[-1].word in joints or (not joints and found[end].tokens[-1].text == ">")
        if not joined or _end_of_plain(found, end + 1, united=True, last=True) is None:
            break
        i = end + 1
    return i


def _end_of_plain(found: Sequence[Term], i: int, *, united: bool, last: bool = False) -> int | None:
    """The term behind a number, with what compares it and, if ``united``, its unit; None where there is none."""
    while i < len(found) and found[i].kind is Kind.COMPARE:
        i += 1
    if i >= len(found) or found[i].kind is not Kind.NUMBER:
        return None
    i += 1
    if united and i < len(found) and found[i].kind is Kind.UNIT:
        i += 1
    return i if i < len(found) or last else None


def _of_how_many(found: Sequence[Term], i: int) -> int | None:
    """The end of a count among others ("176/200 nuclei", "12 of 20 metaphases")."""
    if i + 3 < len(found) and found[i + 1].tokens[0].word in ("/", "of") and found[i + 2].kind is Kind.NUMBER:
        return i + 4 if found[i + 3].value in _COUNTED else None
    return None


def _range(found: Sequence[Term], i: int) -> tuple[Decimal, Decimal, int]:
    low = _number(found[i])
    if (
        i + 2 < len(found)
        and found[i + 1].tokens[0].word in ("-", "to")
        and found[i + 2].kind is Kind.NUMBER
        and low != 10
    ):
        return low, _number(found[i + 2]), i + 3
    return low, low, i + 1


def _number(term: Term) -> Decimal:
    return bounded(Decimal(term.tokens[0].text.replace(",", "")))


def _unit(found: Sequence[Term], i: int, number: Decimal) -> tuple[Decimal | None, Role, bool, int]:
    """The factor to per cent, the role that the unit gives, whether it is of blasts, and the next term."""
    if (power := _power(found, i, number)) is not None:
        return (*power[:1], Role.RESULT, False, power[1])
    if i + 1 < len(found) and found[i].tokens[0].word == "in" and found[i + 1].kind is Kind.NUMBER:
        many, end = _how_many(found, i + 1)
        return _HUNDRED / max(many, Decimal(1)), Role.RESULT, False, end
    if i + 1 < len(found) and found[i].kind is Kind.MARKER and found[i + 1].value == "per million":
        return Decimal("0.0001"), Role.RESULT, False, i  # "0 residual clonal cells per million"
    if i < len(found) and found[i].value == "bare cells":
        return None, Role.OTHER, False, i + 1
    if i >= len(found) or found[i].kind is not Kind.UNIT:
        plain = "e" in found[i - 1].tokens[0].text.lower()
        return (_HUNDRED if plain else None), Role.RESULT if plain else Role.OTHER, False, i
    match found[i].value:
        case "count":
            return None, Role.OTHER, False, i + 1
        case "per million":
            return Decimal("0.0001"), Role.RESULT, False, i + 1
        case unit:
            role = Role.OTHER if unit == "percent other" else Role.RESULT
            return Decimal(1), role, unit == "percent blasts", i + 1


def _how_many(found: Sequence[Term], i: int) -> tuple[Decimal, int]:
    """The number that begins at a term, ``10^6`` too, and the next term."""
    number = _number(found[i])
    raised = number == 10 and [t.tokens[0].text for t in found[i + 1 : i + 2]] == ["^"]
    if raised and i + 2 < len(found) and (power := found[i + 2].tokens[0].text) in _POWERS:
        return number ** int(power), i + 3
    return number, i + 1


def _power(found: Sequence[Term], i: int, number: Decimal) -> tuple[Decimal, int] | None:
    """The factor of "x 10^-5" behind a number, or of "^-4" behind a ten."""
    written = (
        "".join(t.tokens[0].text for t in found[i : i + 5]).translate(_SUPERSCRIPTS).replace("\u207b", "-")
    )
    ten = "" if number == 10 else "[x*]?10"
    match = re.match(rf"{ten}\^?-([1-9])(?!\d)", written, re.IGNORECASE)
    if match is None:
        return None
    length, j = 0, i
    while length < match.end() and j < len(found):
        length += len(found[j].tokens[0].text)
        j += 1
    base = _HUNDRED if ten else _HUNDRED / 10
    return base * Decimal(10) ** -int(match[1]), j


def _interval(low: Decimal, high: Decimal, sign: str) -> Interval:
    match sign:
        case "<":
            return Interval(None, high, high_open=True)
        case ">":
            return Interval(low, None, low_open=True)
        case "~":
            return Interval(low * (1 - _FIFTH), high * (1 + _FIFTH))
        case _:
            return exactly(low) if low == high else Interval(low, high)
