"""Putting the sandbox EHR into a development application: FHIR API, SMART server and order page."""

from __future__ import annotations

from typing import cast

from flask import Flask

from cds_service.sandbox import desk, order_page
from cds_service.sandbox.ehr import fhir_api, smart_server
from cds_service.sandbox.ehr.sign_in import SignIn
from cds_service.sandbox.prior_authorization import pages
from cds_service.smart.door import SmartDoor
from cds_service.smart.routes import EXTENSION

# Importing the pages puts their routes on the desk's blueprint.
_PAGES = (order_page, pages)


def mount(app: Flask) -> None:
    """Add the sandbox's routes. The detail view's door must be open already."""
    door = cast(SmartDoor, app.extensions[EXTENSION])
    issuer = f"{door.settings.public_url}{smart_server.FHIR}"
    app.extensions[smart_server.SIGN_IN] = SignIn(door.vault, issuer, door.settings.secret_keys[0])
    for blueprint in (fhir_api.blueprint, smart_server.blueprint, desk.blueprint):
        app.register_blueprint(blueprint)
