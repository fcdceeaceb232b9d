"""The routes of CDS Hooks: discovery and the hook, with CORS for the origins that settings name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import cast

from flask import Blueprint, Response, current_app, request

from cds_service.evaluation.dialect import CdsService
from cds_service.evaluation.form_context import keep_context
from cds_service.evaluation.order_sign import LINKS, Answered, answer, no_links
from cds_service.evaluation.refused import Refused
from cds_service.evaluation.services import EXTENSION, Services
from cds_service.hooks import discovery
from cds_service.hooks.call_account import hear, note
from cds_service.store import patience
from cds_service.store.vault import Vault
from cds_service.web.accounts import account_of, opened
from cds_service.web.body import raw_body
from cds_service.web.edge import trust
from cds_service.web.errors import json_response

blueprint = Blueprint("hooks", __name__)
OFFERED = "payer-policy-cds-offered"  # the application's extension that holds the rows of discovery
KEEP_FORMS = "payer-policy-cds-keep-forms"  # and the one that keeps what the forms of an answer need


def services() -> Services:
    """The services of the running application."""
    return cast(Services, current_app.extensions[EXTENSION])


def forms_kept(vault: Vault, hours: int) -> Callable[[Answered], None]:
    """What keeps, for so many hours, what the forms need that an answer names."""

    def keep(answered: Answered) -> None:
        if answered.grounds is not None and answered.forms:
            grounds = answered.grounds
            keep_context(
                vault,
                hours,
                tenant=grounds.tenant,
                assertions=answered.forms,
                determinations=answered.determinations,
                orders=grounds.drafts,
                record=grounds.record,
                clock=grounds.clock,
            )

    return keep


def _offered() -> Mapping[str, CdsService]:
    return cast(Mapping[str, CdsService], current_app.extensions[OFFERED])


@blueprint.get("/cds-services")
def discover() -> Response:
    """The services offered here."""
    trust().gate.discovery(request)
    body = discovery.services(_offered().values())
    response = json_response(body)
    response.set_etag(discovery.etag(body))
    response.headers["Cache-Control"] = "private, no-cache"
    response.make_conditional(request)
    return response


@blueprint.post("/cds-services/<service_id>")
def call(service_id: str) -> Response:
    """One hook call."""
    caller = trust().gate.hook(request, service_id)
    service = _offered().get(service_id)
    if service is None:
        raise Refused(404, "not-found", "There is no such service.")
    account = opened(account_of("hook", service_id, caller))
    answered = answer(
        raw_body(request),
        services(),
        caller.tenant if caller is not None else None,
        links=current_app.extensions.get(LINKS, no_links),
        heard=partial(hear, account),
        ends=patience.others_end(),
        service=service,
    )
    note(account, answered)
    current_app.extensions[KEEP_FORMS](answered)
    response = json_response(answered.body)
    if (timing := answered.server_timing) is not None:
        response.headers["Server-Timing"] = timing
    return response
