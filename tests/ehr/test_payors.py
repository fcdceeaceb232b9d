"""Payors that a Coverage names by reference only: which Organizations are read, and that it never harms."""

import time
from dataclasses import replace

import pytest

from cds_service.ehr.fhir_client import FhirClient
from cds_service.ehr.payors import MOST_READ, with_payors
from cds_service.fhir.record import Resource, record_from
from cds_service.smart.chart_reading import read_chart
from cds_service.smart.login.session import Login
from tests.ehr.hostile import fhir, hangs, outcome, running
from tests.ehr.looking import OUTBOUND
from tests.policy.chart_notes import CLOCK, PATIENT, document, patient


def organization(id="mmm"):
    return {"resourceType": "Organization", "id": id, "identifier": [{"system": "urn:oid:1", "value": id}]}


def coverage(*payors, id="c1", status="active", **more):
    return {
        "resourceType": "Coverage", "id": id, "status": status, "beneficiary": PATIENT, "payor": list(payors),
    } | more  # fmt: skip


def read(ehr, *resources, scope=None, budget=2.0):
    """The ids of the Organizations that the record holds in the end."""
    record = record_from("p1", [Resource(r) for r in resources])
    client = FhirClient(OUTBOUND, ehr.base, None, scope)
    return [o.id for o in with_payors(record, client, time.monotonic() + budget).of_type("Organization")]


def by(reference, **more):
    return {"reference": reference} | more


@pytest.mark.parametrize("reference", ["Organization/mmm", "Organization/mmm/_history/2"])
def test_a_payor_that_is_named_by_reference_is_read(reference):
    with running([organization()]) as ehr:
        assert read(ehr, coverage(by(reference))) == ["mmm"]
    assert ehr.requests == ["Organization/mmm"]


def test_an_absolute_reference_to_this_server_is_read():
    with running([organization()]) as ehr:
        assert read(ehr, coverage(by(f"{ehr.base}/Organization/mmm"))) == ["mmm"]


def test_each_is_read_once():
    with running([organization()]) as ehr:
        read(
            ehr,
            coverage(by("Organization/mmm"), by("Organization/mmm")),
            coverage(by("Organization/mmm"), id="c2"),
        )
    assert ehr.requests == ["Organization/mmm"]


@pytest.mark.parametrize(
    "held",
    [
        [coverage(by("Organization/mmm", identifier={"system": "urn:oid:1", "value": "mmm"}))],
        [coverage(by("Organization/mmm")), organization()],
        [coverage(by("#mmm"), contained=[organization()])],
        [coverage(by("https://elsewhere.example.org/fhir/Organization/mmm"))],
        [coverage(by("Patient/p1"))],
        [coverage(by("Organization/mmm"), status="cancelled")],
        [coverage({"display": "MMM"})],
        [],
    ],
)
def test_nothing_is_read_that_is_told_already_or_lies_elsewhere(held):
    with running([organization()]) as ehr:
        read(ehr, *held)
    assert ehr.requests == []


def test_without_a_scope_for_organizations_none_is_read():
    with running([organization()]) as ehr:
        assert read(ehr, coverage(by("Organization/mmm")), scope="patient/Coverage.rs") == []
    assert ehr.requests == []


def test_few_are_read():
    payors = [by(f"Organization/o{n}") for n in range(MOST_READ + 3)]
    with running([organization(f"o{n}") for n in range(MOST_READ + 3)]) as ehr:
        assert len(read(ehr, coverage(*payors))) == MOST_READ


@pytest.mark.parametrize(
    "reply",
    [
        fhir(outcome("error", "forbidden"), 403),
        fhir(outcome("error", "not-found"), 404),
        fhir(organization("another")),
        fhir({"resourceType": "Patient", "id": "mmm"}),
        hangs,
    ],
)
def test_what_cannot_be_had_is_left_out(reply):
    with running() as ehr:
        ehr.script("Organization", reply)
        assert read(ehr, coverage(by("Organization/mmm")), budget=0.5) == []


LOGIN = Login(
    tenant="a", iss="", patient="p1", user="Practitioner/1", access_token="t", scope="patient/*.rs",
    expires_at=time.time() + 60, view="v", app_context=None, need_patient_banner=True, intent="", orders=(),
)  # fmt: skip


def viewed(ehr):
    """The chart as the detail view reads it."""
    return read_chart(
        lambda _: OUTBOUND, lambda: CLOCK, replace(LOGIN, iss=ehr.base), (), time.monotonic() + 5
    )


def test_the_detail_view_reads_them_too():
    with running([patient(), organization(), coverage(by("Organization/mmm"))]) as ehr:
        assert [o.id for o in viewed(ehr).of_type("Organization")] == ["mmm"]


def test_the_detail_view_reads_the_notes_of_the_days_before_its_clock():
    content = [{"attachment": {"contentType": "text/plain", "url": "Binary/b1"}}]
    note = {"resourceType": "Binary", "id": "b1", "contentType": "text/plain", "data": "SW4gcmVtaXNzaW9uLg=="}
    with running([patient(), document("2026-04-12", id="n", content=content), note]) as ehr:
        assert [n.id for n in viewed(ehr).of_type("Binary")] == ["b1"]
