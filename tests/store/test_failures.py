"""What is wrong with a database is told by kind, with what to do about it, and without any value."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import event, text

from cds_service.store import postgres
from cds_service.store.database import Database, StoreError
from cds_service.store.failures import failure_of
from cds_service.store.token_guard import TokenGuard
from tests import postgres_server
from tests.postgres_server import Server

Open = Callable[[str], Database]
PASSWORD = "right-password"


def failed(url: str, use: Callable[[Database], object] = Database.check) -> StoreError:
    """The fault that using the database ends in."""
    with pytest.raises(StoreError) as failure:
        _used(url, use)
    assert failure.value.failure.mend
    return failure.value


def _used(url: str, use: Callable[[Database], object]) -> None:
    database = Database(url)
    try:
        use(database)
    finally:
        database.close()


@pytest.fixture(scope="module")
def strict() -> Iterator[Server]:
    """A server that asks for passwords, and takes TLS with a certificate that nobody trusts."""
    with postgres_server.server(postgres_server.programs_or_skip()) as server:
        server.sql(f"CREATE ROLE app LOGIN PASSWORD '{PASSWORD}'")
        server.sql("CREATE DATABASE cds OWNER app")
        server.certify()
        server.admit(
            "host all cds 127.0.0.1/32 trust",
            "host other app 127.0.0.1/32 reject",
            "host all all 127.0.0.1/32 scram-sha-256",
        )
        yield server


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("account", "rest", "kind"),
    [
        ("app:wrong-password", "cds", "password"),
        ("app", "cds", "password"),
        ("nobody:wrong-password", "cds", "password"),
        (f"app:{PASSWORD}", "nowhere", "no-database"),
        (f"app:{PASSWORD}", "other", "not-admitted"),
        (f"app:{PASSWORD}", "cds?sslmode=verify-full&sslrootcert=/nowhere/ca.pem", "certificate"),
        (f"app:{PASSWORD}", "cds?sslmode=bogus", "tls"),
        (f"app:{PASSWORD}", "cds?bogus=1", "address"),
        (f"app:{PASSWORD}", "cds", "schema"),
    ],
)
def test_the_kind_of_a_refused_connection_is_told(strict: Server, account: str, rest: str, kind: str) -> None:
    fault = failed(f"postgresql://{account}@127.0.0.1:{strict.port}/{rest}")

    assert fault.failure.kind == kind
    assert "password" not in str(fault).replace("or its password", "")


@pytest.mark.postgres
def test_a_certificate_of_an_unknown_authority_is_told(strict: Server, tmp_path: Path) -> None:
    ca = tmp_path / "other.pem"
    postgres_server.self_signed(tmp_path / "other.key", ca)
    url = f"postgresql://app:{PASSWORD}@127.0.0.1:{strict.port}/cds?sslmode=verify-ca&sslrootcert={ca}"

    assert failed(url).failure.kind == "certificate"


@pytest.mark.postgres
def test_a_server_without_tls_is_told(postgres: str) -> None:
    assert failed(f"{postgres}/postgres?sslmode=require").failure.kind == "tls"


@pytest.mark.postgres
def test_an_account_without_rights_is_told(strict: Server) -> None:
    strict.sql("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    url = f"postgresql://app:{PASSWORD}@127.0.0.1:{strict.port}/postgres"

    assert failed(url, Database.upgrade).failure.kind == "rights"


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ('connection to server at "10.0.0.1", port 5432 failed: No route to host', "unreachable"),
        ("connection timeout expired", "unreachable"),
        (
            'connection to server at "ssl.certificate.example", port 5432 failed: Connection refused',
            "refused",
        ),
        (
            'connection to server at "db", port 5432 failed: FATAL:  sorry, too many clients already',
            "connections",
        ),
        ("FATAL:  the database system is starting up", "starting"),
        ("server closed the connection unexpectedly", "starting"),
        ("received invalid response to SSL negotiation: H", "not-postgresql"),
        ('FATAL:  la autentificación password falló para el usuario "cds"', "refused-by-server"),
        ('server certificate for "db.example.org" does not match host name "10.0.0.1"', "certificate"),
        ("something new", "other"),
    ],
)
def test_messages_of_connecting_are_understood(said: str, kind: str) -> None:
    failure = failure_of(psycopg.OperationalError(said))

    assert failure.kind == kind
    assert failure.mend


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (psycopg.errors.DiskFull, "disk-full"),
        (psycopg.errors.TooManyConnections, "connections"),
        (psycopg.errors.AdminShutdown, "starting"),
        (psycopg.errors.LockNotAvailable, "locked"),
        (psycopg.errors.InsufficientPrivilege, "rights"),
        (psycopg.errors.UndefinedTable, "other"),
    ],
)
def test_states_of_a_statement_are_understood(error: type[psycopg.Error], kind: str) -> None:
    assert failure_of(error("canary")).kind == kind
    assert "canary" not in failure_of(error("canary")).text


def test_an_address_where_nothing_listens_is_told() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"postgresql://app:secret@127.0.0.1:{free.getsockname()[1]}/cds"
    fault = failed(url)

    assert fault.failure.kind == "refused"
    assert "secret" not in str(fault)


def test_an_address_that_takes_connections_and_says_nothing_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(postgres, "CONNECT_S", 0.2)
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()

        assert failed(f"postgresql://app@127.0.0.1:{mute.getsockname()[1]}/cds").failure.kind == "silent"


def test_a_name_that_nobody_knows_is_told_without_the_password_in_it() -> None:
    fault = failed("postgresql://app:pass@word@no-such-host.invalid/cds")

    assert fault.failure.kind == "name"
    assert "word@" not in str(fault)


def test_a_missing_driver_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "cds_service.store.postgres", raising=False)
    monkeypatch.setitem(sys.modules, "psycopg", None)

    assert failed("postgresql://app@127.0.0.1/cds").failure.kind == "driver"


@pytest.mark.parametrize(
    "url", ["nonsense", "postgresql://app@host:port/cds", "mysql://host/cds", "sqlite://"]
)
def test_what_is_no_address_is_told(url: str) -> None:
    assert failed(url).failure.kind == "address"


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "cds.sqlite3").write_bytes(b"no database at all" * 100)

    assert failed(f"sqlite:///{tmp_path}/cds.sqlite3").failure.kind == "damaged"


def test_a_folder_in_place_of_the_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "cds.sqlite3").mkdir()

    assert failed(f"sqlite:///{tmp_path}/cds.sqlite3").failure.kind == "file"


def test_a_full_database_is_told(tmp_path: Path, open_database: Open) -> None:
    database = open_database(f"sqlite:///{tmp_path}/cds.sqlite3")
    database.upgrade()
    with database.write() as db:
        pages = db.execute(text("PRAGMA page_count")).scalar_one()
        db.execute(text(f"PRAGMA max_page_count={pages}"))

    with pytest.raises(StoreError) as failure:
        database.try_write()
    assert failure.value.failure.kind == "disk-full"


_LIMITED = """
import resource, sys
from cds_service.store.database import Database, StoreError
database = Database(sys.argv[1])
database.try_write()
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    database.try_write()
except StoreError as fault:
    print(fault.failure.kind)
