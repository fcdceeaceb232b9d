"""Who is let in: rate limits and the client's JWT, before anything of a call is read.

Knows HTTP headers and settings; the rules of JWTs are ``trust``'s. A refusal says nothing to the
caller but 401: its reason goes to the log and the metrics.
"""

from __future__ import annotations

import ipaddress
import logging
from dataclasses import field
from threading import Event

from flask import Request
from werkzeug.exceptions import TooManyRequests

from cds_service.operations import metrics
from cds_service.settings import Settings, SettingsError
from cds_service.store.token_guard import TokenGuard
from cds_service.trust.callers import Caller, Callers, Refusal, spent
from cds_service.trust.jwks import KeySets, KeysUnavailable, fetch_through
from cds_service.trust.outbound import Outbound
from cds_service.trust.rate import RateLimit
from cds_service.values import dataclass
from cds_service.web.errors import Unauthorized

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Gate:
    """Lets callers in or not; one for the life of a process."""

    settings: Settings
    callers: Callers
    guard: TokenGuard
    by_address: RateLimit
    by_client: RateLimit
    key_sets: KeySets
    told: Event = field(default_factory=Event)  # whether the log says already that JWTs are not checked

    def discovery(self, request: Request) -> Caller | None:
        """Who asks for discovery; None when it is public and nobody says."""
        required = self.settings.auth_required and self.settings.discovery_requires_jwt
        return self._admitted(request, ("/cds-services",), required)

    def hook(self, request: Request, service: str) -> Caller | None:
        """Who calls a service; None when authentication is optional and nobody says."""
        return self._admitted(request, (f"/cds-services/{service}",), self.settings.auth_required)

    def feedback(self, request: Request, service: str) -> Caller | None:
        """Who gives feedback; both URLs are in use as its audience."""
        url = f"/cds-services/{service}"
        return self._admitted(request, (f"{url}/feedback", url), self.settings.auth_required)

    def throttle(self, request: Request) -> None:
        """Raises TooManyRequests when an address calls too often, whoever it is."""
        self._limit(self.by_address, _network(request.remote_addr or ""), "address")

    def _admitted(self, request: Request, paths: tuple[str, ...], required: bool) -> Caller | None:
        """Raises StoreError when it cannot be determined whether a token was used: then nobody is let in."""
        given = request.headers.get("Authorization")
        if given is None:
            if required:
                raise self._refused("missing")
            return None
        if self._cannot_check():
            return None
        scheme, _, token = given.partition(" ")
        if scheme.lower() != "bearer":
            raise self._refused("scheme")
        try:
            caller = self.callers.identified(token, [self.settings.public_url + path for path in paths])
            # Before the token is used up, so that the same one may be sent again after the wait.
            self.throttle_client(caller.issuer)
            spent(caller, self.guard.first_use)
        except Refusal as refusal:
            raise self._refused(str(refusal)) from None
        return caller

    def _cannot_check(self) -> bool:
        """Whether authentication is optional and no client is registered: a JWT then counts as none."""
        if self.settings.auth_required or self.callers.registered:
            return False
        if not self.told.is_set():
            self.told.set()
            log.warning("JWTs are not checked: CDS_AUTH=optional and no client is registered")
        return True

    def _refused(self, reason: str) -> Unauthorized:
        metrics.JWT_REFUSALS.labels(reason).inc()
        log.warning("caller refused", extra={"reason": reason})
        return Unauthorized()

    def throttle_client(self, name: str) -> None:
        """Raises TooManyRequests when a client calls too often, by whatever name it is known."""
        self._limit(self.by_client, name, "client")

    def _limit(self, limit: RateLimit, name: str, by: str) -> None:
        wait = limit.wait_s(name)
        if wait:
            metrics.THROTTLED.labels(by).inc()
            log.warning("caller throttled", extra={"limit": by})
            raise TooManyRequests(retry_after=wait)


def gate(settings: Settings, outbound: Outbound, guard: TokenGuard) -> Gate:
    """Put the gate together. Raises SettingsError for a file of keys that cannot be used."""
    key_sets = KeySets(fetch_through(outbound))
    for client in (client for tenant in settings.tenants for client in tenant.clients if client.jwks_file):
        try:
            key_sets.keys(client, "")
        except KeysUnavailable:
            raise SettingsError(f"trust file: jwks_file is no JWK set: {client.jwks_file}") from None
    return Gate(
        settings,
        Callers(settings.tenants, key_sets),
        guard,
        RateLimit(settings.calls_per_minute),
        RateLimit(settings.calls_per_minute),
        key_sets,
    )


def _network(address: str) -> str:
    """An address as limits count it: one customer's IPv6 network is one caller."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return ""
    return str(ipaddress.ip_network((ip, 64), strict=False)) if ip.version == 6 else str(ip)
