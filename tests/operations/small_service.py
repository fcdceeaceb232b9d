"""A service with the whole edge and a hook that answers at once: trust without clinical content."""

from __future__ import annotations

import os
import time
from pathlib import Path

from flask import Flask, Response, request

from cds_service.hooks.feedback import feedback_routes
from cds_service.operations import logs
from cds_service.settings import Settings
from cds_service.store.feedback import ShownCard
from cds_service.trust.outbound import Outbound
from cds_service.web import errors
from cds_service.web.accounts import Account, opened
from cds_service.web.body import json_body
from cds_service.web.edge import Trust, protect

SERVICE = "inotuzumab-order-sign"


def small_service(settings: Settings) -> tuple[Flask, Trust]:
    logs.configure(settings.log_level)
    app = Flask(__name__)
    errors.register(app)
    trust = protect(app, settings, Outbound(loopback=settings.dev))
    app.register_blueprint(feedback_routes(trust.gate, trust.ledger, (SERVICE,)))

    @app.get("/cds-services")
    def discovery() -> Response:
        trust.gate.discovery(request)
        return errors.json_response({"services": []})

    @app.post("/cds-services/<service>")
    def hook(service: str) -> Response:
        caller = trust.gate.hook(request, service)
        tenant = caller.tenant.id if caller else "dev"
        account = opened(Account("hook", service, tenant, caller.issuer if caller else ""))
        body = json_body(request)
        account.patient = body["context"]["patientId"]
        account.shown = [ShownCard(card["uuid"], card["kind"]) for card in body["cards"]]
        return errors.json_response({"cards": body["cards"]})

    @app.post("/wait/<int:number>")
    def wait(number: int) -> Response:
        gate = Path(os.environ["TEST_GATE"])
        gate.with_name(f"waiting-{number}").touch()
        while not gate.exists():
            time.sleep(0.01)
        return errors.json_response({})

    return app, trust


def create_app() -> Flask:
    """For gunicorn."""
    return small_service(Settings.from_environment())[0]
