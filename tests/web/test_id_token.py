"""Only an id_token that this EHR signed for this client and this launch names the clinician."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest

from cds_service.trust.id_token import IdTokenError, verified_claims
from tests.web.keys import CLIENT_ID, ISSUER, NONCE, ehr_key, public, signed
from tests.web.keys import claims as claims_of_now

NOW = time.time()
RSA, EC384, EC256 = ehr_key(), ehr_key("P-384", "ehr-ec"), ehr_key("P-256", "ehr-256")
KEYS = public(RSA, EC384, EC256)


def claims(**changed: Any) -> dict[str, Any]:
    """Claims as of the moment that :func:`check` takes for now, however late a test runs."""
    return claims_of_now(**{"iat": int(NOW), "exp": int(NOW) + 300, **changed})


def check(token: str, keys: list[dict[str, Any]] = KEYS) -> dict[str, Any]:
    return dict(verified_claims(token, keys, issuer=ISSUER, client_id=CLIENT_ID, nonce=NONCE, now=NOW))


@pytest.mark.parametrize(
    ("alg", "key"),
    [("RS256", RSA), ("RS384", RSA), ("ES384", EC384), ("ES256", EC256)],
    ids=["RS256", "RS384", "ES384", "ES256"],
)
def test_each_accepted_algorithm_verifies(alg: str, key: Any) -> None:
    assert check(signed(claims(), key, alg))["fhirUser"] == f"{ISSUER}/Practitioner/1"


@pytest.mark.parametrize(
    ("reason", "changed"),
    [
        ("issuer", {"iss": ISSUER + "/other"}),
        ("issuer", {"iss": None}),
        ("audience", {"aud": "another"}),
        ("audience", {"aud": None}),
        ("authorized party", {"aud": [CLIENT_ID, "another"]}),
        ("authorized party", {"azp": "another"}),
        ("nonce", {"nonce": "other"}),
        ("nonce", {"nonce": None}),
        ("nonce", {"nonce": 7}),
        ("subject", {"sub": None}),
        ("subject", {"sub": "x" * 256}),
        ("expired", {"exp": int(NOW) - 61}),
        ("times", {"exp": None}),
        ("times", {"exp": "soon"}),
        ("times", {"exp": True}),
        ("times", {"exp": 1e300}),
        ("times", {"iat": None}),
        ("issued in the future", {"iat": int(NOW) + 62}),
    ],
)
def test_a_claim_that_is_not_right_is_refused(reason: str, changed: dict[str, Any]) -> None:
    with pytest.raises(IdTokenError, match=reason):
        check(signed(claims(**changed), RSA))


@pytest.mark.parametrize(
    "changed",
    [
        {"exp": int(NOW) - 58},
        {"iat": int(NOW) + 58},
        {"aud": [CLIENT_ID]},
        {"aud": [CLIENT_ID, "another"], "azp": CLIENT_ID},
    ],
)
def test_a_minute_of_skew_and_a_list_audience_are_accepted(changed: dict[str, Any]) -> None:
    assert check(signed(claims(**changed), RSA))["sub"] == "clinician-1"


def test_without_kid_the_only_usable_key_is_taken() -> None:
    assert check(signed(claims(), RSA, kid=None))["sub"] == "clinician-1"


def test_without_kid_several_usable_keys_are_refused() -> None:
    with pytest.raises(IdTokenError, match="key"):
        check(signed(claims(), RSA, kid=None), public(RSA, ehr_key("RSA", "ehr-2")))


def test_an_unknown_kid_is_refused_though_a_key_would_fit() -> None:
    with pytest.raises(IdTokenError, match="key"):
        check(signed(claims(), RSA, kid="unknown"))


def test_another_key_under_the_same_kid_is_refused() -> None:
    impostor = ehr_key("RSA", "impostor")
    with pytest.raises(IdTokenError, match="signature"):
        check(signed(claims(), impostor, kid="ehr-1"))


def test_a_short_rsa_key_is_refused() -> None:
    with pytest.warns(Warning, match="2048"):
        short = ehr_key("RSA", "short", 1024)
    with pytest.raises(IdTokenError, match="key"):
        check(signed(claims(), short), public(short))


def test_an_encryption_key_is_not_used_to_verify() -> None:
    with pytest.raises(IdTokenError, match="key"):
        check(signed(claims(), RSA), [{**public(RSA)[0], "use": "enc"}])


def segment(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    ("reason", "header"),
    [
        ("algorithm", {"alg": "none"}),
        ("algorithm", {"alg": "HS256"}),
        ("algorithm", {"alg": ["RS256"]}),
        ("algorithm", {}),
        ("header", {"alg": "RS256", "crit": ["x"]}),
        ("header", {"alg": "RS256", "jwk": {}}),
        ("header", {"alg": "RS256", "jku": "https://elsewhere.example"}),
        ("form", ["alg"]),
    ],
)
def test_a_header_that_asks_for_trust_is_refused(reason: str, header: object) -> None:
    _, body, signature = signed(claims(), RSA).split(".")
    with pytest.raises(IdTokenError, match=reason):
        check(f"{segment(header)}.{body}.{signature}")


@pytest.mark.parametrize(
    "token",
    ["", "a.b", "a.b.c.d", "é.b.c", "a.b.c=", "a.b.c\n", "x" * 20_000, f"{segment({'alg': 'RS256'})}.!.x"],
)
def test_what_is_no_compact_token_is_refused(token: str) -> None:
    with pytest.raises(IdTokenError, match="form"):
        check(token)


def test_a_member_named_twice_is_refused() -> None:
    header = base64.urlsafe_b64encode(b'{"alg":"none","alg":"RS256"}').rstrip(b"=").decode()
    with pytest.raises(IdTokenError, match="form"):
        check(f"{header}.e30.x")


def test_a_changed_claim_breaks_the_signature() -> None:
    header, _, signature = signed(claims(), RSA).split(".")
    with pytest.raises(IdTokenError, match="signature"):
        check(f"{header}.{segment(claims(sub='other'))}.{signature}")
