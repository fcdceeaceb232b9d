"""Draft orders that share an id: repeats, versions, and contents that contradict."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.contract.calls import order_sign, sign, with_orders

OURS = order_sign()["context"]["draftOrders"]["entry"][0]["resource"]
NAME = f"MedicationRequest/{OURS['id']}"


def dosed(mg: float, **meta: str) -> dict[str, Any]:
    draft = copy.deepcopy(OURS)
    draft["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]["value"] = mg
    return draft | ({"meta": meta} if meta else {})


def ordered(client: FlaskClient, *drafts: dict[str, Any]) -> dict[str, float]:
    """The milligrams of each order that has a coverage card; no two cards share an id."""
    cards = sign(client, with_orders(*drafts)).get_json()["cards"]
    assert len({card["uuid"] for card in cards}) == len(cards)
    said = [card["extension"]["payer-policy-cds"] for card in cards]
    coverage = [one for one in said if one["kind"] == "coverage"]
    assert len({one["order"] for one in coverage}) == len(coverage)
    return {one["order"]: float(one["dose"]["ordered_mg"]) for one in coverage}


@pytest.mark.parametrize(
    "metas",
    [
        ({"versionId": "9"}, {"versionId": "10"}),
        ({"lastUpdated": "2026-04-15T08:00:00Z"}, {"lastUpdated": "2026-04-15T05:00:00-04:00"}),
        ({"versionId": "1", "lastUpdated": "2026-04-15T08:00:00Z"}, {"versionId": "2"}),
    ],
)
def test_of_two_versions_of_an_order_the_later_is_the_order(
    client: FlaskClient, metas: tuple[dict[str, str], dict[str, str]]
) -> None:
    earlier, later = dosed(14.1, **metas[0]), dosed(1.41, **metas[1])
    assert ordered(client, earlier, later) == {NAME: 1.41}
    assert ordered(client, later, earlier) == {NAME: 1.41}


def test_contents_that_contradict_are_each_judged_under_a_name_of_their_own(client: FlaskClient) -> None:
    """Nothing tells which was meant: the tenfold dose is not passed over."""
    assert ordered(client, dosed(1.41), dosed(14.1)) == {NAME: 1.41, "draftOrders.entry[1]": 14.1}
    assert ordered(client, dosed(14.1), dosed(1.41), dosed(14.1)) == {
        NAME: 14.1,
        "draftOrders.entry[1]": 1.41,
    }


def test_an_order_that_stands_twice_is_one(client: FlaskClient) -> None:
    assert ordered(client, dosed(1.41), dosed(1.41)) == {NAME: 1.41}
