"""Reading an EHR's ``.well-known/smart-configuration``: where to sign in, and what it can do.

Takes nothing on trust: every endpoint must lie on the EHR's own origin or on a host that the
tenant's registration lists. Knows no session and no patient.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

from cds_service.fhir.json_types import as_list, as_text
from cds_service.settings.addresses import plain_parts, same_origin
from cds_service.smart import refusals
from cds_service.values import dataclass

MAX_BYTES = 256 * 1024
_FRESH_S = 600.0


class Fetch(Protocol):
    """Reads JSON from an address that has been checked, before a monotonic deadline."""

    def __call__(self, url: str, deadline: float) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class SmartConfiguration:
    """What is used of an EHR's SMART configuration. Addresses are absolute and allowed."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str | None
    revocation_endpoint: str | None
    capabilities: frozenset[str]
    signing_algorithms: frozenset[str]

    @property
    def scopes_v2(self) -> bool:
        return "permission-v2" in self.capabilities or "permission-v1" not in self.capabilities


class Discovery:
    """The configurations read so far, each for ten minutes. One for the process."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[float, SmartConfiguration]] = {}
        self._lock = Lock()

    def configuration(
        self, iss: str, hosts: Sequence[str], fetch: Fetch, deadline: float
    ) -> SmartConfiguration:
        """The configuration of a registered EHR. Raises Refused when it cannot be read or used."""
        with self._lock:
            held = self._held.get(iss)
        if held is not None and time.monotonic() - held[0] < _FRESH_S:
            return held[1]
        document = fetch(f"{iss}/.well-known/smart-configuration", deadline)
        found = read_configuration(iss, document, hosts)
        with self._lock:
            self._held[iss] = (time.monotonic(), found)
        return found


def read_configuration(iss: str, document: Mapping[str, Any], hosts: Sequence[str]) -> SmartConfiguration:
    """Check a configuration document. S256 must be offered; relative addresses stand on the FHIR base."""
    if "S256" not in as_list(document.get("code_challenge_methods_supported")):
        raise refusals.ehr_failed("no-pkce-s256")

    def address(member: str) -> str | None:
        text = as_text(document.get(member))
        if text is None:
            return None
        try:
            url = urljoin(iss + "/", text)
        except ValueError:
            url = ""
        if not allowed(url, iss, hosts):
            raise refusals.ehr_failed(f"{member.replace('_', '-')}-elsewhere")
        return url

    authorization, token, jwks = (
        address(member) for member in ("authorization_endpoint", "token_endpoint", "jwks_uri")
    )
    if authorization is None or token is None:
        raise refusals.ehr_failed("incomplete-configuration")
    return SmartConfiguration(
        issuer=as_text(document.get("issuer")) or iss,
        authorization_endpoint=authorization,
        token_endpoint=token,
        jwks_uri=jwks,
        revocation_endpoint=address("revocation_endpoint"),
        capabilities=_texts(document, "capabilities"),
        signing_algorithms=_texts(document, "token_endpoint_auth_signing_alg_values_supported"),
    )


def allowed(url: str, iss: str, hosts: Sequence[str]) -> bool:
    """Whether an address is on the EHR's own origin, or over https on a host of the registration."""
    if same_origin(url, iss):
        return True
    parts = plain_parts(url)
    if parts is None:
        return False
    named = parts.hostname if parts.port is None else f"{parts.hostname}:{parts.port}"
    return named in hosts and parts.scheme == urlsplit(iss).scheme


def json_object(body: bytes) -> Mapping[str, Any]:
    """The JSON object in an answer. Raises Refused when it is none."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise refusals.ehr_failed("not-json") from None
    if not isinstance(value, dict):
        raise refusals.ehr_failed("not-json")
    return value


def _texts(document: Mapping[str, Any], member: str) -> frozenset[str]:
    return frozenset(item for item in as_list(document.get(member)) if isinstance(item, str))
