"""The outermost edge of every request: its id, its log line, its metrics, its security headers.

Knows routes by their rule, never by the path that was called: a path may hold an identifier.
"""

from __future__ import annotations

import logging
import re
import time
import uuid
from typing import cast

from flask import Flask, Response, current_app, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

from cds_service.operations import logs, metrics
from cds_service.operations.ledger import Ledger
from cds_service.settings import Settings, SettingsError
from cds_service.store import patience
from cds_service.store.database import SERVICE_S, Database, StoreError
from cds_service.store.decisions import Decisions
from cds_service.store.token_guard import TokenGuard
from cds_service.trust.outbound import Outbound
from cds_service.values import dataclass
from cds_service.web.accounts import settle
from cds_service.web.gate import Gate, gate
from cds_service.web.health import health_routes

log = logging.getLogger(__name__)
EXTENSION = "payer-policy-cds-trust"
# Only a UUID of the caller's is taken over: any other text could be about a patient.
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# Making the tables takes longer than a call may.
_START_S = 20.0
_CALLS = {"hooks.call", "feedback.feedback", "fhir.package"}
_NEVER_THROTTLED = {"health.healthz", "health.readyz", "health.exposition"}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_HSTS = "max-age=31536000"


@dataclass(frozen=True)
class Trust:
    """What the doors need to let callers in and to account for what they do, and where it is kept."""

    database: Database
    gate: Gate
    ledger: Ledger


def trust() -> Trust:
    """The trust of the running application."""
    return cast(Trust, current_app.extensions[EXTENSION])


def protect(app: Flask, settings: Settings, outbound: Outbound) -> Trust:
    """Put the edge around ``app``, with the routes for whoever runs the service.

    Raises SettingsError when the database or a file of keys cannot be used.
    """
    database = _usable_database(settings)
    kept_for_disputes = Decisions(database, settings.secret_keys) if settings.dispute_days else None
    made = Trust(
        database,
        gate(settings, outbound, TokenGuard(database)),
        Ledger(database, settings.public_url, kept_for_disputes),
    )
    app.extensions[EXTENSION] = made
    _guard(app, settings, made)
    app.register_blueprint(health_routes(settings, database))
    return made


def _usable_database(settings: Settings) -> Database:
    """The service's database, with this program's schema in it and known to keep what is written."""
    try:
        at_start = Database(settings.database_url)
        try:
            with patience.at_most(_START_S):
                at_start.upgrade()
                at_start.try_write()
        finally:
            at_start.close()
        return Database(settings.database_url, SERVICE_S)
    except StoreError as fault:
        raise SettingsError(f"CDS_DATABASE_URL: {fault}") from fault


def _guard(app: Flask, settings: Settings, made: Trust) -> None:
    # An address with two slashes would be redirected, to the host that the caller names.
    app.url_map.merge_slashes = False
    if settings.proxy_hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxy_hops, x_proto=0)  # type: ignore[method-assign]

    @app.before_request
    def begin_request() -> None:
        given = request.headers.get("X-Request-Id", "")
        logs.request_id.set(given if _UUID.fullmatch(given) else str(uuid.uuid4()))
        g.started = time.perf_counter()
        if request.endpoint in _CALLS:
            patience.begin_call(settings.deadline_s)
        if request.endpoint not in _NEVER_THROTTLED:
            made.gate.throttle(request)

    @app.after_request
    def complete_response(response: Response) -> Response:
        response = settle(made.ledger, response)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if settings.public_url.startswith("https:"):
            response.headers.setdefault("Strict-Transport-Security", _HSTS)
        response.headers["X-Request-Id"] = logs.request_id.get()
        _count_and_log(response)
        return response

    @app.teardown_request
    def end_request(_: BaseException | None) -> None:
        logs.request_id.set("")
        patience.end_call()


def _count_and_log(response: Response) -> None:
    route = request.url_rule.rule if request.url_rule is not None else "none"
    seconds = time.perf_counter() - g.started
    metrics.REQUESTS.labels(route, str(response.status_code)).inc()
    metrics.REQUEST_SECONDS.labels(route).observe(seconds)
    if response.status_code == 500:
        metrics.ERRORS.inc()
    fields = {
        "method": request.method if request.method in ("GET", "POST", "OPTIONS", "HEAD") else "other",
        "route": route,
        "status": response.status_code,
        "ms": round(seconds * 1000, 1),
    }
    log.info("answered", extra=fields)
