"""The routes of the detail view: launch, callback, view, logout, and our public keys.

The only module of this door that reads requests and writes responses. Every failure ends on a
plain page; what a page says never comes from the request.
"""

from __future__ import annotations

import logging
import secrets
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import TypeVar, cast

from flask import (
    Blueprint,
    Response,
    current_app,
    g,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
)
from werkzeug.exceptions import HTTPException

from cards.text import sentence
from cds_service.engine.wording import upper_first
from cds_service.fhir.quantities import plain
from cds_service.packet.assembly import zipped
from cds_service.settings import Tenant
from cds_service.smart import refusals
from cds_service.smart.door import BUDGET_S, SmartDoor, Viewed
from cds_service.smart.login import launch as launching
from cds_service.smart.login.exchange import exchanged
from cds_service.smart.login.grant import TokenRequest, authentication
from cds_service.smart.login.launch import LAUNCH_LIFETIME_S
from cds_service.smart.login.origins import is_foreign
from cds_service.smart.login.session import (
    LAUNCH_COOKIE,
    SESSION_COOKIE,
    Login,
    clear_cookie,
    set_cookie,
)
from cds_service.smart.page import charts as geometry
from cds_service.smart.page.plain_text import plain_text
from cds_service.smart.page.wording import units
from cds_service.smart.viewing import seen, shown
from cds_service.trust.own_keys import published

log = logging.getLogger(__name__)
Read = TypeVar("Read")
EXTENSION = "payer-policy-cds-smart"
blueprint = Blueprint(
    "smart", __name__, template_folder="templates", static_folder="assets", static_url_path="/assets"
)


@blueprint.app_template_filter("plain")
def number(value: Decimal | int) -> str:
    """A number on the page, without needless zeros: 1.410 mg is read as 1410 too easily."""
    return plain(value) if isinstance(value, Decimal) else str(value)


@blueprint.app_template_filter("units")
def in_print(text: str) -> str:
    """A text with its units as they are printed."""
    return units(text)


blueprint.add_app_template_filter(upper_first, "upper_first")
blueprint.add_app_template_filter(sentence, "sentence")


def _door() -> SmartDoor:
    return cast(SmartDoor, current_app.extensions[EXTENSION])


@contextmanager
def _waiting_for_ehr() -> Iterator[float]:
    """The deadline of a route that may wait for an EHR; refused when too many already do."""
    waiting = _door().waiting
    if not waiting.acquire(blocking=False):
        raise refusals.ehr_late("too-many-waiting")
    try:
        yield time.monotonic() + BUDGET_S
    finally:
        waiting.release()


@blueprint.get("/launch")
def launch() -> Response:
    """The EHR opens the page: send the browser to the EHR's sign-in."""
    door, iss = _door(), _one("iss")
    if not iss:
        raise refusals.bad_launch("no-iss-parameter")
    tenant = door.settings.tenant_for_fhir_server(iss)
    if tenant is None:
        raise refusals.unknown_ehr()
    g.smart_tenant = tenant
    registration, base = door.registration(tenant), iss.removesuffix("/")
    handle = launching.checked(_one("launch"))
    browser = request.cookies.get(LAUNCH_COOKIE) or secrets.token_urlsafe(32)
    with _waiting_for_ehr() as deadline:
        configuration = door.discovery.configuration(
            base, registration.hosts, door.http(tenant, base).json, deadline
        )
    address = launching.begin(
        door.vault,
        configuration,
        client_id=registration.client_id,
        redirect_uri=door.redirect_uri,
        tenant=tenant.id,
        iss=base,
        aud=iss,
        launch=handle,
        browser=browser,
    )
    response = make_response(redirect(address, 302))
    set_cookie(response, LAUNCH_COOKIE, browser, LAUNCH_LIFETIME_S)
    return response


@blueprint.get("/callback")
def callback() -> Response:
    """The EHR sends the browser back: turn the code into a session, and go on to the page."""
    door = _door()
    relaunch_at = f"{door.settings.public_url}/launch"
    pending = launching.resume(door.vault, _one("state"), request.cookies.get(LAUNCH_COOKIE), relaunch_at)
    tenant = g.smart_tenant = door.tenant(pending.tenant, pending.iss)
    if error := _one("error"):
        raise launching.refused_by_ehr(error)
    if not (code := _one("code")):
        raise refusals.bad_answer("no-code")
    with _waiting_for_ehr() as deadline:
        login = exchanged(door, tenant, pending, code, _one("iss"), deadline)
    door.sessions.end(request.cookies.get(SESSION_COOKIE))
    response = make_response(redirect(f"{door.settings.public_url}/view?of={login.view}", 303))
    set_cookie(response, SESSION_COOKIE, door.sessions.open(login), int(login.expires_at - time.time()))
    return response


@blueprint.get("/view")
def view() -> Response:
    """The page itself, computed anew from what the EHR shows now."""
    door, login = _looking()
    page = _from_ehr(login, shown, door.viewed)
    door.viewed(login, page.determination.order, "shown")
    html = render_template(
        "smart/detail.html", page=page, text=plain_text(page), geometry=geometry, of=login.view
    )
    return make_response(html)


