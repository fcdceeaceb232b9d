"""CRD calls as an EHR would send them, and the statements in what comes back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cds_service.crd.coverage_information import URL
from cds_service.ehr.needs import CLINICAL
from cds_service.evaluation.dialect import CdsService
from cds_service.hooks.services import CRD as ID
from cds_service.hooks.services import offered
from tests.contract.calls import CLOCK, changed, order_sign

CRD = f"/cds-services/{ID}"
SERVER = "http://127.0.0.1:9/fhir"
PAYER = "urn:oid:1.2.3|MMM"
FAILED = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
MET, UNKNOWN, NOT_MET = "relapsed-single-agent", "cd22-never-tested", "dlbcl"


def row() -> CdsService:
    """The service as discovery offers it."""
    return offered()[ID]


def environment(folder: Path) -> dict[str, str]:
    """A service in development with a trust file and a database in this folder."""
    return {
        "CDS_DEV": "1",
        "CDS_AUTH": "optional",
        "CDS_FIXED_NOW": CLOCK,
        "CDS_CONFIG": str(folder / "trust.toml"),
        "CDS_DATABASE_URL": f"sqlite:///{folder}/cds.sqlite3",
    }


def coverage(patient: str, **members: Any) -> dict[str, Any]:
    """A Coverage of the policy's payer, in force; a member that is None is left out."""
    system, _, value = PAYER.partition("|")
    usual = {
        "resourceType": "Coverage",
        "id": "c1",
        "status": "active",
        "subscriberId": "M-1",
        "beneficiary": {"reference": f"Patient/{patient}"},
        "period": {"start": "2026-01-01", "end": "2026-12-31"},
        "payor": [{"identifier": {"system": system, "value": value}}],
    }
    return {name: given for name, given in (usual | members).items() if given is not None}


def bundle(*resources: Mapping[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": r} for r in resources]}


def with_coverage(body: Mapping[str, Any], *coverages: Mapping[str, Any]) -> dict[str, Any]:
    """A call of the hospital's that brings these Coverages; by default one of the policy's payer."""
    held = coverages or (coverage(body["context"]["patientId"]),)
    return changed({"fhirServer": SERVER} | dict(body), "prefetch.coverage", bundle(*held))


def crd_call(patient: str = MET, **members: Any) -> dict[str, Any]:
    """A bundled patient's call with one Coverage, changed in these members."""
    return with_coverage(order_sign(patient), coverage(patient, **members))


def without_record(body: Mapping[str, Any]) -> dict[str, Any]:
    """A call whose EHR could send nothing clinical."""
    failed = dict.fromkeys((need.value for need in CLINICAL), FAILED)
    return {**body, "prefetch": {**body["prefetch"], **failed}}


def ask(client: FlaskClient, body: object) -> TestResponse:
    return client.post(CRD, data=json.dumps(body).encode(), headers={"Content-Type": "application/json"})


def answered(client: FlaskClient, body: object) -> dict[str, Any]:
    """The answer to a call that is not refused."""
    response = ask(client, body)
    assert response.status_code == 200, response.get_data(as_text=True)
    found: dict[str, Any] = response.get_json()
    return found


def information(order: Mapping[str, Any]) -> list[list[dict[str, Any]]]:
    """The members of each coverage-information extension on an order."""
    return [e["extension"] for e in order.get("extension", ()) if e["url"] == URL]


def values(parts: list[dict[str, Any]], url: str) -> list[Any]:
    """The values of the members of this name; of a nested one its own members."""
    return [next(v for name, v in part.items() if name != "url") for part in parts if part["url"] == url]


def the_statement(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The members of the only statement that an answer makes."""
    (action,) = answer["systemActions"]
    (parts,) = information(action["resource"])
    return parts


def codes(parts: list[dict[str, Any]], *urls: str) -> dict[str, Any]:
    """The single value of each of these members; None where there is none."""
    return {url: next(iter(values(parts, url)), None) for url in urls}


def reasons(parts: list[dict[str, Any]]) -> list[tuple[str | None, str]]:
    """The reasons, each with its code and its text."""
    return [
        (next((c["code"] for c in reason.get("coding", ())), None), reason["text"])
        for reason in values(parts, "reason")
    ]
