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
    assert response.headers["Access-Control-Allow-Headers"] == "Authorization, Content-Type"
    assert response.headers["Access-Control-Allow-Methods"] == "GET, POST, OPTIONS"
    assert "Access-Control-Allow-Credentials" not in response.headers


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


def test_pages_of_the_service_itself_are_not_shared(client: FlaskClient) -> None:
    response = client.get("/healthz", headers={"Origin": "http://localhost:3000"})

    assert "Access-Control-Allow-Origin" not in response.headers
