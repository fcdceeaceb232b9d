"""SMART Backend Services: from a client's signed assertion to a short-lived token, and back to who holds it.

A token is opaque: it is sealed with the service's secret key and nothing of it is kept. A hook's JWT is none.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from cryptography.fernet import InvalidToken, MultiFernet

from cds_service.settings.tenants import Tenant
from cds_service.store.sealing import cipher
from cds_service.trust.callers import Callers, FirstUse, Lifetimes, Refusal, spent
from cds_service.trust.jwks import KeySets
from cds_service.values import dataclass

LIFE_S = 300
LONGEST = 4096
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
RESOURCES = ("questionnaire", "library", "valueset")
SCOPES = tuple(f"system/{resource}.rs" for resource in RESOURCES)
_SCOPE = re.compile(r"system/([A-Za-z]+)\.(?:rs|read)")


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a token: a tenant's client, and which resources it may ask for."""

    tenant: str
    client_id: str
    resources: frozenset[str]


class Tokens:
    """Gives tokens out and reads them. ``clock`` is the real time."""

    def __init__(self, secret_keys: Sequence[str], clock: Callable[[], float] = time.time) -> None:
        self._cipher: MultiFernet = cipher(secret_keys, b"payer-policy-cds fhir token")
        self._clock = clock

    def issue(self, tenant: str, client_id: str, scopes: Sequence[str]) -> str:
        """A token for these scopes, which were granted."""
        content = [tenant, client_id, sorted(resources_of(scopes)), self._clock() + LIFE_S]
        return self._cipher.encrypt(json.dumps(content).encode()).decode()

    def holder(self, token: str) -> Holder | None:
        """Who holds a token; None when it is none of ours, or over."""
        if len(token) > LONGEST or not token.isascii():
            return None
        try:
            content = json.loads(self._cipher.decrypt(token.encode()))
        except InvalidToken:
            return None
        tenant, client_id, resources, ends = content
        return Holder(tenant, client_id, frozenset(resources)) if self._clock() < ends else None


def granted(asked: str) -> tuple[str, ...]:
    """The scopes that are granted of those asked for, as they were written."""
    return tuple(dict.fromkeys(scope for scope in asked.split() if resources_of([scope])))


def resources_of(scopes: Sequence[str]) -> frozenset[str]:
    """The resources that scopes allow, in small letters; scopes of SMART 1 (``.read``) count."""
    named = (match[1].lower() for scope in scopes if (match := _SCOPE.fullmatch(scope)))
    return frozenset(resource for resource in named if resource in RESOURCES)


def assertion_checks(tenants: Sequence[Tenant], key_sets: KeySets) -> Callers:
    """Checks assertions as callers' JWTs are checked, with the client id as issuer and a life of five minutes."""
    return Callers(
        [
            replace(
                tenant,
                clients=tuple(
                    replace(client, issuer=client.client_id, extra_audiences=(), jwt_tenants=None)
                    for client in tenant.clients
                    if client.client_id is not None
                ),
            )
            for tenant in tenants
        ],
        key_sets,
        lifetimes=Lifetimes(LIFE_S, needs_issued=False),
    )


def client_of(assertion: str, token_url: str, checks: Callers, first_use: FirstUse) -> tuple[str, str]:
    """The tenant and the client that an assertion proves, once. Raises Refusal."""
    caller = checks.identified(assertion, [token_url])
    if caller.subject != caller.issuer:
        raise Refusal("sub")
    spent(caller, first_use)
    return caller.tenant.id, caller.issuer
