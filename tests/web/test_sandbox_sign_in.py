"""The sandbox EHR and the service, as two parties over HTTP: every way to authenticate, every fault."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from threading import Thread

import pytest
import requests
from werkzeug.serving import make_server

from cds_service import create_app
from cds_service.sandbox.ehr.faults import Fault
from cds_service.sandbox.ehr.sign_in import CLIENT_ID, CLIENT_SECRET, Launch, SignIn, allows
from cds_service.sandbox.ehr.smart_server import SIGN_IN
from cds_service.settings import Settings
from tests.web.keys import ec_pem, rsa_pem

TRUST = """
[[tenant]]
id = "sandbox"
fhir_servers = ["{public}/sandbox/fhir"]
payer_identifiers = []
policies = ["inotuzumab"]
frame_ancestors = ["http://localhost:8080"]

[tenant.smart]
client_id = "{client}"
auth = "{auth}"
{more}
"""
SECRET_ENV = "SANDBOX_CLIENT_SECRET"


@dataclass(frozen=True)
class Running:
    public: str
    sign_in: SignIn

    def open(self, fault: Fault = Fault.NONE, session: requests.Session | None = None) -> requests.Response:
        """Launch as the EHR would and follow the browser's way to the end."""
        launch = Launch("relapsed-single-agent", "Practitioner/sandbox-oncologist", fault=fault.value)
        return self.follow(self.sign_in.launch(launch), session)

    def follow(self, launch: str, session: requests.Session | None = None) -> requests.Response:
        """The browser's way from a launch that the EHR has prepared."""
        query = {"iss": self.sign_in.issuer, "launch": launch}
        browser = session or _browser()
        answer = browser.get(f"{self.public}/launch", params=query, allow_redirects=False, timeout=30)
        while answer.is_redirect:
            _keep_secure_cookies(browser)
            answer = browser.get(answer.headers["Location"], allow_redirects=False, timeout=30)
        return answer


def _browser() -> requests.Session:
    return requests.Session()


def _keep_secure_cookies(browser: requests.Session) -> None:
    """Browsers send Secure cookies to loopback; requests does not, so the flag is taken off."""
    for cookie in browser.cookies:
        cookie.secure = False


def running(folder: Path, auth: str | None = None, more: str = "") -> Iterator[Running]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    public = f"http://127.0.0.1:{port}"
    environ = {
        "CDS_DEV": "1",
        "CDS_AUTH": "optional",
        "CDS_FIXED_NOW": "2026-04-15T09:00:00-04:00",
        "CDS_PUBLIC_URL": public,
        "CDS_DATABASE_URL": f"sqlite:///{folder}/cds.sqlite3",
        SECRET_ENV: CLIENT_SECRET,
    }
    if auth is not None:
        (folder / "trust.toml").write_text(
            TRUST.format(public=public, client=CLIENT_ID, auth=auth, more=more)
        )
        environ["CDS_CONFIG"] = str(folder / "trust.toml")
    app = create_app(Settings.from_environment(environ))
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Running(public, app.extensions[SIGN_IN])
    server.shutdown()
    thread.join(5)
    server.server_close()
    app.extensions["payer-policy-cds-trust"].database.close()


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    yield from running(tmp_path_factory.mktemp("sandbox"))


@pytest.mark.parametrize("pem", [ec_pem(), rsa_pem()], ids=["ES384", "RS384"])
def test_an_assertion_is_checked_with_the_key_set_fetched_while_the_callback_waits(
    tmp_path: Path, pem: str
) -> None:
    (tmp_path / "smart.pem").write_text(pem)
    for site in running(tmp_path, "private_key_jwt", 'private_key_file = "smart.pem"'):
        page = site.open()
        assert page.status_code == 200
        assert 'data-coverage="met"' in page.text


def test_a_client_secret_is_checked(tmp_path: Path) -> None:
    for site in running(tmp_path, "client_secret_basic", f'client_secret_env = "{SECRET_ENV}"'):
        assert site.open().status_code == 200


