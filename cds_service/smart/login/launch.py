"""The first half of a launch: from the EHR's ``iss`` and ``launch`` to its sign-in page.

OAuth mechanics (PKCE, random values, query encoding) are oauthlib's. What must be remembered
until the answer comes is a :class:`Pending`, kept under ``state`` and bound to the browser.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from oauthlib.common import add_params_to_uri, generate_token
from oauthlib.oauth2 import WebApplicationClient

from cds_service.smart import refusals
from cds_service.smart.login import scopes
from cds_service.smart.login.discovery import SmartConfiguration
from cds_service.smart.vault import Vault
from cds_service.values import dataclass

LAUNCH_LIFETIME_S = 600
_KIND = "smart-launch"
_MAX_LAUNCH = 4096
REFUSALS = frozenset(
    {
        "access_denied", "consent_required", "invalid_client", "invalid_request", "invalid_scope",
        "unauthorized_client",
    }
)  # fmt: skip
UNASKED = frozenset({"account_selection_required", "interaction_required", "login_required"})
FAILURES = frozenset({"server_error", "temporarily_unavailable", "unsupported_response_type"})


@dataclass(frozen=True, slots=True)
class Pending:
    """A launch under way. ``browser`` is the hash of the cookie of the browser that began it."""

    tenant: str
    iss: str
    launch: str
    nonce: str
    verifier: str
    scope: str
    browser: str


def checked(launch: str) -> str:
    """The EHR's ``launch`` value, which is opaque. Raises Refused where there is none, or none that can be kept."""
    if not 0 < len(launch) <= _MAX_LAUNCH:
        raise refusals.bad_launch("no-launch-parameter")
    return launch


def begin(
    vault: Vault,
    configuration: SmartConfiguration,
    *,
    client_id: str,
    redirect_uri: str,
    tenant: str,
    iss: str,
    aud: str,
    launch: str,
    browser: str,
) -> str:
    """Remember the launch and give the address of the EHR's sign-in page.

    ``aud`` is the EHR's base as it wrote it itself, ``iss`` the same without a trailing slash.
    """
    oauth = WebApplicationClient(client_id)
    state, nonce, verifier = generate_token(43), generate_token(43), oauth.create_code_verifier(64)
    scope = scopes.requested(configuration.scopes_v2)
    pending = Pending(tenant, iss, launch, nonce, verifier, scope, _hash(browser))
    vault.put(_KIND, state, asdict(pending), LAUNCH_LIFETIME_S)
    return str(
        add_params_to_uri(
            configuration.authorization_endpoint,
            [
                ("response_type", "code"),
                ("client_id", client_id),
                ("redirect_uri", redirect_uri),
                ("launch", launch),
                ("scope", scope),
                ("state", state),
                ("aud", aud),
                ("code_challenge", oauth.create_code_challenge(verifier, "S256")),
                ("code_challenge_method", "S256"),
                ("nonce", nonce),
            ],
        )
    )


def resume(vault: Vault, state: str, browser: str | None, relaunch_at: str) -> Pending:
    """The launch that an answer belongs to; each can be resumed once, and by its own browser only."""
    kept: Mapping[str, Any] | None = vault.take(_KIND, state) if state else None
    if kept is None:
        raise refusals.bad_answer("unknown-state")
    pending = Pending(**kept)
    if not browser:
        again = add_params_to_uri(relaunch_at, [("iss", pending.iss), ("launch", pending.launch)])
        raise refusals.lost_cookie(str(again))
    if not hmac.compare_digest(pending.browser, _hash(browser)):
        raise refusals.bad_answer("other-browser")
    return pending


def refused_by_ehr(error: str) -> refusals.Refused:
    """What an ``error`` in the EHR's answer to the browser means to the reader.

    RFC 6749 4.1.2.1 and OpenID Connect 3.1.2.6; ``invalid_client`` is in neither, but met.
    """
    if error in FAILURES:
        return refusals.ehr_failed(refusals.code_of(error))
    if error in UNASKED:
        return refusals.not_signed_in(refusals.code_of(error))
    if error in REFUSALS:
        return refusals.not_allowed(refusals.code_of(error))
    return refusals.not_allowed("sign-in-refused")


def _hash(browser: str) -> str:
    return hashlib.sha256(browser.encode()).hexdigest()
