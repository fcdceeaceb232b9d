"""Charts and orders with hostile values: every call is answered, and no criterion is lost to an exception.

``make fuzz`` tries 100,000; the usual run 2,000.
"""

from __future__ import annotations

import json
import logging
import os
from collections import Counter
from collections.abc import Iterator

import pytest
from flask import Flask

from tests.operations.mutants import mutants
from tests.operations.whole_service import whole_service

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
