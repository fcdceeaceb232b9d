"""Tokens of the FHIR routes: by a signed assertion alone, once, for a while, for what was granted."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from cds_service.fhir_api import tokens
from cds_service.fhir_api.tokens import Tokens
from cds_service.settings import Client
from cds_service.trust.jwks import Fetched
from cds_service.web import gate
from tests.packet.conftest import ALL, TOKEN_URL, TYPE, Start, assertion, bearer, form
from tests.trust.minting import claims, ec_key, header, jwk, mint

FORM = "/fhir/Questionnaire/MP-RX-FP-12-23"
LIBRARY = "/fhir/Library/InotuzumabPriorAuthorization"
HOOK_URL = "https://cds.example.org/cds-services/inotuzumab-order-sign"


def test_an_assertion_is_exchanged_for_a_token_of_five_minutes(client: FlaskClient) -> None:
    answer = client.post("/fhir/token", data=form())

    assert answer.status_code == 200
    assert answer.json is not None
    assert (answer.json["token_type"], answer.json["expires_in"], answer.json["scope"]) == (
        "bearer",
        300,
        ALL,
    )
    assert (answer.headers["Cache-Control"], answer.headers["Pragma"]) == ("no-store", "no-cache")
    token = {"Authorization": f"Bearer {answer.json['access_token']}"}
    assert client.get(FORM, headers=token).status_code == 200
    assert client.get(LIBRARY, headers=token).status_code == 200


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"grant_type": None}, 400, "invalid_request"),
        ({"grant_type": "authorization_code"}, 400, "unsupported_grant_type"),
        ({"client_assertion": None}, 400, "invalid_request"),
        ({"client_assertion": " "}, 400, "invalid_request"),
        ({"client_assertion_type": None}, 400, "invalid_request"),
        ({"client_assertion_type": TYPE.replace("jwt", "saml2")}, 400, "invalid_request"),
        ({"scope": None}, 400, "invalid_request"),
        ({"scope": "patient/*.read"}, 400, "invalid_scope"),
        ({"scope": "system/Observation.rs system/questionnaire.cruds"}, 400, "invalid_scope"),
    ],
)
def test_a_request_that_is_none_is_told_by_rfc_6749(
    client: FlaskClient, changed: dict[str, Any], status: int, error: str
) -> None:
    answer = client.post("/fhir/token", data=form(**changed))

    assert (answer.status_code, answer.json) == (status, {"error": error})


def test_a_member_given_twice_is_refused(client: FlaskClient) -> None:
    answer = client.post("/fhir/token", data={**form(), "scope": [ALL, ALL]})

    assert (answer.status_code, answer.json) == (400, {"error": "invalid_request"})


def test_a_form_that_breaks_off_is_no_request(client: FlaskClient) -> None:
    short = {"CONTENT_LENGTH": "500"}
    answer = client.post(
        "/fhir/token",
        input_stream=io.BytesIO(b"grant_type=client_credentials"),
        content_type="application/x-www-form-urlencoded",
        environ_overrides=short,
    )
    assert (answer.status_code, answer.get_json()) == (400, {"error": "invalid_request"})


def test_a_form_that_is_too_large_is_not_read(client: FlaskClient) -> None:
    answer = client.post("/fhir/token", data=form("x" * 70_000))

    assert answer.status_code == 413


LATE = int(time.time()) - 3600


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": HOOK_URL},
        {"aud": "https://cds.example.org/fhir"},
        {"aud": None},
        {"sub": "client-b"},
        {"sub": None},
        {"iss": "client-b"},
        {"iss": "https://ehr.example.org", "sub": "https://ehr.example.org"},
        {"jti": None},
        {"iat": LATE, "exp": LATE + 300},
        {"iat": None, "exp": LATE},
        {"iat": int(time.time()), "exp": int(time.time()) + 400},
        {"iat": None, "exp": int(time.time()) + 3600},
        {"exp": None},
        {"key": ec_key("another")},
        {"kid": "a-2"},
    ],
)
def test_an_assertion_that_does_not_hold_is_no_client(client: FlaskClient, changed: dict[str, Any]) -> None:
    answer = client.post("/fhir/token", data=form(assertion(**changed)))

    assert (answer.status_code, answer.json) == (401, {"error": "invalid_client"})


def test_a_client_without_a_client_id_gets_none(client: FlaskClient) -> None:
    signed = assertion("client-c", key=ec_key("a"), kid="a-1")

    assert client.post("/fhir/token", data=form(signed)).status_code == 401


def test_an_assertion_without_iat_is_taken_for_its_last_five_minutes(client: FlaskClient) -> None:
    signed = assertion(iat=None, exp=int(time.time()) + 299)

    assert client.post("/fhir/token", data=form(signed)).status_code == 200


def test_an_assertion_opens_once(client: FlaskClient) -> None:
    signed = assertion()

    assert client.post("/fhir/token", data=form(signed)).status_code == 200
    assert client.post("/fhir/token", data=form(signed)).status_code == 401


@pytest.mark.parametrize(
    ("scope", "opens"),
    [
        ("system/questionnaire.rs", {FORM}),
        ("system/Questionnaire.read", {FORM}),
        ("system/library.read openid", {LIBRARY}),
        (ALL, {FORM, LIBRARY}),
    ],
)
def test_a_token_opens_what_it_was_granted_for(client: FlaskClient, scope: str, opens: set[str]) -> None:
    token = bearer(client, scope=scope)
    found = {path: client.get(path, headers=token) for path in (FORM, LIBRARY)}

    assert {path for path, answer in found.items() if answer.status_code == 200} == opens
    for answer in found.values():
        if answer.status_code != 200:
            assert answer.status_code == 403
            assert answer.json is not None
            assert answer.json["issue"][0]["code"] == "forbidden"


@pytest.mark.parametrize("path", [FORM, LIBRARY, "/fhir/Questionnaire?url=x", "/fhir/ValueSet/$expand"])
@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer opaque"}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer é"}],
)
def test_without_a_token_of_this_base_there_is_401(
    client: FlaskClient, path: str, headers: dict[str, str]
) -> None:
    answer = client.get(path, headers=headers)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json is not None
    assert answer.json["resourceType"] == "OperationOutcome"


def test_a_hooks_jwt_is_no_token_and_a_token_no_hooks_jwt(client: FlaskClient) -> None:
    now = int(time.time())
    hook = mint(header(kid="a-1"), claims(now, aud=HOOK_URL, jti=f"h-{time.time_ns()}"), ec_key("a"))

    assert client.get(FORM, headers={"Authorization": f"Bearer {hook}"}).status_code == 401
    assert (
        client.post("/cds-services/inotuzumab-order-sign", json={}, headers=bearer(client)).status_code == 401
    )


def test_a_hooks_jwt_is_no_assertion(client: FlaskClient) -> None:
    now = int(time.time())
    hook = mint(header(kid="a-1"), claims(now, aud=HOOK_URL, jti=f"h-{time.time_ns()}"), ec_key("a"))

    assert client.post("/fhir/token", data=form(hook)).status_code == 401


def test_a_token_is_over_in_five_minutes_and_opaque() -> None:
    now = [1000.0]
    held = Tokens(["k" * 32], lambda: now[0])
    token = held.issue("hospital-a", "client-a", ALL.split())

    assert "hospital-a" not in token
    assert held.holder(token) == tokens.Holder("hospital-a", "client-a", frozenset(tokens.RESOURCES))
    now[0] += tokens.LIFE_S
    assert held.holder(token) is None


def test_a_token_outlives_the_rotation_of_keys_and_no_other_key() -> None:
    token = Tokens(["a" * 32]).issue("t", "c", ALL.split())

    assert Tokens(["b" * 32, "a" * 32]).holder(token) is not None
    assert Tokens(["b" * 32]).holder(token) is None


def test_a_token_of_a_client_that_is_registered_no_more_opens_nothing(
    start: Start, environment: dict[str, str]
) -> None:
    token = bearer(start().test_client())
    path = Path(environment["CDS_CONFIG"])
    path.write_text(path.read_text().replace('client_id = "client-a"', ""))

    assert start().test_client().get(FORM, headers=token).status_code == 401


def test_in_development_nobody_has_to_say_who_they_are(start: Start) -> None:
    dev = {
        "CDS_DEV": "1",
        "CDS_AUTH": "optional",
        "CDS_CONFIG": "",
        "CDS_PUBLIC_URL": "http://127.0.0.1:8080",
    }
    client = start(**dev).test_client()

    assert client.get(FORM).status_code == 200
    assert client.get(FORM, headers={"Authorization": "Bearer opaque"}).status_code == 200


def test_in_development_a_token_is_checked_where_a_client_is_registered(start: Start) -> None:
    dev = {"CDS_DEV": "1", "CDS_AUTH": "optional", "CDS_PUBLIC_URL": "http://127.0.0.1:8080"}
    client = start(**dev).test_client()

    assert client.get(FORM).status_code == 200
    assert client.get(FORM, headers={"Authorization": "Bearer opaque"}).status_code == 401


def test_the_configuration_leads_to_the_token(client: FlaskClient) -> None:
    found = client.get("/fhir/.well-known/smart-configuration")

    assert found.mimetype == "application/json"
    assert found.json is not None
    assert found.json["token_endpoint"] == TOKEN_URL
    assert found.json["grant_types_supported"] == ["client_credentials"]
    assert found.json["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    assert found.json["scopes_supported"] == [
        "system/questionnaire.rs",
        "system/library.rs",
        "system/valueset.rs",
    ]


def test_unknown_key_ids_fetch_once_a_minute_whichever_door_they_come_by(
    start: Start, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = Path(environment["CDS_CONFIG"])
    config.write_text(
        config.read_text().replace('jwks_file = "a.jwks.json"', 'jwks_url = "https://ehr.example.org/k"', 1)
    )
    fetched: list[str] = []

    def fetch(client: Client) -> Fetched:
        fetched.append(client.jwks_url or "")
        return Fetched(json.dumps({"keys": [jwk(ec_key("a"), "a-1")]}).encode())

    monkeypatch.setattr(gate, "fetch_through", lambda _: fetch)
    client = start().test_client()
    assert client.post("/fhir/token", data=form()).status_code == 200
    assert len(fetched) == 1

    for n in range(3):
        unknown = assertion(kid=f"x-{n}")
        assert client.post("/fhir/token", data=form(unknown)).status_code == 401
        hook = mint(header(kid=f"y-{n}"), claims(int(time.time()), aud=HOOK_URL, jti=f"h-{n}"), ec_key("a"))
        answer = client.post(
            "/cds-services/inotuzumab-order-sign", headers={"Authorization": f"Bearer {hook}"}
        )
        assert answer.status_code == 401
    assert len(fetched) == 2
