"""The whole application with one registered EHR, and a hook request that brings its own data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask

from cds_service import create_app
from cds_service.evaluation.saved_request import prefetch_of
from cds_service.sandbox.fixtures import FOLDER
from cds_service.settings import Settings

FIXTURE = "relapsed-single-agent"


@contextmanager
def whole_service(environment: dict[str, str]) -> Iterator[Flask]:
    app = create_app(Settings.from_environment(environment))
    try:
        yield app
    finally:
        app.extensions["payer-policy-cds-trust"].database.close()


def complete_request(name: str = FIXTURE) -> Any:
    """A bundled patient's order-sign request with all data in the prefetch, and no server named."""
    folder = FOLDER / name
    request = json.loads(
        prefetch_of((folder / "request.json").read_bytes(), (folder / "resources.json").read_bytes())
    )
    request.pop("fhirServer", None)
    request.pop("fhirAuthorization", None)
    return request
