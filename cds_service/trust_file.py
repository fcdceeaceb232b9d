"""The trust file: TOML to tenants. Refuses what it does not know and says which member is at fault.

Paths in the file are relative to the file. Reads no environment but the client secrets it names.
"""

from __future__ import annotations

import csv
import pkgutil
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cds_service import policies
from cds_service.tenants import (
    DEFAULT_ALGORITHMS,
    Client,
    SettingsError,
    SmartRegistration,
    Tenant,
    address_fault,
    without_slash,
)

ALGORITHMS = ("ES384", "RS384", "ES256", "RS256")
SMART_AUTH = ("private_key_jwt", "client_secret_basic", "none")
MEMBERS_HEADER = ["payer", "member_id"]


def policy_names() -> tuple[str, ...]:
    """The policies that a tenant may name: one folder each."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(policies.__path__) if m.ispkg))


def read_trust_file(path: Path, environ: Mapping[str, str], *, dev: bool) -> tuple[Tenant, ...]:
    """The tenants of a trust file. Raises SettingsError that names the member at fault."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"CDS_CONFIG: {path} cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"CDS_CONFIG: {path} is not TOML: {error}") from None
    root = _Table(content, "", path.parent, dev)
    tenants = tuple(_tenant(table, environ) for table in root.tables("tenant"))
    root.finish()
    if not tenants:
        raise SettingsError("CDS_CONFIG: the trust file has no [[tenant]]")
    _refuse_shared(tenants)
    return tenants


class _Table:
    """One table of the file, read member by member; what was not asked for is refused at the end."""

    def __init__(self, members: Mapping[str, Any], path: str, folder: Path, dev: bool) -> None:
        self._members, self._path, self._folder, self.dev = members, path, folder, dev
        self._asked: set[str] = set()

    def at(self, member: str) -> str:
        return f"{self._path}.{member}" if self._path else member

    def fault(self, member: str, what: str) -> SettingsError:
        return SettingsError(f"trust file: {self.at(member)} {what}")

    def _get(self, member: str) -> Any:
        self._asked.add(member)
        return self._members.get(member)

    def text(self, member: str) -> str | None:
        value = self._get(member)
        if value is None:
            return None
        if not isinstance(value, str) or not value.strip():
            raise self.fault(member, "must be a string that is not blank")
        return value

    def required_text(self, member: str) -> str:
        value = self.text(member)
        if value is None:
            raise self.fault(member, "is missing")
        return value

    def texts(self, member: str) -> tuple[str, ...] | None:
        value = self._get(member)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(v, str) and v.strip() for v in value):
            raise self.fault(member, "must be a list of strings")
        return tuple(value)

    def choices(self, member: str, allowed: tuple[str, ...], default: tuple[str, ...]) -> tuple[str, ...]:
        values = self.texts(member)
        if values is None:
            return default
        if not values or not set(values) <= set(allowed):
            raise self.fault(member, f"must be a list of some of: {', '.join(allowed)}")
        return values

    def address(self, member: str, value: str) -> str:
        if (fault := address_fault(value, allow_loopback_http=self.dev)) is not None:
            raise self.fault(member, f"{fault}: {value}")
        return value

    def file(self, member: str) -> Path | None:
        value = self.text(member)
        if value is None:
            return None
        path = self._folder / value
        if not path.is_file():
            raise self.fault(member, f"names a file that does not exist: {path}")
        return path

    def tables(self, member: str) -> list[_Table]:
        value = self._get(member)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
            raise self.fault(member, f"must be written as [[{self.at(member)}]]")
        return [
            _Table(v, f"{self.at(member)}[{index}]", self._folder, self.dev) for index, v in enumerate(value)
        ]

    def table(self, member: str) -> _Table | None:
        value = self._get(member)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.fault(member, f"must be written as [{self.at(member)}]")
        return _Table(value, self.at(member), self._folder, self.dev)

    def finish(self) -> None:
        if unknown := sorted(set(self._members) - self._asked):
            raise self.fault(unknown[0], "is not a known member")


