"""The second half of a launch: from the authorization code to the login behind it.

Reads the token answer and the id_token. What the EHR *granted* counts, not what was asked.
Knows no HTTP: the caller posts the form and brings the answer.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote_plus, urlencode

from oauthlib.oauth2 import OAuth2Error
from oauthlib.oauth2.rfc6749.parameters import parse_token_response, prepare_token_request

from cds_service.fhir.json_types import as_dicts, as_text
from cds_service.fhir.references import local_reference
from cds_service.settings import SmartRegistration
from cds_service.smart import refusals
from cds_service.smart.login.discovery import SmartConfiguration, json_object
from cds_service.trust.own_keys import ASSERTION_TYPE, OwnKey, client_assertion
from cds_service.values import dataclass

_FHIR_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_DEFAULT_LIFETIME_S = 3600
REFUSALS = frozenset({"access_denied", "invalid_client", "invalid_scope", "unauthorized_client"})
_CLINICIAN = re.compile(r"(?:Practitioner|PractitionerRole)/[A-Za-z0-9\-.]{1,64}")


@dataclass(frozen=True, slots=True)
class Grant:
    """What the EHR gave: a token with its scope and lifetime (seconds), and the launch context."""

    access_token: str
    lifetime_s: int
    scope: str
    patient: str
    id_token: str
    app_context: str | None
    need_patient_banner: bool
    intent: str
    orders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A form to be posted to the token endpoint, with the headers that authenticate us."""

    form: str
    headers: Mapping[str, str]

    @classmethod
    def of(cls, form: Mapping[str, str], headers: Mapping[str, str]) -> TokenRequest:
        return cls(urlencode(form), headers)


def token_request(
    configuration: SmartConfiguration,
    registration: SmartRegistration,
    keys: Sequence[OwnKey],
    *,
    code: str,
    redirect_uri: str,
    verifier: str,
    now: float,
) -> TokenRequest:
    """The request that turns a code into a token, with the tenant's way to authenticate."""
    extra, headers = authentication(configuration, registration, keys, configuration.token_endpoint, now)
    form = prepare_token_request(
        "authorization_code",
        include_client_id="client_id" in extra,  # confidential clients leave it out
        code=code,
        redirect_uri=redirect_uri,
        code_verifier=verifier,
        **extra,
    )
    return TokenRequest(str(form), headers)


def authentication(
    configuration: SmartConfiguration,
    registration: SmartRegistration,
    keys: Sequence[OwnKey],
    endpoint: str,
    now: float,
) -> tuple[dict[str, str], dict[str, str]]:
    """Form members and headers by which this client proves itself at an endpoint of the EHR."""
    if registration.auth == "private_key_jwt":
        key = _accepted_key(keys, configuration.signing_algorithms)
        assertion = client_assertion(key, registration.client_id, endpoint, now)
        return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}, {}
    if registration.auth == "client_secret_basic":
        pair = f"{quote_plus(registration.client_id)}:{quote_plus(registration.client_secret or '')}"
        return {}, {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
    return {"client_id": registration.client_id}, {}


def _accepted_key(keys: Sequence[OwnKey], algorithms: frozenset[str]) -> OwnKey:
    for key in keys:
        if not algorithms or key.algorithm in algorithms:
            return key
    raise refusals.ehr_failed("no-signing-algorithm-in-common")


def granted(status: int, body: bytes, asked: str) -> Grant:
    """Read the token endpoint's answer. Raises Refused when it grants nothing that can be used.

    An answer without a scope grants what was asked (RFC 6749 5.1).
    """
    if status >= 500:
        raise refusals.ehr_failed("token-endpoint-failed")
    answer = json_object(body)
    try:
        parse_token_response(body.decode())
    except OAuth2Error as failure:
        raise _refusal(as_text(failure.error) or "") from None
    except (ValueError, TypeError, ArithmeticError, AttributeError):
        # The library takes members of an odd type for texts.
        raise refusals.ehr_failed("token-answer") from None
    if status != 200 or not _is_bearer(answer):
        raise refusals.ehr_failed("token-answer")
    patient, id_token = as_text(answer.get("patient")), as_text(answer.get("id_token"))
    if patient is None:
        raise refusals.bad_launch("no-patient-in-context")
    if not _FHIR_ID.fullmatch(patient):
        raise refusals.ehr_failed("patient-id")
    if id_token is None:
        raise refusals.not_a_clinician("no-id-token")
    return Grant(
        access_token=answer["access_token"],
        lifetime_s=_lifetime(answer.get("expires_in")),
        scope=as_text(answer.get("scope")) or asked,
        patient=patient,
        id_token=id_token,
        app_context=as_text(answer.get("appContext")),
        need_patient_banner=answer.get("need_patient_banner") is not False,
        intent=as_text(answer.get("intent")) or "",
        orders=_orders(answer.get("fhirContext")),
    )


def _refusal(error: str) -> refusals.Refused:
    if error == "invalid_grant":
        return refusals.bad_answer("code-refused")
    if error in REFUSALS:
        return refusals.not_allowed(refusals.code_of(error))
    return refusals.ehr_failed("token-refused")


def _is_bearer(answer: Mapping[str, Any]) -> bool:
    kind, token = answer.get("token_type"), answer.get("access_token")
    is_token = isinstance(token, str) and bool(re.fullmatch(r"[\x21-\x7e]{1,16384}", token))
    return is_token and isinstance(kind, str) and kind.lower() == "bearer"


def _lifetime(value: object) -> int:
    """Seconds; some servers send them as text. Read here since oauthlib drops a zero."""
    text = str(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else ""
    found = re.fullmatch(r"(-?[0-9]{1,9})(?:\.[0-9]*)?", text)
    seconds = int(found[1]) if found else _DEFAULT_LIFETIME_S
    if seconds <= 0:
        raise refusals.session_over("token-already-over")
    return seconds


def _orders(context: object) -> tuple[str, ...]:
    """The orders that the launch happened in, of ``fhirContext``; other entries and roles are silently fine.

    An entry without a role has the role ``launch``.
    """
    launched = (item for item in as_dicts(context) if item.get("role", "launch") == "launch")
    found = (local_reference(as_text(item.get("reference")) or "") for item in launched)
    kinds = ("MedicationRequest/", "ServiceRequest/")
    return tuple(reference for reference in found if reference and reference.startswith(kinds))


def clinician(claims: Mapping[str, Any], iss: str) -> str:
    """The Practitioner or PractitionerRole of this EHR that the id_token names, as ``Type/id``."""
    named = as_text(claims.get("fhirUser")) or as_text(claims.get("profile")) or ""
    relative = named.removeprefix(iss + "/")
    if not _CLINICIAN.fullmatch(relative):
        raise refusals.not_a_clinician("fhir-user")
    return relative
