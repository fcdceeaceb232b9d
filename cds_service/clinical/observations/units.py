"""Units: a fixed, reviewed table of accepted UCUM codes for each kind of quantity.

A unit that is not in the table is refused, never guessed. Factors: ``terminology/units.csv``;
spellings in words: ``terminology/unit_words.csv``.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache

from cds_service.clinical.terminology import rows
from cds_service.fhir.decimals import to_place
from cds_service.fhir.quantities import Interval, plain
from cds_service.remembering import remembered

# The unit that values of a kind are converted to; a ratio has none, since any unit does.
CANONICAL = {row["concept"]: row["code"] for row in rows("units") if row["note"] == "canonical"} | {
    "ratio": ""
}


@cache
def factors(kind: str) -> dict[str, Decimal]:
    """UCUM code to the factor that multiplies a value to reach the canonical unit."""
    return {r["code"]: Decimal(r["factor"]) for r in rows("units") if r["concept"] == kind and r["factor"]}


@cache
def _codes() -> frozenset[str]:
    """The UCUM codes of every kind."""
    return frozenset(r["code"] for r in rows("units"))


@cache
def _written() -> dict[str, str]:
    """A unit in words, after :func:`_tidy`, to its one UCUM code."""
    return {r["display"]: r["code"] for r in rows("unit_words") if r["unit"] != _AS_WRITTEN}


@cache
def _as_written(kind: str) -> dict[str, str]:
    """The spellings of one kind in which capitals matter."""
    table = [r for r in rows("unit_words") if r["unit"] == _AS_WRITTEN and r["concept"] == kind]
    return {r["display"]: r["code"] for r in table}


_AS_WRITTEN = "as-written"
_RAISED = str.maketrans("\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079", "0123456789")
_POWER_OF_TEN = re.compile(r"^[x\u00d7*]?10(?:\*{1,2}|\\s\\|exp|e\+?|\(|\*\(|[x\u00d7-])0?(\d{1,2})\)?(?!\d)")
_LOST_SUPERSCRIPT = re.compile(r"^(x\s?)?10\s(?=\d{1,2}\s?/)")
_ANNOTATION = re.compile(r"\{[^{}]*\}")  # of UCUM: it changes nothing
# The first byte of a sign that was read as two: "10*3/\u00c2\u00b5L", in small letters.
_MISREAD = str.maketrans({"\u00e2": ""})
_CUBIC_MM = re.compile(r"(?:cu\.?mm\.?|cmm|mm\*?3)$")


def _tidy(words: str) -> str:
    """A spelling without blanks and capitals, its powers as ``10*3``, microliters as ``ul``."""
    text = _ANNOTATION.sub("", words).strip().lower().translate(_MISREAD)
    text = text.replace("\u00b5", "u").replace("\u03bc", "u").replace("\u00ee\u00bc", "u")
    text = _LOST_SUPERSCRIPT.sub("10*", text)
    text = re.sub(r"(?<=10)(?=[\u2070\u00b9\u00b2\u00b3\u2074-\u2079])", "*", text).translate(_RAISED)
    text = re.sub(r"\s+", "", text).replace("^", "*").removesuffix(".")
    text = _POWER_OF_TEN.sub(r"10*\1", text)
    text = re.sub(r"(?<=/)mcl$", "ul", text)
    text = _CUBIC_MM.sub("mm3", text)
    return re.sub(r"(?<=[a-z])\*(?=[23]$)", "", text)  # m^2


@remembered(100_000)
def ucum_of(words: str) -> str | None:
    """The one UCUM code that a unit in words means; None when it is not in the table."""
    return _written().get(_tidy(words))


def convert(value: Interval, kind: str, code: str | None, words: str | None) -> Interval | None:
    """The value in the canonical unit of its kind; None when its unit is missing or not accepted."""
    if kind == "ratio":  # any unit: only whether there is something to measure is read of it
        return value
    accepted = factors(kind)
    for unit in (code, words):
        if unit is None:
            continue
        known = unit if unit in accepted else _as_written(kind).get(unit.strip()) or ucum_of(unit)
        if known in accepted:
            factor = accepted[known]
            return value if factor == 1 else value.times(factor)  # most come in the canonical unit
        if unit is code and (known is not None or unit in _codes()):
            return None  # a unit of another kind: words beside it do not mend that
    return None


def written(value: Interval, kind: str) -> str:
    """The value with its canonical unit, for a card."""
    unit = "x10*9/L" if CANONICAL[kind] == "10*9/L" else CANONICAL[kind]
    text = str(value)
    if "." in text:
        text = _MANY_PLACES.sub(lambda match: plain(for_a_reader(Decimal(match[0]))), text)
    return f"{text} {unit}" if unit else text


_MANY_PLACES = re.compile(r"\d+\.\d{3,}")
_TWO_PLACES = Decimal("0.01")


def for_a_reader(value: Decimal) -> Decimal:
    """A value, often converted, without places that nobody measured: two, or three digits below 1. Rules take it as it is."""
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent >= -2 or not value:
        return value
    return to_place(value, _TWO_PLACES if abs(value) >= 1 else Decimal(1).scaleb(value.adjusted() - 2))
