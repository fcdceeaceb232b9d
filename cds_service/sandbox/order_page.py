"""The sandbox EHR's order page: choose, sign, read the cards, act on them, open the detail view.

Works without script: the orders travel in the form, the detail view opens in a frame by the
form's target. Talks to the service over HTTP only, as any EHR would.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, current_app, make_response, redirect, render_template, request

from cds_service.fhir.json_types import as_dict, as_dicts, as_text
from cds_service.json_text import read_json, write_json
from cds_service.sandbox import ordering
from cds_service.sandbox.faults import WORDS, fault_named
from cds_service.sandbox.markdown import html_of
from cds_service.sandbox.patients import SandboxPatient, other_drug, patients
from cds_service.sandbox.sign_in import Launch
from cds_service.sandbox.smart_server import sign_in
from cds_service.smart.door import SmartDoor
from cds_service.smart.routes import EXTENSION
from cds_service.trust.outbound import OutboundError

SERVICE = "inotuzumab-order-sign"
_SCOPE = "patient/*.rs"
_WAIT_S = 20
blueprint = Blueprint(
    "sandbox",
    __name__,
    url_prefix="/sandbox",
    template_folder="templates",
    static_folder="assets",
    static_url_path="/assets",
)


def _door() -> SmartDoor:
    return cast(SmartDoor, current_app.extensions[EXTENSION])


@blueprint.get("/")
def start() -> str:
    """Choose a patient."""
    return render_template("sandbox/start.html", patients=patients().values())


@blueprint.get("/patients/<name>")
def patient_page(name: str) -> str:
    """A patient's orders, ready to be signed."""
    patient = _patient(name)
    return _page(patient, list(patient.drafts))


@blueprint.post("/patients/<name>/sign")
def sign(name: str) -> str:
    """Sign: ask the service and show its cards."""
    patient, orders = _patient(name), _orders()
    if request.form.get("what") == "other":
        orders = [other_drug(patient.id)]
    return _signed(patient, orders)


@blueprint.post("/patients/<name>/apply")
def apply(name: str) -> str:
    """Take a suggestion: change the orders, tell the service, and ask again."""
    patient, suggestion = _patient(name), as_dict(_json_field("suggestion"))
    orders = ordering.applied(_orders(), suggestion)
    _post(f"/{SERVICE}/feedback", ordering.accepted(request.form["card"], str(suggestion.get("uuid", ""))))
    said = f"Applied: {suggestion.get('label', '')}. The changed orders were checked again."
    return _signed(patient, orders, said, _overridden())


@blueprint.post("/patients/<name>/override")
def override(name: str) -> str:
    """Go on against a card: with a reason, and on a critical card with a comment as well."""
    patient, orders, overridden = _patient(name), _orders(), dict(_overridden())
    reason, comment = as_dict(_json_field("reason")), request.form.get("comment", "").strip()
    if not reason:
        return _signed(patient, orders, "Choose a reason first. Nothing was recorded.", overridden)
    if request.form.get("indicator") == "critical" and not comment:
        return _signed(patient, orders, "Say in the comment why. Nothing was recorded.", overridden)
    card = request.form["card"]
    status, _ = _post(f"/{SERVICE}/feedback", ordering.overridden(card, reason, comment))
    if status != 200:
        return _signed(patient, orders, f"The service answered {status}.", overridden)
    display = as_text(reason.get("display")) or as_text(reason.get("code")) or ""
    overridden[card] = ". ".join(part for part in (display, comment) if part)
    return _signed(patient, orders, "Your reason was recorded.", overridden)


@blueprint.post("/patients/<name>/open")
def open_view(name: str) -> Response:
    """Follow a card's SMART link: a launch of our own, sent into the frame."""
    launch = Launch(
        patient=_patient(name).id,
        user=ordering.USER,
        app_context=request.form.get("app_context") or None,
        fault=fault_named(request.form.get("fault")).value,
        need_patient_banner=request.form.get("banner", "yes") == "yes",
    )
    query = urlencode({"iss": sign_in().issuer, "launch": sign_in().launch(launch)})
    return make_response(redirect(f"{_door().settings.public_url}/launch?{query}", 303))


def _signed(
    patient: SandboxPatient,
    orders: list[Mapping[str, Any]],
    said: str = "",
    overridden: Mapping[str, Any] | None = None,
) -> str:
    """The page with the cards on these orders. ``overridden`` are the words of reasons given, by card."""
    token = sign_in().access_token(Launch(patient.id, ordering.USER), _SCOPE)
    asked = ordering.hook_request(sign_in().issuer, patient.id, orders, token, _SCOPE)
    status, answer = _post(f"/{SERVICE}", asked)
    return _page(
        patient,
        orders,
        status=status,
        cards=as_dicts(answer.get("cards")),
        said=said,
        overridden=overridden or {},
    )


def _page(patient: SandboxPatient, orders: list[Mapping[str, Any]], **more: Any) -> str:
    return render_template(
        "sandbox/patient.html",
        patient=patient,
        orders=orders,
        orders_text=write_json(orders),
        in_words=ordering.in_words,
        html_of=html_of,
        json_of=write_json,
        faults=WORDS.items(),
        **more,
    )


def _patient(name: str) -> SandboxPatient:
    return patients().get(name) or abort(404)


def _orders() -> list[Mapping[str, Any]]:
    return as_dicts(_json_field("orders"))


def _overridden() -> Mapping[str, Any]:
    """The reasons given so far, which travel with the page; a card's uuid stays while its order does."""
    return as_dict(_json_field("overridden"))


def _json_field(name: str) -> Any:
    try:
        return read_json((request.form.get(name) or "null").encode())
    except ValueError:
        abort(400, f"The field {name} is not JSON.")


def _post(path: str, body: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
    """Post JSON to the service; the status and the object it answered (0 when it did not)."""
    door = _door()
    url = f"{door.settings.public_url}/cds-services{path}"
    try:
        answer = door.outbound.post(
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
    service = _door().settings.public_url
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'self'; frame-src 'self' {service}; form-action 'self' {service}; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    response.headers["Cache-Control"] = "no-store"
    return response
