"""What clients report of a form: that it went wrong, and how. Counted and logged by codes alone.

The texts of a report may speak of a patient, so none of them is written down.
"""

from __future__ import annotations

import logging
from collections.abc import Collection

from cds_service.evaluation.refused import Refused
from cds_service.fhir.json_types import as_dict, as_dicts, as_text
from cds_service.fhir_api.asked import parameters_of
from cds_service.operations import metrics

log = logging.getLogger(__name__)
_SEVERITIES = ("fatal", "error", "warning", "information")
_CODES = frozenset(
    [
        "invalid",
        "structure",
        "required",
        "value",
        "invariant",
        "security",
        "login",
        "unknown",
        "expired",
        "forbidden",
        "suppressed",
        "processing",
        "not-supported",
        "duplicate",
        "multiple-matches",
        "not-found",
        "deleted",
        "too-long",
        "code-invalid",
        "extension",
        "too-costly",
        "business-rule",
        "conflict",
        "transient",
        "lock-error",
        "no-store",
        "exception",
        "timeout",
        "incomplete",
        "throttled",
        "informational",
    ]
)


def note_errors(body: object, known: Collection[str], tenant: str) -> None:
    """Log and count a report. ``known`` are our forms' addresses with their versions. Raises Refused."""
    given = parameters_of(body)
    forms = [as_text(p.get("valueCanonical")) for p in given if p.get("name") == "questionnaire"]
    outcomes = [as_dict(p.get("resource")) for p in given if p.get("name") == "operationOutcome"]
    if not forms or None in forms:
        raise Refused(400, "required", "At least one questionnaire canonical is required.", "questionnaire")
    if not outcomes or any(o.get("resourceType") != "OperationOutcome" for o in outcomes):
        raise Refused(400, "required", "At least one operationOutcome is required.", "operationOutcome")
    named = sorted({form if form in known else "another form" for form in forms if form is not None})
    for issue in (issue for outcome in outcomes for issue in as_dicts(outcome.get("issue"))):
        severity = _one_of(issue.get("severity"), _SEVERITIES)
        code = _one_of(issue.get("code"), _CODES)
        metrics.FORM_ERRORS.labels(severity).inc()
        log.warning(
            "a client reported an error of a form",
            extra={"service": ", ".join(named), "kind": severity, "reason": code, "tenant": tenant},
        )


def _one_of(value: object, known: Collection[str]) -> str:
    return value if isinstance(value, str) and value in known else "other"
