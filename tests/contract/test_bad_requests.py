"""Awkward input: each is answered with its status and an OperationOutcome that names what is wrong."""

from __future__ import annotations

import gzip
import io
import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.contract.calls import (
    ABSENT,
    HOOK,
    PATIENT,
    changed,
    order,
    order_sign,
    refused,
    sign,
    with_orders,
    without_links,
)

CALL = order_sign()
SERVER = "http://127.0.0.1:9/fhir"
LENT = {
    "access_token": "token",
    "token_type": "Bearer",
    "expires_in": 300,
    "scope": "patient/*.rs",
    "subject": "cds",
    "patient": PATIENT,
}
WITH_SERVER = CALL | {"fhirServer": SERVER, "fhirAuthorization": LENT}
ENTRY = "context.draftOrders.entry"


def text_of(body: object) -> bytes:
    return json.dumps(body).encode()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"hook=order-sign",
        b"<html>",
        b"[" * 100_000,
        text_of(CALL)[:-1] + b',"extra":' + b"[" * 64 + b"]" * 64 + b"}",
        text_of(CALL)[:-1] + b',"extra":NaN}',
        text_of(CALL)[:-1] + b',"extra":-Infinity}',
        text_of(CALL)[:-1] + b',"hook":"order-sign"}',
        text_of(CALL)[:-1] + b',"extra":' + b"1" * 65 + b"}",
        text_of(CALL)[:-1] + b',"extra":1e400}',
        text_of(CALL)[:-1] + b',"extra":"\\ud800"}',
        text_of(CALL)[:-1] + ',"extra":"é"}'.encode("latin-1"),
        json.dumps(CALL).encode("utf-16"),
        b"\xef\xbb\xbf" + text_of(CALL),
    ],
)
def test_a_body_that_readers_may_disagree_on_is_400(client: FlaskClient, raw: bytes) -> None:
    refused(sign(client, raw), 400)


def test_a_byte_order_mark_is_called_that(client: FlaskClient) -> None:
    assert "byte order mark" in sign(client, b"\xef\xbb\xbf" + text_of(CALL)).text


def test_the_limits_themselves_are_allowed(client: FlaskClient) -> None:
    raw = text_of(CALL)[:-1] + b',"extra":[' + b"[" * 62 + b"]" * 62 + b"," + b"1" * 64 + b",1e308]}"

    assert sign(client, raw).status_code == 200


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity, gzip", "GZIP"])
def test_an_encoded_body_is_415(client: FlaskClient, encoding: str) -> None:
    refused(sign(client, gzip.compress(text_of(CALL)), headers={"Content-Encoding": encoding}), 415)


@pytest.mark.parametrize("encoding", ["identity", "Identity", ""])
def test_identity_is_no_encoding(client: FlaskClient, encoding: str) -> None:
    assert sign(client, CALL, headers={"Content-Encoding": encoding}).status_code == 200


def test_a_body_over_8_mib_is_413(client: FlaskClient) -> None:
    raw = text_of(CALL)
    padding = 8 * 1024 * 1024 - len(raw)

    assert sign(client, raw + b" " * padding).status_code == 200
    refused(sign(client, raw + b" " * (padding + 1)), 413)


@pytest.mark.parametrize(("more", "status"), [(0, 200), (1, 413), (100_000, 413)])
def test_a_body_in_chunks_is_read_whole_or_refused(client: FlaskClient, more: int, status: int) -> None:
    raw = text_of(CALL)
    body = raw + b" " * (8 * 1024 * 1024 - len(raw) + more)
    chunked = {
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "HTTP_TRANSFER_ENCODING": "chunked",
    }
    response = client.post(HOOK, environ_overrides=chunked)

    assert response.status_code == status


def test_a_body_of_unknown_length_is_bounded_too(client: FlaskClient) -> None:
    endless = io.BytesIO(b" " * (9 * 1024 * 1024))
    response = client.post(HOOK, input_stream=endless, environ_overrides={"wsgi.input_terminated": True})

    refused(response, 413)


class BrokenChunks(io.RawIOBase):
    """A server's reader of chunks, which raises an exception of its own in the middle of the body."""

    class InvalidChunkSize(Exception):
        pass

    def read(self, *_: object) -> bytes:
        raise self.InvalidChunkSize


FHIR = "/fhir/Questionnaire/$questionnaire-package"


