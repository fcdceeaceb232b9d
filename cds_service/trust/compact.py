"""The form of a signed token, read more strictly than any library does, before a key is looked at.

Knows three base64url segments and JSON objects in the first two. Verifies no signature: nothing
read here may be believed until ``signatures`` has said so.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from cds_service.json_text import NotStrictJson, read_json
from cds_service.values import dataclass

_SEGMENTS = re.compile(r"(?<![A-Za-z0-9_.-])([A-Za-z0-9_-]++)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
# Members that bring a key or an address of one, or change what is signed or how. RFC 7515 wants an
# unknown "crit" refused; no caller of ours has a use for a known one.
_REFUSED_HEADERS = frozenset({"crit", "b64", "jwk", "x5u", "x5c", "zip"})
_TEXT_HEADERS = ("cty", "jku", "kid", "typ", "x5t", "x5t#S256")


class MalformedToken(Exception):
    """No token of the accepted form. ``str()`` names the check, never a value."""


@dataclass(frozen=True, slots=True)
class Compact:
    """The header and the claims as sent, not yet believed."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]


def read_compact(token: str, longest: int) -> Compact:
    """Header and claims of a token of at most ``longest`` characters. Raises MalformedToken."""
    if len(token) > longest:
        raise MalformedToken("size")
    segments = _SEGMENTS.fullmatch(token)
    if segments is None:
        raise MalformedToken("segments")
    header, claims = _object(segments[1]), _object(segments[2])
    _decoded(segments[3])
    texts = all(isinstance(header[name], str) for name in _TEXT_HEADERS if name in header)
    if _REFUSED_HEADERS & header.keys() or not texts:
        raise MalformedToken("header")
    return Compact(header, claims)


def _object(segment: str) -> Mapping[str, Any]:
    try:
        value = read_json(_decoded(segment))
    except NotStrictJson:
        raise MalformedToken("json") from None
    if not isinstance(value, dict):
        raise MalformedToken("json")
    return value


def _decoded(segment: str) -> bytes:
    """The bytes of a segment; refused when another text would give the same bytes."""
    try:
        raw = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except (binascii.Error, ValueError):
        raise MalformedToken("base64url") from None
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != segment:
        raise MalformedToken("base64url")
    return raw


def instant(value: object) -> float | None:
    """Seconds since the epoch when the claim is a number that can be an instant, else None."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return float(value) if 0 < value < 10**12 else None
