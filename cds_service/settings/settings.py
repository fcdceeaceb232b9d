"""Settings: the environment and the trust file, read and checked once at start.

Knows every setting and every rule that makes the service refuse to start. Opens no connection.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from cds_service.fhir.dates import instant
from cds_service.policies import names as policy_names
from cds_service.settings.environment import FROM_FILES, Environment
from cds_service.settings.tenants import (
    Fault,
    SettingsError,
    Tenant,
    address_fault,
    is_loopback,
    without_slash,
)
from cds_service.settings.trust_file import read_trust_file
from cds_service.values import dataclass

NAMES = {
    "CDS_PUBLIC_URL",
    "CDS_CONFIG",
    "CDS_DATABASE_URL",
    "CDS_SECRET_KEY",
    "CDS_DEV",
    "CDS_AUTH",
    "CDS_FIXED_NOW",
    "CDS_DEADLINE_S",
    "CDS_DISCOVERY",
    "CDS_LOG_LEVEL",
    "CDS_AUDIT_DAYS",
    "CDS_FEEDBACK_DAYS",
    "CDS_DISPUTE_DAYS",
    "CDS_DTR_HOURS",
    "CDS_RATE_LIMIT",
    "CDS_PROXY_HOPS",
    *(f"{name}_FILE" for name in FROM_FILES),
}
DEFAULT_PUBLIC_URL = "http://127.0.0.1:8080"
DEFAULT_DATABASE_URL = "sqlite:///var/cds.sqlite3"
SHORTEST_KEY = 32
LONGEST_DEADLINE_S = 60.0
AUDIT_DAYS = 2192  # six years, as HIPAA asks of whoever runs this
FEEDBACK_DAYS = 731
DTR_HOURS = 72
RATE_LIMIT = 6000
# Development keeps one known key, so that sessions outlive a restart. It protects nothing, which is
# why CDS_DEV refuses any public address but loopback.
DEVELOPMENT_KEY = "loopback development, never for patients"
_MAKE_A_KEY = "python3 -c 'import secrets; print(secrets.token_urlsafe(36))' makes one"
LOOPBACK_ORIGINS = ("http://127.0.0.1:*", "http://localhost:*")


@dataclass(frozen=True, slots=True)
class Settings:
    """All that is set from outside. Build with :meth:`from_environment`."""

    public_url: str = DEFAULT_PUBLIC_URL
    database_url: str = DEFAULT_DATABASE_URL
    secret_keys: tuple[str, ...] = ()
    dev: bool = False
    auth_required: bool = True
    fixed_now: datetime | None = None
    deadline_s: float = 4.0
    discovery_requires_jwt: bool = False
    log_level: str = "INFO"
    audit_days: int = AUDIT_DAYS
    feedback_days: int = FEEDBACK_DAYS
    dispute_days: int = 0
    dtr_hours: int = DTR_HOURS
    calls_per_minute: int = 0
    proxy_hops: int = 0
    tenants: tuple[Tenant, ...] = ()
    config_path: Path | None = None

    def __repr__(self) -> str:
        return f"Settings(public_url={self.public_url!r}, dev={self.dev}, tenants={len(self.tenants)})"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """Read and check everything. Raises SettingsError that names everything at fault."""
        env = Environment(environ, NAMES)
        given, take = env.given, env.take
        try:
            dev = _choice(given, "CDS_DEV", {"1": True, "0": False}, False)
        except SettingsError as error:  # without knowing this, no other setting can be judged
            raise SettingsError(*error.faults, *env.faults) from None
        config = given.get("CDS_CONFIG")
        take("FLASK_DEBUG", lambda: _refuse_debug(environ, dev), None)
        settings = cls(
            public_url=take("CDS_PUBLIC_URL", lambda: _public_url(given, dev), DEFAULT_PUBLIC_URL),
            database_url=given.get("CDS_DATABASE_URL", DEFAULT_DATABASE_URL),
            secret_keys=take("CDS_SECRET_KEY", lambda: _secret_keys(given.get("CDS_SECRET_KEY"), dev), ()),
            dev=dev,
            auth_required=take("CDS_AUTH", lambda: _auth_required(given, dev), True),
            fixed_now=take("CDS_FIXED_NOW", lambda: _fixed_now(given.get("CDS_FIXED_NOW"), dev), None),
            deadline_s=take("CDS_DEADLINE_S", lambda: _deadline(given.get("CDS_DEADLINE_S")), 4.0),
            discovery_requires_jwt=take("CDS_DISCOVERY", lambda: _discovery_requires_jwt(given), False),
            log_level=take("CDS_LOG_LEVEL", lambda: _log_level(given.get("CDS_LOG_LEVEL", "INFO")), "INFO"),
            audit_days=_number(env, "CDS_AUDIT_DAYS", AUDIT_DAYS, least=1),
            feedback_days=_number(env, "CDS_FEEDBACK_DAYS", FEEDBACK_DAYS, least=1),
            dispute_days=_number(env, "CDS_DISPUTE_DAYS", 0),
            dtr_hours=_number(env, "CDS_DTR_HOURS", DTR_HOURS),
            calls_per_minute=_number(env, "CDS_RATE_LIMIT", 0 if dev else RATE_LIMIT),
            proxy_hops=_number(env, "CDS_PROXY_HOPS", 0),
            tenants=take("CDS_CONFIG", lambda: _tenants(config, environ, dev), ()),
            config_path=Path(config) if config is not None else None,
        )
        if env.faults:
            raise SettingsError(*env.faults)
        return settings

    def now(self) -> datetime:
        """The evaluation clock: what is fixed for it, else the present in this machine's zone."""
        return self.fixed_now or datetime.now(UTC).astimezone()

    @property
    def unnamed_tenant(self) -> Tenant | None:
        """Whose calls are those that name neither a client nor a server: the first tenant's, where that is allowed."""
        return None if self.auth_required else next(iter(self.tenants), None)

    def tenant_for_fhir_server(self, base: str) -> Tenant | None:
        """The tenant whose server this is, one trailing slash ignored. None: never to be contacted."""
        base = without_slash(base)
        for tenant in self.tenants:
            if base in tenant.fhir_servers:
                return tenant
        if self.config_path is None and self.dev and _is_loopback_address(base):
            return self.tenants[0]
        return None


