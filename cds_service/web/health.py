"""Whether the process is up, whether it can answer, and its metrics. Tells nothing about any call.

Ready means that a call would be answered: the database has this program's schema and keeps what is
written to it. The write that is tried is taken back, and tried again after some seconds only.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from flask import Blueprint, Response

from cds_service.operations import metrics
from cds_service.policies import installed
from cds_service.settings import Settings
from cds_service.store import patience
from cds_service.store.database import Database, StoreError
from cds_service.web.errors import json_response

log = logging.getLogger(__name__)
# A proxy gives up after a few seconds: the answer must be there before.
_CHECKED_WITHIN_S = 1.5
_WRITE_HOLDS_S = 5.0


def health_routes(settings: Settings, database: Database) -> Blueprint:
    """The routes for whoever runs the service: ``/healthz``, ``/readyz`` and ``/metrics``."""
    routes = Blueprint("health", __name__)
    writable = Writable(database)

    @routes.get("/healthz")
    def healthz() -> Response:
        return json_response({"status": "up"})

    @routes.get("/readyz")
    def readyz() -> Response:
        reasons = {"database": _database_fault(writable), "policies": _policy_fault(settings)}
        failing = [name for name, reason in reasons.items() if reason]
        if failing:
            log.error("not ready", extra={"reason": " and ".join(filter(None, reasons.values()))})
            return json_response({"status": "not ready", "failing": failing}, 503)
        return json_response({"status": "ready"})

    @routes.get("/metrics")
    def exposition() -> Response:
        return Response(metrics.exposition(), content_type=metrics.CONTENT_TYPE)

    return routes


class Writable:
    """Whether the database keeps what is written; what was found out holds for some seconds."""

    def __init__(self, database: Database, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._database, self._monotonic = database, monotonic
        self._good_until = 0.0

    def check(self) -> None:
        """Raises StoreError unless the database can be used now, as far as can be found out in time."""
        with patience.at_most(_CHECKED_WITHIN_S):
            self._database.check()
            if self._monotonic() >= self._good_until:
                self._database.try_write()
                self._good_until = self._monotonic() + _WRITE_HOLDS_S


def _database_fault(writable: Writable) -> str:
    try:
        writable.check()
    except StoreError as fault:
        return f"database: {fault.failure.kind}"
    return ""


def _policy_fault(settings: Settings) -> str:
    """Whether a policy that a tenant names is not there; broken policies fail while they are loaded."""
    named = {name for tenant in settings.tenants for name in tenant.policies}
    return "policies" if named - set(installed()) else ""
