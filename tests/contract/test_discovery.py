"""Discovery: what an EHR reads before it calls."""

from __future__ import annotations

import re

from flask.testing import FlaskClient

from cds_service.fhir.record import DataKind


def test_one_order_sign_service_is_offered(client: FlaskClient) -> None:
    response = client.get("/cds-services")

    assert response.status_code == 200
    assert response.mimetype == "application/json"
    (service,) = response.get_json()["services"]
    assert service["hook"] == "order-sign"
    assert service["id"] == "inotuzumab-order-sign"
    assert "neither approves nor denies" in service["description"]


def test_templates_are_the_data_needs_in_portable_form(client: FlaskClient) -> None:
    (service,) = client.get("/cds-services").get_json()["services"]

    assert set(service["prefetch"]) == {need.value for need in DataKind}
    for template in service["prefetch"].values():
        assert set(re.findall(r"{{(.*?)}}", template)) == {"context.patientId"}
        assert not re.search(r"_include|_revinclude|_sort|:", template.replace("context.", ""))
        assert template.endswith("&_count=200") is ("?" in template)


def test_no_member_is_null_or_empty(client: FlaskClient) -> None:
    text = client.get("/cds-services").get_data(as_text=True)

    assert not re.search(r'null|""|\[\]|{}', text.replace("{{context.patientId}}", ""))


def test_the_answer_has_no_insignificant_white_space(client: FlaskClient) -> None:
    outside_strings = re.sub(r'"(?:[^"\\]|\\.)*"', "", client.get("/cds-services").get_data(as_text=True))

    assert not re.search(r"\s", outside_strings)


def test_an_unchanged_answer_is_not_sent_again(client: FlaskClient) -> None:
    first = client.get("/cds-services")
    again = client.get("/cds-services", headers={"If-None-Match": first.headers["ETag"]})

    assert not first.headers["ETag"].startswith("W/")
    assert again.status_code == 304
    assert again.get_data() == b""
    assert client.get("/cds-services", headers={"If-None-Match": '"other"'}).status_code == 200
