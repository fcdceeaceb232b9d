"""Keys for tests, made once a run, and id_tokens signed by joserfc: not the library under test."""

from __future__ import annotations

import time
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

ISSUER = "https://ehr.example.org/fhir"
CLIENT_ID = "our-client"
NONCE = "n-0123456789"


@cache
def ec_pem(curve: str = "P-384") -> str:
    return _pem(ec.generate_private_key(ec.SECP384R1() if curve == "P-384" else ec.SECP256R1()))


@cache
def rsa_pem(bits: int = 2048) -> str:
    return _pem(rsa.generate_private_key(65537, bits))


def _pem(private: Any) -> str:
    return private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


@cache
def ehr_key(kind: str = "RSA", kid: str = "ehr-1", bits: int = 2048) -> RSAKey | ECKey:
    if kind == "RSA":
        return RSAKey.generate_key(bits, {"kid": kid})
    return ECKey.generate_key(kind, {"kid": kid})


def public(*keys: RSAKey | ECKey) -> list[dict[str, Any]]:
    return [dict(key.as_dict(private=False)) for key in keys]


def claims(**changed: Any) -> dict[str, Any]:
    now = int(time.time())
    usual = {
        "iss": ISSUER,
        "sub": "clinician-1",
        "aud": CLIENT_ID,
        "iat": now,
        "exp": now + 300,
        "nonce": NONCE,
        "fhirUser": f"{ISSUER}/Practitioner/1",
    }
    return {name: value for name, value in {**usual, **changed}.items() if value is not None}


def signed(body: dict[str, Any], key: RSAKey | ECKey, alg: str = "RS256", **header: Any) -> str:
    fields = {"alg": alg, "kid": key.kid, **header}
    wanted = {name: value for name, value in fields.items() if value is not None}
    return jwt.encode(wanted, body, key, algorithms=[alg])