@blueprint.get("/view/packet")
def packet() -> Response:
    """The prior-authorization packet of the order that the page shows, as an archive of its files."""
    door, login = _looking()
    one = _from_ehr(login, seen, door.downloaded)
    if one.packet is None:
        door.downloaded(login, "", "no-packet")
        raise refusals.no_packet()
    door.downloaded(login, one.determination.order, "given")
    response = Response(zipped(one.packet), mimetype="application/zip")
    name = f"prior-authorization-{one.packet.name}.zip"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _looking() -> tuple[SmartDoor, Login]:
    """The login of this browser's session; refused when it is over or another view's."""
    door = _door()
    login = door.sessions.find(request.cookies.get(SESSION_COOKIE))
    if login is None:
        raise refusals.session_over()
    g.smart_tenant = door.tenant(login.tenant, login.iss)
    if (wanted := _one("of")) and wanted != login.view:
        raise refusals.other_view()
    return door, login


def _from_ehr(login: Login, read: Callable[[SmartDoor, Tenant, Login, float], Read], told: Viewed) -> Read:
    """What is read of the login's chart. A refusal is told of, and ends a session that the EHR has ended."""
    door = _door()
    try:
        with _waiting_for_ehr() as deadline:
            return read(door, g.smart_tenant, login, deadline)
    except refusals.Refused as refused:
        told(login, "", refused.reason)
        if refused.status == 401:
            door.sessions.end(request.cookies.get(SESSION_COOKIE))
        raise


@blueprint.post("/logout")
def logout() -> Response:
    """End the session, and give the token back where the EHR takes it."""
    door, cookie = _door(), request.cookies.get(SESSION_COOKIE)
    _refuse_other_sites(door.sessions.find(cookie))
    login = door.sessions.end(cookie)
    if login is not None:
        g.smart_tenant = door.settings.tenant_for_fhir_server(login.iss)
        try:
            _revoke(login)
        except refusals.Refused as refused:  # the session is over on our side all the same
            log.info("token not revoked", extra={"reason": refused.reason})
    response = make_response(render_template("smart/ended.html"))
    clear_cookie(response, SESSION_COOKIE)
    return response


def _refuse_other_sites(login: Login | None) -> None:
    """Only our own page, and the EHR that frames it, may end a session."""
    settings = _door().settings
    tenant = settings.tenant_for_fhir_server(login.iss) if login is not None else None
    tenants = (tenant,) if tenant is not None else settings.tenants
    framing = {origin for one in tenants for origin in one.frame_ancestors}
    said = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    if is_foreign(*said, settings.public_url, framing):
        raise refusals.other_site()


def _revoke(login: Login) -> None:
    door = _door()
    tenant = door.tenant(login.tenant, login.iss)
    registration, http = door.registration(tenant), door.http(tenant, login.iss)
    with _waiting_for_ehr() as deadline:
        configuration = door.discovery.configuration(login.iss, registration.hosts, http.json, deadline)
        if configuration.revocation_endpoint is None:
            return
        extra, headers = authentication(
            configuration,
            registration,
            door.keys.get(tenant.id, ()),
            configuration.token_endpoint,
            time.time(),
        )
        form = {"token": login.access_token, "token_type_hint": "access_token", **extra}
        http.post(configuration.revocation_endpoint, TokenRequest.of(form, headers), deadline)


@blueprint.get("/.well-known/jwks.json")
def jwks() -> Response:
    """Our public keys, for the token endpoints that check our assertions."""
    keys = [key for tenant_keys in _door().keys.values() for key in tenant_keys]
    response = jsonify(published(keys))
    response.headers["Cache-Control"] = "public, max-age=600"
    return response


def _one(name: str) -> str:
    """A query parameter; given twice it is as good as absent."""
    values = request.args.getlist(name)
    return values[0] if len(values) == 1 else ""


@blueprint.errorhandler(refusals.Refused)
def refused_page(refused: refusals.Refused) -> Response:
    log.info("view refused", extra={"reason": refused.reason, "status": refused.status})
    return make_response(render_template("smart/refusal.html", refused=refused), refused.status)


@blueprint.errorhandler(Exception)
def broken_page(failure: Exception) -> Response | HTTPException:
    """The outermost edge: a fault of ours is logged under an id that the page shows."""
    if isinstance(failure, HTTPException):
        return failure
    error_id = uuid.uuid4().hex[:8]
    log.error("view failed, error %s: %s", error_id, type(failure).__name__)
    refused = refusals.our_fault()
    return make_response(
        render_template("smart/refusal.html", refused=refused, error_id=error_id), refused.status
    )


@blueprint.after_request
def guarded(response: Response) -> Response:
    """Headers of every answer of this door: nothing loads from elsewhere, nothing is kept, no referrer."""
    tenant: Tenant | None = g.get("smart_tenant")
    tenants = (tenant,) if tenant is not None else _door().settings.tenants
    ancestors = " ".join(dict.fromkeys(a for t in tenants for a in t.frame_ancestors)) or "'none'"
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
        f"frame-ancestors {ancestors}"
    )
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.setdefault("Cache-Control", "no-store")
    return response
