"""Orders that a draft group of requests contains: each is an order being signed."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.contract.calls import PATIENT, order, order_sign, refused, sign, with_orders

OURS = order_sign()["context"]["draftOrders"]["entry"][0]["resource"]
INSIDE = "draftOrders.entry[0].resource.contained[1]"
MEDICATION = {
    "resourceType": "Medication",
    "id": "m",
    "code": OURS["medicationCodeableConcept"],
}


def group(*contained: dict[str, Any], kind: str = "RequestGroup", **more: Any) -> dict[str, Any]:
    actions = [{"resource": {"reference": f"#{one['id']}"}} for one in contained]
    held = {"status": "draft", "intent": "order", "subject": {"reference": f"Patient/{PATIENT}"}}
    return {"resourceType": kind, "id": "g", "contained": list(contained), "action": actions} | held | more


def by_reference() -> dict[str, Any]:
    rest = {k: v for k, v in OURS.items() if k != "medicationCodeableConcept"}
    return rest | {"medicationReference": {"reference": "#m"}}


def said(client: FlaskClient, *drafts: dict[str, Any]) -> list[dict[str, Any]]:
    cards = sign(client, with_orders(*drafts)).get_json()["cards"]
    found = [card["extension"]["payer-policy-cds"] for card in cards]
    return [one for one in found if one["kind"] == "coverage"]


@pytest.mark.parametrize("kind", ["RequestGroup", "RequestOrchestration", "CarePlan"])
def test_an_order_in_a_group_is_judged_as_one_beside_it(client: FlaskClient, kind: str) -> None:
    (alone,) = said(client, OURS)
    (inside,) = said(client, group(MEDICATION, by_reference(), kind=kind))
    assert inside["order"] == INSIDE
    assert inside["dose"] == alone["dose"]
    assert [(c["id"], c["verdict"]) for c in inside["criteria"]] == [
        (c["id"], c["verdict"]) for c in alone["criteria"]
    ]


def test_a_partner_in_the_group_is_one(client: FlaskClient) -> None:
    partner = order(id="p", medicationCodeableConcept={"text": "cytarabine"})
    (inside,) = said(client, group(MEDICATION, by_reference(), partner))
    verdicts = {c["id"]: c["verdict"] for c in inside["criteria"]}
    assert verdicts["POL-A-II-B-1"] == "not-met"


@pytest.mark.parametrize("more", [{"status": "revoked"}, {"contained": None}, {"contained": [None, "x"]}])
def test_a_group_that_is_withdrawn_or_holds_nothing_orders_nothing(
    client: FlaskClient, more: dict[str, Any]
) -> None:
    assert said(client, group(MEDICATION, by_reference()) | more) == []


def test_an_order_for_another_patient_in_a_group_is_400(client: FlaskClient) -> None:
    other = by_reference() | {"subject": {"reference": "Patient/another"}}
    answer = sign(client, with_orders(group(MEDICATION, other)))
    refused(answer, 400, f"context.{INSIDE}.subject")
