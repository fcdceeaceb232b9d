"""Every way in which a caller's JWT can be wrong, and the ways in which it is right."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from cds_service.settings.tenants import Client
from cds_service.trust.callers import Callers, Refusal
from cds_service.trust.jwks import Fetched, KeySets
from tests.trust.minting import (
    HOOK,
    ISSUER,
    JWKS_URL,
    NOW,
    b64,
    claims,
    ec_key,
    header,
    jwk,
    mint,
    rsa_key,
    tenant,
)

KEYS = [
    jwk(ec_key(), "ehr-1"),
    jwk(rsa_key(), "rsa-1"),
    jwk(ec_key("p256", "P-256"), "p256"),
    jwk(rsa_key(1024), "weak"),
    jwk(ec_key("twice"), "twice"),
    jwk(ec_key("again"), "twice"),
    jwk(ec_key("enc"), "enc", use="enc"),
    jwk(ec_key("sign-only"), "sign-only", key_ops=["sign"]),
    jwk(ec_key("other-alg"), "other-alg", alg="ES256"),
    jwk(ec_key(), "base64+/="),
    jwk(ec_key("shared"), "shared"),
    jwk(rsa_key(), "shared"),
    {**jwk(ec_key("off"), "off-curve"), "y": jwk(ec_key(), "")["y"]},
    {"kty": "EC", "crv": "P-384", "kid": "no-point"},
    {"kty": "oct", "k": b64(b"k" * 48), "kid": "oct"},
    "not a key",
]
CLIENT = Client(ISSUER, jwks_url=JWKS_URL)
OPT_IN = Client(
    "https://opted-in.example.org",
    jwks_url=JWKS_URL,
    algorithms=("ES384", "RS384", "ES256", "RS256"),
    extra_audiences=("sand_man",),
)
NAMED = Client("https://shared.example.org", jwks_url=JWKS_URL, jwt_tenants=("a",))
NAMED_B = Client("https://shared.example.org", jwks_url=JWKS_URL, jwt_tenants=("b",))


def _callers() -> Callers:
    body = json.dumps({"keys": KEYS}).encode()
    tenants = [
        tenant(CLIENT, OPT_IN, NAMED),
        tenant(NAMED_B, tenant_id="hospital-b"),
    ]
    return Callers(tenants, KeySets(lambda _: Fetched(body)), clock=lambda: NOW)


def _public_pem() -> bytes:
    return (
        rsa_key()
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def _public_der() -> bytes:
    return (
        rsa_key()
        .public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def with_header(**changed: Any) -> str:
    return mint(header(**changed))


def with_claims(**changed: Any) -> str:
    return mint(body=claims(**changed))


def with_text(old: str, new: str) -> str:
    """Claims in which a piece of JSON text is replaced, signed as they then are."""
    text = json.dumps(claims())
    assert old in text
    return mint(body=text.replace(old, new).encode())


def from_opted_in(algorithm: str, kid: str, key: Any, **changed: Any) -> str:
    body = claims(iss="https://opted-in.example.org", **changed)
    return mint(header(alg=algorithm, kid=kid), body, key, algorithm)


def changed_signature(change: Callable[[str], str]) -> str:
    signed, _, signature = mint().rpartition(".")
    return f"{signed}.{change(signature)}"


def _other_last_bits(segment: str) -> str:
    """The same bytes under another text: base64url with bits set that no byte holds."""
    assert len(segment) % 4 in (2, 3)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return segment[:-1] + alphabet[alphabet.index(segment[-1]) + 1]


def _padded_claims(length: int) -> bytes:
    text = json.dumps(claims())
    while len(text) % 3 != length % 3:
        text += " "
    return text.encode()


REFUSED = {
    # form
    "empty": ("", "segments"),
    "one segment": ("abc", "segments"),
    "two segments": (mint().rpartition(".")[0], "segments"),
    "four segments": (mint() + ".AAAA", "segments"),
    "no signature": (mint().rpartition(".")[0] + ".", "segments"),
    "larger than 8 KiB": (with_claims(note="x" * 8192), "size"),
    "padding after the signature": (mint() + "=", "segments"),
    "line feed after the signature": (mint() + "\n", "segments"),
    "exclamation marks after the signature": (mint() + "!!", "segments"),
    "blank before": (" " + mint(), "segments"),
    "standard base64 alphabet": (changed_signature(lambda s: "+/" + s[2:]), "segments"),
    "claims under another text of the same bytes": (
        ".".join(
            [
                mint().split(".")[0],
                _other_last_bits(b64(_padded_claims(1))),
                mint().split(".")[2],
            ]
        ),
        "base64url",
    ),
    "signature of impossible length": (changed_signature(lambda s: s[:-3]), "base64url"),
    "header not JSON": (mint(b"{"), "json"),
    "header an array": (mint(b"[]"), "json"),
    "claims not UTF-8": (mint(body=b'{"iss":"\xff"}'), "json"),
    "claims a string": (mint(body=b'"claims"'), "json"),
    "claims nested 100,000 deep": (mint(body=b"[" * 5000), "json"),
    "claims with NaN": (with_text(f'"exp": {NOW + 300}', '"exp": NaN'), "json"),
    "expiry 1e400": (with_text(f'"exp": {NOW + 300}', '"exp": 1e400'), "json"),
    "duplicate header member": (
        mint(json.dumps(header()).replace("{", '{"alg": "none", ', 1).encode()),
        "json",
    ),
    "duplicate claim": (with_text('"iss"', '"iss": "https://evil.example.org", "iss"'), "json"),
    # header
    "crit": (with_header(crit=["exp"], exp=1), "header"),
    "b64": (with_header(b64=False), "header"),
    "its own key": (with_header(jwk=jwk(ec_key(), "ehr-1")), "header"),
    "x5u": (with_header(x5u="https://evil.example.org"), "header"),
    "x5c": (with_header(x5c=["AAAA"]), "header"),
    "zip": (with_header(zip="DEF"), "header"),
    "no typ": (with_header(typ=None), "typ"),
    "typ at+jwt": (with_header(typ="at+jwt"), "typ"),
    "typ a number": (with_header(typ=1), "header"),
    "no kid": (with_header(kid=None), "kid"),
    "kid empty": (with_header(kid=""), "kid"),
    "kid a number": (with_header(kid=1), "header"),
    "kid of another case": (with_header(kid="EHR-1"), "kid"),
    "kid of two keys": (mint(header(kid="twice"), key=ec_key("twice")), "kid"),
    "kid unknown though the key fits": (with_header(kid="unknown"), "kid"),
    "no alg": (with_header(alg=None), "alg"),
    "alg none": (mint(header(alg="none"), algorithm="none") + "AAAA", "alg"),
    "alg None": (with_header(alg="None"), "alg"),
    "alg in a list": (with_header(alg=["ES384"]), "alg"),
    "RS256 not opted in": (mint(header(alg="RS256", kid="rsa-1"), key=rsa_key(), algorithm="RS256"), "alg"),
    "ES256 not opted in": (
        mint(header(alg="ES256", kid="p256"), key=ec_key("p256", "P-256"), algorithm="ES256"),
        "alg",
    ),
    "HS384 with the public key's PEM": (
        mint(header(alg="HS384", kid="rsa-1"), key=_public_pem(), algorithm="HS384"),
        "alg",
    ),
    "HS256 with the public key's DER": (
        mint(header(alg="HS256", kid="rsa-1"), key=_public_der(), algorithm="HS256"),
        "alg",
    ),
    "HS384 with a key of the set": (
        mint(header(alg="HS384", kid="oct"), key=b"k" * 48, algorithm="HS384"),
        "alg",
    ),
    "PS384": (with_header(alg="PS384"), "alg"),
    "jku that is not the registered one": (with_header(jku="https://evil.example.org/jwks.json"), "jku"),
    "jku of the registered host, other path": (with_header(jku=JWKS_URL + "?a=b"), "jku"),
    "jku a number": (with_header(jku=1), "header"),
    # key
    "alg of another key type": (with_header(alg="RS384"), "kid"),
    "ES384 with a P-256 key": (mint(header(kid="p256"), key=ec_key("p256", "P-256")), "kid"),
    "RSA of 1024 bits": (mint(header(alg="RS384", kid="weak"), key=rsa_key(1024), algorithm="RS384"), "kid"),
    "key for encryption": (mint(header(kid="enc"), key=ec_key("enc")), "kid"),
    "key for signing only": (mint(header(kid="sign-only"), key=ec_key("sign-only")), "kid"),
    "key for another algorithm": (mint(header(kid="other-alg"), key=ec_key("other-alg")), "kid"),
    "key off its curve": (mint(header(kid="off-curve"), key=ec_key("off")), "signature"),
    "key without a point": (mint(header(kid="no-point")), "signature"),
    "signed by another key": (mint(key=ec_key("stranger")), "signature"),
    "signature of zeros": (changed_signature(lambda s: "A" * len(s)), "signature"),
    "signature too short": (changed_signature(lambda s: s[:-4]), "signature"),
    "claims changed after signing": (
        ".".join([mint().split(".")[0], b64(json.dumps(claims(jti="x")).encode()), mint().split(".")[2]]),
        "signature",
    ),
    # claims
    "no iss": (with_claims(iss=None), "iss"),
    "unknown iss": (with_claims(iss="https://evil.example.org"), "iss"),
    "iss with a slash more": (with_claims(iss=ISSUER + "/"), "iss"),
    "iss in a list": (with_claims(iss=[ISSUER]), "iss"),
    "no aud": (with_claims(aud=None), "aud"),
    "aud of another service": (with_claims(aud="https://cds.example.org/cds-services/other"), "aud"),
    "aud the origin only": (with_claims(aud="https://cds.example.org"), "aud"),
    "aud an empty list": (with_claims(aud=[]), "aud"),
    "aud a list with a number": (with_claims(aud=[HOOK, 1]), "aud"),
    "aud an object": (with_claims(aud={"0": HOOK}), "aud"),
    "aud of another client's sandbox": (with_claims(aud="sand_man"), "aud"),
    "no exp": (with_claims(exp=None), "times"),
    "exp a string": (with_claims(exp=str(NOW + 300)), "times"),
    "exp true": (with_claims(exp=True), "times"),
    "exp null": (with_text(f'"exp": {NOW + 300}', '"exp": null'), "times"),
    "exp a list": (with_claims(exp=[]), "times"),
    "exp an object": (with_claims(exp={}), "times"),
    "exp negative": (with_claims(exp=-1), "times"),
    "exp in the year 300,000": (with_claims(exp=10**13), "times"),
    "no iat": (with_claims(iat=None), "times"),
    "iat a string": (with_claims(iat="now"), "times"),
    "lifetime of 3601 s": (with_claims(exp=NOW + 3601), "lifetime"),
    "exp before iat": (with_claims(exp=NOW - 1), "lifetime"),
    "exp equal to iat": (with_claims(exp=NOW), "lifetime"),
    "61 s late": (with_claims(iat=NOW - 361, exp=NOW - 61), "exp"),
    "issued 61 s ahead": (with_claims(iat=NOW + 61, exp=NOW + 361), "iat"),
    "valid from 61 s ahead": (with_claims(nbf=NOW + 61), "nbf"),
    "nbf a string": (with_claims(nbf="now"), "nbf"),
    "sub a number": (with_claims(sub=1), "sub"),
    "no jti": (with_claims(jti=None), "jti"),
    "jti a number": (with_claims(jti=7), "jti"),
    "jti blank": (with_claims(jti=" "), "jti"),
    "tenant not named": (with_claims(iss="https://shared.example.org"), "tenant"),
    "tenant not listed": (with_claims(iss="https://shared.example.org", tenant="c"), "tenant"),
    "tenant a number": (with_claims(tenant=1), "tenant"),
}

ACCEPTED = {
    "as the specification has it": mint(),
    "RS384": mint(header(alg="RS384", kid="rsa-1"), key=rsa_key(), algorithm="RS384"),
    "RS256 opted in": from_opted_in("RS256", "rsa-1", rsa_key()),
    "ES256 opted in": from_opted_in("ES256", "p256", ec_key("p256", "P-256")),
    "extra audience": from_opted_in("ES384", "ehr-1", ec_key(), aud="sand_man"),
    "typ jwt in lower case": with_header(typ="jwt"),
    "jku that is the registered one": with_header(jku=JWKS_URL),
    "kid in base64 with signs": with_header(kid="base64+/="),
    "kid of keys of two types": mint(header(kid="shared"), key=ec_key("shared")),
    "unknown header member": with_header(cty="x"),
    "aud a list": with_claims(aud=["https://other.example.org", HOOK]),
    "900 s and nbf 5 minutes back, with sub": with_claims(exp=NOW + 900, nbf=NOW - 300, sub="client"),
    "lifetime of an hour": with_claims(exp=NOW + 3600),
    "59 s late": with_claims(iat=NOW - 359, exp=NOW - 59),
    "issued 59 s ahead": with_claims(iat=NOW + 59, exp=NOW + 359),
    "valid from 59 s ahead": with_claims(nbf=NOW + 59),
    "fractions of seconds": with_claims(iat=NOW + 0.25, exp=NOW + 300.5),
    "tenant that nobody asks for": with_claims(tenant="whatever"),
    "unknown claim": with_claims(extra={"deep": [1, 2]}),
    "long jti": with_claims(jti="j" * 2000),
}


@pytest.mark.parametrize(("token", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_a_wrong_token_is_refused_for_its_reason(token: str, reason: str) -> None:
    with pytest.raises(Refusal) as refused:
        _callers().identified(token, {HOOK})

    assert str(refused.value) == reason


@pytest.mark.parametrize("token", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_a_right_token_names_its_tenant(token: str) -> None:
    assert _callers().identified(token, {HOOK}).tenant.id == "hospital-a"


def test_the_tenant_claim_tells_two_hospitals_of_one_issuer_apart() -> None:
    token = with_claims(iss="https://shared.example.org", tenant="b")

    assert _callers().identified(token, {HOOK}).tenant.id == "hospital-b"


def test_a_token_is_remembered_for_as_long_as_it_could_be_used() -> None:
    caller = _callers().identified(with_claims(exp=NOW + 300), {HOOK})

    assert caller.refused_after == NOW + 360
