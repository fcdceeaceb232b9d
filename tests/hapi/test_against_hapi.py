"""Against a real HAPI server: every bundled patient, by REST only, is answered as by prefetch."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import date, datetime

import pytest
import requests
from click.testing import CliRunner

from cds_service.cli import main
from cds_service.commands import hapi_check
from cds_service.commands.scratch_patient import ScratchPatient
from cds_service.ehr.fhir_client import FhirClient
from cds_service.evaluation.order_sign import answer
from cds_service.evaluation.saved_request import prefetch_of
from cds_service.evaluation.services import services_from
from cds_service.json_text import read_json, write_json
from cds_service.sandbox.fixtures import FOLDER, names
from cds_service.sandbox.starting import CLOCK
from cds_service.settings import Settings
from cds_service.trust.outbound import Outbound

pytestmark = pytest.mark.hapi

OUTBOUND = Outbound(loopback=True)
SETTINGS = replace(
    Settings.from_environment({"CDS_DEV": "1", "CDS_AUTH": "optional"}),
    deadline_s=60.0,
    fixed_now=datetime.fromisoformat(CLOCK),
)
SERVICES = services_from(SETTINGS)
KINDS = ("Patient", "Condition", "Observation", "MedicationRequest")


def load(base, name):
    """Put one bundled patient on the server, by transaction, under its own ids."""
    bundle = read_json((FOLDER / name / "resources.json").read_bytes())
    resources = [entry["resource"] for entry in bundle["entry"]]
    entries = [
        {"resource": r, "request": {"method": "PUT", "url": f"{r['resourceType']}/{r['id']}"}}
        for r in resources
    ]
    sent = write_json({"resourceType": "Bundle", "type": "transaction", "entry": entries}).encode()
    answered = OUTBOUND.post(
        base,
        body=sent,
        headers={"Content-Type": "application/fhir+json"},
        allowed=lambda _: True,
        deadline=time.monotonic() + 60,
    )
    assert answered.status == 200, answered.body.decode()[:2000]


def count(base, kind):
    client = FhirClient(OUTBOUND, base)
    return client.get(client.url(f"{kind}?_summary=count"), time.monotonic() + 30)["total"]


def counts(base):
    return {kind: count(base, kind) for kind in KINDS}


@pytest.mark.parametrize("name", names())
def test_a_bundled_patient_is_answered_alike_by_rest_and_by_prefetch(hapi, name):
    load(hapi, name)
    folder = FOLDER / name
    raw = (folder / "request.json").read_bytes()
    by_prefetch = answer(prefetch_of(raw, (folder / "resources.json").read_bytes()), SERVICES)
    by_rest = answer(json.dumps(json.loads(raw) | {"fhirServer": hapi}).encode(), SERVICES)
    assert by_rest.gathered.record.gaps == ()
    assert by_rest.cards == by_prefetch.cards


@pytest.mark.parametrize(
    ("origin", "status"), [("http://localhost:3000", 200), ("https://ehr.example.org", 403)]
)
def test_pages_of_loopback_may_call_the_server(hapi, origin, status):
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type, x-medplum",
    }
    answer = requests.options(f"{hapi}/Patient/_search", headers=asked, timeout=60)
    assert answer.status_code == status
    assert answer.headers.get("Access-Control-Allow-Origin") == (origin if status == 200 else None)


def test_hapi_check_prints_cards_and_leaves_no_resource_behind(hapi):
    before = counts(hapi)
    done = CliRunner().invoke(main, ["hapi-check", "--fhir-server", hapi])
    assert done.exit_code == 0, done.output
    assert "record appears to meet" in done.output
    assert "6 resources deleted, 0 left" in done.output
    assert counts(hapi) == before


def test_hapi_check_cleans_up_after_a_failure(hapi, monkeypatch):
    def fails(*_):
        raise RuntimeError("in the middle")

    before = counts(hapi)
    monkeypatch.setattr(hapi_check, "_answered", fails)
    done = CliRunner().invoke(main, ["hapi-check", "--fhir-server", hapi])
    assert (done.exit_code, "6 resources deleted, 0 left" in done.output) == (1, True)
    assert counts(hapi) == before


def test_hapi_check_finds_what_was_written_though_the_answer_was_lost(hapi):
    before = counts(hapi)
    scratch = ScratchPatient(OUTBOUND, hapi)
    scratch.write(date.today())
    scratch.written.clear()
    assert (scratch.delete(), scratch.left()) == (6, [])
    assert counts(hapi) == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_hapi_check_cleans_up_when_it_is_stopped(hapi, number):
    before = counts(hapi)
    command = [sys.executable, "-u", "-m", "cds_service.cli", "hapi-check", "--fhir-server", hapi]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ
    )
    said = ""
    while "resources written" not in said:
        line = process.stdout.readline()
        assert line, said
        said += line
    process.send_signal(number)
    rest, _ = process.communicate(timeout=60)
    assert (process.returncode, "0 left on the server" in rest) == (130, True), said + rest
    assert counts(hapi) == before
