"""Signatures by python-jose, used in the one way that is safe.

Knows which key fits a header and how to verify and make a signature with exactly one key and one
algorithm. A key is always a public JWK of a reviewed kind: never PEM, DER, a string or a set.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Any

from jose import jwk, jws, jwt
from jose.exceptions import JOSEError

_KIND = {
    "RS256": ("RSA", None),
    "RS384": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
}
ALGORITHMS = tuple(_KIND)
_PUBLIC_MEMBERS = {"RSA": ("kty", "n", "e"), "EC": ("kty", "crv", "x", "y")}
# Above, one verification would take too long; below, the key is too weak.
_RSA_BITS = range(2048, 8193)


class NoFittingKey(Exception):
    """Not exactly one usable key fits."""


class BadSignature(Exception):
    """The signature was not made by this key with this algorithm."""


def fitting_keys(keys: Iterable[Mapping[str, Any]], algorithm: str) -> list[Mapping[str, Any]]:
    """The keys that may verify this algorithm: right type and curve, for signatures, strong enough."""
    kty, crv = _KIND[algorithm]
    return [
        key
        for key in keys
        if key.get("kty") == kty
        and (crv is None or key.get("crv") == crv)
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and ("key_ops" not in key or "verify" in _texts(key["key_ops"]))
        and (kty != "RSA" or _bits(key.get("n")) in _RSA_BITS)
    ]


def the_key(keys: Iterable[Mapping[str, Any]], kid: object, algorithm: str) -> Mapping[str, Any]:
    """The one key that has this ``kid`` and fits. Raises NoFittingKey."""
    named = [key for key in keys if isinstance(kid, str) and key.get("kid") == kid]
    fitting = fitting_keys(named, algorithm)
    if len(fitting) != 1:
        raise NoFittingKey("none" if not fitting else "several")
    return fitting[0]


def verify(token: str, key: Mapping[str, Any], algorithm: str) -> None:
    """Raises BadSignature unless ``key`` signed the token with ``algorithm``."""
    public = {member: key.get(member) for member in _PUBLIC_MEMBERS[_KIND[algorithm][0]]}
    try:
        jws.verify(token, jwk.construct(public, algorithm), [algorithm])
    except (JOSEError, ValueError, TypeError, ArithmeticError, KeyError, AttributeError):
        # The library lets errors of other kinds out for keys and signatures of odd shapes.
        raise BadSignature from None


def sign(claims: Mapping[str, object], pem: str, algorithm: str, kid: str) -> str:
    """A compact JWT over the claims, by one of our own private keys."""
    headers = {"kid": kid, "typ": "JWT"}
    return str(jwt.encode(dict(claims), pem, algorithm=algorithm, headers=headers))


def _bits(modulus: object) -> int:
    if not isinstance(modulus, str):
        return 0
    try:
        raw = base64.b64decode(modulus + "=" * (-len(modulus) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return 0
    return int.from_bytes(raw, "big").bit_length()


def _texts(value: object) -> list[object]:
    return value if isinstance(value, list) else []
