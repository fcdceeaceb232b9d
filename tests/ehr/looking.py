"""Shorthand for EHR tests: look at a patient through the service's own gathering."""

import time

from cds_service.ehr.fhir_client import FhirClient
from cds_service.ehr.gather import EhrRequest, gather
from cds_service.fhir.record import DataKind, Resource
from cds_service.trust.outbound import Outbound
from tests.policy.chart_notes import PATIENT

OUTBOUND = Outbound(loopback=True)
BUDGET_S = 2.0
NOTHING = {need.value: None for need in DataKind}  # every key known to be empty
SERVER_ONLY: dict = {}


def look(
    ehr,
    prefetch=SERVER_ONLY,
    *,
    budget=BUDGET_S,
    scope=None,
    token=None,
    drafts=(),
    sleep=time.sleep,
    today=None,
):
    """What the service gathers of patient p1. ``ehr`` is None for no usable server, or a base address."""
    base = getattr(ehr, "base", ehr)
    client = FhirClient(OUTBOUND, base, token, scope, sleep) if base else None
    resources = tuple(Resource(body, "draft order") for body in drafts)
    return gather(EhrRequest("p1", prefetch, resources, today=today), client, time.monotonic() + budget)


def gaps(gathered):
    """Reason by need; a partial gap's reason begins with ``partly``."""
    return {g.need.value: f"partly: {g.reason}" if g.partial else g.reason for g in gathered.record.gaps}


def ids(gathered, kind):
    return {resource.id for resource in gathered.record.of_type(kind)}


def conditions(count):
    return [{"resourceType": "Condition", "id": f"c{n}", "subject": PATIENT} for n in range(count)]


def only(*needs):
    """Prefetch that leaves just these needs to be fetched."""
    return {key: value for key, value in NOTHING.items() if key not in needs}
