"""Checking the id_token of a SMART launch: who opened the page, said by the EHR and signed.

Knows OpenID Connect's checks and nothing of HTTP: the caller brings the EHR's key set. Every
failure is an :class:`IdTokenError` whose reason names the check and never a value of the token.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from jose import jws
from jose.exceptions import JOSEError

LEEWAY_S = 60
MAX_LENGTH = 16 * 1024
_SEGMENTS = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
_KEY_TYPE = {
    "RS256": ("RSA", None),
    "RS384": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
}
_FORBIDDEN_HEADERS = frozenset({"crit", "b64", "jwk", "jku", "x5u", "x5c", "zip"})
_MIN_RSA_BITS = 2048


class IdTokenError(Exception):
    """The id_token is not to be trusted; ``str()`` names the check that failed."""


def verified_claims(
    token: str,
    keys: Iterable[Mapping[str, Any]],
    *,
    issuer: str,
    client_id: str,
    nonce: str,
    now: float,
) -> Mapping[str, Any]:
    """The claims of an id_token that is signed by one of the keys, for this client and this launch."""
    claims = signed_claims(token, keys)
    if claims.get("iss") != issuer:
        raise IdTokenError("issuer")
    _check_audience(claims, client_id)
    _check_times(claims, now)
    given = claims.get("nonce")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), nonce.encode()):
        raise IdTokenError("nonce")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise IdTokenError("subject")
    return claims


def signed_claims(token: str, keys: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The claims of a token that one of the keys signed; what they claim is not checked here."""
    segments = _SEGMENTS.fullmatch(token) if len(token) <= MAX_LENGTH else None
    if segments is None:
        raise IdTokenError("form")
    header = _object(segments[1])
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in _KEY_TYPE:
        raise IdTokenError("algorithm")
    if _FORBIDDEN_HEADERS & header.keys():
        raise IdTokenError("header")
    key = _the_key(keys, header.get("kid"), algorithm)
    try:
        jws.verify(token, key, [algorithm])
    except (JOSEError, ValueError, TypeError, ArithmeticError, KeyError):
        raise IdTokenError("signature") from None
    return _object(segments[2])


def _the_key(keys: Iterable[Mapping[str, Any]], kid: object, algorithm: str) -> dict[str, Any]:
    """The one key that fits. A token without ``kid`` (seen in the wild) needs a set with one usable key."""
    kty, crv = _KEY_TYPE[algorithm]
    usable = [
        key
        for key in keys
        if key.get("kty") == kty
        and (crv is None or key.get("crv") == crv)
        and key.get("use", "sig") == "sig"
        and (kid is None or key.get("kid") == kid)
        and key.get("alg", algorithm) == algorithm
    ]
    if len(usable) != 1:
        raise IdTokenError("key")
    key = dict(usable[0])
    if kty == "RSA" and _bits(key.get("n")) < _MIN_RSA_BITS:
        raise IdTokenError("key")
    return key


def _bits(modulus: object) -> int:
    try:
        return int.from_bytes(_decoded(modulus if isinstance(modulus, str) else ""), "big").bit_length()
    except ValueError:
        return 0


def _decoded(segment: str) -> bytes:
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def _object(segment: str) -> Mapping[str, Any]:
    try:
        value = json.loads(_decoded(segment), object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError):
        raise IdTokenError("form") from None
    if not isinstance(value, dict):
        raise IdTokenError("form")
    return value


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate member")
    return found


def _check_audience(claims: Mapping[str, Any], client_id: str) -> None:
    audience = claims.get("aud")
    several = isinstance(audience, list) and len(audience) > 1
    if client_id not in (audience if isinstance(audience, list) else [audience]):
        raise IdTokenError("audience")
    if (several or "azp" in claims) and claims.get("azp") != client_id:
        raise IdTokenError("authorized party")


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    expires, issued = claims.get("exp"), claims.get("iat")
    if not _is_instant(expires) or not _is_instant(issued):
        raise IdTokenError("times")
    if expires <= now - LEEWAY_S:  # type: ignore[operator]
        raise IdTokenError("expired")
    if issued > now + LEEWAY_S:  # type: ignore[operator]
        raise IdTokenError("issued in the future")


def _is_instant(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e12
