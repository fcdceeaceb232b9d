"""Discovery: what an EHR reads before it calls."""

from __future__ import annotations

import re
from typing import Any

from flask.testing import FlaskClient

from cds_service.fhir.record import DataKind
from cds_service.policies import installed


def offered(client: FlaskClient) -> dict[str, Any]:
    """The services of the discovery answer by their ids."""
    return {service["id"]: service for service in client.get("/cds-services").get_json()["services"]}


def test_two_order_sign_services_are_offered(client: FlaskClient) -> None:
    response = client.get("/cds-services")

    assert response.status_code == 200
    assert response.mimetype == "application/json"
    services = offered(client)
    assert list(services) == ["inotuzumab-order-sign", "order-sign-crd"]
    for service in services.values():
        assert service["hook"] == "order-sign"
        assert "neither approves nor denies" in service["description"]


def test_the_plain_service_is_told_by_its_policy(client: FlaskClient) -> None:
    plain, described = (
        offered(client)["inotuzumab-order-sign"],
        installed()["inotuzumab"].outline.policy.service,
    )

    assert (plain["title"], plain["description"]) == (described.title, described.description)
    assert "extension" not in plain


def test_templates_are_the_data_needs_in_portable_form(client: FlaskClient) -> None:
    service = offered(client)["inotuzumab-order-sign"]

    assert set(service["prefetch"]) == {need.value for need in DataKind}
    for template in service["prefetch"].values():
        assert set(re.findall(r"{{(.*?)}}", template)) == {"context.patientId"}
        assert not re.search(r"_include|_revinclude|_sort|:", template.replace("context.", ""))
        assert template.endswith("&_count=200") is ("?" in template)


def test_no_member_is_null_or_empty(client: FlaskClient) -> None:
    text = client.get("/cds-services").get_data(as_text=True)

    assert not re.search(r'null|""|\[\]|{}', re.sub(r"{{.*?}}", "", text))


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
