"""Who is let in at the edge: discovery, hooks and feedback, required, optional and throttled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cds_service.settings import SettingsError
from tests.operations.conftest import bearer
from tests.trust.minting import NOW, claims, header, mint, rsa_key

HOOK = "/cds-services/inotuzumab-order-sign"
BODY = {"context": {"patientId": "1"}, "cards": []}
DEV = {
    "CDS_DEV": "1",
    "CDS_PUBLIC_URL": "http://127.0.0.1:8080",
    "CDS_AUTH": "optional",
}


def test_a_hook_call_with_a_jwt_is_answered(client: FlaskClient) -> None:
    assert client.post(HOOK, json=BODY, headers=bearer()).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer  two-blanks"},
        {"Authorization": "Basic dXNlcjpwYXNzd29yZA=="},
        {"Authorization": "Bearer not-a-jwt"},
    ],
)
@pytest.mark.parametrize("path", [HOOK, f"{HOOK}/feedback", "/cds-services/no-such-service"])
def test_a_call_without_a_good_jwt_gets_401_and_an_empty_body(
    client: FlaskClient, path: str, headers: dict[str, str]
) -> None:
    answer = client.post(path, json=BODY, headers=headers)

    assert (answer.status_code, answer.data) == (401, b"")


def test_two_authorization_headers_are_none(client: FlaskClient) -> None:
    token = bearer()["Authorization"]
    answer = client.post(HOOK, json=BODY, headers=[("Authorization", token), ("Authorization", token)])

    assert answer.status_code == 401


def test_a_jwt_opens_once(client: FlaskClient) -> None:
    headers = bearer()

    assert client.post(HOOK, json=BODY, headers=headers).status_code == 200
    again = client.post(HOOK, json=BODY, headers=headers)
    assert (again.status_code, again.data) == (401, b"")


@pytest.mark.parametrize(
    ("call", "audience", "status"),
    [
        (HOOK, HOOK, 200),
        (HOOK, f"{HOOK}/feedback", 401),
        (HOOK, "/cds-services", 401),
        (HOOK, "/cds-services/order-sign-crd", 401),
        (f"{HOOK}/feedback", f"{HOOK}/feedback", 200),
        (f"{HOOK}/feedback", HOOK, 200),
        (f"{HOOK}/feedback", "/cds-services", 401),
    ],
)
def test_each_route_has_its_audiences(client: FlaskClient, call: str, audience: str, status: int) -> None:
    body = {**BODY, "feedback": []}

    assert client.post(call, json=body, headers=bearer(audience)).status_code == status


def test_discovery_is_public_by_default_and_checks_a_jwt_that_is_sent(client: FlaskClient) -> None:
    assert client.get("/cds-services").status_code == 200
    assert client.get("/cds-services", headers=bearer("/cds-services")).status_code == 200
    assert client.get("/cds-services", headers=bearer(HOOK)).status_code == 401


def test_discovery_may_be_closed(service: Callable[..., Flask]) -> None:
    client = service(CDS_DISCOVERY="required").test_client()

    assert client.get("/cds-services").status_code == 401
    assert client.get("/cds-services", headers=bearer("/cds-services")).status_code == 200


def test_optional_authentication_still_checks_a_jwt_that_is_sent(service: Callable[..., Flask]) -> None:
    client = service(**DEV).test_client()
    audience = f"{DEV['CDS_PUBLIC_URL']}{HOOK}"

    assert client.post(HOOK, json=BODY).status_code == 200
    assert client.post(HOOK, json=BODY, headers=bearer(aud=audience)).status_code == 200
    assert client.post(HOOK, json=BODY, headers=bearer(aud=audience, exp=1)).status_code == 401


SENT_BY_BROWSER_CLIENTS = {
    # What public test clients sign: each an algorithm, a key address and a life of its own.
    "cds-hooks/sandbox": mint(
        header(jku="https://sandbox.cds-hooks.org/.well-known/jwks.json"),
        claims(iss="https://sandbox.cds-hooks.org", aud=f"{DEV['CDS_PUBLIC_URL']}{HOOK}"),
    ),
    "crd-request-generator": mint(
        header(alg="RS256", jku="http://localhost:3001/public_keys"),
        claims(iss="http://localhost:3000", aud=f"{DEV['CDS_PUBLIC_URL']}{HOOK}", exp=NOW + 86400),
        rsa_key(),
        "RS256",
    ),
    "mcode/request-generator": mint(
        header(jku="http://localhost:3000/.well-known/jwks.json"),
        claims(iss="http://localhost:3000", aud=f"{DEV['CDS_PUBLIC_URL']}{HOOK}"),
    ),
    "no JWT at all": "opaque",
}


@pytest.mark.parametrize("token", SENT_BY_BROWSER_CLIENTS.values(), ids=SENT_BY_BROWSER_CLIENTS)
@pytest.mark.parametrize("path", ["/cds-services", HOOK, f"{HOOK}/feedback"])
def test_a_jwt_counts_as_none_when_it_is_optional_and_no_client_is_registered(
    service: Callable[..., Flask], token: str, path: str
) -> None:
    client = service(**DEV, CDS_CONFIG="").test_client()
    sent = {"Authorization": f"Bearer {token}"}

    def answer(**headers: str) -> tuple[int, bytes]:
        method = "GET" if path == "/cds-services" else "POST"
        response = client.open(path, method=method, json={**BODY, "feedback": []}, headers=headers)
        return response.status_code, response.data

    assert answer(**sent) == answer()
    assert answer(**sent)[0] == 200


def test_that_jwts_are_not_checked_is_logged_once(
    service: Callable[..., Flask], caplog: pytest.LogCaptureFixture
) -> None:
    client = service(**DEV, CDS_CONFIG="").test_client()
    client.post(HOOK, json=BODY)
    assert "JWTs are not checked" not in caplog.text

    for _ in range(3):
        client.post(HOOK, json=BODY, headers={"Authorization": "Bearer opaque"})
    assert caplog.text.count("JWTs are not checked") == 1


@pytest.mark.parametrize("token", SENT_BY_BROWSER_CLIENTS.values(), ids=SENT_BY_BROWSER_CLIENTS)
def test_a_jwt_of_somebody_else_is_refused_when_any_client_is_registered(
    service: Callable[..., Flask], token: str
) -> None:
    client = service(**DEV).test_client()

    assert client.post(HOOK, json=BODY, headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_required_authentication_refuses_every_jwt_when_no_client_is_registered(
    service: Callable[..., Flask], tmp_path: Path
) -> None:
    (tmp_path / "trust.toml").write_text('[[tenant]]\nid = "a"\n')
    client = service().test_client()

    assert client.post(HOOK, json=BODY, headers=bearer()).status_code == 401


def test_the_host_header_plays_no_part_in_audiences(client: FlaskClient) -> None:
    headers = {**bearer(aud=f"https://evil.example.org{HOOK}"), "Host": "evil.example.org"}

    assert client.post(HOOK, json=BODY, headers=headers).status_code == 401


def test_a_caller_who_calls_too_often_is_told_when_to_come_back(service: Callable[..., Flask]) -> None:
    client = service(CDS_RATE_LIMIT="3").test_client()
    answers = [client.post(HOOK, json=BODY, headers=bearer()) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[3].headers["Retry-After"] == "20"
    assert answers[3].get_json()["resourceType"] == "OperationOutcome"


def test_an_address_that_guesses_is_throttled_before_its_jwts_are_looked_at(
    service: Callable[..., Flask],
) -> None:
    client = service(CDS_RATE_LIMIT="3").test_client()

    assert [client.post(HOOK, json=BODY).status_code for _ in range(4)] == [401, 401, 401, 429]


def test_health_is_never_throttled(service: Callable[..., Flask]) -> None:
    client = service(CDS_RATE_LIMIT="1").test_client()

    assert {client.get("/healthz").status_code for _ in range(5)} == {200}


def test_behind_a_proxy_the_address_is_the_one_that_the_proxy_saw(service: Callable[..., Flask]) -> None:
    client = service(CDS_RATE_LIMIT="1", CDS_PROXY_HOPS="1").test_client()

    def call(forwarded: str) -> int:
        return client.get("/cds-services", headers={"X-Forwarded-For": forwarded}).status_code

    assert [call("203.0.113.1"), call("203.0.113.2"), call("6.6.6.6, 203.0.113.1")] == [200, 200, 429]


def test_without_a_proxy_the_header_of_one_is_ignored(service: Callable[..., Flask]) -> None:
    client = service(CDS_RATE_LIMIT="1").test_client()

    answers = [
        client.get("/cds-services", headers={"X-Forwarded-For": f"203.0.113.{n}"}).status_code
        for n in range(2)
    ]
    assert answers == [200, 429]


def test_nobody_is_let_in_while_the_database_cannot_tell_what_was_used(
    client: FlaskClient, tmp_path: Path
) -> None:
    for path in tmp_path.glob("cds.sqlite3*"):
        path.unlink()
    client.application.extensions["payer-policy-cds-trust"].database.close()

    answer = client.post(HOOK, json=BODY, headers=bearer())

    assert answer.status_code == 503
    assert answer.get_json()["issue"][0]["code"] == "transient"


def test_a_file_of_keys_that_cannot_be_used_is_named_at_start(
    service: Callable[..., Flask], tmp_path: Path
) -> None:
    (tmp_path / "ehr.jwks.json").write_text("[]")

    with pytest.raises(SettingsError, match=r"jwks_file is no JWK set: .*ehr\.jwks\.json"):
        service()


@pytest.mark.parametrize("url", ["mysql://localhost/cds", "sqlite://", "sqlite:////proc/cds.sqlite3"])
def test_a_database_that_cannot_be_used_is_named_at_start(service: Callable[..., Flask], url: str) -> None:
    with pytest.raises(SettingsError, match="CDS_DATABASE_URL"):
        service(CDS_DATABASE_URL=url)
