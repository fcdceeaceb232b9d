"""Talking to one registered EHR's SMART endpoints, through the one outbound door.

Every failure becomes a page for the reader; nothing of the EHR's answer is echoed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cds_service.fhir.json_types import as_dicts, as_text
from cds_service.smart import refusals
from cds_service.smart.login.discovery import MAX_BYTES, SmartConfiguration, allowed, json_object
from cds_service.smart.login.grant import TokenRequest
from cds_service.trust.outbound import Outbound, OutboundError, Response
from cds_service.values import dataclass

_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class EhrHttp:
    """One EHR: its FHIR base, and the further hosts that its registration allows."""

    outbound: Outbound
    iss: str
    hosts: Sequence[str]

    def json(self, url: str, deadline: float) -> Mapping[str, Any]:
        """Read a JSON object. Raises Refused on any other answer."""
        try:
            answer = self.outbound.get(
                url,
                headers={"Accept": "application/json"},
                allowed=self._allows,
                deadline=deadline,
                max_bytes=MAX_BYTES,
            )
        except OutboundError as failure:
            raise page_for(failure) from None
        if answer.status != 200:
            raise refusals.ehr_failed("unexpected-status")
        return json_object(answer.body)

    def keys(self, configuration: SmartConfiguration, deadline: float) -> tuple[Mapping[str, Any], ...]:
        """The EHR's signing keys: by its SMART configuration, else by its OpenID configuration."""
        address = configuration.jwks_uri
        if address is None:
            issuer = configuration.issuer.removesuffix("/")
            openid = self.json(f"{issuer}/.well-known/openid-configuration", deadline)
            address = as_text(openid.get("jwks_uri"))
        if address is None:
            raise refusals.ehr_failed("no-jwks-uri")
        return self.key_set(address, deadline)

    def key_set(self, url: str, deadline: float) -> tuple[Mapping[str, Any], ...]:
        """Read a JWK set."""
        return tuple(as_dicts(self.json(url, deadline).get("keys")))

    def post(self, url: str, request: TokenRequest, deadline: float) -> Response:
        """Post a form. Raises Refused when no answer comes; any status is for the caller to read."""
        headers = {"Accept": "application/json", "Content-Type": _FORM, **request.headers}
        try:
            return self.outbound.post(
                url,
                body=request.form.encode(),
                headers=headers,
                allowed=self._allows,
                deadline=deadline,
                max_bytes=MAX_BYTES,
            )
        except OutboundError as failure:
            raise page_for(failure) from None

    def _allows(self, url: str) -> bool:
        return allowed(url, self.iss, self.hosts)


def page_for(failure: OutboundError) -> refusals.Refused:
    """The page that a failed call to the EHR ends on."""
    return refusals.ehr_late() if failure.kind == "timeout" else refusals.ehr_failed(f"ehr-{failure.kind}")
