"""Ready means that a call would be answered: the schema is looked at each time, a write tried now and then."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from cds_service.evaluation import order_sign
from cds_service.hooks import routes
from cds_service.store import patience
from cds_service.store.database import StoreError
from cds_service.store.failures import FULL
from cds_service.web import edge
from cds_service.web.health import Writable
from tests.operations.conftest import bearer
from tests.operations.whole_service import complete_request, whole_service

HOOK = "/cds-services/inotuzumab-order-sign"


class Counted:
    """A database that counts what is asked of it, and may be full."""

    def __init__(self) -> None:
        self.checked = self.tried = 0
        self.is_full = False

    def check(self) -> None:
        self.checked += 1
        assert patience.others_end() is not None  # what is asked here has an end

    def try_write(self) -> None:
        self.tried += 1
        if self.is_full:
            raise StoreError(FULL)


def test_a_write_is_tried_again_after_some_seconds_only() -> None:
    database, clock = Counted(), iter([100.0, 100.0, 101.0, 104.9, 105.0, 105.0])
    writable = Writable(database, lambda: next(clock))  # type: ignore[arg-type]

    for _ in range(3):
        writable.check()
    assert (database.checked, database.tried) == (3, 1)
    writable.check()
    assert database.tried == 2


def test_what_fails_is_tried_again_at_once() -> None:
    database = Counted()
    database.is_full = True
    writable = Writable(database, lambda: 100.0)  # type: ignore[arg-type]

    for _ in range(2):
        with pytest.raises(StoreError):
            writable.check()
    database.is_full = False
    writable.check()
    writable.check()
    assert database.tried == 3


def test_a_call_and_all_that_it_waits_for_have_one_budget(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ends: list[float] = []

    def answer(*given: Any, **named: Any) -> Any:
        ends.append(named["ends"])
        assert patience.others_end() == named["ends"]
        return order_sign.answer(*given, **named)

    monkeypatch.setattr(routes, "answer", answer)
    with whole_service({**environment, "CDS_DEADLINE_S": "50"}) as app:
        assert app.view_functions.keys() >= edge._CALLS
        before = time.monotonic()
        assert app.test_client().post(HOOK, json=complete_request(), headers=bearer()).status_code == 200

    assert before + 49.5 <= ends[0] <= time.monotonic() + 49.5
    assert patience.others_end() is None


def test_a_failure_of_the_database_is_told_by_its_kind(
    service: Callable[..., Any], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = service()
    database = app.extensions[edge.EXTENSION].database

    def full(*_: object) -> None:
        raise StoreError(FULL)

    monkeypatch.setattr(type(database), "try_write", full)
    assert app.test_client().get("/readyz").status_code == 503
    assert [record.__dict__["reason"] for record in caplog.records if record.message == "not ready"] == [
        "database: disk-full"
    ]
