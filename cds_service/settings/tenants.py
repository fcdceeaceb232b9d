"""Tenants: the hospitals that this deployment serves, as values, and what an address may look like.

Knows no file format and no environment: ``trust_file`` and ``settings`` build these.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import urlsplit

from cds_service.settings.addresses import IpNetwork
from cds_service.values import dataclass

DEFAULT_ALGORITHMS = ("ES384", "RS384")
DEVELOPMENT_TENANT = "dev"  # of calls that no trust file names


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with the settings or the trust file, and what to do about it.

    ``text`` names the setting or the member, and holds no secret.
    """

    text: str
    mend: str = "correct it; the README has all settings"


class SettingsError(Exception):
    """The service cannot start as configured. ``faults`` are all that were found; the message names each."""

    def __init__(self, *faults: Fault | str) -> None:
        self.faults = tuple(fault if isinstance(fault, Fault) else Fault(fault) for fault in faults)
        super().__init__("; ".join(fault.text for fault in self.faults))


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that a misspelt one was probably meant to be; empty when none is near."""
    return next(iter(get_close_matches(name, sorted(known), n=1, cutoff=0.75)), "")


@dataclass(frozen=True, slots=True)
class Network:
    """How a hospital's servers are reached where they are not on the public internet; else empty.

    ``private_networks`` may hold their addresses; the authorities of ``ca_file`` are believed beside
    the usual ones; ``https_proxy`` is the http address of a proxy that connects to them.
    """

    private_networks: tuple[IpNetwork, ...] = ()
    ca_file: Path | None = None
    https_proxy: str | None = None


PUBLIC_INTERNET = Network()


@dataclass(frozen=True, slots=True)
class Client:
    """Who may call the hooks: one issuer of JWTs and where its public keys are.

    ``network`` is its tenant's: the key address is reached as the tenant's other servers are.
    With a ``client_id`` it may also get tokens for the FHIR routes, by the same keys.
    """

    issuer: str
    jwks_url: str | None = None
    jwks_file: Path | None = None
    algorithms: tuple[str, ...] = DEFAULT_ALGORITHMS
    extra_audiences: tuple[str, ...] = ()
    jwt_tenants: tuple[str, ...] | None = None
    network: Network = PUBLIC_INTERNET
    client_id: str | None = None


@dataclass(frozen=True, slots=True)
class SmartRegistration:
    """This service's registration at the EHR, for the detail view. ``hosts`` may serve OAuth for it."""

    client_id: str
    auth: str
    private_key_file: Path | None = None
    client_secret: str | None = None
    hosts: tuple[str, ...] = ()
    client_secret_file: Path | None = None

    def __repr__(self) -> str:
        return f"SmartRegistration(client_id={self.client_id!r}, auth={self.auth!r})"


@dataclass(frozen=True, slots=True)
class Tenant:
    """One hospital: its FHIR servers, the payors answered for, the policies, and who may call."""

    id: str
    fhir_servers: tuple[str, ...] = ()
    payer_identifiers: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    frame_ancestors: tuple[str, ...] = ()
    clients: tuple[Client, ...] = ()
    smart: SmartRegistration | None = None
    members_file: Path | None = None
    network: Network = PUBLIC_INTERNET


_ADDRESS = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+(?:/[A-Za-z0-9\-._~!$&'()*+,;=:@%/]*)?")


def address_fault(url: str, *, allow_loopback_http: bool) -> str | None:
    """Why this is no address that may be contacted or trusted; None when it is one.

    Plain http is for loopback only. User information, queries, fragments, backslashes and hosts
    that are not ASCII are refused: different readers take them for different hosts.
    """
    if not _ADDRESS.fullmatch(url):
        return "is not an absolute http(s) address without user, query or fragment"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is not a valid address"
    if not host:
        return "names no host"
    if parts.scheme == "http" and not (allow_loopback_http and is_loopback(host)):
        return "must use https"
    return None


def is_loopback(host: str) -> bool:
    """Whether a host name or literal address means this machine and nothing else."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def without_slash(base: str) -> str:
    """A base address in the form that bases are compared in: one trailing slash is ignored."""
    return base.removesuffix("/")