@pytest.mark.parametrize("path", [HOOK, f"{HOOK}/feedback", FHIR])
def test_a_body_in_broken_chunks_is_400(client: FlaskClient, path: str) -> None:
    chunked = {
        "wsgi.input": BrokenChunks(),
        "wsgi.input_terminated": True,
        "HTTP_TRANSFER_ENCODING": "chunked",
    }
    response = client.post(path, content_type="application/json", environ_overrides=chunked)

    assert "breaks off" in refused(response, 400)


@pytest.mark.parametrize("terminated", [True, False])
def test_a_body_that_is_shorter_than_its_stated_length_is_400(client: FlaskClient, terminated: bool) -> None:
    raw = text_of(CALL)
    stated = {"CONTENT_LENGTH": str(len(raw) + 1), "wsgi.input_terminated": terminated}
    response = client.post(HOOK, input_stream=io.BytesIO(raw), environ_overrides=stated)

    refused(response, 400)


@pytest.mark.parametrize("mimetype", ["application/json", "application/json+fhir", "text/plain", ""])
def test_any_content_type_is_read(client: FlaskClient, mimetype: str) -> None:
    assert sign(client, CALL, headers={"Content-Type": mimetype}).status_code == 200


@pytest.mark.parametrize("body", [[], "order-sign", 1, None, True])
def test_a_body_that_is_no_object_is_400(client: FlaskClient, body: object) -> None:
    assert "object" in refused(sign(client, body), 400)


WRONG: dict[str, list[object]] = {
    "hook": [ABSENT, None, "", 1, "order-select", "Order-Sign", ["order-sign"]],
    "hookInstance": [ABSENT, None, "", 1, {}],
    "context": [ABSENT, None, "x", []],
    "context.userId": [ABSENT, None, 1, "", "x", "Patient/1", "Practitioner/", "Practitioner/a b"],
    "context.patientId": [ABSENT, None, 1, "", " ", f"Patient/{PATIENT}", "a/../b", "a?b", "x" * 65],
    "context.draftOrders": [ABSENT, None, [], "x"],
    "context.encounterId": [1, {}],
    "prefetch": [[], "x", 1],
    "fhirServer": ["", " ", 1, {}],
    "fhirAuthorization": [[], "token"],
    "fhirAuthorization.access_token": [ABSENT, None, 1],
    "fhirAuthorization.token_type": [ABSENT, None, 1, "", "Basic"],
    "fhirAuthorization.expires_in": [ABSENT, None, "300", True, 1.5],
    "fhirAuthorization.scope": [ABSENT, None, ["patient/*.rs"]],
    "fhirAuthorization.subject": [ABSENT, None, 1],
    "fhirAuthorization.patient": [1, "", "another", "Patient/another"],
}


@pytest.mark.parametrize(
    ("path", "value"), [(path, value) for path, values in WRONG.items() for value in values]
)
def test_a_member_that_is_missing_or_of_another_form_is_named(
    client: FlaskClient, path: str, value: object
) -> None:
    refused(sign(client, changed(WITH_SERVER, path, value)), 400, path)


def test_an_empty_context_names_the_first_missing_member(client: FlaskClient) -> None:
    refused(sign(client, changed(CALL, "context", {})), 400, "context.patientId")


def test_an_authorization_without_a_server_is_400(client: FlaskClient) -> None:
    refused(sign(client, changed(WITH_SERVER, "fhirServer", ABSENT)), 400, "fhirServer")


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ("context.draftOrders.resourceType", ABSENT, "context.draftOrders.resourceType"),
        ("context.draftOrders.resourceType", "List", "context.draftOrders.resourceType"),
        (ENTRY, {}, ENTRY),
        (ENTRY, ["x"], f"{ENTRY}[0]"),
        (ENTRY, [{}], f"{ENTRY}[0].resource"),
        (ENTRY, [{"resource": []}], f"{ENTRY}[0].resource"),
        (ENTRY, [{"resource": {}}], f"{ENTRY}[0].resource.resourceType"),
        (ENTRY, [{"resource": order()}, {"resource": {"id": "1"}}], f"{ENTRY}[1].resource.resourceType"),
        (ENTRY, [{"resource": order(resourceType=1)}], f"{ENTRY}[0].resource.resourceType"),
    ],
)
def test_an_order_that_cannot_be_told_is_named_and_never_skipped(
    client: FlaskClient, path: str, value: object, named: str
) -> None:
    refused(sign(client, changed(CALL, path, value)), 400, named)


