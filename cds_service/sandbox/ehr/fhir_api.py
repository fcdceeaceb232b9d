"""The sandbox EHR's FHIR R4 API: read and search over the bundled patients, with paging.

Development only. It answers what the table of data needs asks and nothing more.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from cds_service.evaluation.matching import matches
from cds_service.json_text import write_json
from cds_service.sandbox.ehr.front_desk import PRESCRIBER
from cds_service.sandbox.patients import patients

blueprint = Blueprint("sandbox_fhir", __name__, url_prefix="/sandbox/fhir")
_PAGE = 50
_LARGEST_PAGE = 200
_Parameters = Sequence[tuple[str, str]]


@cache
def _held() -> tuple[Mapping[str, Any], ...]:
    """What the record holds, and the orders that wait to be signed: EHRs pick them from their server."""
    of_patients = (r for patient in patients().values() for r in (*patient.held, *patient.drafts))
    return (*of_patients, PRESCRIBER)


def _fhir(value: object, status: int = 200) -> Response:
    return Response(write_json(value), status, mimetype="application/fhir+json")


def _outcome(status: int, code: str, text: str) -> Response:
    issue = {"severity": "error", "code": code, "details": {"text": text}}
    return _fhir({"resourceType": "OperationOutcome", "issue": [issue]}, status)


@blueprint.get("/metadata")
def metadata() -> Response:
    """What this server is."""
    kinds = sorted({str(r.get("resourceType")) for r in _held()})
    interactions = [{"code": "read"}, {"code": "search-type"}]
    rest = [{"mode": "server", "resource": [{"type": k, "interaction": interactions} for k in kinds]}]
    statement = {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "kind": "instance",
        "date": "2026-04-15",
    }
    return _fhir(statement | {"fhirVersion": "4.0.1", "format": ["json"], "rest": rest})


@blueprint.get("/<kind>/<resource_id>")
def read(kind: str, resource_id: str) -> Response:
    """One resource."""
    for resource in _held():
        if resource.get("resourceType") == kind and resource.get("id") == resource_id:
            return _fhir(resource)
    return _outcome(404, "not-found", "There is no such resource.")


@blueprint.get("/<kind>")
@blueprint.post("/<kind>/_search")
def search(kind: str) -> Response:
    """A search, a page at a time; a form's parameters and the address's are one search.

    The links to further pages are opaque, and for GET.
    """
    asked = [*request.args.items(multi=True), *request.form.items(multi=True)]
    found = [r for r in _held() if matches(r, f"{kind}?{urlencode(asked)}")]
    size, start = _page_size(asked), _start(asked)
    page = found[start : start + size]
    base = f"{request.host_url}sandbox/fhir"
    links = [{"relation": "self", "url": f"{base}/{kind}?{urlencode(asked)}"}]
    if start + size < len(found):
        token = base64.urlsafe_b64encode(str(start + size).encode()).decode()
        kept = [(name, value) for name, value in asked if name != "_offset"]
        links.append({"relation": "next", "url": f"{base}/{kind}?{urlencode([*kept, ('_offset', token)])}"})
    entries = [
        {"fullUrl": f"{base}/{kind}/{r.get('id')}", "resource": r, "search": {"mode": "match"}} for r in page
    ]
    return _fhir(
        {"resourceType": "Bundle", "type": "searchset", "total": len(found), "link": links, "entry": entries}
    )


def _page_size(asked: _Parameters) -> int:
    wanted = dict(asked).get("_count", "")
    return max(1, min(int(wanted), _LARGEST_PAGE)) if wanted.isascii() and wanted.isdecimal() else _PAGE


def _start(asked: _Parameters) -> int:
    try:
        return max(0, int(base64.urlsafe_b64decode(dict(asked).get("_offset", "")).decode() or 0))
    except ValueError:
        return 0
