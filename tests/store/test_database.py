"""The schema's start and upgrade, and what a transaction promises."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import TextClause, event, select, text, update

from cds_service.store import schema
from cds_service.store.database import Database, StoreError
from cds_service.store.token_guard import TokenGuard

Open = Callable[[str], Database]
_OLD_CARD = (
    "INSERT INTO shown_cards (tenant, card, kind, service, patient, times, first_at, last_at)"
    " VALUES ('a', 'c1', 'dose', 's', 'Patient/1', 1, 1, 1)"
)


def _upgrade(url: str) -> int:
    database = Database(url)
    version = database.upgrade()
    database.close()
    return version


def _use(url: str) -> int:
    database = Database(url)
    guard = TokenGuard(database)
    with ThreadPoolExecutor(25) as pool:
        uses = [pool.submit(guard.first_use, "https://ehr.example.org", "jti-1", 1e10) for _ in range(25)]
        firsts = sum(use.result() for use in uses)
    database.close()
    return firsts


def test_workers_that_start_at_once_make_one_schema(database_url: str, open_database: Open) -> None:
    with ProcessPoolExecutor(8, mp_context=multiprocessing.get_context("spawn")) as pool:
        versions = list(pool.map(_upgrade, [database_url] * 8))

    assert versions == [len(schema.STEPS)] * 8
    open_database(database_url).check()


def test_an_upgrade_keeps_what_is_there(database: Database) -> None:
    with database.write() as db:
        db.execute(update(schema.audit_chain).values(last_seq=7))

    database.upgrade()

    with database.read() as db:
        assert db.execute(select(schema.audit_chain.c.last_seq)).scalar_one() == 7


def test_a_write_that_failed_keeps_nothing_and_the_next_one_of_any_thread_is_kept(database: Database) -> None:
    def moved(seq: int) -> None:
        with database.write() as db:
            db.execute(update(schema.audit_chain).values(last_seq=seq))

    def failing(then: TextClause | None) -> None:
        with database.write() as db:
            db.execute(update(schema.audit_chain).values(last_seq=2))
            if then is None:
                raise ZeroDivisionError
            db.execute(then)

    moved(1)
    with pytest.raises(StoreError):
        failing(text("INSERT INTO nowhere VALUES (1)"))
    with pytest.raises(ZeroDivisionError):
        failing(None)
    with database.read() as db:
        assert db.execute(select(schema.audit_chain.c.last_seq)).scalar_one() == 1

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(moved, [3] * 8))

    with database.read() as db:
        assert db.execute(select(schema.audit_chain.c.last_seq)).scalar_one() == 3


def test_all_writes_to_sqlite_share_one_connection(tmp_path: Path, open_database: Open) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'one.sqlite3'}")
    database.upgrade()
    taken: list[object] = []
    event.listen(database.engine, "checkout", lambda connection, *_: taken.append(connection))

    def written(_: int) -> None:
        with database.write() as db:
            db.execute(update(schema.audit_chain).values(last_seq=1))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(written, range(16)))

    assert taken == []  # the one that made the tables is kept


def test_a_database_of_the_first_version_gets_the_rules_of_cards(database: Database) -> None:
    with database.write() as db:
        db.execute(text("ALTER TABLE shown_cards DROP COLUMN rules"))
        db.execute(text(_OLD_CARD))
        db.execute(update(schema.schema_version).values(version=1))

    assert database.upgrade() == len(schema.STEPS)

    with database.read() as db:
        assert db.execute(select(schema.shown_cards.c.card, schema.shown_cards.c.rules)).all() == [("c1", "")]


def test_a_step_that_fails_leaves_the_old_version(
    database_url: str, open_database: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise RuntimeError("half done")

    monkeypatch.setattr("cds_service.store.database.STEPS", (*schema.STEPS, broken))
    with pytest.raises(RuntimeError):
        open_database(database_url).upgrade()

    monkeypatch.undo()
    assert open_database(database_url).upgrade() == len(schema.STEPS)


def test_a_newer_schema_is_left_alone(database: Database) -> None:
    with database.write() as db:
        db.execute(update(schema.schema_version).values(version=99))

    with pytest.raises(StoreError, match="version 99, newer"):
        database.upgrade()
    with pytest.raises(StoreError, match="version 99"):
        database.check()


def test_a_database_without_tables_is_not_ready(database_url: str, open_database: Open) -> None:
    with pytest.raises(StoreError, match="schema version 0"):
        open_database(database_url).check()


def test_of_fifty_uses_in_two_processes_one_is_the_first(database_url: str) -> None:
    _upgrade(database_url)
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        firsts = list(pool.map(_use, [database_url] * 2))

    assert sum(firsts) == 1


def test_the_same_token_id_of_another_issuer_is_another_token(database: Database) -> None:
    guard = TokenGuard(database)

    assert guard.first_use("https://a.example.org", "1", 1e10)
    assert guard.first_use("https://a.example.org1", "", 1e10)
    assert not guard.first_use("https://a.example.org", "1", 1e10)


def test_a_database_that_fails_lets_no_token_pass(tmp_path: Path, open_database: Open) -> None:
    database = open_database(f"sqlite:///{tmp_path}/cds.sqlite3")

    with pytest.raises(StoreError, match="OperationalError"):
        TokenGuard(database).first_use("https://a.example.org", "secret-token-id", 1e10)


def test_an_error_of_the_database_holds_no_value(tmp_path: Path, open_database: Open) -> None:
    database = open_database(f"sqlite:///{tmp_path}/cds.sqlite3")

    with pytest.raises(StoreError) as failure:
        TokenGuard(database).first_use("https://a.example.org", "secret-token-id", 1e10)

    assert "secret" not in str(failure.value)


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("nonsense", "not a database address"),
        ("mysql://localhost/cds", "sqlite: or postgresql:"),
        ("sqlite://", "must name a file"),
        ("sqlite:///:memory:", "must name a file"),
    ],
)
def test_an_address_of_no_use_is_named_at_start(url: str, fault: str) -> None:
    with pytest.raises(StoreError, match=fault):
        Database(url)


@pytest.mark.parametrize("is_put_back", [True, False])
def test_what_is_written_goes_to_the_file_that_has_the_name(
    tmp_path: Path, open_database: Open, is_put_back: bool
) -> None:
    """A backup put in place, or the file removed, while the service runs: nothing goes to the file without a name."""
    path, backup = tmp_path / "cds.sqlite3", tmp_path / "backup.sqlite3"
    database = open_database(f"sqlite:///{path}")
    database.upgrade()
    other = open_database(f"sqlite:///{backup}")
    other.upgrade()
    other.close()
    assert TokenGuard(database).first_use("https://ehr.example.org", "jti-1", 1e10)
    for suffix in ("", "-wal", "-shm"):
        (tmp_path / f"cds.sqlite3{suffix}").unlink(missing_ok=True)
    if is_put_back:
        backup.rename(path)

    for _ in range(2):
        with pytest.raises(StoreError) as lost:
            TokenGuard(database).first_use("https://ehr.example.org", "jti-2", 1e10)
        assert lost.value.failure.kind == "moved"
        if is_put_back:
            break

    if is_put_back:
        assert TokenGuard(database).first_use("https://ehr.example.org", "jti-2", 1e10)
        database.check()
        assert not TokenGuard(open_database(f"sqlite:///{path}")).first_use(
            "https://ehr.example.org", "jti-2", 1e10
        )


def test_a_relative_sqlite_path_gets_its_folder(
    tmp_path: Path, open_database: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    open_database("sqlite:///var/cds.sqlite3").upgrade()

    assert (tmp_path / "var" / "cds.sqlite3").is_file()
