"""A registered EHR with keys in a file, the settings of a production service, and its edge."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cds_service.settings import Settings
from tests.databases import database, database_url, open_database, postgres
from tests.operations.small_service import small_service
from tests.trust.minting import ISSUER, claims, ec_key, jwk, mint

__all__ = ["database", "database_url", "open_database", "postgres"]

PUBLIC_URL = "https://cds.example.org"
_TRUST = f"""
[[tenant]]
id = "hospital-a"
payer_identifiers = ["urn:oid:1.2.3|MMM"]
[[tenant.client]]
issuer = "{ISSUER}"
jwks_file = "ehr.jwks.json"
"""
_numbers = itertools.count()


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A production service's environment, with a database and a trust file of its own."""
    (tmp_path / "ehr.jwks.json").write_text(json.dumps({"keys": [jwk(ec_key(), "ehr-1")]}))
    (tmp_path / "trust.toml").write_text(_TRUST)
    return {
        "CDS_PUBLIC_URL": PUBLIC_URL,
        "CDS_CONFIG": str(tmp_path / "trust.toml"),
        "CDS_SECRET_KEY": "k" * 32,
        "CDS_DATABASE_URL": f"sqlite:///{tmp_path}/cds.sqlite3",
    }


@pytest.fixture
def service(environment: dict[str, str]) -> Iterator[Callable[..., Flask]]:
    """Starts the small service; settings may be changed by name."""
    started: list[Flask] = []

    def start(**changed: str) -> Flask:
        app, _ = small_service(Settings.from_environment({**environment, **changed}))
        started.append(app)
        return app

    yield start
    for app in started:
        app.extensions["payer-policy-cds-trust"].database.close()


@pytest.fixture
def client(service: Callable[..., Flask]) -> FlaskClient:
    return service().test_client()


def bearer(path: str = "/cds-services/inotuzumab-order-sign", **changed: Any) -> dict[str, str]:
    """An Authorization header for one call of a path, signed now."""
    now = int(time.time())
    usual = {"aud": PUBLIC_URL + path, "jti": f"jti-{next(_numbers)}-{time.time_ns()}"}
    return {"Authorization": f"Bearer {mint(body=claims(now, **{**usual, **changed}))}"}
