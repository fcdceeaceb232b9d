"""What the routes of the detail view work with, put together once at start.

Knows settings and wiring; holds no state of a request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from threading import BoundedSemaphore

from cds_service.fhir.record import Record, Resource
from cds_service.settings import Settings, SettingsError, SmartRegistration, Tenant
from cds_service.smart import refusals
from cds_service.smart.handoff import Handoff
from cds_service.smart.login.discovery import Discovery
from cds_service.smart.login.ehr_http import EhrHttp
from cds_service.smart.login.session import Login, Sessions
from cds_service.smart.vault import Vault
from cds_service.trust.outbound import Outbound
from cds_service.trust.own_keys import OwnKey, OwnKeyError, own_keys_from
from cds_service.values import dataclass

BUDGET_S = 9.0  # every route answers within ten seconds, whatever the EHR does
WAITING_AT_ONCE = 12  # of a process's threads, so that the key set and the hooks are never kept waiting
SANDBOX_REGISTRATION = SmartRegistration("payer-policy-cds", "none", None, None)


ReadChart = Callable[[Login, tuple[Resource, ...], float], Record]
ReadNamed = Callable[[Login, Record, Sequence[Resource], float], Record]
Viewed = Callable[[Login, str, str], None]


def nothing_named(_login: Login, record: Record, _orders: Sequence[Resource], _deadline: float) -> Record:
    """The record as it is: nothing is read of what an order names."""
    return record


@dataclass(frozen=True)
class SmartDoor:
    """The parts, for the life of the process.

    ``read_chart`` reads a login's patient, with draft orders added, before a monotonic deadline;
    ``read_named`` adds what an order names by reference. ``viewed`` is called for every page asked for: the
    login, the order shown, and how it ended; ``downloaded`` of every packet.
    """

    settings: Settings
    outbound: Outbound
    vault: Vault
    sessions: Sessions
    handoff: Handoff
    discovery: Discovery
    keys: Mapping[str, tuple[OwnKey, ...]]
    waiting: BoundedSemaphore
    read_chart: ReadChart
    viewed: Viewed
    read_named: ReadNamed
    downloaded: Viewed

    @property
    def redirect_uri(self) -> str:
        return f"{self.settings.public_url}/callback"

    def registration(self, tenant: Tenant) -> SmartRegistration:
        """This service's registration at a tenant's EHR; with no trust file, the sandbox's."""
        if tenant.smart is not None:
            return tenant.smart
        if self.settings.dev:
            return SANDBOX_REGISTRATION
        raise refusals.not_allowed("no-smart-registration")

    def can_launch(self, iss: str) -> bool:
        """Whether a launch from this EHR can end on the page."""
        tenant = self.settings.tenant_for_fhir_server(iss) if iss else None
        return tenant is not None and (tenant.smart is not None or self.settings.dev)

    def http(self, tenant: Tenant, iss: str) -> EhrHttp:
        return EhrHttp(self.outbound.within(tenant.network), iss, self.registration(tenant).hosts)

    def tenant(self, tenant_id: str, iss: str) -> Tenant:
        """The tenant of a launch or session; refused when the trust file no longer holds it."""
        tenant = self.settings.tenant_for_fhir_server(iss)
        if tenant is None or tenant.id != tenant_id:
            raise refusals.unknown_ehr()
        return tenant


def smart_door(
    settings: Settings,
    outbound: Outbound,
    vault: Vault,
    read_chart: ReadChart,
    viewed: Viewed,
    read_named: ReadNamed = nothing_named,
    downloaded: Viewed | None = None,
) -> SmartDoor:
    """Put the door together. Raises SettingsError for a key file that cannot be used.

    Without ``downloaded`` a packet is told of as a view.
    """
    return SmartDoor(
        settings=settings,
        outbound=outbound,
        vault=vault,
        sessions=Sessions(vault),
        handoff=Handoff(vault, settings.secret_keys[0]),
        discovery=Discovery(),
        keys={tenant.id: _keys(tenant) for tenant in settings.tenants},
        waiting=BoundedSemaphore(WAITING_AT_ONCE),
        read_chart=read_chart,
        viewed=viewed,
        read_named=read_named,
        downloaded=downloaded or viewed,
    )


def _keys(tenant: Tenant) -> tuple[OwnKey, ...]:
    if tenant.smart is None or tenant.smart.private_key_file is None:
        return ()
    try:
        return own_keys_from(tenant.smart.private_key_file.read_text())
    except (OSError, UnicodeDecodeError, OwnKeyError) as failure:
        reason = failure if isinstance(failure, OwnKeyError) else "it cannot be read"
        raise SettingsError(f"tenant {tenant.id}: smart.private_key_file: {reason}") from None
