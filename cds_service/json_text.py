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

from jiter import from_json

DEEPEST = 64
MOST_DIGITS = 64

_BRACKETS = b"[]{}"
_MANY = 64 * 1024
_BUT_BRACKETS_AND_QUOTES = bytes(set(range(256)) - set(_BRACKETS + b'"'))
_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
# One digit and one e for all, and no signs: two searches then tell whether any number needs a closer look.
_ALIKE = bytes.maketrans(b"123456789E", b"000000000e")
_TELLING = (b"0" * (MOST_DIGITS // 3 + 1), b"0e000")  # of three parts one is the longest
_LONG_NUMBER = re.compile(rb"[-+.0-9eE]{%d,}" % (MOST_DIGITS + 1))
# With at most 64 digits before it, an exponent of one or two digits is always in range.
_LONG_EXPONENT = re.compile(rb"[eE][-+]?[0-9]{3,}")
_PLACE = re.compile(r"at line (\d+) column (\d+)$")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_HALF_A_CHARACTER = ("lone leading surrogate", "unexpected end of hex escape")


class NotStrictJson(ValueError):
    """The text is not JSON as this service accepts it. The message never quotes the text."""


def read_json(raw: bytes) -> Any:
    """Parse JSON text; numbers with a fraction or exponent become Decimal. Raises NotStrictJson."""
    _check_outline(raw)
    try:
        # Of the text the reader remembers names of members only, some thousands of them.
        return from_json(
            raw, float_mode="decimal", catch_duplicate_keys=True, allow_inf_nan=False, cache_mode="keys"
        )
    except ValueError as fault:
        raise NotStrictJson(_reason(raw, str(fault))) from None


def may_hold_longer_text(raw: bytes, characters: int) -> bool:
    """Whether a string of a JSON text may have more characters than so many. Never False when one has.

    A string of so many bytes takes up the whole of one of the windows looked at, which then has no quote.
    """
    width = characters // 2
    if b"\\" in raw:
        raw = raw.replace(b"\\\\", b"xx").replace(b'\\"', b"xx")
    return any(raw.find(b'"', at, at + width) < 0 for at in range(0, len(raw) - width + 1, width))


def _reason(raw: bytes, fault: str) -> str:
    """Why the reader refused the text, in words that do not quote it, as the reader's own do."""
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return "it is not UTF-8"
    if raw.startswith(_BYTE_ORDER_MARK):
        return "it begins with a byte order mark"
    if fault.startswith("Detected duplicate key"):
        return "an object has two members of the same name"
    if fault.startswith(_HALF_A_CHARACTER):
        return "a string holds half a character"
    place = _PLACE.search(fault)
    line, column = (int(place[1]), int(place[2])) if place else (1, 0)
    if raw.split(b"\n")[line - 1][max(column - 1, 0) :].startswith((b"NaN", b"Infinity")):
        return "NaN and Infinity are not JSON"
    return f"it is not JSON at line {line}, column {column}"


def _check_outline(raw: bytes) -> None:
    """Depth and numbers, checked before the parser recurses into the text.

    Everything here runs at C speed. Most texts pass at a first look, which takes figures in strings for
    numbers; only what that look cannot let pass is looked at with care.
    """
    if not _is_shallow(_brackets(raw)):
        raise NotStrictJson(f"it is nested deeper than {DEEPEST} levels")
    if _has_odd_number(raw) and _has_odd_number(outside := _without_strings(raw)):
        _check_numbers(outside)


def _has_odd_number(text: bytes) -> bool:
    """Whether a number in it could have too many digits or a long exponent."""
    alike = text.translate(_ALIKE, b"+-")
    return any(sign in alike for sign in _TELLING)


def _brackets(raw: bytes) -> bytes:
    """The brackets outside of strings."""
    found = _plainly_quoted(raw).translate(None, _BUT_BRACKETS_AND_QUOTES).replace(b'""', b"")
    # A string without brackets was two quotes side by side; a quote that is left is of one that holds some.
    return b"".join(found.split(b'"')[::2])


def _is_shallow(brackets: bytes) -> bool:
    left = brackets
    for _ in range(DEEPEST // 2):  # each turn takes one level off, or two, and never three
        before, left = len(left), left.replace(b"[]", b"").replace(b"{}", b"")
        if not left:
            return True
        if len(left) > _MANY and len(left) > before * 7 // 8:
            break  # no chart looks like this, and counting costs less than many turns
    return max(accumulate(array("b", brackets.translate(_STEPS))), default=0) <= DEEPEST


def _plainly_quoted(raw: bytes) -> bytes:
    """The text without escaped backslashes and quotes, so that every quote begins or ends a string."""
    return raw.replace(b"\\\\", b"").replace(b'\\"', b"") if b"\\" in raw else raw


def _without_strings(raw: bytes) -> bytes:
    return b"".join(_plainly_quoted(raw).split(b'"')[::2])


def _check_numbers(outside: bytes) -> None:
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


_encoded = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, separators=(",", ":")
).encode


def write_json(value: object) -> str:
    """Compact JSON text. A Decimal keeps its digits."""
    try:
        return _encoded(value)
    except TypeError:  # the standard encoder knows no Decimal, and of mappings only dict
        return _written(value)


def _written(value: object) -> str:
    if isinstance(value, Mapping):
        members = (f"{_string(str(name))}:{_written(item)}" for name, item in value.items())
        return "{" + ",".join(members) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_written, value)) + "]"
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError("JSON has no such number")
        return str(value)
    return json.dumps(value, allow_nan=False)


def _string(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
