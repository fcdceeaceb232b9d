"""Numbers as laboratories send them: quantities, comparators, and figures inside text.

Every number is an interval: ``48`` is [48, 48], ``< 10`` is everything below 10. A comparison
that depends on where in the interval the value lies answers None.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from cds_service.fhir.json_types import as_prose, as_text
from cds_service.values import dataclass

_LARGEST = 308  # powers of ten: what JSON readers agree on
_BOUND = 100  # powers of ten: beyond every limit of medicine, and far from where arithmetic ends
_OTHER_NUMBERS = frozenset({float, str})  # beside Decimal and int; a bool is of none of these types
_MOST_PLACES = 20  # a figure with more places is written with an exponent
UCUM = {"http://unitsofmeasure.org", "urn:oid:2.16.840.1.113883.6.8"}


@dataclass(frozen=True, slots=True)
class Interval:
    """A number known exactly or only by a bound. ``None`` as a bound is no bound."""

    low: Decimal | None
    high: Decimal | None
    low_open: bool = False
    high_open: bool = False

    @property
    def exact(self) -> Decimal | None:
        """The value, when it is known exactly."""
        return self.low if self.low is not None and self.low == self.high else None

    def is_below(self, limit: Decimal) -> bool | None:
        """Whether the value is strictly less than the limit."""
        if self.high is not None and (self.high < limit or (self.high == limit and self.high_open)):
            return True
        return False if self.low is not None and self.low >= limit else None

    def is_above(self, limit: Decimal) -> bool | None:
        """Whether the value is strictly greater than the limit."""
        if self.low is not None and (self.low > limit or (self.low == limit and self.low_open)):
            return True
        return False if self.high is not None and self.high <= limit else None

    def leans_above(self, limit: Decimal) -> bool:
        """Whether its middle is above the limit; without an upper bound it is, without a lower one that is 0."""
        return self.high is None or (self.low or Decimal(0)) + self.high > 2 * limit

    def times(self, factor: Decimal) -> Interval:
        """The interval in another unit. ``factor`` is positive."""
        low = None if self.low is None else self.low * factor
        high = None if self.high is None else self.high * factor
        return Interval(low, high, self.low_open, self.high_open)

    def is_less_than(self, other: Interval) -> bool | None:
        """Whether every value of this interval is less than every value of another."""
        if self.high is not None and other.low is not None:
            both_reach = not (self.high_open or other.low_open)
            if self.high < other.low or (self.high == other.low and not both_reach):
                return True
        if self.low is not None and other.high is not None and self.low >= other.high:
            return False
        return None

    def __str__(self) -> str:
        if self.low is not None and self.low == self.high:
            return plain(self.low)
        if self.low is None and self.high is not None:
            return f"{'<' if self.high_open else '<='} {plain(self.high)}"
        if self.high is None and self.low is not None:
            return f"{'>' if self.low_open else '>='} {plain(self.low)}"
        if self.low is not None and self.high is not None:
            return f"{plain(self.low)} to {plain(self.high)}"
        return "unbounded"


def exactly(value: Decimal) -> Interval:
    return Interval(value, value)


def plain(value: Decimal) -> str:
    """A decimal without needless zeros; without exponent unless it would fill a line with zeros."""
    if value and not -_MOST_PLACES <= value.adjusted() <= _MOST_PLACES:
        return str(Decimal(f"{value:.3E}").normalize())
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def in_words(quantity: Mapping[str, Any]) -> str:
    """A Quantity as one reads it, ``<1.4 mg``; what is no number stands as it was sent."""
    unit = as_prose(quantity.get("unit")) or as_text(quantity.get("code")) or ""
    value = quantity.get("value")
    number = as_decimal(value)
    shown = as_prose(value) or (plain(number) if number is not None else "")
    return f"{as_text(quantity.get('comparator')) or ''}{shown} {unit}".strip()


def _compared(value: Decimal, comparator: str | None) -> Interval:
    match comparator:
        case "<" | "<=":
            return Interval(None, value, high_open=comparator == "<")
        case ">" | ">=":
            return Interval(value, None, low_open=comparator == ">")
        case _:
            return Interval(value, value)


def as_decimal(value: object) -> Decimal | None:
    """A JSON number, or a string that is wholly a number, as a finite decimal that a double could hold."""
    if type(value) is Decimal:
        number = value  # which the JSON reader gives for finite numbers alone
    elif type(value) is int:
        number = Decimal(value)
    elif type(value) in _OTHER_NUMBERS:
        try:
            number = Decimal(str(value).strip())
        except InvalidOperation:
            return None
        if not number.is_finite():
            return None
    else:
        return None
    power = number.adjusted()
    if -_BOUND <= power <= _BOUND:
        return number
    return bounded(number) if abs(power) <= _LARGEST else None


def bounded(number: Decimal) -> Decimal:
    """A finite number, or the bound of 10^100 (or 10^-100) that it lies beyond: what it decides is the same."""
    if number and abs(number.adjusted()) > _BOUND:
        power = _BOUND if number.adjusted() > 0 else -_BOUND
        return Decimal((number.is_signed(), (1,), power))
    return number


def quantity(value: object) -> Interval | None:
    """The number of a FHIR Quantity with its comparator; None when it has no number."""
    if type(value) is not dict or (number := as_decimal(value.get("value"))) is None:
        return None
    if "comparator" in value:
        return _compared(number, as_text(value["comparator"]))
    return Interval(number, number)


_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,12}(?:\.\d+)?|\.\d{1,12}"
_UNIT = r"[^\d\s<>=.,\-\u2013\u2014*!][^\s\u2013\u2014*!]*|(?:(?<= )|[x\u00d7] ?)10[*^(x\u00d7\u00b3\u2079eE\\]\S*"
_SIGN = (
    r"<=|>=|<|>|\u2264|\u2265|\bGT\b|\bLT\b|\bGE\b|\bLE\b|less than|fewer than|below|under|up to|at most|"
    r"more than|greater than|above|over|at least"
)
_ABOUT = r"(?:approx(?:imately|\.)?|about|around|circa|ca\.?|estimated(?: at)?|~|\u2248)"
# Both are for texts whose white space is one blank each.
_FLAG = r"\b(?:HH?|LL?|A)\b|[(\[](?:HH?|LL?|A|C)[)\]]|[*!]{1,2}"  # what a laboratory sets beside an abnormal value
_FIGURE = re.compile(
    rf"(?:{_FLAG})? ?(?P<about>{_ABOUT})? ?(?P<sign>{_SIGN})? ?(?P<number>{_NUMBER})"
    rf" ?(?:{_FLAG})? ?(?P<unit>{_UNIT})? ?(?:{_FLAG})?",
    re.IGNORECASE,
)
_RANGE = re.compile(
    rf"(?P<about>{_ABOUT})? ?(?:between |from )?(?P<low>{_NUMBER}) ?(?P<low_unit>{_UNIT})?? ?"
    rf"(?:-|\u2013|\u2014|\bto\b|\band\b) ?(?P<high>{_NUMBER}) ?(?P<unit>{_UNIT})?",
    re.IGNORECASE,
)
# The normal range that a system writes behind the value: "48 K/uL (150-400)", "4.1 [ref: 3.5 - 5.1 mmol/L]".
_NORMAL = re.compile(
    rf" ?[(\[](?:(?:ref(?:erence)?|normal|range)[.:]? ?){{0,3}}(?:(?:{_NUMBER}) ?(?:-|\u2013|\bto\b) ?|(?:{_SIGN}) ?)(?:{_NUMBER})"
    rf" ?(?:[^\d\s()\[\]<>=][^\s()\[\]]{{0,20}})?[)\]]$",
    re.IGNORECASE,
)
# The same once more in other units ("68 kg (150 lb)"), and what is written in two units ("5 ft 5 in", "149 lb 14 oz").
_ONCE_MORE = re.compile(
    r" ?\((?:\d{1,4}(?:\.\d{1,3})? ?(?:kgs?|cm|lbs?\.?|pounds?|in\.?|inches|ft|feet|oz|'|\"),? ?){1,2}\)$",
    re.IGNORECASE,
)
_IN_TWO_UNITS = (
    (re.compile(r"(\d) ?(?:ft\.?|feet|foot|'|\u2032),? ?(\d{1,2}(?:\.\d{1,2})?) ?(?:in\.?|inches|\"|''|\u2033)", re.IGNORECASE), 12, "in"),
    (re.compile(r"(\d{1,4}) ?(?:lbs?\.?|pounds?),? ?(\d{1,2}(?:\.\d{1,2})?) ?(?:oz\.?|ounces?)", re.IGNORECASE), 16, "oz"),
)  # fmt: skip
_LONGEST_FIGURE = 100
_SIGNS = {
    "\u2264": "<=", "\u2265": ">=", "gt": ">", "lt": "<", "ge": ">=", "le": "<=", "less than": "<", "fewer than": "<",
    "below": "<", "under": "<", "up to": "<=", "at most": "<=", "more than": ">", "greater than": ">", "above": ">",
    "over": ">", "at least": ">=",
}  # fmt: skip
_ABOUT_SLACK = Decimal("0.2")  # what "about" leaves open on either side


def figure_in_text(text: str) -> tuple[Interval, str | None] | None:
    """A text that is wholly one figure or range, and its unit: ``<10 IU/mL``, ``1,200``, ``60-70 %``, ``approx. 60``.

    "About" leaves 20 % open on either side. None when the text is anything else; a number inside a
    sentence is not guessed at.
    """
    words = " ".join(text.split())
    if len(words) > _LONGEST_FIGURE:
        return None
    words = _ONCE_MORE.sub("", _NORMAL.sub("", words)) if words[-1:] in (")", "]") else words
    for pattern, of_the_first, unit in _IN_TWO_UNITS:
        if (match := pattern.fullmatch(words)) is not None and Decimal(match[2]) < of_the_first:
            return exactly(int(match[1]) * of_the_first + Decimal(match[2])), unit
    if (match := _RANGE.fullmatch(words)) is not None:
        low, high = (_read(match[side]) for side in ("low", "high"))
        if low > high or (match["low_unit"] or match["unit"]) != match["unit"]:
            return None
        return _loosened(Interval(low, high), match["about"]), match["unit"]
    match = _FIGURE.fullmatch(words)
    if match is None:
        return None
    sign = match["sign"]
    comparator = _SIGNS.get(sign.lower(), sign) if sign else None
    return _loosened(_compared(_read(match["number"]), comparator), match["about"]), match["unit"]


def _read(number: str) -> Decimal:
    return bounded(Decimal(number.replace(",", "")))


def _loosened(value: Interval, about: str | None) -> Interval:
    if not about:
        return value
    low = None if value.low is None else value.low * (1 - _ABOUT_SLACK)
    high = None if value.high is None else value.high * (1 + _ABOUT_SLACK)
    return Interval(low, high, value.low_open, value.high_open)


def unit_names(value: object) -> tuple[str | None, str | None]:
    """The UCUM code of a Quantity, and else the words in ``unit`` (or a code of another system)."""
    if type(value) is not dict:
        return None, None
    return _names(value.get("code"), value.get("unit"), value.get("system"))


def _names(*sent: object) -> tuple[str | None, str | None]:
    for text in sent:
        if text is not None and (type(text) is not str or text[_LONGEST_REMEMBERED:]):
            return _unit_names(*sent)
    return _remembered(*sent)


def _unit_names(code: object, unit: object, system: object) -> tuple[str | None, str | None]:
    known, words, of = as_text(code), as_prose(unit), as_text(system)
    if known is not None and (of is None or of in UCUM):
        return known, words
    return None, words or known


_LONGEST_REMEMBERED = 200  # characters
_remembered = lru_cache(maxsize=1024)(_unit_names)  # few units, said often
