"""The service's own signing keys: what it proves itself with at an EHR's token endpoint, and publishes.

Knows PEM, JWK and the client assertion of SMART App Launch; must not know which EHR is spoken to.
A key file may hold several PEM blocks: the first signs, all are published, so that a key is
rotated by putting the new one in front and taking the old one out a day later.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
from collections.abc import Mapping, Sequence

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from cds_service.trust import signatures
from cds_service.values import dataclass

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_LIFETIME_S = 240  # SMART allows at most five minutes
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.+?-----END [A-Z ]*PRIVATE KEY-----", re.DOTALL)


class OwnKeyError(ValueError):
    """A key file that cannot be used; the message says why and names no secret."""


@dataclass(frozen=True, slots=True)
class OwnKey:
    """One private key: its id (RFC 7638 thumbprint), its algorithm, and the public half as a JWK."""

    kid: str
    algorithm: str
    pem: str
    public_jwk: Mapping[str, str]

    def __repr__(self) -> str:
        return f"OwnKey({self.kid}, {self.algorithm})"

    def sign(self, claims: Mapping[str, object]) -> str:
        """A compact JWT over the claims."""
        return signatures.sign(claims, self.pem, self.algorithm, self.kid)


def own_keys_from(pem_text: str) -> tuple[OwnKey, ...]:
    """The keys of a PEM file: P-384 keys sign with ES384, RSA keys of 2048 bits or more with RS384."""
    blocks = _PRIVATE_KEY.findall(pem_text)
    if not blocks:
        raise OwnKeyError("the file holds no PEM private key")
    return tuple(_own_key(block + "\n") for block in blocks)


def new_private_key(kind: str) -> str:
    """A new key as PEM: ``ec`` on P-384, else RSA of 3072 bits."""
    private: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    if kind == "ec":
        private = ec.generate_private_key(ec.SECP384R1())
    else:
        private = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def _own_key(pem: str) -> OwnKey:
    try:
        private = serialization.load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise OwnKeyError("a PEM block is not an unencrypted private key") from None
    if isinstance(private, ec.EllipticCurvePrivateKey) and private.curve.name == "secp384r1":
        point = private.public_key().public_numbers()
        jwk = {"kty": "EC", "crv": "P-384", "x": _number(point.x, 48), "y": _number(point.y, 48)}
        return _described("ES384", pem, jwk)
    if isinstance(private, rsa.RSAPrivateKey) and private.key_size >= 2048:
        numbers = private.public_key().public_numbers()
        jwk = {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}
        return _described("RS384", pem, jwk)
    raise OwnKeyError("a key is neither P-384 nor RSA of 2048 bits or more")


def _described(algorithm: str, pem: str, jwk: dict[str, str]) -> OwnKey:
    canonical = json.dumps(jwk, sort_keys=True, separators=(",", ":")).encode()
    kid = _base64url(hashlib.sha256(canonical).digest())
    return OwnKey(kid, algorithm, pem, {**jwk, "kid": kid, "alg": algorithm, "use": "sig"})


def _number(value: int, size: int | None = None) -> str:
    return _base64url(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def published(keys: Sequence[OwnKey]) -> dict[str, list[dict[str, str]]]:
    """The JWK set for the world: public members only."""
    unique = {key.kid: dict(key.public_jwk) for key in keys}
    return {"keys": list(unique.values())}


def client_assertion(key: OwnKey, client_id: str, token_endpoint: str, now: float) -> str:
    """The one-time proof of SMART's ``private_key_jwt``: issued by and about us, for that endpoint."""
    issued = int(now)
    return key.sign(
        {
            "iss": client_id,
            "sub": client_id,
            "aud": token_endpoint,
            "iat": issued,
            "exp": issued + ASSERTION_LIFETIME_S,
            "jti": secrets.token_urlsafe(24),
        }
    )
