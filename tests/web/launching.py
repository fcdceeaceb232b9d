"""A small application with only the detail view's door, in front of a fake EHR, and a browser's steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cds_service.fhir.record import Record, Resource
from cds_service.settings import Settings, SmartRegistration, Tenant
from cds_service.smart.door import SmartDoor, smart_door
from cds_service.smart.login.session import Login
from cds_service.smart.routes import EXTENSION, blueprint
from cds_service.smart.vault import Vault
from cds_service.trust.outbound import Outbound
from tests.web.conftest import SECRET
from tests.web.examples import CHART, CLOCK
from tests.web.fake_ehr import FakeEhr
from tests.web.keys import CLIENT_ID, ISSUER

PUBLIC_URL = "https://cds.example.org"
REGISTRATION = SmartRegistration(CLIENT_ID, "client_secret_basic", client_secret="s3cret")
EHR = Tenant(
    "a",
    fhir_servers=(ISSUER,),
    policies=("inotuzumab",),
    frame_ancestors=("https://ehr.example.org",),
    smart=REGISTRATION,
)
OTHER = Tenant(
    "b", fhir_servers=("https://other.example.org/fhir",), frame_ancestors=("https://other.example.org",)
)


@dataclass
class Bench:
    """The application, its fake EHR, and one browser."""

    door: SmartDoor
    ehr: FakeEhr
    app: Flask
    browser: FlaskClient
    views: list[tuple[str, str, str]]
    read: Callable[..., Record] = field(default=lambda *_: CHART)

    def launch(self, **query: str) -> TestResponse:
        asked = {"iss": ISSUER, "launch": "xyz", **query}
        return self.browser.get("/launch", query_string=asked, base_url=PUBLIC_URL)

    def callback(self, **query: str) -> TestResponse:
        return self.browser.get("/callback", query_string=query, base_url=PUBLIC_URL)

    def begun(self) -> str:
        """Launch, and play the sign-in page; the state to come back with."""
        return self.ehr.authorize(self.launch().headers["Location"])

    def signed_in(self) -> TestResponse:
        return self.callback(code="code-1", state=self.begun())

    def view(self, path: str = "/view") -> TestResponse:
        return self.browser.get(path, base_url=PUBLIC_URL)

    def logout(self, **headers: str) -> TestResponse:
        return self.browser.post("/logout", base_url=PUBLIC_URL, headers=headers)


def bench(vault: Vault, tenants: tuple[Tenant, ...] = (EHR, OTHER), **ehr: Any) -> Bench:
    """Build the bench. Keyword arguments bend the fake EHR."""
    fake, views = FakeEhr(**ehr), []

    def viewed(login: Login, _order: str, outcome: str) -> None:
        views.append((login.user, login.patient, outcome))

    def read(login: Login, drafts: tuple[Resource, ...], deadline: float) -> Record:
        return built.read(login, drafts, deadline)

    settings = Settings(public_url=PUBLIC_URL, secret_keys=(SECRET,), fixed_now=CLOCK, tenants=tenants)
    door = smart_door(settings, cast(Outbound, fake), vault, read, viewed)
    app = Flask("bench")
    app.extensions[EXTENSION] = door
    app.register_blueprint(blueprint)
    built = Bench(door, fake, app, app.test_client(), views)
    return built


def query_of(location: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
