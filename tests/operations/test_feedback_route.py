"""Feedback over HTTP: every shape, whole batches or nothing, and what it leaves in the audit trail."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from cds_service.store import audit_trail, feedback
from tests.operations.conftest import bearer

HOOK = "/cds-services/inotuzumab-order-sign"
PATH = f"{HOOK}/feedback"
CARD = "4e0a3a1e-3283-4575-ab82-028d55fe2719"
WHEN = "2026-04-15T13:00:00Z"
ACCEPTED = {
    "card": CARD,
    "outcome": "accepted",
    "acceptedSuggestions": [{"id": "e56e1945-20b3-4393-8503-a1a20fd73152"}],
    "outcomeTimestamp": WHEN,
}
OVERRIDDEN = {"card": CARD, "outcome": "overridden", "outcomeTimestamp": WHEN}


def _post(client: FlaskClient, body: object) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(PATH, data=raw, headers=bearer(PATH))


def _kept(client: FlaskClient) -> list[dict[str, Any]]:
    return list(feedback.items(client.application.extensions["payer-policy-cds-trust"].database))


def _reason(**reason: Any) -> dict[str, Any]:
    return {**OVERRIDDEN, "overrideReason": reason}


@pytest.mark.parametrize(
    "item",
    [
        ACCEPTED,
        {**ACCEPTED, "acceptedSuggestions": [{"id": "a"}, {"id": "b", "extra": 1}]},
        OVERRIDDEN,
        {**OVERRIDDEN, "overrideReason": None},
        _reason(reason={"code": "c"}),
        _reason(reason={"code": "c", "system": "https://example.com/reasons", "display": "Words"}),
        _reason(userComment="Seen by tumour board"),
        _reason(userComment=""),
        _reason(reason={"code": "c"}, userComment="ünï", extra=[1]),
        {**OVERRIDDEN, "card": "a card that never was".replace(" ", "-")},
        {**OVERRIDDEN, "outcomeTimestamp": "2026-04-15T09:00:00.123456789-04:00"},
        {**OVERRIDDEN, "outcomeTimestamp": "2026-04-15t13:00:00z"},
        {**OVERRIDDEN, "outcomeTimestamp": "2016-12-31T23:59:60Z"},
        {**OVERRIDDEN, "unknown": {"member": True}},
    ],
)
def test_every_well_formed_item_is_kept(client: FlaskClient, item: dict[str, Any]) -> None:
    answer = _post(client, {"feedback": [item], "extension": {}})

    assert (answer.status_code, answer.get_json()) == (200, {})
    assert len(_kept(client)) == 1


def test_no_items_at_all_is_well_formed(client: FlaskClient) -> None:
    assert _post(client, {"feedback": []}).status_code == 200


@pytest.mark.parametrize(
    ("item", "member"),
    [
        ("text", ""),
        (None, ""),
        ({**ACCEPTED, "card": None}, ".card"),
        ({**ACCEPTED, "card": 7}, ".card"),
        ({**ACCEPTED, "card": " "}, ".card"),
        ({**ACCEPTED, "card": "x" * 201}, ".card"),
        ({**ACCEPTED, "card": "null\x00byte"}, ".card"),
        ({**ACCEPTED, "outcome": None}, ".outcome"),
        ({**ACCEPTED, "outcome": "ignored"}, ".outcome"),
        ({**ACCEPTED, "outcome": ["accepted"]}, ".outcome"),
        ({**ACCEPTED, "acceptedSuggestions": None}, ".acceptedSuggestions"),
        ({**ACCEPTED, "acceptedSuggestions": []}, ".acceptedSuggestions"),
        ({**ACCEPTED, "acceptedSuggestions": {"id": "a"}}, ".acceptedSuggestions"),
        ({**ACCEPTED, "acceptedSuggestions": ["a"]}, ".acceptedSuggestions[0]"),
        ({**ACCEPTED, "acceptedSuggestions": [{"id": 1}]}, ".acceptedSuggestions[0].id"),
        ({**ACCEPTED, "outcomeTimestamp": None}, ".outcomeTimestamp"),
        ({**ACCEPTED, "outcomeTimestamp": 1}, ".outcomeTimestamp"),
        ({**ACCEPTED, "outcomeTimestamp": "yesterday"}, ".outcomeTimestamp"),
        ({**ACCEPTED, "outcomeTimestamp": "2026-04-15"}, ".outcomeTimestamp"),
        ({**ACCEPTED, "outcomeTimestamp": "2026-04-15T13:00:00"}, ".outcomeTimestamp"),
        ({**ACCEPTED, "outcomeTimestamp": "2026-02-30T13:00:00Z"}, ".outcomeTimestamp"),
        ({**ACCEPTED, "outcomeTimestamp": "0000-01-01T00:00:00Z"}, ".outcomeTimestamp"),
        ({**OVERRIDDEN, "overrideReason": "because"}, ".overrideReason"),
        (_reason(), ".overrideReason.reason"),
        (_reason(reason="c"), ".overrideReason.reason"),
        (_reason(reason={}), ".overrideReason.reason.code"),
        (_reason(reason={"code": 1}), ".overrideReason.reason.code"),
        (_reason(reason={"code": "c", "display": 1}), ".overrideReason.reason.display"),
        (_reason(userComment=1), ".overrideReason.userComment"),
    ],
)
def test_one_malformed_item_refuses_the_batch_and_is_named(
    client: FlaskClient, item: object, member: str
) -> None:
    answer = _post(client, {"feedback": [OVERRIDDEN, item, ACCEPTED]})

    assert answer.status_code == 400
    assert answer.get_json()["issue"][0]["expression"] == [f"feedback[1]{member}"]
    assert _kept(client) == []


@pytest.mark.parametrize("body", [[], "text", {}, {"feedback": {}}, {"feedback": None}, b"{", b""])
def test_a_body_without_an_array_of_feedback_is_refused(client: FlaskClient, body: object) -> None:
    answer = _post(client, body)

    assert answer.status_code == 400
    assert answer.get_json()["resourceType"] == "OperationOutcome"


def test_feedback_to_an_unknown_service_is_not_found(client: FlaskClient) -> None:
    path = "/cds-services/other/feedback"

    assert client.post(path, json={"feedback": []}, headers=bearer(path)).status_code == 404


def test_the_old_analytics_address_is_a_harmless_404(client: FlaskClient) -> None:
    assert client.post(f"/analytics/{CARD}", json={}).status_code == 404


def test_repeats_change_nothing(client: FlaskClient) -> None:
    for _ in range(3):
        assert _post(client, {"feedback": [ACCEPTED, ACCEPTED, OVERRIDDEN]}).status_code == 200

    assert len(_kept(client)) == 2


def test_one_post_may_carry_many_cards_and_calls(client: FlaskClient) -> None:
    batch = [{**OVERRIDDEN, "card": f"card-{n}"} for n in range(500)]

    assert _post(client, {"feedback": batch}).status_code == 200
    assert len(_kept(client)) == 500


def test_a_post_is_audited_with_the_patient_its_card_was_shown_for(client: FlaskClient) -> None:
    shown = {"context": {"patientId": "pat-1"}, "cards": [{"uuid": CARD, "kind": "dose"}]}
    client.post(HOOK, json=shown, headers=bearer())
    _post(client, {"feedback": [ACCEPTED]})

    event = json.loads(
        list(audit_trail.exported(client.application.extensions["payer-policy-cds-trust"].database))[-1]
    )
    assert (event["action"], event["outcome"]) == ("C", "0")
    assert event["entity"][0]["what"] == {"reference": "Patient/pat-1"}
    assert {"type": "card", "valueString": CARD} in event["entity"][-1]["detail"]


def test_what_cannot_be_kept_is_not_acknowledged(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = bearer(PATH)
    database = client.application.extensions["payer-policy-cds-trust"].database
    monkeypatch.setattr("cds_service.store.feedback._ITEM", feedback.text("INSERT INTO nowhere VALUES (1)"))

    answer = client.post(PATH, json={"feedback": [ACCEPTED]}, headers=headers)

    assert answer.status_code == 503
    assert list(feedback.items(database)) == []
