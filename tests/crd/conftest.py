"""The service as the contract's tests start it, and one for a hospital whose payors are known."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.contract.conftest import app, client, start
from tests.crd.calls import PAYER, SERVER, environment

__all__ = ["app", "client", "start"]

Start = Callable[[dict[str, str]], Flask]


def _trusting(folder: Path, payers: str, server: str, more: str) -> dict[str, str]:
    (folder / "trust.toml").write_text(
        f'[[tenant]]\nid = "a"\nfhir_servers = ["{server}"]\npayer_identifiers = {payers}\n{more}\n'
    )
    return environment(folder)


@pytest.fixture(scope="session")
def usual(start: Start, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The service for a tenant whose payor is the policy's; tests share it, since it keeps nothing that they see."""
    return start(_trusting(tmp_path_factory.mktemp("crd"), f'["{PAYER}"]', SERVER, ""))


@pytest.fixture
def hospital(usual: Flask, start: Start, tmp_path: Path) -> Callable[..., FlaskClient]:
    """The usual service, or one for a tenant with these payors; ``more`` are further lines of its trust file."""

    def started(
        payers: str = f'["{PAYER}"]', server: str = SERVER, more: str = "", **settings: str
    ) -> FlaskClient:
        if (payers, server, more, settings) == (f'["{PAYER}"]', SERVER, "", {}):
            return usual.test_client()
        return start(_trusting(tmp_path, payers, server, more) | settings).test_client()

    return started