def _is_loopback_address(url: str) -> bool:
    return address_fault(url, allow_loopback_http=True) is None and is_loopback(urlsplit(url).hostname or "")


def _choice(given: Mapping[str, str], name: str, meanings: Mapping[str, bool], default: bool) -> bool:
    if name not in given:
        return default
    if given[name] not in meanings:
        raise SettingsError(f"{name} must be one of: {', '.join(meanings)}")
    return meanings[given[name]]


def _refuse_debug(environ: Mapping[str, str], dev: bool) -> None:
    if environ.get("FLASK_DEBUG", "0") not in ("", "0") and not dev:
        raise SettingsError(Fault("FLASK_DEBUG is for CDS_DEV=1 only", "remove it"))


def _public_url(given: Mapping[str, str], dev: bool) -> str:
    value = given.get("CDS_PUBLIC_URL", DEFAULT_PUBLIC_URL)
    if (fault := address_fault(value, allow_loopback_http=True)) is not None:
        raise SettingsError(f"CDS_PUBLIC_URL {fault}: {value}")
    if dev and not _is_loopback_address(value):
        raise SettingsError("CDS_PUBLIC_URL must be a loopback address with CDS_DEV=1")
    return without_slash(value)


def _secret_keys(value: str | None, dev: bool) -> tuple[str, ...]:
    if value is None:
        if dev:
            return (DEVELOPMENT_KEY,)
        raise SettingsError(Fault("CDS_SECRET_KEY is required", _MAKE_A_KEY))
    keys = tuple(key.strip() for key in value.split(","))
    if any(len(key) < SHORTEST_KEY for key in keys):
        too_short = f"CDS_SECRET_KEY: each key must have at least {SHORTEST_KEY} characters"
        raise SettingsError(Fault(too_short, _MAKE_A_KEY))
    return keys


def _auth_required(given: Mapping[str, str], dev: bool) -> bool:
    required = _choice(given, "CDS_AUTH", {"required": True, "optional": False}, True)
    if not required and not dev:
        raise SettingsError(Fault("CDS_AUTH=optional is for CDS_DEV=1 only", "remove it: callers need a JWT"))
    return required


def _fixed_now(value: str | None, dev: bool) -> datetime | None:
    if value is None:
        return None
    if not dev:
        raise SettingsError(Fault("CDS_FIXED_NOW is for CDS_DEV=1 only", "remove it"))
    try:
        return instant(value)
    except ValueError as fault:
        raise SettingsError(f"CDS_FIXED_NOW: {fault}") from None


def _discovery_requires_jwt(given: Mapping[str, str]) -> bool:
    return _choice(given, "CDS_DISCOVERY", {"public": False, "required": True}, False)


def _deadline(value: str | None) -> float:
    if value is None:
        return 4.0
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= LONGEST_DEADLINE_S:
        raise SettingsError(f"CDS_DEADLINE_S must be seconds, above 0 and up to {LONGEST_DEADLINE_S:g}")
    return seconds


def _number(env: Environment, name: str, default: int, *, least: int = 0) -> int:
    def read() -> int:
        value = env.given.get(name, str(default))
        if not (value.isascii() and value.isdecimal() and len(value) <= 6 and int(value) >= least):
            raise SettingsError(f"{name} must be a whole number from {least} to 999999")
        return int(value)

    return env.take(name, read, default)


def _log_level(value: str) -> str:
    # Debug logs of libraries may hold addresses with patient ids, so that level is not offered.
    levels = ("INFO", "WARNING", "ERROR", "CRITICAL")
    if value.upper() not in levels:
        raise SettingsError(f"CDS_LOG_LEVEL must be one of: {', '.join(levels)}")
    return value.upper()


def _tenants(config: str | None, environ: Mapping[str, str], dev: bool) -> tuple[Tenant, ...]:
    if config is not None:
        return read_trust_file(Path(config), environ, dev=dev)
    if dev:
        return (Tenant("dev", policies=policy_names(), frame_ancestors=LOOPBACK_ORIGINS),)
    raise SettingsError(
        Fault(
            "CDS_CONFIG is required: a trust file names the EHRs that may call",
            "write one as the README shows, and set CDS_CONFIG to its path",
        )
    )