"""


def test_a_disk_that_takes_no_more_is_told_before_a_call_fails(tmp_path: Path, open_database: Open) -> None:
    url = f"sqlite:///{tmp_path}/cds.sqlite3"
    open_database(url).upgrade()
    ended = subprocess.run([sys.executable, "-c", _LIMITED, url], capture_output=True, text=True, check=False)

    assert (ended.stdout, ended.returncode) == ("disk\n", 0), ended.stderr


def test_a_file_that_may_only_be_read_is_told(tmp_path: Path, open_database: Open) -> None:
    database = open_database(f"sqlite:///{tmp_path}/cds.sqlite3")
    database.upgrade()
    event.listen(database.engine, "begin", lambda db: db.execute(text("PRAGMA query_only=ON")))

    with pytest.raises(StoreError) as failure:
        database.try_write()
    assert failure.value.failure.kind == "read-only"


@pytest.mark.postgres
def test_a_server_that_may_only_be_read_is_told(strict: Server) -> None:
    strict.sql("DROP DATABASE IF EXISTS replica")
    strict.sql("CREATE DATABASE replica")
    url = f"{strict.address}/replica"
    database = Database(url)
    database.upgrade()
    database.close()
    strict.sql("ALTER DATABASE replica SET default_transaction_read_only = on")

    assert failed(url, Database.try_write).failure.kind == "read-only"
    assert failed(url, lambda db: TokenGuard(db).first_use("a", "b", 1e9)).failure.kind == "read-only"


def test_a_write_that_is_tried_leaves_nothing_behind(database: Database) -> None:
    database.try_write()

    with database.read() as db:
        assert db.execute(text("SELECT count(*) FROM used_tokens")).scalar_one() == 0
    database.try_write()
    assert TokenGuard(database).first_use("a", "b", 1e9)
