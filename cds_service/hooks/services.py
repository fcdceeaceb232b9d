"""The CDS services that are offered: one plain one for each policy, and the CRD service for all of them.

Discovery, the hook, feedback and the replay of a decision take these rows; no code elsewhere knows an id.
"""

from __future__ import annotations

from collections.abc import Mapping

from cds_service.crd.configuration import discovery_extension
from cds_service.crd.dialect import Crd
from cds_service.crd.prefetch import templates
from cds_service.ehr.needs import prefetch_templates
from cds_service.evaluation.dialect import ANY_DRUG, CdsService, Dialect
from cds_service.policies import DrugPolicy, installed

CRD = "order-sign-crd"
_DATA = (
    "The prefetch alone suffices; without it a FHIR R4 server and a token with read access to the types in "
    "the templates are needed."
)


def offered(policies: Mapping[str, DrugPolicy] | None = None) -> Mapping[str, CdsService]:
    """The rows by id, in the order of discovery. ``policies`` are the installed ones by default."""
    policies = installed() if policies is None else policies
    rows = (*(_plain(policy) for policy in policies.values()), _crd(policies))
    return {row.id: row for row in rows}


def plain_id(policy: str) -> str:
    """The id of the plain service for the policy of this name."""
    return f"{policy}-order-sign"


def _plain(policy: DrugPolicy) -> CdsService:
    return CdsService(
        id=plain_id(policy.name),
        title=policy.outline.policy.service.title,
        description=policy.outline.policy.service.description,
        usage_requirements=f"Orders of other drugs are answered with no cards. {_DATA}",
        version="2.0.0",
        prefetch=prefetch_templates(),
        policies=(policy.name,),
    )


def _crd(policies: Mapping[str, DrugPolicy]) -> CdsService:
    titles = "; ".join(policy.reference.title for policy in policies.values())
    return CdsService(
        id=CRD,
        title="Coverage requirements of drugs with a payer policy",
        description=(
            "Puts coverage-information of Da Vinci CRD on orders of drugs that a payer policy is installed for "
            f"({titles}): coverage, prior authorization, what documentation is needed; and cards on dose, safety "
            "and what the record lacks. It says what the record shows and neither approves nor denies."
        ),
        usage_requirements=(
            "Nothing is said about orders of other drugs. One Coverage of a payor that this service answers for, "
            "or an order that names it in insurance; orders that conform to the profiles of CRD 2.2.1. "
            + _DATA
        ),
        version="3.0.0",
        prefetch=templates(),
        dialect=Crd(),
        extension=discovery_extension(),
    )


def dialect_of(service: str) -> Dialect:
    """How the service of a kept decision answers. Raises ValueError for one that is no longer offered."""
    if service == ANY_DRUG.id:
        return ANY_DRUG.dialect
    try:
        return offered()[service].dialect
    except KeyError:
        raise ValueError(f"the service {service} is no longer offered") from None
