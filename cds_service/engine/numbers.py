"""The numbers of a policy: each written once, under its rule, with its unit and the day from which it is in force.

Code asks for a value, sentences for the number as it is said. Both get what is in force on the day
of the order that is being judged.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from cds_service.engine.determination import Basis
from cds_service.values import dataclass

_DAY: ContextVar[date] = ContextVar("the day whose numbers are in force", default=date.max)
# How a unit of the file is said after its value; one without an entry is said as it stands.
_ONE_AND_MANY = {
    "h": ("hour", "hours"),
    "d": ("day", "days"),
    "mo": ("month", "months"),
    "a": ("year", "years"),
    "{cycle}": ("cycle", "cycles"),
    "{dose}/cycle": ("dose", "doses"),
    "{unit}": ("unit", "units"),
}
_BRACES = re.compile(r"\{([^{}!:]+)(!|:\w+)?\}")
_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_NTH = (
    "zeroth",
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
)
_AS_SAID = {"10*9/L": "x 10*9/L", "{ULN}": "times", "{CTCAE}": "", "1": ""}


def plain(value: Decimal) -> str:
    """A number of the file as it is written in a sentence: no exponent, no needless zero."""
    return f"{value.normalize():f}"


class NumberError(ValueError):
    """A number of the policy file cannot be used; the message names it."""


@contextmanager
def in_force_on(day: date) -> Iterator[None]:
    """Let the numbers be those in force on a day, such as that of the order being judged."""
    token = _DAY.set(day)
    try:
        yield
    finally:
        _DAY.reset(token)


@dataclass(frozen=True, slots=True)
class Number:
    """One number: its values, each from the day on which it comes into force, and where it stands.

    ``rule`` is the id under which it is written; ``note`` says which reading it is where the rule has several.
    """

    name: str
    values: tuple[tuple[date, Decimal], ...]
    unit: str
    rule: str
    section: str
    basis: Basis
    note: str = ""

    @property
    def value(self) -> Decimal:
        """The value in force; the first one for a day before all of them."""
        day = _DAY.get()
        known = [value for since, value in self.values if since <= day]
        return known[-1] if known else self.values[0][1]

    def said(self) -> str:
        """The value with its unit, as a sentence has it: ``50 x 10*9/L``, ``1 day``, ``7 days``, ``10 %``."""
        value = self.value
        if self.unit in _ONE_AND_MANY:
            one, many = _ONE_AND_MANY[self.unit]
            return f"{plain(value)} {one if value == 1 else many}"
        return f"{plain(value)} {_AS_SAID.get(self.unit, self.unit)}".rstrip()


def _spelled(one: Number, words: Sequence[str]) -> str:
    """A small whole number as a word; any other as it is."""
    value = one.value
    return words[int(value)] if value == int(value) and 0 <= value < len(words) else plain(value)


_WAYS: Mapping[str | None, Callable[[Number], str]] = {
    None: lambda one: plain(one.value),
    "!": Number.said,
    ":word": lambda one: _spelled(one, _WORDS),
    ":nth": lambda one: _spelled(one, _NTH),
    ":cut": lambda one: f"{plain((1 - one.value) * 100)} %",
    ":per_mm3": lambda one: f"{int(one.value * 1000):,}",
}


class Numbers(Mapping[str, Number]):
    """All numbers of one policy by name. KeyError for a name that the file lacks."""

    def __init__(self, numbers: Mapping[str, Number]) -> None:
        self._numbers = dict(numbers)
        # Most have had one value ever; rules ask for some of them a hundred times for one order.
        self._lasting = {name: one.values[0][1] for name, one in numbers.items() if not one.values[1:]}
        self._whole = {name: int(value) for name, value in self._lasting.items()}
        of_days = (name for name in self._whole if numbers[name].unit == "d")
        self._spans = {name: timedelta(days=self._whole[name]) for name in of_days}
        self._changes = sorted({date.min, *(since for one in numbers.values() for since, _ in one.values)})

    def __getitem__(self, name: str) -> Number:
        return self._numbers[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    def number(self, name: str) -> Decimal:
        """A value, in the unit that the file states."""
        return self._lasting[name] if name in self._lasting else self._numbers[name].value

    def days(self, name: str) -> int:
        """A whole number, such as of days or cycles."""
        return self._whole[name] if name in self._whole else int(self._numbers[name].value)

    def span(self, name: str) -> timedelta:
        """A number of days as a time span."""
        return self._spans[name] if name in self._spans else timedelta(days=self.days(name))

    def said(self, name: str) -> str:
        """A number with its unit, as a sentence has it."""
        return self._numbers[name].said()

    def word(self, name: str) -> str:
        """A small whole number as a word: ``two``."""
        return _spelled(self._numbers[name], _WORDS)

    def nth(self, name: str) -> str:
        """A small whole number as a place in a row: ``third``."""
        return _spelled(self._numbers[name], _NTH)

    def filled(self, text: str) -> str:
        """A text of the file with its numbers in it, each named in braces.

        ``{name}`` is the value, ``{name!}`` the value with its unit; ``:word`` and ``:nth`` spell it (two,
        third), ``:cut`` tells by how much a factor is less than 1 (25 %), ``:per_mm3`` is a count of 10*9/L
        per cubic millimeter.
        """
        return _BRACES.sub(lambda m: _WAYS[m[2]](self._numbers[m[1]]), text)

    @property
    def edition(self) -> date:
        """The day since when no number has changed, seen from the day that is being judged."""
        return self._changes[bisect_right(self._changes, _DAY.get()) - 1]


def numbers_of(rule: Mapping[str, Any], section: str, basis: Basis) -> Iterator[Number]:
    """The numbers under one rule of the file. Raises NumberError for one without value, unit or rule."""
    for name, raw in rule.get("numbers", {}).items():
        dated = raw.get("values") or {date.min.isoformat(): raw.get("value")}
        try:
            values = tuple(
                sorted((date.fromisoformat(since), Decimal(value)) for since, value in dated.items())
            )
            unit, own = str(raw["unit"]), Basis(raw.get("basis", basis))
        except (ArithmeticError, KeyError, TypeError, ValueError) as fault:
            raise NumberError(f"number {name} of {rule['id']} cannot be read: {fault!r}") from None
        yield Number(name, values, unit, rule["id"], section, own, raw.get("note", ""))
