"""JSON both ways, for every door: strict reading of untrusted text, and compact writing.

Strict because lenient readers disagree: with two members of one name, or a number that does not fit,
the caller may have meant another order than the one that was checked. Knows no FHIR.
"""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Mapping
from decimal import Decimal
from itertools import accumulate
from typing import Any

DEEPEST = 64
MOST_DIGITS = 64

_BRACKETS_ONLY = bytes(set(range(256)) - set(b"[]{}"))
_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_LONG_NUMBER = re.compile(rb"[-+.0-9eE]{%d,}" % (MOST_DIGITS + 1))
# With at most 64 digits before it, an exponent of one or two digits is always in range.
_LONG_EXPONENT = re.compile(rb"[eE][-+]?[0-9]{3,}")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class NotStrictJson(ValueError):
    """The text is not JSON as this service accepts it. The message never quotes the text."""


def read_json(raw: bytes) -> Any:
    """Parse JSON text; numbers with a fraction or exponent become Decimal. Raises NotStrictJson."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise NotStrictJson("it is not UTF-8") from None
    _check_outline(raw)
    try:
        value = json.loads(
            text,
            parse_float=Decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_object,
        )
    except json.JSONDecodeError as error:
        raise NotStrictJson(f"it is not JSON at line {error.lineno}, column {error.colno}") from None
    if _SURROGATE.search(raw):
        _refuse_lone_surrogates(value)
    return value


def _check_outline(raw: bytes) -> None:
    """Depth and numbers, checked on the text without its strings, before a parser recurses into it.

    Everything here runs at C speed: a megabyte takes a few milliseconds.
    """
    outside = b"".join(raw.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')[::2])
    steps = array("b", outside.translate(_STEPS, _BRACKETS_ONLY))
    if max(accumulate(steps), default=0) > DEEPEST:
        raise NotStrictJson(f"it is nested deeper than {DEEPEST} levels")
    for number in _LONG_NUMBER.findall(outside):
        if sum(number.count(digit) for digit in b"0123456789") > MOST_DIGITS:
            raise NotStrictJson(f"a number has more than {MOST_DIGITS} digits")
    for exponent in _LONG_EXPONENT.finditer(outside):
        before = outside[max(0, exponent.start() - MOST_DIGITS - 1) : exponent.start()]
        _refuse_out_of_range(before[len(before.rstrip(b"0123456789.")) :], exponent[0])


def _refuse_out_of_range(mantissa: bytes, exponent: bytes) -> None:
    """Numbers that a double cannot hold: other readers would see infinity, or zero."""
    try:
        size = float(mantissa + exponent)
    except ValueError:
        return  # no number at all: the parser says where
    if size == float("inf") or (size == 0 and mantissa.strip(b"0.")):
        raise NotStrictJson("a number is out of range")


def _refuse_constant(_: str) -> Any:
    raise NotStrictJson("NaN and Infinity are not JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise NotStrictJson("an object has two members of the same name")
    return members


def _refuse_lone_surrogates(value: object) -> None:
    try:
        json.dumps(value, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:
        raise NotStrictJson("a string holds half a character") from None


def write_json(value: object) -> str:
    """Compact JSON text. A Decimal keeps its digits, which the standard encoder cannot do."""
    if isinstance(value, Mapping):
        members = (f"{_string(str(name))}:{write_json(item)}" for name, item in value.items())
        return "{" + ",".join(members) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(write_json, value)) + "]"
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError("JSON has no such number")
        return str(value)
    return json.dumps(value, allow_nan=False)


def _string(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
