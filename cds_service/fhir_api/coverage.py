"""Whether the Coverage that a client sends is one that this payer answers for, as far as it tells.

Nothing is read from an EHR here: a payor that is named by a reference alone is not known to be another's.
"""

from __future__ import annotations

import logging
from datetime import date, tzinfo

from cds_service.clinical.payer import Plan, Standing, plans_of
from cds_service.crd import members
from cds_service.evaluation.refused import Refused
from cds_service.fhir.record import Resource, record_of
from cds_service.settings import Tenant

log = logging.getLogger(__name__)
_NONE_NOW = "The coverage is cancelled or over, a draft, or was entered in error."


def accept(coverage: Resource, patient: str, tenant: Tenant, today: date, zone: tzinfo) -> None:
    """Raises Refused with 400 for another payer's plan, one that is over, and somebody who is no member."""
    record = record_of(patient.removeprefix("Patient/"), (coverage,))
    plans = plans_of(record, zone)
    if not plans or plans[0].standing(today) is Standing.ENDED:
        raise Refused(400, "business-rule", _NONE_NOW, "coverage")
    plan = plans[0]
    ours = tenant.payer_identifiers
    if ours and plan.identified and plan.payors.isdisjoint(ours):
        raise Refused(
            400,
            "business-rule",
            "The coverage is of another payer than this service answers for.",
            "coverage",
        )
    if tenant.members_file is not None and not _is_member(coverage, plan, tenant):
        raise Refused(400, "business-rule", "The coverage names no member of this payer.", "coverage")


def _is_member(coverage: Resource, plan: Plan, tenant: Tenant) -> bool:
    """Whether the payer's list has the member; a list that cannot be read turns nobody away."""
    assert tenant.members_file is not None
    try:
        known = members.members(tenant.members_file)
    except OSError:
        log.error("the list of members cannot be read")
        return True
    return members.is_member(coverage.body, plan.payors or frozenset(tenant.payer_identifiers), known)
