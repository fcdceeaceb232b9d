"""The sandbox EHR's pages: the patient list, and a patient's order from draft to signed.

Works without script: what is under way travels in the forms, and every answer is the whole page again. Talks
to the service over HTTP only, as any EHR would.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, cast
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, current_app, make_response, redirect, render_template, request

from cds_service.fhir.json_types import as_dict, as_dicts, as_text
from cds_service.json_text import read_json, write_json
from cds_service.sandbox import ordering
from cds_service.sandbox.ehr.faults import WORDS, fault_named
from cds_service.sandbox.ehr.front_desk import PRESCRIBER_NAME, USER
from cds_service.sandbox.ehr.sign_in import Launch
from cds_service.sandbox.ehr.smart_server import sign_in
from cds_service.sandbox.markdown import html_of
from cds_service.sandbox.patients import SandboxPatient, other_drug, patients
from cds_service.sandbox.signing import Signing
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


def _today() -> date:
    return (_door().settings.fixed_now or datetime.now(UTC).astimezone()).date()


@blueprint.get("/")
def start() -> str:
    """Choose a patient."""
    today = _today()
    rows = [
        (patient, patient.banner(today), tuple(ordering.lines(patient.drafts, patient.drafts)))
        for patient in patients().values()
    ]
    return render_template("sandbox/start.html", rows=rows, prescriber=PRESCRIBER_NAME)


@blueprint.get("/patients/<name>")
def patient_page(name: str) -> str:
    """A patient's orders, ready to be signed."""
    patient = _patient(name)
    return _page(patient, Signing(patient.drafts))


@blueprint.post("/patients/<name>/sign")
def sign(name: str) -> str:
    """Sign: ask the service. What it has nothing to say about is signed at once."""
    patient, orders = _patient(name), _sent().orders
    if request.form.get("what") == "other":
        orders = (other_drug(patient.id),)
    checked = _checked(patient, Signing(orders))
    return _page(patient, checked.done() if checked.status == 200 and not checked.cards else checked)


@blueprint.post("/patients/<name>/apply")
def apply(name: str) -> str:
    """Take a suggestion: change the orders, tell the service, and ask again."""
    patient, now = _patient(name), _sent()
    wanted = request.form.get("suggestion", "")
    alert = next((a for a in now.alerts if any(s.get("uuid") == wanted for s in a.suggestions)), None)
    if alert is None:
        abort(400)
    suggestion = next(s for s in alert.suggestions if s.get("uuid") == wanted)
    _report(ordering.accepted(alert.uuid, wanted))
    label = as_text(suggestion.get("label")) or ""
    changed = replace(now, orders=tuple(ordering.applied(now.orders, suggestion)))
    said = f"Applied: {label}. The changed orders were checked again."
    return _page(patient, _checked(patient, changed.answered(alert, "applied", label)), said)


@blueprint.post("/patients/<name>/override")
def override(name: str) -> str:
    """Go on against an alert: with a reason, and where it is a danger with a comment as well."""
    patient, now = _patient(name), _sent()
    alert = now.alert(request.form.get("card", "")) or abort(400)
    wanted, comment = request.form.get("reason", ""), request.form.get("comment", "").strip()
    reason = next((r for r in alert.reasons if r.get("code") == wanted), None)
    if reason is None:
        return _page(patient, now, "Choose a reason first. Nothing was recorded.")
    if alert.indicator == "critical" and not comment:
        return _page(patient, now, "Say in the comment why. Nothing was recorded.")
    status = _report(ordering.overridden(alert.uuid, reason, comment))
    if status != 200:
        return _page(patient, now, f"{_failure(status)} Nothing was recorded.")
    words = as_text(reason.get("display")) or wanted
    said = ". ".join(part for part in (words, comment) if part)
    return _page(patient, now.answered(alert, "overridden", said), "Your reason was recorded.")


