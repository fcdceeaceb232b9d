"""What every answer carries, what every log line holds, and what health tells."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gunicorn
import pytest
from flask import Flask
from flask.testing import FlaskClient

from cds_service.operations import logs
from cds_service.operations.logs import JsonLines
from tests.operations.conftest import bearer

HOOK = "/cds-services/inotuzumab-order-sign"


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """The log lines written so far."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    root, before = logging.getLogger(), logging.getLogger("cds_service").level
    root.addHandler(handler)
    logging.getLogger("cds_service").setLevel("INFO")
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)
    logging.getLogger("cds_service").setLevel(before)


@pytest.mark.parametrize(
    "path", ["/cds-services", HOOK, "/healthz", "/readyz", "/metrics", "/nowhere", "/cds-services/"]
)
def test_every_answer_carries_the_security_headers(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["Strict-Transport-Security"] == "max-age=31536000"


@pytest.mark.parametrize(
    "path", ["/cds-services//" + HOOK.rsplit("/", 1)[1], "/fhir//metadata", "/healthz//"]
)
def test_an_address_with_two_slashes_is_none_and_leads_nowhere(client: FlaskClient, path: str) -> None:
    """A redirect would lead to the host that the caller names, and answer a program with a page."""
    for answer in (client.get(path), client.post(path, json={})):
        assert (answer.status_code, answer.location) == (404, None)
        assert answer.json is not None
        assert answer.json["resourceType"] == "OperationOutcome"


def test_plain_http_development_promises_no_tls(service: Callable[..., Flask]) -> None:
    client = service(CDS_DEV="1", CDS_PUBLIC_URL="http://127.0.0.1:8080").test_client()

    assert "Strict-Transport-Security" not in client.get("/healthz").headers


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("0b0d8e0c-3a58-4c3f-8f6e-1f2f3f4f5f6f", True),
        ("JANE-DOE", False),
        ("", False),
        ("0b0d8e0c-3a58-4c3f-8f6e-1f2f3f4f5f6f; patient=1", False),
    ],
)
def test_a_request_id_is_taken_over_only_when_it_is_a_uuid(
    client: FlaskClient, given: str, taken: bool
) -> None:
    answered = client.get("/healthz", headers={"X-Request-Id": given}).headers["X-Request-Id"]

    assert (answered == given) is taken
    assert len(answered) == 36


def test_a_log_line_is_json_with_the_request_id(
    client: FlaskClient, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    answer = client.post(HOOK, json={})

    refused, answered = lines()
    assert (refused["message"], refused["reason"]) == ("caller refused", "missing")
    assert (answered["route"], answered["status"]) == ("/cds-services/<service>", 401)
    assert refused["request_id"] == answered["request_id"] == answer.headers["X-Request-Id"]


def test_a_bug_is_logged_without_its_text(
    service: Callable[..., Flask], lines: Callable[[], list[dict[str, Any]]]
) -> None:
    app = service()
    answer = app.test_client().post(
        HOOK, json={"context": {"patientId": "1"}, "cards": [{"SECRET": 1}]}, headers=bearer()
    )

    assert answer.status_code == 500
    logged = json.dumps(lines())
    assert "KeyError" in logged
    assert "SECRET" not in logged + answer.get_data(as_text=True)


def test_fields_that_are_not_on_the_list_are_left_out(lines: Callable[[], list[dict[str, Any]]]) -> None:
    logging.getLogger("cds_service.any").warning("message", extra={"patient": "Doe", "status": 200})

    assert lines()[0]["status"] == 200
    assert "Doe" not in json.dumps(lines())


def test_another_librarys_values_and_exception_texts_are_left_out(
    lines: Callable[[], list[dict[str, Any]]],
) -> None:
    try:
        raise ValueError("Doe, Jane")
    except ValueError:
        logging.getLogger("gunicorn.other").exception("GET %s failed", "/Patient/doe")

    assert lines()[0]["message"] == "GET %s failed"
    assert lines()[0]["error"] == "ValueError"
    assert "oe" not in json.dumps(lines()).lower().replace("does", "")


@pytest.mark.parametrize(
    ("template", "values", "said"),
    [
        ("Booting worker with pid: %s", (7,), "Booting worker with pid: 7"),
        ("Worker (pid:%s) was sent %s!", (7, "SIGKILL"), "Worker (pid:7) was sent SIGKILL!"),
        ("Error handling request %s %s", ("GET", "/doe"), "Error handling request %s %s"),
        ("A line of a later version about %s", ("/doe",), "A line of a later version about %s"),
        ("Invalid request from ip=127.0.0.1: Invalid HTTP Version: 'doe'", (), "Invalid request"),
    ],
)
def test_gunicorn_may_tell_of_itself_and_not_of_a_peer(
    template: str, values: tuple[object, ...], said: str
) -> None:
    record = logging.LogRecord("gunicorn.error", logging.ERROR, "", 1, template, values, None)

    assert json.loads(JsonLines().format(record))["message"] == said


def test_gunicorn_has_the_lines_that_are_let_through() -> None:
    package = Path(gunicorn.__file__).parent
    source = "".join(file.read_text() for file in package.rglob("*.py"))

    assert [words for words in logs._GUNICORN_OF_ITSELF if f'"{words}' not in source] == []


def test_metrics_count_calls_by_route_and_never_by_path(client: FlaskClient) -> None:
    client.post("/cds-services/jane-doe", json={})
    client.get("/patients/jane-doe")

    text = client.get("/metrics").get_data(as_text=True)
    assert 'cds_requests_total{route="/cds-services/<service>",status="401"}' in text
    assert 'cds_jwt_refusals_total{reason="missing"}' in text
    assert "jane-doe" not in text


def test_a_service_whose_database_is_gone_is_up_and_not_ready(client: FlaskClient, tmp_path: Path) -> None:
    assert client.get("/readyz").get_json() == {"status": "ready"}

    client.application.extensions["payer-policy-cds-trust"].database.close()
    for path in tmp_path.glob("cds.sqlite3*"):
        path.unlink()

    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()["failing"]) == (503, ["database"])
