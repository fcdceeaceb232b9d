"""Prometheus metrics. Every label has few values, all from this program: no id, no name, no address.

With several workers the numbers live in files that all of them share (``PROMETHEUS_MULTIPROC_DIR``,
set by gunicorn.conf.py), so that whichever worker answers ``/metrics`` tells of all.
"""

from __future__ import annotations

import os

from prometheus_client import REGISTRY as _ONE_PROCESS
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.multiprocess import MultiProcessCollector

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 1.5, 2, 3, 4, 5, 7.5, 10)

REQUESTS = Counter("cds_requests_total", "Requests answered", ("route", "status"))
REQUEST_SECONDS = Histogram("cds_request_seconds", "Time to answer", ("route",), buckets=_SECONDS)
PHASE_SECONDS = Histogram(
    "cds_hook_phase_seconds", "Time of a hook call by phase", ("phase",), buckets=_SECONDS
)
CARDS = Counter("cds_cards_total", "Cards sent", ("kind", "indicator"))
EHR_FAILURES = Counter("cds_ehr_failures_total", "Data needs that an EHR left unanswered", ("kind",))
STRANGERS = Counter(
    "cds_foreign_rows_total", "Rows of another patient that an EHR sent and that were dropped", ()
)
JWT_REFUSALS = Counter("cds_jwt_refusals_total", "Calls refused for their JWT", ("reason",))
THROTTLED = Counter("cds_throttled_total", "Calls refused for coming too often", ("by",))
FEEDBACK = Counter("cds_feedback_items_total", "Feedback items received", ("outcome",))
FORM_ERRORS = Counter("cds_form_errors_total", "Errors of a form that clients reported", ("severity",))
TOKENS = Counter("cds_tokens_total", "Requests for a token of the FHIR routes", ("outcome",))
STORE_FAILURES = Counter("cds_store_failures_total", "Calls that failed because the database did", ("what",))
NOT_EVALUATED = Counter("cds_evaluations_cut_total", "Hook calls whose cards lack a rule", ("why",))
ERRORS = Counter("cds_errors_total", "Bugs: answers 500", ())


def exposition() -> bytes:
    """All metrics of all workers as text."""
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return generate_latest(_ONE_PROCESS)
    everyone = CollectorRegistry()
    MultiProcessCollector(everyone)  # type: ignore[no-untyped-call]
    return generate_latest(everyone)
