"""Canaries: a marker in every place where a patient or a secret could be, and where none may come out."""

from __future__ import annotations

import copy
import io
import itertools
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from cds_service.operations.logs import JsonLines
from cds_service.store import audit_trail
from tests.operations.conftest import bearer
from tests.operations.whole_service import complete_request, whole_service

HOOK = "/cds-services/inotuzumab-order-sign"
CANARY = re.compile(r"canary[0-9]+", re.IGNORECASE)
_numbers = itertools.count(1)
# Codes and dates steer the evaluation; everything else that is text gets a marker.
_STEERING = {
    "resourceType", "status", "intent", "system", "code", "unit", "use", "gender", "birthDate", "type", "hook",
    "userId", "patientId", "id", "reference", "url", "fullUrl",
}  # fmt: skip
_DATE = re.compile(r"\d{4}(-\d\d){0,2}(T.*)?")


def canary() -> str:
    return f"Canary{next(_numbers)}"


def marked(value: Any, name: str = "") -> Any:
    """The value with a marker behind every text that does not steer."""
    if isinstance(value, dict):
        return {member: marked(held, member) for member, held in value.items()}
    if isinstance(value, list):
        return [marked(held, name) for held in value]
    if isinstance(value, str) and name not in _STEERING and not _DATE.fullmatch(value):
        return f"{value} {canary()}"
    return value


def marked_request() -> dict[str, Any]:
    request = marked(complete_request())
    patient = request["prefetch"]["patient"]
    patient |= {
        "name": [{"family": canary(), "given": [canary()], "text": canary()}],
        "identifier": [{"system": "urn:mrn", "value": canary()}],
        "telecom": [{"system": "phone", "value": canary()}],
        "address": [{"line": [canary()], "city": canary(), "text": canary()}],
        "contact": [{"name": {"text": canary()}}],
        "text": {"status": "generated", "div": f"<div>{canary()}</div>"},
    }
    request |= {
        "hook": "order-sign",
        "hookInstance": canary(),
        "fhirServer": f"https://{canary()}.example.org/fhir",
        "fhirAuthorization": {
            "access_token": canary(),
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": f"patient/*.read {canary()}",
            "subject": canary(),
        },
        "extension": {"note": canary()},
    }
    text = json.dumps(request).replace(
        json.dumps(request["context"]["patientId"]), json.dumps("canary0-patient")
    )
    return json.loads(text.replace(f"Patient/{request['context']['patientId']}", "Patient/canary0-patient"))


def marked_headers() -> dict[str, str]:
    claims = {"sub": canary(), "jti": canary() + str(next(_numbers)), "tenant": canary(), "name": canary()}
    return {
        **bearer(**claims),
        "User-Agent": canary(),
        "Referer": f"https://ehr.example.org/{canary()}",
        "Cookie": f"session={canary()}",
        "X-Request-Id": canary(),
        "X-Forwarded-For": canary(),
        "Origin": f"https://{canary()}.example.org",
        "Content-Type": f"application/json; note={canary()}",
    }


def broken_requests() -> Iterator[bytes]:
    """The request with each required member gone, mistyped or of another form, and cut short."""
    request = marked_request()
    for path in [
        ("hook",), ("hookInstance",), ("context",), ("context", "patientId"), ("context", "userId"),
        ("context", "draftOrders"), ("prefetch",), ("fhirServer",), ("fhirAuthorization", "token_type"),
        ("fhirAuthorization", "expires_in"), ("fhirAuthorization", "patient"),
    ]:  # fmt: skip
        for value in (None, canary(), [canary()], {"a": canary()}, 7):
            changed = copy.deepcopy(request)
            holder = changed
            for member in path[:-1]:
                holder = holder[member]
            holder[path[-1]] = value
            yield json.dumps(changed).encode()
    whole = json.dumps(request)
    yield whole[: len(whole) // 2].encode()
    yield (whole[:-1] + f', "{canary()}": NaN}}').encode()
    yield (whole[:-1] + ', "hook": "order-sign"}').encode()
    yield whole.encode("utf-16")


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """All that is logged, by any library and at any level that settings allow."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


def _audit(client: FlaskClient) -> str:
    return "\n".join(audit_trail.exported(client.application.extensions["payer-policy-cds-trust"].database))


def test_no_canary_gets_out(environment: dict[str, str], written: io.StringIO) -> None:
    errors, sent = [], 0
    with whole_service(environment) as app:
        client = app.test_client()
        answered = client.post(HOOK, data=json.dumps(marked_request()), headers=marked_headers())
        assert answered.status_code == 200
        assert len(answered.get_json()["cards"]) >= 1
        for body in broken_requests():
            answer = client.post(HOOK, data=body, headers=marked_headers())
            sent += 1
            if answer.status_code != 200:
                errors.append(answer.get_data(as_text=True))
        feedback = {
            "card": answered.get_json()["cards"][0]["uuid"],
            "outcome": "overridden",
            "overrideReason": {"reason": {"code": canary(), "display": canary()}, "userComment": canary()},
            "outcomeTimestamp": "2026-04-15T13:00:00Z",
        }
        path = f"{HOOK}/feedback"
        headers = {**marked_headers(), **bearer(path)}
        assert client.post(path, json={"feedback": [feedback]}, headers=headers).status_code == 200
        feedback["outcome"] = canary()
        headers = {**marked_headers(), **bearer(path)}
        errors.append(
            client.post(path, json={"feedback": [feedback]}, headers=headers).get_data(as_text=True)
        )
        for address in (
            f"/{canary()}",
            f"/launch?iss={canary()}",
            f"/view?of={canary()}",
            f"{HOOK}/{canary()}",
        ):
            client.get(address, headers=marked_headers())
        metrics, audit = client.get("/metrics").get_data(as_text=True), _audit(client)

    assert len(errors) > sent / 2
    assert written.getvalue().count("\n") > sent
    assert CANARY.findall(written.getvalue()) == []
    assert CANARY.findall(metrics) == []
    assert CANARY.findall("\n".join(errors)) == []
    # The audit trail names the patient and nothing else of what was sent.
    assert set(CANARY.findall(audit)) == {"canary0"}
    assert set(re.findall(r"[^\"]*canary0[^\"]*", audit)) == {"Patient/canary0-patient"}
