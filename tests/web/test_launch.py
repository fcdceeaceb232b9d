"""The EHR launch from its first request to the session, and every way it can be refused."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from cds_service.smart.login.session import LAUNCH_COOKIE, SESSION_COOKIE
from cds_service.store.vault import Vault
from tests.web.conftest import HandClock
from tests.web.fake_ehr import CONFIGURATION, HOST
from tests.web.keys import CLIENT_ID, ISSUER, ec_pem, rsa_pem
from tests.web.launching import EHR, PUBLIC_URL, REGISTRATION, bench, query_of


def test_the_browser_is_sent_to_sign_in_with_all_that_smart_asks_for(vault: Vault) -> None:
    response = bench(vault).launch()
    assert response.status_code == 302
    location = response.headers["Location"]
    assert location.startswith(f"{HOST}/authorize?")
    asked = query_of(location)
    assert asked["response_type"] == "code"
    assert asked["client_id"] == CLIENT_ID
    assert asked["redirect_uri"] == f"{PUBLIC_URL}/callback"
    assert asked["launch"] == "xyz"
    assert asked["aud"] == ISSUER
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["code_challenge"]) == 43
    assert len(asked["state"]) >= 43
    assert len(asked["nonce"]) >= 43
    assert {"launch", "openid", "fhirUser", "patient/Observation.rs"} <= set(asked["scope"].split())
    assert "offline_access" not in asked["scope"]


def test_the_request_is_short_enough_for_a_redirect(vault: Vault) -> None:
    assert len(bench(vault).launch().headers["Location"]) < 2048


def test_every_launch_has_its_own_state_nonce_and_challenge(vault: Vault) -> None:
    launches = [query_of(bench(vault).launch().headers["Location"]) for _ in range(5)]
    for name in ("state", "nonce", "code_challenge"):
        assert len({asked[name] for asked in launches}) == 5


def test_an_ehr_of_smart_1_is_asked_in_its_own_spelling(vault: Vault) -> None:
    configuration = {**CONFIGURATION, "capabilities": ["permission-v1"]}
    asked = query_of(bench(vault, configuration=configuration).launch().headers["Location"])
    assert "patient/Observation.read" in asked["scope"].split()
    assert ".rs" not in asked["scope"]


def test_aud_is_the_address_as_the_ehr_writes_it(vault: Vault) -> None:
    assert query_of(bench(vault).launch(iss=ISSUER + "/").headers["Location"])["aud"] == ISSUER + "/"


@pytest.mark.parametrize(
    "iss",
    [
        "https://evil.example/fhir",
        ISSUER + "//",
        ISSUER + "/../other",
        ISSUER.upper(),
        ISSUER + "?x=1",
        "http://ehr.example.org/fhir",
        "https://ehr.example.org/fhir@evil.example",
        "file:///etc/passwd",
    ],
)
def test_an_unknown_ehr_is_refused_before_any_request(vault: Vault, iss: str) -> None:
    desk = bench(vault)
    assert desk.launch(iss=iss).status_code == 403
    assert desk.ehr.asked == []


@pytest.mark.parametrize("query", [{"iss": ""}, {"launch": ""}, {"launch": "x" * 5000}])
def test_a_launch_without_its_parameters_is_refused_before_any_request(
    vault: Vault, query: dict[str, str]
) -> None:
    desk = bench(vault)
    assert desk.launch(**query).status_code == 400
    assert desk.ehr.asked == []


def test_a_parameter_given_twice_is_refused(vault: Vault) -> None:
    desk = bench(vault)
    response = desk.browser.get(f"/launch?iss={ISSUER}&iss={ISSUER}&launch=x", base_url=PUBLIC_URL)
    assert response.status_code == 400


def test_a_tenant_without_a_registration_is_refused(vault: Vault) -> None:
    assert bench(vault).launch(iss="https://other.example.org/fhir").status_code == 403


def test_sign_in_ends_on_the_page_with_no_code_and_no_patient_in_its_address(vault: Vault) -> None:
    response = bench(vault).signed_in()
    assert response.status_code == 303
    location = response.headers["Location"]
    assert location.startswith(f"{PUBLIC_URL}/view?of=")
    assert set(query_of(location)) == {"of"}
    assert "p1" not in query_of(location).values()


def test_the_code_is_exchanged_with_the_verifier_and_the_same_redirect_address(vault: Vault) -> None:
    desk = bench(vault)
    desk.signed_in()
    (form,) = desk.ehr.forms
    assert form["grant_type"] == "authorization_code"
    assert form["code"] == "code-1"
    assert form["redirect_uri"] == f"{PUBLIC_URL}/callback"
    assert len(form["code_verifier"]) >= 43
    assert "client_id" not in form


@pytest.mark.parametrize("name", [LAUNCH_COOKIE, SESSION_COOKIE])
def test_cookies_are_opaque_and_live_only_in_this_host_and_frame(vault: Vault, name: str) -> None:
    desk = bench(vault)
    began = desk.launch()
    response = (
        began
        if name == LAUNCH_COOKIE
        else desk.callback(code="code-1", state=desk.ehr.authorize(began.headers["Location"]))
    )
    (cookie,) = [c for c in response.headers.getlist("Set-Cookie") if c.startswith(name)]
    value, *flags = cookie.split("; ")
    assert {"Secure", "HttpOnly", "SameSite=None", "Partitioned", "Path=/"} <= set(flags)
    assert not any(flag.startswith("Domain") for flag in flags)
    assert len(value.partition("=")[2]) >= 43
    assert "canary" not in cookie


def test_the_session_id_is_new_with_every_login(vault: Vault) -> None:
    desk = bench(vault)
    desk.signed_in()
    first = desk.browser.get_cookie(SESSION_COOKIE, domain="cds.example.org")
    desk.signed_in()
    second = desk.browser.get_cookie(SESSION_COOKIE, domain="cds.example.org")
    assert first is not None
    assert second is not None
    assert first.value != second.value
    assert desk.door.sessions.find(first.value) is None


# How the client proves itself.


def test_a_secret_goes_into_the_basic_header_only(vault: Vault) -> None:
    desk = bench(vault)
    desk.signed_in()
    assert base64.b64decode(desk.ehr.form_headers[0]["Authorization"][6:]) == b"our-client:s3cret"
    assert "client_secret" not in desk.ehr.forms[0]


@pytest.mark.parametrize(
    ("pem", "offered", "used"),
    [
        (ec_pem(), ["ES384", "RS384"], "ES384"),
        (rsa_pem(), ["RS384"], "RS384"),
        (ec_pem() + rsa_pem(), ["RS384"], "RS384"),
        (ec_pem(), [], "ES384"),
    ],
    ids=["ES384", "RS384", "the key that the EHR takes", "nothing said"],
)
def test_a_private_key_signs_an_assertion_that_our_published_keys_verify(
    vault: Vault, tmp_path: Path, pem: str, offered: list[str], used: str
) -> None:
    file = tmp_path / "smart.pem"
    file.write_text(pem)
    registration = replace(REGISTRATION, auth="private_key_jwt", client_secret=None, private_key_file=file)
    configuration = {**CONFIGURATION, "token_endpoint_auth_signing_alg_values_supported": offered}
    desk = bench(vault, (replace(EHR, smart=registration),), configuration=configuration)
    desk.signed_in()
    (form,) = desk.ehr.forms
    published = desk.view("/.well-known/jwks.json")
    assert published.headers["Cache-Control"] == "public, max-age=600"
    token = jwt.decode(form["client_assertion"], KeySet.import_key_set(published.json), algorithms=[used])
    assert token.claims["aud"] == f"{HOST}/token"
    assert token.claims["iss"] == token.claims["sub"] == CLIENT_ID
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert "client_id" not in form


def test_a_public_client_names_itself_in_the_form(vault: Vault) -> None:
    registration = replace(REGISTRATION, auth="none", client_secret=None)
    desk = bench(vault, (replace(EHR, smart=registration),))
    desk.signed_in()
    assert desk.ehr.forms[0]["client_id"] == CLIENT_ID
    assert "Authorization" not in desk.ehr.form_headers[0]


# Answers that do not belong to a launch of this browser.


def test_an_unknown_state_is_refused(vault: Vault) -> None:
    desk = bench(vault)
    desk.begun()
    assert desk.callback(code="code-1", state="other").status_code == 400
    assert desk.ehr.forms == []


@pytest.mark.parametrize("query", [{}, {"code": "x"}, {"state": ""}])
def test_an_answer_without_state_is_refused(vault: Vault, query: dict[str, str]) -> None:
    assert bench(vault).callback(**query).status_code == 400


def test_an_answer_without_code_is_refused(vault: Vault) -> None:
    desk = bench(vault)
    assert desk.callback(state=desk.begun()).status_code == 400


def test_an_answer_can_be_used_once(vault: Vault) -> None:
    desk = bench(vault)
    state = desk.begun()
    assert desk.callback(code="code-1", state=state).status_code == 303
    assert desk.callback(code="code-1", state=state).status_code == 400
    assert len(desk.ehr.forms) == 1


def test_another_browser_cannot_finish_the_launch(vault: Vault) -> None:
    desk, stranger = bench(vault), bench(vault)
    stranger.begun()
    state = desk.begun()
    assert stranger.callback(code="code-1", state=state).status_code == 400
    assert stranger.ehr.forms == []


def test_a_browser_that_lost_its_cookie_is_offered_a_window_of_its_own(vault: Vault) -> None:
    desk = bench(vault)
    state = desk.begun()
    desk.browser = desk.app.test_client()
    response = desk.callback(code="code-1", state=state)
    assert response.status_code == 400
    assert f'href="{PUBLIC_URL}/launch?iss=' in response.text
    assert 'target="_blank"' in response.text
    assert "code-1" not in response.text


def test_a_launch_waits_ten_minutes_for_its_answer(vault: Vault, clock: HandClock) -> None:
    desk = bench(vault)
    state = desk.begun()
    clock.now += 600
    assert desk.callback(code="code-1", state=state).status_code == 400


def test_an_answer_that_names_another_issuer_is_refused(vault: Vault) -> None:
    desk = bench(vault)
    response = desk.callback(code="code-1", state=desk.begun(), iss="https://evil.example")
    assert response.status_code == 400
    assert desk.ehr.forms == []


def test_two_launches_in_one_browser_do_not_disturb_each_other(vault: Vault) -> None:
    desk = bench(vault)
    first = desk.begun()
    challenge = dict(desk.ehr.authorized)
    second = desk.begun()
    assert desk.callback(code="code-1", state=second).status_code == 303
    desk.ehr.authorized = challenge
    assert desk.callback(code="code-1", state=first).status_code == 303


# What the EHR says no to, and how it can fail.


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ("access_denied", 403),
        ("invalid_scope", 403),
        ("unauthorized_client", 403),
        ("login_required", 403),
        ("<script>", 403),
        ("server_error", 502),
        ("temporarily_unavailable", 502),
    ],
)
def test_a_refusal_at_sign_in_is_a_page_that_echoes_nothing(vault: Vault, error: str, status: int) -> None:
    desk = bench(vault)
    response = desk.callback(error=error, error_description="<b>x</b>", state=desk.begun())
    assert response.status_code == status
    assert "<script>" not in response.text
    assert "<b>x</b>" not in response.text


@pytest.mark.parametrize(
    ("ehr", "status"),
    [
        ({"token_body": b'{"error":"invalid_grant"}', "token_status": 400}, 400),
        ({"token_body": b'{"error":"invalid_client"}', "token_status": 401}, 403),
        ({"token_body": b'{"error":"invalid_scope"}', "token_status": 400}, 403),
        ({"token_body": b'{"error":"whatever"}', "token_status": 400}, 502),
        ({"token_body": b"{}", "token_status": 200}, 502),
        ({"token_body": b"<html>", "token_status": 200}, 502),
        ({"token_body": b"[]", "token_status": 200}, 502),
        ({"token_body": b"\xff\xfe", "token_status": 200}, 502),
        ({"token_body": b"x", "token_status": 503}, 502),
        ({"token_status": 201}, 502),
        ({"answer": {"token_type": "mac"}}, 502),
        ({"answer": {"token_type": None}}, 502),
        ({"answer": {"access_token": 7}}, 502),
        ({"answer": {"access_token": "a\r\nb"}}, 502),
        ({"answer": {"patient": None}}, 400),
        ({"answer": {"patient": "../x"}}, 502),
        ({"answer": {"expires_in": 0}}, 401),
        ({"answer": {"expires_in": -5}}, 401),
        ({"answer": {"id_token": None}}, 403),
        ({"answer": {"id_token": "a.b.c"}}, 400),
        ({"id_claims": {"nonce": "other"}}, 400),
        ({"id_claims": {"iss": "https://evil.example"}}, 400),
        ({"id_claims": {"aud": "another"}}, 400),
        ({"id_claims": {"exp": 1}}, 400),
        ({"id_claims": {"fhirUser": None}}, 403),
        ({"id_claims": {"fhirUser": f"{ISSUER}/Patient/p1"}}, 403),
        ({"id_claims": {"fhirUser": "https://evil.example/fhir/Practitioner/1"}}, 403),
        ({"id_claims": {"fhirUser": f"{ISSUER}/Practitioner/1/_history/2"}}, 403),
        ({"failing": {"/token": "timeout"}}, 504),
        ({"failing": {"/token": "connection"}}, 502),
        ({"failing": {"/token": "too-large"}}, 502),
        ({"failing": {"/jwks": "timeout"}}, 504),
        ({"failing": {"/jwks": "tls"}}, 502),
    ],
)
def test_each_failure_of_the_exchange_has_its_status_and_leaves_no_session(
    vault: Vault, ehr: dict[str, Any], status: int
) -> None:
    desk = bench(vault, **ehr)
    response = desk.signed_in()
    assert response.status_code == status
    assert SESSION_COOKIE not in str(response.headers)
    assert desk.view().status_code == 401


@pytest.mark.parametrize(
    ("ehr", "code"),
    [
        *(({"answer": {"scope": scope}}, "token-answer") for scope in (7, True, {}, {"a": 1})),
        *(({"answer": {"error": error}}, "token-refused") for error in (["invalid_scope"], {"a": 1})),
        ({"configuration": {**CONFIGURATION, "token_endpoint": "https://[::1"}}, "token-endpoint-elsewhere"),
        ({"configuration": {**CONFIGURATION, "jwks_uri": "https://[::1"}}, "jwks-uri-elsewhere"),
        (
            {"configuration": {**CONFIGURATION, "authorization_endpoint": f"{HOST}/\ud800"}},
            "authorization-endpoint-elsewhere",
        ),
    ],
)
def test_an_odd_answer_of_the_ehr_is_never_taken_for_a_fault_of_ours(
    vault: Vault, ehr: dict[str, Any], code: str
) -> None:
    desk = bench(vault, **ehr)
    response = desk.launch()
    if response.status_code == 302:
        response = desk.callback(code="code-1", state=desk.ehr.authorize(response.headers["Location"]))

    assert response.status_code == 502
    assert f"Code: {code}</p>" in response.text


@pytest.mark.parametrize(
    ("kind", "status"), [("timeout", 504), ("connection", 502), ("refused", 502), ("tls", 502)]
)
def test_an_ehr_whose_configuration_cannot_be_read(vault: Vault, kind: str, status: int) -> None:
    assert bench(vault, failing={"smart-configuration": kind}).launch().status_code == status


@pytest.mark.parametrize(
    "answer",
    [
        {"token_type": "bearer"},
        {"fhirContext": "odd"},
        {"fhirContext": [{"reference": 7}, "x", {"reference": "Task/1"}]},
        {"intent": ["odd"]},
        {"expires_in": None},
        {"expires_in": "3600"},
        {"scope": None},
        {"need_patient_banner": "maybe"},
        {"tenant": "x", "smart_style_url": "https://evil.example/style.json"},
    ],
)
def test_odd_or_unknown_launch_context_does_not_stop_the_launch(vault: Vault, answer: dict[str, Any]) -> None:
    desk = bench(vault, answer=answer)
    assert desk.signed_in().status_code == 303
    assert not [url for url in desk.ehr.asked if "evil" in url]


@pytest.mark.parametrize(
    "named", ["Practitioner/1", f"{ISSUER}/Practitioner/1", f"{ISSUER}/PractitionerRole/1"]
)
def test_a_clinician_of_this_ehr_may_be_named_absolutely_or_relatively(vault: Vault, named: str) -> None:
    assert bench(vault, id_claims={"fhirUser": named}).signed_in().status_code == 303


NO_JWKS = {name: value for name, value in CONFIGURATION.items() if name != "jwks_uri"}


@pytest.mark.parametrize(
    ("found", "status"), [(f"{HOST}/jwks", 303), (None, 502), ("https://evil.example/jwks", 502)]
)
def test_keys_are_found_by_the_openid_configuration_where_smarts_names_none(
    vault: Vault, found: str | None, status: int
) -> None:
    desk = bench(vault, configuration=NO_JWKS, openid_jwks_uri=found)
    assert desk.signed_in().status_code == status
    assert not [url for url in desk.ehr.asked if "evil" in url]


# Headers of every answer.


@pytest.mark.parametrize(
    ("path", "ancestors"),
    [
        (f"/launch?iss={ISSUER}&launch=x", "https://ehr.example.org"),
        ("/launch?iss=https://evil.example&launch=x", "https://ehr.example.org https://other.example.org"),
        ("/callback?state=x", "https://ehr.example.org https://other.example.org"),
        ("/view", "https://ehr.example.org https://other.example.org"),
    ],
)
def test_pages_redirects_and_refusals_can_be_framed_by_the_tenants_ehr_only(
    vault: Vault, path: str, ancestors: str
) -> None:
    response = bench(vault).view(path)
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self';")
    assert policy.endswith(f"frame-ancestors {ancestors}")
    assert "unsafe" not in policy
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "X-Frame-Options" not in response.headers


def test_when_too_many_wait_for_ehrs_the_next_is_told_so_and_the_keys_still_answer(vault: Vault) -> None:
    desk = bench(vault)
    while desk.door.waiting.acquire(blocking=False):
        pass
    assert desk.launch().status_code == 504
    assert desk.view("/.well-known/jwks.json").status_code == 200


def test_a_fault_of_ours_is_a_page_with_an_id_and_without_its_cause(
    vault: Vault, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("canary-in-the-exception")

    monkeypatch.setattr("cds_service.smart.login.launch.begin", broken)
    response = bench(vault).launch()
    assert response.status_code == 502
    assert "canary" not in response.text
    assert "canary" not in caplog.text
    assert "RuntimeError" in caplog.text


def test_no_token_reaches_the_log(vault: Vault, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    desk = bench(vault)
    desk.signed_in()
    desk.logout()
    assert "canary" not in caplog.text
    assert json.dumps(desk.ehr.forms[0]["code_verifier"]) not in caplog.text
