"""Whatever becomes of the database, calls are answered, the service stays, and it comes back by itself."""

from __future__ import annotations

import gc
import json
import os
import signal
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing import Value
from pathlib import Path

import psycopg
import pytest
from werkzeug.test import Client

from cds_service import gunicorn_conf
from cds_service.serving.waiting import Waiting
from cds_service.settings import SettingsError
from tests import postgres_server
from tests.operations.conftest import bearer
from tests.operations.running import Running, gunicorn
from tests.postgres_server import Server

SMALL = "tests.operations.small_service:create_app()"
HOOK = "/cds-services/inotuzumab-order-sign"
BODY = json.dumps({"context": {"patientId": "1"}, "cards": []}).encode()


@pytest.fixture
def server() -> Iterator[Server]:
    with postgres_server.server(postgres_server.programs_or_skip()) as running:
        running.sql("CREATE DATABASE cds")
        yield running


@pytest.fixture
def on_postgres(environment: dict[str, str], server: Server) -> dict[str, str]:
    return {**environment, "CDS_DATABASE_URL": f"{server.address}/cds"}


def call(running: Running) -> int:
    """The status of one good hook call; 0 when there was no answer within a minute."""
    return running.post(HOOK, BODY, bearer(), timeout=60)


def states(running: Running) -> tuple[int, int, int]:
    """The statuses of a hook call, of ``/readyz`` and of ``/healthz``."""
    return call(running), running.status("/readyz"), running.status("/healthz")


def kill_a_worker(running: Running) -> None:
    """Returns when another one answers in its place."""
    before = running.workers()
    os.kill(before[0], signal.SIGKILL)
    while len(set(running.workers()) - {before[0]}) < len(before):
        assert running.master.poll() is None, "the master ended with its worker"


def answers_again(running: Running) -> None:
    """Returns when both workers answer; each finds out for itself, and holds it for some seconds."""
    running.wait_for("/readyz", 200)
    while [(call(running), running.status("/readyz")) for _ in range(4)] != [(200, 200)] * 4:
        assert running.master.poll() is None


@pytest.mark.postgres
def test_a_frozen_server_holds_no_call(on_postgres: dict[str, str], server: Server) -> None:
    with gunicorn(SMALL, on_postgres, workers=1) as running:
        assert states(running) == (200, 200, 200)
        with server.frozen():
            assert states(running) == (503, 503, 200)
            with ThreadPoolExecutor(60) as pool:
                calls = [pool.submit(call, running) for _ in range(60)]
                assert running.status("/healthz") == 200
                assert {done.result() for done in calls} == {503}
        answers_again(running)


@pytest.mark.postgres
def test_a_worker_that_starts_without_the_database_waits_for_it(
    on_postgres: dict[str, str], server: Server
) -> None:
    with gunicorn(SMALL, on_postgres) as running:
        server.stop()
        kill_a_worker(running)
        for _ in range(10):  # of both workers
            assert states(running) == (503, 503, 200)
        kill_a_worker(running)
        assert states(running) == (503, 503, 200)
        server.start()
        answers_again(running)
        assert len(running.workers()) == 2


@pytest.mark.postgres
def test_a_worker_that_starts_while_the_server_is_frozen_waits_for_it(
    on_postgres: dict[str, str], server: Server
) -> None:
    with gunicorn(SMALL, on_postgres) as running:
        with server.frozen():
            kill_a_worker(running)
            assert states(running) == (503, 503, 200)
        answers_again(running)


@pytest.mark.postgres
def test_a_server_that_may_only_be_read_is_not_ready(on_postgres: dict[str, str], server: Server) -> None:
    with gunicorn(SMALL, on_postgres, workers=1) as running:
        server.sql("ALTER SYSTEM SET default_transaction_read_only = on")
        server.sql("SELECT pg_reload_conf()")
        running.wait_for("/readyz", 503)
        assert states(running) == (503, 503, 200)
        kill_a_worker(running)
        assert states(running) == (503, 503, 200)
        server.sql("ALTER SYSTEM RESET default_transaction_read_only")
        server.sql("SELECT pg_reload_conf()")
        answers_again(running)


