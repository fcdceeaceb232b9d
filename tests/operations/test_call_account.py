"""What a hook call leaves behind: its audit event, its numbers, and whose servers it could reach."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from cds_service.fhir.gaps import GapCode, Reason
from cds_service.store import audit_trail
from tests.operations.conftest import bearer
from tests.operations.whole_service import complete_request, whole_service

HOOK = "/cds-services/inotuzumab-order-sign"
INSTANCE = "0b0d8e0c-3a58-4c3f-8f6e-1f2f3f4f5f6f"


@pytest.fixture
def client(environment: dict[str, str]) -> Iterator[FlaskClient]:
    trust_file = Path(environment["CDS_CONFIG"])
    other = '\n[[tenant]]\nid = "hospital-b"\nfhir_servers = ["https://ehr-b.example.org/fhir"]\n'
    trust_file.write_text(trust_file.read_text() + other)
    with whole_service(environment) as app:
        yield app.test_client()


def _event(client: FlaskClient) -> dict[str, Any]:
    events = list(audit_trail.exported(client.application.extensions["payer-policy-cds-trust"].database))
    return dict(json.loads(events[-1]))


def _facts(event: dict[str, Any]) -> list[tuple[str, str]]:
    return [(detail["type"], detail["valueString"]) for detail in event["entity"][-1]["detail"]]


def test_an_event_names_patient_user_order_policy_cards_and_completeness(client: FlaskClient) -> None:
    request = {**complete_request(), "hookInstance": INSTANCE}
    cards = client.post(HOOK, json=request, headers=bearer()).get_json()["cards"]

    event = _event(client)
    named = [entity["what"] for entity in event["entity"]]
    assert {"reference": f"Patient/{request['context']['patientId']}"} in named
    assert {"reference": cards[0]["extension"]["payer-policy-cds"]["order"]} in named
    assert {"identifier": {"value": "MP-RX-FP-12-23"}} in named
    assert event["agent"][2]["who"] == {"reference": request["context"]["userId"]}
    facts = _facts(event)
    assert [value for name, value in facts if name == "card"] == [card["uuid"] for card in cards]
    assert ("hookInstance", INSTANCE) in facts
    assert ("completeness", "complete") in facts
    assert {"prefetch ms", "fetch ms", "evaluation ms"} <= {name for name, _ in facts}


def test_a_rule_that_failed_is_counted_and_stands_in_the_event(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_case: object) -> None:
        raise RuntimeError("patient Doe")

    monkeypatch.setattr("cds_service.policies.inotuzumab.one_order.check_dose", broken)
    before = _total(client, "cds_evaluations_cut_total", "error")
    assert client.post(HOOK, json=complete_request(), headers=bearer()).status_code == 200

    assert ("evaluation", "1 failed") in _facts(_event(client))
    assert _total(client, "cds_evaluations_cut_total", "error") == before + 1


def _total(client: FlaskClient, name: str, why: str) -> float:
    lines = client.get("/metrics").get_data(as_text=True).splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(f'{name}{{why="{why}"'))


def test_what_could_not_be_seen_is_named_by_its_kind(client: FlaskClient) -> None:
    request = complete_request()
    request["prefetch"]["observations"] = {"resourceType": "OperationOutcome", "issue": []}
    request["prefetch"]["otherObservations"] = {"resourceType": "OperationOutcome", "issue": []}
    client.post(HOOK, json=request, headers=bearer())

    facts = _facts(_event(client))
    assert ("completeness", "partial") in facts
    assert ("unseen", "observations") in facts


def test_what_an_ehr_left_unanswered_is_counted_by_the_code_of_the_gap_whatever_its_words(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_off = 'cds_ehr_failures_total{kind="cut off"}'
    monkeypatch.setattr("cds_service.ehr.gather._FIRST_PAGE", Reason("in other words", GapCode.CUT_OFF))
    request = complete_request()
    observations = {**request["prefetch"]["otherObservations"], "link": [{"relation": "next", "url": "x?2"}]}
    request["prefetch"]["otherObservations"] = observations
    before = _value(client, cut_off)
    client.post(HOOK, json=request, headers=bearer())

    assert _value(client, cut_off) == before + 1


def _value(client: FlaskClient, name: str) -> float:
    lines = client.get("/metrics").get_data(as_text=True).splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(name))


def test_a_call_without_access_to_data_is_accounted_for_with_its_patient(client: FlaskClient) -> None:
    request = {**complete_request(), "prefetch": {}}

    assert client.post(HOOK, json=request, headers=bearer()).status_code == 412
    event = _event(client)
    assert event["outcome"] == "4"
    assert event["entity"][0]["what"] == {"reference": f"Patient/{request['context']['patientId']}"}


@pytest.mark.parametrize("server", ["https://ehr-b.example.org/fhir", "https://unknown.example.org/fhir"])
def test_another_tenants_server_is_no_server_of_the_caller(client: FlaskClient, server: str) -> None:
    request = {**complete_request(), "prefetch": {}, "fhirServer": server}

    assert client.post(HOOK, json=request, headers=bearer()).status_code == 412


def test_cards_and_phases_are_counted(client: FlaskClient) -> None:
    client.post(HOOK, json=complete_request(), headers=bearer())

    told = client.get("/metrics").get_data(as_text=True)
    assert "cds_cards_total{indicator=" in told
    assert 'kind="coverage"' in told
    assert 'cds_hook_phase_seconds_count{phase="evaluation"}' in told
