"""Which pages in a browser may read the answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.contract.calls import HOOK, sign

PATHS = ["/cds-services", HOOK, f"{HOOK}/feedback"]


@pytest.fixture
def production(start: Callable[[dict[str, str]], Flask], tmp_path: Path) -> FlaskClient:
    trust = tmp_path / "trust.toml"
    trust.write_text('[[tenant]]\nid = "a"\nframe_ancestors = ["https://ehr.example.org"]\n')
    app = start(
        {
            "CDS_CONFIG": str(trust),
            "CDS_SECRET_KEY": "k" * 32,
            "CDS_PUBLIC_URL": "https://cds.example.org",
            "CDS_DATABASE_URL": f"sqlite:///{tmp_path}/cds.sqlite3",
        }
    )
    return app.test_client()


@pytest.mark.parametrize("path", PATHS)
def test_a_preflight_needs_no_token(production: FlaskClient, path: str) -> None:
    headers = {
        "Origin": "https://ehr.example.org",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    response = production.options(path, headers=headers)

    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == "https://ehr.example.org"
    assert response.headers["Access-Control-Allow-Headers"] == "authorization, content-type"
    assert response.headers["Access-Control-Allow-Methods"] == "GET, POST, OPTIONS"
    assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.parametrize(
    ("asked", "allowed"),
    [
        ("", "authorization, content-type"),
        ("content-type", "authorization, content-type"),
        ("X-Medplum", "authorization, content-type, x-medplum"),
        ("x-b3-traceid,  x-medplum , authorization", "authorization, content-type, x-b3-traceid, x-medplum"),
        ("x-medplum,x-medplum", "authorization, content-type, x-medplum"),
        ("*", "authorization, content-type"),
        ("x y, x(y), x:y, ünd, ,", "authorization, content-type"),
        (f"{'x' * 101}, x-short", "authorization, content-type, x-short"),
    ],
)
def test_a_preflight_allows_the_headers_that_it_asks_for(
    production: FlaskClient, asked: str, allowed: str
) -> None:
    headers = {"Origin": "https://ehr.example.org", "Access-Control-Request-Headers": asked}
    response = production.options(HOOK, headers=headers)

    assert response.headers["Access-Control-Allow-Headers"] == allowed
    assert "Access-Control-Request-Headers" in response.vary


def test_another_origin_is_told_of_no_headers(production: FlaskClient) -> None:
    headers = {"Origin": "https://other.example.org", "Access-Control-Request-Headers": "x-medplum"}

    assert not [
        name for name, _ in production.options(HOOK, headers=headers).headers if name.startswith("Access-")
    ]


@pytest.mark.parametrize(
    "origin",
    [
        "https://other.example.org",
        "https://ehr.example.org.evil.example",
        "http://ehr.example.org",
        "https://ehr.example.org:8443",
        "http://127.0.0.1:8080",
        "null",
    ],
)
def test_another_origin_may_read_nothing(production: FlaskClient, origin: str) -> None:
    response = production.get("/cds-services", headers={"Origin": origin})

    assert response.status_code == 200
    assert "Access-Control-Allow-Origin" not in response.headers
    assert "Origin" in response.vary


def test_a_refusal_can_be_read_as_well(production: FlaskClient) -> None:
    response = sign(production, b"{}", headers={"Origin": "https://ehr.example.org"})

    assert response.status_code == 401
    assert response.headers["Access-Control-Allow-Origin"] == "https://ehr.example.org"


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("http://localhost:3000", True),
        ("http://127.0.0.1:8080", True),
        ("http://[::1]:8080", True),
        ("https://sandbox.example.org", False),
        ("http://localhost.example.org", False),
        ("null", False),
    ],
)
def test_development_allows_any_page_of_loopback(client: FlaskClient, origin: str, allowed: bool) -> None:
    response = client.get("/cds-services", headers={"Origin": origin})

    assert (response.headers.get("Access-Control-Allow-Origin") == origin) is allowed


def test_the_sandbox_ehrs_fhir_server_may_be_asked_by_a_page_of_loopback(client: FlaskClient) -> None:
    origin = {"Origin": "http://localhost:3000"}
    preflight = client.options(
        "/sandbox/fhir/Observation/_search",
        headers=origin | {"Access-Control-Request-Headers": "content-type"},
    )
    refused = client.get("/sandbox/fhir/Patient/nobody", headers=origin | {"Authorization": "Bearer unknown"})

    assert (preflight.status_code, refused.status_code) == (200, 401)
    for response in (preflight, refused):
        assert response.headers["Access-Control-Allow-Origin"] == "http://localhost:3000"


def test_a_page_of_another_site_may_not_ask_the_sandbox_ehr(client: FlaskClient) -> None:
    response = client.get("/sandbox/fhir/metadata", headers={"Origin": "https://sandbox.cds-hooks.org"})

    assert "Access-Control-Allow-Origin" not in response.headers


def test_pages_of_the_service_itself_are_not_shared(client: FlaskClient) -> None:
    response = client.get("/healthz", headers={"Origin": "http://localhost:3000"})

    assert "Access-Control-Allow-Origin" not in response.headers