@pytest.mark.parametrize(
    ("member", "other"),
    [
        ("subject", order(subject={"reference": "Patient/another"})),
        ("subject", order(subject={"reference": "https://ehr.example.org/fhir/Patient/another"})),
        ("subject", order(subject={"reference": "Patient/another/_history/2"})),
        ("subject", order(subject={"reference": "Group/1"})),
        ("patient", order(resourceType="NutritionOrder", patient={"reference": "Patient/another"})),
        ("for", order(resourceType="Task", **{"for": {"reference": "Patient/another"}})),
    ],
)
def test_an_order_for_another_patient_is_400(client: FlaskClient, member: str, other: dict[str, Any]) -> None:
    refused(sign(client, with_orders(order(), other)), 400, f"{ENTRY}[1].resource.{member}")


def test_an_order_for_another_patient_of_the_bundle_is_400(client: FlaskClient) -> None:
    entries = [
        {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Patient", "id": "another"}},
        {"resource": order(subject={"reference": "urn:uuid:1"})},
    ]

    refused(sign(client, changed(CALL, ENTRY, entries)), 400, f"{ENTRY}[1].resource.subject")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("hookInstance", "d1577c69-constant"),
        ("context.userId", "PractitionerRole/123"),
        ("context.encounterId", ABSENT if "encounterId" in CALL["context"] else None),
        ("context.draftOrders.type", ABSENT),
        ("context.draftOrders.entry", []),
        ("context.draftOrders.entry", None),
        ("fhirAuthorization", None),
        ("prefetch.unasked", {"resourceType": "Bundle"}),
        ("prefetch.conditions", "<html>an error page</html>"),
        ("extension", {"davinci-crd.configuration": {"max-cards": 5}}),
        ("unknown", {"deeply": ["nested", 1.5]}),
        ("context.unknown", [None]),
        ("context.draftOrders.entry.0.resource.category", {"text": "an object where an array belongs"}),
        (
            "context.draftOrders.entry.0.resource.subject.reference",
            f"https://x.example.org/fhir/Patient/{PATIENT}",
        ),
    ],
)
def test_what_real_ehrs_send_is_tolerated(client: FlaskClient, path: str, value: object) -> None:
    assert sign(client, changed(CALL, path, value)).status_code == 200


@pytest.mark.parametrize("token", ["", " ", "\t\n"])
@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("fhirServer", SERVER),
        ("fhirServer", ABSENT),
        ("fhirAuthorization.token_type", ABSENT),
        ("fhirAuthorization.expires_in", 0),
        ("fhirAuthorization.scope", "patient/Patient.read patient/Observation.read"),
    ],
)
def test_an_authorization_with_a_blank_token_is_as_if_absent(
    client: FlaskClient, token: str, path: str, value: object
) -> None:
    call = changed(changed(WITH_SERVER, "fhirAuthorization.access_token", token), path, value)
    absent = changed(call, "fhirAuthorization", ABSENT)

    assert sign(client, call).status_code == 200
    assert without_links(sign(client, call)) == without_links(sign(client, absent))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/cds-services/another", 404),
        ("POST", "/cds-services/Inotuzumab-Order-Sign", 404),
        ("GET", "/nowhere", 404),
        ("GET", HOOK, 405),
        ("PUT", HOOK, 405),
        ("POST", "/cds-services", 405),
    ],
)
def test_a_wrong_address_or_method_is_told(client: FlaskClient, method: str, path: str, status: int) -> None:
    response = client.open(path, method=method, data=text_of(CALL))

    refused(response, status)
    assert ("Allow" in response.headers) is (status == 405)


@pytest.mark.parametrize(
    "path", ["hook", "context.userId", "context.patientId", "fhirServer", "fhirAuthorization.token_type"]
)
def test_a_refusal_repeats_nothing_of_the_request(client: FlaskClient, path: str) -> None:
    marker = "Jane/Doe 1970"
    value = 1 if path == "fhirServer" else marker
    response = sign(client, changed(WITH_SERVER, path, value) | {"extension": {"note": marker}})

    assert response.status_code == 400
    for part in ("Jane", "Doe", "1970", PATIENT):
        assert part not in response.get_data(as_text=True)
