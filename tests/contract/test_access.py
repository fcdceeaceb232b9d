"""Which data a call needs, what is answered without it, and that an answer is never a false all-clear."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cds_service.evaluation.services import EXTENSION
from cds_service.policies import DrugPolicy
from tests.contract.calls import (
    ABSENT,
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
CLOSED = "http://127.0.0.1:9/fhir"
FORBIDDEN = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "forbidden"}]}
NO_CARDS = b'{"cards":[]}'


def concept(system: str, code: str, text: str = "a drug") -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}], "text": text}


HCPCS = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
GEMTUZUMAB = order(medicationCodeableConcept=concept(HCPCS, "J9203", "gemtuzumab ozogamicin"))
BLOOD_COUNT = order(resourceType="ServiceRequest", code=concept("http://loinc.org", "58410-2"))
UNREADABLE = order(medicationReference={"reference": "Medication/unknown"})
WITHOUT_DRUG = order()


def coverage(response: Any) -> dict[str, Any]:
    assert response.status_code == 200
    cards = [card["extension"]["payer-policy-cds"] for card in response.get_json()["cards"]]
    (only,) = [card for card in cards if card["kind"] == "coverage"]
    return only


@pytest.mark.parametrize(
    "orders", [[], [GEMTUZUMAB], [BLOOD_COUNT, GEMTUZUMAB], [UNREADABLE], [WITHOUT_DRUG]]
)
@pytest.mark.parametrize("access", [{}, {"prefetch": {}}, {"prefetch": {}, "fhirServer": CLOSED}])
def test_other_drugs_get_no_card_whatever_the_access(
    client: FlaskClient, orders: list[dict[str, Any]], access: Mapping[str, Any]
) -> None:
    response = sign(client, with_orders(*orders) | access)

    assert response.status_code == 200
    assert response.data == NO_CARDS
    assert "Server-Timing" not in response.headers


def test_each_order_of_a_mixed_bundle_that_is_in_scope_gets_its_coverage_card(client: FlaskClient) -> None:
    ours = CALL["context"]["draftOrders"]["entry"][0]["resource"]
    cards = sign(client, with_orders(GEMTUZUMAB | {"id": "other"}, ours)).get_json()["cards"]

    orders = {card["extension"]["payer-policy-cds"]["order"] for card in cards}
    assert orders == {f"MedicationRequest/{ours['id']}"}


@pytest.mark.parametrize("system", ["urn:oid:1.2.3.4", "J-codes", None, 5])
def test_a_code_of_the_drug_under_an_unknown_system_is_another_drug_and_logged(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, system: object
) -> None:
    coding = {"coding": [{"system": system, "code": "J9229"}]}
    assert sign(client, with_orders(order(medicationCodeableConcept=coding))).data == NO_CARDS
    assert "under an unknown code system" in caplog.text
    assert PATIENT not in caplog.text


def test_another_drug_is_not_logged(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    assert sign(client, with_orders(GEMTUZUMAB)).data == NO_CARDS
    assert "unknown code system" not in caplog.text


INOTUZUMAB = concept(HCPCS, "J9229", "Besponsa")


@pytest.mark.parametrize(
    ("drafts", "prefetch"),
    [
        ([order(medicationCodeableConcept=INOTUZUMAB)], {}),
        ([order(resourceType="ServiceRequest", code=INOTUZUMAB)], {}),
        ([order(medicationReference={"reference": "Medication/m", "display": "inotuzumab ozogamicin"})], {}),
        (
            [
                order(
                    medicationReference={"reference": "#m"},
                    contained=[{"resourceType": "Medication", "id": "m", "code": INOTUZUMAB}],
                )
            ],
            {},
        ),
        (
            [
                order(medicationReference={"reference": "Medication/m"}),
                {"resourceType": "Medication", "id": "m", "code": INOTUZUMAB},
            ],
            {},
        ),
        (
            [order(medicationReference={"reference": "Medication/m"})],
            {
                "medicationRequests": {
                    "resourceType": "Bundle",
                    "entry": [{"resource": {"resourceType": "Medication", "id": "m", "code": INOTUZUMAB}}],
                }
            },
        ),
    ],
)
def test_the_drug_is_found_wherever_it_is_named(
    client: FlaskClient, drafts: list[dict[str, Any]], prefetch: dict[str, Any]
) -> None:
    call = with_orders(*drafts)

    assert coverage(sign(client, call | {"prefetch": call["prefetch"] | prefetch}))["order"].endswith(
        "/draft-1"
    )


def without(*keys: str) -> dict[str, Any]:
    return {key: value for key, value in CALL["prefetch"].items() if key not in keys}


EXPIRED = {
    "access_token": "token",
    "token_type": "Bearer",
    "expires_in": 0,
    "scope": "patient/*.rs",
    "subject": "cds",
}


@pytest.mark.parametrize(
    "access",
    [
        {"prefetch": {}},
        {"prefetch": without("patient")},
        {"prefetch": {"patient": CALL["prefetch"]["patient"]}},
        {"prefetch": {"patient": CALL["prefetch"]["patient"], "coverage": None}},
        {"prefetch": {}, "fhirServer": "https://ehr.example.org/fhir"},
        {"prefetch": {}, "fhirServer": "not an address"},
        {"prefetch": {}, "fhirServer": CLOSED, "fhirAuthorization": EXPIRED},
    ],
)
def test_no_usable_server_and_too_little_sent_is_412(client: FlaskClient, access: Mapping[str, Any]) -> None:
    refused(sign(client, CALL | access), 412, "prefetch")


def test_a_call_without_prefetch_member_and_server_is_412(client: FlaskClient) -> None:
    refused(sign(client, changed(CALL, "prefetch", ABSENT)), 412, "prefetch")


def test_with_less_missing_the_absent_parts_are_unknown_and_named(client: FlaskClient) -> None:
    response = sign(
        client, CALL | {"prefetch": without("observations", "otherObservations", "diagnosticReports")}
    )

    assert coverage(response)["coverage"] == "unknown"
    assert "was not sent" in response.get_data(as_text=True)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("conditions", None),
        ("conditions", {"resourceType": "Bundle", "type": "searchset"}),
        ("conditions", {"resourceType": "Bundle", "type": "searchset", "entry": []}),
        ("conditions", FORBIDDEN),
    ],
)
def test_an_answered_key_is_never_asked_again(client: FlaskClient, key: str, value: object) -> None:
    alone = sign(client, changed(CALL, f"prefetch.{key}", value))
    with_server = sign(client, changed(CALL, f"prefetch.{key}", value) | {"fhirServer": CLOSED})

    assert coverage(alone)["coverage"] == "unknown"
    assert without_links(with_server) == without_links(alone)


def test_a_server_that_is_down_leaves_coverage_unknown_and_says_so(client: FlaskClient) -> None:
    response = sign(client, CALL | {"prefetch": {}, "fhirServer": CLOSED})

    assert coverage(response)["coverage"] == "unknown"
    assert all(c["verdict"] != "not-met" for c in coverage(response)["criteria"])
    assert "could not be seen" in response.get_data(as_text=True).lower()


def test_a_trailing_slash_of_the_server_is_ignored(client: FlaskClient, base: str) -> None:
    server = f"{base}/sandbox/fhir"
    answers = {sign(client, CALL | {"prefetch": {}, "fhirServer": s}).data for s in (server, f"{server}/")}

    assert len(answers) == 1


def test_the_time_spent_is_told(client: FlaskClient) -> None:
    timing = sign(client, CALL).headers["Server-Timing"]

    assert [part.split(";")[0] for part in timing.split(", ")] == ["prefetch", "fetch", "evaluation"]


def test_patients_interleaved_over_threads_get_the_answers_they_get_alone(app: Flask) -> None:
    calls = [order_sign(name) for name in (PATIENT, "tenfold-overdose", "cd22-never-tested")]
    alone = [sign(app.test_client(), call).data for call in calls]
    with ThreadPoolExecutor(6) as threads:
        together = list(threads.map(lambda i: sign(app.test_client(), calls[i % 3]).data, range(30)))

    assert len(set(alone)) == 3
    assert together == alone * 10


def test_a_fault_of_ours_is_500_with_an_id_and_never_an_empty_list(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    services = app.extensions[EXTENSION]

    def broken(*_: object) -> Any:
        raise RuntimeError("Jane Doe has no weight")

    policies: dict[str, DrugPolicy] = {
        name: replace(policy, determine=broken) for name, policy in services.policies.items()
    }
    monkeypatch.setitem(app.extensions, EXTENSION, replace(services, policies=policies))
    with caplog.at_level("ERROR"):
        response = sign(app.test_client(), CALL)

    refused(response, 500)
    error_id = response.get_json()["issue"][0]["diagnostics"].removeprefix("error ")
    assert error_id in caplog.text
    assert "RuntimeError" in caplog.text
    assert "Jane" not in caplog.text + response.get_data(as_text=True)


def test_null_stands_only_where_the_contract_allows_it(client: FlaskClient) -> None:
    doses = {"ordered_mg", "expected_mg", "low_mg", "high_mg", "mg_per_m2", "bsa_m2", "units_j9229", "vials"}
    allowed = {"cycle", "day"} | doses

    def nulls(value: object, name: str) -> set[str]:
        if isinstance(value, dict):
            return {found for key, item in value.items() for found in nulls(item, key)}
        if isinstance(value, list):
            return {found for item in value for found in nulls(item, name)}
        return {name} if value is None else set()

    response = sign(client, CALL | {"prefetch": without("observations", "otherObservations")})

    assert nulls(json.loads(response.data), "") <= allowed
