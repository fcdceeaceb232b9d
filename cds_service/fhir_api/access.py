"""Who may ask the FHIR routes: a token of this service with the scope for the resource, or nobody.

Knows HTTP headers; what a token is, ``tokens`` knows. Why somebody is refused goes to log and metrics only.
"""

from __future__ import annotations

import logging

from flask import Request, Response
from werkzeug.datastructures import MultiDict

from cds_service.evaluation.refused import Refused
from cds_service.fhir_api.tokens import (
    ASSERTION_TYPE,
    LIFE_S,
    Tokens,
    assertion_checks,
    client_of,
    granted,
)
from cds_service.operations import metrics
from cds_service.settings import Settings, Tenant
from cds_service.trust.callers import Callers, Refusal
from cds_service.values import dataclass
from cds_service.web.body import whole_body
from cds_service.web.edge import Trust
from cds_service.web.errors import Unauthorized, json_response

log = logging.getLogger(__name__)
_LARGEST_FORM = 64 * 1024
_MEMBERS = ("grant_type", "scope", "client_assertion_type", "client_assertion")


@dataclass(frozen=True)
class FhirAccess:
    """Lets clients in; one for the life of a process."""

    settings: Settings
    trust: Trust
    tokens: Tokens
    checks: Callers

    def tenant(self, request: Request, resource: str) -> tuple[Tenant, str]:
        """The tenant that a request is made for, and the client that makes it (empty where nobody has to say).

        Raises Unauthorized without a good token, and Refused with 403 without the scope.
        """
        given = request.headers.get("Authorization")
        unnamed = self.settings.unnamed_tenant
        if unnamed is not None and (given is None or not self._can_check):
            return unnamed, ""
        scheme, _, token = (given or "").partition(" ")
        holder = self.tokens.holder(token) if scheme.lower() == "bearer" else None
        tenant = next((t for t in self.settings.tenants if holder and t.id == holder.tenant), None)
        clients = {client.client_id for client in tenant.clients} if tenant is not None else set()
        if holder is None or tenant is None or holder.client_id not in clients:
            log.warning("a call of a FHIR route was refused", extra={"reason": "token"})
            raise Unauthorized
        self.trust.gate.throttle_client(holder.client_id)
        if resource not in holder.resources:
            raise Refused(403, "forbidden", f"The token lacks the scope system/{resource}.rs.")
        return tenant, holder.client_id

    @property
    def _can_check(self) -> bool:
        """Whether any client is registered for tokens; in development one that is sent counts as none else."""
        return any(client.client_id is not None for t in self.settings.tenants for client in t.clients)

    def token(self, request: Request, token_url: str) -> Response:
        """A token for a signed assertion, by the errors of RFC 6749."""
        request.max_content_length = _LARGEST_FORM
        try:
            whole_body(request, keep=True)
        except Refused:
            return _refused(400, "invalid_request")
        form = request.form
        fault = _form_fault(form)
        if fault is not None:
            return _refused(400, fault)
        try:
            tenant, client = client_of(
                form["client_assertion"], token_url, self.checks, self.trust.gate.guard.first_use
            )
        except Refusal as refusal:
            log.warning("a client was refused a token", extra={"reason": str(refusal)})
            return _refused(401, "invalid_client")
        self.trust.gate.throttle_client(client)
        scopes = granted(form["scope"])
        if not scopes:
            return _refused(400, "invalid_scope")
        metrics.TOKENS.labels("granted").inc()
        body = {
            "access_token": self.tokens.issue(tenant, client, scopes),
            "token_type": "bearer",
            "expires_in": LIFE_S,
            "scope": " ".join(scopes),
        }
        answer = json_response(body)
        answer.headers["Pragma"] = "no-cache"  # RFC 6749 5.1 wants it beside Cache-Control
        return answer


def fhir_access(settings: Settings, trust: Trust) -> FhirAccess:
    """Put the access together. Keys are those of the gate, so that both doors together ask for them seldom."""
    checks = assertion_checks(settings.tenants, trust.gate.key_sets)
    return FhirAccess(settings, trust, Tokens(settings.secret_keys), checks)


def _form_fault(form: MultiDict[str, str]) -> str | None:
    """The error of RFC 6749 for a form that is no request for a token; None for one that is."""
    if any(len(form.getlist(member)) > 1 for member in _MEMBERS):
        return "invalid_request"
    if "grant_type" in form and form["grant_type"] != "client_credentials":
        return "unsupported_grant_type"
    if not all(form.get(member, "").strip() for member in _MEMBERS):
        return "invalid_request"
    return None if form["client_assertion_type"] == ASSERTION_TYPE else "invalid_request"


def _refused(status: int, error: str) -> Response:
    metrics.TOKENS.labels(error).inc()
    return json_response({"error": error}, status)
