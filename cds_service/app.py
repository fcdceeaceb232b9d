"""The application: settings in, a wired Flask application out, and nothing else."""

from __future__ import annotations

from flask import Flask

from cds_service.hooks import discovery, errors
from cds_service.hooks.cors import share_with_browsers
from cds_service.hooks.edge import protect
from cds_service.hooks.routes import blueprint as hooks
from cds_service.hooks.services import EXTENSION, services_from
from cds_service.operations import logs
from cds_service.settings import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """Build the WSGI application. Raises SettingsError when it must not start as configured."""
    settings = settings or Settings.from_environment()
    logs.configure(settings.log_level)
    app = Flask(__name__, static_folder=None)
    services = app.extensions[EXTENSION] = services_from(settings)
    protect(app, settings, services.outbound, (discovery.SERVICE_ID,))
    app.register_blueprint(hooks)
    if settings.dev:
        from cds_service.sandbox.fhir_api import blueprint as sandbox_fhir

        app.register_blueprint(sandbox_fhir)
    share_with_browsers(app, settings)
    errors.register(app)
    return app
