"""What all pages of the sandbox EHR share: the patient, what is under way, and calls to the service.

The pages work without script: what is under way travels in the forms, and every answer is the whole page again.
They talk to the service over HTTP only, as any EHR would.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, cast

from flask import Blueprint, Response, abort, current_app, render_template, request

from cds_service.fhir.json_types import as_dict, as_dicts
from cds_service.hooks.services import CRD, plain_id
from cds_service.json_text import read_json, write_json
from cds_service.sandbox.ehr.front_desk import PRESCRIBER_NAME
from cds_service.sandbox.patients import SandboxPatient, patients
from cds_service.sandbox.signing import Signing
from cds_service.smart.door import SmartDoor
from cds_service.smart.routes import EXTENSION
from cds_service.trust.outbound import OutboundError

SERVICE = plain_id("inotuzumab")
SERVICES = {
    SERVICE: "with cards",
    CRD: "with coverage information on the order (Da Vinci CRD), and cards",
}
ENTERED = "answer."
_WAIT_S = 20
blueprint = Blueprint(
    "sandbox",
    __name__,
    url_prefix="/sandbox",
    template_folder="templates",
    static_folder="assets",
    static_url_path="/assets",
)


def door() -> SmartDoor:
    """The detail view's door, whose settings and way out the sandbox shares."""
    return cast(SmartDoor, current_app.extensions[EXTENSION])


def clock() -> datetime:
    """The sandbox's time."""
    return door().settings.now()


def today() -> date:
    """The sandbox's day."""
    return clock().date()


def patient_named(name: str) -> SandboxPatient:
    """A patient by folder name; else the request ends with 404."""
    return patients().get(name) or abort(404)


def sent() -> Signing:
    """What is under way, as the form brought it."""
    status, service = request.form.get("status", ""), request.form.get("service", "")
    return Signing(
        orders=tuple(as_dicts(_json_field("orders"))),
        status=int(status) if status.isascii() and status.isdecimal() else None,
        cards=tuple(as_dicts(_json_field("cards"))),
        answers=as_dict(_json_field("answers")),
        signed=request.form.get("signed") == "yes",
        service=service if service in SERVICES else SERVICE,
        filled=_filled(),
    )


def _filled() -> Mapping[str, Mapping[str, Any]]:
    """What was entered into forms before, and what this request enters into one."""
    filled = {form: as_dict(entered) for form, entered in as_dict(_json_field("filled")).items()}
    if form := request.form.get("form"):
        names = [name for name in request.form if name.startswith(ENTERED)]
        filled[form] = {name.removeprefix(ENTERED): request.form[name] for name in names}
    return filled


def _json_field(name: str) -> Any:
    try:
        return read_json((request.form.get(name) or "null").encode())
    except ValueError:
        abort(400)


def drawn(template: str, patient: SandboxPatient, now: Signing, **more: object) -> str:
    """A page about one patient."""
    return render_template(
        template,
        patient=patient,
        banner=patient.banner(today()),
        now=now,
        prescriber=PRESCRIBER_NAME,
        json_of=write_json,
        **more,
    )


def post(path: str, body: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
    """Post JSON to the service; the status and the object it answered (0 when it did not)."""
    url = f"{door().settings.public_url}{path}"
    try:
        answer = door().outbound.post(
            url,
            body=write_json(body).encode(),
            headers={"Content-Type": "application/json"},
            allowed=lambda asked: asked == url,
            deadline=time.monotonic() + _WAIT_S,
            max_bytes=8 * 1024 * 1024,
        )
        return answer.status, as_dict(read_json(answer.body or b"{}"))
    except (OutboundError, ValueError):
        return 0, {}


@blueprint.after_request
def guarded(response: Response) -> Response:
    """The order page frames the detail view, and nothing else."""
    service = door().settings.public_url
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'self'; frame-src 'self' {service}; form-action 'self' {service}; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    response.headers["Cache-Control"] = "no-store"
    return response
