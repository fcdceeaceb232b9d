"""The "Prior authorization" tab of an order: the payer's form to complete, attest and download.

Nothing is submitted from here. The form is asked for again with every step, so the sandbox keeps none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, abort, request

from cds_service.fhir.record import Record, Resource
from cds_service.json_text import write_json
from cds_service.packet.answers import open_questions
from cds_service.packet.assembly import PACKAGE
from cds_service.packet.form import ATTESTED
from cds_service.sandbox import desk
from cds_service.sandbox.desk import blueprint
from cds_service.sandbox.ehr.front_desk import USER
from cds_service.sandbox.patients import SandboxPatient
from cds_service.sandbox.prior_authorization.filling import Filled, filled, is_attested
from cds_service.sandbox.prior_authorization.form_package import FormPackage, form_package, order_with
from cds_service.sandbox.prior_authorization.questions import sections
from cds_service.sandbox.signing import Signing

_RESPONSE = "questionnaire-response.json"
_FHIR_JSON = "application/fhir+json"


@blueprint.post("/patients/<name>/prior-authorization")
def prior_authorization(name: str) -> str:
    """The form that a coverage statement names, as far as it is filled."""
    patient, now = desk.patient_named(name), desk.sent()
    assertion = _statement()
    package = _package(patient, now, assertion)
    entered = now.filled.get(assertion, {})
    shown: dict[str, object] = {}
    if package.form:
        made = _filled(package, entered)
        shown = {
            "form": package.form,
            "sections": sections(package.form, made, entered, _record(patient)),
            "still_open": [
                i for i, _ in open_questions(package.form, made.response) if i["linkId"] != ATTESTED
            ],
            "is_attested": is_attested(made.response),
            "is_complete": made.response["status"] == "completed",
        }
    return desk.drawn(
        "sandbox/prior_authorization.html", patient, now, assertion=assertion, package=package, **shown
    )


@blueprint.post("/patients/<name>/prior-authorization/download")
def download(name: str) -> Response:
    """The answers as they stand, alone or in the package that the form came in."""
    patient, now = desk.patient_named(name), desk.sent()
    assertion = _statement()
    package = _package(patient, now, assertion)
    if not package.form:
        abort(404)
    made = _filled(package, now.filled.get(assertion, {})).response
    whole = request.form.get("what") == "package"
    file, body = (PACKAGE, package.with_response(made)) if whole else (_RESPONSE, made)
    headers = {"Content-Disposition": f'attachment; filename="{file}"'}
    return Response(write_json(body), mimetype=_FHIR_JSON, headers=headers)


def _statement() -> str:
    """The id of the statement whose form is meant."""
    return request.form.get("statement") or request.form.get("form") or abort(400)


def _package(patient: SandboxPatient, now: Signing, assertion: str) -> FormPackage:
    order = order_with(now.orders, assertion) or abort(400)
    coverage = next(body for body in patient.held if body.get("resourceType") == "Coverage")
    return form_package(desk.post, order, coverage, assertion)


def _filled(package: FormPackage, entered: Mapping[str, Any]) -> Filled:
    return filled(package.form, package.response, entered, USER, desk.clock())


def _record(patient: SandboxPatient) -> Record:
    by_type: dict[str, tuple[Resource, ...]] = {}
    for body in patient.held:
        resource = Resource(body)
        by_type[resource.type] = (*by_type.get(resource.type, ()), resource)
    return Record(patient.id, by_type)
