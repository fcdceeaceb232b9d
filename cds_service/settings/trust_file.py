"""The trust file: TOML to tenants. Refuses what it does not know and says which members are at fault.

Paths in the file are relative to the file. Reads no environment but the client secrets it names.
"""

from __future__ import annotations

import re
import ssl
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from cds_service import policies
from cds_service.settings.addresses import plain_parts, private_network
from cds_service.settings.environment import secret_of
from cds_service.settings.members_list import read_members
from cds_service.settings.tenants import (
    DEFAULT_ALGORITHMS,
    Client,
    Fault,
    Network,
    SettingsError,
    SmartRegistration,
    Tenant,
    without_slash,
)
from cds_service.settings.trust_table import Reading, Table

ALGORITHMS = ("ES384", "RS384", "ES256", "RS256")
SMART_AUTH = ("private_key_jwt", "client_secret_basic", "none")
_READABLE = "name a file that the service's account may read"
_HOST = re.compile(r"[a-z0-9.\-]+(?::[0-9]{1,5})?")


def read_trust_file(path: Path, environ: Mapping[str, str], *, dev: bool) -> tuple[Tenant, ...]:
    """The tenants of a trust file. Raises SettingsError that names every member at fault."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            Fault(f"CDS_CONFIG: {path} cannot be read: {error.strerror}", _READABLE)
        ) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        mend = "correct the file at that place"
        raise SettingsError(Fault(f"CDS_CONFIG: {path} is not TOML: {error}", mend)) from None
    reading = Reading(path.parent, dev)
    root = Table(content, "", reading)
    tenants = tuple(_tenant(table, environ) for table in root.tables("tenant"))
    if not root.has("tenant"):
        root.missing("tenant", "is missing: a trust file has a [[tenant]] for each hospital")
    root.finish()
    if faults := (*reading.faults, *_shared(tenants)):
        raise SettingsError(*faults)
    return tenants


def _tenant(table: Table, environ: Mapping[str, str]) -> Tenant:
    names = policies.names()
    smart = table.table("smart")
    network = _network(table)
    tenant = Tenant(
        id=table.required_text("id"),
        fhir_servers=tuple(map(without_slash, table.addresses("fhir_servers"))),
        payer_identifiers=table.each("payer_identifiers", _payer),
        policies=table.choices("policies", names, names),
        frame_ancestors=tuple(map(without_slash, table.addresses("frame_ancestors"))),
        clients=tuple(_client(client, network) for client in table.tables("client")),
        smart=_smart(smart, environ) if smart is not None else None,
        members_file=_members_file(table),
        network=network,
    )
    for origin in tenant.frame_ancestors:
        if origin.count("/") != 2:
            table.fault("frame_ancestors", f"must be origins without a path: {origin}")
    table.finish()
    return tenant


def _network(table: Table) -> Network:
    proxy = table.text("https_proxy")
    if proxy is not None and (fault := _proxy_fault(proxy)) is not None:
        table.fault("https_proxy", fault)
    ca_file = table.file("ca_file")
    if ca_file is not None and not _holds_authorities(ca_file):
        mend = "a PEM file with the certificates of the hospital's authorities"
        table.fault("ca_file", f"holds no certificates that can be read: {ca_file}", mend)
    return Network(table.each("private_networks", private_network), ca_file, proxy)


def _proxy_fault(proxy: str) -> str | None:
    """A proxy is spoken to in plain http: what goes through it is TLS from end to end."""
    parts = plain_parts(proxy)
    if (
        parts is None
        or parts.scheme != "http"
        or parts.path not in ("", "/")
        or parts.query
        or not parts.port
    ):
        return "must be written http://host:port, without user or path"
    return None


def _holds_authorities(path: Path) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except (OSError, ssl.SSLError):
        return False
    return True


def _payer(value: str) -> str:
    system, bar, code = value.rpartition("|")
    if not (system and bar and code):
        raise ValueError(f"must be written system|value: {value}")
    return value


def _members_file(table: Table) -> Path | None:
    path = table.file("members_file")
    if path is not None:
        try:
            read_members(path)
        except OSError as error:
            table.fault("members_file", f"cannot be read: {error.strerror}", _READABLE)
        except ValueError as wrong:
            table.fault("members_file", str(wrong))
    return path


def _client(table: Table, network: Network) -> Client:
    if not table.has("issuer"):
        table.missing("issuer")
    client = Client(
        issuer=table.address("issuer") or "",
        jwks_url=table.address("jwks_url"),
        jwks_file=table.file("jwks_file"),
        algorithms=table.choices("algorithms", ALGORITHMS, DEFAULT_ALGORITHMS),
        extra_audiences=table.texts("extra_audiences") or (),
        jwt_tenants=table.texts("jwt_tenants"),
        network=network,
        client_id=table.text("client_id"),
    )
    given = table.has("jwks_url") + table.has("jwks_file")
    if given == 0:
        table.missing("jwks_url", "or jwks_file must be given")
    elif given == 2:
        table.fault("jwks_url", "and jwks_file are both given", "keep the one that is meant")
    table.finish()
    return client


def _smart(table: Table, environ: Mapping[str, str]) -> SmartRegistration:
    auth = table.required_text("auth")
    if auth not in SMART_AUTH:
        if auth:
            table.fault("auth", f"must be one of: {', '.join(SMART_AUTH)}")
    elif table.has("private_key_file") != (auth == "private_key_jwt"):
        table.fault("private_key_file", 'belongs to auth = "private_key_jwt", which needs it')
    secret_file = table.file("client_secret_file")
    secret = _client_secret(table, auth, secret_file, environ)
    registration = SmartRegistration(
        table.required_text("client_id"),
        auth,
        table.file("private_key_file"),
        secret,
        table.each("hosts", _host),
        secret_file,
    )
    table.finish()
    return registration


def _host(value: str) -> str:
    if not _HOST.fullmatch(value):
        raise ValueError(
            f"must be hosts in small letters, such as login.example.org or login.example.org:8443: {value}"
        )
    return value


def _client_secret(table: Table, auth: str, file: Path | None, environ: Mapping[str, str]) -> str | None:
    name = table.text("client_secret_env")
    given = table.has("client_secret_env") + table.has("client_secret_file")
    if auth in SMART_AUTH and given != (auth == "client_secret_basic"):
        what = 'or client_secret_file belongs to auth = "client_secret_basic", which needs one of them'
        table.fault("client_secret_env", what)
    if file is not None:
        try:
            return secret_of(file)
        except ValueError as wrong:
            table.fault("client_secret_file", str(wrong))
    if name is not None and not environ.get(name):
        mend = f"set {name} in the service's environment"
        table.fault("client_secret_env", f"names an environment variable that is not set: {name}", mend)
    return environ.get(name) if name is not None else None


def _shared(tenants: tuple[Tenant, ...]) -> Iterator[Fault]:
    """A base or an issuer that two tenants share would leave it open whose rules apply to a call."""
    ids: set[str] = set()
    bases: set[str] = set()
    issuers: dict[str, list[frozenset[str] | None]] = {}
    client_ids: set[str] = set()
    for index, tenant in enumerate(tenants):
        at = f"trust file: tenant[{index}]"
        if tenant.id and tenant.id in ids:
            yield Fault(f"{at}.id is used twice: {tenant.id}", "give each tenant an id of its own")
        if shared := bases.intersection(tenant.fhir_servers):
            mend = "a server belongs to one tenant: take it out of the other"
            yield Fault(f"{at}.fhir_servers names another tenant's server: {min(shared)}", mend)
        ids.add(tenant.id)
        bases.update(tenant.fhir_servers)
        for client in tenant.clients:
            if client.client_id is not None:
                if client.client_id in client_ids:
                    mend = "give each client an id of its own"
                    yield Fault(f"{at}.client.client_id is used twice: {client.client_id}", mend)
                client_ids.add(client.client_id)
            named = frozenset(client.jwt_tenants) if client.jwt_tenants is not None else None
            others = issuers.setdefault(client.issuer, [])
            if client.issuer and any(named is None or other is None or named & other for other in others):
                yield Fault(
                    f"{at}.client.issuer is used twice without jwt_tenants to tell apart: {client.issuer}",
                    "give each of them jwt_tenants that no other has",
                )
            others.append(named)
