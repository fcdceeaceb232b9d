"""Whatever the EHR does: an answer in time, coverage unknown rather than not met, the unseen named."""

import time

import pytest

from cds_service.fhir.record import DataKind
from tests.ehr.hooking import coverage_card, sign
from tests.ehr.hostile import Reply, bundle, drips_body, drips_headers, fhir, hangs, outcome, running
from tests.ehr.looking import NOTHING
from tests.ehr.test_transport import CONTRACT_SPARE_S
from tests.policy.chart_notes import condition, patient

BUDGET_S = 0.5
STRANGER = condition("C91.02") | {"subject": {"reference": "Patient/p2"}}
EHRS = {
    "hangs": hangs,
    "drips its headers": drips_headers,
    "drips its body": drips_body,
    "answers 500": fhir(outcome("fatal", "exception"), 500),
    "answers HTML": Reply(200, b"<html>Sign in</html>", {"Content-Type": "text/html"}),
    "answers another patient": fhir(bundle(STRANGER, patient(id="p2"))),
    "refuses the token": fhir(outcome("error", "login"), 401),
}


@pytest.mark.parametrize("name", EHRS)
def test_an_ehr_that_fails_leaves_coverage_unknown_in_time_with_the_unseen_named(name):
    with running() as ehr:
        ehr.script("", EHRS[name])
        started = time.monotonic()
        answered = sign(server=ehr.base, budget=BUDGET_S)
        assert time.monotonic() - started < BUDGET_S + CONTRACT_SPARE_S
    said = coverage_card(answered)
    assert said["extension"]["payer-policy-cds"]["coverage"] == "unknown"
    assert {gap.need for gap in answered.gathered.record.gaps} >= set(DataKind) - {DataKind.OBSERVATIONS}
    assert "not-met" not in {c["verdict"] for c in said["extension"]["payer-policy-cds"]["criteria"]}
    assert "could not be seen" in said["detail"].lower()


def test_one_refused_type_is_named_on_the_card():
    with running([patient(), condition("C91.02")]) as ehr:
        ehr.script("Observation", fhir(outcome("error", "forbidden"), 403))
        detail = coverage_card(sign(server=ehr.base))["detail"]
    assert "the server answered 403" in detail


def test_a_slow_ehr_keeps_nobody_waiting_who_brings_all_data():
    with running() as ehr:
        ehr.script("", hangs)
        assert coverage_card(sign(server=ehr.base, prefetch=NOTHING, budget=BUDGET_S))
        assert ehr.requests == []


def test_case_39_a_token_that_has_expired_is_not_used():
    lent = {"access_token": "t", "token_type": "Bearer", "expires_in": 0, "scope": "", "subject": "s"}
    with running([patient()]) as ehr:
        answered = sign(
            server=ehr.base, prefetch={"patient": patient(), "conditions": None}, fhirAuthorization=lent
        )
        assert (len(answered.cards) > 0, ehr.requests) == (True, [])


def test_server_timing_names_the_phases():
    with running([patient()]) as ehr:
        timing = sign(server=ehr.base).server_timing
    assert [part.partition(";")[0] for part in timing.split(", ")] == ["prefetch", "fetch", "evaluation"]
