"""Strict JSON: what every other reader would read the same way, and nothing else."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.json_text import NotStrictJson, may_hold_longer_text, read_json, write_json


def test_a_fraction_keeps_its_digits() -> None:
    assert read_json(b'{"value": 1.40, "n": 3, "e": 2.5e-3}') == {
        "value": Decimal("1.40"),
        "n": 3,
        "e": Decimal("0.0025"),
    }


NESTED = b'{"a":' * 32 + b"[" * 32 + b"]" * 32 + b"}" * 32


@pytest.mark.parametrize(
    "raw",
    [
        NESTED,
        b"[" + b"9" * 64 + b"]",
        b"[-0." + b"9" * 63 + b"]",
        b"[1.7e308, 5e-324, 0e999, 0.0e-999, 1e005]",
        b'{"text": "' + b"[" * 100 + b"9" * 100 + b'1e999"}',
        b'["\\\\", "[[\\"[[", "\\\\\\"[", "9"]',
        '["\\ud83d\\ude00", "é", "\\u00e9"]'.encode(),
    ],
)
def test_unusual_but_sound_json_is_read(raw: bytes) -> None:
    assert read_json(raw) == json.loads(raw, parse_float=Decimal)


@pytest.mark.parametrize(
    ("raw", "because"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"{} {}", "not JSON"),
        (b"{'a': 1}", "not JSON"),
        (b'{"a": 1,}', "not JSON"),
        (b'["\x01"]', "not JSON"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (b"[1.]", "not JSON"),
        (b"[01]", "not JSON"),
        (b"[1e]", "not JSON"),
        (b"[.e1000]", "not JSON"),
        ("é".encode("latin-1"), "not UTF-8"),
        ('{"a": 1}'.encode("utf-16"), "not UTF-8"),
        (b"[NaN]", "NaN"),
        (b"[Infinity]", "NaN"),
        (b"[-Infinity]", "NaN"),
        (b'{"a": 1, "a": 1}', "two members"),
        (b'{"b": [{"a": 1, "\\u0061": 2}]}', "two members"),
        (b"[" + NESTED + b"]", "deeper than 64"),
        (b"[" * 100_000, "deeper than 64"),
        (b'{"a":' * 100_000, "deeper than 64"),
        (b"[" + b"9" * 65 + b"]", "64 digits"),
        (b"[0." + b"0" * 65 + b"]", "64 digits"),
        (b"[" + b"9" * 65 + b"e5]", "64 digits"),
        (b"[1e400]", "out of range"),
        (b"[-1e400]", "out of range"),
        (b"[1e-400]", "out of range"),
        (b"[1E+0999]", "out of range"),
        (b"[0.001e99999999999999999999]", "out of range"),
        (b'["\\ud800"]', "half a character"),
        (b'{"\\udfff": 1}', "half a character"),
    ],
)
def test_what_readers_may_disagree_on_is_refused(raw: bytes, because: str) -> None:
    with pytest.raises(NotStrictJson, match=because):
        read_json(raw)


def test_a_refusal_does_not_repeat_the_text() -> None:
    with pytest.raises(NotStrictJson) as refused:
        read_json(b'{"secret": "Jane Doe" "x"}')

    assert "Jane" not in str(refused.value)


SCALARS = st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.text(st.characters(codec="utf-8"))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=30,
)


@given(VALUES)
def test_reading_agrees_with_the_standard_reader(value: Any) -> None:
    for ascii_only in (True, False):
        assert read_json(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(VALUES)
def test_what_is_written_reads_back_the_same(value: Any) -> None:
    assert json.loads(write_json(value)) == value


def test_a_decimal_is_written_as_the_number_it_is() -> None:
    assert (
        write_json({"value": Decimal("1.40"), "of": (1, None, True)}) == '{"value":1.40,"of":[1,null,true]}'
    )


@pytest.mark.parametrize("number", [Decimal("NaN"), Decimal("Infinity"), float("nan")])
def test_a_number_that_json_lacks_is_not_written(number: object) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_json([number])


@given(st.text(min_size=21), st.text(), st.booleans())
def test_a_string_that_is_longer_is_never_overlooked(text: str, before: str, is_ascii: bool) -> None:
    raw = json.dumps({"before": before, "text": text}, ensure_ascii=is_ascii).encode("utf-8", "replace")
    assert may_hold_longer_text(raw, 20)


@pytest.mark.parametrize("long", ["x" * 21, '"' * 21, "\\" * 21, "\u00e9" * 21, '\\"' * 11])
def test_what_is_escaped_counts_as_the_characters_that_it_stands_for(long: str) -> None:
    assert may_hold_longer_text(json.dumps([long]).encode(), 20)


def test_a_long_body_of_short_strings_holds_no_long_one() -> None:
    raw = json.dumps([{"code": "1234-5", "text": 'a "short" one \\'}] * 1000).encode()
    assert not may_hold_longer_text(raw, 100)
