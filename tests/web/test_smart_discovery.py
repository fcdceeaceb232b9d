"""An EHR's SMART configuration is used only as far as it stays at home and offers PKCE."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.smart.login.discovery import Discovery, allowed, json_object, read_configuration
from cds_service.smart.refusals import Refused

ISS = "https://ehr.example.org/fhir"
DOCUMENT: dict[str, Any] = {
    "issuer": "https://ehr.example.org/auth",
    "jwks_uri": "https://ehr.example.org/jwks",
    "authorization_endpoint": "https://ehr.example.org/authorize",
    "token_endpoint": "https://ehr.example.org/token",
    "code_challenge_methods_supported": ["S256"],
    "capabilities": ["permission-v1"],
}


def test_a_plain_configuration_is_read() -> None:
    found = read_configuration(ISS, DOCUMENT, ())
    assert found.token_endpoint == "https://ehr.example.org/token"
    assert found.issuer == "https://ehr.example.org/auth"
    assert not found.scopes_v2


def test_relative_addresses_stand_on_the_fhir_base() -> None:
    found = read_configuration(ISS, {**DOCUMENT, "token_endpoint": "auth/token"}, ())
    assert found.token_endpoint == "https://ehr.example.org/fhir/auth/token"


@pytest.mark.parametrize(
    "changed",
    [
        {"code_challenge_methods_supported": ["plain"]},
        {"code_challenge_methods_supported": None},
        {"authorization_endpoint": None},
        {"token_endpoint": 7},
        {"jwks_uri": "https://elsewhere.example/jwks"},
        {"token_endpoint": "http://ehr.example.org/token"},
        {"token_endpoint": "https://ehr.example.org:444/token"},
        {"authorization_endpoint": "https://ehr.example.org@elsewhere.example/a"},
        {"revocation_endpoint": "https://elsewhere.example/revoke"},
    ],
)
def test_a_configuration_that_leads_elsewhere_or_lacks_something_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        read_configuration(ISS, {**DOCUMENT, **changed}, ())
    assert refused.value.status == 502


@pytest.mark.parametrize(
    ("url", "hosts", "expected"),
    [
        ("https://login.example.org/token", ("login.example.org",), True),
        ("https://login.example.org:8443/token", ("login.example.org",), False),
        ("https://login.example.org:8443/token", ("login.example.org:8443",), True),
        ("http://login.example.org/token", ("login.example.org",), False),
        ("https://x.login.example.org/token", ("login.example.org",), False),
        ("https://login.example.org\\@evil.example/", ("login.example.org",), False),
        ("https://ehr.example.org/token#x", (), False),
        ("https://[broken", (), False),
        ("javascript:alert(1)", (), False),
    ],
)
def test_other_hosts_only_by_registration(url: str, hosts: tuple[str, ...], expected: bool) -> None:
    assert allowed(url, ISS, hosts) is expected


def test_a_configuration_is_read_once_and_then_held() -> None:
    asked: list[str] = []

    def fetch(url: str, _deadline: float) -> dict[str, Any]:
        asked.append(url)
        return DOCUMENT

    discovery = Discovery()
    for _ in range(3):
        discovery.configuration(ISS, (), fetch, 0)
    assert asked == [f"{ISS}/.well-known/smart-configuration"]


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"\xff", b"[" * 100_000])
def test_an_answer_that_is_no_json_object_is_the_ehrs_failure(body: bytes) -> None:
    with pytest.raises(Refused) as refused:
        json_object(body)
    assert refused.value.status == 502
