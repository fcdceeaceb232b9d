"""Checking the id_token of a SMART launch: who opened the page, said by the EHR and signed.

Knows OpenID Connect's checks and nothing of HTTP: the caller brings the EHR's key set. Every
failure is an :class:`IdTokenError` whose reason names the check and never a value of the token.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from typing import Any

from cds_service.trust import signatures
from cds_service.trust.compact import MalformedToken, instant, read_compact

LEEWAY_S = 60
MAX_LENGTH = 16 * 1024


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
    try:
        compact = read_compact(token, MAX_LENGTH)
    except MalformedToken as fault:
        raise IdTokenError("header" if str(fault) == "header" else "form") from None
    header = compact.header
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in signatures.ALGORITHMS:
        raise IdTokenError("algorithm")
    if "jku" in header:
        raise IdTokenError("header")
    try:
        signatures.verify(token, _the_key(keys, header.get("kid"), algorithm), algorithm)
    except signatures.BadSignature:
        raise IdTokenError("signature") from None
    return compact.claims


def _the_key(keys: Iterable[Mapping[str, Any]], kid: object, algorithm: str) -> Mapping[str, Any]:
    """The one key that fits. A token without ``kid`` (seen in the wild) needs a set with one usable key."""
    named = [key for key in keys if kid is None or key.get("kid") == kid]
    usable = signatures.fitting_keys(named, algorithm)
    if len(usable) != 1:
        raise IdTokenError("key")
    return usable[0]


def _check_audience(claims: Mapping[str, Any], client_id: str) -> None:
    audience = claims.get("aud")
    several = isinstance(audience, list) and len(audience) > 1
    if client_id not in (audience if isinstance(audience, list) else [audience]):
        raise IdTokenError("audience")
    if (several or "azp" in claims) and claims.get("azp") != client_id:
        raise IdTokenError("authorized party")


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    expires, issued = instant(claims.get("exp")), instant(claims.get("iat"))
    if expires is None or issued is None:
        raise IdTokenError("times")
    if expires <= now - LEEWAY_S:
        raise IdTokenError("expired")
    if issued > now + LEEWAY_S:
        raise IdTokenError("issued in the future")
