"""An EHR without a network: the SMART endpoints as an outbound door that tests can bend.

Stands where :class:`cds_service.trust.outbound.Outbound` does. Counts every request, so that a
test can claim that none was made.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from cds_service.settings.tenants import Network
from cds_service.trust.outbound import OutboundError, Response
from tests.web.keys import CLIENT_ID, ISSUER, claims, ehr_key, public, signed

HOST = "https://ehr.example.org"
CONFIGURATION: dict[str, Any] = {
    "issuer": ISSUER,
    "jwks_uri": f"{HOST}/jwks",
    "authorization_endpoint": f"{HOST}/authorize",
    "token_endpoint": f"{HOST}/token",
    "revocation_endpoint": f"{HOST}/revoke",
    "code_challenge_methods_supported": ["S256"],
    "token_endpoint_auth_signing_alg_values_supported": ["ES384", "RS384"],
    "capabilities": ["launch-ehr", "permission-v2", "sso-openid-connect"],
}


@dataclass
class FakeEhr:
    """``answer`` overrides members of the token answer (None removes one), ``id_claims`` of the id_token."""

    configuration: dict[str, Any] = field(default_factory=lambda: dict(CONFIGURATION))
    answer: dict[str, Any] = field(default_factory=dict)
    id_claims: dict[str, Any] = field(default_factory=dict)
    openid_jwks_uri: str | None = f"{HOST}/jwks"
    token_status: int = 200
    token_body: bytes | None = None
    failing: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)
    form_headers: list[Mapping[str, str]] = field(default_factory=list)
    authorized: dict[str, str] = field(default_factory=dict)

    def authorize(self, location: str) -> str:
        """Play the browser at the sign-in page; the state to come back with."""
        self.authorized = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
        return self.authorized["state"]

    def within(self, _network: Network) -> FakeEhr:
        return self

    def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        allowed: Callable[[str], bool],
        deadline: float,
        max_bytes: int,
    ) -> Response:
        del headers, deadline, max_bytes
        self._arrive(url, allowed)
        pages: dict[str, Any] = {
            f"{ISSUER}/.well-known/smart-configuration": self.configuration,
            f"{ISSUER}/.well-known/openid-configuration": {"jwks_uri": self.openid_jwks_uri},
            f"{HOST}/jwks": {"keys": public(ehr_key())},
        }
        return Response(200, {}, json.dumps(pages[url]).encode())

    def post(
        self,
        url: str,
        *,
        body: bytes,
        headers: Mapping[str, str],
        allowed: Callable[[str], bool],
        deadline: float,
        max_bytes: int,
    ) -> Response:
        del deadline, max_bytes
        self._arrive(url, allowed)
        form = dict(parse_qsl(body.decode()))
        self.forms.append(form)
        self.form_headers.append(headers)
        if url.endswith("/revoke"):
            return Response(200, {}, b"")
        if self.token_body is not None:
            return Response(self.token_status, {}, self.token_body)
        if not self._verifies(form):
            return Response(400, {}, b'{"error":"invalid_grant"}')
        return Response(self.token_status, {}, json.dumps(self._token_answer()).encode())

    def _arrive(self, url: str, allowed: Callable[[str], bool]) -> None:
        if not allowed(url):
            raise OutboundError("refused", "not an address that may be contacted")
        self.asked.append(url)
        for part, kind in self.failing.items():
            if part in url:
                raise OutboundError(kind, "as the test asked")

    def _verifies(self, form: Mapping[str, str]) -> bool:
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return challenge == self.authorized["code_challenge"]

    def _token_answer(self) -> dict[str, Any]:
        body = claims(**{"aud": CLIENT_ID, "nonce": self.authorized["nonce"], **self.id_claims})
        answer = {
            "access_token": "canary-access-token",
            "token_type": "Bearer",
            "expires_in": 3600,
            "scope": self.authorized["scope"],
            "patient": "p1",
            "id_token": signed(body, ehr_key()),
            **self.answer,
        }
        return {name: value for name, value in answer.items() if value is not None}
