"""The sandbox EHR's pages: the patient list, and a patient's order from draft to signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from flask import Response, abort, make_response, redirect, render_template, request

from cds_service.fhir.json_types import as_dicts, as_text
from cds_service.sandbox import desk, ordering
from cds_service.sandbox.desk import SERVICE, SERVICES, blueprint, door, drawn, patient_named, sent, today
from cds_service.sandbox.ehr.faults import WORDS, fault_named
from cds_service.sandbox.ehr.front_desk import PRESCRIBER_NAME, USER
from cds_service.sandbox.ehr.sign_in import Launch
from cds_service.sandbox.ehr.smart_server import sign_in
from cds_service.sandbox.markdown import html_of
from cds_service.sandbox.patients import SandboxPatient, other_drug, patients
from cds_service.sandbox.signing import Signing

_SCOPE = "patient/*.rs"


@blueprint.get("/")
def start() -> str:
    """Choose a patient."""
    day = today()
    rows = [
        (patient, patient.banner(day), tuple(ordering.lines(patient.drafts, patient.drafts)))
        for patient in patients().values()
    ]
    return render_template("sandbox/start.html", rows=rows, prescriber=PRESCRIBER_NAME)


@blueprint.get("/patients/<name>")
def patient_page(name: str) -> str:
    """A patient's orders, ready to be signed."""
    patient = patient_named(name)
    return _page(patient, Signing(patient.drafts, service=SERVICE))


@blueprint.post("/patients/<name>/sign")
def sign(name: str) -> str:
    """Sign: ask the service. What it has nothing to say about is signed at once."""
    patient, now = patient_named(name), sent()
    orders = (other_drug(patient.id),) if request.form.get("what") == "other" else now.orders
    checked = _checked(patient, Signing(orders, service=now.service))
    silent = checked.status == 200 and not checked.cards and not checked.statements
    return _page(patient, checked.done() if silent else checked)


@blueprint.post("/patients/<name>/apply")
def apply(name: str) -> str:
    """Take a suggestion: change the orders, tell the service, and ask again."""
    patient, now = patient_named(name), sent()
    wanted = request.form.get("suggestion", "")
    alert = next((a for a in now.alerts if any(s.get("uuid") == wanted for s in a.suggestions)), None)
    if alert is None:
        abort(400)
    suggestion = next(s for s in alert.suggestions if s.get("uuid") == wanted)
    _report(now, ordering.accepted(alert.uuid, wanted))
    label = as_text(suggestion.get("label")) or ""
    changed = replace(now, orders=tuple(ordering.applied(now.orders, suggestion)))
    said = f"Applied: {label}. The changed orders were checked again."
    return _page(patient, _checked(patient, changed.answered(alert, "applied", label)), said)


@blueprint.post("/patients/<name>/override")
def override(name: str) -> str:
    """Go on against an alert: with a reason, and where it is a danger with a comment as well."""
    patient, now = patient_named(name), sent()
    alert = now.alert(request.form.get("card", "")) or abort(400)
    wanted, comment = request.form.get("reason", ""), request.form.get("comment", "").strip()
    reason = next((r for r in alert.reasons if r.get("code") == wanted), None)
    if reason is None:
        return _page(patient, now, "Choose a reason first. Nothing was recorded.")
    if alert.indicator == "critical" and not comment:
        return _page(patient, now, "Say in the comment why. Nothing was recorded.")
    status = _report(now, ordering.overridden(alert.uuid, reason, comment))
    if status != 200:
        return _page(patient, now, f"{_failure(status)} Nothing was recorded.")
    words = as_text(reason.get("display")) or wanted
    said = ". ".join(part for part in (words, comment) if part)
    return _page(patient, now.answered(alert, "overridden", said), "Your reason was recorded.")


@blueprint.post("/patients/<name>/finish")
def finish(name: str) -> str:
    """Sign with the alerts seen: the open ones are reported as overridden, a danger with the comment it needs."""
    patient, now = patient_named(name), sent()
    comment = request.form.get("comment", "").strip()
    if not comment and any(alert.indicator == "critical" for alert in now.open):
        return _page(
            patient, now, "Say in the comment why you sign in spite of a danger. Nothing was signed."
        )
    signed, said = now, "Signed."
    if now.open:
        status = _report(now, *(ordering.overridden(alert.uuid, {}, comment) for alert in now.open))
        said = "Signed. The service was told." if status == 200 else f"Signed. {_failure(status)}"
    for alert in now.open:
        signed = signed.answered(alert, "overridden", comment or "signed without a reason")
    return _page(patient, signed.done(), said)


@blueprint.post("/patients/<name>/remove")
def remove(name: str) -> str:
    """Take the orders back unsigned."""
    removed = Signing((), service=SERVICE)
    return _page(patient_named(name), removed, "The order was removed. Nothing was signed.")


@blueprint.post("/patients/<name>/show")
def show(name: str) -> str:
    """The page as it stands, without the detail view."""
    return _page(patient_named(name), sent())


@blueprint.post("/patients/<name>/open")
def open_view(name: str) -> str:
    """Follow an alert's SMART link, or open the view without one: in the page, beside the alerts."""
    patient, now = patient_named(name), sent()
    return _page(patient, now, launch=_launch(patient, now))


@blueprint.post("/patients/<name>/window")
def open_window(name: str) -> Response:
    """The same in a window of its own, where the view shows its patient itself and can be printed."""
    patient = patient_named(name)
    launch = replace(_launch(patient, sent()), need_patient_banner=True)
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
    return f"{door().settings.public_url}/launch?{query}"


def _checked(patient: SandboxPatient, now: Signing) -> Signing:
    """The same with what the service says of its orders."""
    token = sign_in().access_token(Launch(patient.id, USER), _SCOPE)
    orders = ordering.unstated(now.orders)
    asked = ordering.hook_request(sign_in().issuer, patient.id, orders, token, _SCOPE)
    status, answer = _post(f"/{now.service}", asked)
    stated = ordering.applied(orders, {"actions": answer.get("systemActions")})
    return replace(now, orders=tuple(stated), status=status, cards=tuple(as_dicts(answer.get("cards"))))


def _page(patient: SandboxPatient, now: Signing, said: str = "", launch: Launch | None = None) -> str:
    return drawn(
        "sandbox/patient.html",
        patient,
        now,
        lines=tuple(ordering.lines(now.orders, patient.drafts)),
        said=said,
        launch=launch,
        view=_launch_address(launch) if launch else "",
        failure=_failure(now.status) if now.status not in (None, 200) else "",
        html_of=html_of,
        faults=WORDS.items(),
        services=SERVICES.items(),
    )


def _failure(status: int | None) -> str:
    if status:
        return f"The decision support service answered {status}."
    return "The decision support service did not answer."


def _report(now: Signing, *items: Mapping[str, Any]) -> int:
    """Send feedback to the service whose cards these are; the status that it answered."""
    return _post(f"/{now.service}/feedback", {"feedback": items})[0]


def _post(path: str, body: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
    return desk.post(f"/cds-services{path}", body)
