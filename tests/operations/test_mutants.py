"""Charts and orders with hostile values: every call is answered, and no criterion is lost to an exception.

``make fuzz`` tries 100,000; the usual run 2,000.
"""

from __future__ import annotations

import json
import logging
import os
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask, render_template

from cds_service.ehr.bundles import read_page
from cds_service.fhir.record import Resource, record_from
from cds_service.policies import DrugPolicy, installed
from cds_service.smart.page import charts as geometry
from cds_service.smart.page.detail import Provenance, detail_page
from cds_service.smart.page.plain_text import plain_text
from cds_service.smart.routes import blueprint
from cds_service.smart.viewing import timeline_of
from tests.fixtures import CLOCK
from tests.operations.mutants import mutants
from tests.operations.whole_service import whole_service

# Thousands of charts over the same lines, which the other tests measure: tracing them would double the time.
pytestmark = pytest.mark.no_cover
MUTANTS = int(os.environ.get("FUZZ_MUTANTS", "2000"))
SEED = int(os.environ.get("FUZZ_SEED", "20260415"))
HOOK = "/cds-services/inotuzumab-order-sign"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    environment = {
        "CDS_DEV": "1",
        "CDS_AUTH": "optional",
        "CDS_DATABASE_URL": f"sqlite:///{tmp_path_factory.mktemp('mutants') / 'cds.sqlite3'}",
        "CDS_FIXED_NOW": "2026-04-15T09:00:00-04:00",
        "CDS_DEADLINE_S": "60",
        "CDS_LOG_LEVEL": "ERROR",
    }
    with whole_service(environment) as started:
        yield started


def test_no_value_of_any_member_breaks_the_detail_page() -> None:
    """What a login reads of a mutated chart, drawn as a page; a quarter of the mutants."""
    policy, faults = installed()["inotuzumab"], []
    page = Flask("page")
    page.register_blueprint(blueprint)
    with page.test_request_context():
        for mutant in mutants(SEED + 1, MUTANTS // 4):
            try:
                _page_of(mutant.request, policy)
            except Exception as fault:  # each is told with what was changed
                faults.append(f"{type(fault).__name__} {fault}: {mutant.what}")
    assert not faults, "\n".join([f"{len(faults)} faults:", *faults[:50]])


def _page_of(request: Any, policy: DrugPolicy) -> str:
    """The page of the first order of a request whose prefetch is the chart."""
    read = json.loads(json.dumps(request), parse_float=Decimal)
    patient = read["context"]["patientId"]
    drafts = [Resource(e["resource"], "draft order") for e in read["context"]["draftOrders"]["entry"]]
    pages = [read_page(value) for value in read["prefetch"].values()]
    record = record_from(patient, [r for page in pages for r in page.resources])
    found = policy.determine(record, [d for d in drafts if d.type], CLOCK)
    picture = policy.picture(record, CLOCK)
    about = Provenance(CLOCK, "1", "https://ehr.example.org", "Practitioner/p", ())
    shown = [
        detail_page(
            d,
            record,
            series=picture.series,
            timeline=timeline_of(picture, d, record),
            provenance=about,
            full_banner=True,
        )
        for d in found
    ]
    return "".join(
        render_template("smart/detail.html", page=p, text=plain_text(p), geometry=geometry) for p in shown
    )


class _Lost(logging.Handler):
    """Collects the log lines of what could not be evaluated."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def test_no_value_of_any_member_takes_a_card_or_a_criterion_away(app: Flask) -> None:
    client, seen, lost = app.test_client(), Counter[int](), _Lost()
    faults: list[str] = []
    logging.getLogger("cds_service").addHandler(lost)
    try:
        for mutant in mutants(SEED, MUTANTS):
            answer = client.post(HOOK, data=json.dumps(mutant.request), content_type="application/json")
            seen[answer.status_code] += 1
            if answer.status_code >= 500:
                faults.append(f"{answer.status_code} {mutant.what}")
            elif answer.status_code == 200 and mutant.names_drug and not answer.get_json()["cards"]:
                faults.append(f"no cards: {mutant.what}")
            if lost.lines:
                faults.append(f"{lost.lines}: {mutant.what}")
                lost.lines.clear()
    finally:
        logging.getLogger("cds_service").removeHandler(lost)
    print(f"{sum(seen.values())} mutants: {dict(sorted(seen.items()))}")
    assert seen[200] > 0
    assert not faults, "\n".join([f"{len(faults)} faults:", *faults[:200]])
