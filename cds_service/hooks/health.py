"""Whether the process is up, whether it can answer, and its metrics. Tells nothing about any call."""

from __future__ import annotations

import logging
from collections.abc import Callable

from flask import Blueprint, Response

from cds_service.hooks.errors import json_response
from cds_service.operations import metrics
from cds_service.policies import installed
from cds_service.settings import Settings
from cds_service.store.database import Database, StoreError

log = logging.getLogger(__name__)


def health_routes(settings: Settings, database: Database) -> Blueprint:
    """The routes for whoever runs the service: ``/healthz``, ``/readyz`` and ``/metrics``."""
    routes = Blueprint("health", __name__)

    @routes.get("/healthz")
    def healthz() -> Response:
        return json_response({"status": "up"})

    @routes.get("/readyz")
    def readyz() -> Response:
        failing = [name for name, fails in _checks(settings, database) if fails()]
        if failing:
            log.error("not ready", extra={"reason": " and ".join(failing)})
            return json_response({"status": "not ready", "failing": failing}, 503)
        return json_response({"status": "ready"})

    @routes.get("/metrics")
    def exposition() -> Response:
        return Response(metrics.exposition(), content_type=metrics.CONTENT_TYPE)

    return routes


def _checks(settings: Settings, database: Database) -> list[tuple[str, Callable[[], bool]]]:
    return [
        ("database", lambda: _database_fails(database)),
        ("policies", lambda: _policies_fail(settings)),
    ]


def _database_fails(database: Database) -> bool:
    try:
        database.check()
    except StoreError:
        return True
    return False


def _policies_fail(settings: Settings) -> bool:
    """Whether a policy that a tenant names is not there; broken policies fail while they are loaded."""
    return any(name not in installed() for tenant in settings.tenants for name in tenant.policies)
