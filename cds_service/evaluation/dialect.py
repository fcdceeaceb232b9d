"""A CDS service as a value, and how services differ: in the policies they answer for and in how they answer.

The dialect of this module is plain CDS Hooks. Another one overrides what it does otherwise; none of them
decides anything about an order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from cds_service.ehr.fhir_client import FhirClient
from cds_service.ehr.payors import with_payors
from cds_service.engine.attempts import Allowance
from cds_service.engine.determination import Determination
from cds_service.evaluation.decision import Grounds
from cds_service.evaluation.request import HOOK, OrderSign
from cds_service.fhir.record import Record, Resource
from cds_service.settings import Tenant
from cds_service.values import dataclass


@dataclass(frozen=True, slots=True)
class Said:
    """The body of an answer, and the ids in it, beside those of its cards, that it may be asked about by.

    ``forms`` says by order reference what a form can be asked for: under which id, and for which Coverage.
    """

    body: dict[str, Any]
    traces: tuple[str, ...] = ()
    forms: Mapping[str, tuple[str, str]] = field(default_factory=dict)


class Dialect:
    """Plain CDS Hooks: cards, and nothing asked of a call beyond the specification."""

    def admit(self, call: OrderSign, orders: Sequence[Resource]) -> None:
        """Check the orders in scope before any data is asked for. Raises Refused."""

    def with_payors(
        self,
        record: Record,
        _call: OrderSign,
        tenant: Tenant | None,
        client: FhirClient | None,
        deadline: float,
    ) -> Record:
        """The record with who pays, where that can be had; ``client`` is None when no server can be asked."""
        if client is None or tenant is None or not tenant.payer_identifiers:
            return record
        return with_payors(record, client, deadline)

    def options(self, _call: OrderSign, _tenant: Tenant | None, _record: Record) -> Mapping[str, Any]:
        """Facts of a call that only this dialect knows, for the grounds: JSON, so that they can be kept."""
        return {}

    def check(self, grounds: Grounds, found: Sequence[Determination], *, dev: bool) -> None:
        """Check what was found before it is said. ``dev`` is development. Raises Refused."""

    def said(
        self,
        grounds: Grounds,
        found: Sequence[Determination],
        time: Allowance | None = None,
    ) -> Said:
        """The answer. The same grounds give the same one; ``time``, without a limit, counts what could not be worded."""
        return Said({"cards": grounds.cards(found, time=time)})


@dataclass(frozen=True, slots=True)
class CdsService:
    """One row of discovery. ``policies`` are the names of those it answers for; None: all of the tenant's."""

    id: str
    title: str
    description: str
    usage_requirements: str
    version: str
    prefetch: Mapping[str, str]
    hook: str = HOOK
    policies: tuple[str, ...] | None = None
    dialect: Dialect = field(default_factory=Dialect)
    extension: Mapping[str, Any] = field(default_factory=dict)

    def is_for(self, policy: str) -> bool:
        """Whether the service answers for the policy of this name."""
        return self.policies is None or policy in self.policies


# What commands and tests call: plain cards for the drugs of all policies. Not offered over HTTP.
ANY_DRUG = CdsService("", "", "", "", "", {})
