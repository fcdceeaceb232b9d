"""Exceptions to HTTP statuses: the only place that maps them.

Bodies are OperationOutcomes that say what is wrong in this module's own words; nothing of the
request is repeated in them, and a log line names types and places, never values.
"""

from __future__ import annotations

import logging
import traceback
import uuid
from typing import Any

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from cds_service.evaluation.refused import Refused
from cds_service.json_text import write_json
from cds_service.operations import metrics
from cds_service.store.database import StoreError

log = logging.getLogger(__name__)


class Unauthorized(Exception):
    """The caller did not prove who it is. Why goes to the log, never to the caller."""


_HTTP_CODES = {
    404: "not-found",
    405: "not-supported",
    406: "not-supported",
    413: "too-long",
    429: "throttled",
}


def outcome(
    code: str, text: str, member: str | None = None, diagnostics: str | None = None
) -> dict[str, Any]:
    """An OperationOutcome with one error."""
    issue: dict[str, Any] = {"severity": "error", "code": code, "details": {"text": text}}
    if diagnostics is not None:
        issue["diagnostics"] = diagnostics
    if member is not None:
        issue["expression"] = [member]
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def json_response(value: object, status: int = 200) -> Response:
    """A JSON response without insignificant white space."""
    return Response(write_json(value), status, mimetype="application/json")


def register(app: Flask) -> None:
    """Let every error of ``app`` end here."""
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(Unauthorized, _unauthorized)
    app.register_error_handler(StoreError, _store_failed)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _bug)


def _refused(error: Refused) -> Response:
    return json_response(outcome(error.code, error.text, error.member), error.status)


def _unauthorized(_: Unauthorized) -> Response:
    response = Response(status=401)
    response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _store_failed(error: StoreError) -> Response:
    """Without the database nobody is let in and nothing is kept; the caller may try again."""
    metrics.STORE_FAILURES.labels("request").inc()
    log.error("the database failed at %s", places(error), extra={"kind": error.failure.kind})
    return json_response(outcome("transient", "The service cannot answer now. Try again later."), 503)


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    code = _HTTP_CODES.get(status, "processing" if status < 500 else "exception")
    response = json_response(outcome(code, error.name), status)
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _bug(error: Exception) -> Response:
    error_id = str(uuid.uuid4())
    log.error("error %s: %s at %s", error_id, type(error).__name__, places(error))
    text = "The service failed. Nothing was decided about the order."
    return json_response(outcome("exception", text, diagnostics=f"error {error_id}"), 500)


def places(error: BaseException) -> str:
    """Where an exception passed, innermost last, as file and line. Its message may hold patient data."""
    files = ((f.filename.rsplit("/", 1)[-1], f.lineno) for f in traceback.extract_tb(error.__traceback__))
    # A block that is left by an exception passes it through here again and again.
    passed = [f"{name}:{line}" for name, line in files if name != "contextlib.py"]
    return " > ".join(passed[-6:])
