"""What the routes work with: made once at start, shared by all calls, holding no state of a call."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import datetime

from cds_service.evaluation.turns import Turns
from cds_service.policies import DrugPolicy, installed
from cds_service.settings import Settings, Tenant
from cds_service.trust.outbound import Outbound
from cds_service.values import dataclass

EXTENSION = "payer-policy-cds"


@dataclass(frozen=True, slots=True)
class Services:
    """Settings, the outbound door, the policies, and the two clocks.

    ``clock`` is the evaluation clock, which settings may fix; ``monotonic`` bounds waiting and is
    never fixed.
    """

    settings: Settings
    outbound: Outbound
    clock: Callable[[], datetime]
    policies: Mapping[str, DrugPolicy] = field(default_factory=installed)
    monotonic: Callable[[], float] = time.monotonic
    turns: Turns = field(default_factory=lambda: Turns(time.monotonic))

    def policies_of(self, tenant: Tenant | None) -> tuple[DrugPolicy, ...]:
        """The policies a tenant answers for; all of them where no tenant is known."""
        names = tenant.policies if tenant is not None and tenant.policies else tuple(self.policies)
        return tuple(self.policies[name] for name in names)

    def door_to(self, fhir_server: str) -> Outbound:
        """The outbound door to one FHIR server, in the network of the hospital that it belongs to."""
        tenant = self.settings.tenant_for_fhir_server(fhir_server)
        return self.outbound.within(tenant.network) if tenant is not None else self.outbound


def services_from(settings: Settings) -> Services:
    """The services of one process."""
    outbound = Outbound(loopback=settings.dev)
    for tenant in settings.tenants:
        outbound.within(tenant.network)  # now, so that files are read at start and not in a call
    return Services(settings, outbound, clock=settings.now)
