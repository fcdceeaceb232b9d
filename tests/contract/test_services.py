"""The table of services: a plain one for each policy, and the CRD service for all that a tenant has."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime

import pytest

from cds_service.evaluation.decision import Grounds, read, written
from cds_service.evaluation.dialect import ANY_DRUG
from cds_service.evaluation.order_sign import answer
from cds_service.evaluation.services import Services, services_from
from cds_service.fhir.record import Resource, record_from
from cds_service.hooks.services import dialect_of, offered
from cds_service.policies import DrugPolicy, installed
from cds_service.settings import Settings, Tenant
from tests.contract.calls import CLOCK, order_sign
from tests.crd.calls import PAYER, crd_call

OWN = installed()["inotuzumab"]
# Another policy, for a drug that no order here is of.
OTHER = replace(OWN, name="other", in_scope=lambda _order, _resolve: False)
POLICIES: dict[str, DrugPolicy] = {"inotuzumab": OWN, "other": OTHER}


@pytest.fixture(scope="module")
def services() -> Services:
    settings = Settings.from_environment({"CDS_DEV": "1", "CDS_AUTH": "optional", "CDS_FIXED_NOW": CLOCK})
    return replace(services_from(settings), policies=POLICIES)


def test_there_is_a_plain_service_for_each_policy_and_one_of_crd() -> None:
    assert list(offered(POLICIES)) == ["inotuzumab-order-sign", "other-order-sign", "order-sign-crd"]


@pytest.mark.parametrize(
    ("service", "policies", "speaks"),
    [
        ("inotuzumab-order-sign", ("inotuzumab", "other"), True),
        ("other-order-sign", ("inotuzumab", "other"), False),
        ("inotuzumab-order-sign", ("other",), False),
        ("order-sign-crd", ("inotuzumab", "other"), True),
        ("order-sign-crd", (), True),
        ("order-sign-crd", ("other",), False),
    ],
)
def test_a_service_answers_for_its_policies_as_far_as_the_tenant_has_them(
    services: Services, service: str, policies: tuple[str, ...], speaks: bool
) -> None:
    tenant = Tenant("a", policies=policies, payer_identifiers=(PAYER,))
    answered = answer(json.dumps(crd_call()).encode(), services, tenant, service=offered(POLICIES)[service])

    assert bool(answered.determinations) is speaks
    assert (answered.body == {"cards": []}) is not speaks


def test_a_decision_knows_its_service(services: Services) -> None:
    for row in (ANY_DRUG, *offered(POLICIES).values()):
        answered = answer(json.dumps(crd_call()).encode(), services, service=row)
        if answered.grounds is not None:
            grounds, _ = read(written(answered.grounds, answered.body))
            assert (grounds.service, grounds.options) == (row.id, answered.grounds.options)


def test_a_decision_of_before_there_were_several_services_is_a_plain_one(services: Services) -> None:
    answered = answer(json.dumps(order_sign()).encode(), services)
    assert answered.grounds is not None
    kept = json.loads(written(answered.grounds, answered.body))
    del kept["service"], kept["options"]

    grounds, given = read(json.dumps(kept).encode())
    said = dialect_of(grounds.service).said(grounds, grounds.determinations(POLICIES))
    assert json.loads(given) == said.body


def test_a_service_that_is_no_longer_offered_is_named() -> None:
    with pytest.raises(ValueError, match="gone-order-sign is no longer offered"):
        dialect_of("gone-order-sign")


def test_a_decision_knows_the_report_of_a_result_under_a_local_code() -> None:
    """Its title tells of what sample the result is: without it a kept decision would be decided otherwise."""
    ours = {"status": "final", "subject": {"reference": "Patient/p"}}
    alone = {
        "resourceType": "Observation",
        "id": "alone",
        **ours,
        "code": {"text": "MRD"},
        "valueString": "negative",
    }
    inside = {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "code": {"text": "MRD"},
        "valueString": "negative",
    }
    report = {
        "resourceType": "DiagnosticReport", "id": "r", **ours, "code": {"text": "Flow cytometry, CSF"}, "contained": [inside],
        "result": [{"reference": "#o"}, {"reference": "Observation/alone"}],
    }  # fmt: skip
    record = record_from("p", [Resource(report), Resource(alone)])
    grounds = Grounds("t", "p", record, (), (), datetime.fromisoformat(CLOCK), "https://cds.example.org")
    kept, _ = read(written(grounds, {}))
    assert [r.report for r in record.of_type("Observation")] == [report, report]
    assert [r.report for r in kept.record.of_type("Observation")] == [report, report]
