"""Reading a login's patient from the EHR with the login's own token.

The Patient comes first: whether it can be read separates a session that is over, a refusal and an
EHR that is down from a chart with gaps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from cds_service.ehr.fhir_client import FhirClient, FhirError
from cds_service.ehr.gather import EhrRequest, gather
from cds_service.ehr.payors import with_payors
from cds_service.ehr.scopes import Access
from cds_service.fhir.gaps import GapCode
from cds_service.fhir.record import DataKind, Record, Resource
from cds_service.smart import refusals
from cds_service.smart.login.session import Login
from cds_service.trust.outbound import Outbound


def read_chart(
    door_to: Callable[[str], Outbound],
    clock: Callable[[], datetime],
    login: Login,
    drafts: tuple[Resource, ...],
    deadline: float,
) -> Record:
    """All that the login may see of its patient, before a monotonic deadline. Raises Refused.

    ``door_to`` gives the outbound door to the login's FHIR server; ``clock`` is the evaluation's, which dates
    the notes to read.
    """
    client = FhirClient(door_to(login.iss), login.iss, login.access_token, login.scope)
    prefetch: dict[str, Mapping[str, Any]] = {}
    if client.access("Patient", reading=True) is not Access.NONE:
        prefetch[DataKind.PATIENT.value] = _patient(client, login, deadline)
    request = EhrRequest(
        patient_id=login.patient,
        prefetch=prefetch,
        draft_resources=drafts,
        fhir_server=login.iss,
        access_token=login.access_token,
        scope=login.scope,
        today=clock().date(),
    )
    record = with_payors(gather(request, client, deadline).record, client, deadline)
    patient = tuple(resource.come_by("fetched") for resource in record.of_type("Patient"))
    return replace(record, by_type={**record.by_type, "Patient": patient})


def _patient(client: FhirClient, login: Login, deadline: float) -> Mapping[str, Any]:
    try:
        return client.get(client.url(f"Patient/{login.patient}"), deadline)
    except FhirError as failure:
        if failure.status == 401:
            raise refusals.session_over("token-refused") from None
        if failure.status == 403:
            raise refusals.not_allowed("patient-refused") from None
        if failure.code is GapCode.TIMEOUT:
            raise refusals.ehr_late() from None
        raise refusals.ehr_failed("patient-not-readable") from None