def test_without_a_trust_file_the_sandbox_takes_the_public_client(sandbox: Running) -> None:
    assert sandbox.open().status_code == 200


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Fault.DENIED, 403),
        (Fault.SCOPE_REFUSED, 403),
        (Fault.SCOPE_NARROWED, 200),
        (Fault.NO_ID_TOKEN, 403),
        (Fault.WRONG_NONCE, 400),
        (Fault.WRONG_ISSUER, 400),
        (Fault.WRONG_AUDIENCE, 400),
        (Fault.PATIENT_USER, 403),
        (Fault.NO_PATIENT, 400),
        (Fault.TOKEN_FAILS, 502),
        (Fault.TOKEN_OVER, 401),
        (Fault.FHIR_UNAUTHORIZED, 401),
        (Fault.FHIR_FORBIDDEN, 403),
        (Fault.FHIR_DOWN, 502),
    ],
)
def test_each_fault_of_the_ehr_ends_on_its_page(sandbox: Running, fault: Fault, status: int) -> None:
    answer = sandbox.open(fault)
    assert answer.status_code == status
    assert "<h1" in answer.text


@pytest.mark.parametrize("fault", [Fault.TOKEN_HANGS, Fault.FHIR_HANGS])
def test_an_ehr_that_hangs_is_waited_for_ten_seconds_at_most(sandbox: Running, fault: Fault) -> None:
    answer = sandbox.open(fault)
    assert answer.status_code == 504
    assert answer.elapsed.total_seconds() < 10  # the contract's bound, not a measure of speed


def test_a_page_outside_prepares_the_launch_of_a_cards_link(sandbox: Running) -> None:
    address = f"{sandbox.public}/sandbox/fhir/_services/smart/Launch"
    asked = {"launchUrl": f"{sandbox.public}/launch", "parameters": {"patient": "relapsed-single-agent"}}
    prepared = requests.post(address, json=asked, timeout=30)

    assert prepared.status_code == 200
    page = sandbox.follow(prepared.json()["launch_id"])
    assert (page.status_code, 'id="verdict"' in page.text) == (200, True)


@pytest.mark.parametrize("asked", [b"", b"[]", b'{"parameters": {"patient": 1}}'])
def test_a_launch_needs_a_patient(sandbox: Running, asked: bytes) -> None:
    address = f"{sandbox.public}/sandbox/fhir/_services/smart/Launch"
    refused = requests.post(address, data=asked, headers={"Content-Type": "application/json"}, timeout=30)

    assert refused.status_code == 400


def test_a_revoked_token_opens_nothing_more(sandbox: Running) -> None:
    token = sandbox.sign_in.access_token(Launch("relapsed-single-agent", "Practitioner/x"), "patient/*.rs")
    patient = f"{sandbox.sign_in.issuer}/Patient/relapsed-single-agent"
    headers = {"Authorization": f"Bearer {token}"}
    assert requests.get(patient, headers=headers, timeout=30).status_code == 200
    requests.post(f"{sandbox.public}/sandbox/auth/revoke", data={"token": token}, timeout=30)
    assert requests.get(patient, headers=headers, timeout=30).status_code == 401


@pytest.mark.parametrize(
    ("scope", "kind", "allowed"),
    [
        ("patient/Observation.rs", "Observation", True),
        ("patient/Observation.read", "Observation", True),
        ("patient/*.cruds", "Observation", True),
        ("patient/Condition.rs", "Observation", False),
        ("patient/Observation.r", "Observation", False),
        ("launch openid", "Observation", False),
    ],
)
def test_granted_scopes_are_enforced(scope: str, kind: str, allowed: bool) -> None:
    assert allows(scope, kind) is allowed


def test_the_card_of_a_signed_order_links_to_the_view_with_an_opaque_context(sandbox: Running) -> None:
    page = requests.post(
        f"{sandbox.public}/sandbox/patients/relapsed-single-agent/sign",
        data={"orders": _orders(sandbox), "what": "orders"},
        timeout=30,
    )
    (coverage,) = json.loads(unescape(page.text.partition('name="cards" value="')[2].partition('"')[0]))
    (link,) = coverage["links"]
    assert link["type"] == "smart"
    assert 16 <= len(link["appContext"]) <= 200
    assert "relapsed" not in link["appContext"]


def _orders(sandbox: Running) -> str:
    page = requests.get(f"{sandbox.public}/sandbox/patients/relapsed-single-agent", timeout=30).text
    return unescape(
        page.partition('<textarea id="orders-json"')[2].partition(">")[2].partition("</textarea>")[0]
    )