@blueprint.post("/patients/<name>/finish")
def finish(name: str) -> str:
    """Sign with the alerts seen: the open ones are reported as overridden, a danger with the comment it needs."""
    patient, now = _patient(name), _sent()
    comment = request.form.get("comment", "").strip()
    if not comment and any(alert.indicator == "critical" for alert in now.open):
        return _page(
            patient, now, "Say in the comment why you sign in spite of a danger. Nothing was signed."
        )
    signed, said = now, "Signed."
    if now.open:
        status = _report(*(ordering.overridden(alert.uuid, {}, comment) for alert in now.open))
        said = "Signed. The service was told." if status == 200 else f"Signed. {_failure(status)}"
    for alert in now.open:
        signed = signed.answered(alert, "overridden", comment or "signed without a reason")
    return _page(patient, signed.done(), said)


@blueprint.post("/patients/<name>/remove")
def remove(name: str) -> str:
    """Take the orders back unsigned."""
    return _page(_patient(name), Signing(()), "The order was removed. Nothing was signed.")


@blueprint.post("/patients/<name>/show")
def show(name: str) -> str:
    """The page as it stands, without the detail view."""
    return _page(_patient(name), _sent())


@blueprint.post("/patients/<name>/open")
def open_view(name: str) -> str:
    """Follow an alert's SMART link, or open the view without one: in the page, beside the alerts."""
    patient, now = _patient(name), _sent()
    return _page(patient, now, launch=_launch(patient, now))


@blueprint.post("/patients/<name>/window")
def open_window(name: str) -> Response:
    """The same in a window of its own, where the view shows its patient itself and can be printed."""
    patient = _patient(name)
    launch = replace(_launch(patient, _sent()), need_patient_banner=True)
    return make_response(redirect(_launch_address(launch), 303))


def _launch(patient: SandboxPatient, now: Signing) -> Launch:
    alert = now.alert(request.form.get("card", ""))
    return Launch(
        patient=patient.id,
        user=USER,
        app_context=(alert.app_context if alert else request.form.get("app_context")) or None,
        fault=fault_named(request.form.get("fault")).value,
        need_patient_banner=request.form.get("banner") == "yes",
    )


def _launch_address(launch: Launch) -> str:
    query = urlencode({"iss": sign_in().issuer, "launch": sign_in().launch(launch)})
    return f"{_door().settings.public_url}/launch?{query}"


def _checked(patient: SandboxPatient, now: Signing) -> Signing:
    """The same with what the service says of its orders."""
    token = sign_in().access_token(Launch(patient.id, USER), _SCOPE)
    asked = ordering.hook_request(sign_in().issuer, patient.id, now.orders, token, _SCOPE)
    status, answer = _post(f"/{SERVICE}", asked)
    return replace(now, status=status, cards=tuple(as_dicts(answer.get("cards"))))


def _page(patient: SandboxPatient, now: Signing, said: str = "", launch: Launch | None = None) -> str:
    return render_template(
        "sandbox/patient.html",
        patient=patient,
        banner=patient.banner(_today()),
        now=now,
        lines=tuple(ordering.lines(now.orders, patient.drafts)),
        said=said,
        launch=launch,
        view=_launch_address(launch) if launch else "",
        failure=_failure(now.status) if now.status not in (None, 200) else "",
        prescriber=PRESCRIBER_NAME,
        html_of=html_of,
        json_of=write_json,
        faults=WORDS.items(),
    )


def _failure(status: int | None) -> str:
    if status:
        return f"The decision support service answered {status}."
    return "The decision support service did not answer."


def _patient(name: str) -> SandboxPatient:
    return patients().get(name) or abort(404)


def _sent() -> Signing:
    """What is under way, as the form brought it."""
    status = request.form.get("status", "")
    return Signing(
        orders=tuple(as_dicts(_json_field("orders"))),
        status=int(status) if status.isascii() and status.isdecimal() else None,
        cards=tuple(as_dicts(_json_field("cards"))),
        answers=as_dict(_json_field("answers")),
    )


def _json_field(name: str) -> Any:
    try:
        return read_json((request.form.get(name) or "null").encode())
    except ValueError:
        abort(400)


def _report(*items: Mapping[str, Any]) -> int:
    """Send feedback; the status that the service answered."""
    return _post(f"/{SERVICE}/feedback", {"feedback": items})[0]


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
