"""The application: settings in, a wired Flask application out, and nothing else."""

from __future__ import annotations

from functools import partial

from flask import Flask

from cds_service.evaluation.order_sign import LINKS
from cds_service.evaluation.services import EXTENSION, Services, services_from
from cds_service.fhir_api.routes import fhir_routes
from cds_service.hooks.feedback import feedback_routes
from cds_service.hooks.routes import KEEP_FORMS, OFFERED, forms_kept
from cds_service.hooks.routes import blueprint as hooks
from cds_service.hooks.services import offered
from cds_service.operations import logs
from cds_service.settings import Settings
from cds_service.smart.card_links import card_links
from cds_service.smart.chart_reading import read_chart
from cds_service.smart.door import smart_door
from cds_service.smart.named_reading import read_named
from cds_service.smart.routes import EXTENSION as SMART
from cds_service.smart.routes import blueprint as smart
from cds_service.smart.view_account import viewed
from cds_service.store.vault import Vault
from cds_service.web import errors
from cds_service.web.cors import share_with_browsers
from cds_service.web.edge import protect
from cds_service.web.front import front_routes


def create_app(settings: Settings | None = None) -> Flask:
    """Build the WSGI application. Raises SettingsError when it must not start as configured."""
    settings = settings or Settings.from_environment()
    logs.configure(settings.log_level)
    app = Flask(__name__, static_folder=None)
    services = app.extensions[EXTENSION] = services_from(settings)
    trust = protect(app, settings, services.outbound)
    app.extensions[OFFERED] = offered(services.policies)
    app.register_blueprint(hooks)
    app.register_blueprint(feedback_routes(trust.gate, trust.ledger, app.extensions[OFFERED]))
    app.register_blueprint(front_routes(settings))
    vault = Vault(trust.database, settings.secret_keys)
    app.extensions[KEEP_FORMS] = forms_kept(vault, settings.dtr_hours)
    app.register_blueprint(fhir_routes(services, trust, vault))
    _open_detail_view(app, services, vault)
    if settings.dev:
        from cds_service.sandbox.mounting import mount

        mount(app)
    share_with_browsers(app, settings)
    errors.register(app)
    return app


def _open_detail_view(app: Flask, services: Services, vault: Vault) -> None:
    """The SMART door, and the links to it that the cards carry."""
    settings, outbound = services.settings, services.outbound
    door = smart_door(
        settings,
        outbound,
        vault,
        partial(read_chart, services.door_to, services.clock),
        viewed,
        partial(read_named, services.door_to),
        partial(viewed, what="packet"),
    )
    app.extensions[SMART] = door
    app.extensions[LINKS] = card_links(door)
    app.register_blueprint(smart)
