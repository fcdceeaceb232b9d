"""The sandbox EHR's SMART server: what it hands out, what that stands for, and what it checks.

Values only, no Flask. Launches, codes and tokens wait in the vault, so that several workers are
one EHR. Strict where a real EHR is strict: PKCE, one use of a code, exact redirect address.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from cds_service.sandbox.ehr.faults import Fault, fault_named
from cds_service.smart.vault import Vault
from cds_service.trust.own_keys import OwnKey, own_keys_from
from cds_service.values import dataclass

CLIENT_ID = "payer-policy-cds"
CLIENT_SECRET = "sandbox-secret"  # of the built-in EHR, which exists on loopback only
TOKEN_LIFETIME_S = 3600
_LAUNCH_S, _CODE_S = 600, 60
_NARROW = ("launch", "openid", "fhirUser", "patient/Patient", "patient/Condition")


class SignInError(Exception):
    """The request is refused; ``str()`` is an OAuth error code."""


@dataclass(frozen=True, slots=True)
class Launch:
    """What the EHR knows when it opens an app."""

    patient: str
    user: str
    app_context: str | None = None
    fault: str = ""
    need_patient_banner: bool = True
    intent: str = ""


@dataclass(frozen=True, slots=True)
class Code:
    """What an authorization code leads to."""

    launch: Launch
    client_id: str
    redirect_uri: str
    scope: str
    challenge: str
    nonce: str


class SignIn:
    """The SMART server of one EHR, at ``issuer`` (its FHIR base)."""

    def __init__(self, vault: Vault, issuer: str, secret: str) -> None:
        self._vault = vault
        self.issuer = issuer
        self.key = _signing_key(secret)

    def launch(self, context: Launch) -> str:
        """The ``launch`` value for an app about to be opened."""
        handle = secrets.token_urlsafe(16)
        self._vault.put("sandbox-launch", handle, asdict(context), _LAUNCH_S)
        return handle

    def code(self, asked: Mapping[str, str]) -> str:
        """A code for a well-formed authorization request. Raises SignInError."""
        kept = self._vault.get("sandbox-launch", asked.get("launch", ""))
        if kept is None or asked.get("aud", "").removesuffix("/") != self.issuer:
            raise SignInError("invalid_request")
        if asked.get("response_type") != "code" or asked.get("code_challenge_method") != "S256":
            raise SignInError("invalid_request")
        launch = Launch(**kept)
        fault = fault_named(launch.fault)
        if fault is Fault.DENIED:
            raise SignInError("access_denied")
        if fault is Fault.SCOPE_REFUSED:
            raise SignInError("invalid_scope")
        code = Code(
            launch,
            asked.get("client_id", ""),
            asked.get("redirect_uri", ""),
            _granted_scope(asked.get("scope", ""), fault),
            asked.get("code_challenge", ""),
            asked.get("nonce", ""),
        )
        value = secrets.token_urlsafe(24)
        self._vault.put("sandbox-code", value, asdict(code), _CODE_S)
        return value

    def token(self, form: Mapping[str, str], client_id: str) -> dict[str, Any]:
        """The token endpoint's answer for a client that has proved itself. Raises SignInError."""
        kept = self._vault.take("sandbox-code", form.get("code", ""))
        if form.get("grant_type") != "authorization_code" or kept is None:
            raise SignInError("invalid_grant")
        code = Code(**{**kept, "launch": Launch(**kept["launch"])})
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        if (code.client_id, code.redirect_uri) != (client_id, form.get("redirect_uri")):
            raise SignInError("invalid_grant")
        if not hmac.compare_digest(challenge, code.challenge):
            raise SignInError("invalid_grant")
        return self._answer(code)

    def access_token(self, launch: Launch, scope: str) -> str:
        """A bearer token for one patient's data."""
        token = secrets.token_urlsafe(32)
        kept = {"patient": launch.patient, "scope": scope, "fault": launch.fault}
        self._vault.put("sandbox-token", token, kept, TOKEN_LIFETIME_S)
        return token

    def token_means(self, token: str) -> Mapping[str, Any] | None:
        """Patient, scope and fault of a live token."""
        return self._vault.get("sandbox-token", token)

    def revoke(self, token: str) -> None:
        self._vault.drop("sandbox-token", token)

    def _answer(self, code: Code) -> dict[str, Any]:
        launch, fault = code.launch, fault_named(code.launch.fault)
        answer: dict[str, Any] = {
            "access_token": self.access_token(launch, code.scope),
            "token_type": "Bearer",
            "expires_in": 0 if fault is Fault.TOKEN_OVER else TOKEN_LIFETIME_S,
            "scope": code.scope,
            "need_patient_banner": launch.need_patient_banner,
        }
        optional = {"intent": launch.intent or None, "appContext": launch.app_context}
        answer |= {member: value for member, value in optional.items() if value is not None}
        if fault is not Fault.NO_PATIENT:
            answer["patient"] = launch.patient
        if fault is not Fault.NO_ID_TOKEN:
            answer["id_token"] = self._id_token(code, fault)
        return answer

    def _id_token(self, code: Code, fault: Fault) -> str:
        now = int(time.time())
        if fault is Fault.PATIENT_USER:
            code = replace(code, launch=replace(code.launch, user=f"Patient/{code.launch.patient}"))
        return self.key.sign(
            {
                "iss": self.issuer + ("/other" if fault is Fault.WRONG_ISSUER else ""),
                "sub": code.launch.user.rpartition("/")[2],
                "aud": "another-client" if fault is Fault.WRONG_AUDIENCE else code.client_id,
                "iat": now,
                "exp": now + 300,
                "nonce": "other" if fault is Fault.WRONG_NONCE else code.nonce,
                "fhirUser": f"{self.issuer}/{code.launch.user}",
            }
        )


def _granted_scope(asked: str, fault: Fault) -> str:
    wanted = asked.split()
    if fault is Fault.SCOPE_NARROWED:
        wanted = [scope for scope in wanted if scope.partition(".")[0] in _NARROW]
    return " ".join(wanted)


def allows(scope: str, resource_type: str) -> bool:
    """Whether granted scopes let a type be read and searched."""
    return any(_covers(granted, resource_type) for granted in scope.split())


def _covers(granted: str, resource_type: str) -> bool:
    context, _, rest = granted.partition("/")
    kind, _, actions = rest.partition("?")[0].partition(".")
    if context not in ("patient", "user", "system") or kind not in ("*", resource_type):
        return False
    return actions in ("read", "*") or {"r", "s"} <= set(actions)


def _signing_key(secret: str) -> OwnKey:
    """A key that every worker derives alike and that no file holds."""
    digest = hashlib.sha512(b"sandbox-id-token:" + secret.encode()).digest()
    private = ec.derive_private_key(int.from_bytes(digest[:47], "big") + 1, ec.SECP384R1())
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return own_keys_from(pem.decode())[0]