def _tenant(table: _Table, environ: Mapping[str, str]) -> Tenant:
    names = policy_names()
    smart = table.table("smart")
    tenant = Tenant(
        id=table.required_text("id"),
        fhir_servers=tuple(
            without_slash(table.address("fhir_servers", base)) for base in table.texts("fhir_servers") or ()
        ),
        payer_identifiers=_payers(table),
        policies=table.choices("policies", names, names),
        frame_ancestors=tuple(
            _origin(table, "frame_ancestors", value) for value in table.texts("frame_ancestors") or ()
        ),
        clients=tuple(_client(client) for client in table.tables("client")),
        smart=_smart(smart, environ) if smart is not None else None,
        members_file=_members_file(table),
    )
    table.finish()
    return tenant


def _payers(table: _Table) -> tuple[str, ...]:
    values = table.texts("payer_identifiers") or ()
    for value in values:
        system, bar, code = value.rpartition("|")
        if not (system and bar and code):
            raise table.fault("payer_identifiers", f"must be written system|value: {value}")
    return values


def _origin(table: _Table, member: str, value: str) -> str:
    origin = without_slash(table.address(member, value))
    if origin.count("/") != 2:
        raise table.fault(member, f"must be origins without a path: {value}")
    return origin


def _members_file(table: _Table) -> Path | None:
    path = table.file("members_file")
    if path is not None:
        with path.open(encoding="utf-8", newline="") as lines:
            if next(csv.reader(lines), None) != MEMBERS_HEADER:
                raise table.fault("members_file", f"must begin with the header {','.join(MEMBERS_HEADER)}")
    return path


def _client(table: _Table) -> Client:
    jwks_url = table.text("jwks_url")
    client = Client(
        issuer=table.address("issuer", table.required_text("issuer")),
        jwks_url=table.address("jwks_url", jwks_url) if jwks_url is not None else None,
        jwks_file=table.file("jwks_file"),
        algorithms=table.choices("algorithms", ALGORITHMS, DEFAULT_ALGORITHMS),
        extra_audiences=table.texts("extra_audiences") or (),
        jwt_tenants=table.texts("jwt_tenants"),
    )
    table.finish()
    if (client.jwks_url is None) == (client.jwks_file is None):
        raise table.fault("jwks_url", "or jwks_file must be given, and not both")
    return client


def _smart(table: _Table, environ: Mapping[str, str]) -> SmartRegistration:
    auth = table.required_text("auth")
    if auth not in SMART_AUTH:
        raise table.fault("auth", f"must be one of: {', '.join(SMART_AUTH)}")
    key_file, secret_env = table.file("private_key_file"), table.text("client_secret_env")
    if (key_file is not None) != (auth == "private_key_jwt"):
        raise table.fault("private_key_file", 'belongs to auth = "private_key_jwt", which needs it')
    if (secret_env is not None) != (auth == "client_secret_basic"):
        raise table.fault("client_secret_env", 'belongs to auth = "client_secret_basic", which needs it')
    secret = environ.get(secret_env) if secret_env is not None else None
    if secret_env is not None and not secret:
        raise table.fault("client_secret_env", f"names an environment variable that is not set: {secret_env}")
    registration = SmartRegistration(
        table.required_text("client_id"), auth, key_file, secret, table.texts("hosts") or ()
    )
    table.finish()
    return registration


def _refuse_shared(tenants: tuple[Tenant, ...]) -> None:
    """A base or an issuer that two tenants share would leave it open whose rules apply to a call."""
    ids: set[str] = set()
    bases: set[str] = set()
    issuers: dict[str, list[frozenset[str] | None]] = {}
    for index, tenant in enumerate(tenants):
        at = f"trust file: tenant[{index}]"
        if tenant.id in ids:
            raise SettingsError(f"{at}.id is used twice: {tenant.id}")
        if shared := bases.intersection(tenant.fhir_servers):
            raise SettingsError(f"{at}.fhir_servers names another tenant's server: {min(shared)}")
        ids.add(tenant.id)
        bases.update(tenant.fhir_servers)
        for client in tenant.clients:
            named = frozenset(client.jwt_tenants) if client.jwt_tenants is not None else None
            others = issuers.setdefault(client.issuer, [])
            if any(named is None or other is None or named & other for other in others):
                raise SettingsError(
                    f"{at}.client.issuer is used twice without jwt_tenants to tell apart: {client.issuer}"
                )
            others.append(named)
