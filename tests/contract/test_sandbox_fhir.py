"""The sandbox EHR's FHIR API: enough of FHIR R4 for every search of the table of data needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cds_service.ehr.needs import NEEDS, DataNeed
from cds_service.fhir.record import DataKind
from cds_service.sandbox.fixtures import names, resources
from cds_service.sandbox.patients import patients
from tests.contract.calls import PATIENT

BASE = "/sandbox/fhir"
HELD = list(resources(PATIENT))


def pages(client: FlaskClient, url: str) -> Iterator[dict[str, Any]]:
    """The pages of a search, by its next links."""
    following: str | None = url
    while following is not None:
        page = client.get(following).get_json()
        yield page
        links = {link["relation"]: link["url"] for link in page["link"]}
        parts = urlsplit(links.get("next", ""))
        following = f"{parts.path}?{parts.query}" if "next" in links else None


def found(client: FlaskClient, url: str) -> list[str]:
    entries = [entry for page in pages(client, url) for entry in page.get("entry", ())]
    return [f"{e['resource']['resourceType']}/{e['resource']['id']}" for e in entries]


def of_type(kind: str) -> set[str]:
    return {f"{kind}/{r['id']}" for r in HELD if r["resourceType"] == kind}


@pytest.mark.parametrize("row", NEEDS, ids=lambda row: row.need)
def test_every_data_need_can_be_asked_for(client: FlaskClient, row: DataNeed) -> None:
    for path in row.paths(PATIENT):
        response = client.get(f"{BASE}/{path}")

        assert response.status_code == 200
        assert response.mimetype == "application/fhir+json"
        assert response.get_json()["resourceType"] == ("Patient" if row.is_read else "Bundle")


def test_a_search_finds_this_patients_resources_only(client: FlaskClient) -> None:
    assert len(names()) > 1
    assert set(found(client, f"{BASE}/Observation?patient={PATIENT}")) == of_type("Observation")


@pytest.mark.parametrize(
    "query",
    [
        f"subject=Patient/{PATIENT}",
        f"patient=Patient/{PATIENT}&code=29463-7,8302-2",
        f"patient={PATIENT}&code=http://loinc.org|29463-7,http://loinc.org|8302-2",
        f"patient={PATIENT}&code=29463-7,8302-2&status=final,amended",
    ],
)
def test_a_search_narrows_by_patient_code_and_status(client: FlaskClient, query: str) -> None:
    narrowed = set(found(client, f"{BASE}/Observation?{query}"))

    assert narrowed
    assert narrowed <= of_type("Observation")
    assert (narrowed < of_type("Observation")) is ("code=" in query)


@pytest.mark.parametrize(
    "query",
    ["patient=nobody", f"patient={PATIENT}&status=cancelled", f"patient={PATIENT}&code=http://x|8302-2"],
)
def test_a_search_that_matches_nothing_is_an_empty_bundle(client: FlaskClient, query: str) -> None:
    assert found(client, f"{BASE}/Observation?{query}") == []


@pytest.mark.parametrize(
    ("query", "form"),
    [
        ("", {"patient": PATIENT, "code": "29463-7,8302-2"}),
        (f"patient={PATIENT}", {"code": "http://loinc.org|29463-7,http://loinc.org|8302-2"}),
        (f"patient={PATIENT}&code=29463-7,8302-2", {}),
    ],
)
def test_a_search_by_post_joins_the_form_and_the_address(
    client: FlaskClient, query: str, form: dict[str, str]
) -> None:
    response = client.post(f"{BASE}/Observation/_search?{query}", data={**form, "_count": "1"})
    links = {link["relation"]: link["url"] for link in response.get_json()["link"]}
    own = found(client, f"{BASE}/Observation?patient={PATIENT}&code=29463-7,8302-2")

    assert response.get_json()["total"] == len(own) > 1
    assert set(found(client, links["self"])) == set(own)
    assert found(client, links["next"]) == own[1:]


def test_a_search_by_post_that_narrows_twice_keeps_both(client: FlaskClient) -> None:
    response = client.post(f"{BASE}/Observation/_search?patient={PATIENT}", data={"patient": "nobody"})

    assert response.get_json()["total"] == 0


def test_pages_hold_what_count_asks_and_together_all(client: FlaskClient) -> None:
    whole = list(pages(client, f"{BASE}/Observation?patient={PATIENT}&_count=2"))

    assert len(whole) > 1
    assert all(len(page["entry"]) == 2 for page in whole[:-1])
    assert sorted(found(client, f"{BASE}/Observation?patient={PATIENT}&_count=2")) == sorted(
        of_type("Observation")
    )


@pytest.mark.parametrize("offset", ["x", "LTU=", "____", "MQ"])
def test_a_page_link_that_is_not_ours_starts_over_or_ends(client: FlaskClient, offset: str) -> None:
    response = client.get(f"{BASE}/Observation?patient={PATIENT}&_offset={offset}")

    assert response.status_code == 200


def test_one_resource_is_read_by_its_id(client: FlaskClient) -> None:
    assert client.get(f"{BASE}/Patient/{PATIENT}").get_json()["id"] == PATIENT


def test_the_orders_that_wait_to_be_signed_are_held_as_drafts(client: FlaskClient) -> None:
    (draft,) = patients()[PATIENT].drafts
    search = f"{BASE}/MedicationRequest?subject=Patient/{PATIENT}"

    assert f"MedicationRequest/{draft['id']}" in found(client, search)
    assert found(client, f"{search}&status=draft") == [f"MedicationRequest/{draft['id']}"]
    (row,) = (row for row in NEEDS if row.need is DataKind.MEDICATION_REQUESTS)
    (path,) = row.paths(PATIENT)
    assert f"MedicationRequest/{draft['id']}" not in found(client, f"{BASE}/{path}")


def test_a_resource_that_is_not_there_is_404(client: FlaskClient) -> None:
    response = client.get(f"{BASE}/Patient/nobody")

    assert response.status_code == 404
    assert response.get_json()["resourceType"] == "OperationOutcome"


def test_the_server_says_what_it_is(client: FlaskClient) -> None:
    statement = client.get(f"{BASE}/metadata").get_json()

    assert statement["fhirVersion"] == "4.0.1"
    assert {"Patient", "Observation"} <= {r["type"] for r in statement["rest"][0]["resource"]}


def test_outside_development_there_is_no_sandbox(
    start: Callable[[dict[str, str]], Flask], tmp_path: Path
) -> None:
    (tmp_path / "trust.toml").write_text('[[tenant]]\nid = "a"\n')
    app = start(
        {
            "CDS_CONFIG": str(tmp_path / "trust.toml"),
            "CDS_SECRET_KEY": "k" * 32,
            "CDS_DATABASE_URL": f"sqlite:///{tmp_path}/cds.sqlite3",
        }
    )

    assert app.test_client().get(f"{BASE}/metadata").status_code == 404
