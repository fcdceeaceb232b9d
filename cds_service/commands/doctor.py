"""The check-up: settings, trust file, keys, servers, policies, database; what is wrong and how to mend it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click

from cds_service.commands.finding import Finding
from cds_service.commands.servers import tried
from cds_service.policies import installed
from cds_service.settings import Settings, SettingsError, SmartRegistration, Tenant
from cds_service.settings.environment import FROM_FILES
from cds_service.store.database import Database, StoreError
from cds_service.trust.outbound import Outbound
from cds_service.trust.own_keys import OwnKeyError, own_keys_from

_AT_ONCE = 8


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON, for programs.")
def doctor(as_json: bool) -> None:
    """Check settings, trust file, keys, servers, policies and database; say how to mend what is wrong.

    Every server of every tenant is tried: its name, its address, TLS, and what it answers. Ends with
    status 1 when there is something to mend; warnings alone do not.
    """
    found = _all_findings()
    faults = sum(finding.state == "fault" for finding in found)
    if as_json:
        click.echo(json.dumps({"faults": faults, "findings": [f.as_json for f in found]}, ensure_ascii=False))
    else:
        _show(found)
    if faults:
        raise click.exceptions.Exit(1) if as_json else click.ClickException(f"{faults} to mend")


def _show(found: Sequence[Finding]) -> None:
    for finding in found:
        word = {"fault": "FAULT", "warning": "warn"}.get(finding.state, finding.state)
        click.echo(f"{word:5}  {finding.about:10}  {finding.text}")
        if finding.mend:
            click.echo(f"{'':19}mend: {finding.mend}")


def _all_findings() -> list[Finding]:
    try:
        settings = Settings.from_environment()
    except SettingsError as error:
        return [
            Finding(
                "trust file" if fault.text.startswith("trust file") else "settings", fault.text, fault.mend
            )
            for fault in error.faults
        ]
    return list(findings(settings))


def findings(settings: Settings) -> Iterator[Finding]:
    """Everything that can be looked at without a call from an EHR."""
    yield Finding(
        "settings", f"public address {settings.public_url}{', development' if settings.dev else ''}"
    )
    yield from _surroundings(settings)
    file = settings.config_path or "none, development"
    yield Finding("trust file", f"{file}: {len(settings.tenants)} tenants")
    for tenant in settings.tenants:
        yield from _tenant(tenant, settings)
    yield from _servers(settings)
    for name, policy in installed().items():
        yield Finding("policy", f"{name}: {policy.reference.id}, effective {policy.reference.effective}")
    yield _database(settings)


def _surroundings(settings: Settings) -> Iterator[Finding]:
    """What the settings say of the proxy in front, and what follows from it; and whether their files are closed."""
    if settings.public_url.startswith("https:") and not settings.proxy_hops and not settings.dev:
        yield Finding(
            "settings",
            "CDS_PROXY_HOPS is 0: behind a proxy, all callers would count as one address in the limits",
            "set it to the number of proxies in front; nothing, if gunicorn itself ends TLS",
            warns=True,
        )
    for name in FROM_FILES:
        if (file := os.environ.get(f"{name}_FILE")) and _is_open_to_all(Path(file)):
            yield _open_to_all("settings", name, Path(file))
    if os.environ.get("PORT"):
        yield Finding(
            "settings",
            "PORT is set: gunicorn.conf.py then listens on all addresses of this host",
            "let nothing but a proxy that buffers requests reach that port",
            warns=True,
        )


def _tenant(tenant: Tenant, settings: Settings) -> Iterator[Finding]:
    if not tenant.clients and not settings.dev:
        mend = "add [[tenant.client]] with the EHR's issuer and keys"
        yield Finding(tenant.id, "no client may call", mend)
    network = tenant.network
    if network.private_networks:
        named = ", ".join(map(str, network.private_networks))
        yield Finding(tenant.id, f"its servers may have addresses in {named}")
    if network.ca_file is not None:
        yield Finding(tenant.id, f"the authorities in {network.ca_file} are believed for its servers")
    if network.https_proxy is not None:
        text = f"its servers are asked by way of {network.https_proxy}, which alone sees their addresses"
        yield Finding(tenant.id, text)
    if tenant.smart is not None:
        yield _own_keys(tenant.id, tenant.smart)


def _servers(settings: Settings) -> Iterator[Finding]:
    outbound = Outbound(loopback=settings.dev)
    with ThreadPoolExecutor(_AT_ONCE) as crew:

        def try_all(tenant: Tenant) -> list[Finding]:
            return list(tried(tenant, outbound.within(tenant.network)))

        for of_one in crew.map(try_all, settings.tenants):
            yield from of_one


def _own_keys(tenant: str, smart: SmartRegistration) -> Finding:
    secret, file = smart.client_secret_file, smart.private_key_file
    if secret is not None and _is_open_to_all(secret):
        return _open_to_all(tenant, f"detail view: {smart.auth}", secret)
    if file is None:
        return Finding(tenant, f"detail view: {smart.auth}")
    try:
        keys = own_keys_from(file.read_text())
        open_to_all = _is_open_to_all(file)
    except (OSError, UnicodeDecodeError, OwnKeyError) as fault:
        reason = str(fault) if isinstance(fault, OwnKeyError) else "it cannot be read"
        mend = (
            "a PEM file with a P-384 key or an RSA key of 2048 bits or more: cds-service keys new makes one"
        )
        return Finding(tenant, f"detail view: {file}: {reason}", mend)
    said = f"detail view: signs with {keys[0].algorithm}, {len(keys)} keys published"
    return _open_to_all(tenant, said, file) if open_to_all else Finding(tenant, said)


def _is_open_to_all(file: Path) -> bool:
    return bool(file.stat().st_mode & 0o004)


def _open_to_all(about: str, said: str, file: Path) -> Finding:
    return Finding(about, f"{said}; any account can read {file}", f"chmod o-r {file}", warns=True)


def _database(settings: Settings) -> Finding:
    try:
        database = Database(settings.database_url)
    except StoreError as fault:
        return Finding("database", str(fault), fault.failure.mend)
    kind = database.engine.dialect.name
    try:
        if database.version() == 0:
            return Finding("database", f"{kind}: no tables yet, the first start makes them")
        database.check()
    except StoreError as fault:
        return Finding("database", f"{kind}: {fault}", fault.failure.mend)
    finally:
        database.close()
    return Finding("database", f"{kind}: schema up to date")
