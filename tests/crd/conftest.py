"""The service as the contract's tests start it, and one for a hospital whose payors are known."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.contract.conftest import app, client, start
from tests.crd.calls import PAYER, SERVER, environment

__all__ = ["app", "client", "start"]


@pytest.fixture
def hospital(start: Callable[[dict[str, str]], Flask], tmp_path: Path) -> Callable[..., FlaskClient]:
    """Starts the service for a tenant with these payors; ``more`` are further lines of its trust file."""

    def started(
        payers: str = f'["{PAYER}"]', server: str = SERVER, more: str = "", **settings: str
    ) -> FlaskClient:
        (tmp_path / "trust.toml").write_text(
            f'[[tenant]]\nid = "a"\nfhir_servers = ["{server}"]\npayer_identifiers = {payers}\n{more}\n'
        )
        return start(environment(tmp_path) | settings).test_client()

    return started
