"""Shorthand for EHR tests that go the whole way: an order-sign call in, cards out."""

import json
from dataclasses import replace

from cds_service.evaluation.order_sign import answer
from cds_service.evaluation.services import services_from
from cds_service.settings import Settings
from tests.policy.chart_notes import order

SERVICES = services_from(
    Settings.from_environment(
        {"CDS_DEV": "1", "CDS_AUTH": "optional", "CDS_FIXED_NOW": "2026-04-15T09:00:00-04:00"}
    )
)


def sign(*drafts, server=None, prefetch=None, budget=None, **members):
    """The answer to an order-sign call for patient p1, and its first determination if there is one."""
    entries = [entry if "resource" in entry else {"resource": entry} for entry in drafts or (order(),)]
    body = {
        "hook": "order-sign",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {
            "userId": "Practitioner/1",
            "patientId": "p1",
            "draftOrders": {"resourceType": "Bundle", "entry": entries},
        },
    }
    if server is not None:
        body["fhirServer"] = server
    if prefetch is not None:
        body["prefetch"] = prefetch
    services = SERVICES
    if budget is not None:
        services = replace(services, settings=replace(services.settings, deadline_s=budget))
    return answer(json.dumps(body | members).encode(), services)


def coverage_card(answered):
    (card,) = [c for c in answered.cards if c["extension"]["payer-policy-cds"]["kind"] == "coverage"]
    return card


def verdicts(answered):
    """The verdict of each criterion of the first order."""
    return {c.id: c.verdict.value for c in answered.determinations[0].criteria}
