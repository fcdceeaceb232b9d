"""The payer on the wire: by the tenant's identifiers, on the coverage card alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.contract.calls import CLOCK, PATIENT, changed, order_sign, sign
from tests.ehr.hostile import running

SERVER = "http://127.0.0.1:9/fhir"
CALL = order_sign() | {"fhirServer": SERVER}
FORBIDDEN = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "forbidden"}]}
COVERAGE: dict[str, Any] = {
    "resourceType": "Coverage",
    "id": "c1",
    "status": "active",
    "beneficiary": {"reference": f"Patient/{PATIENT}"},
    "payor": [{"identifier": {"system": "urn:oid:1.2.3", "value": "MMM"}}],
}
ENDED = COVERAGE | {"status": "cancelled"}
OTHER = COVERAGE | {"payor": [{"identifier": {"system": "urn:oid:1.2.3", "value": "X"}}]}


def service(
    start: Callable[[dict[str, str]], Flask], tmp_path: Path, identifiers: str, server: str = SERVER
) -> FlaskClient:
    (tmp_path / "trust.toml").write_text(
        f'[[tenant]]\nid = "a"\nfhir_servers = ["{server}"]\npayer_identifiers = {identifiers}\n'
    )
    environ = {
        "CDS_DEV": "1",
        "CDS_AUTH": "optional",
        "CDS_FIXED_NOW": CLOCK,
        "CDS_CONFIG": str(tmp_path / "trust.toml"),
        "CDS_DATABASE_URL": f"sqlite:///{tmp_path}/cds.sqlite3",
    }
    return start(environ).test_client()


def cards(client: FlaskClient, answered: object) -> list[dict[str, Any]]:
    response = sign(client, changed(CALL, "prefetch.coverage", answered))
    assert response.status_code == 200
    found: list[dict[str, Any]] = response.get_json()["cards"]
    return found


def bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": r} for r in resources]}


@pytest.mark.parametrize(
    ("answered", "payer"),
    [
        (bundle(COVERAGE), {"match": "yes", "evidence": ["Coverage/c1"]}),
        (bundle(OTHER), {"match": "other", "evidence": ["Coverage/c1"]}),
        (bundle(ENDED), {"match": "ended", "evidence": ["Coverage/c1"]}),
        (bundle(), {"match": "none", "evidence": []}),
        (None, {"match": "none", "evidence": []}),
    ],
)
def test_the_coverage_card_tells_the_payer(
    start: Callable[[dict[str, str]], Flask], tmp_path: Path, answered: object, payer: dict[str, Any]
) -> None:
    found = cards(service(start, tmp_path, '["urn:oid:1.2.3|MMM"]'), answered)
    facts = {
        card["extension"]["payer-policy-cds"]["kind"]: card["extension"]["payer-policy-cds"] for card in found
    }

    assert facts.pop("coverage")["payer"] == payer
    assert not any("payer" in others for others in facts.values())


def test_nothing_is_told_when_coverage_could_not_be_seen(
    start: Callable[[dict[str, str]], Flask], tmp_path: Path
) -> None:
    client = service(start, tmp_path, '["urn:oid:1.2.3|MMM"]')

    assert "payer" not in cards(client, FORBIDDEN)[0]["extension"]["payer-policy-cds"]


def test_a_tenant_without_identifiers_is_told_nothing(
    start: Callable[[dict[str, str]], Flask], tmp_path: Path
) -> None:
    client = service(start, tmp_path, "[]")

    assert "payer" not in cards(client, bundle(COVERAGE))[0]["extension"]["payer-policy-cds"]


def test_the_card_says_it_in_one_sentence(start: Callable[[dict[str, str]], Flask], tmp_path: Path) -> None:
    client = service(start, tmp_path, '["urn:oid:1.2.3|MMM"]')
    with_other, with_none = (cards(client, bundle(*held))[0]["detail"] for held in ([OTHER], []))

    assert with_other.count("is of another payer: this policy may not apply.") == 1
    assert "another payer" not in with_none


@pytest.mark.parametrize(("identifiers", "payer"), [('["urn:oid:1.2.3|MMM"]', "yes"), ("[]", None)])
def test_a_payor_that_is_named_by_reference_is_read_where_somebody_asks_for_it(
    start: Callable[[dict[str, str]], Flask], tmp_path: Path, identifiers: str, payer: str | None
) -> None:
    organization = {
        "resourceType": "Organization",
        "id": "o1",
        "identifier": [COVERAGE["payor"][0]["identifier"]],
    }
    held = COVERAGE | {"payor": [{"reference": "Organization/o1"}]}
    with running([organization]) as ehr:
        client = service(start, tmp_path, identifiers, ehr.base)
        call = changed(CALL, "prefetch.coverage", bundle(held)) | {"fhirServer": ehr.base}
        facts = sign(client, call).get_json()["cards"][0]["extension"]["payer-policy-cds"]
        asked = ehr.asked("Organization")

    assert facts.get("payer", {}).get("match") == payer
    assert asked == (["Organization/o1"] if payer else [])
