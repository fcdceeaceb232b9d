"""The OpenAPI description tells what is answered: every route, and every member of every card."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient

from cds_service import gunicorn_conf
from tests.contract.calls import order_sign, sign
from tests.crd.calls import ask, with_coverage
from tests.fixtures import NAMES

DESCRIPTION: dict[str, Any] = schemathesis.openapi.from_path(
    str(Path(__file__).parents[2] / "docs" / "openapi.yaml")
).raw_schema


def closed(schema: Any) -> Any:
    """A copy in which an object may have the members that are described, and no other."""
    schema = copy.deepcopy(schema)
    for part in parts(schema):
        if "properties" in part:
            part.setdefault("additionalProperties", False)
    return schema


def parts(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        schema = list(schema.values())
    if isinstance(schema, list):
        for member in schema:
            yield from parts(member)


@pytest.fixture(scope="module")
def cards() -> Any:
    """Checks an answer; a resource that a suggestion offers has members of its own."""
    schemas = closed(DESCRIPTION["components"]["schemas"])
    schemas["Resource"].pop("additionalProperties")
    return jsonschema_rs.Draft202012Validator(
        {"$ref": "#/components/schemas/Cards", "components": {"schemas": schemas}}, validate_formats=True
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_member_of_a_card_is_described(client: FlaskClient, cards: Any, name: str) -> None:
    call = order_sign(name) | {"fhirServer": "http://127.0.0.1:9/fhir"}  # so that cards have their links
    answer = json.loads(sign(client, call).data)

    assert [error.message for error in cards.iter_errors(answer)] == []
    assert any("links" in card for card in answer["cards"])


@pytest.mark.parametrize("name", NAMES)
def test_every_member_of_a_crd_answer_is_described(client: FlaskClient, cards: Any, name: str) -> None:
    call = with_coverage(order_sign(name)) | {"fhirServer": "http://127.0.0.1:9/fhir"}
    answer = json.loads(ask(client, call).data)

    assert [error.message for error in cards.iter_errors(answer)] == []
    assert "systemActions" in answer


def test_the_services_of_discovery_are_those_described(client: FlaskClient) -> None:
    answer = client.get("/cds-services").get_json()
    schemas = closed(DESCRIPTION["components"]["schemas"])
    discovery = {"$ref": "#/components/schemas/Discovery", "components": {"schemas": schemas}}

    assert [e.message for e in jsonschema_rs.Draft202012Validator(discovery).iter_errors(answer)] == []
    ids = DESCRIPTION["components"]["parameters"]["Service"]["schema"]["enum"]
    assert ids == [service["id"] for service in answer["services"]]


@pytest.mark.parametrize("path", ["/cds-services", "/fhir/Questionnaire/{name}", "/fhir/Library/{name}"])
def test_what_has_an_etag_is_described_as_it_is_when_it_has_not_changed(
    client: FlaskClient, path: str
) -> None:
    name = "InotuzumabPriorAuthorization" if "Library" in path else "MP-RX-FP-12-23"
    address = path.format(name=name)
    again = client.get(address, headers={"If-None-Match": client.get(address).headers["ETag"]})

    assert str(again.status_code) in DESCRIPTION["paths"][path]["get"]["responses"]
    assert again.status_code == 304


def test_a_launch_as_long_as_described_fits_into_the_address_that_the_server_reads() -> None:
    [longest] = [
        parameter["schema"]["maxLength"]
        for parameter in DESCRIPTION["paths"]["/launch"]["get"]["parameters"]
        if parameter["name"] == "launch"
    ]

    assert longest + 2000 <= gunicorn_conf.limit_request_line


def test_what_is_not_described_is_found(client: FlaskClient, cards: Any) -> None:
    answer = json.loads(sign(client, order_sign()).data)
    answer["cards"][0]["extension"]["payer-policy-cds"]["surprise"] = 1

    assert not cards.is_valid(answer)


def test_every_route_is_described_and_no_other(app: Flask) -> None:
    rules = (rule.rule for rule in app.url_map.iter_rules() if not rule.endpoint.endswith("static"))
    # The front page and the sandbox EHR are for people.
    routes = {
        re.sub(r"<(?:\w+:)?\w+>", "{}", rule) for rule in rules if rule != "/" and "/sandbox" not in rule
    }

    assert {re.sub(r"\{\w+\}", "{}", path) for path in DESCRIPTION["paths"]} == routes
