"""Nothing waits for the database longer than its call may take."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import psycopg
import pytest
from sqlalchemy import select, text

from cds_service.store import patience, postgres
from cds_service.store.database import Database, StoreError
from cds_service.store.schema import audit_chain
from tests import postgres_server
from tests.postgres_server import Server

Make = Callable[[str, float], Database]


@pytest.fixture
def limited() -> Iterator[Make]:
    """Opens databases whose transactions have a limit."""
    opened: list[Database] = []

    def opening(url: str, longest_s: float) -> Database:
        opened.append(Database(url, longest_s))
        return opened[-1]

    yield opening
    for database in opened:
        database.close()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with postgres_server.server(postgres_server.programs_or_skip()) as running:
        running.sql("CREATE DATABASE cds")
        patient = Database(f"{running.address}/cds")  # for making the schema there is no limit
        patient.upgrade()
        patient.close()
        yield running


@pytest.fixture(autouse=True)
def _no_call_is_left() -> Iterator[None]:
    yield
    patience.end_call()


def kind_of(use: Callable[[], object]) -> str:
    with pytest.raises(StoreError) as failure:
        use()
    return failure.value.failure.kind


@pytest.mark.postgres
def test_a_frozen_server_is_hung_up_on_and_used_again_when_it_answers(server: Server, limited: Make) -> None:
    database = limited(f"{server.address}/cds", 0.5)
    database.check()
    with server.frozen():
        # The second one finds no open connection and has to make one.
        kinds = [kind_of(database.check) for _ in range(2)]

    assert kinds == ["silent", "silent"]
    database.check()


@pytest.mark.postgres
def test_a_server_that_freezes_within_a_transaction_is_hung_up_on(server: Server, limited: Make) -> None:
    database = limited(f"{server.address}/cds", 0.5)
    database.check()

    def in_two_steps() -> None:
        with database.write() as db:
            db.execute(select(audit_chain))
            with server.frozen():
                db.execute(select(audit_chain))

    assert kind_of(in_two_steps) == "silent"
    database.check()


@pytest.mark.postgres
def test_while_one_thread_asks_a_silent_server_the_others_are_told_at_once(
    server: Server, limited: Make
) -> None:
    """The server is well again, and only the one that asks may find that out."""
    database = limited(f"{server.address}/cds", 0.5)
    database.check()
    with server.frozen():
        kind_of(database.check)

    with ThreadPoolExecutor(5) as pool:
        with database._unless_silent():
            assert list(pool.map(lambda _: kind_of(database.check), range(5))) == ["silent"] * 5
        list(pool.map(lambda _: database.check(), range(5)))


@pytest.mark.postgres
def test_a_server_sets_limits_itself_and_keeps_the_connection(server: Server, limited: Make) -> None:
    database = limited(f"{server.address}/cds", 1.0)
    database.check()

    def slow() -> None:
        with database.read() as db:
            db.execute(text("SELECT pg_sleep(60)"))

    with database.read() as db:
        before = db.execute(text("SELECT pg_backend_pid()")).scalar_one()
    assert kind_of(slow) == "slow"
    with database.read() as db:
        assert db.execute(text("SELECT pg_backend_pid()")).scalar_one() == before


def test_a_writer_behind_a_long_one_gives_up_and_says_so(
    database_url: str, database: Database, limited: Make
) -> None:
    waiting = limited(database_url, 2.0)
    end = select(audit_chain).with_for_update()

    def lock() -> None:
        with waiting.write() as db:
            db.execute(end)

    with database.write() as db:
        db.execute(end)
        assert kind_of(lock) == "locked"
    lock()


def test_threads_that_queue_for_one_file_give_up_in_time(tmp_path: Path, limited: Make) -> None:
    database = limited(f"sqlite:///{tmp_path}/cds.sqlite3", 0.5)
    database.upgrade()

    with database.write(), ThreadPoolExecutor(5) as pool:
        assert list(pool.map(lambda _: kind_of(database.try_write), range(5))) == ["locked"] * 5


def test_a_call_that_is_nearly_over_waits_no_longer_than_its_rest(tmp_path: Path, limited: Make) -> None:
    """The limit of a transaction is so long that the test would not end."""
    file = tmp_path / "cds.sqlite3"
    database = limited(f"sqlite:///{file}", 3600.0)
    database.upgrade()
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    patience.begin_call(0.2)
    assert kind_of(database.try_write) == "locked"
    with patience.at_most(0.2):
        assert kind_of(database.try_write) == "locked"
    other.close()


def test_the_account_keeps_the_last_tenth_of_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(patience, "time", SimpleNamespace(monotonic=lambda: now))

    def left(longest_s: float | None) -> float:
        with patience.transaction(longest_s):
            return round(patience.left(99.0), 6)

    assert patience.others_end() is None
    patience.begin_call(4.0)
    assert patience.others_end() == 1003.6
    assert (left(2.0), left(None)) == (2.0, 4.0)
    now = 1003.0
    assert left(2.0) == 1.0
    now = 1009.0
    assert left(2.0) == 0.4
    patience.end_call()
    assert (left(2.0), left(None)) == (2.0, 99.0)


def test_a_connection_that_comes_too_late_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host name that is looked up for minutes must not hold a call."""
    go_on, closed = Event(), Event()

    class Late:
        def close(self) -> None:
            closed.set()

    def connect(*_: object, **__: object) -> Late:
        go_on.wait()
        return Late()

    monkeypatch.setattr(postgres.PatientConnection, "connect", connect)
    database = Database("postgresql://app@db.example.org/cds", 0.1)
    assert kind_of(database.check) == "silent"
    go_on.set()

    assert closed.wait(60)


def test_an_address_that_says_nothing_does_not_hold_a_call(limited: Make) -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        database = limited(f"postgresql://app@127.0.0.1:{mute.getsockname()[1]}/cds", 0.2)

        assert kind_of(database.check) == "silent"


def test_the_address_may_set_its_own_limits_of_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, object]] = []

    def connect(**named: object) -> None:
        asked.append(named)
        raise psycopg.OperationalError("as the test asked")

    monkeypatch.setattr(postgres.PatientConnection, "connect", connect)
    kind_of(Database("postgresql://app@db.example.org/cds?keepalives_idle=77").check)

    assert (asked[0]["keepalives_idle"], asked[0]["tcp_user_timeout"]) == ("77", 10_000)
