"""Our keys prove who we are at token endpoints; only their public halves are shown."""

from __future__ import annotations

import time

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from cds_service.trust.own_keys import OwnKeyError, client_assertion, own_keys_from, published
from tests.web.keys import ec_pem, rsa_pem

ENDPOINT = "https://ehr.example.org/token"
PRIVATE_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "k", "oth"}


@pytest.mark.parametrize(("pem", "alg"), [(ec_pem(), "ES384"), (rsa_pem(), "RS384")], ids=["ES384", "RS384"])
def test_the_assertion_verifies_with_the_published_key(pem: str, alg: str) -> None:
    (key,) = own_keys_from(pem)
    assertion = client_assertion(key, "us", ENDPOINT, time.time())
    token = jwt.decode(assertion, KeySet.import_key_set(published([key])), algorithms=[alg])
    assert token.header == {"alg": alg, "kid": key.kid, "typ": "JWT"}
    assert (token.claims["iss"], token.claims["sub"], token.claims["aud"]) == ("us", "us", ENDPOINT)
    assert 0 < token.claims["exp"] - time.time() <= 300


def test_each_assertion_has_its_own_jti() -> None:
    (key,) = own_keys_from(ec_pem())
    keys = KeySet.import_key_set(published([key]))
    ids = {
        jwt.decode(client_assertion(key, "us", ENDPOINT, time.time()), keys, algorithms=["ES384"]).claims[
            "jti"
        ]
        for _ in range(20)
    }
    assert len(ids) == 20


def test_private_members_are_never_published() -> None:
    keys = own_keys_from(ec_pem() + rsa_pem())
    for jwk in published(keys)["keys"]:
        assert not PRIVATE_MEMBERS & jwk.keys()
        assert jwk["kid"]


def test_while_keys_rotate_the_first_signs_and_all_are_published() -> None:
    new, old = own_keys_from(ec_pem() + rsa_pem())
    assert [jwk["kid"] for jwk in published([new, old])["keys"]] == [new.kid, old.kid]
    assert new.algorithm == "ES384"


def test_the_key_id_is_the_thumbprint_so_it_survives_a_restart() -> None:
    assert own_keys_from(ec_pem())[0].kid == own_keys_from(ec_pem())[0].kid


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no key",
        ec_pem("P-256"),
        rsa_pem(1024),
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
    ],
    ids=["empty", "no PEM", "P-256", "RSA 1024", "broken"],
)
def test_a_key_file_that_cannot_be_used_is_refused(text: str) -> None:
    with pytest.raises(OwnKeyError):
        own_keys_from(text)


def test_a_key_does_not_print_its_secret() -> None:
    (key,) = own_keys_from(ec_pem())
    assert "PRIVATE" not in repr(key)
