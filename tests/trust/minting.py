"""Tokens made byte by byte with ``cryptography``, so that no library's good manners get in the way."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from cds_service.settings.tenants import Client, Tenant

NOW = 1_776_254_400
ISSUER = "https://ehr.example.org"
JWKS_URL = "https://ehr.example.org/jwks.json"
HOOK = "https://cds.example.org/cds-services/inotuzumab-order-sign"

EcKey = ec.EllipticCurvePrivateKey
AnyKey = EcKey | rsa.RSAPrivateKey


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@cache
def ec_key(name: str = "ehr", curve: str = "P-384") -> EcKey:
    """A key of its own for each name."""
    del name
    return ec.generate_private_key(ec.SECP384R1() if curve == "P-384" else ec.SECP256R1())


@cache
def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def jwk(key: AnyKey, kid: Any, **members: Any) -> dict[str, Any]:
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.public_key().public_numbers()
        n = numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")
        e = numbers.e.to_bytes(3, "big")
        return {"kty": "RSA", "n": b64(n), "e": b64(e), "kid": kid, **members}
    point, size = key.public_key().public_numbers(), (key.key_size + 7) // 8
    crv = "P-384" if key.key_size == 384 else "P-256"
    x, y = (b64(v.to_bytes(size, "big")) for v in (point.x, point.y))
    return {"kty": "EC", "crv": crv, "x": x, "y": y, "kid": kid, **members}


def signature(signed: bytes, key: AnyKey | bytes, algorithm: str) -> bytes:
    if algorithm == "none":
        return b""
    if isinstance(key, bytes):
        return hmac.new(key, signed, getattr(hashlib, f"sha{algorithm[2:]}")).digest()
    digest = hashes.SHA384() if algorithm.endswith("384") else hashes.SHA256()
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(signed, padding.PKCS1v15(), digest)
    r, s = decode_dss_signature(key.sign(signed, ec.ECDSA(digest)))
    size = (key.key_size + 7) // 8
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def header(**changed: Any) -> dict[str, Any]:
    return _without_none({"alg": "ES384", "kid": "ehr-1", "typ": "JWT", **changed})


def claims(now: int = NOW, **changed: Any) -> dict[str, Any]:
    usual = {"iss": ISSUER, "aud": HOOK, "iat": now, "exp": now + 300, "jti": "one-time-1"}
    return _without_none({**usual, **changed})


def _without_none(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def mint(
    head: dict[str, Any] | bytes | None = None,
    body: dict[str, Any] | bytes | None = None,
    key: AnyKey | bytes | None = None,
    algorithm: str = "ES384",
) -> str:
    """A compact token; ``head`` and ``body`` may be any bytes."""
    parts = [head if head is not None else header(), body if body is not None else claims()]
    encoded = [b64(part if isinstance(part, bytes) else json.dumps(part).encode()) for part in parts]
    signed = ".".join(encoded)
    signer = ec_key() if key is None else key
    return f"{signed}.{b64(signature(signed.encode(), signer, algorithm))}"


def tenant(*clients: Client, tenant_id: str = "hospital-a") -> Tenant:
    return Tenant(tenant_id, clients=clients or (Client(ISSUER, jwks_url=JWKS_URL),))
