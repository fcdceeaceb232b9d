"""Our reader beside the standard library's, held to the same rules: what it accepts it reads the same, and it accepts no more."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cds_service.json_text import DEEPEST, NotStrictJson, read_json


class _Refused(Exception):
    """The rule that the text breaks."""


def _constant(_: str) -> Any:
    raise _Refused("NaN")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise _Refused("two members")
    return dict(pairs)


def _number(text: str) -> Any:
    if sum(c.isdigit() for c in text) > 64:
        raise _Refused("64 digits")
    whole = text.lstrip("-").isdigit()
    size = 0.0 if whole else float(text)
    if size in (float("inf"), float("-inf")) or (not whole and not size and Decimal(text)):
        raise _Refused("out of range")
    return int(text) if whole else Decimal(text)


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(_depth, inner), default=0)


def by_the_standard_library(raw: bytes) -> Any:
    """What a text says by the standard library's reader and the rules of this service. Raises ValueError or _Refused."""
    value = json.loads(
        raw.decode(),
        parse_int=_number,
        parse_float=_number,
        parse_constant=_constant,
        object_pairs_hook=_members,
    )
    json.dumps(value, ensure_ascii=False, default=str).encode()
    if _depth(value) > DEEPEST:
        raise _Refused("deeper")
    return value


TEXTS = (
    b"null", b" true\r\n\t", b"0", b"-0", b"-0.0", b"1e5", b"1E+5", b"1.5e-7", b"123456789012345678901234567890",
    b"0.10000000000000000000000000000000000001", b'""', b'"\\u0000\\/\\b\\f\\n\\r\\t\\"\\\\"', b'"\\ud83d\\ude00"',
    '"\u2028é😀\x7f"'.encode(), b"[]", b"{}", b'{"":{"":[[],{}]}}', b'{"a":1,"A":1}', b'"[[[{{{"', b'["]","[",{"}":"{"}]',
    b'"1e999 00000000000000000000000000000000000000000000000000000000000000000000"',
    b"", b" ", b"nul", b"True", b"01", b"-", b"+1", b".5", b"1.", b"1e", b"0x1", b"1_0", b"[1,]", b"[,]", b"[1 2]", b"{,}",
    b'{"a"}', b'{"a":}', b'{a:1}', b"{1:1}", b"{} x", b"[]]", b"[", b'"', b'"\\', b'"\\x"', b'"\\u12"', b'"\t"', b"'a'", b"/**/1",
    b"NaN", b"[-NaN]", b"-Infinity", b'{"a":Infinity}', b"nan", b'{"a":1,"a":2}', b'{"\\u0061":1,"a":1}', b'"\\ud800"',
    b'"\\ude00\\ud83d"', b'"\\ud800\\u0041"', b'{"\\udc00":1}', b'"\xed\xa0\x80"', b'"\xc0\x80"', b'"\xff"', b"\xef\xbb\xbf1",
    b"\x0b1", b"\xc2\xa01", b"1\x00", b"[" * 64 + b"]" * 64, b"[" * 65 + b"]" * 65, b'{"":[' * 33 + b"]}" * 33,
    b'["]",' * 65 + b'["[",0]' + b',"["]' * 65, b"1" * 64, b"1" * 65, b"1" * 22 + b"." + b"1" * 21 + b"e" + b"0" * 22,
    b"1e308", b"1e309", b"-1e309", b"1e-400", b"0e-400", b"0.0e999", b"1e0000000000000000005", b"1" * 30 + b"e290",
)  # fmt: skip


def _same(raw: bytes) -> None:
    try:
        expected = by_the_standard_library(raw)
    except (ValueError, _Refused):
        with pytest.raises(NotStrictJson):
            read_json(raw)
        return
    assert repr(read_json(raw)) == repr(expected)


@pytest.mark.parametrize("raw", TEXTS)
def test_both_readers_say_the_same(raw: bytes) -> None:
    _same(raw)


_INNER = st.none() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False).map(float)
_STRINGS = st.text(st.sampled_from('[]{}"\\,:0e9'), max_size=6)


def _deeper(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner, max_size=4) | st.dictionaries(_STRINGS, inner, max_size=4)


_AROUND = st.sampled_from([("[", "]"), ('{"]":', "}"), ('["[",', ',"]"]')])


@given(st.recursive(_INNER | _STRINGS, _deeper, max_leaves=40), st.lists(_AROUND, max_size=70))
def test_brackets_in_strings_count_for_nothing_and_brackets_outside_all_count(
    value: Any, around: list[tuple[str, str]]
) -> None:
    text = json.dumps(value)
    for before, after in around:
        text = before + text + after
    _same(text.encode())


_PIECES = st.sampled_from(
    [b"[", b"]", b"{", b"}", b'"', b"\\", b",", b":", b'"a"', b'"a":', b"0", b"1", b"-", b".", b"e", b"E+", b"999",
     b"\\u", b"d800", b"de00", b"\\ud83d\\ude00", b"NaN", b"true", b" ", b"\n", b"\xff", b"\xc3\xa9", b"0" * 22]
)  # fmt: skip


@settings(max_examples=400)
@given(st.lists(_PIECES, max_size=12).map(b"".join))
@example(b'{"a":1,"a":NaN}')
def test_texts_put_together_at_random_are_read_alike(raw: bytes) -> None:
    _same(raw)
