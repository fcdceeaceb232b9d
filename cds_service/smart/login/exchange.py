"""From the code that the EHR's answer brings to a login: the token, and who and whom it is for.

Knows the order of the steps; what each of them checks, the modules beside it know.
"""

from __future__ import annotations

import secrets
import time

from cds_service.settings import Tenant
from cds_service.smart import refusals
from cds_service.smart.door import SmartDoor
from cds_service.smart.login.grant import clinician, granted, token_request
from cds_service.smart.login.launch import Pending
from cds_service.smart.login.session import LONGEST_S, Login
from cds_service.trust.id_token import IdTokenError, verified_claims


def exchanged(
    door: SmartDoor, tenant: Tenant, pending: Pending, code: str, answered_issuer: str, deadline: float
) -> Login:
    """The login that a code is worth, before a monotonic deadline. ``answered_issuer`` is the answer's ``iss``.

    Raises Refused.
    """
    registration, http = door.registration(tenant), door.http(tenant, pending.iss)
    configuration = door.discovery.configuration(pending.iss, registration.hosts, http.json, deadline)
    if answered_issuer and answered_issuer != configuration.issuer:  # RFC 9207
        raise refusals.bad_answer("other-issuer")
    now = time.time()
    posted = token_request(
        configuration,
        registration,
        door.keys.get(tenant.id, ()),
        code=code,
        redirect_uri=door.redirect_uri,
        verifier=pending.verifier,
        now=now,
    )
    answer = http.post(configuration.token_endpoint, posted, deadline)
    grant = granted(answer.status, answer.body, pending.scope)
    try:
        claims = verified_claims(
            grant.id_token,
            http.keys(configuration, deadline),
            issuer=configuration.issuer,
            client_id=registration.client_id,
            nonce=pending.nonce,
            now=now,
        )
    except IdTokenError as failure:
        raise refusals.bad_answer(f"id-token-{str(failure).replace(' ', '-')}") from None
    return Login(
        tenant=tenant.id,
        iss=pending.iss,
        patient=grant.patient,
        user=clinician(claims, pending.iss),
        access_token=grant.access_token,
        scope=grant.scope,
        expires_at=now + min(grant.lifetime_s, LONGEST_S),
        view=secrets.token_urlsafe(9),
        app_context=grant.app_context,
        need_patient_banner=grant.need_patient_banner,
        intent=grant.intent,
        orders=grant.orders,
    )
