"""Trying each server that the trust file names: its name, its address, TLS, and what it answers.

Goes by the outbound door with the tenant's own network, so that what is found is what the service
itself would find. Sends no token and reads no patient.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from cds_service.commands.finding import Finding
from cds_service.fhir.json_types import as_text
from cds_service.json_text import NotStrictJson, read_json
from cds_service.settings.addresses import AllowedBases
from cds_service.settings.tenants import Client, SmartRegistration, Tenant
from cds_service.smart.login.discovery import read_configuration
from cds_service.smart.login.ehr_http import EhrHttp
from cds_service.smart.refusals import Refused
from cds_service.trust import signatures
from cds_service.trust.failures import OutboundError, Step
from cds_service.trust.jwks import Keys, KeysUnavailable, key_set
from cds_service.trust.outbound import Outbound, Response

PATIENCE_S = 5.0
_MENDS: Mapping[Step, str] = {
    "name": "correct the host's name in the trust file, or ask for it to be known to this host's DNS",
    "address": "a server of the hospital's own network: name its network in the tenant's private_networks",
    "connection": "let this host reach the server and port: firewall, routes, or an https_proxy for the tenant",
    "proxy": "look at the tenant's https_proxy: its address, and whether it lets this host reach the server",
    "tls": "the server's certificate: renew or correct it; a hospital's own authority belongs in ca_file",
    "answer": "ask whoever runs the server",
}
_SAID: Mapping[Step, str] = {
    "name": "name",
    "address": "address refused",
    "connection": "no connection",
    "proxy": "proxy",
    "tls": "TLS",
    "answer": "no usable answer",
}
# Members of a JWK that only its owner may know (RFC 7518, section 6).
_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


def tried(tenant: Tenant, door: Outbound) -> Iterator[Finding]:
    """Every server of a tenant. ``door`` is the one in the tenant's network."""
    for base in tenant.fhir_servers:
        yield _fhir_server(tenant.id, base, door)
        if tenant.smart is not None:
            yield _smart(tenant.id, base, tenant.smart, door)
    for client in tenant.clients:
        yield from _keys(tenant.id, client, door)


def _asked(url: str, door: Outbound) -> Response:
    """Raises OutboundError."""
    return door.get(
        url,
        headers={"Accept": "application/fhir+json, application/json;q=0.9"},
        allowed=AllowedBases((url,)),
        deadline=time.monotonic() + PATIENCE_S,
    )


def _unreached(about: str, url: str, failure: OutboundError) -> Finding:
    return Finding(about, f"{url}: {_SAID[failure.step]}: {failure.detail}", _MENDS[failure.step])


def _fhir_server(about: str, base: str, door: Outbound) -> Finding:
    url = f"{base}/metadata"
    try:
        answer = _asked(url, door)
    except OutboundError as failure:
        return _unreached(about, url, failure)
    if answer.status in (401, 403):
        mend = "nothing, if the server asks for a token even for its /metadata"
        return Finding(
            about, f"{url}: name, address and TLS are well; answered {answer.status}", mend, warns=True
        )
    if answer.status != 200:
        mend = "fhir_servers must hold the exact base, under which /metadata is"
        return Finding(about, f"{url}: name, address and TLS are well; answered {answer.status}", mend)
    version = _fhir_version(answer.body)
    if is_r4b(version):
        mend = "ask for the base that speaks R4 (4.0.1); what differs in R4B may be missed"
        return Finding(about, f"{url}: speaks FHIR {version}, which is R4B and not R4", mend, warns=True)
    if not version.startswith("4.0."):
        said = f"speaks FHIR {version}" if version else "is no CapabilityStatement in JSON"
        return Finding(about, f"{url}: {said}", "fhir_servers must hold the base of a FHIR R4 server")
    return Finding(about, f"{base}: FHIR {version}")


def is_r4b(version: str) -> bool:
    """Whether a version of FHIR is R4B, or a ballot on the way to it: most of it is as in R4."""
    return version.startswith(("4.1.", "4.3."))


def _fhir_version(body: bytes) -> str:
    try:
        content = read_json(body)
    except NotStrictJson:
        return ""
    version = content.get("fhirVersion") if isinstance(content, dict) else None
    return version if isinstance(version, str) and len(version) < 20 else ""


def _smart(about: str, base: str, registration: SmartRegistration, door: Outbound) -> Finding:
    """The addresses for signing in, and the keys that sign what comes back."""
    url = f"{base}/.well-known/smart-configuration"
    try:
        answer = _asked(url, door)
    except OutboundError as failure:
        return _unreached(about, url, failure)
    if answer.status != 200:
        mend = "the detail view needs SMART App Launch at this base; or take [tenant.smart] out"
        return Finding(about, f"{url}: answered {answer.status}", mend)
    http = EhrHttp(door, base, registration.hosts)
    try:
        configuration = read_configuration(base, _object(answer.body), registration.hosts)
        keys = http.keys(configuration, time.monotonic() + PATIENCE_S)
    except Refused as refused:
        mend = "an address elsewhere belongs in smart.hosts; all else is for whoever runs the EHR"
        return Finding(about, f"{url}: {refused.reason}", mend)
    if not keys:
        return Finding(about, f"{url}: leads to no signing keys", "ask whoever runs the EHR")
    return Finding(about, f"{base}: SMART configuration, {len(keys)} signing keys")


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        content = read_json(body)
    except NotStrictJson:
        return {}
    return content if isinstance(content, dict) else {}


def _keys(about: str, client: Client, door: Outbound) -> Iterator[Finding]:
    place = client.jwks_url or str(client.jwks_file)
    try:
        keys = _key_set(client, door)
    except OutboundError as failure:
        yield _unreached(about, place, failure)
        return
    except KeysUnavailable as fault:
        mend = "it must be a JWK set: ask the EHR for its key set"
        yield Finding(about, f"{client.issuer}: no keys from {place} ({fault})", mend)
        return
    if told := sorted({str(key.get("kid")) for key in keys if _PRIVATE_MEMBERS & set(key)}):
        mend = "whoever has read it can sign as the EHR: its owner must make new keys and publish public ones only"
        yield Finding(about, f"{place}: publishes the private part of {', '.join(told)}", mend, warns=True)
    usable = {kid for name in client.algorithms for kid in map(_name, keys) if _is_found(keys, kid, name)}
    if not usable:
        mend = f"the set needs a key for {' or '.join(client.algorithms)}; or allow its algorithm in the trust file"
        yield Finding(about, f"{client.issuer}: no usable key among {len(keys)} at {place}", mend)
        return
    yield Finding(about, f"{client.issuer}: {len(usable)} usable keys at {place}")


def _name(key: Mapping[str, Any]) -> str:
    """A key's id; empty where it has none, or none that a JWT could give."""
    return as_text(key.get("kid")) or ""


def _is_found(keys: Keys, kid: str, algorithm: str) -> bool:
    """Whether a JWT of this key id is checked by a key, as a caller's is."""
    try:
        return bool(kid) and bool(signatures.the_key(keys, kid, algorithm))
    except signatures.NoFittingKey:
        return False


def _key_set(client: Client, door: Outbound) -> Keys:
    """Raises OutboundError, or KeysUnavailable that says why in a word."""
    if client.jwks_url is None:
        try:
            return key_set(client.jwks_file.read_bytes() if client.jwks_file is not None else b"")
        except OSError:
            raise KeysUnavailable("file") from None
    answer = _asked(client.jwks_url, door)
    if answer.status != 200:
        raise KeysUnavailable(f"status {answer.status}")
    return key_set(answer.body)
