"""Routes of the sandbox EHR's SMART server, and the token check in front of its FHIR API.

Only mounted for development. A FHIR call without a token is let through (the sandbox is an open
server); one with a token is held to that token's patient, scope and fault.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from typing import cast
from urllib.parse import unquote_plus, urlencode

from flask import Blueprint, Response, current_app, jsonify, make_response, redirect, request

from cds_service.fhir.json_types import as_dict, as_text
from cds_service.sandbox.ehr.faults import HANGS_S, Fault, fault_named
from cds_service.sandbox.ehr.front_desk import USER
from cds_service.sandbox.ehr.sign_in import CLIENT_ID, CLIENT_SECRET, Launch, SignIn, SignInError, allows
from cds_service.smart.door import SmartDoor
from cds_service.smart.login.ehr_http import EhrHttp
from cds_service.smart.routes import EXTENSION
from cds_service.trust.id_token import IdTokenError, signed_claims
from cds_service.trust.own_keys import ASSERTION_TYPE, published

SIGN_IN = "payer-policy-cds-sandbox"
FHIR = "/sandbox/fhir"
blueprint = Blueprint("sandbox_smart", __name__)


def sign_in() -> SignIn:
    return cast(SignIn, current_app.extensions[SIGN_IN])


def _public_url() -> str:
    return cast(SmartDoor, current_app.extensions[EXTENSION]).settings.public_url


@blueprint.get(f"{FHIR}/.well-known/smart-configuration")
def configuration() -> Response:
    """The SMART configuration document."""
    base = f"{_public_url()}/sandbox/auth"
    return jsonify(
        {
            "issuer": sign_in().issuer,
            "jwks_uri": f"{base}/jwks.json",
            "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": f"{base}/token",
            "revocation_endpoint": f"{base}/revoke",
            "grant_types_supported": ["authorization_code"],
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_basic"],
            "token_endpoint_auth_signing_alg_values_supported": ["ES384", "RS384"],
            "capabilities": [
                "launch-ehr",
                "client-public",
                "client-confidential-symmetric",
                "client-confidential-asymmetric",
                "sso-openid-connect",
                "context-ehr-patient",
                "context-banner",
                "permission-patient",
                "permission-v1",
                "permission-v2",
            ],
        }
    )


@blueprint.post(f"{FHIR}/_services/smart/Launch")
def prepare_launch() -> Response:
    """A launch for an app that a page outside is about to open: how public test EHRs open card links."""
    parameters = as_dict(as_dict(request.get_json(silent=True)).get("parameters"))
    patient = as_text(parameters.get("patient"))
    if patient is None:
        return _outcome(400, "required")
    launch = Launch(patient, USER, app_context=as_text(parameters.get("appContext")))
    return jsonify({"launch_id": sign_in().launch(launch)})


@blueprint.get("/sandbox/auth/authorize")
def authorize() -> Response:
    """Sign in. The sandbox's one clinician is signed in already, so there is nothing to ask."""
    asked = request.args.to_dict()
    expected = f"{_public_url()}/callback"
    if asked.get("redirect_uri") != expected or asked.get("client_id") != CLIENT_ID:
        return make_response("This app is not registered with the sandbox.", 400)
    try:
        answer = {"code": sign_in().code(asked)}
    except SignInError as refused:
        answer = {"error": str(refused)}
    return make_response(redirect(f"{expected}?{urlencode({**answer, 'state': asked.get('state', '')})}"))


@blueprint.post("/sandbox/auth/token")
def token() -> Response:
    """Turn a code into a token, or play the launch's fault."""
    try:
        client = _client(request.form.to_dict())
        answer = sign_in().token(request.form.to_dict(), client)
    except (SignInError, IdTokenError) as refused:
        error = str(refused) if isinstance(refused, SignInError) else "invalid_client"
        return _answer({"error": error}, 401 if error == "invalid_client" else 400)
    kept = sign_in().token_means(answer["access_token"])
    fault = fault_named((kept or {}).get("fault"))
    if fault is Fault.TOKEN_HANGS:
        time.sleep(HANGS_S)
    if fault is Fault.TOKEN_FAILS:
        return _answer({"error": "server_error"}, 500)
    return _answer(answer, 200)


def _answer(body: Mapping[str, object], status: int) -> Response:
    response = make_response(jsonify(body), status)
    response.headers["Cache-Control"] = "no-store"
    return response


def _client(form: Mapping[str, str]) -> str:
    """The client that proved itself: by a signed assertion, by its secret, or (public) by name alone."""
    if form.get("client_assertion_type") == ASSERTION_TYPE:
        return _by_assertion(form.get("client_assertion", ""))
    header = request.headers.get("Authorization", "")
    if header.startswith("Basic "):
        name, _, secret = base64.b64decode(header[6:]).decode().partition(":")
        if (unquote_plus(name), unquote_plus(secret)) != (CLIENT_ID, CLIENT_SECRET):
            raise SignInError("invalid_client")
        return CLIENT_ID
    if form.get("client_id") != CLIENT_ID:
        raise SignInError("invalid_client")
    return CLIENT_ID


def _by_assertion(assertion: str) -> str:
    door = cast(SmartDoor, current_app.extensions[EXTENSION])
    url = f"{door.settings.public_url}/.well-known/jwks.json"
    keys = EhrHttp(door.outbound, door.settings.public_url, ()).key_set(url, time.monotonic() + 5)
    claims = signed_claims(assertion, keys)
    wanted = {"iss": CLIENT_ID, "sub": CLIENT_ID, "aud": f"{door.settings.public_url}/sandbox/auth/token"}
    if any(claims.get(name) != value for name, value in wanted.items()):
        raise SignInError("invalid_client")
    if not 0 < claims.get("exp", 0) - time.time() <= 300 or not claims.get("jti"):
        raise SignInError("invalid_client")
    if door.vault.get("sandbox-jti", str(claims["jti"])) is not None:
        raise SignInError("invalid_client")
    door.vault.put("sandbox-jti", str(claims["jti"]), {"seen": True}, 600)
    return CLIENT_ID


@blueprint.post("/sandbox/auth/revoke")
def revoke() -> Response:
    """RFC 7009."""
    sign_in().revoke(request.form.get("token", ""))
    return make_response("", 200)


@blueprint.get("/sandbox/auth/jwks.json")
def keys() -> Response:
    """The keys that sign the sandbox's id_tokens."""
    return jsonify(published([sign_in().key]))


@blueprint.before_app_request
def guard_fhir() -> Response | None:
    """Hold a FHIR call with a token to what the token allows."""
    header = request.headers.get("Authorization", "")
    path = request.path.removeprefix(f"{FHIR}/")
    if path == request.path or path.startswith(".well-known/") or not header.startswith("Bearer "):
        return None
    kept = sign_in().token_means(header[7:])
    fault = fault_named((kept or {}).get("fault"))
    if kept is None or fault is Fault.FHIR_UNAUTHORIZED:
        return _outcome(401, "login")
    if fault is Fault.FHIR_HANGS:
        time.sleep(HANGS_S)
    if fault in (Fault.FHIR_DOWN, Fault.FHIR_HANGS):
        return _outcome(503, "transient")
    resource_type = path.partition("/")[0]
    if fault is Fault.FHIR_FORBIDDEN or not (
        resource_type == "metadata" or allows(str(kept["scope"]), resource_type)
    ):
        return _outcome(403, "forbidden")
    return None


def _outcome(status: int, code: str) -> Response:
    issue = {"severity": "error", "code": code}
    return make_response(jsonify({"resourceType": "OperationOutcome", "issue": [issue]}), status)
