"""Cases 31 to 40: statuses, encodings, slow and broken connections, and other patients' records."""

import gzip
import json
import logging
import socket
import threading
import time

import pytest

from cds_service.ehr.fhir_client import LATE
from cds_service.fhir.record import DataKind
from tests.ehr.hostile import (
    Reply,
    bomb,
    bundle,
    closes_half_way,
    drips_body,
    drips_headers,
    fhir,
    hangs,
    outcome,
    running,
)
from tests.ehr.looking import conditions, gaps, ids, look, only
from tests.ehr.trap import untouched
from tests.policy.chart_notes import condition, patient

NO_HURRY_S = 600  # what is tested is the reason, on however busy a machine
CONTRACT_SPARE_S = 1.0  # the contract's bound: an answer within the budget plus one second


def test_case_31_a_refused_token_stops_further_calls():
    with running() as ehr:
        ehr.script("", fhir(bundle()), fhir(bundle()), fhir(outcome("error", "login"), 401))
        seen = look(ehr, token="dead")
    assert len(ehr.requests) <= 8  # six at once, and one more for each of the two that were answered
    assert set(gaps(seen).values()) == {"the EHR no longer accepts the access token"}
    assert len(gaps(seen)) >= 13


def test_case_32_one_type_refused_is_the_only_gap():
    with running([patient(), *conditions(1)]) as ehr:
        ehr.script("Procedure", fhir(outcome("error", "forbidden"), 403))
        seen = look(ehr)
    assert gaps(seen) == {"procedures": "the server answered 403"}


RETRY_AFTER = {"1": [1], "120": [], "Wed, 21 Oct 2026 07:28:00 GMT": [], "": [], "-1": [], "1e9": []}


@pytest.mark.parametrize("after", RETRY_AFTER)
def test_case_33_a_short_retry_after_is_waited_for_once_and_a_long_one_is_not(after):
    slept = []
    with running(conditions(1)) as ehr:
        ehr.script("Condition", fhir({}, 429, Retry_After=after), fhir(bundle(*conditions(1))))
        seen = look(ehr, only("conditions"), sleep=slept.append)
    assert slept == RETRY_AFTER[after]
    assert gaps(seen) == ({} if slept else {"conditions": "the server answered 429"})


def test_case_33_there_is_no_second_retry():
    slept = []
    with running() as ehr:
        ehr.script("Condition", fhir({}, 429, Retry_After="1"))
        seen = look(ehr, only("conditions"), sleep=slept.append)
    assert (slept, len(ehr.requests)) == ([1], 2)
    assert gaps(seen) == {"conditions": "the server answered 429"}


