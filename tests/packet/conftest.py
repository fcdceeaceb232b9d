"""A service with two hospitals whose clients may get tokens, and what they send."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cds_service import create_app
from cds_service.settings import Settings
from cds_service.web.edge import trust
from tests.trust.minting import claims, ec_key, header, jwk, mint

PUBLIC_URL = "https://cds.example.org"
TOKEN_URL = f"{PUBLIC_URL}/fhir/token"
TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALL = "system/questionnaire.rs system/library.rs system/valueset.rs"
TRUST = """
[[tenant]]
id = "hospital-a"
payer_identifiers = ["http://payer.example.org/id|MMM"]
policies = ["inotuzumab"]
[[tenant.client]]
issuer = "https://ehr.example.org"
jwks_file = "a.jwks.json"
client_id = "client-a"
[[tenant]]
id = "hospital-b"
[[tenant.client]]
issuer = "https://b.example.org"
jwks_file = "b.jwks.json"
client_id = "client-b"
[[tenant]]
id = "hospital-c"
[[tenant.client]]
issuer = "https://c.example.org"
jwks_file = "a.jwks.json"
"""
_numbers = itertools.count()
Start = Callable[..., Flask]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A production service's environment."""
    for name in ("a", "b"):
        keys = {"keys": [jwk(ec_key(name), f"{name}-1")]}
        (tmp_path / f"{name}.jwks.json").write_text(json.dumps(keys))
    (tmp_path / "trust.toml").write_text(TRUST)
    return {
        "CDS_PUBLIC_URL": PUBLIC_URL,
        "CDS_CONFIG": str(tmp_path / "trust.toml"),
        "CDS_SECRET_KEY": "k" * 32,
        "CDS_DATABASE_URL": f"sqlite:///{tmp_path}/cds.sqlite3",
    }


@pytest.fixture
def start(environment: dict[str, str]) -> Iterator[Start]:
    """Starts the whole service; settings may be changed by name."""
    started: list[Flask] = []

    def start_one(**changed: Any) -> Flask:
        fields = {k: changed.pop(k) for k in ("fixed_now",) if k in changed}
        settings = Settings.from_environment({**environment, **changed})
        started.append(create_app(replace(settings, **fields)))
        return started[-1]

    yield start_one
    for app in started:
        with app.app_context():
            trust().database.close()


@pytest.fixture
def client(start: Start) -> FlaskClient:
    return start().test_client()


def assertion(client_id: str = "client-a", **changed: Any) -> str:
    """A client assertion, signed now. ``key`` and ``kid`` may be another's."""
    name = client_id.rsplit("-", 1)[1]
    key, kid = changed.pop("key", ec_key(name)), changed.pop("kid", f"{name}-1")
    now = int(time.time())
    body = claims(now, **{
        "iss": client_id, "sub": client_id, "aud": TOKEN_URL, "jti": f"a-{next(_numbers)}-{time.time_ns()}", **changed,
    })  # fmt: skip
    return mint(header(kid=kid), body, key)


def form(signed: str | None = None, **changed: Any) -> dict[str, str]:
    members = {
        "grant_type": "client_credentials",
        "scope": ALL,
        "client_assertion_type": TYPE,
        "client_assertion": signed if signed is not None else assertion(),
        **changed,
    }
    return {name: value for name, value in members.items() if value is not None}


def bearer(client: FlaskClient, client_id: str = "client-a", scope: str = ALL) -> dict[str, str]:
    """An Authorization header with a new token."""
    answer = client.post("/fhir/token", data=form(assertion(client_id), scope=scope))
    assert answer.status_code == 200, answer.data
    return {"Authorization": f"Bearer {answer.json['access_token']}"}
