"""A used token is remembered for a day longer than it may be used, whatever a clock says."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from sqlalchemy import text

from cds_service.store import token_guard
from cds_service.store.database import Database
from cds_service.store.retention import Retention, purge
from cds_service.store.token_guard import TokenGuard

ISSUER = "https://ehr.example.org"
HOUR, DAY = 3600.0, 86400.0


def purged(database: Database, clock: Callable[[], float] = time.time) -> int:
    return purge(database, Retention(1, 1, 0), clock)["used tokens"]


def database_says(monkeypatch: pytest.MonkeyPatch, instant: float) -> None:
    now = {name: text(f"SELECT {instant!r}") for name in ("sqlite", "postgresql")}
    monkeypatch.setattr(token_guard, "_NOW", now)


def test_tokens_go_a_day_after_their_end(database: Database) -> None:
    guard, now = TokenGuard(database), time.time()
    for name, until in (("old", now - 25 * HOUR), ("over", now - 23 * HOUR), ("good", now + HOUR)):
        guard.first_use(ISSUER, name, until)

    assert purged(database) == 1
    assert [guard.first_use(ISSUER, name, now) for name in ("old", "over", "good")] == [True, False, False]


def test_the_clock_of_whoever_purges_plays_no_part(database: Database) -> None:
    guard, now = TokenGuard(database), time.time()
    guard.first_use(ISSUER, "1", now + HOUR)

    assert purged(database, lambda: now + 3650 * DAY) == 0
    assert not guard.first_use(ISSUER, "1", now + HOUR)


@pytest.mark.parametrize("ahead", [2 * HOUR, 26 * HOUR, 3650 * DAY])
def test_a_database_whose_clock_runs_ahead_frees_no_token(
    database: Database, monkeypatch: pytest.MonkeyPatch, ahead: float
) -> None:
    """The newest token that an EHR signed tells how late it is at most."""
    guard, now = TokenGuard(database), time.time()
    for name in ("1", "2"):
        guard.first_use(ISSUER, name, now + HOUR)
    database_says(monkeypatch, now + ahead)

    assert purged(database) == 0
    assert not guard.first_use(ISSUER, "1", now + HOUR)


def test_a_service_whose_clock_ran_ahead_frees_no_token_of_now(database: Database) -> None:
    """It let tokens in that end in a far future; the database's clock bounds what that may do."""
    guard, now = TokenGuard(database), time.time()
    guard.first_use(ISSUER, "far", now + 3650 * DAY)
    guard.first_use(ISSUER, "1", now + HOUR)

    assert purged(database) == 0
    assert not guard.first_use(ISSUER, "1", now + HOUR)


def test_an_empty_table_is_purged(database: Database) -> None:
    assert purged(database) == 0
