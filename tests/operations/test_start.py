"""A service that cannot start says why in one line that an operator and a program can read."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from cds_service.serving import counters, starting
from cds_service.settings import SettingsError
from cds_service.store.database import Database
from cds_service.store.schema import schema_version
from tests import postgres_server
from tests.operations.running import gunicorn, refused_start

WHOLE = "cds_service:create_app()"
Environment = dict[str, str]
Finding = Callable[[Environment], starting.Fault]


def told(environment: Environment, port: int | None = None) -> dict[str, Any]:
    """The one line of a start that failed."""
    status, errors = refused_start(environment, port)
    lines = [json.loads(line) for line in errors.splitlines()]
    [line] = [line for line in lines if line["level"] not in ("INFO", "WARNING")]
    assert status == 1
    assert not any("Booting worker" in other["message"] for other in lines)
    assert line["mend"]
    return line


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> Finding:
    """The fault of which a start with an environment would tell, without a process for each."""

    def found(environment: Environment) -> starting.Fault:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        fault = starting.fault_at_start([])
        assert fault is not None
        assert fault.mend
        return fault

    return found


def test_a_database_where_nothing_listens(environment: Environment) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    line = told({**environment, "CDS_DATABASE_URL": f"postgresql://cds:geheim@127.0.0.1:{port}/cds"})

    assert (line["setting"], line["kind"]) == ("CDS_DATABASE_URL", "refused")
    assert "nothing listens" in line["message"]
    assert "start the server" in line["mend"]
    assert "cds-service doctor" in line["mend"]
    assert "geheim" not in json.dumps(line)


def test_a_database_that_says_nothing(environment: Environment, found: Finding) -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        address = f"postgresql://cds@127.0.0.1:{mute.getsockname()[1]}/cds"
        fault = found({**environment, "CDS_DATABASE_URL": address})

    assert (fault.setting, fault.kind) == ("CDS_DATABASE_URL", "silent")


@pytest.mark.postgres
def test_a_wrong_password(environment: Environment) -> None:
    with postgres_server.server(postgres_server.programs_or_skip()) as server:
        server.sql("CREATE ROLE app LOGIN PASSWORD 'right'")
        server.admit("host all all 127.0.0.1/32 scram-sha-256")
        address = f"postgresql://app:geheim@127.0.0.1:{server.port}/postgres"
        line = told({**environment, "CDS_DATABASE_URL": address})

    assert (line["setting"], line["kind"]) == ("CDS_DATABASE_URL", "password")
    assert "geheim" not in json.dumps(line)


def test_a_database_of_a_newer_program(environment: Environment, found: Finding) -> None:
    database = Database(environment["CDS_DATABASE_URL"])
    database.upgrade()
    with database.write() as db:
        db.execute(update(schema_version).values(version=99))
    database.close()

    fault = found(environment)

    assert (fault.setting, fault.kind) == ("CDS_DATABASE_URL", "schema-newer")


def test_a_port_that_is_taken_is_said_once(environment: Environment) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        line = told(environment, port)

    assert (line["setting"], line["kind"]) == ("bind", "port-taken")
    assert f"127.0.0.1:{port} is in use by another program" in line["message"]


@pytest.mark.parametrize(
    ("changed", "setting"),
    [
        ({"CDS_SECRET_KEY": "short"}, "CDS_SECRET_KEY"),
        ({"CDS_LOG_LEVEL": "LOUD"}, "CDS_LOG_LEVEL"),
        ({"CDS_CONFIG": "/nowhere/trust.toml"}, "CDS_CONFIG"),
    ],
)
def test_a_setting_that_is_wrong(
    environment: Environment, found: Finding, changed: Environment, setting: str
) -> None:
    fault = found({**environment, **changed})

    assert (fault.setting, fault.kind) == (setting, "setting")


def test_a_fault_that_names_no_setting_is_the_trust_files() -> None:
    assert starting.fault_of(SettingsError("trust file: tenant a has no id")).setting == "CDS_CONFIG"


def test_sockets_that_were_handed_over_are_not_tried(
    monkeypatch: pytest.MonkeyPatch, environment: Environment
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()
        fault = starting.fault_at_start([taken])
        assert fault is not None
        assert fault.kind == "port-taken"
        monkeypatch.setenv("LISTEN_FDS", "1")
        assert starting.fault_at_start([taken, "unix:/run/cds.sock"]) is None


def test_an_address_of_another_machine() -> None:
    fault = starting.fault_at_start([("192.0.2.1", 8080)])

    assert fault is not None
    assert (fault.setting, fault.kind) == ("bind", "bind")


def test_a_running_service_tells_its_own_doings_with_their_values(
    environment: Environment, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with gunicorn(WHOLE, environment, log) as running:
        os.kill(running.workers()[0], signal.SIGKILL)
        _until(lambda: "SIGKILL" in log.read_text())
        _ask_nonsense(running.port, b"GET /launch?iss=Doe Jane&launch=1 HTTP/1.1\r\n\r\n")
        _ask_nonsense(running.port, b"GET / HTTP/1.1\r\nDoe Jane: 1\r\n\r\n")
        pid = running.master.pid
    text = log.read_text()
    lines = [json.loads(line) for line in text.splitlines()]

    messages = [line["message"] for line in lines]
    assert f"Listening at: http://127.0.0.1:{running.port} ({pid})" in messages
    assert any(message.startswith("Worker (pid:") and "SIGKILL" in message for message in messages)
    assert "Handling signal: term" in messages
    assert not [message for message in messages if "%s" in message]
    refused = [line["reason"] for line in lines if line["message"] == "Invalid request"]
    assert sorted(refused) == ["InvalidHTTPVersion", "InvalidHeaderName"]
    assert "Doe" not in text


def _ask_nonsense(port: int, request: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request)
        assert connection.recv(100).startswith(b"HTTP/1.1 400")


def test_no_control_socket_is_opened(environment: Environment, tmp_path: Path) -> None:
    homes = {"HOME": str(tmp_path / "home"), "XDG_RUNTIME_DIR": str(tmp_path / "run")}
    for folder in homes.values():
        Path(folder).mkdir()
    with gunicorn(WHOLE, {**environment, **homes}, workers=1) as running:
        # gunicorn opens it after the workers are there.
        running.wait_for("/healthz", 200)
        assert [path for folder in homes.values() for path in Path(folder).rglob("*")] == []


def test_the_counters_of_a_killed_service_go_with_the_next_start(environment: Environment) -> None:
    with gunicorn(WHOLE, environment, workers=1) as first, gunicorn(WHOLE, environment, workers=1) as second:
        left, kept = _counters_of(first.master.pid), _counters_of(second.master.pid)
        assert left != kept
        for pid in (first.master.pid, *first.workers()):
            os.kill(pid, signal.SIGKILL)
        first.master.wait()
        with gunicorn(WHOLE, environment, workers=1) as third:
            assert not left.exists()
            assert kept.is_dir()
            ended = _counters_of(third.master.pid)
        assert not ended.exists()


def _counters_of(pid: int) -> Path:
    open_files = (os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink())
    [folder] = [name for name in open_files if f"/cds-metrics-{os.getuid()}-" in name and "." not in name]
    return Path(folder)


def test_a_master_that_takes_over_counts_in_a_folder_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(counters.SETTING, "")
    running = counters.begun(tmp_path)
    assert running is not None
    assert os.environ[counters.SETTING] == str(running)

    assert counters.begun(tmp_path) not in (None, running)
    assert running.is_dir()


def test_a_folder_of_another_kind_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(counters.SETTING, "")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / f"cds-metrics-{os.getuid()}-link").symlink_to(elsewhere)
    (tmp_path / f"cds-metrics-{os.getuid()}-file").touch()
    (tmp_path / f"cds-metrics-{os.getuid()}-left").mkdir()

    made = counters.begun(tmp_path)

    assert made is not None
    assert made.stat().st_mode & 0o777 == 0o700
    assert elsewhere.is_dir()
    assert not (tmp_path / f"cds-metrics-{os.getuid()}-left").exists()
    monkeypatch.setenv(counters.SETTING, str(elsewhere))
    assert counters.begun(tmp_path) is None


def _until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)
