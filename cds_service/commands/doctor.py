"""The check-up: settings, trust file, keys, policies, database; what is wrong and how to mend it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import click

from cds_service.commands.start import settings_or_exit
from cds_service.policies import installed
from cds_service.settings import Client, Settings, SmartRegistration
from cds_service.store.database import Database, StoreError
from cds_service.trust import signatures
from cds_service.trust.jwks import KeySets, KeysUnavailable, fetch_through
from cds_service.trust.outbound import Outbound
from cds_service.trust.own_keys import OwnKeyError, own_keys_from


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. ``mend`` says what to do, and is empty when all is well."""

    about: str
    text: str
    mend: str = ""


@click.command()
def doctor() -> None:
    """Check settings, trust file, keys, policies and database; say what is wrong and how to mend it."""
    settings = settings_or_exit()
    ill = 0
    for finding in findings(settings):
        ill += bool(finding.mend)
        click.echo(f"{'FAULT' if finding.mend else 'ok':5}  {finding.about:10}  {finding.text}")
        if finding.mend:
            click.echo(f"{'':19}mend: {finding.mend}")
    if ill:
        raise click.ClickException(f"{ill} to mend")


def findings(settings: Settings) -> Iterator[Finding]:
    """Everything that can be looked at without a call from an EHR."""
    yield Finding(
        "settings", f"public address {settings.public_url}{', development' if settings.dev else ''}"
    )
    file = settings.config_path or "none, development"
    yield Finding("trust file", f"{file}: {len(settings.tenants)} tenants")
    key_sets = KeySets(fetch_through(Outbound(loopback=settings.dev)))
    for tenant in settings.tenants:
        if not tenant.clients and not settings.dev:
            yield Finding(
                tenant.id, "no client may call", "add [[tenant.client]] with the EHR's issuer and keys"
            )
        for client in tenant.clients:
            yield _keys(tenant.id, client, key_sets)
        if tenant.smart is not None:
            yield _own_keys(tenant.id, tenant.smart)
    for name, policy in installed().items():
        yield Finding("policy", f"{name}: {policy.reference.id}, effective {policy.reference.effective}")
    yield _database(settings)


def _keys(tenant: str, client: Client, key_sets: KeySets) -> Finding:
    place = client.jwks_url or str(client.jwks_file)
    try:
        keys = key_sets.keys(client, "")
    except KeysUnavailable as fault:
        mend = "ask the EHR for its key set, or let this host reach the address"
        return Finding(tenant, f"{client.issuer}: no keys from {place} ({fault})", mend)
    usable = {key.get("kid") for name in client.algorithms for key in signatures.fitting_keys(keys, name)}
    if not usable:
        mend = f"the set needs a key for {' or '.join(client.algorithms)}; or allow its algorithm in the trust file"
        return Finding(tenant, f"{client.issuer}: no usable key among {len(keys)} at {place}", mend)
    return Finding(tenant, f"{client.issuer}: {len(usable)} usable keys at {place}")


def _own_keys(tenant: str, smart: SmartRegistration) -> Finding:
    if smart.private_key_file is None:
        return Finding(tenant, f"detail view: {smart.auth}")
    try:
        keys = own_keys_from(smart.private_key_file.read_text())
    except (OSError, UnicodeDecodeError, OwnKeyError) as fault:
        reason = str(fault) if isinstance(fault, OwnKeyError) else "it cannot be read"
        mend = "a PEM file with a P-384 key or an RSA key of 2048 bits or more"
        return Finding(tenant, f"detail view: {smart.private_key_file}: {reason}", mend)
    return Finding(tenant, f"detail view: signs with {keys[0].algorithm}, {len(keys)} keys published")


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