HTML = Reply(502, b"<html>Bad gateway</html>", {"Content-Type": "text/html"})
UNUSABLE = {
    "34 500 with an outcome": (fhir(outcome("fatal", "required"), 500), "the server answered 500"),
    "34 502 in HTML": (HTML, "the server answered 502"),
    "34 503": (Reply(503), "the server answered 503"),
    "34 HTML with 200": (Reply(200, b"<html/>"), "the server's answer cannot be read"),
    "35 a wrong Content-Encoding": (
        Reply(200, b"{}", {"Content-Encoding": "gzip"}), "the EHR could not be reached"),
    "35 a gzip bomb": (bomb, "the answer was too large"),
    "36 a socket closed half-way": (closes_half_way, "the EHR could not be reached"),
    "37 a redirect 301": (
        Reply(301, b"", {"Location": "/fhir/Other"}), "the server answered with a redirect, which is not followed"),
    "38 latin-1 that says it is UTF-8": (
        Reply(200, '{"resourceType":"Bundle","x":"é"}'.encode("latin-1")), "the server's answer cannot be read"),
    "38 XML": (
        Reply(200, b"<Bundle xmlns='http://hl7.org/fhir'/>", {"Content-Type": "application/fhir+xml"}),
        "the server's answer cannot be read"),
    "38 nested without end": (Reply(200, b"[" * 100_000), "the server's answer cannot be read"),
    "38 JSON that is no resource": (Reply(200, b'{"entry": 1}'), "the answer is not FHIR"),
    "38 a JSON array": (Reply(200, b"[]"), "the server's answer is not FHIR"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNUSABLE)
def test_case_34_to_38_an_unusable_answer_is_a_gap_with_its_reason(name):
    reply, reason = UNUSABLE[name]
    with running() as ehr:
        ehr.script("Condition", reply)
        seen = look(ehr, only("conditions"), budget=NO_HURRY_S)
    assert gaps(seen) == {"conditions": reason}


BODY = bundle(condition("C91.02", text="rückfällig", id="c1"))
USABLE = {
    "35 gzip": (gzip.compress(json.dumps(BODY).encode()), {"Content-Encoding": "gzip"}),
    "38 BOM": (b"\xef\xbb\xbf" + json.dumps(BODY).encode(), {}),
    "38 latin-1 that says so": (
        json.dumps(BODY, ensure_ascii=False).encode("latin-1"),
        {"Content-Type": "application/json+fhir; charset=ISO-8859-1"},
    ),
    "38 legacy type": (json.dumps(BODY).encode(), {"Content-Type": "application/json+fhir"}),
    "38 no type": (json.dumps(BODY).encode(), {}),
}


@pytest.mark.parametrize("name", USABLE)
def test_case_35_and_38_odd_encodings_are_read(name):
    body, headers = USABLE[name]
    with running() as ehr:
        ehr.script("Condition", Reply(200, body, headers))
        seen = look(ehr, only("conditions"))
    (found,) = seen.record.of_type("Condition")
    assert (gaps(seen), found.body["code"]["text"]) == ({}, "rückfällig")


@pytest.mark.parametrize("slow", [hangs, drips_headers, drips_body], ids=lambda slow: slow.__name__)
def test_case_36_a_slow_ehr_is_left_in_time_with_everything_unseen(slow):
    budget = 0.5
    with running() as ehr:
        ehr.script("", slow)
        started = time.monotonic()
        seen = look(ehr, budget=budget)
        assert time.monotonic() - started < budget + CONTRACT_SPARE_S
        assert len(ehr.requests) == 6  # nothing is started after the answer has gone
    assert gaps(seen) == {need.value: LATE for need in DataKind}


def test_case_36_pages_that_came_before_the_ehr_hung_are_kept():
    with running() as ehr:
        ehr.script("Condition?patient", fhir(bundle(*conditions(2), next_link="Condition?page=2")))
        ehr.script("Condition?page", hangs)
        seen = look(ehr, only("conditions"), budget=0.4)
    assert gaps(seen) == {"conditions": f"partly: {LATE}"}
    assert ids(seen, "Condition") == {"c0", "c1"}


def test_case_36_a_host_name_that_does_not_resolve(monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror("no such host")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    seen = look("http://ehr.example/fhir", only("conditions"))
    assert gaps(seen) == {"conditions": "the EHR could not be reached"}


def test_case_36_a_resolver_that_hangs_is_left_behind(monkeypatch):
    let_go = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: let_go.wait(60) and [])
    started = time.monotonic()
    seen = look("http://ehr.example/fhir", only("conditions"), budget=0.3)
    assert time.monotonic() - started < 0.3 + CONTRACT_SPARE_S
    let_go.set()
    assert gaps(seen) == {"conditions": LATE}


def test_case_36_a_server_that_speaks_no_tls():
    with running() as ehr:
        seen = look(ehr.base.replace("http:", "https:"), only("conditions"))
    assert gaps(seen) == {"conditions": "the EHR could not be reached safely"}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_case_37_no_redirect_is_followed(status):
    with untouched() as trap, running() as ehr:
        ehr.script(
            "Condition", Reply(status, b"", {"Location": f"http://127.0.0.1:{trap.port}/fhir/Condition"})
        )
        seen = look(ehr, only("conditions"), token="secret")
    assert gaps(seen) == {"conditions": "the server answered with a redirect, which is not followed"}


def test_case_40_another_patients_records_are_left_out_and_logged_without_naming_anyone(caplog):
    stranger = condition("C91.02", id="c9") | {"subject": {"reference": "Patient/someone-else"}}
    with running() as ehr, caplog.at_level(logging.WARNING):
        ehr.script("Condition", fhir(bundle(stranger, *conditions(1))))
        ehr.script("Patient", fhir(patient(id="someone-else")))
        seen = look(ehr, only("conditions", "patient"))
    reason = "the EHR answered with records of another patient, which were left out"
    assert gaps(seen) == {"patient": reason}
    assert {n.need: n.strangers for n in seen.notes if n.strangers} == {"conditions": 1, "patient": 1}
    assert (ids(seen, "Condition"), ids(seen, "Patient")) == ({"c0"}, set())
    assert sorted(r.getMessage() for r in caplog.records) == [
        "safety: 1 Condition of another patient discarded",
        "safety: 1 Patient of another patient discarded",
    ]


def test_case_40_records_that_name_no_patient_are_left_out_and_said_to_be():
    nobody = condition("C91.02", id="c9") | {"subject": {"display": "P. One"}}
    with running() as ehr:
        ehr.script("Condition", fhir(bundle(nobody)))
        seen = look(ehr, only("conditions"))
    assert gaps(seen) == {"conditions": "entries that do not say whose they are were left out"}
