"""A second opinion: nothing is let in that joserfc refuses, over many broken and half-broken tokens."""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry

from cds_service.trust.callers import Callers, Refusal
from cds_service.trust.jwks import Fetched, KeySets
from tests.trust.minting import (
    HOOK,
    ISSUER,
    NOW,
    AnyKey,
    claims,
    ec_key,
    header,
    jwk,
    mint,
    rsa_key,
    tenant,
)

TRIES = int(os.environ.get("FUZZ_JWTS", "3000"))
KEYS: dict[str, AnyKey] = {"ehr-1": ec_key(), "rsa-1": rsa_key(), "p256": ec_key("p256", "P-256")}
ODD_VALUES: list[Any] = [
    None, True, False, 0, -1, 1, NOW, NOW + 59, NOW + 61, NOW - 59, NOW - 61, NOW + 300, NOW + 3600, NOW + 3601, 1.5,
    1e300, "", " ", "x", ISSUER, HOOK, "ES384", "RS384", "none", "HS384", "JWT", "jwt", "ehr-1", "rsa-1", "p256",
    [], [HOOK], ["x", HOOK], [HOOK, 1], {}, {"a": 1},
]  # fmt: skip
# Unknown header members are legal (RFC 7515, 4.2): joserfc is told so, and stays strict on "crit".
REGISTRY = JWSRegistry(algorithms=["ES384", "RS384"], strict_check_header=False)
MEMBERS = ["iss", "aud", "exp", "iat", "jti", "nbf", "sub", "tenant", "extra"]
FIELDS = ["alg", "kid", "typ", "jku", "crit", "b64", "zip", "jwk", "x5c", "cty", "extra"]


def _token(dice: random.Random) -> str:
    kid, algorithm = dice.choice([("ehr-1", "ES384"), ("rsa-1", "RS384"), ("p256", "ES384")])
    head, body = header(kid=kid, alg=algorithm), claims()
    for _ in range(dice.choice([0, 0, 1, 1, 2])):
        body[dice.choice(MEMBERS)] = dice.choice(ODD_VALUES)
    for _ in range(dice.choice([0, 0, 0, 1])):
        head[dice.choice(FIELDS)] = dice.choice(ODD_VALUES)
    texts = [json.dumps(part) for part in (head, body)]
    if dice.random() < 0.1:
        place = dice.randrange(2)
        name = dice.choice(FIELDS if place == 0 else MEMBERS)
        texts[place] = texts[place].replace("{", f'{{"{name}": {json.dumps(dice.choice(ODD_VALUES))}, ', 1)
    signing = algorithm if kid != "p256" else "ES256"
    return _damaged(mint(texts[0].encode(), texts[1].encode(), KEYS[kid], signing), dice)


def _damaged(token: str, dice: random.Random) -> str:
    if dice.random() < 0.6:
        return token
    at = dice.randrange(len(token))
    other = dice.choice("ABab01-_.=+/ \n\x00é")
    return dice.choice(
        [
            token[:at] + other + token[at + 1 :],
            token[:at] + token[at + 1 :],
            token[:at] + other + token[at:],
            token + other,
            token.split(".")[0] + "." + token,
        ]
    )


def _accepted_by_joserfc(token: str) -> bool:
    try:
        named = jwt.decode(token, _joserfc_key, registry=REGISTRY)
        rules = jwt.JWTClaimsRegistry(
            now=NOW,
            leeway=60,
            iss={"essential": True, "value": ISSUER},
            aud={"essential": True, "value": HOOK},
            exp={"essential": True},
            iat={"essential": True},
            jti={"essential": True},
        )
        rules.validate(named.claims)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        return False
    return True


def _joserfc_key(obj: Any) -> ECKey | RSAKey:
    kid = obj.headers()["kid"]
    loaded = jwk(KEYS[kid], kid)
    return RSAKey.import_key(loaded) if loaded["kty"] == "RSA" else ECKey.import_key(loaded)


def test_nothing_is_accepted_that_joserfc_refuses() -> None:
    body = json.dumps({"keys": [jwk(key, kid) for kid, key in KEYS.items()]}).encode()
    callers = Callers([tenant()], KeySets(lambda _: Fetched(body)), clock=lambda: NOW)
    dice, seen = random.Random(20260415), Counter[str]()

    for _ in range(TRIES):
        token = _token(dice)
        try:
            callers.identified(token, {HOOK})
        except Refusal as refusal:
            seen[str(refusal)] += 1
            continue
        seen["accepted"] += 1
        assert _accepted_by_joserfc(token), token

    print(f"{TRIES} tokens against joserfc: {seen['accepted']} accepted by both, refusals {dict(seen)}")
    assert seen["accepted"] > TRIES / 20
    assert len(seen) > 10