@contextmanager
def locked(environment: dict[str, str]) -> Iterator[None]:
    """Another program writes to the SQLite file for as long as the block."""
    other = sqlite3.connect(environment["CDS_DATABASE_URL"].removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.close()


def test_a_file_that_is_locked_for_long_holds_no_call(environment: dict[str, str]) -> None:
    with gunicorn(SMALL, environment, workers=1) as running:
        with locked(environment):
            running.wait_for("/readyz", 503)
            kill_a_worker(running)
            assert states(running) == (503, 503, 200)
            with ThreadPoolExecutor(20) as pool:
                assert set(pool.map(lambda _: call(running), range(20))) == {503}
        answers_again(running)


def filled(disk: Path) -> Path:
    """Fill a disk to its last block; the file that does."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    return filler


def acknowledged_until(running: Running, status: int) -> set[str]:
    """The cards of the calls that were answered with 200 until one was answered with the status."""
    kept = set()
    while True:
        card = str(uuid.uuid4())
        body = json.dumps({"context": {"patientId": "1"}, "cards": [{"uuid": card, "kind": "dose"}]})
        answered = running.post(HOOK, body.encode(), bearer(), timeout=60)
        if answered == 200:
            kept.add(card)
        if answered == status:
            return kept
        assert answered in (200, 503)
        assert running.master.poll() is None


def shown_cards(address: str) -> set[str]:
    with psycopg.connect(address) as db:
        return {row[0] for row in db.execute("SELECT card FROM shown_cards")}


def test_a_full_disk_is_not_ready_and_comes_back(environment: dict[str, str]) -> None:
    with postgres_server.small_disk("1m") as disk:
        environment["CDS_DATABASE_URL"] = f"sqlite:///{disk}/cds.sqlite3"
        with gunicorn(SMALL, environment, workers=1) as running:
            filler = filled(disk)
            # A few calls still fit into what the database has taken already.
            acknowledged_until(running, 503)
            running.wait_for("/readyz", 503)
            kill_a_worker(running)
            assert states(running) == (503, 503, 200)
            filler.unlink()
            answers_again(running)


@pytest.mark.postgres
def test_a_full_disk_of_a_servers_tables_is_not_ready_loses_nothing_and_comes_back(
    on_postgres: dict[str, str], server: Server, tmp_path: Path
) -> None:
    with postgres_server.small_disk("16m") as disk:
        server.sql(f"CREATE TABLESPACE small LOCATION '{disk}'")
        server.sql("CREATE DATABASE small TABLESPACE small")
        address, log = f"{server.address}/small", tmp_path / "log"
        environment = {**on_postgres, "CDS_DATABASE_URL": address}
        with gunicorn(SMALL, environment, log=log, workers=1) as running:
            acknowledged = acknowledged_until(running, 200)
            filler = filled(disk)
            acknowledged |= acknowledged_until(running, 503)
            running.wait_for("/readyz", 503)
            assert '"reason": "database: disk-full"' in log.read_text()
            kill_a_worker(running)
            assert states(running) == (503, 503, 200)
            filler.unlink()
            answers_again(running)
            acknowledged |= acknowledged_until(running, 200)
        assert acknowledged <= shown_cards(address)


@pytest.mark.postgres
def test_a_server_that_ends_because_its_log_has_no_room_costs_calls_and_nothing_acknowledged(
    environment: dict[str, str],
) -> None:
    programs = postgres_server.programs_or_skip()
    with (
        postgres_server.small_disk("16m") as disk,
        postgres_server.server(programs, f"--waldir={disk}/wal", "--wal-segsize=1") as server,
    ):
        server.sql("CREATE DATABASE cds")
        address = f"{server.address}/cds"
        with gunicorn(SMALL, {**environment, "CDS_DATABASE_URL": address}, workers=1) as running:
            acknowledged = acknowledged_until(running, 200)
            filler = filled(disk)
            with pytest.raises(psycopg.OperationalError):
                server.sql(
                    "CREATE TABLE much AS SELECT repeat('x', 1000) FROM generate_series(1, 100000)", "cds"
                )
            server.wait_for_its_end()
            acknowledged |= acknowledged_until(running, 503)
            assert states(running) == (503, 503, 200)
            filler.unlink()
            server.start()
            answers_again(running)
            acknowledged |= acknowledged_until(running, 200)
        assert acknowledged <= shown_cards(address)


def test_a_trust_file_that_was_broken_meanwhile_takes_no_worker_down(
    environment: dict[str, str],
) -> None:
    trust = Path(environment["CDS_CONFIG"])
    good = trust.read_text()
    with gunicorn(SMALL, environment, workers=1) as running:
        trust.write_text("[[tenant")
        kill_a_worker(running)
        kill_a_worker(running)
        kill_a_worker(running)
        assert states(running) == (503, 503, 200)
        trust.write_text(good)
        answers_again(running)


def test_a_worker_that_waits_says_so_with_the_headers_of_every_answer() -> None:
    loads: list[Callable[[], object]] = []

    def load() -> object:
        return loads.pop()()

    def refuse() -> object:
        raise SettingsError("CDS_DATABASE_URL: away")

    loads.append(refuse)
    waiting = Waiting(load)  # type: ignore[arg-type]
    waiting.load()
    client = Client(waiting)

    refused = client.post(HOOK)
    assert (refused.status_code, refused.json["issue"][0]["code"]) == (503, "transient")
    assert refused.headers["X-Content-Type-Options"] == "nosniff"
    assert client.get("/healthz").json == {"status": "up"}
    assert client.get("/readyz").json == {"status": "not ready", "failing": ["start"]}


def test_whatever_a_worker_fails_of_it_tries_again() -> None:
    tried = 0

    def load() -> object:
        nonlocal tried
        tried += 1
        raise OSError("a library that is being replaced")

    waiting = Waiting(load)  # type: ignore[arg-type]
    waiting.load()
    waiting.load()

    assert tried == 2
    assert Client(waiting).get("/readyz").status_code == 503


def test_what_a_worker_has_loaded_is_left_out_of_the_collectors_rounds() -> None:
    kept = [{"loaded": []}]
    before = gc.get_threshold()
    waiting = Waiting(lambda: kept)  # type: ignore[arg-type,return-value]
    try:
        waiting.load()
        assert gc.get_freeze_count() > 0
        assert gc.get_threshold() > before
        assert not any(held is kept for held in gc.get_objects())
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def test_the_address_to_open_is_said_once_every_worker_has_loaded(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CDS_DEV", "1")
    monkeypatch.setenv("CDS_PUBLIC_URL", "http://127.0.0.1:8080")
    loading = Value("i", 2)
    application: list[object] = []

    def load() -> object:
        if not application:
            raise OSError("not yet")
        return application[0]

    def worker() -> Waiting:
        return Waiting(load, partial(gunicorn_conf._say_where_to_open, loading))  # type: ignore[arg-type]

    first, second, started_anew = worker(), worker(), worker()
    first.load()
    assert capsys.readouterr().err == ""
    application.append(object())
    first.load()
    assert capsys.readouterr().err == ""
    second.load()
    assert capsys.readouterr().err == "Ready. Open http://127.0.0.1:8080/sandbox/\n"
    started_anew.load()
    assert capsys.readouterr().err == ""
