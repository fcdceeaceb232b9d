"""Who calls: a client's JWT, checked in whole, or nobody.

Knows the rules of CDS Hooks for JWTs and the trust file's clients; no HTTP and no hook. Every refusal
names its reason in a word or two for the log; the caller of the service learns none of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol

from cds_service.settings.tenants import Client, Tenant
from cds_service.trust import signatures
from cds_service.trust.compact import Compact, MalformedToken, instant, read_compact
from cds_service.trust.jwks import KeySets, KeysUnavailable
from cds_service.values import dataclass

LONGEST = 8 * 1024
LEEWAY_S = 60
LONGEST_LIFE_S = 3600


class Refusal(Exception):
    """The caller is not let in. ``str()`` names the check and never a value."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A client that has proved who it is, and the one token it did so with."""

    tenant: Tenant
    client: Client
    token_id: str
    refused_after: float
    subject: str = ""

    @property
    def issuer(self) -> str:
        return self.client.issuer


class FirstUse(Protocol):
    """The replay guard: whether a token's id is seen for the first time."""

    def __call__(self, issuer: str, token_id: str, until: float) -> bool: ...


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long a token may live in seconds, and whether it must say since when."""

    longest_s: int = LONGEST_LIFE_S
    needs_issued: bool = True


_USUAL = Lifetimes()


class Callers:
    """Checks JWTs against the clients of the tenants. ``clock`` is the real time, whatever is evaluated."""

    def __init__(
        self,
        tenants: Sequence[Tenant],
        key_sets: KeySets,
        clock: Callable[[], float] = time.time,
        lifetimes: Lifetimes = _USUAL,
    ) -> None:
        self._key_sets, self._clock, self._lifetimes = key_sets, clock, lifetimes
        self._clients: dict[str, list[tuple[Tenant, Client]]] = {}
        for tenant in tenants:
            for client in tenant.clients:
                self._clients.setdefault(client.issuer, []).append((tenant, client))

    @property
    def registered(self) -> bool:
        """Whether any client is registered, so that a token can be checked at all."""
        return bool(self._clients)

    def identified(self, token: str, audiences: Collection[str]) -> Caller:
        """The caller that this token proves, for one of these audiences. Raises Refusal.

        A token that passes may be one that was used before: see :func:`spent`.
        """
        try:
            compact = read_compact(token, LONGEST)
        except MalformedToken as fault:
            raise Refusal(str(fault)) from None
        kid = _checked_header(compact.header)
        tenant, client = self._client(compact.claims)
        algorithm = _algorithm(compact.header, client)
        _check_audience(compact.claims, {*audiences, *client.extra_audiences})
        refused_after = _checked_times(compact.claims, self._clock(), self._lifetimes)
        token_id = compact.claims.get("jti")
        if not isinstance(token_id, str) or not token_id.strip():
            raise Refusal("jti")
        subject = compact.claims.get("sub", "")
        if not isinstance(subject, str):
            raise Refusal("sub")
        self._check_signature(token, compact, client, kid, algorithm)
        return Caller(tenant, client, token_id, refused_after, subject)

    def _client(self, claims: Mapping[str, Any]) -> tuple[Tenant, Client]:
        issuer, named = claims.get("iss"), claims.get("tenant")
        if not isinstance(issuer, str) or issuer not in self._clients:
            raise Refusal("iss")
        if named is not None and not isinstance(named, str):
            raise Refusal("tenant")
        for tenant, client in self._clients[issuer]:
            if client.jwt_tenants is None or named in client.jwt_tenants:
                return tenant, client
        raise Refusal("tenant")

    def _check_signature(
        self, token: str, compact: Compact, client: Client, kid: str, algorithm: str
    ) -> None:
        jku = compact.header.get("jku")
        if client.jwks_url is not None and jku is not None and jku != client.jwks_url:
            raise Refusal("jku")
        try:
            key = signatures.the_key(self._key_sets.keys(client, kid), kid, algorithm)
            signatures.verify(token, key, algorithm)
        except KeysUnavailable as fault:
            raise Refusal(f"keys {fault}") from None
        except signatures.NoFittingKey:
            raise Refusal("kid") from None
        except signatures.BadSignature:
            raise Refusal("signature") from None


def spent(caller: Caller, first_use: FirstUse) -> None:
    """Use the caller's token up. Raises Refusal when it was used before."""
    if not first_use(caller.issuer, caller.token_id, caller.refused_after):
        raise Refusal("replay")


def _checked_header(header: Mapping[str, Any]) -> str:
    kind, kid = header.get("typ"), header.get("kid")
    if not isinstance(kind, str) or kind.upper() != "JWT":
        raise Refusal("typ")
    if not isinstance(kid, str) or not kid:
        raise Refusal("kid")
    return kid


def _algorithm(header: Mapping[str, Any], client: Client) -> str:
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in client.algorithms:
        raise Refusal("alg")
    return algorithm


def _check_audience(claims: Mapping[str, Any], wanted: Collection[str]) -> None:
    given = claims.get("aud")
    named = given if isinstance(given, list) else [given]
    if not all(isinstance(audience, str) for audience in named) or not set(named) & set(wanted):
        raise Refusal("aud")


def _checked_times(claims: Mapping[str, Any], now: float, lifetimes: Lifetimes) -> float:
    """The instant after which the token is refused for its age."""
    expires, issued = instant(claims.get("exp")), instant(claims.get("iat"))
    if expires is not None and "iat" not in claims and not lifetimes.needs_issued:
        # Its whole life has to lie ahead at most; one that is over is told by its exp below.
        issued = min(now + LEEWAY_S, expires - 1)
    if expires is None or issued is None:
        raise Refusal("times")
    if not 0 < expires - issued <= lifetimes.longest_s:
        raise Refusal("lifetime")
    if expires <= now - LEEWAY_S:
        raise Refusal("exp")
    if issued > now + LEEWAY_S:
        raise Refusal("iat")
    if "nbf" in claims:
        valid_from = instant(claims["nbf"])
        if valid_from is None or valid_from > now + LEEWAY_S:
            raise Refusal("nbf")
    return expires + LEEWAY_S
